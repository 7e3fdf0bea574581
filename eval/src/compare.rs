//! Equality and order of values.

use std::cmp::Ordering;
use std::rc::Rc;

use scadstream_syntax::ast::BinaryOp;

use crate::list::List;
use crate::ops::OpResult;
use crate::value::Value;

/// How deep two nested lists are followed; deeper ones count as different. Such depth only comes of runaway recursion.
const DEPTH: u32 = 10_000;

/// `==`: values of different types are never equal, NaN is equal to nothing, functions only to themselves.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    equal_to_depth(a, b, DEPTH)
}

fn equal_to_depth(a: &Value, b: &Value, depth: u32) -> bool {
    match (a, b) {
        (Value::Undef, Value::Undef) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::String(a), Value::String(b)) => a.as_str() == b.as_str(),
        (Value::List(List::Numbers(a)), Value::List(List::Numbers(b))) => a == b,
        (Value::List(List::Rows(a)), Value::List(List::Rows(b))) => a == b,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len()
                && depth > 0
                && a.iter().zip(b.iter()).all(|(x, y)| equal_to_depth(&x, &y, depth - 1))
        }
        (Value::Range(a), Value::Range(b)) => a == b,
        (Value::Function(a), Value::Function(b)) => Rc::ptr_eq(a, b),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && depth > 0
                && a.iter().zip(b.iter()).all(|((k, x), (l, y))| {
                    k.as_str() == l.as_str() && equal_to_depth(x, y, depth - 1)
                })
        }
        _ => false,
    }
}

/// `<`, `<=`, `>`, `>=`.
pub(crate) fn ordered(op: BinaryOp, a: &Value, b: &Value) -> OpResult {
    let holds = |ordering: Option<Ordering>| {
        // NaN is in no order with anything.
        ordering.is_some_and(|o| match op {
            BinaryOp::Lt => o.is_lt(),
            BinaryOp::Le => o.is_le(),
            BinaryOp::Gt => o.is_gt(),
            _ => o.is_ge(),
        })
    };
    if let (Value::Number(a), Value::Number(b)) = (a, b) {
        return Ok(Value::Bool(holds(a.partial_cmp(b))));
    }
    order(op, a, b, DEPTH).map(|ordering| Value::Bool(holds(ordering)))
}

/// The order of two values, none where NaN is in the way, or why they have none.
fn order(op: BinaryOp, a: &Value, b: &Value, depth: u32) -> Result<Option<Ordering>, String> {
    let undefined =
        |word: &str| Err(format!("{word} ({} {} {})", a.type_name(), op.as_str(), b.type_name()));
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(Some(a.cmp(b))),
        (Value::Number(a), Value::Number(b)) => Ok(a.partial_cmp(b)),
        (Value::String(a), Value::String(b)) => {
            Ok(Some(a.as_str().as_bytes().cmp(b.as_str().as_bytes())))
        }
        (Value::List(a), Value::List(b)) if depth > 0 => {
            for (i, (x, y)) in a.iter().zip(b.iter()).enumerate() {
                match order(op, &x, &y, depth - 1) {
                    Ok(Some(Ordering::Equal)) => {}
                    Ok(other) => return Ok(other),
                    Err(why) => return Err(format!("{why}\n\tin vector comparison at index {i}")),
                }
            }
            Ok(Some(a.len().cmp(&b.len())))
        }
        (Value::Range(a), Value::Range(b)) => {
            let (n, m) = (a.count(), b.count());
            if n == 0 || m == 0 {
                return Ok(Some((n > 0).cmp(&(m > 0))));
            }
            let key = a.begin.partial_cmp(&b.begin);
            Ok(key.and_then(|k| Some(k.then(a.step.partial_cmp(&b.step)?).then(n.cmp(&m)))))
        }
        _ if a.is_undef() && b.is_undef() => undefined("operation undefined"),
        (Value::Function(_), Value::Function(_)) | (Value::Object(_), Value::Object(_)) => {
            undefined("operation undefined")
        }
        _ => undefined("undefined operation"),
    }
}
