//! `make bench-memory`: the share of a render's CPU time that counting allocations takes.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use scadstream_tests::allocation::cpu_seconds;
use scadstream_tests::table;

/// Pairs of runs; the median of their ratios is not bent by what else the machine does.
const PAIRS: usize = 15;
/// Renders of a run.
const TIMES: usize = 5;

fn main() {
    let mut pairs: Vec<(f64, f64)> = (0..PAIRS)
        .map(|_| (cpu_seconds("render_plain", TIMES), cpu_seconds("render_counting", TIMES)))
        .collect();
    pairs.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    let (plain, counting) = pairs[PAIRS / 2];
    let row = vec![
        format!("{PAIRS} pairs, {TIMES} rounds of three models"),
        format!("{plain:.2}"),
        format!("{counting:.2}"),
        format!("{:+.1} %", (counting / plain - 1.0) * 100.0),
    ];
    let headings = ["median pair", "jemalloc, CPU s", "counting, CPU s", "overhead"];
    println!("{}", table::markdown(&headings, &[row]));
}
