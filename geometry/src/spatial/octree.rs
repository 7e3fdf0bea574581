//! From a skeleton and its solved operands to the cells that have a surface.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use scadstream_csg::{ContentHash, ContentHasher};

use super::evaluate::LARGE_OPERAND;
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
    /// Triangles of operands that touch the cell.
    pub(super) triangles: usize,
    /// Triangles that evaluating it goes through.
    pub(super) work: usize,
}

/// A cell is split only if what its parts take, all together, is at most so many times what it takes: operands that are
/// large beside it would be evaluated once more in every part. A plate of 4.5 million triangles, whose balls had as many
/// triangles as a cell, took five times as long without this.
const MOST_REPETITION: f64 = 1.6;

/// A cell that more operands reach into is split, however few triangles they have: the kernel takes time by the square of the
/// holes in a face, and is not cancelled meanwhile. A plate with 100 000 square holes took 9.1 s in cells of a
/// thousand holes, 5.6 in cells of 250, and 5.5 in cells of 60.
const MOST_OPERANDS: usize = 500;

/// How large cells may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CellLimits {
    /// Most triangles of operands that touch one; about, since no cell is split without end.
    pub(crate) triangles: usize,
    /// Most triangles that evaluating one may go through, so that none takes too long and too much memory: one with more is
    /// split however often its operands are evaluated again.
    pub(crate) work: usize,
}

/// Cuts space into cells. Those without a surface are left out; the others come in the order of the octree. Whether a cell is split depends on what reaches into it alone, but for
/// those that are `kept_whole`.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(super) fn tasks(
    operands: &[Operand],
    skeleton: &Skeleton<u32>,
    limits: CellLimits,
    kept_whole: &HashSet<Cell>,
    cache: &SolidCache,
    token: &CancelToken,
) -> Result<Vec<Task>, KernelError> {
    let Some(bounds) = operands.iter().map(Operand::bounds).reduce(Bounds::union) else {
        return Ok(Vec::new());
    };
    let roots = Cell::roots(&bounds);
    let root_level = roots.first().map_or(0, |root| root.level);
    let octree = Octree { operands, limits, kept_whole, root_level, cache, token };
    let found: Result<Vec<Vec<Task>>, KernelError> = roots
        .into_par_iter()
        .filter_map(|root| octree.look(root, skeleton))
        .map(|seen| octree.descend(seen))
        .collect();
    token.check()?;
    Ok(found?.into_iter().flatten().collect())
}

struct Octree<'a> {
    operands: &'a [Operand],
    limits: CellLimits,
    kept_whole: &'a HashSet<Cell>,
    root_level: i16,
    cache: &'a SolidCache,
    token: &'a CancelToken,
}

/// What there is of a skeleton in a cell that has a surface.
struct Seen {
    cell: Cell,
    tree: Skeleton<u32>,
    /// Triangles of operands that touch the cell.
    triangles: usize,
    /// Triangles that evaluating it goes through: its operands have them elsewhere, too.
    work: usize,
    operands: usize,
}

impl Octree<'_> {
    fn descend(&self, seen: Seen) -> Result<Vec<Task>, KernelError> {
        self.token.check()?;
        let Seen { cell, tree, triangles, work, operands } = seen;
        let may_split = cell.is_divisible(self.root_level) && !self.kept_whole.contains(&cell);
        let is_large = triangles > self.limits.triangles || operands > MOST_OPERANDS;
        if is_large && may_split {
            let parts = cell.children().into_par_iter();
            let parts: Vec<Seen> = parts.filter_map(|part| self.look(part, &tree)).collect();
            let work_of_parts: usize = parts.iter().map(|part| part.work).sum();
            if work > self.limits.work || work_of_parts as f64 <= MOST_REPETITION * work as f64 {
                let found: Result<Vec<Vec<Task>>, KernelError> =
                    parts.into_par_iter().map(|part| self.descend(part)).collect();
                return Ok(found?.into_iter().flatten().collect());
            }
        }
        let key = key(self.operands, cell, &tree);
        Ok(vec![Task { cell, tree, key, triangles, work }])
    }

    /// None if the cell has no surface.
    fn look(&self, cell: Cell, skeleton: &Skeleton<u32>) -> Option<Seen> {
        let bounds = cell.bounds();
        // Counted when the operand is first looked at; what is pruned away after that is not weighed.
        let counts = RefCell::new(HashMap::new());
        let presence = |operand| {
            let (presence, triangles) = self.presence(operand, cell, &bounds);
            counts.borrow_mut().insert(operand, triangles);
            presence
        };
        let Pruned::Surface(tree) = prune(skeleton, &presence) else { return None };
        let counts = counts.into_inner();
        let (mut triangles, mut work, mut operands) = (0, 0, 0);
        for operand in tree.operands().into_iter().filter(|operand| **operand != EVERYWHERE) {
            operands += 1;
            let touching = counts.get(operand).copied().unwrap_or_default();
            let whole = self.operand(*operand).solid.num_triangles();
            triangles += touching;
            work += if whole > LARGE_OPERAND { touching.max(LARGE_OPERAND) } else { whole };
        }
        Some(Seen { cell, tree, triangles, work, operands })
    }

    /// How an operand stands to a cell, and how many of its triangles touch it.
    fn presence(&self, operand: u32, cell: Cell, bounds: &Bounds) -> (Presence, usize) {
        if operand == EVERYWHERE {
            return (Presence::Inside, 0);
        }
        let Operand { solid, key, bounds: around } = self.operand(operand);
        // Once cancelled, what is found does not matter.
        if !around.touches(bounds) || self.token.is_cancelled() {
            return (Presence::Outside, 0);
        }
        if bounds.contains(around) {
            return (Presence::Surface, solid.num_triangles());
        }
        self.cache.presence((*key, cell), || match solid.triangles_touching(bounds) {
            0 if solid.contains(bounds.center()) => (Presence::Inside, 0),
            0 => (Presence::Outside, 0),
            triangles => (Presence::Surface, triangles),
        })
    }

    fn operand(&self, operand: u32) -> &Operand {
        &self.operands[operand as usize]
    }
}

/// Hash of all that the result of `tree` in a cell depends on.
pub(super) fn key(operands: &[Operand], cell: Cell, tree: &Skeleton<u32>) -> ContentHash {
    let mut hasher = ContentHasher::new("cell");
    cell.feed(&mut hasher);
    feed(operands, tree, &mut hasher);
    hasher.finish()
}

fn feed(operands: &[Operand], tree: &Skeleton<u32>, hasher: &mut ContentHasher) {
    let (kind, inner) = match tree {
        Skeleton::Operand(EVERYWHERE) => return hasher.u64(0),
        Skeleton::Operand(operand) => {
            hasher.u64(1);
            return hasher.hash(operands[*operand as usize].key);
        }
        Skeleton::Union(inner) => (2, inner),
        Skeleton::Difference(inner) => (3, inner),
        Skeleton::Intersection(inner) => (4, inner),
    };
    hasher.u64(kind);
    hasher.u64(inner.len() as u64);
    inner.iter().for_each(|tree| feed(operands, tree, hasher));
}
