//! `fill()`: outlines without their holes.

use crate::clip;
use crate::region::{Region, signed_area};

/// Everything that the outer outlines go around; what stood in a hole is swallowed.
pub fn without_holes(region: &Region) -> Region {
    let outer = region.outlines().iter().filter(|outline| signed_area(outline) > 0.0);
    let outer: Vec<_> = outer.map(|outline| Region::from_clean(vec![outline.clone()])).collect();
    clip::union(&outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{difference, union};
    use crate::polygon::square;

    #[test]
    fn holes_and_what_stands_in_them_vanish() {
        let frame = difference(&square([10.0, 10.0], true), &[square([6.0, 6.0], true)]);
        let target = union(&[frame, square([2.0, 2.0], true)]);
        assert_eq!(target.outlines().len(), 3);
        let filled = without_holes(&target);
        assert_eq!((filled.outlines().len(), filled.area()), (1, 100.0));
        assert!(without_holes(&Region::default()).is_empty());
    }
}
