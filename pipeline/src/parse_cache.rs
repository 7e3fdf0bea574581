//! Parsed files by content: a library is parsed once, not once per edit.

use std::sync::Arc;

use scadstream_csg::ContentHash;
use scadstream_syntax::{Parsed, Source, parse};

use crate::recent::{CacheFacts, Recent};

/// What a syntax tree takes with its text when all of it has been read: measured on generated libraries, about six times
/// the text. Of a long library most stays unread.
const BYTES_PER_TEXT_BYTE: usize = 7;

/// Syntax trees within a budget of bytes.
#[derive(Debug)]
pub(crate) struct ParseCache(Recent<ContentHash, Arc<Parsed>>);

impl ParseCache {
    /// An empty cache.
    pub(crate) fn new(budget_bytes: usize) -> Self {
        Self(Recent::new(budget_bytes))
    }

    /// The tree of a source: from the cache, or parsed now and kept.
    pub(crate) fn parsed(&self, source: &Arc<Source>) -> Arc<Parsed> {
        let key = ContentHash::of_bytes(source.text().as_bytes());
        if let Some(parsed) = self.0.get(&key) {
            return parsed;
        }
        // Two threads may do it at once, and the second result replaces the first.
        let parsed = Arc::new(parse(source));
        self.0.insert(key, Arc::clone(&parsed), source.text().len() * BYTES_PER_TEXT_BYTE);
        parsed
    }

    /// How it is doing.
    pub(crate) fn facts(&self) -> CacheFacts {
        self.0.facts()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.0.clear();
    }
}
