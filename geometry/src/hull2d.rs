//! `hull()` in the plane.

use crate::region::{Point, Region, cross};

/// The convex hull of points; nothing if they lie on one line. Points that are not finite are left out.
///
/// Andrew's monotone chain (A. M. Andrew, "Another efficient algorithm for convex hulls in two dimensions", 1979).
/// Only corners stay: points on an edge are dropped.
pub fn hull(points: impl Iterator<Item = Point>) -> Region {
    let mut sorted: Vec<Point> = points.filter(|p| p.iter().all(|c| c.is_finite())).collect();
    // Adding 0 turns -0 into 0, so that equal points are neighbours in the total order.
    sorted.sort_by(|a, b| {
        (a[0] + 0.0).total_cmp(&(b[0] + 0.0)).then((a[1] + 0.0).total_cmp(&(b[1] + 0.0)))
    });
    sorted.dedup();
    let mut outline = chain(sorted.iter().copied());
    let upper = chain(sorted.iter().rev().copied());
    // Each chain ends where the other begins.
    outline.pop();
    outline.extend(upper);
    outline.pop();
    if outline.len() < 3 {
        return Region::default();
    }
    Region::from_clean(vec![outline])
}

/// The convex chain that keeps to the right of all points, which come in order.
fn chain(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut chain: Vec<Point> = Vec::new();
    for point in points {
        while let [.., a, b] = chain[..]
            && cross(a, b, point) <= 0.0
        {
            chain.pop();
        }
        chain.push(point);
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(points: &[Point], corners: usize, area: f64) {
        let hull = hull(points.iter().copied());
        assert_eq!((hull.points().count(), hull.area()), (corners, area), "{hull:?}");
    }

    #[test]
    fn only_corners_stay() {
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        check(&square, 4, 4.0);
        check(&[&square[..], &[[1.0, 0.0], [1.0, 1.0], [2.0, 1.0], [0.0, 0.0]]].concat(), 4, 4.0);
    }

    #[test]
    fn points_on_one_line_have_no_hull() {
        check(&[], 0, 0.0);
        check(&[[1.0, 2.0]], 0, 0.0);
        check(&[[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]], 0, 0.0);
        check(&[[1.0, 0.0], [1.0, -0.0], [1.0, 5.0]], 0, 0.0);
    }

    #[test]
    fn points_that_are_not_finite_are_left_out() {
        let points = [[0.0, 0.0], [f64::NAN, 9.0], [1.0, 0.0], [9.0, f64::INFINITY], [0.0, 2.0]];
        check(&points, 3, 1.0);
    }
}
