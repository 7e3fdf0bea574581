//! Parameter sets: saved values of a model's parameters, as OpenSCAD keeps them in a JSON file beside the model.

use serde_json::Value;

use super::{Parameter, Widget};

/// The sets of one file, in the order of their names.
///
/// The file is `{"fileFormatVersion": "1", "parameterSets": {set: {parameter: value, ..}, ..}}`. All values are text,
/// as a user would type them into the widget: `10`, `true`, `[1, 2]`, and strings without quotes. OpenSCAD also
/// reads files with bare numbers and booleans; they count as their text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParameterSets {
    sets: Vec<(String, Vec<(String, String)>)>,
}

/// Why a file holds no parameter sets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterSetsError {
    /// It is not JSON.
    #[error("the parameter sets are not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of another shape.
    #[error("the parameter sets have no object \"parameterSets\" of objects")]
    Shape,
    /// It is of a later version.
    #[error("the parameter sets are of format version {0}, only version 1 is known")]
    Version(String),
    /// One value is a list or an object.
    #[error(
        "in the parameter set \"{set}\" the value of \"{parameter}\" is neither text nor a number"
    )]
    Value {
        /// The set.
        set: String,
        /// The parameter.
        parameter: String,
    },
}

impl ParameterSets {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is no JSON of the form above.
    pub fn parse(json: &str) -> Result<Self, ParameterSetsError> {
        let value: Value = serde_json::from_str(json)?;
        match value.get("fileFormatVersion") {
            None => {}
            Some(version) => {
                match version.as_str().map_or_else(|| version.to_string(), str::to_owned) {
                    known if known == "1" => {}
                    other => return Err(ParameterSetsError::Version(other)),
                }
            }
        }
        let sets = value.get("parameterSets").and_then(Value::as_object);
        let mut parsed = Self::default();
        for (set, values) in sets.ok_or(ParameterSetsError::Shape)? {
            let values = values.as_object().ok_or(ParameterSetsError::Shape)?;
            let values = values.iter().map(|(parameter, value)| {
                let text = text(value).ok_or_else(|| ParameterSetsError::Value {
                    set: set.clone(),
                    parameter: parameter.clone(),
                })?;
                Ok((parameter.clone(), text))
            });
            parsed.sets.push((set.clone(), values.collect::<Result<_, ParameterSetsError>>()?));
        }
        Ok(parsed)
    }

    /// The names of all sets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().map(|(name, _)| name.as_str())
    }

    /// The values of a set by parameter name; none if there is no such set.
    pub fn get(&self, name: &str) -> Option<impl Iterator<Item = (&str, &str)>> {
        let (_, values) = self.sets.iter().find(|(set, _)| set == name)?;
        Some(values.iter().map(|(parameter, value)| (parameter.as_str(), value.as_str())))
    }
}

/// The assignment by which a saved value sets a parameter, as source text; none if it is no value of its type.
pub fn assignment(parameter: &Parameter, saved: &str) -> Option<String> {
    let name = &parameter.name;
    let saved = saved.trim();
    let is_number = |text: &str| text.trim().parse::<f64>().is_ok_and(f64::is_finite);
    let fits = match &parameter.widget {
        Widget::Checkbox { .. } => matches!(saved, "true" | "false"),
        Widget::Number { .. } | Widget::NumberChoice { .. } => is_number(saved),
        Widget::Vector { initial, .. } => {
            let inner = saved.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))?;
            inner.split(',').count() == initial.len() && inner.split(',').all(is_number)
        }
        Widget::Text { .. } | Widget::TextChoice { .. } => {
            return Some(format!("{name} = {}", crate::print::quoted(saved)));
        }
    };
    fits.then(|| format!("{name} = {saved}"))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}
