//! Booleans of upright prisms, found in the plane.
//!
//! Plates with holes, letters on a sign, standoffs and brackets are boxes, straight cylinders and straight extrusions along
//! one axis. Between the heights where such prisms begin and end, their boolean is the same everywhere. So it is found in
//! two dimensions: the outlines of all prisms are cut where they meet ([`noding`]), a sweep over the plane tells what covers
//! either side of each edge ([`sweep`]), and walls and caps stand where that differs ([`surface`]). This takes a small part
//! of the time of a boolean in space.
//!
//! [`Prisms`] say what a solid is made of, however many booleans it went through, so that a boolean of booleans is found at
//! once. Coordinates keep their bits, but those that OpenSCAD's grid of the plane does not tell apart become one ([`lattice`]).

mod caps;
mod columns;
mod combinations;
mod cover;
mod fans;
mod filling;
mod lattice;
mod noding;
mod straighten;
mod surface;
mod sweep;
mod term;
#[cfg(test)]
mod tests;
mod triangulation;

use std::sync::Arc;

pub(crate) use self::fans::has_only_fans;
pub(crate) use self::filling::filled;
pub(crate) use self::lattice::GRID_STEP;
use crate::affine::Affine;
use crate::kernel::{CancelToken, KernelError};
use crate::mesh::{Mesh, Paint};
use crate::region::Region;

use self::combinations::Combinations;
use self::cover::Cover;
use self::noding::Edge;

/// Prisms that are smaller than this in any direction are left to the kernel, which has no grid.
const SMALLEST: f64 = 1e-4;

/// So are those that reach farther than about a million.
const FARTHEST: f64 = (1 << 20) as f64;

/// Most edges of outlines that may take part in one boolean. Picked by hand: some tenths of a second.
const MOST_EDGES: usize = 1 << 16;

/// Booleans within booleans that are found at once; deeper ones are left to the kernel.
const DEEPEST: usize = 16;

/// What a solid is made of. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct Prisms {
    of: Arc<Of>,
    placed: Affine,
    /// The paint over all of it, if it was painted.
    paint: Option<Paint>,
    edges: usize,
    depth: usize,
}

#[derive(Debug)]
enum Of {
    Prism(Prism),
    Union(Vec<Prisms>),
    /// The union of the first minus that of the second.
    Difference(Vec<Prisms>, Vec<Prisms>),
    /// What several unions have in common.
    Intersection(Vec<Vec<Prisms>>),
}

/// The points over a region from one height to another, along Z or another axis.
#[derive(Debug, Clone)]
struct Prism {
    region: Arc<Region>,
    low: f64,
    high: f64,
}

impl Prisms {
    /// The prism that stands upright on a region; none if it is not of a size for this.
    pub(crate) fn upright(region: Arc<Region>, low: f64, high: f64) -> Option<Self> {
        let edges = region.points().count();
        let prism = Prism { region, low, high };
        (edges <= MOST_EDGES && prism.is_of_a_size()).then(|| Self::new(Of::Prism(prism), edges, 0))
    }

    /// The union of all.
    pub(crate) fn union(operands: Vec<Self>) -> Option<Self> {
        let (edges, depth) = Self::together(operands.iter())?;
        Some(Self::new(Of::Union(operands), edges, depth))
    }

    /// The union of `first` minus each of `rest`.
    pub(crate) fn difference(first: Vec<Self>, rest: Vec<Self>) -> Option<Self> {
        let (edges, depth) = Self::together(first.iter().chain(&rest))?;
        Some(Self::new(Of::Difference(first, rest), edges, depth))
    }

    /// What the unions of all lists have in common.
    pub(crate) fn intersection(lists: Vec<Vec<Self>>) -> Option<Self> {
        let (edges, depth) = Self::together(lists.iter().flatten())?;
        Some(Self::new(Of::Intersection(lists), edges, depth))
    }

    fn new(of: Of, edges: usize, depth: usize) -> Self {
        Self { of: Arc::new(of), placed: Affine::IDENTITY, paint: None, edges, depth }
    }

    /// Edges and depth of a boolean; none if that is too much.
    fn together<'a>(operands: impl Iterator<Item = &'a Self>) -> Option<(usize, usize)> {
        let sum = |(edges, depth): (usize, usize), operand: &Self| {
            (edges + operand.edges, depth.max(operand.depth + 1))
        };
        let (edges, depth) = operands.fold((0, 0), sum);
        (edges <= MOST_EDGES && depth <= DEEPEST).then_some((edges, depth))
    }

    /// The same, moved by `transform`.
    pub(crate) fn transformed(&self, transform: &Affine) -> Self {
        Self { placed: transform.after(&self.placed), ..self.clone() }
    }

    /// The same in one paint.
    pub(crate) fn painted(&self, paint: Paint) -> Self {
        Self { paint: Some(paint), ..self.clone() }
    }

    /// Edges of all outlines.
    pub(crate) fn edges(&self) -> usize {
        self.edges
    }

    /// The axes that all of them are along.
    pub(crate) fn axes(&self) -> [bool; 3] {
        let mut axes = [true; 3];
        self.narrow(&Affine::IDENTITY, &mut axes);
        axes
    }

    fn narrow(&self, placed: &Affine, axes: &mut [bool; 3]) {
        let placed = placed.after(&self.placed);
        match &*self.of {
            Of::Prism(prism) => {
                let is_along = |axis| prism.own_axis(axis, &placed).is_some();
                (0..3).for_each(|axis| axes[axis] &= is_along(axis));
            }
            Of::Union(all) => all.iter().for_each(|one| one.narrow(&placed, axes)),
            Of::Difference(first, rest) => {
                first.iter().chain(rest).for_each(|one| one.narrow(&placed, axes));
            }
            Of::Intersection(lists) => {
                lists.iter().flatten().for_each(|one| one.narrow(&placed, axes));
            }
        }
    }

    /// Whether booleans of them are found in the plane: they are along one axis, and cross seldom enough.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`].
    pub(crate) fn lie_in_a_plane(&self, token: &CancelToken) -> Result<bool, KernelError> {
        Ok(self.noded(token)?.is_some())
    }

    /// Their surface: closed, oriented, painted, but edges and vertices may be shared by parts that touch there. Empty if
    /// there is nothing; none if it is not found in the plane, or would take too much memory.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`].
    pub(crate) fn surface(&self, token: &CancelToken) -> Result<Option<Mesh>, KernelError> {
        let Some((cover, edges)) = self.noded(token)? else { return Ok(None) };
        let mut combinations = Combinations::new(&cover);
        let Some(borders) = sweep::swept(&edges, &mut combinations, token)? else {
            return Ok(None);
        };
        surface::surface(borders, &combinations, &cover, token)
    }

    fn noded(&self, token: &CancelToken) -> Result<Option<(Cover, Vec<Edge>)>, KernelError> {
        token.check()?;
        let cover = [2, 0, 1].into_iter().find_map(|axis| Cover::along(axis, self));
        let Some((cover, edges)) = cover else { return Ok(None) };
        Ok(noding::noded(edges, token)?.map(|edges| (cover, edges)))
    }
}

impl Prism {
    /// Whether it is neither too small nor too far for this. Numbers that are none are neither.
    fn is_of_a_size(&self) -> bool {
        let Some([min, max]) = self.region.bounds() else { return false };
        let sizes = [max[0] - min[0], max[1] - min[1], self.high - self.low];
        // How thick the region is, roughly: an outline at an angle may be thin in a large box.
        let thickness = self.region.area() / sizes[0].max(sizes[1]);
        let ends = [min[0], min[1], max[0], max[1], self.low, self.high];
        sizes.iter().chain([&thickness]).all(|size| *size >= SMALLEST)
            && ends.iter().all(|end| end.abs() <= FARTHEST)
    }

    /// The same under a transform as a prism along an axis of the world, its region in the plane of the next two axes;
    /// none if it is not along that axis, or not of a size for this.
    fn along(&self, axis: usize, placed: &Affine) -> Option<Self> {
        let own = self.own_axis(axis, placed)?;
        let Self { region, low, high } = self.turned(own);
        let Affine(rows) = placed;
        let (u, v) = ((own + 1) % 3, (own + 2) % 3);
        let row = |row: &[f64; 4]| [row[u], row[v], 0.0, row[3]];
        let plane = [row(&rows[(axis + 1) % 3]), row(&rows[(axis + 2) % 3]), [0.0; 4], [0.0; 4]];
        let ends = [low, high].map(|end| rows[axis][own] * end + rows[axis][3]);
        let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let moved = Self { region: Arc::new(region.transformed(&plane)), low, high };
        moved.is_of_a_size().then_some(moved)
    }

    /// The axis that it is along in its own frame while it is along `axis` in the world.
    fn own_axis(&self, axis: usize, Affine(rows): &Affine) -> Option<usize> {
        let own_axes: &[usize] = if self.is_box() { &[2, 0, 1] } else { &[2] };
        own_axes.iter().copied().find(|own| {
            rows[axis][*own] != 0.0
                && (0..3).all(|other| {
                    (other == axis || rows[other][*own] == 0.0)
                        && (other == *own || rows[axis][other] == 0.0)
                })
        })
    }

    /// Whether it is a box along the axes, which is a prism along each of them.
    fn is_box(&self) -> bool {
        let [outline] = self.region.outlines() else { return false };
        let [a, b, c, d] = outline[..] else { return false };
        (a[1] == b[1] && b[0] == c[0] && c[1] == d[1] && d[0] == a[0])
            || (a[0] == b[0] && b[1] == c[1] && c[0] == d[0] && d[1] == a[1])
    }

    /// A box as a prism along `axis` in the same frame.
    fn turned(&self, axis: usize) -> Self {
        if axis == 2 {
            return self.clone();
        }
        let [min, max] = self.region.bounds().expect("a box has an outline");
        let (min, max) = ([min[0], min[1], self.low], [max[0], max[1], self.high]);
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        let outline = vec![[min[u], min[v]], [max[u], min[v]], [max[u], max[v]], [min[u], max[v]]];
        let region = Arc::new(Region::from_clean(vec![outline]));
        Self { region, low: min[axis], high: max[axis] }
    }
}
