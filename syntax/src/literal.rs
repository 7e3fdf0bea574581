//! What number and string literals are worth.

use std::borrow::Cow;

use crate::parse_error::SyntaxDiagnostic;
use crate::span::Span;

/// Integers below this have a double of their own; above it only some have.
const EXACT_INTEGERS: u64 = 1 << 53;

/// The value of a number token, rounded to the nearest double. A literal that cannot be held exactly though it looks
/// as if it could (an integer, a hexadecimal number, a number beyond the largest double) is reported.
pub(crate) fn number(text: &str, span: Span, report: &mut impl FnMut(SyntaxDiagnostic)) -> f64 {
    let (value, exact) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => hexadecimal(digits),
        None => decimal(text),
    };
    if !exact {
        let shown = crate::number::format_number(value);
        report(SyntaxDiagnostic::warning(
            format!("Number literal '{text}' cannot be held exactly and was rounded to {shown}"),
            span,
        ));
    }
    value
}

fn decimal(text: &str) -> (f64, bool) {
    // Short integers are by far the most common numbers in real models.
    if text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit()) {
        let value = text.bytes().fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        return (value as f64, true);
    }
    let value: f64 = text.parse().expect("the lexer's numbers are a subset of Rust's");
    let integer = text.bytes().all(|b| b.is_ascii_digit());
    let exact = value.is_finite() && (!integer || integer_is_exact(text, value));
    (value, exact)
}

fn integer_is_exact(text: &str, value: f64) -> bool {
    // Every double from 2^53 on is an integer, and `{:.0}` writes all of its digits.
    value < EXACT_INTEGERS as f64 || format!("{value:.0}") == text.trim_start_matches('0')
}

fn hexadecimal(digits: &str) -> (f64, bool) {
    let digits = digits.trim_start_matches('0').as_bytes();
    let (head, tail) = digits.split_at(digits.len().min(16));
    let mut bits = head.iter().fold(0u64, |bits, digit| bits << 4 | hex_digit(*digit));
    // The head has at least 61 significant bits, so any bit below them may be folded into the lowest one without
    // changing which double is nearest.
    let sticky = tail.iter().any(|digit| *digit != b'0');
    bits |= u64::from(sticky);
    let shift = i32::try_from(tail.len()).unwrap_or(i32::MAX).saturating_mul(4);
    let value = bits as f64 * 2f64.powi(shift);
    let exact = !sticky && value.is_finite() && bits as f64 as u128 == u128::from(bits);
    (value, exact)
}

fn hex_digit(digit: u8) -> u64 {
    u64::from((digit as char).to_digit(16).expect("only called on hexadecimal digits"))
}

/// The value of a string token, given without its quotes; borrowed unless it differs from them. Escapes that mean
/// nothing are reported and lose their backslash. A string may go over several lines, but in OpenSCAD the line feeds
/// are no part of it. `start` is the offset of `text` in the source.
pub(crate) fn string<'a>(
    text: &'a str,
    start: u32,
    report: &mut impl FnMut(SyntaxDiagnostic),
) -> Cow<'a, str> {
    let special = |text: &str| memchr::memchr2(b'\\', b'\n', text.as_bytes());
    let Some(first) = special(text) else {
        return Cow::Borrowed(text);
    };
    let mut value = String::with_capacity(text.len());
    value.push_str(&text[..first]);
    let mut at = first;
    while at < text.len() {
        let rest = &text[at..];
        let plain = special(rest).unwrap_or(rest.len());
        value.push_str(&rest[..plain]);
        at += plain;
        match rest.as_bytes().get(plain) {
            None => break,
            Some(b'\n') => {
                at += 1;
                continue;
            }
            Some(_) => {}
        }
        match escape(&text[at + 1..]) {
            Some((char, len)) => {
                value.push(char);
                at += 1 + len;
            }
            None => {
                let width = text[at + 1..].chars().next().map_or(0, char::len_utf8);
                let end = start + (at + 1 + width) as u32;
                report(
                    SyntaxDiagnostic::warning(
                        "Undefined escape sequence",
                        Span::new(start + at as u32, end),
                    )
                    .with_hint("write `\\\\` for a backslash"),
                );
                at += 1;
            }
        }
    }
    Cow::Owned(value)
}

/// The character that the text after a backslash stands for, and how many bytes of it are used.
fn escape(text: &str) -> Option<(char, usize)> {
    let code = |digits: usize| {
        let digits =
            text.get(1..1 + digits).filter(|s| s.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    match text.as_bytes().first()? {
        b'n' => Some(('\n', 1)),
        b't' => Some(('\t', 1)),
        b'r' => Some(('\r', 1)),
        b'\\' => Some(('\\', 1)),
        b'"' => Some(('"', 1)),
        b'x' => Some((character(code(2).filter(|code| *code <= 0x7F)?), 3)),
        b'u' => Some((character(code(4)?), 5)),
        b'U' => Some((character(code(6)?), 7)),
        _ => None,
    }
}

/// The character of a code. OpenSCAD's strings cannot hold NUL and take a space for it, and for what is no code.
fn character(code: u32) -> char {
    char::from_u32(code).filter(|char| *char != '\0').unwrap_or(' ')
}
