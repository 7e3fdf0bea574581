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
        let clash = solid
            .paints
            .iter()
            .any(|(id, paint)| self.paints.get(id).is_some_and(|already| *already != seen(*paint)));
        let renamed = clash.then(|| solid.with_own_originals());
        let solid = renamed.as_ref().unwrap_or(solid);
        self.paints.extend(solid.paints.iter().map(|(id, paint)| (*id, seen(*paint))));
        CsgLeafNode { p_impl: Arc::clone(&solid.body), transform: mat3x4(&solid.transform) }
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
    operands: Vec<CsgNode>,
    token: &CancelToken,
) -> Result<Arc<ManifoldImpl>, KernelError> {
    token.check()?;
    let body = if let [CsgNode::Leaf(_)] | [CsgNode::Leaf(_), CsgNode::Leaf(_)] = &operands[..] {
        let leaves = operands.into_iter().filter_map(|operand| match operand {
            CsgNode::Leaf(leaf) => Some(moved_body(&leaf)),
            CsgNode::Op { .. } => None,
        });
        match &leaves.collect::<Vec<_>>()[..] {
            [first, second] => {
                manifold_rust::boolean3::boolean_with_token(first, second, op, Some(&token.0))
            }
            only => return Ok(Arc::clone(&only[0])),
        }
    } else {
        CsgNode::op_n(op, operands).evaluate_with_token(Some(&token.0))
    };
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
