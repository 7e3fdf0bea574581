//! Bytes of a file to source text.
//!
//! OpenSCAD source is UTF-8. Old files are often Latin-1; OpenSCAD takes their bytes as they are, which is harmless in
//! comments, where nearly all of them stand. Such bytes become U+FFFD here and are reported once, at the first one.

use std::sync::Arc;

use crate::parse_error::SyntaxDiagnostic;
use crate::source::Source;
use crate::span::Span;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// U+00A0 in Latin-1. OpenSCAD takes the bare byte for white space, so it becomes that character.
const LATIN_1_NO_BREAK_SPACE: u8 = 0xA0;

/// The source of a file called `name` that holds `bytes`, and what is wrong with them. A byte-order mark at the start
/// is no part of the text.
pub fn decode(
    name: impl Into<Arc<str>>,
    bytes: impl Into<Vec<u8>>,
) -> (Source, Option<SyntaxDiagnostic>) {
    let mut bytes = bytes.into();
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return (Source::new(name, text), None),
        Err(bad) => bad.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut first_bad = None;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            if *byte == LATIN_1_NO_BREAK_SPACE {
                text.push('\u{A0}');
            } else {
                first_bad.get_or_insert((text.len() as u32, *byte));
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
    let diagnostic = first_bad.map(|(start, byte)| {
        let span = Span::new(start, start + char::REPLACEMENT_CHARACTER.len_utf8() as u32);
        SyntaxDiagnostic::warning(format!("The file is not UTF-8: found byte {byte:02X}"), span)
            .with_hint("save the file as UTF-8")
    });
    (Source::new(name, text), diagnostic)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[track_caller]
    fn check(bytes: &[u8], text: &str, message: Option<(&str, u32)>) {
        let (source, diagnostic) = decode("a.scad", bytes);
        assert_eq!(&**source.text(), text);
        let found = diagnostic.as_ref().map(|d| (&*d.message, d.span.start));
        assert_eq!(found, message);
    }

    #[test]
    fn utf_8_is_taken_as_it_is() {
        check("größe = 1;".as_bytes(), "größe = 1;", None);
    }

    #[test]
    fn byte_order_mark_at_the_start_is_dropped() {
        check(b"\xEF\xBB\xBFx;", "x;", None);
    }

    #[test]
    fn bare_a0_byte_is_a_no_break_space() {
        check(b"a\xA0b", "a\u{A0}b", None);
    }

    #[test]
    fn other_bytes_are_replaced_and_the_first_is_reported() {
        check(
            b"// \xF8\xE5",
            "// \u{FFFD}\u{FFFD}",
            Some(("The file is not UTF-8: found byte F8", 3)),
        );
    }
}
