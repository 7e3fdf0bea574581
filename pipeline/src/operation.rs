//! What an operation is called in messages to people.

use scadstream_csg::Kind;

/// The word in the source that a node most likely comes from.
pub(crate) fn operation(kind: &Kind) -> &'static str {
    match kind {
        Kind::Union => "union",
        Kind::Difference => "difference",
        Kind::Intersection => "intersection",
        Kind::Hull => "hull",
        Kind::Minkowski { .. } => "minkowski",
        Kind::Fill => "fill",
        Kind::Render { .. } => "render",
        Kind::Transform(_) => "transform",
        Kind::Resize { .. } => "resize",
        Kind::Color(_) => "color",
        Kind::Cube { .. } => "cube",
        Kind::Sphere { .. } => "sphere",
        Kind::Cylinder { .. } => "cylinder",
        Kind::Polyhedron { .. } => "polyhedron",
        Kind::Square { .. } => "square",
        Kind::Circle { .. } => "circle",
        Kind::Polygon { .. } => "polygon",
        Kind::Text(_) => "text",
        Kind::Offset { .. } => "offset",
        Kind::LinearExtrude(_) => "linear_extrude",
        Kind::RotateExtrude(_) => "rotate_extrude",
        Kind::Projection { .. } => "projection",
        Kind::Import(_) => "import",
        Kind::Surface { .. } => "surface",
        Kind::Roof { .. } => "roof",
        // A module of the user's, a loop, a block.
        _ => "group",
    }
}
