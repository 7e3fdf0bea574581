//! `color`.

use scadstream_csg::Kind;
use scadstream_syntax::{Diagnostic, Severity};

use crate::evaluator::Evaluator;
use crate::modules::args::{Args, string_number};
use crate::modules::color_names::named;
use crate::value::Value;

/// Stands for a colour that could not be read.
const UNREADABLE: [f32; 4] = [-1.0, -1.0, -1.0, 1.0];

pub(super) fn color(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let mut rgba = UNREADABLE;
    match args.get(0) {
        Value::List(list) => {
            rgba = [1.0; 4];
            for (i, channel) in rgba.iter_mut().enumerate().take(list.len()) {
                let x = list.number(i).unwrap_or(0.0);
                *channel = x as f32;
                if !(0.0..=1.0).contains(&x) {
                    let shown = string_number(x);
                    let text = format!(
                        "color() expects numbers between 0.0 and 1.0. Value of {shown} is out of range"
                    );
                    ev.warn(text, args.location);
                }
            }
        }
        Value::String(name) => match parse(name.as_str()) {
            Some(color) => rgba = color,
            None => {
                let name = name.as_str().to_lowercase();
                ev.warn(format!("Unable to parse color \"{name}\""), args.location);
                let note = "Please see https://en.wikipedia.org/wiki/Web_colors";
                ev.program.messages.push(Diagnostic::new(Severity::Note, note, None));
            }
        },
        _ => {}
    }
    if let Some(alpha) = args.number(1) {
        rgba[3] = alpha as f32;
    }
    Kind::Color(rgba)
}

/// A colour by name or as `#rgb`, `#rgba`, `#rrggbb`, `#rrggbbaa`.
fn parse(text: &str) -> Option<[f32; 4]> {
    if let Some(hex) = text.strip_prefix('#') {
        return parse_hex(hex);
    }
    let lower = text.to_ascii_lowercase();
    if lower == "transparent" {
        return Some([0.0; 4]);
    }
    let [_, r, g, b] = named(&lower)?.to_be_bytes();
    Some([channel(r), channel(g), channel(b), 1.0])
}

fn parse_hex(hex: &str) -> Option<[f32; 4]> {
    let digits: Vec<u8> =
        hex.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = match digits.len() {
        3 | 4 => digits.iter().map(|d| d * 17).collect(),
        6 | 8 => digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect(),
        _ => return None,
    };
    let mut rgba = [1.0; 4];
    rgba.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = channel(byte));
    Some(rgba)
}

fn channel(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_hex_forms() {
        assert_eq!(parse("Red"), Some([1.0, 0.0, 0.0, 1.0]));
        assert_eq!(parse("#0f0"), Some([0.0, 1.0, 0.0, 1.0]));
        assert_eq!(parse("#00ff0080"), Some([0.0, 1.0, 0.0, 128.0 / 255.0]));
        assert_eq!(parse("#12345"), None);
        assert_eq!(parse("no such colour"), None);
    }

    #[test]
    fn names_of_the_xkcd_survey() {
        assert_eq!(parse("xkcd:Cloudy Blue"), parse("#acc2d9"));
        assert_eq!(parse("xkcd:robin's egg"), parse("#6dedfd"));
        assert_eq!(parse("xkcd:blue/green"), parse("#0f9b8e"));
        assert_eq!(parse("cloudy blue"), None);
        assert_eq!(parse("xkcd:"), None);
    }
}
