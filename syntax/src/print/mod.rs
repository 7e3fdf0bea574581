//! Syntax tree to text, as OpenSCAD re-prints it.
//!
//! [`write_expr`] is the form in which the message of a failed `assert` and `str` of a function show source: one line,
//! every infix operation in brackets, prefix plus left out. [`write_file`] is the `.ast` export.
//!
//! The text is meant for people: some brackets that re-reading it would need are missing in OpenSCAD too. `(-a)^2`
//! comes out as `(-a ^ 2)`, `(-a).x` as `-a.x`.

mod expression;
mod statement;

pub use expression::{write_expr, write_function};
pub use statement::write_file;

use crate::ast::{Expr, SymbolTable};

/// [`write_expr`] to a new string.
pub fn print_expr(expr: &Expr, symbols: &SymbolTable) -> String {
    let mut out = String::new();
    write_expr(&mut out, expr, symbols);
    out
}

/// `text` in quotes, with escapes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::new();
    expression::write_string(&mut out, text);
    out
}
