//! Laws that hold for any solids, checked on random ones.

use std::sync::Arc;

use proptest::prelude::*;
use scadstream_csg::{Fragments, Kind, Modifiers, Node, Origin};
use scadstream_geometry::measure::{Measure, measure};
use scadstream_geometry::{CancelToken, Job, Mesh, SolidCache, Whole, export, solve};

fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
    Node::new(kind, Modifiers::default(), Origin::default(), children)
}

fn affine(rows: [[f64; 4]; 3], child: Arc<Node>) -> Arc<Node> {
    let [a, b, c] = rows;
    node(Kind::Transform(Box::new([a, b, c, [0.0, 0.0, 0.0, 1.0]])), vec![child])
}

fn mesh_of(root: &Arc<Node>) -> Mesh {
    let cache = SolidCache::new(0);
    let job = Job::new(&cache, CancelToken::new());
    let solution = solve(root, &job).expect("nobody cancels");
    assert_eq!(solution.diagnostics, []);
    match solution.unite(&job).expect("nobody cancels").expect("no kernel error") {
        Whole::Solid(shell) => Mesh::clone(shell.mesh()),
        Whole::Empty => Mesh::default(),
        other => unreachable!("{other:?} of 3D objects that nobody takes"),
    }
}

/// Measures what must be a closed solid, or nothing.
fn measured(root: &Arc<Node>) -> Measure {
    let m = measure(&mesh_of(root));
    assert!(m.closed, "a solid must be closed");
    assert!(m.volume >= -1e-9, "a solid must not be inside out");
    m
}

/// Primitives, moved, and on a coarse grid, so that faces and edges often coincide.
fn primitive() -> impl Strategy<Value = Arc<Node>> {
    let size = (1..6_u8).prop_map(|n| f64::from(n) / 2.0);
    let fragments = (3..9_u8).prop_map(|n| Fragments { fn_: f64::from(n), ..Fragments::default() });
    let shape = prop_oneof![
        [size.clone(), size.clone(), size.clone()]
            .prop_map(|size| Kind::Cube { size, center: false }),
        (size.clone(), fragments.clone()).prop_map(|(r, fragments)| Kind::Sphere { r, fragments }),
        (size.clone(), size.clone(), size, fragments).prop_map(|(h, r1, r2, fragments)| {
            Kind::Cylinder { h, r1, r2, center: true, fragments: fragments.into() }
        }),
    ];
    let offset = || (-4..5_i8).prop_map(|n| f64::from(n) / 2.0);
    (shape, offset(), offset(), offset()).prop_map(|(kind, x, y, z)| {
        affine([[1.0, 0.0, 0.0, x], [0.0, 1.0, 0.0, y], [0.0, 0.0, 1.0, z]], node(kind, Vec::new()))
    })
}

/// Small trees of booleans.
fn solid() -> impl Strategy<Value = Arc<Node>> {
    primitive().prop_recursive(3, 8, 3, |inner| {
        let operation =
            prop_oneof![Just(Kind::Union), Just(Kind::Difference), Just(Kind::Intersection)];
        (operation, prop::collection::vec(inner, 1..4))
            .prop_map(|(kind, children)| node(kind, children))
    })
}

/// Agreement up to what the kernel may move vertices by when faces nearly coincide.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn union_and_intersection_have_the_volume_of_both(a in solid(), b in solid()) {
        let [union, common] = [Kind::Union, Kind::Intersection]
            .map(|kind| measured(&node(kind, vec![a.clone(), b.clone()])).volume);
        let both = measured(&a).volume + measured(&b).volume;
        prop_assert!(close(union + common, both), "{union} + {common}, expected {both}");
    }

    #[test]
    fn a_difference_and_what_was_taken_make_the_whole(a in solid(), b in solid()) {
        let [left, taken] = [Kind::Difference, Kind::Intersection]
            .map(|kind| measured(&node(kind, vec![a.clone(), b.clone()])).volume);
        let whole = measured(&a).volume;
        prop_assert!(close(left + taken, whole), "{left} + {taken}, expected {whole}");
    }

    #[test]
    fn mirroring_and_scaling_commute_with_measures(a in solid()) {
        let before = measured(&a);
        let rows = [[0.0, -2.0, 0.0, 7.0], [2.0, 0.0, 0.0, -3.0], [0.0, 0.0, -2.0, 0.25]];
        let after = measured(&affine(rows, a));
        prop_assert!(close(after.volume, 8.0 * before.volume));
        prop_assert!(close(after.area, 4.0 * before.area));
        prop_assert_eq!(after.components, before.components);
    }

    #[test]
    fn a_hull_holds_its_points_and_is_in_one_piece(a in solid(), b in solid()) {
        let hull = measured(&node(Kind::Hull, vec![a.clone(), b.clone()]));
        let union = measured(&node(Kind::Union, vec![a, b]));
        prop_assert!(hull.volume >= union.volume - 1e-6);
        prop_assert_eq!(hull.bounds, union.bounds);
        prop_assert!(hull.components <= 1);
    }

    #[test]
    fn a_minkowski_sum_is_as_large_as_both_operands(a in solid(), b in primitive()) {
        let sum = measured(&node(Kind::Minkowski { convexity: 1 }, vec![a.clone(), b.clone()]));
        let (of_a, of_b) = (measured(&a), measured(&b));
        let (Some(sum_box), Some(a_box), Some(b_box)) = (sum.bounds, of_a.bounds, of_b.bounds)
        else { return Ok(()) };
        // Brunn and Minkowski: cube roots of volumes add up to at most that of the sum.
        prop_assert!(sum.volume.cbrt() >= of_a.volume.cbrt() + of_b.volume.cbrt() - 1e-6);
        for axis in 0..3 {
            prop_assert!(close(sum_box.min[axis], a_box.min[axis] + b_box.min[axis]));
            prop_assert!(close(sum_box.max[axis], a_box.max[axis] + b_box.max[axis]));
        }
    }

    #[test]
    fn exports_are_the_same_bytes_each_time(a in solid()) {
        let bytes = || {
            let mesh = mesh_of(&a);
            let mut out = Vec::new();
            export::stl::write_binary(&mesh, &mut out).expect("memory takes all");
            export::stl::write_ascii(&mesh, &mut out).expect("memory takes all");
            export::off::write(&mesh, &mut out).expect("memory takes all");
            export::obj::write(&mesh, &mut out).expect("memory takes all");
            out
        };
        prop_assert!(bytes() == bytes());
    }
}
