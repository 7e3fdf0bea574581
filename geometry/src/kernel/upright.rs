//! Solids that are made of upright prisms, and their booleans: see [`prisms`](crate::prisms).
//!
//! A boolean of such solids needs nothing but the prisms, and a viewer nothing but the mesh. So their bodies are made only
//! once something else asks for them: a boolean with a ball, a hull that is summed up.

use std::sync::{Arc, LazyLock, OnceLock};

use super::from_mesh::clean_body;
use super::{CancelToken, Form, KernelError, Painted, Solid};
use crate::abandon::abandonable;
use crate::affine::Affine;
use crate::mesh::{Bounds, Mesh, SideBySide};
use crate::prisms::Prisms;
use crate::region::Region;

/// A mesh that may not be made yet.
type Later = LazyLock<Mesh, Box<dyn FnOnce() -> Mesh + Send>>;

/// A solid of prisms, before it is placed.
pub(super) struct Upright {
    prisms: Prisms,
    bounds: Bounds,
    num_triangles: usize,
    mesh: Later,
    body: OnceLock<Painted>,
}

/// What a boolean gives; none if the kernel has to do it.
type Answer = Result<Option<Option<Solid>>, KernelError>;

impl Upright {
    fn solid(
        prisms: Prisms,
        bounds: Bounds,
        num_triangles: usize,
        mesh: impl FnOnce() -> Mesh + Send + 'static,
    ) -> Solid {
        let mesh = LazyLock::new(Box::new(mesh) as Box<dyn FnOnce() -> Mesh + Send>);
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

    pub(super) fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    pub(super) fn body(&self) -> &Painted {
        self.body.get_or_init(|| {
            let made = clean_body(self.mesh());
            let (body, paints) = made.expect("each edge was seen to be shared by two triangles");
            Painted { body: Arc::new(body), paints }
        })
    }
}

impl Solid {
    /// The prism that stands on a region, with its mesh, which is clean (see [`Solid::from_clean_mesh`]); none if it is not
    /// of a size for this.
    pub(crate) fn upright(
        region: Arc<Region>,
        [low, high]: [f64; 2],
        mesh: impl FnOnce() -> Mesh + Send + 'static,
    ) -> Option<Self> {
        let [min, max] = region.bounds()?;
        let bounds = Bounds { min: [min[0], min[1], low], max: [max[0], max[1], high] };
        let prisms = Prisms::upright(region, low, high)?;
        // Two for each edge of a wall, and about one for either cap.
        let num_triangles = 4 * prisms.edges();
        Some(Upright::solid(prisms, bounds, num_triangles, mesh))
    }

    /// Whether all are made of prisms whose booleans are found in the plane.
    pub(crate) fn lie_in_a_plane(solids: &[Solid]) -> bool {
        let together = all(solids).and_then(Prisms::union);
        together.is_some_and(|prisms| prisms.lie_in_a_plane())
    }

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

/// The operands of a union, with those that are made of prisms united.
pub(super) fn united_among(
    solids: &[Solid],
    token: &CancelToken,
) -> Result<Vec<Solid>, KernelError> {
    let (upright, mut others): (Vec<Solid>, Vec<Solid>) =
        solids.iter().cloned().partition(Solid::is_upright);
    if upright.len() > 1
        && let Some(united) = solved(all(&upright).and_then(Prisms::union), token)?
    {
        others.extend(united);
        return Ok(others);
    }
    Ok(solids.to_vec())
}

/// Solids that have no point in common as one, if all are made of prisms.
pub(super) fn side_by_side(solids: &[Solid]) -> Option<Solid> {
    let prisms = Prisms::union(all(solids)?)?;
    let bounds = solids.iter().map(Solid::bounds).reduce(Bounds::union)?;
    let num_triangles = solids.iter().map(Solid::num_triangles).sum();
    let parts = solids.to_vec();
    Some(Upright::solid(prisms, bounds, num_triangles, move || {
        let mut together = SideBySide::default();
        parts.iter().for_each(|part| together.add(&part.to_mesh()));
        together.into_mesh()
    }))
}

/// The union of the first minus each of those others that are made of prisms, as the first are, and the others that are
/// not.
pub(super) fn difference(
    first: &[Solid],
    rest: Vec<Solid>,
    token: &CancelToken,
) -> Result<(Option<Option<Solid>>, Vec<Solid>), KernelError> {
    let Some(whole) = all(first) else { return Ok((None, rest)) };
    let (upright, others): (Vec<Solid>, Vec<Solid>) =
        rest.iter().cloned().partition(Solid::is_upright);
    if upright.is_empty() {
        return Ok((None, rest));
    }
    let taken = all(&upright).and_then(|taken| Prisms::difference(whole, taken));
    Ok(match solved(taken, token)? {
        None => (None, rest),
        left => (left, others),
    })
}

/// What unions of solids have in common, where all are made of prisms.
pub(super) fn intersection(operands: &[Vec<Solid>], token: &CancelToken) -> Answer {
    let lists = operands.iter().map(|operand| all(operand)).collect::<Option<_>>();
    solved(lists.and_then(Prisms::intersection), token)
}

fn all(solids: &[Solid]) -> Option<Vec<Prisms>> {
    solids.iter().map(Solid::prisms).collect()
}

fn solved(prisms: Option<Prisms>, token: &CancelToken) -> Answer {
    let Some(prisms) = prisms else { return Ok(None) };
    let (own, watched) = (prisms.clone(), token.clone());
    let surface = abandonable(prisms.edges(), token, move || {
        // Parts that touch in no more than an edge or a corner are the kernel's to take apart.
        own.surface(&watched).map(|surface| surface.filter(is_simple))
    })?;
    let Some(mesh) = surface? else { return Ok(None) };
    let Some(bounds) = mesh.bounds() else { return Ok(Some(None)) };
    let num_triangles = mesh.triangles.len();
    Ok(Some(Some(Upright::solid(prisms, bounds, num_triangles, move || mesh))))
}

/// Whether each edge joins two triangles, and the triangles around each vertex are one fan.
fn is_simple(mesh: &Mesh) -> bool {
    let count = mesh.positions.len();
    // The corners that follow each vertex in its triangles, sorted, each with the edge that leads there.
    let mut starts = vec![0_u32; count + 1];
    mesh.triangles.iter().flatten().for_each(|vertex| starts[*vertex as usize + 1] += 1);
    (0..count).for_each(|vertex| starts[vertex + 1] += starts[vertex]);
    let mut free = starts.clone();
    let mut leaving = vec![(0_u32, 0_u32); 3 * mesh.triangles.len()];
    for (triangle, corners) in (0..).zip(&mesh.triangles) {
        for corner in 0..3 {
            let (from, to) = (corners[corner] as usize, corners[(corner + 1) % 3]);
            leaving[free[from] as usize] = (to, 3 * triangle + corner as u32);
            free[from] += 1;
        }
    }
    let of_vertex =
        |vertex: u32| starts[vertex as usize] as usize..starts[vertex as usize + 1] as usize;
    (0..count as u32).for_each(|vertex| leaving[of_vertex(vertex)].sort_unstable());
    let corner = |edge: u32| mesh.triangles[edge as usize / 3][edge as usize % 3];
    // From an edge to the next one around the vertex that it leaves: the reverse of the edge before it in its triangle.
    let around = |edge: u32| {
        let before = edge / 3 * 3 + (edge + 2) % 3;
        let edges = &leaving[of_vertex(corner(edge))];
        let first = edges.partition_point(|(to, _)| *to < corner(before));
        match edges[first..] {
            [(to, reverse), (next, _), ..] if to == corner(before) && next != to => Some(reverse),
            [(to, reverse)] if to == corner(before) => Some(reverse),
            _ => None,
        }
    };
    (0..count as u32).all(|vertex| {
        let edges = &leaving[of_vertex(vertex)];
        let Some((_, first)) = edges.first() else { return true };
        let mut edge = *first;
        for turned in 1..=edges.len() {
            match around(edge) {
                Some(next) if next == *first => return turned == edges.len(),
                Some(next) => edge = next,
                None => return false,
            }
        }
        false
    })
}
