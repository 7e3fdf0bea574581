//! Solved subtrees by content hash, within a budget of bytes.
//!
//! Shared between threads and used across solves: an edit finds everything that it did not touch. When the budget is
//! passed, what was used longest ago goes first. Reuse changes how long a solve takes, never what it gives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use scadstream_csg::ContentHash;

use crate::kernel::Piece;
use crate::shape::Shape;
use crate::solve::Remarks;
use crate::spatial::{Cell, Patch, Presence, Settled};

/// In which form a subtree's shape is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// As its node gives it: a group may be a list of solids.
    AsIs,
    /// United into one solid.
    United,
    /// The surface of a cell, by the hash of what reaches into it.
    Cell,
    /// What became of a cell beside its neighbours, by the hash of all of them.
    Settled,
    /// A piece of an operand of cells.
    Piece,
    /// A boolean among those of a cell, by the hash of what it is of.
    Inner,
}

type Key = (ContentHash, Form);

/// A cache of solved subtrees.
#[derive(Debug)]
pub struct SolidCache {
    entries: Mutex<Entries>,
    /// Pieces of operands and booleans inside cells: many and cheap to make anew, so that they must not drive out anything
    /// else.
    pieces: Mutex<Entries>,
    /// How operands of the spatial solver stand to cells, and with how many triangles.
    presences: Mutex<FxHashMap<(ContentHash, Cell), (Presence, usize)>>,
}

#[derive(Debug, Default)]
struct Entries {
    budget_bytes: usize,
    used_bytes: usize,
    /// Grows with every use; orders entries by age.
    clock: u64,
    by_key: FxHashMap<Key, Entry>,
    by_age: BTreeMap<u64, Key>,
    hits: u64,
    misses: u64,
    /// How large subtrees were when they were last solved, whether they are kept or not.
    sizes: FxHashMap<ContentHash, usize>,
}

/// Pieces of operands take at most this share of the budget.
const PIECES_SHARE: usize = 4;

/// Subtrees whose size is remembered: some hundred kilobytes. Beyond that all are forgotten.
const MOST_SIZES: usize = 10_000;

/// Operands in cells that are remembered: about ten megabytes. Beyond that all are forgotten.
const MOST_PRESENCES: usize = 1 << 17;

/// What is kept.
#[derive(Debug, Clone)]
enum Kept {
    Subtree(Shape, Remarks),
    Shape(Shape),
    Patch(Arc<Patch>),
    Settled(Settled),
    Piece(Arc<Piece>),
}

#[derive(Debug)]
struct Entry {
    kept: Kept,
    bytes: usize,
    age: u64,
}

/// How a cache is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    /// Subtrees kept.
    pub entries: usize,
    /// Bytes they keep alive, an upper bound: shared bodies count more than once.
    pub bytes: usize,
    /// Look-ups that found something, since the cache was made.
    pub hits: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
}

impl SolidCache {
    /// An empty cache that may keep `budget_bytes` alive; 0 keeps nothing.
    pub fn new(budget_bytes: usize) -> Self {
        let of = |budget_bytes| Mutex::new(Entries { budget_bytes, ..Entries::default() });
        let pieces = budget_bytes / PIECES_SHARE;
        Self { entries: of(budget_bytes - pieces), pieces: of(pieces), presences: Mutex::default() }
    }

    /// Changes the budget and forgets what no longer fits, as under memory pressure.
    pub fn set_budget(&self, budget_bytes: usize) {
        let pieces = budget_bytes / PIECES_SHARE;
        for (form, bytes) in [(Form::AsIs, budget_bytes - pieces), (Form::Piece, pieces)] {
            let mut entries = self.lock(form);
            entries.budget_bytes = bytes;
            entries.trim();
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        for form in [Form::AsIs, Form::Piece] {
            let mut entries = self.lock(form);
            entries.by_key.clear();
            entries.by_age.clear();
            entries.used_bytes = 0;
        }
        self.lock_presences().clear();
    }

    /// How it is doing.
    pub fn stats(&self) -> CacheStats {
        let of = |form| {
            let entries = self.lock(form);
            (entries.by_key.len(), entries.used_bytes, entries.hits, entries.misses)
        };
        let (own, pieces) = (of(Form::AsIs), of(Form::Piece));
        CacheStats {
            entries: own.0 + pieces.0,
            bytes: own.1 + pieces.1,
            hits: own.2 + pieces.2,
            misses: own.3 + pieces.3,
        }
    }

    /// Whether it has the subtree of this hash, without counting as a use.
    pub fn contains(&self, hash: ContentHash) -> bool {
        self.lock(Form::AsIs).by_key.contains_key(&(hash, Form::AsIs))
    }

    /// Bytes that the subtree of this hash took in the kernel's form when it was last solved, kept or not.
    pub fn size_bytes(&self, hash: ContentHash) -> Option<usize> {
        self.lock(Form::AsIs).sizes.get(&hash).copied()
    }

    /// The shape of a subtree as its node gives it, and what there is to say of it.
    pub(crate) fn subtree(&self, hash: ContentHash) -> Option<(Shape, Remarks)> {
        let Kept::Subtree(shape, remarks) = self.kept((hash, Form::AsIs))? else { return None };
        Some((shape, remarks))
    }

    pub(crate) fn insert_subtree(&self, hash: ContentHash, shape: Shape, remarks: Remarks) {
        let bytes = shape.size_bytes();
        self.lock(Form::AsIs).note_size(hash, bytes);
        let bytes = bytes + remarks.size_bytes();
        self.keep((hash, Form::AsIs), Kept::Subtree(shape, remarks), bytes);
    }

    /// A shape in another form than a node's own.
    pub(crate) fn get(&self, hash: ContentHash, form: Form) -> Option<Shape> {
        let Kept::Shape(shape) = self.kept((hash, form))? else { return None };
        Some(shape)
    }

    pub(crate) fn insert(&self, hash: ContentHash, form: Form, shape: Shape) {
        let bytes = shape.size_bytes();
        self.keep((hash, form), Kept::Shape(shape), bytes);
    }

    pub(crate) fn patch(&self, hash: ContentHash) -> Option<Arc<Patch>> {
        let Kept::Patch(patch) = self.kept((hash, Form::Cell))? else { return None };
        Some(patch)
    }

    pub(crate) fn insert_patch(&self, hash: ContentHash, patch: Arc<Patch>) {
        let bytes = patch.size_bytes();
        self.keep((hash, Form::Cell), Kept::Patch(patch), bytes);
    }

    pub(crate) fn settled(&self, hash: ContentHash) -> Option<Settled> {
        let Kept::Settled(settled) = self.kept((hash, Form::Settled))? else { return None };
        Some(settled)
    }

    pub(crate) fn insert_settled(&self, hash: ContentHash, settled: Settled) {
        let bytes = settled.mended.as_ref().map_or(0, |cell| cell.patch.size_bytes());
        self.keep((hash, Form::Settled), Kept::Settled(settled), bytes);
    }

    /// A piece of an operand, by hash of what and where it is.
    pub(crate) fn piece(&self, hash: ContentHash) -> Option<Arc<Piece>> {
        let Kept::Piece(piece) = self.kept((hash, Form::Piece))? else { return None };
        Some(piece)
    }

    pub(crate) fn insert_piece(&self, hash: ContentHash, piece: Arc<Piece>) {
        let bytes = piece.size_bytes();
        self.keep((hash, Form::Piece), Kept::Piece(piece), bytes);
    }

    /// How an operand stands to a cell: what was found before, or what `find` says.
    pub(crate) fn presence(
        &self,
        key: (ContentHash, Cell),
        find: impl FnOnce() -> (Presence, usize),
    ) -> (Presence, usize) {
        if let Some(found) = self.lock_presences().get(&key) {
            return *found;
        }
        let found = find();
        let mut presences = self.lock_presences();
        if presences.len() >= MOST_PRESENCES {
            presences.clear();
        }
        presences.insert(key, found);
        found
    }

    fn lock_presences(&self) -> MutexGuard<'_, FxHashMap<(ContentHash, Cell), (Presence, usize)>> {
        self.presences.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, key: Key) -> Option<Kept> {
        let mut entries = self.lock(key.1);
        let now = entries.tick();
        let Some(entry) = entries.by_key.get_mut(&key) else {
            entries.misses += 1;
            return None;
        };
        let (kept, before) = (entry.kept.clone(), std::mem::replace(&mut entry.age, now));
        entries.by_age.remove(&before);
        entries.by_age.insert(now, key);
        entries.hits += 1;
        Some(kept)
    }

    fn keep(&self, key: Key, kept: Kept, bytes: usize) {
        let bytes = bytes + size_of::<Entry>();
        let mut entries = self.lock(key.1);
        if bytes > entries.budget_bytes {
            return;
        }
        let age = entries.tick();
        if let Some(old) = entries.by_key.insert(key, Entry { kept, bytes, age }) {
            entries.by_age.remove(&old.age);
            entries.used_bytes -= old.bytes;
        }
        entries.by_age.insert(age, key);
        entries.used_bytes += bytes;
        entries.trim();
    }

    fn lock(&self, form: Form) -> MutexGuard<'_, Entries> {
        let entries = match form {
            Form::Piece | Form::Inner => &self.pieces,
            Form::AsIs | Form::United | Form::Cell | Form::Settled => &self.entries,
        };
        // No code that can panic runs under the lock, and a cache is right in any state.
        entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn note_size(&mut self, hash: ContentHash, bytes: usize) {
        if self.sizes.len() >= MOST_SIZES {
            self.sizes.clear();
        }
        self.sizes.insert(hash, bytes);
    }

    fn trim(&mut self) {
        while self.used_bytes > self.budget_bytes {
            let Some((_, key)) = self.by_age.pop_first() else { return };
            if let Some(entry) = self.by_key.remove(&key) {
                self.used_bytes -= entry.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Solid;
    use crate::primitives::cube;

    fn hash(n: u8) -> ContentHash {
        ContentHash::of_bytes(&[n])
    }

    fn shape() -> Shape {
        Shape::solid(Solid::from_mesh(&cube([1.0; 3], false), &crate::CancelToken::new()).unwrap())
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let cache = SolidCache::new(usize::MAX);
        cache.insert_subtree(hash(1), shape(), Remarks::default());
        let each = cache.stats().bytes;
        cache.insert_subtree(hash(2), shape(), Remarks::default());
        assert!(cache.subtree(hash(1)).is_some());
        // Both, and the share of pieces.
        cache.set_budget(2 * each * PIECES_SHARE / (PIECES_SHARE - 1) + 1);
        cache.insert_subtree(hash(3), shape(), Remarks::default());
        assert!(cache.subtree(hash(2)).is_none());
        assert!(cache.subtree(hash(1)).is_some());
        assert_eq!(cache.stats(), CacheStats { entries: 2, bytes: 2 * each, hits: 2, misses: 1 });
        cache.set_budget(0);
        assert_eq!(cache.stats().bytes, 0);
    }

    #[test]
    fn replacing_an_entry_counts_its_bytes_once() {
        let cache = SolidCache::new(usize::MAX);
        cache.insert_subtree(hash(1), shape(), Remarks::default());
        let each = cache.stats().bytes;
        cache.insert_subtree(hash(1), shape(), Remarks::default());
        assert_eq!((cache.stats().bytes, cache.stats().entries), (each, 1));
        cache.clear();
        assert_eq!(cache.stats().bytes, 0);
    }
}
