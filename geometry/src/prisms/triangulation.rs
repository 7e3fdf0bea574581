//! Triangles that fill a cap: a sweep over the plane that cuts off each triangle as soon as it can be seen.
//!
//! Between a floor and a ceiling, two sides that the sweep goes through at once, lies a chain of sites behind which all is
//! filled. Seen from the right it has no dent: a new site fills what it sees of the chain and becomes part of it. This takes
//! time by the number of sites and of intervals beside each other, where the kernel's cutting of ears goes through all holes
//! for each hole.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::lattice::{Site, cross, from_to, turn};

/// A side of the cap, from the lower of its ends to the higher.
#[derive(Debug, Clone, Copy)]
struct Side {
    ends: [u32; 2],
    /// Whether the cap is above it.
    is_floor: bool,
}

/// A part of the cap that the sweep goes through.
struct Interval {
    floor: Side,
    ceiling: Side,
    /// From the floor's beginning to that of the ceiling.
    chain: VecDeque<u32>,
}

/// Triangles, counter-clockwise, between sides that have the cap on their left and meet in their ends alone. Sites are
/// sorted, and known by their places. None if some sides have the cap on their right.
pub(super) fn triangulated(ways: &[[u32; 2]], sites: &[Site]) -> Option<Vec<[u32; 3]>> {
    let mut sides: Vec<Side> = ways
        .iter()
        .map(|[from, to]| Side { ends: [*from.min(to), *from.max(to)], is_floor: from < to })
        .collect();
    let direction =
        |side: &Side| from_to(sites[side.ends[0] as usize], sites[side.ends[1] as usize]);
    sides.sort_by(|a, b| {
        a.ends[0].cmp(&b.ends[0]).then_with(|| 0.cmp(&cross(direction(a), direction(b))))
    });
    let mut stops: Vec<u32> = ways.as_flattened().to_vec();
    stops.sort_unstable();
    stops.dedup();

    let mut filling = Filling { sites, triangles: Vec::with_capacity(ways.len()) };
    let mut open: Vec<Interval> = Vec::new();
    let mut next = 0;
    for stop in stops {
        let above = |side: &Side| filling.turn(side.ends[0], side.ends[1], stop);
        let first = open.partition_point(|interval| above(&interval.ceiling) > 0);
        let there = open[first..].iter().take_while(|interval| above(&interval.floor) >= 0).count();
        let starts = next;
        while sides.get(next).is_some_and(|side| side.ends[0] == stop) {
            next += 1;
        }
        let (mut below, mut beyond) = (None, None);
        for mut interval in open.splice(first..first + there, []).collect::<Vec<_>>() {
            let ends = [interval.floor, interval.ceiling].map(|side| side.ends[1] == stop);
            match ends {
                [true, true] => filling.close(interval.chain.make_contiguous(), stop),
                [false, true] => {
                    filling.append(&mut interval.chain, stop);
                    below = Some(interval);
                }
                [true, false] => {
                    filling.prepend(&mut interval.chain, stop);
                    beyond = Some(interval);
                }
                [false, false] => {
                    let (lower, upper) = filling.split(interval, stop);
                    (below, beyond) = (Some(lower), Some(upper));
                }
            }
        }
        let mut starting = sides[starts..next].iter().copied();
        let mut new = Vec::new();
        match (below, beyond) {
            (Some(mut below), Some(beyond)) if starts == next => {
                below.ceiling = beyond.ceiling;
                below.chain.extend(beyond.chain.into_iter().skip(1));
                new.push(below);
            }
            (below, beyond) => {
                let ceiling_of_below = below.is_some().then(|| starting.next()).flatten();
                let floor_of_beyond = beyond.is_some().then(|| starting.next_back()).flatten();
                let lower = below.zip(ceiling_of_below);
                new.extend(lower.map(|(interval, ceiling)| Interval { ceiling, ..interval }));
                while let (Some(floor), Some(ceiling)) = (starting.next(), starting.next()) {
                    new.push(Interval { floor, ceiling, chain: VecDeque::from([stop]) });
                }
                let upper = beyond.zip(floor_of_beyond);
                new.extend(upper.map(|(interval, floor)| Interval { floor, ..interval }));
            }
        }
        if new.iter().any(|interval| !interval.floor.is_floor || interval.ceiling.is_floor) {
            return None;
        }
        open.splice(first..first, new);
    }
    open.is_empty().then_some(filling.triangles)
}

/// The triangles so far. Each is named from below: a site of the chain, the new one on its right, the next of the chain.
struct Filling<'a> {
    sites: &'a [Site],
    triangles: Vec<[u32; 3]>,
}

impl Filling<'_> {
    fn turn(&self, a: u32, b: u32, c: u32) -> i128 {
        turn(self.sites[a as usize], self.sites[b as usize], self.sites[c as usize])
    }

    fn push(&mut self, corners: [u32; 3]) {
        let [a, b, c] = corners;
        debug_assert!(self.turn(a, b, c) > 0);
        self.triangles.push(corners);
    }

    /// A site at the end of the ceiling becomes the last of the chain.
    fn append(&mut self, chain: &mut VecDeque<u32>, stop: u32) {
        while chain.len() > 1 {
            let [a, b] = [chain[chain.len() - 2], chain[chain.len() - 1]];
            if self.turn(a, stop, b) <= 0 {
                break;
            }
            self.push([a, stop, b]);
            chain.pop_back();
        }
        chain.push_back(stop);
    }

    /// A site at the end of the floor becomes the first of the chain.
    fn prepend(&mut self, chain: &mut VecDeque<u32>, stop: u32) {
        while chain.len() > 1 {
            let [a, b] = [chain[0], chain[1]];
            if self.turn(a, stop, b) <= 0 {
                break;
            }
            self.push([a, stop, b]);
            chain.pop_front();
        }
        chain.push_front(stop);
    }

    /// A site between floor and ceiling is joined to the last one that came before.
    fn split(&mut self, interval: Interval, stop: u32) -> (Interval, Interval) {
        let Interval { floor, ceiling, mut chain } = interval;
        let last = (0..chain.len()).max_by_key(|place| chain[*place]).unwrap_or(0);
        let mut upper = chain.split_off(last);
        chain.push_back(upper[0]);
        self.append(&mut chain, stop);
        self.prepend(&mut upper, stop);
        (Interval { floor, ceiling, chain }, Interval { floor, ceiling, chain: upper })
    }

    /// A site where floor and ceiling meet fills what is left. Sites that lie on the line of the floor or of the ceiling
    /// are joined to others than it: triangles have an area.
    fn close(&mut self, chain: &[u32], stop: u32) {
        let last = chain.len() - 1;
        let is_on_line = |place: &usize| self.turn(chain[*place], stop, chain[place + 1]) == 0;
        // The line of the floor goes up to the one, that of the ceiling comes from the other.
        let floor = (0..last).take_while(is_on_line).count();
        let ceiling = last - (0..last).rev().take_while(is_on_line).count();
        debug_assert!(floor < ceiling, "nothing is left to fill");
        if ceiling <= floor + 1 {
            return self.zip(chain, stop, 0..=floor, ceiling..=last);
        }
        let (mut from, mut to) = (0, last);
        if floor > 0 {
            from = floor + 1;
            self.zip(chain, stop, 0..=floor, from..=from);
        }
        if ceiling < last {
            to = ceiling - 1;
            self.zip(chain, stop, to..=to, ceiling..=last);
        }
        (from..to).for_each(|place| self.push([chain[place], stop, chain[place + 1]]));
    }

    /// Fills the corner at a site between two lines of the chain that lead there.
    fn zip(
        &mut self,
        chain: &[u32],
        stop: u32,
        floor: RangeInclusive<usize>,
        ceiling: RangeInclusive<usize>,
    ) {
        let (mut low, mut high) = (*floor.start(), *ceiling.end());
        self.push([chain[low], stop, chain[high]]);
        while low < *floor.end() {
            self.push([chain[low + 1], chain[low], chain[high]]);
            low += 1;
        }
        while high > *ceiling.start() {
            self.push([chain[low], chain[high], chain[high - 1]]);
            high -= 1;
        }
    }
}
