//! `scad [csg] FILE.scad [FEATURE..]`: evaluates a file with the files beside it and prints its messages, or its
//! `.csg` text. A small stand-in for the command line of the whole program, for tests and benches of this crate alone.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use scadstream_csg::write_csg;
use scadstream_eval::{Options, RunToEnd, evaluate, render_message};
use scadstream_syntax::{decode, write_number};

mod disk;

#[global_allocator]
static ALLOCATOR: scadstream_memory::allocator::CountingAllocator =
    scadstream_memory::allocator::CountingAllocator;

use disk::Disk;

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
    let (source, _) = decode(name, std::fs::read(&file)?);
    let mut options = Options { preview: !csg, ..Options::default() };
    options.features.extend(args[1..].iter().cloned());
    let disk = Disk::new(folder);
    let evaluation = evaluate(&Arc::new(source), &disk, &options, &RunToEnd);
    let messages: String = evaluation
        .diagnostics
        .iter()
        .map(|diagnostic| render_message(diagnostic, &evaluation.sources) + "\n")
        .collect();
    if csg {
        eprint!("{messages}");
        write_csg(&mut io::stdout().lock(), &evaluation.root, write_number)?;
    } else {
        print!("{messages}");
    }
    io::stdout().flush()?;
    // Taking everything apart before the process ends anyway would be part of what is measured.
    std::process::exit(0)
}
