//! The installed `openscad`, as a black box.
//!
//! It can take a minute on one model, so what it exported is kept in the build folder and asked for again only when
//! the model's text or the program's version changes.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::binary::{quiet, run, scadstream};

/// Where Debian's package puts the examples.
pub const EXAMPLES: &str = "/usr/share/openscad/examples";

/// What a program made of a model.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The exported file; none if nothing was written.
    pub file: Option<Vec<u8>>,
    /// What it printed to standard error.
    pub messages: String,
    /// CPU seconds, of the run that made the file.
    pub cpu_seconds: f64,
}

/// Exports `model` with `openscad` to a file of the given extension.
///
/// # Panics
/// If `openscad` is not installed.
pub fn openscad(model: &Path, extension: &str) -> Exported {
    let cached = cache_folder().join(format!("{:016x}.{extension}", key(model, extension)));
    let messages_file = cached.with_extension(format!("{extension}.txt"));
    if let Ok(messages) = fs::read_to_string(&messages_file) {
        let (seconds, messages) = messages.split_once('\n').unwrap_or(("0", ""));
        let cpu_seconds = seconds.parse().unwrap_or(0.0);
        return Exported { file: fs::read(&cached).ok(), messages: messages.into(), cpu_seconds };
    }
    let mut command = quiet("openscad");
    if extension == "stl" {
        command.args(["--export-format", "binstl"]);
    }
    command.arg("-o").arg(&cached).arg(model).env("QT_QPA_PLATFORM", "offscreen");
    let before = children_cpu_seconds();
    let output = run(&mut command);
    let cpu_seconds = children_cpu_seconds() - before;
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    fs::write(&messages_file, format!("{cpu_seconds}\n{messages}"))
        .expect("the build folder is writable");
    Exported { file: fs::read(&cached).ok(), messages, cpu_seconds }
}

/// Exports `model` with the `scadstream` binary under test.
pub fn ours(model: &Path, extension: &str) -> Exported {
    let folder = cache_folder().join("ours");
    fs::create_dir_all(&folder).expect("the build folder is writable");
    let file = folder.join(format!("{:016x}.{extension}", key(model, extension)));
    fs::remove_file(&file).ok();
    let before = children_cpu_seconds();
    let mut command = quiet(scadstream());
    command.arg("render").arg(model).arg("-o").arg(&file);
    if extension == "stl" {
        command.args(["--export-format", "binstl"]);
    }
    let output = run(&mut command);
    let cpu_seconds = children_cpu_seconds() - before;
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    Exported { file: fs::read(&file).ok(), messages, cpu_seconds }
}

/// CPU seconds, user and system, of all child processes that have ended.
pub fn children_cpu_seconds() -> f64 {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN)
        .expect("the call has no way to fail with these arguments");
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// What the installed program says of itself.
fn version() -> &'static [u8] {
    static VERSION: OnceLock<Vec<u8>> = OnceLock::new();
    VERSION.get_or_init(|| {
        let output = quiet("openscad").arg("--version").output();
        output.unwrap_or_else(|error| panic!("openscad is needed for this test: {error}")).stderr
    })
}

fn cache_folder() -> PathBuf {
    let binary = scadstream();
    let profile = binary.parent().expect("the binary lies in a profile's folder");
    let folder =
        profile.parent().expect("the profile's folder lies in the target folder").join("peer");
    fs::create_dir_all(&folder).expect("the build folder is writable");
    folder
}

/// Depends on the peer's version and on every file beside the model, which may be included by it.
fn key(model: &Path, extension: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (version(), model, extension).hash(&mut hasher);
    let folder = model.parent().expect("a model lies in a folder");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()))
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files.iter().for_each(|file| fs::read(file).ok().hash(&mut hasher));
    hasher.finish()
}
