//! Cells of the dyadic grid that solids are cut along.
//!
//! Edges are powers of two and the grid is fixed in model space, so that an edit moves no cell. Its origin lies off any
//! number that people write: models are full of faces at whole and half units, and a face in the very side of a cell
//! would belong to two.

use scadstream_csg::ContentHasher;

use crate::mesh::Bounds;

/// A corner of every cell that holds it, at every level. Fractions of e, π and the golden ratio: nobody models there.
const ORIGIN: [f64; 3] = [0.718_281_828_459_045_2, 0.141_592_653_589_793_1, 0.618_033_988_749_894_9];

/// Finer cells than 2^-20 of the model are never needed: a million triangles do not fit into one.
const MOST_LEVELS_DOWN: i16 = 20;

/// One cube of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Binary logarithm of the edge length in model units.
    pub level: i16,
    /// Lower corner, in edge lengths from the grid's origin.
    pub index: [i64; 3],
}

impl Cell {
    /// The cells of one level, at most eight, that together hold `bounds`; the level is the lowest possible.
    pub fn roots(bounds: &Bounds) -> Vec<Cell> {
        let size = bounds.size().into_iter().fold(f64::MIN_POSITIVE, f64::max);
        let level = size.log2().ceil().clamp(-900.0, 900.0) as i16;
        let [low, high] = [bounds.min, bounds.max].map(|point| index_at(point, level));
        let mut cells = Vec::new();
        for x in low[0]..=high[0] {
            for y in low[1]..=high[1] {
                for z in low[2]..=high[2] {
                    cells.push(Cell { level, index: [x, y, z] });
                }
            }
        }
        cells
    }

    /// Its box. A side that two cells share has the same coordinate in both, whatever their levels.
    pub fn bounds(&self) -> Bounds {
        let at = |step: i64| {
            [0, 1, 2].map(|axis| {
                // The multiple of a power of two is exact, so that only the sum rounds, and for each plane alike.
                (self.index[axis] + step) as f64 * power_of_two(self.level) + ORIGIN[axis]
            })
        };
        Bounds { min: at(0), max: at(1) }
    }

    /// Its eight halves.
    pub fn children(&self) -> [Cell; 8] {
        [0, 1, 2, 3, 4, 5, 6, 7].map(|octant| Cell {
            level: self.level - 1,
            index: [0, 1, 2].map(|axis| self.index[axis] * 2 + (octant >> axis & 1)),
        })
    }

    /// The cell of a higher level that this one lies in.
    pub(super) fn ancestor(&self, level: i16) -> Cell {
        let index = self.index.map(|i| i >> (level - self.level));
        Cell { level, index }
    }

    /// Adds what tells it from other cells.
    pub(super) fn feed(&self, hasher: &mut ContentHasher) {
        hasher.u64(self.level as u64);
        self.index.iter().for_each(|index| hasher.u64(*index as u64));
    }

    /// Whether cells below a root of level `root` may be split further.
    pub fn is_divisible(&self, root: i16) -> bool {
        // Beyond 2^50 the halves' sides would no longer be apart from each other as doubles.
        root - self.level < MOST_LEVELS_DOWN && self.index.iter().all(|i| i.abs() < 1 << 50)
    }
}

fn index_at(point: [f64; 3], level: i16) -> [i64; 3] {
    let edge = power_of_two(level);
    [0, 1, 2].map(|axis| ((point[axis] - ORIGIN[axis]) / edge).floor() as i64)
}

/// 2^level, exactly.
fn power_of_two(level: i16) -> f64 {
    f64::powi(2.0, i32::from(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_hold_what_they_are_for() {
        for scale in [1e-6, 1.0, 1e6] {
            let bounds = Bounds { min: [-3.0 * scale; 3], max: [5.0 * scale; 3] };
            let roots = Cell::roots(&bounds);
            assert!(roots.len() <= 8);
            let around = roots.iter().map(Cell::bounds).reduce(Bounds::union).unwrap();
            assert!(around.contains(&bounds), "{around:?}");
        }
    }

    #[test]
    fn children_share_sides_with_their_parent_and_each_other() {
        let cell = Cell { level: -3, index: [-7, 0, 12_345] };
        let children = cell.children();
        let around = children.iter().map(Cell::bounds).reduce(Bounds::union).unwrap();
        assert_eq!(around, cell.bounds());
        assert_eq!(children[0].bounds().max, children[7].bounds().min);
    }
}
