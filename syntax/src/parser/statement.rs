//! Statements.

use std::sync::Arc;

use super::Parser;
use crate::ast::{
    Assign, Deferred, FunctionDef, FunctionParts, If, Modifiers, ModuleCall, ModuleDef,
    ModuleParts, Stmt, StmtKind, Symbol,
};
use crate::lexer::path_of;
use crate::span::Span;
use crate::token::TokenKind;

/// Where a statement stands, which decides what it may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The top level of the file: anything.
    Top,
    /// Module bodies and plain braces: anything but `use`.
    Body,
    /// The child block of a module instantiation: instantiations and assignments.
    Children,
}

impl Parser<'_> {
    /// The statements of the whole text.
    pub(super) fn file(&mut self) -> Vec<Stmt> {
        let mut stmts = vec![];
        loop {
            stmts.append(&mut self.stmts(Place::Top));
            if self.at(TokenKind::Eof) {
                return stmts;
            }
            let span = self.bump().span();
            self.error(span, "this `}` closes nothing");
            self.panicking = false;
            stmts.push(Stmt { kind: StmtKind::Error, span });
        }
    }

    /// Statements up to, not including, a `}` or the end of the text.
    fn stmts(&mut self, place: Place) -> Vec<Stmt> {
        let base = self.stmts.len();
        while !matches!(self.kind(), TokenKind::RBrace | TokenKind::Eof) {
            let before = self.start();
            let stmt = self.stmt(place);
            self.stmts.push(stmt);
            if self.panicking {
                self.skip_to_statement(before);
                self.panicking = false;
                if let Some(Stmt { kind: StmtKind::Error, span }) = self.stmts.last_mut() {
                    span.end = span.end.max(self.tokens.last_end);
                }
            }
        }
        self.stmts.drain(base..).collect()
    }

    /// `{ stmts }`; the current token is the `{`.
    fn block(&mut self, place: Place) -> Vec<Stmt> {
        let open = self.bump();
        let stmts = self.stmts(place);
        if !self.eat(TokenKind::RBrace) && !self.panicking {
            let line = self.text[..open.start as usize].bytes().filter(|b| *b == b'\n').count() + 1;
            self.unexpected(&format!("`}}` for the `{{` of line {line}"));
        }
        stmts
    }

    fn stmt(&mut self, place: Place) -> Stmt {
        let start = self.start();
        let kind = self.nested(|parser| parser.stmt_kind(place)).unwrap_or(StmtKind::Error);
        Stmt { kind, span: self.span_from(start) }
    }

    fn stmt_kind(&mut self, place: Place) -> StmtKind {
        let token = self.token();
        match token.kind {
            TokenKind::Semicolon => {
                self.bump();
                StmtKind::Empty
            }
            TokenKind::LBrace => {
                let inner = if place == Place::Top { Place::Body } else { place };
                StmtKind::Block(self.block(inner))
            }
            TokenKind::Include => {
                self.bump();
                StmtKind::Include(path_of(self.text_of(token)).into())
            }
            TokenKind::Use => {
                if place != Place::Top {
                    self.misplaced(token.span(), "`use` may stand only at the top level of a file");
                }
                self.bump();
                StmtKind::Use(path_of(self.text_of(token)).into())
            }
            TokenKind::Module | TokenKind::Function => {
                if place == Place::Children {
                    let hint = "a definition may not stand among the children of a module";
                    self.misplaced(token.span(), hint);
                }
                match token.kind {
                    TokenKind::Module => self.module(place),
                    _ => self.function(place),
                }
            }
            TokenKind::Ident if self.next_kind() == TokenKind::Assign => self.assignment(),
            _ => self.instantiation(),
        }
    }

    /// Reports a statement that may not stand here; it is read nevertheless.
    fn misplaced(&mut self, span: Span, hint: &'static str) {
        self.error(span, hint);
        self.panicking = false;
    }

    fn assignment(&mut self) -> StmtKind {
        let token = self.bump();
        let name = self.symbol(token);
        self.bump();
        let value = self.expr();
        self.expect(TokenKind::Semicolon, "`;` after the assignment");
        StmtKind::Assign(Assign { name, name_span: token.span(), value })
    }

    fn module(&mut self, place: Place) -> StmtKind {
        let start = self.bump().start;
        let Some((name, name_span)) = self.defined_name("module") else { return StmtKind::Error };
        let parts = match place {
            Place::Top => self.deferred(Self::recognise_module, Self::module_parts),
            _ => self.module_parts().map(Deferred::kept),
        };
        let Some(parts) = parts else { return StmtKind::Error };
        let span = self.span_from(start);
        StmtKind::Module(Arc::new(ModuleDef { name, name_span, parts, span }))
    }

    /// Parameters, then statements in braces or a single one.
    pub(crate) fn module_parts(&mut self) -> Option<ModuleParts> {
        let params = self.params();
        if self.panicking {
            return None;
        }
        let body = match self.kind() {
            TokenKind::LBrace => self.block(Place::Body),
            _ => vec![self.stmt(Place::Body)],
        };
        Some(ModuleParts { params, body })
    }

    fn function(&mut self, place: Place) -> StmtKind {
        let start = self.bump().start;
        let Some((name, name_span)) = self.defined_name("function") else {
            return StmtKind::Error;
        };
        let parts = match place {
            Place::Top => self.deferred(Self::recognise_function, Self::function_parts),
            _ => self.function_parts().map(Deferred::kept),
        };
        let Some(parts) = parts else { return StmtKind::Error };
        self.expect(TokenKind::Semicolon, "`;` after the function");
        let span = self.span_from(start);
        StmtKind::Function(Arc::new(FunctionDef { name, name_span, parts, span }))
    }

    /// `(params) = body`
    pub(crate) fn function_parts(&mut self) -> Option<FunctionParts> {
        let params = self.params();
        if !self.expect(TokenKind::Assign, "`=` and the value of the function") {
            return None;
        }
        Some(FunctionParts { params, body: self.expr() })
    }

    fn defined_name(&mut self, what: &str) -> Option<(Symbol, Span)> {
        if !self.at(TokenKind::Ident) {
            self.unexpected(&format!("the name of the {what}"));
            return None;
        }
        let token = self.bump();
        Some((self.symbol(token), token.span()))
    }

    /// A module instantiation or `if`, with the modifiers in front of it.
    fn instantiation(&mut self) -> StmtKind {
        let start = self.start();
        let modifiers = self.modifiers();
        match self.kind() {
            TokenKind::If => self.if_stmt(modifiers),
            TokenKind::Ident
            | TokenKind::For
            | TokenKind::Let
            | TokenKind::Assert
            | TokenKind::Echo
            | TokenKind::Each => self.call(start, modifiers),
            TokenKind::Else => {
                self.unexpected("a statement (an `else` must follow the child of an `if`)");
                StmtKind::Error
            }
            _ => {
                self.unexpected("a statement");
                StmtKind::Error
            }
        }
    }

    fn modifiers(&mut self) -> Modifiers {
        let mut modifiers = Modifiers::default();
        loop {
            match self.kind() {
                TokenKind::Bang => modifiers.root = true,
                TokenKind::Hash => modifiers.highlight = true,
                TokenKind::Percent => modifiers.background = true,
                TokenKind::Star => modifiers.disable = true,
                _ => return modifiers,
            }
            self.bump();
        }
    }

    fn call(&mut self, start: u32, modifiers: Modifiers) -> StmtKind {
        let token = self.bump();
        let name = self.symbol(token);
        if !self.at(TokenKind::LParen) {
            self.unexpected("`(` or `=` after the name");
            return StmtKind::Error;
        }
        let args = self.args();
        let head_span = self.span_from(start);
        let children = if self.panicking { vec![] } else { self.children() };
        let name_span = token.span();
        StmtKind::Call(ModuleCall { modifiers, name, name_span, args, children, head_span })
    }

    /// What follows a module instantiation or `if (..)`: `;`, one child or a block.
    fn children(&mut self) -> Vec<Stmt> {
        match self.kind() {
            TokenKind::Semicolon => {
                self.bump();
                vec![]
            }
            TokenKind::LBrace => self.block(Place::Children),
            _ if self.starts_instantiation() => {
                let start = self.start();
                let kind = self.nested(Self::instantiation).unwrap_or(StmtKind::Error);
                vec![Stmt { kind, span: self.span_from(start) }]
            }
            _ => {
                self.unexpected("`;`, a child or `{`");
                vec![]
            }
        }
    }

    /// `if (condition) then else otherwise`; a chain of `else if` is read in a loop.
    fn if_stmt(&mut self, modifiers: Modifiers) -> StmtKind {
        let mut arms = vec![];
        let (mut start, mut modifiers) = (self.start(), modifiers);
        let otherwise = loop {
            self.bump();
            let condition = self.condition();
            let then = if self.panicking { vec![] } else { self.children() };
            arms.push((start, modifiers, condition, then));
            if self.panicking || !self.eat(TokenKind::Else) {
                break None;
            }
            if !self.at(TokenKind::If) {
                break Some(self.children());
            }
            (start, modifiers) = (self.start(), Modifiers::default());
        };
        let end = self.span_from(start).end;
        let mut otherwise = otherwise;
        loop {
            let (start, modifiers, condition, then) =
                arms.pop().expect("each pass but the last leaves one");
            let kind = StmtKind::If(If { modifiers, condition, then, otherwise });
            if arms.is_empty() {
                return kind;
            }
            otherwise = Some(vec![Stmt { kind, span: Span::new(start, end) }]);
        }
    }

    pub(super) fn starts_instantiation(&self) -> bool {
        use TokenKind::*;
        match self.kind() {
            Ident => self.next_kind() != Assign,
            If | For | Let | Assert | Echo | Each | Bang | Hash | Percent | Star => true,
            _ => false,
        }
    }

    /// After a broken statement that began at token `before`: goes on behind the next `;`, or at the next token that
    /// looks like the start of a statement. Takes at least one token in all.
    fn skip_to_statement(&mut self, before: u32) {
        if self.start() == before && !matches!(self.kind(), TokenKind::RBrace | TokenKind::LBrace) {
            if self.eat(TokenKind::Semicolon) {
                return;
            }
            self.bump();
        }
        loop {
            match self.kind() {
                TokenKind::Semicolon => {
                    self.bump();
                    return;
                }
                TokenKind::LBrace
                | TokenKind::RBrace
                | TokenKind::Module
                | TokenKind::Use
                | TokenKind::Include
                | TokenKind::Eof => return,
                _ if self.starts_statement_line() => return,
                _ => self.bump(),
            };
        }
    }

    /// Whether the current token is the first of its line and looks like the start of a statement.
    pub(super) fn starts_statement_line(&self) -> bool {
        use TokenKind::*;
        let looks = match self.kind() {
            Ident => matches!(self.next_kind(), Assign | LParen),
            Function => self.next_kind() == Ident,
            If | For => self.next_kind() == LParen,
            _ => return false,
        };
        let gap = &self.text[self.tokens.last_end as usize..self.start() as usize];
        looks && gap.contains('\n')
    }
}
