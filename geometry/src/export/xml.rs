//! Text within XML.

use std::fmt;

/// A text as it stands in XML, between tags or in an attribute. Characters that XML cannot say are left out.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\t' | '\n' | '\r' => f.write_str(" ")?,
                c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_cannot_break_out() {
        assert_eq!(Escaped("a<\"b\">&\u{1}\n'").to_string(), "a&lt;&quot;b&quot;&gt;&amp; '");
    }
}
