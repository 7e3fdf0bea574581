//! The spatial solver against the direct one: first solves, edits, memory, and a model far larger than the memory.
//!
//! usage: bench_spatial [solves|edits|vast|file]
//!
//! Solves are processes of their own, each with the number of threads that `RAYON_NUM_THREADS` says; figures are medians
//! of [`RUNS`]. Edits go through a server and its protocol, from sending the text to the last changed chunk, whose raw
//! payload needs no decoding.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table, and its rows as they come"
)]

use std::process::ExitCode;
use std::time::Instant;

use scadstream_geometry::solve::Solver;
use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Budgets, Control, Files, Input, Libraries, Pipeline, Solved, Surroundings, Unwatched,
};
use scadstream_tests::binary::scadstream;
use scadstream_tests::client::{Client, End};
use scadstream_tests::server::Server;
use scadstream_tests::table::markdown;
use scadstream_tests::usage::{self, MEASURE, Run, Usage, measure};
use scadstream_tests::vast::{plate, plate_volume, stl_volume, streamed};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: scadstream_memory::allocator::CountingAllocator =
    scadstream_memory::allocator::CountingAllocator;

const RUNS: usize = 3;
const EDITS: usize = 30;
const MOST_CPU_SECONDS: u64 = 600;
/// Balls along a side and fragments of a plate of 20 million triangles, and of one of 10 million.
const VAST: (usize, usize) = (45, 140);
const LARGE_FILE: (usize, usize) = (32, 140);
/// What a worker may use for the vast one.
const LIMIT_MB: u32 = 800;
/// First argument of a process that solves once.
const SOLVE: &str = "--solve";

/// A gear train of which one gear turns.
fn gears(turned: f64) -> String {
    let model = include_str!("../../models/gears.scad");
    format!("{model}\ntranslate([0, 90, 0]) rotate({turned}) gear(20, twist = 9);\n")
}

/// Flanges, bolts and nuts with threads, of which one nut turns.
fn threads(turned: f64) -> String {
    format!("turned = {turned};\n{}", include_str!("../../models/threads.scad"))
}

/// What one solve said of itself.
struct Solve {
    usage: Usage,
    seconds: f64,
    triangles: f64,
    volume: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(MEASURE) => return usage::main(&arguments[1..]),
        Some(SOLVE) => {
            solve_once(&arguments[1..]);
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let only = arguments.first().cloned();
    let wants = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let mut rows = Vec::new();
    let mut row = |measure: &str, found: String, aim: &str| {
        eprintln!("{measure}: {found} ({aim})");
        rows.push(vec![measure.to_owned(), found, aim.to_owned()]);
    };
    let direct = (wants("solves") || wants("edits")).then(|| solves("20", "70", "direct", 1));
    let ratio = |a: f64, b: f64| format!("{:.2}", a / b);
    if let Some(direct) = direct.as_ref().filter(|_| wants("solves")) {
        let solves = |solver: &str, threads: usize| solves("20", "70", solver, threads);
        let cells = solves("spatial", 1);
        let (direct_two, cells_two) = (solves("direct", 2), solves("spatial", 2));
        let difference = (cells.volume - direct.volume).abs() / direct.volume;
        row("triangles of the plate, direct", format!("{:.0}", direct.triangles), "1 000 000");
        row("difference in volume", format!("{difference:.1e}"), "1e-9");
        row(
            "first solve, one thread, against direct, processor time",
            ratio(cells.usage.cpu_seconds, direct.usage.cpu_seconds),
            "1.1",
        );
        row(
            "first solve, two threads, against direct with one, time",
            ratio(cells_two.seconds, direct.seconds),
            "0.65",
        );
        row(
            "the same against direct with two, time",
            ratio(cells_two.seconds, direct_two.seconds),
            "",
        );
        let more = 100.0 * (cells.triangles / direct.triangles - 1.0);
        row("extra triangles", format!("{more:.1} %"), "3 %");
        row("peak memory against direct", ratio(cells.usage.peak_mb, direct.usage.peak_mb), "0.33");
    }
    if let Some(direct) = direct.as_ref().filter(|_| wants("edits")) {
        let (p50, p95) = edits(|n| plate(20, 70, 0.05 * n as f64));
        row("moving one hole, p50 / p95", format!("{p50:.0} / {p95:.0} ms"), "150 / 400 ms");
        let share = format!("{:.3}", p50 / 1e3 / direct.seconds);
        row("the same against the direct solve", share, "0.020");
        let (p50, p95) = edits(|n| gears(n as f64));
        row("turning one of eight gears, p50 / p95", format!("{p50:.0} / {p95:.0} ms"), "100 ms");
        let (p50, p95) = edits(|n| threads(n as f64));
        let seconds = |solver| median_seconds(&threads(0.0), solver);
        let (direct, cells) = (seconds(Solver::Direct), seconds(Solver::Auto));
        row("turning one of eight nuts, p50 / p95", format!("{p50:.0} / {p95:.0} ms"), "");
        row("the same against the direct solve", ratio(p50 / 1e3, direct), "0.2");
        row("first solve of nuts and bolts against direct, time", ratio(cells, direct), "");
    }
    if wants("vast") {
        let (n, fragments) = VAST;
        let vast = streamed(&plate(n, fragments, 0.0), LIMIT_MB);
        let [counted, received] = vast.triangles;
        row("a vast model, triangles", counted.to_string(), "20 000 000");
        row("of them received", received.to_string(), "all");
        row("most resident", format!("{:.0} MB", vast.peak_mb), "800 MB");
        let off =
            |volume: f64| format!("{:.1e}", (volume / plate_volume(n, fragments) - 1.0).abs());
        row("volume against the formula", vast.volume.map_or_else(|fault| fault, off), "1e-9");
        row(
            "the same of what was received, in single precision",
            off(vast.received_volume),
            "1e-6",
        );
        let times = format!("{:.1} / {:.0} s", vast.first_seconds, vast.seconds);
        row("first chunk / all", times, "");
    }
    if wants("file") {
        let (n, fragments) = LARGE_FILE;
        let (usage, (triangles, volume)) = written(&plate(n, fragments, 0.0));
        row("an STL file, triangles", triangles.to_string(), "10 000 000");
        row("most resident while it is made", format!("{:.0} MB", usage.peak_mb), "800 MB");
        let off = (volume / plate_volume(n, fragments) - 1.0).abs();
        row("volume against the formula, in single precision", format!("{off:.1e}"), "1e-6");
    }
    println!("{}", markdown(&["measure", "found", "at most"], &rows));
    ExitCode::SUCCESS
}

/// Solves the plate in processes of their own; the median in time.
fn solves(n: &str, fragments: &str, solver: &str, threads: usize) -> Solve {
    let own = std::env::current_exe().expect("a running program has a path");
    let own = own.to_str().expect("a path in UTF-8");
    let threads = format!("RAYON_NUM_THREADS={threads}");
    let mut runs: Vec<Solve> = (0..RUNS)
        .map(|_| {
            let arguments = [threads.as_str(), own, SOLVE, n, fragments, solver];
            match measure("/usr/bin/env".as_ref(), &arguments, MOST_CPU_SECONDS) {
                Run::Ended(usage, text) => {
                    let numbers: Vec<f64> =
                        text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
                    let [seconds, triangles, volume] = numbers[..] else {
                        panic!("no figures in {text:?}")
                    };
                    Solve { usage, seconds, triangles, volume }
                }
                other => panic!("{solver}: {other:?}"),
            }
        })
        .collect();
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    runs.swap_remove(RUNS / 2)
}

/// The process that solves: prints seconds, triangles and volume.
fn solve_once(arguments: &[String]) {
    let [n, fragments, solver, rest @ ..] = arguments else { panic!("at least three arguments") };
    let solver = match solver.as_str() {
        "direct" => Solver::Direct,
        _ => Solver::Spatial,
    };
    let mut settings = Settings { solver, ..Settings::default() };
    if let [cell_triangles] = rest {
        settings.cell_triangles = cell_triangles.parse().expect("a number");
    }
    let number = |text: &str| text.parse().expect("a number");
    let source = plate(number(n), number(fragments), 0.0);
    let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
    let start = Instant::now();
    let solved = solve(&pipeline, &source, settings);
    let facts = solved.facts;
    println!("{} {} {}", start.elapsed().as_secs_f64(), facts.triangles, facts.volume);
}

fn solve(pipeline: &Pipeline, source: &str, settings: Settings) -> Solved {
    let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let files = Files::new();
    let content = source.as_bytes().into();
    let input = Input { name: "plate.scad", content, surroundings: Surroundings::Sent(&files) };
    let model = pipeline.evaluate(&input, &Default::default(), &control).expect("it evaluates");
    pipeline.solve(&model, settings, &control).expect("nobody stops it")
}

/// How long it takes to solve a model, with all threads and empty caches; the median.
fn median_seconds(source: &str, solver: Solver) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
            let start = Instant::now();
            solve(&pipeline, source, Settings { solver, ..Settings::default() });
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

/// Median and 95th percentile in milliseconds of edits in a warm session.
fn edits(source: impl Fn(usize) -> String) -> (f64, f64) {
    let server = Server::start(&["--workers", "1"]);
    let mut client = Client::connect(&server.address);
    let mut times = Vec::new();
    for n in 0..=EDITS {
        let rendered = client.render(1, 1 + n as u32, &source(n));
        assert!(matches!(rendered.end, Some(End::Done(_))), "it is rendered: {:?}", rendered.end);
        assert!(!rendered.chunks.is_empty(), "something changed");
        times.push(rendered.last_byte.as_secs_f64() * 1e3);
    }
    let mut times = times.split_off(1);
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[times.len() * 95 / 100])
}

/// Writes a model to an STL file in a process of its own: what that took, and what is in the file.
fn written(source: &str) -> (Usage, (u64, f64)) {
    let folder = tempfile::tempdir().expect("a folder for files");
    let [model, file] = ["vast.scad", "vast.stl"].map(|name| folder.path().join(name));
    std::fs::write(&model, source).expect("the folder can be written to");
    let [model, target] = [&model, &file].map(|path| path.to_str().expect("a path in UTF-8"));
    let arguments = ["render", model, "-o", target, "--export-format", "binstl"];
    match measure(&scadstream(), &arguments, MOST_CPU_SECONDS) {
        Run::Ended(usage, _) => (usage, stl_volume(&file).expect("the file is well-formed")),
        other => panic!("{other:?}"),
    }
}
