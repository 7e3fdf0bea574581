//! How long a tree will take to solve, guessed before it is.
//!
//! Only good enough to tell what is there in a blink from what takes its time: figures are of one core of the machine
//! that they were measured on, and results are taken to be as fine as their operands together. What the guess misses
//! is noticed while the work goes on (`progressive`).

use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use scadstream_csg::{ContentHash, Kind, Node};
use scadstream_geometry::SolidCache;
use scadstream_geometry::boxes::Boxes;
use scadstream_geometry::fragments::segments;
use scadstream_geometry::leaf_size::guessed_size;

use crate::solved_before::SolvedBefore;

/// Seconds of a boolean per triangle of its operands: two spheres of 524 000 triangles each took 0.97 s.
const BOOLEAN_PER_TRIANGLE: f64 = 1.0e-6;
/// Seconds of a boolean per operand: 512 spheres of 480 triangles took 2 s in all.
const BOOLEAN_PER_OPERAND: f64 = 300e-6;
/// Seconds to make a primitive, per triangle.
const PRIMITIVE_PER_TRIANGLE: f64 = 0.5e-6;
/// Seconds of a hull per triangle of what it is around.
const HULL_PER_TRIANGLE: f64 = 2e-6;
/// Seconds of a Minkowski sum per triangle of its larger operand, when that is not convex: a hull and its share of the
/// unions.
const MINKOWSKI_PER_TRIANGLE: f64 = 500e-6;
/// Layers of a twisted extrusion, and pieces of an outline of unknown make.
const LAYERS: f64 = 30.0;

/// What is guessed of a subtree.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Guess {
    pub(crate) triangles: f64,
    /// Of this node alone.
    seconds: f64,
    convex: bool,
}

/// The time that solving `root` will take on one core, as far as its parts are not in `cache`; where most of it was solved
/// `before`, as far as it differs from that.
///
/// Afresh it is rather too long: too short, and there is nothing to see for a while. For an edit that would be a picture that
/// nobody needs.
pub(crate) fn solve_time(root: &Arc<Node>, cache: &SolidCache, before: &SolvedBefore) -> Duration {
    let (mut afresh, mut edited) = (0.0, 0.0);
    let (mut nodes, mut seen) = (0, 0);
    let mut boxes = Boxes::default();
    // What is cached costs nothing; neither does what lies below it and nowhere else.
    let is_known = |node: &Node| cache.contains(node.hash());
    for_each(root, is_known, |node, operands| {
        let guess = guess(node.kind(), operands);
        nodes += 1;
        seen += usize::from(before.contains(node));
        if !is_known(node) {
            afresh += guess.seconds;
            edited += match node.kind() {
                _ if before.is_empty() => 0.0,
                Kind::Group | Kind::Union | Kind::Difference | Kind::Intersection => {
                    boolean_seconds(node, operands, before, &mut boxes)
                }
                // Lazy.
                Kind::Transform(_) | Kind::Color(_) => 0.0,
                _ => guess.seconds,
            };
        }
        guess
    });
    let seconds: f64 = if 2 * seen >= nodes { edited } else { afresh };
    Duration::from_secs_f64(seconds.clamp(0.0, 1e6))
}

/// Seconds of a boolean where its operands differ from those before: of a union, those that hang together with what is
/// new; where cells were solved, those that are new themselves.
fn boolean_seconds(
    node: &Node,
    operands: &[Guess],
    before: &SolvedBefore,
    boxes: &mut Boxes,
) -> f64 {
    let children: Vec<&Arc<Node>> = node.drawn_children().collect();
    let is_new = |at: &usize| !before.contains(children[*at]);
    let is_union = matches!(node.kind(), Kind::Group | Kind::Union);
    let together = match is_union {
        true => boxes.clusters(&children),
        false => vec![(0..children.len()).collect()],
    };
    let at_work = |members: &Vec<usize>| members.len() > 1 && members.iter().any(is_new);
    let mut seconds = 0.0;
    for members in together.iter().filter(|members| at_work(members)) {
        // A difference from something new is all new.
        let only_new = before.by_cells() && (is_union || !is_new(&0));
        let counted = members.iter().filter(|at| !only_new || is_new(at));
        // None are known of a node that the cache had a moment ago.
        seconds += counted.filter_map(|at| operands.get(*at)).map(boolean_part).sum::<f64>();
    }
    seconds
}

/// Seconds that an operand adds to a boolean.
fn boolean_part(operand: &Guess) -> f64 {
    operand.triangles * BOOLEAN_PER_TRIANGLE + BOOLEAN_PER_OPERAND
}

/// Calls `visit` once for every distinct drawn node, operands first, with what it gave for those. Does not look below
/// nodes that are `known`: their operands are missing.
pub(crate) fn for_each(
    root: &Arc<Node>,
    known: impl Fn(&Node) -> bool,
    mut visit: impl FnMut(&Node, &[Guess]) -> Guess,
) {
    let mut guesses: FxHashMap<ContentHash, Guess> = FxHashMap::default();
    let mut pending = vec![root];
    while let Some(node) = pending.last().copied() {
        if guesses.contains_key(&node.hash()) {
            pending.pop();
            continue;
        }
        let drawn = || node.drawn_children();
        let before = pending.len();
        if !known(node) {
            pending.extend(drawn().filter(|child| !guesses.contains_key(&child.hash())));
        }
        if pending.len() > before {
            continue;
        }
        pending.pop();
        let operands: Vec<Guess> =
            drawn().filter_map(|child| guesses.get(&child.hash()).copied()).collect();
        guesses.insert(node.hash(), visit(node, &operands));
    }
}

pub(crate) fn guess(kind: &Kind, operands: &[Guess]) -> Guess {
    let triangles: f64 = operands.iter().map(|operand| operand.triangles).sum();
    let count = operands.len() as f64;
    let made = |triangles: f64, convex| Guess {
        triangles,
        seconds: triangles * PRIMITIVE_PER_TRIANGLE,
        convex,
    };
    let leaf = |convex| made(guessed_size(kind) as f64, convex);
    match kind {
        Kind::Group | Kind::Union | Kind::Difference | Kind::Intersection if count > 1.0 => Guess {
            triangles,
            seconds: triangles * BOOLEAN_PER_TRIANGLE + count * BOOLEAN_PER_OPERAND,
            convex: false,
        },
        Kind::Hull => Guess { triangles, seconds: triangles * HULL_PER_TRIANGLE, convex: true },
        Kind::Minkowski { .. } => minkowski(operands),
        Kind::Cube { .. }
        | Kind::Sphere { .. }
        | Kind::Cylinder { .. }
        | Kind::Square { .. }
        | Kind::Circle { .. } => leaf(true),
        Kind::Polyhedron { .. }
        | Kind::Polygon { .. }
        | Kind::Text(_)
        | Kind::Surface { .. }
        | Kind::Import(_) => leaf(false),
        Kind::LinearExtrude(extrude) => {
            let layers = if extrude.twist == 0.0 { 1.0 } else { LAYERS };
            let layers = extrude.slices.map_or(layers, f64::from);
            made(2.0 * triangles * (1.0 + layers), operands.iter().all(|o| o.convex))
        }
        Kind::RotateExtrude(extrude) => {
            // How wide it is, is not known here; ten units are as good as any.
            made(2.0 * triangles * f64::from(segments(10.0, extrude.fragments, 360.0)), false)
        }
        _ => Guess {
            triangles,
            seconds: triangles * BOOLEAN_PER_TRIANGLE,
            convex: count == 1.0 && operands.iter().all(|operand| operand.convex),
        },
    }
}

fn minkowski(operands: &[Guess]) -> Guess {
    operands
        .iter()
        .copied()
        .reduce(|a, b| {
            let (large, small) = if a.triangles > b.triangles { (a, b) } else { (b, a) };
            if a.convex && b.convex {
                let triangles = a.triangles + b.triangles;
                // A hull around every sum of two vertices.
                let seconds = a.triangles * b.triangles / 4.0 * 0.5e-6;
                return Guess { triangles, seconds: a.seconds.max(0.0) + seconds, convex: true };
            }
            let hulls =
                if small.convex { large.triangles } else { large.triangles * small.triangles };
            Guess {
                triangles: large.triangles * 2.0,
                seconds: hulls * (MINKOWSKI_PER_TRIANGLE + small.triangles * HULL_PER_TRIANGLE),
                convex: false,
            }
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scadstream_csg::{Fragments, Modifiers, Origin};

    fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
        Node::new(kind, Modifiers::default(), Origin::default(), children)
    }

    fn sphere(r: f64, fn_: f64) -> Arc<Node> {
        node(Kind::Sphere { r, fragments: Fragments { fn_, ..Fragments::default() } }, Vec::new())
    }

    #[track_caller]
    fn check(root: &Arc<Node>, at_least: f64, at_most: f64) {
        let nothing = SolvedBefore::default();
        let seconds = solve_time(root, &SolidCache::new(0), &nothing).as_secs_f64();
        assert!((at_least..=at_most).contains(&seconds), "{seconds}");
    }

    #[test]
    fn a_part_of_a_few_curves_is_quick() {
        let cube = node(Kind::Cube { size: [9.0; 3], center: true }, Vec::new());
        check(&node(Kind::Difference, vec![cube, sphere(5.0, 50.0)]), 0.0, 0.05);
    }

    #[test]
    fn fine_spheres_take_a_second() {
        let difference = node(Kind::Difference, vec![sphere(5.0, 700.0), sphere(4.0, 700.0)]);
        check(&difference, 0.5, 3.0);
    }

    fn at(x: f64, child: Arc<Node>) -> Arc<Node> {
        let mut matrix = [[0.0; 4]; 4];
        (0..4).for_each(|k| matrix[k][k] = 1.0);
        matrix[0][3] = x;
        node(Kind::Transform(Box::new(matrix)), vec![child])
    }

    #[test]
    fn of_what_lies_apart_an_edit_takes_what_it_changes() {
        let row = |step: f64, last: f64| {
            let size = |n: u32| if n == 199 { last } else { 1.0 };
            let balls = (0..200).map(|n| at(step * f64::from(n), sphere(size(n), 30.0)));
            node(Kind::Union, balls.collect())
        };
        let seconds = |step: f64| {
            let before = SolvedBefore::of(&row(step, 1.0), false);
            solve_time(&row(step, 1.1), &SolidCache::new(0), &before).as_secs_f64()
        };
        assert!(seconds(3.0) < 0.01, "{}", seconds(3.0));
        assert!((0.2..1.0).contains(&seconds(1.0)), "{}", seconds(1.0));
        // Afresh, what lies apart counts like the rest.
        check(&row(3.0, 1.0), 0.1, 1.0);
    }

    #[test]
    fn an_edit_takes_what_it_changes() {
        let drilled = |last: f64| {
            let place = |n: f64| if n == 99.0 { last } else { n };
            let plate = node(Kind::Cube { size: [99.0, 1.0, 1.0], center: false }, Vec::new());
            let drills = (0..100).map(|n| at(place(f64::from(n)), sphere(0.4, 30.0)));
            node(Kind::Difference, std::iter::once(plate).chain(drills).collect())
        };
        let seconds = |by_cells| {
            let before = SolvedBefore::of(&drilled(99.0), by_cells);
            solve_time(&drilled(98.5), &SolidCache::new(0), &before).as_secs_f64()
        };
        assert!(seconds(true) < 0.01, "{}", seconds(true));
        assert!(seconds(false) > 0.05, "{}", seconds(false));
    }

    #[test]
    fn a_sum_of_convex_solids_is_quick() {
        let square = node(Kind::Square { size: [9.0; 2], center: true }, Vec::new());
        let Kind::Sphere { fragments, .. } = *sphere(2.0, 50.0).kind() else { unreachable!() };
        let circle = node(Kind::Circle { r: 2.0, fragments }, Vec::new());
        check(&node(Kind::Minkowski { convexity: 0 }, vec![square, circle]), 0.0, 0.05);
        let cube = node(Kind::Cube { size: [9.0; 3], center: true }, Vec::new());
        check(&node(Kind::Minkowski { convexity: 0 }, vec![cube, sphere(2.0, 50.0)]), 0.0, 0.05);
    }

    #[test]
    fn a_sum_of_what_is_not_convex_takes_long() {
        let hollow = node(Kind::Difference, vec![sphere(5.0, 60.0), sphere(4.0, 60.0)]);
        check(&node(Kind::Minkowski { convexity: 0 }, vec![hollow, sphere(1.0, 10.0)]), 1.0, 60.0);
    }
}
