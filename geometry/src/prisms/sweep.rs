//! A sweep over the plane: what covers either side of each edge.
//!
//! Points go by x, then y, as if the plane were sheared by a little, so upright edges need no rule of their own. Since edges
//! meet in their ends alone, what is beside one is the same along all of it, and known where it begins: from the edge
//! next below.

use super::combinations::{Combination, Combinations};
use super::lattice::{Site, cross, from_to, turn};
use super::noding::Edge;

/// An edge and what covers the plane beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Border {
    pub(super) ends: [Site; 2],
    pub(super) left: Combination,
    pub(super) right: Combination,
}

/// The edges that part what differs, in order of their ends; edges are to be noded and sorted. None if so much differs
/// that it takes too long.
pub(super) fn swept(edges: &[Edge], combinations: &mut Combinations<'_>) -> Option<Vec<Border>> {
    let groups: Vec<&[Edge]> = edges.chunk_by(|a, b| a.ends == b.ends).collect();
    let mut borders: Vec<Border> =
        groups.iter().map(|group| Border { ends: group[0].ends, left: 0, right: 0 }).collect();
    let mut sites: Vec<Site> = borders.iter().flat_map(|border| border.ends).collect();
    sites.sort_unstable();
    sites.dedup();
    // From low to high, those that go on at the place of the sweep.
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    for site in sites {
        if combinations.are_too_many() {
            return None;
        }
        let is_below = |border: &usize| {
            let [from, to] = borders[*border].ends;
            turn(from, to, site) > 0
        };
        let first = open.partition_point(is_below);
        let ending = open[first..].iter().take_while(|border| borders[**border].ends[1] == site);
        let end = first + ending.count();
        let starts = next;
        while groups.get(next).is_some_and(|group| group[0].ends[0] == site) {
            next += 1;
        }
        let mut starting: Vec<usize> = (starts..next).collect();
        starting.sort_by(|a, b| {
            let [a, b] = [a, b].map(|border| from_to(site, borders[*border].ends[1]));
            0.cmp(&cross(a, b))
        });
        let mut below = if first > 0 { borders[open[first - 1]].left } else { 0 };
        for border in &starting {
            borders[*border].right = below;
            below = combinations.across(below, groups[*border]);
            borders[*border].left = below;
        }
        open.splice(first..end, starting);
    }
    borders.retain(|border| border.left != border.right);
    Some(borders)
}
