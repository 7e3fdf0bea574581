//! What a mesh measures: volume, area, box, genus, closedness, pieces.

use std::collections::HashMap;

use crate::mesh::{Bounds, Mesh};

/// Measures of a mesh. Lengths in model units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Volume inside; negative for a mesh turned inside out, without meaning unless `closed`.
    pub volume: f64,
    /// Area of all triangles.
    pub area: f64,
    /// The box around it; none if it is empty.
    pub bounds: Option<Bounds>,
    /// Vertices in use, after those at the same position count as one per piece.
    pub vertices: usize,
    /// Edges.
    pub edges: usize,
    /// Triangles.
    pub triangles: usize,
    /// Whether every edge joins two triangles of opposite direction.
    pub closed: bool,
    /// Handles of the surface, summed over its pieces: 0 for a ball, 1 for a ring. Without meaning unless `closed`.
    pub genus: i64,
    /// Connected pieces of the surface; a cavity is a piece of its own.
    pub components: usize,
}

impl Measure {
    /// The same closed surface cut into another number of triangles.
    #[must_use]
    pub fn with_triangles(self, triangles: usize) -> Self {
        // The Euler characteristic stays: a vertex less is three edges and two triangles less.
        let vertices = (self.vertices + triangles / 2) - self.triangles / 2;
        Self { vertices, edges: triangles * 3 / 2, triangles, ..self }
    }
}

/// Measures `mesh` by its connectivity as given: vertices at one position but with two indices are two.
pub fn measure(mesh: &Mesh) -> Measure {
    let (edges, closed) = edges(mesh);
    with_edges(mesh, edges, closed)
}

/// Measures a mesh that is known to be closed, as every solid is, in a third of the time: counting edges is the most of it.
pub fn measure_closed(mesh: &Mesh) -> Measure {
    debug_assert_eq!(edges(mesh), (mesh.triangles.len() * 3 / 2, true));
    with_edges(mesh, mesh.triangles.len() * 3 / 2, true)
}

fn with_edges(mesh: &Mesh, edges: usize, closed: bool) -> Measure {
    let pieces = pieces(mesh);
    let used = {
        let mut used = vec![false; mesh.positions.len()];
        mesh.triangles.iter().flatten().for_each(|v| used[*v as usize] = true);
        used.into_iter().filter(|u| *u).count()
    };
    let euler = used as i64 - edges as i64 + mesh.triangles.len() as i64;
    Measure {
        volume: volume(mesh),
        area: area(mesh),
        bounds: mesh.bounds(),
        vertices: used,
        edges,
        triangles: mesh.triangles.len(),
        closed,
        genus: pieces.count as i64 - euler / 2,
        components: pieces.count,
    }
}

/// Volume inside a closed mesh; of an open one, between it and the first corner of its first triangle.
pub fn volume(mesh: &Mesh) -> f64 {
    // Measured from a vertex of the mesh, so that a model far from the origin keeps its precision.
    let Some(origin) = mesh.triangles.first().map(|t| mesh.positions[t[0] as usize]) else {
        return 0.0;
    };
    let mut sum = Sum::default();
    for index in 0..mesh.triangles.len() {
        let [a, b, c] = mesh.corners(index).map(|corner| sub(corner, origin));
        sum.add(dot(cross(a, b), c) / 6.0);
    }
    sum.total()
}

/// Area of all triangles.
pub fn area(mesh: &Mesh) -> f64 {
    let mut sum = Sum::default();
    for index in 0..mesh.triangles.len() {
        let [a, b, c] = mesh.corners(index);
        let normal = cross(sub(b, a), sub(c, a));
        sum.add(dot(normal, normal).sqrt() / 2.0);
    }
    sum.total()
}

/// The connected pieces of a mesh.
pub struct Pieces {
    /// How many there are.
    pub count: usize,
    /// Piece of each triangle, numbered in the order of their first triangles.
    pub of_triangle: Vec<u32>,
}

impl Pieces {
    /// Each piece of the mesh as a mesh of its own, unpainted.
    pub(crate) fn separate(&self, mesh: &Mesh) -> Vec<Mesh> {
        let mut parts = vec![Mesh::default(); self.count];
        let mut new_index = vec![u32::MAX; mesh.positions.len()];
        for (triangle, piece) in mesh.triangles.iter().zip(&self.of_triangle) {
            let part = &mut parts[*piece as usize];
            let moved = triangle.map(|vertex| {
                let index = &mut new_index[vertex as usize];
                if *index == u32::MAX {
                    *index = part.positions.len() as u32;
                    part.positions.push(mesh.positions[vertex as usize]);
                }
                *index
            });
            part.triangles.push(moved);
        }
        parts
    }
}

/// Finds the pieces whose triangles share vertices.
pub fn pieces(mesh: &Mesh) -> Pieces {
    let mut parent: Vec<u32> = (0..mesh.positions.len() as u32).collect();
    for &[a, b, c] in &mesh.triangles {
        unite(&mut parent, a, b);
        unite(&mut parent, a, c);
    }
    let mut numbers: HashMap<u32, u32> = HashMap::new();
    let of_triangle = mesh
        .triangles
        .iter()
        .map(|t| {
            let root = find(&mut parent, t[0]);
            let next = numbers.len() as u32;
            *numbers.entry(root).or_insert(next)
        })
        .collect();
    Pieces { count: numbers.len(), of_triangle }
}

/// The root of a vertex in a forest of parents.
pub(crate) fn find(parent: &mut [u32], mut vertex: u32) -> u32 {
    while parent[vertex as usize] != vertex {
        // Halving the path keeps trees flat without recursion.
        let grandparent = parent[parent[vertex as usize] as usize];
        parent[vertex as usize] = grandparent;
        vertex = grandparent;
    }
    vertex
}

/// Joins the trees of two vertices.
pub(crate) fn unite(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (find(parent, a), find(parent, b));
    // The smaller index wins, so that the result does not depend on the order of triangles.
    parent[a.max(b) as usize] = a.min(b);
}

/// Number of edges, and whether each has as many triangles on one side as on the other.
fn edges(mesh: &Mesh) -> (usize, bool) {
    let mut keys: Vec<(u64, bool)> = Vec::with_capacity(3 * mesh.triangles.len());
    let mut degenerate = false;
    for triangle in &mesh.triangles {
        for corner in 0..3 {
            let (a, b) = (triangle[corner], triangle[(corner + 1) % 3]);
            degenerate |= a == b;
            keys.push((u64::from(a.min(b)) << 32 | u64::from(a.max(b)), a < b));
        }
    }
    keys.sort_unstable();
    let mut closed = !degenerate;
    let mut count = 0;
    for edge in keys.chunk_by(|a, b| a.0 == b.0) {
        let forward = edge.iter().filter(|(_, forward)| *forward).count();
        closed &= 2 * forward == edge.len();
        // An edge where four triangles meet is two edges at one place.
        count += edge.len().div_ceil(2);
    }
    (count, closed)
}

/// Kahan's compensated sum: a million small triangles lose no digits.
#[derive(Default)]
pub(crate) struct Sum {
    value: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, term: f64) {
        let corrected = term - self.lost;
        let next = self.value + corrected;
        self.lost = (next - self.value) - corrected;
        self.value = next;
    }

    pub(crate) fn total(&self) -> f64 {
        self.value
    }
}

/// a − b.
pub(crate) fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// Dot product.
pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Cross product.
pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::cube;

    #[test]
    fn two_cubes_are_two_pieces() {
        let mut mesh = cube([1.0; 3], false);
        mesh.append(&cube([2.0; 3], true));
        let m = measure(&mesh);
        assert_eq!((m.volume, m.area, m.components, m.genus), (9.0, 30.0, 2, 0));
        assert_eq!((m.vertices, m.edges, m.triangles, m.closed), (16, 36, 24, true));
    }

    #[test]
    fn a_missing_triangle_or_a_turned_one_is_not_closed() {
        let mut open = cube([1.0; 3], false);
        open.triangles.pop();
        assert!(!measure(&open).closed);
        let mut turned = cube([1.0; 3], false);
        turned.triangles[0].swap(0, 1);
        assert!(!measure(&turned).closed);
    }

    #[test]
    fn volume_far_from_the_origin_is_exact() {
        let mut mesh = cube([1.0; 3], false);
        mesh.positions.iter_mut().for_each(|p| p[0] += 1e12);
        assert_eq!(volume(&mesh), 1.0);
        mesh.flip();
        assert_eq!(volume(&mesh), -1.0);
    }

    #[test]
    fn nothing_measures_nothing() {
        let m = measure(&Mesh::default());
        assert_eq!((m.volume, m.area, m.components, m.closed), (0.0, 0.0, 0, true));
        assert_eq!(m.bounds, None);
    }
}
