//! Solids that are made of upright prisms, and their booleans: see [`prisms`](crate::prisms).
//!
//! A boolean of such solids needs nothing but the prisms, and a viewer nothing but the mesh. So their bodies are made only
//! once something else asks for them: a boolean with a ball, a hull that is summed up.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::from_mesh::clean_body;
use super::{CancelToken, Form, KernelError, Painted, Solid};
use crate::affine::Affine;
use crate::later::{LaterMesh, once};
use crate::mesh::{Bounds, Mesh, SideBySide};
use crate::prisms::{Prisms, has_only_fans};
use crate::region::{Point, Region};

/// A solid of prisms, before it is placed.
pub(super) struct Upright {
    prisms: Prisms,
    bounds: Bounds,
    num_triangles: usize,
    mesh: LaterMesh,
    body: OnceLock<Painted>,
}

/// What was found of a boolean in the plane.
pub(super) enum Found {
    /// That the kernel has to do it.
    Elsewhere,
    /// That nothing is left.
    Empty,
    Solid(Solid),
}

impl Upright {
    fn solid(prisms: Prisms, bounds: Bounds, num_triangles: usize, mesh: LaterMesh) -> Solid {
        let upright = Self { prisms, bounds, num_triangles, mesh, body: OnceLock::new() };
        let form = Form::Upright(Arc::new(upright), None);
        Solid { form, transform: Affine::IDENTITY, source: None }
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    pub(super) fn num_triangles(&self) -> usize {
        self.num_triangles
    }

    /// Bytes that it takes beside its mesh and its body.
    pub(super) fn size_bytes(&self) -> usize {
        self.prisms.edges() * size_of::<Point>()
    }

    pub(super) fn mesh(&self) -> &Mesh {
        self.mesh.get()
    }

    pub(super) fn body(&self) -> &Painted {
        once(&self.body, || {
            if let Ok((body, paints)) = clean_body(self.mesh()) {
                return Painted { body: Arc::new(body), paints };
            }
            // No outline is known of which the extrusion is not closed; if there is one, what it most likely means.
            let mended = Solid::from_faulty_mesh(self.mesh(), &CancelToken::new());
            let nothing = || Painted { body: Arc::default(), paints: Arc::default() };
            mended.ok().flatten().map_or_else(nothing, |(solid, _)| solid.painted_body())
        })
    }
}

impl Solid {
    /// The prism that stands on a region, with its mesh, which is clean (see [`Solid::from_clean_mesh`]).
    ///
    /// # Errors
    /// The mesh, if the prism is not of a size for this.
    pub(crate) fn upright(
        region: Arc<Region>,
        [low, high]: [f64; 2],
        mesh: LaterMesh,
    ) -> Result<Self, LaterMesh> {
        let prisms = Prisms::upright(Arc::clone(&region), low, high);
        let (Some(prisms), Some([min, max])) = (prisms, region.bounds()) else { return Err(mesh) };
        let bounds = Bounds { min: [min[0], min[1], low], max: [max[0], max[1], high] };
        let num_triangles = match &mesh {
            LaterMesh::Made(mesh) => mesh.triangles.len(),
            // Two for each edge of a wall, and about one for either cap.
            LaterMesh::Later { .. } => 4 * prisms.edges(),
        };
        Ok(Upright::solid(prisms, bounds, num_triangles, mesh))
    }

    /// Whether all are made of prisms whose booleans are found in the plane.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`].
    pub(crate) fn lie_in_a_plane(
        solids: &[Solid],
        token: &CancelToken,
    ) -> Result<bool, KernelError> {
        let together = all(solids).and_then(Prisms::union);
        together.map_or(Ok(false), |prisms| prisms.lie_in_a_plane(token))
    }

    /// The axes along which it is made of prisms.
    fn axes(&self) -> [bool; 3] {
        self.prisms().map_or([false; 3], |prisms| prisms.axes())
    }

    #[cfg(test)]
    pub(crate) fn is_upright(&self) -> bool {
        matches!(self.form, Form::Upright(..))
    }

    /// What it is made of, where it stands.
    fn prisms(&self) -> Option<Prisms> {
        let Form::Upright(upright, paint) = &self.form else { return None };
        let placed = upright.prisms.transformed(&self.transform);
        Some(paint.map_or(placed.clone(), |paint| placed.painted(paint)))
    }
}

/// The union of solids that are all made of prisms along one axis.
///
/// Of several kinds those that are prisms are not united first: it gained little, and where parts touch but for rounding
/// (`Old/example017` of OpenSCAD) more walls of no thickness were left.
pub(super) fn union(solids: &[Solid], token: &CancelToken) -> Result<Found, KernelError> {
    solved(all(solids).and_then(Prisms::union), token)
}

/// Solids that have no point in common as one, if all are made of prisms.
pub(super) fn side_by_side(solids: &[Solid]) -> Option<Solid> {
    let prisms = Prisms::union(all(solids)?)?;
    let bounds = solids.iter().map(Solid::bounds).reduce(Bounds::union)?;
    let num_triangles = solids.iter().map(Solid::num_triangles).sum();
    let parts = solids.to_vec();
    let mesh = LaterMesh::new(move || {
        let mut together = SideBySide::default();
        parts.iter().for_each(|part| together.add(&part.to_mesh()));
        together.into_mesh()
    });
    Some(Upright::solid(prisms, bounds, num_triangles, mesh))
}

/// The union of the first minus each of those others that are made of prisms along the same axis, and the others that are
/// not.
pub(super) fn difference(
    first: &[Solid],
    rest: Vec<Solid>,
    token: &CancelToken,
) -> Result<(Found, Vec<Solid>), KernelError> {
    let axes = first.iter().map(Solid::axes).fold([true; 3], both);
    let axis = axis_of_most(&rest, axes);
    if !axes[axis] {
        return Ok((Found::Elsewhere, rest));
    }
    let (upright, others): (Vec<Solid>, Vec<Solid>) =
        rest.iter().cloned().partition(|solid| solid.axes()[axis]);
    if upright.is_empty() {
        return Ok((Found::Elsewhere, rest));
    }
    let lists = all(first).zip(all(&upright));
    Ok(match solved(lists.and_then(|(first, rest)| Prisms::difference(first, rest)), token)? {
        Found::Elsewhere => (Found::Elsewhere, rest),
        found => (found, others),
    })
}

/// What unions of solids have in common, where all are made of prisms along one axis.
pub(super) fn intersection(
    operands: &[Vec<Solid>],
    token: &CancelToken,
) -> Result<Found, KernelError> {
    let lists = operands.iter().map(|operand| all(operand)).collect::<Option<_>>();
    solved(lists.and_then(Prisms::intersection), token)
}

/// Makes the bodies of solids that have none yet.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(super) fn make_bodies(solids: &[Solid], token: &CancelToken) -> Result<(), KernelError> {
    solids.par_iter().try_for_each(|solid| {
        token.check()?;
        if let Form::Upright(upright, _) = &solid.form {
            upright.body();
        }
        Ok(())
    })
}

fn all(solids: &[Solid]) -> Option<Vec<Prisms>> {
    solids.iter().map(Solid::prisms).collect()
}

fn both(a: [bool; 3], b: [bool; 3]) -> [bool; 3] {
    [0, 1, 2].map(|axis| a[axis] && b[axis])
}

/// The axis, of some, that most of the solids are along, Z before the others.
fn axis_of_most(solids: &[Solid], of: [bool; 3]) -> usize {
    let axes: Vec<[bool; 3]> = solids.iter().map(Solid::axes).collect();
    let count = |axis: usize| {
        let along = axes.iter().filter(|axes| axes[axis]).count();
        if of[axis] { along + 1 } else { 0 }
    };
    [0, 1].into_iter().fold(2, |most, axis| if count(axis) > count(most) { axis } else { most })
}

fn solved(prisms: Option<Prisms>, token: &CancelToken) -> Result<Found, KernelError> {
    let Some(prisms) = prisms else { return Ok(Found::Elsewhere) };
    // Parts that touch in no more than an edge or a corner are the kernel's to take apart.
    let Some(mesh) = prisms.surface(token)?.filter(has_only_fans) else {
        return Ok(Found::Elsewhere);
    };
    let Some(bounds) = mesh.bounds() else { return Ok(Found::Empty) };
    let num_triangles = mesh.triangles.len();
    let mesh = LaterMesh::Made(mesh);
    Ok(Found::Solid(Upright::solid(prisms, bounds, num_triangles, mesh)))
}
