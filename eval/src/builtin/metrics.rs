//! `textmetrics` and `fontmetrics` (experimental): measured by the world, which knows the fonts.

use std::rc::Rc;

use crate::builtin::{Args, Call};
use crate::evaluator::{Eval, Evaluator};
use crate::list::List;
use crate::modules::text_parameters;
use crate::object::Object;
use crate::text::Text;
use crate::value::Value;

/// Parameters of `text`, in the order that its own list has.
const TEXT_PARAMETERS: [&str; 10] = [
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
];

/// Arguments by name or position.
pub(super) fn by_name(
    ev: &Evaluator<'_>,
    call: &Call<'_>,
    args: &Args,
    parameters: &[&str],
) -> Vec<Value> {
    let mut values = vec![Value::Unset; parameters.len()];
    let mut position = 0;
    for (arg, value) in call.args.iter().zip(args) {
        let index = match arg.name {
            Some(name) => parameters.iter().position(|p| **p == **ev.program.names.text(name)),
            None => {
                position += 1;
                Some(position - 1)
            }
        };
        if let Some(slot) = index.and_then(|i| values.get_mut(i)) {
            *slot = value.clone();
        }
    }
    values
}

fn enabled(ev: &mut Evaluator<'_>, call: &Call<'_>) -> bool {
    if ev.options.has_feature("textmetrics") {
        return true;
    }
    ev.warn(format!("Experimental builtin function '{}' is not enabled", call.name), call.location);
    false
}

fn object(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut object = Object::default();
    entries.into_iter().for_each(|(key, value)| object.set(Text::new(key), value));
    Value::Object(Rc::new(object))
}

pub(super) fn textmetrics(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    if !enabled(ev, call) {
        return Ok(Value::Undef);
    }
    let values = by_name(ev, call, args, &TEXT_PARAMETERS);
    let text = text_parameters(ev, |i| values[i].clone());
    let Some(metrics) = ev.world.text_metrics(&text) else {
        return ev.undefined("textmetrics() is not available here: no fonts".into(), call.location);
    };
    let pair = |v: [f64; 2]| Value::List(List::from_slice(&v));
    Ok(object([
        ("position", pair(metrics.position)),
        ("size", pair(metrics.size)),
        ("ascent", Value::Number(metrics.ascent)),
        ("descent", Value::Number(metrics.descent)),
        ("offset", pair(metrics.offset)),
        ("advance", pair(metrics.advance)),
    ]))
}

pub(super) fn fontmetrics(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    if !enabled(ev, call) {
        return Ok(Value::Undef);
    }
    let values = by_name(ev, call, args, &["size", "font", "em"]);
    // `em` is the size in other words: one em is size * 100/72.
    let size =
        values[2].as_finite().map(|em| em * 72.0 / 100.0).or(values[0].as_finite()).unwrap_or(10.0);
    let font = values[1].as_str().unwrap_or_default();
    let Some(metrics) = ev.world.font_metrics(font, size, &ev.program.fonts) else {
        return ev.undefined("fontmetrics() is not available here: no fonts".into(), call.location);
    };
    let extent = |ascent, descent| {
        object([("ascent", Value::Number(ascent)), ("descent", Value::Number(descent))])
    };
    let font = object([
        ("family", Value::string(&metrics.family)),
        ("style", Value::string(&metrics.style)),
    ]);
    Ok(object([
        ("nominal", extent(metrics.nominal_ascent, metrics.nominal_descent)),
        ("max", extent(metrics.max_ascent, metrics.max_descent)),
        ("interline", Value::Number(metrics.interline)),
        ("font", font),
    ]))
}
