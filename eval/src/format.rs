//! Values as text: what `echo`, `str` and messages show.

use std::fmt::Write as _;

use scadstream_syntax::format_number;

use crate::list::List;
use crate::value::Value;

/// Nesting beyond which a value is cut short; only runaway recursion makes such values.
const DEPTH: u32 = 2_000;

/// Why a value cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMuch {
    /// It nests too deeply.
    Deep,
    /// Its text grew too long.
    Long,
}

impl TooMuch {
    /// The error's text.
    pub(crate) fn text(self) -> &'static str {
        match self {
            TooMuch::Deep => "Stack exhausted while trying to convert a vector to EchoString",
            TooMuch::Long => "String is too long",
        }
    }
}

/// Appends `value` as `echo` shows it: strings in quotes, nothing escaped.
///
/// # Errors
/// If the value nests more than 2000 deep, or `out` would grow past `limit` bytes.
pub(crate) fn write_quoted(out: &mut String, value: &Value, limit: usize) -> Result<(), TooMuch> {
    write_to_depth(out, value, limit, DEPTH)
}

/// Appends `value` as `str` shows it: like `echo`, but a string on its own is bare.
///
/// # Errors
/// As [`write_quoted`].
pub(crate) fn write_bare(out: &mut String, value: &Value, limit: usize) -> Result<(), TooMuch> {
    match value {
        Value::String(s) => {
            out.push_str(s.as_str());
            if out.len() > limit { Err(TooMuch::Long) } else { Ok(()) }
        }
        other => write_quoted(out, other, limit),
    }
}

/// The value as `echo` shows it, for messages; one that is too much shows as `...`.
pub(crate) fn quoted(value: &Value) -> String {
    let mut out = String::new();
    if write_quoted(&mut out, value, 1 << 16).is_err() {
        out.truncate(
            out.char_indices().map(|(i, _)| i).take_while(|i| *i <= 1 << 16).last().unwrap_or(0),
        );
        out.push_str("...");
    }
    out
}

fn write_to_depth(
    out: &mut String,
    value: &Value,
    limit: usize,
    depth: u32,
) -> Result<(), TooMuch> {
    if depth == 0 {
        return Err(TooMuch::Deep);
    }
    if out.len() > limit {
        return Err(TooMuch::Long);
    }
    match value {
        Value::Unset | Value::Cell(_) | Value::Undef => out.push_str("undef"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(x) => out.push_str(&format_number(*x)),
        Value::String(s) => {
            out.push('"');
            out.push_str(s.as_str());
            out.push('"');
        }
        Value::List(list) => {
            out.push('[');
            if let List::Numbers(numbers) = list {
                for (i, x) in numbers.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&format_number(*x));
                    if out.len() > limit {
                        return Err(TooMuch::Long);
                    }
                }
            } else {
                for (i, item) in list.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    write_to_depth(out, &item, limit, depth - 1)?;
                }
            }
            out.push(']');
        }
        Value::Range(r) => {
            let (begin, step, end) =
                (format_number(r.begin), format_number(r.step), format_number(r.end));
            // Writing to a string cannot fail.
            let _ = write!(out, "[{begin} : {step} : {end}]");
        }
        Value::Function(f) => out.push_str(&f.source_text()),
        Value::Object(object) => {
            out.push_str("{ ");
            for (key, item) in object.iter() {
                out.push_str(key.as_str());
                out.push_str(" = ");
                write_to_depth(out, item, limit, depth - 1)?;
                out.push_str("; ");
            }
            out.push('}');
        }
    }
    Ok(())
}
