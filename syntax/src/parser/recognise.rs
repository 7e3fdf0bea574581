//! Recognises definitions that are right, without making their trees.
//!
//! The same grammar as the parser's, less all that makes nodes, finds precedence, reports or recovers: anything odd
//! ends it at once, and the parser then reads the definition from its start and says what is wrong. So what is recognised has
//! no faults (a property test holds the two to that), and what is not costs time only. On the way every name gets its
//! symbol, in the order in which the parser would meet it.

use super::Parser;
use super::expression::{binary_op, starts_expr};
use crate::literal;
use crate::token::TokenKind;

/// None: not recognised.
pub(super) type Recognised<T = ()> = Option<T>;

/// Nesting up to which definitions are recognised. The parser counts several levels for what is one here, and its limit is
/// ten times as high.
const MAX_DEPTH: u32 = 50;

/// Where statements stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Body,
    Children,
}

/// What an element of a vector is: only a plain value can begin a range or be an operand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ElementSort {
    Value,
    Comprehension,
}

impl Parser<'_> {
    /// `(params) = body`
    pub(super) fn recognise_function(&mut self) -> Recognised {
        self.pass_function_parts(0)
    }

    /// `(params) body`
    pub(super) fn recognise_module(&mut self) -> Recognised {
        self.pass_module_parts(0)
    }

    fn pass_function_parts(&mut self, depth: u32) -> Recognised {
        self.pass_params(depth)?;
        self.pass(TokenKind::Assign)?;
        self.pass_expr(depth + 1)
    }

    fn pass_module_parts(&mut self, depth: u32) -> Recognised {
        self.pass_params(depth)?;
        match self.kind() {
            TokenKind::LBrace => self.pass_block(Place::Body, depth),
            _ => self.pass_stmt(Place::Body, depth + 1),
        }
    }

    fn pass(&mut self, kind: TokenKind) -> Recognised {
        self.eat(kind).then_some(())
    }

    fn pass_name(&mut self) -> Recognised<crate::ast::Symbol> {
        if !self.at(TokenKind::Ident) {
            return None;
        }
        let token = self.bump();
        Some(self.symbol(token))
    }

    fn pass_expr(&mut self, depth: u32) -> Recognised {
        if depth > MAX_DEPTH {
            return None;
        }
        loop {
            match self.kind() {
                TokenKind::Let => {
                    self.bump();
                    self.pass_args(depth)?;
                    return self.pass_expr(depth + 1);
                }
                TokenKind::Assert | TokenKind::Echo => {
                    self.bump();
                    self.pass_args(depth)?;
                    return match starts_expr(self.kind()) {
                        true => self.pass_expr(depth + 1),
                        false => Some(()),
                    };
                }
                TokenKind::Function => {
                    self.bump();
                    self.pass_params(depth)?;
                    return self.pass_expr(depth + 1);
                }
                _ => {}
            }
            self.pass_operand(depth)?;
            self.pass_infix(depth)?;
            if !self.eat(TokenKind::Question) {
                return Some(());
            }
            self.pass_expr(depth + 1)?;
            self.pass(TokenKind::Colon)?;
        }
    }

    /// Infix operators and their right operands. How tightly they bind changes the tree, not what is right.
    fn pass_infix(&mut self, depth: u32) -> Recognised {
        let mut depth = depth;
        while self.at(TokenKind::Caret) || binary_op(self.kind()).is_some() {
            // Powers nest to the right.
            depth += u32::from(self.bump().kind == TokenKind::Caret);
            self.pass_operand(depth)?;
        }
        Some(())
    }

    fn pass_operand(&mut self, depth: u32) -> Recognised {
        let mut depth = depth;
        while matches!(
            self.kind(),
            TokenKind::Minus | TokenKind::Plus | TokenKind::Bang | TokenKind::Tilde
        ) {
            self.bump();
            depth += 1;
        }
        if depth > MAX_DEPTH {
            return None;
        }
        match self.kind() {
            TokenKind::Ident => {
                self.pass_name()?;
            }
            TokenKind::Undef | TokenKind::True | TokenKind::False => {
                self.bump();
            }
            TokenKind::Number => self.pass_number()?,
            TokenKind::String => self.pass_string()?,
            TokenKind::LParen => {
                self.bump();
                self.pass_expr(depth + 1)?;
                self.pass(TokenKind::RParen)?;
            }
            TokenKind::LBracket => self.pass_vector(depth + 1)?,
            _ => return None,
        }
        self.pass_postfix(depth)
    }

    fn pass_postfix(&mut self, depth: u32) -> Recognised {
        loop {
            match self.kind() {
                TokenKind::LParen => self.pass_args(depth)?,
                TokenKind::LBracket => {
                    self.bump();
                    self.pass_expr(depth + 1)?;
                    self.pass(TokenKind::RBracket)?;
                }
                TokenKind::Dot => {
                    self.bump();
                    self.pass_name()?;
                }
                _ => return Some(()),
            }
        }
    }

    /// A number of which there is nothing to say.
    fn pass_number(&mut self) -> Recognised {
        let token = self.bump();
        let mut faults = 0;
        literal::number(self.text_of(token), token.span(), &mut |_| faults += 1);
        (faults == 0).then_some(())
    }

    fn pass_string(&mut self) -> Recognised {
        let token = self.bump();
        let inner = &self.text[token.start as usize + 1..token.end as usize - 1];
        let mut faults = 0;
        if inner.contains('\\') {
            literal::string(inner, token.start + 1, &mut |_| faults += 1);
        }
        (faults == 0).then_some(())
    }

    /// `(a, name = b)`
    fn pass_args(&mut self, depth: u32) -> Recognised {
        self.pass(TokenKind::LParen)?;
        self.pass_arg_list(depth)?;
        self.pass(TokenKind::RParen)
    }

    fn pass_arg_list(&mut self, depth: u32) -> Recognised {
        while !matches!(self.kind(), TokenKind::RParen | TokenKind::Semicolon) {
            if self.at(TokenKind::Ident) && self.next_kind() == TokenKind::Assign {
                self.pass_name()?;
                self.bump();
            }
            self.pass_expr(depth + 1)?;
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        Some(())
    }

    /// `(a, b = default)`
    fn pass_params(&mut self, depth: u32) -> Recognised {
        self.pass(TokenKind::LParen)?;
        while !self.at(TokenKind::RParen) {
            self.pass_name()?;
            if self.eat(TokenKind::Assign) {
                self.pass_expr(depth + 1)?;
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.pass(TokenKind::RParen)
    }

    /// A vector or a range.
    fn pass_vector(&mut self, depth: u32) -> Recognised {
        self.pass(TokenKind::LBracket)?;
        let mut first = true;
        while !self.at(TokenKind::RBracket) {
            let sort = self.pass_element(depth)?;
            if first && sort == ElementSort::Value && self.eat(TokenKind::Colon) {
                self.pass_expr(depth + 1)?;
                if self.eat(TokenKind::Colon) {
                    self.pass_expr(depth + 1)?;
                }
                break;
            }
            first = false;
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.pass(TokenKind::RBracket)
    }

    fn pass_element(&mut self, depth: u32) -> Recognised<ElementSort> {
        if depth > MAX_DEPTH {
            return None;
        }
        let depth = depth + 1;
        match self.kind() {
            TokenKind::For => {
                self.bump();
                self.pass(TokenKind::LParen)?;
                self.pass_arg_list(depth)?;
                if self.eat(TokenKind::Semicolon) {
                    self.pass_expr(depth)?;
                    self.pass(TokenKind::Semicolon)?;
                    self.pass_arg_list(depth)?;
                }
                self.pass(TokenKind::RParen)?;
                self.pass_element(depth)?;
            }
            TokenKind::If => {
                self.bump();
                self.pass_condition(depth)?;
                self.pass_element(depth)?;
                if self.eat(TokenKind::Else) {
                    self.pass_element(depth)?;
                }
            }
            TokenKind::Each => {
                self.bump();
                self.pass_element(depth)?;
            }
            TokenKind::Let => {
                self.bump();
                self.pass_args(depth)?;
                return self.pass_element(depth);
            }
            // A bracketed comprehension, or the first operand of an expression.
            TokenKind::LParen => {
                self.bump();
                let sort = self.pass_element(depth)?;
                self.pass(TokenKind::RParen)?;
                if sort == ElementSort::Comprehension {
                    return Some(sort);
                }
                self.pass_postfix(depth)?;
                self.pass_infix(depth)?;
                if self.eat(TokenKind::Question) {
                    self.pass_expr(depth)?;
                    self.pass(TokenKind::Colon)?;
                    self.pass_expr(depth)?;
                }
                return Some(ElementSort::Value);
            }
            _ => {
                self.pass_expr(depth)?;
                return Some(ElementSort::Value);
            }
        }
        Some(ElementSort::Comprehension)
    }

    /// `(expr)` after `if`.
    fn pass_condition(&mut self, depth: u32) -> Recognised {
        self.pass(TokenKind::LParen)?;
        self.pass_expr(depth)?;
        self.pass(TokenKind::RParen)
    }

    fn pass_block(&mut self, place: Place, depth: u32) -> Recognised {
        self.pass(TokenKind::LBrace)?;
        while !matches!(self.kind(), TokenKind::RBrace | TokenKind::Eof) {
            self.pass_stmt(place, depth + 1)?;
        }
        self.pass(TokenKind::RBrace)
    }

    fn pass_stmt(&mut self, place: Place, depth: u32) -> Recognised {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.kind() {
            TokenKind::Semicolon => self.pass(TokenKind::Semicolon),
            TokenKind::LBrace => self.pass_block(place, depth),
            TokenKind::Module if place == Place::Body => {
                self.bump();
                self.pass_name()?;
                self.pass_module_parts(depth)
            }
            TokenKind::Function if place == Place::Body => {
                self.bump();
                self.pass_name()?;
                self.pass_function_parts(depth)?;
                self.pass(TokenKind::Semicolon)
            }
            TokenKind::Ident if self.next_kind() == TokenKind::Assign => {
                let name = self.pass_name()?;
                // One that is assigned twice has to be seen when the file is loaded.
                self.assigned.insert(name).then_some(())?;
                self.bump();
                self.pass_expr(depth + 1)?;
                self.pass(TokenKind::Semicolon)
            }
            _ => self.pass_instantiation(depth),
        }
    }

    fn pass_instantiation(&mut self, depth: u32) -> Recognised {
        if depth > MAX_DEPTH {
            return None;
        }
        while matches!(
            self.kind(),
            TokenKind::Bang | TokenKind::Hash | TokenKind::Percent | TokenKind::Star
        ) {
            self.bump();
        }
        match self.kind() {
            TokenKind::If => loop {
                self.bump();
                self.pass_condition(depth + 1)?;
                self.pass_children(depth + 1)?;
                if !self.eat(TokenKind::Else) {
                    return Some(());
                }
                if !self.at(TokenKind::If) {
                    return self.pass_children(depth + 1);
                }
            },
            TokenKind::Ident
            | TokenKind::For
            | TokenKind::Let
            | TokenKind::Assert
            | TokenKind::Echo
            | TokenKind::Each => {
                let token = self.bump();
                self.symbol(token);
                self.pass_args(depth + 1)?;
                self.pass_children(depth + 1)
            }
            _ => None,
        }
    }

    /// What follows a module instantiation or `if (..)`: `;`, one child or a block.
    fn pass_children(&mut self, depth: u32) -> Recognised {
        match self.kind() {
            TokenKind::Semicolon => self.pass(TokenKind::Semicolon),
            TokenKind::LBrace => self.pass_block(Place::Children, depth),
            _ if self.starts_instantiation() => self.pass_instantiation(depth),
            _ => None,
        }
    }
}
