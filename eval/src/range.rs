//! Ranges: `[begin : step : end]`, never expanded until something asks for its values.

/// Ranges with infinitely many values count as having this many.
const COUNT_OF_ENDLESS: u32 = u32::MAX;

/// A range value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) begin: f64,
    pub(crate) step: f64,
    pub(crate) end: f64,
}

impl Range {
    /// How many values the range has.
    pub(crate) fn count(&self) -> u32 {
        let Range { begin, step, end } = *self;
        if begin.is_nan() || step.is_nan() || end.is_nan() {
            return 0;
        }
        if (step > 0.0 && begin > end) || (step < 0.0 && begin < end) {
            return 0;
        }
        if begin == end || step.is_infinite() {
            return 1;
        }
        if begin.is_infinite() || end.is_infinite() || step == 0.0 {
            return COUNT_OF_ENDLESS;
        }
        // One unit in the last place of slack, so that [0:0.1:1] reaches its end.
        let steps = ((end - begin) / step).next_up().floor();
        if steps >= f64::from(COUNT_OF_ENDLESS) { COUNT_OF_ENDLESS } else { steps as u32 + 1 }
    }

    /// Value number `index`, counted from 0; no running sum, so that errors do not add up.
    pub(crate) fn value(&self, index: u32) -> f64 {
        if index == 0 { self.begin } else { self.begin + f64::from(index) * self.step }
    }

    pub(crate) fn values(self) -> impl Iterator<Item = f64> {
        (0..self.count()).map(move |i| self.value(i))
    }
}

impl PartialEq for Range {
    fn eq(&self, other: &Self) -> bool {
        let (n, m) = (self.count(), other.count());
        (n == 0 && m == 0) || (n == m && self.begin == other.begin && self.step == other.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(begin: f64, step: f64, end: f64) -> u32 {
        Range { begin, step, end }.count()
    }

    #[test]
    fn counts() {
        assert_eq!(count(0.0, 1.0, 5.0), 6);
        assert_eq!(count(0.0, 0.1, 1.0), 11);
        assert_eq!(count(5.0, 1.0, 1.0), 0);
        assert_eq!(count(5.0, -2.0, 1.0), 3);
        assert_eq!(count(1.0, 0.0, 1.0), 1);
        assert_eq!(count(0.0, 0.0, 1.0), u32::MAX);
        assert_eq!(count(0.0, 1.0, f64::INFINITY), u32::MAX);
        assert_eq!(count(f64::NAN, 1.0, 1.0), 0);
        assert_eq!(count(0.0, f64::INFINITY, 1.0), 1);
    }
}
