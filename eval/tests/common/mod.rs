//! What the tests of this crate share.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may end where it finds something amiss")]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use expect_test::Expect;
use scadstream_eval::{
    Evaluation, MemoryWorld, Options, Purpose, RunToEnd, World, evaluate, render_message,
};
use scadstream_syntax::{Source, decode, write_number};

/// Evaluates on a thread with a stack as large as a worker's, since deep recursion is tested too.
pub(crate) fn on_big_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(256 << 20);
        thread.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

pub(crate) fn run(source: &str, options: &Options) -> Evaluation {
    run_in(source, &MemoryWorld::new(), options)
}

pub(crate) fn run_in(source: &str, world: &(dyn World + Sync), options: &Options) -> Evaluation {
    let main = Arc::new(Source::new("main.scad", source));
    on_big_stack(|| evaluate(&main, world, options, &RunToEnd))
}

/// All messages, one per line.
pub(crate) fn messages(evaluation: &Evaluation) -> String {
    let lines: Vec<String> =
        evaluation.diagnostics.iter().map(|d| render_message(d, &evaluation.sources)).collect();
    lines.join("\n")
}

/// The `.csg` text.
pub(crate) fn csg(evaluation: &Evaluation) -> String {
    let mut out = Vec::new();
    scadstream_csg::write_csg(&mut out, &evaluation.root, write_number).expect("memory takes all");
    String::from_utf8(out).expect("the text is UTF-8")
}

/// Messages and `.csg` text.
#[track_caller]
pub(crate) fn check_said_and_made(source: &str, expect: Expect) {
    let evaluation = run(source, &Options::default());
    expect.assert_eq(&format!("{}\n{}", messages(&evaluation), csg(&evaluation)));
}

/// Files on disk, for comparing with an installed OpenSCAD.
pub(crate) struct Disk {
    folder: PathBuf,
}

impl World for Disk {
    fn resolve(&self, path: &str, from: &str, purpose: Purpose) -> Option<String> {
        let beside = self.folder.join(from).parent()?.join(path);
        let library = Path::new("/usr/share/openscad/libraries").join(path);
        let library = Some(library).filter(|_| purpose == Purpose::Source);
        let found = std::iter::once(beside).chain(library).find(|candidate| candidate.is_file())?;
        Some(found.canonicalize().ok()?.to_string_lossy().into_owned())
    }

    fn read(&self, file: &str) -> io::Result<Arc<[u8]>> {
        Ok(std::fs::read(file)?.into())
    }

    fn display_name(&self, file: &str) -> String {
        let path = Path::new(file);
        path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// That of the release compared with.
    fn version_date(&self) -> [u32; 3] {
        [2021, 1, 0]
    }
}

/// Evaluates as the release of 2021 would, whose warnings differ from later ones in places.
pub(crate) fn run_as_2021(source: &str) -> Evaluation {
    run_in(source, &Disk { folder: PathBuf::new() }, &Options::default())
}

/// Evaluates a file on disk.
pub(crate) fn run_file(file: &Path, options: &Options) -> Evaluation {
    let folder = file.parent().unwrap().to_owned();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let (source, _) = decode(name, std::fs::read(file).unwrap());
    let main = Arc::new(source);
    on_big_stack(|| evaluate(&main, &Disk { folder }, options, &RunToEnd))
}
