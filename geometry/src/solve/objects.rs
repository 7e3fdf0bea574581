//! What is drawn: top-level objects, and whatever is marked `#` or `%`.

use std::sync::Arc;

use scadstream_csg::{ContentHash, ContentHasher, Kind, Node};

use super::booleans::SHEET;
use super::clusters::{Cluster, surface};
use super::combine::Fault;
use super::{Job, Part, PartKind};
use crate::abandon::abandonable;
use crate::affine::Affine;
use crate::diagnostic::{Diagnostic, Severity};
use crate::kernel::{KernelError, Solid, triangulate};
use crate::mesh::Mesh;
use crate::shape::{Flat, Shape};
use crate::shell::Shell;

/// More top-level objects than this become one: a picture gains nothing from more parts. Picked by hand.
const MOST_OBJECTS: usize = 256;

/// Something to draw.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) node: Arc<Node>,
    pub(super) role: Role,
    /// The transforms around a marked node; a top-level object has none.
    transform: Affine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Result,
    Highlight,
    Background,
}

/// All that is to be drawn of the tree below `root`, in the order of parts.
pub(super) fn objects(root: &Arc<Node>) -> Vec<Object> {
    let as_result = |node| Object { node, role: Role::Result, transform: Affine::IDENTITY };
    let mut objects: Vec<Object> = top_level(root).into_iter().map(as_result).collect();
    let marked = marked(root);
    let (highlights, background): (Vec<_>, Vec<_>) =
        marked.into_iter().partition(|object| object.role == Role::Highlight);
    objects.extend(highlights);
    objects.extend(background);
    objects
}

/// The operands of the implicit union at the top: the first objects of a solve, in the order of their numbers.
pub fn top_level(root: &Arc<Node>) -> Vec<Arc<Node>> {
    let mut node = root;
    loop {
        if !matches!(node.kind(), Kind::Group | Kind::Union) {
            return vec![Arc::clone(node)];
        }
        let mut drawn = node.drawn_children();
        match (drawn.next(), drawn.next()) {
            (None, _) => return Vec::new(),
            (Some(only), None) => node = only,
            _ if node.children().len() > MOST_OBJECTS => return vec![Arc::clone(node)],
            _ => return node.drawn_children().cloned().collect(),
        }
    }
}

/// Nodes marked `#` or `%` in tree order, with the transforms around them.
///
/// Marks inside a hull, an extrusion and the like show nothing: those are solved as a whole.
fn marked(root: &Arc<Node>) -> Vec<Object> {
    struct Visit<'a> {
        node: &'a Arc<Node>,
        transform: Affine,
        in_highlight: bool,
    }
    let mut found = Vec::new();
    let mut pending = vec![Visit { node: root, transform: Affine::IDENTITY, in_highlight: false }];
    while let Some(Visit { node, transform, mut in_highlight }) = pending.pop() {
        let mut mark = |role| found.push(Object { node: Arc::clone(node), role, transform });
        if node.modifiers().background {
            mark(Role::Background);
            continue;
        }
        if node.modifiers().highlight && !in_highlight {
            mark(Role::Highlight);
            in_highlight = true;
        }
        let transform = match node.kind() {
            Kind::Transform(matrix) => transform.after(&Affine::from_matrix(matrix)),
            Kind::Group | Kind::Union | Kind::Difference | Kind::Intersection | Kind::Color(_) => {
                transform
            }
            _ => continue,
        };
        let children = node.children().iter().rev();
        pending.extend(children.map(|node| Visit { node, transform, in_highlight }));
    }
    found
}

/// The part that an object of this shape makes; none if it is empty.
pub(super) fn part_of(
    object: &Object,
    shape: &Shape,
    job: &Job<'_>,
) -> Result<Option<Part>, Fault> {
    let invertible = object.transform.is_finite() && object.transform.determinant() != 0.0;
    let (kind, shell, region, clusters) = match shape {
        Shape::Solids(solids) if invertible => {
            let list = solids.list.iter().map(|solid| solid.transformed(&object.transform));
            let list: Vec<Solid> = list.collect();
            if !list.iter().all(Solid::is_in_reach) {
                return Err(KernelError::NonFinite.into());
            }
            job.cancel.check()?;
            let clusters = Cluster::of_solids(&list, &job.cancel)?;
            let shell = Shell::Cells(Arc::new(surface(&clusters, job)?));
            (PartKind::Solid, shell, None, clusters)
        }
        Shape::Flat(Flat { region, paint }) if !region.is_empty() => {
            let [x, y, z] = object.transform.0;
            let region = if object.transform == Affine::IDENTITY {
                Arc::clone(region)
            } else {
                Arc::new(region.transformed(&[x, y, z, [0.0, 0.0, 0.0, 1.0]]))
            };
            let (points, drawn) = (region.points().count(), Arc::clone(&region));
            let triangles = move || flat_mesh(drawn.outlines());
            let mut mesh = abandonable(points, &job.cancel, triangles)?;
            mesh.paint(*paint);
            (PartKind::Flat, Shell::Mesh(Arc::new(mesh)), Some(region), Vec::new())
        }
        _ => return Ok(None),
    };
    let kind = match object.role {
        Role::Result => kind,
        Role::Highlight => PartKind::Highlight,
        Role::Background => PartKind::Background,
    };
    Ok((!shell.is_empty()).then(|| Part {
        kind,
        closed: region.is_none(),
        shell,
        region,
        origin: object.node.origin(),
        hash: part_hash(object),
        clusters: clusters.into(),
    }))
}

/// A word on what of an object cannot be part of the result.
pub(super) fn left_out(object: &Object, shape: &Shape) -> Option<Diagnostic> {
    match shape {
        Shape::Solids(solids) if object.role == Role::Result && !solids.sheets.is_empty() => {
            Some(Diagnostic {
                severity: Severity::Warning,
                origin: object.node.origin(),
                message: SHEET.to_owned(),
            })
        }
        _ => None,
    }
}

/// A region as triangles in the plane z = 0, facing up.
fn flat_mesh(outlines: &[Vec<[f64; 2]>]) -> Mesh {
    let positions = outlines.iter().flatten().map(|[x, y]| [*x, *y, 0.0]).collect();
    Mesh::new(positions, triangulate(outlines))
}

fn part_hash(object: &Object) -> ContentHash {
    let mut hasher = ContentHasher::new("part");
    hasher.hash(object.node.hash());
    hasher.u64(object.role as u64);
    object.transform.0.as_flattened().iter().for_each(|entry| hasher.f64(*entry));
    hasher.finish()
}

/// A model is 2D or 3D by its first object; objects of the other kind are left out, with OpenSCAD's words.
pub(super) fn keep_one_dimension(
    root: &Arc<Node>,
    parts: &mut Vec<Part>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let is_result = |part: &Part| matches!(part.kind, PartKind::Solid | PartKind::Flat);
    let Some(kind) = parts.iter().find(|part| is_result(part)).map(|part| part.kind) else {
        return;
    };
    let warn = |origin, message: &str| Diagnostic {
        severity: Severity::Warning,
        origin,
        message: message.to_owned(),
    };
    let ignored = match kind {
        PartKind::Solid => "Ignoring 2D child object for 3D operation",
        _ => "Ignoring 3D child object for 2D operation",
    };
    let others: Vec<_> = parts
        .iter()
        .filter(|part| is_result(part) && part.kind != kind)
        .map(|part| warn(part.origin, ignored))
        .collect();
    if !others.is_empty() {
        diagnostics.push(warn(root.origin(), "Mixing 2D and 3D objects is not supported"));
        diagnostics.extend(others);
        parts.retain(|part| !is_result(part) || part.kind == kind);
    }
}
