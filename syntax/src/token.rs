//! Tokens: what the lexer cuts source text into.

use crate::span::Span;

/// One token. The tokens of a text, white space and comments included, tile it without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset just past its last byte.
    pub end: u32,
}

impl Token {
    /// Its place.
    pub const fn span(self) -> Span {
        Span::new(self.start, self.end)
    }
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the rest are the words and signs that they are named for")]
pub enum TokenKind {
    /// Spaces, tabs, line ends, no-break spaces and byte-order marks.
    Whitespace,
    /// `// ...` up to, not including, the line end.
    LineComment,
    /// `/* ... */`
    BlockComment,
    /// A name that is no reserved word, `$` included.
    Ident,
    /// A number; its value is worked out by the parser.
    Number,
    /// A string with its quotes.
    String,
    /// `include <path>`
    Include,
    /// `use <path>`
    Use,
    Module,
    Function,
    If,
    Else,
    Let,
    Assert,
    Echo,
    For,
    Each,
    True,
    False,
    Undef,
    LParen,
    RParen,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    Comma,
    Semicolon,
    Colon,
    Question,
    Dot,
    Assign,
    OrOr,
    AndAnd,
    EqEq,
    NotEq,
    Lt,
    Le,
    Gt,
    Ge,
    Pipe,
    Amp,
    Shl,
    Shr,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Caret,
    Bang,
    Tilde,
    Hash,
    /// Text that is no token: a stray character, an unterminated string, comment or path. A diagnostic says why.
    Error,
    /// The end of the text, an empty token.
    Eof,
}

impl TokenKind {
    /// Whether the parser skips it.
    pub const fn is_trivia(self) -> bool {
        matches!(self, TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment)
    }
}
