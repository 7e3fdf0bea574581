//! The customizer: what a model lets its user adjust without reading its source.
//!
//! A parameter is a literal assignment at the top level of the main file, above the line of its first `{`. Comments
//! around it say how to show it: the line above describes it, the comment behind it chooses the widget, and
//! `/* [name] */` above puts it into a group. See the chapter "Customizer" of OpenSCAD's manual.
//!
//! [`Annotations`] are the comments, read; [`parameters`] makes typed [`Parameter`]s of them. Both are plain data.

mod annotation;
mod comment;
mod json;
mod literal;
mod sets;

pub use annotation::{Annotation, Annotations};
pub use comment::{Comment, Item, Scalar};
pub use json::parameters_json;
pub use sets::{ParameterSets, ParameterSetsError, assignment};

use std::sync::Arc;

use crate::ast::File;
use crate::source::Source;
use crate::span::Span;
use literal::Literal;

/// The group of parameters above the first group comment.
pub const DEFAULT_GROUP: &str = "Parameters";
/// The group that shows in every tab.
pub const GLOBAL_GROUP: &str = "Global";
/// The group that is not shown.
pub const HIDDEN_GROUP: &str = "Hidden";
/// More numbers than this in a vector are not offered: OpenSCAD has no widget for them.
const MAX_VECTOR: usize = 4;

/// One adjustable value of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The variable's name.
    pub name: Arc<str>,
    /// What the line above it says; may be empty.
    pub description: String,
    /// Its group: a name of the model's own, [`DEFAULT_GROUP`], [`GLOBAL_GROUP`] or [`HIDDEN_GROUP`].
    pub group: String,
    /// Its value in the source and the widget to show.
    pub widget: Widget,
    /// Its assignment in the main file; the last one if there are several.
    pub span: Span,
}

/// How to show a parameter, with its value in the source.
#[derive(Debug, Clone, PartialEq)]
pub enum Widget {
    /// A check box.
    Checkbox {
        /// The value in the source.
        initial: bool,
    },
    /// A spin box, or a slider when both limits are there.
    Number {
        /// The value in the source.
        initial: f64,
        /// What may be chosen; always holds `initial`.
        limits: Limits,
    },
    /// A spin box for each of one to four numbers.
    Vector {
        /// The value in the source.
        initial: Vec<f64>,
        /// What may be chosen for each number; always holds all of `initial`.
        limits: Limits,
    },
    /// A text box.
    Text {
        /// The value in the source.
        initial: Arc<str>,
        /// The most characters that may be typed.
        max_length: Option<u32>,
    },
    /// A drop-down of numbers.
    NumberChoice {
        /// The value in the source.
        initial: f64,
        /// The values offered; never empty, and `initial` is one of them.
        options: Vec<Choice<f64>>,
    },
    /// A drop-down of texts.
    TextChoice {
        /// The value in the source.
        initial: Arc<str>,
        /// The values offered; never empty, and `initial` is one of them.
        options: Vec<Choice<String>>,
    },
}

/// Bounds of a number, each inclusive, and the distance between two values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Least value.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
    /// Distance; the widget's own when not given.
    pub step: Option<f64>,
}

/// One entry of a drop-down.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice<T> {
    /// The value that it sets.
    pub value: T,
    /// What it shows.
    pub label: String,
}

impl Parameter {
    /// Whether the model asks not to show it.
    pub fn is_hidden(&self) -> bool {
        self.group == HIDDEN_GROUP
    }
}

/// The parameters of a model in order of first assignment; `file` is its main file, parsed from `source`.
///
/// Annotated values for which there is no widget (`undef`, ranges, vectors of other things or of more than four
/// numbers) are left out.
pub fn parameters(source: &Source, file: &File) -> Vec<Parameter> {
    let annotations = Annotations::collect(source, file);
    let parameter = |(name, annotation): (&Arc<str>, &Annotation)| {
        let widget = widget(&annotation.value, &annotation.comment)?;
        let group = annotation.group.as_deref().map_or("", str::trim);
        let group = if group.is_empty() { DEFAULT_GROUP } else { group };
        Some(Parameter {
            name: name.clone(),
            description: annotation.description.clone().unwrap_or_default(),
            group: group.to_owned(),
            widget,
            span: annotation.span,
        })
    };
    annotations.iter().filter_map(parameter).collect()
}

fn widget(value: &Literal, comment: &Comment) -> Option<Widget> {
    Some(match value {
        Literal::Bool(initial) => Widget::Checkbox { initial: *initial },
        Literal::Number(initial) => number_widget(*initial, comment),
        Literal::String(initial) => text_widget(initial, comment),
        Literal::Vector(numbers) if (1..=MAX_VECTOR).contains(&numbers.len()) => Widget::Vector {
            initial: numbers.clone(),
            limits: limits(comment).unwrap_or_default().widened(numbers),
        },
        Literal::Vector(_) | Literal::Other => return None,
    })
}

fn number_widget(initial: f64, comment: &Comment) -> Widget {
    if let (None, Comment::List(items)) = (limits(comment), comment) {
        let choices = items.iter().filter_map(|item| match item.value {
            Scalar::Number(value) => Some(Choice { value, label: item.shown() }),
            Scalar::Text(_) => None,
        });
        let options: Vec<_> = choices.collect();
        if !options.is_empty() {
            let label = crate::number::format_number(initial);
            return Widget::NumberChoice {
                initial,
                options: with_initial(options, initial, label),
            };
        }
    }
    let limits = limits(comment).unwrap_or_default().widened(&[initial]);
    Widget::Number { initial, limits }
}

fn text_widget(initial: &Arc<str>, comment: &Comment) -> Widget {
    let initial = initial.clone();
    match comment {
        Comment::List(items) => {
            let choice = |item: &Item| Choice { value: item.value.to_text(), label: item.shown() };
            let options = items.iter().map(choice).collect();
            let options = with_initial(options, initial.to_string(), initial.to_string());
            Widget::TextChoice { initial, options }
        }
        Comment::Number(length) if *length >= 0.0 => {
            Widget::Text { initial, max_length: Some(*length as u32) }
        }
        _ => Widget::Text { initial, max_length: None },
    }
}

/// A value of the source that the drop-down does not offer is offered first.
fn with_initial<T: PartialEq>(
    mut options: Vec<Choice<T>>,
    initial: T,
    label: String,
) -> Vec<Choice<T>> {
    if options.iter().all(|option| option.value != initial) {
        options.insert(0, Choice { value: initial, label });
    }
    options
}

/// The limits that a comment sets, if that is what it is for: a step, `[max]`, `[min:max]` or `[min:step:max]`.
fn limits(comment: &Comment) -> Option<Limits> {
    Some(match comment {
        Comment::Number(step) => Limits { step: Some(*step), ..Limits::default() },
        Comment::Range { begin, step, end } => {
            Limits { min: Some(*begin), max: Some(*end), step: *step }
        }
        Comment::List(items) => match items.as_slice() {
            [Item { value: Scalar::Number(max), label: None }] => {
                Limits { min: Some(0.0), max: Some(*max), step: None }
            }
            _ => return None,
        },
        Comment::None | Comment::Text(_) => return None,
    })
}

impl Limits {
    /// The same limits, moved outwards where `values` lie beyond them.
    fn widened(self, values: &[f64]) -> Self {
        let bound = |limit: Option<f64>, choose: fn(f64, f64) -> f64| {
            limit.map(|limit| values.iter().copied().fold(limit, choose))
        };
        Self { min: bound(self.min, f64::min), max: bound(self.max, f64::max), step: self.step }
    }
}
