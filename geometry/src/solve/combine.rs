//! One node and the shapes of its children in, its own shape out.
//!
//! Leaves are here; what has children is in `booleans` (several operands) and `single` (one).

use std::sync::Arc;

use scadstream_csg::{FileData, ImportParameters, Kind, Node, TextParameters};

use super::Job;
use super::remarks::Remark;
use crate::abandon::abandonable;
use crate::diagnostic::Severity;
use crate::import::{Geometry, import};
use crate::kernel::{KernelError, Solid};
use crate::later::LaterMesh;
use crate::mesh::Mesh;
use crate::polygon;
use crate::polyhedron::{Mended, mend, polyhedron};
use crate::primitives::{cube, cylinder, cylinder_triangles, sphere, sphere_triangles};
use crate::region::Region;
use crate::roof::RoofError;
use crate::shape::Shape;
use crate::surface::surface;
use crate::text::{FontBook, text};

/// A node's shape and what there is to say about it.
pub(super) struct Combined {
    pub(super) shape: Shape,
    pub(super) remarks: Vec<Remark>,
}

/// Why a node has no shape.
pub(super) enum Fault {
    Cancelled,
    /// For the user, as an error at the node.
    Message(String),
}

impl From<RoofError> for Fault {
    fn from(error: RoofError) -> Self {
        match error {
            RoofError::Cancelled => Fault::Cancelled,
            other => Fault::Message(other.to_string()),
        }
    }
}

impl From<KernelError> for Fault {
    fn from(error: KernelError) -> Self {
        match error {
            KernelError::Cancelled => Fault::Cancelled,
            other => Fault::Message(other.to_string()),
        }
    }
}

/// Solves one node. `operands` are the shapes of its children but those drawn as background.
pub(super) fn combine(
    node: &Arc<Node>,
    operands: Vec<Shape>,
    job: &Job<'_>,
) -> Result<Combined, Fault> {
    job.cancel.check()?;
    let mut work = Work { node, job, remarks: Vec::new() };
    let shape = work.shape(operands)?;
    Ok(Combined { shape, remarks: work.remarks })
}

/// Where something of this height begins and ends.
pub(super) fn ends(height: f64, center: bool) -> [f64; 2] {
    if center { [-height / 2.0, height / 2.0] } else { [0.0, height] }
}

/// A node at work.
pub(super) struct Work<'a> {
    pub(super) node: &'a Arc<Node>,
    pub(super) job: &'a Job<'a>,
    remarks: Vec<Remark>,
}

impl Work<'_> {
    fn shape(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        match self.node.kind() {
            Kind::Group | Kind::Union => self.union(operands),
            Kind::Difference => self.difference(operands),
            Kind::Intersection => self.intersection(operands),
            Kind::Hull => self.hull(operands),
            Kind::Minkowski { .. } => self.minkowski(operands),

            Kind::Transform(matrix) => self.transform(operands, matrix),
            Kind::Resize { new_size, auto, .. } => self.resize(operands, *new_size, *auto),
            Kind::Color(rgba) => self.color(operands, *rgba),
            Kind::Render { .. } => self.render(operands),
            Kind::Fill => self.fill(operands),
            Kind::Offset { delta, fragments } => self.offset(operands, *delta, *fragments),
            Kind::LinearExtrude(parameters) => self.linear_extrude(operands, parameters),
            Kind::RotateExtrude(parameters) => self.rotate_extrude(operands, parameters),
            Kind::Projection { cut, .. } => self.projection(operands, *cut),
            Kind::Roof { method, fragments, .. } => self.roof(operands, *method, *fragments),

            &Kind::Cube { size, center } => {
                let [width, depth, height] = size;
                let base = polygon::square([width, depth], center);
                self.upright(base, ends(height, center), LaterMesh::Made(cube(size, center)))
            }
            &Kind::Sphere { r, fragments } => {
                let triangles = sphere_triangles(r, fragments);
                self.check_count("sphere", triangles)?;
                let mesh = self.abandonable(triangles as usize, move || sphere(r, fragments))?;
                self.clean_mesh(&mesh)
            }
            &Kind::Cylinder { h, r1, r2, center, ref fragments } => {
                let fragments = **fragments;
                let triangles = cylinder_triangles(r1, r2, fragments);
                self.check_count("cylinder", triangles)?;
                let make = move || cylinder(h, r1, r2, center, fragments);
                let mesh = self.abandonable(triangles as usize, make)?;
                if r1 != r2 {
                    return self.clean_mesh(&mesh);
                }
                self.upright(polygon::circle(r1, fragments), ends(h, center), LaterMesh::Made(mesh))
            }
            Kind::Polyhedron { points, faces, .. } => self.polyhedron(points, faces),

            Kind::Square { size, center } => Ok(Shape::flat(polygon::square(*size, *center))),
            Kind::Circle { r, fragments } => Ok(Shape::flat(polygon::circle(*r, *fragments))),
            Kind::Polygon { points, paths, .. } => {
                let in_paths =
                    paths.iter().flat_map(|paths| paths.iter()).map(|path| path.len()).sum();
                let count = points.len().max(in_paths);
                let (points, paths) = (points.clone(), paths.clone());
                let make = move || polygon::polygon(&points, paths.as_deref());
                Ok(Shape::flat(self.abandonable(count, make)?))
            }
            Kind::Text(parameters) => self.text(parameters),
            Kind::Import(parameters) => self.import(parameters),
            Kind::Surface { file, center, invert, .. } => {
                self.surface(file.as_deref(), *center, *invert)
            }
            // `Kind` may grow: what this crate does not know is left out, and said.
            _ => {
                self.remarks.push(Remark::error("this object is not supported yet".into()));
                Ok(Shape::Nothing)
            }
        }
    }

    fn polyhedron(
        &mut self,
        points: &Arc<[[f64; 3]]>,
        faces: &Arc<[Arc<[u32]>]>,
    ) -> Result<Shape, Fault> {
        let (count, token) = (faces.len(), self.job.cancel.clone());
        let (own_points, own_faces) = (Arc::clone(points), Arc::clone(faces));
        let make = move || polyhedron(&own_points, &own_faces, &token);
        let solid = match self.abandonable(count, make)? {
            Ok(Mended { solid: Some(solid), notes }) => {
                notes.iter().for_each(|note| self.warn(&format!("polyhedron(): {note}")));
                Some(solid)
            }
            Ok(_) | Err(KernelError::NotManifold) => None,
            Err(other) => return Err(other.into()),
        };
        Ok(match solid {
            Some(solid) => Shape::solid(Some(solid)),
            None => {
                let used = faces.iter().flat_map(|face| face.iter());
                let used: Vec<_> = used.filter_map(|i| points.get(*i as usize).copied()).collect();
                Shape::sheet(&used)
            }
        })
    }

    /// A file that is not there was warned of when the model was evaluated.
    fn import(&mut self, parameters: &ImportParameters) -> Result<Shape, Fault> {
        let Some(file) = &parameters.file else { return Ok(Shape::Nothing) };
        let (length, own_file) = (file.bytes.len(), file.clone());
        let options = parameters.clone();
        let imported = self
            .abandonable(length, move || import(&own_file, &options))?
            .map_err(|error| Fault::Message(error.to_string()))?;
        imported.warnings.iter().for_each(|warning| self.warn(warning));
        let mesh = match imported.geometry {
            Geometry::Mesh(mesh) => mesh,
            Geometry::Flat(region) => return Ok(Shape::flat(region)),
        };
        let (count, token) = (mesh.triangles.len(), self.job.cancel.clone());
        let Mended { solid, notes } = self.abandonable(count, move || mend(mesh, &token))??;
        notes.iter().for_each(|note| self.warn(&format!("import(): {}: {note}", file.name)));
        Ok(Shape::solid(solid))
    }

    fn surface(
        &mut self,
        file: Option<&FileData>,
        center: bool,
        invert: bool,
    ) -> Result<Shape, Fault> {
        let Some(file) = file else { return Ok(Shape::Nothing) };
        let (length, file) = (file.bytes.len(), file.clone());
        let mesh = self
            .abandonable(length, move || surface(&file, center, invert))?
            .map_err(|error| Fault::Message(error.to_string()))?;
        self.closed_mesh(&mesh)
    }

    fn text(&mut self, parameters: &TextParameters) -> Result<Shape, Fault> {
        // A letter has dozens of points.
        let (points, parameters) = (64 * parameters.text.len(), parameters.clone());
        let region = self.abandonable(points, move || text(&parameters, &FontBook::of_system()))?;
        if region.is_none() {
            self.warn("text() needs a font and there is none");
        }
        Ok(Shape::flat(region.unwrap_or_default()))
    }

    /// Does what asks no token itself, on about so many points, triangles or bytes.
    pub(super) fn abandonable<T: Send + 'static>(
        &self,
        elements: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        Ok(abandonable(elements, &self.job.cancel, work)?)
    }

    /// The solid of a mesh without triangles of coinciding corners.
    pub(super) fn clean_mesh(&self, mesh: &Mesh) -> Result<Shape, Fault> {
        Ok(Shape::solid(Solid::from_clean_mesh(mesh, &self.job.cancel)?))
    }

    /// The solid that stands upright on a region, of its mesh, which is clean.
    pub(super) fn upright(
        &self,
        base: impl Into<Arc<Region>>,
        ends: [f64; 2],
        mesh: LaterMesh,
    ) -> Result<Shape, Fault> {
        match Solid::upright(base.into(), ends, mesh) {
            Ok(solid) => Ok(Shape::solid(Some(solid))),
            Err(mesh) => self.clean_mesh(mesh.get()),
        }
    }

    /// The solid of a mesh that we made ourselves.
    pub(super) fn closed_mesh(&self, mesh: &Mesh) -> Result<Shape, Fault> {
        match Solid::from_mesh(mesh, &self.job.cancel) {
            // Outlines that touch make walls that touch: closed, but more than two faces meet at an edge.
            Err(KernelError::NotManifold) => {
                let rebuilt = Solid::from_faulty_mesh(mesh, &self.job.cancel)?;
                Ok(Shape::solid(rebuilt.map(|(solid, _)| solid)))
            }
            other => Ok(Shape::solid(other?)),
        }
    }

    fn check_count(&self, what: &str, triangles: u64) -> Result<(), Fault> {
        let most = self.job.settings.most_triangles;
        if triangles <= most {
            return Ok(());
        }
        Err(Fault::Message(format!(
            "{what}() would have {triangles} triangles, more than the limit of {most}"
        )))
    }

    // Messages

    pub(super) fn warn(&mut self, message: &str) {
        self.warn_of(None, message);
    }

    /// Warns at the child that the operand of this index is of.
    pub(super) fn warn_child(&mut self, index: usize, message: &str) {
        self.warn_of(Some(index), message);
    }

    fn warn_of(&mut self, child: Option<usize>, message: &str) {
        let message = message.to_owned();
        self.remarks.push(Remark { severity: Severity::Warning, message, child });
    }
}
