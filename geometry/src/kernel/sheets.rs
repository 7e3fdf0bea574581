//! Pieces without volume in the kernel's results.
//!
//! Where solids touch without overlapping, the kernel at times gives the common face from both sides: as a piece of its own,
//! hanging on the rest, or as a slit inside it. It bounds nothing, so it is no part of a solid.

use std::sync::Arc;

use manifold_rust::boolean3::compose_meshes;
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

/// Bodies with more triangles keep their slits and what hangs on them: making them anew asks no token, and takes seconds.
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
    if body.num_tri() > MOST_REBUILT || !has_folds(&body) {
        return Arc::new(body);
    }
    // Slits and what hangs on the rest go when the whole is made anew by its winding numbers. The kernel gives up on some of
    // those, and what there is is the better answer then.
    let rebuilt = robust(|| Manifold::from_impl(body.clone()).rebuild_solid(WindingRule::Nonzero));
    Arc::new(match rebuilt.map(Manifold::into_impl) {
        Ok(rebuilt) if status(&rebuilt).is_ok() && !rebuilt.is_soup => rebuilt,
        _ => body,
    })
}

/// Whether two faces lie on each other along an edge. A sheet has such folds all along its border; most bodies have none, and
/// looking costs little beside a boolean.
fn has_folds(body: &ManifoldImpl) -> bool {
    // Not the kernel's own normals: it gives those of one side to the other where it takes both for the same plane.
    let normals: Vec<Vec3> = (0..body.num_tri())
        .map(|triangle| {
            let [a, b, c] = [0, 1, 2].map(|corner| {
                let start = body.halfedge[3 * triangle + corner].start_vert;
                if start < 0 { Vec3::splat(0.0) } else { body.vert_pos[start as usize] }
            });
            let normal = cross(b - a, c - a);
            let length = dot(normal, normal).sqrt();
            if length > 0.0 { normal / length } else { Vec3::splat(0.0) }
        })
        .collect();
    body.halfedge.iter().enumerate().any(|(edge, half)| {
        usize::try_from(half.paired_halfedge)
            .is_ok_and(|pair| dot(normals[edge / 3], normals[pair / 3]) < FOLD)
    })
}

fn is_sheet(piece: &ManifoldImpl) -> bool {
    let Box { min, max } = piece.bbox;
    let size = (max.x - min.x).max(max.y - min.y).max(max.z - min.z);
    let properties = Manifold::from_impl(piece.clone());
    properties.volume().abs() <= FLAT * size * properties.surface_area()
}
