//! The job thread: takes jobs, runs the engine for each on a thread with a large stack, survives its panics, reports
//! what it says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use scadstream_memory::allocator::{self, JobMemory};
use scadstream_memory::leak::LeakDetector;
use scadstream_memory::limits;
use scadstream_memory::pool::BufferPool;
use scadstream_memory::pressure::{PressureLevel, Thresholds};
use scadstream_memory::system;
use scadstream_protocol::ClientMessage;
use scadstream_protocol::message as wire;

use super::sending::{Command, Finished, JobFacts};
use super::vigil::Vigil;
use super::{About, Link};
use crate::engine::{
    Diagnostic, Engine, ExportJob, ExportedFile, Failure, FailureCode, FileContent,
    JOB_STACK_BYTES, JobSink, Outcome, Parameter, Progress, RenderJob, Scene, Severity, Stage,
};
use crate::ipc::{Attachment, CacheNumbers, Ending, FromWorker, JobId, StageSeconds, Task};
use crate::job_control::JobControl;
use crate::to_wire::Revision;
use crate::{from_wire, known_chunks, to_wire};

/// Bytes of messages that a job may say; errors are told beyond that. Nobody reads more, and a client has to take them all
/// before it sees anything else.
const MOST_MESSAGE_BYTES: usize = 4 << 20;

/// What a message takes on the wire beside its text.
const MESSAGE_OVERHEAD_BYTES: usize = 64;

/// A job as the supervisor gave it.
pub(super) struct Start {
    pub(super) job: JobId,
    pub(super) task: Task,
    pub(super) frame_bytes: u64,
    pub(super) uploads: Vec<Attachment>,
    pub(super) codec: u32,
    pub(super) payload: Bytes,
    pub(super) control: JobControl,
}

/// The job thread's own things.
pub(super) struct Runner {
    link: Arc<Link>,
    to_sending: SyncSender<Command>,
    pool: BufferPool,
    thresholds: Thresholds,
    job_time: Duration,
    leaks: LeakDetector,
}

impl Runner {
    pub(super) fn new(
        link: Arc<Link>,
        to_sending: SyncSender<Command>,
        pool: BufferPool,
        thresholds: Thresholds,
        job_time: Duration,
    ) -> Self {
        Self { link, to_sending, pool, thresholds, job_time, leaks: LeakDetector::new() }
    }

    /// Does jobs until the worker ends.
    pub(super) fn run<E: Engine + Send>(
        mut self,
        jobs: &Receiver<Start>,
        make_engine: impl Fn() -> E,
    ) {
        let mut engine = make_engine();
        while let Ok(start) = jobs.recv() {
            if !self.do_job(start, &mut engine) {
                // Its caches may be half done; a fresh one costs time and nothing else.
                engine = make_engine();
            }
            self.tidy(&mut engine);
        }
    }

    /// Does one job; false when the engine panicked.
    fn do_job<E: Engine + Send>(&mut self, start: Start, engine: &mut E) -> bool {
        let job = start.job;
        let span = tracing::info_span!("job", id = job);
        let _entered = span.enter();
        let begun = Instant::now();
        let memory = JobMemory::start();
        if let Err(error) = limits::limit_cpu_from_now(2 * self.job_time) {
            tracing::warn!(%error, "the processor time of this job is not limited");
        }
        let (about, work) = match read(&start) {
            Ok(read) => read,
            Err(problem) => {
                tracing::error!(problem, "the supervisor sent a job that cannot be read");
                self.end(job, Ending::Unreadable, Vec::new(), 0);
                return true;
            }
        };
        // The document was copied out of the message, which may be large.
        drop(start.payload);
        let known = match &work {
            Work::Render(render) => HashSet::clone(&render.known),
            Work::Export(_) => HashSet::new(),
        };
        self.tell(Command::Begin { job, about, known });
        let control = start.control;
        let pool = self.pool.statistics();
        tracing::info!(
            pressure = %control.pressure(),
            live_mb = allocator::live_bytes() / 1_000_000,
            pool_idle_mb = pool.idle_bytes / 1_000_000,
            pool_used_mb = pool.used_bytes / 1_000_000,
            "job begins"
        );
        let outcome = self.work(&work, about, job, &control, engine);
        allocator::flush_thread();
        let peak_bytes = memory.peak_bytes();
        let mut stages = Vec::new();
        let (ending, finished) = match outcome {
            Ok(Outcome::Done(statistics)) => {
                stages = statistics
                    .times
                    .iter()
                    .map(|&(stage, time)| StageSeconds {
                        stage: to_wire::stage(stage).into(),
                        seconds: time.as_secs_f64(),
                    })
                    .collect();
                let facts = JobFacts { statistics: *statistics, peak_bytes };
                (Ending::Done, Finished::Done(Box::new(facts)))
            }
            Ok(Outcome::Failed(failure)) => {
                let memory_limit = failure.code == FailureCode::MemoryLimit;
                let ending = if memory_limit { Ending::MemoryLimit } else { Ending::Failed };
                (ending, Finished::Failed(failure))
            }
            Ok(Outcome::Cancelled) => (Ending::Cancelled, Finished::Cancelled),
            Err(panic) => (Ending::Panicked, Finished::Failed(panicked(&panic))),
        };
        tracing::info!(
            ?ending,
            seconds = begun.elapsed().as_secs_f64(),
            peak_mb = peak_bytes / 1_000_000,
            baseline_growth_mb = memory.used_bytes() / 1_000_000,
            pressure = %control.pressure(),
            "job ended"
        );
        if ending == Ending::MemoryLimit {
            tracing::error!(at = ?control.at(), "job stopped for its memory");
        }
        // The supervisor hears of the end before the client does: then this worker is free when the next edit comes.
        self.end(job, ending, stages, peak_bytes);
        self.tell(Command::End { job, finished });
        ending != Ending::Panicked
    }

    /// Runs the engine on a thread of its own. A deep recursion touches all of its large stack, and only when the thread
    /// ends does the system get those pages back: half a gigabyte otherwise stayed resident. A thread costs some fifty
    /// microseconds.
    fn work<E: Engine + Send>(
        &self,
        work: &Work,
        about: About,
        job: JobId,
        control: &JobControl,
        engine: &mut E,
    ) -> std::thread::Result<Outcome> {
        std::thread::scope(|scope| {
            let vigil = Vigil {
                job,
                about,
                control,
                link: &self.link,
                to_sending: self.to_sending.clone(),
            };
            let (working, over) = sync_channel(0);
            let span = tracing::Span::current();
            let watched = span.clone();
            let watch = std::thread::Builder::new().name("vigil".into());
            let watch = watch.spawn_scoped(scope, move || {
                allocator::flush_at_thread_end();
                let _entered = watched.entered();
                vigil.keep(&over);
            });
            if let Err(error) = watch {
                return Ok(no_thread(&error));
            }
            let run = move || {
                allocator::flush_at_thread_end();
                let _entered = span.entered();
                // Dropped when this thread ends, even by a panic: then the vigil ends as well.
                let _working: SyncSender<()> = working;
                let link = &self.link;
                let mut sink = Sink {
                    job,
                    about,
                    link,
                    control,
                    to_sending: &self.to_sending,
                    pool: &self.pool,
                    stage: None,
                    message_bytes: 0,
                    suppressed: 0,
                };
                let mut outcome = match work {
                    Work::Render(render) => engine.render(render, control, &mut sink),
                    Work::Export(export) => engine.export(export, control, &mut sink),
                };
                if let Outcome::Done(statistics) = &mut outcome {
                    statistics.messages_suppressed += sink.suppressed;
                }
                allocator::flush_thread();
                outcome
            };
            let builder = std::thread::Builder::new().name("engine".into());
            match builder.stack_size(JOB_STACK_BYTES).spawn_scoped(scope, run) {
                Ok(thread) => thread.join(),
                Err(error) => Ok(no_thread(&error)),
            }
        })
    }

    fn end(&self, job: JobId, ending: Ending, stages: Vec<StageSeconds>, peak_bytes: u64) {
        self.link.send(&FromWorker::Ended { job, ending, stages, peak_bytes });
    }

    /// Between jobs: looks for leaks, and gives memory back if it is short.
    fn tidy<E: Engine>(&mut self, engine: &mut E) {
        allocator::flush_thread();
        let level = self.thresholds.level(allocator::live_bytes());
        if level > PressureLevel::Low {
            let resident = || system::resident_bytes().unwrap_or(0);
            let before = resident();
            engine.trim(level);
            self.pool.trim(level);
            allocator::flush_thread();
            allocator::purge();
            let freed = before.saturating_sub(resident());
            self.link.counts.relieved(level, freed);
            tracing::info!(%level, freed_mb = freed / 1_000_000, "gave memory back between jobs");
        }
        let caches = engine.caches().by_name().map(|(_, state)| CacheNumbers {
            bytes: state.bytes,
            hits: state.hits,
            misses: state.misses,
        });
        let cached_bytes = caches.iter().map(|cache| cache.bytes).sum();
        let verdict = self.leaks.record(allocator::live_bytes(), cached_bytes);
        self.tell(Command::Tidied { caches, leak_confidence: verdict.confidence });
    }

    fn tell(&self, command: Command) {
        tell(&self.to_sending, command);
    }
}

fn tell(to_sending: &SyncSender<Command>, command: Command) {
    if to_sending.send(command).is_err() {
        tracing::error!("the sending thread has ended");
        std::process::exit(1);
    }
}

enum Work {
    Render(RenderJob),
    Export(ExportJob),
}

/// What the supervisor wants, as plain data.
fn read(start: &Start) -> Result<(About, Work), &'static str> {
    let Start { task, uploads, payload, .. } = start;
    let frame_bytes = usize::try_from(start.frame_bytes).unwrap_or(usize::MAX);
    let frame = payload.get(..frame_bytes).ok_or("the frame is cut")?;
    let message = ClientMessage::decode(&payload.slice_ref(frame));
    let Ok(Some(ClientMessage::Render(message))) = message else {
        return Err("the frame is not a Render");
    };
    let mut files = HashMap::new();
    let mut at = frame_bytes;
    for upload in uploads {
        let end = at.saturating_add(usize::try_from(upload.len_bytes).unwrap_or(usize::MAX));
        let content = payload.get(at..end).ok_or("an uploaded file is cut")?;
        files.insert(upload.digest, content.into());
        at = end;
    }
    let of = Revision { document: message.document, revision: message.revision };
    let known = known_chunks::set_from(&payload[at..]);
    let render = from_wire::render_job(message, &files, start.codec.into(), known);
    let render = render.ok_or("an uploaded file is missing")?;
    Ok(match *task {
        Task::Render => (About::Render(of), Work::Render(render)),
        Task::Export { request, format } => {
            let format = from_wire::export_format(wire::ExportFormat::from(format))
                .ok_or("the format is unknown")?;
            let export = ExportJob { document: render.document, format };
            (About::Export { of, request }, Work::Export(export))
        }
    })
}

fn no_thread(error: &std::io::Error) -> Outcome {
    Outcome::Failed(Failure {
        code: FailureCode::MemoryLimit,
        message: format!("The system refuses a thread for this job: {error}."),
        place: None,
        details: Vec::new(),
    })
}

fn panicked(panic: &Box<dyn std::any::Any + Send>) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(panic = text, "the engine panicked; it is made anew");
    Failure {
        code: FailureCode::Internal,
        message: format!("This model met a fault of the server ({text}). The server goes on."),
        place: None,
        details: Vec::new(),
    }
}

/// Passes on what the engine reports.
struct Sink<'a> {
    job: JobId,
    about: About,
    link: &'a Link,
    control: &'a JobControl,
    to_sending: &'a SyncSender<Command>,
    pool: &'a BufferPool,
    /// The stage told last; the vigil tells what happens within one.
    stage: Option<Stage>,
    message_bytes: usize,
    /// Messages left out.
    suppressed: u32,
}

impl JobSink for Sink<'_> {
    fn progress(&mut self, progress: Progress) {
        self.control.set_at(progress.clone(), None);
        if self.stage.replace(progress.stage) != Some(progress.stage) {
            let of = self.about.revision();
            let message = to_wire::progress(of, progress, allocator::live_bytes());
            self.link.send_frame(self.job, message);
        }
    }

    fn diagnostics(&mut self, mut diagnostics: Vec<Diagnostic>) {
        let before = diagnostics.len();
        diagnostics.retain(|diagnostic| {
            self.message_bytes += diagnostic.message.len() + MESSAGE_OVERHEAD_BYTES;
            self.message_bytes <= MOST_MESSAGE_BYTES || diagnostic.severity == Severity::Error
        });
        self.suppressed += (before - diagnostics.len()) as u32;
        for message in to_wire::diagnostics(self.about.revision(), diagnostics) {
            self.link.send_frame(self.job, message);
        }
    }

    fn forecast(&mut self, needed_bytes: u64) {
        self.link.send(&FromWorker::Needs { job: self.job, bytes: needed_bytes });
        let limit_bytes = self.control.thresholds().hard;
        if needed_bytes > limit_bytes {
            let of = self.about.revision();
            self.link.send_frame(self.job, to_wire::forecast(of, needed_bytes, limit_bytes));
        }
    }

    fn parameters(&mut self, parameters: Vec<Parameter>) {
        let message = to_wire::parameters(self.about.revision(), parameters);
        self.link.send_frame(self.job, message);
    }

    fn scene(&mut self, scene: Scene) {
        tell(self.to_sending, Command::Scene { job: self.job, scene });
    }

    fn extend_scene(&mut self, more: Scene) {
        tell(self.to_sending, Command::MoreOfScene { job: self.job, more });
    }

    fn file_content(&mut self) -> FileContent {
        FileContent::new(self.pool.clone())
    }

    fn file(&mut self, file: ExportedFile) {
        tell(self.to_sending, Command::File { job: self.job, file });
    }
}
