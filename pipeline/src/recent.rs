//! What was used lately, within a budget of bytes: the one unused for longest goes first.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

/// A cache by content. Values are cheap to clone, as an `Arc` is.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    budget_bytes: usize,
    state: Mutex<State<K, V>>,
}

#[derive(Debug)]
struct State<K, V> {
    entries: FxHashMap<K, Entry<V>>,
    /// Keys by when they were used last.
    by_age: BTreeMap<u64, K>,
    bytes: usize,
    /// Counts uses.
    clock: u64,
    hits: u64,
    misses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    age: u64,
}

/// How a cache is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheFacts {
    /// Bytes that its values hold, estimated.
    pub bytes: usize,
    /// Look-ups that found something, since the cache was made.
    pub hits: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
}

impl<K: Copy + Eq + Hash, V: Clone> Recent<K, V> {
    /// An empty cache.
    pub(crate) fn new(budget_bytes: usize) -> Self {
        let state = State {
            entries: FxHashMap::default(),
            by_age: BTreeMap::new(),
            bytes: 0,
            clock: 0,
            hits: 0,
            misses: 0,
        };
        Self { budget_bytes, state: Mutex::new(state) }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut state = self.lock();
        state.clock += 1;
        let now = state.clock;
        let Some(entry) = state.entries.get_mut(key) else {
            state.misses += 1;
            return None;
        };
        let (value, before) = (entry.value.clone(), std::mem::replace(&mut entry.age, now));
        state.by_age.remove(&before);
        state.by_age.insert(now, *key);
        state.hits += 1;
        Some(value)
    }

    /// Keeps a value of about `bytes`, in place of an older one; one larger than the budget is not kept.
    pub(crate) fn insert(&self, key: K, value: V, bytes: usize) {
        if bytes > self.budget_bytes {
            return;
        }
        let mut state = self.lock();
        state.clock += 1;
        let age = state.clock;
        if let Some(old) = state.entries.insert(key, Entry { value, bytes, age }) {
            state.by_age.remove(&old.age);
            state.bytes -= old.bytes;
        }
        state.by_age.insert(age, key);
        state.bytes += bytes;
        state.shrink(self.budget_bytes);
    }

    /// How it is doing.
    pub(crate) fn facts(&self) -> CacheFacts {
        let state = self.lock();
        CacheFacts { bytes: state.bytes, hits: state.hits, misses: state.misses }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.lock().shrink(0);
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        // Nothing that can panic happens under the lock; the state is whole in any case.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash, V> State<K, V> {
    fn shrink(&mut self, budget_bytes: usize) {
        while self.bytes > budget_bytes {
            let Some((_, oldest)) = self.by_age.pop_first() else { return };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.bytes -= entry.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let cache = Recent::new(30);
        for key in 1..=3 {
            cache.insert(key, key * 10, 10);
        }
        assert_eq!(cache.get(&1), Some(10));
        cache.insert(4, 40, 10);
        assert_eq!([1, 2, 3, 4].map(|key| cache.get(&key)), [Some(10), None, Some(30), Some(40)]);
        assert_eq!(cache.facts(), CacheFacts { bytes: 30, hits: 4, misses: 1 });
    }

    #[test]
    fn what_is_larger_than_the_budget_is_not_kept() {
        let cache = Recent::new(30);
        cache.insert(1, (), 20);
        cache.insert(2, (), 31);
        assert_eq!((cache.get(&1), cache.get(&2)), (Some(()), None));
        cache.insert(1, (), 25);
        assert_eq!(cache.facts().bytes, 25);
        cache.clear();
        assert_eq!(cache.facts().bytes, 0);
    }
}
