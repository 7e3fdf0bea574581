//! Whether and how a model is solved cell by cell.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use scadstream_csg::{ContentHash, ContentHasher, Kind, Node};

use super::objects::{Object, Role};
use super::plan::{Known, plan};
use super::run::run;
use super::{Job, Part, PartKind, Solver};
use crate::control::{Cancelled, Progress};
use crate::diagnostic::Diagnostic;
use crate::kernel::KernelError;
use crate::mesh::{Bounds, Paint};
use crate::primitives::{cylinder_triangles, sphere_triangles};
use crate::shell::Shell;
use crate::spatial::skeleton::{Leaf, Skeleton, skeleton, solids};
use crate::spatial::{CellJob, CellsSummary, Operand, SolvedCells, solve_cells};
use crate::union::clusters;

/// Fewer triangles in operands that hang together than this are solved directly: that takes a fraction of a second.
const FEW_TRIANGLES: usize = 100_000;

/// Fewer operands that hang together than this are solved directly as well: each passes through few booleans, and to cut
/// large leaves into cells takes longer than those.
const FEW_OPERANDS: usize = 16;

/// From so many triangles on the memory of the direct solver is what counts, however few operands they are of.
const MANY_TRIANGLES: usize = 2_000_000;

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
    let results = || objects.iter().filter(|object| object.role == Role::Result);
    let least = match job.settings.solver {
        Solver::Direct => return Ok(outcome),
        Solver::Auto => FEW_TRIANGLES,
        Solver::Spatial => 0,
    };
    if estimated_triangles(results().map(|object| &object.node), least) < least {
        return Ok(outcome);
    }
    let whole: Option<Vec<_>> = results().map(|object| skeleton(&object.node)).collect();
    let Some(whole) = whole.map(Skeleton::Union) else { return Ok(outcome) };
    // Of a hundred thousand objects each of these steps takes tens of milliseconds.
    let go_on = || if job.cancel.is_cancelled() { Err(Cancelled) } else { Ok(()) };
    go_on()?;

    // Leaves first, each distinct one once.
    let mut seen = HashSet::new();
    let leaves = whole.operands().into_iter().map(|leaf| &leaf.node);
    let distinct: Vec<Arc<Node>> =
        leaves.filter(|node| seen.insert(node.hash())).cloned().collect();
    let known: Mutex<Known> = Mutex::default();
    outcome.diagnostics =
        run(plan(distinct.iter(), job.cache, &Known::default()), job, &|place, shape| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(distinct[place].hash(), shape.clone());
            Ok(Vec::new())
        })?;
    outcome.known = known.into_inner().unwrap_or_else(PoisonError::into_inner);

    let Some((operands, skeleton)) = operands(whole, &outcome.known) else { return Ok(outcome) };
    go_on()?;
    let forced = job.settings.solver == Solver::Spatial;
    if operands.len() < 2 || !(forced || has_heavy_cluster(&operands)) {
        go_on()?;
        return Ok(outcome);
    }
    let on_cell = |done: usize, of: usize| {
        if let Some(on_progress) = job.on_progress {
            let fraction = done as f64 / of as f64;
            on_progress(Progress { fraction, origin: root.origin() });
        }
    };
    let cell_job = CellJob {
        cache: job.cache,
        token: &job.cancel,
        cell_triangles: job.settings.cell_triangles,
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
        Err(KernelError::Cancelled) => return Err(Cancelled),
        // Whatever it is, the direct solver meets it again and knows at which node.
        Ok(None) | Err(_) => {}
    }
    Ok(outcome)
}

/// Whether operands that hang together are more than the direct solver does quickly. What lies apart is no work for
/// booleans: it sets it side by side.
fn has_heavy_cluster(operands: &[Operand]) -> bool {
    let boxes: Vec<Bounds> = operands.iter().map(Operand::bounds).collect();
    clusters(&boxes).into_iter().any(|cluster| {
        let triangles: usize =
            cluster.iter().map(|index| operands[*index].solid.num_triangles()).sum();
        let least = if cluster.len() < FEW_OPERANDS { MANY_TRIANGLES } else { FEW_TRIANGLES };
        triangles >= least
    })
}

/// The solids of all leaves where they stand, and the skeleton over them.
fn operands(whole: Skeleton<Leaf>, known: &Known) -> Option<(Vec<Operand>, Skeleton<u32>)> {
    let mut operands = Vec::new();
    let skeleton = whole.map(&mut |leaf: Leaf| {
        let list = solids(&known[&leaf.node.hash()])?;
        let mut of_leaf = Vec::with_capacity(list.len());
        for (index, solid) in list.iter().enumerate() {
            let solid = solid.transformed(&leaf.transform);
            let solid = leaf.paint.map_or_else(|| solid.clone(), |paint| solid.painted(paint));
            of_leaf.push(Skeleton::Operand(operands.len() as u32));
            operands.push(Operand::new(solid, operand_key(&leaf, index)));
        }
        Some(Skeleton::Union(of_leaf))
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

/// A guess of how many triangles the leaves have, each counted as often as it stands in the tree; stops at `enough`.
///
/// What is not a primitive counts as what it is made of; a file as one triangle for fifty bytes, as in binary STL.
fn estimated_triangles<'a>(nodes: impl Iterator<Item = &'a Arc<Node>>, enough: usize) -> usize {
    let mut pending: Vec<&Arc<Node>> = nodes.collect();
    let mut triangles = 0usize;
    while let Some(node) = pending.pop() {
        let own = match node.kind() {
            Kind::Cube { .. } => 12,
            Kind::Sphere { r, fragments } => sphere_triangles(*r, *fragments),
            Kind::Cylinder { r1, r2, fragments, .. } => cylinder_triangles(*r1, *r2, **fragments),
            Kind::Polyhedron { faces, .. } => 2 * faces.len() as u64,
            Kind::Import(parameters) => {
                parameters.file.as_ref().map_or(0, |file| file.bytes.len() as u64 / 50)
            }
            Kind::Surface { file, .. } => file.as_ref().map_or(0, |file| file.bytes.len() as u64),
            _ => 0,
        };
        triangles = triangles.saturating_add(usize::try_from(own).unwrap_or(usize::MAX));
        if triangles >= enough {
            return triangles;
        }
        pending.extend(node.children().iter().filter(|child| !child.modifiers().background));
    }
    triangles
}
