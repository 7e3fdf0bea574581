//! Payloads in `golden/`, which the TypeScript client decodes as well: the same bytes on both sides.
//!
//! With `UPDATE_GOLDEN=1` in the environment they are written anew, after an update of meshoptimizer for example.

use std::path::Path;
use std::sync::Arc;

use scadstream_geometry::Mesh;
use scadstream_stream::{ChunkOptions, ChunkPlan, Codec, MeshPlan, encode};

/// A bowl of 8 x 8 squares.
fn bowl() -> Mesh {
    let at = |x: u32, y: u32| y * 9 + x;
    let height = |x: u32, y: u32| {
        let (x, y) = (f64::from(x) - 4.0, f64::from(y) - 4.0);
        (x * x + y * y) / 7.0
    };
    let positions =
        (0..9).flat_map(|y| (0..9).map(move |x| [f64::from(x), f64::from(y), height(x, y)]));
    let squares = (0..8).flat_map(|y| (0..8).map(move |x| (x, y)));
    let triangles = squares.flat_map(|(x, y)| {
        let (a, b, c, d) = (at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1));
        [[a, b, c], [a, c, d]]
    });
    Mesh::new(positions.collect(), triangles.collect())
}

#[track_caller]
fn check(name: &str, payload: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, payload).expect("the folder is part of the project");
    }
    let golden = std::fs::read(&path).expect("the file is part of the project");
    assert!(golden == payload, "{name} has changed");
}

#[test]
fn payloads_are_those_of_the_golden_files() {
    let part = MeshPlan::new(Arc::new(bowl()), ChunkOptions::default(), &|| false);
    let plan = ChunkPlan::new(vec![(0, Arc::new(part.expect("nobody cancels")))], None);
    let (_, chunk) = plan.chunks().next().expect("a chunk");
    assert_eq!((chunk.positions.len(), chunk.triangles.len()), (81, 128));
    let mut raw = vec![0; chunk.byte_len()];
    chunk.write(&mut raw);
    check("raw.bin", &raw);
    let of = |codec| encode(&chunk, codec).expect("it is worth it");
    check("meshopt.bin", &of(Codec::Meshopt));
    check("meshopt-grid.bin", &of(Codec::MeshoptGrid { exponent: -10 }));
}
