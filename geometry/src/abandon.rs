//! Work that nobody has to wait for once it is cancelled.
//!
//! The libraries that clip outlines, find hulls, shape text and build the kernel's meshes ask no token. What they do in
//! one call may take seconds, so it runs on a thread of its own while the caller looks at the token; once that is set,
//! the caller goes on and the thread ends by itself, its result dropped. Such work holds nothing but its own input.
//!
//! The thread goes on using a processor and memory for as long as that one call takes. That is the price for an answer
//! within tens of milliseconds. Where somebody else ends the whole process when an answer is late, as the server does
//! with its workers, nothing is to be left behind instead: see [`leave_nothing_behind`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::kernel::{CancelToken, KernelError};

/// Points, triangles or bytes up to which work is done in place: it takes a few milliseconds at most, and starting a
/// thread some hundredths of one. Picked by hand.
pub(crate) const IN_PLACE: usize = 10_000;

/// How often the token is looked at.
const LOOK: Duration = Duration::from_millis(5);

static IN_STEP: AtomicBool = AtomicBool::new(false);

/// From now on all work of this process is done in place, to its end. Else the next job would share its memory with what
/// is left of the last one.
pub fn leave_nothing_behind() {
    IN_STEP.store(true, Ordering::Relaxed);
}

/// Room for the libraries' own recursion, as much as the main thread has.
const STACK_BYTES: usize = 8 << 20;

/// The result of `work` on so many elements, unless the token is cancelled before it is there.
///
/// # Errors
/// [`KernelError::Cancelled`]
///
/// # Panics
/// If `work` does, which is then the caller's panic.
pub(crate) fn abandonable<T: Send + 'static>(
    elements: usize,
    token: &CancelToken,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, KernelError> {
    token.check()?;
    if elements <= IN_PLACE || IN_STEP.load(Ordering::Relaxed) {
        return Ok(work());
    }
    let (sender, receiver) = sync_channel(1);
    let run = move || {
        // A pool of this thread alone. The kernel would share its loops with the pool of the callers; but these may be all
        // threads of it, and they wait for this one.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
        let pool = pool.expect("a new thread is in no pool, and no other is needed");
        // Nobody listens any more once the work is abandoned.
        sender.send(work()).ok();
        drop(pool);
    };
    let thread = thread::Builder::new()
        .name("abandonable".into())
        .stack_size(STACK_BYTES)
        .spawn(run)
        .map_err(|_| KernelError::Refused("the system gives no more threads"))?;
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(result) => return token.check().map(|()| result),
            Err(RecvTimeoutError::Timeout) => token.check()?,
            Err(RecvTimeoutError::Disconnected) => {
                let panic = thread.join().expect_err("a thread that sent nothing panicked");
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Drops what was made for cancelled work while the caller goes on: of a hundred thousand tasks that takes as long as an
/// answer may.
pub(crate) fn let_go<T: Send + 'static>(elements: usize, remains: T) {
    if elements > IN_PLACE && !IN_STEP.load(Ordering::Relaxed) {
        // Not on the pool, whose threads may be waited for. Without a thread they are dropped here.
        thread::Builder::new().name("letting go".into()).spawn(move || drop(remains)).ok();
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    const LARGE: usize = IN_PLACE + 1;

    #[test]
    fn results_and_panics_come_back() {
        let token = CancelToken::new();
        for elements in [1, LARGE] {
            assert_eq!(abandonable(elements, &token, || 7), Ok(7));
            let panics = || abandonable(elements, &token, || -> u8 { panic!("on purpose") });
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
        }
    }

    #[test]
    fn work_that_is_parallel_itself_does_not_wait_for_those_who_wait_for_it() {
        let token = CancelToken::new();
        let sum = || (0..100_000_u64).into_par_iter().sum::<u64>();
        let sums = rayon::broadcast(|_| abandonable(LARGE, &token, sum));
        assert!(sums.into_iter().all(|sum| sum == Ok(4_999_950_000)));
    }

    #[test]
    fn cancelled_work_is_left_to_itself() {
        let token = CancelToken::new();
        let (begun, has_begun) = sync_channel(1);
        let (let_go, goes) = sync_channel::<()>(1);
        let (ended, has_ended) = sync_channel(1);
        let work = move || {
            begun.send(()).unwrap();
            // Works until the caller has returned, which it could not if it waited for the work.
            goes.recv().unwrap();
            ended.send(()).unwrap();
        };
        thread::scope(|scope| {
            let canceller = token.clone();
            scope.spawn(move || {
                has_begun.recv().unwrap();
                canceller.cancel();
            });
            assert_eq!(abandonable(LARGE, &token, work), Err(KernelError::Cancelled));
        });
        let_go.send(()).unwrap();
        has_ended.recv().unwrap();
    }
}
