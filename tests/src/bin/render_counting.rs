//! Renders for `bench_allocator`, with every byte counted.

#[global_allocator]
static ALLOCATOR: scadstream_memory::allocator::CountingAllocator =
    scadstream_memory::allocator::CountingAllocator;

fn main() {
    let times = std::env::args().nth(1).and_then(|times| times.parse().ok()).unwrap_or(1);
    scadstream_tests::allocation::render(times);
}
