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
mod recognise;
mod statement;
mod tokens;

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::Severity;
use crate::ast::{Arg, Deferred, Element, Expr, ExprKind, File, Param, Stmt, Symbol};
use crate::deferred::LongText;
use crate::lexer::Lexer;
use crate::parse_error::SyntaxDiagnostic;
use crate::source::Source;
use crate::span::Span;
use crate::symbols::Interner;
use crate::token::{Token, TokenKind};
use recognise::Recognised;
use tokens::Tokens;

/// How deep brackets, blocks, children, prefix operators and bodies may nest in one another. Hand-written models stay
/// below 50; a model printed by a program as nested transformations reaches some hundreds. A thread with 1 MiB of
/// stack can parse source of this depth in an unoptimised build (tested).
pub const MAX_NESTING: u32 = 500;

/// From this length on, top-level definitions are read when they are used. Below it a text has not enough of them to be
/// worth reading any twice.
const LONG_TEXT_BYTES: usize = 64 << 10;

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
    parse_shared(source.text())
}

/// The same for bare text.
pub fn parse_text(text: &str) -> Parsed {
    parse_shared(&Arc::new(text.into()))
}

fn parse_shared(text: &Arc<String>) -> Parsed {
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
    let includes_inside_statements = parser.tokens.includes_inside_statements;
    // Lexer and parser both report in order of place; at the same place the lexer is first.
    let mut diagnostics = parser.tokens.diagnostics();
    diagnostics.append(&mut parser.diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    let symbols = parser.symbols.finish();
    if let Some(long) = &parser.long {
        long.finish(&symbols);
    }
    Parsed { file: Arc::new(File { stmts, symbols }), diagnostics, includes_inside_statements }
}

/// The state of parsing one text.
pub(crate) struct Parser<'a> {
    text: &'a str,
    /// Set for a long text: its top-level definitions are recognised, and read when they are used.
    long: Option<Arc<LongText>>,
    /// Variables that the statements of the module being recognised assign, of all its scopes.
    assigned: FxHashSet<Symbol>,
    /// All tokens but white space and comments; the last is `Eof`.
    tokens: Tokens<'a>,
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
}

impl<'a> Parser<'a> {
    fn new(text: &'a Arc<String>) -> Self {
        let mut parser = Self::of_tokens(text, Lexer::new(text), Interner::default());
        if text.len() >= LONG_TEXT_BYTES {
            parser.long = Some(Arc::new(LongText::new(text)));
        }
        parser
    }

    /// For what stands after the name of a top-level definition, which has been recognised before.
    pub(crate) fn of_part(
        text: &'a str,
        span: Span,
        symbols: &'a FxHashMap<Arc<str>, Symbol>,
    ) -> Self {
        let lexer = Lexer::within(text, span);
        let mut parser = Self::of_tokens(text, lexer, Interner::of_part(symbols));
        // The definition itself.
        parser.depth = 1;
        parser
    }

    fn of_tokens(text: &'a str, lexer: Lexer<'a>, symbols: Interner<'a>) -> Self {
        Self {
            text,
            long: None,
            assigned: FxHashSet::default(),
            tokens: Tokens::new(lexer),
            depth: 0,
            panicking: false,
            cut_off: false,
            symbols,
            operands: vec![],
            args: vec![],
            params: vec![],
            elements: vec![],
            stmts: vec![],
            diagnostics: vec![],
        }
    }

    fn token(&self) -> Token {
        self.tokens.current
    }

    fn kind(&self) -> TokenKind {
        self.tokens.current.kind
    }

    /// The kind of the token after the current one.
    fn next_kind(&self) -> TokenKind {
        self.tokens.next.kind
    }

    fn at(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    /// Takes the current token; the last one, `Eof`, stays.
    fn bump(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::Eof {
            self.tokens.advance();
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
        Span::new(start, self.tokens.last_end.max(start))
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
            self.tokens.skip_all();
            return None;
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        Some(result)
    }

    /// What stands after the name of a top-level definition: its tree, or of a long text the place of it.
    fn deferred<T>(
        &mut self,
        recognise: fn(&mut Self) -> Recognised,
        read: fn(&mut Self) -> Option<T>,
    ) -> Option<Deferred<T>> {
        if let Some(long) = self.long.clone() {
            let (start, before) = (self.start(), self.tokens.clone());
            self.assigned.clear();
            if recognise(self).is_some() && !self.tokens.has_said_more_than(&before) {
                return Some(Deferred::recognised(long, self.span_from(start)));
            }
            self.tokens = before;
        }
        read(self).map(Deferred::kept)
    }

    /// An error node at the current place, which takes no token.
    fn error_expr(&self) -> Expr {
        let start = self.start();
        Expr { kind: ExprKind::Error, span: Span::new(start, start) }
    }
}
