//! What supervisor and worker say to each other over their socket.
//!
//! A message is two lengths, a header and a payload: `u32` length of the header, `u32` length of the payload (both
//! little-endian), the header in the protocol's serialization, the payload as bytes. Frames for the client travel as
//! payloads, ready to be sent, or lie in shared memory and are only named. Both sides are the same binary, so the
//! layout has no versions.
//!
//! The supervisor takes a worker for untrusted, since it runs strangers' models: lengths are bounded before anything is
//! allocated, and whatever does not fit ends the worker.

pub(crate) mod blocking;
pub(crate) mod tokio;

use bytes::Bytes;
use wincode::{SchemaRead, SchemaWrite};

use crate::sandbox::Sandbox;

/// Longest header.
const MAX_HEADER_BYTES: usize = 1 << 20;
/// Longest payload from a worker: a frame.
pub(crate) const MAX_FROM_WORKER_PAYLOAD: usize = scadstream_protocol::limits::MAX_FRAME_BYTES;
/// Longest payload to a worker: a document with all its files.
pub(crate) const MAX_TO_WORKER_PAYLOAD: usize = 1 << 30;

/// Length of the two lengths.
const PREFIX_BYTES: usize = 8;

/// Number of a job, given by the supervisor, never used twice.
pub(crate) type JobId = u64;

/// From supervisor to worker.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub(crate) enum ToWorker {
    /// Do this job. The payload is the client's `Render` frame followed by the uploaded files that it names, and by the
    /// hashes of chunks that the client has.
    Start {
        job: JobId,
        task: Task,
        /// Length of the `Render` frame.
        frame_bytes: u64,
        /// The uploaded files, in the payload's order.
        uploads: Vec<Attachment>,
        /// How chunks are sent, as the protocol's number.
        codec: u32,
    },
    /// Nobody wants anything more of this job: stop it and drop what is left of it.
    Forget { job: JobId },
    /// The job may have sent so many bytes of chunks and files in all.
    Credit { job: JobId, total_bytes: u64 },
    /// Send these chunks of a retained scene.
    Need { job: JobId, scene: u32, chunks: Vec<u32> },
    /// The job's viewer stands there now.
    View { job: JobId, eye: [f32; 3], target: [f32; 3], fov_deg: f32, height_px: u32 },
    /// The last slices of the frames in these segments are gone: they may be written again.
    Release { segments: Vec<u32> },
    /// How short the machine is of memory, as a number of `PressureLevel`.
    SystemPressure { level: u8 },
}

/// What to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub(crate) enum Task {
    /// Render it.
    Render,
    /// Make a file; the format is the protocol's number.
    Export { request: u32, format: u32 },
}

/// An uploaded file in the payload of `Start`.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub(crate) struct Attachment {
    pub(crate) digest: [u8; 32],
    pub(crate) len_bytes: u64,
}

/// From worker to supervisor.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub(crate) enum FromWorker {
    /// The worker takes jobs, inside these walls.
    Ready { sandbox: Sandbox },
    /// A frame for the job's client is the payload.
    Frame { job: JobId },
    /// A segment of shared memory; its descriptor comes with this message.
    NewSegment { segment: u32 },
    /// A frame for the job's client lies in this segment.
    SharedFrame { job: JobId, segment: u32, offset: u32, len_bytes: u32 },
    /// The segment will not be named again.
    SegmentGone { segment: u32 },
    /// So many bytes of chunks and files does the job have in all, sent ones included.
    Wants { job: JobId, total_bytes: u64 },
    /// So many bytes will the job most likely take.
    Needs { job: JobId, bytes: u64 },
    /// The job's work is over, what is left is sending; the worker takes the next one.
    Ended { job: JobId, ending: Ending, stages: Vec<StageSeconds>, peak_bytes: u64 },
    /// All that there is of the job was sent.
    Sent { job: JobId },
    /// The worker's memory, after each job and every few seconds.
    Memory(WorkerMemory),
}

/// How a job's work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub(crate) enum Ending {
    Done,
    Failed,
    MemoryLimit,
    Cancelled,
    Panicked,
    Unreadable,
}

/// Time spent in a stage; the stage is the protocol's number.
#[derive(Debug, Clone, Copy, PartialEq, SchemaWrite, SchemaRead)]
pub(crate) struct StageSeconds {
    pub(crate) stage: u32,
    pub(crate) seconds: f64,
}

/// What a worker knows of its memory. Bytes, counts since its start.
#[derive(Debug, Clone, Copy, PartialEq, Default, SchemaWrite, SchemaRead)]
pub(crate) struct WorkerMemory {
    pub(crate) live_bytes: u64,
    pub(crate) resident_bytes: u64,
    pub(crate) caches: [CacheNumbers; 4],
    pub(crate) chunks_reused: u64,
    /// Cells of models: solved, taken from the cache, solved again as part of larger ones.
    pub(crate) cells: [u32; 3],
    pub(crate) seam_edges_mended: u32,
    pub(crate) retained_bytes: u64,
    pub(crate) leak_confidence: f64,
    pub(crate) growth_bytes_per_second: f64,
    pub(crate) pool_idle_bytes: u64,
    pub(crate) pool_used_bytes: u64,
    pub(crate) pool_hits: u64,
    pub(crate) pool_misses: u64,
    pub(crate) pool_evictions: u64,
    /// How often memory was given back at moderate, high and critical pressure while a job worked.
    pub(crate) reliefs: [u64; 3],
    /// Resident bytes that giving back freed.
    pub(crate) freed_bytes: u64,
}

/// How one of a worker's caches is doing, in the order of `Caches::by_name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, SchemaWrite, SchemaRead)]
pub(crate) struct CacheNumbers {
    pub(crate) bytes: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

impl WorkerMemory {
    /// Bytes that all caches hold.
    pub(crate) fn cached_bytes(&self) -> u64 {
        self.caches.iter().map(|cache| cache.bytes).sum()
    }
}

/// Why the other side can no longer be understood or reached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IpcError {
    #[error("the other process closed the connection")]
    Closed,
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    #[error("a message of {0} bytes is longer than any can be")]
    TooLong(usize),
    #[error("a message cannot be read: {0}")]
    Malformed(String),
    #[error("a message came without the descriptor that belongs to it")]
    NoDescriptor,
}

/// Appends prefix and header to `bytes`; the payload goes right behind.
fn put_head<M: SchemaWrite<wincode::config::DefaultConfig, Src = M>>(
    message: &M,
    payload_len: usize,
    bytes: &mut Vec<u8>,
) {
    let header = wincode::serialize(message).expect("messages are plain data and always fit");
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend((payload_len as u32).to_le_bytes());
    bytes.extend(header);
}

/// Reads the prefix: lengths of header and payload, checked.
fn lengths(prefix: [u8; PREFIX_BYTES], max_payload: usize) -> Result<(usize, usize), IpcError> {
    let [h0, h1, h2, h3, p0, p1, p2, p3] = prefix;
    let header = u32::from_le_bytes([h0, h1, h2, h3]) as usize;
    let payload = u32::from_le_bytes([p0, p1, p2, p3]) as usize;
    if header > MAX_HEADER_BYTES || payload > max_payload {
        return Err(IpcError::TooLong(header.saturating_add(payload)));
    }
    Ok((header, payload))
}

/// Reads a header followed by its payload.
fn split<M>(mut body: Bytes, header_len: usize) -> Result<(M, Bytes), IpcError>
where
    M: for<'de> SchemaRead<'de, wincode::config::DefaultConfig, Dst = M>,
{
    let payload = body.split_off(header_len);
    let message = wincode::deserialize(&body).map_err(|e| IpcError::Malformed(e.to_string()))?;
    Ok((message, payload))
}
