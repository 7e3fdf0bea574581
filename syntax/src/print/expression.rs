//! Expressions as text.

use crate::ast::{
    Arg, Element, ElementKind, Expr, ExprKind, FunctionParts, Param, Symbol, SymbolTable, UnaryOp,
};
use crate::number::write_number;

/// Appends `expr` to `out`. `symbols` are those of the file it is of.
pub fn write_expr(out: &mut String, expr: &Expr, symbols: &SymbolTable) {
    Printer { out, symbols }.expr(expr);
}

/// Appends a function literal: `function(a, b = 2) (a + b)`.
pub fn write_function(out: &mut String, function: &FunctionParts, symbols: &SymbolTable) {
    Printer { out, symbols }.function(function);
}

/// Appends text for nodes of one file.
pub(super) struct Printer<'a> {
    pub(super) out: &'a mut String,
    pub(super) symbols: &'a SymbolTable,
}

impl<'a> Printer<'a> {
    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn name(&mut self, name: Symbol) {
        self.out.push_str(self.symbols.name(name));
    }

    /// Chains grow along one child each, see `drop.rs`: they are walked with a loop, which leaves what follows that
    /// child for later.
    pub(super) fn expr(&mut self, expr: &Expr) {
        let mut links = vec![];
        let mut expr = expr;
        loop {
            let child = match &expr.kind {
                ExprKind::Binary(_, left, _) => {
                    self.text("(");
                    left
                }
                ExprKind::Call(callee, _) => {
                    if !matches!(callee.kind, ExprKind::Name(_)) {
                        self.text("(");
                    }
                    callee
                }
                ExprKind::Index(base, _) | ExprKind::Member(base, _) => base,
                ExprKind::Ternary(parts) => {
                    self.text("(");
                    self.expr(&parts[0]);
                    self.text(" ? ");
                    self.expr(&parts[1]);
                    self.text(" : ");
                    &parts[2]
                }
                _ => break,
            };
            links.push(expr);
            expr = child;
        }
        self.leaf(expr);
        for link in links.iter().rev() {
            self.rest_of_link(link);
        }
    }

    /// What follows the child along which a chain grows.
    fn rest_of_link(&mut self, link: &Expr) {
        match &link.kind {
            ExprKind::Binary(op, _, right) => {
                self.text(" ");
                self.text(op.as_str());
                self.text(" ");
                self.expr(right);
                self.text(")");
            }
            ExprKind::Call(callee, args) => {
                if !matches!(callee.kind, ExprKind::Name(_)) {
                    self.text(")");
                }
                self.args(args);
            }
            ExprKind::Index(_, index) => {
                self.text("[");
                self.expr(index);
                self.text("]");
            }
            ExprKind::Member(_, name) => {
                self.text(".");
                self.name(*name);
            }
            _ => self.text(")"),
        }
    }

    /// An expression that is no link of a chain.
    fn leaf(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Undef => self.text("undef"),
            ExprKind::Bool(true) => self.text("true"),
            ExprKind::Bool(false) => self.text("false"),
            ExprKind::Number(value) => {
                // As a value `-0` prints `0`; as source it keeps its sign.
                if *value == 0.0 && value.is_sign_negative() {
                    self.text("-");
                }
                write_number(self.out, *value);
            }
            ExprKind::String(value) => write_string(self.out, value),
            ExprKind::Name(name) => self.name(*name),
            ExprKind::Vector(elements) => {
                self.text("[");
                self.list(elements, Self::element);
                self.text("]");
            }
            ExprKind::Range(range) => {
                self.text("[");
                self.expr(&range.begin);
                for part in range.step.iter().chain([&range.end]) {
                    self.text(" : ");
                    self.expr(part);
                }
                self.text("]");
            }
            ExprKind::Unary(op, operand) => {
                if *op != UnaryOp::Plus {
                    self.text(op.as_str());
                }
                self.expr(operand);
            }
            ExprKind::Let(args, body) => self.prefix_form("let", args, Some(body)),
            ExprKind::Assert(args, body) => self.prefix_form("assert", args, body.as_deref()),
            ExprKind::Echo(args, body) => self.prefix_form("echo", args, body.as_deref()),
            ExprKind::Function(function) => self.function(function),
            // Nothing prints broken source; a name that cannot be one shows if something does.
            ExprKind::Error => self.text("<error>"),
            ExprKind::Binary(..)
            | ExprKind::Call(..)
            | ExprKind::Index(..)
            | ExprKind::Member(..)
            | ExprKind::Ternary(..) => self.expr(expr),
        }
    }

    fn prefix_form(&mut self, word: &str, args: &[Arg], body: Option<&Expr>) {
        self.text(word);
        self.args(args);
        if let Some(body) = body {
            self.text(" ");
            self.expr(body);
        }
    }

    fn function(&mut self, function: &FunctionParts) {
        self.text("function");
        self.params(&function.params);
        self.text(" ");
        self.expr(&function.body);
    }

    pub(super) fn args(&mut self, args: &[Arg]) {
        self.text("(");
        self.list(args, Self::arg);
        self.text(")");
    }

    fn arg(&mut self, arg: &Arg) {
        if let Some(name) = arg.name {
            self.name(name);
            self.text(" = ");
        }
        self.expr(&arg.value);
    }

    pub(super) fn params(&mut self, params: &[Param]) {
        self.text("(");
        self.list(params, |printer, param| {
            printer.name(param.name);
            if let Some(default) = &param.default {
                printer.text(" = ");
                printer.expr(default);
            }
        });
        self.text(")");
    }

    fn element(&mut self, element: &Element) {
        match &element.kind {
            ElementKind::Expr(value) => self.expr(value),
            ElementKind::For(bindings, body) => self.for_element(bindings, body),
            ElementKind::ForC { init, condition, next, body } => {
                self.text("for(");
                self.list(init, Self::arg);
                self.text(";");
                self.expr(condition);
                self.text(";");
                self.list(next, Self::arg);
                self.text(") ");
                self.element(body);
            }
            ElementKind::If(condition, then, otherwise) => {
                self.text("if(");
                self.expr(condition);
                self.text(") ");
                self.body(then);
                if let Some(otherwise) = otherwise {
                    self.text(" else ");
                    self.body(otherwise);
                }
            }
            ElementKind::Let(bindings, body) => {
                self.text("let");
                self.args(bindings);
                self.text(" ");
                self.body(body);
            }
            ElementKind::Each(body) => {
                self.text("each ");
                self.body(body);
            }
        }
    }

    /// OpenSCAD takes a loop over several variables as loops in one another, and one over none as its body.
    fn for_element(&mut self, bindings: &[Arg], body: &Element) {
        for (place, binding) in bindings.iter().enumerate() {
            if place > 0 {
                self.text("(");
            }
            self.text("for(");
            self.arg(binding);
            self.text(") ");
        }
        if bindings.is_empty() {
            self.element(body);
        } else {
            self.body(body);
        }
        self.text(&")".repeat(bindings.len().saturating_sub(1)));
    }

    fn body(&mut self, body: &Element) {
        self.text("(");
        self.element(body);
        self.text(")");
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.text(", ");
            }
            write(self, item);
        }
    }
}

/// Appends a string literal.
pub(super) fn write_string(out: &mut String, value: &str) {
    out.push('"');
    for char in value.chars() {
        match char {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '"' | '\\' => out.extend(['\\', char]),
            _ => out.push(char),
        }
    }
    out.push('"');
}
