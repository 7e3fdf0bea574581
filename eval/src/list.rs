//! Lists (OpenSCAD's vectors).
//!
//! A list of numbers only is kept as plain doubles, everything else as values. Lists are shared and immutable; whoever
//! holds the only reference may grow one in place, which keeps `v = concat(v, [x])` in a loop linear.

use std::rc::Rc;

use smallvec::SmallVec;

use crate::value::{Value, drop_flat};

/// Numbers; three fit without a second allocation, which is a point. Room for a fourth would cost every point a quarter
/// more memory.
pub(crate) type Numbers = SmallVec<[f64; 3]>;

/// Any values; two fit without a second allocation, which is a pair.
type ValueVec = SmallVec<[Value; 2]>;

/// An immutable list.
#[derive(Debug, Clone)]
pub(crate) enum List {
    /// Numbers only.
    Numbers(Rc<Numbers>),
    /// Anything; may happen to hold numbers only.
    Values(Rc<Items>),
}

/// The elements of a [`List::Values`]; dropping them takes nested lists apart without recursion.
#[derive(Debug, Default)]
pub(crate) struct Items(ValueVec);

impl Items {
    pub(crate) fn take(&mut self) -> SmallVec<[Value; 2]> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        if self.0.iter().any(Value::nests) {
            drop_flat(self.take().into_iter());
        }
    }
}

impl List {
    pub(crate) fn empty() -> Self {
        List::Numbers(Rc::new(Numbers::new()))
    }

    pub(crate) fn from_slice(numbers: &[f64]) -> Self {
        List::Numbers(Rc::new(Numbers::from_slice(numbers)))
    }

    pub(crate) fn numbers(numbers: Numbers) -> Self {
        List::Numbers(Rc::new(numbers))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            List::Numbers(n) => n.len(),
            List::Values(v) => v.0.len(),
        }
    }

    /// The element at `index`.
    // In line, and numbers taken apart by hand: a value that goes through memory as a whole stalls the processor.
    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        match self {
            List::Numbers(n) => n.get(index).map(|x| Value::Number(*x)),
            List::Values(v) => match v.0.get(index) {
                Some(Value::Number(x)) => Some(Value::Number(*x)),
                Some(value) => Some(value.clone()),
                None => None,
            },
        }
    }

    /// Sets `place` to the element at `index`, which must be there. Writes no more of it than differs: a loop that goes
    /// through points changes one pointer per pass.
    #[inline(always)]
    pub(crate) fn read_into(&self, index: usize, place: &mut Value) {
        match (self, place) {
            (List::Numbers(n), Value::Number(old)) => *old = n[index],
            (List::Numbers(n), place) => *place = Value::Number(n[index]),
            (List::Values(v), place) => match (&v.0[index], place) {
                (Value::List(List::Numbers(n)), Value::List(List::Numbers(old))) => {
                    *old = Rc::clone(n);
                }
                (Value::List(List::Values(v)), Value::List(List::Values(old))) => {
                    *old = Rc::clone(v);
                }
                (Value::Number(x), Value::Number(old)) => *old = *x,
                (value, place) => *place = value.clone(),
            },
        }
    }

    /// Appends the elements at `column` of the lists in this one to `out`, up to the first that has none or is no
    /// number; how many there were.
    pub(crate) fn column_into(&self, column: usize, out: &mut ListBuilder) -> usize {
        let (List::Values(rows), ListBuilder::Numbers(out)) = (self, out) else { return 0 };
        let before = out.len();
        let cells = rows.0.iter().map_while(|row| row.as_list()?.number(column));
        cells.for_each(|x| out.push(x));
        out.len() - before
    }

    /// The element at `index`, if it is a number.
    #[inline(always)]
    pub(crate) fn number(&self, index: usize) -> Option<f64> {
        match self {
            List::Numbers(n) => n.get(index).copied(),
            List::Values(v) => v.0.get(index)?.as_number(),
        }
    }

    /// The elements as plain doubles, if the list is kept that way.
    pub(crate) fn as_slice(&self) -> Option<&[f64]> {
        if let List::Numbers(n) = self { Some(n) } else { None }
    }

    /// All elements as doubles, if all are numbers.
    pub(crate) fn to_numbers(&self) -> Option<std::borrow::Cow<'_, [f64]>> {
        match self {
            List::Numbers(n) => Some(std::borrow::Cow::Borrowed(n)),
            List::Values(v) => {
                v.0.iter().map(Value::as_number).collect::<Option<Vec<_>>>().map(Into::into)
            }
        }
    }

    /// Whether nobody else holds this list.
    pub(crate) fn has_one_owner(&self) -> bool {
        match self {
            List::Numbers(n) => Rc::strong_count(n) == 1,
            List::Values(v) => Rc::strong_count(v) == 1,
        }
    }

    pub(crate) fn iter(&self) -> ListIter<'_> {
        ListIter { list: self, next: 0 }
    }
}

/// Elements of a list in order.
pub(crate) struct ListIter<'a> {
    list: &'a List,
    next: usize,
}

impl Iterator for ListIter<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let value = self.list.get(self.next)?;
        self.next += 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.list.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for ListIter<'_> {}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        let values = values.into_iter();
        let mut builder = ListBuilder::with_capacity(values.size_hint().0);
        values.for_each(|value| builder.push(value));
        builder.finish()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_plain_until_another_type_comes() {
        let numbers: List = [1.0, 2.0].into_iter().map(Value::Number).collect();
        assert_eq!(numbers.as_slice(), Some(&[1.0, 2.0][..]));
        let mixed: List = [Value::Number(1.0), Value::Undef].into_iter().collect();
        assert!(mixed.as_slice().is_none());
        assert_eq!(mixed.number(0), Some(1.0));
    }

    #[test]
    fn a_sole_owner_grows_its_buffer_in_place() {
        let mut builder = ListBuilder::with_capacity(100);
        (0..50).for_each(|i| builder.push(Value::Number(f64::from(i))));
        let list = builder.finish();
        let before = list.as_slice().map(<[f64]>::as_ptr);
        let mut again = ListBuilder::reuse(list);
        again.push(Value::Number(50.0));
        assert_eq!(again.finish().as_slice().map(<[f64]>::as_ptr), before);
    }

    #[test]
    fn dropping_a_million_nested_lists_does_not_overflow() {
        let mut value = Value::Undef;
        for _ in 0..1_000_000 {
            value = Value::List([value].into_iter().collect());
        }
        drop(value);
    }
}
