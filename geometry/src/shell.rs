//! The triangles of a part.

use std::sync::Arc;

use crate::mesh::{Bounds, Mesh};
use crate::spatial::{CellStats, Cells};

/// The triangles of a part, as they were found. Cloning shares them.
#[derive(Debug, Clone)]
pub enum Shell {
    /// One mesh.
    Mesh(Arc<Mesh>),
    /// Pieces that together are a closed mesh, by cells of the grid. An edit leaves most of them as they are.
    Cells(Arc<Cells>),
}

impl Shell {
    /// As one mesh. Cells are put together for that, once, which takes about as long as writing them to a file.
    pub fn mesh(&self) -> &Arc<Mesh> {
        match self {
            Self::Mesh(mesh) => mesh,
            Self::Cells(cells) => cells.mesh(),
        }
    }

    /// The cells, if it was solved by such.
    pub fn cells(&self) -> Option<&Arc<Cells>> {
        match self {
            Self::Cells(cells) if cells.summary.stats.is_some() => Some(cells),
            Self::Cells(_) | Self::Mesh(_) => None,
        }
    }

    /// What solving by cells took, if it was solved by such.
    pub fn cell_stats(&self) -> Option<CellStats> {
        self.cells()?.summary.stats
    }

    /// Whether it has no triangle.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Mesh(mesh) => mesh.is_empty(),
            Self::Cells(cells) => cells.patches.iter().all(|cell| cell.patch.mesh.is_empty()),
        }
    }

    /// The box around it; none if it is empty.
    pub fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Mesh(mesh) => mesh.bounds(),
            Self::Cells(cells) => cells.summary.measure.bounds,
        }
    }
}
