//! Which jobs may run at once, so that what they need together fits the machine.
//!
//! A job reserves what its document took the last time and half as much again, for an edit may add to it; one that was
//! never seen reserves all that a job may have, until its tree is evaluated and the worker has counted its triangles. So
//! many small models run at once where two unknown ones would not fit.

use scadstream_memory::pressure::PressureLevel;

/// The least that a job reserves: what a worker takes for itself.
const LEAST_BYTES: u64 = 64_000_000;

/// The memory that jobs share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admission {
    limit_bytes: u64,
    budget_bytes: u64,
}

impl Admission {
    /// For jobs that may use `limit_bytes` each, with `budget_bytes` for all of them; without a bound if that is unknown.
    /// One job may always run: then it is alone with its own limit.
    pub(crate) fn new(limit_bytes: u64, budget_bytes: Option<u64>) -> Self {
        Self { limit_bytes, budget_bytes: budget_bytes.unwrap_or(u64::MAX).max(limit_bytes) }
    }

    /// What a job reserves whose document took `peak_bytes` the last time, or is forecast to take, if that is known.
    pub(crate) fn reservation(&self, peak_bytes: Option<u64>) -> u64 {
        let with_room = |peak: u64| peak.saturating_add(peak / 2).max(LEAST_BYTES);
        peak_bytes.map_or(self.limit_bytes, with_room).min(self.limit_bytes)
    }

    /// Whether a job that reserves `next_bytes` may start beside others that reserved `reserved_bytes` together, if there
    /// are any. When the system itself is short of memory, jobs run one at a time.
    pub(crate) fn allows(
        &self,
        next_bytes: u64,
        reserved_bytes: Option<u64>,
        system: PressureLevel,
    ) -> bool {
        match reserved_bytes {
            None => true,
            Some(reserved) => {
                system < PressureLevel::High
                    && reserved.saturating_add(next_bytes) <= self.budget_bytes
            }
        }
    }

    /// What all jobs together may reserve.
    pub(crate) fn budget_bytes(&self) -> u64 {
        self.budget_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    #[test]
    fn unknown_jobs_reserve_all_they_may_have() {
        let admission = Admission::new(1000 * MB, Some(2500 * MB));
        let next = admission.reservation(None);
        assert!(admission.allows(next, Some(next), PressureLevel::Moderate));
        assert!(!admission.allows(next, Some(2 * next), PressureLevel::Moderate));
    }

    #[test]
    fn known_jobs_reserve_what_they_took_and_some_more() {
        let admission = Admission::new(1000 * MB, Some(2500 * MB));
        let megabytes = |peak| admission.reservation(Some(peak * MB)) / MB;
        assert_eq!([megabytes(1), megabytes(200), megabytes(900)], [64, 300, 1000]);
        assert!(admission.allows(300 * MB, Some(2000 * MB), PressureLevel::Low));
    }

    #[test]
    fn one_always_and_one_only_when_the_system_is_short() {
        let admission = Admission::new(1000 * MB, Some(10));
        assert!(admission.allows(1000 * MB, None, PressureLevel::High));
        let unbounded = Admission::new(1, None);
        assert!(unbounded.allows(1, Some(1), PressureLevel::Moderate));
        assert!(!unbounded.allows(1, Some(1), PressureLevel::High));
    }
}
