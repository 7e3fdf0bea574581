//! Values: what an expression evaluates to.
//!
//! A [`Value`] takes 16 bytes. Numbers and truth values are held in place; everything else is shared and immutable
//! behind a reference count, so that copying a value is cheap and never deep.

use std::cell::RefCell;
use std::rc::Rc;

use crate::closure::Closure;
use crate::list::List;
use crate::object::Object;
use crate::range::Range;
use crate::text::Text;

/// A value of the language.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Not a value: a variable whose assignment has not run yet. Never the result of an expression.
    Unset,
    /// Not a value: a variable that function literals captured before it was bound. Never the result of an expression.
    Cell(Rc<RefCell<Value>>),
    Undef,
    Bool(bool),
    Number(f64),
    String(Text),
    List(List),
    Range(Rc<Range>),
    Function(Rc<Closure>),
    Object(Rc<Object>),
}

const _: () = assert!(size_of::<Value>() == 16);

impl Value {
    pub(crate) fn string(text: &str) -> Self {
        Value::String(Text::new(text))
    }

    /// Whether the value counts as true in a condition.
    #[inline]
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Value::Unset | Value::Cell(_) | Value::Undef => false,
            Value::Bool(b) => *b,
            // NaN is not equal to zero, hence true.
            Value::Number(x) => *x != 0.0,
            Value::String(s) => !s.as_str().is_empty(),
            Value::List(l) => l.len() > 0,
            Value::Range(_) | Value::Function(_) => true,
            Value::Object(o) => o.len() > 0,
        }
    }

    /// The type's name, as messages spell it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Unset | Value::Cell(_) | Value::Undef => "undefined",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::List(_) => "vector",
            Value::Range(_) => "range",
            Value::Function(_) => "function",
            Value::Object(_) => "object",
        }
    }

    /// Drops the value; in line for those that own nothing, which most are.
    #[inline(always)]
    pub(crate) fn discard(self) {
        if let Value::Number(_) | Value::Bool(_) | Value::Undef | Value::Unset = self {
            std::mem::forget(self);
        } else {
            drop(self);
        }
    }

    pub(crate) fn is_undef(&self) -> bool {
        matches!(self, Value::Undef | Value::Unset)
    }

    pub(crate) fn as_number(&self) -> Option<f64> {
        if let Value::Number(x) = self { Some(*x) } else { None }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Value::String(s) = self { Some(s.as_str()) } else { None }
    }

    pub(crate) fn as_list(&self) -> Option<&List> {
        if let Value::List(l) = self { Some(l) } else { None }
    }

    /// A finite number, for parameters that accept no other.
    pub(crate) fn as_finite(&self) -> Option<f64> {
        self.as_number().filter(|x| x.is_finite())
    }

    /// A list of exactly `N` numbers.
    pub(crate) fn as_numbers<const N: usize>(&self) -> Option<[f64; N]> {
        let list = self.as_list()?;
        if list.len() != N {
            return None;
        }
        let mut out = [0.0; N];
        for (i, slot) in out.iter_mut().enumerate() {
            *slot = list.number(i)?;
        }
        Some(out)
    }

    /// Whether dropping this may drop other values below it.
    pub(crate) fn nests(&self) -> bool {
        matches!(
            self,
            Value::List(List::Values(_) | List::Joined(_)) | Value::Function(_) | Value::Object(_)
        )
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Value::Number(x)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Value::List(list)
    }
}

/// Drops values without recursion into them: a model may nest lists deeper than a thread's stack allows.
///
/// Called by the `Drop` of everything that holds values, with what it held.
pub(crate) fn drop_flat(values: impl Iterator<Item = Value>) {
    let mut pending: Vec<Value> = values.filter(Value::nests).collect();
    while let Some(value) = pending.pop() {
        match value {
            Value::List(List::Values(items)) => {
                if let Some(mut items) = Rc::into_inner(items) {
                    pending.extend(items.take().into_iter().filter(Value::nests));
                }
            }
            Value::List(List::Joined(joined)) => {
                if let Some(mut joined) = Rc::into_inner(joined) {
                    pending.extend(joined.take_parts().filter(Value::nests));
                }
            }
            Value::Function(closure) => {
                if let Some(mut closure) = Rc::into_inner(closure) {
                    pending.extend(closure.take_captures().into_iter().filter(Value::nests));
                }
            }
            Value::Object(object) => {
                if let Some(mut object) = Rc::into_inner(object) {
                    pending.extend(object.take_values().filter(Value::nests));
                }
            }
            _ => {}
        }
    }
}
