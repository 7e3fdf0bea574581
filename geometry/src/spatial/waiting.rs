//! Triangles of cells that wait for the cells around them, and what lies around their vertices.

use rustc_hash::FxHashMap;

use super::stitch::PaintedTriangle;
use crate::mesh::{Paint, bits};

/// Triangles over shared vertices. Numbers of those that are gone are given again.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    vertices: Vec<Vertex>,
    triangles: Vec<Triangle>,
    free_vertices: Vec<u32>,
    free_triangles: Vec<u32>,
    /// Vertices in seams, by position.
    in_seams: FxHashMap<[u64; 3], u32>,
}

#[derive(Debug, Clone)]
pub(super) struct Vertex {
    pub(super) position: [f64; 3],
    /// Triangles that wait and have it.
    pub(super) around: Vec<u32>,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Inside a cell: it stays.
    Inner,
    /// In a seam: it may go.
    InSeam,
    /// In a seam, and it stays.
    Final,
    /// There is no such vertex any more.
    Gone,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Triangle {
    pub(super) corners: [u32; 3],
    pub(super) paint: Paint,
    pub(super) is_gone: bool,
}

/// What lies around a vertex, from one triangle to the next, counter-clockwise.
pub(super) struct Ring {
    /// The neighbour that each triangle begins with; it ends with the next one.
    pub(super) vertices: Vec<u32>,
    pub(super) triangles: Vec<u32>,
}

impl Waiting {
    pub(super) fn vertex(&self, vertex: u32) -> &Vertex {
        &self.vertices[vertex as usize]
    }

    pub(super) fn triangle(&self, triangle: u32) -> &Triangle {
        &self.triangles[triangle as usize]
    }

    /// The corners of all triangles around a vertex.
    pub(super) fn corners_around(&self, vertex: u32) -> impl Iterator<Item = u32> + '_ {
        let around = self.vertex(vertex).around.iter();
        around.flat_map(|triangle| self.triangle(*triangle).corners)
    }

    /// All triangles that are left.
    pub(super) fn all(&self) -> impl Iterator<Item = PaintedTriangle> + '_ {
        let left = self.triangles.iter().filter(|triangle| !triangle.is_gone);
        left.map(|triangle| self.painted(triangle))
    }

    pub(super) fn painted(&self, triangle: &Triangle) -> PaintedTriangle {
        (triangle.corners.map(|corner| self.vertex(corner).position), triangle.paint)
    }

    /// A vertex inside a cell.
    pub(super) fn inner(&mut self, position: [f64; 3]) -> u32 {
        self.new_vertex(position, State::Inner)
    }

    /// The vertex in a seam at this position.
    pub(super) fn in_seam(&mut self, position: [f64; 3]) -> u32 {
        if let Some(known) = self.in_seams.get(&bits(position)) {
            return *known;
        }
        let vertex = self.new_vertex(position, State::InSeam);
        self.in_seams.insert(bits(position), vertex);
        vertex
    }

    /// From now on the vertex stays.
    pub(super) fn keep(&mut self, vertex: u32) {
        self.vertices[vertex as usize].state = State::Final;
    }

    /// The ring around a vertex; none unless it is one ring and closed.
    pub(super) fn ring(&self, vertex: u32) -> Option<Ring> {
        let around = &self.vertices[vertex as usize].around;
        let sides: Vec<[u32; 2]> = around.iter().map(|t| self.side_before(*t, vertex)).collect();
        let mut ring = Ring { vertices: Vec::new(), triangles: Vec::new() };
        let mut at = 0;
        for _ in 0..sides.len() {
            ring.vertices.push(sides[at][0]);
            ring.triangles.push(around[at]);
            let end = sides[at][1];
            let mut next = (0..sides.len()).filter(|other| sides[*other][0] == end);
            let (Some(only), None) = (next.next(), next.next()) else { return None };
            at = only;
            if at == 0 {
                break;
            }
        }
        (at == 0 && ring.vertices.len() == sides.len() && sides.len() >= 3).then_some(ring)
    }

    /// The two corners of a triangle other than `vertex`, in the order in which it runs.
    fn side_before(&self, triangle: u32, vertex: u32) -> [u32; 2] {
        let corners = self.triangles[triangle as usize].corners;
        let at = corners.iter().position(|corner| *corner == vertex).expect("one of its triangles");
        [corners[(at + 1) % 3], corners[(at + 2) % 3]]
    }

    /// Whether every edge at a vertex has a triangle on both sides.
    pub(super) fn is_complete(&self, vertex: u32) -> bool {
        let around = self.vertices[vertex as usize].around.iter();
        let (mut starts, mut ends): (Vec<u32>, Vec<u32>) =
            around.map(|t| self.side_before(*t, vertex)).map(|[start, end]| (start, end)).unzip();
        starts.sort_unstable();
        ends.sort_unstable();
        starts == ends
    }

    /// Moves a vertex onto the one `at` in its ring. Returns the triangles that have that one now.
    pub(super) fn move_onto(&mut self, vertex: u32, ring: &Ring, at: usize) -> Vec<u32> {
        let count = ring.vertices.len();
        let target = ring.vertices[at];
        let gone = [ring.triangles[at], ring.triangles[(at + count - 1) % count]];
        let moved: Vec<u32> =
            ring.triangles.iter().copied().filter(|triangle| !gone.contains(triangle)).collect();
        for &triangle in &moved {
            let corners = &mut self.triangles[triangle as usize].corners;
            corners.iter_mut().filter(|corner| **corner == vertex).for_each(|c| *c = target);
            self.vertices[target as usize].around.push(triangle);
        }
        self.vertices[vertex as usize].around = gone.to_vec();
        gone.into_iter().for_each(|triangle| self.remove(triangle));
        moved
    }

    pub(super) fn add(&mut self, corners: [u32; 3], paint: Paint) {
        let triangle = Triangle { corners, paint, is_gone: false };
        let index = if let Some(free) = self.free_triangles.pop() {
            self.triangles[free as usize] = triangle;
            free
        } else {
            self.triangles.push(triangle);
            self.triangles.len() as u32 - 1
        };
        corners.iter().for_each(|v| self.vertices[*v as usize].around.push(index));
    }

    /// Removes a triangle, and vertices that no other has.
    pub(super) fn remove(&mut self, index: u32) {
        let Triangle { corners, is_gone, .. } = &mut self.triangles[index as usize];
        *is_gone = true;
        let corners = *corners;
        self.free_triangles.push(index);
        for corner in corners {
            let around = &mut self.vertices[corner as usize].around;
            around.retain(|other| *other != index);
            if around.is_empty() {
                self.remove_vertex(corner);
            }
        }
    }

    fn new_vertex(&mut self, position: [f64; 3], state: State) -> u32 {
        let vertex = Vertex { position, around: Vec::new(), state };
        if let Some(free) = self.free_vertices.pop() {
            self.vertices[free as usize] = vertex;
            return free;
        }
        self.vertices.push(vertex);
        self.vertices.len() as u32 - 1
    }

    /// Removes a vertex that no triangle has.
    fn remove_vertex(&mut self, vertex: u32) {
        let Vertex { position, state, .. } = &mut self.vertices[vertex as usize];
        if matches!(state, State::InSeam | State::Final) {
            self.in_seams.remove(&bits(*position));
        }
        if *state != State::Gone {
            *state = State::Gone;
            self.free_vertices.push(vertex);
        }
    }
}
