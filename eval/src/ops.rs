//! Operators on values.
//!
//! An operation that is not defined gives `undef` and a message without a place; the caller, who knows where the
//! operator stands, reports it.

use std::rc::Rc;

use scadstream_syntax::ast::{BinaryOp, UnaryOp};

use crate::compare;
use crate::list::{List, ListBuilder, Numbers};
use crate::value::Value;

/// A value, or why there is none; the value is `undef` then.
pub(crate) type OpResult = Result<Value, String>;

/// Every binary operator but `&&` and `||`, which decide themselves whether their right side is evaluated.
pub(crate) fn binary(op: BinaryOp, left: Value, right: Value) -> OpResult {
    match op {
        BinaryOp::Add | BinaryOp::Sub => add_or_subtract(op, left, right),
        BinaryOp::Mul => multiply(&left, &right),
        BinaryOp::Div => divide(&left, &right),
        BinaryOp::Mod => numeric(op, &left, &right, remainder),
        BinaryOp::Pow => numeric(op, &left, &right, f64::powf),
        BinaryOp::Eq => Ok(Value::Bool(compare::equal(&left, &right))),
        BinaryOp::Ne => Ok(Value::Bool(!compare::equal(&left, &right))),
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            compare::ordered(op, &left, &right)
        }
        BinaryOp::BitAnd => bitwise(op, &left, &right, |a, b| a & b),
        BinaryOp::BitOr => bitwise(op, &left, &right, |a, b| a | b),
        BinaryOp::Shl | BinaryOp::Shr => shift(op, &left, &right),
        BinaryOp::And => Ok(Value::Bool(left.is_true() && right.is_true())),
        BinaryOp::Or => Ok(Value::Bool(left.is_true() || right.is_true())),
    }
}

/// Every prefix operator.
pub(crate) fn unary(op: UnaryOp, value: &Value) -> OpResult {
    match op {
        UnaryOp::Not => Ok(Value::Bool(!value.is_true())),
        UnaryOp::Plus => Ok(value.clone()),
        UnaryOp::Neg => match value {
            Value::Number(x) => Ok(Value::Number(-x)),
            Value::List(list) => Ok(Value::List(negate(list))),
            other => Err(format!("undefined operation (-{})", other.type_name())),
        },
        UnaryOp::BitNot => match value {
            Value::Number(x) => Ok(Value::Number(!to_integer(*x) as f64)),
            other => Err(format!("undefined operation (~{})", other.type_name())),
        },
    }
}

/// Says that `op` is not defined for the two types.
pub(crate) fn undefined(op: BinaryOp, left: &Value, right: &Value) -> String {
    format!("undefined operation ({} {} {})", left.type_name(), op.as_str(), right.type_name())
}

/// What division leaves, with the sign of `a`. Whole numbers go through integer division, which is many times faster
/// than the general case and exact as well.
#[inline]
pub(crate) fn remainder(a: f64, b: f64) -> f64 {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    let (i, j) = (a as i64, b as i64);
    if a.abs() < EXACT && b.abs() < EXACT && i as f64 == a && j as f64 == b && j != 0 {
        let rest = (i % j) as f64;
        return if rest == 0.0 && a < 0.0 { -0.0 } else { rest };
    }
    a % b
}

fn numeric(op: BinaryOp, left: &Value, right: &Value, f: impl Fn(f64, f64) -> f64) -> OpResult {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Ok(Value::Number(f(*a, *b))),
        _ => Err(undefined(op, left, right)),
    }
}

/// Each number of a list through `f`.
fn mapped(numbers: &[f64], f: impl Fn(f64) -> f64) -> List {
    let mut out = Numbers::from_slice(numbers);
    out.iter_mut().for_each(|x| *x = f(*x));
    List::numbers(out)
}

fn negate(list: &List) -> List {
    match list {
        List::Numbers(n) => mapped(n, |x| -x),
        List::Rows(r) => List::Rows(Rc::new(r.mapped(|x| -x))),
        List::Joined(_) | List::Values(_) => {
            list.iter().map(|v| unary(UnaryOp::Neg, &v).unwrap_or(Value::Undef)).collect()
        }
    }
}

fn add_or_subtract(op: BinaryOp, left: Value, right: Value) -> OpResult {
    let sign = if op == BinaryOp::Sub { -1.0 } else { 1.0 };
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Ok(Value::Number(a + sign * b)),
        (Value::List(List::Numbers(mut a)), Value::List(List::Numbers(b))) => {
            if let Some(own) = Rc::get_mut(&mut a) {
                own.truncate(b.len());
                own.iter_mut().zip(b.iter()).for_each(|(x, y)| *x += sign * y);
                return Ok(Value::List(List::Numbers(a)));
            }
            let sum: Numbers = a.iter().zip(b.iter()).map(|(x, y)| x + sign * y).collect();
            Ok(Value::List(List::numbers(sum)))
        }
        (Value::List(List::Rows(mut a)), Value::List(List::Rows(b))) if a.width() == b.width() => {
            Rc::make_mut(&mut a).zip_in_place(&b, |x, y| x + sign * y);
            Ok(Value::List(List::Rows(a)))
        }
        (Value::List(a), Value::List(b)) => {
            // What cannot be added inside a vector is `undef` there, without a message.
            let pairs = a.iter().zip(b.iter());
            Ok(Value::List(
                pairs.map(|(x, y)| add_or_subtract(op, x, y).unwrap_or(Value::Undef)).collect(),
            ))
        }
        (left, right) => Err(undefined(op, &left, &right)),
    }
}

fn multiply(left: &Value, right: &Value) -> OpResult {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Ok(Value::Number(a * b)),
        (Value::Number(x), Value::List(list)) | (Value::List(list), Value::Number(x)) => {
            Ok(Value::List(scale_list(list, *x)))
        }
        (Value::List(a), Value::List(b)) => multiply_lists(a, b),
        _ => Err(undefined(BinaryOp::Mul, left, right)),
    }
}

fn scale_list(list: &List, factor: f64) -> List {
    match list {
        List::Numbers(n) => mapped(n, |x| x * factor),
        List::Rows(r) => List::Rows(Rc::new(r.mapped(|x| x * factor))),
        List::Joined(_) | List::Values(_) => {
            let factor = Value::Number(factor);
            list.iter().map(|v| multiply(&v, &factor).unwrap_or(Value::Undef)).collect()
        }
    }
}

/// Dot product, or a product with a matrix: a list whose first element is a list.
fn multiply_lists(a: &List, b: &List) -> OpResult {
    let (Some(first_a), Some(first_b)) = (a.get(0), b.get(0)) else {
        return Err("Multiplication is undefined on empty vectors".into());
    };
    match (&first_a, &first_b) {
        (Value::Number(_), Value::Number(_)) => dot(a, b).map(Value::Number),
        (Value::Number(_), Value::List(_)) => vector_by_matrix(a, b).map(Value::List),
        (Value::List(row), Value::Number(_)) => {
            if row.len() != b.len() {
                return Err(format!(
                    "matrix*vector requires matrix column count to match vector length ({} != {})",
                    row.len(),
                    b.len()
                ));
            }
            matrix_by_vector(a, b).map(Value::List)
        }
        (Value::List(row), Value::List(_)) => {
            if row.len() != b.len() {
                return Err(format!(
                    "matrix*matrix requires left operand column count to match right operand row count ({} != {})",
                    row.len(),
                    b.len()
                ));
            }
            let rows = a.iter().enumerate().map(|(i, row)| match row {
                Value::List(row) if row.len() == b.len() => vector_by_matrix(&row, b)
                    .map(Value::List)
                    .map_err(|why| format!("{why}\n\twhile processing left row {i}")),
                row => {
                    let (len, wanted) = (row.as_list().map_or(0, List::len), b.len());
                    Err(format!(
                        "matrix*matrix left operand row length does not match right operand row count \
                         ({len} != {wanted}) at row {i}"
                    ))
                }
            });
            Ok(Value::List(rows.collect::<Result<List, String>>()?))
        }
        _ => Err(format!(
            "undefined vector*vector multiplication where first elements are types {} and {}",
            first_a.type_name(),
            first_b.type_name()
        )),
    }
}

fn dot(a: &List, b: &List) -> Result<f64, String> {
    if a.len() != b.len() {
        return Err(format!(
            "vector*vector requires matching lengths ({} != {})",
            a.len(),
            b.len()
        ));
    }
    if let (Some(a), Some(b)) = (a.as_slice(), b.as_slice()) {
        return Ok(a.iter().zip(b).fold(0.0, |sum, (x, y)| sum + x * y));
    }
    let mut sum = 0.0;
    for (x, y) in a.iter().zip(b.iter()) {
        match (&x, &y) {
            (Value::Number(x), Value::Number(y)) => sum += x * y,
            _ => return Err(undefined(BinaryOp::Mul, &x, &y)),
        }
    }
    Ok(sum)
}

fn matrix_by_vector(matrix: &List, vector: &List) -> Result<List, String> {
    let mut out = ListBuilder::with_capacity(matrix.len());
    for i in 0..matrix.len() {
        let Some(row) = matrix.row(i) else {
            return Err(format!("Matrix must contain only vectors. Problem at row {i}"));
        };
        if row.len() != vector.len() {
            return Err(format!("Matrix must be rectangular. Problem at row {i}"));
        }
        let mut sum = 0.0;
        for j in 0..row.len() {
            let Some(x) = row.number(j) else {
                return Err(format!(
                    "Matrix must contain only numbers. Problem at row {i}, col {j}"
                ));
            };
            let Some(y) = vector.number(j) else {
                return Err(format!("Vector must contain only numbers. Problem at index {j}"));
            };
            sum += x * y;
        }
        out.push(Value::Number(sum));
    }
    Ok(out.finish())
}

fn vector_by_matrix(vector: &List, matrix: &List) -> Result<List, String> {
    if vector.len() != matrix.len() {
        return Err(format!(
            "vector*matrix requires vector length to match matrix row count ({} != {})",
            vector.len(),
            matrix.len()
        ));
    }
    let mut out: Numbers = Numbers::new();
    for i in 0..matrix.len() {
        let Some(row) = matrix.row(i) else {
            return Err(format!("Matrix must contain only vectors. Problem at row {i}"));
        };
        if i == 0 {
            out.resize(row.len(), 0.0);
        } else if row.len() != out.len() {
            return Err(format!("Matrix must be rectangular. Problem at row {i}"));
        }
        let Some(x) = vector.number(i) else {
            return Err(format!("Vector must contain only numbers. Problem at index {i}"));
        };
        for (j, sum) in out.iter_mut().enumerate() {
            let Some(y) = row.number(j) else {
                return Err(format!(
                    "Matrix must contain only numbers. Problem at row {i}, col {j}"
                ));
            };
            *sum += x * y;
        }
    }
    Ok(List::numbers(out))
}

fn divide(left: &Value, right: &Value) -> OpResult {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Ok(Value::Number(a / b)),
        (Value::List(List::Numbers(list)), Value::Number(x)) => {
            Ok(Value::List(mapped(list, |y| y / x)))
        }
        (Value::List(List::Rows(rows)), Value::Number(x)) => {
            Ok(Value::List(List::Rows(Rc::new(rows.mapped(|y| y / x)))))
        }
        (Value::List(list), Value::Number(_)) => Ok(Value::List(
            list.iter().map(|v| divide(&v, right).unwrap_or(Value::Undef)).collect(),
        )),
        (Value::Number(_), Value::List(list)) => {
            Ok(Value::List(list.iter().map(|v| divide(left, &v).unwrap_or(Value::Undef)).collect()))
        }
        _ => Err(undefined(BinaryOp::Div, left, right)),
    }
}

/// Truncated to a 64-bit integer; what does not fit saturates, NaN is 0.
fn to_integer(x: f64) -> i64 {
    x as i64
}

fn bitwise(op: BinaryOp, left: &Value, right: &Value, f: impl Fn(i64, i64) -> i64) -> OpResult {
    numeric(op, left, right, |a, b| f(to_integer(a), to_integer(b)) as f64)
}

fn shift(op: BinaryOp, left: &Value, right: &Value) -> OpResult {
    let (Value::Number(a), Value::Number(b)) = (left, right) else {
        return Err(undefined(op, left, right));
    };
    let (a, count) = (to_integer(*a), to_integer(*b));
    if count < 0 {
        return Err("negative shift".into());
    }
    if count >= 64 {
        return Err("shift too large".into());
    }
    let shifted = if op == BinaryOp::Shl { a.wrapping_shl(count as u32) } else { a >> count };
    Ok(Value::Number(shifted as f64))
}
