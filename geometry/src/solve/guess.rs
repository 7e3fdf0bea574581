//! What can be told of a tree before it is solved.

use std::sync::Arc;

use scadstream_csg::{Fragments, Kind, Node};

use crate::fragments::segments;
use crate::primitives::{cylinder_triangles, sphere_triangles};

/// A guess of how many triangles the leaves have, each counted as often as it stands in the tree.
///
/// What is not a primitive counts as what it is made of, an extrusion as that for each of its layers; a file as one triangle
/// for fifty bytes, as in binary STL.
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
            let around = |fragments: &Fragments| u64::from(segments(1.0, *fragments, 360.0));
            let own = match node.kind() {
                Kind::Cube { .. } => 12,
                Kind::Sphere { r, fragments } => sphere_triangles(*r, *fragments),
                Kind::Cylinder { r1, r2, fragments, .. } => {
                    cylinder_triangles(*r1, *r2, **fragments)
                }
                Kind::Polyhedron { faces, .. } => 2 * faces.len() as u64,
                Kind::Import(parameters) => {
                    parameters.file.as_ref().map_or(0, |file| file.bytes.len() as u64 / 50)
                }
                Kind::Surface { file, .. } => {
                    file.as_ref().map_or(0, |file| file.bytes.len() as u64)
                }
                Kind::Square { .. } => 4,
                Kind::Circle { fragments, .. } => around(fragments),
                Kind::Polygon { points, .. } => points.len() as u64,
                _ => 0,
            };
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
            let children = node.children().iter().filter(|child| !child.modifiers().background);
            pending.extend(children.map(|child| (child, times)));
        }
        estimate
    }
}
