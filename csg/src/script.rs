//! The script that a text is written in, as far as the `.csg` text shows it. Shaping decides for itself.

/// A script that the first letter of a text tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Devanagari,
    Thai,
    Hiragana,
    Katakana,
    Han,
    Hangul,
}

/// The script of the first character that belongs to one.
pub(crate) fn detect(text: &str) -> Option<Script> {
    text.chars().find_map(|c| {
        Some(match u32::from(c) {
            0x41..=0x5a
            | 0x61..=0x7a
            | 0xaa
            | 0xba
            | 0xc0..=0xd6
            | 0xd8..=0xf6
            | 0xf8..=0x2b8
            | 0x1e00..=0x1eff => Script::Latin,
            0x370..=0x3ff | 0x1f00..=0x1fff => Script::Greek,
            0x400..=0x52f => Script::Cyrillic,
            0x591..=0x5f4 => Script::Hebrew,
            0x600..=0x6ff | 0x750..=0x77f | 0xfb50..=0xfdff | 0xfe70..=0xfeff => Script::Arabic,
            0x900..=0x97f => Script::Devanagari,
            0xe01..=0xe5b => Script::Thai,
            0x3041..=0x309f => Script::Hiragana,
            0x30a1..=0x30ff => Script::Katakana,
            0x4e00..=0x9fff | 0x3400..=0x4dbf => Script::Han,
            0xac00..=0xd7a3 | 0x1100..=0x11ff => Script::Hangul,
            _ => return None,
        })
    })
}

impl Script {
    /// Its ISO 15924 code.
    pub(crate) fn iso_name(self) -> &'static str {
        match self {
            Script::Latin => "Latn",
            Script::Greek => "Grek",
            Script::Cyrillic => "Cyrl",
            Script::Hebrew => "Hebr",
            Script::Arabic => "Arab",
            Script::Devanagari => "Deva",
            Script::Thai => "Thai",
            Script::Hiragana => "Hira",
            Script::Katakana => "Kana",
            Script::Han => "Hani",
            Script::Hangul => "Hang",
        }
    }

    pub(crate) fn is_right_to_left(self) -> bool {
        matches!(self, Script::Hebrew | Script::Arabic)
    }
}
