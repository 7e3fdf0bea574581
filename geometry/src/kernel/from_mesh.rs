//! Solids of meshes and points: of clean ones, of any, of faulty ones, and hulls.

use std::ops::Range;
use std::sync::Arc;

use manifold_rust::impl_mesh::{ManifoldImpl, reserve_ids};
use manifold_rust::linalg::{IVec3, Vec3};
use manifold_rust::manifold::Manifold;
use manifold_rust::types::{Error, MeshGLP, Relation, WindingRule};

use super::{CancelToken, KernelError, MOST_TRIANGLES, Paints, Solid, are_in_reach, status, vec3};
use crate::abandon::abandonable;
use crate::mesh::{Mesh, Paint};

impl Solid {
    /// The solid inside a closed, oriented mesh; none if the mesh is empty.
    ///
    /// # Errors
    /// [`KernelError::NonFinite`], [`KernelError::NotManifold`], [`KernelError::TooLarge`], [`KernelError::Cancelled`].
    pub fn from_mesh(mesh: &Mesh, token: &CancelToken) -> Result<Option<Self>, KernelError> {
        if mesh.is_empty() {
            return Ok(None);
        }
        let (raw, paints) = raw_mesh(mesh)?;
        abandonable(mesh.triangles.len(), token, move || {
            Self::checked(Manifold::from_mesh_glp(&raw).into_impl(), paints)
        })?
    }

    /// The solid inside a mesh that is known to be clean: closed, oriented, without triangles that have coinciding corners.
    /// Skips what [`Solid::from_mesh`] does to find and mend such, and polls the token.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], and those of [`Solid::from_mesh`].
    pub fn from_clean_mesh(mesh: &Mesh, token: &CancelToken) -> Result<Option<Self>, KernelError> {
        if mesh.is_empty() {
            return Ok(None);
        }
        check_countable_and_finite(mesh)?;
        let mesh = mesh.clone();
        let body = abandonable(mesh.triangles.len(), token, move || clean_body(&mesh))??;
        Self::checked(body.0, body.1)
    }

    /// The solid that a faulty mesh most likely means, with a word on what was mended.
    ///
    /// Open edges whose ends nearly coincide are merged, faces turned inside out are turned back, and surfaces that cut
    /// or touch themselves are rebuilt from their winding numbers.
    ///
    /// # Errors
    /// [`KernelError::NotManifold`] if the surface has a hole in it, and those of [`Solid::from_mesh`].
    pub fn from_faulty_mesh(
        mesh: &Mesh,
        token: &CancelToken,
    ) -> Result<Option<(Self, Repairs)>, KernelError> {
        if mesh.is_empty() {
            return Ok(None);
        }
        let (mut raw, paints) = raw_mesh(mesh)?;
        let mut repairs = Repairs::default();
        let mut solid = Manifold::from_mesh_glp_robust(&raw);
        if solid.status() != Error::NoError {
            repairs.merged = raw.merge();
            solid = Manifold::from_mesh_glp_robust(&raw);
        }
        status(solid.as_impl())?;
        let turned = robust(|| solid.repair_orientation_with_token(Some(&token.0)))?;
        status(turned.as_impl())?;
        repairs.turned = (0..solid.as_impl().halfedge.len().min(turned.as_impl().halfedge.len()))
            .any(|edge| {
                solid.as_impl().halfedge[edge].start_vert
                    != turned.as_impl().halfedge[edge].start_vert
            });
        if turned.as_impl().is_soup || turned.has_self_intersections() {
            repairs.rebuilt = true;
            let rebuilt =
                robust(|| turned.rebuild_solid_with_token(WindingRule::Nonzero, Some(&token.0)))?;
            return Ok(Self::checked(rebuilt.into_impl(), paints)?.map(|solid| (solid, repairs)));
        }
        Ok(Self::checked(turned.into_impl(), paints)?.map(|solid| (solid, repairs)))
    }

    /// Convex hull of points; none if they lie in one plane or fewer than four are given.
    ///
    /// # Errors
    /// [`KernelError::NonFinite`], [`KernelError::Cancelled`].
    pub fn hull(points: Vec<[f64; 3]>, token: &CancelToken) -> Result<Option<Self>, KernelError> {
        Self::hull_of(points.len(), move || points, token)
    }

    /// The same of about so many points that are yet to be made.
    ///
    /// # Errors
    /// Those of [`Solid::hull`].
    pub(crate) fn hull_of(
        count: usize,
        points: impl FnOnce() -> Vec<[f64; 3]> + Send + 'static,
        token: &CancelToken,
    ) -> Result<Option<Self>, KernelError> {
        let hull = move || {
            let points = points();
            if !are_in_reach(&points) {
                return Err(KernelError::NonFinite);
            }
            let points: Vec<Vec3> = points.into_iter().map(vec3).collect();
            Ok(manifold_rust::quickhull::convex_hull(&points))
        };
        let body = abandonable(count, token, hull)??;
        let id = body.mesh_relation.original_id;
        Self::checked(body, Arc::new([(id, Paint::Default)]))
    }
}

/// The body of a clean mesh, and the paint of each original in it.
///
/// # Errors
/// [`KernelError::NotManifold`]
pub(super) fn clean_body(mesh: &Mesh) -> Result<(ManifoldImpl, Paints), KernelError> {
    let mut body = ManifoldImpl::new();
    body.vert_pos = mesh.positions.iter().map(|p| vec3(*p)).collect();
    let corners = |t: &[u32; 3]| IVec3::new(t[0] as i32, t[1] as i32, t[2] as i32);
    let triangles: Vec<IVec3> = mesh.triangles.iter().map(corners).collect();
    body.create_halfedges(&triangles, &[]);
    if !body.is_manifold() {
        return Err(KernelError::NotManifold);
    }
    body.calculate_bbox();
    body.set_epsilon(-1.0, false);
    let paints = initialize_originals(&mut body, mesh.painted_runs());
    body.sort_geometry();
    body.set_normals_and_coplanar();
    Ok((body, paints))
}

/// Makes each run of triangles an original; gives the paint of each.
fn initialize_originals(
    body: &mut ManifoldImpl,
    runs: impl Iterator<Item = (Range<usize>, Paint)>,
) -> Paints {
    body.initialize_original();
    let mut paints = Vec::new();
    for (range, paint) in runs {
        let id =
            if paints.is_empty() { body.mesh_relation.original_id } else { reserve_ids(1) as i32 };
        let relation = Relation { original_id: id, ..Relation::default() };
        body.mesh_relation.mesh_id_transform.entry(id).or_insert(relation);
        for reference in &mut body.mesh_relation.tri_ref[range] {
            (reference.mesh_id, reference.original_id) = (id, id);
        }
        paints.push((id, paint));
    }
    paints.into()
}

/// What [`Solid::from_faulty_mesh`] had to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repairs {
    /// Vertices that nearly coincide along open edges were merged.
    pub merged: bool,
    /// Faces were turned to point outwards.
    pub turned: bool,
    /// The surface cut or touched itself and was rebuilt.
    pub rebuilt: bool,
}

/// What the kernel's robust engine gives. It has no answer for some surfaces whose parts differ in size by tens of
/// powers of ten, and says so by a panic: what a damaged file holds must cost the object, not the job.
pub(super) fn robust<T>(work: impl FnOnce() -> T) -> Result<T, KernelError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .map_err(|_| KernelError::NotManifold)
}

/// The kernel's exchange mesh, one run per run of paint, and the paint of each run's new original.
fn raw_mesh(mesh: &Mesh) -> Result<(MeshGLP<f64, u32>, Paints), KernelError> {
    check_countable_and_finite(mesh)?;
    let runs: Vec<_> = mesh.painted_runs().filter(|(range, _)| !range.is_empty()).collect();
    let first = reserve_ids(runs.len() as u32);
    let mut raw = MeshGLP {
        num_prop: 3,
        vert_properties: mesh.positions.as_flattened().to_vec(),
        tri_verts: mesh.triangles.as_flattened().to_vec(),
        run_index: vec![0],
        ..MeshGLP::default()
    };
    let mut paints = Vec::with_capacity(runs.len());
    for ((range, paint), id) in runs.into_iter().zip(first..) {
        raw.run_index.push(3 * range.end as u32);
        raw.run_original_id.push(id);
        paints.push((id as i32, paint));
    }
    Ok((raw, paints.into()))
}

fn check_countable_and_finite(mesh: &Mesh) -> Result<(), KernelError> {
    if mesh.triangles.len() > MOST_TRIANGLES {
        return Err(KernelError::TooLarge);
    }
    if !are_in_reach(&mesh.positions) {
        return Err(KernelError::NonFinite);
    }
    Ok(())
}
