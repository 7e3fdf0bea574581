//! What subtrees have to say, so that a subtree that is not solved again says it again.
//!
//! A message is kept by the content of its node, not by a place in the source: after an edit the same subtree may stand on
//! other lines.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use scadstream_csg::{ContentHash, Node};

use crate::diagnostic::{Diagnostic, Severity};

/// More nodes with something to say below one node than this are not remembered: it is solved again instead.
const MOST_SPEAKERS: usize = 1000;

/// A message of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// The drawn child that it is about, if it is not about the node itself.
    pub(crate) child: Option<usize>,
}

impl Remark {
    /// A part of the model is missing.
    pub(crate) fn error(message: String) -> Self {
        Self { severity: Severity::Error, message, child: None }
    }

    /// The message where `node` stands.
    pub(crate) fn at(&self, node: &Node) -> Diagnostic {
        let child = self.child.and_then(|index| node.drawn_children().nth(index));
        let origin = child.map_or(node.origin(), |child| child.origin());
        Diagnostic { severity: self.severity, origin, message: self.message.clone() }
    }
}

/// The messages of one node.
type Speaker = (ContentHash, Arc<[Remark]>);

/// The messages of all nodes of a subtree.
#[derive(Debug, Clone, Default)]
pub(crate) enum Remarks {
    /// Nothing to say.
    #[default]
    None,
    /// Those of these nodes, each named once.
    Of(Arc<[Speaker]>),
    /// Too many to keep.
    TooMany,
}

impl Remarks {
    /// Those of a node and of the subtrees below it.
    pub(super) fn together(node: &Node, own: &[Remark], children: Vec<Self>) -> Self {
        let mut speaking: Vec<Self> =
            children.into_iter().filter(|child| !matches!(child, Self::None)).collect();
        if own.is_empty() && speaking.len() <= 1 {
            return speaking.pop().unwrap_or_default();
        }
        let mut seen = FxHashSet::default();
        let mut speakers: Vec<Speaker> = Vec::new();
        for child in speaking {
            let Self::Of(of_child) = child else { return Self::TooMany };
            speakers.extend(of_child.iter().filter(|(hash, _)| seen.insert(*hash)).cloned());
            if speakers.len() >= MOST_SPEAKERS {
                return Self::TooMany;
            }
        }
        if !own.is_empty() {
            speakers.push((node.hash(), own.into()));
        }
        Self::Of(speakers.into())
    }

    /// Whether the subtree's shape can be kept together with them. Where something is missing it may be there the next time:
    /// there was not enough memory, for example.
    pub(super) fn can_be_kept(&self) -> bool {
        match self {
            Self::None => true,
            Self::Of(speakers) => {
                let mut remarks = speakers.iter().flat_map(|(_, remarks)| &**remarks);
                !remarks.any(|remark| remark.severity == Severity::Error)
            }
            Self::TooMany => false,
        }
    }

    /// The nodes that have something to say.
    pub(super) fn speakers(&self) -> &[Speaker] {
        match self {
            Self::Of(speakers) => speakers,
            Self::None | Self::TooMany => &[],
        }
    }
}
