//! Solids that have no point in common as one body.
//!
//! The kernel can do this, but makes everything anew from the triangles: edges, normals, coplanar faces. That was a third of
//! the time of models of many parts. Here what the parts have is put one behind the other, and only sorted anew.

use std::collections::HashMap;

use manifold_rust::boolean3::compose_meshes;
use manifold_rust::csg_tree::{CsgLeafNode, CsgNode};
use manifold_rust::impl_mesh::ManifoldImpl;
use manifold_rust::linalg::{Mat3x4, Vec3};
use manifold_rust::types::{Box, Halfedge, TriRef};

use super::booleans::moved_body;
use super::{CancelToken, KernelError, MOST_TRIANGLES};

/// More operands than this are left to the kernel: looking which are apart is quadratic.
const MOST_OPERANDS: usize = 1000;

/// A part that is so much smaller than all together may have details below what the kernel can tell apart at that size,
/// which it takes out itself.
const LEAST_SHARE: f64 = 1e-6;

/// The operands of a union, of which those whose boxes do not overlap are made one: a few large booleans instead of many.
/// The kernel would group them the same way.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(super) fn grouped(
    operands: Vec<CsgNode>,
    token: &CancelToken,
) -> Result<Vec<CsgNode>, KernelError> {
    if operands.len() < 3 || operands.len() > MOST_OPERANDS {
        return Ok(operands);
    }
    let mut others = Vec::new();
    let mut groups: Vec<(Vec<Box>, Vec<CsgLeafNode>)> = Vec::new();
    for operand in operands {
        let leaf = match operand {
            CsgNode::Leaf(leaf) => leaf,
            tree @ CsgNode::Op { .. } => {
                others.push(tree);
                continue;
            }
        };
        let own = leaf.get_bounding_box();
        let is_apart = |boxes: &[Box]| !boxes.iter().any(|other| own.does_overlap_box(other));
        match groups.iter_mut().find(|(boxes, _)| is_apart(boxes)) {
            Some((boxes, leaves)) => {
                boxes.push(own);
                leaves.push(leaf);
            }
            None => groups.push((vec![own], vec![leaf])),
        }
    }
    let mut nodes = Vec::with_capacity(groups.len() + others.len());
    for (_, mut leaves) in groups {
        nodes.push(match leaves.len() {
            1 => CsgNode::leaf_node(leaves.remove(0)),
            _ => CsgNode::leaf(side_by_side(&leaves, token)?),
        });
    }
    nodes.extend(others);
    Ok(nodes)
}

/// One body of all leaves, of which no two have a point in common.
///
/// # Errors
/// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
pub(super) fn side_by_side(
    leaves: &[CsgLeafNode],
    token: &CancelToken,
) -> Result<ManifoldImpl, KernelError> {
    if leaves.iter().map(|leaf| leaf.p_impl.num_tri()).sum::<usize>() > MOST_TRIANGLES {
        return Err(KernelError::TooLarge);
    }
    if !are_plain(leaves) {
        let bodies: Vec<ManifoldImpl> = leaves.iter().map(CsgLeafNode::get_impl).collect();
        token.check()?;
        return Ok(compose_meshes(&bodies));
    }
    let mut out = with_room_for(leaves);
    let mut instances = 0;
    for leaf in leaves {
        token.check()?;
        match translation(&leaf.transform) {
            Some(offset) => append(&mut out, &leaf.p_impl, offset, &mut instances),
            None => append(&mut out, &moved_body(leaf), Vec3::splat(0.0), &mut instances),
        }
    }
    out.mesh_relation.original_id = -1;
    out.calculate_bbox();
    // Both are at least what the size of all together calls for.
    let coarsest = out.epsilon;
    out.set_epsilon(coarsest, false);
    token.check()?;
    out.sort_geometry();
    out.increment_mesh_ids();
    token.check()?;
    Ok(out)
}

/// An empty body that has room for all leaves: growing step by step copies all again and again.
fn with_room_for(leaves: &[CsgLeafNode]) -> ManifoldImpl {
    let of_all =
        |count: fn(&ManifoldImpl) -> usize| leaves.iter().map(|leaf| count(&leaf.p_impl)).sum();
    let (vertices, triangles): (usize, usize) =
        (of_all(ManifoldImpl::num_vert), of_all(ManifoldImpl::num_tri));
    let mut out = ManifoldImpl::new();
    out.vert_pos.reserve_exact(vertices);
    out.vert_normal.reserve_exact(vertices);
    out.face_normal.reserve_exact(triangles);
    out.halfedge.reserve_exact(3 * triangles);
    out.mesh_relation.tri_ref.reserve_exact(triangles);
    out
}

/// Whether the bodies have all that a finished body has and nothing else, and none is tiny beside the others.
fn are_plain(leaves: &[CsgLeafNode]) -> bool {
    let around: Vec<Box> = leaves.iter().map(CsgLeafNode::get_bounding_box).collect();
    let reach = around.iter().map(Box::scale).fold(0.0, f64::max);
    leaves.iter().zip(around).all(|(CsgLeafNode { p_impl: body, .. }, around)| {
        let size = around.max - around.min;
        body.num_prop == 0
            && !body.is_soup
            && body.halfedge_tangent.is_empty()
            && body.face_normal.len() == body.num_tri()
            && body.vert_normal.len() == body.num_vert()
            && body.mesh_relation.tri_ref.len() == body.num_tri()
            && size.x.max(size.y).max(size.z) >= LEAST_SHARE * reach
    })
}

/// How far a transform moves, if it does nothing else.
fn translation(transform: &Mat3x4) -> Option<Vec3> {
    let still = Mat3x4 { w: transform.w, ..Mat3x4::identity() };
    (*transform == still).then_some(transform.w)
}

/// Adds a body, moved by `offset`; `instances` counts the mesh instances of all.
fn append(out: &mut ManifoldImpl, body: &ManifoldImpl, offset: Vec3, instances: &mut i32) {
    let (vertices, halfedges) = (out.vert_pos.len() as i32, out.halfedge.len() as i32);
    let triangles = halfedges / 3;
    out.vert_pos.extend(body.vert_pos.iter().map(|position| *position + offset));
    out.vert_normal.extend_from_slice(&body.vert_normal);
    out.face_normal.extend_from_slice(&body.face_normal);
    out.halfedge.extend(body.halfedge.iter().map(|edge| Halfedge {
        start_vert: edge.start_vert + vertices,
        end_vert: edge.end_vert + vertices,
        paired_halfedge: edge.paired_halfedge + halfedges,
        prop_vert: edge.start_vert + vertices,
    }));
    let mut number_of: HashMap<i32, i32> = HashMap::new();
    for (id, relation) in &body.mesh_relation.mesh_id_transform {
        *instances += 1;
        number_of.insert(*id, *instances);
        out.mesh_relation.mesh_id_transform.insert(*instances, relation.clone());
    }
    out.mesh_relation.tri_ref.extend(body.mesh_relation.tri_ref.iter().map(|reference| TriRef {
        mesh_id: number_of.get(&reference.mesh_id).copied().unwrap_or(reference.mesh_id),
        coplanar_id: reference.coplanar_id + triangles,
        ..*reference
    }));
    out.epsilon = out.epsilon.max(body.epsilon);
    out.tolerance = out.tolerance.max(body.tolerance);
}
