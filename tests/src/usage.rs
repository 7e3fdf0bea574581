//! What one run of a program costs: CPU and wall-clock seconds, and the most memory it held.
//!
//! The system only says what all children of a process used together, so each run has a process of its own to be the
//! child of: the calling binary once more, started with [`MEASURE`].

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};

use crate::binary::{quiet, run};

/// First argument of the process that measures; [`main`] does what the others say.
pub const MEASURE: &str = "--measure-one-run";

/// The cost of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// User and system time.
    pub cpu_seconds: f64,
    /// From start to end.
    pub wall_seconds: f64,
    /// Largest resident size.
    pub peak_mb: f64,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub enum Run {
    /// It did what it should, and printed this.
    Ended(Usage, String),
    /// It was stopped, having used more CPU time than it may.
    TooLong(Usage),
    /// It failed, and said this.
    Failed(String),
}

/// Runs a program that may use so many seconds of CPU time. The calling binary's `main` must call [`main`].
///
/// # Panics
/// If the calling binary cannot be started again.
pub fn measure(program: &Path, arguments: &[&str], most_cpu_seconds: u64) -> Run {
    let own = std::env::current_exe().expect("a running program has a path");
    let mut command = quiet(own);
    command.arg(MEASURE).arg(most_cpu_seconds.to_string()).arg(program).args(arguments);
    let output = run(command.env("QT_QPA_PLATFORM", "offscreen"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (text, last) = text.trim_end().rsplit_once('\n').unwrap_or(("", text.trim_end()));
    let numbers: Vec<f64> = last.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [cpu_seconds, wall_seconds, peak_mb, success] = numbers[..] else {
        return Run::Failed(String::from_utf8_lossy(&output.stderr).into_owned());
    };
    let usage = Usage { cpu_seconds, wall_seconds, peak_mb };
    if success == 1.0 {
        Run::Ended(usage, text.to_owned())
    } else if cpu_seconds >= 0.9 * most_cpu_seconds as f64 {
        // The system looks at the clock only now and then.
        Run::TooLong(usage)
    } else {
        Run::Failed(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The measuring process: a limit, a program, its arguments. Its last line has what the program used.
///
/// # Panics
/// If the program cannot be started.
#[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
pub fn main(arguments: &[String]) -> ExitCode {
    let [limit, program, arguments @ ..] = arguments else { return ExitCode::FAILURE };
    let limit = limit.parse().expect("a number of seconds");
    setrlimit(Resource::RLIMIT_CPU, limit, limit).expect("limits may be lowered");
    let start = Instant::now();
    let mut command = Command::new(program);
    let status = command.args(arguments).stdin(Stdio::null()).status().expect("a program to run");
    let wall_seconds = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("no argument to be wrong");
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
    let cpu_seconds = seconds(usage.user_time()) + seconds(usage.system_time());
    let peak_mb = usage.max_rss() as f64 / 1024.0;
    println!("\n{cpu_seconds} {wall_seconds} {peak_mb} {}", u8::from(status.success()));
    ExitCode::SUCCESS
}
