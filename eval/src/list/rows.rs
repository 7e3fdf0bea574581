//! Lists of points: lists of as many numbers each, which most large lists of a model are.

use super::{List, Numbers};
use crate::value::Value;

/// Rows of as many numbers each, one after the other in one buffer: a point takes 24 bytes in place of 64, and no
/// allocation of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rows {
    width: usize,
    numbers: Vec<f64>,
}

impl Rows {
    /// Numbers in the longest row that is kept in this way; a longer one is worth sharing.
    pub(crate) const WIDEST: usize = 4;

    /// No rows yet, room for `capacity` of them.
    pub(crate) fn with_capacity(width: usize, capacity: usize) -> Self {
        debug_assert!((1..=Self::WIDEST).contains(&width), "rows of {width} numbers");
        Self { width, numbers: Vec::with_capacity(width * capacity) }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len() / self.width
    }

    /// Rows for which there is room.
    pub(crate) fn capacity(&self) -> usize {
        self.numbers.capacity() / self.width
    }

    pub(crate) fn get(&self, index: usize) -> Option<&[f64]> {
        self.numbers.get(index * self.width..(index + 1) * self.width)
    }

    pub(crate) fn iter(&self) -> std::slice::ChunksExact<'_, f64> {
        self.numbers.chunks_exact(self.width)
    }

    /// Makes room for `more` rows and no more than that.
    pub(crate) fn reserve_exact(&mut self, more: usize) {
        self.numbers.reserve_exact(more * self.width);
    }

    pub(crate) fn reserve(&mut self, more: usize) {
        self.numbers.reserve(more * self.width);
    }

    /// Appends a row of the right width, or those of a list of rows of that width.
    pub(crate) fn extend_from_slice(&mut self, numbers: &[f64]) {
        debug_assert!(numbers.len().is_multiple_of(self.width), "rows of another width");
        self.numbers.extend_from_slice(numbers);
    }

    /// All numbers of all rows.
    pub(crate) fn as_flat(&self) -> &[f64] {
        &self.numbers
    }

    /// Each number through `f`.
    pub(crate) fn mapped(&self, f: impl Fn(f64) -> f64) -> Self {
        Self { width: self.width, numbers: self.numbers.iter().map(|x| f(*x)).collect() }
    }

    /// Each number and the one at its place in `other`, as far as both go.
    pub(crate) fn zip_in_place(&mut self, other: &Self, f: impl Fn(f64, f64) -> f64) {
        debug_assert_eq!(self.width, other.width, "rows of another width");
        self.numbers.truncate(other.numbers.len());
        self.numbers.iter_mut().zip(&other.numbers).for_each(|(x, y)| *x = f(*x, *y));
    }

    /// The row at `index` as a value.
    #[inline(never)]
    pub(crate) fn value(&self, index: usize) -> Option<Value> {
        self.get(index).map(|row| Value::List(List::from_slice(row)))
    }

    /// Sets `place` to the row at `index`, which must be there; writes into the list that is there if nobody else
    /// holds it.
    #[inline(never)]
    pub(crate) fn read_into(&self, index: usize, place: &mut Value) {
        let row = &self.numbers[index * self.width..][..self.width];
        if let Value::List(List::Numbers(old)) = &mut *place
            && let Some(own) = std::rc::Rc::get_mut(old)
            && own.len() == row.len()
        {
            own.copy_from_slice(row);
        } else {
            *place = Value::List(List::numbers(Numbers::from_slice(row)));
        }
    }
}

/// A list that is an element of another one, looked at where it is.
#[derive(Clone, Copy)]
pub(crate) enum Row<'a> {
    Plain(&'a [f64]),
    List(&'a List),
}

impl Row<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Row::Plain(numbers) => numbers.len(),
            Row::List(list) => list.len(),
        }
    }

    /// The element at `index`, if it is a number.
    pub(crate) fn number(self, index: usize) -> Option<f64> {
        match self {
            Row::Plain(numbers) => numbers.get(index).copied(),
            Row::List(list) => list.number(index),
        }
    }
}
