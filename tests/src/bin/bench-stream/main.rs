//! What streaming promises, measured in one run: first picture, small edits, bytes, speed, memory.
//!
//! Times are wall-clock, from the moment a `Render` is sent. On a machine that others use at the same time they are upper
//! bounds.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod bytes;
mod latency;
mod load;
mod models;

use scadstream_tests::shaped::{OFFICE, lead_to};
use scadstream_tests::table::markdown;

/// One line of the table.
pub(crate) struct Row {
    pub(crate) measure: String,
    pub(crate) found: String,
    pub(crate) at_most: &'static str,
    pub(crate) holds: bool,
}

impl Row {
    pub(crate) fn new(
        measure: impl Into<String>,
        found: impl Into<String>,
        at_most: &'static str,
        holds: bool,
    ) -> Self {
        Self { measure: measure.into(), found: found.into(), at_most, holds }
    }
}

/// How a client gets to a server.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// Where it connects to, for a server at this address: there, or to a line that leads there.
    pub(crate) to: fn(&str) -> String,
    /// Whether it is taken for a client on another machine.
    pub(crate) is_far: bool,
}

const WAYS: [Way; 2] = [
    Way { name: "loopback", to: |address| address.to_owned(), is_far: false },
    Way { name: "100 Mbit/s, 20 ms", to: |address| lead_to(address, OFFICE), is_far: true },
];

fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let chosen = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
    let mut rows = Vec::new();
    for way in &WAYS {
        if chosen("first") {
            rows.extend(latency::first_picture(way));
        }
        if chosen("edit") {
            rows.push(latency::edit(way));
        }
    }
    if chosen("bytes") {
        rows.push(bytes::local_edit());
        rows.extend(bytes::per_triangle());
    }
    if chosen("send") {
        rows.extend(load::sending());
    }
    if chosen("cost") {
        rows.push(load::cost());
    }
    if chosen("load") {
        rows.push(load::many_sessions());
        rows.push(load::idle_sessions());
    }
    if chosen("decode") {
        rows.extend(load::decoding());
    }
    let cells: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let holds = if row.holds { "yes" } else { "NO" };
            vec![row.measure, row.found, row.at_most.into(), holds.into()]
        })
        .collect();
    println!("{}", markdown(&["measure", "found", "wanted", "holds"], &cells));
}

/// The value below which `share` of the values lie.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// Median and 95th percentile of seconds, in milliseconds.
pub(crate) fn p50_p95(mut seconds: Vec<f64>) -> (f64, f64) {
    (percentile(&mut seconds, 0.5) * 1e3, percentile(&mut seconds, 0.95) * 1e3)
}
