//! Outlines cut where they meet, so that edges have nothing in common but their ends.

use super::lattice::{Site, dot, from_to, turn};
use crate::kernel::{CancelToken, KernelError};

/// Pairs of edges beside each other that are looked at for each edge, at most, before giving up. Picked by hand.
const MOST_PAIRS_PER_EDGE: usize = 512;

/// Cuts for each edge, at most, but for small models. Where outlines cross more often, as in a tower of a hundred plates that
/// are turned a little each, most of them never meet in space, and the kernel is faster. Picked by hand.
const MOST_CUTS_PER_EDGE: usize = 4;

/// Cuts that are always few.
const FEW_CUTS: usize = 64;

/// A point where edges cross is rounded to the lattice, which moves them by a step or two, and they may meet others then.
/// Two rounds are enough for most models.
const MOST_ROUNDS: usize = 32;

/// How many edges go by between two looks at the token.
const LOOK: usize = 1024;

/// A straight piece of an outline, from the lower of its ends to the higher by x, then y.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) ends: [Site; 2],
    /// The prism that it is of.
    pub(super) prism: u32,
    /// 1 if the prism is on its left, -1 if it is on its right.
    pub(super) side: i8,
}

impl Edge {
    /// The edge of an outline that runs with its prism on the left; none between equal sites.
    pub(super) fn of_outline(from: Site, to: Site, prism: u32) -> Option<Self> {
        Self::between(from, to, prism, 1)
    }

    fn between(from: Site, to: Site, prism: u32, side: i8) -> Option<Self> {
        match from.cmp(&to) {
            std::cmp::Ordering::Less => Some(Self { ends: [from, to], prism, side }),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Self { ends: [to, from], prism, side: -side }),
        }
    }
}

/// A place on a segment at which it is to be cut.
pub(super) struct Cut {
    segment: usize,
    at: Site,
    /// Whether the place was rounded, so that the segment may not lie on it.
    rounded: bool,
}

/// The edges, cut where they meet and sorted; equal pieces of several are all there. None if there is too much of it.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(super) fn noded(
    mut edges: Vec<Edge>,
    token: &CancelToken,
) -> Result<Option<Vec<Edge>>, KernelError> {
    let mut is_moved = vec![true; edges.len()];
    for _ in 0..MOST_ROUNDS {
        let mut order: Vec<usize> = (0..edges.len()).collect();
        order.sort_unstable_by_key(|index| (edges[*index], !is_moved[*index]));
        let (sorted, moved): (Vec<Edge>, Vec<bool>) =
            order.into_iter().map(|index| (edges[index], is_moved[index])).unzip();
        let mut segments: Vec<[Site; 2]> = sorted.iter().map(|edge| edge.ends).collect();
        segments.dedup();
        let mut segment_of = Vec::with_capacity(sorted.len());
        let mut moved_segments = vec![false; segments.len()];
        let mut segment = 0;
        for (edge, moved) in sorted.iter().zip(moved) {
            segment += usize::from(segments[segment] != edge.ends);
            segment_of.push(segment);
            moved_segments[segment] |= moved;
        }
        let Some(mut cuts) = cuts(&segments, &moved_segments, token)? else { return Ok(None) };
        if cuts.is_empty() {
            return Ok(Some(sorted));
        }
        let is_done = !cuts.iter().any(|cut| cut.rounded);
        let along = |cut: &Cut| {
            let [from, to] = segments[cut.segment];
            dot(from_to(from, to), from_to(from, cut.at))
        };
        cuts.sort_by_key(|cut| (cut.segment, along(cut), cut.at));
        cuts.dedup_by_key(|cut| (cut.segment, cut.at));
        edges.clear();
        is_moved.clear();
        for (edge, segment) in sorted.into_iter().zip(segment_of) {
            let first = cuts.partition_point(|cut| cut.segment < segment);
            let own = cuts[first..].iter().take_while(|cut| cut.segment == segment);
            let moves = own.clone().any(|cut| cut.rounded);
            let stops = own.map(|cut| cut.at).chain([edge.ends[1]]);
            let mut from = edge.ends[0];
            for to in stops {
                if let Some(piece) = Edge::between(from, to, edge.prism, edge.side) {
                    edges.push(piece);
                    is_moved.push(moves);
                }
                from = to;
            }
        }
        if is_done {
            edges.sort_unstable();
            return Ok(Some(edges));
        }
    }
    Ok(None)
}

/// Where segments, sorted and each there once, are to be cut. Pairs of which none was moved are known not to meet.
pub(super) fn cuts(
    segments: &[[Site; 2]],
    moved: &[bool],
    token: &CancelToken,
) -> Result<Option<Vec<Cut>>, KernelError> {
    let axis = longer_axis(segments.iter().flatten());
    let low = |index: usize, axis: usize| segments[index][0][axis].min(segments[index][1][axis]);
    let high = |index: usize, axis: usize| segments[index][0][axis].max(segments[index][1][axis]);
    let mut order: Vec<usize> = (0..segments.len()).collect();
    order.sort_by_key(|index| low(*index, axis));
    let most_cuts = FEW_CUTS + MOST_CUTS_PER_EDGE * segments.len();
    let mut cuts = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut pairs = 0;
    for (index, second) in order.into_iter().enumerate() {
        if index % LOOK == 0 {
            token.check()?;
        }
        let start = low(second, axis);
        open.retain(|index| high(*index, axis) >= start);
        pairs += open.len();
        if pairs > MOST_PAIRS_PER_EDGE * segments.len() || cuts.len() > most_cuts {
            return Ok(None);
        }
        let (from, to) = (low(second, 1 - axis), high(second, 1 - axis));
        for first in &open {
            let beside = low(*first, 1 - axis) > to || high(*first, 1 - axis) < from;
            if !beside && (moved[*first] || moved[second]) {
                meet(segments, *first, second, &mut cuts);
            }
        }
        open.push(second);
    }
    Ok(Some(cuts))
}

/// The axis along which sites reach farther, so that fewer of what is between them stands beside each other.
pub(super) fn longer_axis<'a>(sites: impl Iterator<Item = &'a Site> + Clone) -> usize {
    let size = |axis: usize| {
        let along = || sites.clone().map(|site| site[axis]);
        along().max().unwrap_or(0) - along().min().unwrap_or(0)
    };
    usize::from(size(1) > size(0))
}

fn meet(segments: &[[Site; 2]], first: usize, second: usize, cuts: &mut Vec<Cut>) {
    let ([a, b], [c, d]) = (segments[first], segments[second]);
    let [of_c, of_d, of_a, of_b] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)];
    let differ = |one: i128, other: i128| (one > 0 && other < 0) || (one < 0 && other > 0);
    if differ(of_c, of_d) && differ(of_a, of_b) {
        let share = of_a as f64 / (of_a - of_b) as f64;
        let at = [0, 1].map(|k| a[k] + ((b[k] - a[k]) as f64 * share).round() as i64);
        for (segment, ends) in [(first, [a, b]), (second, [c, d])] {
            if !ends.contains(&at) {
                cuts.push(Cut { segment, at, rounded: true });
            }
        }
        return;
    }
    let mut touch = |segment: usize, [from, to]: [Site; 2], turn: i128, at: Site| {
        let direction = from_to(from, to);
        let is_between = || {
            let along = dot(direction, from_to(from, at));
            0 < along && along < dot(direction, direction)
        };
        if turn == 0 && is_between() {
            cuts.push(Cut { segment, at, rounded: false });
        }
    };
    touch(first, [a, b], of_c, c);
    touch(first, [a, b], of_d, d);
    touch(second, [c, d], of_a, a);
    touch(second, [c, d], of_b, b);
}
