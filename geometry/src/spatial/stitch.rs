//! Puts the cells of a model together, one after the other, and takes out the vertices that only a seam made.
//!
//! Where an edge of the model passes from one cell into the next there is a vertex that says nothing: it lies on that edge,
//! and its triangles lie in the planes of those beside it. Once all cells around such a vertex are there, it is moved
//! along the edge onto the next one, which changes no point of the surface by more than rounding, and the two triangles
//! between them are gone. Triangles that will not change any more are given away, so that memory is that of the seams
//! that wait for a cell.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::patch::{Patch, TOLERANCE};
use super::waiting::{Ring, State, Waiting};
use crate::measure::{cross, dot, sub};
use crate::mesh::{Bounds, Paint};

/// A triangle, counter-clockwise seen from outside, and what it is painted with.
pub type PaintedTriangle = ([[f64; 3]; 3], Paint);

/// Cells of a model, put together as they come. What becomes of them depends on their order alone.
#[derive(Debug)]
pub struct Stitch {
    /// Vertices that lie within this of a line lie on it.
    tolerance: f64,
    waiting: Waiting,
    /// Triangles that are gone.
    simplified: usize,
}

impl Stitch {
    /// For cells of a model that lies in `bounds`.
    pub fn new(bounds: &Bounds) -> Self {
        let tolerance = TOLERANCE * bounds.largest_coordinate();
        Self { tolerance, waiting: Waiting::default(), simplified: 0 }
    }

    /// Takes of a cell's surface the triangles that touch a seam, those that are not
    /// [inner ones](Patch::inner_triangles), and gives such as are done. In the end each was given once.
    pub fn add(&mut self, patch: &Patch) -> Vec<PaintedTriangle> {
        let mut done = Vec::new();
        let seam = self.insert(patch);
        let changed = self.simplify(&seam);
        // What is around these may have waited for them.
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        let around = seam.iter().flat_map(|vertex| &self.waiting.vertex(*vertex).around);
        let touched = around.chain(&changed).flat_map(|t| self.waiting.triangle(*t).corners);
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
        self.waiting.all().collect()
    }

    /// Takes in the triangles that touch a seam. Returns the vertices in it.
    fn insert(&mut self, patch: &Patch) -> Vec<u32> {
        let on_rim = patch.on_rim();
        let mut number: FxHashMap<u32, u32> = FxHashMap::default();
        let mut seam = Vec::new();
        for (corners, paint) in patch.rim_triangles() {
            let corners = corners.map(|v| {
                *number.entry(v).or_insert_with(|| {
                    let position = patch.mesh.positions[v as usize];
                    if !on_rim[v as usize] {
                        return self.waiting.inner(position);
                    }
                    let vertex = self.waiting.in_seam(position);
                    seam.push(vertex);
                    vertex
                })
            });
            self.waiting.add(corners, paint);
        }
        seam
    }

    /// Takes out what can be of the vertices given, and returns triangles that changed.
    fn simplify(&mut self, seam: &[u32]) -> Vec<u32> {
        let mut changed = Vec::new();
        let mut pending: VecDeque<u32> = seam.iter().copied().collect();
        while let Some(vertex) = pending.pop_front() {
            if self.waiting.vertex(vertex).state != State::InSeam {
                continue;
            }
            let Some(ring) = self.waiting.ring(vertex) else { continue };
            let targets = 0..ring.vertices.len();
            let Some(onto) = targets.into_iter().find(|at| self.may_go(vertex, &ring, *at)) else {
                continue;
            };
            changed.extend(self.waiting.move_onto(vertex, &ring, onto));
            self.simplified += 2;
            pending.extend(ring.vertices);
        }
        changed
    }

    /// Whether all of the surface stays where it is when `vertex` goes to the vertex `at` in its ring.
    fn may_go(&self, vertex: u32, ring: &Ring, at: usize) -> bool {
        let tolerance = self.tolerance;
        let count = ring.vertices.len();
        let before = (at + count - 1) % count;
        let target = ring.vertices[at];
        let position = |vertex: u32| self.waiting.vertex(vertex).position;
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
        let paint = |k: usize| self.waiting.triangle(ring.triangles[k]).paint;
        (0..count)
            .filter(|k| paint(*k) != paint((k + count - 1) % count))
            .all(|k| k == at || is_straight_on(ring.vertices[k]))
    }

    /// Whether the two have no common neighbours but those of their two common triangles.
    fn has_no_other_way(&self, vertex: u32, target: u32, ring: &Ring, at: usize) -> bool {
        let count = ring.vertices.len();
        let shared = [ring.vertices[(at + 1) % count], ring.vertices[(at + count - 1) % count]];
        let mut neighbours = self.waiting.corners_around(target);
        neighbours.all(|other| {
            other == vertex
                || other == target
                || shared.contains(&other)
                || !ring.vertices.contains(&other)
        })
    }

    /// Gives the triangles away that nothing can change any more: those whose vertices in seams have only neighbours
    /// around which all cells are there.
    fn give(&mut self, touched: &[u32], loose: Vec<u32>, done: &mut Vec<PaintedTriangle>) {
        let waiting = &mut self.waiting;
        let mut candidates = loose;
        for &vertex in touched {
            let is_in_seam = |vertex: u32| waiting.vertex(vertex).state == State::InSeam;
            let is_waiting = |other: u32| is_in_seam(other) && !waiting.is_complete(other);
            if is_in_seam(vertex)
                && waiting.is_complete(vertex)
                && !waiting.corners_around(vertex).any(is_waiting)
            {
                candidates.extend_from_slice(&waiting.vertex(vertex).around);
                waiting.keep(vertex);
            }
        }
        for index in candidates {
            let triangle = *waiting.triangle(index);
            let may_change = |corner: &u32| waiting.vertex(*corner).state == State::InSeam;
            if !triangle.is_gone && !triangle.corners.iter().any(may_change) {
                done.push(waiting.painted(&triangle));
                waiting.remove(index);
            }
        }
    }
}

fn length(vector: [f64; 3]) -> f64 {
    dot(vector, vector).sqrt()
}
