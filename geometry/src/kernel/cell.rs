//! Booleans confined to a box: what the spatial solver asks of the kernel.
//!
//! A tree is evaluated, then cut to the box *last*. The order matters: cutting operands first moved one seam vertex in eight
//! hundred by a rounding step, cutting the result none but for rare cases. Faces that cuts of operands have left are
//! dropped, so what is left is an open patch of the model's surface whose rim lies in the sides of the box.

use std::sync::{Arc, OnceLock};

use manifold_rust::boolean3::ray_cast;
use manifold_rust::csg_tree::{CsgLeafNode, CsgNode};
use manifold_rust::impl_mesh::{ManifoldImpl, reserve_ids};
use manifold_rust::linalg::{Mat3x4, Vec3, Vec4};
use manifold_rust::types::{Box as KernelBox, OpType};

use super::booleans::{TreeBuilder, boolean, moved_body};
use super::compose::grouped;
use super::cut::Surface;
use super::sheets::without_sheets;
use super::{CancelToken, KernelError, Solid, mat3x4, vec3};
use crate::affine::Affine;
use crate::mesh::{Bounds, Mesh, Paint};
use crate::primitives::cube;

/// A tree of booleans over solids.
#[derive(Debug, Clone)]
pub enum Tree {
    /// A solid as it is.
    Solid(Solid),
    /// Of all.
    Union(Vec<Tree>),
    /// The first minus the rest.
    Difference(Box<Tree>, Vec<Tree>),
    /// What all have in common.
    Intersection(Vec<Tree>),
}

impl Tree {
    /// The part of the result's surface inside `bounds`: an open mesh, its rim in the sides of the box; none if there
    /// is none.
    ///
    /// A face that lies in a side of the box is part of it if the box is above it.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
    pub fn within(
        &self,
        bounds: &Bounds,
        token: &CancelToken,
    ) -> Result<Option<Mesh>, KernelError> {
        token.check()?;
        let mut builder = TreeBuilder::default();
        let whole = self.body(&mut builder, token)?;
        token.check()?;
        let surface = Surface::of_body_within(&whole, bounds);
        let paints = &builder.paints;
        let mesh = patch(&surface, |original| paints.get(&original).copied().unwrap_or_default());
        Ok((!mesh.is_empty()).then_some(mesh))
    }

    /// The result as one solid, with the faces that cuts of operands have left; none if it is empty.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
    pub fn solid(&self, token: &CancelToken) -> Result<Option<Solid>, KernelError> {
        token.check()?;
        let mut builder = TreeBuilder::default();
        let body = self.body(&mut builder, token)?;
        builder.result(body)
    }

    fn body(
        &self,
        builder: &mut TreeBuilder,
        token: &CancelToken,
    ) -> Result<Arc<ManifoldImpl>, KernelError> {
        match builder.node(self, false, token)? {
            CsgNode::Leaf(leaf) => Ok(moved_body(&leaf)),
            CsgNode::Op { op, children, .. } => solved(op, children, token),
        }
    }
}

impl Solid {
    /// The block that fills `bounds`, which must have an extent along every axis.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`].
    pub fn block(bounds: &Bounds, token: &CancelToken) -> Result<Self, KernelError> {
        let mut mesh = cube([1.0; 3], false);
        for position in &mut mesh.positions {
            for axis in 0..3 {
                position[axis] =
                    if position[axis] == 0.0 { bounds.min[axis] } else { bounds.max[axis] };
            }
        }
        Ok(Self::from_clean_mesh(&mesh, token)?.expect("the bounds have an extent"))
    }

    /// How many of its triangles touch `bounds`; too many at times, never too few.
    pub fn triangles_touching(&self, bounds: &Bounds) -> usize {
        let mut count = 0;
        let wanted = self.in_body_frame(bounds);
        self.painted_body().body.collider.collisions_one(&wanted, 0, |_, _| count += 1);
        count
    }

    /// Whether a point that is not on its surface is inside.
    pub fn contains(&self, point: [f64; 3]) -> bool {
        let inverse = mat3x4(&self.transform.inverse());
        let start = inverse * Vec4::new(point[0], point[1], point[2], 1.0);
        let body = self.painted_body().body;
        let KernelBox { min, max } = body.bbox;
        // Not along an axis: models have edges along these.
        let end = Vec3::new(
            max.x + (max.x - min.x) * 0.731,
            start.y + (max.y - min.y) * 0.0413,
            start.z + (max.z - min.z) * 0.0297,
        );
        ray_cast(&body, start, end).len() % 2 == 1
    }

    /// The smallest box around `bounds` along the axes of the body.
    fn in_body_frame(&self, bounds: &Bounds) -> KernelBox {
        if self.transform == Affine::IDENTITY {
            return KernelBox { min: vec3(bounds.min), max: vec3(bounds.max) };
        }
        let around = self.transform.inverse().around(bounds);
        // Rounding of the inverse must not lose a triangle that just touches.
        let slack = Vec3::splat(around.largest_coordinate() * 1e-12);
        KernelBox { min: vec3(around.min) - slack, max: vec3(around.max) + slack }
    }
}

impl TreeBuilder {
    fn node(
        &mut self,
        tree: &Tree,
        subtracted: bool,
        token: &CancelToken,
    ) -> Result<CsgNode, KernelError> {
        Ok(match tree {
            Tree::Solid(solid) => CsgNode::leaf_node(self.leaf(solid, subtracted)),
            Tree::Union(operands) => {
                let nodes = self.nodes(operands, subtracted, token)?;
                CsgNode::op_n(OpType::Add, grouped(nodes, token)?)
            }
            Tree::Intersection(operands) => {
                let operands = self.nodes(operands, subtracted, token)?;
                leaf(solved(OpType::Intersect, operands, token)?)
            }
            Tree::Difference(first, rest) => {
                let mut operands = vec![self.node(first, subtracted, token)?];
                operands.extend(grouped(self.nodes(rest, true, token)?, token)?);
                leaf(solved(OpType::Subtract, operands, token)?)
            }
        })
    }

    fn nodes(
        &mut self,
        trees: &[Tree],
        subtracted: bool,
        token: &CancelToken,
    ) -> Result<Vec<CsgNode>, KernelError> {
        trees.iter().map(|tree| self.node(tree, subtracted, token)).collect()
    }
}

/// The body that operands make. Nested operations are evaluated one by one, but unions in unions: sheets must be gone before
/// they are united with something that they touch.
fn solved(
    op: OpType,
    operands: Vec<CsgNode>,
    token: &CancelToken,
) -> Result<Arc<ManifoldImpl>, KernelError> {
    let evaluated = |operand: CsgNode| match operand {
        CsgNode::Op { op: inner, children, .. } if inner != op => {
            solved(inner, children, token).map(leaf)
        }
        other => Ok(other),
    };
    let operands: Vec<CsgNode> = operands.into_iter().map(evaluated).collect::<Result<_, _>>()?;
    Ok(without_sheets(boolean(op, operands, token)?))
}

fn leaf(body: Arc<ManifoldImpl>) -> CsgNode {
    CsgNode::leaf_node(CsgLeafNode { p_impl: body, transform: Mat3x4::identity() })
}

/// The original of every box that cuts: one for the process, so that its faces are known wherever they end up.
pub(super) fn cut_original() -> i32 {
    static ORIGINAL: OnceLock<i32> = OnceLock::new();
    *ORIGINAL.get_or_init(|| reserve_ids(1) as i32)
}

/// The mesh of a surface, in the paints of its originals.
pub(super) fn patch(surface: &Surface, paint_of: impl Fn(i32) -> Paint) -> Mesh {
    let mut positions = Vec::new();
    let mut index_of = vec![u32::MAX; surface.positions.len()];
    let mut number = |vertex: u32| {
        let index = &mut index_of[vertex as usize];
        if *index == u32::MAX {
            *index = positions.len() as u32;
            let Vec3 { x, y, z } = surface.positions[vertex as usize];
            positions.push([x, y, z]);
        }
        *index
    };
    let triangles: Vec<_> = (surface.facets.iter())
        .map(|facet| (facet.corners.map(&mut number), paint_of(facet.reference.original_id)))
        .collect();
    Mesh::of_painted(positions, triangles)
}
