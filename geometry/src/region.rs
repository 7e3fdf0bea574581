//! Regions of the plane: what every 2D operation of this crate takes and gives.
//!
//! A region is a set of closed outlines in double precision. Outer outlines run counter-clockwise, holes clockwise, and
//! no two cross, so that every point is either inside (wound once) or outside (wound not at all). Outlines may touch.
//! Whatever makes a region of arbitrary outlines goes through [`clip`](crate::clip), which keeps that promise.

use std::collections::HashSet;

use crate::mesh::bits;

/// A point of the plane, in model units.
pub type Point = [f64; 2];

/// A set of clean outlines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Region {
    outlines: Vec<Vec<Point>>,
}

impl Region {
    /// The region with these outlines, which the caller knows to keep the promise of the module.
    pub(crate) fn from_clean(outlines: Vec<Vec<Point>>) -> Self {
        debug_assert!(outlines.iter().all(|outline| outline.len() >= 3));
        Self { outlines }
    }

    /// The outlines, each at least three points, the last joined to the first.
    pub fn outlines(&self) -> &[Vec<Point>] {
        &self.outlines
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.outlines.is_empty()
    }

    /// All points of all outlines.
    pub fn points(&self) -> impl Iterator<Item = Point> + '_ {
        self.outlines.iter().flatten().copied()
    }

    /// Whether no two outlines touch in a corner, nor one itself.
    pub(crate) fn has_distinct_points(&self) -> bool {
        let mut seen = HashSet::new();
        self.points().all(|point| seen.insert(bits(point)))
    }

    /// Area inside.
    pub fn area(&self) -> f64 {
        self.outlines.iter().map(|outline| signed_area(outline)).sum()
    }

    /// Smallest and largest coordinates; none if empty.
    pub fn bounds(&self) -> Option<[Point; 2]> {
        let mut points = self.points();
        let first = points.next()?;
        Some(points.fold([first, first], |[low, high], p| {
            [[low[0].min(p[0]), low[1].min(p[1])], [high[0].max(p[0]), high[1].max(p[1])]]
        }))
    }

    /// The region under the 2D part of a row-major affine matrix: x, y and the shift of both.
    ///
    /// A mirroring matrix keeps outer outlines counter-clockwise. One that flattens the plane, or is not finite, leaves
    /// nothing, as in OpenSCAD.
    pub fn transformed(&self, matrix: &[[f64; 4]; 4]) -> Region {
        let [[a, b, _, dx], [c, d, _, dy], ..] = *matrix;
        let determinant = a * d - b * c;
        if determinant == 0.0 || ![a, b, c, d, dx, dy].iter().all(|v| v.is_finite()) {
            return Region::default();
        }
        let map = |[x, y]: Point| [a * x + b * y + dx, c * x + d * y + dy];
        self.mapped(map, determinant < 0.0)
    }

    /// The region stretched so that its size on each axis is `new_size`, as `resize()` does: 0 keeps an axis, or, where
    /// `auto` is set, gives it the factor of the axis with the largest wanted size.
    pub fn resized(&self, new_size: Point, auto: [bool; 2]) -> Region {
        let Some([low, high]) = self.bounds() else { return Region::default() };
        let size = [high[0] - low[0], high[1] - low[1]];
        let factor = |axis: usize| new_size[axis] / size[axis];
        let leading = if new_size[1] > new_size[0] { 1 } else { 0 };
        let factors = [0, 1].map(|axis| {
            if new_size[axis] > 0.0 {
                factor(axis)
            } else if auto[axis] && new_size[leading] > 0.0 {
                factor(leading)
            } else {
                1.0
            }
        });
        if !factors.iter().all(|f| f.is_finite()) {
            return Region::default();
        }
        self.mapped(|[x, y]| [x * factors[0], y * factors[1]], false)
    }

    /// The region with every point moved by `map`, which must keep outlines clean but may mirror them.
    fn mapped(&self, map: impl Fn(Point) -> Point, mirrors: bool) -> Region {
        let outlines = self.outlines.iter().map(|outline| {
            let moved = outline.iter().map(|p| map(*p));
            if mirrors { moved.rev().collect() } else { moved.collect() }
        });
        Region::from_clean(outlines.collect())
    }
}

/// Area inside an outline, negative if it runs clockwise.
///
/// Measured from its first point, so that an outline far from the origin keeps its precision.
pub fn signed_area(outline: &[Point]) -> f64 {
    let Some((&origin, rest)) = outline.split_first() else { return 0.0 };
    let doubled: f64 = rest.windows(2).map(|pair| cross(origin, pair[0], pair[1])).sum();
    doubled / 2.0
}

/// Twice the signed area of a triangle: positive if `a`, `b`, `c` turn counter-clockwise.
pub(crate) fn cross(a: Point, b: Point, c: Point) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rectangle(width: f64, height: f64) -> Region {
        Region::from_clean(vec![vec![[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]])
    }

    fn matrix(a: f64, b: f64, c: f64, d: f64, dx: f64, dy: f64) -> [[f64; 4]; 4] {
        [[a, b, 0.0, dx], [c, d, 0.0, dy], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    }

    #[test]
    fn mirroring_keeps_the_outside_counter_clockwise() {
        let mirrored = rectangle(2.0, 3.0).transformed(&matrix(-1.0, 0.0, 0.0, 1.0, 5.0, 1.0));
        assert_eq!(mirrored.area(), 6.0);
        assert_eq!(mirrored.bounds(), Some([[3.0, 1.0], [5.0, 4.0]]));
    }

    #[test]
    fn flattened_or_endless_regions_are_empty() {
        assert!(rectangle(2.0, 3.0).transformed(&matrix(0.0, 0.0, 0.0, 1.0, 0.0, 0.0)).is_empty());
        assert!(rectangle(2.0, 3.0).transformed(&matrix(1.0, 2.0, 2.0, 4.0, 0.0, 0.0)).is_empty());
        let endless = matrix(1.0, 0.0, 0.0, f64::INFINITY, 0.0, 0.0);
        assert!(rectangle(2.0, 3.0).transformed(&endless).is_empty());
    }

    #[test]
    fn resize_keeps_zero_axes_unless_auto() {
        let size = |new_size, auto| {
            let [low, high] = rectangle(2.0, 3.0).resized(new_size, auto).bounds().unwrap();
            [high[0] - low[0], high[1] - low[1]]
        };
        assert_eq!(size([4.0, 0.0], [false, false]), [4.0, 3.0]);
        assert_eq!(size([4.0, 0.0], [false, true]), [4.0, 6.0]);
        assert_eq!(size([0.0, 1.0], [true, true]), [2.0 / 3.0, 1.0]);
        assert_eq!(size([5.0, 1.0], [true, true]), [5.0, 1.0]);
        assert_eq!(size([0.0, 0.0], [true, true]), [2.0, 3.0]);
    }

    #[test]
    fn areas_far_from_the_origin_stay_exact() {
        let far = rectangle(2.0, 3.0).transformed(&matrix(1.0, 0.0, 0.0, 1.0, 1.0e12, -1.0e12));
        assert_eq!(far.area(), 6.0);
    }
}
