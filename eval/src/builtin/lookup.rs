//! `lookup`: linear interpolation in a table.

use crate::builtin::{Args, Call, wrong_count};
use crate::evaluator::{Eval, Evaluator};
use crate::format;
use crate::value::Value;

/// `lookup(key, [[key, value], ..])`: the table needs no order; outside of it the nearest value counts.
pub(super) fn lookup(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    let [key, table] = &args[..] else {
        return ev.undefined(wrong_count("lookup", "2", args.len()), call.location);
    };
    let Some(key) = key.as_finite() else {
        let text = format!("lookup({}, ...) first argument is not a number", format::quoted(key));
        return ev.undefined(text, call.location);
    };
    let Value::List(table) = table else { return Ok(Value::Undef) };
    let pair = |value: Value| value.as_numbers::<2>();
    // The nearest entries at or below, and at or above the key.
    let Some(first) = table.get(0).and_then(pair) else { return Ok(Value::Undef) };
    let (mut low, mut high) = (first, first);
    for [k, v] in table.iter().skip(1).filter_map(pair) {
        if k <= key && (k > low[0] || low[0] > key) {
            low = [k, v];
        }
        if k >= key && (k < high[0] || high[0] < key) {
            high = [k, v];
        }
    }
    Ok(Value::Number(if key <= low[0] {
        high[1]
    } else if key >= high[0] {
        low[1]
    } else {
        let f = (key - low[0]) / (high[0] - low[0]);
        high[1] * f + low[1] * (1.0 - f)
    }))
}
