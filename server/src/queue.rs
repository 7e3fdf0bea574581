//! Jobs waiting for a worker: bounded, and fair between sessions.
//!
//! Sessions take turns, however many jobs each has waiting; the jobs of one session keep their order. That a newer edit
//! takes the place of an older one is the dispatcher's doing: it removes the older.

use std::collections::{HashMap, VecDeque};

use crate::ipc::JobId;
use crate::session::SessionId;

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// Waiting jobs.
#[derive(Debug)]
pub(crate) struct Queue {
    limit: usize,
    len: usize,
    /// Sessions that have jobs waiting, the one whose turn it is in front.
    turns: VecDeque<SessionId>,
    jobs: HashMap<SessionId, VecDeque<JobId>>,
}

impl Queue {
    /// An empty queue for at most `limit` jobs.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, len: 0, turns: VecDeque::new(), jobs: HashMap::new() }
    }

    /// Number of jobs waiting.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts a job behind the others of its session.
    pub(crate) fn push(&mut self, session: SessionId, job: JobId) -> Result<(), Full> {
        if self.len == self.limit {
            return Err(Full);
        }
        self.len += 1;
        let jobs = self.jobs.entry(session).or_default();
        if jobs.is_empty() {
            self.turns.push_back(session);
        }
        jobs.push_back(job);
        Ok(())
    }

    /// The next job of a session that may have one started, without taking it.
    pub(crate) fn next(&self, may: impl Fn(SessionId) -> bool) -> Option<(SessionId, JobId)> {
        let session = self.turns.iter().copied().find(|session| may(*session))?;
        Some((session, *self.jobs.get(&session)?.front()?))
    }

    /// Takes the next job of a session, which then waits for its next turn.
    pub(crate) fn take(&mut self, session: SessionId) -> Option<JobId> {
        let jobs = self.jobs.get_mut(&session)?;
        self.turns.retain(|turn| *turn != session);
        let job = jobs.pop_front()?;
        self.len -= 1;
        if jobs.is_empty() {
            self.jobs.remove(&session);
        } else {
            self.turns.push_back(session);
        }
        Some(job)
    }

    /// Takes a job out, wherever it is; false when it does not wait.
    pub(crate) fn remove(&mut self, session: SessionId, job: JobId) -> bool {
        let Some(jobs) = self.jobs.get_mut(&session) else { return false };
        let Some(index) = jobs.iter().position(|waiting| *waiting == job) else { return false };
        jobs.remove(index);
        self.len -= 1;
        if jobs.is_empty() {
            self.jobs.remove(&session);
            self.turns.retain(|turn| *turn != session);
        }
        true
    }

    /// All jobs in the order in which they will be taken.
    pub(crate) fn order(&self) -> Vec<JobId> {
        let mut order = Vec::with_capacity(self.len);
        for round in 0.. {
            let before = order.len();
            let turns = self.turns.iter().filter_map(|session| self.jobs.get(session)?.get(round));
            order.extend(turns);
            if order.len() == before {
                break;
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(jobs: &[(u64, JobId)]) -> Queue {
        let mut queue = Queue::new(100);
        for (session, job) in jobs {
            queue.push(SessionId(*session), *job).unwrap();
        }
        queue
    }

    fn pop(queue: &mut Queue) -> Option<JobId> {
        let (session, job) = queue.next(|_| true)?;
        assert_eq!(queue.take(session), Some(job));
        Some(job)
    }

    fn drain(mut queue: Queue) -> Vec<JobId> {
        let announced = queue.order();
        let order: Vec<JobId> = std::iter::from_fn(|| pop(&mut queue)).collect();
        assert_eq!(announced, order, "jobs are taken in the order that is told");
        assert_eq!(queue.len(), 0);
        order
    }

    #[test]
    fn sessions_take_turns() {
        let jobs = [(1, 10), (1, 11), (1, 12), (2, 20), (3, 30), (3, 31)];
        assert_eq!(drain(queue(&jobs)), [10, 20, 30, 11, 31, 12]);
    }

    #[test]
    fn a_removed_job_is_not_taken() {
        let mut queue = queue(&[(1, 10), (1, 11), (2, 20)]);
        assert!(queue.remove(SessionId(1), 10));
        assert!(!queue.remove(SessionId(1), 10));
        assert!(queue.remove(SessionId(2), 20));
        assert_eq!(drain(queue), [11]);
    }

    #[test]
    fn a_full_queue_refuses() {
        let mut queue = Queue::new(1);
        assert_eq!(queue.push(SessionId(1), 1), Ok(()));
        assert_eq!(queue.push(SessionId(2), 2), Err(Full));
        pop(&mut queue);
        assert_eq!(queue.push(SessionId(2), 2), Ok(()));
    }

    #[test]
    fn a_session_that_may_not_is_passed_over_and_keeps_its_turn() {
        let mut queue = queue(&[(1, 10), (2, 20), (3, 30)]);
        assert_eq!(queue.next(|session| session == SessionId(2)), Some((SessionId(2), 20)));
        assert_eq!(queue.take(SessionId(2)), Some(20));
        assert_eq!(queue.next(|session| session == SessionId(2)), None);
        assert_eq!(drain(queue), [10, 30]);
    }
}
