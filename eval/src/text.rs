//! Strings: immutable, shared, indexed by Unicode code point.

use std::cell::OnceCell;
use std::rc::Rc;

/// A string value.
#[derive(Debug, Clone)]
pub(crate) struct Text(Rc<TextData>);

#[derive(Debug)]
struct TextData {
    text: Box<str>,
    /// One byte per code point, so that indexing needs no table.
    ascii: bool,
    /// Byte offset of each code point, made at the first index into a string that is not ASCII.
    offsets: OnceCell<Box<[u32]>>,
}

thread_local! {
    /// The one-character ASCII strings: indexing and looping over strings make these by the thousand.
    static SINGLE: [Text; 128] = std::array::from_fn(|i| Text::new(char::from(i as u8).encode_utf8(&mut [0; 4])));
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        Self::from_box(text.into())
    }

    pub(crate) fn from_box(text: Box<str>) -> Self {
        let ascii = text.is_ascii();
        Self(Rc::new(TextData { text, ascii, offsets: OnceCell::new() }))
    }

    /// The string of one character.
    pub(crate) fn from_char(c: char) -> Self {
        if c.is_ascii() {
            SINGLE.with(|single| single[c as usize].clone())
        } else {
            Self::new(c.encode_utf8(&mut [0; 4]))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Length in code points.
    pub(crate) fn count(&self) -> usize {
        if self.0.ascii { self.0.text.len() } else { self.offsets().len() }
    }

    /// The code point at `index`.
    pub(crate) fn char_at(&self, index: usize) -> Option<char> {
        if self.0.ascii {
            return self.0.text.as_bytes().get(index).map(|byte| char::from(*byte));
        }
        let offset = *self.offsets().get(index)?;
        self.0.text[offset as usize..].chars().next()
    }

    fn offsets(&self) -> &[u32] {
        self.0.offsets.get_or_init(|| self.0.text.char_indices().map(|(i, _)| i as u32).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_count_code_points() {
        let text = Text::new("aä€𝄞z");
        assert_eq!(text.count(), 5);
        assert_eq!(text.char_at(3), Some('𝄞'));
        assert_eq!(text.char_at(4), Some('z'));
        assert_eq!(text.char_at(5), None);
        assert_eq!(Text::new("abc").char_at(1), Some('b'));
    }
}
