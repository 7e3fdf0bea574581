//! The bodies that a solid falls into, with what a sum needs to know of each.

use std::sync::Arc;

use crate::abandon::abandonable;
use crate::kernel::{CancelToken, KernelError, Solid};
use crate::measure::{Pieces, cross, dot, pieces, sub, volume};
use crate::mesh::Mesh;

/// How far, against the body's size, a vertex may stand out of a neighbour's plane and the body still counts as convex:
/// corners of a flat quadrangle do by rounding. What such a body gains by being taken for its hull is as little.
const FLATNESS: f64 = 1e-10;

/// One connected body.
pub(super) struct Surface {
    /// The body itself.
    pub(super) solid: Solid,
    /// Its vertices.
    pub(super) points: Arc<[[f64; 3]]>,
    /// Its triangles, in the order of `solid`'s.
    pub(super) triangles: Vec<[u32; 3]>,
    /// For each edge of each triangle the triangle across it.
    pub(super) across: Vec<[u32; 3]>,
    /// A vertex of each closed surface: one, and one more for each cavity.
    pub(super) shells: Vec<u32>,
    /// Whether it is convex up to rounding.
    pub(super) convex: bool,
}

/// Cuts a solid into bodies. A solid with cavities stays one body, as a cavity is part of the body around it.
pub(super) fn bodies(solid: &Solid, token: &CancelToken) -> Result<Vec<Surface>, KernelError> {
    let solid = solid.clone();
    let inner = token.clone();
    abandonable(solid.num_triangles(), token, move || bodies_in_place(&solid, &inner))
}

fn bodies_in_place(solid: &Solid, token: &CancelToken) -> Vec<Surface> {
    // Patches look triangles up by place, which needs a solid that is where its body is.
    let solid = &solid.with_transform_applied();
    let mesh = Mesh::new(solid.positions(), solid.triangles());
    let found = pieces(&mesh);
    if found.count == 1 {
        return vec![Surface::new(solid.clone(), mesh, &found)];
    }
    let parts = found.separate(&mesh);
    if parts.iter().any(|part| volume(part) < 0.0) {
        return vec![Surface::new(solid.clone(), mesh, &found)];
    }
    parts
        .into_iter()
        .filter_map(|part| Solid::from_mesh(&part, token).ok().flatten())
        .map(|solid| {
            let mesh = Mesh::new(solid.positions(), solid.triangles());
            let found = pieces(&mesh);
            Surface::new(solid, mesh, &found)
        })
        .collect()
}

impl Surface {
    fn new(solid: Solid, mesh: Mesh, found: &Pieces) -> Self {
        let mut shells = vec![u32::MAX; found.count];
        for (triangle, piece) in mesh.triangles.iter().zip(&found.of_triangle) {
            let shell = &mut shells[*piece as usize];
            *shell = (*shell).min(triangle[0]);
        }
        let across = across(&mesh);
        let convex = found.count == 1 && is_convex(&mesh, &across);
        Self {
            solid,
            points: mesh.positions.into(),
            triangles: mesh.triangles,
            across,
            shells,
            convex,
        }
    }

    /// Corners of a triangle.
    pub(super) fn corners(&self, triangle: u32) -> [[f64; 3]; 3] {
        self.triangles[triangle as usize].map(|vertex| self.points[vertex as usize])
    }
}

/// The triangle on the other side of each edge.
fn across(mesh: &Mesh) -> Vec<[u32; 3]> {
    let mut edges: Vec<(u32, u32, u32, u8)> = Vec::with_capacity(3 * mesh.triangles.len());
    for (index, triangle) in mesh.triangles.iter().enumerate() {
        for corner in 0..3_u8 {
            let (a, b) = (triangle[usize::from(corner)], triangle[usize::from(corner + 1) % 3]);
            edges.push((a.min(b), a.max(b), index as u32, corner));
        }
    }
    edges.sort_unstable();
    let mut across = vec![[u32::MAX; 3]; mesh.triangles.len()];
    for pair in edges.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        // The kernel splits vertices until no edge has more than two triangles.
        let [(.., first, corner_1), (.., second, corner_2)] = pair else { continue };
        across[*first as usize][usize::from(*corner_1)] = *second;
        across[*second as usize][usize::from(*corner_2)] = *first;
    }
    across
}

/// Whether a single closed surface of genus 0 bends the same way at each edge.
fn is_convex(mesh: &Mesh, across: &[[u32; 3]]) -> bool {
    // One piece of E = 3F/2 edges: V - F/2 = 2 says that it has no handles.
    let no_handles = 2 * mesh.positions.len() == mesh.triangles.len() + 4;
    let Some(bounds) = mesh.bounds() else { return false };
    if !no_handles || volume(mesh) <= 0.0 {
        return false;
    }
    let size = bounds.size();
    let limit = FLATNESS * dot(size, size).sqrt();
    (0..mesh.triangles.len()).all(|index| {
        let [a, b, c] = mesh.corners(index);
        let normal = cross(sub(b, a), sub(c, a));
        let length = dot(normal, normal).sqrt();
        across[index].iter().all(|neighbour| {
            let Some(corners) = mesh.triangles.get(*neighbour as usize) else { return false };
            corners.iter().all(|vertex| {
                dot(normal, sub(mesh.positions[*vertex as usize], a)) <= limit * length
            })
        })
    })
}
