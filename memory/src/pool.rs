//! A pool of shared-memory buffers, so that streaming allocates nothing once it runs.
//!
//! Sizes are powers of two from 4 KiB to 16 MiB. A buffer that is dropped goes back to its class; the most recently
//! used one is handed out next, so that the rest can grow old and be released: when a class holds more than its
//! share, when all idle buffers together exceed a limit, when they were idle for long, or when memory is short.
//! Always the least recently used goes first.
//!
//! A buffer may be labelled with what it holds. Such a one is kept as it is, within a limit, and can be asked for by its
//! label, so that what is sent again need not be copied again. It is written over when that limit is reached.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::pressure::PressureLevel;
use crate::segment::{Segment, SegmentError};

const LEAST_CLASS_BYTES: usize = 4 << 10;
const MOST_CLASS_BYTES: usize = 16 << 20;
const CLASSES: usize = (MOST_CLASS_BYTES / LEAST_CLASS_BYTES).trailing_zeros() as usize + 1;

/// The largest buffer that the pool hands out.
pub const MAX_BUFFER_BYTES: usize = MOST_CLASS_BYTES;

/// How much the pool keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// Idle buffers without a label kept per size class.
    pub buffers_per_class: usize,
    /// Bytes of buffers with a label, beyond which the oldest idle one is written over.
    pub labelled_limit_bytes: usize,
    /// Idle bytes kept in all.
    pub idle_limit_bytes: usize,
    /// [`BufferPool::release_idle`] releases what was idle for longer.
    pub idle_time: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            buffers_per_class: 50,
            // A model of two million triangles in chunks, and what rounding up to a size takes; picked by hand.
            labelled_limit_bytes: 64 << 20,
            idle_limit_bytes: 100_000_000,
            idle_time: Duration::from_secs(30),
        }
    }
}

/// Counts since the pool was made, and what it holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStatistics {
    /// Bytes of buffers waiting to be used.
    pub idle_bytes: u64,
    /// Number of buffers waiting to be used.
    pub idle_buffers: u64,
    /// Bytes of buffers handed out.
    pub used_bytes: u64,
    /// Number of buffers handed out.
    pub used_buffers: u64,
    /// Requests met by an idle buffer.
    pub hits: u64,
    /// Requests for which a segment was created.
    pub misses: u64,
    /// Segments released to the system, for whatever reason.
    pub evictions: u64,
}

/// The pool. Clones share it.
#[derive(Debug, Clone)]
pub struct BufferPool {
    shared: Arc<Shared>,
}

/// Tells the pool's user which segments are gone, so that the other process can unmap them.
pub type OnEvict = Box<dyn Fn(SegmentId) + Send + Sync>;

/// Names a segment within its pool; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId(pub u32);

/// What a buffer holds, as a hash of it.
pub type Label = [u8; 16];

struct Shared {
    settings: PoolSettings,
    on_evict: OnEvict,
    state: Mutex<State>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPool").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    /// Without a label, per class, least recently used in front.
    idle: [VecDeque<Idle>; CLASSES],
    /// The same with a label.
    labelled: [VecDeque<(Label, Idle)>; CLASSES],
    /// Bytes of all buffers with a label, idle or on loan.
    labelled_bytes: usize,
    statistics: PoolStatistics,
    next_id: u32,
}

struct Idle {
    id: SegmentId,
    segment: Segment,
    told: bool,
    since: Instant,
}

impl BufferPool {
    /// An empty pool. `on_evict` hears of every segment that is released to the system; it must not use the pool.
    pub fn new(settings: PoolSettings, on_evict: OnEvict) -> Self {
        let shared = Shared { settings, on_evict, state: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// A buffer of at least `len_bytes`. Its content is whatever the last user left.
    ///
    /// # Errors
    /// When a segment has to be made and the system refuses, or `len_bytes` is above [`MAX_BUFFER_BYTES`].
    pub fn acquire(&self, len_bytes: usize) -> Result<Buffer, SegmentError> {
        if len_bytes > MAX_BUFFER_BYTES {
            return Err(SegmentError::Size(len_bytes as u64));
        }
        let class = class_of(len_bytes);
        let mut state = self.shared.lock();
        if let Some(idle) = state.take_idle(class, self.shared.settings.labelled_limit_bytes) {
            return Ok(self.lend(&mut state, idle, None));
        }
        let segment = Segment::create(class_bytes(class))?;
        let id = SegmentId(state.next_id);
        state.next_id += 1;
        state.statistics.misses += 1;
        state.lent(class);
        let shared = Arc::clone(&self.shared);
        Ok(Buffer { id, segment: Some(segment), label: None, told: false, shared })
    }

    /// The idle buffer of at least `len_bytes` that was given this label, with its content; none if there is none.
    pub fn acquire_labelled(&self, label: &Label, len_bytes: usize) -> Option<Buffer> {
        let class = class_of(len_bytes);
        let mut state = self.shared.lock();
        let list = state.labelled.get_mut(class)?;
        // What comes round in order is oldest, and in front.
        let place = list.iter().position(|(of, _)| of == label)?;
        let (_, idle) = list.remove(place)?;
        Some(self.lend(&mut state, idle, Some(*label)))
    }

    fn lend(&self, state: &mut State, idle: Idle, label: Option<Label>) -> Buffer {
        let Idle { id, segment, told, .. } = idle;
        state.statistics.hits += 1;
        state.statistics.idle_buffers -= 1;
        state.statistics.idle_bytes -= segment.len_bytes() as u64;
        state.lent(class_of(segment.len_bytes()));
        Buffer { id, segment: Some(segment), label, told, shared: Arc::clone(&self.shared) }
    }

    /// Releases what was idle for longer than the settings allow, as of `now`.
    pub fn release_idle(&self, now: Instant) {
        let idle_time = self.shared.settings.idle_time;
        self.shared.evict(|state| {
            state.oldest().filter(|&(_, since)| now.saturating_duration_since(since) > idle_time)
        });
    }

    /// Gives memory back according to `level`: nothing when it is low, half of the idle bytes when moderate, all from
    /// high on.
    pub fn trim(&self, level: PressureLevel) {
        let target = match level {
            PressureLevel::Low => return,
            PressureLevel::Moderate => self.statistics().idle_bytes / 2,
            PressureLevel::High | PressureLevel::Critical => 0,
        };
        self.shared.evict(|state| state.oldest().filter(|_| state.statistics.idle_bytes > target));
    }

    /// What the pool did and holds.
    pub fn statistics(&self) -> PoolStatistics {
        self.shared.lock().statistics
    }
}

/// A buffer on loan; dropping it gives it back.
#[derive(Debug)]
pub struct Buffer {
    id: SegmentId,
    /// Taken out only by `drop`.
    segment: Option<Segment>,
    label: Option<Label>,
    /// Whether the other process has been told of the segment.
    told: bool,
    shared: Arc<Shared>,
}

impl Buffer {
    /// Names the segment, so that the other process maps it only once.
    pub fn id(&self) -> SegmentId {
        self.id
    }

    /// Whether the other process is still to be told of the segment; from now on it has been.
    pub fn is_untold(&mut self) -> bool {
        !std::mem::replace(&mut self.told, true)
    }

    /// Says what the buffer holds, so that it can be asked for once it is back.
    pub fn set_label(&mut self, label: Label) {
        if self.label.replace(label).is_none() {
            let len_bytes = self.segment().len_bytes();
            self.shared.lock().labelled_bytes += len_bytes;
        }
    }

    /// The memory itself.
    pub fn segment(&self) -> &Segment {
        self.segment.as_ref().expect("present until the buffer is dropped")
    }

    /// The content, to be written; as long as the size class, so at least as long as asked for.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.segment.as_mut().expect("present until the buffer is dropped").bytes_mut()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(segment) = self.segment.take() else { return };
        let len_bytes = segment.len_bytes();
        let mut state = self.shared.lock();
        state.statistics.used_buffers -= 1;
        state.statistics.used_bytes -= len_bytes as u64;
        state.statistics.idle_buffers += 1;
        state.statistics.idle_bytes += len_bytes as u64;
        let class = class_of(len_bytes);
        let idle = Idle { id: self.id, segment, told: self.told, since: Instant::now() };
        match self.label {
            Some(label) => state.labelled[class].push_back((label, idle)),
            None => state.idle[class].push_back(idle),
        }
        drop(state);
        let PoolSettings { buffers_per_class, labelled_limit_bytes, idle_limit_bytes, .. } =
            self.shared.settings;
        self.shared.evict(|state| {
            if state.idle[class].len() > buffers_per_class {
                let front = state.idle[class].front();
                return front.map(|idle| (Place { class, labelled: false }, idle.since));
            }
            if state.labelled_bytes > labelled_limit_bytes {
                return state.oldest_labelled();
            }
            state.oldest().filter(|_| state.statistics.idle_bytes > idle_limit_bytes as u64)
        });
    }
}

impl Shared {
    /// The state is consistent after every statement that changes it, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases the front of the list that `choose` names, until it names none.
    fn evict(&self, choose: impl Fn(&State) -> Option<(Place, Instant)>) {
        loop {
            let mut state = self.lock();
            let Some((place, _)) = choose(&state) else { return };
            let Some(idle) = state.pop_front(place) else { return };
            state.statistics.idle_buffers -= 1;
            state.statistics.idle_bytes -= idle.segment.len_bytes() as u64;
            state.statistics.evictions += 1;
            // Unmapping and telling others take time that nobody should wait for.
            drop(state);
            (self.on_evict)(idle.id);
        }
    }
}

impl State {
    /// A buffer to write over: one without a label, or the oldest with one once there are as many as may be.
    fn take_idle(&mut self, class: usize, labelled_limit_bytes: usize) -> Option<Idle> {
        if let Some(idle) = self.idle[class].pop_back() {
            return Some(idle);
        }
        if self.labelled_bytes + class_bytes(class) <= labelled_limit_bytes {
            return None;
        }
        self.pop_front(Place { class, labelled: true })
    }

    fn pop_front(&mut self, Place { class, labelled }: Place) -> Option<Idle> {
        if !labelled {
            return self.idle[class].pop_front();
        }
        let (_, idle) = self.labelled[class].pop_front()?;
        self.labelled_bytes -= class_bytes(class);
        Some(idle)
    }

    fn lent(&mut self, class: usize) {
        self.statistics.used_buffers += 1;
        self.statistics.used_bytes += class_bytes(class) as u64;
    }

    /// The list whose front has been idle for longest, and since when.
    fn oldest(&self) -> Option<(Place, Instant)> {
        let blank = self.idle.iter().enumerate().filter_map(|(class, list)| {
            Some((Place { class, labelled: false }, list.front()?.since))
        });
        blank.chain(self.oldest_labelled()).min_by_key(|(_, since)| *since)
    }

    /// The same of those with a label.
    fn oldest_labelled(&self) -> Option<(Place, Instant)> {
        let labelled = self.labelled.iter().enumerate().filter_map(|(class, list)| {
            let (_, idle) = list.front()?;
            Some((Place { class, labelled: true }, idle.since))
        });
        labelled.min_by_key(|(_, since)| *since)
    }
}

/// One of the lists of idle buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    class: usize,
    labelled: bool,
}

fn class_of(len_bytes: usize) -> usize {
    let size = len_bytes.max(LEAST_CLASS_BYTES).next_power_of_two();
    (size / LEAST_CLASS_BYTES).trailing_zeros() as usize
}

fn class_bytes(class: usize) -> usize {
    LEAST_CLASS_BYTES << class
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(settings: PoolSettings) -> (BufferPool, Arc<Mutex<Vec<u32>>>) {
        let evicted = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&evicted);
        let on_evict = Box::new(move |id: SegmentId| seen.lock().unwrap().push(id.0));
        (BufferPool::new(settings, on_evict), evicted)
    }

    #[test]
    fn sizes_are_rounded_up_to_their_class() {
        let (pool, _) = pool(PoolSettings::default());
        let len = |bytes| pool.acquire(bytes).unwrap().segment().len_bytes();
        assert_eq!([len(0), len(1), len(4096)], [4096; 3]);
        assert_eq!([len(4097), len(8192)], [8192; 2]);
        assert_eq!(len(MAX_BUFFER_BYTES), MAX_BUFFER_BYTES);
        assert!(matches!(pool.acquire(MAX_BUFFER_BYTES + 1), Err(SegmentError::Size(_))));
    }

    #[test]
    fn a_stream_repeated_a_thousand_times_allocates_nothing_new() {
        let (pool, _) = pool(PoolSettings::default());
        let round = || {
            // Eight frames in flight, as many as a client's credit allows, of the sizes of a model's chunks.
            let sizes = [250_000, 240_000, 251_000, 120_000, 60_000, 250_100, 9_000, 1_000];
            let mut buffers: Vec<Buffer> =
                sizes.iter().map(|&size| pool.acquire(size).unwrap()).collect();
            buffers.iter_mut().for_each(|buffer| buffer.bytes_mut()[0] = 1);
        };
        round();
        let warm = pool.statistics().misses;
        (0..1000).for_each(|_| round());
        let statistics = pool.statistics();
        assert_eq!(statistics.misses, warm);
        assert_eq!(statistics.hits, 8000);
        assert_eq!((statistics.used_buffers, statistics.idle_buffers), (0, 8));
    }

    #[test]
    fn the_most_recently_used_comes_next_and_the_least_goes_first() {
        let (pool, evicted) =
            pool(PoolSettings { buffers_per_class: 2, ..PoolSettings::default() });
        let [a, b, c] = [0; 3].map(|_| pool.acquire(4096).unwrap());
        drop(a);
        drop(b);
        assert_eq!(*evicted.lock().unwrap(), []);
        drop(c);
        assert_eq!(*evicted.lock().unwrap(), [0]);
        assert_eq!(pool.acquire(4096).unwrap().id(), SegmentId(2));
    }

    #[test]
    fn too_many_idle_bytes_trim_the_oldest_of_any_class() {
        let (pool, evicted) =
            pool(PoolSettings { idle_limit_bytes: 20_000, ..PoolSettings::default() });
        let small = pool.acquire(4096).unwrap();
        let large = pool.acquire(16_384).unwrap();
        drop(small);
        drop(large);
        assert_eq!(*evicted.lock().unwrap(), [0]);
        assert_eq!(pool.statistics().idle_bytes, 16_384);
    }

    #[test]
    fn idle_buffers_are_released_after_their_time() {
        let (pool, evicted) = pool(PoolSettings::default());
        drop(pool.acquire(4096).unwrap());
        let now = Instant::now();
        pool.release_idle(now + Duration::from_secs(29));
        assert_eq!(pool.statistics().idle_buffers, 1);
        pool.release_idle(now + Duration::from_secs(31));
        assert_eq!(
            pool.statistics(),
            PoolStatistics { misses: 1, evictions: 1, ..PoolStatistics::default() }
        );
        assert_eq!(*evicted.lock().unwrap(), [0]);
    }

    #[test]
    fn pressure_trims_half_and_then_all() {
        let (pool, _) = pool(PoolSettings::default());
        let buffers: Vec<Buffer> = (0..8).map(|_| pool.acquire(4096).unwrap()).collect();
        drop(buffers);
        let idle = || pool.statistics().idle_buffers;
        pool.trim(PressureLevel::Low);
        assert_eq!(idle(), 8);
        pool.trim(PressureLevel::Moderate);
        assert_eq!(idle(), 4);
        pool.trim(PressureLevel::High);
        assert_eq!(idle(), 0);
    }

    #[test]
    fn buffers_on_loan_survive_trimming() {
        let (pool, _) = pool(PoolSettings::default());
        let mut buffer = pool.acquire(4096).unwrap();
        pool.trim(PressureLevel::Critical);
        buffer.bytes_mut()[4095] = 1;
        assert_eq!(pool.statistics().used_buffers, 1);
    }

    fn labelled(pool: &BufferPool, label: u8, content: u8) -> Buffer {
        let mut buffer = pool.acquire(4096).unwrap();
        buffer.bytes_mut()[0] = content;
        buffer.set_label([label; 16]);
        buffer
    }

    #[test]
    fn what_was_labelled_is_found_again_as_it_was() {
        let (pool, _) = pool(PoolSettings::default());
        drop([labelled(&pool, 1, 10), labelled(&pool, 2, 20)]);
        // Buffers without a label leave those alone as long as there is room.
        pool.acquire(4096).unwrap().bytes_mut()[0] = 99;
        let mut first = pool.acquire_labelled(&[1; 16], 4000).unwrap();
        assert_eq!(first.bytes_mut()[0], 10);
        assert!(pool.acquire_labelled(&[1; 16], 4000).is_none(), "it is on loan");
        assert!(pool.acquire_labelled(&[2; 16], 9000).is_none(), "nothing of that size");
        assert!(pool.acquire_labelled(&[3; 16], 4000).is_none());
        drop(first);
        assert!(pool.acquire_labelled(&[1; 16], 4000).is_some());
        assert_eq!(pool.statistics().idle_buffers, 3);
    }

    #[test]
    fn at_their_limit_the_oldest_labelled_is_written_over() {
        let (pool, evicted) =
            pool(PoolSettings { labelled_limit_bytes: 2 * 4096, ..PoolSettings::default() });
        drop([labelled(&pool, 1, 10), labelled(&pool, 2, 20)]);
        drop(labelled(&pool, 3, 30));
        assert!(pool.acquire_labelled(&[1; 16], 4096).is_none());
        assert_eq!((pool.statistics().misses, evicted.lock().unwrap().len()), (2, 0));
        // More than that are on loan, and come back.
        let [two, three] = [2, 3].map(|label| pool.acquire_labelled(&[label; 16], 4096).unwrap());
        drop([two, three, labelled(&pool, 4, 40)]);
        assert!(pool.acquire_labelled(&[2; 16], 4096).is_none());
        assert!(pool.acquire_labelled(&[4; 16], 4096).is_some());
        assert_eq!(evicted.lock().unwrap().len(), 1);
    }

    #[test]
    fn labels_do_not_keep_buffers_when_memory_is_short_or_they_are_old() {
        let (pool, _) = pool(PoolSettings::default());
        drop([labelled(&pool, 1, 10), labelled(&pool, 2, 20)]);
        pool.trim(PressureLevel::Moderate);
        assert_eq!(pool.statistics().idle_buffers, 1);
        pool.release_idle(Instant::now() + Duration::from_secs(31));
        assert_eq!(pool.statistics().idle_buffers, 0);
    }
}
