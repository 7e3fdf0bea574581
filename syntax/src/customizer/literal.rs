//! Values that are written out in the source.

use std::sync::Arc;

use crate::ast::{ElementKind, Expr, ExprKind, UnaryOp};

/// The value of a literal expression, as far as widgets tell values apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Number(f64),
    String(Arc<str>),
    /// A vector of numbers.
    Vector(Vec<f64>),
    /// `undef`, a range, or a vector of other things.
    Other,
}

/// The value of `expr` if it is a literal: a constant, a prefix operator before one, or a vector or range of them.
pub(crate) fn literal(expr: &Expr) -> Option<Literal> {
    Some(match &expr.kind {
        ExprKind::Undef => Literal::Other,
        ExprKind::Bool(value) => Literal::Bool(*value),
        ExprKind::Number(value) => Literal::Number(*value),
        ExprKind::String(value) => Literal::String(value.clone()),
        ExprKind::Unary(op, operand) => prefixed(*op, literal(operand)?),
        ExprKind::Range(range) => {
            literal(&range.begin)?;
            literal(&range.end)?;
            if let Some(step) = &range.step {
                literal(step)?;
            }
            Literal::Other
        }
        ExprKind::Vector(elements) => {
            let values = elements.iter().map(|element| match &element.kind {
                ElementKind::Expr(value) => literal(value),
                _ => None,
            });
            vector(&values.collect::<Option<Vec<_>>>()?)
        }
        _ => return None,
    })
}

fn vector(values: &[Literal]) -> Literal {
    let number = |value: &Literal| match value {
        Literal::Number(value) => Some(*value),
        _ => None,
    };
    values.iter().map(number).collect::<Option<_>>().map_or(Literal::Other, Literal::Vector)
}

fn prefixed(op: UnaryOp, operand: Literal) -> Literal {
    match (op, operand) {
        (UnaryOp::Neg, Literal::Number(value)) => Literal::Number(-value),
        (UnaryOp::Neg, Literal::Vector(values)) => {
            Literal::Vector(values.into_iter().map(|value| -value).collect())
        }
        (UnaryOp::Plus, value) => value,
        (UnaryOp::Not, Literal::Bool(value)) => Literal::Bool(!value),
        (UnaryOp::Not, Literal::Number(value)) => Literal::Bool(value == 0.0),
        (UnaryOp::Not, Literal::String(value)) => Literal::Bool(value.is_empty()),
        (UnaryOp::Not, Literal::Vector(values)) => Literal::Bool(values.is_empty()),
        _ => Literal::Other,
    }
}
