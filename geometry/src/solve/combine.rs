//! One node and the shapes of its children in, its own shape out.

use std::sync::Arc;

use scadstream_csg::{Kind, Node, TextParameters};

use super::Job;
use crate::affine::Affine;
use crate::cache::Form;
use crate::diagnostic::{Diagnostic, Severity};
use crate::kernel::{KernelError, Solid};
use crate::linear_extrude::linear_extrude;
use crate::mesh::{Bounds, Mesh, Paint};
use crate::minkowski::minkowski;
use crate::polyhedron::{Mended, polyhedron};
use crate::primitives::{cube, cylinder, cylinder_triangles, sphere, sphere_triangles};
use crate::projection::{section, shadow};
use crate::region::Region;
use crate::rotate_extrude::rotate_extrude;
use crate::shape::{Flat, Shape};
use crate::text::{FontBook, text};
use crate::union::union;
use crate::{clip, fill, hull2d, minkowski2d, offset, polygon};

/// A group whose child is a union of more solids than this unites that child by itself first, so that the cache keeps
/// it and an edit beside it costs less. Smaller ones go up as they are: the kernel orders one large union better than
/// many small ones. Picked by hand.
const LARGE_UNION: usize = 16;

/// A node's shape and what there is to say about it.
pub(super) struct Combined {
    pub(super) shape: Shape,
    pub(super) messages: Vec<Diagnostic>,
}

/// Why a node has no shape.
pub(super) enum Fault {
    Cancelled,
    /// For the user, as an error at the node.
    Message(String),
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
    let mut work = Work { node, job, messages: Vec::new() };
    let shape = work.shape(operands)?;
    Ok(Combined { shape, messages: work.messages })
}

/// The union of a node's solids as one, from the cache if it was made before.
pub(super) fn unite(node: &Node, solids: &[Solid], job: &Job<'_>) -> Result<Option<Solid>, Fault> {
    if solids.len() <= 1 {
        return Ok(solids.first().cloned());
    }
    if let Some(Shape::Solids(united)) = job.cache.get(node.hash(), Form::United) {
        return Ok(united.first().cloned());
    }
    let united = union(solids, &job.cancel)?;
    job.cache.insert(node.hash(), Form::United, Shape::solid(united.clone()));
    Ok(united)
}

/// A node at work.
struct Work<'a> {
    node: &'a Arc<Node>,
    job: &'a Job<'a>,
    messages: Vec<Diagnostic>,
}

impl Work<'_> {
    fn shape(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        let node = self.node;
        match node.kind() {
            Kind::Group | Kind::Union => self.union(operands),
            Kind::Difference => self.difference(operands),
            Kind::Intersection => self.intersection(operands),
            Kind::Hull => self.hull(operands),
            Kind::Minkowski { .. } => self.minkowski(operands),
            Kind::Fill => Ok(self.flat(operands, |flat| fill::without_holes(flat))),
            Kind::Render { .. } => match self.union(operands)? {
                Shape::Solids(solids) => Ok(Shape::solid(unite(node, &solids, self.job)?)),
                other => Ok(other),
            },
            Kind::Transform(matrix) => {
                let shape = self.union(operands)?;
                Ok(self.transform(shape, matrix))
            }
            Kind::Resize { new_size, auto, .. } => {
                let shape = self.union(operands)?;
                Ok(resize(shape, *new_size, *auto))
            }
            Kind::Color(rgba) => Ok(paint(self.union(operands)?, *rgba)),

            Kind::Cube { size, center } => self.clean_mesh(&cube(*size, *center)),
            Kind::Sphere { r, fragments } => {
                self.check_count("sphere", sphere_triangles(*r, *fragments))?;
                self.clean_mesh(&sphere(*r, *fragments))
            }
            Kind::Cylinder { h, r1, r2, center, fragments } => {
                self.check_count("cylinder", cylinder_triangles(*r1, *r2, *fragments))?;
                self.clean_mesh(&cylinder(*h, *r1, *r2, *center, *fragments))
            }
            Kind::Polyhedron { points, faces, .. } => {
                let mended = match polyhedron(points, faces, &self.job.cancel) {
                    Err(KernelError::NotManifold) => {
                        self.warn("polyhedron() encloses no solid and could not be mended");
                        return Ok(Shape::solid(None));
                    }
                    other => other?,
                };
                Ok(self.mended("polyhedron()", mended))
            }

            Kind::Square { size, center } => Ok(Shape::flat(polygon::square(*size, *center))),
            Kind::Circle { r, fragments } => Ok(Shape::flat(polygon::circle(*r, *fragments))),
            Kind::Polygon { points, paths, .. } => {
                Ok(Shape::flat(polygon::polygon(points, paths.as_deref())))
            }
            Kind::Text(parameters) => Ok(Shape::flat(self.text(parameters))),
            Kind::Offset { delta, fragments } => {
                Ok(self.flat(operands, |flat| offset::offset(flat, *delta, *fragments)))
            }
            Kind::LinearExtrude(parameters) => {
                let Some(flat) = self.flat_operand(operands) else { return Ok(Shape::Nothing) };
                let shape = self.closed_mesh(&linear_extrude(&flat.region, parameters))?;
                Ok(keep_paint(shape, &flat))
            }
            Kind::RotateExtrude(parameters) => {
                let Some(flat) = self.flat_operand(operands) else { return Ok(Shape::Nothing) };
                let mesh = rotate_extrude(&flat.region, parameters)
                    .map_err(|error| Fault::Message(error.to_string()))?;
                let shape = self.closed_mesh(&mesh)?;
                Ok(keep_paint(shape, &flat))
            }
            Kind::Projection { cut, .. } => {
                self.projection(operands, if *cut { section } else { shadow })
            }
            other => {
                self.error(&format!("{} is not supported yet", name_of(other)));
                Ok(Shape::Nothing)
            }
        }
    }

    fn text(&mut self, parameters: &TextParameters) -> Region {
        let region = match self.job.fonts {
            Some(book) => text(parameters, book),
            None => text(parameters, &FontBook::of_system()),
        };
        region.unwrap_or_else(|| {
            self.warn("text() needs a font and there is none");
            Region::default()
        })
    }

    // Booleans

    /// The implicit union of a group: solids stay a list, regions are united.
    fn union(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        if operands.len() == 1 {
            return Ok(operands.into_iter().next().unwrap_or_default());
        }
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(lists) => {
                let mut all: Vec<Solid> =
                    Vec::with_capacity(lists.iter().map(|(_, l)| l.len()).sum());
                for (child, list) in &lists {
                    if list.len() > LARGE_UNION {
                        all.extend(unite(child, list, self.job)?);
                    } else {
                        all.extend_from_slice(list);
                    }
                }
                Ok(Shape::Solids(all.into()))
            }
            Alike::Flat(flats) => Ok(unite_flat(&flats)),
        }
    }

    fn difference(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        // An empty first child leaves nothing, whatever its kind.
        if operands.first().is_none_or(|first| matches!(first, Shape::Nothing)) {
            return Ok(Shape::Nothing);
        }
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(lists) => {
                let mut lists = lists.into_iter();
                let first = self.operand(lists.next())?;
                let mut rest = Vec::new();
                for list in lists {
                    rest.extend(self.operand(Some(list))?);
                }
                Ok(Shape::solid(Solid::difference(&first, &rest, &self.job.cancel)?))
            }
            Alike::Flat(flats) => {
                let Some((first, rest)) = flats.split_first() else { return Ok(Shape::Nothing) };
                let rest: Vec<Region> = rest.iter().map(|flat| (*flat.region).clone()).collect();
                let region = Arc::new(clip::difference(&first.region, &rest));
                Ok(Shape::Flat(Flat { region, paint: first.paint }))
            }
        }
    }

    fn intersection(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        let any_nothing = operands.iter().any(|operand| matches!(operand, Shape::Nothing));
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(_) if any_nothing => Ok(Shape::solid(None)),
            Alike::Flat(_) if any_nothing => Ok(Shape::flat(Region::default())),
            Alike::Solids(lists) => {
                let operands = lists.into_iter().map(|list| self.operand(Some(list)));
                let operands = operands.collect::<Result<Vec<_>, _>>()?;
                Ok(Shape::solid(Solid::intersection(&operands, &self.job.cancel)?))
            }
            Alike::Flat(flats) => {
                let regions: Vec<Region> =
                    flats.iter().map(|flat| (*flat.region).clone()).collect();
                let region = Arc::new(clip::intersection(&regions));
                Ok(Shape::Flat(Flat { region, paint: common_paint(&flats) }))
            }
        }
    }

    fn hull(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(lists) => {
                let solids = lists.iter().flat_map(|(_, list)| list.iter());
                let points: Vec<[f64; 3]> = solids.flat_map(Solid::positions).collect();
                Ok(Shape::solid(Solid::hull(&points)?))
            }
            Alike::Flat(flats) => {
                let points = flats.iter().flat_map(|flat| flat.region.points());
                Ok(Shape::flat(hull2d::hull(points)))
            }
        }
    }

    fn minkowski(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(lists) => {
                let mut sum: Option<Solid> = None;
                for (child, list) in &lists {
                    // An empty operand is skipped, as OpenSCAD does.
                    let Some(next) = unite(child, list, self.job)? else { continue };
                    sum = match sum {
                        None => Some(next),
                        Some(sum) => minkowski(
                            &sum,
                            &next,
                            self.job.settings.minkowski_chunk,
                            &self.job.cancel,
                        )?,
                    };
                }
                Ok(Shape::solid(sum))
            }
            Alike::Flat(flats) => {
                let regions: Vec<Region> =
                    flats.iter().map(|flat| (*flat.region).clone()).collect();
                Ok(Shape::flat(minkowski2d::minkowski(&regions)))
            }
        }
    }

    /// The solids of one child of a boolean; a large union comes as one solid.
    fn operand(&self, child: Option<(Arc<Node>, Arc<[Solid]>)>) -> Result<Vec<Solid>, Fault> {
        match child {
            None => Ok(Vec::new()),
            Some((node, list)) if list.len() > LARGE_UNION => {
                Ok(unite(&node, &list, self.job)?.into_iter().collect())
            }
            Some((_, list)) => Ok(list.to_vec()),
        }
    }

    // One operand

    fn transform(&mut self, shape: Shape, matrix: &[[f64; 4]; 4]) -> Shape {
        let affine = Affine::from_matrix(matrix);
        if !affine.is_finite() {
            self.warn(
                "Transformation matrix contains Not-a-Number and/or Infinity - removing object.",
            );
            return match shape {
                Shape::Nothing => Shape::Nothing,
                Shape::Solids(_) => Shape::solid(None),
                Shape::Flat(_) => Shape::flat(Region::default()),
            };
        }
        match shape {
            Shape::Nothing => Shape::Nothing,
            Shape::Solids(solids) => {
                if affine.determinant() == 0.0 {
                    self.warn("Scaling a 3D object with 0 - removing object");
                    return Shape::solid(None);
                }
                Shape::Solids(solids.iter().map(|solid| solid.transformed(&affine)).collect())
            }
            Shape::Flat(flat) => {
                if matrix[0][0] * matrix[1][1] == matrix[0][1] * matrix[1][0] {
                    self.warn("Scaling a 2D object with 0 - removing object");
                }
                let region = Arc::new(flat.region.transformed(matrix));
                Shape::Flat(Flat { region, ..flat })
            }
        }
    }

    /// Projects each 3D child and unites the results; 2D ones are left out with a warning.
    fn projection(
        &mut self,
        operands: Vec<Shape>,
        project: fn(&Mesh) -> Region,
    ) -> Result<Shape, Fault> {
        if operands.is_empty() {
            return Ok(Shape::Nothing);
        }
        let mut regions = Vec::new();
        for (index, operand) in operands.into_iter().enumerate() {
            match operand {
                Shape::Nothing => {}
                Shape::Flat(_) => {
                    self.warn_child(index, "Ignoring 2D child object for 3D operation");
                }
                Shape::Solids(solids) => {
                    for solid in solids.iter() {
                        self.job.cancel.check()?;
                        regions.push(project(&solid.to_mesh()));
                    }
                }
            }
        }
        Ok(Shape::flat(clip::union(&regions)))
    }

    /// Works on the union of the 2D children; 3D ones are left out with a warning.
    fn flat(&mut self, operands: Vec<Shape>, operation: impl Fn(&Region) -> Region) -> Shape {
        match self.flat_operand(operands) {
            None => Shape::Nothing,
            Some(flat) => {
                let region = Arc::new(operation(&flat.region));
                Shape::Flat(Flat { region, ..flat })
            }
        }
    }

    /// The union of the 2D children; none if there are no children at all.
    fn flat_operand(&mut self, operands: Vec<Shape>) -> Option<Flat> {
        if operands.is_empty() {
            return None;
        }
        let mut flats = Vec::new();
        for (index, operand) in operands.into_iter().enumerate() {
            match operand {
                Shape::Nothing => {}
                Shape::Flat(flat) => flats.push(flat),
                Shape::Solids(_) => {
                    self.warn_child(index, "Ignoring 3D child object for 2D operation")
                }
            }
        }
        match unite_flat(&flats) {
            Shape::Flat(flat) => Some(flat),
            _ => Some(Flat { region: Arc::default(), paint: Paint::Default }),
        }
    }

    // Leaves

    /// The solid of a primitive.
    fn clean_mesh(&self, mesh: &Mesh) -> Result<Shape, Fault> {
        Ok(Shape::solid(Solid::from_clean_mesh(mesh, &self.job.cancel)?))
    }

    /// The solid of a mesh that we made ourselves.
    fn closed_mesh(&mut self, mesh: &Mesh) -> Result<Shape, Fault> {
        match Solid::from_mesh(mesh) {
            // Outlines that touch make walls that touch: closed, but more than two faces meet at an edge.
            Err(KernelError::NotManifold) => {
                let rebuilt = Solid::from_faulty_mesh(mesh, &self.job.cancel)?;
                Ok(Shape::solid(rebuilt.map(|(solid, _)| solid)))
            }
            other => Ok(Shape::solid(other?)),
        }
    }

    fn mended(&mut self, what: &str, mended: Mended) -> Shape {
        for note in mended.notes {
            self.warn(&format!("{what}: {note}"));
        }
        Shape::solid(mended.solid)
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

    // Children of one kind

    /// The operands that count: all of the kind of the first that has one, with a warning for each other.
    fn alike(&mut self, operands: Vec<Shape>) -> Alike {
        let children: Vec<Arc<Node>> = self.drawn_children().cloned().collect();
        let mut alike = Alike::Nothing;
        let mut mixed = false;
        for (index, operand) in operands.into_iter().enumerate() {
            let child = Arc::clone(&children[index]);
            let ignored = match (&mut alike, operand) {
                (_, Shape::Nothing) => continue,
                (Alike::Nothing, Shape::Solids(list)) => {
                    alike = Alike::Solids(vec![(child, list)]);
                    continue;
                }
                (Alike::Nothing, Shape::Flat(flat)) => {
                    alike = Alike::Flat(vec![flat]);
                    continue;
                }
                (Alike::Solids(lists), Shape::Solids(list)) => {
                    lists.push((child, list));
                    continue;
                }
                (Alike::Flat(flats), Shape::Flat(flat)) => {
                    flats.push(flat);
                    continue;
                }
                (Alike::Solids(_), Shape::Flat(_)) => "Ignoring 2D child object for 3D operation",
                (Alike::Flat(_), Shape::Solids(_)) => "Ignoring 3D child object for 2D operation",
            };
            if !mixed {
                self.warn("Mixing 2D and 3D objects is not supported");
                mixed = true;
            }
            self.warn_child(index, ignored);
        }
        alike
    }

    fn drawn_children(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.node.children().iter().filter(|child| !child.modifiers().background)
    }

    // Messages

    fn warn(&mut self, message: &str) {
        self.say(Severity::Warning, self.node.origin(), message);
    }

    fn warn_child(&mut self, index: usize, message: &str) {
        let child = self.drawn_children().nth(index).map(|child| child.origin());
        self.say(Severity::Warning, child.unwrap_or(self.node.origin()), message);
    }

    fn error(&mut self, message: &str) {
        self.say(Severity::Error, self.node.origin(), message);
    }

    fn say(&mut self, severity: Severity, origin: scadstream_csg::Origin, message: &str) {
        self.messages.push(Diagnostic { severity, origin, message: message.to_owned() });
    }
}

/// Operands of one kind.
enum Alike {
    Nothing,
    /// Lists of solids, each with the child it is of.
    Solids(Vec<(Arc<Node>, Arc<[Solid]>)>),
    Flat(Vec<Flat>),
}

fn unite_flat(flats: &[Flat]) -> Shape {
    match flats {
        [] => Shape::Nothing,
        [one] => Shape::Flat(one.clone()),
        many => {
            let regions: Vec<Region> = many.iter().map(|flat| (*flat.region).clone()).collect();
            let region = Arc::new(clip::union(&regions));
            Shape::Flat(Flat { region, paint: common_paint(many) })
        }
    }
}

/// The paint that all share, else the default: one region has one paint.
fn common_paint(flats: &[Flat]) -> Paint {
    let mut paints = flats.iter().map(|flat| flat.paint);
    let first = paints.next().unwrap_or_default();
    if paints.all(|paint| paint == first) { first } else { Paint::Default }
}

/// An outer colour replaces those inside. A negative red stands for a name that could not be read: no change.
fn paint(shape: Shape, rgba: [f32; 4]) -> Shape {
    if rgba[0] < 0.0 {
        return shape;
    }
    let paint = Paint::Color(rgba);
    match shape {
        Shape::Nothing => Shape::Nothing,
        Shape::Solids(solids) => {
            Shape::Solids(solids.iter().map(|solid| solid.painted(paint)).collect())
        }
        Shape::Flat(flat) => Shape::Flat(Flat { paint, ..flat }),
    }
}

/// What is made of a coloured region has its colour.
fn keep_paint(shape: Shape, flat: &Flat) -> Shape {
    match (shape, flat.paint) {
        (shape, Paint::Default) => shape,
        (Shape::Solids(solids), paint) => {
            Shape::Solids(solids.iter().map(|solid| solid.painted(paint)).collect())
        }
        (other, _) => other,
    }
}

/// Scales about the origin so that each axis has its wanted size: 0 keeps an axis or, where `auto` is set, gives it the
/// factor of the axis with the largest wanted size.
fn resize(shape: Shape, new_size: [f64; 3], auto: [bool; 3]) -> Shape {
    match shape {
        Shape::Nothing => Shape::Nothing,
        Shape::Flat(flat) => {
            let region = flat.region.resized([new_size[0], new_size[1]], [auto[0], auto[1]]);
            Shape::Flat(Flat { region: Arc::new(region), ..flat })
        }
        Shape::Solids(solids) => {
            let Some(bounds) = solids.iter().map(Solid::bounds).reduce(Bounds::union) else {
                return Shape::Solids(solids);
            };
            let size = bounds.size();
            let leading =
                (1..3).fold(0, |best, k| if new_size[k] > new_size[best] { k } else { best });
            let factors = [0, 1, 2].map(|axis| {
                if new_size[axis] > 0.0 {
                    new_size[axis] / size[axis]
                } else if auto[axis] && new_size[leading] > 0.0 {
                    new_size[leading] / size[leading]
                } else {
                    1.0
                }
            });
            let scaling = Affine::scaling(factors);
            if !scaling.is_finite() || scaling.determinant() == 0.0 {
                return Shape::solid(None);
            }
            Shape::Solids(solids.iter().map(|solid| solid.transformed(&scaling)).collect())
        }
    }
}

/// The module that makes such a node, for messages about what is not there yet.
fn name_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Surface { .. } => "surface()",
        Kind::Text(_) => "text()",
        Kind::Roof { .. } => "roof()",
        Kind::Import(_) => "import()",
        _ => "this object",
    }
}
