//! The integer grid that 2D clipping works on.
//!
//! OpenSCAD scales coordinates by 2^27 and rounds them, so that clipping is exact. A coordinate that comes out as it
//! went in gets its own bits back: a square at 0.1 stays at 0.1, and so do the points where its upright edge is crossed.
//! Two shapes that share an edge in the model then share it in double precision, in the plane and after extrusion.

use std::collections::HashMap;

use clipper2_rust::core::{Path64, Paths64, Point64};

use crate::region::Point;

/// Fraction bits of the grid: eight decimal digits after the point.
const FRACTION_BITS: i32 = 27;

/// Grid coordinates stay below two to this. Clipper takes 61 bits; the rest is room for what it adds while at work.
const COORDINATE_BITS: i32 = 55;

/// A grid, with the exact value of each rounded coordinate that it has seen, by axis. The first of several counts.
pub(crate) struct Grid {
    scale: f64,
    exact: [HashMap<i64, f64>; 2],
}

impl Grid {
    /// A grid for coordinates of up to `reach` in size.
    ///
    /// It is coarser than OpenSCAD's where `reach` is beyond 2^28, so that huge models lose digits instead of
    /// overflowing.
    pub(crate) fn new(reach: f64) -> Self {
        let mut bits = FRACTION_BITS;
        while bits > -1000 && reach * 2.0_f64.powi(bits) > 2.0_f64.powi(COORDINATE_BITS) {
            bits -= 1;
        }
        Self { scale: 2.0_f64.powi(bits), exact: Default::default() }
    }

    /// A grid for all these points.
    pub(crate) fn covering(points: impl Iterator<Item = Point>) -> Self {
        Self::new(reach(points))
    }

    /// Grid units per model unit.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    /// The outline on the grid. Points that are not finite are left out.
    pub(crate) fn path(&mut self, outline: &[Point]) -> Path64 {
        let finite = outline.iter().filter(|point| point.iter().all(|c| c.is_finite()));
        finite.map(|point| self.point(*point)).collect()
    }

    /// The outlines back in model units.
    pub(crate) fn outlines(&self, paths: &Paths64) -> Vec<Vec<Point>> {
        let place = |p: &Point64| [self.coordinate(0, p.x), self.coordinate(1, p.y)];
        paths.iter().map(|path| path.iter().map(place).collect()).collect()
    }

    fn coordinate(&self, axis: usize, rounded: i64) -> f64 {
        let exact = self.exact[axis].get(&rounded).copied();
        exact.unwrap_or_else(|| rounded as f64 / self.scale)
    }

    fn point(&mut self, point: Point) -> Point64 {
        let [x, y] = [0, 1].map(|axis| {
            let rounded = (point[axis] * self.scale).round();
            if rounded / self.scale != point[axis] {
                self.exact[axis].entry(rounded as i64).or_insert(point[axis]);
            }
            rounded as i64
        });
        Point64::new(x, y)
    }
}

/// The largest finite coordinate by size.
pub(crate) fn reach(points: impl Iterator<Item = Point>) -> f64 {
    let sizes = points.flatten().map(f64::abs).filter(|size| size.is_finite());
    sizes.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(outline: &[Point]) -> Vec<Point> {
        let mut grid = Grid::covering(outline.iter().copied());
        let path = grid.path(outline);
        grid.outlines(&vec![path]).remove(0)
    }

    #[test]
    fn points_come_back_with_their_own_bits() {
        let outline = [[0.1, 0.2], [1.0 / 3.0, -7.7], [1.0e-12, 5.0], [0.5, 0.25]];
        assert_eq!(round_trip(&outline), outline);
        let huge = [[1.0e300, -1.0e300], [1.0e308, 3.0], [0.0, 0.0]];
        assert_eq!(round_trip(&huge)[..2], huge[..2]);
    }

    #[test]
    fn points_that_are_not_finite_are_left_out() {
        let outline = [[f64::NAN, 0.0], [1.0, f64::INFINITY], [2.0, 3.0]];
        assert_eq!(round_trip(&outline), [[2.0, 3.0]]);
    }

    #[test]
    fn grid_points_are_two_to_the_27_apart() {
        assert_eq!(Grid::new(1000.0).scale(), 134_217_728.0);
        assert!(Grid::new(1.0e12).scale() * 1.0e12 < 4.0e16);
    }
}
