//! How many jobs may run at once, so that their memory limits together fit the machine.

use scadstream_memory::pressure::PressureLevel;

/// The memory that jobs share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admission {
    most_running: usize,
}

impl Admission {
    /// For workers that may use `job_limit_bytes` each on a machine that has `machine_bytes`, if known. One job may
    /// always run: then it is alone with its own limit.
    pub(crate) fn new(workers: usize, job_limit_bytes: u64, machine_bytes: Option<u64>) -> Self {
        let fitting = machine_bytes.map_or(workers as u64, |bytes| bytes / job_limit_bytes.max(1));
        let fitting = usize::try_from(fitting).unwrap_or(usize::MAX);
        Self { most_running: fitting.min(workers).max(1) }
    }

    /// Whether one more job may start beside `running` others. When the system itself is short of memory, jobs run
    /// one at a time.
    pub(crate) fn allows(&self, running: usize, system: PressureLevel) -> bool {
        let most = if system >= PressureLevel::High { 1 } else { self.most_running };
        running < most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_there_are_workers_if_memory_suffices() {
        let admission = Admission::new(4, 1000, Some(16_000));
        assert!(admission.allows(3, PressureLevel::Low));
        assert!(!admission.allows(4, PressureLevel::Low));
    }

    #[test]
    fn fewer_if_their_limits_together_exceed_the_machine() {
        let admission = Admission::new(4, 1000, Some(2_500));
        assert!(admission.allows(1, PressureLevel::Moderate));
        assert!(!admission.allows(2, PressureLevel::Moderate));
    }

    #[test]
    fn one_always_and_one_only_when_the_system_is_short() {
        let admission = Admission::new(4, 1000, Some(10));
        assert!(admission.allows(0, PressureLevel::High));
        assert!(!Admission::new(4, 1, None).allows(1, PressureLevel::High));
    }
}
