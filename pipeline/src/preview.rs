//! Trees that look like a model from afar and are solved much faster.
//!
//! Both keep the model's top-level objects, one for one, so that each can give way to its exact form. The source is not
//! evaluated again: `$fn` keeps its value for the program, and only what curves are cut into is changed.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use scadstream_csg::{ContentHash, Fragments, Kind, LinearExtrude, Node, TextParameters};

/// Fragments per circle of a coarse picture.
const MOST_FRAGMENTS: f64 = 12.0;

/// The tree with no curve finer than twelve fragments per circle.
pub(crate) fn coarsened(root: &Arc<Node>) -> Arc<Node> {
    rebuilt(root, &|node, children| {
        let kind = coarse_kind(node.kind());
        let same = kind.is_none() && is_same(node.children(), &children);
        if same {
            return Arc::clone(node);
        }
        let kind = kind.unwrap_or_else(|| node.kind().clone());
        Node::new(kind, node.modifiers(), node.origin(), children)
    })
}

/// What is there of an object at most, without any boolean: the solids that nothing is taken from yet, each with its
/// transform and colour. Of an intersection it is the first operand. A Minkowski sum becomes that of the hulls.
pub(crate) fn sketched(object: &Arc<Node>) -> Vec<Arc<Node>> {
    let mut solids = Vec::new();
    // What stands around a node: transforms and colours, outermost first.
    let mut pending: Vec<(&Arc<Node>, Vec<&Arc<Node>>)> = vec![(object, Vec::new())];
    while let Some((node, around)) = pending.pop() {
        let mut drawn = node.drawn_children();
        match node.kind() {
            Kind::Group | Kind::Union | Kind::Render { .. } => {
                pending.extend(drawn.rev().map(|child| (child, around.clone())));
            }
            Kind::Difference | Kind::Intersection => {
                pending.extend(drawn.next().map(|child| (child, around)));
            }
            Kind::Transform(_) | Kind::Color(_) => {
                let mut around = around;
                around.push(node);
                pending.extend(drawn.rev().map(|child| (child, around.clone())));
            }
            _ => {
                let wrap = |inner: Arc<Node>, outer: &&Arc<Node>| {
                    Node::new(outer.kind().clone(), Default::default(), outer.origin(), vec![inner])
                };
                solids.push(around.iter().rev().fold(without_booleans(node), wrap));
            }
        }
    }
    solids
}

/// The subtree with every boolean replaced by its first operand, and every Minkowski sum by that of the hulls.
fn without_booleans(root: &Arc<Node>) -> Arc<Node> {
    rebuilt(root, &|node, mut children| {
        let kind = match node.kind() {
            Kind::Difference | Kind::Intersection => {
                children.truncate(1);
                Kind::Group
            }
            Kind::Minkowski { convexity } => {
                children = children
                    .into_iter()
                    .map(|child| {
                        Node::new(Kind::Hull, Default::default(), node.origin(), vec![child])
                    })
                    .collect();
                Kind::Minkowski { convexity: *convexity }
            }
            _ if is_same(node.children(), &children) => return Arc::clone(node),
            other => other.clone(),
        };
        Node::new(kind, node.modifiers(), node.origin(), children)
    })
}

/// The kind with its fragments capped; none where there is nothing to cap.
fn coarse_kind(kind: &Kind) -> Option<Kind> {
    let mut kind = kind.clone();
    let fragments = match &mut kind {
        Kind::Sphere { fragments, .. }
        | Kind::Circle { fragments, .. }
        | Kind::Offset { fragments, .. }
        | Kind::Roof { fragments, .. } => fragments,
        Kind::Cylinder { fragments, .. } => fragments,
        Kind::LinearExtrude(extrude) => {
            let LinearExtrude { fragments, .. } = &mut **extrude;
            fragments
        }
        Kind::RotateExtrude(extrude) => &mut extrude.fragments,
        Kind::Text(text) => {
            let TextParameters { fragments, .. } = Arc::make_mut(text);
            fragments
        }
        Kind::Import(import) => &mut Arc::make_mut(import).fragments,
        _ => return None,
    };
    let capped = capped(*fragments);
    if capped == *fragments {
        return None;
    }
    *fragments = capped;
    Some(kind)
}

fn capped(fragments: Fragments) -> Fragments {
    if fragments.fn_ > 0.0 {
        Fragments { fn_: fragments.fn_.min(MOST_FRAGMENTS), ..fragments }
    } else {
        Fragments { fa: fragments.fa.max(360.0 / MOST_FRAGMENTS), ..fragments }
    }
}

fn is_same(before: &[Arc<Node>], after: &[Arc<Node>]) -> bool {
    before.iter().zip(after).all(|(before, after)| Arc::ptr_eq(before, after))
}

/// Makes a node anew over children that were made anew.
type Rebuild = dyn Fn(&Arc<Node>, Vec<Arc<Node>>) -> Arc<Node>;

/// Builds a tree anew bottom up, each distinct subtree once, with a stack of its own: models nest deeper than a thread's
/// stack allows.
fn rebuilt(root: &Arc<Node>, rebuild: &Rebuild) -> Arc<Node> {
    let mut done: FxHashMap<ContentHash, Arc<Node>> = FxHashMap::default();
    let mut pending = vec![root];
    while let Some(node) = pending.last().copied() {
        if done.contains_key(&node.hash()) {
            pending.pop();
            continue;
        }
        let before = pending.len();
        pending.extend(node.children().iter().filter(|child| !done.contains_key(&child.hash())));
        if pending.len() == before {
            let children = node.children().iter().map(|child| Arc::clone(&done[&child.hash()]));
            done.insert(node.hash(), rebuild(node, children.collect()));
            pending.pop();
        }
    }
    Arc::clone(&done[&root.hash()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use scadstream_csg::{Modifiers, Origin};

    fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
        Node::new(kind, Modifiers::default(), Origin::default(), children)
    }

    fn sphere(fn_: f64) -> Arc<Node> {
        let fragments = Fragments { fn_, ..Fragments::default() };
        node(Kind::Sphere { r: 1.0, fragments }, Vec::new())
    }

    fn cube() -> Arc<Node> {
        node(Kind::Cube { size: [1.0; 3], center: false }, Vec::new())
    }

    #[test]
    fn only_fine_curves_are_coarsened() {
        let fine = node(Kind::Difference, vec![cube(), sphere(100.0), sphere(8.0)]);
        let expected = node(Kind::Difference, vec![cube(), sphere(12.0), sphere(8.0)]);
        assert_eq!(coarsened(&fine).hash(), expected.hash());
        let plain = node(Kind::Union, vec![cube(), sphere(8.0)]);
        assert!(Arc::ptr_eq(&coarsened(&plain), &plain));
    }

    #[test]
    fn fragments_by_angle_are_coarsened_too() {
        let by_angle = Fragments { fn_: 0.0, fa: 1.0, fs: 0.1, ..Fragments::default() };
        assert_eq!(
            capped(by_angle),
            Fragments { fn_: 0.0, fa: 30.0, fs: 0.1, ..Fragments::default() }
        );
    }

    #[test]
    fn a_sketch_has_what_nothing_is_taken_from() {
        let red = Kind::Color([1.0, 0.0, 0.0, 1.0]);
        let cut = node(Kind::Difference, vec![cube(), sphere(5.0)]);
        let model = node(Kind::Group, vec![node(red.clone(), vec![cut]), sphere(7.0)]);
        let hashes: Vec<_> = sketched(&model).iter().map(|node| node.hash()).collect();
        assert_eq!(hashes, [node(red, vec![cube()]).hash(), sphere(7.0).hash()]);
    }

    #[test]
    fn a_sketched_sum_is_that_of_the_hulls() {
        let cut = node(Kind::Difference, vec![cube(), sphere(5.0)]);
        let sum = node(Kind::Minkowski { convexity: 0 }, vec![cut, sphere(6.0)]);
        let hull = |child| node(Kind::Hull, vec![child]);
        let first = node(Kind::Group, vec![cube()]);
        let expected = node(Kind::Minkowski { convexity: 0 }, vec![hull(first), hull(sphere(6.0))]);
        assert_eq!(sketched(&sum)[0].hash(), expected.hash());
    }

    #[test]
    fn nesting_is_no_matter_of_the_stack() {
        let deep = (0..100_000).fold(sphere(50.0), |inner, _| node(Kind::Group, vec![inner]));
        let coarse = coarsened(&deep);
        assert_ne!(coarse.hash(), deep.hash());
        assert_eq!(sketched(&coarse).len(), 1);
    }
}
