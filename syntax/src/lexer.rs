//! Text to tokens.
//!
//! A byte at a time and without allocating: a token is a kind and two offsets. Whatever the text, the tokens tile it;
//! what is no token becomes [`TokenKind::Error`] beside a diagnostic. The lexer finds where tokens end; what numbers and
//! strings are worth is found when they are parsed.

use crate::parse_error::SyntaxDiagnostic;
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// Cuts `text` into tokens, white space and comments included; ends at the end of the text, without an `Eof` token.
///
/// Iterate, then take what it has to say from [`Lexer::diagnostics`].
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    /// A string or path ran to the end of the text once. Later ones then end with their line, since looking for their
    /// end again and again would make broken text take quadratic time.
    unclosed: bool,
    diagnostics: Vec<SyntaxDiagnostic>,
}

impl<'a> Lexer<'a> {
    /// A lexer at the start of `text`, which must be shorter than 4 GiB.
    pub fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), pos: 0, unclosed: false, diagnostics: Vec::new() }
    }

    /// A lexer for the part of `text` at `span`, which must start and end between tokens.
    pub(crate) fn within(text: &'a str, span: Span) -> Self {
        let mut lexer = Self::new(&text[..span.end as usize]);
        lexer.pos = span.start as usize;
        lexer
    }

    /// Offset of the next token, where the last one ended.
    pub(crate) fn offset(&self) -> u32 {
        self.pos as u32
    }

    /// The kind of the next token; none at the end.
    // A kind fits into a register. A whole token goes through memory, in parts, and stalls whoever takes it as one.
    pub(crate) fn next_kind(&mut self) -> Option<TokenKind> {
        let first = *self.bytes.get(self.pos)?;
        Some(self.kind(first))
    }

    /// What was wrong with the tokens so far.
    pub fn diagnostics(self) -> Vec<SyntaxDiagnostic> {
        self.diagnostics
    }

    /// How many diagnostics there are.
    pub(crate) fn said(&self) -> usize {
        self.diagnostics.len()
    }

    fn peek(&self, ahead: usize) -> u8 {
        // NUL is no part of any token, so it can stand for the end of the text.
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    fn skip_while(&mut self, class: u8) {
        while let Some(byte) = self.bytes.get(self.pos)
            && CLASS[*byte as usize] & class != 0
        {
            self.pos += 1;
        }
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(start as u32, self.pos as u32)
    }

    fn kind(&mut self, first: u8) -> TokenKind {
        let class = CLASS[first as usize];
        if class & SPACE != 0 {
            self.whitespace()
        } else if class & (WORD_START | DOLLAR) != 0 {
            self.word()
        } else if class & DIGIT != 0 || (first == b'.' && CLASS[self.peek(1) as usize] & DIGIT != 0)
        {
            self.number()
        } else if first == b'"' {
            self.string()
        } else if first == b'/' && self.peek(1) == b'/' {
            self.line_comment()
        } else if first == b'/' && self.peek(1) == b'*' {
            self.block_comment()
        } else {
            self.sign(first)
        }
    }

    fn whitespace(&mut self) -> TokenKind {
        loop {
            self.skip_while(SPACE);
            match wide_space(&self.bytes[self.pos..]) {
                0 => return TokenKind::Whitespace,
                len => self.pos += len,
            }
        }
    }

    fn line_comment(&mut self) -> TokenKind {
        let rest = &self.bytes[self.pos..];
        self.pos += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        TokenKind::LineComment
    }

    fn block_comment(&mut self) -> TokenKind {
        let start = self.pos;
        match memchr::memmem::find(&self.bytes[start + 2..], b"*/") {
            Some(len) => {
                self.pos = start + 2 + len + 2;
                TokenKind::BlockComment
            }
            None => {
                self.pos = self.bytes.len();
                self.error("Parser error: Unterminated comment", self.span_from(start))
                    .hint("the comment opened here has no `*/`");
                TokenKind::Error
            }
        }
    }

    fn word(&mut self) -> TokenKind {
        let start = self.pos;
        self.pos += 1;
        self.skip_while(WORD);
        let word = &self.bytes[start..self.pos];
        match word {
            b"$" => {
                self.error("Parser error: syntax error", self.span_from(start))
                    .hint("a `$` must be followed by the name of a special variable");
                return TokenKind::Error;
            }
            b"include" if let Some(kind) = self.path(start, TokenKind::Include) => return kind,
            b"use" if let Some(kind) = self.path(start, TokenKind::Use) => return kind,
            _ if word[0] == b'$' && CLASS[word[1] as usize] & DIGIT != 0 => self.digit_first(start),
            _ => {}
        }
        keyword(word)
    }

    /// A number, or a name that starts with a digit. The longer one wins, and of two equally long ones the number.
    fn number(&mut self) -> TokenKind {
        let start = self.pos;
        self.pos = start + number_len(&self.bytes[start..]);
        let word =
            self.bytes[start..].iter().take_while(|b| CLASS[**b as usize] & WORD != 0).count();
        if start + word > self.pos {
            self.pos = start + word;
            self.digit_first(start);
            return TokenKind::Ident;
        }
        TokenKind::Number
    }

    fn digit_first(&mut self, start: usize) {
        let span = self.span_from(start);
        let name = &self.text[start..self.pos];
        self.diagnostics.push(SyntaxDiagnostic::deprecated(
            format!(
                "Variable names starting with digits ('{name}') will be removed in future releases."
            ),
            span,
        ));
    }

    fn string(&mut self) -> TokenKind {
        let start = self.pos;
        let limit = if self.unclosed { self.line_end(start) } else { self.bytes.len() };
        let mut at = start + 1;
        while let Some(len) = memchr::memchr2(b'"', b'\\', &self.bytes[at.min(limit)..limit]) {
            at += len;
            if self.bytes[at] == b'"' {
                self.pos = at + 1;
                return TokenKind::String;
            }
            at += 2;
        }
        self.unclosed = true;
        self.pos = self.line_end(start);
        self.error("Parser error: Unterminated string", self.span_from(start))
            .hint("the string opened here has no closing `\"`");
        TokenKind::Error
    }

    /// The rest of `include <path>` or `use <path>`, if a `<` follows the word.
    fn path(&mut self, start: usize, kind: TokenKind) -> Option<TokenKind> {
        let mut open = self.pos;
        while CLASS[*self.bytes.get(open)? as usize] & SPACE != 0 {
            open += 1;
        }
        if self.bytes[open] != b'<' {
            return None;
        }
        let limit = if self.unclosed { self.line_end(open) } else { self.bytes.len() };
        let Some(len) = memchr::memchr(b'>', &self.bytes[open..limit]) else {
            self.unclosed = true;
            self.pos = self.line_end(open);
            let message = match kind {
                TokenKind::Use => "Parser error: Unterminated use statement",
                _ => "Parser error: Unterminated include statement",
            };
            self.error(message, self.span_from(start)).hint("the path opened here has no `>`");
            return Some(TokenKind::Error);
        };
        self.pos = open + len + 1;
        if memchr::memchr(b'\n', &self.bytes[open..self.pos]).is_some() {
            let span = self.span_from(start);
            self.diagnostics.push(
                SyntaxDiagnostic::warning("Line break inside the path of include or use", span)
                    .with_hint(
                        "only the part after the line break counts; write the path on one line",
                    ),
            );
        }
        Some(kind)
    }

    fn sign(&mut self, first: u8) -> TokenKind {
        use TokenKind::*;
        let (kind, len) = match (first, self.peek(1)) {
            (b'(', _) => (LParen, 1),
            (b')', _) => (RParen, 1),
            (b'[', _) => (LBracket, 1),
            (b']', _) => (RBracket, 1),
            (b'{', _) => (LBrace, 1),
            (b'}', _) => (RBrace, 1),
            (b',', _) => (Comma, 1),
            (b';', _) => (Semicolon, 1),
            (b':', _) => (Colon, 1),
            (b'?', _) => (Question, 1),
            (b'.', _) => (Dot, 1),
            (b'=', b'=') => (EqEq, 2),
            (b'=', _) => (Assign, 1),
            (b'!', b'=') => (NotEq, 2),
            (b'!', _) => (Bang, 1),
            (b'<', b'=') => (Le, 2),
            (b'<', b'<') => (Shl, 2),
            (b'<', _) => (Lt, 1),
            (b'>', b'=') => (Ge, 2),
            (b'>', b'>') => (Shr, 2),
            (b'>', _) => (Gt, 1),
            (b'|', b'|') => (OrOr, 2),
            (b'|', _) => (Pipe, 1),
            (b'&', b'&') => (AndAnd, 2),
            (b'&', _) => (Amp, 1),
            (b'+', _) => (Plus, 1),
            (b'-', _) => (Minus, 1),
            (b'*', _) => (Star, 1),
            (b'/', _) => (Slash, 1),
            (b'%', _) => (Percent, 1),
            (b'^', _) => (Caret, 1),
            (b'~', _) => (Tilde, 1),
            (b'#', _) => (Hash, 1),
            _ if wide_space(&self.bytes[self.pos..]) > 0 => return self.whitespace(),
            _ => return self.stray(),
        };
        self.pos += len;
        kind
    }

    /// A run of characters that can stand nowhere outside strings and comments.
    fn stray(&mut self) -> TokenKind {
        let start = self.pos;
        while let Some(byte) = self.bytes.get(self.pos)
            && CLASS[*byte as usize] & STRAY != 0
            && wide_space(&self.bytes[self.pos..]) == 0
        {
            self.pos += 1;
        }
        let run = self.text.get(start..self.pos).unwrap_or_default();
        let shown: String = run.chars().take(8).collect();
        let hint = format!("{shown:?} can stand only in strings and comments");
        self.error("Parser error: syntax error", self.span_from(start)).hint(hint);
        TokenKind::Error
    }

    fn line_end(&self, start: usize) -> usize {
        let rest = &self.bytes[start..];
        start + memchr::memchr(b'\n', rest).unwrap_or(rest.len())
    }

    fn error(&mut self, message: &'static str, span: Span) -> &mut SyntaxDiagnostic {
        self.diagnostics.push(SyntaxDiagnostic::error(message, span));
        self.diagnostics.last_mut().expect("one was just pushed")
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.offset();
        let kind = self.next_kind()?;
        Some(Token { kind, start, end: self.offset() })
    }
}

/// The path in the text of an `include` or `use` token.
pub(crate) fn path_of(token: &str) -> &str {
    let inner = token.split_once('<').map_or(token, |(_, path)| path);
    let path = inner.strip_suffix('>').unwrap_or(inner);
    // OpenSCAD starts over at a line break inside the path.
    path.rsplit('\n').next().unwrap_or(path)
}

/// Length of the no-break space or byte-order mark at the start of `bytes`; 0 if there is none.
fn wide_space(bytes: &[u8]) -> usize {
    match bytes {
        [0xC2, 0xA0, ..] => 2,
        [0xEF, 0xBB, 0xBF, ..] => 3,
        _ => 0,
    }
}

/// Length of the number at the start of `bytes`, which start with a digit, or a point and a digit.
fn number_len(bytes: &[u8]) -> usize {
    let run = |at: usize, class: u8| {
        bytes[at..].iter().take_while(|b| CLASS[**b as usize] & class != 0).count()
    };
    if bytes[0] == b'0' && matches!(bytes.get(1), Some(b'x' | b'X')) {
        let digits = run(2, HEX);
        if digits > 0 {
            return 2 + digits;
        }
    }
    let mut len = run(0, DIGIT);
    if bytes.get(len) == Some(&b'.') {
        len += 1;
        len += run(len, DIGIT);
    }
    if let Some(b'e' | b'E') = bytes.get(len) {
        let sign = matches!(bytes.get(len + 1), Some(b'+' | b'-')) as usize;
        let digits = run((len + 1 + sign).min(bytes.len()), DIGIT);
        if digits > 0 {
            len += 1 + sign + digits;
        }
    }
    len
}

fn keyword(word: &[u8]) -> TokenKind {
    use TokenKind::*;
    match word {
        b"module" => Module,
        b"function" => Function,
        b"if" => If,
        b"else" => Else,
        b"let" => Let,
        b"assert" => Assert,
        b"echo" => Echo,
        b"for" => For,
        b"each" => Each,
        b"true" => True,
        b"false" => False,
        b"undef" => Undef,
        _ => Ident,
    }
}

const SPACE: u8 = 1;
const WORD_START: u8 = 2;
const DIGIT: u8 = 4;
const HEX: u8 = 8;
const DOLLAR: u8 = 16;
/// Bytes that no token outside strings and comments holds.
const STRAY: u8 = 32;
const WORD: u8 = WORD_START | DIGIT;

/// The classes of each byte, as bits.
const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        class[byte] = match b {
            b' ' | b'\t' | b'\r' | b'\n' => SPACE,
            b'0'..=b'9' => DIGIT | HEX,
            b'a'..=b'f' | b'A'..=b'F' => WORD_START | HEX,
            b'g'..=b'z' | b'G'..=b'Z' | b'_' => WORD_START,
            b'$' => DOLLAR,
            0..0x20 | 0x7F.. | b'\\' | b'@' | b'`' | b'\'' => STRAY,
            _ => 0,
        };
        byte += 1;
    }
    class
};
