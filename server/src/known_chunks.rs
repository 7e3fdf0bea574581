//! The chunks that a client has, as far as the server remembers.
//!
//! Forgetting one costs its bytes once more; remembering one that the client has dropped costs a round trip, for it
//! asks. So the newest are kept, and those whose frames are taken back are forgotten.

use std::collections::{HashSet, VecDeque};

use bytes::Bytes;

/// Hash of a chunk.
pub(crate) type Hash = [u8; 16];

/// Remembered per session: 160 million triangles in the largest chunks, and 300 KB.
pub(crate) const MOST_KNOWN: usize = 8192;

/// Where the hash lies in a chunk's frame: see the protocol's SPEC.md.
const HASH_IN_FRAME: std::ops::Range<usize> = 32..48;

/// A bounded set of hashes.
#[derive(Debug, Default)]
pub(crate) struct KnownChunks {
    hashes: HashSet<Hash>,
    /// In the order in which they came; may hold some that were removed since.
    order: VecDeque<Hash>,
}

impl KnownChunks {
    /// What a client says to have.
    pub(crate) fn new(hashes: impl IntoIterator<Item = Hash>) -> Self {
        let mut known = Self::default();
        hashes.into_iter().for_each(|hash| known.insert(hash));
        known
    }

    pub(crate) fn insert(&mut self, hash: Hash) {
        if self.hashes.insert(hash) {
            self.order.push_back(hash);
        }
        while self.order.len() > MOST_KNOWN {
            if let Some(oldest) = self.order.pop_front() {
                self.hashes.remove(&oldest);
            }
        }
    }

    pub(crate) fn remove(&mut self, hash: &Hash) {
        self.hashes.remove(hash);
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// All of them, one after the other.
    pub(crate) fn to_bytes(&self) -> Bytes {
        self.hashes.iter().flatten().copied().collect()
    }
}

/// The set in such bytes.
pub(crate) fn set_from(bytes: &[u8]) -> HashSet<Hash> {
    bytes.as_chunks().0.iter().copied().collect()
}

/// The hash in a frame that holds a chunk; a frame of ours, which is long enough.
pub(crate) fn hash_in(frame: &[u8]) -> Option<Hash> {
    frame.get(HASH_IN_FRAME)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scadstream_protocol::ServerMessage;
    use scadstream_protocol::message as wire;

    #[test]
    fn the_newest_are_kept() {
        let hash = |n: usize| (n as u128).to_le_bytes();
        let mut known = KnownChunks::new((0..MOST_KNOWN + 10).map(hash));
        known.remove(&hash(100));
        let set = set_from(&known.to_bytes());
        assert_eq!(set.len(), MOST_KNOWN - 1);
        assert!(!set.contains(&hash(9)) && set.contains(&hash(10)) && !set.contains(&hash(100)));
    }

    #[test]
    fn the_hash_is_found_in_the_frame() {
        let header = wire::ChunkHeader {
            document: 1,
            revision: 2,
            scene: 0,
            index: 3,
            hash: wire::ChunkHash([7; 16]),
            codec: wire::Codec::Raw,
            vertex_count: 0,
            index_count: 0,
            index_width: wire::IndexWidth::U16,
        };
        let chunk = wire::Chunk { header, payload: Bytes::new() };
        let frame = ServerMessage::from(chunk).encode().expect("a valid chunk");
        assert_eq!(hash_in(&frame), Some([7; 16]));
    }
}
