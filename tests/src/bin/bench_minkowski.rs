//! Minkowski sums in chunks against the kernel's own sum, and against all hulls at once: volume, time, peak memory.
//!
//! usage: bench_minkowski [MODEL ...]
//!
//! Every sum is a process of its own, whose peak is what the system says; figures are medians of [`RUNS`].
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table, and its rows as they come"
)]

use std::path::Path;
use std::process::ExitCode;
use std::slice::from_ref;

use scadstream_geometry::minkowski::minkowski;
use scadstream_geometry::{CancelToken, Settings, Solid, Whole, measure};
use scadstream_pipeline::{
    Budgets, Control, Files, Input, Libraries, Pipeline, Surroundings, Unwatched,
};
use scadstream_tests::table::markdown;
use scadstream_tests::usage::{self, MEASURE, Run, Usage, measure as measure_run};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: scadstream_memory::allocator::CountingAllocator =
    scadstream_memory::allocator::CountingAllocator;

const RUNS: usize = 3;
const MOST_CPU_SECONDS: u64 = 1200;
/// First argument of a process that makes one sum.
const SUM: &str = "--sum";

/// What is wanted of the large model.
const TIME_GOAL: f64 = 1.2;
const MEMORY_GOAL: f64 = 0.2;

/// Two operands, each a document.
struct Model {
    name: &'static str,
    operands: [&'static str; 2],
}

const MODELS: &[Model] = &[
    Model {
        name: "small: bracket, ball",
        operands: [
            "difference() { union() { cube([20, 20, 4]); cube([20, 4, 20]); }
                translate([10, 12, -1]) cylinder(r = 4, h = 9, $fn = 24); }",
            "sphere(2, $fn = 16);",
        ],
    },
    Model {
        name: "middle: three arms, star",
        operands: [
            "cube([20, 6, 6]); cube([6, 20, 6]); cube([6, 6, 20]);
                translate([20, 3, 3]) cylinder(r = 5, h = 4, $fn = 16, center = true);",
            "linear_extrude(2) polygon([for (i = [0 : 23])
                (i % 2 ? 1.5 : 3) * [cos(15 * i), sin(15 * i)]]);",
        ],
    },
    Model {
        name: "large: hollow block, ball",
        operands: [
            "difference() { cube(40, center = true); sphere(18, $fn = 48); }",
            "sphere(1, $fn = 24);",
        ],
    },
];

/// How a sum is made: the argument of its process and the heading of its columns.
const WAYS: [&str; 3] = ["chunks", "kernel", "at-once"];

struct Sum {
    usage: Usage,
    volume: f64,
    triangles: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [first, rest @ ..] if first == MEASURE => return usage::main(rest),
        [first, way, a, b] if first == SUM => {
            sum_once(way, &solved(a), &solved(b));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let chosen =
        |model: &&Model| arguments.is_empty() || arguments.iter().any(|a| model.name.contains(a));
    let rows: Vec<Vec<String>> = MODELS.iter().filter(chosen).map(row).collect();
    let headings = [
        "operands",
        "triangles",
        "volume",
        "kernel's volume off",
        "CPU s",
        "kernel",
        "at once",
        "MB",
        "kernel",
        "at once",
        "time share",
        "memory share",
    ];
    println!("{}", markdown(&headings, &rows));
    println!(
        "medians of {RUNS}; shares are against the kernel's own sum, wanted of the large one: time {TIME_GOAL}, \
         memory {MEMORY_GOAL}"
    );
    ExitCode::SUCCESS
}

fn row(model: &Model) -> Vec<String> {
    let [ours, kernel, at_once] = WAYS.map(|way| median_sum(way, model.operands));
    let all = [&ours, &kernel, &at_once];
    let mut row = vec![
        model.name.to_owned(),
        format!("{:.0}", ours.triangles),
        format!("{:.6}", ours.volume),
        format!("{:.0e}", (kernel.volume / ours.volume - 1.0).abs()),
    ];
    row.extend(all.map(|sum| format!("{:.2}", sum.usage.cpu_seconds)));
    row.extend(all.map(|sum| format!("{:.0}", sum.usage.peak_mb)));
    row.push(format!("{:.2}", ours.usage.cpu_seconds / kernel.usage.cpu_seconds));
    row.push(format!("{:.2}", ours.usage.peak_mb / kernel.usage.peak_mb));
    eprintln!("{}", row.join("  "));
    row
}

/// The sum whose CPU time is the median, with the median of the peaks.
fn median_sum(way: &str, operands: [&str; 2]) -> Sum {
    let own = std::env::current_exe().expect("a running program has a path");
    let mut sums: Vec<Sum> = (0..RUNS).map(|_| one_sum(&own, way, operands)).collect();
    sums.sort_by(|a, b| a.usage.peak_mb.total_cmp(&b.usage.peak_mb));
    let peak_mb = sums[RUNS / 2].usage.peak_mb;
    sums.sort_by(|a, b| a.usage.cpu_seconds.total_cmp(&b.usage.cpu_seconds));
    let median = sums.swap_remove(RUNS / 2);
    Sum { usage: Usage { peak_mb, ..median.usage }, ..median }
}

fn one_sum(own: &Path, way: &str, operands: [&str; 2]) -> Sum {
    match measure_run(own, &[SUM, way, operands[0], operands[1]], MOST_CPU_SECONDS) {
        Run::Ended(usage, said) => {
            let numbers: Vec<f64> =
                said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let [volume, triangles] = numbers[..] else { panic!("no figures in {said:?}") };
            Sum { usage, volume, triangles }
        }
        other => panic!("{way}: {other:?}"),
    }
}

/// The process that makes a sum: prints its volume and number of triangles.
fn sum_once(way: &str, a: &Solid, b: &Solid) {
    let token = CancelToken::new();
    let in_chunks = |hulls: usize| minkowski(from_ref(a), from_ref(b), &move || hulls, &token);
    let sum = match way {
        "chunks" => in_chunks(Settings::default().minkowski_chunk),
        "kernel" => a.minkowski_sum_of_the_kernel(b),
        "at-once" => in_chunks(usize::MAX),
        other => panic!("{other} is no way to make a sum"),
    };
    let sum = sum.expect("the operands are sound").expect("sums of solids are solids");
    let mesh = sum.to_mesh();
    let facts = measure::measure(&mesh);
    assert!(facts.closed, "{way} gives an open mesh");
    println!("{} {}", facts.volume, mesh.triangles.len());
}

/// What a document says, as one solid.
fn solved(source: &str) -> Solid {
    let pipeline =
        Pipeline::new(Libraries::default(), Budgets { parses: 0, solids: 0, plans: 0, encoded: 0 });
    let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let files = Files::new();
    let content = source.as_bytes().into();
    let input = Input { name: "main.scad", content, surroundings: Surroundings::Sent(&files) };
    let model = pipeline.evaluate(&input, &Default::default(), &control).expect("nobody stops it");
    let solved = pipeline.solve(&model, Settings::default(), &control).expect("nobody stops it");
    let Whole::Solid(shell) = &solved.whole else { panic!("{source} is no solid") };
    let mesh = shell.mesh();
    Solid::from_mesh(mesh, &control.cancel).expect("it is sound").expect("it is not empty")
}
