//! The dyadic grid: space cut into cubes whose edges are powers of two.
//!
//! A cell of level `k` has edges of 2^k model units and corners at multiples of that, so the grid is fixed in model
//! space: an edit moves no cell. Cells on either side of an axis plane have no common ancestor.

/// Largest level in use. Doubles reach further, but 2^500 model units are no printable part; what lies beyond is put
/// into the outermost cells.
const MAX_LEVEL: i16 = 500;

/// Smallest level in use; finer cells than this could not tell two doubles near 1 apart.
const MIN_LEVEL: i16 = -60;

/// Cells this many edges from the origin are not split: halves of them could not tell two doubles apart there.
const MAX_SPLIT_INDEX: u64 = 1 << 53;

/// One cube of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Binary logarithm of the edge length.
    pub level: i16,
    /// Lower corner as a multiple of the edge length, per axis.
    pub index: [i64; 3],
}

impl Cell {
    /// The cell of a level that a point lies in.
    pub(crate) fn at(point: [f64; 3], level: i16) -> Self {
        Self { level, index: point.map(|x| index_at(x, level)) }
    }

    /// Edge length in model units.
    pub fn edge(&self) -> f64 {
        power_of_two(self.level)
    }

    /// Corner with the smallest coordinates, in model units.
    pub fn corner(&self) -> [f64; 3] {
        self.index.map(|i| i as f64 * self.edge())
    }

    /// Whether doubles inside could lie in different halves.
    pub(crate) fn is_divisible(&self) -> bool {
        self.level > MIN_LEVEL && self.index.iter().all(|i| i.unsigned_abs() < MAX_SPLIT_INDEX)
    }

    /// One of the eight halves of a divisible cell: bit 0 of `octant` is set for the upper half in x, bit 1 in y, bit 2 in z.
    pub(crate) fn child(&self, octant: usize) -> Cell {
        Cell { level: self.level - 1, index: self.index.map(|i| i * 2) }.neighbour(octant)
    }

    /// The cell of the same level that is one further along x, y and z where bit 0, 1 and 2 of `octant` is set.
    pub(crate) fn neighbour(&self, octant: usize) -> Cell {
        let mut index = self.index;
        for (axis, i) in index.iter_mut().enumerate() {
            *i = i.saturating_add(octant as i64 >> axis & 1);
        }
        Cell { index, ..*self }
    }
}

/// The cells of one level, at most eight, that together hold a box: those around the origin when it straddles the
/// axis planes, else the smallest one that holds it.
pub(crate) fn root_level(min: [f64; 3], max: [f64; 3]) -> i16 {
    let mut level = MIN_LEVEL;
    // A box fits when on every axis its ends lie in the same cell, or in the two that meet at zero.
    let fits = |level: i16| {
        (0..3).all(|axis| {
            let (low, high) = (index_at(min[axis], level), index_at(max[axis], level));
            low == high || (low == -1 && high == 0)
        })
    };
    while level < MAX_LEVEL && !fits(level) {
        level += 1;
    }
    level
}

/// Index along one axis; the cast saturates for points beyond the grid.
fn index_at(x: f64, level: i16) -> i64 {
    (x / power_of_two(level)).floor() as i64
}

/// 2^level, exactly.
fn power_of_two(level: i16) -> f64 {
    f64::powi(2.0, i32::from(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_off_the_origin_has_one_root() {
        let level = root_level([1.0, 1.0, 1.0], [3.5, 2.0, 3.0]);
        assert_eq!(level, 2);
        assert_eq!(Cell::at([3.5, 2.0, 3.0], level).index, [0, 0, 0]);
    }

    #[test]
    fn a_box_around_the_origin_has_roots_that_meet_there() {
        let level = root_level([-10.0; 3], [10.0; 3]);
        assert_eq!(level, 4);
        assert_eq!(Cell::at([-10.0, 10.0, -10.0], level).index, [-1, 0, -1]);
    }

    #[test]
    fn children_tile_their_parent() {
        let cell = Cell { level: 3, index: [-1, 0, 5] };
        for octant in 0..8 {
            let child = cell.child(octant);
            let centre = child.corner().map(|c| c + child.edge() / 2.0);
            assert_eq!(Cell::at(centre, 2), child);
            assert_eq!(Cell::at(centre, 3), cell);
        }
    }

    #[test]
    fn cells_as_fine_as_doubles_are_not_divisible() {
        assert!(Cell::at([1.0; 3], 0).is_divisible());
        assert!(!Cell::at([1.0; 3], MIN_LEVEL).is_divisible());
        assert!(!Cell::at([1.0, 1e7, 1.0], -40).is_divisible());
        assert!(!Cell::at([-1e300; 3], MAX_LEVEL).is_divisible());
    }

    #[test]
    fn extreme_coordinates_still_have_a_root() {
        let level = root_level([-1e300; 3], [1e300; 3]);
        assert_eq!(level, MAX_LEVEL);
        Cell::at([1e300; 3], level);
    }
}
