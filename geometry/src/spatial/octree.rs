//! From a skeleton and its solved operands to the cells that have a surface.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use scadstream_csg::{ContentHash, ContentHasher};

use super::grid::Cell;
use super::prune::{EVERYWHERE, Presence, Pruned, prune};
use super::skeleton::Skeleton;
use crate::cache::SolidCache;
use crate::kernel::{CancelToken, KernelError, Solid};
use crate::mesh::Bounds;

/// A solid of a leaf, where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Operand {
    pub(crate) solid: Solid,
    /// Hash of its shape, place and paint.
    pub(super) key: ContentHash,
    bounds: Bounds,
}

impl Operand {
    pub(crate) fn new(solid: Solid, key: ContentHash) -> Self {
        let bounds = solid.rough_bounds();
        Self { solid, key, bounds }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }
}

/// A cell with something to evaluate.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) cell: Cell,
    pub(super) tree: Skeleton<u32>,
    /// Hash of all that its surface depends on.
    pub(super) key: ContentHash,
}

/// Cuts space into cells that have at most about `most_triangles` of the operands each. Cells without a surface are left
/// out; the others come in the order of the octree. Whether a cell is split depends on what reaches into it alone, but for
/// those that are `kept_whole`.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(super) fn tasks(
    operands: &[Operand],
    skeleton: &Skeleton<u32>,
    most_triangles: usize,
    kept_whole: &HashSet<Cell>,
    cache: &SolidCache,
    token: &CancelToken,
) -> Result<Vec<Task>, KernelError> {
    let Some(bounds) = operands.iter().map(Operand::bounds).reduce(Bounds::union) else {
        return Ok(Vec::new());
    };
    let roots = Cell::roots(&bounds);
    let root_level = roots.first().map_or(0, |root| root.level);
    let octree = Octree { operands, most_triangles, kept_whole, root_level, cache, token };
    let found: Result<Vec<Vec<Task>>, KernelError> =
        roots.into_par_iter().map(|root| octree.descend(root, skeleton)).collect();
    Ok(found?.into_iter().flatten().collect())
}

struct Octree<'a> {
    operands: &'a [Operand],
    most_triangles: usize,
    kept_whole: &'a HashSet<Cell>,
    root_level: i16,
    cache: &'a SolidCache,
    token: &'a CancelToken,
}

impl Octree<'_> {
    fn descend(&self, cell: Cell, skeleton: &Skeleton<u32>) -> Result<Vec<Task>, KernelError> {
        self.token.check()?;
        let bounds = cell.bounds();
        // Counted when the operand is first looked at; what is pruned away after that is not weighed.
        let counts = RefCell::new(HashMap::new());
        let presence = |operand| {
            let (presence, triangles) = self.presence(operand, cell, &bounds);
            counts.borrow_mut().insert(operand, triangles);
            presence
        };
        let Pruned::Surface(tree) = prune(skeleton, &presence) else { return Ok(Vec::new()) };
        let counts = counts.into_inner();
        let triangles: usize = tree
            .operands()
            .into_iter()
            .map(|operand| counts.get(operand).copied().unwrap_or_default())
            .sum();
        let may_split = cell.is_divisible(self.root_level) && !self.kept_whole.contains(&cell);
        if triangles > self.most_triangles && may_split {
            let children = cell.children();
            let found: Result<Vec<Vec<Task>>, KernelError> =
                children.into_par_iter().map(|child| self.descend(child, &tree)).collect();
            return Ok(found?.into_iter().flatten().collect());
        }
        let key = self.key(cell, &tree);
        Ok(vec![Task { cell, tree, key }])
    }

    /// How an operand stands to a cell, and how many of its triangles touch it.
    fn presence(&self, operand: u32, cell: Cell, bounds: &Bounds) -> (Presence, usize) {
        if operand == EVERYWHERE {
            return (Presence::Inside, 0);
        }
        let Operand { solid, key, bounds: around } = self.operand(operand);
        if !around.touches(bounds) {
            return (Presence::Outside, 0);
        }
        self.cache.presence((*key, cell), || match solid.triangles_touching(bounds) {
            0 if solid.contains(center(bounds)) => (Presence::Inside, 0),
            0 => (Presence::Outside, 0),
            triangles => (Presence::Surface, triangles),
        })
    }

    fn operand(&self, operand: u32) -> &Operand {
        &self.operands[operand as usize]
    }

    fn key(&self, cell: Cell, tree: &Skeleton<u32>) -> ContentHash {
        let mut hasher = ContentHasher::new("cell");
        cell.feed(&mut hasher);
        self.hash(tree, &mut hasher);
        hasher.finish()
    }

    fn hash(&self, tree: &Skeleton<u32>, hasher: &mut ContentHasher) {
        let (kind, operands) = match tree {
            Skeleton::Operand(EVERYWHERE) => return hasher.u64(0),
            Skeleton::Operand(operand) => {
                hasher.u64(1);
                return hasher.hash(self.operand(*operand).key);
            }
            Skeleton::Union(operands) => (2, operands),
            Skeleton::Difference(operands) => (3, operands),
            Skeleton::Intersection(operands) => (4, operands),
        };
        hasher.u64(kind);
        hasher.u64(operands.len() as u64);
        operands.iter().for_each(|operand| self.hash(operand, hasher));
    }
}

fn center(bounds: &Bounds) -> [f64; 3] {
    [0, 1, 2].map(|axis| bounds.min[axis] / 2.0 + bounds.max[axis] / 2.0)
}
