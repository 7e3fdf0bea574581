//! What lies apart is united, extruded and kept by itself.

use std::sync::Arc;

use scadstream_csg::{Kind, Node};

use super::*;
use crate::spatial::Patch;
use crate::testing::*;

/// Volume (relative 1e-9), genus, pieces.
#[track_caller]
fn check(root: &Arc<Node>, volume: f64, genus: i64, components: usize) {
    let m = measured(root);
    assert!(close(m.volume, volume, 1e-9), "volume {}, expected {volume}", m.volume);
    assert_eq!((m.genus, m.components), (genus, components), "genus, pieces");
}

fn linear_extrude(height: f64, children: Vec<Arc<Node>>) -> Arc<Node> {
    node(Kind::LinearExtrude(straight(height).into()), children)
}

/// The exact union of a solid model.
fn united(root: &Arc<Node>, cache: &SolidCache) -> Shell {
    let job = Job::new(cache, CancelToken::new());
    let Ok(Whole::Solid(shell)) = solve(root, &job).unwrap().unite(&job).unwrap() else {
        panic!("a solid model")
    };
    shell
}

fn patches(shell: &Shell) -> Vec<Arc<Patch>> {
    let Shell::Cells(cells) = shell else { panic!("a solid") };
    cells.patches.iter().map(|cell| Arc::clone(&cell.patch)).collect()
}

/// Solves the model before and after an edit with one cache, and compares the latter with a fresh solve. Gives the number
/// of patches of the edited model, and how many of them are those of before.
#[track_caller]
fn kept_by_an_edit(before: &Arc<Node>, after: &Arc<Node>) -> (usize, usize) {
    let cache = SolidCache::new(1 << 30);
    let known = patches(&united(before, &cache));
    let edited = united(after, &cache);
    assert_eq!(edited.mesh(), united(after, &SolidCache::new(0)).mesh());
    let patches = patches(&edited);
    let is_known = |patch: &&Arc<Patch>| known.iter().any(|other| Arc::ptr_eq(other, patch));
    (patches.len(), patches.iter().filter(is_known).count())
}

#[test]
fn an_edit_leaves_what_lies_apart_as_it_is() {
    // 400 balls of 220 triangles in one object, apart from each other; one is made of two.
    let balls = |z: f64| {
        let ball = |i: i32| {
            let (x, y) = (3.0 * f64::from(i % 20), 3.0 * f64::from(i / 20));
            let own = translate(x, y, 0.0, sphere(1.0, 16.0));
            if i == 7 { group(vec![own.clone(), translate(0.0, 0.0, z, own)]) } else { own }
        };
        group((0..400).map(ball).collect())
    };
    let (all, kept) = kept_by_an_edit(&balls(0.5), &balls(0.75));
    assert!(all > 8 && kept == all - 1, "{kept} of {all}");
    let m = measured(&balls(0.5));
    assert_eq!((m.components, m.genus, m.closed), (400, 0, true));
    // The same beside an object that touches some of them.
    let with_bar = |z: f64| {
        let size = [70.0, 0.5, 0.5];
        group(vec![balls(z), node(Kind::Cube { size, center: false }, vec![])])
    };
    let (all, kept) = kept_by_an_edit(&with_bar(0.5), &with_bar(0.75));
    assert!(all > 8 && kept >= all - 3, "{kept} of {all}");
    assert_eq!(measured(&with_bar(0.5)).components, 400 - 20 + 1);
}

#[test]
fn clusters_of_objects_that_touch_are_one() {
    // Each object is two cubes that touch those of the next.
    let pair = |i: i32| {
        let at = |y: f64| translate(0.75 * f64::from(i), y, 0.0, cube(1.0));
        group(vec![at(0.0), at(5.0)])
    };
    let root = group((0..9).map(pair).collect());
    check(&root, 2.0 * 7.0, 0, 2);
    let painted = color([1.0, 0.0, 0.0, 1.0], pair(9));
    let root = group((0..9).map(pair).chain([painted]).collect());
    check(&root, 2.0 * 7.75, 0, 2);
    assert_eq!(united(&root, &SolidCache::new(0)).mesh().painted_runs().count(), 2);
}

#[test]
fn pieces_of_an_outline_are_extruded_one_by_one() {
    // Frames with an island inside, apart from each other.
    let frame = |i: i32, size: f64| {
        let at = |offset: f64, child| translate(4.0 * f64::from(i) + offset, offset, 0.0, child);
        let ring = difference(vec![at(0.0, square(3.0)), at(0.5, square(2.0))]);
        group(vec![ring, at(1.0, square(size))])
    };
    let row = |size: f64| {
        let frames = (0..30).map(|i| frame(i, if i == 3 { size } else { 1.0 })).collect();
        linear_extrude(2.0, frames)
    };
    check(&row(1.0), 2.0 * 30.0 * 6.0, 30, 60);
    check(&row(0.5), 2.0 * (30.0 * 6.0 - 0.75), 30, 60);
    // As one operand of a boolean.
    let bar = node(Kind::Cube { size: [200.0, 0.25, 1.0], center: false }, vec![]);
    check(&difference(vec![row(1.0), bar]), 2.0 * 30.0 * 6.0 - 30.0 * 0.75, 30, 60);
    kept_by_an_edit(&row(1.0), &row(0.5));
}
