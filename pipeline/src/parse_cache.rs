//! Parsed files by content: a library is parsed once, not once per edit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use scadstream_csg::ContentHash;

use scadstream_syntax::{Parsed, Source, parse};

/// What a syntax tree takes beside its text: measured on generated libraries, about six times as much.
const BYTES_PER_TEXT_BYTE: usize = 7;

/// Syntax trees within a budget of bytes; the one unused for longest goes first.
#[derive(Debug)]
pub(crate) struct ParseCache {
    budget_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<ContentHash, Entry>,
    bytes: usize,
    /// Counts uses, to tell which entry is the oldest.
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    parsed: Arc<Parsed>,
    bytes: usize,
    used: u64,
}

impl ParseCache {
    /// An empty cache.
    pub(crate) fn new(budget_bytes: usize) -> Self {
        Self { budget_bytes, state: Mutex::default() }
    }

    /// The tree of a source: from the cache, or parsed now and kept.
    pub(crate) fn parsed(&self, source: &Arc<Source>) -> Arc<Parsed> {
        let key = ContentHash::of_bytes(source.text().as_bytes());
        {
            let mut state = self.lock();
            state.clock += 1;
            let now = state.clock;
            if let Some(entry) = state.entries.get_mut(&key) {
                entry.used = now;
                return Arc::clone(&entry.parsed);
            }
        }
        // Parsed without the lock: two threads may do it at once, and the second result replaces the first.
        let parsed = Arc::new(parse(source));
        let bytes = source.text().len() * BYTES_PER_TEXT_BYTE;
        if bytes <= self.budget_bytes {
            let mut state = self.lock();
            let entry = Entry { parsed: Arc::clone(&parsed), bytes, used: state.clock };
            state.bytes += bytes;
            if let Some(old) = state.entries.insert(key, entry) {
                state.bytes -= old.bytes;
            }
            state.shrink(self.budget_bytes);
        }
        parsed
    }

    /// Bytes that the trees take, estimated.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.lock().shrink(0);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing that can panic happens under the lock; the state is whole in any case.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn shrink(&mut self, budget_bytes: usize) {
        while self.bytes > budget_bytes {
            let oldest =
                self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            let Some(entry) = oldest.and_then(|key| self.entries.remove(&key)) else { break };
            self.bytes -= entry.bytes;
        }
    }
}
