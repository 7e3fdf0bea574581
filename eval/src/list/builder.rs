//! Building lists.

use std::rc::Rc;

use super::{Items, List, Numbers, Rows, ValueVec};
use crate::value::Value;

/// Builds a list; stays with plain doubles, or with rows of them, until the first element that is none.
#[derive(Debug)]
pub(crate) enum ListBuilder {
    Numbers(Numbers),
    Rows(Rows),
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

    /// A builder with room for `capacity` elements that do exist: those of `parts`, which are spliced one level.
    pub(crate) fn for_parts(parts: &[Value], capacity: usize) -> Self {
        let mut parts =
            parts.iter().filter(|part| part.as_list().is_none_or(|l| l.len() > 0)).peekable();
        let width = match parts.peek() {
            Some(Value::List(List::Rows(first))) => first.width(),
            _ => 0,
        };
        let fits = |part: &Value| match part {
            Value::Number(_) | Value::List(List::Numbers(_)) => width == 0,
            Value::List(List::Rows(rows)) => rows.width() == width,
            _ => false,
        };
        match parts.all(fits) {
            true if width == 0 => ListBuilder::Numbers(Numbers::with_capacity(capacity)),
            true => ListBuilder::Rows(Rows::with_capacity(width, capacity)),
            false => ListBuilder::Values(Items(ValueVec::with_capacity(capacity))),
        }
    }

    /// Goes on with the elements of `list`, in its own buffer when no one else holds it.
    pub(crate) fn reuse(list: List) -> Self {
        match list {
            List::Numbers(n) => ListBuilder::Numbers(Rc::unwrap_or_clone(n)),
            List::Rows(r) => ListBuilder::Rows(Rc::unwrap_or_clone(r)),
            List::Joined(joined) => {
                let mut builder = ListBuilder::default();
                joined.parts().for_each(|part| builder.extend(part));
                builder
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
            ListBuilder::Rows(r) if begins => r.reserve_exact(more),
            ListBuilder::Values(v) if begins => v.0.reserve_exact(more),
            ListBuilder::Numbers(n) => n.reserve(more),
            ListBuilder::Rows(r) => r.reserve(more),
            ListBuilder::Values(v) => v.0.reserve(more),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            ListBuilder::Numbers(n) => n.len(),
            ListBuilder::Rows(r) => r.len(),
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
        if let ListBuilder::Values(v) = self {
            v.0.push(value);
            return;
        }
        match &value {
            Value::List(List::Numbers(row)) if self.takes_row(row) => {}
            _ => self.as_values(1).push(value),
        }
    }

    /// Appends a list of numbers.
    pub(crate) fn push_row(&mut self, row: &[f64]) {
        if !self.takes_row(row) {
            self.as_values(1).push(Value::List(List::from_slice(row)));
        }
    }

    /// Appends a list of numbers if this is, or can become, a list of such.
    fn takes_row(&mut self, row: &[f64]) -> bool {
        match self {
            ListBuilder::Rows(r) if r.width() == row.len() => r.extend_from_slice(row),
            ListBuilder::Numbers(n) if n.is_empty() && (1..=Rows::WIDEST).contains(&row.len()) => {
                let mut rows = Rows::with_capacity(row.len(), n.capacity());
                rows.extend_from_slice(row);
                *self = ListBuilder::Rows(rows);
            }
            _ => return false,
        }
        true
    }

    pub(crate) fn extend(&mut self, list: &List) {
        match (&mut *self, list) {
            (ListBuilder::Numbers(n), List::Numbers(more)) => n.extend_from_slice(more),
            (ListBuilder::Rows(r), List::Rows(more)) if r.width() == more.width() => {
                r.extend_from_slice(more.as_flat());
            }
            (ListBuilder::Numbers(n), List::Rows(more)) if n.is_empty() => {
                let mut rows = Rows::with_capacity(more.width(), n.capacity().max(more.len()));
                rows.extend_from_slice(more.as_flat());
                *self = ListBuilder::Rows(rows);
            }
            (ListBuilder::Values(v), List::Numbers(more)) => {
                v.0.extend(more.iter().map(|x| Value::Number(*x)));
            }
            (ListBuilder::Values(v), List::Rows(more)) => {
                v.0.extend(more.iter().map(|row| Value::List(List::from_slice(row))));
            }
            (_, List::Joined(joined)) => joined.parts().for_each(|part| self.extend(part)),
            (ListBuilder::Values(v), List::Values(more)) => v.0.extend(more.0.iter().cloned()),
            (_, List::Values(more)) => more.0.iter().for_each(|value| self.push(value.clone())),
            (_, List::Numbers(more)) if more.is_empty() => {}
            (_, more) => {
                self.as_values(more.len());
                self.extend(more);
            }
        }
    }

    /// Turns what is there into values, with room for `more`.
    fn as_values(&mut self, more: usize) -> &mut ValueVec {
        let values = match &*self {
            ListBuilder::Values(_) => None,
            ListBuilder::Numbers(n) => {
                // A list whose first element is no number was never numeric: what was reserved for numbers holds here
                // too.
                let capacity = n.capacity().max(n.len() + more);
                let mut values = ValueVec::with_capacity(if n.is_empty() && !n.spilled() {
                    more
                } else {
                    capacity
                });
                values.extend(n.iter().map(|x| Value::Number(*x)));
                Some(values)
            }
            ListBuilder::Rows(r) => {
                let mut values = ValueVec::with_capacity(r.capacity().max(r.len() + more));
                values.extend(r.iter().map(|row| Value::List(List::from_slice(row))));
                Some(values)
            }
        };
        if let Some(values) = values {
            *self = ListBuilder::Values(Items(values));
        }
        match self {
            ListBuilder::Values(v) => &mut v.0,
            _ => unreachable!("just turned into values"),
        }
    }

    pub(crate) fn finish(self) -> List {
        match self {
            ListBuilder::Numbers(n) => List::Numbers(Rc::new(n)),
            ListBuilder::Rows(r) => List::Rows(Rc::new(r)),
            ListBuilder::Values(v) => List::Values(Rc::new(v)),
        }
    }
}
