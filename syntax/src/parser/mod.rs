//! Tokens to syntax tree.
//!
//! Recursive descent for statements, precedence climbing for expressions. Broken source gives a complete tree too:
//! the first fault of a statement is reported, the parser goes on at the next list item or statement, and what it
//! could not read is an `Error` node. Source nested deeper than [`MAX_NESTING`] is cut off with one error, so that
//! neither this parser nor any later walk over the tree can run out of stack.
//!
//! Chains that people and programs do write in great length are no nesting and have no limit: operators of equal
//! precedence (`a + b + c ...`), calls, indexes and members after one another, `a ? b : c ? d : ...` and
//! `if .. else if ..`. Walk those with a loop.

mod expression;
mod list;
mod statement;

use std::borrow::Cow;
use std::sync::Arc;

use crate::Severity;
use crate::ast::{Arg, Element, Expr, ExprKind, File, Param, Stmt, Symbol};
use crate::lexer::Lexer;
use crate::parse_error::SyntaxDiagnostic;
use crate::source::Source;
use crate::span::Span;
use crate::symbols::Interner;
use crate::token::{Token, TokenKind};

/// How deep brackets, blocks, children, prefix operators and bodies may nest in one another. Hand-written models stay
/// below 50; a model printed by a program as nested transformations reaches some hundreds. A thread with 1 MiB of
/// stack can parse source of this depth in an unoptimised build (tested).
pub const MAX_NESTING: u32 = 500;

/// What parsing gives.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The tree; complete, with `Error` nodes where the source is broken.
    pub file: Arc<File>,
    /// Everything to say about the text, in order of place.
    pub diagnostics: Vec<SyntaxDiagnostic>,
    /// Some `include` stands inside a statement. It is missing from `file`: what it includes is part of that
    /// statement's tokens, so the caller must parse what [`splice`](crate::splice::splice) gives instead.
    pub includes_inside_statements: bool,
}

impl Parsed {
    /// Whether the source is broken: OpenSCAD then does not evaluate the file at all.
    ///
    /// A file that holds or is reached by an `include` may be broken alone and right once spliced; see
    /// [`splice`](crate::splice::splice).
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Parses a source text: a pure function, which never fails and never panics.
pub fn parse(source: &Source) -> Parsed {
    parse_text(source.text())
}

/// The same for bare text.
pub fn parse_text(text: &str) -> Parsed {
    if u32::try_from(text.len()).is_err() {
        return Parsed {
            file: Arc::default(),
            diagnostics: vec![SyntaxDiagnostic::error(
                "Parser error: the file is larger than 4 GiB",
                Span::default(),
            )],
            includes_inside_statements: false,
        };
    }
    let mut parser = Parser::new(text);
    let stmts = parser.file();
    // Lexing runs before parsing and both report in order of place.
    parser.diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Parsed {
        file: Arc::new(File { stmts, symbols: parser.symbols.finish() }),
        diagnostics: parser.diagnostics,
        includes_inside_statements: parser.includes_inside_statements,
    }
}

/// The state of parsing one text.
struct Parser<'a> {
    text: &'a str,
    /// All tokens but white space and comments; the last is `Eof`.
    tokens: Vec<Token>,
    /// Index of the current token.
    pos: usize,
    /// Current nesting, at most [`MAX_NESTING`].
    depth: u32,
    /// A fault was reported and the parser has not found its feet again; it reports nothing more until it has.
    panicking: bool,
    /// The nesting limit was met: the rest of the text is skipped, and its faults would be ours.
    cut_off: bool,
    symbols: Interner<'a>,
    /// Left operands that wait for their operators, of all expressions being parsed.
    operands: Vec<expression::Pending>,
    /// Items of all lists being parsed, the innermost last. Each list takes its own in one go when it is complete, so
    /// that trees hold no spare capacity: most lists have one or two items, and a growing `Vec` makes room for four.
    args: Vec<Arg>,
    params: Vec<Param>,
    elements: Vec<Element>,
    stmts: Vec<Stmt>,
    diagnostics: Vec<SyntaxDiagnostic>,
    includes_inside_statements: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        // Models with the usual share of comments have about six bytes of text per token.
        let mut tokens = Vec::with_capacity(text.len() / 6 + 1);
        let mut lexer = Lexer::new(text);
        let mut includes_inside_statements = false;
        let mut between = BetweenStatements::default();
        for token in lexer.by_ref().filter(|token| !token.kind.is_trivia()) {
            if token.kind == TokenKind::Include && !between.holds() {
                includes_inside_statements = true;
                continue;
            }
            between.pass(token.kind);
            tokens.push(token);
        }
        let end = text.len() as u32;
        tokens.push(Token { kind: TokenKind::Eof, start: end, end });
        Self {
            text,
            tokens,
            pos: 0,
            depth: 0,
            panicking: false,
            cut_off: false,
            symbols: Interner::default(),
            operands: vec![],
            args: vec![],
            params: vec![],
            elements: vec![],
            stmts: vec![],
            diagnostics: lexer.diagnostics(),
            includes_inside_statements,
        }
    }

    fn token(&self) -> Token {
        self.tokens[self.pos]
    }

    fn kind(&self) -> TokenKind {
        self.tokens[self.pos].kind
    }

    /// The kind of the token after the current one.
    fn next_kind(&self) -> TokenKind {
        self.tokens.get(self.pos + 1).map_or(TokenKind::Eof, |token| token.kind)
    }

    fn at(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    /// Takes the current token; the last one, `Eof`, stays.
    fn bump(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::Eof {
            self.pos += 1;
        }
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.at(kind);
        if found {
            self.bump();
        }
        found
    }

    /// Takes a token of `kind` or reports that `what` was expected.
    fn expect(&mut self, kind: TokenKind, what: &str) -> bool {
        let found = self.eat(kind);
        if !found {
            self.unexpected(what);
        }
        found
    }

    /// Offset of the current token.
    fn start(&self) -> u32 {
        self.token().start
    }

    /// The span from `start` to the end of the last token taken; empty if none was taken since.
    fn span_from(&self, start: u32) -> Span {
        let end = self.pos.checked_sub(1).map_or(0, |last| self.tokens[last].end);
        Span::new(start, end.max(start))
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.start as usize..token.end as usize]
    }

    fn symbol(&mut self, token: Token) -> Symbol {
        let name = self.text_of(token);
        self.symbols.intern(name)
    }

    /// Reports that `what` was expected where the current token stands.
    fn unexpected(&mut self, what: &str) {
        if self.panicking || self.cut_off {
            return;
        }
        let token = self.token();
        // The lexer has already said what is wrong with its own error tokens.
        if token.kind == TokenKind::Error {
            self.panicking = true;
            return;
        }
        let found = match token.kind {
            TokenKind::Eof => Cow::Borrowed("the end of the file"),
            TokenKind::String => Cow::Borrowed("a string"),
            _ => Cow::Owned(format!("`{}`", self.text_of(token))),
        };
        self.error(token.span(), format!("expected {what}, found {found}"));
    }

    /// Reports a syntax error, unless the parser is still recovering from the last one.
    fn error(&mut self, span: Span, hint: impl Into<Cow<'static, str>>) {
        if !self.panicking && !self.cut_off {
            self.panicking = true;
            let error = SyntaxDiagnostic::error("Parser error: syntax error", span).with_hint(hint);
            self.diagnostics.push(error);
        }
    }

    /// Runs `parse` one level deeper. At the limit it reports, skips the rest of the text and gives `None`.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth == MAX_NESTING {
            let span = self.token().span();
            self.error(
                span,
                format!("the source is nested more than {MAX_NESTING} levels deep here"),
            );
            self.cut_off = true;
            self.pos = self.tokens.len() - 1;
            return None;
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        Some(result)
    }

    /// An error node at the current place, which takes no token.
    fn error_expr(&self) -> Expr {
        let start = self.start();
        Expr { kind: ExprKind::Error, span: Span::new(start, start) }
    }
}

/// Follows the tokens just far enough to know whether a statement may start at the next one.
#[derive(Default)]
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
