//! Memory shared between a worker, which writes frames into it, and the supervisor, which sends them.
//!
//! A [`Segment`] is an anonymous file (memfd) of fixed size, sealed against shrinking and growing, mapped for writing.
//! Its descriptor goes to the other process, which makes a [`SegmentView`] of it: the same pages, read-only. The view
//! gives out reference-counted slices as [`Bytes`], which the WebSocket layer takes without a copy.
//!
//! Who writes when is agreed over the socket: the worker leaves a segment alone from the moment it announced a frame
//! in it until the supervisor said that the last slice is gone. The supervisor treats the content as opaque bytes; a
//! worker that breaks the agreement garbles its own client's picture and nothing else.
#![expect(unsafe_code, reason = "mapping memory and viewing it as a slice")]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

#[cfg(target_endian = "big")]
compile_error!("frames are written in place and are little-endian on the wire");

/// Why a segment could not be made or taken over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// The system refused; the operation is named.
    #[error("cannot {operation} a shared memory segment: {source}")]
    System {
        /// What was being done.
        operation: &'static str,
        /// The system's answer.
        source: Errno,
    },
    /// The descriptor's file could still shrink, so that reading it might raise a signal.
    #[error("a shared memory segment is not sealed against shrinking")]
    NotSealed,
    /// A size of zero, or one that is no size of memory on this machine.
    #[error("a shared memory segment cannot have {0} bytes")]
    Size(u64),
}

/// A segment that this process writes.
#[derive(Debug)]
pub struct Segment {
    file: OwnedFd,
    mapping: Mapping,
}

impl Segment {
    /// A new segment of `len_bytes`, filled with zeros. The system provides its pages when they are first written.
    ///
    /// # Errors
    /// When the system has no descriptor or no address space left, or `len_bytes` is zero.
    pub fn create(len_bytes: usize) -> Result<Self, SegmentError> {
        let file = rustix::fs::memfd_create(
            c"scadstream-segment",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )
        .map_err(|source| SegmentError::System { operation: "create", source })?;
        rustix::fs::ftruncate(&file, len_bytes as u64)
            .map_err(|source| SegmentError::System { operation: "size", source })?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
            .map_err(|source| SegmentError::System { operation: "seal", source })?;
        let mapping = Mapping::new(&file, len_bytes, ProtFlags::READ | ProtFlags::WRITE)?;
        Ok(Self { file, mapping })
    }

    /// The size, as given to [`Segment::create`].
    pub fn len_bytes(&self) -> usize {
        self.mapping.len_bytes
    }

    /// The content, to be written. It begins at a page border, so that every multiple of 8 from its start is aligned
    /// for any number type.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the mapping is writable, `len_bytes` long and initialised (the system gives zeroed pages). `&mut self`
        // keeps other references of this process away, and the other process maps the pages read-only.
        unsafe {
            std::slice::from_raw_parts_mut(self.mapping.start.as_ptr(), self.mapping.len_bytes)
        }
    }
}

impl AsFd for Segment {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// A segment that another process writes, mapped read-only.
#[derive(Debug)]
pub struct SegmentView {
    mapping: Mapping,
}

impl SegmentView {
    /// Maps the segment behind `file`. The descriptor is not needed afterwards.
    ///
    /// # Errors
    /// When the file is not sealed against shrinking (then a later read could raise SIGBUS), is empty, or the system
    /// refuses to map it.
    pub fn map(file: impl AsFd) -> Result<Arc<Self>, SegmentError> {
        let seals = rustix::fs::fcntl_get_seals(&file)
            .map_err(|source| SegmentError::System { operation: "read the seals of", source })?;
        if !seals.contains(SealFlags::SHRINK) {
            return Err(SegmentError::NotSealed);
        }
        let size = rustix::fs::fstat(&file)
            .map_err(|source| SegmentError::System { operation: "measure", source })?
            .st_size;
        let len_bytes = usize::try_from(size).map_err(|_| SegmentError::Size(size as u64))?;
        Ok(Arc::new(Self { mapping: Mapping::new(&file, len_bytes, ProtFlags::READ)? }))
    }

    /// The size of the segment.
    pub fn len_bytes(&self) -> usize {
        self.mapping.len_bytes
    }

    /// `len_bytes` bytes from `offset` on, without a copy; `None` when they do not lie in the segment.
    ///
    /// The segment stays mapped as long as the slice or a clone of it lives; `guard` is dropped together with the
    /// last of them, which is how the caller learns that the writer may have the memory back.
    pub fn slice<G>(self: &Arc<Self>, offset: usize, len_bytes: usize, guard: G) -> Option<Bytes>
    where
        G: Send + 'static,
    {
        let end = offset.checked_add(len_bytes)?;
        if end > self.mapping.len_bytes {
            return None;
        }
        Some(Bytes::from_owner(Slice { view: Arc::clone(self), offset, end, _guard: guard }))
    }
}

struct Slice<G> {
    view: Arc<SegmentView>,
    offset: usize,
    end: usize,
    _guard: G,
}

impl<G> AsRef<[u8]> for Slice<G> {
    fn as_ref(&self) -> &[u8] {
        let mapping = &self.view.mapping;
        // SAFETY: the mapping is readable and `len_bytes` long, and cannot shrink (checked in `map`). The writer keeps
        // away by the agreement in the module's head; should it not, the bytes are only ever copied into a socket by
        // the system, never interpreted, so that no decision is taken on a value that changes underneath.
        let bytes =
            unsafe { std::slice::from_raw_parts(mapping.start.as_ptr(), mapping.len_bytes) };
        &bytes[self.offset..self.end]
    }
}

/// A mapped range of memory, unmapped when dropped.
#[derive(Debug)]
struct Mapping {
    start: NonNull<u8>,
    len_bytes: usize,
}

// SAFETY: a mapping is plain memory, valid in every thread of the process.
unsafe impl Send for Mapping {}
// SAFETY: as above; writing needs `&mut Segment`.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn new(
        file: &impl AsFd,
        len_bytes: usize,
        protection: ProtFlags,
    ) -> Result<Self, SegmentError> {
        if len_bytes == 0 || isize::try_from(len_bytes).is_err() {
            return Err(SegmentError::Size(len_bytes as u64));
        }
        // SAFETY: a null address lets the system choose a free range, so no existing mapping is touched; `file` is open
        // and as long as the range.
        let start = unsafe {
            rustix::mm::mmap(std::ptr::null_mut(), len_bytes, protection, MapFlags::SHARED, file, 0)
        }
        .map_err(|source| SegmentError::System { operation: "map", source })?;
        let start = NonNull::new(start.cast()).expect("the system never maps the null page");
        Ok(Self { start, len_bytes })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new` and, as the owner is being dropped, nothing borrows from it any more.
        let unmapped = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.len_bytes) };
        debug_assert!(unmapped.is_ok(), "a mapping of ours can be unmapped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn what_one_side_writes_the_other_reads() {
        let mut segment = Segment::create(4096).unwrap();
        let view = SegmentView::map(&segment).unwrap();
        segment.bytes_mut()[100..105].copy_from_slice(b"mesh!");
        assert_eq!(&view.slice(100, 5, ()).unwrap()[..], b"mesh!");
        assert_eq!(view.len_bytes(), 4096);
    }

    #[test]
    fn a_slice_outlives_view_and_segment() {
        let mut segment = Segment::create(64).unwrap();
        segment.bytes_mut()[0] = 7;
        let slice = SegmentView::map(&segment).unwrap().slice(0, 64, ()).unwrap();
        drop(segment);
        assert_eq!(slice[0], 7);
    }

    #[test]
    fn slices_outside_are_refused() {
        let segment = Segment::create(4096).unwrap();
        let view = SegmentView::map(&segment).unwrap();
        assert!(view.slice(0, 4096, ()).is_some());
        assert!(view.slice(4096, 0, ()).is_some());
        assert!(view.slice(1, 4096, ()).is_none());
        assert!(view.slice(usize::MAX, 2, ()).is_none());
    }

    #[test]
    fn the_guard_goes_with_the_last_clone() {
        struct Guard(Arc<AtomicBool>);
        impl Drop for Guard {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let gone = Arc::new(AtomicBool::new(false));
        let segment = Segment::create(4096).unwrap();
        let view = SegmentView::map(&segment).unwrap();
        let slice = view.slice(0, 10, Guard(Arc::clone(&gone))).unwrap();
        let part = slice.slice(2..4);
        drop(slice);
        assert!(!gone.load(Ordering::SeqCst));
        drop(part);
        assert!(gone.load(Ordering::SeqCst));
    }

    #[test]
    fn a_segment_can_neither_shrink_nor_grow() {
        let segment = Segment::create(4096).unwrap();
        assert_eq!(rustix::fs::ftruncate(&segment, 0), Err(Errno::PERM));
        assert_eq!(rustix::fs::ftruncate(&segment, 8192), Err(Errno::PERM));
    }

    #[test]
    fn an_unsealed_file_is_not_mapped() {
        let file = rustix::fs::memfd_create(c"unsealed", MemfdFlags::ALLOW_SEALING).unwrap();
        rustix::fs::ftruncate(&file, 4096).unwrap();
        assert!(matches!(SegmentView::map(&file), Err(SegmentError::NotSealed)));
    }

    #[test]
    fn an_empty_segment_is_refused() {
        assert!(matches!(Segment::create(0), Err(SegmentError::Size(0))));
    }
}
