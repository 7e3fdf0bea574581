//! Sorts the triangles of a mesh into cells of the dyadic grid.
//!
//! A triangle belongs to the cell that the centre of its box lies in, so it belongs to exactly one. A cell is split in eight
//! while it holds more than a chunk may; whether it is split depends on what it holds alone, so an edit elsewhere
//! changes neither the cell nor its chunk.

use std::ops::Range;

use crate::cell::{Cell, cell_at, root_level};

/// How much one chunk may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Distinct vertices.
    pub(crate) vertices: usize,
    /// Triangles.
    pub(crate) triangles: usize,
}

/// The triangles of one mesh in the order of their cells.
pub(crate) struct Partition {
    /// Indices of triangles, cell after cell.
    pub(crate) order: Vec<u32>,
    /// Each cell with the range of `order` that lies in it; none is empty.
    pub(crate) cells: Vec<(Cell, Range<usize>)>,
}

/// Sorts the triangles `chosen` of a mesh into cells.
pub(crate) fn partition(
    positions: &[[f64; 3]],
    triangles: &[[u32; 3]],
    chosen: Vec<u32>,
    bounds: Bounds,
) -> Partition {
    let mut order = chosen;
    // The centre of the box rather than the centroid: minimum and maximum do not depend on which corner comes first,
    // a sum of three doubles does.
    let centre = |triangle: u32| {
        let [a, b, c] = triangles[triangle as usize].map(|vertex| positions[vertex as usize]);
        [0, 1, 2].map(|axis| {
            let (low, high) =
                (a[axis].min(b[axis]).min(c[axis]), a[axis].max(b[axis]).max(c[axis]));
            low / 2.0 + high / 2.0
        })
    };
    let mut splitter = Splitter {
        bounds,
        positions,
        triangles,
        seen: vec![0; positions.len()],
        round: 0,
        scratch: Vec::new(),
        cells: Vec::new(),
    };
    for (cell, range) in roots(&mut order, centre) {
        let start = range.start;
        splitter.split(cell, &mut order[range], start, &centre);
    }
    Partition { order, cells: splitter.cells }
}

/// Sorts triangles by the outermost cells, at most eight.
fn roots(order: &mut [u32], centre: impl Fn(u32) -> [f64; 3]) -> Vec<(Cell, Range<usize>)> {
    let (mut min, mut max) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for triangle in order.iter() {
        let point = centre(*triangle);
        for axis in 0..3 {
            min[axis] = min[axis].min(point[axis]);
            max[axis] = max[axis].max(point[axis]);
        }
    }
    if order.is_empty() {
        return Vec::new();
    }
    let level = root_level(min, max);
    order.sort_by_cached_key(|triangle| cell_at(centre(*triangle), level));
    let mut cells: Vec<(Cell, Range<usize>)> = Vec::new();
    for (position, triangle) in order.iter().enumerate() {
        let cell = cell_at(centre(*triangle), level);
        match cells.last_mut() {
            Some((last, range)) if *last == cell => range.end = position + 1,
            _ => cells.push((cell, position..position + 1)),
        }
    }
    cells
}

struct Splitter<'a> {
    bounds: Bounds,
    positions: &'a [[f64; 3]],
    triangles: &'a [[u32; 3]],
    /// Round in which each vertex was last counted.
    seen: Vec<u32>,
    round: u32,
    scratch: Vec<u32>,
    cells: Vec<(Cell, Range<usize>)>,
}

impl Splitter<'_> {
    /// Emits `cell` if its triangles, which begin at `start` of the whole order, fit a chunk; else splits it.
    ///
    /// Recursion ends where cells are no longer divisible, at most 560 levels down.
    fn split(
        &mut self,
        cell: Cell,
        order: &mut [u32],
        start: usize,
        centre: &impl Fn(u32) -> [f64; 3],
    ) {
        if order.is_empty() {
            return;
        }
        if self.fits(order) {
            self.cells.push((cell, start..start + order.len()));
            return;
        }
        if !cell.is_divisible() {
            self.cut(cell, order, start);
            return;
        }
        let mut counts = [0; 8];
        for triangle in order.iter() {
            counts[cell.octant(centre(*triangle))] += 1;
        }
        let mut next = [0; 8];
        for octant in 1..8 {
            next[octant] = next[octant - 1] + counts[octant - 1];
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(order);
        for triangle in &self.scratch {
            let slot = &mut next[cell.octant(centre(*triangle))];
            order[*slot] = *triangle;
            *slot += 1;
        }
        let (mut rest, mut at) = (order, start);
        for (octant, count) in counts.into_iter().enumerate() {
            let (own, others) = rest.split_at_mut(count);
            self.split(cell.child(octant), own, at, centre);
            (rest, at) = (others, at + count);
        }
    }

    /// Whether these triangles fit one chunk.
    fn fits(&mut self, order: &[u32]) -> bool {
        if order.len() > self.bounds.triangles {
            return false;
        }
        if order.len() * 3 <= self.bounds.vertices {
            return true;
        }
        self.round += 1;
        let mut vertices = 0;
        for triangle in order {
            for vertex in self.triangles[*triangle as usize] {
                let seen = &mut self.seen[vertex as usize];
                vertices += usize::from(*seen != self.round);
                *seen = self.round;
            }
        }
        vertices <= self.bounds.vertices
    }

    /// Cuts what no cell can part, such as many triangles in one place, into pieces by count. Which come together is told by
    /// where their corners are, whatever order they came in.
    fn cut(&mut self, cell: Cell, order: &mut [u32], start: usize) {
        order.sort_by_cached_key(|triangle| {
            let corners = self.triangles[*triangle as usize];
            let [a, b, c] =
                corners.map(|vertex| self.positions[vertex as usize].map(|x| (x + 0.0).to_bits()));
            [a, b, c].min([b, c, a]).min([c, a, b])
        });
        let piece = self.bounds.triangles.min(self.bounds.vertices / 3).max(1);
        let mut at = start;
        for triangles in order.chunks(piece) {
            self.cells.push((cell, at..at + triangles.len()));
            at += triangles.len();
        }
    }
}
