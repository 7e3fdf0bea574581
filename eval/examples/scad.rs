//! `scad [csg] FILE.scad [FEATURE..]`: evaluates a file with the files beside it and prints its messages, or its
//! `.csg` text. A small stand-in for the command line of the whole program, for tests and benches of this crate alone.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use scadstream_csg::write_csg;
use scadstream_eval::{Options, Purpose, RunToEnd, World, evaluate, render_message};
use scadstream_syntax::{Parsed, Source, decode, parse, write_number};

/// Files on disk, by path.
struct Disk {
    folder: PathBuf,
    /// Parsed files, kept to the end as a worker's cache does.
    parsed: Mutex<Vec<Arc<Parsed>>>,
    libraries: Vec<PathBuf>,
}

impl World for Disk {
    fn resolve(&self, path: &str, from: &str, purpose: Purpose) -> Option<String> {
        let from = self.folder.join(from);
        let beside = from.parent().unwrap_or(Path::new("")).join(path);
        let libraries = self.libraries.iter().map(|library| library.join(path));
        let mut candidates =
            std::iter::once(beside).chain(libraries.filter(|_| purpose == Purpose::Source));
        let found = candidates.find(|candidate| candidate.is_file())?;
        // The same file by whatever path is the same file.
        Some(found.canonicalize().ok()?.to_string_lossy().into_owned())
    }

    fn read(&self, file: &str) -> io::Result<Arc<[u8]>> {
        Ok(std::fs::read(file)?.into())
    }

    /// The release that most machines have installed, whose output this is compared with.
    fn version_date(&self) -> [u32; 3] {
        [2021, 1, 0]
    }

    fn parsed(&self, source: &Arc<Source>) -> Arc<Parsed> {
        let parsed = Arc::new(parse(source));
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&parsed));
        parsed
    }

    fn display_name(&self, file: &str) -> String {
        let path = Path::new(file);
        path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().into_owned()
    }
}

fn main() -> io::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let csg = args.first().is_some_and(|arg| arg == "csg");
    if csg {
        args.remove(0);
    }
    // Deep recursion of a model is recursion of the evaluator.
    let thread = std::thread::Builder::new().stack_size(1 << 30).spawn(move || run(csg, &args))?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the evaluator panicked")))
}

fn run(csg: bool, args: &[String]) -> io::Result<()> {
    let Some(file) = args.first() else { return Err(io::Error::other("no file given")) };
    let file = std::path::absolute(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
    let libraries = std::env::var_os("OPENSCADPATH")
        .map(|p| std::env::split_paths(&p).collect())
        .unwrap_or_default();
    let (source, _) = decode(name, &std::fs::read(&file)?);
    let mut options = Options { preview: !csg, ..Options::default() };
    options.features.extend(args[1..].iter().cloned());
    let disk = Disk { folder, libraries, parsed: Mutex::default() };
    let evaluation = evaluate(&Arc::new(source), &disk, &options, &RunToEnd);
    let messages: String = evaluation
        .diagnostics
        .iter()
        .map(|diagnostic| render_message(diagnostic, &evaluation.sources) + "\n")
        .collect();
    if csg {
        eprint!("{messages}");
        let mut out = String::new();
        write_csg(&mut out, &evaluation.root, write_number);
        print!("{out}");
    } else {
        print!("{messages}");
    }
    io::stdout().flush()?;
    // Taking everything apart before the process ends anyway would be part of what is measured.
    std::process::exit(0)
}
