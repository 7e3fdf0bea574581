//! Solves the cells of a model, as many at once as there are threads, what is seen best first.
//!
//! A cell is settled as soon as those that touch it are solved. Settled cells are kept and make up the model, or, where
//! they are too many to hold, are given to the job's [`CellSink`] one by one.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::cells::{CellPatch, CellStats, Cells, CellsSummary};
use super::evaluate::Evaluation;
use super::facts::Tally;
use super::frontier::{Frontier, Ready};
use super::grid::Cell;
use super::octree::{CellLimits, Operand, Task, tasks};
use super::order::Order;
use super::patch::TOLERANCE;
use super::seams::settle;
use super::skeleton::Skeleton;
use super::view::View;
use crate::cache::SolidCache;
use crate::kernel::{CancelToken, KernelError};
use crate::mesh::Bounds;

/// Most triangles of operands in a cell. Smaller cells make edits cheaper and the first solve dearer: a plate of 1.1
/// million triangles took 16.4, 10.0 and 9.6 s of CPU time with 12 000, 20 000 and 60 000, directly 13.7, and had 6.1, 2.4
/// and 1.3 % more triangles.
pub(crate) const CELL_TRIANGLES: usize = 20_000;

/// Bytes of result to expect for a triangle of an operand that touches a cell: a patch takes 24 for each of its triangles,
/// and about half of the operands' are inside of others.
const LIKELY_BYTES: usize = 12;

/// Takes the cells of a model that is too large to be held, each as soon as it is settled. Called from any thread, at
/// times from several at once.
pub trait CellSink: Sync {
    /// From where the model is looked at now: what is seen best is solved first. None leaves the order to the solver.
    fn view(&self) -> Option<View>;

    /// Cells will come. What came before is void; it happens that cells do not fit together, and all come once more.
    fn begin(&self, ahead: CellsAhead);

    /// A cell. `place` counts the cells from 0 in an order that depends on the model alone, and in which they come almost
    /// if there is no view. The surface may be empty.
    fn cell(&self, cell: CellPatch, place: usize);
}

/// What is known of cells before they come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellsAhead {
    /// How many.
    pub cells: usize,
    /// The length of the edges of the largest.
    pub largest_edge: f64,
    /// The model lies in this box.
    pub bounds: Bounds,
}

/// How cells are solved.
pub(crate) struct CellJob<'a> {
    pub(crate) cache: &'a SolidCache,
    pub(crate) token: &'a CancelToken,
    pub(crate) limits: CellLimits,
    /// Fewer cells than this are not worth it.
    pub(crate) least_cells: usize,
    /// Whether booleans inside cells are kept, since an edit may change what stands beside them.
    pub(crate) keeps_inner: bool,
    /// Bytes that cells at work may take together; one may take more.
    pub(crate) work_bytes: usize,
    /// Whether memory is short: then cells are solved one at a time.
    pub(crate) is_short_of_memory: &'a (dyn Fn() -> bool + Sync),
    /// Takes cells once there are more than `kept_bytes` of them.
    pub(crate) sink: Option<&'a dyn CellSink>,
    pub(crate) kept_bytes: usize,
    /// Hears how many cells are done, and of how many.
    pub(crate) on_cell: &'a (dyn Fn(usize, usize) + Sync),
}

/// A model solved by cells.
pub(crate) enum SolvedCells {
    /// All of it.
    Kept(Cells),
    /// What is known of it: the cells themselves were given to the sink.
    Given(CellsSummary),
}

/// Solves all cells of a skeleton over `operands`; none if there are too few, or if no cells fit together, as when all that a
/// model has lies within rounding of the sides of cells.
///
/// # Errors
/// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
pub(crate) fn solve_cells(
    operands: &[Operand],
    skeleton: &Skeleton<u32>,
    job: &CellJob<'_>,
) -> Result<Option<SolvedCells>, KernelError> {
    let Some(bounds) = operands.iter().map(Operand::bounds).reduce(Bounds::union) else {
        return Ok(None);
    };
    let CellJob { cache, token, keeps_inner, .. } = *job;
    let evaluation = Evaluation { operands, cache, token, keeps_inner };
    let mut kept_whole = HashSet::new();
    let mut stats = CellStats::default();
    loop {
        let tasks = tasks(operands, skeleton, job.limits, &kept_whole, job.cache, job.token)?;
        if tasks.len() < job.least_cells {
            return Ok(None);
        }
        let pass = Pass::new(&tasks, &evaluation, job, bounds);
        pass.run()?;
        stats.cached += pass.cached.into_inner();
        let settled = pass.settled.into_inner().unwrap_or_else(PoisonError::into_inner);
        let SettledCells { kept, is_given, open, tally, seam_edges, mended_edges, .. } = settled;
        if open.is_empty() && tally.is_closed() {
            stats = CellStats { cells: tasks.len(), seam_edges, mended_edges, ..stats };
            let summary = CellsSummary { stats: Some(stats), measure: tally.measure() };
            return Ok(Some(match is_given {
                true => SolvedCells::Given(summary),
                false => {
                    let kept = kept.into_iter().flatten();
                    let patches = kept.filter(|cell| !cell.patch.mesh.is_empty()).collect();
                    SolvedCells::Kept(Cells { patches, summary, whole: OnceLock::new() })
                }
            }));
        }
        // Where a face lies within rounding of a side, neither cell may have it. Larger cells have other sides.
        stats.merged += open.len();
        let before = kept_whole.len();
        kept_whole.extend(open.iter().map(|cell| cell.ancestor(cell.level + 1)));
        if kept_whole.len() == before || tasks.len() <= 8 {
            return Ok(None);
        }
    }
}

/// One try at all cells.
struct Pass<'a> {
    tasks: &'a [Task],
    evaluation: &'a Evaluation<'a>,
    job: &'a CellJob<'a>,
    /// The box around all operands.
    bounds: Bounds,
    frontier: Frontier,
    places: Vec<usize>,
    order: Mutex<Order>,
    done: AtomicUsize,
    cached: AtomicUsize,
    settled: Mutex<SettledCells>,
}

/// What has become of the cells.
#[derive(Default)]
struct SettledCells {
    /// By the number of the cell, until they become too many.
    kept: Vec<Option<CellPatch>>,
    kept_bytes: usize,
    /// Whether cells go to the sink.
    is_given: bool,
    open: Vec<Cell>,
    tally: Tally,
    seam_edges: usize,
    mended_edges: usize,
}

impl<'a> Pass<'a> {
    fn new(
        tasks: &'a [Task],
        evaluation: &'a Evaluation<'a>,
        job: &'a CellJob<'a>,
        bounds: Bounds,
    ) -> Self {
        let frontier = Frontier::new(tasks);
        Self {
            places: frontier.places(),
            frontier,
            order: Mutex::new(Order::new(tasks.len())),
            tasks,
            evaluation,
            job,
            bounds,
            done: AtomicUsize::new(0),
            cached: AtomicUsize::new(0),
            settled: Mutex::new(SettledCells {
                kept: vec![None; tasks.len()],
                ..SettledCells::default()
            }),
        }
    }

    fn run(&self) -> Result<(), KernelError> {
        let triangles: usize = self.tasks.iter().map(|task| task.triangles).sum();
        if let Some(sink) = self.job.sink
            && triangles * LIKELY_BYTES > self.job.kept_bytes
        {
            self.begin_to_give(&mut lock(&self.settled), sink);
        }
        rayon::scope(|scope| self.begin_what_fits(scope));
        lock(&self.order).outcome()
    }

    /// Begins cells until all threads have one or there is no memory for another. Each does the same when it is done, so
    /// that no thread waits: one that did could have the work on its stack that the others wait for.
    fn begin_what_fits<'scope>(&'scope self, scope: &rayon::Scope<'scope>) {
        while let Some(index) = self.next() {
            scope.spawn(move |scope| {
                let solved = self.solve(index);
                lock(&self.order).end(&self.tasks[index], solved);
                self.begin_what_fits(scope);
            });
        }
    }

    fn solve(&self, index: usize) -> Result<(), KernelError> {
        let task = &self.tasks[index];
        let patch = if let Some(patch) = self.job.cache.patch(task.key) {
            self.cached.fetch_add(1, Ordering::Relaxed);
            patch
        } else {
            let patch = Arc::new(self.evaluation.patch(task)?);
            // The cells of a model that cannot be held would only drive each other out.
            if !lock(&self.settled).is_given {
                self.job.cache.insert_patch(task.key, Arc::clone(&patch));
            }
            patch
        };
        let patch = CellPatch { cell: task.cell, content: task.key, patch };
        for ready in self.frontier.solved(index, patch) {
            self.settle(ready);
        }
        (self.job.on_cell)(self.done.fetch_add(1, Ordering::Relaxed) + 1, self.tasks.len());
        Ok(())
    }

    /// The cell to begin now, if there is to be one more. Which one it is is decided when it is begun: the viewer may have
    /// moved.
    fn next(&self) -> Option<usize> {
        let view = self.job.sink.and_then(CellSink::view);
        let most_bytes = if (self.job.is_short_of_memory)() { 0 } else { self.job.work_bytes };
        lock(&self.order).begin(self.tasks, view, most_bytes)
    }

    fn settle(&self, Ready { index, own, around }: Ready) {
        let tolerance = TOLERANCE * self.bounds.largest_coordinate();
        let settled = settle(&own, &around, tolerance, self.job.cache);
        let cell = settled.mended.unwrap_or(own);
        // Measured before the lock is taken.
        let facts = cell.patch.facts();
        let mut all = lock(&self.settled);
        all.seam_edges += cell.patch.rim.len();
        all.mended_edges += settled.unmatched;
        if settled.is_open {
            all.open.push(cell.cell);
        }
        if let Some(facts) = facts {
            all.tally.add(index, facts);
        }
        let sink = self.job.sink;
        let give = |cell, index: usize| {
            if let Some(sink) = sink {
                sink.cell(cell, self.places[index]);
            }
        };
        if all.is_given {
            drop(all);
            give(cell, index);
        } else {
            all.kept_bytes += cell.patch.size_bytes();
            all.kept[index] = Some(cell);
            if let Some(sink) = sink.filter(|_| all.kept_bytes > self.job.kept_bytes) {
                let kept = self.begin_to_give(&mut all, sink);
                drop(all);
                let kept = kept.into_iter().enumerate();
                kept.filter_map(|(index, cell)| Some((cell?, index))).for_each(|(c, i)| give(c, i));
            }
        }
        self.frontier.settled(index);
    }

    /// From here on cells go to the sink. Returns those that were kept so far.
    fn begin_to_give(&self, all: &mut SettledCells, sink: &dyn CellSink) -> Vec<Option<CellPatch>> {
        all.is_given = true;
        let edge = |task: &Task| task.cell.bounds().size()[0];
        let largest_edge = self.tasks.iter().map(edge).fold(0.0, f64::max);
        sink.begin(CellsAhead { cells: self.tasks.len(), largest_edge, bounds: self.bounds });
        std::mem::take(&mut all.kept)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in a cell ends the whole solve; what the others find does not matter then.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
