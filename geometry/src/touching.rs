//! Which boxes hang together.

use std::convert::Infallible;
use std::ops::{Range, RangeInclusive};

use crate::kernel::{CancelToken, KernelError};
use crate::mesh::Bounds;

/// Pairs of boxes compared per box, at most, before giving up on finding separate clusters. Picked by hand.
const MOST_PAIRS: usize = 256;

/// How often a set is cut where there are gaps: a grid takes one cut along each axis. Picked by hand.
const MOST_CUTS: usize = 12;

/// More strips than this are not worth their lists. Picked by hand.
const MOST_STRIPS: usize = 1024;

/// After so many pairs it is asked whether to go on: a millisecond's work. Picked by hand.
const PAIRS_TO_ASK: usize = 100_000;

/// Groups boxes that touch, directly or through others. Members and clusters come in order of index. Where no gap parts
/// boxes and too many stand above each other for it to be worth finding out more, these are one.
pub(crate) fn clusters(boxes: &[Bounds]) -> Vec<Vec<usize>> {
    let Ok(found) = touching(boxes, MOST_PAIRS, &never_ends);
    found
}

/// The same, however many stand above each other.
pub(crate) fn exact_clusters(boxes: &[Bounds]) -> Vec<Vec<usize>> {
    let Ok(found) = touching(boxes, usize::MAX, &never_ends);
    found
}

/// [`clusters`] of so many boxes that nobody may want them any more.
///
/// # Errors
/// [`KernelError::Cancelled`]
pub(crate) fn wanted_clusters(
    boxes: &[Bounds],
    token: &CancelToken,
) -> Result<Vec<Vec<usize>>, KernelError> {
    touching(boxes, MOST_PAIRS, &|| token.check())
}

fn never_ends() -> Result<(), Infallible> {
    Ok(())
}

/// Asks every now and then whether to go on. So many pairs per box are worth a look.
fn touching<E>(
    boxes: &[Bounds],
    most_pairs: usize,
    go_on: &impl Fn() -> Result<(), E>,
) -> Result<Vec<Vec<usize>>, E> {
    let mut leaders = Leaders((0..boxes.len()).collect());
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    for set in parted_by_gaps(boxes, &mut order, go_on)? {
        join_touching(boxes, &mut order[set], most_pairs, &mut leaders, go_on)?;
    }
    let mut cluster_of = vec![usize::MAX; boxes.len()];
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    for index in 0..boxes.len() {
        let leader = leaders.of(index);
        if cluster_of[leader] == usize::MAX {
            cluster_of[leader] = clusters.len();
            clusters.push(Vec::new());
        }
        clusters[cluster_of[leader]].push(index);
    }
    Ok(clusters)
}

/// Orders boxes so that sets between which there are gaps are ranges: rows and grids fall into single boxes without any two
/// being compared.
fn parted_by_gaps<E>(
    boxes: &[Bounds],
    order: &mut [usize],
    go_on: &impl Fn() -> Result<(), E>,
) -> Result<Vec<Range<usize>>, E> {
    struct Uncut {
        range: Range<usize>,
        axis: usize,
        /// How many axes had no gap since the last cut.
        in_vain: usize,
        cuts: usize,
    }
    let mut parted = Vec::new();
    let mut open = vec![Uncut { range: 0..order.len(), axis: 0, in_vain: 0, cuts: 0 }];
    while let Some(Uncut { range, axis, in_vain, cuts }) = open.pop() {
        if range.len() <= 1 || in_vain == 3 || cuts == MOST_CUTS {
            parted.push(range);
            continue;
        }
        go_on()?;
        let set = &mut order[range.clone()];
        set.sort_unstable_by(|a, b| boxes[*a].min[axis].total_cmp(&boxes[*b].min[axis]));
        let mut reach = f64::NEG_INFINITY;
        let has_no_gap = |last: &usize, next: &usize| {
            reach = reach.max(boxes[*last].max[axis]);
            boxes[*next].min[axis] <= reach
        };
        let mut end = range.start;
        for part in set.chunk_by(has_no_gap) {
            let start = end;
            end += part.len();
            let is_cut = part.len() < range.len();
            let in_vain = if is_cut { 1 } else { in_vain + 1 };
            let cuts = cuts + usize::from(is_cut);
            open.push(Uncut { range: start..end, axis: (axis + 1) % 3, in_vain, cuts });
        }
    }
    Ok(parted)
}

/// Joins the boxes of a set that touch; all of them, where that takes too many pairs to be worth finding out.
///
/// A sweep along one axis, over strips across it: what is beside a box in its strips is all that it is compared with.
fn join_touching<E>(
    boxes: &[Bounds],
    set: &mut [usize],
    most_pairs: usize,
    leaders: &mut Leaders,
    go_on: &impl Fn() -> Result<(), E>,
) -> Result<(), E> {
    go_on()?;
    let [axis, across] = least_crowded(boxes, set);
    let low = |index: usize| boxes[index].min[axis];
    set.sort_unstable_by(|a, b| low(*a).total_cmp(&low(*b)).then(a.cmp(b)));
    let strips = Strips::new(boxes, set, across);
    let mut open: Vec<Vec<usize>> = vec![Vec::new(); strips.count];
    let (mut pairs, mut pairs_to_ask) = (0, PAIRS_TO_ASK);
    for index in set.iter().copied() {
        if pairs > pairs_to_ask {
            go_on()?;
            pairs_to_ask = pairs + PAIRS_TO_ASK;
        }
        for strip in &mut open[strips.of(&boxes[index])] {
            strip.retain(|other| boxes[*other].max[axis] >= low(index));
            pairs += 1 + strip.len();
            for other in strip.iter().filter(|other| boxes[index].touches(&boxes[**other])) {
                leaders.join(index, *other);
            }
            strip.push(index);
        }
        if pairs > most_pairs.saturating_mul(set.len()) {
            set.iter().for_each(|index| leaders.join(*index, set[0]));
            break;
        }
    }
    Ok(())
}

/// The two axes along which the fewest boxes stand beside each other, if they are spread evenly: where their sizes add up to
/// the smallest shares of the whole.
fn least_crowded(boxes: &[Bounds], set: &[usize]) -> [usize; 2] {
    let members = || set.iter().map(|index| boxes[*index]);
    let Some(around) = members().reduce(Bounds::union) else { return [0, 1] };
    let crowd = |axis: usize| {
        let sum: f64 = members().map(|bounds| bounds.size()[axis]).sum();
        // Without any extent all stand beside each other.
        let share = sum / around.size()[axis];
        if share.is_nan() { f64::INFINITY } else { share }
    };
    let mut axes = [0, 1, 2].map(|axis| (crowd(axis), axis));
    axes.sort_by(|a, b| a.0.total_cmp(&b.0));
    [axes[0].1, axes[1].1]
}

/// Strips of equal width across a set of boxes.
struct Strips {
    axis: usize,
    start: f64,
    width: f64,
    count: usize,
}

impl Strips {
    /// Twice as wide as the boxes are on average, so that few boxes are in several.
    fn new(boxes: &[Bounds], set: &[usize], axis: usize) -> Self {
        let members = || set.iter().map(|index| boxes[*index]);
        let start = members().map(|bounds| bounds.min[axis]).fold(f64::INFINITY, f64::min);
        let end = members().map(|bounds| bounds.max[axis]).fold(f64::NEG_INFINITY, f64::max);
        let sizes: f64 = members().map(|bounds| bounds.size()[axis]).sum();
        let width = 2.0 * sizes / set.len() as f64;
        let fitting = (end - start) / width;
        // Of no extent, or without end: one strip.
        let count = if fitting.is_finite() { (fitting as usize).clamp(1, MOST_STRIPS) } else { 1 };
        Self { axis, start, width: (end - start) / count as f64, count }
    }

    /// Those that a box reaches into. Boxes that touch have one in common.
    fn of(&self, bounds: &Bounds) -> RangeInclusive<usize> {
        // What is no number counts as 0.
        let strip = |at: f64| (((at - self.start) / self.width) as usize).min(self.count - 1);
        let first = strip(bounds.min[self.axis]);
        first..=strip(bounds.max[self.axis]).max(first)
    }
}

/// Of each box, one that it hangs together with, the first of all in the end.
struct Leaders(Vec<usize>);

impl Leaders {
    fn of(&mut self, mut index: usize) -> usize {
        let Self(leader) = self;
        while leader[index] != index {
            leader[index] = leader[leader[index]];
            index = leader[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_stands_in_a_line_is_apart_along_any_axis() {
        for axis in 0..3 {
            let unit = |i: u32| {
                let mut bounds = Bounds { min: [0.0; 3], max: [1.0; 3] };
                bounds.min[axis] = 2.0 * f64::from(i);
                bounds.max[axis] = 2.0 * f64::from(i) + 1.0;
                bounds
            };
            let line: Vec<Bounds> = (0..5000).map(unit).collect();
            assert_eq!(clusters(&line).len(), line.len(), "along {axis}");
        }
    }

    #[test]
    fn boxes_on_top_of_each_other_are_one_cluster() {
        let all = Bounds { min: [0.0; 3], max: [1.0; 3] };
        assert_eq!(clusters(&vec![all; 5000]).len(), 1);
    }

    /// What any two boxes that touch say.
    fn by_all_pairs(boxes: &[Bounds]) -> Vec<Vec<usize>> {
        let mut clusters: Vec<Vec<usize>> = Vec::new();
        for index in 0..boxes.len() {
            let touches = |cluster: &Vec<usize>| {
                cluster.iter().any(|other| boxes[index].touches(&boxes[*other]))
            };
            let (near, mut apart): (Vec<_>, Vec<_>) = clusters.into_iter().partition(touches);
            let mut joined: Vec<usize> = near.into_iter().flatten().chain([index]).collect();
            joined.sort_unstable();
            apart.push(joined);
            clusters = apart;
        }
        clusters.sort_unstable();
        clusters
    }

    proptest! {
        #[test]
        fn clusters_are_what_pairs_say(
            corners in vec((0_u8..12, 0_u8..12, 0_u8..4, 0_u8..4, 0_u8..4, 0_u8..3), 0..40)
        ) {
            let boxes: Vec<Bounds> = corners
                .into_iter()
                .map(|(x, y, z, dx, dy, dz)| Bounds {
                    min: [x, y, z].map(f64::from),
                    max: [x + dx, y + dy, z + dz].map(f64::from),
                })
                .collect();
            prop_assert_eq!(exact_clusters(&boxes), by_all_pairs(&boxes));
        }
    }

    #[test]
    fn a_large_grid_is_apart_though_many_stand_beside_each_other() {
        let unit = |i: u32| {
            let min = [2.0 * f64::from(i % 320), 2.0 * f64::from(i / 320), 0.0];
            Bounds { min, max: min.map(|low| low + 1.0) }
        };
        let grid: Vec<Bounds> = (0..100_000).map(unit).collect();
        assert_eq!(clusters(&grid).len(), grid.len());
    }

    #[test]
    fn what_no_gap_parts_is_told_apart_by_strips() {
        // A woven crowd: no plane is free, yet few touch.
        let place = |i: u32, factor: u32| f64::from(i * factor % 1009) / 10.0;
        let boxes: Vec<Bounds> = (0..2000)
            .map(|i| {
                let min = [place(i, 173), place(i, 619), place(i, 881)];
                let size = [0.3, 2.0, 0.9].map(|size| size * f64::from(1 + i % 4));
                Bounds { min, max: [0, 1, 2].map(|axis| min[axis] + size[axis]) }
            })
            .collect();
        let found = clusters(&boxes);
        assert!((2..boxes.len()).contains(&found.len()), "{}", found.len());
        assert_eq!(found, by_all_pairs(&boxes));
    }

    #[test]
    fn boxes_without_end_touch_all_and_such_without_numbers_none() {
        let unit = |x: f64| Bounds { min: [x, 0.0, 0.0], max: [x + 1.0, 1.0, 1.0] };
        let everywhere = Bounds { min: [f64::NEG_INFINITY; 3], max: [f64::INFINITY; 3] };
        assert_eq!(clusters(&[unit(0.0), unit(5.0), everywhere]), [vec![0, 1, 2]]);
        let nowhere = Bounds { min: [f64::NAN; 3], max: [f64::NAN; 3] };
        assert_eq!(clusters(&[unit(0.0), nowhere, unit(1.0)]), [vec![0, 2], vec![1]]);
    }

    #[test]
    fn nobody_waits_for_clusters_once_cancelled() {
        let token = CancelToken::new();
        token.cancel();
        let boxes = vec![Bounds { min: [0.0; 3], max: [1.0; 3] }; 9];
        assert_eq!(wanted_clusters(&boxes, &token), Err(KernelError::Cancelled));
    }
}
