//! What chunking promises, on random meshes.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use scadstream_geometry::{Mesh, Paint, Run};
use scadstream_stream::{ChunkOptions, ChunkPlan, MeshPlan};

/// A triangle by the bits of its corners, smallest corner first, so that equal winding gives equal keys.
type Key = [[u32; 3]; 3];

fn key(corners: [[f32; 3]; 3]) -> Key {
    let [a, b, c] = corners.map(|corner| corner.map(|x| (x + 0.0).to_bits()));
    [a, b, c].min([b, c, a]).min([c, a, b])
}

fn count(keys: impl Iterator<Item = Key>) -> BTreeMap<Key, usize> {
    keys.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}

fn of_mesh(mesh: &Mesh) -> BTreeMap<Key, usize> {
    count((0..mesh.triangles.len()).map(|i| key(mesh.corners(i).map(|c| c.map(|x| x as f32)))))
}

fn of_plan(plan: &ChunkPlan) -> BTreeMap<Key, usize> {
    count(plan.chunks().flat_map(|(_, chunk)| {
        let corners = |t: &[u16; 3]| key(t.map(|index| chunk.positions[usize::from(index)]));
        chunk.triangles.iter().map(corners).collect::<Vec<_>>()
    }))
}

fn plan(mesh: Mesh, vertices: usize) -> ChunkPlan {
    let part = MeshPlan::new(Arc::new(mesh), ChunkOptions { vertices }, &|| false);
    ChunkPlan::new(vec![(0, Arc::new(part.expect("nobody cancels")))], None)
}

fn mesh() -> impl Strategy<Value = Mesh> {
    let scale = prop_oneof![Just(1.0), Just(1e-6), Just(1e6)];
    (prop::collection::vec(prop::array::uniform3(-10.0..10.0f64), 3..80), scale).prop_flat_map(
        |(points, scale)| {
            let corner = 0..points.len() as u32;
            let points: Vec<_> = points.iter().map(|p| p.map(|x| x * scale)).collect();
            prop::collection::vec(prop::array::uniform3(corner), 1..200)
                .prop_map(move |triangles| Mesh::new(points.clone(), triangles))
        },
    )
}

proptest! {
    #[test]
    fn every_triangle_is_in_exactly_one_chunk(mesh in mesh(), vertices in 3usize..60) {
        let plan = plan(mesh.clone(), vertices);
        prop_assert_eq!(of_plan(&plan), of_mesh(&mesh));
        for (info, chunk) in plan.chunks() {
            prop_assert!(chunk.positions.len() <= vertices);
            let same = plan.infos().iter().zip(plan.chunks()).filter(|(a, _)| a.hash == info.hash);
            same.for_each(|(_, (_, other))| assert_eq!(other, chunk));
            prop_assert_eq!(info.byte_len as usize, chunk.byte_len());
        }
    }

    #[test]
    fn chunks_do_not_depend_on_the_order_of_triangles(mesh in mesh(), seed in any::<u64>()) {
        let mut shuffled = mesh.clone();
        let n = shuffled.triangles.len();
        for i in 0..n {
            shuffled.triangles.swap(i, (seed.wrapping_mul(i as u64 + 1) % n as u64) as usize);
            shuffled.triangles[i].rotate_left((seed % 3) as usize);
        }
        let (a, b) = (plan(mesh, 20), plan(shuffled, 20));
        prop_assert_eq!(a.infos(), b.infos());
    }
}

/// A flat grid of `n` x `n` squares, each of two triangles, with a bump at one vertex.
fn sheet(n: u32, bump: Option<u32>) -> Mesh {
    let at = |x: u32, y: u32| y * (n + 1) + x;
    let mut positions: Vec<_> =
        (0..=n).flat_map(|y| (0..=n).map(move |x| [f64::from(x), f64::from(y), 0.0])).collect();
    if let Some(vertex) = bump {
        positions[vertex as usize][2] = 0.5;
    }
    let triangles = (0..n)
        .flat_map(|y| {
            (0..n).flat_map(move |x| {
                let (a, b, c, d) = (at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1));
                [[a, b, c], [a, c, d]]
            })
        })
        .collect();
    Mesh::new(positions, triangles)
}

#[test]
fn a_local_edit_changes_few_chunks() {
    let before = plan(sheet(200, None), 500);
    let after = plan(sheet(200, Some(12_345)), 500);
    let known: Vec<_> = before.infos().iter().map(|info| info.hash).collect();
    let changed = after.infos().iter().filter(|info| !known.contains(&info.hash)).count();
    assert!(before.infos().len() > 100);
    assert!((1..=4).contains(&changed), "{changed} of {} chunks", after.infos().len());
}

#[test]
fn a_chunk_has_one_colour() {
    let mut mesh = sheet(4, None);
    let red = Paint::Color([1.0, 0.0, 0.0, 1.0]);
    mesh.runs = vec![
        Run { end: 10, paint: Paint::Default },
        Run { end: 20, paint: red },
        Run { end: 32, paint: Paint::Default },
    ];
    let plan = plan(mesh, 10_000);
    let mut found: Vec<_> = plan.infos().iter().map(|info| (info.paint, info.triangles)).collect();
    found.sort_by_key(|(_, triangles)| *triangles);
    assert_eq!(found, [(red, 10), (Paint::Default, 22)]);
}

#[test]
fn triangles_that_no_cell_can_part_are_cut_by_count() {
    let points = (0..3000).map(|i| [f64::from(i) * 1e-300, 0.0, 0.0]).collect();
    let triangles: Vec<_> = (0..1000).map(|i| [i * 3, i * 3 + 1, i * 3 + 2]).collect();
    let plan = plan(Mesh::new(points, triangles), 30);
    let total: u32 = plan.infos().iter().map(|info| info.triangles).sum();
    assert_eq!(total, 1000);
}

#[test]
fn triangles_in_one_place_far_from_the_origin_are_cut_by_count() {
    let points = (0..3000).map(|i| [1e6 + f64::from(i % 3) * 1e-3, 1e6, -1e6]).collect();
    let triangles: Vec<_> = (0..1000).map(|i| [i * 3, i * 3 + 1, i * 3 + 2]).collect();
    let plan = plan(Mesh::new(points, triangles), 30);
    let total: u32 = plan.infos().iter().map(|info| info.triangles).sum();
    assert_eq!(total, 1000);
}

#[test]
fn planning_can_be_cancelled() {
    let mesh = Arc::new(sheet(10, None));
    assert!(MeshPlan::new(mesh, ChunkOptions::default(), &|| true).is_err());
}

#[test]
fn what_is_near_comes_first_and_without_an_eye_what_is_large() {
    let large = plan(sheet(40, None), 200);
    let part = || {
        let part =
            MeshPlan::new(Arc::new(sheet(40, None)), ChunkOptions { vertices: 200 }, &|| false);
        Arc::new(part.expect("nobody cancels"))
    };
    let eye = [41.0, 41.0, 1.0];
    let near = ChunkPlan::new(vec![(0, part())], Some(eye));
    let [min, max] = near.infos()[0].bounds;
    assert!(min[0] > 20.0 && min[1] > 20.0, "{min:?} {max:?} is in the corner where the eye is");
    let diagonal = |index: usize| {
        let [min, max] = large.infos()[index].bounds;
        (0..3).map(|axis| (max[axis] - min[axis]).powi(2)).sum::<f32>()
    };
    assert!((1..large.infos().len()).all(|index| diagonal(index - 1) >= diagonal(index)));
}
