//! Building lists.

use std::rc::Rc;

use super::{Items, List, Numbers, ValueVec};
use crate::value::Value;

/// Builds a list; stays with plain doubles until the first element that is no number.
#[derive(Debug)]
pub(crate) enum ListBuilder {
    Numbers(Numbers),
    Values(Items),
}

impl Default for ListBuilder {
    fn default() -> Self {
        ListBuilder::Numbers(Numbers::new())
    }
}

impl ListBuilder {
    /// A builder with room for `capacity` elements, as far as that is sane before they exist.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        ListBuilder::Numbers(Numbers::with_capacity(capacity.min(1 << 16)))
    }

    /// A builder with room for `capacity` elements that do exist, all of them numbers or not.
    pub(crate) fn of_kind(numeric: bool, capacity: usize) -> Self {
        match numeric {
            true => ListBuilder::Numbers(Numbers::with_capacity(capacity)),
            false => ListBuilder::Values(Items(ValueVec::with_capacity(capacity))),
        }
    }

    /// Goes on with the elements of `list`, in its own buffer when no one else holds it.
    pub(crate) fn reuse(list: List) -> Self {
        match list {
            List::Numbers(n) => {
                ListBuilder::Numbers(Rc::try_unwrap(n).unwrap_or_else(|n| (*n).clone()))
            }
            List::Values(v) => {
                ListBuilder::Values(Rc::try_unwrap(v).unwrap_or_else(|v| Items(v.0.clone())))
            }
        }
    }

    /// Makes room for `more` elements like those that are there, as far as that is sane before they exist.
    pub(crate) fn reserve(&mut self, more: usize) {
        let more = more.min(1 << 20);
        // The loop that begins a list is nearly always the only one; after it the buffer has to grow in large steps.
        let begins = self.len() <= 1;
        match self {
            ListBuilder::Numbers(n) if begins => n.reserve_exact(more),
            ListBuilder::Values(v) if begins => v.0.reserve_exact(more),
            ListBuilder::Numbers(n) => n.reserve(more),
            ListBuilder::Values(v) => v.0.reserve(more),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            ListBuilder::Numbers(n) => n.len(),
            ListBuilder::Values(v) => v.0.len(),
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, value: Value) {
        match (&mut *self, value) {
            (ListBuilder::Numbers(n), Value::Number(x)) => n.push(x),
            (_, value) => self.push_general(value),
        }
    }

    #[inline(never)]
    fn push_general(&mut self, value: Value) {
        match self {
            ListBuilder::Values(v) => v.0.push(value),
            ListBuilder::Numbers(_) => self.demote(1).push(value),
        }
    }

    pub(crate) fn extend(&mut self, list: &List) {
        match (&mut *self, list) {
            (ListBuilder::Numbers(n), List::Numbers(more)) => n.extend_from_slice(more),
            (ListBuilder::Values(v), List::Numbers(more)) => {
                v.0.extend(more.iter().map(|x| Value::Number(*x)))
            }
            (ListBuilder::Values(v), List::Values(more)) => v.0.extend(more.0.iter().cloned()),
            (ListBuilder::Numbers(n), List::Values(more)) => {
                if more.0.iter().all(|value| matches!(value, Value::Number(_))) {
                    n.extend(more.0.iter().filter_map(Value::as_number));
                } else {
                    self.demote(more.0.len()).extend(more.0.iter().cloned());
                }
            }
        }
    }

    /// Turns doubles into values, with room for `more`.
    fn demote(&mut self, more: usize) -> &mut ValueVec {
        if let ListBuilder::Numbers(n) = self {
            // A list whose first element is no number was never numeric: what was reserved for numbers holds here too.
            let capacity = n.capacity().max(n.len() + more);
            let mut values =
                ValueVec::with_capacity(if n.is_empty() && !n.spilled() { more } else { capacity });
            values.extend(n.iter().map(|x| Value::Number(*x)));
            *self = ListBuilder::Values(Items(values));
        }
        match self {
            ListBuilder::Values(v) => &mut v.0,
            ListBuilder::Numbers(_) => unreachable!("just turned into values"),
        }
    }

    pub(crate) fn finish(self) -> List {
        match self {
            ListBuilder::Numbers(n) => List::Numbers(Rc::new(n)),
            ListBuilder::Values(v) => List::Values(Rc::new(v)),
        }
    }
}
