//! The engine that workers run: documents through the pipeline.
//!
//! Everything here translates: the engine's plain types to the pipeline's and back. What evaluates and solves is
//! `scadstream-pipeline`.

mod parameters;
mod picture;
mod translate;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scadstream_eval::Options;
use scadstream_geometry::Settings;
use scadstream_memory::pressure::PressureLevel;
use scadstream_pipeline::{
    Budgets, CellStream, DrawnPart, ExportOptions, Files, Format, Input, Libraries, Model, Needs,
    Pipeline, Show, Solved, Surroundings, Until,
};
use scadstream_stream::ChunkOptions;

use self::picture::{GrowingScene, scene};
use self::translate::{diagnostic, failure, statistics};
use self::work::{Work, relieve, too_large};
use scadstream_server::engine::{
    CacheState, Caches, Detail, Document, Engine, ExportJob, ExportedFile, Failure, FailureCode,
    JobSink, Outcome, Progress, RenderJob, Stage,
};
use scadstream_server::job_control::JobControl;

/// Documents through the pipeline, with caches that live as long as the worker.
pub(crate) struct DocumentEngine {
    /// Shared with the scenes that are still being sent.
    pipeline: Arc<Pipeline>,
    chunk_vertices: usize,
    cell_bytes: usize,
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
    /// Bytes of solved cells that are held; those of a larger model are streamed as they are solved.
    pub(crate) cell_bytes: usize,
    /// Bytes that the cache of solved subtrees may hold.
    pub(crate) solid_cache_bytes: usize,
}

impl DocumentEngine {
    /// An engine with empty caches.
    pub(crate) fn new(config: DocumentEngineConfig) -> Self {
        let budgets = Budgets { solids: config.solid_cache_bytes, ..Budgets::default() };
        Self {
            pipeline: Arc::new(Pipeline::new(Libraries::new(config.libraries), budgets)),
            chunk_vertices: config.chunk_vertices,
            cell_bytes: config.cell_bytes,
            features: config.features,
        }
    }

    /// Evaluates a document and reports its messages.
    fn evaluate(
        &self,
        document: &Document,
        preview: bool,
        work: &Work<'_>,
    ) -> Result<Model, Ended> {
        let stage = Stage::Evaluate;
        work.sink().progress(Progress { stage, fraction: None, place: None });
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
            ..Options::default()
        };
        let model = self.pipeline.evaluate(&input, &options, &work.control());
        let model = model.map_err(|stopped| work.ended(stopped, None))?;
        work.sink().diagnostics(model.messages().iter().map(diagnostic).collect());
        if model.is_complete() { Ok(model) } else { Err(Ended::Failed(failure(&model))) }
    }

    /// Solves an evaluated document, or its coarse form, as `detail` says, and reports its messages.
    fn solve(
        &self,
        model: &Model,
        detail: Detail,
        work: &Work<'_>,
        picture: Option<&Picture<'_>>,
    ) -> Result<Solved, Ended> {
        let stage = Stage::Solve;
        work.sink().progress(Progress { stage, fraction: Some(0.0), place: None });
        let limit_bytes = work.job.thresholds().hard;
        // A quarter for cells at work: the others are for operands, for what is kept and for what is on its way.
        let cell_work_bytes = usize::try_from(limit_bytes / 4).unwrap_or(usize::MAX);
        let kept_cell_bytes = self.cell_bytes;
        let settings = Settings { kept_cell_bytes, cell_work_bytes, ..Settings::default() };
        let forecast = self.pipeline.forecast(model);
        if detail != Detail::Preview {
            work.sink().forecast(forecast.bytes);
            if forecast.at_least_bytes > limit_bytes {
                return Err(Ended::Failed(too_large(forecast, limit_bytes)));
            }
        }
        let control = work.control();
        let solved = match (detail, picture) {
            (Detail::Preview, _) => self.pipeline.solve_coarsely(model, settings, &control),
            (_, None) => self.pipeline.solve(model, settings, &control),
            (Detail::Exact, Some(picture)) => {
                self.pipeline.solve_streaming(model, settings, &control, picture.cells)
            }
            (Detail::Both, Some(Picture { show, cells })) => {
                self.pipeline.solve_progressively(model, settings, &control, show, *cells)
            }
        };
        let solved = solved.map_err(|stopped| work.ended(stopped, Some(forecast)))?;
        work.sink().diagnostics(solved.messages.iter().map(diagnostic).collect());
        Ok(solved)
    }

    fn try_render(
        &self,
        job: &RenderJob,
        control: &JobControl,
        sink: &mut dyn JobSink,
    ) -> Result<Outcome, Ended> {
        let preview = job.detail == Detail::Preview;
        let work = Work::new(control, &self.pipeline, sink);
        let model = self.evaluate(&job.document, preview, &work)?;
        work.sink().parameters(parameters::parameters(model.parameters()));
        match self.show(&model, job, &work) {
            Err(Ended::Failed(failure)) if failure.code == FailureCode::MemoryLimit && !preview => {
                Err(self.reduced(&model, job, failure, work.again(&self.pipeline)))
            }
            shown => shown,
        }
    }

    /// Solves an evaluated document and sends its pictures.
    fn show(&self, model: &Model, job: &RenderJob, work: &Work<'_>) -> Result<Outcome, Ended> {
        let options = ChunkOptions { vertices: self.chunk_vertices };
        let growing = GrowingScene::new(&self.pipeline, work, job, options);
        let show = |parts: Vec<DrawnPart>| {
            // Cancelled: then nobody wants it.
            if let Ok(scene) = scene(&self.pipeline, &parts, job, options, &work.control()) {
                growing.show_before(scene);
            }
        };
        let pictures = Picture { show: &show, cells: &growing };
        let solved = self.solve(model, job.detail, work, Some(&pictures))?;

        work.sink().progress(Progress { stage: Stage::Chunk, fraction: None, place: None });
        let start = Instant::now();
        let picture = scene(&self.pipeline, &solved.parts, job, options, &work.control());
        let mut picture = picture.map_err(|stopped| work.ended(stopped, None))?;
        picture.exact = job.detail != Detail::Preview;
        let chunking = start.elapsed();
        if solved.is_given() {
            growing.finish(picture);
        } else {
            work.sink().scene(picture);
        }
        let times = times(model, &solved, Some((Stage::Chunk, chunking)));
        Ok(Outcome::Done(Box::new(statistics(&solved.facts, solved.cells(), times))))
    }

    /// Shows a model that does not fit in its coarse form, if that fits, and says so in the failure.
    fn reduced(
        &self,
        model: &Model,
        job: &RenderJob,
        mut failure: Failure,
        work: Work<'_>,
    ) -> Ended {
        let options = ChunkOptions { vertices: self.chunk_vertices };
        let coarse = self.pipeline.solve_coarsely(model, Settings::default(), &work.control());
        let shown = coarse
            .and_then(|coarse| scene(&self.pipeline, &coarse.parts, job, options, &work.control()));
        match shown {
            Ok(mut picture) => {
                picture.exact = false;
                work.sink().scene(picture);
                failure.message += " Reduced detail is shown.";
                Ended::Failed(failure)
            }
            Err(_) if work.job.is_cancelled() => Ended::Cancelled,
            // Why less detail did not fit either is of no use to anybody.
            Err(_) => Ended::Failed(failure),
        }
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
        let work = Work::new(control, &self.pipeline, sink);
        let model = self.evaluate(&job.document, false, &work)?;
        let cancel = work.control().cancel;
        let mut content = work.sink().file_content();
        let mut facts = scadstream_pipeline::Facts::default();
        let mut cells = None;
        let mut encoding = Duration::ZERO;
        let (written, times) = if format.needs() == Needs::Evaluation {
            let mut out = Until::new(&cancel, &mut content);
            (model.write(format, &mut out), times_of_evaluation(&model))
        } else {
            let mut solved = self.solve(&model, Detail::Exact, &work, None)?;
            let start = Instant::now();
            solved.stitch(&cancel).map_err(|stopped| work.ended(stopped, None))?;
            facts = solved.facts;
            cells = solved.cells();
            let mut out = Until::new(&cancel, &mut content);
            let written = solved.write(format, &ExportOptions::default(), &mut out);
            encoding += start.elapsed();
            (written, times(&model, &solved, Some((Stage::Encode, encoding))))
        };
        if cancel.is_cancelled() {
            return Err(Ended::Cancelled);
        }
        written.map_err(|error| Failure {
            code: FailureCode::UnsupportedFormat,
            message: error.to_string(),
            place: None,
            details: Vec::new(),
        })?;
        work.sink().file(ExportedFile { name: file_name(&job.document, format), content });
        Ok(Outcome::Done(Box::new(statistics(&facts, cells, times))))
    }
}

impl Engine for DocumentEngine {
    fn render(&mut self, job: &RenderJob, control: &JobControl, sink: &mut dyn JobSink) -> Outcome {
        self.try_render(job, control, sink).unwrap_or_else(Outcome::from)
    }

    fn export(&mut self, job: &ExportJob, control: &JobControl, sink: &mut dyn JobSink) -> Outcome {
        self.try_export(job, control, sink).unwrap_or_else(Outcome::from)
    }

    fn caches(&self) -> Caches {
        let [parses, solids, plans, encoded] = self.pipeline.caches().map(|(_, facts)| {
            let bytes = facts.bytes as u64;
            CacheState { bytes, hits: facts.hits, misses: facts.misses }
        });
        Caches { parses, solids, plans, encoded }
    }

    fn trim(&mut self, level: PressureLevel) {
        relieve(&self.pipeline, level);
    }
}

/// Who takes what can be seen before all is done.
struct Picture<'a> {
    show: &'a Show<'a>,
    cells: &'a dyn CellStream,
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
