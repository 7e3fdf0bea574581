//! A sweep over the plane: what covers either side of each edge.
//!
//! Points go by x, then y, as if the plane were sheared by a little, so upright edges need no rule of their own. Since edges
//! meet in their ends alone, what is beside one is the same along all of it, and known where it begins: from the edge
//! next below.

use super::combinations::{Combination, Combinations, Covering};
use super::lattice::{Site, cross, from_to, turn};
use super::noding::Edge;
use crate::kernel::{CancelToken, KernelError};

/// How many sites go by between two looks at the token.
const LOOK: usize = 1024;

/// An edge and what there is beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Border {
    pub(super) ends: [Site; 2],
    pub(super) left: Combination,
    pub(super) right: Combination,
}

/// The edges that part what differs, in order of their ends; edges are to be noded and sorted. None if so much differs
/// that it takes too much memory.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(super) fn swept(
    edges: &[Edge],
    combinations: &mut Combinations<'_>,
    token: &CancelToken,
) -> Result<Option<Vec<Border>>, KernelError> {
    let groups: Vec<&[Edge]> = edges.chunk_by(|a, b| a.ends == b.ends).collect();
    let ends = |group: usize| groups[group][0].ends;
    let mut borders: Vec<Border> =
        groups.iter().map(|group| Border { ends: group[0].ends, left: 0, right: 0 }).collect();
    let mut left_of: Vec<Covering> = vec![0; groups.len()];
    // From low to high, those that go on at the place of the sweep.
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    for (index, site) in sorted_ends(&borders).into_iter().enumerate() {
        if index % LOOK == 0 {
            token.check()?;
        }
        let is_below = |group: &usize| {
            let [from, to] = ends(*group);
            turn(from, to, site) > 0
        };
        let first = open.partition_point(is_below);
        let ending = open[first..].iter().take_while(|group| ends(**group)[1] == site);
        let end = first + ending.count();
        let starts = next;
        while next < groups.len() && ends(next)[0] == site {
            next += 1;
        }
        let mut starting: Vec<usize> = (starts..next).collect();
        starting.sort_by(|a, b| {
            let [a, b] = [a, b].map(|group| from_to(site, ends(*group)[1]));
            0.cmp(&cross(a, b))
        });
        let mut below = if first > 0 { left_of[open[first - 1]] } else { 0 };
        for group in &starting {
            borders[*group].right = combinations.combination(below);
            below = combinations.across(below, groups[*group]);
            borders[*group].left = combinations.combination(below);
            left_of[*group] = below;
            if combinations.are_too_many() {
                return Ok(None);
            }
        }
        open.splice(first..end, starting);
    }
    borders.retain(|border| border.left != border.right);
    Ok(Some(borders))
}

/// The sites where borders begin or end, sorted.
pub(super) fn sorted_ends(borders: &[Border]) -> Vec<Site> {
    let mut sites: Vec<Site> = borders.iter().flat_map(|border| border.ends).collect();
    sites.sort_unstable();
    sites.dedup();
    sites
}
