//! A file on its way: its frames lie in shared memory as they are sent, and have only to be named to the supervisor.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use crate::engine::ExportedFile;
use crate::file_content::{FileSegment, FrameSpan};
use crate::ipc::FromWorker;
use crate::worker::Link;

/// A file that is being sent.
pub(super) struct OutgoingFile {
    frames: Vec<FrameSpan>,
    /// Those of which nothing was sent yet.
    segments: VecDeque<FileSegment>,
    /// Number and memory of that of the last frame that was taken.
    current: Option<(usize, Arc<FileSegment>)>,
}

/// A frame in its segment.
pub(super) struct PlacedFrame {
    pub(super) segment: Arc<FileSegment>,
    pub(super) span: FrameSpan,
}

impl OutgoingFile {
    /// Makes the frames of a file.
    pub(super) fn new(request: u32, file: ExportedFile) -> io::Result<Self> {
        let (frames, segments) = file.content.into_frames(request, &file.name)?;
        Ok(Self { frames, segments: segments.into(), current: None })
    }

    /// How many frames it has.
    pub(super) fn len(&self) -> u32 {
        self.frames.len() as u32
    }

    /// Length of frame `index`; 0 when there is no such frame.
    pub(super) fn frame_len(&self, index: u32) -> usize {
        self.frames.get(index as usize).map_or(0, |frame| frame.len_bytes)
    }

    /// Frame `index`, of whose segment the supervisor is told by `link`. They are taken once each and in order: what lies
    /// behind is let go.
    pub(super) fn take(&mut self, index: u32, link: &Link) -> Option<PlacedFrame> {
        let span = *self.frames.get(index as usize)?;
        if self.current.as_ref().is_none_or(|(number, _)| *number != span.segment) {
            let mut segment = self.segments.pop_front()?;
            if segment.memory.is_untold() {
                let message = FromWorker::NewSegment { segment: segment.memory.id().0 };
                link.send_descriptor(&message, segment.memory.segment().as_fd());
            }
            self.current = Some((span.segment, Arc::new(segment)));
        }
        let (_, segment) = self.current.as_ref()?;
        Some(PlacedFrame { segment: Arc::clone(segment), span })
    }

    /// Memory of what is still to be sent.
    pub(super) fn retained_bytes(&self) -> u64 {
        let current = self.current.iter().map(|(_, segment)| segment.counted_bytes());
        let rest = self.segments.iter().map(FileSegment::counted_bytes);
        current.chain(rest).sum::<usize>() as u64
    }
}
