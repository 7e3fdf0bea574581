//! Builtin functions.
//!
//! Arguments go by position; their names are ignored but for the few functions that say otherwise. A wrong count or
//! type gives a warning and `undef`.

mod drawings;
mod list;
mod lookup;
mod math;
mod metrics;
mod objects;
mod random;
mod search;
mod string;
mod types;

use scadstream_syntax::Location;
use smallvec::SmallVec;

use crate::code::{Argument, BuiltinCall, Expr};
use crate::evaluator::{Env, Eval, Evaluator};
use crate::format;
use crate::value::Value;

/// Evaluated arguments by position.
pub(crate) type Args = SmallVec<[Value; 3]>;

/// What a function gives: a value, or a message and `undef`.
pub(crate) type BuiltinResult = Result<Value, String>;

/// A builtin function.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Builtin {
    /// A function of one number.
    Math(&'static str, fn(f64) -> f64),
    /// A function of values alone.
    Pure(&'static str, fn(&mut Args) -> BuiltinResult),
    /// `len`, the one that loops call: of a list in a variable it is known without a call.
    Len(fn(&mut Args) -> BuiltinResult),
    /// A function that needs the evaluator, or the names of its arguments.
    Impure(&'static str, fn(&mut Evaluator<'_>, &Call<'_>, &mut Args) -> Eval),
    /// `is_undef`: a bare unknown name is no fault.
    IsUndef,
}

impl Builtin {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Builtin::Math(name, _) | Builtin::Pure(name, _) | Builtin::Impure(name, _) => name,
            Builtin::IsUndef => "is_undef",
            Builtin::Len(_) => "len",
        }
    }
}

/// A call as impure functions see it.
pub(crate) struct Call<'a> {
    pub(crate) name: &'static str,
    pub(crate) args: &'a [Argument],
    pub(crate) location: Location,
}

/// The builtin function of a name.
pub(crate) fn lookup(name: &str) -> Option<Builtin> {
    math::lookup(name)
        .or_else(|| list::lookup(name))
        .or_else(|| string::lookup(name))
        .or_else(|| types::lookup(name))
        .or_else(|| {
            Some(match name {
                "lookup" => Builtin::Impure("lookup", lookup::lookup),
                "search" => Builtin::Impure("search", search::search),
                "rands" => Builtin::Impure("rands", random::rands),
                "textmetrics" => Builtin::Impure("textmetrics", metrics::textmetrics),
                "fontmetrics" => Builtin::Impure("fontmetrics", metrics::fontmetrics),
                "object" => Builtin::Impure("object", objects::object),
                "has_key" => Builtin::Impure("has_key", objects::has_key),
                "is_object" => Builtin::Impure("is_object", objects::is_object),
                "import" => Builtin::Impure("import", objects::import),
                "dxf_dim" => Builtin::Impure("dxf_dim", drawings::dxf_dim),
                "dxf_cross" => Builtin::Impure("dxf_cross", drawings::dxf_cross),
                _ => return None,
            })
        })
}

/// Evaluates the arguments and calls the function.
pub(crate) fn call(
    ev: &mut Evaluator<'_>,
    call: &BuiltinCall,
    args: &[Argument],
    env: &Env<'_>,
) -> Eval {
    match call.function {
        Builtin::Math(name, f) => {
            if let [arg] = args {
                let value = ev.quick(&arg.value, env)?;
                if let Value::Number(x) = value {
                    std::mem::forget(value);
                    return Ok(Value::Number(f(x)));
                }
                return ev.undefined(wrong_type(name, 0, "number", &value), call.location);
            }
            let count = evaluate(ev, args, env)?.len();
            ev.undefined(wrong_count(name, "1", count), call.location)
        }
        Builtin::Pure(_, f) | Builtin::Len(f) => {
            let mut values = evaluate(ev, args, env)?;
            f(&mut values).or_else(|why| ev.undefined(why, call.location))
        }
        Builtin::Impure(name, f) => {
            let mut values = evaluate(ev, args, env)?;
            f(ev, &Call { name, args, location: call.location }, &mut values)
        }
        Builtin::IsUndef => {
            let [arg] = args else {
                let count = evaluate(ev, args, env)?.len();
                return ev.undefined(wrong_count("is_undef", "1", count), call.location);
            };
            Ok(Value::Bool(match &arg.value {
                Expr::UnknownVariable(..) => true,
                Expr::Special(special, _) => ev.special(*special).is_undef(),
                Expr::Scope(variable)
                    if matches!(variable.otherwise, Expr::UnknownVariable(..)) =>
                {
                    crate::scope::ancestor(env.frame, variable.hops).get(variable.slot).is_undef()
                }
                expr => ev.eval(expr, env)?.is_undef(),
            }))
        }
    }
}

fn evaluate(ev: &mut Evaluator<'_>, args: &[Argument], env: &Env<'_>) -> Eval<Args> {
    let mut values = Args::new();
    for arg in args {
        values.push(ev.quick(&arg.value, env)?);
    }
    Ok(values)
}

/// The warning for a wrong number of arguments.
pub(crate) fn wrong_count(name: &str, expected: &str, found: usize) -> String {
    format!("{name}() number of parameters does not match: expected {expected}, found {found}")
}

/// The warning for an argument of a wrong type.
pub(crate) fn wrong_type(name: &str, index: usize, expected: &str, found: &Value) -> String {
    let (kind, shown) = (found.type_name(), format::quoted(found));
    format!(
        "{name}() parameter could not be converted: argument {index}: expected {expected}, found {kind} ({shown})"
    )
}

/// Exactly `N` arguments.
pub(crate) fn exactly<'a, const N: usize>(
    name: &str,
    args: &'a Args,
) -> Result<&'a [Value; N], String> {
    <&[Value; N]>::try_from(&args[..]).map_err(|_| wrong_count(name, &N.to_string(), args.len()))
}

/// The number at `index`.
pub(crate) fn number(name: &str, args: &[Value], index: usize) -> Result<f64, String> {
    args[index].as_number().ok_or_else(|| wrong_type(name, index, "number", &args[index]))
}
