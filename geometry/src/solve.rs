//! Solving: a CSG tree in, coloured parts out.
//!
//! The tree becomes a graph of tasks, one per distinct subtree, which run bottom up on the caller's rayon pool:
//! independent subtrees at once, each subtree once however often it occurs, operands dropped as soon as the last node
//! that needs them is solved. There is no recursion, so a model may nest as deep as memory allows. What the cache
//! already knows is not solved again. The answer is the same, bit for bit, with any number of threads and with or
//! without a cache.
//!
//! Every top-level object becomes a part. Drawn together parts look like their union, which is made only on request
//! ([`Solution::unite`]): export and statistics need it, a picture does not. Only what touches is united at all
//! (`clusters`).

mod booleans;
mod by_cells;
#[cfg(test)]
mod cluster_tests;
mod clusters;
mod combine;
#[cfg(test)]
mod degenerate_tests;
mod guess;
mod objects;
mod plan;
mod remarks;
mod run;
mod single;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use scadstream_csg::{ContentHash, Node, Origin};

pub use self::objects::top_level;

use self::clusters::Cluster;
use self::combine::Fault;
use self::objects::{Object, Role};
pub(crate) use self::remarks::Remarks;
use crate::abandon::abandonable;
use crate::cache::SolidCache;
use crate::control::{Attendant, CancelToken, Cancelled, Progress};
use crate::diagnostic::{Diagnostic, Severity};
use crate::mesh::Bounds;
use crate::region::Region;
use crate::shell::Shell;
use crate::spatial::{CELL_TRIANGLES, CellSink, Cells, CellsSummary};

/// What a solve works with. All of it may be shared between solves at work.
pub struct Job<'a> {
    /// Solved subtrees of earlier solves.
    pub cache: &'a SolidCache,
    /// Stops the work within tens of milliseconds.
    pub cancel: CancelToken,
    /// How to work.
    pub settings: Settings,
    /// Told how far the work is, from any thread but never from two at once. The share grows or stays.
    pub on_progress: Option<&'a OnProgress<'a>>,
    /// Told each part as it is finished, from any thread, in any order: its place among the parts, and the part.
    pub on_part: Option<&'a OnPart<'a>>,
    /// Takes the cells of a model that is solved cell by cell and too large to be held. Without one it is held.
    pub cell_sink: Option<&'a dyn CellSink>,
    /// Looks after the work.
    pub attendant: Option<&'a dyn Attendant>,
}

/// Hears of progress.
pub type OnProgress<'a> = dyn Fn(Progress) + Sync + 'a;

/// Hears of finished parts.
pub type OnPart<'a> = dyn Fn(usize, &Part) + Sync + 'a;

/// How to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Hulls united at once in a Minkowski sum: fewer need less memory. At least 2.
    pub minkowski_chunk: usize,
    /// Most triangles that one primitive may have.
    pub most_triangles: u64,
    /// Whether booleans are evaluated as a whole or cell by cell.
    pub solver: Solver,
    /// Whether solved subtrees go into the cache. Who solves a model once needs less memory without.
    pub keep_subtrees: bool,
    /// Most triangles of operands in a cell of the spatial solver; about, since no cell is split without end.
    pub cell_triangles: usize,
    /// Bytes that cells at work may take together. One cell may take more, and is solved alone then.
    pub cell_work_bytes: usize,
    /// Bytes of solved cells from which on they are given to the job's [`CellSink`] instead of being held.
    pub kept_cell_bytes: usize,
}

/// How booleans are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Solver {
    /// Large models cell by cell, others as a whole.
    #[default]
    Auto,
    /// As a whole.
    Direct,
    /// Cell by cell wherever that is possible.
    Spatial,
}

impl Default for Settings {
    fn default() -> Self {
        // Ten hulls at once took as long as a thousand and a tenth of the memory. 2^26 triangles are 14 GB in the
        // kernel: nobody means that.
        Self {
            minkowski_chunk: 10,
            most_triangles: 1 << 26,
            solver: Solver::Auto,
            keep_subtrees: true,
            cell_triangles: CELL_TRIANGLES,
            cell_work_bytes: 1 << 30,
            // Some five million triangles.
            kept_cell_bytes: 128 << 20,
        }
    }
}

impl<'a> Job<'a> {
    /// A job with default settings that nobody watches.
    pub fn new(cache: &'a SolidCache, cancel: CancelToken) -> Self {
        Self {
            cache,
            cancel,
            settings: Settings::default(),
            on_progress: None,
            on_part: None,
            cell_sink: None,
            attendant: None,
        }
    }

    fn is_short_of_memory(&self) -> bool {
        self.attendant.is_some_and(Attendant::is_short_of_memory)
    }
}

/// What a model looks like.
#[derive(Debug, Clone)]
pub struct Solution {
    /// Solid or flat parts in tree order, then highlights, then the background. Empty ones are left out.
    pub parts: Vec<Part>,
    /// Messages in tree order.
    pub diagnostics: Vec<Diagnostic>,
    /// What is known of the solid result, if its cells were given to the job's [`CellSink`]: no part is of it then.
    pub given: Option<CellsSummary>,
    /// What it took.
    pub stats: SolveStats,
    /// Hash of the drawn tree.
    hash: ContentHash,
}

/// What a solve took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SolveStats {
    /// Distinct subtrees of the model that were looked at: what lies below a cached one is not.
    pub nodes: usize,
    /// Of those, found in the cache.
    pub cached: usize,
    /// Wall-clock time.
    pub time: Duration,
}

/// One mesh to draw.
#[derive(Debug, Clone)]
pub struct Part {
    /// Why it is drawn.
    pub kind: PartKind,
    /// Its triangles. A flat part's lie in the plane z = 0 and face up.
    pub shell: Shell,
    /// Whether the triangles enclose a solid. Flat parts do not.
    pub closed: bool,
    /// The outlines of a flat part.
    pub region: Option<Arc<Region>>,
    /// The node it was made from.
    pub origin: Origin,
    /// Content hash of what it was made from: equal for parts that look the same.
    pub hash: ContentHash,
    /// The solids behind a closed mesh that was solved as a whole.
    clusters: Arc<[Cluster]>,
}

/// Why a part is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// A top-level object of a 3D model.
    Solid,
    /// A top-level object of a 2D model.
    Flat,
    /// Marked `#`: drawn once more, and no part of the result.
    Highlight,
    /// Marked `%`: no part of the result.
    Background,
}

/// Solves the tree below the root that is to be drawn.
///
/// Faults of the model are messages in the [`Solution`]; the nodes concerned are empty in it.
///
/// # Errors
/// [`Cancelled`] once the job's token is.
pub fn solve(root: &Arc<Node>, job: &Job<'_>) -> Result<Solution, Cancelled> {
    let start = Instant::now();
    let root = root.drawn_root();
    let objects = objects::objects(&root);
    let mut by_cells = by_cells::solve_by_cells(&root, &objects, job)?;
    let by_cells_alone = by_cells.part.is_some() || by_cells.given.is_some();
    let is_solved = |object: &Object| object.role == Role::Result && by_cells_alone;
    let left: Vec<(usize, &Object)> =
        objects.iter().enumerate().filter(|(_, object)| !is_solved(object)).collect();
    let nodes = left.iter().map(|(_, object)| &object.node);
    // Only the plan holds what is known, so that it can be let go as soon as it was needed.
    let plan = plan::plan(nodes, job.cache, &std::mem::take(&mut by_cells.known));
    let stats = SolveStats { nodes: plan.tasks.len(), cached: plan.cached, ..Default::default() };
    let parts: Mutex<Vec<Option<Part>>> = Mutex::new(vec![None; objects.len()]);
    let mut diagnostics = by_cells.diagnostics;
    let said = run::run(plan, job, &|place, shape, _| {
        let (index, object) = left[place];
        if let Some(part) = objects::part_of(object, shape, job)? {
            if let Some(on_part) = job.on_part {
                on_part(index, &part);
            }
            parts.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(part);
        }
        Ok(objects::left_out(object, shape).into_iter().collect())
    })?;
    diagnostics.extend(said);
    let parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut parts: Vec<Part> =
        by_cells.part.into_iter().chain(parts.into_iter().flatten()).collect();
    objects::keep_one_dimension(&root, &mut parts, &mut diagnostics);
    Ok(Solution {
        parts,
        diagnostics,
        given: by_cells.given,
        stats: SolveStats { time: start.elapsed(), ..stats },
        hash: root.hash(),
    })
}

/// The model as one object, as it is exported and measured.
#[derive(Debug, Clone)]
pub enum Whole {
    /// Nothing, or nothing that counts.
    Empty,
    /// The exact union of the solid parts.
    Solid(Shell),
    /// The same, but its cells were given to the job's [`CellSink`].
    Given(CellsSummary),
    /// The union of the flat parts.
    Flat(Arc<Region>),
}

impl Solution {
    /// The exact union of all parts that belong to the result.
    ///
    /// # Errors
    /// [`Cancelled`] once the job's token is. A kernel error is returned as a message.
    pub fn unite(&self, job: &Job<'_>) -> Result<Result<Whole, Diagnostic>, Cancelled> {
        let flats: Vec<Region> = self
            .of_kind(PartKind::Flat)
            .filter_map(|part| part.region.as_deref().cloned())
            .collect();
        if !flats.is_empty() {
            let points = flats.iter().map(|flat| flat.points().count()).sum();
            let united = abandonable(points, &job.cancel, move || crate::clip::union(&flats));
            return united.map(|region| Ok(Whole::Flat(Arc::new(region)))).map_err(|_| Cancelled);
        }
        if let Some(summary) = self.given {
            return Ok(Ok(Whole::Given(summary)));
        }
        let mut solid_parts = self.of_kind(PartKind::Solid);
        let Some(first) = solid_parts.next() else { return Ok(Ok(Whole::Empty)) };
        if solid_parts.next().is_none() {
            return Ok(Ok(Whole::Solid(first.shell.clone())));
        }
        if self.solids_are_apart() {
            // Nothing to unite.
            let of_part = |part: &Part| match &part.shell {
                Shell::Cells(cells) => cells.patches.clone(),
                Shell::Mesh(_) => unreachable!("solids have cells"),
            };
            let patches = self.of_kind(PartKind::Solid).flat_map(of_part).collect();
            return Ok(Ok(Whole::Solid(Shell::Cells(Arc::new(Cells::apart(patches))))));
        }
        let parts = self.of_kind(PartKind::Solid).flat_map(|part| part.clusters.iter().cloned());
        let united = Cluster::of_clusters(parts.collect(), job)
            .and_then(|together| clusters::surface(&together, job));
        match united {
            Ok(cells) => Ok(Ok(Whole::Solid(Shell::Cells(Arc::new(cells))))),
            Err(Fault::Cancelled) => Err(Cancelled),
            Err(Fault::Message(error)) => Ok(Err(Diagnostic {
                severity: Severity::Error,
                origin: first.origin,
                message: format!("the objects could not be united: {error}"),
            })),
        }
    }

    /// Whether there is space between the boxes of any two of the solid parts, so that they are their own union.
    pub fn solids_are_apart(&self) -> bool {
        if self.of_kind(PartKind::Solid).nth(1).is_none() {
            return true;
        }
        let boxes: Vec<Bounds> =
            self.of_kind(PartKind::Solid).filter_map(|part| part.shell.bounds()).collect();
        let apart = |a: &Bounds, b: &Bounds| {
            (0..3).any(|axis| a.max[axis] < b.min[axis] || b.max[axis] < a.min[axis])
        };
        // At most a few hundred objects are kept apart, so pairs are cheap.
        boxes.iter().enumerate().all(|(at, a)| boxes[..at].iter().all(|b| apart(a, b)))
    }

    fn of_kind(&self, kind: PartKind) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.kind == kind)
    }

    /// Content hash of the model as one object.
    ///
    /// The tree's hash will not do: a node of the same hash may stand for a list of the very same solids.
    pub fn whole_key(&self) -> ContentHash {
        let mut hasher = scadstream_csg::ContentHasher::new("whole");
        hasher.hash(self.hash);
        hasher.finish()
    }
}
