//! `str`, `chr`, `ord`.

use crate::builtin::{Args, Builtin, BuiltinResult, Call, exactly};
use crate::evaluator::{Eval, Evaluator};
use crate::format;
use crate::text::Text;
use crate::value::Value;

pub(super) fn lookup(name: &str) -> Option<Builtin> {
    Some(match name {
        "str" => Builtin::Impure("str", str),
        "chr" => Builtin::Pure("chr", chr),
        "ord" => Builtin::Pure("ord", ord),
        _ => return None,
    })
}

fn str(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    let mut out = String::new();
    for value in args.iter() {
        if let Err(why) = format::write_bare(&mut out, value, ev.options.limits.string_bytes) {
            return Err(ev.error(why.text(), Some(call.location)));
        }
    }
    Ok(Value::String(Text::from_box(out.into())))
}

fn chr(args: &mut Args) -> BuiltinResult {
    let mut out = String::new();
    args.iter().for_each(|value| push_chars(&mut out, value));
    let mut chars = out.chars();
    Ok(Value::String(match (chars.next(), chars.next()) {
        (Some(single), None) => Text::from_char(single),
        _ => Text::from_box(out.into()),
    }))
}

/// Characters of a code point, or of all in a list or range; what is none gives nothing.
fn push_chars(out: &mut String, value: &Value) {
    match value {
        Value::Number(x) if *x >= 1.0 && *x <= f64::from(u32::from(char::MAX)) => {
            out.extend(char::from_u32(*x as u32))
        }
        // Lists nest as deep as the model made them; deeper than the stack allows is no text.
        Value::List(list) if stacker::remaining_stack().is_none_or(|left| left > 64 << 10) => {
            list.iter().for_each(|item| push_chars(out, &item));
        }
        Value::Range(range) if range.count() < crate::comprehension::RANGE_LIMIT => {
            range.values().for_each(|x| push_chars(out, &Value::Number(x)));
        }
        _ => {}
    }
}

fn ord(args: &mut Args) -> BuiltinResult {
    let [value] = exactly::<1>("ord", args)?;
    let Value::String(text) = value else {
        return Err(format!("ord() argument {} is not of type string", format::quoted(value)));
    };
    Ok(text.char_at(0).map_or(Value::Undef, |c| Value::Number(f64::from(u32::from(c)))))
}
