//! The triangles of a part.

use std::sync::Arc;

use crate::mesh::{Bounds, Mesh};
use crate::spatial::{Cells, CellsSummary};

/// The triangles of a part, as they were found. Cloning shares them.
#[derive(Debug, Clone)]
pub enum Shell {
    /// One mesh.
    Mesh(Arc<Mesh>),
    /// Cells that together are a closed mesh. An edit leaves most of them as they are.
    Cells(Arc<Cells>),
}

impl Shell {
    /// As one mesh. Cells are welded for that, once, which takes about as long as writing them to a file.
    pub fn mesh(&self) -> &Arc<Mesh> {
        match self {
            Self::Mesh(mesh) => mesh,
            Self::Cells(cells) => cells.mesh(),
        }
    }

    /// The cells, if it was solved by such.
    pub fn cells(&self) -> Option<&Arc<Cells>> {
        match self {
            Self::Mesh(_) => None,
            Self::Cells(cells) => Some(cells),
        }
    }

    /// What is known of the cells, if it was solved by such.
    pub fn cells_summary(&self) -> Option<&CellsSummary> {
        self.cells().map(|cells| &cells.summary)
    }

    /// The box around it; none if it is empty.
    pub fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Mesh(mesh) => mesh.bounds(),
            Self::Cells(cells) => cells.summary.measure.bounds,
        }
    }
}
