//! Booleans of solids: one kernel tree of all operands, with the paint of each original among them.

use std::collections::HashMap;
use std::sync::Arc;

use manifold_rust::csg_tree::{CsgLeafNode, CsgNode};
use manifold_rust::impl_mesh::{ManifoldImpl, reserve_ids};
use manifold_rust::linalg::Mat3x4;
use manifold_rust::types::OpType;

use super::sheets::without_sheets;
use super::{CancelToken, KernelError, Solid, cell, compose, mat3x4, status};
use crate::mesh::Paint;

/// Most operands to subtract that are not united by the kernel's tree, which unites several pairs at once.
const FEW: usize = 4;

/// Gathers the leaves of one kernel tree and the paint of each original among them.
#[derive(Default)]
pub(super) struct TreeBuilder {
    pub(super) paints: HashMap<i32, Paint>,
}

impl TreeBuilder {
    pub(super) fn leaves(&mut self, solids: &[Solid], subtracted: bool) -> Vec<CsgNode> {
        solids.iter().map(|solid| CsgNode::leaf_node(self.leaf(solid, subtracted))).collect()
    }

    /// A leaf for `solid`. Should one of its originals already be in the tree in another paint, it gets new ones.
    pub(super) fn leaf(&mut self, solid: &Solid, subtracted: bool) -> CsgLeafNode {
        let seen = |paint: Paint| {
            if subtracted && paint == Paint::Default { Paint::Cut } else { paint }
        };
        let mut own = solid.painted_body();
        let already = |(id, paint): &(i32, Paint)| {
            self.paints.get(id).is_some_and(|already| *already != seen(*paint))
        };
        if own.paints.iter().any(already) {
            own = own.with_own_originals();
        }
        self.paints.extend(own.paints.iter().map(|(id, paint)| (*id, seen(*paint))));
        CsgLeafNode { p_impl: own.body, transform: mat3x4(&solid.transform) }
    }

    /// The union of some solids as one node.
    pub(super) fn union_of(
        &mut self,
        solids: &[Solid],
        token: &CancelToken,
    ) -> Result<CsgNode, KernelError> {
        let mut leaves = compose::grouped(self.leaves(solids, false), token)?;
        Ok(if leaves.len() == 1 { leaves.remove(0) } else { CsgNode::op_n(OpType::Add, leaves) })
    }

    /// The solid that operands make.
    pub(super) fn evaluate(
        self,
        op: OpType,
        operands: Vec<CsgNode>,
        token: &CancelToken,
    ) -> Result<Option<Solid>, KernelError> {
        self.result(boolean(op, operands, token)?)
    }

    /// The solid of a body made of the leaves. It has one original per paint, whatever number of leaves went in.
    pub(super) fn result(self, body: Arc<ManifoldImpl>) -> Result<Option<Solid>, KernelError> {
        status(&body)?;
        let mut body = Arc::unwrap_or_clone(without_sheets(body));
        let mut originals: Vec<(Paint, i32)> = Vec::new();
        rename_originals(&mut body, |id| {
            if id == cell::cut_original() {
                return id;
            }
            let paint = self.paints.get(&id).copied().unwrap_or_default();
            if let Some((_, original)) = originals.iter().find(|(known, _)| *known == paint) {
                return *original;
            }
            let original = reserve_ids(1) as i32;
            originals.push((paint, original));
            original
        });
        let mut paints: Vec<_> = originals.into_iter().map(|(paint, id)| (id, paint)).collect();
        paints.sort_by_key(|(id, _)| *id);
        Solid::checked(body, paints.into())
    }
}

/// The body that operands make. The kernel's tree would copy operands that are not moved, which may be large, so one or two
/// are no tree.
pub(super) fn boolean(
    op: OpType,
    mut operands: Vec<CsgNode>,
    token: &CancelToken,
) -> Result<Arc<ManifoldImpl>, KernelError> {
    token.check()?;
    match operands.len() {
        1 => body(operands.remove(0), token),
        2 if !operands.iter().any(|operand| matches!(operand, CsgNode::Op { .. })) => {
            let second = body(operands.remove(1), token)?;
            let first = body(operands.remove(0), token)?;
            pair(op, &first, &second, token)
        }
        3.. if op == OpType::Subtract && operands.len() <= 1 + FEW => difference(operands, token),
        _ => checked(CsgNode::op_n(op, operands).evaluate_with_token(Some(&token.0))),
    }
}

/// The first minus the others, each step with the two smallest bodies that are left, since a boolean takes as long as both
/// are large. The kernel's tree would unite the others first: a hundred holes with a pocket that cuts through them.
fn difference(
    operands: Vec<CsgNode>,
    token: &CancelToken,
) -> Result<Arc<ManifoldImpl>, KernelError> {
    let bodies = operands.into_iter().map(|operand| body(operand, token));
    let mut bodies = bodies.collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut first = bodies.next().expect("something to subtract from");
    let mut rest: Vec<_> = bodies.collect();
    loop {
        rest.sort_by_key(|body| std::cmp::Reverse(body.num_tri()));
        let Some(smallest) = rest.pop() else { return Ok(first) };
        match rest.pop() {
            Some(next) if next.num_tri() < first.num_tri() => {
                rest.push(pair(OpType::Add, &smallest, &next, token)?);
            }
            next => {
                first = pair(OpType::Subtract, &first, &smallest, token)?;
                if let Some(next) = next {
                    first = without_sheets(first);
                    rest.push(next);
                }
            }
        }
    }
}

fn pair(
    op: OpType,
    first: &ManifoldImpl,
    second: &ManifoldImpl,
    token: &CancelToken,
) -> Result<Arc<ManifoldImpl>, KernelError> {
    checked(manifold_rust::boolean3::boolean_with_token(first, second, op, Some(&token.0)))
}

/// The body of a node where it stands.
fn body(node: CsgNode, token: &CancelToken) -> Result<Arc<ManifoldImpl>, KernelError> {
    match node {
        CsgNode::Leaf(leaf) => Ok(moved_body(&leaf)),
        tree @ CsgNode::Op { .. } => checked(tree.evaluate_with_token(Some(&token.0))),
    }
}

fn checked(body: ManifoldImpl) -> Result<Arc<ManifoldImpl>, KernelError> {
    status(&body)?;
    Ok(Arc::new(body))
}

/// The body of a leaf with its transform applied, shared if there is none.
pub(super) fn moved_body(leaf: &CsgLeafNode) -> Arc<ManifoldImpl> {
    if leaf.transform == Mat3x4::identity() {
        Arc::clone(&leaf.p_impl)
    } else {
        Arc::new(leaf.p_impl.transform(&leaf.transform))
    }
}

/// Gives every face and mesh instance of `body` the original that `rename` says.
pub(super) fn rename_originals(body: &mut ManifoldImpl, mut rename: impl FnMut(i32) -> i32) {
    let mut renamed: HashMap<i32, i32> = HashMap::new();
    for reference in &mut body.mesh_relation.tri_ref {
        let old = reference.original_id;
        reference.original_id = *renamed.entry(old).or_insert_with(|| rename(old));
    }
    for relation in body.mesh_relation.mesh_id_transform.values_mut() {
        if let Some(new) = renamed.get(&relation.original_id) {
            relation.original_id = *new;
        }
    }
}
