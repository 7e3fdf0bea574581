//! `make soak MINUTES=n`: mixed edits, and whether the server holds more at the end than when it was warm.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::process::ExitCode;
use std::time::Duration;

use scadstream_tests::soak::soak;

fn main() -> ExitCode {
    let minutes: f64 =
        std::env::args().nth(1).and_then(|minutes| minutes.parse().ok()).unwrap_or(10.0);
    let report = soak(Duration::from_secs_f64(minutes * 60.0));
    println!("{}", report.text);
    report.complaints.iter().for_each(|complaint| println!("AMISS: {complaint}"));
    if report.complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
