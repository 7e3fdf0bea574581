//! The parser's view of the tokens: the current one, the next one, where the last one ended.

use crate::lexer::Lexer;
use crate::parse_error::SyntaxDiagnostic;
use crate::token::{Token, TokenKind};

/// A place among the tokens of a text, white space and comments left out. Cut as the parser goes: a list of all tokens
/// would take several times the memory of the text.
#[derive(Clone)]
pub(super) struct Tokens<'a> {
    lexer: Lexer<'a>,
    between: BetweenStatements,
    pub(super) current: Token,
    pub(super) next: Token,
    /// Where the token before the current one ends; 0 if there is none.
    pub(super) last_end: u32,
    /// Some `include` stands inside a statement; it is left out.
    pub(super) includes_inside_statements: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(lexer: Lexer<'a>) -> Self {
        let none = Token { kind: TokenKind::Eof, start: 0, end: 0 };
        let mut tokens = Self {
            lexer,
            between: BetweenStatements::default(),
            current: none,
            next: none,
            last_end: 0,
            includes_inside_statements: false,
        };
        tokens.cut_next();
        tokens.current = tokens.next;
        tokens.cut_next();
        tokens
    }

    /// Makes the next token the current one.
    pub(super) fn advance(&mut self) {
        self.last_end = self.current.end;
        self.current = self.next;
        self.cut_next();
    }

    /// Goes to the end of the text.
    pub(super) fn skip_all(&mut self) {
        while self.current.kind != TokenKind::Eof {
            self.advance();
        }
    }

    /// What the lexer has to say of the tokens so far.
    pub(super) fn diagnostics(self) -> Vec<SyntaxDiagnostic> {
        self.lexer.diagnostics()
    }

    /// Whether something was said since `before`, an earlier place, or an `include` was left out.
    pub(super) fn has_said_more_than(&self, before: &Self) -> bool {
        self.lexer.said() > before.lexer.said()
            || self.includes_inside_statements != before.includes_inside_statements
    }

    fn cut_next(&mut self) {
        let (kind, start) = loop {
            let start = self.lexer.offset();
            let Some(kind) = self.lexer.next_kind() else { break (TokenKind::Eof, start) };
            if kind.is_trivia() {
                continue;
            }
            if kind == TokenKind::Include && !self.between.holds() {
                self.includes_inside_statements = true;
                continue;
            }
            self.between.pass(kind);
            break (kind, start);
        };
        self.next = Token { kind, start, end: self.lexer.offset() };
    }
}

/// Follows the tokens just far enough to know whether a statement may start at the next one.
#[derive(Clone, Default)]
struct BetweenStatements {
    inside: bool,
    brackets: u32,
}

impl BetweenStatements {
    fn holds(&self) -> bool {
        !self.inside
    }

    fn pass(&mut self, kind: TokenKind) {
        use TokenKind::*;
        match kind {
            LParen | LBracket => self.brackets += 1,
            RParen | RBracket => self.brackets = self.brackets.saturating_sub(1),
            LBrace | RBrace => self.brackets = 0,
            _ => {}
        }
        let ends = matches!(kind, Semicolon | LBrace | RBrace | Include | Use);
        self.inside = !(ends && self.brackets == 0);
    }
}
