//! The short form of `make torture`.
#![expect(clippy::print_stdout, reason = "the table is for whoever runs the tests")]

use std::time::Duration;

use scadstream_tests::torture::{Plan, torture};

fn main() {
    let report = torture(Plan {
        time: Duration::from_secs(15),
        job_seconds: 2,
        interval: Duration::from_millis(250),
        quiet_renders: 20,
    });
    println!("\n{}", report.text);
    assert!(report.complaints.is_empty(), "{:#?}", report.complaints);
    println!("1 passed, 0 failed");
}
