//! Five models through the real server, and the same models through the installed `openscad`, as one table.
//!
//! Figures are medians over several renders of a changed document each, on a worker whose caches know nothing of it;
//! `openscad` runs once, since one of its runs takes longer than all of ours. Times are wall-clock milliseconds.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::path::Path;
use std::time::{Duration, Instant};

use scadstream_protocol::message::{Stage, Statistics};
use scadstream_tests::binary::{quiet, run};
use scadstream_tests::client::{Client, End, Rendered};
use scadstream_tests::server::Server;
use scadstream_tests::table::markdown;

const MODELS: &[&str] = &["bracket", "sieve", "gears", "rounded", "planets"];
const RUNS: usize = 5;

const HEADINGS: &[&str] = &[
    "model",
    "triangles",
    "parse",
    "evaluate",
    "solve",
    "chunk",
    "first chunk",
    "last byte",
    "KB sent",
    "peak MB",
    "openscad",
    "openscad / ours",
];

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut rows = Vec::new();
    for name in MODELS {
        let path = folder.join(name).with_extension("scad");
        let source = std::fs::read_to_string(&path).expect("the models are part of the project");
        let start = Instant::now();
        run(quiet("openscad")
            .arg("-o")
            .arg(std::env::temp_dir().join("scadstream-bench.stl"))
            .arg(&path));
        let peer = start.elapsed();
        let runs: Vec<_> = (0..RUNS).map(|_| render_fresh(&source)).collect();
        rows.push(row(name, &runs, peer));
    }
    println!("{}", markdown(HEADINGS, &rows));
    println!(
        "times in ms, medians of {RUNS}; openscad once, the whole process, wall time, exporting STL"
    );
}

/// One render by a server of its own, so that nothing is cached.
fn render_fresh(source: &str) -> (Rendered, Statistics) {
    let server = Server::start(&["--workers", "1"]);
    let mut client = Client::connect(&server.address);
    // Whatever the first job of a worker has to set up is not the model's.
    client.render(1, 1, "cube(1);");
    let rendered = client.render(2, 1, source);
    match &rendered.end {
        Some(End::Done(done)) => {
            let statistics = done.statistics.clone();
            (rendered, statistics)
        }
        end => panic!("the render ended with {end:?}"),
    }
}

fn row(name: &str, runs: &[(Rendered, Statistics)], peer: Duration) -> Vec<String> {
    let stage = |stage: Stage| {
        millis(median(runs.iter().map(|(_, statistics)| {
            let time = statistics.times.iter().find(|time| time.stage == stage);
            time.map_or(0.0, |time| time.seconds)
        })))
    };
    let (first, statistics) = &runs[0];
    let last_byte = median(runs.iter().map(|(rendered, _)| rendered.last_byte.as_secs_f64()));
    let first_chunk = median(
        runs.iter().filter_map(|(rendered, _)| rendered.first_chunk.map(|t| t.as_secs_f64())),
    );
    let peak = runs.iter().map(|(_, statistics)| statistics.peak_memory_bytes).max().unwrap_or(0);
    vec![
        name.to_owned(),
        statistics.triangles.to_string(),
        stage(Stage::Parse),
        stage(Stage::Evaluate),
        stage(Stage::Solve),
        stage(Stage::Chunk),
        millis(first_chunk),
        millis(last_byte),
        format!("{:.0}", first.bytes as f64 / 1e3),
        format!("{:.1}", peak as f64 / 1e6),
        millis(peer.as_secs_f64()),
        format!("{:.0}", peer.as_secs_f64() / last_byte),
    ]
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn millis(seconds: f64) -> String {
    let ms = seconds * 1e3;
    if ms < 10.0 { format!("{ms:.2}") } else { format!("{ms:.0}") }
}
