//! Content hashes: the key of every cache of geometry.

use std::fmt;

/// A 128-bit BLAKE3 hash of what a subtree describes.
///
/// Two nodes with equal hashes describe the same geometry with the same colours and modifiers; where in the source
/// they were written is no part of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash(pub [u8; 16]);

impl ContentHash {
    /// The hash of plain bytes, as of an imported file.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hasher = ContentHasher::new("bytes");
        hasher.bytes(bytes);
        hasher.finish()
    }

    /// The hash of a plain group of nothing but what has this hash: as good as any other, and made in no time. That two
    /// hashes are so many apart by chance is as unlikely as that they are the same.
    pub(crate) fn of_group(self) -> Self {
        const STEP: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
        Self(u128::from_le_bytes(self.0).wrapping_add(STEP).to_le_bytes())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Bytes that are collected before they go to the hash function: a node's own parameters nearly always fit.
const BUFFER: usize = 192;

/// Builds a [`ContentHash`] from typed fields, each in a form of fixed or prefixed length, so that no two different
/// sequences of fields feed the same bytes.
pub struct ContentHasher {
    /// Not fed yet. Hashing short input at once is several times faster than setting up a hasher for it.
    buffer: [u8; BUFFER],
    /// How much of the buffer is filled.
    len: usize,
    /// Once there is more than fits into the buffer.
    hasher: Option<Box<blake3::Hasher>>,
}

impl ContentHasher {
    /// Starts a hash of a thing of kind `tag`.
    pub fn new(tag: &str) -> Self {
        let mut hasher = Self { buffer: [0; BUFFER], len: 0, hasher: None };
        hasher.name(tag);
        hasher
    }

    #[inline]
    fn update(&mut self, bytes: &[u8]) {
        if let Some(free) = self.buffer.get_mut(self.len..self.len + bytes.len()) {
            free.copy_from_slice(bytes);
            self.len += bytes.len();
            return;
        }
        let hasher = self.hasher.get_or_insert_with(Box::default);
        hasher.update(&self.buffer[..self.len]);
        hasher.update(bytes);
        self.len = 0;
    }

    /// A byte string with its length in front.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.update(&(bytes.len() as u64).to_le_bytes());
        self.update(bytes);
    }

    /// A short name.
    pub fn name(&mut self, name: &str) {
        self.count(name.len());
        self.update(name.as_bytes());
    }

    /// A whole number below 256.
    pub fn byte(&mut self, value: u8) {
        self.update(&[value]);
    }

    /// A whole number that is small in most cases, seven bits to the byte.
    pub fn count(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// A whole number.
    pub fn u64(&mut self, value: u64) {
        self.update(&value.to_le_bytes());
    }

    /// A number by its bits, except that -0 counts as 0 and every NaN is the same.
    pub fn f64(&mut self, value: f64) {
        let canonical = if value.is_nan() { f64::NAN } else { value + 0.0 };
        self.update(&canonical.to_bits().to_le_bytes());
    }

    /// Another content hash.
    pub fn hash(&mut self, hash: ContentHash) {
        self.update(&hash.0);
    }

    /// The hash of all that was fed.
    pub fn finish(self) -> ContentHash {
        let hash = match self.hasher {
            None => blake3::hash(&self.buffer[..self.len]),
            Some(mut hasher) => hasher.update(&self.buffer[..self.len]).finalize(),
        };
        let mut short = [0; 16];
        short.copy_from_slice(&hash.as_bytes()[..16]);
        ContentHash(short)
    }
}
