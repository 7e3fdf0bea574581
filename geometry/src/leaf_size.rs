//! How large leaves are, told without making them.

use scadstream_csg::{Fragments, Kind};

use crate::fragments::segments;
use crate::primitives::{cylinder_triangles, sphere_triangles};

/// Bytes of an imported file per triangle, as in binary STL.
const FILE_BYTES_PER_TRIANGLE: u64 = 50;

/// Points of a letter, picked by hand.
const POINTS_PER_LETTER: u64 = 100;

/// Triangles of a 3D primitive; 0 of anything else.
pub fn primitive_triangles(kind: &Kind) -> u64 {
    match kind {
        Kind::Cube { .. } => 12,
        Kind::Sphere { r, fragments } => sphere_triangles(*r, *fragments),
        Kind::Cylinder { r1, r2, fragments, .. } => cylinder_triangles(*r1, *r2, **fragments),
        Kind::Polyhedron { faces, .. } => {
            faces.iter().map(|face| face.len().saturating_sub(2) as u64).sum()
        }
        _ => 0,
    }
}

/// A guess of the triangles of a 3D leaf and of the points of a 2D one; 0 of what is no leaf.
pub fn guessed_size(kind: &Kind) -> u64 {
    let around = |r: f64, fragments: &Fragments| u64::from(segments(r.abs(), *fragments, 360.0));
    match kind {
        Kind::Square { .. } => 4,
        Kind::Circle { r, fragments } => around(*r, fragments),
        Kind::Polygon { points, .. } => points.len() as u64,
        Kind::Text(text) => POINTS_PER_LETTER * text.text.chars().count() as u64,
        Kind::Import(import) => {
            import.file.as_ref().map_or(0, |file| file.bytes.len() as u64 / FILE_BYTES_PER_TRIANGLE)
        }
        Kind::Surface { file, .. } => file.as_ref().map_or(0, |file| file.bytes.len() as u64),
        other => primitive_triangles(other),
    }
}
