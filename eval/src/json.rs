//! JSON text to values (RFC 8259): objects, lists, strings, numbers.

use std::rc::Rc;

use crate::list::ListBuilder;
use crate::object::Object;
use crate::text::Text;
use crate::value::Value;

/// How deep a document may nest.
const MAX_DEPTH: u32 = 500;

/// Parses a document.
///
/// # Errors
/// With the byte offset of the first fault.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|fault| format!("not UTF-8 at byte {}", fault.valid_up_to()))?;
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0).and_then(|value| {
        parser.space();
        if parser.at == text.len() { Some(value) } else { None }
    });
    value.ok_or_else(|| format!("syntax error at byte {}", parser.at))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at = self.text.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, token: &str) -> Option<()> {
        self.space();
        self.text[self.at..].starts_with(token).then(|| self.at += token.len())
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.space();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => self.string().map(Value::String),
            b't' => self.eat("true").map(|()| Value::Bool(true)),
            b'f' => self.eat("false").map(|()| Value::Bool(false)),
            b'n' => self.eat("null").map(|()| Value::Undef),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: u32) -> Option<Value> {
        self.eat("{")?;
        let mut object = Object::default();
        if self.eat("}").is_none() {
            loop {
                self.space();
                let key = self.string()?;
                self.eat(":")?;
                object.set(key, self.value(depth + 1)?);
                if self.eat(",").is_none() {
                    break self.eat("}")?;
                }
            }
        }
        Some(Value::Object(Rc::new(object)))
    }

    fn list(&mut self, depth: u32) -> Option<Value> {
        self.eat("[")?;
        let mut list = ListBuilder::default();
        if self.eat("]").is_none() {
            loop {
                list.push(self.value(depth + 1)?);
                if self.eat(",").is_none() {
                    break self.eat("]")?;
                }
            }
        }
        Some(Value::List(list.finish()))
    }

    fn number(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let len = rest
            .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len());
        let number = rest[..len].parse().ok()?;
        self.at += len;
        Some(Value::Number(number))
    }

    fn string(&mut self) -> Option<Text> {
        self.eat("\"")?;
        let mut out = String::new();
        loop {
            let c = self.text[self.at..].chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(Text::new(&out)),
                '\\' => out.push(self.escape()?),
                c if c < ' ' => return None,
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(match c {
            b'"' | b'\\' | b'/' => char::from(c),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex4()?;
                if (0xd800..0xdc00).contains(&high) {
                    self.text[self.at..].starts_with("\\u").then(|| self.at += 2)?;
                    let low = self.hex4().filter(|low| (0xdc00..0xe000).contains(low))?;
                    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?
                } else {
                    char::from_u32(high)?
                }
            }
            _ => return None,
        })
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::quoted;

    #[test]
    fn documents_become_values() {
        let value =
            parse(br#" {"a": [1, -2.5e1, true, null], "b": {"c": "x\n\u00e4\ud834\udd1e"}} "#)
                .unwrap();
        assert_eq!(quoted(&value), "{ a = [1, -25, true, undef]; b = { c = \"x\nä𝄞\"; }; }");
    }

    #[test]
    fn faults_are_told_by_place() {
        for bad in ["", "[1,]", "{\"a\" 1}", "\"\\ud834\"", "1 2", "nul"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
