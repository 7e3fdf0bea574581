//! Whole numbers for the plane, so that what is decided about points and edges is exact.
//!
//! Coordinates that OpenSCAD's grid of the plane, 2^27 to a unit, does not tell apart become one first, the first of them:
//! walls that should meet but for rounding do meet, unless half a step of the grid happens to lie between them. The lattice itself is finer, so that a point where two edges cross lies
//! on both of them but for what double precision rounds away. What comes out as it went in keeps its bits.

use rustc_hash::FxHashMap;

use crate::region::Point;

/// A point of the lattice.
pub(super) type Site = [i64; 2];

/// Steps to a unit of OpenSCAD's grid.
const GRID: f64 = (1 << 27) as f64;

/// Coordinates farther apart than this are told apart.
pub(crate) const GRID_STEP: f64 = 1.0 / GRID;

/// Sites stay below two to this: products of their differences have room in 128 bits, and double precision tells
/// neighbours apart.
const SITE_BITS: i32 = 52;

/// Coordinates along one axis; of several that the grid does not tell apart the first counts.
#[derive(Default)]
pub(super) struct Snap(FxHashMap<i64, f64>);

impl Snap {
    pub(super) fn snapped(&mut self, coordinate: f64) -> f64 {
        // Adding zero makes the two zeros one.
        *self.0.entry((coordinate * GRID).round() as i64).or_insert(coordinate + 0.0)
    }
}

/// The lattice over a plane.
pub(super) struct Lattice {
    scale: f64,
    snaps: [Snap; 2],
    exact: [FxHashMap<i64, f64>; 2],
}

impl Lattice {
    /// For coordinates of up to `reach` in size.
    pub(super) fn new(reach: f64) -> Self {
        let scale = scale(reach);
        Self { scale, snaps: Default::default(), exact: Default::default() }
    }

    /// The site of a point.
    pub(super) fn site(&mut self, point: Point) -> Site {
        [0, 1].map(|axis| {
            let snapped = self.snaps[axis].snapped(point[axis]);
            let site = (snapped * self.scale).round() as i64;
            self.exact[axis].entry(site).or_insert(snapped);
            site
        })
    }

    /// The point at a site.
    pub(super) fn point(&self, site: Site) -> Point {
        [0, 1].map(|axis| {
            let exact = self.exact[axis].get(&site[axis]).copied();
            exact.unwrap_or_else(|| site[axis] as f64 / self.scale)
        })
    }
}

/// Steps of the lattice to a unit, for coordinates of up to `reach` in size.
pub(super) fn scale(reach: f64) -> f64 {
    let bits = reach.max(1.0).log2().ceil() as i32;
    2.0_f64.powi(SITE_BITS - bits)
}

/// Twice the area of the triangle `a`, `b`, `c`: positive if they turn counter-clockwise.
pub(super) fn turn(a: Site, b: Site, c: Site) -> i128 {
    cross(from_to(a, b), from_to(a, c))
}

/// The vector from one site to another.
pub(super) fn from_to(a: Site, b: Site) -> Site {
    [b[0] - a[0], b[1] - a[1]]
}

/// The cross product of two vectors.
pub(super) fn cross(a: Site, b: Site) -> i128 {
    i128::from(a[0]) * i128::from(b[1]) - i128::from(a[1]) * i128::from(b[0])
}

/// The dot product of two vectors.
pub(super) fn dot(a: Site, b: Site) -> i128 {
    i128::from(a[0]) * i128::from(b[0]) + i128::from(a[1]) * i128::from(b[1])
}
