//! Parameters in the form of OpenSCAD's `.param` export, which its releases up to 2021.01 do not have yet.

use serde_json::{Map, Value, json};

use super::{Choice, Limits, Parameter, Widget};

/// The `.param` text: `{"parameters": [..], "title": title}`, indented by four spaces, keys in alphabetical order.
/// Hidden parameters are left out. `title` is the name of the main file without folder and extension.
pub fn parameters_json(parameters: &[Parameter], title: &str) -> String {
    let shown = parameters.iter().filter(|parameter| !parameter.is_hidden()).map(parameter);
    let value = json!({ "parameters": shown.collect::<Vec<_>>(), "title": title });
    let mut out = vec![];
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, format);
    serde::Serialize::serialize(&value, &mut serializer)
        .expect("a JSON value always serializes into memory");
    out.push(b'\n');
    String::from_utf8(out).expect("serde_json writes UTF-8")
}

fn parameter(parameter: &Parameter) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    set("name", json!(&*parameter.name));
    set("caption", json!(parameter.description));
    set("group", json!(parameter.group));
    match &parameter.widget {
        Widget::Checkbox { initial } => {
            set("type", json!("boolean"));
            set("initial", json!(initial));
        }
        Widget::Number { initial, limits } => {
            set("type", json!("number"));
            set("initial", number(*initial));
            set_limits(*limits, set);
        }
        Widget::Vector { initial, limits } => {
            set("type", json!("number"));
            set("initial", initial.iter().copied().map(number).collect());
            set_limits(*limits, set);
        }
        Widget::Text { initial, max_length } => {
            set("type", json!("string"));
            set("initial", json!(&**initial));
            if let Some(length) = max_length {
                set("maxLength", json!(length));
            }
        }
        Widget::NumberChoice { initial, options } => {
            set("type", json!("number"));
            set("initial", number(*initial));
            set(
                "options",
                options.iter().map(|choice| option(choice, number(choice.value))).collect(),
            );
        }
        Widget::TextChoice { initial, options } => {
            set("type", json!("string"));
            set("initial", json!(&**initial));
            set(
                "options",
                options.iter().map(|choice| option(choice, json!(choice.value))).collect(),
            );
        }
    }
    Value::Object(fields)
}

fn set_limits(limits: Limits, mut set: impl FnMut(&str, Value)) {
    for (name, limit) in [("min", limits.min), ("max", limits.max), ("step", limits.step)] {
        if let Some(limit) = limit {
            set(name, number(limit));
        }
    }
}

fn option<T>(choice: &Choice<T>, value: Value) -> Value {
    json!({ "name": choice.label, "value": value })
}

/// Whole numbers without a point.
fn number(value: f64) -> Value {
    let whole = value as i64;
    if whole as f64 == value { json!(whole) } else { json!(value) }
}
