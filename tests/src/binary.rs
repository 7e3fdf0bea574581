//! Runs programs and keeps what they said.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The `scadstream` binary of the profile that this test was built with.
///
/// # Panics
/// If it has not been built.
pub fn scadstream() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let profile = test.ancestors().find(|folder| folder.ends_with("deps")).and_then(Path::parent);
    let folder = profile.or(test.parent()).expect("a binary lies in a folder");
    let binary = folder.join("scadstream");
    assert!(binary.exists(), "{} is missing: run `cargo build` first", binary.display());
    binary
}

/// A command that reads nothing and writes to pipes.
pub fn quiet(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command to its end.
///
/// # Panics
/// If it cannot be started.
pub fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| {
        panic!("cannot run {}: {error}", command.get_program().display());
    })
}
