//! A counting allocator over jemalloc: how many bytes the process has in use, and the most a job had.
//!
//! A binary installs it with `#[global_allocator] static ALLOCATOR: CountingAllocator = CountingAllocator;`. Each
//! thread adds up its changes and passes them on in batches, so that the common case costs one addition in thread
//! local memory. Live bytes are therefore exact to [`BATCH_BYTES`] per running thread; a thread that will end calls
//! [`flush_at_thread_end`] first, or its remainder is lost.
//!
//! Counted are the sizes asked for, as jemalloc rounds them up by a few per cent. Memory that is mapped directly
//! (segments, thread stacks) is not counted, unless its owner says so with [`MappedBytes`].
#![expect(unsafe_code, reason = "a global allocator is an unsafe trait, and purging is a C call")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

use tikv_jemallocator::Jemalloc;

/// How many bytes a thread may have allocated or freed before the process-wide count hears of it. Picked by hand:
/// small beside any limit, large beside the usual allocation.
pub const BATCH_BYTES: usize = 16 * 1024;

/// The exit code of a process that reached its hard limit, see [`set_hard_limit`].
pub const EXIT_MEMORY_LIMIT: i32 = 86;

/// What jemalloc reads when it starts. Huge pages: a heap that grows by hundreds of megabytes within a job would else
/// spend a third of its time in page faults. One arena for each processor instead of four: each keeps freed pages that the
/// others do without. And what is larger than a few huge pages goes back to the system as soon as it is freed, since it is
/// seldom asked for again. It is the default of this binary only; `_RJEM_MALLOC_CONF` overrides it.
// SAFETY: jemalloc declares this symbol weak, as a pointer to a C string, for programs to define.
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static MALLOC_CONF: &[u8; 54] = b"thp:always,narenas_ratio:1,oversize_threshold:5242880\0";

static LIVE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);
static HARD_LIMIT: AtomicIsize = AtomicIsize::new(isize::MAX);

thread_local! {
    // Constant and without a destructor: touching it can neither allocate nor fail, which an allocator needs.
    static PENDING: Cell<isize> = const { Cell::new(0) };
    // Not touched by the allocator itself.
    static AT_END: FlushAtEnd = const { FlushAtEnd };
}

/// jemalloc, with every byte counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountingAllocator;

// SAFETY: every call is passed on to jemalloc unchanged; counting touches no memory that it hands out and does not
// allocate, unwind or block.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is jemalloc's.
        let pointer = unsafe { Jemalloc.alloc(layout) };
        granted(pointer, signed(layout.size()))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: as in `alloc`.
        let pointer = unsafe { Jemalloc.alloc_zeroed(layout) };
        granted(pointer, signed(layout.size()))
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-signed(layout.size()));
        // SAFETY: the caller got `pointer` from this allocator, hence from jemalloc, with this layout.
        unsafe { Jemalloc.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let change = signed(new_size) - signed(layout.size());
        count(change);
        // SAFETY: as in `dealloc`; the caller vouches for `new_size`.
        let moved = unsafe { Jemalloc.realloc(pointer, layout, new_size) };
        granted(moved, change)
    }
}

/// Bytes the process has allocated and not freed. Only [`MappedBytes`] where [`CountingAllocator`] is not installed.
pub fn live_bytes() -> u64 {
    unsigned(LIVE.load(Ordering::Relaxed))
}

/// Tells the process-wide count what this thread has not passed on yet. To be called before reading an exact count
/// and at the end of a thread.
pub fn flush_thread() {
    let pending = PENDING.replace(0);
    if pending != 0 {
        publish(pending);
    }
}

/// Lets this thread pass on its remainder when it ends. To be called at the start of threads that do: what a thread
/// drops after its last own statement would be missing otherwise, and a few hundred bytes a job looked like a leak.
pub fn flush_at_thread_end() {
    AT_END.with(|_| {});
}

/// Passes on a thread's remainder when it is dropped.
struct FlushAtEnd;

impl Drop for FlushAtEnd {
    fn drop(&mut self) {
        flush_thread();
    }
}

/// From now on an allocation that takes the live bytes above `bytes`, or that the system refuses, ends the process
/// at once with [`EXIT_MEMORY_LIMIT`]; `None` lifts the limit.
///
/// Meant for workers, which are expendable. It is the second line of defence: jobs look at the pressure themselves
/// and stop with a message long before. Nothing is unwound and no exit handler runs, because those may allocate.
pub fn set_hard_limit(bytes: Option<u64>) {
    let limit = bytes.and_then(|bytes| isize::try_from(bytes).ok()).unwrap_or(isize::MAX);
    HARD_LIMIT.store(limit, Ordering::Relaxed);
}

/// Mapped memory that counts as allocated as long as this lives: for what would else be allocated, so that it meets the
/// same limits wherever it lies.
#[derive(Debug, Default)]
pub struct MappedBytes(usize);

impl MappedBytes {
    /// Counts so many bytes more.
    pub fn grow(&mut self, bytes: usize) {
        count(signed(bytes));
        self.0 += bytes;
    }

    /// The bytes that it counts.
    pub fn get(&self) -> usize {
        self.0
    }
}

impl Drop for MappedBytes {
    fn drop(&mut self) {
        count(-signed(self.0));
    }
}

/// Gives all free pages back to the system.
///
/// Costs milliseconds with a large heap: for the time between jobs and for moments of pressure.
pub fn purge() {
    // "arena.<MALLCTL_ARENAS_ALL>.purge", as jemalloc(3) spells the command for all arenas.
    const PURGE_ALL: &std::ffi::CStr = c"arena.4096.purge";
    // SAFETY: the name is a C string that lives for the program; a command takes neither an old nor a new value, for
    // which null pointers and length zero are jemalloc's convention.
    let status = unsafe {
        tikv_jemalloc_sys::mallctl(
            PURGE_ALL.as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            0,
        )
    };
    debug_assert_eq!(status, 0, "jemalloc knows this command");
}

/// The memory of one job: where it began and the most there was since. One at a time per process, since the peak is
/// the process's.
#[derive(Debug)]
pub struct JobMemory {
    baseline: isize,
}

impl JobMemory {
    /// Notes the live bytes as the job's baseline and begins a new peak.
    pub fn start() -> Self {
        flush_thread();
        let baseline = LIVE.load(Ordering::Relaxed);
        PEAK.store(baseline, Ordering::Relaxed);
        Self { baseline }
    }

    /// Live bytes of the process when the job began.
    pub fn baseline_bytes(&self) -> u64 {
        unsigned(self.baseline)
    }

    /// The most bytes above the baseline that were live at once since the start.
    pub fn peak_bytes(&self) -> u64 {
        flush_thread();
        unsigned(PEAK.load(Ordering::Relaxed) - self.baseline)
    }

    /// Bytes above the baseline that are live now; zero when there are fewer than at the start.
    pub fn used_bytes(&self) -> u64 {
        unsigned(LIVE.load(Ordering::Relaxed) - self.baseline)
    }
}

#[inline]
fn count(change: isize) {
    let pending = PENDING.get() + change;
    if pending.unsigned_abs() < BATCH_BYTES {
        PENDING.set(pending);
    } else {
        PENDING.set(0);
        publish(pending);
    }
}

#[cold]
fn publish(change: isize) {
    let live = LIVE.fetch_add(change, Ordering::Relaxed) + change;
    if change > 0 {
        // Mostly it is no new peak, and reading is cheaper than writing what other threads read.
        if live > PEAK.load(Ordering::Relaxed) {
            PEAK.fetch_max(live, Ordering::Relaxed);
        }
        if live > HARD_LIMIT.load(Ordering::Relaxed) {
            exit_at_limit();
        }
    }
}

/// Takes back the count of an allocation that jemalloc refused.
#[inline]
fn granted(pointer: *mut u8, counted: isize) -> *mut u8 {
    if pointer.is_null() {
        if HARD_LIMIT.load(Ordering::Relaxed) != isize::MAX {
            exit_at_limit();
        }
        count(-counted);
    }
    pointer
}

#[cold]
fn exit_at_limit() -> ! {
    // SAFETY: `_exit` has no preconditions; it ends the process without running any of our code.
    unsafe { libc::_exit(EXIT_MEMORY_LIMIT) }
}

/// A layout's size is at most `isize::MAX` by its own contract, so this never changes the value.
#[inline]
const fn signed(size: usize) -> isize {
    size as isize
}

/// The count may pass below zero for a moment, while another thread has not told of its allocations yet.
fn unsigned(bytes: isize) -> u64 {
    bytes.max(0) as u64
}
