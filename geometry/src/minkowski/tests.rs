//! Sums by volume, against the kernel's own and against formulas.

use std::slice::from_ref;

use super::*;
use crate::measure::{Measure, measure};
use crate::primitives::{cube, sphere};
use crate::testing::close;
use scadstream_csg::Fragments;

fn block(size: [f64; 3], at: [f64; 3]) -> Solid {
    let solid = Solid::from_mesh(&cube(size, false), &CancelToken::new()).unwrap().unwrap();
    solid.transformed(&Affine::translation(at))
}

fn ball(r: f64, fn_: f64) -> Solid {
    let fragments = Fragments { fn_, ..Fragments::default() };
    Solid::from_mesh(&sphere(r, fragments), &CancelToken::new()).unwrap().unwrap()
}

fn minus(first: &Solid, rest: &[Solid]) -> Solid {
    Solid::difference(vec![first.clone()], rest.to_vec(), &CancelToken::new()).unwrap().unwrap()
}

fn both(a: &Solid, b: &Solid) -> Solid {
    Solid::union(&[a.clone(), b.clone()], &CancelToken::new()).unwrap().unwrap()
}

#[track_caller]
fn sum(a: &Solid, b: &Solid) -> Measure {
    let solid = minkowski(from_ref(a), from_ref(b), &|| 10, &CancelToken::new()).unwrap().unwrap();
    let m = measure(&solid.to_mesh());
    assert!(m.closed);
    m
}

/// An L: two unit cubes side by side with a third on one of them. Volume 3.
fn corner() -> Solid {
    both(&block([2.0, 1.0, 1.0], [0.0; 3]), &block([1.0, 1.0, 2.0], [0.0; 3]))
}

/// A frame: a plate with a square hole, genus 1.
fn frame() -> Solid {
    minus(&block([5.0, 5.0, 1.0], [0.0; 3]), &[block([3.0, 3.0, 9.0], [1.0, 1.0, -1.0])])
}

#[test]
fn convex_sums_are_hulls() {
    let m = sum(&block([1.0; 3], [0.0; 3]), &block([2.0; 3], [5.0, 0.0, 0.0]));
    assert_eq!((m.volume, m.triangles), (27.0, 12));
    assert_eq!(m.bounds.unwrap().min, [5.0, 0.0, 0.0]);
}

#[test]
fn a_corner_grows_as_the_formula_says() {
    // L of arms 2 × 2, thickness 1, plus a unit cube: (3·3 − 1·1) · 2.
    let m = sum(&corner(), &block([1.0; 3], [0.0; 3]));
    assert!(close(m.volume, 16.0, 1e-12), "{}", m.volume);
    assert_eq!(m.genus, 0);
}

#[test]
fn an_operand_away_from_the_origin_moves_the_sum() {
    let m = sum(&corner(), &block([1.0; 3], [100.0, 0.0, -7.0]));
    assert!(close(m.volume, 16.0, 1e-12), "{}", m.volume);
    assert_eq!(m.components, 1);
    assert_eq!(m.bounds.unwrap().min, [100.0, 0.0, -7.0]);
}

#[test]
fn a_hole_shrinks_and_closes() {
    let m = sum(&frame(), &block([1.0; 3], [0.0; 3]));
    assert!(close(m.volume, (36.0 - 4.0) * 2.0, 1e-12), "{}", m.volume);
    assert_eq!(m.genus, 1);
    let m = sum(&frame(), &block([3.0; 3], [0.0; 3]));
    assert!(close(m.volume, 8.0 * 8.0 * 4.0, 1e-12), "{}", m.volume);
    assert_eq!(m.genus, 0);
}

#[test]
fn a_cavity_shrinks_and_closes() {
    let shell = minus(&block([5.0; 3], [0.0; 3]), &[block([3.0; 3], [1.0; 3])]);
    let m = sum(&shell, &block([1.0; 3], [0.0; 3]));
    assert!(close(m.volume, 216.0 - 8.0, 1e-12), "{}", m.volume);
    let m = sum(&shell, &block([3.0; 3], [0.0; 3]));
    assert!(close(m.volume, 512.0, 1e-12), "{}", m.volume);
}

#[test]
fn two_operands_with_notches() {
    // Two frames of one profile: the sum of two squares with square holes, extruded.
    let small =
        minus(&block([2.0, 2.0, 1.0], [0.0; 3]), &[block([1.0, 1.0, 9.0], [0.5, 0.5, -1.0])]);
    let m = sum(&frame(), &small);
    assert!(close(m.volume, (49.0 - 1.0) * 2.0, 1e-12), "{}", m.volume);
    // The hole of the frame is swallowed by a large operand with a hole elsewhere.
    let wide =
        minus(&block([9.0, 9.0, 1.0], [0.0; 3]), &[block([1.0, 1.0, 9.0], [7.0, 7.0, -1.0])]);
    let m = sum(&frame(), &wide);
    assert!(close(m.volume, 14.0 * 14.0 * 2.0, 1e-12), "{}", m.volume);
}

#[test]
fn a_small_cavity_inside_a_swallowing_operand_is_filled() {
    // Neither surface crosses the other where A's cavity lies inside B and B's inside A.
    let a = minus(&block([9.0; 3], [0.0; 3]), &[block([0.5; 3], [2.0; 3])]);
    let b = minus(&block([4.0; 3], [0.0; 3]), &[block([0.5; 3], [3.0; 3])]);
    let m = sum(&a, &b);
    assert!(close(m.volume, 13.0_f64.powi(3), 1e-9), "{}", m.volume);
}

#[test]
fn separate_bodies_are_summed_each() {
    let two = both(&block([1.0; 3], [0.0; 3]), &block([1.0; 3], [9.0, 0.0, 0.0]));
    let m = sum(&two, &block([1.0; 3], [0.0; 3]));
    assert!(close(m.volume, 16.0, 1e-12));
    assert_eq!(m.components, 2);
}

#[test]
fn rounding_a_part_agrees_with_the_kernels_own_sum() {
    // The kernel's form holds only with the origin inside the second operand, as here.
    for part in [corner(), frame(), minus(&block([4.0; 3], [0.0; 3]), &[ball(2.0, 12.0)])] {
        let round = ball(0.5, 8.0);
        let ours = sum(&part, &round);
        let theirs = measure(&part.minkowski_sum_of_the_kernel(&round).unwrap().unwrap().to_mesh());
        assert!(close(ours.volume, theirs.volume, 1e-9), "{} {}", ours.volume, theirs.volume);
        assert_eq!(ours.genus, theirs.genus);
        assert!(ours.triangles <= theirs.triangles);
    }
}

#[test]
fn large_convex_sums_are_hulls_of_hulls() {
    let (a, b) = (ball(3.0, 60.0), ball(1.0, 60.0));
    assert!(a.positions().len() * b.positions().len() > MOST_POINTS);
    let m = sum(&a, &b);
    // Balls of one tessellation are similar: their sum is the ball of the sum of their radii.
    let expected = measure(&ball(4.0, 60.0).to_mesh()).volume;
    assert!(close(m.volume, expected, 1e-9), "{} {expected}", m.volume);
}

#[test]
fn the_chunk_changes_no_measure() {
    let part = minus(&block([4.0; 3], [0.0; 3]), &[ball(2.0, 12.0)]);
    let volume = |chunk| {
        let solid =
            minkowski(from_ref(&part), &[ball(0.5, 8.0)], &|| chunk, &CancelToken::new()).unwrap();
        measure(&solid.unwrap().to_mesh()).volume
    };
    for chunk in [0, 2, 3, 100] {
        assert!(close(volume(chunk), volume(10), 1e-9));
    }
}

#[test]
fn a_cancelled_sum_is_cancelled() {
    let token = CancelToken::new();
    token.cancel();
    let result = minkowski(&[corner()], &[ball(1.0, 8.0)], &|| 10, &token);
    assert_eq!(result.unwrap_err(), KernelError::Cancelled);
}

#[test]
fn a_body_that_hangs_on_by_an_edge_is_not_lost() {
    let token = CancelToken::new();
    let bodies = [
        ball(2.5, 6.0).transformed(&Affine::translation([1.0, 1.0, 1.5])),
        block([1.0, 2.5, 1.0], [-1.5, -2.0, 2.0]),
        block([1.5, 1.0, 0.5], [1.5, 1.0, 1.0]),
    ];
    let small = ball(0.5, 6.0).transformed(&Affine::translation([1.5, 0.0, -2.0]));
    let together = sum(&Solid::union(&bodies, &token).unwrap().unwrap(), &small);
    // Sums and unions may change places.
    let apart =
        bodies.map(|body| minkowski(&[body], from_ref(&small), &|| 10, &token).unwrap().unwrap());
    let apart = measure(&Solid::union(&apart, &token).unwrap().unwrap().to_mesh());
    assert!(close(together.volume, apart.volume, 1e-9), "{} {}", together.volume, apart.volume);
}

#[test]
fn convex_solids_of_a_union_are_summed_one_by_one() {
    // Two bars across each other, a frame through both, and a block inside one of the bars.
    let union = [
        block([9.0, 1.0, 1.0], [0.0; 3]),
        block([1.0, 9.0, 1.0], [4.0, -4.0, 0.25]),
        frame(),
        block([0.5; 3], [6.0, 0.25, 0.25]),
    ];
    let united = Solid::union(&union, &CancelToken::new()).unwrap().unwrap();
    for other in [ball(0.5, 8.0), corner(), block([0.5; 3], [0.0; 3])] {
        let expected = sum(&united, &other);
        for (a, b) in [(&union[..], from_ref(&other)), (from_ref(&other), &union[..])] {
            let found = minkowski(a, b, &|| 10, &CancelToken::new()).unwrap().unwrap();
            let found = measure(&found.to_mesh());
            assert!(
                close(found.volume, expected.volume, 1e-9),
                "{} {}",
                found.volume,
                expected.volume
            );
            assert!(close(found.area, expected.area, 1e-9));
            assert!(found.closed && found.genus == expected.genus);
        }
    }
}
