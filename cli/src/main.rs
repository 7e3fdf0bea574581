//! The binary `scadstream`: `render` and `check` for scripts, `serve` for everybody else.
//!
//! `render` and `check` run the pipeline in this process; `serve` is the supervisor, which starts `worker` processes
//! of the same binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod check;
mod engine;
mod log_args;
mod model_args;
mod picture_args;
mod render;
mod run;
mod serve;
mod summary;
mod worker;

/// Counts what the process and its jobs hold.
#[global_allocator]
static ALLOCATOR: scadstream_memory::allocator::CountingAllocator =
    scadstream_memory::allocator::CountingAllocator;

/// An OpenSCAD renderer that streams exact geometry to any browser.
#[derive(Debug, Parser)]
#[command(name = "scadstream", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Render a model to a file
    Render(render::RenderArgs),
    /// Evaluate a model and print its messages
    Check(check::CheckArgs),
    /// Serve the editor page and the stream
    Serve(Box<serve::ServeArgs>),
    /// Do the server's work (started by `serve`)
    #[command(hide = true)]
    Worker(worker::WorkerArgs),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Render(arguments) => render::main(&arguments),
        Command::Check(arguments) => check::main(&arguments),
        Command::Serve(arguments) => serve::main(*arguments),
        Command::Worker(arguments) => worker::main(arguments),
    }
}
