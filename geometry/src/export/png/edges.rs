//! The edges of a mesh that one sees: where faces meet at an angle or in another colour, and where there is only one.

use std::collections::HashMap;

use super::unit_normal;
use crate::measure::dot;
use crate::mesh::Mesh;

/// Cosine of the angle up to which two faces count as one: half a degree. Picked by hand.
const FLAT: f64 = 0.999_96;

/// Pairs of vertices, each edge once.
pub(super) fn edges(mesh: &Mesh) -> Vec<[u32; 2]> {
    let mut faces: HashMap<[u32; 2], Vec<usize>> = HashMap::new();
    let mut order = Vec::new();
    for (index, triangle) in mesh.triangles.iter().enumerate() {
        for corner in 0..3 {
            let (a, b) = (triangle[corner], triangle[(corner + 1) % 3]);
            let edge = [a.min(b), a.max(b)];
            let known = faces.entry(edge).or_default();
            if known.is_empty() {
                order.push(edge);
            }
            known.push(index);
        }
    }
    let runs: Vec<_> = mesh.painted_runs().map(|(range, _)| range.end).collect();
    let run_of = |triangle: usize| runs.partition_point(|end| *end <= triangle);
    let is_seen = |edge: &[u32; 2]| match faces[edge][..] {
        [a, b] => {
            let normals = (unit_normal(mesh.corners(a)), unit_normal(mesh.corners(b)));
            // A triangle without area has no direction that its neighbour's could differ from.
            let bent = matches!(normals, (Some(a), Some(b)) if dot(a, b) < FLAT);
            bent || run_of(a) != run_of(b)
        }
        _ => true,
    };
    order.retain(is_seen);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{Paint, Run};
    use crate::primitives::cube;

    #[test]
    fn a_cube_has_twelve_edges_and_none_across_its_faces() {
        assert_eq!(edges(&cube([1.0; 3], true)).len(), 12);
    }

    #[test]
    fn an_open_square_of_two_colours_has_five() {
        let positions = vec![[0.0; 3], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
        let mut square = Mesh::new(positions, vec![[0, 1, 2], [0, 2, 3]]);
        assert_eq!(edges(&square).len(), 4);
        let run = |end, paint| Run { end, paint };
        square.runs = vec![run(1, Paint::Color([1.0; 4])), run(2, Paint::Default)];
        assert_eq!(edges(&square).len(), 5);
    }
}
