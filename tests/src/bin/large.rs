//! `make large`: a model that takes more than 2 GB in one piece, and what the server makes of it with 800 MB.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what it is for")]

use std::process::Command;
use std::time::Instant;

use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Budgets, Control, Files, Input, Libraries, Pipeline, Surroundings, Unwatched,
};
use scadstream_tests::client::{Client, End};
use scadstream_tests::server::Server;
use scadstream_tests::{http, process, table};

/// Why a worker may be gone that was at work.
const RESTARTS: [&str; 3] = ["memory_limit", "killed", "lost"];

/// About ten thousand hulls of some 350 KB each.
const MODEL: &str = "minkowski() {
    difference() { cube(40, center = true); sphere(18, $fn = 100); }
    sphere(1, $fn = 40);
}";

fn main() {
    if std::env::args().nth(1).as_deref() == Some("one-piece") {
        return in_one_piece();
    }
    let own = std::env::current_exe().expect("a running program has a path");
    let start = Instant::now();
    let output = Command::new(own).arg("one-piece").output().expect("it can be run");
    let seconds = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    eprintln!("one piece: {} in {seconds:.0} s", said.trim());
    let (volume, peak_mb) = said.trim().split_once(' ').unwrap_or(("not done", "?"));
    let mut rows = vec![vec![
        "all hulls at once, one process".into(),
        peak_mb.to_owned(),
        format!("{seconds:.0}"),
        volume.to_owned(),
    ]];

    let server = Server::start_with(
        &["--workers", "1", "--express-workers", "0", "--job-seconds", "3000"],
        &[("MEMORY_HARD_MB", "800")],
    );
    let mut client = Client::connect(&server.address);
    let start = Instant::now();
    let rendered = client.render(1, 1, MODEL);
    let seconds = start.elapsed().as_secs_f64();
    let workers = process::children(server.pid()).into_iter();
    let peaks = workers.filter_map(process::resident_bytes).map(|(_, peak)| peak as f64 / 1e6);
    let peak = peaks.fold(0.0, f64::max);
    let metrics = http::get(&server.address, "/metrics").unwrap_or_default();
    let lost = RESTARTS.map(|reason| {
        let series = format!("scadstream_worker_restarts_total{{reason=\"{reason}\"}}");
        http::metric(&metrics, &series).unwrap_or(f64::NAN)
    });
    let result = match rendered.end {
        Some(End::Done(done)) => format!("{:.6}", done.statistics.volume),
        Some(End::Failed(failed)) => failed.message,
        None => "no end".into(),
    };
    rows.push(vec![
        "server, MEMORY_HARD_MB=800".into(),
        format!("{peak:.0}"),
        format!("{seconds:.0}"),
        result,
    ]);
    println!("workers lost or replaced at their limit: {}\n", lost.iter().sum::<f64>());
    println!("{}", table::markdown(&["way", "most resident, MB", "seconds", "volume"], &rows));
}

/// Solves with a chunk of all hulls, and prints the volume and the most memory that was resident.
fn in_one_piece() {
    let pipeline =
        Pipeline::new(Libraries::default(), Budgets { parses: 0, solids: 0, plans: 0, encoded: 0 });
    let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let files = Files::new();
    let content = MODEL.as_bytes().into();
    let input = Input { name: "main.scad", content, surroundings: Surroundings::Sent(&files) };
    let model = pipeline.evaluate(&input, &Default::default(), &control).expect("nobody stops it");
    let settings = Settings { minkowski_chunk: usize::MAX, ..Settings::default() };
    let solved = pipeline.solve(&model, settings, &control).expect("nobody stops it");
    let peak = process::resident_bytes(std::process::id()).map_or(0, |(_, peak)| peak);
    println!("{:.6} {:.0}", solved.facts.volume, peak as f64 / 1e6);
}
