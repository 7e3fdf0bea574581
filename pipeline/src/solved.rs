//! A model's geometry: what to draw, what to export, what it measures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use scadstream_csg::ContentHash;
use scadstream_geometry::spatial::CellStats;
use scadstream_geometry::{CancelToken, Cancelled, Mesh, Part, PartKind, Shell, Solution, Whole};

use crate::control::Stopped;
use crate::facts::Facts;
use crate::message::Message;

/// The exact geometry of a model.
#[derive(Debug)]
pub struct Solved {
    /// The result as one object.
    pub whole: Whole,
    /// What it measures.
    pub facts: Facts,
    /// What to draw, in this order.
    pub parts: Vec<DrawnPart>,
    /// The top-level objects each by itself, for files that hold several. Empty unless asked for by
    /// [`Pipeline::parts`](crate::Pipeline::parts).
    pub separate: Vec<NamedPart>,
    /// Messages of solving.
    pub messages: Vec<Message>,
    /// Wall-clock time that solving took.
    pub time: Duration,
}

/// A top-level object.
#[derive(Debug, Clone)]
pub struct NamedPart {
    /// The module that makes it; with a number behind it where it makes several.
    pub name: String,
    /// Its triangles.
    pub mesh: Arc<Mesh>,
}

/// A mesh and its role in the picture.
#[derive(Debug, Clone)]
pub struct DrawnPart {
    /// Its role.
    pub kind: PartKind,
    /// Its triangles; those of a flat part lie in the plane z = 0 and face up.
    pub shell: Shell,
    /// Hash of what the triangles were made from: parts with equal hashes have equal triangles.
    pub content: ContentHash,
}

impl From<&Part> for DrawnPart {
    fn from(part: &Part) -> Self {
        Self { kind: part.kind, shell: part.shell.clone(), content: part.hash }
    }
}

impl Solved {
    /// What solving by cells took; none if the model was solved as a whole.
    pub fn cells(&self) -> Option<CellStats> {
        match &self.whole {
            Whole::Solid(shell) => shell.cell_stats(),
            Whole::Given(summary) => summary.stats,
            Whole::Flat(_) | Whole::Empty => None,
        }
    }

    /// Joins the cells of a solid into one mesh, as a file holds it: without the vertices that only seams made. Files are
    /// written of this; it is made here so that it can be stopped.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn stitch(&mut self, cancel: &CancelToken) -> Result<(), Stopped> {
        if let Whole::Solid(Shell::Cells(cells)) = &self.whole {
            cells.stitch(cancel).map_err(|Cancelled| Stopped::Cancelled)?;
            self.facts = Facts::of(&self.whole);
        }
        Ok(())
    }

    /// Whether the solid was streamed cell by cell, and is not held.
    pub fn is_given(&self) -> bool {
        matches!(self.whole, Whole::Given(_))
    }

    pub(crate) fn new(
        solution: &Solution,
        whole: Whole,
        messages: Vec<Message>,
        start: Instant,
    ) -> Self {
        // What counts as a solid is drawn as it is exported: united. Everything else is drawn as it is, and so are solids
        // that lie apart: then an edit of one leaves the chunks of the others alone.
        let are_apart = solution.solids_are_apart();
        let united = match &whole {
            Whole::Solid(shell) if !are_apart => {
                let content = solution.whole_key();
                Some(DrawnPart { kind: PartKind::Solid, shell: shell.clone(), content })
            }
            Whole::Solid(_) | Whole::Given(_) | Whole::Flat(_) | Whole::Empty => None,
        };
        let others = solution.parts.iter().filter(|part| are_apart || part.kind != PartKind::Solid);
        Self {
            facts: Facts::of(&whole),
            parts: united.into_iter().chain(others.map(DrawnPart::from)).collect(),
            whole,
            separate: Vec::new(),
            messages,
            time: start.elapsed(),
        }
    }
}
