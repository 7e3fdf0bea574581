//! Bad input through the whole solver: never a panic, always a closed solid, a clean region or nothing.

use std::sync::Arc;

use scadstream_csg::{
    FileData, Fragments, Kind, LinearExtrude, Node, OffsetDelta, RoofMethod, RotateExtrude,
};

use super::*;
use crate::measure::measure;
use crate::testing::*;

const ODD: [f64; 7] =
    [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, 1e30];

/// Solves; what comes out must be closed and finite.
#[track_caller]
fn check_sound(root: &Arc<Node>) -> Solution {
    let solution = solved(root);
    for part in solution.parts.iter().filter(|part| part.closed) {
        let m = measure(part.shell.mesh());
        assert!(m.closed, "{:?}", root.kind());
        assert!(m.volume.is_finite() && m.volume >= 0.0, "{:?}: {}", root.kind(), m.volume);
    }
    solution
}

#[track_caller]
fn check_nothing(root: &Arc<Node>) {
    assert_eq!(check_sound(root).parts.len(), 0, "{:?}", root.kind());
}

fn fine(fn_: f64) -> Fragments {
    Fragments { fn_, ..Fragments::default() }
}

fn circle(r: f64, fn_: f64) -> Arc<Node> {
    node(Kind::Circle { r, fragments: fine(fn_) }, Vec::new())
}

fn polyhedron(points: &[[f64; 3]], faces: &[&[u32]]) -> Arc<Node> {
    let faces: Vec<Arc<[u32]>> = faces.iter().map(|face| Arc::from(*face)).collect();
    node(Kind::Polyhedron { points: points.into(), faces: faces.into(), convexity: 1 }, Vec::new())
}

fn linear(sweep: [f64; 3], child: Arc<Node>) -> Arc<Node> {
    let parameters = LinearExtrude {
        sweep,
        center: false,
        twist: 0.0,
        scale: [1.0; 2],
        slices: None,
        segments: None,
        convexity: 1,
        fragments: Fragments::default(),
    };
    node(Kind::LinearExtrude(Box::new(parameters)), vec![child])
}

fn turned(angle: f64, start: f64, fn_: f64, child: Arc<Node>) -> Arc<Node> {
    let parameters = RotateExtrude { angle, start, convexity: 1, fragments: fine(fn_) };
    node(Kind::RotateExtrude(Box::new(parameters)), vec![child])
}

#[test]
fn primitives_of_odd_sizes_are_nothing() {
    for size in ODD.into_iter().take(5) {
        check_nothing(&node(Kind::Cube { size: [1.0, size, 1.0], center: true }, Vec::new()));
        check_nothing(&node(Kind::Square { size: [size, 1.0], center: true }, Vec::new()));
        check_nothing(&sphere(size, 12.0));
        check_nothing(&circle(size, 12.0));
        let cylinder = |h, r1, r2| {
            node(
                Kind::Cylinder { h, r1, r2, center: false, fragments: fine(9.0).into() },
                Vec::new(),
            )
        };
        check_nothing(&cylinder(size, 1.0, 1.0));
        check_nothing(&cylinder(1.0, size, size));
        check_nothing(&linear([0.0, 0.0, size], square(1.0)));
    }
}

#[test]
fn parameters_of_odd_values_have_a_defined_result() {
    for value in ODD {
        check_sound(&linear([value, 0.0, 1.0], square(1.0)));
        check_sound(&turned(value, 0.0, 8.0, square(1.0)));
        check_sound(&turned(90.0, value, 8.0, square(1.0)));
        check_sound(&scale(value, 1.0, 1.0, cube(1.0)));
        check_sound(&scale(value, 1.0, 1.0, square(1.0)));
        check_sound(&node(
            Kind::Resize { new_size: [value, 0.0, 2.0], auto: [false, true, false], convexity: 1 },
            vec![cube(1.0)],
        ));
        for delta in [
            OffsetDelta::Round(value),
            OffsetDelta::Straight { delta: value, chamfer: false },
            OffsetDelta::Straight { delta: value, chamfer: true },
        ] {
            check_sound(&node(Kind::Offset { delta, fragments: fine(8.0) }, vec![square(1.0)]));
        }
        let twisted = LinearExtrude {
            sweep: [0.0, 0.0, 1.0],
            center: true,
            twist: value,
            scale: [value, 1.0],
            slices: None,
            segments: None,
            convexity: 1,
            fragments: Fragments::default(),
        };
        // So many turns are capped at a hundred thousand slices, which would be a slow test.
        if value != 1e30 {
            check_sound(&node(Kind::LinearExtrude(Box::new(twisted)), vec![square(1.0)]));
        }
        let bad = [[value, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        check_sound(&polyhedron(&bad, &[&[0, 1, 2], &[0, 3, 1], &[0, 2, 3], &[1, 3, 2]]));
    }
}

#[test]
fn operations_on_nothing_give_nothing() {
    let none = || group(Vec::new());
    for kind in [
        Kind::Union,
        Kind::Difference,
        Kind::Intersection,
        Kind::Hull,
        Kind::Minkowski { convexity: 1 },
        Kind::Fill,
        Kind::Render { convexity: 1 },
        Kind::Projection { cut: true, convexity: 1 },
        Kind::Projection { cut: false, convexity: 1 },
        Kind::Offset { delta: OffsetDelta::Round(1.0), fragments: fine(8.0) },
        Kind::Roof { method: RoofMethod::Straight, fragments: fine(8.0), convexity: 1 },
        Kind::Resize { new_size: [1.0; 3], auto: [true; 3], convexity: 1 },
        Kind::Color([1.0, 0.0, 0.0, 1.0]),
    ] {
        check_nothing(&node(kind.clone(), Vec::new()));
        check_nothing(&node(kind.clone(), vec![none(), none()]));
        check_nothing(&node(kind.clone(), vec![sphere(0.0, 8.0)]));
        check_nothing(&node(kind, vec![circle(0.0, 8.0), none()]));
    }
    check_nothing(&linear([0.0, 0.0, 1.0], none()));
    check_nothing(&turned(360.0, 0.0, 8.0, none()));
}

#[test]
fn huge_resolutions_are_capped_or_refused() {
    for fn_ in [1e5, 1e9, f64::INFINITY] {
        check_sound(&linear([0.0, 0.0, 1.0], circle(10.0, fn_)));
        let solution = check_sound(&sphere(10.0, fn_));
        let refused = solution.diagnostics.iter().any(|d| d.severity == Severity::Error);
        assert!(refused || solution.parts.len() == 1);
    }
}

/// Two tetrahedra that share a corner, then an edge: closed, but more than one surface passes through it.
#[test]
fn polyhedra_that_touch_themselves_are_solids() {
    let corner = [
        [0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [-1.0, 0.0, 0.0],
        [0.0, -1.0, 0.0],
        [0.0, 0.0, -1.0],
    ];
    let root = polyhedron(
        &corner,
        &[
            &[0, 1, 2],
            &[0, 3, 1],
            &[0, 2, 3],
            &[1, 3, 2],
            &[0, 5, 4],
            &[0, 4, 6],
            &[0, 6, 5],
            &[4, 5, 6],
        ],
    );
    let m = measured(&root);
    assert!(close(m.volume, 2.0 / 6.0, 1e-9), "{}", m.volume);
    let edge = [
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0],
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [-1.0, 0.0, 0.0],
        [0.0, -1.0, 0.0],
    ];
    let root = polyhedron(
        &edge,
        &[
            &[0, 2, 3],
            &[0, 1, 2],
            &[0, 3, 1],
            &[2, 1, 3],
            &[0, 4, 5],
            &[0, 1, 4],
            &[0, 5, 1],
            &[4, 1, 5],
        ],
    );
    let m = measured(&root);
    assert!(close(m.volume, 2.0 / 6.0, 1e-9), "{}", m.volume);
}

#[test]
fn a_polyhedron_inside_out_is_turned_and_can_be_subtracted() {
    let points = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]];
    let outwards: [&[u32]; 4] = [&[0, 1, 2], &[0, 3, 1], &[0, 2, 3], &[1, 3, 2]];
    let inwards: [&[u32]; 4] = [&[2, 1, 0], &[1, 3, 0], &[3, 2, 0], &[2, 3, 1]];
    for faces in [outwards, inwards] {
        let solid = || polyhedron(&points, &faces);
        assert!(close(measured(&solid()).volume, 8.0 / 6.0, 1e-9));
        let left = measured(&difference(vec![cube(3.0), solid()]));
        assert!(close(left.volume, 27.0 - 8.0 / 6.0, 1e-9));
    }
}

#[test]
fn faces_that_name_no_point_or_too_few_are_left_out() {
    let points = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    check_sound(&polyhedron(&points, &[&[0, 1, 99], &[0, 1], &[], &[2, 2, 2]]));
    check_sound(&polyhedron(&[], &[&[0, 1, 2]]));
    check_nothing(&polyhedron(&[], &[]));
}

#[test]
fn solids_that_touch_in_faces_edges_and_corners_stay_closed() {
    for at in [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 0.5, 0.5]] {
        let other = || translate(at[0], at[1], at[2], cube(1.0));
        assert!(close(measured(&group(vec![cube(1.0), other()])).volume, 2.0, 1e-9));
        assert!(close(measured(&difference(vec![cube(1.0), other()])).volume, 1.0, 1e-9));
        check_nothing(&node(Kind::Intersection, vec![cube(1.0), other()]));
    }
}

#[test]
fn the_same_object_many_times_is_that_object() {
    let all: Vec<_> = (0..500).map(|_| translate(0.1, 0.0, 0.0, cube(1.0))).collect();
    assert!(close(measured(&group(all.clone())).volume, 1.0, 1e-9));
    assert!(close(measured(&node(Kind::Intersection, all.clone())).volume, 1.0, 1e-9));
    check_nothing(&difference(all));
}

#[test]
fn what_is_far_too_large_is_refused() {
    // Areas of such faces are no numbers, and the kernel panicked as it sorted by them.
    let far = 1e308;
    let points = [[0.0; 3], [far, 0.0, 0.0], [0.0, -far, 0.0], [0.0, 0.0, far]];
    let faces: [&[u32]; 4] = [&[0, 1, 2], &[0, 3, 1], &[0, 2, 3], &[1, 3, 2]];
    let heights = FileData::new("a.dat", b"1 1 1 1e308\n0 8 0 -1e308".as_slice());
    let surface = Kind::Surface {
        name: "a.dat".into(),
        file: Some(Box::new(heights)),
        center: true,
        invert: false,
        convexity: 1,
    };
    for root in [
        polyhedron(&points, &faces),
        node(surface, vec![]),
        scale(1e200, 1e200, 1e200, cube(1.0)),
        translate(far, 0.0, 0.0, cube(1e70)),
        node(Kind::Minkowski { convexity: 1 }, vec![cube(1e200), cube(1e200)]),
        group(vec![cube(1.0), scale(1e200, 1e200, 1e200, cube(1.0))]),
    ] {
        let solution = check_sound(&root);
        let said = solution.diagnostics.iter().any(|d| d.message.contains("far too large"));
        assert!(said, "{:?}: {:?}", root.kind(), solution.diagnostics);
    }
}

#[test]
fn prisms_of_odd_heights_are_nothing_whatever_is_done_to_them() {
    let slanted = [[0.9, -0.1, 0.3, 0.0], [0.2, 0.9, -0.1, 0.0], [-0.3, 0.2, 0.9, 0.0]];
    for odd in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        let kinds = [
            Kind::Cube { size: [1.0, 1.0, odd], center: false },
            Kind::Cylinder {
                h: odd,
                r1: 1.0,
                r2: 1.0,
                center: true,
                fragments: Box::new(fine(8.0)),
            },
        ];
        for kind in kinds {
            let resize = Kind::Resize { new_size: [5.0; 3], auto: [false; 3], convexity: 1 };
            check_nothing(&node(resize, vec![transform(slanted, node(kind.clone(), Vec::new()))]));
            check_nothing(&difference(vec![node(kind, Vec::new()), cube(1.0)]));
        }
    }
}

#[test]
fn what_is_scaled_thinner_than_the_grid_is_still_united() {
    let thin = [[0.7, -7e-11, 0.0, 0.0], [0.7, 7e-11, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
    let blade = transform(thin, cube(10.0));
    let blades = group(vec![blade.clone(), translate(0.0, 0.0, 10.0, blade)]);
    check_sound(&node(
        Kind::Render { convexity: 1 },
        vec![blades, translate(50.0, 0.0, 0.0, cube(1.0))],
    ));
}

#[test]
fn colours_that_are_no_numbers_take_nothing_away() {
    for alpha in [1.0, f32::NAN] {
        let red = color([f32::NAN, 0.0, 0.0, alpha], sphere(5.0, 20.0));
        let drilled = difference(vec![red, translate(0.0, 0.0, 3.0, cube(4.0)), cube(2.0)]);
        let solution =
            check_sound(&group(vec![drilled, color([0.0, f32::NAN, 0.0, 1.0], cube(3.0))]));
        assert!(solution.parts.iter().all(|part| !part.shell.mesh().is_empty()));
        assert_eq!(solution.parts.len(), 2);
    }
}
