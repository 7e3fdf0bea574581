//! The content of a file that was asked for, written where it is sent from: into memory shared with the supervisor.
//!
//! The memory is divided into slots of a frame each: room for the frame's head, then a piece of the content. The heads are
//! put in when the file is complete, so that every piece lies behind its own and no frame has to be put together. What is
//! written counts as allocated, so that a file that is too large meets the job's memory limit.

use std::io::{self, Write};

use scadstream_memory::allocator::MappedBytes;
use scadstream_memory::pool::{Buffer, BufferPool};
use scadstream_protocol::limits::{MAX_FRAME_BYTES, MAX_NAME_BYTES};
use scadstream_protocol::message::FileHeader;
use scadstream_protocol::{encode_file_head, file_head_len};

use crate::to_wire;

/// A slot holds the longest frame.
const SLOT_BYTES: usize = MAX_FRAME_BYTES;
/// Room for a head with the longest name; a page, so that pieces begin at page borders.
const HEAD_ROOM_BYTES: usize = 4096;
/// Content of one frame, except the last.
const PIECE_BYTES: usize = SLOT_BYTES - HEAD_ROOM_BYTES;
/// Slots of a segment but the first, which has one, because most files are small: a process may have a thousand
/// descriptors, so a gigabyte should not need as many.
const SLOTS_PER_SEGMENT: usize = 16;

/// Takes a file's bytes in order, through [`Write`].
#[derive(Debug)]
pub struct FileContent {
    pool: BufferPool,
    segments: Vec<FileSegment>,
    len_bytes: usize,
}

/// Some slots of a file.
#[derive(Debug)]
pub(crate) struct FileSegment {
    pub(crate) memory: Buffer,
    /// What of it is written.
    counted: MappedBytes,
}

/// Where a frame lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameSpan {
    /// Number of its segment among those of the file.
    pub(crate) segment: usize,
    /// In its segment.
    pub(crate) offset: usize,
    pub(crate) len_bytes: usize,
    pub(crate) payload_bytes: usize,
}

impl FileContent {
    /// An empty file in the memory of `pool`.
    pub(crate) fn new(pool: BufferPool) -> Self {
        Self { pool, segments: Vec::new(), len_bytes: 0 }
    }

    /// Bytes written so far.
    pub fn len_bytes(&self) -> usize {
        self.len_bytes
    }

    /// Puts a head before every piece. Returns the frames in order, and the segments; an empty file is one empty frame.
    ///
    /// # Errors
    /// When there is no memory for the only piece.
    pub(crate) fn into_frames(
        mut self,
        request: u32,
        name: &str,
    ) -> io::Result<(Vec<FrameSpan>, Vec<FileSegment>)> {
        let name = to_wire::shortened(name.into(), MAX_NAME_BYTES);
        if self.segments.is_empty() {
            self.begin_slot(0)?;
        }
        let pieces = self.len_bytes.div_ceil(PIECE_BYTES).max(1);
        let mut frames = Vec::with_capacity(pieces);
        for piece in 0..pieces {
            let begin = piece * PIECE_BYTES;
            let payload_bytes = PIECE_BYTES.min(self.len_bytes - begin);
            let (name, offset, last) = (name.clone(), begin as u64, piece + 1 == pieces);
            let header = FileHeader { request, name, offset, last };
            let head_bytes = file_head_len(&header).expect("the name is not too long");
            let (segment, slot_start) = slot_of(piece);
            let offset = slot_start + HEAD_ROOM_BYTES - head_bytes;
            let room = &mut self.segments[segment].memory.bytes_mut()[offset..][..head_bytes];
            encode_file_head(&header, payload_bytes, room).expect("a slot holds the longest frame");
            let len_bytes = head_bytes + payload_bytes;
            frames.push(FrameSpan { segment, offset, len_bytes, payload_bytes });
        }
        Ok((frames, self.segments))
    }

    /// Makes room for a piece.
    fn begin_slot(&mut self, piece: usize) -> io::Result<()> {
        let (segment, _) = slot_of(piece);
        if segment == self.segments.len() {
            let slots = if segment == 0 { 1 } else { SLOTS_PER_SEGMENT };
            let memory = self.pool.acquire(slots * SLOT_BYTES).map_err(io::Error::other)?;
            self.segments.push(FileSegment { memory, counted: MappedBytes::default() });
        }
        self.segments[segment].counted.grow(SLOT_BYTES);
        Ok(())
    }
}

/// The segment of a piece, and where its slot begins there.
fn slot_of(piece: usize) -> (usize, usize) {
    match piece.checked_sub(1) {
        None => (0, 0),
        Some(rest) => (1 + rest / SLOTS_PER_SEGMENT, rest % SLOTS_PER_SEGMENT * SLOT_BYTES),
    }
}

impl Write for FileContent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let (piece, at) = (self.len_bytes / PIECE_BYTES, self.len_bytes % PIECE_BYTES);
        if at == 0 {
            self.begin_slot(piece)?;
        }
        let taken = bytes.len().min(PIECE_BYTES - at);
        let (segment, slot_start) = slot_of(piece);
        let start = slot_start + HEAD_ROOM_BYTES + at;
        let memory = self.segments[segment].memory.bytes_mut();
        memory[start..start + taken].copy_from_slice(&bytes[..taken]);
        self.len_bytes += taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FileSegment {
    /// What it counts as allocated.
    pub(crate) fn counted_bytes(&self) -> usize {
        self.counted.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scadstream_memory::pool::PoolSettings;
    use scadstream_protocol::ServerMessage;
    use scadstream_protocol::message::File;

    fn empty() -> FileContent {
        FileContent::new(BufferPool::new(PoolSettings::default(), Box::new(|_| {})))
    }

    /// The frames of a file of `len` bytes that is written `at_once` by `at_once`, as a client reads them.
    fn sent(len: usize, at_once: usize) -> (Vec<u8>, Vec<File>) {
        let bytes: Vec<u8> = (0..len).map(|index| (index / 7) as u8).collect();
        let mut content = empty();
        bytes.chunks(at_once).for_each(|part| content.write_all(part).unwrap());
        assert_eq!(content.len_bytes(), len);
        let (frames, mut segments) = content.into_frames(3, "part.stl").unwrap();
        let files = frames.iter().map(|frame| {
            let memory = segments[frame.segment].memory.bytes_mut();
            let frame = memory[frame.offset..][..frame.len_bytes].to_vec();
            match ServerMessage::decode(&frame.into()).unwrap() {
                Some(ServerMessage::File(file)) => file,
                other => panic!("no piece of a file: {other:?}"),
            }
        });
        (bytes, files.collect())
    }

    #[track_caller]
    fn check(len: usize, at_once: usize, pieces: usize) {
        let (bytes, files) = sent(len, at_once);
        assert_eq!(files.len(), pieces);
        let mut read = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let (offset, last) = (read.len() as u64, index + 1 == pieces);
            let expected = FileHeader { request: 3, name: "part.stl".into(), offset, last };
            assert_eq!(file.header, expected);
            read.extend_from_slice(&file.payload);
        }
        assert!(read == bytes);
    }

    #[test]
    fn files_of_any_length_are_whole_frames() {
        check(0, 1, 1);
        check(1, 1, 1);
        check(PIECE_BYTES - 1, 1000, 1);
        check(PIECE_BYTES, 999, 1);
        check(PIECE_BYTES + 1, 4096, 2);
        check((SLOTS_PER_SEGMENT + 1) * PIECE_BYTES + 5, 3 << 20, SLOTS_PER_SEGMENT + 2);
    }

    #[test]
    fn what_is_written_counts() {
        let mut content = empty();
        content.write_all(&vec![1; PIECE_BYTES + 1]).unwrap();
        let (_, segments) = content.into_frames(3, "part.stl").unwrap();
        assert_eq!(segments.iter().map(FileSegment::counted_bytes).sum::<usize>(), 2 * SLOT_BYTES);
    }
}
