//! The only module that names the kernel crate, `manifold-rust`.
//!
//! A [`Solid`] is a closed, oriented solid in the kernel's own representation, or made of prisms and to be put into it once
//! that is needed (`upright`), under a transform that is applied only when a boolean or a mesh needs it. Booleans of any number of solids go to the kernel as one tree, so that it can
//! order and batch them; folding them pairwise was 30 times slower. The kernel checks every status here once and
//! nowhere else; non-finite numbers are refused before they reach it.
//!
//! Faces remember the original they came from through any number of booleans. That is how colours travel: a solid
//! lists the paint of each of its originals.

mod booleans;
mod cell;
mod compose;
mod cut;
mod form;
mod from_mesh;
mod piece;
mod sheets;
mod upright;

use std::sync::Arc;

use manifold_rust::csg_tree::CsgLeafNode;
use manifold_rust::impl_mesh::ManifoldImpl;
use manifold_rust::linalg::{Mat3x4, Vec2, Vec3, Vec4};
use manifold_rust::manifold::Manifold;
use manifold_rust::robust::exact::{Sign, filtered};
use manifold_rust::types::{Box, Error, Halfedge, OpType};
use scadstream_csg::{ContentHash, ContentHasher};

use crate::abandon::abandonable;
use crate::affine::Affine;
use crate::mesh::{Bounds, Mesh, Paint};

use self::booleans::TreeBuilder;
pub use self::cell::Tree;
use self::form::{Form, Painted};
pub use self::from_mesh::Repairs;
pub use self::piece::Piece;
use self::upright::Found;
use crate::prisms::{GRID_STEP, filled};

/// Bytes that the kernel keeps per triangle of a solid, measured (halfedges, vertices, normals and a search tree).
pub const BYTES_PER_TRIANGLE: usize = 215;

/// Coordinates beyond this are refused: the kernel takes squares of areas, which then are no numbers any more, and sorts
/// by what comes of them. Only damaged files and slips of the pen go this far.
const FARTHEST: f64 = 1e75;

/// Whether the kernel can work with these points.
pub(crate) fn are_in_reach(points: &[[f64; 3]]) -> bool {
    points.as_flattened().iter().all(|c| c.abs() <= FARTHEST)
}

/// A solid with flat faces put together again has the same volume but for rounding: at most this share may differ.
const MOST_CHANGE: f64 = 1e-9;

/// The kernel indexes halfedges with signed 32 bits.
const MOST_TRIANGLES: usize = (i32::MAX / 3) as usize;

/// Originals with their paint, sorted by original.
type Paints = Arc<[(i32, Paint)]>;

/// Why the kernel gave no solid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// The token was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A coordinate is not a finite number, or beyond 1e75.
    #[error("a coordinate is not a finite number, or far too large")]
    NonFinite,
    /// Edges are not shared by exactly two faces of opposite direction.
    #[error("the mesh is not closed and oriented")]
    NotManifold,
    /// More triangles than the kernel can index.
    #[error("the result has too many triangles")]
    TooLarge,
    /// Anything else that the kernel refuses; a fault of ours rather than of the model.
    #[error("the geometry kernel refused: {0}")]
    Refused(&'static str),
}

/// Stops work from any thread; clones share one flag, which stays set once it is.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(manifold_rust::cancel::CancelToken);

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks all work holding a clone of this token to stop.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether stopping was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// `Err` once cancelled.
    pub fn check(&self) -> Result<(), KernelError> {
        if self.is_cancelled() { Err(KernelError::Cancelled) } else { Ok(()) }
    }
}

/// A closed, oriented, non-empty solid. Cloning shares it.
#[derive(Clone)]
pub struct Solid {
    form: Form,
    transform: Affine,
    /// Hash of what the form was made from, once somebody has said so.
    source: Option<ContentHash>,
}

impl std::fmt::Debug for Solid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Solid").field("triangles", &self.num_triangles()).finish_non_exhaustive()
    }
}

impl Solid {
    /// Union of all; none if none are given.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
    pub fn union(solids: &[Solid], token: &CancelToken) -> Result<Option<Self>, KernelError> {
        if let [] | [_] = solids {
            return Ok(solids.first().cloned());
        }
        if let Found::Solid(united) = upright::union(solids, token)? {
            return Ok(Some(united));
        }
        upright::make_bodies(solids, token)?;
        let mut tree = TreeBuilder::default();
        let nodes = compose::grouped(tree.leaves(solids, false), token)?;
        tree.evaluate(OpType::Add, nodes, token)
    }

    /// Solids known to have no point in common as one; none if none are given.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
    pub fn side_by_side(
        solids: &[Solid],
        token: &CancelToken,
    ) -> Result<Option<Self>, KernelError> {
        if let [] | [_] = solids {
            return Ok(solids.first().cloned());
        }
        if let Some(together) = upright::side_by_side(solids) {
            return Ok(Some(together));
        }
        upright::make_bodies(solids, token)?;
        let mut tree = TreeBuilder::default();
        let leaves: Vec<CsgLeafNode> = solids.iter().map(|solid| tree.leaf(solid, false)).collect();
        let triangles = solids.iter().map(Solid::num_triangles).sum();
        let watched = token.clone();
        abandonable(triangles, token, move || {
            tree.result(Arc::new(compose::side_by_side(&leaves, &watched)?))
        })?
    }

    /// The union of `first` minus each of `rest`; none if nothing is left. Operands that nobody else holds are let go once
    /// they are where they are needed.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
    pub fn difference(
        first: Vec<Solid>,
        rest: Vec<Solid>,
        token: &CancelToken,
    ) -> Result<Option<Self>, KernelError> {
        if first.is_empty() || rest.is_empty() {
            return Self::union(&first, token);
        }
        let (first, rest) = match upright::difference(&first, rest, token)? {
            (Found::Elsewhere, rest) => (first, rest),
            (Found::Empty, _) => return Ok(None),
            (Found::Solid(left), rest) if rest.is_empty() => return Ok(Some(left)),
            (Found::Solid(left), rest) => (vec![left], rest),
        };
        upright::make_bodies(&first, token)?;
        upright::make_bodies(&rest, token)?;
        let mut tree = TreeBuilder::default();
        let mut nodes = vec![tree.union_of(&first, token)?];
        nodes.extend(compose::grouped(tree.leaves(&rest, true), token)?);
        drop((first, rest));
        tree.evaluate(OpType::Subtract, nodes, token)
    }

    /// What all operands, each a union of its solids, have in common; none if that is nothing. Operands that nobody else
    /// holds are let go once they are where they are needed.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
    pub fn intersection(
        operands: Vec<Vec<Solid>>,
        token: &CancelToken,
    ) -> Result<Option<Self>, KernelError> {
        if operands.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        if let [one] = &operands[..] {
            return Self::union(one, token);
        }
        match upright::intersection(&operands, token)? {
            Found::Elsewhere => {}
            Found::Empty => return Ok(None),
            Found::Solid(common) => return Ok(Some(common)),
        }
        operands.iter().try_for_each(|solids| upright::make_bodies(solids, token))?;
        let mut tree = TreeBuilder::default();
        let nodes = operands.iter().map(|operand| tree.union_of(operand, token));
        let nodes = nodes.collect::<Result<_, _>>()?;
        drop(operands);
        tree.evaluate(OpType::Intersect, nodes, token)
    }

    /// The solid moved by `transform`, which must be finite and have an inverse. Costs nothing until it is needed.
    pub fn transformed(&self, transform: &Affine) -> Self {
        Self { transform: transform.after(&self.transform), ..self.clone() }
    }

    /// The solid with every face in one paint.
    pub fn painted(&self, paint: Paint) -> Self {
        let source = self.source.map(|source| {
            let mut hasher = ContentHasher::new("painted");
            hasher.hash(source);
            match paint {
                Paint::Default => hasher.byte(0),
                Paint::Cut => hasher.byte(1),
                Paint::Color(rgba) => rgba.iter().for_each(|c| hasher.f64(f64::from(*c))),
            }
            hasher.finish()
        });
        let form = match &self.form {
            Form::Body(own) => Form::Body(own.painted(paint)),
            Form::Upright(upright, _) => Form::Upright(Arc::clone(upright), Some(paint)),
        };
        Self { form, source, ..*self }
    }

    /// The same solid, which was made from what has this hash, unless that was said before.
    pub(crate) fn made_from(self, source: ContentHash) -> Self {
        Self { source: self.source.or(Some(source)), ..self }
    }

    /// Whether somebody has said what it was made from.
    pub(crate) fn has_source(&self) -> bool {
        self.source.is_some()
    }

    /// Content hash of it: of what it was made from, in its paint, where it stands.
    ///
    /// # Panics
    /// If nobody has said what it was [made from](Self::made_from).
    pub(crate) fn content(&self) -> ContentHash {
        let mut hasher = ContentHasher::new("solid");
        hasher.hash(self.source.expect("whoever made the solid said what of"));
        self.transform.0.as_flattened().iter().for_each(|entry| hasher.f64(*entry));
        hasher.finish()
    }

    /// The kernel's own Minkowski sum, to compare [`minkowski()`](crate::minkowski::minkowski) with: a hull for each pair
    /// of triangles, up to a thousand of them at once. It asks no token, and nothing else uses it.
    ///
    /// # Errors
    /// [`KernelError::TooLarge`], [`KernelError::Refused`].
    pub fn minkowski_sum_of_the_kernel(&self, other: &Self) -> Result<Option<Self>, KernelError> {
        let body = manifold_rust::minkowski::minkowski_sum(&self.baked(), &other.baked());
        let id = body.mesh_relation.original_id;
        Self::checked(body, Arc::new([(id, Paint::Default)]))
    }

    /// Number of triangles.
    pub fn num_triangles(&self) -> usize {
        match &self.form {
            Form::Body(own) => own.body.num_tri(),
            Form::Upright(upright, _) => upright.num_triangles(),
        }
    }

    /// Bytes that the kernel keeps for it once it has a body, shared by clones.
    pub fn size_bytes(&self) -> usize {
        let beside = match &self.form {
            Form::Body(_) => 0,
            Form::Upright(upright, _) => upright.size_bytes(),
        };
        self.num_triangles() * BYTES_PER_TRIANGLE + beside
    }

    /// Vertices in model space.
    pub fn positions(&self) -> Vec<[f64; 3]> {
        let own: Vec<[f64; 3]> = match &self.form {
            Form::Body(own) => own.body.vert_pos.iter().map(|v| [v.x, v.y, v.z]).collect(),
            Form::Upright(upright, _) => upright.mesh().positions.clone(),
        };
        if self.transform == Affine::IDENTITY {
            return own;
        }
        let matrix = mat3x4(&self.transform);
        let place = |[x, y, z]: [f64; 3]| {
            let v = matrix * Vec4::new(x, y, z, 1.0);
            [v.x, v.y, v.z]
        };
        own.into_iter().map(place).collect()
    }

    /// Triangles as indices of [`Solid::positions`].
    pub fn triangles(&self) -> Vec<[u32; 3]> {
        let mirrored = self.transform.determinant() < 0.0;
        let turned = |[a, b, c]: [u32; 3]| if mirrored { [a, c, b] } else { [a, b, c] };
        match &self.form {
            Form::Body(own) => {
                let corners = |edges: &[Halfedge]| [0, 1, 2].map(|k| edges[k].start_vert as u32);
                own.body.halfedge.chunks_exact(3).map(|edges| turned(corners(edges))).collect()
            }
            Form::Upright(upright, _) => {
                upright.mesh().triangles.iter().map(|corners| turned(*corners)).collect()
            }
        }
    }

    /// Whether its transform leaves it where the kernel can work with it.
    pub(crate) fn is_in_reach(&self) -> bool {
        let Bounds { min, max } = self.rough_bounds();
        are_in_reach(&[min, max])
    }

    /// The box around it, exact.
    pub fn bounds(&self) -> Bounds {
        if self.transform.keeps_boxes() {
            return self.transform.around(&self.form.bounds());
        }
        let points = self.positions();
        let mut bounds = Bounds { min: points[0], max: points[0] };
        points.into_iter().for_each(|point| bounds.include(point));
        bounds
    }

    /// A box around it, not always the smallest, without looking at vertices.
    pub fn rough_bounds(&self) -> Bounds {
        if let Form::Upright(..) = &self.form {
            // What is one step of the grid away is where it is to a boolean in the plane.
            let Bounds { min, max } = self.transform.around(&self.form.bounds());
            return Bounds { min: min.map(|c| c - GRID_STEP), max: max.map(|c| c + GRID_STEP) };
        }
        let Box { min, max } = self.leaf().get_bounding_box();
        Bounds { min: [min.x, min.y, min.z], max: [max.x, max.y, max.z] }
    }

    /// The mesh, its triangles grouped by paint: default, cut, then colours in order of first use.
    ///
    /// The order of triangles depends on the shape alone, not on threads or on what was solved before.
    pub fn to_mesh(&self) -> Mesh {
        let mut mesh = Mesh::new(self.positions(), self.triangles());
        let paint = match &self.form {
            Form::Body(own) => match own.only_paint() {
                Some(paint) => paint,
                None => {
                    let paints = own.paints_of_triangles();
                    return Mesh::of_painted(
                        mesh.positions,
                        mesh.triangles.into_iter().zip(paints),
                    );
                }
            },
            Form::Upright(_, Some(paint)) => *paint,
            Form::Upright(upright, None) => {
                mesh.runs.clone_from(&upright.mesh().runs);
                return mesh;
            }
        };
        if paint != Paint::Default {
            mesh.paint(paint);
        }
        mesh
    }

    /// The same solid, its lazy transform applied to its body.
    pub fn with_transform_applied(&self) -> Self {
        let source = self.source.map(|_| self.content());
        let own = Painted { body: self.baked(), paints: self.painted_body().paints };
        Self { form: Form::Body(own), transform: Affine::IDENTITY, source }
    }

    /// Calls `found` with each triangle whose box touches `bounds`. The solid must have its transform applied.
    pub fn triangles_near(&self, bounds: &Bounds, found: &mut impl FnMut(u32)) {
        debug_assert!(self.transform == Affine::IDENTITY);
        let wanted = Box { min: vec3(bounds.min), max: vec3(bounds.max) };
        self.painted_body()
            .body
            .collider
            .collisions_one(&wanted, 0, |_, triangle| found(triangle as u32));
    }

    /// The same solid unpainted, each flat face with as few triangles as the kernel can do with.
    ///
    /// # Errors
    /// [`KernelError::Cancelled`].
    pub fn simplified(&self, token: &CancelToken) -> Result<Self, KernelError> {
        let solid = self.clone();
        abandonable(self.num_triangles(), token, move || solid.simplified_in_place())
    }

    fn simplified_in_place(&self) -> Self {
        let original = Manifold::from_impl((*self.baked()).clone()).as_original();
        let mut simple = original.simplify(0.0);
        // Where solids hang together by little more than an edge the kernel at times collapses one of them altogether.
        let volume = original.volume();
        if (simple.volume() - volume).abs() > MOST_CHANGE * volume.abs() {
            simple = original;
        }
        let paints: Vec<_> = (simple.as_impl().mesh_relation.mesh_id_transform.values())
            .map(|relation| (relation.original_id, Paint::Default))
            .collect();
        Self::of_body(simple.into_impl(), paints.into())
    }

    /// The body before it is placed, with its paint.
    fn painted_body(&self) -> Painted {
        match &self.form {
            Form::Body(own) => own.clone(),
            Form::Upright(upright, None) => upright.body().clone(),
            Form::Upright(upright, Some(paint)) => upright.body().painted(*paint),
        }
    }

    /// The body as a leaf of the kernel's trees.
    fn leaf(&self) -> CsgLeafNode {
        CsgLeafNode { p_impl: self.painted_body().body, transform: mat3x4(&self.transform) }
    }

    /// The body with the transform applied.
    fn baked(&self) -> Arc<ManifoldImpl> {
        let body = self.painted_body().body;
        if self.transform == Affine::IDENTITY {
            return body;
        }
        Arc::new(body.transform(&mat3x4(&self.transform)))
    }

    fn of_body(body: ManifoldImpl, paints: Paints) -> Self {
        let own = Painted { body: Arc::new(body), paints };
        Self { form: Form::Body(own), transform: Affine::IDENTITY, source: None }
    }

    /// A solid of a body whose status is checked; none if it is empty.
    fn checked(body: ManifoldImpl, paints: Paints) -> Result<Option<Self>, KernelError> {
        status(&body)?;
        Ok((!body.is_empty()).then(|| Self::of_body(body, paints)))
    }
}

/// On which side of a plane a point lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// On the side that the plane's normal points to.
    Above,
    /// In the plane.
    On,
    /// On the other side.
    Below,
}

/// The side of the plane through `a`, `b`, `c` (counter-clockwise seen from above) that `point` is on, decided exactly.
pub fn side_of_plane(a: [f64; 3], b: [f64; 3], c: [f64; 3], point: [f64; 3]) -> Side {
    match filtered::orient3d(vec3(a), vec3(b), vec3(c), vec3(point)) {
        Sign::Pos => Side::Above,
        Sign::Zero => Side::On,
        Sign::Neg => Side::Below,
    }
}

/// Outlines of so many points are filled by our own sweep, if they are clean. The kernel cuts off ears, which are less slender,
/// but goes through all holes for each hole: a line of ten thousand letters that overlap took it 39 s. Picked by hand.
const MANY_POINTS: usize = 2000;

/// Triangles that fill outlines, as indices of their points counted through all outlines in order.
///
/// Outer outlines run counter-clockwise, holes clockwise; outlines may touch but not cross. Triangles are
/// counter-clockwise.
pub fn triangulate(outlines: &[Vec<[f64; 2]>]) -> Vec<[u32; 3]> {
    let points: usize = outlines.iter().map(Vec::len).sum();
    if points >= MANY_POINTS
        && let Some(triangles) = filled(outlines)
    {
        return triangles;
    }
    let polygons: Vec<Vec<Vec2>> = outlines
        .iter()
        .map(|outline| outline.iter().map(|[x, y]| Vec2::new(*x, *y)).collect())
        .collect();
    // A negative epsilon lets the kernel choose by the size of the outlines.
    let triangles = manifold_rust::polygon::triangulate(&polygons, -1.0, true);
    triangles.into_iter().map(|t| [t[0] as u32, t[1] as u32, t[2] as u32]).collect()
}

fn status(body: &ManifoldImpl) -> Result<(), KernelError> {
    match body.status {
        Error::NoError => Ok(()),
        Error::Cancelled => Err(KernelError::Cancelled),
        Error::NonFiniteVertex => Err(KernelError::NonFinite),
        Error::NotManifold | Error::NotClosed => Err(KernelError::NotManifold),
        Error::ResultTooLarge => Err(KernelError::TooLarge),
        other => Err(KernelError::Refused(other.to_str())),
    }
}

fn vec3(point: [f64; 3]) -> Vec3 {
    Vec3::new(point[0], point[1], point[2])
}

fn mat3x4(affine: &Affine) -> Mat3x4 {
    let column = |k: usize| Vec3::new(affine.0[0][k], affine.0[1][k], affine.0[2][k]);
    Mat3x4::from_cols(column(0), column(1), column(2), column(3))
}
