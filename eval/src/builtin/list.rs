//! `len` and `concat`.

use std::rc::Rc;

use crate::builtin::{Args, Builtin, BuiltinResult, Call, exactly, wrong_type};
use crate::evaluator::{Eval, Evaluator};
use crate::list::{Joined, List, ListBuilder};
use crate::value::Value;

pub(super) fn lookup(name: &str) -> Option<Builtin> {
    Some(match name {
        "len" => Builtin::Len(len),
        "concat" => Builtin::Impure("concat", concat),
        _ => return None,
    })
}

fn len(args: &mut Args) -> BuiltinResult {
    let [value] = exactly::<1>("len", args)?;
    let count = match value {
        Value::List(list) => list.len(),
        Value::String(text) => text.count(),
        Value::Object(object) => object.len(),
        other => return Err(wrong_type("len", 0, "string or vector", other)),
    };
    Ok(Value::Number(count as f64))
}

/// Lists are spliced one level, other values appended. The first list's buffer is reused when nobody else holds it;
/// long lists that cannot share a buffer as they are stay where they are.
fn concat(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    let total: usize = args.iter().map(|value| value.as_list().map_or(1, List::len)).sum();
    if total > ev.options.limits.list_elements {
        return Err(ev.error("List is too long", Some(call.location)));
    }
    if let Some(joined) = Joined::of(args) {
        return Ok(Value::List(List::Joined(Rc::new(joined))));
    }
    let grows = matches!(args.first(), Some(Value::List(first)) if first.has_one_owner());
    let mut out = match grows {
        true => ListBuilder::default(),
        false => ListBuilder::for_parts(args, total),
    };
    let mut values = std::mem::take(args).into_iter();
    if grows && let Some(Value::List(first)) = values.next() {
        out = ListBuilder::reuse(first);
    }
    for value in values {
        match value {
            Value::List(list) => out.extend(&list),
            value => out.push(value),
        }
    }
    Ok(Value::List(out.finish()))
}
