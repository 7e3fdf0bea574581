//! Evaluates the small tree of one cell.

use scadstream_csg::ContentHasher;

use super::grid::Cell;
use super::octree::{Operand, Task};
use super::patch::Patch;
use super::prune::EVERYWHERE;
use super::skeleton::Skeleton;
use crate::cache::{Form, SolidCache};
use crate::kernel::{CancelToken, KernelError, Solid, Tree};
use crate::mesh::{Bounds, Mesh};
use crate::shape::Shape;

/// Operands with more triangles than this many cells may have are cut on the way down to a cell, so that no cell pays for
/// all of them.
pub(super) const LARGE_OPERAND_CELLS: usize = 2;

/// What all cells of a model are evaluated with.
pub(super) struct Evaluation<'a> {
    pub(super) operands: &'a [Operand],
    pub(super) cache: &'a SolidCache,
    pub(super) token: &'a CancelToken,
    pub(super) cell_triangles: usize,
}

impl Evaluation<'_> {
    /// The surface inside a cell.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
    pub(super) fn patch(&self, task: &Task) -> Result<Patch, KernelError> {
        let bounds = task.cell.bounds();
        let mesh = match self.tree(&task.tree, task.cell)? {
            Some(tree) => tree.within(&bounds, self.token)?.unwrap_or_default(),
            None => Mesh::default(),
        };
        Ok(Patch::new(mesh, &bounds))
    }

    /// The kernel's tree of a cell; none if it is empty, as when a large operand has nothing here after all.
    fn tree(&self, tree: &Skeleton<u32>, cell: Cell) -> Result<Option<Tree>, KernelError> {
        let all = |operands: &[Skeleton<u32>]| -> Result<Vec<Tree>, KernelError> {
            let trees = operands.iter().map(|operand| self.tree(operand, cell).transpose());
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
                let Some(first) = self.tree(first, cell)? else { return Ok(None) };
                let rest = all(rest)?;
                Some(if rest.is_empty() { first } else { Tree::Difference(Box::new(first), rest) })
            }
        })
    }

    /// What a cell needs of an operand: the whole, or the part in the smallest cell around that was worth cutting to.
    fn part(&self, operand: &Operand, cell: Cell) -> Result<Option<Solid>, KernelError> {
        let mut solid = operand.solid.clone();
        let large = LARGE_OPERAND_CELLS * self.cell_triangles;
        if solid.num_triangles() <= large {
            return Ok(Some(solid));
        }
        let top = Cell::roots(&operand.bounds()).first().map_or(cell.level, |root| root.level);
        for level in (cell.level..=top).rev() {
            if solid.num_triangles() <= large {
                break;
            }
            let around = cell.ancestor(level);
            let mut hasher = ContentHasher::new("part of an operand");
            hasher.hash(operand.key);
            around.feed(&mut hasher);
            let key = hasher.finish();
            let part = match self.cache.get(key, Form::AsIs) {
                Some(Shape::Solids(solids)) => solids.list.first().cloned(),
                _ => {
                    let part = solid.cut_to(&around.bounds(), self.token)?;
                    self.cache.insert(key, Form::AsIs, Shape::solid(part.clone()));
                    part
                }
            };
            match part {
                Some(part) => solid = part,
                None => return Ok(None),
            }
        }
        Ok(Some(solid))
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
