//! A job as its sender sees it: what there is to send, and what of it is sent.

use std::collections::{HashSet, VecDeque};

use scadstream_memory::pool::Label;
use scadstream_protocol::{CHUNK_HEAD_BYTES, chunk_frame_len, encode_chunk_head};

use super::file::OutgoingFile;
use super::{About, JobFacts};
use crate::engine::{ChunkEntry, ChunkSource, Codec, Failure};
use crate::known_chunks::Hash;
use crate::to_wire;

/// What is sent and kept for one job of the engine.
pub(super) struct Job {
    pub(super) about: About,
    pub(super) content: Content,
    /// Indices of chunks, or of pieces of a file, still to be sent.
    pub(super) pending: VecDeque<u32>,
    /// Hashes of chunks that the client has, or will have by what was sent before.
    pub(super) known: HashSet<Hash>,
    pub(super) next_scene: u32,
    /// Bytes allowed and sent, since the job began.
    pub(super) credit_bytes: u64,
    pub(super) sent_bytes: u64,
    pub(super) sent_payload_bytes: u64,
    /// What `Done` or `Failed` will tell once everything is sent, until it has.
    pub(super) last_word: Option<LastWord>,
}

pub(super) enum LastWord {
    Done(Box<JobFacts>),
    Failed(Failure),
}

pub(super) enum Content {
    Nothing,
    Scene {
        number: u32,
        pieces: Vec<Piece>,
        announced: to_wire::Announced,
        /// Of all its chunks so far.
        hashes: HashSet<Hash>,
    },
    File(OutgoingFile),
}

/// A piece of a scene: all of it, or what came at one time.
pub(super) struct Piece {
    /// Number of its first chunk in the scene.
    pub(super) first: usize,
    pub(super) exact: bool,
    pub(super) chunks: Vec<ChunkEntry>,
    /// Makes the chunks; gone when all were sent and their memory was needed.
    pub(super) source: Option<Box<dyn ChunkSource + Send>>,
    /// Chunks that are still to be sent.
    pub(super) unsent: usize,
}

impl Piece {
    pub(super) fn retained_bytes(&self) -> u64 {
        let source = self.source.as_ref().map_or(0, |source| source.retained_bytes());
        source + size_of_val(self.chunks.as_slice()) as u64
    }
}

impl Job {
    pub(super) fn new(about: About, known: HashSet<Hash>) -> Self {
        Self {
            about,
            known,
            content: Content::Nothing,
            pending: VecDeque::new(),
            next_scene: 0,
            credit_bytes: 0,
            sent_bytes: 0,
            sent_payload_bytes: 0,
            last_word: None,
        }
    }

    /// Length of the frame of chunk or piece `index`; 0 when there is no such thing.
    pub(super) fn frame_len(&self, index: u32) -> usize {
        match &self.content {
            Content::Nothing => 0,
            Content::Scene { .. } => {
                self.entry(index).map_or(0, |entry| chunk_frame_len(entry.payload_bytes as usize))
            }
            Content::File(file) => file.frame_len(index),
        }
    }

    /// The entry of chunk `index` of the scene.
    pub(super) fn entry(&self, index: u32) -> Option<&ChunkEntry> {
        let (piece, at) = self.piece_of(index)?;
        piece.chunks.get(at)
    }

    /// The piece of the scene that chunk `index` is in, and its place there.
    pub(super) fn piece_of(&self, index: u32) -> Option<(&Piece, usize)> {
        let Content::Scene { pieces, .. } = &self.content else { return None };
        let (number, at) = place_of(pieces, index)?;
        Some((&pieces[number], at))
    }

    pub(super) fn piece_of_mut(&mut self, index: u32) -> Option<(&mut Piece, usize)> {
        let Content::Scene { pieces, .. } = &mut self.content else { return None };
        let (number, at) = place_of(pieces, index)?;
        Some((&mut pieces[number], at))
    }

    /// By what a frame is found again whose payload was written before: the hash of a chunk, if it is sent raw. How fine a
    /// compressed one is depends on its scene.
    pub(super) fn label(&self, index: u32) -> Option<Label> {
        let entry = self.entry(index)?;
        (entry.codec == Codec::Raw).then_some(entry.hash)
    }

    /// Writes the frame of chunk `index`, but for its payload if that `is_made`. Returns the length of the payload.
    pub(super) fn write(
        &mut self,
        index: u32,
        frame: &mut [u8],
        is_made: bool,
    ) -> Result<usize, scadstream_protocol::EncodeError> {
        let of = self.about.revision();
        let Content::Scene { number, pieces, .. } = &mut self.content else { return Ok(0) };
        let Some((number_of_piece, at)) = place_of(pieces, index) else { return Ok(0) };
        let piece = &mut pieces[number_of_piece];
        let Some(source) = &mut piece.source else { return Ok(0) };
        piece.unsent = piece.unsent.saturating_sub(1);
        let entry = &piece.chunks[at];
        let payload_bytes = entry.payload_bytes as usize;
        let header = to_wire::chunk_header(of, *number, index, entry);
        let head = encode_chunk_head(&header, payload_bytes, frame)?;
        debug_assert_eq!(head, CHUNK_HEAD_BYTES);
        if !is_made {
            source.write(at, &mut frame[head..]);
        }
        Ok(payload_bytes)
    }

    pub(super) fn retained_bytes(&self) -> u64 {
        match &self.content {
            Content::Nothing => 0,
            Content::Scene { pieces, .. } => pieces.iter().map(Piece::retained_bytes).sum(),
            Content::File(file) => file.retained_bytes(),
        }
    }
}

/// The number of the piece that has chunk `index`, and the chunk's place there.
fn place_of(pieces: &[Piece], index: u32) -> Option<(usize, usize)> {
    let number = pieces.partition_point(|piece| piece.first <= index as usize).checked_sub(1)?;
    let at = index as usize - pieces[number].first;
    (at < pieces[number].chunks.len()).then_some((number, at))
}
