//! The comment behind a parameter: a small language of its own.
//!
//! It holds words, numbers, strings and the signs `[ ] : ,`. Words are what stands between spaces and signs; several
//! next to one another are one text. A comment that is none of the forms below counts as no comment.

use std::fmt;

use crate::number::format_number;
use crate::print::quoted;

/// What the comment behind a parameter says.
#[derive(Debug, Clone, PartialEq)]
pub enum Comment {
    /// There is none, or none that can be understood.
    None,
    /// Words.
    Text(String),
    /// One number.
    Number(f64),
    /// `[begin:end]` or `[begin:step:end]`, all numbers.
    Range {
        /// First number.
        begin: f64,
        /// Middle number of three.
        step: Option<f64>,
        /// Last number.
        end: f64,
    },
    /// `[a, b:label, ..]`; never empty.
    List(Vec<Item>),
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What stands before the `:`, if there is one.
    pub value: Scalar,
    /// What stands behind it.
    pub label: Option<Scalar>,
}

/// A number or a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A number.
    Number(f64),
    /// Words or a string.
    Text(String),
}

impl Scalar {
    /// A text as it is, a number as OpenSCAD prints it.
    pub fn to_text(&self) -> String {
        match self {
            Scalar::Number(value) => format_number(*value),
            Scalar::Text(text) => text.clone(),
        }
    }
}

impl Item {
    /// What a drop-down shows: the label, or the value if there is none.
    pub fn shown(&self) -> String {
        self.label.as_ref().unwrap_or(&self.value).to_text()
    }
}

impl Comment {
    /// Reads the text behind `//`.
    pub fn parse(text: &str) -> Self {
        let tokens = tokens(text);
        match tokens.as_slice() {
            [Token::Value(Scalar::Number(value))] => Comment::Number(*value),
            [Token::Value(Scalar::Text(words))] => Comment::Text(words.clone()),
            [Token::Sign('['), inner @ .., Token::Sign(']')] => bracketed(inner),
            _ => Comment::None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Value(Scalar),
    Sign(char),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = vec![];
    let mut words = vec![];
    let mut rest = text.trim_matches([' ', '\t', '\r']);
    while let Some(first) = rest.chars().next() {
        match first {
            '[' | ']' | ':' | ',' => {
                tokens.extend(joined(&mut words));
                tokens.push(Token::Sign(first));
                rest = &rest[1..];
            }
            ' ' | '(' | ')' => rest = &rest[1..],
            '"' => rest = string(&rest[1..], &mut words),
            _ => {
                let ends = |char| matches!(char, '[' | ']' | ':' | ',' | ' ' | '(' | ')' | '"');
                let (word, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
                words.push(number(word).map_or_else(|| Scalar::Text(word.into()), Scalar::Number));
                rest = after;
            }
        }
    }
    tokens.extend(joined(&mut words));
    tokens
}

/// Takes a string of which the opening quote has been read. Without a closing one it goes to the end.
fn string<'a>(rest: &'a str, words: &mut Vec<Scalar>) -> &'a str {
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next() {
            Some('"') | None => break,
            Some('\\') => text.extend(chars.next()),
            Some(char) => text.push(char),
        }
    }
    words.push(Scalar::Text(text));
    chars.as_str()
}

/// Words next to one another are one text. Several numbers without a word among them are none, and stay apart.
fn joined(words: &mut Vec<Scalar>) -> Vec<Token> {
    let words = std::mem::take(words);
    if words.len() > 1 && words.iter().any(|word| matches!(word, Scalar::Text(_))) {
        let texts: Vec<String> = words.iter().map(Scalar::to_text).collect();
        return vec![Token::Value(Scalar::Text(texts.join(" ")))];
    }
    words.into_iter().map(Token::Value).collect()
}

fn number(word: &str) -> Option<f64> {
    // Rust reads the same decimal numbers, and also names like `inf`, which are words here.
    let shaped = word.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    shaped.then(|| word.parse().ok()).flatten()
}

/// What stands between brackets.
fn bracketed(inner: &[Token]) -> Comment {
    use Scalar::Number;
    use Token::{Sign, Value};
    match inner {
        [Value(Number(begin)), Sign(':'), Value(Number(end))] => {
            return Comment::Range { begin: *begin, step: None, end: *end };
        }
        [Value(Number(begin)), Sign(':'), Value(Number(step)), Sign(':'), Value(Number(end))] => {
            return Comment::Range { begin: *begin, step: Some(*step), end: *end };
        }
        _ => {}
    }
    let items = inner.split(|token| *token == Sign(',')).map(|item| match item {
        [Value(value)] => Some(Item { value: value.clone(), label: None }),
        [Value(value), Sign(':'), Value(label)] => {
            Some(Item { value: value.clone(), label: Some(label.clone()) })
        }
        _ => None,
    });
    items.collect::<Option<_>>().map_or(Comment::None, Comment::List)
}

/// As OpenSCAD prints it in an `.ast` export.
impl fmt::Display for Comment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Comment::None => out.write_str("\"\""),
            Comment::Text(text) => out.write_str(&quoted(text)),
            Comment::Number(value) => out.write_str(&format_number(*value)),
            Comment::Range { begin, step, end } => {
                let numbers: Vec<String> = [Some(*begin), *step, Some(*end)]
                    .into_iter()
                    .flatten()
                    .map(format_number)
                    .collect();
                write!(out, "[{}]", numbers.join(" : "))
            }
            Comment::List(items) => {
                let items: Vec<String> = items.iter().map(Item::to_string).collect();
                write!(out, "[{}]", items.join(", "))
            }
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            None => write!(out, "{}", self.value),
            Some(label) => write!(out, "[{}, {label}]", self.value),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Number(value) => out.write_str(&format_number(*value)),
            Scalar::Text(text) => out.write_str(&quoted(text)),
        }
    }
}
