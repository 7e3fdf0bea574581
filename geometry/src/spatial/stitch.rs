//! Puts the cells of a model together, one after the other, and takes out the vertices that only a seam made.
//!
//! Where an edge of the model passes from one cell into the next there is a vertex that says nothing: it lies on that edge,
//! and its triangles lie in the planes of those beside it. Once all cells around such a vertex are there, it is moved
//! along the edge onto the next one, which changes no point of the surface by more than rounding, and the two triangles
//! between them are gone. Triangles that will not change any more are given away, so that memory is that of the seams
//! that wait for a cell.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::patch::{Patch, TOLERANCE, bits};
use crate::measure::{cross, dot, sub};
use crate::mesh::{Bounds, Paint};

/// A triangle, counter-clockwise seen from outside, and what it is painted with.
pub type PaintedTriangle = ([[f64; 3]; 3], Paint);

/// Cells of a model, put together as they come. What becomes of them depends on their order alone.
#[derive(Debug)]
pub struct Stitch {
    /// Vertices that lie within this of a line lie on it.
    tolerance: f64,
    vertices: Vec<Vertex>,
    triangles: Vec<Triangle>,
    free_vertices: Vec<u32>,
    free_triangles: Vec<u32>,
    /// Vertices in seams, by position.
    in_seams: FxHashMap<[u64; 3], u32>,
    /// Triangles that are gone.
    simplified: usize,
}

#[derive(Debug, Clone)]
struct Vertex {
    position: [f64; 3],
    /// Triangles that wait and have it.
    around: Vec<u32>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
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
struct Triangle {
    corners: [u32; 3],
    paint: Paint,
    is_gone: bool,
}

/// What lies around a vertex, from one triangle to the next, counter-clockwise.
struct Ring {
    /// The neighbour that each triangle begins with; it ends with the next one.
    vertices: Vec<u32>,
    triangles: Vec<u32>,
}

impl Stitch {
    /// For cells of a model that lies in `bounds`.
    pub fn new(bounds: &Bounds) -> Self {
        Self {
            tolerance: TOLERANCE * bounds.largest_coordinate(),
            vertices: Vec::new(),
            triangles: Vec::new(),
            free_vertices: Vec::new(),
            free_triangles: Vec::new(),
            in_seams: FxHashMap::default(),
            simplified: 0,
        }
    }

    /// Takes of a cell's surface the triangles that touch a seam, those that are not
    /// [inner ones](Patch::inner_triangles), and gives such as are done. In the end each was given once.
    pub fn add(&mut self, patch: &Patch) -> Vec<PaintedTriangle> {
        let mut done = Vec::new();
        let seam = self.insert(patch);
        let changed = self.simplify(&seam);
        // What is around these may have waited for them.
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        let around = seam.iter().flat_map(|vertex| &self.vertices[*vertex as usize].around);
        let touched = around.chain(&changed).flat_map(|t| self.triangles[*t as usize].corners);
        let touched: Vec<u32> = touched.filter(|vertex| seen.insert(*vertex)).collect();
        self.give(&touched, changed, &mut done);
        done
    }

    /// How many triangles were taken out so far.
    pub fn simplified(&self) -> usize {
        self.simplified
    }

    /// The triangles that are left when all cells were added.
    pub fn finish(self) -> Vec<PaintedTriangle> {
        let left = self.triangles.iter().filter(|triangle| !triangle.is_gone);
        left.map(|triangle| self.painted(*triangle)).collect()
    }

    /// Takes in the triangles that touch a seam. Returns the vertices in it.
    fn insert(&mut self, patch: &Patch) -> Vec<u32> {
        let mesh = &*patch.mesh;
        let on_rim = patch.on_rim();
        let mut number: FxHashMap<u32, u32> = FxHashMap::default();
        let mut seam = Vec::new();
        for (range, paint) in mesh.painted_runs() {
            for index in range {
                let corners = mesh.triangles[index];
                if !corners.iter().any(|v| on_rim[*v as usize]) {
                    continue;
                }
                let corners = corners.map(|v| {
                    *number.entry(v).or_insert_with(|| {
                        let position = mesh.positions[v as usize];
                        if !on_rim[v as usize] {
                            return self.new_vertex(position, State::Inner);
                        }
                        let known = self.in_seams.get(&bits(position)).copied();
                        let vertex = known.unwrap_or_else(|| {
                            let vertex = self.new_vertex(position, State::InSeam);
                            self.in_seams.insert(bits(position), vertex);
                            vertex
                        });
                        seam.push(vertex);
                        vertex
                    })
                });
                self.new_triangle(corners, paint);
            }
        }
        seam
    }

    /// Takes out what can be of the vertices given, and returns triangles that changed.
    fn simplify(&mut self, seam: &[u32]) -> Vec<u32> {
        let mut changed = Vec::new();
        let mut pending: VecDeque<u32> = seam.iter().copied().collect();
        while let Some(vertex) = pending.pop_front() {
            if self.vertices[vertex as usize].state != State::InSeam {
                continue;
            }
            let Some(ring) = self.ring(vertex) else { continue };
            let targets = 0..ring.vertices.len();
            let Some(onto) = targets.into_iter().find(|at| self.may_go(vertex, &ring, *at)) else {
                continue;
            };
            changed.extend(self.move_onto(vertex, &ring, onto));
            pending.extend(ring.vertices);
        }
        changed
    }

    /// The ring around a vertex; none unless it is one ring and closed.
    fn ring(&self, vertex: u32) -> Option<Ring> {
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

    /// Whether all of the surface stays where it is when `vertex` goes to the vertex `at` in its ring.
    fn may_go(&self, vertex: u32, ring: &Ring, at: usize) -> bool {
        let tolerance = self.tolerance;
        let count = ring.vertices.len();
        let before = (at + count - 1) % count;
        let target = ring.vertices[at];
        let position = |vertex: u32| self.vertices[vertex as usize].position;
        let (from, to) = (position(vertex), position(target));
        let along = sub(to, from);
        // The triangles `before` and `at` have the edge between the two, and go.
        let stay = (0..count).filter(|k| *k != at && *k != before);
        let is_flat = stay.into_iter().all(|k| {
            let [a, b] = [ring.vertices[k], ring.vertices[(k + 1) % count]].map(position);
            let was = cross(sub(a, from), sub(b, from));
            let becomes = cross(sub(a, to), sub(b, to));
            let sides = [sub(b, a), sub(a, to), sub(b, to)];
            let longest = sides.into_iter().map(length).fold(0.0, f64::max);
            dot(along, was).abs() <= tolerance * length(was)
                && dot(was, becomes) > 0.0
                && length(becomes) > 4.0 * tolerance * longest
        });
        is_flat
            && self.keeps_paint(ring, at, |other| {
                let across = cross(along, sub(position(other), from));
                dot(along, sub(position(other), from)) < 0.0
                    && length(across) <= tolerance * length(along)
            })
            && self.has_no_other_way(vertex, target, ring, at)
    }

    /// Whether borders between paints that meet in the vertex run along the edge to the target and straight on.
    fn keeps_paint(&self, ring: &Ring, at: usize, is_straight_on: impl Fn(u32) -> bool) -> bool {
        let count = ring.vertices.len();
        let paint = |k: usize| self.triangles[ring.triangles[k] as usize].paint;
        (0..count)
            .filter(|k| paint(*k) != paint((k + count - 1) % count))
            .all(|k| k == at || is_straight_on(ring.vertices[k]))
    }

    /// Whether the two have no common neighbours but those of their two common triangles.
    fn has_no_other_way(&self, vertex: u32, target: u32, ring: &Ring, at: usize) -> bool {
        let count = ring.vertices.len();
        let shared = [ring.vertices[(at + 1) % count], ring.vertices[(at + count - 1) % count]];
        let of_target = self.vertices[target as usize].around.iter();
        let mut neighbours = of_target.flat_map(|t| self.triangles[*t as usize].corners);
        neighbours.all(|other| {
            other == vertex
                || other == target
                || shared.contains(&other)
                || !ring.vertices.contains(&other)
        })
    }

    /// Moves a vertex onto the one `at` in its ring. Returns the triangles that have that one now.
    fn move_onto(&mut self, vertex: u32, ring: &Ring, at: usize) -> Vec<u32> {
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
        gone.into_iter().for_each(|triangle| self.remove_triangle(triangle));
        self.simplified += gone.len();
        moved
    }

    /// Gives the triangles away that nothing can change any more: those whose vertices in seams have only neighbours
    /// around which all cells are there.
    fn give(&mut self, touched: &[u32], loose: Vec<u32>, done: &mut Vec<PaintedTriangle>) {
        let mut candidates = loose;
        let is_waiting = |stitch: &Self, vertex: u32| {
            stitch.vertices[vertex as usize].state == State::InSeam && !stitch.is_complete(vertex)
        };
        for &vertex in touched {
            let Vertex { state, around, .. } = &self.vertices[vertex as usize];
            if *state != State::InSeam || !self.is_complete(vertex) {
                continue;
            }
            let mut ring = around.iter().flat_map(|t| self.triangles[*t as usize].corners);
            if !ring.any(|other| is_waiting(self, other)) {
                candidates.extend_from_slice(around);
                self.vertices[vertex as usize].state = State::Final;
            }
        }
        for index in candidates {
            let triangle = self.triangles[index as usize];
            let may_change = |corner: &u32| self.vertices[*corner as usize].state == State::InSeam;
            if !triangle.is_gone && !triangle.corners.iter().any(may_change) {
                done.push(self.painted(triangle));
                self.remove_triangle(index);
            }
        }
    }

    /// Whether every edge at a vertex has a triangle on both sides.
    fn is_complete(&self, vertex: u32) -> bool {
        let around = self.vertices[vertex as usize].around.iter();
        let (mut starts, mut ends): (Vec<u32>, Vec<u32>) =
            around.map(|t| self.side_before(*t, vertex)).map(|[start, end]| (start, end)).unzip();
        starts.sort_unstable();
        ends.sort_unstable();
        starts == ends
    }

    fn painted(&self, Triangle { corners, paint, .. }: Triangle) -> PaintedTriangle {
        (corners.map(|corner| self.vertices[corner as usize].position), paint)
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

    fn new_triangle(&mut self, corners: [u32; 3], paint: Paint) {
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

    fn remove_triangle(&mut self, index: u32) {
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

fn length(vector: [f64; 3]) -> f64 {
    dot(vector, vector).sqrt()
}
