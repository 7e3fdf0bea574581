//! `rands`.

use scadstream_syntax::{Diagnostic, Severity};

use crate::builtin::{Args, Call, wrong_count, wrong_type};
use crate::evaluator::{Eval, Evaluator};
use crate::list::{List, Numbers};
use crate::random::{Random, seed_of};
use crate::value::Value;

/// Stands in for infinite bounds.
const HALF_OF_LARGEST: f64 = f64::MAX / 2.0;

/// `rands(min, max, count, [seed])`
pub(super) fn rands(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    ev.unrepeatable += 1;
    if args.len() != 3 && args.len() != 4 {
        return ev.undefined(wrong_count("rands", "3 or 4", args.len()), call.location);
    }
    let mut numbers = [0.0; 4];
    for (i, value) in args.iter().enumerate() {
        match value.as_number() {
            Some(x) => numbers[i] = x,
            None => return ev.undefined(wrong_type("rands", i, "number", value), call.location),
        }
    }
    let [min, max, count, seed] = numbers;
    let min = finite_bound(ev, call, "min", min);
    let max = finite_bound(ev, call, "max", max);
    let (min, max) = if min > max { (max, min) } else { (min, max) };
    let count = if count.is_finite() {
        count.abs()
    } else {
        ev.warn("rands() cannot create an infinite number of results", call.location);
        ev.warn("resetting number of results to 1", call.location);
        1.0
    };
    if count > ev.options.limits.list_elements as f64 {
        return Err(ev.error("List is too long", Some(call.location)));
    }
    if args.len() == 4 {
        ev.random = Random::new(seed_of(seed));
    }
    let mut out = Numbers::new();
    for _ in 0..count as usize {
        ev.step()?;
        out.push(if min >= max { min } else { ev.random.uniform(min, max) });
    }
    Ok(Value::List(List::numbers(out)))
}

fn finite_bound(ev: &mut Evaluator<'_>, call: &Call<'_>, which: &str, bound: f64) -> f64 {
    if bound.is_finite() {
        return bound;
    }
    ev.warn(format!("rands() range {which} cannot be infinite"), call.location);
    let replaced = if bound == f64::NEG_INFINITY { -HALF_OF_LARGEST } else { HALF_OF_LARGEST };
    let text = format!("resetting to {replaced:.6}");
    ev.program.messages.push(Diagnostic::new(Severity::Warning, text, None));
    replaced
}
