//! Pieces without volume in the kernel's results.
//!
//! Where solids touch without overlapping, the kernel at times gives the common face from both sides, as a piece of its own or
//! hanging on the rest. It encloses nothing, so it is no part of a solid.

use std::sync::Arc;

use manifold_rust::boolean3::{compose_meshes, ray_cast};
use manifold_rust::impl_mesh::ManifoldImpl;
use manifold_rust::linalg::{Vec3, cross, dot};
use manifold_rust::manifold::Manifold;
use manifold_rust::types::{Box, WindingRule};

use super::from_mesh::robust;
use super::status;

/// Faces whose normals differ from opposite by less are folded onto each other.
const FOLD: f64 = -1.0 + 1e-12;

/// A piece thinner than this share of its size has no volume. The kernel's own tolerance is of this order.
const FLAT: f64 = 1e-12;

/// How far beside a fold to look, as a share of the size: beyond rounding, and nearer than anything that one would see.
const BESIDE: f64 = 1e-7;

/// Folds that are looked at.
const MOST_FOLDS: usize = 100;

/// Bodies with more triangles keep what hangs on them: making them anew asks no token, and takes seconds.
const MOST_REBUILT: usize = 20_000;

/// The body without its pieces that have no volume.
pub(super) fn without_sheets(body: Arc<ManifoldImpl>) -> Arc<ManifoldImpl> {
    if !has_folds(&body) {
        return body;
    }
    let pieces = Manifold::from_impl(ManifoldImpl::clone(&body)).decompose();
    let solid: Vec<ManifoldImpl> =
        pieces.into_iter().map(Manifold::into_impl).filter(|piece| !is_sheet(piece)).collect();
    let body = compose_meshes(&solid);
    if body.num_tri() > MOST_REBUILT || !has_hanging_sheet(&body) {
        return Arc::new(body);
    }
    // What hangs on the rest goes when the whole is made anew by its winding numbers. The kernel gives up on some of those,
    // and what there is is the better answer then.
    let rebuilt = robust(|| Manifold::from_impl(body.clone()).rebuild_solid(WindingRule::Nonzero));
    Arc::new(match rebuilt.map(Manifold::into_impl) {
        Ok(rebuilt) if status(&rebuilt).is_ok() && !rebuilt.is_soup => rebuilt,
        _ => body,
    })
}

/// Whether two faces lie on each other along an edge. A sheet has such folds all along its border; most bodies have none, and
/// looking costs little beside a boolean.
fn has_folds(body: &ManifoldImpl) -> bool {
    folds(body).next().is_some()
}

/// The triangles on one side of each fold, with their normals.
fn folds(body: &ManifoldImpl) -> impl Iterator<Item = (usize, Vec3)> + '_ {
    // Not the kernel's own normals: it gives those of one side to the other where it takes both for the same plane.
    let normals: Vec<Vec3> = (0..body.num_tri())
        .map(|triangle| {
            let [a, b, c] = corners(body, triangle);
            let normal = cross(b - a, c - a);
            let length = dot(normal, normal).sqrt();
            if length > 0.0 { normal / length } else { Vec3::splat(0.0) }
        })
        .collect();
    body.halfedge.iter().enumerate().filter_map(move |(edge, half)| {
        let pair = usize::try_from(half.paired_halfedge).ok()?;
        let (own, other) = (normals[edge / 3], normals[pair / 3]);
        (dot(own, other) < FOLD).then_some((edge / 3, own))
    })
}

fn corners(body: &ManifoldImpl, triangle: usize) -> [Vec3; 3] {
    [0, 1, 2].map(|corner| {
        let start = body.halfedge[3 * triangle + corner].start_vert;
        if start < 0 { Vec3::splat(0.0) } else { body.vert_pos[start as usize] }
    })
}

/// Whether there is a fold outside the body, or on its surface. One inside it is a slit between parts that touch.
fn has_hanging_sheet(body: &ManifoldImpl) -> bool {
    let step = BESIDE * body.bbox.scale();
    folds(body).take(MOST_FOLDS).any(|(triangle, normal)| {
        let [a, b, c] = corners(body, triangle);
        let middle = (a + b + c) / 3.0;
        !contains(body, middle + normal * step) || !contains(body, middle - normal * step)
    })
}

/// Whether a point that is not on the surface is inside.
pub(super) fn contains(body: &ManifoldImpl, point: Vec3) -> bool {
    let Box { min, max } = body.bbox;
    // Not along an axis: models have edges along these.
    let end = Vec3::new(
        max.x + (max.x - min.x) * 0.731,
        point.y + (max.y - min.y) * 0.0413,
        point.z + (max.z - min.z) * 0.0297,
    );
    ray_cast(body, point, end).len() % 2 == 1
}

fn is_sheet(piece: &ManifoldImpl) -> bool {
    let Box { min, max } = piece.bbox;
    let size = (max.x - min.x).max(max.y - min.y).max(max.z - min.z);
    let properties = Manifold::from_impl(piece.clone());
    properties.volume().abs() <= FLAT * size * properties.surface_area()
}
