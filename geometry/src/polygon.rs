//! The 2D primitives `square()`, `circle()` and `polygon()`.

use std::sync::Arc;

use scadstream_csg::{Fragments, degrees};

use crate::clip::{self, Fill};
use crate::fragments::segments;
use crate::region::{Point, Region};

/// `square()`: sizes that are not positive and finite give nothing.
pub fn square([width, height]: [f64; 2], center: bool) -> Region {
    if ![width, height].iter().all(|size| size.is_finite() && *size > 0.0) {
        return Region::default();
    }
    let [x, y] = if center { [-width / 2.0, -height / 2.0] } else { [0.0, 0.0] };
    let [right, top] = if center { [width / 2.0, height / 2.0] } else { [width, height] };
    Region::from_clean(vec![vec![[x, y], [right, y], [right, top], [x, top]]])
}

/// `circle()`: the first point on +X, counter-clockwise. A radius that is not positive and finite gives nothing.
pub fn circle(r: f64, fragments: Fragments) -> Region {
    if !r.is_finite() || r <= 0.0 {
        return Region::default();
    }
    Region::from_clean(vec![ring(r, segments(r, fragments, 360.0))])
}

/// `polygon()`: the points in order, or the outlines of `paths`, which combine even-odd. No paths are as good as none
/// given, as in OpenSCAD.
///
/// Indices without a point and points that are not finite are left out; telling the user is the evaluator's part.
pub fn polygon(points: &[Point], paths: Option<&[Arc<[u32]>]>) -> Region {
    let outlines = match paths {
        None | Some([]) => vec![points.to_vec()],
        Some(paths) => paths
            .iter()
            .map(|path| path.iter().filter_map(|i| points.get(*i as usize).copied()).collect())
            .collect(),
    };
    clip::fill(&outlines, Fill::EvenOdd)
}

/// `count` points on the circle of radius `r`.
pub(crate) fn ring(r: f64, count: u32) -> Vec<Point> {
    (0..count)
        .map(|i| {
            let angle_deg = 360.0 * f64::from(i) / f64::from(count);
            [r * degrees::cos(angle_deg), r * degrees::sin(angle_deg)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(fn_: f64) -> Fragments {
        Fragments { fn_, ..Fragments::default() }
    }

    #[test]
    fn squares_and_circles_have_exact_corners() {
        assert_eq!(square([2.0, 3.0], true).bounds(), Some([[-1.0, -1.5], [1.0, 1.5]]));
        assert_eq!(
            circle(2.0, fixed(4.0)).outlines()[0],
            [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]]
        );
        assert_eq!(circle(1.0, fixed(12.0)).area(), 3.0);
    }

    #[test]
    fn sizes_without_extent_give_nothing() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(square([bad, 1.0], false).is_empty());
            assert!(square([1.0, bad], true).is_empty());
            assert!(circle(bad, fixed(8.0)).is_empty());
        }
    }

    #[test]
    fn paths_combine_even_odd_whatever_their_winding() {
        let points = [
            [0.0, 0.0],
            [4.0, 0.0],
            [4.0, 4.0],
            [0.0, 4.0],
            [1.0, 1.0],
            [2.0, 1.0],
            [2.0, 2.0],
            [1.0, 2.0],
        ];
        let area = |paths: &[&[u32]]| {
            let paths: Vec<Arc<[u32]>> = paths.iter().map(|path| Arc::from(*path)).collect();
            polygon(&points, Some(&paths)).area()
        };
        assert_eq!(area(&[&[0, 1, 2, 3], &[4, 5, 6, 7]]), 15.0);
        assert_eq!(area(&[&[3, 2, 1, 0], &[4, 5, 6, 7]]), 15.0);
        assert_eq!(area(&[&[0, 1, 2, 3, 99]]), 16.0);
        assert_eq!(area(&[&[0, 1]]), 0.0);
        // All points in their order: a bow of the two squares' outlines.
        assert_eq!(area(&[]), polygon(&points, None).area());
    }
}
