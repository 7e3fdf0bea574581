//! The combinations of classes that there are over points of the plane, and the faces between two of them. There are few,
//! however many edges part them, so what follows from them is found once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cover::{Cover, Span};
use super::noding::Edge;
use crate::mesh::Paint;

/// Most numbers that are kept of all together. Picked by hand.
const MOST_NUMBERS: usize = 1 << 20;

/// The number of a set of prisms that cover a point, each as often as its outlines go around the point; 0 is none.
pub(super) type Covering = u32;

/// The number of what there is over a point: which classes, in which slabs; 0 is nothing at all.
pub(super) type Combination = u32;

/// Which way a face looks, or on which side of a wall the inside is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Facing {
    /// Up; or inside on the left of the edge.
    Up,
    /// Down; or inside on the right.
    Down,
}

/// All coverings and combinations that were met so far.
pub(super) struct Combinations<'a> {
    cover: &'a Cover,
    covering_of: FxHashMap<Arc<[(u32, i32)]>, Covering>,
    /// The prisms of each covering, in order, with how often their outlines go around.
    prisms: Vec<Arc<[(u32, i32)]>>,
    /// The combination of each covering.
    combinations: Vec<Combination>,
    number_of: FxHashMap<Arc<[bool]>, Combination>,
    /// By slab, then by class.
    present: Vec<Arc<[bool]>>,
    /// Whether each slab is inside.
    inside: Vec<Arc<[bool]>>,
    numbers: usize,
}

impl<'a> Combinations<'a> {
    pub(super) fn new(cover: &'a Cover) -> Self {
        let mut own = Self {
            cover,
            covering_of: FxHashMap::default(),
            prisms: Vec::new(),
            combinations: Vec::new(),
            number_of: FxHashMap::default(),
            present: Vec::new(),
            inside: Vec::new(),
            numbers: 0,
        };
        own.covering(Vec::new());
        own
    }

    /// Whether it takes too much memory to go on.
    pub(super) fn are_too_many(&self) -> bool {
        self.numbers > MOST_NUMBERS
    }

    /// What covers the left side of edges with the same ends, from what covers their right.
    pub(super) fn across(&mut self, right: Covering, edges: &[Edge]) -> Covering {
        let mut prisms = self.prisms[right as usize].to_vec();
        for edge in edges {
            let side = i32::from(edge.side);
            match prisms.binary_search_by_key(&edge.prism, |(prism, _)| *prism) {
                Ok(place) => prisms[place].1 += side,
                Err(place) => prisms.insert(place, (edge.prism, side)),
            }
        }
        prisms.retain(|(_, times)| *times != 0);
        self.covering(prisms)
    }

    /// What there is where this covers a point.
    pub(super) fn combination(&self, covering: Covering) -> Combination {
        self.combinations[covering as usize]
    }

    fn covering(&mut self, prisms: Vec<(u32, i32)>) -> Covering {
        if let Some(known) = self.covering_of.get(prisms.as_slice()) {
            return *known;
        }
        let classes = self.cover.paints.len();
        let mut present = vec![false; self.cover.slabs() * classes];
        // Where rounding has moved a hole out of its outline, that goes around a point the wrong way.
        for (prism, _) in prisms.iter().filter(|(_, times)| *times > 0) {
            let Span { class, slabs: [first, end] } = self.cover.spans[*prism as usize];
            (first..end).for_each(|slab| present[slab * classes + class] = true);
        }
        let prisms: Arc<[(u32, i32)]> = prisms.into();
        let covering = self.prisms.len() as Covering;
        self.numbers += prisms.len() + 1;
        self.covering_of.insert(Arc::clone(&prisms), covering);
        self.prisms.push(prisms);
        let combination = self.number(present.into());
        self.combinations.push(combination);
        covering
    }

    fn number(&mut self, present: Arc<[bool]>) -> Combination {
        if let Some(known) = self.number_of.get(&present) {
            return *known;
        }
        let number = self.present.len() as Combination;
        let classes = self.cover.paints.len().max(1);
        let inside = present.chunks(classes).map(|slab| self.cover.term.holds(slab)).collect();
        self.numbers += present.len();
        self.number_of.insert(Arc::clone(&present), number);
        self.present.push(present);
        self.inside.push(inside);
        number
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
        let present = |[at, slab]: [u32; 2]| {
            let classes = self.cover.paints.len();
            &self.present[at as usize][slab as usize * classes..][..classes]
        };
        let paint = self.cover.term.paint(present(inside), present(outside), &self.cover.paints);
        Some((facing, paint))
    }
}
