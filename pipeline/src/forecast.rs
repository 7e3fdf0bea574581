//! What solving a model will need, told from its tree before any of it is solved.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use scadstream_csg::{ContentHash, Kind, Node};
use scadstream_geometry::SolidCache;
use scadstream_geometry::kernel::BYTES_PER_TRIANGLE;
use scadstream_geometry::leaf_size::primitive_triangles;

use crate::estimate::{for_each, guess};

/// Operands of booleans at the top of a model that have as many triangles together are solved by cells, however few they
/// are, which takes what these take.
const BY_CELLS_TRIANGLES: f64 = 2e6;
/// Bytes of the cells at work and of those that are held, measured.
const CELLS_BYTES: u64 = 300_000_000;

/// What a model needs: a guess, but for [`at_least_bytes`](Forecast::at_least_bytes). Every operation is taken to hold
/// its operands and a result as fine as they are together; subtrees that were solved before count with the size that
/// they had then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forecast {
    /// Bytes of all distinct primitives together or of the largest operation with its operands, whichever is more.
    pub bytes: u64,
    /// Bytes of the largest primitive: less cannot do.
    pub at_least_bytes: u64,
}

impl Forecast {
    /// Looks at every distinct node below `root` once, but not below those whose size `cache` knows.
    pub(crate) fn of(root: &Arc<Node>, cache: &SolidCache) -> Self {
        let size_bytes = |node: &Node| cache.size_bytes(node.hash()).map(|bytes| bytes as u64);
        let mut forecast = Self::default();
        let at_the_top = booleans_at_the_top(root);
        let (mut primitives, mut largest) = (0_u64, 0_u64);
        for_each(
            root,
            |node| size_bytes(node).is_some(),
            |node, operands| {
                let mut guess = guess(node.kind(), operands);
                let least = bytes_of(primitive_triangles(node.kind()) as f64);
                match size_bytes(node) {
                    Some(bytes) => guess.triangles = bytes as f64 / BYTES_PER_TRIANGLE as f64,
                    None => primitives = primitives.saturating_add(least),
                }
                // A single operand is moved, coloured or passed on, which takes nothing; or it is an outline, which is small.
                let beside: f64 = match operands {
                    [] | [_] => 0.0,
                    several => several.iter().map(|operand| operand.triangles).sum(),
                };
                let by_cells = beside >= BY_CELLS_TRIANGLES && at_the_top.contains(&node.hash());
                let together = bytes_of(guess.triangles + beside);
                largest = largest.max(if by_cells { CELLS_BYTES } else { together });
                forecast.at_least_bytes = forecast.at_least_bytes.max(least);
                guess
            },
        );
        forecast.bytes = largest.max(primitives);
        forecast
    }
}

/// The operations that may be evaluated cell by cell.
fn booleans_at_the_top(root: &Arc<Node>) -> FxHashSet<ContentHash> {
    let mut found = FxHashSet::default();
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        let is_boolean = matches!(
            node.kind(),
            Kind::Group
                | Kind::Union
                | Kind::Difference
                | Kind::Intersection
                | Kind::Transform(_)
                | Kind::Color(_)
        );
        if is_boolean && found.insert(node.hash()) {
            pending.extend(node.drawn_children());
        }
    }
    found
}

fn bytes_of(triangles: f64) -> u64 {
    // As casts do: what is too large becomes the largest.
    (triangles * BYTES_PER_TRIANGLE as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use scadstream_csg::{Fragments, Modifiers, Origin, RotateExtrude};
    use scadstream_geometry::{CancelToken, Job, solve};

    fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
        Node::new(kind, Modifiers::default(), Origin::default(), children)
    }

    fn sphere(fragments: f64) -> Arc<Node> {
        let fragments = Fragments { fn_: fragments, ..Fragments::default() };
        node(Kind::Sphere { r: 1.0, fragments }, Vec::new())
    }

    fn forecast(root: &Arc<Node>) -> Forecast {
        Forecast::of(root, &SolidCache::new(0))
    }

    #[test]
    fn equal_primitives_count_once_and_the_largest_is_the_least() {
        let root = node(Kind::Group, vec![sphere(100.0), sphere(10.0), sphere(100.0)]);
        let bytes = |triangles: u64| triangles * BYTES_PER_TRIANGLE as u64;
        assert_eq!(forecast(&root).at_least_bytes, bytes(100 * 100));
        assert!(forecast(&root).bytes >= bytes(100 * 100 + 10 * 10));
    }

    #[test]
    fn a_group_of_one_takes_nothing() {
        let root = node(Kind::Group, vec![sphere(100.0)]);
        assert_eq!(forecast(&root), forecast(&sphere(100.0)));
    }

    #[test]
    fn an_operation_needs_its_operands_and_its_result() {
        let difference = node(Kind::Difference, vec![sphere(100.0), sphere(90.0)]);
        let alone = forecast(&sphere(100.0)).bytes + forecast(&sphere(90.0)).bytes;
        let both = forecast(&difference).bytes;
        assert!(both > alone * 3 / 2, "{both} for {alone}");
    }

    #[test]
    fn many_copies_take_what_their_cells_take_unless_something_needs_them_whole() {
        let copies = || (0..500).map(|_| sphere(100.0)).collect();
        let by_cells = forecast(&node(Kind::Union, copies()));
        assert_eq!(by_cells.bytes, CELLS_BYTES);
        let together = node(Kind::Union, copies());
        assert!(forecast(&node(Kind::Hull, vec![together])).bytes > 1_000_000_000);
    }

    #[test]
    fn an_extrusion_of_a_fine_outline_counts_though_it_is_no_primitive() {
        let fragments = Fragments { fn_: 2000.0, ..Fragments::default() };
        let circle = node(Kind::Circle { r: 5.0, fragments }, Vec::new());
        let ring = Kind::RotateExtrude(Box::new(RotateExtrude {
            angle: 360.0,
            start: 180.0,
            convexity: 0,
            fragments: Fragments { fn_: 10_000.0, ..Fragments::default() },
        }));
        assert!(forecast(&node(ring, vec![circle])).bytes > 2_000_000_000);
    }

    #[test]
    fn a_subtree_that_was_solved_counts_with_its_size() {
        // Of nine spheres in one place hardly more than one is left.
        let inner = (60..69).map(|fragments| sphere(f64::from(fragments))).collect();
        let root = node(Kind::Hull, inner);
        let cache = SolidCache::new(0);
        let before = Forecast::of(&root, &cache);
        solve(&root, &Job::new(&cache, CancelToken::new())).unwrap();
        let after = Forecast::of(&root, &cache);
        assert!(after.bytes < before.bytes, "{after:?} after {before:?}");
    }
}
