//! Trees in, measures out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use scadstream_csg::{Kind, Node};

use super::*;
use crate::mesh::{Mesh, Paint};
use crate::testing::*;

/// Volume (relative 1e-9), genus, pieces.
#[track_caller]
fn check(root: &Arc<Node>, volume: f64, genus: i64, components: usize) {
    let m = measured(root);
    assert!(close(m.volume, volume, 1e-9), "volume {}, expected {volume}", m.volume);
    assert_eq!((m.genus, m.components), (genus, components), "genus, pieces");
}

#[track_caller]
fn check_messages(root: &Arc<Node>, expected: &[(u32, &str)]) -> Solution {
    let solution = solved(root);
    let got: Vec<_> =
        solution.diagnostics.iter().map(|d| (d.origin.start, d.message.as_str())).collect();
    assert_eq!(got, expected);
    solution
}

#[test]
fn booleans_have_the_volumes_of_sets() {
    let moved = translate(0.5, 0.5, 0.5, cube(1.0));
    check(&group(vec![cube(1.0), moved.clone()]), 2.0 - 0.125, 0, 1);
    check(&difference(vec![cube(1.0), moved.clone()]), 0.875, 0, 1);
    check(&node(Kind::Intersection, vec![cube(1.0), moved.clone()]), 0.125, 0, 1);
    check(&node(Kind::Union, vec![cube(1.0), moved]), 1.875, 0, 1);
}

#[test]
fn a_hole_through_a_cube_makes_a_ring() {
    let hole = translate(
        1.0,
        1.0,
        -1.0,
        node(Kind::Cube { size: [1.0, 1.0, 9.0], center: false }, vec![]),
    );
    check(&difference(vec![cube(3.0), hole]), 24.0, 1, 1);
}

fn block(min: [f64; 3], max: [f64; 3]) -> Arc<Node> {
    let size = [0, 1, 2].map(|axis| max[axis] - min[axis]);
    translate(min[0], min[1], min[2], node(Kind::Cube { size, center: false }, vec![]))
}

#[test]
fn a_small_body_minus_many_is_what_is_left() {
    let places = [1.0, 3.5, 6.0, 8.5];
    let holes =
        places.iter().flat_map(|x| places.map(|y| block([*x, y, -1.0], [x + 0.5, y + 0.5, 11.0])));
    let pocket = block([3.0, 3.0, 8.0], [7.0, 7.0, 11.0]);
    let corner = block([9.25, 9.25, 9.0], [10.25, 10.25, 11.0]);
    let operands = [cube(10.0)].into_iter().chain(holes).chain([pocket, corner]);
    let left = 1000.0 - 16.0 * 0.25 * 10.0 - (16.0 - 4.0 * 0.25) * 2.0 - 0.75 * 0.75;
    check(&difference(operands.collect()), left, 16, 1);
}

#[test]
fn many_bodies_minus_a_few_are_what_is_left() {
    let row =
        (0..25).map(|i| block([f64::from(2 * i), 0.0, 0.0], [f64::from(2 * i + 1), 1.0, 1.0]));
    let floor = block([-1.0, -1.0, -1.0], [50.0, 2.0, 0.5]);
    let wall = block([-1.0, -1.0, -1.0], [50.0, 0.5, 2.0]);
    let end = block([-1.0, -1.0, -1.0], [20.5, 2.0, 2.0]);
    let left = 14.0 * 0.25 + 0.125;
    check(&difference(vec![group(row.collect()), floor, wall, end]), left, 0, 15);
}

#[test]
fn solids_that_touch_have_no_solid_in_common() {
    let block = |x, y, z| node(Kind::Cube { size: [x, y, z], center: false }, vec![]);
    let above = translate(0.0, -1.0, 2.0, block(2.0, 0.5, 2.0));
    let below = translate(0.0, -1.5, 1.5, block(1.5, 0.5, 2.0));
    let common = node(Kind::Intersection, vec![above, below]);
    assert!(check_messages(&common, &[]).parts.is_empty());
    check(&group(vec![common, cube(0.5)]), 0.125, 0, 1);
    // The same beside a piece that does have a volume.
    let posts = group(vec![translate(-1.0, 1.0, -0.5, block(0.5, 0.5, 1.0)), cube(0.25)]);
    let beam = translate(-1.0, -1.5, 0.0, block(2.0, 2.5, 0.5));
    check(&node(Kind::Intersection, vec![posts, beam]), 0.25_f64.powi(3), 0, 1);
}

#[test]
fn a_loop_is_one_operand() {
    let parts = group(vec![cube(2.0), translate(1.0, 0.0, 0.0, cube(2.0))]);
    check(&difference(vec![parts]), 12.0, 0, 1);
}

#[test]
fn a_difference_from_nothing_is_nothing() {
    for first in [group(vec![]), sphere(0.0, 8.0)] {
        let solution = check_messages(&difference(vec![first, cube(1.0)]), &[]);
        assert!(solution.parts.is_empty());
    }
    let solution = check_messages(&node(Kind::Intersection, vec![cube(1.0), group(vec![])]), &[]);
    assert!(solution.parts.is_empty());
}

#[test]
fn mirrors_keep_the_outside_out() {
    check(&scale(-1.0, 1.0, 1.0, cube(2.0)), 8.0, 0, 1);
    let both = group(vec![cube(2.0), scale(-1.0, 1.0, 1.0, cube(2.0))]);
    check(&both, 16.0, 0, 1);
    check(&scale(-1.0, -1.0, -3.0, difference(vec![cube(2.0), cube(1.0)])), 21.0, 0, 1);
}

const SHEET: &str = "a surface that encloses nothing is left out; only hull() can use it";

#[test]
fn what_is_scaled_flat_counts_for_hulls_only() {
    let flat = || scale(1.0, 1.0, 0.0, cube(1.0));
    assert!(check_messages(&flat(), &[(0, SHEET)]).parts.is_empty());
    let solution = check_messages(&difference(vec![cube(2.0), flat()]), &[(0, SHEET)]);
    assert_eq!(solution.parts.len(), 1);
    let pyramid =
        node(Kind::Hull, vec![flat(), translate(0.5, 0.5, 3.0, scale(0.0, 0.0, 0.0, cube(1.0)))]);
    check(&pyramid, 1.0, 0, 1);
}

#[test]
fn faces_that_enclose_nothing_count_for_hulls_only() {
    let face = |z: f64| {
        let points = [[0.0, 0.0, z], [1.0, 0.0, z], [1.0, 1.0, z], [0.0, 1.0, z]];
        let faces: [Arc<[u32]>; 1] = [Arc::from([0, 1, 2, 3])];
        node(Kind::Polyhedron { points: points.into(), faces: faces.into(), convexity: 1 }, vec![])
    };
    assert!(check_messages(&face(0.0), &[(0, SHEET)]).parts.is_empty());
    check(&node(Kind::Hull, vec![face(0.0), face(2.0)]), 2.0, 0, 1);
}

#[test]
fn endless_transforms_remove_the_object() {
    let endless = scale(f64::INFINITY, 1.0, 1.0, cube(1.0));
    let words = "Transformation matrix contains Not-a-Number and/or Infinity - removing object.";
    assert!(check_messages(&endless, &[(0, words)]).parts.is_empty());
}

#[test]
fn nothing_is_common_with_a_child_of_the_other_dimension() {
    let mixed = node(Kind::Intersection, vec![cube(1.0), square(1.0)]);
    assert!(solved(&mixed).parts.is_empty());
}

#[test]
fn mixing_dimensions_warns_at_the_parent_and_the_child() {
    let mixed = node_at(
        1,
        Kind::Difference,
        vec![cube(1.0), node_at(5, Kind::Square { size: [1.0; 2], center: false }, vec![])],
    );
    let solution = check_messages(
        &mixed,
        &[
            (1, "Mixing 2D and 3D objects is not supported"),
            (5, "Ignoring 2D child object for 3D operation"),
        ],
    );
    assert_eq!(solution.parts.len(), 1);
    let top = node_at(
        1,
        Kind::Group,
        vec![square(1.0), node_at(5, Kind::Cube { size: [1.0; 3], center: true }, vec![])],
    );
    let solution = check_messages(
        &top,
        &[
            (1, "Mixing 2D and 3D objects is not supported"),
            (5, "Ignoring 3D child object for 2D operation"),
        ],
    );
    assert_eq!(solution.parts[0].kind, PartKind::Flat);
    assert!(!solution.parts[0].closed);
}

#[test]
fn resize_scales_to_the_wanted_size() {
    let resize = |new_size, auto| {
        let bar = node(Kind::Cube { size: [1.0, 2.0, 3.0], center: false }, vec![]);
        measured(&node(Kind::Resize { new_size, auto, convexity: 1 }, vec![bar]))
            .bounds
            .unwrap()
            .size()
    };
    assert_eq!(resize([4.0, 0.0, 0.0], [false; 3]), [4.0, 2.0, 3.0]);
    assert_eq!(resize([4.0, 0.0, 0.0], [true; 3]), [4.0, 8.0, 12.0]);
    assert_eq!(resize([4.0, 0.0, 9.0], [false, true, false]), [4.0, 6.0, 9.0]);
    assert_eq!(resize([4.0, 9.0, 0.0], [false, false, true]), [4.0, 9.0, 13.5]);
}

#[test]
fn hull_is_over_all_children() {
    let hull = node(Kind::Hull, vec![cube(1.0), translate(0.0, 0.0, 4.0, cube(1.0))]);
    check(&hull, 5.0, 0, 1);
    let solution = check_messages(&node(Kind::Hull, vec![]), &[]);
    assert!(solution.parts.is_empty());
}

#[test]
fn colours_survive_booleans_and_the_outer_one_wins() {
    let red = [1.0, 0.0, 0.0, 1.0];
    let blue = [0.0, 0.0, 1.0, 0.5];
    let paints = |root: &Arc<Node>| {
        let solution = solved(root);
        assert_eq!(solution.parts.len(), 1);
        solution.parts[0]
            .shell
            .mesh()
            .painted_runs()
            .map(|(r, p)| (!r.is_empty(), p))
            .collect::<Vec<_>>()
    };
    // The very same cube in three paints: its faces must be told apart.
    let moved = |child| translate(0.5, 0.5, 0.5, child);
    assert_eq!(
        paints(&difference(vec![color(red, cube(1.0)), moved(cube(1.0))])),
        [(true, Paint::Cut), (true, Paint::Color(red))]
    );
    assert_eq!(
        paints(&difference(vec![cube(1.0), moved(color(blue, cube(1.0)))])),
        [(true, Paint::Default), (true, Paint::Color(blue))]
    );
    let inner = difference(vec![color(red, cube(1.0)), moved(cube(1.0))]);
    assert_eq!(paints(&color(blue, inner)), [(true, Paint::Color(blue))]);
    let unreadable = [-1.0, -1.0, -1.0, 1.0];
    assert_eq!(paints(&color(unreadable, color(red, cube(1.0)))), [(true, Paint::Color(red))]);
}

#[test]
fn modifiers_make_parts_of_their_own() {
    let model = translate(
        10.0,
        0.0,
        0.0,
        difference(vec![cube(3.0), marked("#", &cube(1.0)), marked("%", &cube(2.0))]),
    );
    let solution = solved(&group(vec![model]));
    let kinds: Vec<_> = solution.parts.iter().map(|part| part.kind).collect();
    assert_eq!(kinds, [PartKind::Solid, PartKind::Highlight, PartKind::Background]);
    for part in &solution.parts {
        assert_eq!(part.shell.bounds().unwrap().min, [10.0, 0.0, 0.0], "{:?}", part.kind);
    }
    assert!(close(crate::measure::volume(solution.parts[0].shell.mesh()), 26.0, 1e-12));
    // `!` draws its subtree alone, without the transforms around it.
    let solution =
        solved(&group(vec![cube(9.0), translate(5.0, 0.0, 0.0, marked("!", &cube(1.0)))]));
    assert_eq!(solution.parts.len(), 1);
    assert_eq!(solution.parts[0].shell.bounds().unwrap().max, [1.0; 3]);
}

#[test]
fn top_level_objects_are_parts_and_their_union_is_exact() {
    let root = group(vec![group(vec![cube(1.0), translate(0.5, 0.0, 0.0, cube(1.0))])]);
    assert_eq!(solved(&root).parts.len(), 2);
    check(&root, 1.5, 0, 1);
}

#[test]
fn parts_and_progress_are_reported_as_they_come() {
    let root = group((0..20).map(|i| translate(f64::from(i), 0.0, 0.0, cube(0.5))).collect());
    let (cache, parts) = (SolidCache::new(0), AtomicUsize::new(0));
    let fractions = Mutex::new(Vec::new());
    let on_part = |_: usize, part: &Part| {
        assert!(part.closed);
        parts.fetch_add(1, Ordering::Relaxed);
    };
    let on_progress = |progress: Progress| fractions.lock().unwrap().push(progress.fraction);
    let job = Job {
        on_part: Some(&on_part),
        on_progress: Some(&on_progress),
        ..Job::new(&cache, CancelToken::new())
    };
    assert_eq!(solve(&root, &job).unwrap().parts.len(), 20);
    assert_eq!(parts.load(Ordering::Relaxed), 20);
    let fractions = fractions.into_inner().unwrap();
    assert!(fractions.is_sorted());
    assert_eq!(fractions.last(), Some(&1.0));
}

#[test]
fn when_memory_is_short_one_branch_is_worked_on_at_a_time_and_the_result_is_the_same() {
    #[derive(Default)]
    struct Short {
        at_work: AtomicUsize,
        most: AtomicUsize,
    }
    impl crate::control::Attendant for Short {
        fn begins(&self, _: &Node) {
            let at_work = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(at_work, Ordering::SeqCst);
        }
        fn is_short_of_memory(&self) -> bool {
            true
        }
    }
    let attendant = Short::default();
    let on_progress = |_: Progress| {
        attendant.at_work.fetch_sub(1, Ordering::SeqCst);
    };
    let corner = difference(vec![cube(2.0), translate(1.0, 1.0, 1.0, cube(2.0))]);
    let sum = node(Kind::Minkowski { convexity: 1 }, vec![corner, sphere(0.5, 8.0)]);
    let root = group(vec![intricate(), translate(20.0, 0.0, 0.0, sum)]);
    let cache = SolidCache::new(0);
    let job = Job {
        attendant: Some(&attendant),
        on_progress: Some(&on_progress),
        ..Job::new(&cache, CancelToken::new())
    };
    let volume = |job: &Job<'_>| {
        let Ok(Whole::Solid(shell)) = solve(&root, job).unwrap().unite(job).unwrap() else {
            panic!("a solid model")
        };
        crate::measure::measure(shell.mesh()).volume
    };
    let short = volume(&job);
    assert_eq!(attendant.most.into_inner(), 1);
    assert!(close(short, volume(&Job::new(&cache, CancelToken::new())), 1e-9));
}

/// A model with shared subtrees, colours, cuts and several levels.
fn intricate() -> Arc<Node> {
    let bead = |i: i32| translate(f64::from(i), 0.3 * f64::from(i % 3), 0.0, sphere(0.8, 16.0));
    let chain = group((0..12).map(bead).collect());
    let plate = translate(-1.0, -1.0, -2.0, cube(4.0));
    let cut = difference(vec![plate, color([0.0, 1.0, 0.0, 1.0], chain.clone())]);
    group(vec![
        cut,
        translate(0.0, 5.0, 0.0, node(Kind::Intersection, vec![chain.clone(), cube(3.0)])),
        chain,
    ])
}

fn meshes(solution: &Solution) -> Vec<Mesh> {
    solution.parts.iter().map(|part| Mesh::clone(part.shell.mesh())).collect()
}

#[test]
fn threads_change_no_bit() {
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| meshes(&solved(&intricate())))
    };
    let alone = in_pool(1);
    for threads in [2, 3, 8] {
        assert_eq!(in_pool(threads), alone, "{threads} threads");
    }
}

#[test]
fn a_cached_answer_is_the_fresh_one() {
    let cache = SolidCache::new(1 << 30);
    let job = Job::new(&cache, CancelToken::new());
    let fresh = solve(&intricate(), &job).unwrap();
    let again = solve(&intricate(), &job).unwrap();
    assert_eq!(meshes(&fresh), meshes(&again));
    assert!(again.stats.nodes < fresh.stats.nodes && again.stats.cached > 0);
    // An edit beside it, and back again.
    let edited = group(vec![intricate(), cube(0.1)]);
    assert_eq!(meshes(&solve(&edited, &job).unwrap()), meshes(&solved(&edited)));
    assert_eq!(meshes(&solve(&intricate(), &job).unwrap()), meshes(&fresh));
}

#[test]
fn what_is_in_several_places_is_united_once() {
    let pair = || group(vec![cube(1.0), translate(0.5, 0.5, 0.5, cube(1.0))]);
    let row = |count: i32| -> Vec<_> {
        (0..count).map(|i| translate(3.0 * f64::from(i), 0.0, 0.0, pair())).collect()
    };
    let united = |count: i32| {
        let cache = SolidCache::new(1 << 30);
        let solution = solve(&group(row(count)), &Job::new(&cache, CancelToken::new())).unwrap();
        assert_eq!(solution.parts.len(), count as usize);
        cache.get(pair().hash(), crate::cache::Form::United).is_some()
    };
    assert!(united(3) && !united(1));
    check(&group(row(3)), 3.0 * 1.875, 0, 3);
    // Once in the open and once below a node that the cache knows already: as if both were new.
    let below = node(Kind::Hull, vec![pair()]);
    let root = group(vec![below.clone(), difference(vec![pair(), sphere(0.5, 9.0)])]);
    let cache = SolidCache::new(1 << 30);
    let job = Job::new(&cache, CancelToken::new());
    solve(&below, &job).unwrap();
    assert_eq!(meshes(&solve(&root, &job).unwrap()), meshes(&solved(&root)));
}

#[test]
fn who_solves_once_keeps_less_and_gets_the_same() {
    let solved_with = |keep_subtrees: bool| {
        let cache = SolidCache::new(1 << 30);
        let settings = Settings { keep_subtrees, ..Settings::default() };
        let job = Job { settings, ..Job::new(&cache, CancelToken::new()) };
        let solution = solve(&intricate(), &job).unwrap();
        (meshes(&solution), cache.stats().bytes)
    };
    let ((kept, all_bytes), (not_kept, bytes)) = (solved_with(true), solved_with(false));
    assert_eq!(kept, not_kept);
    assert!(bytes < all_bytes, "{bytes} of {all_bytes}");
}

#[test]
fn messages_come_again_from_a_warm_cache() {
    let cache = SolidCache::new(1 << 30);
    let job = Job::new(&cache, CancelToken::new());
    let root = difference(vec![cube(2.0), scale(f64::NAN, 1.0, 1.0, cube(1.0)), square(1.0)]);
    let fresh = solve(&root, &job).unwrap();
    assert_eq!(fresh.diagnostics.len(), 3);
    let again = solve(&root, &job).unwrap();
    assert_eq!(again.diagnostics, fresh.diagnostics);
    assert_eq!((again.stats.nodes, again.stats.cached), (1, 1));
}

#[test]
fn messages_come_again_where_their_nodes_stand_now() {
    // Two places of a difference with a flat child, from some place of the source on.
    let mixed = |start: u32| {
        let flat = node_at(start + 1, Kind::Square { size: [1.0; 2], center: false }, vec![]);
        node_at(start, Kind::Difference, vec![cube(2.0), flat])
    };
    let model = |start: u32, size: f64| {
        let inner = group(vec![cube(3.0), translate(2.0, 0.0, 0.0, mixed(start))]);
        group(vec![cube(size), inner, translate(0.0, 9.0, 0.0, mixed(start + 5))])
    };
    let cache = SolidCache::new(1 << 30);
    let job = Job::new(&cache, CancelToken::new());
    let said = |root: &Arc<Node>| -> Vec<u32> {
        let solution = solve(root, &job).unwrap();
        solution.diagnostics.iter().map(|message| message.origin.start).collect()
    };
    assert_eq!(said(&model(100, 1.0)), [100, 101]);
    assert_eq!(said(&model(200, 1.5)), [200, 201]);
    assert_eq!(said(&mixed(300)), [300, 301]);
}

#[test]
fn what_is_missing_is_looked_for_again() {
    let cache = SolidCache::new(1 << 30);
    let within = |most_triangles: u64| {
        let settings = Settings { most_triangles, ..Settings::default() };
        let job = Job { settings, ..Job::new(&cache, CancelToken::new()) };
        let root = difference(vec![sphere(1.0, 100.0), cube(1.0)]);
        let solution = solve(&root, &job).unwrap();
        (solution.parts.len(), solution.diagnostics.len())
    };
    assert_eq!(within(100), (0, 1));
    assert_eq!(within(1 << 20), (1, 0));
}

#[test]
fn deep_trees_do_not_overflow_the_stack() {
    let mut root = cube(1.0);
    for _ in 0..100_000 {
        root = translate(0.5, 0.0, 0.0, root);
    }
    assert_eq!(measured(&root).bounds.unwrap().min[0], 50_000.0);
    let mut root = cube(1.0);
    for i in 0..20_000 {
        root = group(vec![root, scale(0.0, 0.0, f64::from(i % 7), cube(1.0))]);
    }
    assert_eq!(solved(&root).parts.len(), 1);
}

#[test]
fn a_hundred_thousand_children() {
    let place = |i: u32| {
        let (x, y) = (f64::from(i % 400) * 2.0, f64::from(i / 400) * 2.0);
        translate(x, y, 0.0, cube(1.0))
    };
    let root = group((0..100_000).map(place).collect());
    let m = measured(&root);
    // Large models are solved by cells, which may cut a cube.
    assert!(close(m.volume, 100_000.0, 1e-12), "{}", m.volume);
    assert_eq!(m.components, 100_000);
}

#[test]
fn an_absurd_resolution_is_refused_with_a_reason() {
    let solution = solved(&sphere(1.0, 65_000.0));
    assert!(solution.parts.is_empty());
    let [message] = &solution.diagnostics[..] else { panic!("{:?}", solution.diagnostics) };
    assert_eq!(message.severity, Severity::Error);
    assert!(message.message.starts_with("sphere() would have 4225000000 triangles"));
}
