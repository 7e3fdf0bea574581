//! What a subtree of the CSG tree turns out to be.

use std::sync::Arc;

use crate::kernel::Solid;
use crate::mesh::Paint;
use crate::region::Region;

/// The geometry of a subtree. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Shape {
    /// Nothing, neither 2D nor 3D: an empty group.
    #[default]
    Nothing,
    /// 3D: the union of these solids, not made yet. It may be empty, as a sphere of radius 0 is.
    Solids(Arc<[Solid]>),
    /// 2D, possibly empty.
    Flat(Flat),
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
        Shape::Solids(solid.into_iter().collect())
    }

    /// The shape of an unpainted region.
    pub(crate) fn flat(region: Region) -> Self {
        Shape::Flat(Flat { region: Arc::new(region), paint: Paint::Default })
    }

    /// Bytes it keeps alive, counting a body that several solids share once for each of them.
    pub(crate) fn size_bytes(&self) -> usize {
        match self {
            Shape::Nothing => 0,
            Shape::Solids(solids) => {
                solids.iter().map(|s| s.size_bytes() + size_of::<Solid>()).sum()
            }
            Shape::Flat(flat) => {
                flat.region.outlines().iter().map(|o| size_of_val(o.as_slice())).sum()
            }
        }
    }
}
