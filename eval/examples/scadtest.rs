//! `scadtest FILE.scadtest..`: runs test files in the form that BOSL2 and other libraries keep theirs in.
//!
//! Each case is a program that must run without an error, a warning and echo output, unless the case says otherwise.
//! Gives one line per failing case and the count at the end.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use scadstream_eval::{Options, Outcome, RunToEnd, evaluate, render_message};
use scadstream_syntax::{Severity, Source};

mod disk;

use disk::Disk;

/// One case of a test file.
struct Case {
    name: String,
    script: String,
    succeeds: bool,
    may_echo: bool,
    may_warn: bool,
}

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    // Deep recursion of a model is recursion of the evaluator.
    let thread = std::thread::Builder::new().stack_size(1 << 30).spawn(move || run(&files));
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(0))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) => {
            println!("{error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}

/// Runs all cases of all files; gives how many failed.
fn run(files: &[String]) -> io::Result<usize> {
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        let path = std::path::absolute(file)?;
        let disk = Disk::new(path.parent().unwrap_or(Path::new("/")).to_owned());
        for case in cases(&std::fs::read_to_string(&path)?).map_err(io::Error::other)? {
            match fault(&case, &disk) {
                None => passed += 1,
                Some(why) => {
                    failed += 1;
                    println!("{file}: {}: {why}", case.name);
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}

/// What is wrong with the outcome of a case.
fn fault(case: &Case, disk: &Disk) -> Option<String> {
    let main = Arc::new(Source::new("case.scad", case.script.as_str()));
    let options = Options::default();
    let evaluation = evaluate(&main, disk, &options, &RunToEnd);
    let first = |severity: &[Severity]| {
        let found = evaluation.diagnostics.iter().find(|d| severity.contains(&d.severity));
        found.map(|d| render_message(d, &evaluation.sources))
    };
    let succeeded = evaluation.outcome == Outcome::Complete && first(&[Severity::Error]).is_none();
    if succeeded != case.succeeds {
        return Some(first(&[Severity::Error]).unwrap_or_else(|| "did not fail".into()));
    }
    let warning = first(&[Severity::Warning, Severity::Deprecated]).filter(|_| !case.may_warn);
    warning.or_else(|| first(&[Severity::Echo]).filter(|_| !case.may_echo))
}

/// Reads a test file: as much of TOML as such files use, which is strings, texts between `'''` and booleans.
fn cases(text: &str) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "[[test]]" {
            cases.push(Case {
                name: String::new(),
                script: String::new(),
                succeeds: true,
                may_echo: false,
                may_warn: false,
            });
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| format!("cannot read: {line}"))?;
        let case = cases.last_mut().ok_or("a value before the first [[test]]")?;
        let value = value.trim();
        match (key.trim(), value) {
            ("name", value) => case.name = value.trim_matches('"').to_owned(),
            ("script", "'''") => {
                let body: Vec<&str> = lines.by_ref().take_while(|l| l.trim() != "'''").collect();
                case.script = body.join("\n");
            }
            ("expect_success", value) => case.succeeds = value == "true",
            ("assert_no_echoes", value) => case.may_echo = value == "false",
            ("assert_no_warnings", value) => case.may_warn = value == "false",
            _ => return Err(format!("cannot read: {line}")),
        }
    }
    Ok(cases)
}
