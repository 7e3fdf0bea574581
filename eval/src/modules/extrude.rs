//! `linear_extrude` and `rotate_extrude`.

use scadstream_csg::{Kind, LinearExtrude, RotateExtrude};

use crate::evaluator::Evaluator;
use crate::format;
use crate::modules::args::{Args, vec3};
use crate::value::Value;

const DEFAULT_HEIGHT: f64 = 100.0;

pub(super) fn linear_extrude(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let fragments = args.fragments(ev);
    let height = args.finite(0).or_else(|| args.finite(8));
    let v = match args.get(1) {
        Value::Unset | Value::Undef => None,
        value => {
            let v = vec3(value, 0.0)
                .filter(|v| v.iter().all(|x| x.is_finite()) && v.iter().any(|x| *x != 0.0));
            if v.is_none() {
                unable(ev, args, "linear_extrude", "v", value);
            }
            v
        }
    };
    let sweep = match (v, height) {
        (None, height) => [0.0, 0.0, height.unwrap_or(DEFAULT_HEIGHT).max(0.0)],
        (Some(v), None) => v,
        (Some(v), Some(height)) => {
            let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
            v.map(|x| x / length * height.max(0.0))
        }
    };
    let scale = match args.get(2) {
        Value::Unset | Value::Undef => [1.0; 2],
        Value::Number(x) if x.is_finite() => [*x; 2],
        value => match value.as_numbers::<2>().filter(|v| v.iter().all(|x| x.is_finite())) {
            Some(scale) => scale,
            None => {
                unable(ev, args, "linear_extrude", "scale", value);
                [1.0; 2]
            }
        },
    };
    let count = |parameter: usize| args.finite(parameter).filter(|x| *x >= 0.0).map(|x| x as u32);
    Kind::LinearExtrude(Box::new(LinearExtrude {
        sweep,
        center: args.bool(3).unwrap_or(false),
        twist: args.finite(4).unwrap_or(0.0),
        scale: scale.map(|s| s.max(0.0)),
        slices: count(5).map(|n| n.max(1)),
        segments: count(6),
        convexity: args.convexity(7, 1),
        fragments,
    }))
}

pub(super) fn rotate_extrude(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let fragments = args.fragments(ev);
    let given = args.finite(0).or_else(|| args.finite(3));
    // More than a turn, and a full negative one, count as a full turn.
    let angle = given.filter(|angle| *angle > -360.0 && *angle <= 360.0).unwrap_or(360.0);
    let start = args.finite(1).unwrap_or(if given.is_some() { 0.0 } else { 180.0 });
    Kind::RotateExtrude(Box::new(RotateExtrude {
        angle,
        start,
        convexity: args.convexity(2, 2),
        fragments,
    }))
}

fn unable(ev: &mut Evaluator<'_>, args: &Args, module: &str, parameter: &str, value: &Value) {
    let shown = format::quoted(value);
    ev.warn(format!("{module}(..., {parameter}={shown}) could not be converted"), args.location);
}
