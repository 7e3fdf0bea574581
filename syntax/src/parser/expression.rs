//! Expressions.
//!
//! From loosest to tightest: `let`, `assert`, `echo`, `function` and `?:`; the infix operators by precedence;
//! prefix operators; `^`; call, index and member. As in OpenSCAD the first group can be an operand only in brackets.

use std::sync::Arc;

use super::Parser;
use crate::ast::{BinaryOp, Expr, ExprKind, FunctionParts, UnaryOp};
use crate::literal;
use crate::span::Span;
use crate::token::TokenKind;

/// A left operand and its operator, waiting for the right operand.
pub(super) struct Pending {
    left: Expr,
    start: u32,
    op: BinaryOp,
    precedence: u8,
}

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expr(&mut self) -> Expr {
        self.nested(Self::expr_here).unwrap_or_else(|| self.error_expr())
    }

    fn expr_here(&mut self) -> Expr {
        let start = self.start();
        if let Some(expr) = self.prefix_form(start) {
            return expr;
        }
        let first = self.unary();
        self.infix_after(first, start)
    }

    /// The rest of the expression that starts at `start` and of which the innermost left operand, `primary`, has been
    /// read already, brackets around it included.
    pub(super) fn expr_after_primary(&mut self, primary: Expr, start: u32) -> Expr {
        let first = self.postfix(primary, start);
        let first = self.power(first, start);
        self.infix_after(first, start)
    }

    fn infix_after(&mut self, first: Expr, start: u32) -> Expr {
        let condition = self.binary(first, start);
        if self.at(TokenKind::Question) { self.ternary(condition, start) } else { condition }
    }

    /// `let`, `assert`, `echo` or `function` with its body.
    fn prefix_form(&mut self, start: u32) -> Option<Expr> {
        let form = self.kind();
        if !matches!(
            form,
            TokenKind::Let | TokenKind::Assert | TokenKind::Echo | TokenKind::Function
        ) {
            return None;
        }
        self.bump();
        let kind = if form == TokenKind::Function {
            let params = self.params();
            ExprKind::Function(Arc::new(FunctionParts { params, body: self.expr() }))
        } else {
            let args = self.args();
            match form {
                TokenKind::Let => ExprKind::Let(args, Box::new(self.expr())),
                TokenKind::Assert => ExprKind::Assert(args, self.optional_body()),
                _ => ExprKind::Echo(args, self.optional_body()),
            }
        };
        Some(Expr { kind, span: self.span_from(start) })
    }

    fn optional_body(&mut self) -> Option<Box<Expr>> {
        starts_expr(self.kind()).then(|| Box::new(self.expr()))
    }

    /// `condition ? then : otherwise`; a chain of them in the last place is read in a loop.
    fn ternary(&mut self, condition: Expr, start: u32) -> Expr {
        let mut arms = vec![];
        let mut last = condition;
        let mut last_start = start;
        while self.eat(TokenKind::Question) {
            let then = self.expr();
            self.expect(TokenKind::Colon, "`:` of the conditional");
            arms.push((last, then, last_start));
            last_start = self.start();
            last = match self.prefix_form_nested(last_start) {
                Some(expr) => expr,
                None => {
                    let first = self.unary();
                    self.binary(first, last_start)
                }
            };
        }
        let end = self.span_from(start).end;
        arms.into_iter().rev().fold(last, |otherwise, (condition, then, start)| Expr {
            kind: ExprKind::Ternary(Box::new([condition, then, otherwise])),
            span: Span::new(start, end),
        })
    }

    fn prefix_form_nested(&mut self, start: u32) -> Option<Expr> {
        self.nested(|parser| parser.prefix_form(start)).unwrap_or_else(|| Some(self.error_expr()))
    }

    /// Infix operators after a first operand. Left operands wait on a stack until an operator comes that does not bind
    /// tighter than theirs, so chains of any length need no recursion.
    fn binary(&mut self, first: Expr, start: u32) -> Expr {
        let base = self.operands.len();
        let (mut left, mut left_start) = (first, start);
        loop {
            let operator = binary_op(self.kind());
            let limit = operator.map_or(0, |(_, precedence)| precedence);
            while self.operands.len() > base
                && let Some(pending) = self.operands.pop_if(|top| top.precedence >= limit)
            {
                left_start = pending.start;
                left = Expr {
                    kind: ExprKind::Binary(pending.op, Box::new(pending.left), Box::new(left)),
                    span: self.span_from(left_start),
                };
            }
            let Some((op, precedence)) = operator else { return left };
            self.operands.push(Pending { left, start: left_start, op, precedence });
            self.bump();
            left_start = self.start();
            left = self.unary();
        }
    }

    /// An operand of an infix operator: prefix operators, then a power.
    fn unary(&mut self) -> Expr {
        let start = self.start();
        let op = match self.kind() {
            TokenKind::Minus => UnaryOp::Neg,
            TokenKind::Plus => UnaryOp::Plus,
            TokenKind::Bang => UnaryOp::Not,
            TokenKind::Tilde => UnaryOp::BitNot,
            _ => {
                let primary = self.primary();
                let base = self.postfix(primary, start);
                return self.power(base, start);
            }
        };
        self.bump();
        let Some(operand) = self.nested(Self::unary) else { return self.error_expr() };
        let span = self.span_from(start);
        let kind = match (op, &operand.kind) {
            // A minus belongs to the literal: OpenSCAD treats `-1` as a literal wherever it asks for one.
            (UnaryOp::Neg, ExprKind::Number(value)) if value.is_sign_positive() => {
                ExprKind::Number(-value)
            }
            _ => ExprKind::Unary(op, Box::new(operand)),
        };
        Expr { kind, span }
    }

    /// `base ^ exponent`, if a `^` follows. The exponent is an operand with prefix operators and powers of its own.
    fn power(&mut self, base: Expr, start: u32) -> Expr {
        if !self.eat(TokenKind::Caret) {
            return base;
        }
        let exponent = match self.nested(Self::unary) {
            Some(exponent) => exponent,
            None => self.error_expr(),
        };
        let kind = ExprKind::Binary(BinaryOp::Pow, Box::new(base), Box::new(exponent));
        Expr { kind, span: self.span_from(start) }
    }

    /// Calls, indexes and members after `base`.
    fn postfix(&mut self, base: Expr, start: u32) -> Expr {
        let mut expr = base;
        loop {
            let kind = match self.kind() {
                TokenKind::LParen => {
                    let args = self.args();
                    ExprKind::Call(Box::new(expr), args)
                }
                TokenKind::LBracket => {
                    self.bump();
                    let index = self.expr();
                    self.close(TokenKind::RBracket, "`]` after the index");
                    ExprKind::Index(Box::new(expr), Box::new(index))
                }
                TokenKind::Dot => {
                    self.bump();
                    if !self.at(TokenKind::Ident) {
                        self.unexpected("the name of a member");
                        return expr;
                    }
                    let name = self.bump();
                    ExprKind::Member(Box::new(expr), self.symbol(name))
                }
                _ => return expr,
            };
            expr = Expr { kind, span: self.span_from(start) };
        }
    }

    fn primary(&mut self) -> Expr {
        let token = self.token();
        let kind = match token.kind {
            TokenKind::Undef => ExprKind::Undef,
            TokenKind::True => ExprKind::Bool(true),
            TokenKind::False => ExprKind::Bool(false),
            TokenKind::Number => {
                let report = &mut |diagnostic| self.diagnostics.push(diagnostic);
                let text = &self.text[token.start as usize..token.end as usize];
                ExprKind::Number(literal::number(text, token.span(), report))
            }
            TokenKind::String => {
                let report = &mut |diagnostic| self.diagnostics.push(diagnostic);
                let inner = &self.text[token.start as usize + 1..token.end as usize - 1];
                ExprKind::String(literal::string(inner, token.start + 1, report).into())
            }
            TokenKind::Ident => ExprKind::Name(self.symbol(token)),
            TokenKind::LParen => {
                self.bump();
                let inner = self.expr();
                self.close(TokenKind::RParen, "`)`");
                return inner;
            }
            TokenKind::LBracket => return self.vector(),
            TokenKind::Let | TokenKind::Assert | TokenKind::Echo | TokenKind::Function => {
                self.error(token.span(), "put this in brackets to use it as an operand");
                // Read it nevertheless, so that the tree is complete and what follows makes sense.
                self.panicking = false;
                return self
                    .prefix_form_nested(token.start)
                    .expect("the current token starts a prefix form");
            }
            _ => {
                self.unexpected("an expression");
                return self.error_expr();
            }
        };
        self.bump();
        Expr { kind, span: token.span() }
    }
}

/// Whether an expression can start with a token of this kind.
pub(super) fn starts_expr(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(
        kind,
        Ident
            | Number
            | String
            | Let
            | Assert
            | Echo
            | Function
            | True
            | False
            | Undef
            | LParen
            | LBracket
            | Plus
            | Minus
            | Bang
            | Tilde
    )
}

/// The infix operator that a token is, except `^`, and how tightly it binds.
pub(super) fn binary_op(kind: TokenKind) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        TokenKind::OrOr => (BinaryOp::Or, 1),
        TokenKind::AndAnd => (BinaryOp::And, 2),
        TokenKind::EqEq => (BinaryOp::Eq, 3),
        TokenKind::NotEq => (BinaryOp::Ne, 3),
        TokenKind::Lt => (BinaryOp::Lt, 4),
        TokenKind::Le => (BinaryOp::Le, 4),
        TokenKind::Gt => (BinaryOp::Gt, 4),
        TokenKind::Ge => (BinaryOp::Ge, 4),
        TokenKind::Pipe => (BinaryOp::BitOr, 5),
        TokenKind::Amp => (BinaryOp::BitAnd, 6),
        TokenKind::Shl => (BinaryOp::Shl, 7),
        TokenKind::Shr => (BinaryOp::Shr, 7),
        TokenKind::Plus => (BinaryOp::Add, 8),
        TokenKind::Minus => (BinaryOp::Sub, 8),
        TokenKind::Star => (BinaryOp::Mul, 9),
        TokenKind::Slash => (BinaryOp::Div, 9),
        TokenKind::Percent => (BinaryOp::Mod, 9),
        _ => return None,
    })
}
