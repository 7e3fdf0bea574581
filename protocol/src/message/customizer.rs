//! Customizer parameters: what a document lets its user set, and how.

use wincode::{SchemaRead, SchemaWrite};

use crate::error::FieldError;
use crate::limits::{self, Check, List};

/// All customizer parameters of a document, in the order of the source.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Parameters {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// The parameters.
    #[wincode(with = "List<Parameter, { limits::MAX_PARAMETERS * size_of::<Parameter>() }>")]
    pub list: Vec<Parameter>,
}

/// A top-level assignment that the customizer shows.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Parameter {
    /// The variable.
    pub name: String,
    /// The comment on the line above; may be empty.
    pub caption: String,
    /// The group it stands in; `Parameters` where the source names none.
    pub group: String,
    /// The value in the source.
    pub initial: ParameterValue,
    /// How to edit it.
    pub widget: Widget,
}

/// A literal of the source.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub enum ParameterValue {
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A string, without its quotes.
    Text(String),
    /// A vector of one to four numbers.
    Vector(#[wincode(with = "List<f64, { limits::MAX_VECTOR * size_of::<f64>() }>")] Vec<f64>),
}

/// The control that edits a parameter; for a vector, one for each of its numbers.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub enum Widget {
    /// A number typed in.
    SpinBox {
        /// What the arrows add; none: the editor's choice.
        step: Option<f64>,
    },
    /// A number between two others.
    Slider {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
        /// Distance of values; none: the editor's choice.
        step: Option<f64>,
    },
    /// Yes or no.
    CheckBox,
    /// A string typed in.
    TextBox {
        /// Greatest length in code points, if limited.
        max_length: Option<u32>,
    },
    /// One of a list.
    DropDown {
        /// The list.
        #[wincode(with = "List<Choice, { limits::MAX_CHOICES * size_of::<Choice>() }>")]
        choices: Vec<Choice>,
    },
}

/// An entry of a drop-down.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Choice {
    /// The value it stands for.
    pub value: ParameterValue,
    /// What the user reads.
    pub label: String,
}

impl Check for Parameters {
    fn check(&self) -> Result<(), FieldError> {
        limits::list("Parameters.list", &self.list, limits::MAX_PARAMETERS)?;
        for parameter in &self.list {
            limits::text("Parameters.list.name", &parameter.name, limits::MAX_NAME_BYTES)?;
            limits::text("Parameters.list.group", &parameter.group, limits::MAX_NAME_BYTES)?;
            limits::text("Parameters.list.caption", &parameter.caption, limits::MAX_STRING_BYTES)?;
            parameter.initial.check("Parameters.list.initial")?;
            parameter.widget.check()?;
        }
        Ok(())
    }
}

impl ParameterValue {
    fn check(&self, field: &'static str) -> Result<(), FieldError> {
        match self {
            ParameterValue::Number(number) => limits::finite(field, [*number]),
            ParameterValue::Bool(_) => Ok(()),
            ParameterValue::Text(text) => limits::text(field, text, limits::MAX_STRING_BYTES),
            ParameterValue::Vector(numbers) => {
                limits::list(field, numbers, limits::MAX_VECTOR)?;
                limits::finite(field, numbers.iter().copied())
            }
        }
    }
}

impl Widget {
    fn check(&self) -> Result<(), FieldError> {
        match self {
            Widget::SpinBox { step } => limits::finite("Parameters.list.step", *step),
            Widget::Slider { min, max, step } => {
                limits::finite("Parameters.list.slider", [*min, *max].into_iter().chain(*step))?;
                limits::require("Parameters.list.slider", min <= max, "min is not above max")
            }
            Widget::CheckBox | Widget::TextBox { .. } => Ok(()),
            Widget::DropDown { choices } => {
                limits::list("Parameters.list.choices", choices, limits::MAX_CHOICES)?;
                choices.iter().try_for_each(|choice| {
                    choice.value.check("Parameters.list.choices.value")?;
                    let label = &choice.label;
                    limits::text("Parameters.list.choices.label", label, limits::MAX_STRING_BYTES)
                })
            }
        }
    }
}
