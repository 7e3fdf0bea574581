//! Boxes around subtrees that are not solved yet, by which it is known what lies apart.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use scadstream_csg::{ContentHash, Kind, Node};

use crate::affine::Affine;
use crate::mesh::Bounds;
use crate::touching::clusters;

/// The box of what nobody knows the size of.
const EVERYWHERE: Bounds = Bounds { min: [f64::NEG_INFINITY; 3], max: [f64::INFINITY; 3] };

/// Deeper subtrees may be anywhere. Picked by hand.
pub(crate) const MOST_LEVELS: usize = 100;

/// Boxes around subtrees by their content, none around what is empty; some are too large.
#[derive(Debug, Default)]
pub struct Boxes(FxHashMap<ContentHash, Option<Bounds>>);

impl Boxes {
    /// Which of some nodes may touch, directly or through others, by their places; empty ones are left out. No two clusters
    /// have a point in common.
    pub fn clusters(&mut self, nodes: &[&Arc<Node>]) -> Vec<Vec<usize>> {
        let found = nodes.iter().enumerate().filter_map(|(at, node)| Some((at, self.of(node, 0)?)));
        let (places, boxes): (Vec<usize>, Vec<Bounds>) = found.unzip();
        let place =
            |members: Vec<usize>| members.into_iter().map(|member| places[member]).collect();
        clusters(&boxes).into_iter().map(place).collect()
    }

    fn of(&mut self, node: &Arc<Node>, depth: usize) -> Option<Bounds> {
        if node.children().is_empty() {
            return of_leaf(node.kind());
        }
        if depth > MOST_LEVELS {
            return Some(EVERYWHERE);
        }
        if let Some(known) = self.0.get(&node.hash()) {
            return *known;
        }
        let mut boxes = node.drawn_children().map(|child| self.of(child, depth + 1));
        let found = match node.kind() {
            Kind::Group | Kind::Union | Kind::Hull | Kind::Color(_) | Kind::Render { .. } => {
                boxes.flatten().reduce(Bounds::union)
            }
            Kind::Difference | Kind::Intersection => boxes.next().flatten(),
            Kind::Transform(matrix) => {
                let inner = boxes.flatten().reduce(Bounds::union);
                inner.map(|inner| moved(&inner, &Affine::from_matrix(matrix)))
            }
            _ => Some(EVERYWHERE),
        };
        self.0.insert(node.hash(), found);
        found
    }
}

fn of_leaf(kind: &Kind) -> Option<Bounds> {
    let (min, max) = match *kind {
        Kind::Group | Kind::Union => return None,
        Kind::Cube { size, center: false } => ([0.0; 3], size),
        Kind::Cube { size, center: true } => {
            (size.map(|edge| -edge / 2.0), size.map(|edge| edge / 2.0))
        }
        Kind::Sphere { r, .. } => ([-r; 3], [r; 3]),
        Kind::Cylinder { h, r1, r2, center, .. } => {
            let (r, low) = (r1.max(r2), if center { -h / 2.0 } else { 0.0 });
            ([-r, -r, low], [r, r, low + h])
        }
        _ => return Some(EVERYWHERE),
    };
    Some(Bounds { min, max })
}

/// The box around a box that was moved.
fn moved(inner: &Bounds, transform: &Affine) -> Bounds {
    let around = transform.around(inner);
    let is_finite = around.size().iter().all(|edge| edge.is_finite());
    if is_finite { around } else { EVERYWHERE }
}
