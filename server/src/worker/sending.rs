//! The sending thread: makes chunks and file pieces when the client's credit allows, straight into shared memory.
//!
//! A scene stays here after its job's work is over, as the plan it is and not as bytes, until the client has it all, and
//! a while longer in case chunks are asked for again. So a slow reader occupies a plan and never the job thread. Plans
//! are bounded in number and bytes; the oldest are dropped first, those that are all sent before any other.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use scadstream_memory::allocator;
use scadstream_memory::monitor::{Monitor, Snapshot};
use scadstream_memory::pool::{Buffer, BufferPool, Label};
use scadstream_memory::pressure::{PressureLevel, Thresholds};
use scadstream_memory::segment::SegmentError;
use scadstream_protocol::limits::MAX_FRAME_BYTES;
use scadstream_protocol::message as wire;
use scadstream_protocol::{
    CHUNK_HEAD_BYTES, chunk_frame_len, encode_chunk_head, encode_file_head, file_head_len,
};

use super::{About, Link};
use crate::engine::{
    ChunkEntry, ChunkSource, Codec, ExportedFile, Failure, MAX_CHUNK_BYTES, Scene, Statistics,
};
use crate::ipc::{CacheNumbers, FromWorker, JobId, WorkerMemory};
use crate::known_chunks::Hash;
use crate::to_wire;

/// How often memory is looked at and told, and idle buffers are released.
const TICK: Duration = Duration::from_secs(5);
/// Growth of the live bytes, in bytes per second, that the log warns of.
const WORRYING_GROWTH: f64 = 5e6;
/// Frames are announced together up to this length,
const MOST_MADE_BYTES: usize = 256 << 10;
/// or once the first of them has waited for so long, as when each has to be made.
const MOST_MADE_TIME: Duration = Duration::from_micros(200);
/// Plans kept.
const MAX_RETAINED: usize = 64;

/// What the other threads ask for.
pub(super) enum Command {
    /// A job begins, for a client that has these chunks.
    Begin { job: JobId, about: About, known: HashSet<Hash> },
    /// A picture, in place of the job's earlier ones.
    Scene { job: JobId, scene: Scene },
    /// More of the job's last picture.
    MoreOfScene { job: JobId, more: Scene },
    /// The file asked for.
    File { job: JobId, file: ExportedFile },
    /// The job's work is over.
    End { job: JobId, finished: Finished },
    /// So many bytes may have been sent for the job in all.
    Credit { job: JobId, total_bytes: u64 },
    /// Chunks are wanted once more.
    Need { job: JobId, scene: u32, chunks: Vec<u32> },
    /// Nothing of the job is wanted any more.
    Forget { job: JobId },
    /// Segments may be written again.
    Release { segments: Vec<u32> },
    /// Memory is short.
    Trim(PressureLevel),
    /// The supervisor should know how short.
    Report,
    /// What was found between jobs.
    Tidied { caches: [CacheNumbers; 4], leak_confidence: f64 },
}

/// How a job's work ended.
pub(super) enum Finished {
    Done(Box<JobFacts>),
    Failed(Failure),
    Cancelled,
}

/// What `Done` tells.
pub(super) struct JobFacts {
    pub(super) statistics: Statistics,
    pub(super) peak_bytes: u64,
}

/// All that is being sent or kept.
pub(super) struct Sending {
    link: Arc<Link>,
    pool: BufferPool,
    monitor: Monitor,
    retained_limit_bytes: u64,
    /// By number, so that the oldest comes first.
    jobs: BTreeMap<JobId, Job>,
    /// Buffers that the supervisor reads from.
    lent: HashMap<u32, Buffer>,
    made: Made,
    /// The least number that no segment known to the supervisor has.
    first_unannounced: u32,
    memory: WorkerMemory,
}

/// Frames that lie in their segments and are not announced yet: for one at a time, two processes would wake up.
#[derive(Default)]
struct Made {
    frames: Vec<FromWorker>,
    bytes: usize,
    since: Option<Instant>,
}

struct Job {
    about: About,
    content: Content,
    /// Indices of chunks, or of pieces of a file, still to be sent.
    pending: VecDeque<u32>,
    /// Hashes of chunks that the client has, or will have by what was sent before.
    known: HashSet<Hash>,
    next_scene: u32,
    /// Bytes allowed and sent, since the job began.
    credit_bytes: u64,
    sent_bytes: u64,
    sent_payload_bytes: u64,
    /// What `Done` or `Failed` will tell once everything is sent, until it has.
    last_word: Option<LastWord>,
}

enum LastWord {
    Done(Box<JobFacts>),
    Failed(Failure),
}

enum Content {
    Nothing,
    Scene {
        number: u32,
        pieces: Vec<Piece>,
        announced: to_wire::Announced,
        /// Of all its chunks so far.
        hashes: HashSet<Hash>,
    },
    File(ExportedFile),
}

/// A piece of a scene: all of it, or what came at one time.
struct Piece {
    /// Number of its first chunk in the scene.
    first: usize,
    exact: bool,
    chunks: Vec<ChunkEntry>,
    /// Makes the chunks; gone when all were sent and their memory was needed.
    source: Option<Box<dyn ChunkSource + Send>>,
    /// Chunks that are still to be sent.
    unsent: usize,
}

impl Piece {
    fn retained_bytes(&self) -> u64 {
        let source = self.source.as_ref().map_or(0, |source| source.retained_bytes());
        source + size_of_val(self.chunks.as_slice()) as u64
    }
}

impl Sending {
    pub(super) fn new(link: Arc<Link>, pool: BufferPool, thresholds: Thresholds) -> Self {
        Self {
            link,
            pool,
            monitor: Monitor::new(thresholds),
            // Plans are the first thing that many slow readers would fill the worker with.
            retained_limit_bytes: thresholds.warning / 4,
            jobs: BTreeMap::new(),
            lent: HashMap::new(),
            made: Made::default(),
            first_unannounced: 0,
            memory: WorkerMemory::default(),
        }
    }

    /// Sends and obeys until the other threads are gone.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        let mut next_tick = Instant::now();
        loop {
            if Instant::now() >= next_tick {
                self.tick();
                next_tick = Instant::now() + TICK;
            }
            // Commands first: a job that was just forgotten should not be sent.
            match commands.try_recv() {
                Ok(command) => {
                    self.obey(command);
                    continue;
                }
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {}
            }
            if self.send_one() {
                continue;
            }
            self.announce();
            let patience = next_tick.saturating_duration_since(Instant::now());
            match commands.recv_timeout(patience) {
                Ok(command) => self.obey(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        // Whatever else is said comes after the frames made before.
        if !matches!(command, Command::Credit { .. } | Command::Release { .. }) {
            self.announce();
        }
        match command {
            Command::Begin { job, about, known } => {
                self.jobs.insert(job, Job::new(about, known));
                self.bound_retained();
            }
            Command::Scene { job, scene } => self.begin_scene(job, scene),
            Command::MoreOfScene { job, more } => self.extend_scene(job, more),
            Command::File { job, file } => self.begin_file(job, file),
            Command::End { job, finished } => self.end(job, finished),
            Command::Credit { job, total_bytes } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    job.credit_bytes = job.credit_bytes.max(total_bytes);
                }
            }
            Command::Need { job, scene, chunks } => self.need(job, scene, &chunks),
            Command::Forget { job } => {
                self.jobs.remove(&job);
            }
            Command::Release { segments } => {
                segments.iter().for_each(|segment| drop(self.lent.remove(segment)));
            }
            Command::Trim(level) => self.pool.trim(level),
            Command::Report => self.tell_memory(),
            Command::Tidied { caches, leak_confidence } => {
                self.memory.caches = caches;
                self.memory.leak_confidence = leak_confidence;
                self.tell_memory();
            }
        }
    }

    fn begin_scene(&mut self, id: JobId, scene: Scene) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let number = job.next_scene;
        job.next_scene += 1;
        // What was not sent of the scene before is not wanted any more.
        job.pending.clear();
        let announced = to_wire::Announced::default();
        let (pieces, hashes) = (Vec::new(), HashSet::new());
        job.content = Content::Scene { number, pieces, announced, hashes };
        self.extend_scene(id, scene);
    }

    fn extend_scene(&mut self, id: JobId, scene: Scene) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if scene.chunks.iter().any(|entry| entry.payload_bytes as usize > MAX_CHUNK_BYTES) {
            tracing::error!(job = id, "the engine made a chunk that fits no frame");
            return;
        }
        let of = job.about.revision();
        let Content::Scene { number, pieces, announced, hashes } = &mut job.content else { return };
        // A chunk that occurs twice, as the teeth of a gear may, is sent once.
        let is_new =
            |entry: &ChunkEntry| hashes.insert(entry.hash) && !job.known.contains(&entry.hash);
        let push: Vec<bool> = scene.chunks.iter().map(is_new).collect();
        self.memory.chunks_reused += push.iter().filter(|push| !**push).count() as u64;
        let first = announced.chunks();
        for manifest in to_wire::manifest(of, *number, &scene, &push, announced) {
            self.link.send_frame(id, manifest);
        }
        let pushed = (first as u32..).zip(&push).filter(|(_, push)| **push);
        job.pending.extend(pushed.map(|(index, _)| index));
        let unsent = push.iter().filter(|push| **push).count();
        let Scene { exact, chunks, source, .. } = scene;
        pieces.push(Piece { first, exact, chunks, source: Some(source), unsent });
        self.want(id);
        self.bound_retained();
    }

    fn begin_file(&mut self, id: JobId, file: ExportedFile) {
        // It is sent when the job is done: the last piece is the client's whole answer, and nothing may fail after it.
        if let Some(job) = self.jobs.get_mut(&id) {
            job.content = Content::File(file);
        }
    }

    fn end(&mut self, id: JobId, finished: Finished) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        match finished {
            Finished::Done(facts) => {
                let Statistics { cells, cells_cached, cells_merged, .. } = facts.statistics;
                let counts = [cells.saturating_sub(cells_cached), cells_cached, cells_merged];
                self.memory
                    .cells
                    .iter_mut()
                    .zip(counts)
                    .for_each(|(all, n)| *all = all.saturating_add(n));
                let mended = &mut self.memory.seam_edges_mended;
                *mended = mended.saturating_add(facts.statistics.seam_edges_mended);
                job.last_word = Some(LastWord::Done(facts));
                if let Content::File(file) = &job.content {
                    // An empty file is one empty piece.
                    let pieces = file.content.len().div_ceil(FILE_PIECE_BYTES).max(1);
                    job.pending = (0..pieces as u32).collect();
                    self.want(id);
                }
                self.finish_if_sent(id);
            }
            Finished::Failed(failure) => {
                // What there is of a picture comes first: it may be all that the client will see.
                job.last_word = Some(LastWord::Failed(failure));
                self.finish_if_sent(id);
            }
            Finished::Cancelled => {
                self.jobs.remove(&id);
                self.link.send(&FromWorker::Sent { job: id });
            }
        }
    }

    fn need(&mut self, id: JobId, scene: u32, chunks: &[u32]) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let is_number = matches!(&job.content, Content::Scene { number, .. } if *number == scene);
        let is_there = |job: &Job, index: u32| {
            is_number && job.piece_of(index).is_some_and(|(piece, _)| piece.source.is_some())
        };
        if let Some(missing) = chunks.iter().find(|index| !is_there(job, **index)) {
            let of = job.about.revision();
            let subject =
                wire::Subject::Need { document: of.document, revision: of.revision, scene };
            let message = format!("Chunk {missing} of scene {scene} is not there: render again.");
            let gone = to_wire::plain_failure(subject, wire::FailureCode::Gone, message);
            self.link.send_frame(id, gone);
        }
        for index in
            chunks.iter().copied().filter(|index| is_there(job, *index)).collect::<Vec<_>>()
        {
            if let Some((piece, _)) = job.piece_of_mut(index) {
                piece.unsent += 1;
            }
            job.pending.push_back(index);
        }
        self.want(id);
    }

    /// Tells how many bytes the job has in all, so that the supervisor lends it credit.
    fn want(&self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        let pending: u64 = job.pending.iter().map(|index| job.frame_len(*index) as u64).sum();
        self.link.send(&FromWorker::Wants { job: id, total_bytes: job.sent_bytes + pending });
    }

    /// Sends the next frame of the oldest job that may send one; false when none may.
    fn send_one(&mut self) -> bool {
        let ready = self.jobs.iter().find_map(|(id, job)| {
            let index = *job.pending.front()?;
            (job.sent_bytes + job.frame_len(index) as u64 <= job.credit_bytes).then_some(*id)
        });
        let Some(id) = ready else { return false };
        if let Err(error) = self.send_next(id) {
            // Without a buffer nothing can be sent; the supervisor replaces a worker in this state.
            tracing::error!(%error, "no memory for frames");
            std::process::exit(allocator::EXIT_MEMORY_LIMIT);
        }
        self.finish_if_sent(id);
        true
    }

    fn send_next(&mut self, id: JobId) -> Result<(), SegmentError> {
        let Some(job) = self.jobs.get_mut(&id) else { return Ok(()) };
        let Some(index) = job.pending.pop_front() else { return Ok(()) };
        let len_bytes = job.frame_len(index);
        let label = job.label(index);
        let made = label.and_then(|label| self.pool.acquire_labelled(&label, len_bytes));
        let (mut buffer, is_made) = match made {
            Some(buffer) => (buffer, true),
            None => (self.pool.acquire(len_bytes)?, false),
        };
        let payload_bytes = match job.write(index, &mut buffer.bytes_mut()[..len_bytes], is_made) {
            Ok(payload_bytes) => payload_bytes,
            Err(error) => {
                tracing::error!(job = id, index, %error, "a frame cannot be written");
                return Ok(());
            }
        };
        if let Some(label) = label {
            buffer.set_label(label);
        }
        if let Some(hash) = job.entry(index).map(|entry| entry.hash) {
            job.known.insert(hash);
        }
        job.sent_bytes += len_bytes as u64;
        job.sent_payload_bytes += payload_bytes as u64;
        let segment = buffer.id().0;
        // Numbers grow, and this thread alone takes buffers, so a new segment has the highest number so far.
        if segment >= self.first_unannounced {
            self.first_unannounced = segment + 1;
            let message = FromWorker::NewSegment { segment };
            self.link.send_descriptor(&message, buffer.segment().as_fd());
        }
        self.lent.insert(segment, buffer);
        let frame = FromWorker::SharedFrame { job: id, segment, len_bytes: len_bytes as u32 };
        self.made.frames.push(frame);
        self.made.bytes += len_bytes;
        let since = *self.made.since.get_or_insert_with(Instant::now);
        if self.made.bytes >= MOST_MADE_BYTES || since.elapsed() >= MOST_MADE_TIME {
            self.announce();
        }
        Ok(())
    }

    /// Tells the supervisor of the frames made since the last time.
    fn announce(&mut self) {
        let Made { frames, .. } = std::mem::take(&mut self.made);
        if !frames.is_empty() {
            self.link.send_all(&frames);
        }
    }

    /// Says `Done` or `Failed` once the work is over and everything is sent.
    fn finish_if_sent(&mut self, id: JobId) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if !job.pending.is_empty() {
            return;
        }
        let Some(last_word) = job.last_word.take() else { return };
        self.announce();
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let facts = match last_word {
            LastWord::Done(facts) => facts,
            LastWord::Failed(failure) => {
                self.link.send_frame(id, to_wire::failed(job.about.subject(), failure));
                self.jobs.remove(&id);
                self.link.send(&FromWorker::Sent { job: id });
                return;
            }
        };
        if let About::Render(of) = job.about {
            let exact = match &job.content {
                Content::Scene { pieces, .. } => pieces.iter().all(|piece| piece.exact),
                Content::Nothing | Content::File(_) => false,
            };
            let sent = to_wire::Sent {
                peak_memory_bytes: facts.peak_bytes,
                payload_bytes: job.sent_payload_bytes,
            };
            self.link.send_frame(id, to_wire::done(of, exact, facts.statistics, sent));
        }
        self.link.send(&FromWorker::Sent { job: id });
        if matches!(job.content, Content::File(_) | Content::Nothing) {
            self.jobs.remove(&id);
        }
    }

    /// Drops the oldest plans beyond the bounds: first those that are sent, then those whose client reads too slowly.
    fn bound_retained(&mut self) {
        loop {
            let bytes: u64 = self.jobs.values().map(Job::retained_bytes).sum();
            self.memory.retained_bytes = bytes;
            if self.jobs.len() <= MAX_RETAINED && bytes <= self.retained_limit_bytes {
                return;
            }
            let newest = self.jobs.last_key_value().map(|(id, _)| *id);
            // The job at work is never dropped, however large: its own limits bound it.
            let mut others = self.jobs.iter().filter(|(id, _)| Some(**id) != newest);
            let oldest = others.clone().next().map(|(id, _)| *id);
            let sent = others.find(|(_, job)| job.pending.is_empty()).map(|(id, _)| *id);
            if sent.is_none() && self.release_sent_piece() {
                continue;
            }
            let Some(id) = sent.or(oldest) else { return };
            let Some(job) = self.jobs.remove(&id) else { return };
            if !job.pending.is_empty() {
                let message = "The server needs the memory that this picture waits in, because it is \
                               being read too slowly: render again.";
                let code = wire::FailureCode::Overloaded;
                let failed = to_wire::plain_failure(job.about.subject(), code, message);
                self.link.send_frame(id, failed);
                self.link.send(&FromWorker::Sent { job: id });
            }
        }
    }

    /// Lets go of the oldest piece that is sent of a scene that grows, which may become larger than memory is; false if there
    /// is none.
    fn release_sent_piece(&mut self) -> bool {
        for job in self.jobs.values_mut() {
            let Content::Scene { pieces, .. } = &mut job.content else { continue };
            if pieces.len() < 2 {
                continue;
            }
            let sent = pieces.iter_mut().find(|piece| piece.unsent == 0 && piece.source.is_some());
            if let Some(piece) = sent {
                piece.source = None;
                return true;
            }
        }
        false
    }

    fn tick(&mut self) {
        self.pool.release_idle(Instant::now());
        self.monitor.observe(Snapshot::take());
        let growth = self.monitor.growth_bytes_per_second();
        if growth > WORRYING_GROWTH {
            tracing::warn!(mb_per_second = growth / 1e6, "memory grows fast");
        }
        self.tell_memory();
    }

    fn tell_memory(&mut self) {
        let pool = self.pool.statistics();
        self.memory = WorkerMemory {
            live_bytes: allocator::live_bytes(),
            resident_bytes: scadstream_memory::system::resident_bytes().unwrap_or(0),
            growth_bytes_per_second: self.monitor.growth_bytes_per_second(),
            pool_idle_bytes: pool.idle_bytes,
            pool_used_bytes: pool.used_bytes,
            pool_hits: pool.hits,
            pool_misses: pool.misses,
            pool_evictions: pool.evictions,
            reliefs: self.link.counts.reliefs(),
            freed_bytes: self.link.counts.freed_bytes(),
            ..self.memory
        };
        self.link.send(&FromWorker::Memory(self.memory));
    }
}

/// Content of one `File` frame: what a frame holds, less room for a head with the longest name.
const FILE_PIECE_BYTES: usize = MAX_FRAME_BYTES - 4096;

impl Job {
    fn new(about: About, known: HashSet<Hash>) -> Self {
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
    fn frame_len(&self, index: u32) -> usize {
        match &self.content {
            Content::Nothing => 0,
            Content::Scene { .. } => {
                self.entry(index).map_or(0, |entry| chunk_frame_len(entry.payload_bytes as usize))
            }
            Content::File(file) => {
                let (header, content) = self.piece(file, index);
                file_head_len(&header).unwrap_or(0) + content.len()
            }
        }
    }

    /// The entry of chunk `index` of the scene.
    fn entry(&self, index: u32) -> Option<&ChunkEntry> {
        let (piece, at) = self.piece_of(index)?;
        piece.chunks.get(at)
    }

    /// The piece of the scene that chunk `index` is in, and its place there.
    fn piece_of(&self, index: u32) -> Option<(&Piece, usize)> {
        let Content::Scene { pieces, .. } = &self.content else { return None };
        let (number, at) = place_of(pieces, index)?;
        Some((&pieces[number], at))
    }

    fn piece_of_mut(&mut self, index: u32) -> Option<(&mut Piece, usize)> {
        let Content::Scene { pieces, .. } = &mut self.content else { return None };
        let (number, at) = place_of(pieces, index)?;
        Some((&mut pieces[number], at))
    }

    /// By what a frame is found again whose payload was written before: the hash of a chunk, if it is sent raw. How fine a
    /// compressed one is depends on its scene.
    fn label(&self, index: u32) -> Option<Label> {
        let entry = self.entry(index)?;
        (entry.codec == Codec::Raw).then_some(entry.hash)
    }

    /// Writes the frame of chunk or piece `index`, but for the payload of a chunk if that `is_made`. Returns the length of
    /// the payload.
    fn write(
        &mut self,
        index: u32,
        frame: &mut [u8],
        is_made: bool,
    ) -> Result<usize, scadstream_protocol::EncodeError> {
        let of = self.about.revision();
        match &mut self.content {
            Content::Nothing => Ok(0),
            Content::Scene { number, pieces, .. } => {
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
            Content::File(file) => {
                let file = std::mem::take(file);
                let (header, content) = self.piece(&file, index);
                let written = encode_file_head(&header, content.len(), frame).map(|head| {
                    frame[head..].copy_from_slice(content);
                    content.len()
                });
                self.content = Content::File(file);
                written
            }
        }
    }

    fn piece<'a>(&self, file: &'a ExportedFile, index: u32) -> (wire::FileHeader, &'a [u8]) {
        let offset = index as usize * FILE_PIECE_BYTES;
        let end = (offset + FILE_PIECE_BYTES).min(file.content.len());
        let request = match self.about {
            About::Export { request, .. } => request,
            About::Render(_) => 0,
        };
        let header = wire::FileHeader {
            request,
            name: to_wire::shortened(
                file.name.clone(),
                scadstream_protocol::limits::MAX_NAME_BYTES,
            ),
            offset: offset as u64,
            last: end == file.content.len(),
        };
        (header, &file.content[offset..end])
    }

    fn retained_bytes(&self) -> u64 {
        match &self.content {
            Content::Nothing => 0,
            Content::Scene { pieces, .. } => pieces.iter().map(Piece::retained_bytes).sum(),
            Content::File(file) => file.content.len() as u64,
        }
    }
}

/// The number of the piece that has chunk `index`, and the chunk's place there.
fn place_of(pieces: &[Piece], index: u32) -> Option<(usize, usize)> {
    let number = pieces.partition_point(|piece| piece.first <= index as usize).checked_sub(1)?;
    let at = index as usize - pieces[number].first;
    (at < pieces[number].chunks.len()).then_some((number, at))
}
