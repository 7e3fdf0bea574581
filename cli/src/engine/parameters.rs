//! The customizer's parameters, from the main file's comments to the controls of the protocol.

use scadstream_server::engine::{Parameter, ParameterValue, Widget};
use scadstream_syntax::customizer::{self, Limits};

/// The parameters to show.
pub(super) fn parameters(found: Vec<customizer::Parameter>) -> Vec<Parameter> {
    found.into_iter().filter(|parameter| !parameter.is_hidden()).map(parameter).collect()
}

fn parameter(found: customizer::Parameter) -> Parameter {
    let (initial, widget) = control(found.widget);
    Parameter {
        name: found.name.to_string(),
        caption: found.description,
        group: found.group,
        initial,
        widget,
    }
}

fn control(widget: customizer::Widget) -> (ParameterValue, Widget) {
    match widget {
        customizer::Widget::Checkbox { initial } => {
            (ParameterValue::Bool(initial), Widget::CheckBox)
        }
        customizer::Widget::Number { initial, limits } => {
            (ParameterValue::Number(initial), number(limits))
        }
        customizer::Widget::Vector { initial, limits } => {
            (ParameterValue::Vector(initial), number(limits))
        }
        customizer::Widget::Text { initial, max_length } => {
            (ParameterValue::Text(initial.to_string()), Widget::TextBox { max_length })
        }
        customizer::Widget::NumberChoice { initial, options } => {
            (ParameterValue::Number(initial), drop_down(options, ParameterValue::Number))
        }
        customizer::Widget::TextChoice { initial, options } => {
            (ParameterValue::Text(initial.to_string()), drop_down(options, ParameterValue::Text))
        }
    }
}

/// A slider needs both ends.
fn number(limits: Limits) -> Widget {
    let Limits { min, max, step } = limits;
    match (min, max) {
        (Some(min), Some(max)) => Widget::Slider { min, max, step },
        _ => Widget::SpinBox { step },
    }
}

fn drop_down<T>(options: Vec<customizer::Choice<T>>, value: fn(T) -> ParameterValue) -> Widget {
    let choices = options.into_iter().map(|option| (value(option.value), option.label));
    Widget::DropDown { choices: choices.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scadstream_syntax::{Source, parse};

    /// The one parameter of a source text.
    #[track_caller]
    fn only(text: &str) -> Parameter {
        let source = Source::new("main.scad", text);
        let found = customizer::parameters(&source, &parse(&source).file);
        let mut shown = parameters(found);
        assert_eq!(shown.len(), 1, "{text}");
        shown.remove(0)
    }

    #[test]
    fn widgets_become_the_controls_of_the_protocol() {
        let slider = Widget::Slider { min: 9.0, max: 30.0, step: Some(3.0) };
        assert_eq!(only("teeth = 15; // [9:3:30]").widget, slider);
        assert_eq!(only("wall = 2;").widget, Widget::SpinBox { step: None });
        assert_eq!(only("lid = true;").widget, Widget::CheckBox);
        assert_eq!(only("name = \"x\"; // 8").widget, Widget::TextBox { max_length: Some(8) });
        let choices = vec![
            (ParameterValue::Number(1.0), "Small".to_owned()),
            (ParameterValue::Number(2.0), "Large".to_owned()),
        ];
        assert_eq!(only("size = 2; // [1:Small, 2:Large]").widget, Widget::DropDown { choices });
    }

    #[test]
    fn a_parameter_keeps_its_caption_group_and_value() {
        let shown = only("/* [Body] */\n// How wide\nsize = [1, 2];");
        assert_eq!((shown.caption.as_str(), shown.group.as_str()), ("How wide", "Body"));
        assert_eq!(shown.initial, ParameterValue::Vector(vec![1.0, 2.0]));
    }

    #[test]
    fn hidden_parameters_are_not_shown() {
        let source = Source::new("main.scad", "/* [Hidden] */\n$fn = 64;");
        let found = customizer::parameters(&source, &parse(&source).file);
        assert_eq!(parameters(found), []);
    }
}
