//! The bounds that a worker puts on itself, so that the system stops it rather than the machine.
//!
//! They are the last line of defence, after the job's own checks and the allocator's hard limit: one that is reached
//! costs the worker and its job, never the supervisor.

use std::fs;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, Signal};

/// What to bound. `None` and `false` leave the system's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProcessLimits {
    /// The most private writable memory (`RLIMIT_DATA`): heap and thread stacks, but neither shared segments nor files.
    pub data_bytes: Option<u64>,
    /// How willingly the system kills this process when memory is out (`oom_score_adj`), -1000 to 1000.
    pub oom_score_adjust: Option<i32>,
    /// End with SIGKILL when the thread that started this process ends.
    pub die_with_parent: bool,
}

/// A bound that the system did not accept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// Setting `RLIMIT_DATA` failed.
    #[error("cannot limit private memory to {bytes} bytes: {source}")]
    Data {
        /// The limit asked for.
        bytes: u64,
        /// The system's answer.
        source: Errno,
    },
    /// Writing `oom_score_adj` failed.
    #[error("cannot set oom_score_adj to {score}: {source}")]
    OomScore {
        /// The score asked for.
        score: i32,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Setting `RLIMIT_CPU` failed.
    #[error("cannot limit processor time: {0}")]
    Cpu(Errno),
    /// Setting the parent-death signal failed.
    #[error("cannot tie this process to its parent: {0}")]
    Parent(Errno),
}

impl ProcessLimits {
    /// Puts every bound into force and returns those that were refused; the others hold.
    pub fn apply(&self) -> Vec<LimitError> {
        let data = self.data_bytes.map(limit_data);
        let score = self.oom_score_adjust.map(adjust_oom_score);
        let parent = self.die_with_parent.then(die_with_parent);
        [data, score, parent].into_iter().flatten().filter_map(Result::err).collect()
    }
}

/// From now on this process may compute for `time` on each processor; then the system ends it with SIGXCPU. To be
/// called again when another job begins. It is the last line of defence for a process that no longer hears its parent.
///
/// # Errors
/// When the system refuses.
pub fn limit_cpu_from_now(time: Duration) -> Result<(), LimitError> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let processors = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let used_seconds = u64::try_from(used.tv_sec).unwrap_or(0);
    let current = used_seconds.saturating_add(time.as_secs().saturating_mul(processors)) + 1;
    let maximum = rustix::process::getrlimit(Resource::Cpu).maximum;
    let limit =
        Rlimit { current: Some(maximum.map_or(current, |most| most.min(current))), maximum };
    rustix::process::setrlimit(Resource::Cpu, limit).map_err(LimitError::Cpu)
}

fn limit_data(bytes: u64) -> Result<(), LimitError> {
    let maximum = rustix::process::getrlimit(Resource::Data).maximum;
    let limit = Rlimit { current: Some(bytes), maximum };
    rustix::process::setrlimit(Resource::Data, limit)
        .map_err(|source| LimitError::Data { bytes, source })
}

/// Raising the score needs no privilege; lowering it does.
fn adjust_oom_score(score: i32) -> Result<(), LimitError> {
    fs::write("/proc/self/oom_score_adj", score.to_string())
        .map_err(|source| LimitError::OomScore { score, source })
}

fn die_with_parent() -> Result<(), LimitError> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(LimitError::Parent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Set in a child process, which then puts limits on itself instead of on the process of all other tests.
    const IN_CHILD: &str = "SCADSTREAM_LIMITS_TEST_CHILD";

    #[test]
    fn limits_hold_in_the_process_that_applies_them() {
        if std::env::var_os(IN_CHILD).is_some() {
            return in_child();
        }
        let own_name = "limits::tests::limits_hold_in_the_process_that_applies_them";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", own_name, "--nocapture"])
            .env(IN_CHILD, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }

    fn in_child() {
        let limits = ProcessLimits {
            data_bytes: Some(1 << 30),
            oom_score_adjust: Some(800),
            die_with_parent: true,
        };
        let refused = limits.apply();
        assert!(refused.is_empty(), "{refused:?}");
        assert_eq!(rustix::process::getrlimit(Resource::Data).current, Some(1 << 30));
        assert_eq!(fs::read_to_string("/proc/self/oom_score_adj").unwrap().trim(), "800");
        assert_eq!(rustix::process::parent_process_death_signal(), Ok(Some(Signal::KILL)));
        assert!(Vec::<u8>::new().try_reserve_exact(2 << 30).is_err());
        limit_cpu_from_now(Duration::from_secs(100)).unwrap();
        let seconds = rustix::process::getrlimit(Resource::Cpu).current.unwrap();
        assert!((100..100_000).contains(&seconds), "{seconds}");
    }

    #[test]
    fn what_the_system_refuses_is_told_by_name() {
        let limits = ProcessLimits { oom_score_adjust: Some(5000), ..ProcessLimits::default() };
        let refused = limits.apply();
        assert!(refused[0].to_string().starts_with("cannot set oom_score_adj to 5000"));
    }
}
