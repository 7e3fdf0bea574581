//! The combinations of prisms that cover points of the plane, and the faces between two of them. There are few, however many
//! edges part them, so what follows from them is found once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cover::{Cover, Span};
use super::noding::Edge;
use crate::mesh::Paint;

/// Most numbers of prisms, by class and slab, for all combinations together. Picked by hand.
const MOST_NUMBERS: usize = 1 << 20;

/// What covers points of the plane, each combination that occurs known by a number; 0 is nothing at all.
pub(super) struct Combinations<'a> {
    cover: &'a Cover,
    number_of: FxHashMap<Arc<[i32]>, u32>,
    /// By slab, then by class.
    counts: Vec<Arc<[i32]>>,
    /// Whether each slab is inside.
    inside: Vec<Arc<[bool]>>,
}

/// The number of what covers a point.
pub(super) type Combination = u32;

/// Which way a face looks, or on which side of a wall the inside is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Facing {
    /// Up; or inside on the left of the edge.
    Up,
    /// Down; or inside on the right.
    Down,
}

impl<'a> Combinations<'a> {
    pub(super) fn new(cover: &'a Cover) -> Self {
        let mut own =
            Self { cover, number_of: FxHashMap::default(), counts: Vec::new(), inside: Vec::new() };
        own.number(vec![0; cover.slabs() * cover.paints.len()].into());
        own
    }

    fn number(&mut self, counts: Arc<[i32]>) -> Combination {
        if let Some(known) = self.number_of.get(&counts) {
            return *known;
        }
        let number = self.counts.len() as Combination;
        let classes = self.cover.paints.len().max(1);
        let inside = counts.chunks(classes).map(|slab| self.cover.term.holds(slab)).collect();
        self.number_of.insert(Arc::clone(&counts), number);
        self.counts.push(counts);
        self.inside.push(inside);
        number
    }

    /// What covers the left side of edges with the same ends, from what covers their right.
    pub(super) fn across(&mut self, right: Combination, edges: &[Edge]) -> Combination {
        let classes = self.cover.paints.len();
        let mut counts = self.counts[right as usize].to_vec();
        for edge in edges {
            let Span { class, slabs: [first, end] } = self.cover.spans[edge.prism as usize];
            (first..end).for_each(|slab| counts[slab * classes + class] += i32::from(edge.side));
        }
        self.number(counts.into())
    }

    /// The walls between two points: the slab, the side of the inside and the paint of each.
    pub(super) fn walls(
        &self,
        left: Combination,
        right: Combination,
    ) -> impl Iterator<Item = (usize, Facing, Paint)> + '_ {
        (0..self.cover.slabs()).filter_map(move |slab| {
            let face = self.face([left, slab as u32], [right, slab as u32]);
            face.map(|(facing, paint)| (slab, facing, paint))
        })
    }

    /// The horizontal face over a point at a height, if there is one.
    pub(super) fn cap(&self, at: Combination, height: usize) -> Option<(Facing, Paint)> {
        let slabs = self.cover.slabs();
        let below = if height > 0 { [at, height as u32 - 1] } else { [0, 0] };
        let above = if height < slabs { [at, height as u32] } else { [0, 0] };
        self.face(below, above)
    }

    /// The face between two places, each a combination and a slab: up if the inside is at the first.
    fn face(&self, first: [u32; 2], second: [u32; 2]) -> Option<(Facing, Paint)> {
        let is_inside = |[at, slab]: [u32; 2]| self.inside[at as usize][slab as usize];
        let (facing, inside, outside) = match (is_inside(first), is_inside(second)) {
            (true, false) => (Facing::Up, first, second),
            (false, true) => (Facing::Down, second, first),
            _ => return None,
        };
        let counts = |[at, slab]: [u32; 2]| {
            let classes = self.cover.paints.len();
            &self.counts[at as usize][slab as usize * classes..][..classes]
        };
        let paint = self.cover.term.paint(counts(inside), counts(outside), &self.cover.paints);
        Some((facing, paint))
    }

    /// Whether telling them apart takes too much memory.
    pub(super) fn are_too_many(&self) -> bool {
        self.counts.len() * self.counts[0].len() > MOST_NUMBERS
    }
}
