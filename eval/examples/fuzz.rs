//! `fuzz [SECONDS] [SEED]`: broken and random programs through lexer, parser, printer and evaluator, on a stable
//! toolchain.
//!
//! Each input is a mutation of OpenSCAD's own examples, where they are installed, and of small programs here: pieces
//! cut out, doubled, exchanged between programs, bytes changed. Whatever comes in, the answer has to be a tree, a value
//! and diagnostics. An input that makes anything panic is kept as `fuzz-N.scad` in the current folder and named at the
//! end. The input being run is in `fuzz-current.scad`, for the case that the process dies.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scadstream_csg::write_csg;
use scadstream_eval::{Control, MemoryWorld, Options, Progress, evaluate, render_message};
use scadstream_memory::system;
use scadstream_syntax::customizer::Annotations;
use scadstream_syntax::lexer::Lexer;
use scadstream_syntax::print::write_file;
use scadstream_syntax::{decode, parse, splice, write_number};

/// Looks at the cancel token that one input may take before it is cancelled.
const MOST_POLLS: u32 = 400;
/// An input that takes more processor time than this hung somewhere that does not poll.
const PATIENCE: Duration = Duration::from_secs(120);

const SEEDS: [&str; 6] = [
    "function f(x, y = 2) = x > 0 ? f(x - 1, y = y * 2) : [x, y]; echo(f(5), [for (i = [0:3]) if (i % 2) each [i, i]]);",
    "module m(a, $b = 3) { x = a; module n() children(); n() cube([a, $b, x]); %sphere(r = 1, $fn = 5); } m(2) m(1);",
    "include <x.scad>\nuse <y.scad>\n$fn = 10; a = [1, [2, \"s\\u00e4\"], [3:1:9], undef]; echo(a[1][1], a.x, -a, !a, a[2].step);",
    "g = function(n) n < 2 ? n : g(n - 1) + g(n - 2); echo(g(9), let (a = 1, b = a) a + b, [for (i = 0; i < 4; i = i + 1) i ^ 2]);",
    "for (i = [0:2], j = \"ab\") translate([i, 0, 0]) if (i == 1) linear_extrude(height = 2, twist = 30) text(j); else #circle(i);",
    "assert(is_num(1), \"no\") echo(str(1, \"a\", [2]), search(\"a\", \"banana\", 0), lookup(2, [[1, 2], [3, 4]]), rands(0, 1, 3, 42));",
];

const TOKENS: [&str; 40] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    "?",
    "=",
    "==",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "^",
    "&&",
    "||",
    "<<",
    "for",
    "let",
    "each",
    "if",
    "else",
    "function",
    "module",
    "echo",
    "assert",
    "undef",
    "$fn",
    "include <x.scad>",
    "1e9",
    "0x1F",
    "\"",
    "/*",
    "children()",
    "a",
];

fn main() -> io::Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().and_then(|n| n.parse().ok()).unwrap_or(60);
    let seed = args.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    std::panic::set_hook(Box::new(|_| {}));
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    let run = thread.spawn(move || fuzz(Duration::from_secs(seconds), seed))?;
    let found = run.join().unwrap_or_else(|_| Err(io::Error::other("the fuzzer panicked")))?;
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs for a time; gives how many inputs made something panic or hang.
fn fuzz(time: Duration, seed: u64) -> io::Result<u32> {
    let corpus = corpus();
    let current = Path::new("fuzz-current.scad");
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let start = Instant::now();
    let (mut inputs, mut found, mut bytes) = (0_u64, 0, 0);
    while start.elapsed() < time {
        let input = mutated(&corpus, &mut random);
        std::fs::write(current, &input)?;
        // By the clock a busy machine would make findings of its own.
        let began = cpu_time();
        let outcome = catch_unwind(AssertUnwindSafe(|| run_one(&input)));
        let hung = cpu_time() - began > PATIENCE;
        if outcome.is_err() || hung {
            found += 1;
            let kept = format!("fuzz-{found}.scad");
            std::fs::write(&kept, &input)?;
            println!("{kept}: {}", if hung { "took too long" } else { "panicked" });
        }
        inputs += 1;
        bytes += input.len();
    }
    std::fs::remove_file(current)?;
    println!("seed {seed}: {inputs} inputs, {bytes} bytes, {} s: {found} found", time.as_secs());
    Ok(found)
}

fn cpu_time() -> Duration {
    system::cpu_time(std::process::id()).expect("Linux tells of processes")
}

/// All that is done with the text of a model, apart from geometry.
fn run_one(input: &[u8]) {
    let (source, _) = decode("main.scad", input);
    let source = Arc::new(source);
    let text = Arc::clone(source.text());
    let mut end = 0;
    for token in Lexer::new(&text) {
        assert_eq!(token.start, end, "tokens tile the text");
        end = token.end;
    }
    assert_eq!(end as usize, text.len(), "tokens reach the end");
    let parsed = parse(&source);
    for diagnostic in &parsed.diagnostics {
        assert!(diagnostic.span.end as usize <= text.len(), "spans lie in the text");
    }
    let annotations = Annotations::collect(&source, &parsed.file);
    write_file(&mut String::new(), &source, &parsed.file, &annotations);
    scadstream_syntax::customizer::parameters(&source, &parsed.file);
    splice(&source, &mut |_, _| None);
    let world =
        MemoryWorld::new().with("x.scad", "x = 1; y = [").with("y.scad", "function f(x) = x;");
    let mut options = Options { check_parameter_ranges: true, ..Options::default() };
    options.features.insert("all".to_owned());
    options.limits.list_elements = 200_000;
    options.limits.message_bytes = 1 << 20;
    let evaluation = evaluate(&source, &world, &options, &Bounded { polls: Cell::new(0) });
    for diagnostic in &evaluation.diagnostics {
        render_message(diagnostic, &evaluation.sources);
    }
    write_csg(&mut std::io::sink(), &evaluation.root, write_number).expect("a sink takes all");
}

/// Cancels what runs on and on.
struct Bounded {
    polls: Cell<u32>,
}

impl Control for Bounded {
    fn is_cancelled(&self) -> bool {
        self.polls.set(self.polls.get() + 1);
        self.polls.get() > MOST_POLLS
    }

    fn checkpoint(&self, progress: Progress) -> Result<(), String> {
        if progress.nodes > 20_000 { Err("Too many nodes".to_owned()) } else { Ok(()) }
    }
}

/// Programs to start from.
fn corpus() -> Vec<Vec<u8>> {
    let mut corpus: Vec<Vec<u8>> = SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    let mut folders = vec![PathBuf::from("/usr/share/openscad")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "scad")
                && let Ok(content) = std::fs::read(&path)
                && content.len() < 20_000
            {
                corpus.push(content);
            }
        }
    }
    // Whatever the order of the folders, the same seed gives the same inputs.
    corpus.sort();
    corpus
}

fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut text = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(8) {
        let at = random.below(text.len() + 1);
        let end = (at + random.below(40)).min(text.len());
        match random.below(7) {
            0 => drop(text.drain(at..end)),
            1 => {
                let piece = text[at..end].to_vec();
                let copies = 1 + random.below(200);
                text.splice(at..at, piece.repeat(copies));
            }
            2 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                let to = (from + random.below(200)).min(other.len());
                text.splice(at..end, other[from..to].iter().copied());
            }
            3 if at < text.len() => text[at] = random.below(256) as u8,
            4 => {
                let token = TOKENS[random.below(TOKENS.len())];
                text.splice(at..at, token.bytes());
            }
            5 => {
                let token = TOKENS[random.below(TOKENS.len())];
                text.splice(at..end, token.repeat(1 + random.below(600)).bytes());
            }
            _ => text.truncate(at),
        }
    }
    text
}

/// Marsaglia's xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D);
        ((mixed >> 33) as usize) % bound.max(1)
    }
}
