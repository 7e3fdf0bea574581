//! What subtrees have to say, so that a subtree that is not solved again says it again.
//!
//! A message is kept by the content of its node, not by a place in the source: after an edit the same subtree may stand on
//! other lines.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use scadstream_csg::{ContentHash, Node};

use crate::diagnostic::{Diagnostic, Severity};

/// More remarks below one node than this are not kept: it is solved again instead.
const MOST_REMARKS: usize = 1000;

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
}

/// Messages of `node`, where it stands.
pub(super) fn located<'a>(
    remarks: impl IntoIterator<Item = &'a Remark>,
    node: &Node,
) -> Vec<Diagnostic> {
    let mut remarks = remarks.into_iter().peekable();
    if remarks.peek().is_none() {
        return Vec::new();
    }
    let children: Vec<_> = node.drawn_children().collect();
    let origin = |child: Option<usize>| {
        child.and_then(|index| children.get(index)).map_or(node.origin(), |child| child.origin())
    };
    let located = remarks.map(|Remark { severity, message, child }| Diagnostic {
        severity: *severity,
        origin: origin(*child),
        message: message.clone(),
    });
    located.collect()
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
    /// There are some that are not kept.
    NotKept,
}

impl Remarks {
    /// Those of a node and of the subtrees below it.
    pub(super) fn together(node: &Node, own: &[Remark], children: Vec<Self>) -> Self {
        let mut speaking: Vec<Self> =
            children.into_iter().filter(|child| !matches!(child, Self::None)).collect();
        if own.is_empty() && speaking.len() <= 1 {
            return speaking.pop().unwrap_or_default();
        }
        let mut count = own.len();
        let mut seen = FxHashSet::default();
        let mut speakers: Vec<Speaker> = Vec::new();
        for child in speaking {
            let Self::Of(of_child) = child else { return Self::NotKept };
            for speaker in of_child.iter().filter(|(hash, _)| seen.insert(*hash)) {
                count += speaker.1.len();
                speakers.push(speaker.clone());
            }
            if count > MOST_REMARKS {
                break;
            }
        }
        if count > MOST_REMARKS {
            return Self::NotKept;
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
            Self::NotKept => false,
        }
    }

    /// Bytes that they keep alive, an upper bound: those of one node may be with several subtrees.
    pub(crate) fn size_bytes(&self) -> usize {
        let of_remark = |remark: &Remark| size_of::<Remark>() + remark.message.len();
        let of_speaker = |(_, remarks): &Speaker| {
            size_of::<Speaker>() + remarks.iter().map(of_remark).sum::<usize>()
        };
        self.speakers().iter().map(of_speaker).sum()
    }

    /// The nodes that have something to say.
    fn speakers(&self) -> &[Speaker] {
        match self {
            Self::Of(speakers) => speakers,
            Self::None | Self::NotKept => &[],
        }
    }
}

/// What is said again of subtrees whose shapes are known.
#[derive(Default)]
pub(super) struct Repeated {
    /// The messages, with the places in tree order of the subtrees.
    pub(super) messages: Vec<(usize, Diagnostic)>,
    /// Nodes that have spoken, with the gravest that was said of them: errors are not kept, so only warnings are repeated.
    spoken: FxHashMap<ContentHash, Severity>,
    /// Nodes below which nothing is left to be said.
    walked: FxHashSet<ContentHash>,
}

impl Repeated {
    /// Notes that all this was said before.
    pub(super) fn was_said(&mut self, remarks: &Remarks) {
        self.spoken.extend(remarks.speakers().iter().map(|(hash, _)| (*hash, Severity::Error)));
    }

    /// What is left to say of a node of its own remarks.
    pub(super) fn unsaid<'a>(
        &self,
        node: &Node,
        own: &'a [Remark],
    ) -> impl Iterator<Item = &'a Remark> {
        let said = self.spoken.get(&node.hash()).copied();
        own.iter().filter(move |remark| said.is_none_or(|said| remark.severity > said))
    }

    /// Says what there is to say of the subtree of `root`, which has this place in tree order: of each node where it is met
    /// first in the tree. Nodes that are tasks speak for themselves.
    pub(super) fn say_again(
        &mut self,
        root: &Node,
        remarks: &Remarks,
        order: usize,
        is_task: impl Fn(ContentHash) -> bool,
    ) {
        let unsaid = |(hash, _): &&Speaker| !self.spoken.contains_key(hash) && !is_task(*hash);
        let mut left: FxHashMap<ContentHash, &[Remark]> =
            remarks.speakers().iter().filter(unsaid).map(|(hash, own)| (*hash, &**own)).collect();
        let mut open = vec![root];
        while !left.is_empty()
            && let Some(node) = open.pop()
        {
            if is_task(node.hash()) || !self.walked.insert(node.hash()) {
                continue;
            }
            if let Some(own) = left.remove(&node.hash()) {
                self.spoken.insert(node.hash(), Severity::Warning);
                self.messages.extend(located(own, node).into_iter().map(|said| (order, said)));
            }
            let children: Vec<&Node> = node.drawn_children().map(|child| &**child).collect();
            open.extend(children.into_iter().rev());
        }
    }
}
