//! Lists (OpenSCAD's vectors).
//!
//! A list of numbers only is kept as plain doubles, everything else as values. Lists are shared and immutable; whoever
//! holds the only reference may grow one in place, which keeps `v = concat(v, [x])` in a loop linear.

use std::rc::Rc;

use smallvec::SmallVec;

pub(crate) use self::builder::ListBuilder;
use crate::value::{Value, drop_flat};

mod builder;

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
