//! Shared by the tests: CSG trees written by hand, and measures of what they solve to.

use std::sync::Arc;

use scadstream_csg::{Fragments, Kind, LinearExtrude, Modifiers, Node, Origin};

use crate::cache::SolidCache;
use crate::control::CancelToken;
use crate::measure::{Measure, measure};
use crate::solve::{Job, Solution, Whole, solve};

/// A node without modifiers.
pub(crate) fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
    Node::new(kind, Modifiers::default(), Origin::default(), children)
}

/// A node whose origin starts at `start`.
pub(crate) fn node_at(start: u32, kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
    let origin = Origin { source: 0, start, end: start + 1 };
    Node::new(kind, Modifiers::default(), origin, children)
}

/// The same node with modifiers.
pub(crate) fn marked(marks: &str, inner: &Arc<Node>) -> Arc<Node> {
    let modifiers = Modifiers {
        root: marks.contains('!'),
        highlight: marks.contains('#'),
        background: marks.contains('%'),
    };
    Node::new(inner.kind().clone(), modifiers, inner.origin(), inner.children().to_vec())
}

pub(crate) fn group(children: Vec<Arc<Node>>) -> Arc<Node> {
    node(Kind::Group, children)
}

pub(crate) fn difference(children: Vec<Arc<Node>>) -> Arc<Node> {
    node(Kind::Difference, children)
}

pub(crate) fn cube(size: f64) -> Arc<Node> {
    node(Kind::Cube { size: [size; 3], center: false }, Vec::new())
}

pub(crate) fn sphere(r: f64, fn_: f64) -> Arc<Node> {
    let fragments = Fragments { fn_, ..Fragments::default() };
    node(Kind::Sphere { r, fragments }, Vec::new())
}

pub(crate) fn square(size: f64) -> Arc<Node> {
    node(Kind::Square { size: [size; 2], center: false }, Vec::new())
}

pub(crate) fn transform(matrix: [[f64; 4]; 3], child: Arc<Node>) -> Arc<Node> {
    let [a, b, c] = matrix;
    node(Kind::Transform(Box::new([a, b, c, [0.0, 0.0, 0.0, 1.0]])), vec![child])
}

pub(crate) fn translate(x: f64, y: f64, z: f64, child: Arc<Node>) -> Arc<Node> {
    transform([[1.0, 0.0, 0.0, x], [0.0, 1.0, 0.0, y], [0.0, 0.0, 1.0, z]], child)
}

pub(crate) fn scale(x: f64, y: f64, z: f64, child: Arc<Node>) -> Arc<Node> {
    transform([[x, 0.0, 0.0, 0.0], [0.0, y, 0.0, 0.0], [0.0, 0.0, z, 0.0]], child)
}

pub(crate) fn color(rgba: [f32; 4], child: Arc<Node>) -> Arc<Node> {
    node(Kind::Color(rgba), vec![child])
}

/// What `linear_extrude(height)` says.
pub(crate) fn straight(height: f64) -> LinearExtrude {
    LinearExtrude {
        sweep: [0.0, 0.0, height],
        center: false,
        twist: 0.0,
        scale: [1.0, 1.0],
        slices: None,
        segments: None,
        convexity: 1,
        fragments: Fragments::default(),
    }
}

/// Solves with an empty cache.
pub(crate) fn solved(root: &Arc<Node>) -> Solution {
    solve(root, &Job::new(&SolidCache::new(1 << 30), CancelToken::new())).unwrap()
}

/// Measures the exact union of the result, which must be a closed solid.
#[track_caller]
pub(crate) fn measured(root: &Arc<Node>) -> Measure {
    let cache = SolidCache::new(1 << 30);
    let job = Job::new(&cache, CancelToken::new());
    let solution = solve(root, &job).unwrap();
    match solution.unite(&job).unwrap().unwrap() {
        Whole::Solid(shell) => {
            let measured = measure(shell.mesh());
            assert!(measured.closed, "a solid must be closed");
            measured
        }
        other => panic!("expected a solid, got {other:?}"),
    }
}

/// Whether two numbers agree to `tolerance`, relative to the larger but at least absolute.
pub(crate) fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0)
}
