//! What can be told of a tree before it is solved.

use std::sync::Arc;

use scadstream_csg::{Fragments, Kind, Node};

use crate::boxes::Boxes;
use crate::fragments::segments;
use crate::leaf_size::guessed_size;

/// The objects that nodes are unions of, in groups that may hang together: no two groups have a point in common.
pub(super) fn groups<'a>(nodes: &[&'a Arc<Node>]) -> Vec<Vec<&'a Arc<Node>>> {
    let mut objects = Vec::new();
    let mut pending: Vec<&Arc<Node>> = nodes.to_vec();
    while let Some(node) = pending.pop() {
        match node.kind() {
            Kind::Group | Kind::Union => pending.extend(node.drawn_children()),
            _ => objects.push(node),
        }
    }
    let group = |members: Vec<usize>| members.into_iter().map(|member| objects[member]).collect();
    Boxes::default().clusters(&objects).into_iter().map(group).collect()
}

/// A guess of how many triangles the leaves have, each counted as often as it stands in the tree.
///
/// What is no leaf counts as what it is made of, an extrusion as that for each of its layers.
#[derive(Default)]
pub(super) struct Estimate {
    pub(super) total: usize,
    /// Of one leaf.
    pub(super) largest: usize,
}

impl Estimate {
    /// Stops as soon as there are `enough` in total.
    pub(super) fn of<'a>(nodes: impl Iterator<Item = &'a Arc<Node>>, enough: usize) -> Self {
        // With how many triangles to count for one.
        let mut pending: Vec<(&Arc<Node>, u64)> = nodes.map(|node| (node, 1)).collect();
        let mut estimate = Self::default();
        while let Some((node, mut times)) = pending.pop() {
            let own = guessed_size(node.kind());
            let around = |fragments: &Fragments| u64::from(segments(1.0, *fragments, 360.0));
            match node.kind() {
                Kind::LinearExtrude(extrude) => {
                    let turns = extrude.twist.abs() / 360.0;
                    let by_twist = (turns * around(&extrude.fragments) as f64) as u64;
                    let layers = extrude.slices.map_or(by_twist, u64::from).max(1);
                    times = times.saturating_mul(2).saturating_mul(layers);
                }
                Kind::RotateExtrude(extrude) => {
                    times = times.saturating_mul(2 * around(&extrude.fragments));
                }
                _ => {}
            }
            let own = own.saturating_mul(times);
            let own = usize::try_from(own).unwrap_or(usize::MAX);
            estimate.total = estimate.total.saturating_add(own);
            estimate.largest = estimate.largest.max(own);
            if estimate.total >= enough {
                break;
            }
            pending.extend(node.drawn_children().map(|child| (child, times)));
        }
        estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::MOST_LEVELS;
    use crate::testing::*;

    /// The sizes of the groups that objects form.
    fn sizes(objects: Vec<Arc<Node>>) -> Vec<usize> {
        let root = group(objects);
        let mut sizes: Vec<usize> = groups(&[&root]).iter().map(Vec::len).collect();
        sizes.sort_unstable();
        sizes
    }

    #[test]
    fn what_lies_apart_is_in_different_groups() {
        let at = |x: f64| translate(x, 0.0, 0.0, cube(1.0));
        assert_eq!(sizes(vec![at(0.0), at(1.0), at(3.0)]), [1, 2]);
        assert_eq!(sizes(vec![group(vec![at(0.0), at(3.0)]), at(6.0)]), [1, 1, 1]);
        assert_eq!(sizes(vec![group(vec![]), at(0.0)]), [1]);
        let bitten = difference(vec![at(0.0), translate(0.5, 0.0, 0.0, cube(9.0))]);
        assert_eq!(sizes(vec![bitten, at(3.0)]), [1, 1]);
        let turned = scale(-1.0, 1.0, 1.0, sphere(1.5, 8.0));
        assert_eq!(sizes(vec![turned, at(1.25), at(2.5)]), [1, 2]);
    }

    #[test]
    fn what_nobody_knows_may_be_anywhere() {
        let at = |x: f64| translate(x, 0.0, 0.0, cube(1.0));
        let unknown = node(Kind::Fill, vec![square(1.0)]);
        assert_eq!(sizes(vec![at(0.0), at(3.0), unknown]), [3]);
        let deep = (0..MOST_LEVELS + 2).fold(cube(1.0), |inner, _| translate(0.0, 0.0, 0.0, inner));
        assert_eq!(sizes(vec![at(3.0), deep]), [2]);
        let endless = scale(f64::INFINITY, 1.0, 1.0, cube(1.0));
        assert_eq!(sizes(vec![at(3.0), endless]), [2]);
    }
}
