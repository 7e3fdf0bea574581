//! What stands between brackets: arguments, parameters, vectors with their comprehensions, ranges.

use super::Parser;
use crate::ast::{Arg, Element, ElementKind, Expr, ExprKind, Param, RangeExpr};
use crate::parse_error::SyntaxDiagnostic;
use crate::token::TokenKind;

impl Parser<'_> {
    /// `(a, name = b)`
    pub(super) fn args(&mut self) -> Vec<Arg> {
        if !self.expect(TokenKind::LParen, "`(`") {
            return vec![];
        }
        if self.at(TokenKind::Comma) && self.next_kind() == TokenKind::RParen {
            self.unexpected("an argument");
        }
        let args = self.arg_list();
        self.close(TokenKind::RParen, "`,` or `)` after the argument");
        args
    }

    fn arg_list(&mut self) -> Vec<Arg> {
        let base = self.args.len();
        self.items(TokenKind::RParen, |parser| {
            let arg = parser.arg();
            parser.args.push(arg);
        });
        self.args.drain(base..).collect()
    }

    fn arg(&mut self) -> Arg {
        let start = self.start();
        let name = self.named();
        let value = self.expr();
        Arg { name, value, span: self.span_from(start) }
    }

    /// Takes `name =` if that comes next.
    fn named(&mut self) -> Option<crate::ast::Symbol> {
        if self.at(TokenKind::Ident) && self.next_kind() == TokenKind::Assign {
            let name = self.bump();
            self.bump();
            Some(self.symbol(name))
        } else {
            None
        }
    }

    /// `(a, b = default)`
    pub(super) fn params(&mut self) -> Vec<Param> {
        if !self.expect(TokenKind::LParen, "`(`") {
            return vec![];
        }
        let base = self.params.len();
        self.items(TokenKind::RParen, |parser| {
            let param = parser.param();
            parser.params.extend(param);
        });
        self.close(TokenKind::RParen, "`,` or `)` after the parameter");
        self.params.drain(base..).collect()
    }

    fn param(&mut self) -> Option<Param> {
        if !self.at(TokenKind::Ident) {
            self.unexpected("the name of a parameter");
            return None;
        }
        let token = self.bump();
        let name = self.symbol(token);
        let default = self.eat(TokenKind::Assign).then(|| self.expr());
        Some(Param { name, default, span: self.span_from(token.start) })
    }

    /// A vector or a range.
    pub(super) fn vector(&mut self) -> Expr {
        let start = self.bump().start;
        if self.at(TokenKind::Comma) {
            self.skip_commas();
            if !self.at(TokenKind::RBracket) {
                self.unexpected("`]`, since no element stands before the comma");
            }
        }
        let base = self.elements.len();
        let mut range = None;
        self.items(TokenKind::RBracket, |parser| {
            let element = parser.element();
            if parser.elements.len() == base && range.is_none() && parser.at(TokenKind::Colon) {
                range = parser.range_after(element);
            } else {
                parser.elements.push(element);
            }
        });
        let elements: Vec<_> = self.elements.drain(base..).collect();
        let kind = match range {
            Some(range) => {
                self.close(TokenKind::RBracket, "`:` or `]` in the range");
                ExprKind::Range(Box::new(range))
            }
            None => {
                self.close(TokenKind::RBracket, "`,` or `]` in the vector");
                ExprKind::Vector(elements)
            }
        };
        Expr { kind, span: self.span_from(start) }
    }

    /// `: end` or `: step : end` after a first value.
    fn range_after(&mut self, first: Element) -> Option<RangeExpr> {
        let ElementKind::Expr(begin) = first.kind else {
            self.unexpected("`,` or `]`, since a list comprehension cannot begin a range");
            return None;
        };
        self.bump();
        let second = self.expr();
        let (step, end) = match self.eat(TokenKind::Colon) {
            true => (Some(second), self.expr()),
            false => (None, second),
        };
        if self.at(TokenKind::Comma) {
            self.unexpected("`]` after the range");
        }
        Some(RangeExpr { begin, step, end })
    }

    /// An element of a vector: a value or a list comprehension.
    fn element(&mut self) -> Element {
        self.nested(Self::element_here).unwrap_or_else(|| plain(self.error_expr()))
    }

    fn boxed_element(&mut self) -> Box<Element> {
        Box::new(self.element())
    }

    fn element_here(&mut self) -> Element {
        let start = self.start();
        let kind = match self.kind() {
            TokenKind::For => self.for_element(),
            TokenKind::If => self.if_element(),
            TokenKind::Each => {
                self.bump();
                ElementKind::Each(self.boxed_element())
            }
            TokenKind::Let => {
                self.bump();
                let bindings = self.args();
                let body = self.boxed_element();
                // With a plain value for its body it is an ordinary `let` expression.
                match body.kind {
                    ElementKind::Expr(value) => {
                        let kind = ExprKind::Let(bindings, Box::new(value));
                        ElementKind::Expr(Expr { kind, span: self.span_from(start) })
                    }
                    _ => ElementKind::Let(bindings, body),
                }
            }
            TokenKind::LParen => return self.bracketed_element(start),
            _ => return plain(self.expr()),
        };
        Element { kind, span: self.span_from(start) }
    }

    /// `(` opens a bracketed comprehension or a bracketed operand; only what is inside tells.
    fn bracketed_element(&mut self, start: u32) -> Element {
        self.bump();
        let inner = self.element();
        self.close(TokenKind::RParen, "`)`");
        match inner.kind {
            ElementKind::Expr(value) => plain(self.expr_after_primary(value, start)),
            _ => inner,
        }
    }

    /// `for (bindings) body` or `for (init; condition; next) body`
    fn for_element(&mut self) -> ElementKind {
        self.bump();
        self.expect(TokenKind::LParen, "`(` after `for`");
        let bindings = self.arg_list();
        if !self.eat(TokenKind::Semicolon) {
            self.close(TokenKind::RParen, "`,`, `;` or `)` in the `for`");
            return ElementKind::For(bindings, self.boxed_element());
        }
        let condition = Box::new(self.expr());
        self.expect(TokenKind::Semicolon, "`;` after the condition of the `for`");
        let next = self.arg_list();
        self.close(TokenKind::RParen, "`,` or `)` in the `for`");
        ElementKind::ForC { init: bindings, condition, next, body: self.boxed_element() }
    }

    fn if_element(&mut self) -> ElementKind {
        self.bump();
        let condition = Box::new(self.condition());
        let then = self.boxed_element();
        let otherwise = self.eat(TokenKind::Else).then(|| self.boxed_element());
        ElementKind::If(condition, then, otherwise)
    }

    /// `(expr)` after `if`.
    pub(super) fn condition(&mut self) -> Expr {
        self.expect(TokenKind::LParen, "`(` after `if`");
        let condition = self.expr();
        self.close(TokenKind::RParen, "`)` after the condition");
        condition
    }

    /// Items between commas up to, not including, `close`. A comma may follow the last item. After a broken item it
    /// goes on behind the next comma, so that each item can report a fault of its own.
    fn items(&mut self, close: TokenKind, mut item: impl FnMut(&mut Self)) {
        while !self.at(close) && !ends_list(self.kind()) {
            if self.at(TokenKind::Comma) && !self.panicking {
                self.skip_commas();
                continue;
            }
            item(self);
            if self.panicking {
                self.skip_to_comma(close);
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
            self.panicking = false;
        }
    }

    /// Skips commas that have no item before them, as OpenSCAD long did.
    fn skip_commas(&mut self) {
        while self.at(TokenKind::Comma) {
            let span = self.bump().span();
            self.diagnostics.push(
                SyntaxDiagnostic::deprecated("Repeated commas in a list are deprecated", span)
                    .with_hint("remove the comma"),
            );
        }
    }

    /// Takes the closing bracket of a list, after skipping what is left of a broken item before it.
    pub(super) fn close(&mut self, close: TokenKind, what: &str) {
        if !self.at(close) {
            self.unexpected(what);
            self.skip_to(close, false);
        }
        if self.eat(close) {
            self.panicking = false;
        }
    }

    fn skip_to_comma(&mut self, close: TokenKind) {
        self.skip_to(close, true);
    }

    /// Skips to `close` (or a comma) on this level of brackets, or to what surely lies behind the list.
    fn skip_to(&mut self, close: TokenKind, or_comma: bool) {
        let mut brackets = 0u32;
        loop {
            let kind = self.kind();
            match kind {
                _ if ends_list(kind) => return,
                _ if brackets == 0 && kind == close => return,
                TokenKind::Comma if brackets == 0 && or_comma => return,
                TokenKind::LParen | TokenKind::LBracket => brackets += 1,
                TokenKind::RParen | TokenKind::RBracket => match brackets.checked_sub(1) {
                    Some(outer) => brackets = outer,
                    // A closing bracket of the other sort: it most likely closes a list further out.
                    None => return,
                },
                _ if self.starts_statement_line() => return,
                _ => {}
            }
            self.bump();
        }
    }
}

fn plain(value: Expr) -> Element {
    let span = value.span;
    Element { kind: ElementKind::Expr(value), span }
}

/// Tokens that no list holds outside of nested brackets: the list was not closed.
fn ends_list(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(kind, Semicolon | LBrace | RBrace | Module | Use | Include | Eof)
}
