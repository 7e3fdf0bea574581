use std::sync::Arc;

use proptest::prelude::*;
use scadstream_csg::Fragments;

use super::lattice::{Site, turn};
use super::noding::{Edge, noded};
use super::*;
use crate::kernel::{CancelToken, Solid};
use crate::later::LaterMesh;
use crate::linear_extrude::linear_extrude;
use crate::measure::{Measure, cross, dot, measure, sub};
use crate::polygon::{circle, square};
use crate::testing::{close, straight};

/// What is made over a region that is drawn around the origin.
fn standing(region: Region, low: f64, high: f64) -> Solid {
    let region = Arc::new(region);
    let parameters = straight(high - low);
    let own = Arc::clone(&region);
    let mesh = move || {
        let mut mesh = linear_extrude(&own, &parameters);
        mesh.positions.iter_mut().for_each(|position| position[2] += low);
        mesh
    };
    let solid = Solid::upright(region, [low, high], LaterMesh::new(mesh));
    solid.unwrap_or_else(|_| panic!("not of a size for prisms"))
}

fn block(min: [f64; 3], max: [f64; 3]) -> Solid {
    let size = [0, 1].map(|k| max[k] - min[k]);
    let base = square(size, false);
    standing(base, min[2], max[2]).transformed(&Affine::translation([min[0], min[1], 0.0]))
}

fn pin(x: f64, y: f64, r: f64, n: f64, [low, high]: [f64; 2]) -> Solid {
    let base = circle(r, Fragments { fn_: n, ..Fragments::default() });
    standing(base, low, high).transformed(&Affine::translation([x, y, 0.0]))
}

/// Turns space so that Z points along X, or along Y.
fn lying(axis: usize) -> Affine {
    let mut rows = [[0.0; 4]; 3];
    (0..3).for_each(|from| rows[(from + axis + 1) % 3][from] = 1.0);
    Affine(rows)
}

fn united(solids: &[Solid]) -> Solid {
    Solid::union(solids, &CancelToken::new()).unwrap().expect("something")
}

fn taken(first: &Solid, rest: &[Solid]) -> Option<Solid> {
    Solid::difference(vec![first.clone()], rest.to_vec(), &CancelToken::new()).unwrap()
}

fn common(solids: &[Solid]) -> Option<Solid> {
    let lists = solids.iter().map(|solid| vec![solid.clone()]).collect();
    Solid::intersection(lists, &CancelToken::new()).unwrap()
}

/// The same solids as bodies, of which the kernel knows no prisms.
fn bodies(solids: &[Solid]) -> Vec<Solid> {
    solids.iter().map(Solid::with_transform_applied).collect()
}

fn area_of(mesh: &Mesh, paint: Paint) -> f64 {
    let area = |[a, b, c]: [u32; 3]| {
        let [a, b, c] = [a, b, c].map(|vertex| mesh.positions[vertex as usize]);
        let normal = cross(sub(b, a), sub(c, a));
        dot(normal, normal).sqrt() / 2.0
    };
    mesh.painted_triangles()
        .filter(|(_, own)| *own == paint)
        .map(|(corners, _)| area(corners))
        .sum()
}

#[track_caller]
fn check(solid: &Solid, volume: f64, area: f64, triangles: usize) -> Measure {
    assert!(solid.is_upright(), "left to the kernel");
    let found = measure(&solid.to_mesh());
    assert!(found.closed);
    assert!(close(found.volume, volume, 1e-12), "volume {}", found.volume);
    assert!(close(found.area, area, 1e-12), "area {}", found.area);
    assert_eq!(found.triangles, triangles);
    assert_eq!(found.bounds, Some(solid.bounds()));
    // The body that the kernel gets is the same.
    let body = measure(&solid.with_transform_applied().to_mesh());
    assert!(close(body.volume, volume, 1e-12) && body.genus == found.genus);
    found
}

#[test]
fn a_plate_with_a_pocket_has_no_more_triangles_than_it_needs() {
    let plate = block([0.0; 3], [9.0, 8.0, 3.0]);
    let pocket = block([1.0, 1.0, 2.0], [4.0, 4.0, 9.0]);
    let left = taken(&plate, std::slice::from_ref(&pocket)).unwrap();
    // The outer walls go from bottom to top in one piece.
    let found = check(&left, 9.0 * 8.0 * 3.0 - 9.0, 2.0 * 72.0 + 34.0 * 3.0 + 12.0, 28);
    assert_eq!(found.genus, 0);
    let hole = pin(6.0, 4.0, 1.0, 4.0, [-1.0, 4.0]);
    let drilled = taken(&plate, &[pocket, hole]).unwrap();
    assert_eq!(measure(&drilled.to_mesh()).genus, 1);
    assert!(taken(&plate, &[block([-1.0; 3], [10.0; 3])]).is_none());
    assert!(common(&[plate, block([10.0; 3], [11.0; 3])]).is_none());
}

#[test]
fn steps_and_brackets_share_vertices_where_they_meet() {
    // The corner of the upright part lies inside an edge of the flat one.
    let flat = block([0.0; 3], [20.0, 10.0, 3.0]);
    let upright = block([0.0; 3], [3.0, 10.0, 20.0]);
    let bracket = united(&[flat.clone(), upright.clone()]);
    let profile = 20.0 * 3.0 + 3.0 * 17.0;
    check(&bracket, profile * 10.0, 2.0 * profile + 10.0 * 80.0, 24);
    // As they lie, and of three parts at once.
    for axis in 0..3 {
        let lie = |solid: &Solid| solid.transformed(&lying(axis));
        let stair = united(&[lie(&flat), lie(&upright), lie(&block([3.0; 3], [6.0, 10.0, 5.0]))]);
        assert!(stair.is_upright(), "along {axis}");
        let found = measure(&stair.to_mesh());
        assert!(found.closed && close(found.volume, profile * 10.0 + 42.0, 1e-12), "{found:?}");
    }
}

#[test]
fn boxes_are_prisms_along_each_axis() {
    let block = block([0.0; 3], [10.0, 10.0, 10.0]);
    for axis in 0..3 {
        let pin = pin(5.0, 5.0, 2.0, 8.0, [-1.0, 11.0]).transformed(&lying(axis));
        let left = taken(&block, &[pin]).unwrap();
        assert!(left.is_upright(), "along {axis}");
        let found = measure(&left.to_mesh());
        assert!(found.genus == 1 && found.triangles == 48, "{found:?}");
    }
    // Along two axes at once they are none.
    let pins = [0, 1].map(|axis| pin(5.0, 5.0, 2.0, 8.0, [-1.0, 11.0]).transformed(&lying(axis)));
    let left = taken(&block, &pins).unwrap();
    assert!(!left.is_upright());
    assert_eq!(measure(&left.to_mesh()).genus, 3);
}

#[test]
fn an_inlay_that_ends_with_its_pocket_shows_its_own_colour() {
    let [red, blue] = [[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]].map(Paint::Color);
    let plate = block([0.0; 3], [10.0, 10.0, 3.0]);
    let pocket = block([2.0, 2.0, 2.0], [8.0, 8.0, 4.0]);
    let left = taken(&plate.painted(red), &[pocket]).unwrap();
    assert_eq!(area_of(&left.to_mesh(), Paint::Cut), 36.0 + 24.0);
    let inlay = block([3.0, 3.0, 2.0], [7.0, 7.0, 3.0]).painted(blue);
    let sign = united(&[left.clone(), inlay]).to_mesh();
    let areas = [red, blue, Paint::Cut, Paint::Default].map(|paint| area_of(&sign, paint));
    assert_eq!(areas, [100.0 + 120.0 + 64.0, 16.0 + 16.0, 20.0 + 24.0, 0.0]);
    // Paint over all of it.
    let painted = left.painted(blue);
    assert_eq!(area_of(&painted.to_mesh(), blue), measure(&left.to_mesh()).area);
    let cut = taken(&painted, &[block([0.0; 3], [1.0, 1.0, 9.0])]).unwrap().to_mesh();
    assert_eq!(area_of(&cut, Paint::Cut), 6.0);
}

#[test]
fn parts_that_meet_but_for_rounding_meet() {
    let low = block([0.0; 3], [1.0, 1.0, 0.1 + 0.2]);
    let high = block([0.0, 0.0, 0.3], [1.0, 1.0, 1.0]);
    let beside = block([1.0 + 1e-10, 0.0, 0.0], [2.0, 1.0, 1.0]);
    check(&united(&[low, high, beside]), 2.0, 10.0, 12);
}

#[test]
fn a_row_of_boxes_that_overlap_is_one_box() {
    let boxes = [0.0, 1.0, 2.5].map(|x| block([x, 0.0, 0.0], [x + 2.0, 1.0, 1.0]));
    check(&united(&boxes), 4.5, 20.0, 12);
}

#[test]
fn a_hole_that_pokes_out_of_its_outline_takes_nothing_from_others() {
    // The corner of the hole lies on the edge, but for rounding; another part covers it.
    for angle in 1..60 {
        let region = crate::clip::difference(
            &square([10.0, 10.0], false),
            &[square([3.0, 3.0], false).transformed(&turned(-45.0, 0.0, 5.0))],
        );
        let turn = turned(f64::from(angle), 0.0, 0.0);
        let first = standing(region.transformed(&turn), 0.0, 5.0);
        let over =
            square([4.0, 4.0], false).transformed(&turned(0.0, -1.0, 4.0)).transformed(&turn);
        let both = united(&[first.clone(), standing(over, 0.0, 5.0)]);
        let theirs = united(&bodies(&[first, both.clone()]));
        let found = measure(&both.to_mesh());
        assert!(close(found.volume, measure(&theirs.to_mesh()).volume, 1e-7), "{angle}: {found:?}");
        assert_eq!((found.closed, found.components), (true, 1), "{angle}");
    }
}

/// The plane turned, then moved.
fn turned(angle: f64, x: f64, y: f64) -> [[f64; 4]; 4] {
    let (sin, cos) = (scadstream_csg::degrees::sin(angle), scadstream_csg::degrees::cos(angle));
    [[cos, -sin, 0.0, x], [sin, cos, 0.0, y], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
}

#[test]
fn what_lies_across_is_worked_on_after_the_others() {
    let plate = block([0.0; 3], [20.0, 20.0, 5.0]);
    let holes = [4.0, 10.0, 16.0].map(|x| pin(x, 10.0, 1.5, 12.0, [-1.0, 6.0]));
    let across = pin(4.0, 2.5, 1.0, 8.0, [-1.0, 21.0]).transformed(&lying(0));
    let all: Vec<Solid> = holes.iter().cloned().chain([across]).collect();
    let ours = measure(&taken(&plate, &all).unwrap().to_mesh());
    let theirs = taken(&plate.with_transform_applied(), &bodies(&all)).unwrap();
    let theirs = measure(&theirs.to_mesh());
    assert!(close(ours.volume, theirs.volume, 1e-9) && ours.genus == theirs.genus, "{ours:?}");
    assert!(ours.closed && ours.genus == 4);
}

#[test]
fn parts_that_touch_in_an_edge_are_left_to_the_kernel() {
    let [a, b] = [block([0.0; 3], [1.0; 3]), block([1.0, 1.0, 0.0], [2.0, 2.0, 1.0])];
    let both = united(&[a.clone(), b]);
    assert!(!both.is_upright());
    assert!(close(measure(&both.to_mesh()).volume, 2.0, 1e-12));
    let corner = united(&[a, block([1.0; 3], [2.0; 3])]);
    assert!(close(measure(&corner.to_mesh()).volume, 2.0, 1e-12));
}

#[test]
fn what_is_too_small_or_too_far_is_left_to_the_kernel() {
    let region = || Arc::new(square([1.0, 1.0], false));
    assert!(Prisms::upright(region(), 0.0, 1e-5).is_none());
    assert!(Prisms::upright(region(), 0.0, 1e7).is_none());
    let scaled = |factor: f64| {
        let blocks = [block([0.0; 3], [1.0; 3]), block([0.5; 3], [1.5; 3])];
        united(&blocks.map(|block| block.transformed(&Affine::scaling([factor; 3]))))
    };
    for height in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        assert!(Prisms::upright(region(), 0.0, height).is_none());
    }
    // Thin, though its box is large: all its points are on one line of the grid.
    let thin = Affine([[0.7, -7e-11, 0.0, 0.0], [0.7, 7e-11, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
    let blade = block([0.0; 3], [10.0; 3]).transformed(&thin);
    let blades = [blade.clone(), blade.transformed(&Affine::translation([0.0, 0.0, 10.0]))];
    assert!(!united(&blades).is_upright());
    assert!(scaled(1.0).is_upright() && !scaled(1e-5).is_upright() && !scaled(1e7).is_upright());
    // Deep nesting is taken up again from its body.
    let chain = (0..40).fold(block([0.0; 3], [1.0; 3]), |all, step| {
        let at = f64::from(step) / 2.0;
        united(&[all, block([at, 0.0, 0.0], [at + 1.0, 1.0, 1.0 + at])])
    });
    assert!(measure(&chain.to_mesh()).closed);
}

#[test]
fn a_tower_of_turned_plates_is_left_to_the_kernel() {
    let plate = |step: u32| {
        let angle = f64::from(step) * 7.0;
        let (sin, cos) = (scadstream_csg::degrees::sin(angle), scadstream_csg::degrees::cos(angle));
        let rows = [[cos, -sin, 0.0, 0.0], [sin, cos, 0.0, 0.0], [0.0, 0.0, 1.0, f64::from(step)]];
        block([-5.0, -5.0, 0.0], [5.0, 5.0, 1.0]).transformed(&Affine(rows))
    };
    let tower = |count: u32| united(&(0..count).map(plate).collect::<Vec<_>>());
    assert!(tower(3).is_upright() && !tower(30).is_upright());
    for count in [3, 30] {
        let found = measure(&tower(count).to_mesh());
        assert!(found.closed && close(found.volume, 100.0 * f64::from(count), 1e-9), "{found:?}");
    }
}

#[test]
fn what_is_no_prism_is_worked_on_after_the_prisms() {
    let fragments = Fragments { fn_: 20.0, ..Fragments::default() };
    let mesh = crate::primitives::sphere(2.0, fragments);
    let ball = Solid::from_mesh(&mesh, &CancelToken::new()).unwrap().unwrap();
    let plate = block([-5.0; 3], [5.0, 5.0, 0.5]);
    let pins = [pin(1.0, 0.0, 1.0, 9.0, [-9.0, 9.0]), pin(-3.0, 0.5, 1.5, 7.0, [-2.0, 9.0])];
    let all: Vec<Solid> = pins.iter().cloned().chain([ball.clone()]).collect();
    let apart: Vec<Solid> = all.iter().cloned().chain([plate.clone()]).collect();
    for (ours, theirs) in [
        (taken(&plate, &all), taken(&plate.with_transform_applied(), &bodies(&all))),
        (Some(united(&apart)), Some(united(&bodies(&apart)))),
        (common(&[plate.clone(), ball]), common(&bodies(&[plate, all[2].clone()]))),
    ] {
        let [ours, theirs] = [ours, theirs].map(|solid| measure(&solid.unwrap().to_mesh()));
        assert!(ours.closed && close(ours.volume, theirs.volume, 1e-9));
        assert!(close(ours.area, theirs.area, 1e-9) && ours.genus == theirs.genus);
    }
}

/// A box or a pin, on a coarse grid or off it.
fn operand() -> impl Strategy<Value = Solid> {
    let on_grid = (-4..5_i32).prop_map(|steps| f64::from(steps) / 2.0);
    let place = prop_oneof![3 => on_grid, 1 => -2.0..2.0];
    let size = prop_oneof![3 => (1..5_i32).prop_map(|steps| f64::from(steps) / 2.0), 1 => 0.1..2.5];
    let shape = (any::<bool>(), 3..12_u32, [size.clone(), size.clone(), size]);
    let turn = prop_oneof![4 => Just(0.0), 1 => Just(90.0), 1 => 0.0..360.0_f64];
    (shape, [place.clone(), place.clone(), place], turn, any::<bool>()).prop_map(
        |((is_box, sides, size), at, turn, mirrored)| {
            let solid = match is_box {
                true => block([0.0; 3], size),
                false => pin(0.0, 0.0, size[0], f64::from(sides), [0.0, size[2]]),
            };
            let (sin, cos) =
                (scadstream_csg::degrees::sin(turn), scadstream_csg::degrees::cos(turn));
            let flip = if mirrored { -1.0 } else { 1.0 };
            let turned = Affine([
                [cos, -sin * flip, 0.0, at[0]],
                [sin, cos * flip, 0.0, at[1]],
                [0.0, 0.0, flip, at[2]],
            ]);
            solid.transformed(&turned)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn booleans_in_the_plane_are_those_of_the_kernel(
        first in prop::collection::vec(operand(), 1..4),
        rest in prop::collection::vec(operand(), 1..4),
    ) {
        let token = CancelToken::new();
        let all = |first: Vec<Solid>, rest: Vec<Solid>| {
            let taken = Solid::difference(first.clone(), rest.clone(), &token).unwrap();
            let common = Solid::intersection(vec![first.clone(), rest.clone()], &token).unwrap();
            // What was taken away put back, in another paint: booleans of booleans.
            let paint = Paint::Color([1.0, 0.0, 0.0, 1.0]);
            let parts: Vec<Solid> =
                taken.iter().cloned().chain(common.iter().map(|part| part.painted(paint))).collect();
            [taken, common, Solid::union(&parts, &token).unwrap()]
        };
        let ours = all(first.clone(), rest.clone());
        let theirs = all(bodies(&first), bodies(&rest));
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            let [ours, theirs] =
                [ours, theirs].map(|solid| solid.map(|s| measure(&s.to_mesh())));
            let volume = |found: &Option<Measure>| found.map_or(0.0, |found| found.volume);
            prop_assert!(ours.is_none_or(|found| found.closed));
            prop_assert!(close(volume(&ours), volume(&theirs), 1e-9), "{ours:?}\n{theirs:?}");
        }
    }

    #[test]
    fn noded_edges_meet_in_their_ends_alone(
        lines in prop::collection::vec(([-9..9_i64, -9..9], [-9..9_i64, -9..9]), 1..40),
        stretch in 1..1000_i64,
    ) {
        let edges: Vec<Edge> = (0..)
            .zip(&lines)
            .filter_map(|(index, (a, b))| {
                Edge::of_outline(a.map(|c| c * stretch), b.map(|c| c * stretch), index)
            })
            .collect();
        let ends = |edges: &[Edge]| -> Vec<(Site, i64)> {
            // Each line still leads from its one end to its other.
            let signed = |e: &Edge| [(e.ends[0], i64::from(e.side)), (e.ends[1], -i64::from(e.side))];
            let mut sums = std::collections::BTreeMap::new();
            edges.iter().flat_map(signed).for_each(|(site, sign)| *sums.entry(site).or_insert(0) += sign);
            sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
        };
        let Some(cut) = noded(edges.clone(), &CancelToken::new()).expect("nobody cancels") else {
            prop_assert!(lines.len() > 8, "few lines are always cut");
            return Ok(());
        };
        prop_assert_eq!(ends(&edges), ends(&cut));
        let mut segments: Vec<[Site; 2]> = cut.iter().map(|edge| edge.ends).collect();
        segments.dedup();
        for (place, [a, b]) in segments.iter().enumerate() {
            for [c, d] in &segments[..place] {
                let sides = [turn(*a, *b, *c), turn(*a, *b, *d), turn(*c, *d, *a), turn(*c, *d, *b)];
                let crosses = sides[0].signum() * sides[1].signum() < 0
                    && sides[2].signum() * sides[3].signum() < 0;
                prop_assert!(!crosses, "{a:?} {b:?} {c:?} {d:?}");
            }
            for site in segments.iter().flatten() {
                let is_inside = turn(*a, *b, *site) == 0 && a < site && site < b;
                prop_assert!(!is_inside, "{a:?} {b:?} {site:?}");
            }
        }
    }
}
