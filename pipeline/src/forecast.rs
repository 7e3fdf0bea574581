//! What solving a model will need, told from its tree before any of it is solved.

use std::collections::HashSet;
use std::sync::Arc;

use scadstream_csg::{ContentHash, Kind, Node};
use scadstream_geometry::kernel::BYTES_PER_TRIANGLE;
use scadstream_geometry::primitives::{cylinder_triangles, sphere_triangles};

/// What a model's primitives need. Operations may need more, and give things back: it is a guess, but for
/// [`at_least_bytes`](Forecast::at_least_bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forecast {
    /// Bytes of all distinct primitives together, in the kernel's form.
    pub bytes: u64,
    /// Bytes of the largest primitive: less cannot do.
    pub at_least_bytes: u64,
}

impl Forecast {
    /// Looks at every distinct node below `root` once.
    pub fn of(root: &Arc<Node>) -> Self {
        let mut forecast = Self::default();
        let mut seen: HashSet<ContentHash> = HashSet::new();
        let mut pending: Vec<&Arc<Node>> = vec![root];
        while let Some(node) = pending.pop() {
            if !seen.insert(node.hash()) {
                continue;
            }
            let bytes = triangles(node.kind()).saturating_mul(BYTES_PER_TRIANGLE as u64);
            forecast.bytes = forecast.bytes.saturating_add(bytes);
            forecast.at_least_bytes = forecast.at_least_bytes.max(bytes);
            pending.extend(node.children().iter().filter(|child| !child.modifiers().background));
        }
        forecast
    }
}

/// Triangles of a primitive, as far as they can be told without making it.
fn triangles(kind: &Kind) -> u64 {
    match kind {
        Kind::Cube { .. } => 12,
        Kind::Sphere { r, fragments } => sphere_triangles(*r, *fragments),
        Kind::Cylinder { r1, r2, fragments, .. } => cylinder_triangles(*r1, *r2, *fragments),
        Kind::Polyhedron { faces, .. } => {
            faces.iter().map(|face| face.len().saturating_sub(2) as u64).sum()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scadstream_csg::{Fragments, Modifiers, Origin};

    fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
        Node::new(kind, Modifiers::default(), Origin::default(), children)
    }

    fn sphere(fragments: f64) -> Arc<Node> {
        let fragments = Fragments { fn_: fragments, ..Fragments::default() };
        node(Kind::Sphere { r: 1.0, fragments }, Vec::new())
    }

    #[test]
    fn primitives_count_once_and_the_largest_is_the_least() {
        let root = node(Kind::Union, vec![sphere(100.0), sphere(10.0), sphere(100.0)]);
        let forecast = Forecast::of(&root);
        let bytes = |triangles: u64| triangles * BYTES_PER_TRIANGLE as u64;
        assert_eq!(forecast.bytes, bytes(100 * 100 + 10 * 10));
        assert_eq!(forecast.at_least_bytes, bytes(100 * 100));
    }
}
