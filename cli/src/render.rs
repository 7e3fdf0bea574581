//! `scadstream render`: a model to a file.
#![expect(clippy::print_stderr, reason = "messages are this program's output")]

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Args;
use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{Budgets, Control, Format, Needs, Pipeline, Progress, Watch, WriteError};

use crate::model_args::ModelArgs;
use crate::{run, summary};

/// Render a model to a file.
#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    model: ModelArgs,

    /// The file to write; its extension says the format; `-` writes to standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// The format, where the extension does not say it
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    export_format: Option<Format>,

    /// Print what the result measures, and times
    #[arg(long)]
    summary: bool,

    /// Write the same as JSON to a file; `-` writes to standard output
    #[arg(long, value_name = "FILE")]
    summary_file: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn main(arguments: &RenderArgs) -> ExitCode {
    run::with_stack(|| render(arguments))
}

fn render(arguments: &RenderArgs) -> Result<ExitCode, String> {
    let format = arguments
        .export_format
        .or_else(|| Format::from_path(&arguments.output))
        .ok_or_else(|| {
            format!(
                "the extension of {} says no format: use one of {}, or --export-format",
                arguments.output.display(),
                names()
            )
        })?;
    let start = Instant::now();
    let input = arguments.model.open()?;
    let pipeline = Pipeline::new(arguments.model.libraries(), Budgets::default());
    let progress = ProgressLine::new();
    let control = Control { cancel: CancelToken::new(), watch: &progress };
    let quiet = arguments.model.quiet;

    let model = pipeline
        .evaluate(&input, &arguments.model.options(), &control)
        .map_err(|stopped| stopped.to_string())?;
    progress.clear();
    run::print(model.messages(), quiet || format == Format::Echo);
    if format == Format::Echo || (model.is_complete() && format.needs() == Needs::Evaluation) {
        write(&arguments.output, |out| model.write(format, out))?;
        return Ok(if model.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if !model.is_complete() {
        return Ok(ExitCode::FAILURE);
    }

    let solved = pipeline
        .solve(&model, Settings::default(), &control)
        .map_err(|stopped| stopped.to_string())?;
    progress.clear();
    run::print(&solved.messages, quiet);
    write(&arguments.output, |out| solved.write(format, out))?;
    if arguments.summary && !quiet {
        eprint!("{}", summary::text(&solved.facts, &model, &solved, start.elapsed()));
    }
    if let Some(path) = &arguments.summary_file {
        let json = summary::json(&solved.facts, &model, &solved, start.elapsed());
        write(path, |out| Ok(out.write_all(json.as_bytes())?))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file, or to standard output; a file that could not be written whole is not left behind.
fn write(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> Result<(), WriteError>,
) -> Result<(), String> {
    let to_stdout = path == Path::new("-");
    let target: Box<dyn Write> = if to_stdout {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(
            File::create(path)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?,
        )
    };
    let mut out = BufWriter::with_capacity(1 << 16, target);
    let written = content(&mut out).and_then(|()| Ok(out.flush()?));
    written.map_err(|error| {
        if !to_stdout {
            std::fs::remove_file(path).ok();
        }
        match error {
            WriteError::Io(error) => format!("cannot write {}: {error}", path.display()),
            fault => fault.to_string(),
        }
    })
}

fn names() -> String {
    let extensions: Vec<_> =
        Format::NAMES.iter().map(|(_, format)| format!(".{}", format.extension())).collect();
    let mut distinct = extensions;
    distinct.dedup();
    distinct.join(" ")
}

fn parse_format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| {
        let known: Vec<_> = Format::NAMES.iter().map(|(name, _)| *name).collect();
        format!("not one of {}", known.join(", "))
    })
}

/// A line on the terminal that says how far long work is; nothing where standard error is no terminal.
struct ProgressLine {
    shown: bool,
    state: Mutex<(Instant, bool)>,
}

/// Shorter work than this shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);

impl ProgressLine {
    fn new() -> Self {
        let shown = std::io::stderr().is_terminal();
        Self { shown, state: Mutex::new((Instant::now() + PATIENCE, false)) }
    }

    /// Takes the line away before other output.
    fn clear(&self) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if std::mem::take(&mut state.1) {
            eprint!("\r\x1b[K");
        }
    }
}

impl Watch for ProgressLine {
    fn checkpoint(&self, progress: Progress) -> Result<(), String> {
        if !self.shown {
            return Ok(());
        }
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if Instant::now() >= state.0 {
            *state = (Instant::now() + Duration::from_millis(100), true);
            let percent =
                progress.fraction.map(|f| format!(" {:.0} %", f * 100.0)).unwrap_or_default();
            let at =
                progress.place.map(|p| format!(", {} line {}", p.file, p.line)).unwrap_or_default();
            eprint!("\r\x1b[K{:?}{percent}{at}", progress.stage);
        }
        Ok(())
    }
}
