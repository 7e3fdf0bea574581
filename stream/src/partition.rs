//! Sorts the triangles of a mesh into cells of the dyadic grid.
//!
//! A triangle belongs to the cell that the centre of its box lies in, so it belongs to exactly one. A cell is split in eight
//! while it holds more than a chunk may; whether it is split depends on what it holds alone, so an edit elsewhere
//! changes neither the cell nor its chunk.
//!
//! Triangles are put in Z-order once, twenty levels deep, after which every cell is a range of them.

use rayon::prelude::*;

use crate::cell::{Cell, root_level};
use crate::morton::interleaved;

/// How much one chunk may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Distinct vertices.
    pub(crate) vertices: usize,
    /// Triangles.
    pub(crate) triangles: usize,
}

/// Levels that keys tell apart below the outermost cells.
const LEVELS: u32 = 20;

/// A triangle with its place on the Z-order curve.
type Keyed = (u64, u32);

/// Splits the triangles of a mesh.
pub(crate) struct Splitter<'a> {
    bounds: Bounds,
    positions: &'a [[f64; 3]],
    triangles: &'a [[u32; 3]],
    /// Round in which each vertex was last counted.
    seen: Vec<u32>,
    round: u32,
    cells: Vec<Box<[u32]>>,
}

impl<'a> Splitter<'a> {
    pub(crate) fn new(
        positions: &'a [[f64; 3]],
        triangles: &'a [[u32; 3]],
        bounds: Bounds,
    ) -> Self {
        let seen = vec![0; positions.len()];
        Self { bounds, positions, triangles, seen, round: 0, cells: Vec::new() }
    }

    /// The triangles `chosen` of the mesh by cells, none of which is empty.
    pub(crate) fn cells(&mut self, chosen: &[u32]) -> Vec<Box<[u32]>> {
        self.split_roots(chosen);
        std::mem::take(&mut self.cells)
    }

    /// Splits the outermost cells, at most eight.
    fn split_roots(&mut self, chosen: &[u32]) {
        let extremes = chosen.par_iter().map(|triangle| {
            let centre = self.centre(*triangle);
            (centre, centre)
        });
        let wider = |(a, b): ([f64; 3], [f64; 3]), (c, d): ([f64; 3], [f64; 3])| {
            ([0, 1, 2].map(|i| a[i].min(c[i])), [0, 1, 2].map(|i| b[i].max(d[i])))
        };
        let Some((min, max)) = extremes.reduce_with(wider) else { return };
        let first = Cell::at(min, root_level(min, max));
        let mut keyed = self.keyed(chosen.par_iter().copied(), first);
        self.split_octants(first, LEVELS, &mut keyed, |first, octant| first.neighbour(octant));
    }

    /// Emits `cell` if its triangles fit a chunk; else splits it. Their keys tell `levels` levels apart below it.
    ///
    /// Recursion ends where cells are no longer divisible, at most 560 levels down.
    fn split(&mut self, cell: Cell, levels: u32, keyed: &mut [Keyed]) {
        if keyed.is_empty() {
            return;
        }
        if self.fits(keyed) {
            self.emit(keyed);
        } else if !cell.is_divisible() {
            self.cut(keyed);
        } else if levels == 0 {
            let mut keyed = self.keyed(keyed.par_iter().map(|(_, triangle)| *triangle), cell);
            self.split(cell, LEVELS, &mut keyed);
        } else {
            self.split_octants(cell, levels - 1, keyed, |cell, octant| cell.child(octant));
        }
    }

    /// Splits triangles by the bits of their keys above `levels` levels, and each of the cells that these stand for.
    fn split_octants(
        &mut self,
        cell: Cell,
        levels: u32,
        keyed: &mut [Keyed],
        cell_of: impl Fn(&Cell, usize) -> Cell,
    ) {
        let mut rest = keyed;
        for octant in 0..8 {
            let is_own = |(key, _): &Keyed| (key >> (3 * levels) & 7) as usize == octant;
            let count = rest.partition_point(is_own);
            let (own, others) = rest.split_at_mut(count);
            self.split(cell_of(&cell, octant), levels, own);
            rest = others;
        }
    }

    /// Triangles in Z-order, in `cell` or in those of its upper neighbours that are outermost with it.
    fn keyed(&self, chosen: impl IndexedParallelIterator<Item = u32>, cell: Cell) -> Vec<Keyed> {
        let step = Cell { level: cell.level - LEVELS as i16, ..cell }.edge();
        let corner = cell.corner().map(|x| x / step);
        let most = f64::from(2_u32 << LEVELS) - 1.0;
        let key = |triangle: u32| {
            let centre = self.centre(triangle);
            // Whole numbers of steps, so that nothing is rounded. What lies beyond the grid is put into its outermost cells.
            let steps =
                |axis: usize| ((centre[axis] / step).floor() - corner[axis]).clamp(0.0, most);
            (interleaved([0, 1, 2].map(|axis| steps(axis) as u32)), triangle)
        };
        let mut keyed: Vec<Keyed> = chosen.map(key).collect();
        keyed.par_sort_unstable();
        keyed
    }

    /// The centre of a triangle's box rather than its centroid: minimum and maximum do not depend on which corner comes
    /// first, a sum of three doubles does.
    fn centre(&self, triangle: u32) -> [f64; 3] {
        let corners = self.triangles[triangle as usize];
        let [a, b, c] = corners.map(|vertex| self.positions[vertex as usize]);
        [0, 1, 2].map(|axis| {
            let (low, high) =
                (a[axis].min(b[axis]).min(c[axis]), a[axis].max(b[axis]).max(c[axis]));
            low / 2.0 + high / 2.0
        })
    }

    /// Whether these triangles fit one chunk.
    fn fits(&mut self, keyed: &[Keyed]) -> bool {
        if keyed.len() > self.bounds.triangles {
            return false;
        }
        if keyed.len() * 3 <= self.bounds.vertices {
            return true;
        }
        self.round += 1;
        let mut vertices = 0;
        for (_, triangle) in keyed {
            for vertex in self.triangles[*triangle as usize] {
                let seen = &mut self.seen[vertex as usize];
                vertices += usize::from(*seen != self.round);
                *seen = self.round;
            }
        }
        vertices <= self.bounds.vertices
    }

    fn emit(&mut self, keyed: &[Keyed]) {
        self.cells.push(keyed.iter().map(|(_, triangle)| *triangle).collect());
    }

    /// Cuts what no cell can part, such as many triangles in one place, into pieces by count. Which come together is told by
    /// where their corners are, whatever order they came in.
    fn cut(&mut self, keyed: &mut [Keyed]) {
        keyed.sort_by_cached_key(|(_, triangle)| {
            let corners = self.triangles[*triangle as usize];
            let [a, b, c] =
                corners.map(|vertex| self.positions[vertex as usize].map(|x| (x + 0.0).to_bits()));
            [a, b, c].min([b, c, a]).min([c, a, b])
        });
        let piece = self.bounds.triangles.min(self.bounds.vertices / 3).max(1);
        keyed.chunks(piece).for_each(|triangles| self.emit(triangles));
    }
}
