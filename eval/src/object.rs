//! Objects: ordered string keys with values (experimental feature `object-function`).

use crate::text::Text;
use crate::value::{Value, drop_flat};

/// An object value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    entries: Vec<(Text, Value)>,
}

impl Object {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(k, _)| k.as_str() == key).map(|(_, value)| value)
    }

    /// Sets a key, in its old place if it has one.
    pub(crate) fn set(&mut self, key: Text, value: Value) {
        match self.entries.iter_mut().find(|(k, _)| k.as_str() == key.as_str()) {
            Some((_, old)) => *old = value,
            None => self.entries.push((key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.entries.retain(|(k, _)| k.as_str() != key);
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &(Text, Value)> {
        self.entries.iter()
    }

    pub(crate) fn take_values(&mut self) -> impl Iterator<Item = Value> + use<> {
        std::mem::take(&mut self.entries).into_iter().map(|(_, value)| value)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if self.entries.iter().any(|(_, value)| value.nests()) {
            drop_flat(self.take_values());
        }
    }
}
