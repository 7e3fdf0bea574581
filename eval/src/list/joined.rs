//! Long lists of different kinds, one after the other.

use super::{List, Row};
use crate::value::Value;

/// Lists that stay what they are and make one list together, as long triangles and quads of a mesh do: to turn points
/// into values of their own would take three times their memory.
#[derive(Debug)]
pub(crate) struct Joined {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    list: List,
    /// Elements in this part and in those before it.
    end: usize,
}

impl Joined {
    /// Elements in the shortest part: to find one among many short parts would cost more than copying them does.
    const SHORTEST: usize = 1024;

    /// The lists in `parts` as one, when they are long and cannot be kept as numbers or rows together.
    pub(crate) fn of(parts: &[Value]) -> Option<Self> {
        let mut joined = Self { parts: Vec::new() };
        for part in parts {
            joined.append(part.as_list()?)?;
        }
        let rest = joined.parts.get(1..)?;
        let first = &joined.parts[0].list;
        rest.iter().any(|part| !part.list.is_of_kind(first)).then_some(joined)
    }

    fn append(&mut self, list: &List) -> Option<()> {
        if let List::Joined(joined) = list {
            return joined.parts.iter().try_for_each(|part| self.append(&part.list));
        }
        if list.len() == 0 {
            return Some(());
        }
        let end = self.len() + list.len();
        self.parts.push(Part { list: list.clone(), end });
        (list.len() >= Self::SHORTEST).then_some(())
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.last().map_or(0, |part| part.end)
    }

    /// The part with the element at `index` of the whole, and its index there.
    fn locate(&self, index: usize) -> Option<(&List, usize)> {
        let at = self.parts.partition_point(|part| part.end <= index);
        let part = self.parts.get(at)?;
        let start = part.end - part.list.len();
        Some((&part.list, index - start))
    }

    #[inline(never)]
    pub(crate) fn value(&self, index: usize) -> Option<Value> {
        self.locate(index).and_then(|(part, index)| part.get(index))
    }

    #[inline(never)]
    pub(crate) fn number(&self, index: usize) -> Option<f64> {
        self.locate(index).and_then(|(part, index)| part.number(index))
    }

    #[inline(never)]
    pub(crate) fn row(&self, index: usize) -> Option<Row<'_>> {
        self.locate(index).and_then(|(part, index)| part.row(index))
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &List> {
        self.parts.iter().map(|part| &part.list)
    }

    /// The parts, whose values may nest deeper than a stack.
    pub(crate) fn take_parts(&mut self) -> impl Iterator<Item = Value> {
        std::mem::take(&mut self.parts).into_iter().map(|part| Value::List(part.list))
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        if self.parts().any(|part| matches!(part, List::Values(_))) {
            crate::value::drop_flat(self.take_parts());
        }
    }
}
