//! How long it takes from cancelling to the end, for each operation and at several moments of it.
//!
//! `cargo run --release -p scadstream-pipeline --example cancel_latency [OPERATION ...]`
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "../tests/cancel/models.rs"]
mod models;

use std::time::Duration;

use scadstream_pipeline::{Budgets, Libraries, Pipeline};

use models::{OPERATIONS, files, latency};

/// When each is cancelled, after it began.
const MOMENTS_MS: [u64; 6] = [5, 20, 60, 150, 400, 1000];

fn main() {
    let files = files();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let chosen = |operation: &str| wanted.is_empty() || wanted.iter().any(|w| w == operation);
    println!("| operation | cancelled | median, ms | longest, ms | after, ms |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (operation, source) in OPERATIONS.iter().filter(|(operation, _)| chosen(operation)) {
        let mut found: Vec<(f64, u64)> = Vec::new();
        for moment in MOMENTS_MS {
            let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
            let after = Duration::from_millis(moment);
            let Some(latency) = latency(&pipeline, &files, (operation, source), after) else {
                break; // It ended before.
            };
            found.push((latency.as_secs_f64() * 1e3, moment));
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some((longest, after)) = found.last() else {
            println!("| {operation} | 0 | | | |");
            continue;
        };
        let median = found[found.len() / 2].0;
        println!("| {operation} | {} | {median:.1} | {longest:.1} | {after} |", found.len());
    }
}
