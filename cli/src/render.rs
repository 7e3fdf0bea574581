//! `scadstream render`: a model to a file.
#![expect(clippy::print_stderr, reason = "messages are this program's output")]

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use scadstream_geometry::solve::Solver;
use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Budgets, Control, ExportOptions, Format, Model, Needs, Parts, Pipeline, Progress, Solved,
    SyntaxText, Watch, WriteError,
};

use crate::model_args::ModelArgs;
use crate::picture_args::PictureArgs;
use crate::summary::Summary;
use crate::{run, summary};

/// Render a model to a file.
#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    model: ModelArgs,

    /// The file to write; its extension says the format; `-` writes to standard output. May be given several times
    #[arg(short, long, value_name = "FILE", required = true)]
    output: Vec<PathBuf>,

    /// The format, where the extension does not say it
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    export_format: Option<Wanted>,

    /// How files are written, such as export-pdf/paper-size=a3; export/parts=separate keeps objects apart in 3MF and GLB
    #[arg(short = 'O', value_name = "SECTION/KEY=VALUE")]
    export_option: Vec<String>,

    /// Evaluate booleans as a whole or cell by cell; `auto` takes cells for large models
    #[arg(long, value_name = "SOLVER", value_enum, default_value_t = SolverChoice::Auto)]
    solver: SolverChoice,

    #[command(flatten)]
    picture: PictureArgs,

    /// Print what the result measures, and times
    #[arg(long, value_name = "KIND", value_enum)]
    summary: Vec<summary::Kind>,

    /// Write a summary as JSON to a file, of the kinds chosen or of all; `-` writes to standard output
    #[arg(long, value_name = "FILE")]
    summary_file: Option<PathBuf>,
}

/// How booleans are evaluated.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SolverChoice {
    Auto,
    Direct,
    Spatial,
}

impl From<SolverChoice> for Solver {
    fn from(choice: SolverChoice) -> Self {
        match choice {
            SolverChoice::Auto => Solver::Auto,
            SolverChoice::Direct => Solver::Direct,
            SolverChoice::Spatial => Solver::Spatial,
        }
    }
}

/// What a file is to hold.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    /// A text about the source.
    Syntax(SyntaxText),
    /// The result.
    Result(Format),
}

impl Wanted {
    fn from_path(path: &Path) -> Option<Self> {
        let syntax = SyntaxText::from_path(path).map(Self::Syntax);
        syntax.or_else(|| Format::from_path(path).map(Self::Result))
    }
}

/// Runs the command.
pub(crate) fn main(arguments: &RenderArgs) -> ExitCode {
    run::with_stack(|| render(arguments))
}

fn render(arguments: &RenderArgs) -> Result<ExitCode, String> {
    let (texts, targets) = arguments.targets()?;
    let options = arguments.options()?;
    let start = Instant::now();
    let input = arguments.model.open()?;
    let pipeline = Pipeline::new(arguments.model.libraries(), Budgets::default());
    for (path, text) in &texts {
        match pipeline.syntax_text(&input, *text) {
            Ok(text) => write(path, |out| Ok(out.write_all(text.as_bytes())?))?,
            Err(messages) => {
                run::print(&messages, arguments.model.quiet);
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    if targets.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let progress = ProgressLine::new();
    let control = Control { cancel: CancelToken::new(), watch: &progress };
    let quiet = arguments.model.quiet;

    let settings = arguments.model.options(&pipeline.parameters(&input))?;
    let model =
        pipeline.evaluate(&input, &settings, &control).map_err(|stopped| stopped.to_string())?;
    progress.clear();
    let is_echo = |(_, format): &(&Path, Format)| *format == Format::Echo;
    run::print(model.messages(), quiet || targets.iter().any(is_echo));
    let (plain, solid): (Vec<_>, Vec<_>) =
        targets.into_iter().partition(|(_, format)| format.needs() == Needs::Evaluation);
    for (path, format) in plain {
        if format == Format::Echo || model.is_complete() {
            write(path, |out| model.write(format, out))?;
        }
    }
    if !model.is_complete() {
        return Ok(ExitCode::FAILURE);
    }
    if solid.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }

    let separate = options.parts == Parts::Separate || settings.has_feature("lazy-union");
    let separate = separate && solid.iter().any(|(_, format)| format.holds_parts());
    // Only parts are solved once more.
    let geometry = Settings {
        solver: arguments.solver.into(),
        keep_subtrees: separate,
        ..Settings::default()
    };
    let into = match &solid[..] {
        [(path, format)] if format.is_streamable() && *path != Path::new("-") => {
            Some((*path, *format))
        }
        _ => None,
    };
    let mut solved = match into {
        Some((path, format)) => solve_into(&pipeline, &model, geometry, &control, path, format)?,
        None => {
            pipeline.solve(&model, geometry, &control).map_err(|stopped| stopped.to_string())?
        }
    };
    if separate {
        solved.separate =
            pipeline.parts(&model, geometry, &control).map_err(|stopped| stopped.to_string())?;
    }
    solved.stitch(&control.cancel).map_err(|stopped| stopped.to_string())?;
    progress.clear();
    run::print(&solved.messages, quiet);
    // What was given away is written already.
    let left = solid.into_iter().filter(|_| !solved.is_given());
    for (path, format) in left {
        if format == Format::Pdf && !solved.fits_page(&options) && !quiet {
            eprintln!("WARNING: The drawing is larger than the page and runs over its edges.");
        }
        write(path, |out| solved.write(format, &options, out))?;
    }
    let summary = Summary {
        model: &model,
        solved: &solved,
        cache: pipeline.solid_cache(),
        camera: settings.camera,
        total: start.elapsed(),
    };
    if !arguments.summary.is_empty() && !quiet {
        eprint!("{}", summary.text(&arguments.summary));
    }
    if let Some(path) = &arguments.summary_file {
        let json = summary.json(&arguments.summary);
        write(path, |out| Ok(out.write_all(json.as_bytes())?))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Files to write.
type Targets<'a> = (Vec<(&'a Path, SyntaxText)>, Vec<(&'a Path, Format)>);

impl RenderArgs {
    /// The files to write: texts about the source, and results with the format of each.
    fn targets(&self) -> Result<Targets<'_>, String> {
        let (mut texts, mut results) = (Vec::new(), Vec::new());
        for path in &self.output {
            match self.export_format.or_else(|| Wanted::from_path(path)) {
                Some(Wanted::Syntax(text)) => texts.push((path.as_path(), text)),
                Some(Wanted::Result(format)) => results.push((path.as_path(), format)),
                None => {
                    return Err(format!(
                        "the extension of {} says no format: use one of {}, or --export-format",
                        path.display(),
                        names()
                    ));
                }
            }
        }
        Ok((texts, results))
    }

    fn options(&self) -> Result<ExportOptions, String> {
        let name = self.model.model.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut options = ExportOptions::of_model(name);
        self.export_option.iter().try_for_each(|option| options.set(option))?;
        options.picture = self.picture.options(self.model.camera);
        Ok(options)
    }
}

/// Solves a model whose only file can be written while it is solved, if it is too large to be held.
fn solve_into(
    pipeline: &Pipeline,
    model: &Model,
    settings: Settings,
    control: &Control<'_>,
    path: &Path,
    format: Format,
) -> Result<Solved, String> {
    let is_opened = AtomicBool::new(false);
    let open = || {
        let file = File::create(path)?;
        is_opened.store(true, Ordering::Release);
        Ok(BufWriter::with_capacity(1 << 16, file))
    };
    let solved = match pipeline.solve_into(model, settings, control, format, &open) {
        Ok(Ok(solved)) => Ok(solved),
        Ok(Err(error)) => Err(describe(error, path)),
        Err(stopped) => Err(stopped.to_string()),
    };
    if is_opened.into_inner() && !solved.as_ref().is_ok_and(Solved::is_given) {
        std::fs::remove_file(path).ok();
    }
    solved
}

fn describe(error: WriteError, path: &Path) -> String {
    match error {
        WriteError::Io(error) => format!("cannot write {}: {error}", path.display()),
        fault => fault.to_string(),
    }
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
        describe(error, path)
    })
}

fn names() -> String {
    let extensions: Vec<_> =
        Format::NAMES.iter().map(|(_, format)| format!(".{}", format.extension())).collect();
    let mut distinct = extensions;
    distinct.dedup();
    distinct.extend([".ast".to_owned(), ".param".to_owned()]);
    distinct.join(" ")
}

fn parse_format(name: &str) -> Result<Wanted, String> {
    if let Some(text) = SyntaxText::from_name(name) {
        return Ok(Wanted::Syntax(text));
    }
    Format::from_name(name).map(Wanted::Result).ok_or_else(|| {
        let known: Vec<_> = Format::NAMES.iter().map(|(name, _)| *name).collect();
        format!("not one of {}, ast, param", known.join(", "))
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
