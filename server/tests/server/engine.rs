//! An engine for tests: every line of the main file is a command.
//!
//! - `mesh CHUNKS VERTICES`: a scene of synthetic chunks, all different
//! - `same CHUNKS VERTICES`: the same with one content for all
//! - `coarse CHUNKS VERTICES`: an approximate scene
//! - `other FIRST CHUNKS VERTICES`: a scene of chunks whose content is counted from FIRST, where `mesh` counts from 0
//! - `grow PIECES CHUNKS VERTICES`: a scene that comes in pieces of so many chunks
//! - `echo TEXT`, `made` (echoes how many chunks this process ever wrote), `pid`
//! - `file NAME`: echoes the length of the document's file
//! - `wait`: until cancelled; `spin`: the same with the processor busy; `deaf`: for ever, whatever is asked
//! - `codec`, `known`: echo how chunks are best sent, and how many the client has
//! - `work MS`: takes so much processor time, or until cancelled
//! - `deep`: uses most of the stack; `resident`: echoes the process's resident megabytes
//! - `at LINE`: says that it works there; `needs MB`: that it will need so much
//! - `panic`, `abort`, `fail`, `keep MB` (allocates and holds), `leak KB` (and does not say that it holds it),
//!   `greedy` (allocates until stopped)

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use scadstream_memory::pool::PoolSettings;
use scadstream_memory::pressure::Thresholds;
use scadstream_memory::typed::TypedArrays;
use scadstream_server::engine::*;
use scadstream_server::job_control::{JobControl, Stop};
use scadstream_server::worker::{self, WorkerSettings};

use crate::support::{HARD_LIMIT, WORKER};

static CHUNKS_MADE: AtomicU64 = AtomicU64::new(0);

/// Becomes a worker, and ends with it.
pub(crate) fn run_worker() {
    let hard = std::env::var(HARD_LIMIT).ok().and_then(|mb| mb.parse::<u64>().ok()).unwrap_or(1000);
    let hard = hard * 1_000_000;
    let settings = WorkerSettings {
        thresholds: Thresholds { warning: hard / 2, chunking: hard / 4 * 3, hard },
        pool: PoolSettings::default(),
        job_time: std::time::Duration::from_secs(60),
        sandbox: true,
        readable: Vec::new(),
    };
    worker::run(settings, TestEngine::default)
        .expect("the supervisor's socket is on standard input");
    std::process::exit(0);
}

/// Whether this process is a worker.
pub(crate) fn is_worker() -> bool {
    std::env::var_os(WORKER).is_some()
}

#[derive(Default)]
struct TestEngine {
    kept: Vec<Vec<u8>>,
    leaked: Vec<Vec<u8>>,
}

impl Engine for TestEngine {
    fn render(&mut self, job: &RenderJob, control: &JobControl, sink: &mut dyn JobSink) -> Outcome {
        sink.progress(Progress { stage: Stage::Evaluate, fraction: Some(0.0), place: None });
        let source = String::from_utf8_lossy(&job.document.files[0].content).into_owned();
        for command in source.lines() {
            if let Err(outcome) = self.obey(command, job, control, sink) {
                return outcome;
            }
        }
        let times = vec![(Stage::Solve, std::time::Duration::from_millis(1))];
        Outcome::Done(Box::new(Statistics { times, ..Statistics::default() }))
    }

    fn export(&mut self, job: &ExportJob, _: &JobControl, sink: &mut dyn JobSink) -> Outcome {
        let source = &job.document.files[0].content;
        let words = String::from_utf8_lossy(source);
        match words.split_once(' ') {
            Some(("bytes", count)) => {
                let count: u32 = count.trim().parse().expect("a number of bytes");
                let mut content = sink.file_content();
                // A little at a time, so that the file is all that there is.
                for index in (0..count).step_by(1 << 12) {
                    let part: Vec<u8> =
                        (index..count.min(index + (1 << 12))).map(|index| index as u8).collect();
                    content.write_all(&part).expect("memory for it");
                }
                sink.file(ExportedFile { name: "model.stl".into(), content });
                Outcome::Done(Box::default())
            }
            _ => failed(FailureCode::Syntax, "this is not OpenSCAD"),
        }
    }

    fn caches(&self) -> Caches {
        let bytes = self.kept.iter().map(|block| block.len() as u64).sum();
        Caches { solids: CacheState { bytes, ..CacheState::default() }, ..Caches::default() }
    }

    fn trim(&mut self, _: PressureLevel) {
        self.kept.clear();
    }
}

impl TestEngine {
    fn obey(
        &mut self,
        command: &str,
        job: &RenderJob,
        control: &JobControl,
        sink: &mut dyn JobSink,
    ) -> Result<(), Outcome> {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let number = |index: usize| -> u32 {
            rest.split(' ').nth(index).and_then(|word| word.parse().ok()).expect("a number")
        };
        match name {
            "mesh" => sink.scene(scene(number(0), number(1), true, false)),
            "same" => sink.scene(scene(number(0), number(1), true, true)),
            "coarse" => sink.scene(scene(number(0), number(1), false, false)),
            "other" => sink.scene(scene_from(number(0), number(1), number(2))),
            "grow" => {
                for piece in 0..number(0) {
                    let mut part = scene_from(piece * number(1), number(1), number(2));
                    part.whole = piece + 1 == number(0);
                    if piece == 0 {
                        sink.scene(part);
                    } else {
                        part.parts.clear();
                        sink.extend_scene(part);
                    }
                }
            }
            "codec" => echo(sink, format!("{:?}", job.codec)),
            "known" => echo(sink, job.known.len().to_string()),
            "echo" => echo(sink, rest.into()),
            "made" => echo(sink, CHUNKS_MADE.load(Ordering::SeqCst).to_string()),
            "pid" => echo(sink, std::process::id().to_string()),
            "file" => {
                let file = job.document.files.iter().find(|file| file.name == rest);
                echo(sink, file.map_or("none".into(), |file| file.content.len().to_string()));
            }
            "at" => sink.progress(Progress {
                stage: Stage::Solve,
                fraction: None,
                place: Some(Place { line: number(0), ..main_file() }),
            }),
            "needs" => sink.forecast(u64::from(number(0)) * 1_000_000),
            "deep" => echo(sink, use_stack(300_000_000).to_string()),
            "resident" => {
                let bytes = scadstream_memory::system::resident_bytes().expect("Linux tells");
                echo(sink, (bytes / 1_000_000).to_string());
            }
            "wait" => {
                wait_until_cancelled(control);
                return Err(Outcome::Cancelled);
            }
            "spin" => {
                while control.checkpoint().is_ok() {
                    std::hint::spin_loop();
                }
                return Err(Outcome::Cancelled);
            }
            "work" => {
                // Processor time, so that a busy machine changes nothing.
                let used = || scadstream_memory::system::cpu_time(std::process::id());
                let wanted = std::time::Duration::from_millis(number(0).into());
                let end = used().expect("Linux tells") + wanted;
                while used() < Some(end) {
                    if control.checkpoint().is_err() {
                        return Err(Outcome::Cancelled);
                    }
                }
            }
            "deaf" => loop {
                std::thread::park();
            },
            "panic" => panic!("a fault of the engine"),
            "abort" => std::process::abort(),
            "fail" => return Err(failed(FailureCode::Evaluation, "Assertion failed")),
            "keep" => self.kept.push(vec![1; number(0) as usize * 1_000_000]),
            "leak" => self.leaked.push(vec![1; number(0) as usize * 1000]),
            "greedy" => return Err(be_greedy(control)),
            "unchecked" => {
                std::hint::black_box(vec![1_u8; 1 << 40]);
            }
            other => panic!("no such command: {other}"),
        }
        Ok(())
    }
}

fn echo(sink: &mut dyn JobSink, message: String) {
    sink.diagnostics(vec![Diagnostic {
        severity: Severity::Echo,
        message,
        place: Some(main_file()),
        hints: Vec::new(),
    }]);
}

fn main_file() -> Place {
    Place { file: "main.scad".into(), line: 1, column: 1, end_line: 1, end_column: 2 }
}

fn failed(code: FailureCode, message: &str) -> Outcome {
    let place = Place { file: "main.scad".into(), line: 3, column: 1, end_line: 3, end_column: 9 };
    Outcome::Failed(Failure {
        code,
        message: message.into(),
        place: Some(place),
        details: Vec::new(),
    })
}

/// Touches so many bytes of stack, and says how many calls that took.
fn use_stack(bytes: usize) -> usize {
    let block = std::hint::black_box([1_u8; 10_000]);
    match bytes.checked_sub(block.len()) {
        Some(rest) => std::hint::black_box(usize::from(block[0]) + use_stack(rest)),
        None => 0,
    }
}

fn wait_until_cancelled(control: &JobControl) {
    let cancelled = Arc::new((Mutex::new(false), Condvar::new()));
    let tell = Arc::clone(&cancelled);
    control.on_cancel(move || {
        *tell.0.lock().expect("not poisoned") = true;
        tell.1.notify_all();
    });
    let mut flag = cancelled.0.lock().expect("not poisoned");
    while !*flag {
        flag = cancelled.1.wait(flag).expect("not poisoned");
    }
}

/// Takes a megabyte at a time until the checkpoint says that it is enough.
fn be_greedy(control: &JobControl) -> Outcome {
    let mut blocks = Vec::new();
    loop {
        blocks.push(vec![1_u8; 1_000_000]);
        match control.checkpoint() {
            Ok(()) => {}
            Err(Stop::MemoryLimit { used_bytes, limit_bytes }) => {
                let mut outcome = failed(FailureCode::MemoryLimit, "too much memory");
                if let Outcome::Failed(failure) = &mut outcome {
                    failure.details = vec![
                        ("used_bytes".into(), used_bytes.to_string()),
                        ("limit_bytes".into(), limit_bytes.to_string()),
                    ];
                }
                return outcome;
            }
            Err(_) => return Outcome::Cancelled,
        }
    }
}

/// A scene of chunks whose content begins at number `first`.
fn scene_from(first: u32, chunks: u32, vertices: u32) -> Scene {
    let mut scene = scene(chunks, vertices, true, false);
    for (index, entry) in (first..).zip(&mut scene.chunks) {
        entry.hash = u128::from(index + 1).to_le_bytes();
    }
    scene.source = Box::new(Synthetic { first, vertices, same: false });
    scene
}

fn scene(chunks: u32, vertices: u32, exact: bool, same: bool) -> Scene {
    let part = Part { kind: PartKind::Solid, color: Some([255, 128, 0, 255]), name: "part".into() };
    let entries = (0..chunks).map(|index| ChunkEntry {
        hash: u128::from(if same { 0 } else { index + if exact { 1 } else { 1000 } }).to_le_bytes(),
        part: 0,
        color: None,
        min: [0.0; 3],
        max: [vertices as f32; 3],
        vertices,
        triangles: vertices / 3,
        codec: Codec::Raw,
        payload_bytes: raw_payload_bytes(vertices, vertices / 3),
    });
    Scene {
        exact,
        whole: true,
        parts: vec![part],
        chunks: entries.collect(),
        source: Box::new(Synthetic { first: 0, vertices, same }),
    }
}

/// Chunks whose every number says where it belongs: vertex `v` of chunk `c` is at `[c, v, c + v]`.
struct Synthetic {
    first: u32,
    vertices: u32,
    same: bool,
}

impl ChunkSource for Synthetic {
    fn write(&mut self, index: usize, payload: &mut [u8]) {
        CHUNKS_MADE.fetch_add(1, Ordering::SeqCst);
        let chunk = if self.same { 0.0 } else { self.first as f32 + index as f32 };
        let vertices = self.vertices as usize;
        let mut arrays = TypedArrays::new(payload);
        let positions = arrays.f32s(vertices * 3).expect("the payload has room for the positions");
        for (vertex, position) in positions.chunks_exact_mut(3).enumerate() {
            position.copy_from_slice(&[chunk, vertex as f32, chunk + vertex as f32]);
        }
        let indices = arrays.u16s(vertices / 3 * 3).expect("and for the indices");
        (0..).zip(indices).for_each(|(index, to)| *to = index);
        assert!(arrays.into_rest().is_empty(), "the payload has exactly the length of the chunk");
    }

    fn retained_bytes(&self) -> u64 {
        1000
    }
}
