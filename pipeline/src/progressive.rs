//! Something to see at once, and better as it comes.
//!
//! The exact result is solved on the caller's thread. When it will take longer than a blink, by the estimate or by the
//! clock, other threads make what can be shown meanwhile: a sketch without booleans where even coarse curves take long,
//! the model with coarse curves, and each top-level object as it is finished. Drawn together, objects look like their
//! union, so the picture does not wait for that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use scadstream_csg::{ContentHasher, Kind, Node};
use scadstream_geometry::solve::top_level;
use scadstream_geometry::{CancelToken, Mesh, Part, PartKind, Settings, Shell};

use crate::board::{Board, Grade};
use crate::cell_stream::{Batches, CellStream};
use crate::control::{Control, Progress, Stopped, Watch};
use crate::estimate::solve_time;
use crate::model::Model;
use crate::pipeline::{Ears, Pipeline};
use crate::preview::{coarsened, sketched};
use crate::solved::{DrawnPart, Solved};

/// What is there within this time needs nothing before it.
const BLINK: Duration = Duration::from_millis(150);
/// An estimate above this calls for a coarse picture at once. Below the blink, for what is estimated has to be chunked
/// and sent too, and estimates err.
const LONG: Duration = Duration::from_millis(80);
/// An exact result that is not there after this time calls for a coarse picture, whatever was estimated.
const OVERDUE: Duration = Duration::from_millis(100);
/// A coarse picture is worth making if it takes less than this share of the exact result's time.
const WORTHWHILE: f64 = 0.5;
/// Time between pictures: each costs a manifest, and the eye some rest.
const INTERVAL: Duration = Duration::from_millis(250);
/// Solids of a sketch; of more, the first are drawn.
const MOST_SKETCHED: usize = 4096;
/// Objects of one solve that are kept apart (`scadstream_geometry` unites more).
const BATCH: usize = 256;

/// Shows a picture that is not the last: called from any thread, never from two at once.
pub type Show<'a> = dyn Fn(Vec<DrawnPart>) + Sync + 'a;

impl Pipeline {
    /// Solves an evaluated document, and shows coarse pictures of it if that takes long. The cells of a model that is too
    /// large to be held go to `stream` as they are solved; a picture that is on its way then may still be shown, but no other.
    ///
    /// When this returns, `show` is not called any more.
    ///
    /// # Errors
    /// [`Stopped`]; faults of the model are messages in the result.
    pub fn solve_progressively(
        &self,
        model: &Model,
        settings: Settings,
        control: &Control<'_>,
        show: &Show<'_>,
        stream: &dyn CellStream,
    ) -> Result<Solved, Stopped> {
        let root = model.root().drawn_root();
        let estimate = solve_time(&root, &self.solids, &self.solved_before());
        let board = Board::default();
        let cancel = CancelToken::new();
        let watch = Aside(control.watch);
        let preview = Preview {
            pipeline: self,
            model,
            settings,
            control: Control { cancel: cancel.clone(), watch: &watch },
            board: &board,
            root: &root,
            estimate,
        };
        let on_batch = || {
            board.finish();
            cancel.cancel();
        };
        let batches = Batches::new(stream, &on_batch);
        let head_start = if estimate > LONG { Duration::ZERO } else { OVERDUE };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                control.watch.thread_begins();
                if !board.wait_for_end(head_start) {
                    std::thread::scope(|scope| {
                        scope.spawn(|| {
                            control.watch.thread_begins();
                            paint(&board, show);
                        });
                        preview.solve();
                    });
                }
            });
            if estimate > LONG {
                // Alone on all cores, the coarse picture is there soonest.
                board.wait_for_picture(BLINK);
            }
            let on_part = |index: usize, part: &Part| {
                board.put(index, Grade::Exact, part.into());
            };
            let ears = Ears { parts: Some(&on_part), cells: Some(&batches) };
            let solved = self.solve_watched(model, &root, settings, control, ears);
            board.finish();
            cancel.cancel();
            batches.flush();
            if let Ok(solved) = &solved {
                self.remember(&root, solved);
            }
            solved
        })
    }

    /// Solves the coarse form of an evaluated document.
    ///
    /// # Errors
    /// [`Stopped`]; faults of the model are messages in the result.
    pub fn solve_coarsely(
        &self,
        model: &Model,
        settings: Settings,
        control: &Control<'_>,
    ) -> Result<Solved, Stopped> {
        let coarse = coarsened(&model.root().drawn_root());
        self.solve_watched(model, &coarse, settings, control, Ears::default())
    }
}

/// Shows what the board has, at intervals, until the end.
fn paint(board: &Board, show: &Show<'_>) {
    let mut not_before = Instant::now() + INTERVAL;
    while let Some(parts) = board.next_picture(not_before) {
        show(parts);
        board.shown();
        not_before = Instant::now() + INTERVAL;
    }
}

struct Preview<'a> {
    pipeline: &'a Pipeline,
    model: &'a Model,
    settings: Settings,
    control: Control<'a>,
    board: &'a Board,
    root: &'a Arc<Node>,
    estimate: Duration,
}

impl Preview<'_> {
    /// Puts sketch and coarse forms on the board. Being stopped is no fault: the exact result is there, or will say why
    /// it is not.
    fn solve(&self) {
        let coarse = coarsened(self.root);
        let before = self.pipeline.solved_before();
        let coarse_time = solve_time(&coarse, &self.pipeline.solids, &before);
        let differs = coarse.hash() != self.root.hash();
        if (!differs || coarse_time > LONG) && self.sketch(&coarse).is_err() {
            return;
        }
        let worthwhile = coarse_time.as_secs_f64() < self.estimate.as_secs_f64() * WORTHWHILE;
        if differs && (worthwhile || coarse_time < LONG) {
            let on_part = |index: usize, part: &Part| {
                self.board.put(index, Grade::Coarse, part.into());
            };
            let parts = self.on_pool(|| {
                self.pipeline.parts_of(self.model, &coarse, self.settings, &self.control, &on_part)
            });
            if parts.is_ok() {
                self.board.hurry();
            }
        }
    }

    /// Puts every object's sketch on the board.
    fn sketch(&self, coarse: &Arc<Node>) -> Result<(), Stopped> {
        let mut solids: Vec<(usize, Arc<Node>)> = Vec::new();
        for (index, object) in top_level(coarse).iter().enumerate() {
            let room = MOST_SKETCHED - solids.len();
            solids.extend(sketched(object).into_iter().take(room).map(|solid| (index, solid)));
        }
        let mut parts: BTreeMap<usize, Vec<DrawnPart>> = BTreeMap::new();
        for batch in solids.chunks(BATCH) {
            let found = self.solve_apart(batch.iter().map(|(_, solid)| Arc::clone(solid)))?;
            for ((index, _), part) in batch.iter().zip(found) {
                parts.entry(*index).or_default().extend(part);
            }
        }
        for (index, parts) in parts {
            if !parts.is_empty() {
                self.board.put(index, Grade::Sketch, side_by_side(&parts));
            }
        }
        self.board.hurry();
        Ok(())
    }

    /// The part of each of a few solids, none where it is empty.
    fn solve_apart(
        &self,
        solids: impl Iterator<Item = Arc<Node>>,
    ) -> Result<Vec<Option<DrawnPart>>, Stopped> {
        let solids: Vec<Arc<Node>> = solids.collect();
        let found = Mutex::new(vec![None; solids.len()]);
        let root = Node::new(Kind::Group, Default::default(), self.root.origin(), solids);
        let on_part = |place: usize, part: &Part| {
            // What is marked `#` comes behind the others, and is drawn with the coarse form.
            if let Some(slot) = lock(&found).get_mut(place) {
                *slot = Some(DrawnPart::from(part));
            }
        };
        self.on_pool(|| {
            self.pipeline.parts_of(self.model, &root, self.settings, &self.control, &on_part)
        })?;
        Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Works beside the exact solve, whose threads are taken for long stretches.
    fn on_pool<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        static POOL: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
        let pool = POOL.get_or_init(|| {
            let builder = rayon::ThreadPoolBuilder::new();
            builder.thread_name(|index| format!("preview {index}")).build().ok()
        });
        match pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

/// Several meshes as one, nothing united.
fn side_by_side(parts: &[DrawnPart]) -> DrawnPart {
    let mut mesh = Mesh::default();
    let mut hasher = ContentHasher::new("side by side");
    for part in parts {
        mesh.append(part.shell.mesh());
        hasher.hash(part.content);
    }
    let kind = parts.first().map_or(PartKind::Solid, |part| part.kind);
    DrawnPart { kind, shell: Shell::Mesh(Arc::new(mesh)), content: hasher.finish() }
}

/// A watch that is told where work is but not how far: the share is that of the exact result.
struct Aside<'a>(&'a dyn Watch);

impl Watch for Aside<'_> {
    fn checkpoint(&self, progress: Progress) -> Result<(), String> {
        self.0.checkpoint(Progress { fraction: None, ..progress })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
