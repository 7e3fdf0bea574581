//! The counting allocator in force for a whole process, as in the binary. One process, one test: the counts are the
//! process's, so that nothing else may run beside.

use std::process::Command;

use scadstream_memory::allocator::{self, BATCH_BYTES, CountingAllocator, JobMemory};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const MEGABYTE: usize = 1_000_000;
/// Set in a child process that is to run into its limit.
const IN_CHILD: &str = "SCADSTREAM_ALLOCATOR_TEST_CHILD";

#[test]
fn the_allocator_counts_limits_and_purges() {
    if let Some(way) = std::env::var_os(IN_CHILD) {
        return exceed_the_limit(way == "at once");
    }
    jemalloc_uses_huge_pages();
    live_bytes_rise_and_fall_with_allocations();
    a_job_knows_its_peak();
    other_threads_count();
    threads_that_end_lose_nothing();
    purging_gives_pages_back();
    for way in ["at once", "bit by bit"] {
        let output = Command::new(std::env::current_exe().unwrap()).env(IN_CHILD, way).output();
        assert_eq!(output.unwrap().status.code(), Some(allocator::EXIT_MEMORY_LIMIT), "{way}");
    }
}

/// Every thread of the test harness may hold back one batch.
const TOLERANCE: u64 = 8 * BATCH_BYTES as u64;

/// jemalloc tells which settings it found where; with none named, no test runs in that process.
fn jemalloc_uses_huge_pages() {
    let mut child = Command::new(std::env::current_exe().expect("a test is a file"));
    child.arg("no such test").env("_RJEM_MALLOC_CONF", "confirm_conf:true");
    let output = child.output().expect("the test can be started again");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("\"thp:always,narenas_ratio:1,oversize_threshold:5242880\""), "{text}");
}

#[track_caller]
fn assert_about(actual: u64, expected: usize) {
    assert!(actual.abs_diff(expected as u64) <= TOLERANCE, "{actual} is not about {expected}");
}

fn live_bytes_rise_and_fall_with_allocations() {
    let before = allocator::live_bytes();
    let mut block = vec![1_u8; 10 * MEGABYTE];
    assert_about(allocator::live_bytes() - before, 10 * MEGABYTE);
    block.resize(30 * MEGABYTE, 1);
    block.shrink_to_fit();
    assert_about(allocator::live_bytes() - before, 30 * MEGABYTE);
    drop(std::hint::black_box(block));
    assert_about(allocator::live_bytes().abs_diff(before), 0);
    let many: Vec<Box<[u8; 100]>> = (0..100_000).map(|_| Box::new([0; 100])).collect();
    assert_about(allocator::live_bytes() - before, many.len() * (100 + size_of::<usize>()));
}

fn a_job_knows_its_peak() {
    let kept = vec![1_u8; 5 * MEGABYTE];
    let job = JobMemory::start();
    drop(std::hint::black_box(vec![1_u8; 20 * MEGABYTE]));
    let result = std::hint::black_box(vec![1_u8; 3 * MEGABYTE]);
    assert_about(job.peak_bytes(), 20 * MEGABYTE);
    assert_about(job.used_bytes(), 3 * MEGABYTE);
    assert!(job.baseline_bytes() + TOLERANCE >= kept.len() as u64);
    drop(result);
    assert_about(JobMemory::start().peak_bytes(), 0);
}

fn other_threads_count() {
    let job = JobMemory::start();
    let made = std::thread::spawn(|| {
        let made = vec![1_u8; 1000];
        allocator::flush_thread();
        made
    });
    let made = made.join().expect("the thread only allocates");
    assert_about(job.used_bytes(), made.len());
}

fn threads_that_end_lose_nothing() {
    const THREADS: usize = 2000;
    let before = allocator::live_bytes();
    for _ in 0..THREADS {
        let made = vec![1_u8; 1000];
        let thread = std::thread::spawn(move || {
            allocator::flush_at_thread_end();
            // Dropped with the closure, after everything that it could say.
            let _ = &made;
        });
        thread.join().expect("the thread only frees");
    }
    assert!(allocator::live_bytes().abs_diff(before) <= TOLERANCE, "2 MB were freed elsewhere");
}

fn purging_gives_pages_back() {
    let resident = || scadstream_memory::system::resident_bytes().expect("Linux tells");
    let blocks: Vec<Vec<u8>> = (0..2000).map(|_| vec![1_u8; 50_000]).collect();
    let full = resident();
    drop(std::hint::black_box(blocks));
    allocator::purge();
    assert!(full - resident() > 50 * MEGABYTE as u64, "{} of {full}", resident());
}

fn exceed_the_limit(at_once: bool) {
    allocator::set_hard_limit(Some(100 * MEGABYTE as u64));
    if at_once {
        std::hint::black_box(Vec::<u8>::with_capacity(1 << 40));
    } else {
        let mut blocks = Vec::new();
        while blocks.len() < 1000 {
            blocks.push(std::hint::black_box(vec![1_u8; MEGABYTE]));
        }
    }
}
