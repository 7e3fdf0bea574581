//! Building a mesh from faces as files list them.

use std::collections::HashMap;

use crate::faces::fill_ring;
use crate::mesh::{Mesh, Paint, Run, bits};

/// A mesh being read.
#[derive(Default)]
pub(super) struct Soup {
    mesh: Mesh,
    places: HashMap<[u64; 3], u32>,
}

impl Soup {
    /// The index of a new vertex.
    pub(super) fn vertex(&mut self, position: [f64; 3]) -> u32 {
        self.mesh.positions.push(position);
        self.mesh.positions.len() as u32 - 1
    }

    /// The index of the vertex at this very place, for formats that repeat vertices for every triangle.
    pub(super) fn shared_vertex(&mut self, position: [f64; 3]) -> u32 {
        let key = bits(position);
        if let Some(known) = self.places.get(&key) {
            return *known;
        }
        let index = self.vertex(position);
        self.places.insert(key, index);
        index
    }

    pub(super) fn vertices(&self) -> usize {
        self.mesh.positions.len()
    }

    /// Adds a face, counter-clockwise seen from outside. One of fewer than three different vertices is left out.
    pub(super) fn face(&mut self, ring: &[u32], paint: Paint) {
        let mut ring = ring.to_vec();
        ring.dedup();
        while ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        let triangles = fill_ring(&self.mesh.positions, &ring);
        if triangles.is_empty() {
            return;
        }
        self.mesh.triangles.extend(triangles);
        let end = self.mesh.triangles.len() as u32;
        match self.mesh.runs.last_mut() {
            Some(run) if run.paint == paint => run.end = end,
            _ => self.mesh.runs.push(Run { end, paint }),
        }
    }

    /// The mesh, its runs left out if nothing is painted.
    pub(super) fn finish(mut self) -> Mesh {
        if self.mesh.runs.iter().all(|run| run.paint == Paint::Default) {
            self.mesh.runs.clear();
        }
        self.mesh
    }
}
