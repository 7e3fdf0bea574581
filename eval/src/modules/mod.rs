//! Builtin modules: arguments to nodes of the CSG tree.

mod args;
mod color;
mod color_names;
mod extrude;
mod files;
mod operations;
mod primitives;
mod text;
mod transforms;

use std::sync::Arc;

use scadstream_csg::Node;

use crate::code::ModuleCall;
use crate::evaluator::{Env, Eval, Evaluator};
use args::Args;

pub(crate) use args::view_vector;
pub(crate) use text::text_parameters;

/// A builtin module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BuiltinModule {
    Circle,
    Color,
    Cube,
    Cylinder,
    Difference,
    Echo,
    Fill,
    Group,
    Hull,
    Import,
    Intersection,
    LinearExtrude,
    Minkowski,
    Mirror,
    Multmatrix,
    Offset,
    Polygon,
    Polyhedron,
    Projection,
    Render,
    Resize,
    Roof,
    Rotate,
    RotateExtrude,
    Scale,
    Sphere,
    Square,
    Surface,
    Text,
    Translate,
    Union,
}

use BuiltinModule as M;

/// The builtin module of a name. `for`, `let`, `if`, `assert` and `children` are part of the language itself.
pub(crate) fn lookup(name: &str) -> Option<BuiltinModule> {
    Some(match name {
        "circle" => M::Circle,
        "color" => M::Color,
        "cube" => M::Cube,
        "cylinder" => M::Cylinder,
        "difference" => M::Difference,
        "echo" => M::Echo,
        "fill" => M::Fill,
        "group" => M::Group,
        "hull" => M::Hull,
        "import" => M::Import,
        "intersection" => M::Intersection,
        "linear_extrude" => M::LinearExtrude,
        "minkowski" => M::Minkowski,
        "mirror" => M::Mirror,
        "multmatrix" => M::Multmatrix,
        "offset" => M::Offset,
        "polygon" => M::Polygon,
        "polyhedron" => M::Polyhedron,
        "projection" => M::Projection,
        "render" => M::Render,
        "resize" => M::Resize,
        "roof" => M::Roof,
        "rotate" => M::Rotate,
        "rotate_extrude" => M::RotateExtrude,
        "scale" => M::Scale,
        "sphere" => M::Sphere,
        "square" => M::Square,
        "surface" => M::Surface,
        "text" => M::Text,
        "translate" => M::Translate,
        "union" => M::Union,
        _ => return None,
    })
}

impl BuiltinModule {
    /// Names of the parameters: how many of them take positional arguments, and all. None if the module takes its
    /// arguments as they come.
    pub(crate) fn parameters(self) -> Option<(usize, &'static [&'static str])> {
        Some(match self {
            M::Circle | M::Sphere => (1, &["r", "d"]),
            M::Color => (2, &["c", "alpha"]),
            M::Cube | M::Square => (2, &["size", "center"]),
            M::Cylinder => (4, &["h", "r1", "r2", "center", "r", "d", "d1", "d2"]),
            M::Import => (
                5,
                &[
                    "file",
                    "layer",
                    "convexity",
                    "origin",
                    "scale",
                    "width",
                    "height",
                    "filename",
                    "layername",
                    "center",
                    "dpi",
                    "id",
                ],
            ),
            M::LinearExtrude => (
                7,
                &[
                    "height",
                    "v",
                    "scale",
                    "center",
                    "twist",
                    "slices",
                    "segments",
                    "convexity",
                    "h",
                ],
            ),
            M::Minkowski | M::Render => (1, &["convexity"]),
            M::Mirror | M::Scale | M::Translate => (1, &["v"]),
            M::Multmatrix => (1, &["m"]),
            M::Offset => (1, &["r", "delta", "chamfer"]),
            M::Polygon => (3, &["points", "paths", "convexity"]),
            M::Polyhedron => (3, &["points", "faces", "convexity", "triangles"]),
            M::Projection => (1, &["cut", "convexity"]),
            M::Resize => (3, &["newsize", "auto", "convexity"]),
            M::Roof => (1, &["method", "convexity"]),
            M::Rotate => (2, &["a", "v"]),
            M::RotateExtrude => (2, &["angle", "start", "convexity", "a"]),
            M::Surface => (3, &["file", "center", "convexity", "invert"]),
            M::Text => (
                8,
                &[
                    "text",
                    "size",
                    "font",
                    "direction",
                    "language",
                    "script",
                    "halign",
                    "valign",
                    "spacing",
                    "em",
                ],
            ),
            M::Difference | M::Echo | M::Fill | M::Group | M::Hull | M::Intersection | M::Union => {
                return None;
            }
        })
    }

    /// Whether the module makes something of its own and takes no children.
    fn is_leaf(self) -> bool {
        matches!(
            self,
            M::Circle
                | M::Cube
                | M::Cylinder
                | M::Import
                | M::Polygon
                | M::Polyhedron
                | M::Sphere
                | M::Square
                | M::Surface
                | M::Text
        )
    }
}

/// Instantiates a builtin module.
pub(crate) fn instantiate(
    ev: &mut Evaluator<'_>,
    module: BuiltinModule,
    call: &ModuleCall,
    env: &Env<'_>,
) -> Eval<Option<Arc<Node>>> {
    if module == M::Echo {
        return ev.echo_module(call, env);
    }
    if module == M::Roof && !ev.options.has_feature("roof") {
        ev.warn("Experimental builtin module 'roof' is not enabled", call.location);
        return Ok(None);
    }
    let mark = ev.mark();
    let args = Args::evaluate(ev, call, env)?;
    if module.is_leaf() && !call.children.statements.is_empty() {
        let name = Arc::clone(ev.program.names.text(call.name));
        ev.warn(format!("module {name}() does not support child modules"), call.location);
    }
    let kind = match module {
        M::Cube => primitives::cube(ev, &args),
        M::Sphere => primitives::sphere(ev, &args),
        M::Cylinder => primitives::cylinder(ev, &args),
        M::Polyhedron => primitives::polyhedron(ev, &args),
        M::Square => primitives::square(ev, &args),
        M::Circle => primitives::circle(ev, &args),
        M::Polygon => primitives::polygon(ev, &args),
        M::Text => text::text(ev, &args),
        M::Import => files::import(ev, &args),
        M::Surface => files::surface(ev, &args),
        M::Translate => transforms::translate(ev, &args),
        M::Rotate => transforms::rotate(ev, &args),
        M::Scale => transforms::scale(ev, &args),
        M::Mirror => transforms::mirror(ev, &args),
        M::Multmatrix => transforms::multmatrix(ev, &args),
        M::Resize => transforms::resize(ev, &args),
        M::Color => color::color(ev, &args),
        M::LinearExtrude => extrude::linear_extrude(ev, &args),
        M::RotateExtrude => extrude::rotate_extrude(ev, &args),
        M::Projection | M::Offset | M::Roof | M::Minkowski | M::Render => {
            operations::with_arguments(ev, module, &args)
        }
        M::Union | M::Difference | M::Intersection | M::Hull | M::Fill | M::Group | M::Echo => {
            operations::plain(module)
        }
    };
    let mut children = Vec::new();
    if !module.is_leaf() {
        ev.block(&call.children, env.frame, &mut children)?;
    }
    ev.restore(mark);
    ev.node(kind, call.modifiers, call.location, children)
}
