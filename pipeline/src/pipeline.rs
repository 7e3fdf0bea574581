//! The stages of a document's way from text to geometry, with the caches that make the second way short.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use scadstream_csg::{Node, Origin};
use scadstream_eval::Options;
use scadstream_geometry::solve::{OnPart, Solver};
use scadstream_geometry::spatial::{CellPatch, CellSink};
use scadstream_geometry::{
    Attendant, CacheStats, Cancelled, Diagnostic, Job, PartKind, Settings, SolidCache, Solution,
    Whole, solve,
};
use scadstream_stream::{ChunkBuilder, ChunkOptions, ChunkPlan, Codec};
use scadstream_syntax::Location;

use crate::cell_stream::{Batches, CellStream};
use crate::chunks::{self, ChunkCaches};
use crate::control::{Control, Progress, Stage, Stopped};
use crate::forecast::Forecast;
use crate::input::Input;
use crate::library::Libraries;
use crate::message::{Message, location, place};
use crate::model::Model;
use crate::operation::operation;
use crate::parse_cache::ParseCache;
use crate::part_name;
use crate::recent::CacheFacts;
use crate::solved::{DrawnPart, NamedPart, Solved};
use crate::solved_before::SolvedBefore;

/// Caches and libraries, shared by all documents of a process.
///
/// Reuse changes the time, never the answer: every cache goes by content.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) libraries: Libraries,
    pub(crate) parses: ParseCache,
    pub(crate) solids: SolidCache,
    chunks: ChunkCaches,
    before: Mutex<Arc<SolvedBefore>>,
    budgets: Budgets,
}

/// What a pipeline may keep between jobs.
#[derive(Debug, Clone, Copy)]
pub struct Budgets {
    /// Bytes of syntax trees.
    pub parses: usize,
    /// Bytes of solved subtrees.
    pub solids: usize,
    /// Bytes of meshes with their chunk plans.
    pub plans: usize,
    /// Bytes of encoded chunks.
    pub encoded: usize,
}

impl Default for Budgets {
    /// Room for a large library's trees, for a million triangles in the kernel's form and as meshes with their plans,
    /// and for six million encoded.
    fn default() -> Self {
        Self { parses: 128 << 20, solids: 256 << 20, plans: 64 << 20, encoded: 32 << 20 }
    }
}

impl Pipeline {
    /// A pipeline with empty caches.
    pub fn new(libraries: Libraries, budgets: Budgets) -> Self {
        Self {
            libraries,
            parses: ParseCache::new(budgets.parses),
            solids: SolidCache::new(budgets.solids),
            chunks: ChunkCaches::new(budgets.plans, budgets.encoded),
            before: Mutex::default(),
            budgets,
        }
    }

    /// Evaluates a document: text to CSG tree.
    ///
    /// Runs on the caller's stack, which should be large: how deeply a model may recurse depends on it.
    ///
    /// # Errors
    /// [`Stopped`]; faults of the model are messages in the result.
    pub fn evaluate(
        &self,
        input: &Input<'_>,
        options: &Options,
        control: &Control<'_>,
    ) -> Result<Model, Stopped> {
        Model::evaluate(input, &self.libraries, &self.parses, options, control)
    }

    /// What solving an evaluated document will need.
    pub fn forecast(&self, model: &Model) -> Forecast {
        Forecast::of(model.root(), &self.solids)
    }

    /// Solves an evaluated document: CSG tree to meshes.
    ///
    /// # Errors
    /// [`Stopped`]; faults of the model are messages in the result.
    pub fn solve(
        &self,
        model: &Model,
        settings: Settings,
        control: &Control<'_>,
    ) -> Result<Solved, Stopped> {
        let root = model.root().drawn_root();
        let solved = self.solve_watched(model, &root, settings, control, Ears::default())?;
        self.remember(&root, &solved);
        Ok(solved)
    }

    /// The same, but the cells of a model that is too large to be held go to `stream` as they are solved.
    ///
    /// # Errors
    /// [`Stopped`]; faults of the model are messages in the result.
    pub fn solve_streaming(
        &self,
        model: &Model,
        settings: Settings,
        control: &Control<'_>,
        stream: &dyn CellStream,
    ) -> Result<Solved, Stopped> {
        let batches = Batches::new(stream, &|| {});
        let ears = Ears { cells: Some(&batches), ..Ears::default() };
        let root = model.root().drawn_root();
        let solved = self.solve_watched(model, &root, settings, control, ears)?;
        batches.flush();
        self.remember(&root, &solved);
        Ok(solved)
    }

    /// Remembers what a model that was solved was made of.
    pub(crate) fn remember(&self, root: &Arc<Node>, solved: &Solved) {
        let of_this = SolvedBefore::of(root, solved.cells().is_some());
        *self.before.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(of_this);
    }

    /// What the last model that was solved was made of.
    pub(crate) fn solved_before(&self) -> Arc<SolvedBefore> {
        Arc::clone(&self.before.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Solves a tree made from `model`, and unites it.
    pub(crate) fn solve_watched(
        &self,
        model: &Model,
        root: &Arc<Node>,
        settings: Settings,
        control: &Control<'_>,
        ears: Ears<'_>,
    ) -> Result<Solved, Stopped> {
        let start = Instant::now();
        let (mut solution, whole) = self.with_job(model, settings, control, ears, |job| {
            let solution = solve(root, job)?;
            let whole = solution.unite(job)?;
            Ok((solution, whole))
        })?;
        let whole = whole.unwrap_or_else(|diagnostic| {
            solution.diagnostics.push(diagnostic);
            Whole::Empty
        });
        let to_message = |d: &Diagnostic| Message::of_geometry(d, model.sources());
        let messages = solution.diagnostics.iter().map(to_message).collect();
        Ok(Solved::new(&solution, whole, messages, start))
    }

    /// Solves a tree made from `model` for its parts alone.
    pub(crate) fn parts_of(
        &self,
        model: &Model,
        root: &Arc<Node>,
        settings: Settings,
        control: &Control<'_>,
        on_part: &OnPart<'_>,
    ) -> Result<Solution, Stopped> {
        // Solved by cells, all objects together would be one part.
        let settings = Settings { solver: Solver::Direct, ..settings };
        let ears = Ears { parts: Some(on_part), ..Ears::default() };
        self.with_job(model, settings, control, ears, |job| solve(root, job))
    }

    /// Lets `work` do a job that reports to `control` and stops when that says so.
    fn with_job<R>(
        &self,
        model: &Model,
        settings: Settings,
        control: &Control<'_>,
        ears: Ears<'_>,
        work: impl FnOnce(&Job<'_>) -> Result<R, Cancelled>,
    ) -> Result<R, Stopped> {
        let overseer = Overseer { control, model, refused: Mutex::new(None) };
        let on_progress = |progress: scadstream_geometry::Progress| {
            overseer.report(Some(progress.fraction), progress.origin, None);
        };
        let job = Job {
            cache: &self.solids,
            cancel: control.cancel.clone(),
            settings,
            on_progress: Some(&on_progress),
            on_part: ears.parts,
            cell_sink: ears.cells,
            attendant: Some(&overseer),
        };
        let done = work(&job);
        let refused = overseer.refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.map_err(|_| refused.unwrap_or(Stopped::Cancelled))
    }

    /// The solid top-level objects of a document, each by itself, for files that hold several. They may overlap.
    ///
    /// Solves once more, for the most part from the cache if the document was just solved.
    ///
    /// # Errors
    /// [`Stopped`]
    pub fn parts(
        &self,
        model: &Model,
        settings: Settings,
        control: &Control<'_>,
    ) -> Result<Vec<NamedPart>, Stopped> {
        let settings = Settings { solver: Solver::Direct, ..settings };
        let job = Job { settings, ..Job::new(&self.solids, control.cancel.clone()) };
        let solution = solve(model.root(), &job).map_err(|_| Stopped::Cancelled)?;
        let solids = solution.parts.into_iter().filter(|part| part.kind == PartKind::Solid);
        let (names, meshes): (Vec<_>, Vec<_>) = solids
            .map(|part| {
                let Location { source, span } = location(part.origin);
                let text = model.sources().get(source).text();
                let statement = text.get(span.start as usize..);
                let name = statement.and_then(part_name::of_statement).unwrap_or("object");
                (name.to_owned(), Arc::clone(part.shell.mesh()))
            })
            .unzip();
        let names = part_name::distinct(names).into_iter();
        Ok(names.zip(meshes).map(|(name, mesh)| NamedPart { name, mesh }).collect())
    }

    /// Plans the chunks of `parts`; part `i` of the plan is `parts[i]`. What is nearest to `eye` comes first.
    ///
    /// # Errors
    /// [`Stopped::Cancelled`] soon after the token is.
    pub fn plan(
        &self,
        parts: &[DrawnPart],
        options: ChunkOptions,
        eye: Option<[f32; 3]>,
        control: &Control<'_>,
    ) -> Result<ChunkPlan, Stopped> {
        self.chunks.plan(parts, options, eye, control)
    }

    /// Plans the chunks of some of the cells of part 0, for once: nothing of it is kept.
    ///
    /// # Errors
    /// [`Stopped::Cancelled`] soon after the token is.
    pub fn plan_cells(
        &self,
        cells: &[CellPatch],
        options: ChunkOptions,
        eye: Option<[f32; 3]>,
        control: &Control<'_>,
    ) -> Result<ChunkPlan, Stopped> {
        chunks::plan_cells(cells, options, eye, control)
    }

    /// The payloads of those chunks of `plan` that are `wanted`; none where raw is best.
    ///
    /// # Errors
    /// [`Stopped::Cancelled`] soon after the token is.
    pub fn encode(
        &self,
        plan: &ChunkPlan,
        codec: Codec,
        wanted: &(dyn Fn(usize) -> bool + Sync),
        control: &Control<'_>,
    ) -> Result<Vec<Option<Arc<[u8]>>>, Stopped> {
        self.chunks.encode(plan, codec, wanted, control)
    }

    /// Writes raw what chunk `index` of `plan` decodes to from `codec`; it has the length that its description says.
    pub fn write_raw(
        &self,
        plan: &ChunkPlan,
        codec: Codec,
        index: usize,
        builder: &mut ChunkBuilder,
        payload: &mut [u8],
    ) {
        self.chunks.write_raw(plan, codec, index, builder, payload);
    }

    /// How the cache of solids is doing.
    pub fn solid_cache(&self) -> CacheStats {
        self.solids.stats()
    }

    /// How each cache is doing, by name.
    pub fn caches(&self) -> [(&'static str, CacheFacts); 4] {
        let CacheStats { bytes, hits, misses, .. } = self.solids.stats();
        [
            ("parses", self.parses.facts()),
            ("solids", CacheFacts { bytes, hits, misses }),
            ("plans", self.chunks.plan_facts()),
            ("encoded", self.chunks.encoded_facts()),
        ]
    }

    /// Forgets the half of the solved subtrees that was used longest ago. May be called while a job works.
    pub fn forget_half(&self) {
        let half = self.solids.stats().bytes / 2;
        self.solids.set_budget(half);
        self.solids.set_budget(self.budgets.solids);
    }

    /// Forgets solved subtrees and chunks, which take the most.
    pub fn forget_solids(&self) {
        self.solids.clear();
        self.chunks.clear();
    }

    /// Forgets all that can be made again.
    pub fn forget(&self) {
        self.forget_solids();
        self.parses.clear();
    }
}

/// Who hears of what is solved before all of it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ears<'a> {
    /// Hears of top-level objects.
    pub(crate) parts: Option<&'a OnPart<'a>>,
    /// Takes the cells of a model that is too large to be held.
    pub(crate) cells: Option<&'a dyn CellSink>,
}

/// Passes on what a solve is at, and stops it when it may not go on.
struct Overseer<'a> {
    control: &'a Control<'a>,
    model: &'a Model,
    refused: Mutex<Option<Stopped>>,
}

impl Overseer<'_> {
    fn report(&self, fraction: Option<f64>, origin: Origin, operation: Option<&'static str>) {
        let place = Some(place(location(origin), self.model.sources()));
        let report = Progress { stage: Stage::Solve, fraction, place: place.clone(), operation };
        if let Err(reason) = self.control.watch.checkpoint(report) {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.get_or_insert(Stopped::Refused { reason, place });
            self.control.cancel.cancel();
        }
    }
}

impl Attendant for Overseer<'_> {
    fn begins(&self, node: &Node) {
        self.report(None, node.origin(), Some(operation(node.kind())));
    }

    fn is_short_of_memory(&self) -> bool {
        self.control.watch.is_short_of_memory()
    }
}
