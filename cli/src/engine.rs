//! The engine that workers run: documents through the pipeline.
//!
//! Everything here translates: the engine's plain types to the pipeline's and back. What evaluates and solves is
//! `scadstream-pipeline`.

mod parameters;
mod translate;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use scadstream_eval::Options;
use scadstream_geometry::{CancelToken, Settings};
use scadstream_memory::pressure::PressureLevel;
use scadstream_pipeline::{
    Budgets, Control, ExportOptions, Files, Format, Input, Libraries, Model, Needs, Pipeline,
    Solved, Stopped, Surroundings, Watch,
};
use scadstream_stream::{ChunkBuilder, ChunkOptions, ChunkPlan};

use self::translate::{chunk_entry, diagnostic, failure, part, place, statistics};
use scadstream_server::engine::{
    ChunkSource, Detail, Document, Engine, ExportJob, ExportedFile, Failure, FailureCode, JobSink,
    Outcome, Progress, RenderJob, Scene, Stage,
};
use scadstream_server::job_control::{JobControl, Stop};

/// Hulls that a Minkowski sum unites at once under high memory pressure: the least there can be.
const MINKOWSKI_CHUNK_UNDER_PRESSURE: usize = 2;

/// `$fn` of a coarse picture.
const PREVIEW_FRAGMENTS: u32 = 12;

/// Documents through the pipeline, with caches that live as long as the worker.
pub(crate) struct DocumentEngine {
    pipeline: Pipeline,
    chunk_vertices: usize,
    features: Vec<String>,
}

/// How an engine works.
#[derive(Debug, Clone, Default)]
pub(crate) struct DocumentEngineConfig {
    /// Folders that `include` and `use` search after the document's own files.
    pub(crate) libraries: Vec<PathBuf>,
    /// Enabled experimental features of the language.
    pub(crate) features: Vec<String>,
    /// Most vertices of a chunk.
    pub(crate) chunk_vertices: usize,
    /// Bytes that the cache of solved subtrees may hold.
    pub(crate) solid_cache_bytes: usize,
}

impl DocumentEngine {
    /// An engine with empty caches.
    pub(crate) fn new(config: DocumentEngineConfig) -> Self {
        let budgets = Budgets { solids: config.solid_cache_bytes, ..Budgets::default() };
        Self {
            pipeline: Pipeline::new(Libraries::new(config.libraries), budgets),
            chunk_vertices: config.chunk_vertices,
            features: config.features,
        }
    }

    /// Evaluates a document and reports its messages.
    fn evaluate(
        &self,
        document: &Document,
        preview: bool,
        work: &Work<'_>,
        sink: &mut dyn JobSink,
    ) -> Result<Model, Ended> {
        sink.progress(Progress { stage: Stage::Evaluate, fraction: None, place: None });
        let main = document.files.first().ok_or_else(no_main_file)?;
        let files: Files =
            document.files.iter().map(|file| (file.name.clone(), file.content.clone())).collect();
        let input = Input {
            name: &main.name,
            content: main.content.clone(),
            surroundings: Surroundings::Sent(&files),
        };
        let overrides = document.overrides.iter();
        let options = Options {
            presets: overrides
                .map(|value| format!("{}={}", value.name, value.expression))
                .collect(),
            features: self.features.iter().cloned().collect(),
            preview,
            preview_fragment_cap: preview.then_some(PREVIEW_FRAGMENTS),
            ..Options::default()
        };
        let model = self.pipeline.evaluate(&input, &options, &work.control())?;
        sink.diagnostics(model.messages().iter().map(diagnostic).collect());
        if model.is_complete() { Ok(model) } else { Err(Ended::Failed(failure(&model))) }
    }

    /// Solves an evaluated document and reports its messages.
    fn solve(
        &self,
        model: &Model,
        work: &Work<'_>,
        sink: &mut dyn JobSink,
    ) -> Result<Solved, Ended> {
        sink.progress(Progress { stage: Stage::Solve, fraction: Some(0.0), place: None });
        let mut settings = Settings::default();
        if work.job.pressure() >= PressureLevel::High {
            settings.minkowski_chunk = MINKOWSKI_CHUNK_UNDER_PRESSURE;
        }
        let solved = self.pipeline.solve(model, settings, &work.control())?;
        sink.diagnostics(solved.messages.iter().map(diagnostic).collect());
        Ok(solved)
    }

    fn try_render(
        &self,
        job: &RenderJob,
        control: &JobControl,
        sink: &mut dyn JobSink,
    ) -> Result<Outcome, Ended> {
        let preview = job.detail == Detail::Preview;
        let work = Work::new(control);
        let model = self.evaluate(&job.document, preview, &work, sink)?;
        sink.parameters(parameters::parameters(model.parameters()));
        let solved = self.solve(&model, &work, sink)?;

        sink.progress(Progress { stage: Stage::Chunk, fraction: None, place: None });
        let start = Instant::now();
        let options = ChunkOptions { vertices: self.chunk_vertices };
        let plan = solved.plan(options, &work.control())?;
        let chunking = start.elapsed();
        sink.scene(Scene {
            exact: !preview,
            parts: solved.parts.iter().map(part).collect(),
            chunks: plan.infos().iter().map(chunk_entry).collect(),
            source: Box::new(PlanSource { plan, builder: ChunkBuilder::default() }),
        });
        let times = times(&model, &solved, Some((Stage::Chunk, chunking)));
        Ok(Outcome::Done(Box::new(statistics(&solved.facts, times))))
    }

    fn try_export(
        &self,
        job: &ExportJob,
        control: &JobControl,
        sink: &mut dyn JobSink,
    ) -> Result<Outcome, Ended> {
        let format = translate::format(job.format).ok_or_else(|| {
            let message = format!("{:?} cannot be written yet", job.format);
            Failure {
                code: FailureCode::UnsupportedFormat,
                message,
                place: None,
                details: Vec::new(),
            }
        })?;
        let work = Work::new(control);
        let model = self.evaluate(&job.document, false, &work, sink)?;
        let mut content = Vec::new();
        let mut facts = scadstream_pipeline::Facts::default();
        let mut encoding = Duration::ZERO;
        let (written, times) = if format.needs() == Needs::Evaluation {
            (model.write(format, &mut content), times_of_evaluation(&model))
        } else {
            let solved = self.solve(&model, &work, sink)?;
            facts = solved.facts;
            let start = Instant::now();
            let written = solved.write(format, &ExportOptions::default(), &mut content);
            encoding += start.elapsed();
            (written, times(&model, &solved, Some((Stage::Encode, encoding))))
        };
        written.map_err(|error| Failure {
            code: FailureCode::UnsupportedFormat,
            message: error.to_string(),
            place: None,
            details: Vec::new(),
        })?;
        sink.file(ExportedFile { name: file_name(&job.document, format), content });
        Ok(Outcome::Done(Box::new(statistics(&facts, times))))
    }
}

impl Engine for DocumentEngine {
    fn render(&mut self, job: &RenderJob, control: &JobControl, sink: &mut dyn JobSink) -> Outcome {
        self.try_render(job, control, sink).unwrap_or_else(Outcome::from)
    }

    fn export(&mut self, job: &ExportJob, control: &JobControl, sink: &mut dyn JobSink) -> Outcome {
        self.try_export(job, control, sink).unwrap_or_else(Outcome::from)
    }

    fn cached_bytes(&self) -> u64 {
        self.pipeline.cached_bytes() as u64
    }

    fn trim(&mut self, level: PressureLevel) {
        match level {
            PressureLevel::Low => {}
            PressureLevel::Moderate => self.pipeline.forget_solids(),
            PressureLevel::High | PressureLevel::Critical => self.pipeline.forget(),
        }
    }
}

/// One job's hold on the pipeline: the kernel's token follows the job's, checkpoints go to the job's memory limit.
struct Work<'a> {
    job: &'a JobControl,
    cancel: CancelToken,
    watch: JobWatch<'a>,
}

struct JobWatch<'a>(&'a JobControl);

impl<'a> Work<'a> {
    fn new(job: &'a JobControl) -> Self {
        let cancel = CancelToken::new();
        let token = cancel.clone();
        job.on_cancel(move || token.cancel());
        Self { job, cancel, watch: JobWatch(job) }
    }

    fn control(&self) -> Control<'_> {
        Control { cancel: self.cancel.clone(), watch: &self.watch }
    }
}

impl Watch for JobWatch<'_> {
    fn checkpoint(&self, _progress: scadstream_pipeline::Progress) -> Result<(), String> {
        match self.0.checkpoint() {
            // The pipeline sees its own token, which is cancelled with the job's.
            Ok(()) | Err(Stop::Cancelled) => Ok(()),
            Err(limit) => Err(limit.to_string()),
        }
    }
}

/// Chunks of a plan, made as they are sent.
struct PlanSource {
    plan: ChunkPlan,
    builder: ChunkBuilder,
}

impl ChunkSource for PlanSource {
    fn write(&mut self, index: usize, payload: &mut [u8]) {
        self.plan.chunk(index, &mut self.builder).write(payload);
    }

    fn retained_bytes(&self) -> u64 {
        self.plan.retained_bytes() as u64
    }
}

/// A job that ends before it is done.
enum Ended {
    Failed(Failure),
    Cancelled,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Ended::Failed(failure)
    }
}

impl From<Stopped> for Ended {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Refused { reason, place: at } => Ended::Failed(Failure {
                code: FailureCode::MemoryLimit,
                message: format!("the model needs more memory than it may use: {reason}"),
                place: at.as_ref().map(place),
                details: Vec::new(),
            }),
            _ => Ended::Cancelled,
        }
    }
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Failed(failure) => Outcome::Failed(failure),
            Ended::Cancelled => Outcome::Cancelled,
        }
    }
}

fn no_main_file() -> Failure {
    let message = "the document has no main file".into();
    Failure { code: FailureCode::File, message, place: None, details: Vec::new() }
}

fn times_of_evaluation(model: &Model) -> Vec<(Stage, Duration)> {
    vec![(Stage::Parse, model.parse_time()), (Stage::Evaluate, model.evaluate_time())]
}

fn times(
    model: &Model,
    solved: &Solved,
    last: Option<(Stage, Duration)>,
) -> Vec<(Stage, Duration)> {
    let solving = (Stage::Solve, solved.time);
    times_of_evaluation(model).into_iter().chain([solving]).chain(last).collect()
}

/// The main file's name with the format's extension.
fn file_name(document: &Document, format: Format) -> String {
    let main = document.files.first().map_or("model", |file| &file.name);
    let stem = std::path::Path::new(main).file_stem().and_then(|stem| stem.to_str());
    format!("{}.{}", stem.unwrap_or("model"), format.extension())
}
