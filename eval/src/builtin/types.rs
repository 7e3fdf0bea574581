//! `is_..`, `version`, `version_num`, `parent_module`.

use crate::builtin::{Args, Builtin, BuiltinResult, Call, exactly, wrong_count};
use crate::evaluator::{Eval, Evaluator};
use crate::list::List;
use crate::text::Text;
use crate::value::Value;

pub(super) fn lookup(name: &str) -> Option<Builtin> {
    Some(match name {
        "is_undef" => Builtin::IsUndef,
        "is_bool" => {
            Builtin::Pure("is_bool", |args| is("is_bool", args, |v| matches!(v, Value::Bool(_))))
        }
        "is_num" => Builtin::Pure("is_num", |args| {
            is("is_num", args, |v| matches!(v, Value::Number(x) if !x.is_nan()))
        }),
        "is_string" => Builtin::Pure("is_string", |args| {
            is("is_string", args, |v| matches!(v, Value::String(_)))
        }),
        "is_list" => {
            Builtin::Pure("is_list", |args| is("is_list", args, |v| matches!(v, Value::List(_))))
        }
        "is_function" => Builtin::Pure("is_function", |args| {
            is("is_function", args, |v| matches!(v, Value::Function(_)))
        }),
        "version" => Builtin::Impure("version", version),
        "version_num" => Builtin::Impure("version_num", version_num),
        "parent_module" => Builtin::Impure("parent_module", parent_module),
        _ => return None,
    })
}

fn is(name: &str, args: &Args, test: impl Fn(&Value) -> bool) -> BuiltinResult {
    let [value] = exactly::<1>(name, args)?;
    Ok(Value::Bool(test(value)))
}

fn version(ev: &mut Evaluator<'_>, _: &Call<'_>, _: &mut Args) -> Eval {
    Ok(Value::List(List::from_slice(&ev.world.version_date().map(f64::from))))
}

/// The version, or a `[year, month, day]` given, as one number.
fn version_num(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    let date = match &args[..] {
        [] => ev.world.version_date().map(f64::from),
        [Value::List(list)] if list.len() == 2 || list.len() == 3 => {
            let numbers = [list.number(0), list.number(1), list.number(2).or(Some(0.0))];
            match numbers {
                [Some(year), Some(month), Some(day)] => [year, month, day],
                _ => return Ok(Value::Undef),
            }
        }
        [_] => return Ok(Value::Undef),
        many => {
            return ev.undefined(wrong_count("version_num", "0 or 1", many.len()), call.location);
        }
    };
    Ok(Value::Number(date[0] * 10_000.0 + date[1] * 100.0 + date[2]))
}

fn parent_module(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    ev.unrepeatable += 1;
    let index = match &args[..] {
        [] => 1.0,
        [Value::Number(x)] => x.trunc(),
        [_] => return Ok(Value::Undef),
        many => {
            return ev.undefined(wrong_count("parent_module", "0 or 1", many.len()), call.location);
        }
    };
    if index < 0.0 {
        let text = format!("Negative parent module index ({}) not allowed", index as i64);
        return ev.undefined(text, call.location);
    }
    let depth = ev.modules.len();
    if index.is_nan() || index >= depth as f64 {
        let text = format!(
            "Parent module index ({}) greater than the number of modules on the stack",
            index as i64
        );
        return ev.undefined(text, call.location);
    }
    let name = ev.modules[depth - 1 - index as usize];
    Ok(Value::String(Text::new(ev.program.names.text(name))))
}
