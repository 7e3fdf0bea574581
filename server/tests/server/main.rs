//! The real server on port 0, with real worker processes and a client that is not its own code.
//!
//! Workers are this same test program: started with [`support::WORKER`] in its environment, the test
//! [`worker_process`] turns into a worker whose engine ([`engine`]) does what the "source" tells it.

mod engine;
mod support;

mod death;
mod fairness;
mod flow;
mod hostile;
mod http;
mod many;
mod render;
mod stopping;

use scadstream_memory::allocator::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Not a test when run as one: the entry of worker processes.
#[test]
fn worker_process() {
    if std::env::var_os(support::WORKER).is_some() {
        engine::run_worker();
    }
}
