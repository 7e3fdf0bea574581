//! Objects (experimental `object-function`), `import` as a function, and the DXF functions.

use std::rc::Rc;

use crate::builtin::{Args, Call, wrong_count, wrong_type};
use crate::evaluator::{Eval, Evaluator};
use crate::json;
use crate::object::Object;
use crate::text::Text;
use crate::value::Value;
use crate::world::Purpose;

fn enabled(ev: &mut Evaluator<'_>, call: &Call<'_>, feature: &str) -> bool {
    if ev.options.has_feature(feature) {
        return true;
    }
    ev.warn(format!("Experimental builtin function '{}' is not enabled", call.name), call.location);
    false
}

/// `object(name = value, .., other_object, [[key, value], [key_to_delete]])`
pub(super) fn object(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    if !enabled(ev, call, "object-function") {
        return Ok(Value::Undef);
    }
    let mut object = Object::default();
    for (i, (arg, value)) in call.args.iter().zip(std::mem::take(args)).enumerate() {
        if let Some(name) = arg.name {
            object.set(Text::new(ev.program.names.text(name)), value);
            continue;
        }
        match &value {
            Value::Object(other) => {
                other.iter().for_each(|(key, value)| object.set(key.clone(), value.clone()))
            }
            Value::List(entries) => {
                for entry in entries.iter() {
                    let Value::List(entry) = &entry else {
                        ev.warn(
                            wrong_type("object", i, "vector of [key, value]", &entry),
                            call.location,
                        );
                        continue;
                    };
                    match (entry.get(0), entry.get(1)) {
                        (Some(Value::String(key)), Some(value)) => object.set(key, value),
                        (Some(Value::String(key)), None) => object.remove(key.as_str()),
                        _ => {
                            let entry = Value::List(entry.clone());
                            ev.warn(wrong_type("object", i, "[key, value]", &entry), call.location);
                        }
                    }
                }
            }
            other => ev.warn(wrong_type("object", i, "object or vector", other), call.location),
        }
    }
    Ok(Value::Object(Rc::new(object)))
}

pub(super) fn has_key(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    if !enabled(ev, call, "object-function") {
        return Ok(Value::Undef);
    }
    match &args[..] {
        [Value::Object(object), Value::String(key)] => {
            Ok(Value::Bool(object.get(key.as_str()).is_some()))
        }
        [Value::Object(_), other] => {
            ev.undefined(wrong_type("has_key", 1, "string", other), call.location)
        }
        [other, _] => ev.undefined(wrong_type("has_key", 0, "object", other), call.location),
        many => ev.undefined(wrong_count("has_key", "2", many.len()), call.location),
    }
}

pub(super) fn is_object(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    if !enabled(ev, call, "object-function") {
        return Ok(Value::Undef);
    }
    match &args[..] {
        [value] => Ok(Value::Bool(matches!(value, Value::Object(_)))),
        many => ev.undefined(wrong_count("is_object", "1", many.len()), call.location),
    }
}

/// `import("file.json")`: a JSON file as values.
pub(super) fn import(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    if !enabled(ev, call, "import-function") {
        return Ok(Value::Undef);
    }
    let Some(path) = args.first().and_then(|v| v.as_str().map(str::to_owned)) else {
        return ev.undefined(wrong_count("import", "1", args.len()), call.location);
    };
    let from = ev.file_of(call.location.source);
    let found = ev.world.resolve(&path, &from, Purpose::Data);
    let Some(bytes) = found.and_then(|file| ev.world.read(&file).ok()) else {
        return ev.undefined(format!("Can't open import file '{path}'."), call.location);
    };
    match json::parse(&bytes) {
        Ok(value) => Ok(value),
        Err(why) => ev.undefined(format!("Failed to parse file '{path}': {why}"), call.location),
    }
}
