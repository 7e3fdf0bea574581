//! How long it takes from cancelling to the end, for each operation and at several moments of it.
//!
//! `cargo run --release -p scadstream-pipeline --example cancel_latency [OPERATION ...]`
//!
//! Each is measured in a process of its own: what a cancelled solve has left to itself goes on using a processor.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "../tests/cancel/models.rs"]
mod models;

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Duration;

use scadstream_pipeline::{Budgets, Libraries, Pipeline};

use models::{OPERATIONS, files, latency};

/// When each is cancelled, after it began.
const MOMENTS_MS: [u64; 6] = [5, 20, 60, 150, 400, 1000];

/// Before the index of an operation and the milliseconds after which it is cancelled.
const ONE: &str = "--one";

/// What is printed of one that ended before.
const ENDED: &str = "ended";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, index, moment] = &arguments[..]
        && first == ONE
    {
        measure_one(index.parse()?, moment.parse()?);
        return Ok(());
    }
    let chosen = |operation: &str| {
        arguments.is_empty() || arguments.iter().any(|wanted| wanted == operation)
    };
    println!("| operation | cancelled | median, ms | longest, ms | after, ms |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (index, (operation, _)) in OPERATIONS.iter().enumerate() {
        if !chosen(operation) {
            continue;
        }
        let mut found: Vec<(f64, u64)> = Vec::new();
        for moment in MOMENTS_MS {
            let Some(latency) = in_a_process(index, moment)? else { break };
            found.push((latency, moment));
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some((longest, after)) = found.last() else {
            println!("| {operation} | 0 | | | |");
            continue;
        };
        let median = found[found.len() / 2].0;
        println!("| {operation} | {} | {median:.1} | {longest:.1} | {after} |", found.len());
    }
    Ok(())
}

/// Milliseconds to the end of an operation that is cancelled after so many; none if it ended before.
fn in_a_process(index: usize, moment: u64) -> Result<Option<f64>, Box<dyn Error>> {
    let own = std::env::current_exe()?;
    let arguments = [ONE.to_owned(), index.to_string(), moment.to_string()];
    let output = Command::new(own).args(arguments).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", OPERATIONS[index].1, output.status).into());
    }
    let said = String::from_utf8(output.stdout)?;
    let said = said.trim();
    if said == ENDED { Ok(None) } else { Ok(Some(said.parse()?)) }
}

fn measure_one(index: usize, moment: u64) {
    let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
    match latency(&pipeline, &files(), OPERATIONS[index], Duration::from_millis(moment)) {
        Some(latency) => println!("{}", latency.as_secs_f64() * 1e3),
        None => println!("{ENDED}"),
    }
}
