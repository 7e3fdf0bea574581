//! `translate`, `rotate`, `scale`, `mirror`, `multmatrix`, `resize`.

use scadstream_csg::{Kind, degrees};

use crate::evaluator::Evaluator;
use crate::format;
use crate::modules::args::{Args, finite_vec3, vec3};
use crate::value::Value;

type Matrix = [[f64; 4]; 4];

const IDENTITY: Matrix =
    [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];

fn transform(matrix: Matrix) -> Kind {
    Kind::Transform(Box::new(matrix))
}

fn unable(ev: &mut Evaluator<'_>, args: &Args, module: &str, wanted: &str) {
    let shown = format::quoted(args.get(0));
    ev.warn(format!("Unable to convert {module}({shown}) parameter to {wanted}"), args.location);
}

pub(super) fn translate(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut matrix = IDENTITY;
    match finite_vec3(args.get(0), 0.0) {
        Some(v) => (0..3).for_each(|i| matrix[i][3] = v[i]),
        None => unable(ev, args, "translate", "a vec3 or vec2 of numbers"),
    }
    transform(matrix)
}

pub(super) fn scale(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut matrix = IDENTITY;
    let factors = match args.get(0) {
        Value::Number(x) => Some([*x; 3]),
        value => vec3(value, 1.0),
    };
    match factors {
        Some(v) => (0..3).for_each(|i| matrix[i][i] = v[i]),
        None => unable(ev, args, "scale", "a number, a vec3 or vec2 of numbers or a number"),
    }
    if ev.options.check_parameter_ranges
        && factors.is_some_and(|v| v.iter().any(|x| *x == 0.0 || !x.is_finite()))
    {
        let shown = format::quoted(args.get(0));
        ev.warn(format!("scale({shown})"), args.location);
    }
    transform(matrix)
}

pub(super) fn mirror(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut matrix = IDENTITY;
    let v = vec3(args.get(0), 0.0);
    if v.is_none() {
        unable(ev, args, "mirror", "a vec3 or vec2 of numbers");
    }
    let v = v.unwrap_or([1.0, 0.0, 0.0]);
    let square: f64 = v.iter().map(|x| x * x).sum();
    if square > 0.0 {
        for i in 0..3 {
            for j in 0..3 {
                let unit = if i == j { 1.0 } else { 0.0 };
                matrix[i][j] = unit - 2.0 * v[i] * v[j] / square;
            }
        }
    }
    transform(matrix)
}

pub(super) fn rotate(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let a = args.get(0);
    let problem = |ev: &mut Evaluator<'_>| {
        let shown = format::quoted(args.get(0));
        ev.warn(format!("Problem converting rotate(a={shown}) parameter"), args.location);
    };
    if let Value::List(list) = a {
        let mut angles = [0.0; 3];
        let mut good = list.len() <= 3;
        for (i, angle) in angles.iter_mut().enumerate().take(list.len()) {
            match list.number(i).filter(|x| x.is_finite()) {
                Some(x) => *angle = x,
                None => good = false,
            }
        }
        if !good && args.get(1).is_undef() {
            problem(ev);
        } else if !good {
            let (a, v) = (format::quoted(a), format::quoted(args.get(1)));
            ev.warn(format!("Problem converting rotate(a={a}, v={v}) parameter"), args.location);
        } else if !args.get(1).is_undef() {
            let (a, v) = (format::quoted(a), format::quoted(args.get(1)));
            let text = format!(
                "When parameter a is supplied as vector, v is ignored rotate(a={a}, v={v})"
            );
            ev.warn(text, args.location);
        }
        return transform(rotation_xyz(angles));
    }
    let angle = a.as_finite();
    let axis = match args.get(1) {
        Value::Unset | Value::Undef => Some([0.0, 0.0, 1.0]),
        value => vec3(value, 0.0),
    };
    let shown_axis = format::quoted(args.get(1));
    match (angle, axis) {
        (None, None) => {
            let shown = format::quoted(a);
            ev.warn(
                format!("Problem converting rotate(a={shown}, v={shown_axis}) parameter"),
                args.location,
            );
        }
        (None, Some(_)) => problem(ev),
        (Some(_), None) => {
            ev.warn(
                format!("Problem converting rotate(..., v={shown_axis}) parameter"),
                args.location,
            );
        }
        (Some(_), Some(_)) => {}
    }
    let axis = Some(axis.unwrap_or([0.0, 0.0, 1.0]));
    match (angle, axis) {
        (Some(angle), Some(axis)) => transform(rotation_about(angle, axis)),
        _ => transform(IDENTITY),
    }
}

/// About X, then Y, then Z.
fn rotation_xyz([x, y, z]: [f64; 3]) -> Matrix {
    let (sx, cx) = (degrees::sin(x), degrees::cos(x));
    let (sy, cy) = (degrees::sin(y), degrees::cos(y));
    let (sz, cz) = (degrees::sin(z), degrees::cos(z));
    [
        [cy * cz, cz * sx * sy - cx * sz, cx * cz * sy + sx * sz, 0.0],
        [cy * sz, cx * cz + sx * sy * sz, -cz * sx + cx * sy * sz, 0.0],
        [-sy, cy * sx, cx * cy, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
}

/// About an axis through the origin (Rodrigues' formula); none for an axis without a direction.
fn rotation_about(angle_deg: f64, axis: [f64; 3]) -> Matrix {
    let square: f64 = axis.iter().map(|x| x * x).sum();
    if !(square > 0.0 && square.is_finite()) {
        return IDENTITY;
    }
    let (s, c) = (degrees::sin(angle_deg), degrees::cos(angle_deg));
    // Divided by the square of the length where two components meet, so that a turn by 120 degrees about a diagonal
    // maps the axes on each other exactly.
    let [x, y, z] = axis;
    let t = |product: f64| (1.0 - c) * product / square;
    let s = |component: f64| s * component / square.sqrt();
    [
        [t(x * x) + c, t(x * y) - s(z), t(x * z) + s(y), 0.0],
        [t(x * y) + s(z), t(y * y) + c, t(y * z) - s(x), 0.0],
        [t(x * z) - s(y), t(y * z) + s(x), t(z * z) + c, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
}

pub(super) fn multmatrix(_: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut matrix = IDENTITY;
    if let Value::List(rows) = args.get(0) {
        for (i, row) in rows.iter().take(4).enumerate() {
            let Value::List(row) = row else { continue };
            for (j, entry) in row.iter().take(4).enumerate() {
                if let Value::Number(x) = entry {
                    matrix[i][j] = x;
                }
            }
        }
        let w = matrix[3][3];
        if w != 1.0 {
            matrix.as_flattened_mut().iter_mut().for_each(|x| *x /= w);
        }
    }
    transform(matrix)
}

pub(super) fn resize(_: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut new_size = [0.0; 3];
    if let Value::List(list) = args.get(0) {
        for (i, size) in new_size.iter_mut().enumerate() {
            *size = list.number(i).unwrap_or(0.0);
        }
    }
    let mut auto = [false; 3];
    match args.get(1) {
        Value::Bool(all) => auto = [*all; 3],
        Value::List(list) => {
            for (i, axis) in auto.iter_mut().enumerate() {
                *axis = list.get(i).and_then(|v| v.as_bool()).unwrap_or(false);
            }
        }
        _ => {}
    }
    Kind::Resize { new_size, auto, convexity: args.convexity(2, 0) }
}
