//! Cells of the dyadic grid that solids are cut along.
//!
//! Edges are powers of two and the grid is fixed in model space, so that an edit moves no cell. Each cell is the parent of
//! eight, but unlike the usual dyadic grid this one has no plane in common to all levels: the planes of each level stand at
//! 3/7, 6/7 or 5/7 of an edge from the origin, in turn, which halving maps onto each other. So a model around the origin,
//! where most are, lies inside one cell of its own size instead of being cut through the middle, and since nobody writes
//! sevenths, hardly ever does a face lie in the side of a cell.

use scadstream_csg::ContentHasher;

use crate::mesh::Bounds;

/// Finer cells than 2^-20 of the model are never needed: a million triangles do not fit into one.
const MOST_LEVELS_DOWN: i16 = 20;

/// One cube of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Binary logarithm of the edge length in model units.
    pub level: i16,
    /// Lower corner in sevenths of an edge length.
    pub corner: [i64; 3],
}

impl Cell {
    /// The cells of one level that together hold `bounds`: at most eight, and one for most models.
    pub fn roots(bounds: &Bounds) -> Vec<Cell> {
        let size = bounds.size().into_iter().fold(f64::MIN_POSITIVE, f64::max);
        let level = size.log2().ceil().clamp(-900.0, 900.0) as i16;
        let few = (level..level + 3).map(|level| cells_around(bounds, level));
        few.min_by_key(Vec::len).expect("three levels are tried")
    }

    /// Its box. A side that two cells share has the same coordinate in both, whatever their levels.
    pub fn bounds(&self) -> Bounds {
        // Only the division rounds, and for each plane alike: halving a level doubles the dividend.
        let at = |step: i64| {
            self.corner
                .map(|sevenths| (sevenths + 7 * step) as f64 / 7.0 * power_of_two(self.level))
        };
        Bounds { min: at(0), max: at(1) }
    }

    /// Its eight halves.
    pub fn children(&self) -> [Cell; 8] {
        [0, 1, 2, 3, 4, 5, 6, 7].map(|octant| Cell {
            level: self.level - 1,
            corner: [0, 1, 2].map(|axis| self.corner[axis] * 2 + 7 * (octant >> axis & 1)),
        })
    }

    /// The cell of a higher level that this one lies in.
    pub(super) fn ancestor(&self, level: i16) -> Cell {
        let mut cell = *self;
        while cell.level < level {
            // A lower half has twice its parent's corner, an upper one seven more, which is odd.
            cell.corner = cell.corner.map(|sevenths| (sevenths - 7 * (sevenths & 1)) / 2);
            cell.level += 1;
        }
        cell
    }

    /// Adds what tells it from other cells.
    pub(super) fn feed(&self, hasher: &mut ContentHasher) {
        hasher.u64(self.level as u64);
        self.corner.iter().for_each(|sevenths| hasher.u64(*sevenths as u64));
    }

    /// Whether cells below a root of level `root` may be split further.
    pub(crate) fn is_divisible(&self, root: i16) -> bool {
        // Beyond 2^45 the halves' sides would no longer be apart from each other as doubles.
        root - self.level < MOST_LEVELS_DOWN && self.corner.iter().all(|c| c.abs() < 1 << 45)
    }
}

fn cells_around(bounds: &Bounds, level: i16) -> Vec<Cell> {
    let edge = power_of_two(level);
    let phase = [3, 6, 5][usize::from((-level).rem_euclid(3) as u16)];
    let corner_below = |x: f64| (x / edge - phase as f64 / 7.0).floor() as i64 * 7 + phase;
    let along =
        |axis: usize| (corner_below(bounds.min[axis])..=corner_below(bounds.max[axis])).step_by(7);
    let mut cells = Vec::new();
    for x in along(0) {
        for y in along(1) {
            cells.extend(along(2).map(|z| Cell { level, corner: [x, y, z] }));
        }
    }
    cells
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
        for scale in [1e-6, 0.3, 1.0, 7.0, 1e6] {
            for offset in [0.0, -2.0, 1e3] {
                let at = |x: f64| [(x + offset) * scale; 3];
                let bounds = Bounds { min: at(-3.0), max: at(5.0) };
                let roots = Cell::roots(&bounds);
                assert!(roots.len() <= 8, "{roots:?}");
                let around = roots.iter().map(Cell::bounds).reduce(Bounds::union).unwrap();
                assert!(around.contains(&bounds), "{around:?}");
            }
        }
    }

    #[test]
    fn a_model_at_the_origin_is_in_one_cell() {
        for size in [1.0, 10.0, 77.0, 200.0] {
            let bounds = Bounds { min: [0.0; 3], max: [size; 3] };
            assert_eq!(Cell::roots(&bounds).len(), 1);
        }
    }

    #[test]
    fn children_share_sides_with_their_parent_and_each_other() {
        let Some(root) = Cell::roots(&Bounds { min: [-0.2; 3], max: [0.7, 0.1, 0.3] }).pop() else {
            panic!("a root")
        };
        let mut cell = root;
        for octant in [7, 0, 5, 2, 1, 6, 3, 4] {
            let children = cell.children();
            let around = children.iter().map(Cell::bounds).reduce(Bounds::union).unwrap();
            assert_eq!(around, cell.bounds());
            assert_eq!(children[0].bounds().max, children[7].bounds().min);
            assert!(children.iter().all(|child| child.ancestor(cell.level) == cell));
            cell = children[octant];
            assert_eq!(cell.ancestor(root.level), root);
        }
    }

    #[test]
    fn the_planes_of_a_level_are_those_of_the_grid() {
        let bounds = |level: i16| Bounds { min: [0.0; 3], max: [power_of_two(level) * 0.6; 3] };
        for level in -4..5 {
            let child = cells_around(&bounds(level), level)[0];
            let parents = cells_around(&bounds(level), level + 1);
            assert!(parents.contains(&child.ancestor(level + 1)), "{level}");
        }
    }
}
