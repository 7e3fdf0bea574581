//! What was solved before: an edit of it takes what it changes.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use scadstream_csg::{ContentHash, Node};

/// Distinct nodes that are remembered of a model: about a megabyte.
const MOST_REMEMBERED: usize = 1 << 16;

/// What the last model that was solved was made of, for an edit of it takes what it changes.
#[derive(Debug, Default)]
pub(crate) struct SolvedBefore {
    nodes: FxHashSet<ContentHash>,
    by_cells: bool,
}

impl SolvedBefore {
    /// Remembers the nodes of a model; none if there are too many.
    pub(crate) fn of(root: &Arc<Node>, by_cells: bool) -> Self {
        let mut nodes = FxHashSet::default();
        let mut pending = vec![root];
        while let Some(node) = pending.pop() {
            if nodes.insert(node.hash()) {
                pending.extend(node.drawn_children());
            }
            if nodes.len() > MOST_REMEMBERED {
                return Self::default();
            }
        }
        Self { nodes, by_cells }
    }

    /// Whether there was none, or too large a one.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether it had this subtree.
    pub(crate) fn contains(&self, node: &Node) -> bool {
        self.nodes.contains(&node.hash())
    }

    /// Whether its booleans were evaluated cell by cell.
    pub(crate) fn by_cells(&self) -> bool {
        self.by_cells
    }
}
