//! The surface inside one cell.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use super::facts::PatchFacts;
use crate::mesh::{Bounds, Mesh, Paint, bits};

/// Vertices closer than this, as a share of the largest coordinate, are the same one. The kernel's own tolerance is 1e-12
/// of the model's size.
pub(super) const TOLERANCE: f64 = 1e-11;

/// A piece of a model's surface with the edges where it goes on in other cells.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Its triangles, counter-clockwise seen from outside.
    pub mesh: Arc<Mesh>,
    /// Edges that only one triangle of the patch has, as that triangle runs along them.
    pub(super) rim: Vec<Rim>,
    /// What it measures, once somebody has asked.
    facts: OnceLock<Option<PatchFacts>>,
}

/// One edge of a rim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rim {
    /// Indices of its start and end among the patch's positions.
    pub(super) ends: [u32; 2],
    /// The triangle that has it.
    pub(super) triangle: u32,
}

impl Patch {
    /// The patch of a cell's surface, whose rim lies in the sides of `bounds`, or a rounding step beside where a face of
    /// the model does.
    ///
    /// At times it has a hole inside the cell as well: where the kernel made a body anew and took a face of the model for one
    /// that a cut has left. Its edges are of the rim too: no neighbour has them, and the model is solved by other cells.
    pub(super) fn new(mesh: Mesh, bounds: &Bounds) -> Self {
        let tolerance = TOLERANCE * bounds.largest_coordinate();
        let in_side = |point: &[f64; 3]| {
            (0..3).any(|axis| {
                (point[axis] - bounds.min[axis]).abs() <= tolerance
                    || (point[axis] - bounds.max[axis]).abs() <= tolerance
            })
        };
        let candidate: Vec<bool> = mesh.positions.iter().map(in_side).collect();
        let mut rim = rim(&mesh, &candidate);
        let of_triangle = |&[a, b, c]: &[u32; 3]| {
            signed_hash(a, b).wrapping_add(signed_hash(b, c)).wrapping_add(signed_hash(c, a))
        };
        let of_all = mesh.triangles.iter().map(of_triangle).fold(0, u64::wrapping_add);
        let of_rim = rim.iter().map(|edge| signed_hash(edge.ends[0], edge.ends[1]));
        if of_all != of_rim.fold(0, u64::wrapping_add) {
            rim = self::rim(&mesh, &vec![true; mesh.positions.len()]);
        }
        Self { mesh: Arc::new(mesh), rim, facts: OnceLock::new() }
    }

    /// The patch of a closed surface. Measured at once, where others are made at the same time.
    pub(crate) fn closed(mesh: Mesh) -> Self {
        let patch = Self { mesh: Arc::new(mesh), rim: Vec::new(), facts: OnceLock::new() };
        patch.facts();
        patch
    }

    /// What it measures; none if it is empty.
    pub(super) fn facts(&self) -> Option<&PatchFacts> {
        self.facts.get_or_init(|| PatchFacts::of(self)).as_ref()
    }

    /// This patch with `mesh` for a surface, which has the same vertices, those of the rim moved, and perhaps more behind
    /// them; its rim has no others.
    pub(super) fn mended(&self, mesh: Mesh) -> Self {
        let mut candidate = vec![false; self.mesh.positions.len()];
        self.rim.iter().flat_map(|edge| edge.ends).for_each(|v| candidate[v as usize] = true);
        candidate.resize(mesh.positions.len(), true);
        let rim = rim(&mesh, &candidate);
        Self { mesh: Arc::new(mesh), rim, facts: OnceLock::new() }
    }

    /// Bytes that it takes.
    pub fn size_bytes(&self) -> usize {
        size_of_val(self.mesh.positions.as_slice())
            + size_of_val(self.mesh.triangles.as_slice())
            + size_of_val(self.rim.as_slice())
    }

    /// Whether each of its vertices lies on the rim.
    pub(super) fn on_rim(&self) -> Vec<bool> {
        let mut on_rim = vec![false; self.mesh.positions.len()];
        self.rim.iter().flat_map(|edge| edge.ends).for_each(|v| on_rim[v as usize] = true);
        on_rim
    }

    /// The triangles that do not touch the rim.
    pub fn inner_triangles(&self) -> impl Iterator<Item = ([u32; 3], Paint)> + '_ {
        self.triangles(false)
    }

    /// The triangles that touch the rim.
    pub(super) fn rim_triangles(&self) -> impl Iterator<Item = ([u32; 3], Paint)> + '_ {
        self.triangles(true)
    }

    fn triangles(&self, at_rim: bool) -> impl Iterator<Item = ([u32; 3], Paint)> + '_ {
        let on_rim = self.on_rim();
        let touches = move |corners: [u32; 3]| corners.iter().any(|v| on_rim[*v as usize]);
        self.mesh.painted_triangles().filter(move |(corners, _)| touches(*corners) == at_rim)
    }

    /// Where an edge of the rim starts and ends.
    pub(super) fn ends(&self, edge: Rim) -> [[f64; 3]; 2] {
        edge.ends.map(|vertex| self.mesh.positions[vertex as usize])
    }
}

/// An edge as a hash that is the same whichever way it runs, and which way that is.
pub(super) fn hash_of_edge(ends: [[f64; 3]; 2]) -> (u64, bool) {
    let [a, b] = ends.map(|end| hash(bits(end)));
    (mix(a.wrapping_add(b), a ^ b), a < b)
}

/// Mixes the bits of a vertex into one word, so well that sums of two are still apart: mirrored edges, whose ends differ in
/// sign bits alone, collided with a weaker one.
fn hash(bits: [u64; 3]) -> u64 {
    bits.into_iter().fold(0x9e37_79b9_7f4a_7c15, mix)
}

/// The mixer of SplitMix64.
fn mix(hash: u64, word: u64) -> u64 {
    let mixed = hash.wrapping_add(word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A hash of an edge that is cancelled out by the edge that runs against it. Quick, for all edges of a patch.
fn signed_hash(a: u32, b: u32) -> u64 {
    let word = u64::from(a.min(b)) << 32 | u64::from(a.max(b));
    let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = hash ^ (hash >> 32);
    match a.cmp(&b) {
        Ordering::Less => hash,
        Ordering::Equal => 0,
        Ordering::Greater => hash.wrapping_neg(),
    }
}

/// Edges with one triangle, among those whose ends both are a `candidate`.
fn rim(mesh: &Mesh, candidate: &[bool]) -> Vec<Rim> {
    let mut edges: Vec<(u32, u32, bool, u32)> = Vec::new();
    for (triangle, corners) in mesh.triangles.iter().enumerate() {
        for corner in 0..3 {
            let (a, b) = (corners[corner], corners[(corner + 1) % 3]);
            if candidate[a as usize] && candidate[b as usize] {
                edges.push((a.min(b), a.max(b), a > b, triangle as u32));
            }
        }
    }
    edges.sort_unstable();
    let mut rim = Vec::new();
    for same in edges.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)) {
        // As many run one way as the other, but for those of the rim.
        let backward = same.iter().filter(|edge| edge.2).count();
        let forward = same.len() - backward;
        let (surplus, is_backward) = (forward.abs_diff(backward), backward > forward);
        let own = same.iter().filter(|edge| edge.2 == is_backward).take(surplus);
        rim.extend(own.map(|&(low, high, reversed, triangle)| Rim {
            ends: if reversed { [high, low] } else { [low, high] },
            triangle,
        }));
    }
    rim
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::cube;

    #[test]
    fn the_edges_of_a_hole_inside_a_cell_are_of_the_rim() {
        let bounds = Bounds { min: [-9.0; 3], max: [9.0; 3] };
        let mut mesh = cube([1.0; 3], false);
        assert_eq!(Patch::new(mesh.clone(), &bounds).rim.len(), 0);
        mesh.triangles.pop();
        assert_eq!(Patch::new(mesh, &bounds).rim.len(), 3);
    }
}
