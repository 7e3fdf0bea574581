//! Whether a mesh touches itself nowhere: not in an edge, nor in a vertex.

use crate::mesh::Mesh;

/// Whether each edge joins two triangles, and the triangles around each vertex are one fan.
pub(crate) fn has_only_fans(mesh: &Mesh) -> bool {
    let count = mesh.positions.len();
    // The corners that follow each vertex in its triangles, sorted, each with the edge that leads there.
    let mut starts = vec![0_u32; count + 1];
    mesh.triangles.iter().flatten().for_each(|vertex| starts[*vertex as usize + 1] += 1);
    (0..count).for_each(|vertex| starts[vertex + 1] += starts[vertex]);
    let mut free = starts.clone();
    let mut leaving = vec![(0_u32, 0_u32); 3 * mesh.triangles.len()];
    for (triangle, corners) in (0..).zip(&mesh.triangles) {
        for corner in 0..3 {
            let (from, to) = (corners[corner] as usize, corners[(corner + 1) % 3]);
            leaving[free[from] as usize] = (to, 3 * triangle + corner as u32);
            free[from] += 1;
        }
    }
    let of_vertex =
        |vertex: u32| starts[vertex as usize] as usize..starts[vertex as usize + 1] as usize;
    (0..count as u32).for_each(|vertex| leaving[of_vertex(vertex)].sort_unstable());
    let corner = |edge: u32| mesh.triangles[edge as usize / 3][edge as usize % 3];
    // From an edge to the next one around the vertex that it leaves: the reverse of the edge before it in its triangle.
    let around = |edge: u32| {
        let before = edge / 3 * 3 + (edge + 2) % 3;
        let edges = &leaving[of_vertex(corner(edge))];
        let first = edges.partition_point(|(to, _)| *to < corner(before));
        match edges[first..] {
            [(to, reverse), (next, _), ..] if to == corner(before) && next != to => Some(reverse),
            [(to, reverse)] if to == corner(before) => Some(reverse),
            _ => None,
        }
    };
    (0..count as u32).all(|vertex| {
        let edges = &leaving[of_vertex(vertex)];
        let Some((_, first)) = edges.first() else { return true };
        let mut edge = *first;
        for turned in 1..=edges.len() {
            match around(edge) {
                Some(next) if next == *first => return turned == edges.len(),
                Some(next) => edge = next,
                None => return false,
            }
        }
        false
    })
}
