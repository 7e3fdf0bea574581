//! `make torture`: hostile models by eight sessions while a ninth works. Prints a table; fails if anything is amiss.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::process::ExitCode;
use std::time::Duration;

use scadstream_tests::torture::{Plan, torture};

fn main() -> ExitCode {
    let seconds = std::env::args().nth(1).and_then(|seconds| seconds.parse().ok()).unwrap_or(120);
    let report = torture(Plan {
        time: Duration::from_secs(seconds),
        job_seconds: 10,
        interval: Duration::from_secs(1),
        quiet_renders: 60,
    });
    println!("{}", report.text);
    report.complaints.iter().for_each(|complaint| println!("AMISS: {complaint}"));
    if report.complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
