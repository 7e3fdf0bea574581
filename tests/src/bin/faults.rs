//! `make faults`: faults from outside, each many times. Prints a table; fails if any was not survived.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::process::ExitCode;

use scadstream_tests::{faults, table};

fn main() -> ExitCode {
    let times = std::env::args().nth(1).and_then(|times| times.parse().ok()).unwrap_or(30);
    let all = faults::all(times);
    let rows = all.iter().map(|tried| {
        vec![tried.name.to_owned(), tried.tried.to_string(), tried.survived.to_string()]
    });
    println!("{}", table::markdown(&["fault", "tried", "survived"], &rows.collect::<Vec<_>>()));
    let complaints: Vec<&String> = all.iter().flat_map(|tried| &tried.complaints).collect();
    complaints.iter().for_each(|complaint| println!("AMISS: {complaint}"));
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
