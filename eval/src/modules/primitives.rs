//! `cube`, `sphere`, `cylinder`, `polyhedron`, `square`, `circle`, `polygon`.

use std::sync::Arc;

use scadstream_csg::Kind;
use scadstream_syntax::{Diagnostic, Severity, format_number};

use crate::evaluator::Evaluator;
use crate::format;
use crate::list::List;
use crate::modules::args::{Args, indices};
use crate::value::Value;

/// Warns about sizes that are not positive, if the user asked for such checks; `call` shows them.
fn check_size(ev: &mut Evaluator<'_>, args: &Args, size: &[f64], call: impl FnOnce() -> String) {
    if ev.options.check_parameter_ranges && size.iter().any(|x| !(*x > 0.0 && x.is_finite())) {
        ev.warn(call(), args.location);
    }
}

pub(super) fn cube(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut size = [1.0; 3];
    if !box_size(args.get(0), &mut size) {
        let shown = format::quoted(args.get(0));
        ev.warn(
            format!("Unable to convert cube(size={shown}, ...) parameter to a number or a vec3 of numbers"),
            args.location,
        );
    }
    let shown = || format!("cube(size={}, ...)", format::quoted(args.get(0)));
    check_size(ev, args, &size, shown);
    Kind::Cube { size, center: args.bool(1).unwrap_or(false) }
}

pub(super) fn square(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut size = [1.0; 2];
    if !box_size(args.get(0), &mut size) {
        let shown = format::quoted(args.get(0));
        ev.warn(
            format!("Unable to convert square(size={shown}, ...) parameter to a number or a vec2 of numbers"),
            args.location,
        );
    }
    let shown = || format!("square(size={}, ...)", format::quoted(args.get(0)));
    check_size(ev, args, &size, shown);
    Kind::Square { size, center: args.bool(1).unwrap_or(false) }
}

/// Edge lengths from one number or a list of them. Of a list that does not fit, the leading numbers count.
fn box_size<const N: usize>(value: &Value, size: &mut [f64; N]) -> bool {
    match value {
        Value::Unset | Value::Undef => true,
        Value::Number(x) => {
            *size = [*x; N];
            true
        }
        Value::List(list) => {
            for (i, slot) in size.iter_mut().enumerate() {
                match list.number(i) {
                    Some(x) => *slot = x,
                    None => return false,
                }
            }
            list.len() == N
        }
        _ => false,
    }
}

/// A radius given as radius or diameter; the diameter wins.
fn radius(ev: &mut Evaluator<'_>, args: &Args, r: (usize, &str), d: (usize, &str)) -> Option<f64> {
    let Some(diameter) = args.number(d.0) else { return args.number(r.0) };
    if args.number(r.0).is_some() {
        let text =
            format!("Ignoring radius variable \"{}\" as diameter \"{}\" is defined too.", r.1, d.1);
        ev.warn(text, args.location);
    }
    Some(diameter / 2.0)
}

pub(super) fn sphere(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let fragments = args.fragments(ev);
    let r = radius(ev, args, (0, "r"), (1, "d")).unwrap_or(1.0);
    check_size(ev, args, &[r], || format!("sphere(r={})", format_number(r)));
    Kind::Sphere { r, fragments }
}

pub(super) fn circle(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let fragments = args.fragments(ev);
    let r = radius(ev, args, (0, "r"), (1, "d")).unwrap_or(1.0);
    check_size(ev, args, &[r], || format!("circle(r={})", format_number(r)));
    Kind::Circle { r, fragments }
}

pub(super) fn cylinder(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let fragments = args.fragments(ev);
    let h = args.number(0).unwrap_or(1.0);
    let r = radius(ev, args, (4, "r"), (5, "d"));
    let r1 = radius(ev, args, (1, "r1"), (6, "d1"));
    let r2 = radius(ev, args, (2, "r2"), (7, "d2"));
    if r.is_some() && (r1.is_some() || r2.is_some()) {
        ev.warn("Cylinder parameters ambiguous", args.location);
    }
    let both = r.unwrap_or(1.0);
    let (r1, r2) = (r1.unwrap_or(both), r2.unwrap_or(both));
    check_size(ev, args, &[h], || format!("cylinder(h={}, ...)", format_number(h)));
    // One radius may be 0: a cone.
    let (low, high) = (r1.min(r2), r1.max(r2));
    if !(low >= 0.0 && high > 0.0 && high.is_finite()) {
        let shown = || format!("cylinder(r1={}, r2={}, ...)", format_number(r1), format_number(r2));
        check_size(ev, args, &[f64::NAN], shown);
    }
    Kind::Cylinder { h, r1, r2, center: args.bool(3).unwrap_or(false), fragments: fragments.into() }
}

pub(super) fn polyhedron(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut points = Vec::new();
    match args.get(0) {
        Value::List(list) => {
            for (i, value) in list.iter().enumerate() {
                points.push(value.as_numbers::<3>().unwrap_or_else(|| {
                    let shown = format::quoted(&value);
                    let text =
                        format!("Unable to convert points[{i}] = {shown} to a vec3 of numbers");
                    ev.warn(text, args.location);
                    // As OpenSCAD does: the numbers that there are, the others 0.
                    let list = value.as_list();
                    std::array::from_fn(|k| list.and_then(|l| l.number(k)).unwrap_or(0.0))
                }));
            }
        }
        other => {
            let shown = format::quoted(other);
            ev.warn(
                format!("Unable to convert points = {shown} to a vector of coordinates"),
                args.location,
            );
        }
    }
    let faces = match (args.get(1), args.get(3)) {
        (faces, Value::Unset) => faces,
        (_, triangles) => {
            let text = "polyhedron(triangles=[]) will be removed in future releases. Use polyhedron(faces=[]) instead.";
            ev.program.messages.push(Diagnostic::new(Severity::Deprecated, text, None));
            triangles
        }
    };
    let faces = match faces {
        Value::List(list) => paths(ev, args, "faces", list),
        other => {
            let shown = format::quoted(other);
            ev.warn(
                format!("Unable to convert faces = {shown} to a vector of vector of point indices"),
                args.location,
            );
            Vec::new()
        }
    };
    Kind::Polyhedron { points: points.into(), faces: faces.into(), convexity: args.convexity(2, 1) }
}

pub(super) fn polygon(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut points = Vec::new();
    match args.get(0) {
        Value::List(list) => {
            for (i, value) in list.iter().enumerate() {
                let point = value.as_list().and_then(|l| Some([l.number(0)?, l.number(1)?]));
                points.push(point.unwrap_or_else(|| {
                    let shown = format::quoted(&value);
                    let text =
                        format!("Unable to convert points[{i}] = {shown} to a vec2 of numbers");
                    ev.warn(text, args.location);
                    [0.0; 2]
                }));
            }
        }
        other => {
            let shown = format::quoted(other);
            ev.warn(
                format!("Unable to convert points = {shown} to a vector of coordinates"),
                args.location,
            );
        }
    }
    let paths = match args.get(1) {
        Value::List(list) if list.len() > 0 && list.number(0).is_some() => {
            Some(vec![Arc::from(indices(list))])
        }
        Value::List(list) => Some(paths(ev, args, "paths", list)),
        _ => None,
    };
    Kind::Polygon {
        points: points.into(),
        paths: paths.map(Arc::from),
        convexity: args.convexity(2, 1),
    }
}

/// Lists of point indices.
fn paths(ev: &mut Evaluator<'_>, args: &Args, what: &str, list: &List) -> Vec<Arc<[u32]>> {
    let mut paths = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        match &value {
            Value::List(path) => paths.push(Arc::from(indices(path))),
            other => {
                let shown = format::quoted(other);
                let text =
                    format!("Unable to convert {what}[{i}] = {shown} to a vector of numbers");
                ev.warn(text, args.location);
            }
        }
    }
    paths
}
