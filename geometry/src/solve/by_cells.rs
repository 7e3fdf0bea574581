//! Whether and how a model is solved cell by cell.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashSet;
use scadstream_csg::{ContentHash, ContentHasher, Node};

use super::guess::{Estimate, groups};
use super::objects::{Object, Role};
use super::plan::{Known, plan, repeating};
use super::run::run;
use super::{Job, Part, PartKind, Solver};
use crate::abandon::let_go;
use crate::control::{CancelToken, Cancelled, Progress};
use crate::diagnostic::Diagnostic;
use crate::kernel::{KernelError, Solid};
use crate::mesh::{Bounds, Paint};
use crate::shell::Shell;
use crate::spatial::skeleton::{Leaf, Skeleton, skeleton, solids};
use crate::spatial::{CellJob, CellLimits, CellsSummary, Operand, SolvedCells, solve_cells};
use crate::touching::wanted_clusters;

/// Fewer triangles in operands that hang together than this are solved directly: that takes a fraction of a second.
const FEW_TRIANGLES: usize = 100_000;

/// The same where an edit may follow, for which something is kept. A housing of 40 000 triangles took 0.23 s by cells and 0.19
/// directly, and an edit of one of its six sides 0.08 s and 0.12.
const FEW_TO_EDIT: usize = 30_000;

/// Cells of models between the two have so many times fewer triangles, or there were too few of them for an edit to gain.
const SMALL_CELLS: usize = 4;

/// Fewer operands that hang together than this are solved directly as well: each passes through few booleans, and to cut
/// large leaves into cells takes longer than those. Two spheres of 160 000 triangles took 0.65 s by cells and 0.41 directly.
const FEW_OPERANDS: usize = 16;

/// But an operand of so many triangles that few others change, as a scan that is drilled, is cut into cells if an edit may
/// follow: only where those are has anything to be solved. A landscape of 43 000 triangles took as long by cells as
/// directly, and an edit of its feet a tenth.
const DOMINANT_TRIANGLES: usize = 30_000;

/// Such an operand has at least this share of all that hangs together with it.
const DOMINANT_SHARE: f64 = 0.75;

/// Cells of such models have so many times fewer triangles: what is alone in a cell costs little.
const DOMINATED_CELLS: usize = 8;

/// A cell may go through so many times the triangles that it should have.
const HEAVIEST: usize = 8;

/// From so many triangles on the memory of the direct solver is what counts, however few operands they are of.
const MANY_TRIANGLES: usize = 2_000_000;

/// Prisms whose booleans are found in the plane are solved directly up to here. A plate with two thousand holes, 260 000
/// triangles, took 0.22 s so, and 1.1 by cells.
const MANY_IN_A_PLANE: usize = 300_000;

/// The same where an edit may follow: of 250 holes one took 22 ms directly and 20 by cells, of 700 67 and 25; the first
/// time it was 23 and 130, 68 and 360.
const MANY_IN_A_PLANE_TO_EDIT: usize = 65_000;

/// A boolean that stands in several places is solved once, as an operand, if it has fewer triangles than this.
const LARGEST_LEAF: usize = 100_000;

/// What came of trying.
pub(super) struct Outcome {
    /// The part of all result objects, unless they are to be solved directly.
    pub(super) part: Option<Part>,
    /// What is known of them, if their cells were given to the job's sink.
    pub(super) given: Option<CellsSummary>,
    /// Leaves that were solved, so that they need not be again.
    pub(super) known: Known,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Solves the result objects of a model by cells, if it is large enough and made of solids only.
pub(super) fn solve_by_cells(
    root: &Arc<Node>,
    objects: &[Object],
    job: &Job<'_>,
) -> Result<Outcome, Cancelled> {
    let mut outcome =
        Outcome { part: None, given: None, known: Known::default(), diagnostics: Vec::new() };
    let forced = match job.settings.solver {
        Solver::Direct => return Ok(outcome),
        Solver::Auto => false,
        Solver::Spatial => true,
    };
    let results = objects.iter().filter(|object| object.role == Role::Result);
    let nodes: Vec<&Arc<Node>> = results.map(|object| &object.node).collect();
    let may_be_edited = job.settings.keep_subtrees;
    if !forced && !may_be_large(&nodes, may_be_edited) {
        return Ok(outcome);
    }
    let repeating = repeating(&nodes);
    let is_leaf = |node: &Arc<Node>| {
        repeating.contains(&node.hash())
            && Estimate::of(std::iter::once(node), LARGEST_LEAF).total < LARGEST_LEAF
    };
    let whole: Option<Vec<_>> = nodes.iter().map(|node| skeleton(node, &is_leaf)).collect();
    let Some(whole) = whole.map(Skeleton::union) else { return Ok(outcome) };
    // Of a hundred thousand objects each of these steps takes tens of milliseconds.
    let go_on = || if job.cancel.is_cancelled() { Err(Cancelled) } else { Ok(()) };
    go_on()?;

    // Leaves first, each distinct one once.
    let mut seen = FxHashSet::default();
    let leaves = whole.operands().into_iter().map(|leaf| &leaf.node);
    let distinct: Vec<Arc<Node>> =
        leaves.filter(|node| seen.insert(node.hash())).cloned().collect();
    let known: Mutex<Known> = Mutex::default();
    outcome.diagnostics =
        run(plan(distinct.iter(), job.cache, &Known::default()), job, &|place, shape, remarks| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(distinct[place].hash(), (shape.clone(), remarks.clone()));
            Ok(Vec::new())
        })?;
    outcome.known = known.into_inner().unwrap_or_else(PoisonError::into_inner);

    let found = operands(whole, &outcome.known, &job.cancel);
    go_on()?;
    let Some((operands, skeleton)) = found else { return Ok(outcome) };
    let usual = job.settings.cell_triangles;
    let cell_triangles = match forced {
        true => Some(usual),
        false => cell_triangles(&operands, usual, may_be_edited, &job.cancel)?,
    };
    let Some(cell_triangles) = cell_triangles.filter(|_| operands.len() > 1) else {
        go_on()?;
        return Ok(outcome);
    };
    let on_cell = |done: usize, of: usize| {
        if let Some(on_progress) = job.on_progress {
            let fraction = done as f64 / of as f64;
            on_progress(Progress { fraction, origin: root.origin() });
        }
    };
    let cell_job = CellJob {
        cache: job.cache,
        token: &job.cancel,
        limits: CellLimits { triangles: cell_triangles, work: usual * HEAVIEST },
        least_cells: if forced { 0 } else { 2 },
        keeps_inner: may_be_edited,
        work_bytes: job.settings.cell_work_bytes,
        is_short_of_memory: &|| job.is_short_of_memory(),
        sink: job.cell_sink,
        kept_bytes: job.settings.kept_cell_bytes,
        on_cell: &on_cell,
    };
    match solve_cells(&operands, &skeleton, &cell_job) {
        Ok(Some(SolvedCells::Kept(cells))) => {
            outcome.part = (!cells.patches.is_empty()).then(|| Part {
                kind: PartKind::Solid,
                shell: Shell::Cells(Arc::new(cells)),
                closed: true,
                region: None,
                origin: root.origin(),
                hash: part_hash(root),
                clusters: Arc::default(),
            });
        }
        Ok(Some(SolvedCells::Given(summary))) => outcome.given = Some(summary),
        Err(KernelError::Cancelled) => {
            let_go(operands.len(), (operands, skeleton));
            return Err(Cancelled);
        }
        // Whatever it is, the direct solver meets it again and knows at which node.
        Ok(None) | Err(_) => {}
    }
    Ok(outcome)
}

/// Whether objects that hang together may be worth cells, as far as can be told before anything is solved: to look at each
/// operand of many small objects would take longer than to find what an edit has changed.
fn may_be_large(nodes: &[&Arc<Node>], may_be_edited: bool) -> bool {
    let few = few_triangles(may_be_edited);
    let is_large = |objects: &[&Arc<Node>]| {
        let estimate = Estimate::of(objects.iter().copied(), few);
        estimate.total >= few || may_be_edited && estimate.largest >= DOMINANT_TRIANGLES
    };
    is_large(nodes) && groups(nodes).iter().any(|objects| is_large(objects))
}

fn few_triangles(may_be_edited: bool) -> usize {
    if may_be_edited { FEW_TO_EDIT } else { FEW_TRIANGLES }
}

/// Most triangles in a cell, if operands that hang together are more than the direct solver does quickly. What lies apart is no
/// work for booleans: it sets it side by side.
fn cell_triangles(
    operands: &[Operand],
    usual: usize,
    may_be_edited: bool,
    token: &CancelToken,
) -> Result<Option<usize>, Cancelled> {
    let boxes: Vec<Bounds> = operands.iter().map(Operand::bounds).collect();
    let many_in_a_plane = if may_be_edited { MANY_IN_A_PLANE_TO_EDIT } else { MANY_IN_A_PLANE };
    let mut smaller = None;
    for cluster in wanted_clusters(&boxes, token).map_err(|_| Cancelled)? {
        token.check().map_err(|_| Cancelled)?;
        let counts = || cluster.iter().map(|index| operands[*index].solid.num_triangles());
        let (triangles, largest): (usize, usize) =
            (counts().sum(), counts().max().unwrap_or_default());
        let has_few_operands = cluster.len() < FEW_OPERANDS;
        let solids =
            || cluster.iter().map(|index| operands[*index].solid.clone()).collect::<Vec<_>>();
        if (few_triangles(may_be_edited)..many_in_a_plane).contains(&triangles)
            && Solid::lie_in_a_plane(&solids(), token).map_err(|_| Cancelled)?
        {
            continue;
        }
        if triangles >= if has_few_operands { MANY_TRIANGLES } else { FEW_TRIANGLES } {
            return Ok(Some(usual));
        }
        let is_dominated = cluster.len() > 1
            && largest >= DOMINANT_TRIANGLES
            && largest as f64 >= DOMINANT_SHARE * triangles as f64;
        let share = if is_dominated {
            DOMINATED_CELLS
        } else if !has_few_operands && triangles >= FEW_TO_EDIT {
            SMALL_CELLS
        } else {
            continue;
        };
        let already = smaller.unwrap_or(usual);
        smaller = Some(already.min(usual / share));
    }
    Ok(smaller.filter(|_| may_be_edited))
}

/// The solids of all leaves where they stand, and the skeleton over them; none if cells are not for them, or if cancelled.
fn operands(
    whole: Skeleton<Leaf>,
    known: &Known,
    token: &CancelToken,
) -> Option<(Vec<Operand>, Skeleton<u32>)> {
    let mut operands = Vec::new();
    let skeleton = whole.map(&mut |leaf: Leaf| {
        token.check().ok()?;
        let list = solids(&known[&leaf.node.hash()].0)?;
        let mut of_leaf = Vec::with_capacity(list.len());
        for (index, solid) in list.iter().enumerate() {
            let solid = solid.transformed(&leaf.transform);
            let solid = leaf.paint.map_or_else(|| solid.clone(), |paint| solid.painted(paint));
            of_leaf.push(Skeleton::Operand(operands.len() as u32));
            operands.push(Operand::new(solid, operand_key(&leaf, index)));
        }
        Some(Skeleton::union(of_leaf))
    })?;
    Some((operands, skeleton))
}

fn operand_key(leaf: &Leaf, index: usize) -> ContentHash {
    let mut hasher = ContentHasher::new("operand");
    hasher.hash(leaf.node.hash());
    hasher.u64(index as u64);
    leaf.transform.0.as_flattened().iter().for_each(|entry| hasher.f64(*entry));
    match leaf.paint {
        Some(Paint::Color(rgba)) => {
            rgba.iter().for_each(|channel| hasher.f64(f64::from(*channel)));
        }
        _ => hasher.u64(0),
    }
    hasher.finish()
}

fn part_hash(root: &Node) -> ContentHash {
    let mut hasher = ContentHasher::new("part by cells");
    hasher.hash(root.hash());
    hasher.finish()
}
