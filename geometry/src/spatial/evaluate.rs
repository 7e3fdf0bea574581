//! Evaluates the small tree of one cell.

use std::sync::Arc;

use scadstream_csg::{ContentHash, ContentHasher};

use super::grid::Cell;
use super::octree::{Operand, Task, key};
use super::patch::Patch;
use super::prune::EVERYWHERE;
use super::skeleton::Skeleton;
use crate::abandon::abandonable;
use crate::cache::{Form, SolidCache};
use crate::kernel::{CancelToken, KernelError, Piece, Solid, Tree};
use crate::mesh::{Bounds, Mesh};
use crate::shape::Shape;

/// Operands with more triangles than this are cut on the way down to a cell, so that no cell pays for all of them.
/// An assembly of threads took 1.41, 1.49 and 1.61 s with 300, 1000 and 3000.
pub(super) const LARGE_OPERAND: usize = 1000;

/// Operands are cut at every second level: each cut makes caps, most of which the next one cuts away again.
const STEP_LEVELS: i16 = 2;

/// Triangles that are cut in the time that other work takes for one.
const CUT_AT_ONCE: usize = 10;

/// What all cells of a model are evaluated with.
pub(super) struct Evaluation<'a> {
    pub(super) operands: &'a [Operand],
    /// Has the pieces of operands that were cut on the way down to cells.
    pub(super) cache: &'a SolidCache,
    pub(super) token: &'a CancelToken,
    /// Whether booleans inside cells are kept, since an edit may change what stands beside them.
    pub(super) keeps_inner: bool,
}

impl Evaluation<'_> {
    /// The surface inside a cell.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
    pub(super) fn patch(&self, task: &Task) -> Result<Patch, KernelError> {
        let bounds = task.cell.bounds();
        let mesh = match task.tree {
            Skeleton::Operand(operand) if operand != EVERYWHERE => {
                self.alone(&self.operands[operand as usize], task.cell)?
            }
            _ => match self.tree(&task.tree, task.cell)? {
                Some(tree) => tree.within(&bounds, self.token)?.unwrap_or_default(),
                None => Mesh::default(),
            },
        };
        Ok(Patch::new(mesh, &bounds))
    }

    /// The kernel's tree of a cell; none if it is empty, as when a large operand has nothing here after all.
    fn tree(&self, tree: &Skeleton<u32>, cell: Cell) -> Result<Option<Tree>, KernelError> {
        let all = |operands: &[Skeleton<u32>]| -> Result<Vec<Tree>, KernelError> {
            let trees = operands.iter().map(|operand| self.inner(operand, cell).transpose());
            trees.flatten().collect()
        };
        Ok(match tree {
            Skeleton::Operand(EVERYWHERE) => Some(Tree::Solid(around(cell, self.token)?)),
            Skeleton::Operand(operand) => {
                let operand = &self.operands[*operand as usize];
                self.part(operand, cell)?.map(Tree::Solid)
            }
            Skeleton::Union(operands) => {
                let operands = all(operands)?;
                (!operands.is_empty()).then_some(Tree::Union(operands))
            }
            Skeleton::Intersection(operands) => {
                let found = all(operands)?;
                (found.len() == operands.len()).then_some(Tree::Intersection(found))
            }
            Skeleton::Difference(operands) => {
                let Some((first, rest)) = operands.split_first() else { return Ok(None) };
                let Some(first) = self.inner(first, cell)? else { return Ok(None) };
                let rest = all(rest)?;
                Some(if rest.is_empty() { first } else { Tree::Difference(Box::new(first), rest) })
            }
        })
    }

    /// What is an operand in the kernel's tree of a cell. A boolean is evaluated, and kept by itself: an edit of one part
    /// leaves others in the same cell as they are.
    fn inner(&self, tree: &Skeleton<u32>, cell: Cell) -> Result<Option<Tree>, KernelError> {
        let (Skeleton::Difference(_) | Skeleton::Intersection(_)) = tree else {
            return self.tree(tree, cell);
        };
        let evaluated = || match self.tree(tree, cell)? {
            Some(tree) => tree.solid(self.token),
            None => Ok(None),
        };
        if !self.keeps_inner {
            return Ok(evaluated()?.map(Tree::Solid));
        }
        let key = key(self.operands, cell, tree);
        if let Some(Shape::Solids(found)) = self.cache.get(key, Form::Inner) {
            return Ok(found.list.first().cloned().map(Tree::Solid));
        }
        let solid = evaluated()?;
        self.cache.insert(key, Form::Inner, Shape::solid(solid.clone()));
        Ok(solid.map(Tree::Solid))
    }

    /// What is alone in its cell is cut once more and needs no caps.
    fn alone(&self, operand: &Operand, cell: Cell) -> Result<Mesh, KernelError> {
        let bounds = cell.bounds();
        match self.piece(operand, cell, cell.level + 1)? {
            Some(piece) => Ok(piece.patch_within(&bounds)),
            None => {
                let tree = Tree::Solid(operand.solid.clone());
                Ok(tree.within(&bounds, self.token)?.unwrap_or_default())
            }
        }
    }

    /// What a cell needs of an operand: the whole or a part; none if there is nothing.
    fn part(&self, operand: &Operand, cell: Cell) -> Result<Option<Solid>, KernelError> {
        let Some(piece) = self.piece(operand, cell, cell.level)? else {
            return Ok(Some(operand.solid.clone()));
        };
        match piece.solid() {
            // Closed to us and not to the kernel: evaluated as a whole, at its price.
            Err(KernelError::NotManifold) => Ok(Some(operand.solid.clone())),
            other => other,
        }
    }

    /// The smallest piece of an operand around a cell, from `least` level on, that was worth cutting to. None if the operand
    /// is small as it is.
    fn piece(
        &self,
        operand: &Operand,
        cell: Cell,
        least: i16,
    ) -> Result<Option<Arc<Piece>>, KernelError> {
        if operand.solid.num_triangles() <= LARGE_OPERAND {
            return Ok(None);
        }
        let solid = operand.solid.clone();
        let mut piece =
            self.cached(operand.key, solid.num_triangles(), move || Arc::new(solid.piece()))?;
        let top = Cell::roots(&operand.bounds()).first().map_or(cell.level, |root| root.level);
        for level in (least..=top).rev() {
            if piece.num_triangles() <= LARGE_OPERAND {
                break;
            }
            let around = cell.ancestor(level);
            let is_stop = level == least || level % STEP_LEVELS == 0;
            if !is_stop || around.bounds().contains(&piece.bounds()) {
                continue;
            }
            let mut hasher = ContentHasher::new("piece of an operand");
            hasher.hash(operand.key);
            around.feed(&mut hasher);
            let triangles = piece.num_triangles();
            piece = self.cached(hasher.finish(), triangles, move || {
                // One that cannot be cut there stays as it is.
                piece.cut_to(&around.bounds()).map_or_else(|| Arc::clone(&piece), Arc::new)
            })?;
        }
        Ok(Some(piece))
    }

    /// A piece from the cache, or the one that `make` makes from so many triangles.
    fn cached(
        &self,
        key: ContentHash,
        triangles: usize,
        make: impl FnOnce() -> Arc<Piece> + Send + 'static,
    ) -> Result<Arc<Piece>, KernelError> {
        if let Some(piece) = self.cache.piece(key) {
            return Ok(piece);
        }
        let piece = abandonable(triangles / CUT_AT_ONCE, self.token, make)?;
        self.cache.insert_piece(key, Arc::clone(&piece));
        Ok(piece)
    }
}

/// A solid that holds the whole cell and more, so that none of its faces are seen in it.
fn around(cell: Cell, token: &CancelToken) -> Result<Solid, KernelError> {
    let Bounds { mut min, mut max } = cell.bounds();
    for axis in 0..3 {
        let margin = max[axis] - min[axis];
        (min[axis], max[axis]) = (min[axis] - margin, max[axis] + margin);
    }
    Solid::block(&Bounds { min, max }, token)
}
