//! What a subtree of the CSG tree turns out to be.

use std::sync::Arc;

use scadstream_csg::{ContentHash, ContentHasher};

use crate::affine::Affine;
use crate::kernel::Solid;
use crate::mesh::Paint;
use crate::region::Region;

/// The geometry of a subtree. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Shape {
    /// Nothing, neither 2D nor 3D: an empty group.
    #[default]
    Nothing,
    /// 3D, possibly empty, as a sphere of radius 0 is.
    Solids(Solids),
    /// 2D, possibly empty.
    Flat(Flat),
}

/// The union of solids, not made yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Solids {
    /// What to unite.
    pub(crate) list: Arc<[Solid]>,
    /// Vertices of surfaces that enclose nothing: a lone face, a cube scaled flat. They are no part of any result, but
    /// a hull is taken over them too.
    pub(crate) sheets: Arc<[Arc<[[f64; 3]]>]>,
}

/// A painted region.
#[derive(Debug, Clone)]
pub(crate) struct Flat {
    /// The region.
    pub(crate) region: Arc<Region>,
    /// Its colour.
    pub(crate) paint: Paint,
}

impl Shape {
    /// The shape of at most one solid.
    pub(crate) fn solid(solid: Option<Solid>) -> Self {
        Shape::Solids(Solids { list: solid.into_iter().collect(), ..Solids::default() })
    }

    /// The shape of a surface that encloses nothing.
    pub(crate) fn sheet(points: &[[f64; 3]]) -> Self {
        Shape::Solids(Solids { sheets: Arc::new([points.into()]), ..Solids::default() })
    }

    /// The shape of an unpainted region.
    pub(crate) fn flat(region: Region) -> Self {
        Shape::Flat(Flat { region: Arc::new(region), paint: Paint::Default })
    }

    /// The shape that the node of this hash has: solids that were made there know it from now on.
    pub(crate) fn made_from(self, node: ContentHash) -> Self {
        let Shape::Solids(Solids { list, sheets }) = self else { return self };
        if list.iter().all(Solid::has_source) {
            return Shape::Solids(Solids { list, sheets });
        }
        let of_place = |(place, solid): (u64, &Solid)| {
            let mut hasher = ContentHasher::new("made by a node");
            hasher.hash(node);
            hasher.u64(place);
            solid.clone().made_from(hasher.finish())
        };
        let list = (0..).zip(list.iter()).map(of_place).collect();
        Shape::Solids(Solids { list, sheets })
    }

    /// How many solids it is made of.
    pub(crate) fn count(&self) -> usize {
        match self {
            Shape::Solids(solids) => solids.list.len(),
            Shape::Nothing | Shape::Flat(_) => 0,
        }
    }

    /// Bytes it keeps alive, counting a body that several solids share once for each of them.
    pub(crate) fn size_bytes(&self) -> usize {
        match self {
            Shape::Nothing => 0,
            Shape::Solids(solids) => {
                let list = solids.list.iter().map(|s| s.size_bytes() + size_of::<Solid>());
                let sheets = solids.sheets.iter().map(|sheet| size_of_val::<[_]>(sheet));
                list.sum::<usize>() + sheets.sum::<usize>()
            }
            Shape::Flat(flat) => {
                flat.region.outlines().iter().map(|o| size_of_val(o.as_slice())).sum()
            }
        }
    }
}

impl Solids {
    /// Moved by `affine`, which must be finite. One that flattens space makes sheets of solids.
    pub(crate) fn transformed(&self, affine: &Affine) -> Self {
        let moved = |sheet: &Arc<[[f64; 3]]>| sheet.iter().map(|p| affine.apply(*p)).collect();
        let sheets = self.sheets.iter().map(moved);
        if affine.determinant() == 0.0 {
            let flattened = self
                .list
                .iter()
                .map(|s| s.positions().into_iter().map(|p| affine.apply(p)).collect());
            return Self { list: Arc::default(), sheets: sheets.chain(flattened).collect() };
        }
        Self {
            list: self.list.iter().map(|solid| solid.transformed(affine)).collect(),
            sheets: sheets.collect(),
        }
    }

    /// In one paint.
    pub(crate) fn painted(&self, paint: Paint) -> Self {
        Self {
            list: self.list.iter().map(|solid| solid.painted(paint)).collect(),
            sheets: Arc::clone(&self.sheets),
        }
    }
}
