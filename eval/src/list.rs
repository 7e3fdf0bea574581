//! Lists (OpenSCAD's vectors).
//!
//! A list of numbers only is kept as plain doubles, a list of points as rows of doubles, everything else as values.
//! Lists are shared and immutable; whoever holds the only reference may grow one in place, which keeps
//! `v = concat(v, [x])` in a loop linear.

use std::rc::Rc;

use smallvec::SmallVec;

pub(crate) use self::builder::ListBuilder;
pub(crate) use self::joined::Joined;
pub(crate) use self::rows::{Row, Rows};
use crate::value::{Value, drop_flat};

mod builder;
mod joined;
mod rows;

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
    /// Lists of as many numbers each.
    Rows(Rc<Rows>),
    /// Long lists of different kinds.
    Joined(Rc<Joined>),
    /// Anything; may happen to hold numbers or points only.
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
            List::Rows(r) => r.len(),
            List::Joined(j) => j.len(),
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
            List::Rows(r) => r.value(index),
            List::Joined(j) => j.value(index),
        }
    }

    /// Sets `place` to the element at `index`, which must be there. Writes no more of it than differs: a loop that goes
    /// through points changes one pointer per pass.
    #[inline(always)]
    pub(crate) fn read_into(&self, index: usize, place: &mut Value) {
        match (self, place) {
            (List::Numbers(n), Value::Number(old)) => *old = n[index],
            (List::Numbers(n), place) => *place = Value::Number(n[index]),
            (List::Rows(r), place) => r.read_into(index, place),
            (List::Joined(j), place) => *place = j.value(index).unwrap_or(Value::Undef),
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
        let ListBuilder::Numbers(out) = out else { return 0 };
        let before = out.len();
        match self {
            List::Numbers(_) | List::Joined(_) => {}
            List::Rows(rows) => out.extend(rows.iter().map_while(|row| row.get(column).copied())),
            List::Values(rows) => {
                let cells = rows.0.iter().map_while(|row| row.as_list()?.number(column));
                cells.for_each(|x| out.push(x));
            }
        }
        out.len() - before
    }

    /// The element at `index`, if it is a number.
    #[inline(always)]
    pub(crate) fn number(&self, index: usize) -> Option<f64> {
        match self {
            List::Numbers(n) => n.get(index).copied(),
            List::Values(v) => v.0.get(index)?.as_number(),
            List::Rows(_) => None,
            List::Joined(j) => j.number(index),
        }
    }

    /// The element at `index`, if it is a list.
    #[inline]
    pub(crate) fn row(&self, index: usize) -> Option<Row<'_>> {
        match self {
            List::Numbers(_) => None,
            List::Rows(r) => r.get(index).map(Row::Plain),
            List::Joined(j) => j.row(index),
            List::Values(v) => v.0.get(index)?.as_list().map(Row::List),
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
            List::Rows(_) | List::Joined(_) => None,
            List::Values(v) => {
                v.0.iter().map(Value::as_number).collect::<Option<Vec<_>>>().map(Into::into)
            }
        }
    }

    /// Whether one buffer can hold the elements of both without making other values of them.
    pub(crate) fn is_of_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (List::Numbers(_), List::Numbers(_)) | (List::Values(_), List::Values(_)) => true,
            (List::Rows(a), List::Rows(b)) => a.width() == b.width(),
            _ => false,
        }
    }

    /// Whether nobody else holds this list.
    pub(crate) fn has_one_owner(&self) -> bool {
        match self {
            List::Numbers(n) => Rc::strong_count(n) == 1,
            List::Rows(r) => Rc::strong_count(r) == 1,
            List::Joined(j) => Rc::strong_count(j) == 1,
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
    use crate::compare::equal;

    #[test]
    fn numbers_stay_plain_until_another_type_comes() {
        let numbers: List = [1.0, 2.0].into_iter().map(Value::Number).collect();
        assert_eq!(numbers.as_slice(), Some(&[1.0, 2.0][..]));
        let mixed: List = [Value::Number(1.0), Value::Undef].into_iter().collect();
        assert!(mixed.as_slice().is_none());
        assert_eq!(mixed.number(0), Some(1.0));
    }

    #[test]
    fn points_stay_rows_until_something_else_comes() {
        let point = |n: usize| Value::List(List::from_slice(&[1.5; 8][..n]));
        let of = |kinds: &[usize]| kinds.iter().map(|n| point(*n)).collect::<List>();
        assert!(matches!(of(&[3, 3, 3]), List::Rows(_)));
        assert!(matches!(of(&[8, 8]), List::Values(_)), "long rows are shared");
        let mixed = of(&[3, 3, 2]);
        assert!(matches!(mixed, List::Values(_)));
        let lengths = mixed.iter().map(|row| row.as_list().map_or(0, List::len));
        assert_eq!(lengths.collect::<Vec<_>>(), [3, 3, 2]);
    }

    #[test]
    fn long_lists_of_different_kinds_are_joined() {
        let number = |i: u32| Value::Number(f64::from(i));
        let triangle = |i: u32| Value::List([i, i + 1, i + 2].into_iter().map(number).collect());
        let quad = |i: u32| Value::List([i, i + 1, i + 2, i + 3].into_iter().map(number).collect());
        let parts: [Value; 3] = [
            Value::List((0..2000).map(triangle).collect()),
            Value::List((0..3000).map(quad).collect()),
            Value::List((0..1500).map(number).collect()),
        ];
        let joined = List::Joined(Rc::new(Joined::of(&parts).expect("they are long")));
        assert_eq!(joined.len(), 6500);
        let copied = ListBuilder::reuse(joined.clone()).finish();
        assert!(matches!(copied, List::Values(_)));
        assert!(equal(&Value::List(joined.clone()), &Value::List(copied.clone())));
        for i in [0, 1999, 2000, 4999, 5000, 6499] {
            let (mut a, mut b) = (Value::Undef, Value::Undef);
            joined.read_into(i, &mut a);
            copied.read_into(i, &mut b);
            assert!(equal(&a, &b), "element {i}");
            assert_eq!(joined.number(i), copied.number(i));
            let cells = |list: &List| list.row(i).map(|row| (row.len(), row.number(2)));
            assert_eq!(cells(&joined), cells(&copied));
        }
        assert!(joined.get(6500).is_none());
        assert!(Joined::of(&parts[..1]).is_none(), "one alone is itself");
        assert!(Joined::of(&[parts[0].clone(), number(1)]).is_none(), "a number is no list");
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
