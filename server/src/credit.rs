//! The count of bytes that a client lets the server send, and which job may use them.
//!
//! What the client gave and nobody holds is *available*. Jobs say how many bytes they have in all; the ledger lends them
//! what is available, renders before exports and older jobs before newer ones. Only the first job of each kind whose
//! wish is not met gets anything, so that no two jobs can hold halves of a frame for ever. Totals are counted from a
//! job's beginning, so that a message that crosses another on the way to the worker does no harm.

use crate::ipc::JobId;

/// Credit above this is taken for this much, as the protocol says.
const MOST: u64 = scadstream_protocol::limits::MAX_CREDIT as u64;

/// The credit of one session.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    available: u64,
    /// In the order in which they began.
    jobs: Vec<Loan>,
}

#[derive(Debug)]
struct Loan {
    job: JobId,
    export: bool,
    wanted: u64,
    lent: u64,
    used: u64,
}

/// A worker sent more than it was lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overdrawn;

impl Ledger {
    /// The client lets the server send `bytes` more.
    pub(crate) fn give(&mut self, bytes: u64) {
        self.available = (self.available + bytes).min(MOST);
    }

    /// A job has `total` bytes to send from its beginning to its end, as far as it knows.
    pub(crate) fn want(&mut self, job: JobId, export: bool, total: u64) {
        match self.jobs.iter_mut().find(|loan| loan.job == job) {
            Some(loan) => loan.wanted = total,
            None => self.jobs.push(Loan { job, export, wanted: total, lent: 0, used: 0 }),
        }
    }

    /// Lends what is available, and returns the jobs that got something, with their new totals.
    pub(crate) fn lend(&mut self) -> Vec<(JobId, u64)> {
        let mut lent = Vec::new();
        for export in [false, true] {
            for loan in self.jobs.iter_mut().filter(|loan| loan.export == export) {
                let more = loan.wanted.saturating_sub(loan.lent).min(self.available);
                if more > 0 {
                    self.available -= more;
                    loan.lent += more;
                    lent.push((loan.job, loan.lent));
                }
                if loan.lent < loan.wanted {
                    break;
                }
            }
        }
        lent
    }

    /// A frame of `bytes` came from the job's worker.
    pub(crate) fn spend(&mut self, job: JobId, bytes: u64) -> Result<(), Overdrawn> {
        let loan = self.jobs.iter_mut().find(|loan| loan.job == job).ok_or(Overdrawn)?;
        if loan.used + bytes > loan.lent {
            return Err(Overdrawn);
        }
        loan.used += bytes;
        Ok(())
    }

    /// The job is over: what it did not use is available again, and so are the `unsent` bytes of its frames that will
    /// not go out after all.
    pub(crate) fn forget(&mut self, job: JobId, unsent: u64) {
        if let Some(index) = self.jobs.iter().position(|loan| loan.job == job) {
            let loan = self.jobs.remove(index);
            self.give(loan.lent - loan.used + unsent);
        }
    }

    /// Whether some job waits for the client to give more.
    pub(crate) fn is_stalled(&self) -> bool {
        self.available == 0 && self.jobs.iter().any(|loan| loan.lent < loan.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_job_is_lent_what_it_wants_and_no_more() {
        let mut ledger = Ledger::default();
        ledger.give(1000);
        ledger.want(1, false, 300);
        assert_eq!(ledger.lend(), [(1, 300)]);
        assert_eq!(ledger.lend(), []);
        ledger.want(1, false, 2000);
        assert_eq!(ledger.lend(), [(1, 1000)]);
        assert!(ledger.is_stalled());
        ledger.give(100);
        assert_eq!(ledger.lend(), [(1, 1100)]);
    }

    #[test]
    fn renders_come_before_exports_and_older_before_newer() {
        let mut ledger = Ledger::default();
        ledger.want(1, true, 500);
        ledger.want(2, false, 500);
        ledger.want(3, false, 500);
        ledger.give(700);
        assert_eq!(ledger.lend(), [(2, 500), (3, 200)]);
        ledger.give(1000);
        assert_eq!(ledger.lend(), [(3, 500), (1, 500)]);
    }

    #[test]
    fn only_the_first_unmet_job_holds_a_part() {
        let mut ledger = Ledger::default();
        ledger.give(100);
        ledger.want(1, false, 500);
        ledger.lend();
        ledger.want(2, false, 50);
        ledger.give(100);
        assert_eq!(ledger.lend(), [(1, 200)]);
    }

    #[test]
    fn a_forgotten_job_gives_back_what_did_not_go_out() {
        let mut ledger = Ledger::default();
        ledger.give(1000);
        ledger.want(1, false, 800);
        ledger.lend();
        ledger.spend(1, 500).unwrap();
        // Of the 500 bytes, 200 were still waiting to be sent.
        ledger.forget(1, 200);
        ledger.want(2, false, 5000);
        assert_eq!(ledger.lend(), [(2, 700)]);
    }

    #[test]
    fn a_worker_that_overdraws_is_noticed() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.spend(1, 1), Err(Overdrawn));
        ledger.give(10);
        ledger.want(1, false, 10);
        ledger.lend();
        assert_eq!(ledger.spend(1, 10), Ok(()));
        assert_eq!(ledger.spend(1, 1), Err(Overdrawn));
    }

    proptest! {
        /// Whatever happens in whatever order, no more goes out than the client gave.
        #[test]
        fn never_more_is_sent_than_given(
            steps in proptest::collection::vec((0_u8..5, 0_u64..4, 0_u64..1000), 0..200)
        ) {
            let mut ledger = Ledger::default();
            let (mut given, mut spent) = (0, 0);
            let mut queued = std::collections::HashMap::<JobId, u64>::new();
            for (what, job, bytes) in steps {
                match what {
                    0 => { ledger.give(bytes); given += bytes; }
                    1 => ledger.want(job, job % 2 == 0, bytes),
                    2 => { ledger.lend(); }
                    3 => if ledger.spend(job, bytes).is_ok() {
                        spent += bytes;
                        *queued.entry(job).or_default() += bytes;
                    },
                    _ => {
                        let sent = queued.remove(&job).unwrap_or(0);
                        let unsent = bytes.min(sent);
                        spent -= unsent;
                        ledger.forget(job, unsent);
                    }
                }
                prop_assert!(spent <= given);
                let held: u64 = ledger.jobs.iter().map(|loan| loan.lent - loan.used).sum();
                prop_assert_eq!(given - spent, ledger.available + held);
            }
        }
    }
}
