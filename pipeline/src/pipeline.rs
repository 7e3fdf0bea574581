//! The stages of a document's way from text to geometry, with the caches that make the second way short.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use scadstream_csg::Origin;
use scadstream_eval::Options;
use scadstream_geometry::{Job, PartKind, Settings, SolidCache, solve};
use scadstream_syntax::Location;

use crate::control::{Control, Progress, Stage, Stopped};
use crate::input::Input;
use crate::library::Libraries;
use crate::message::{Message, location, place};
use crate::model::Model;
use crate::parse_cache::ParseCache;
use crate::part_name;
use crate::solved::{NamedPart, Solved};

/// Caches and libraries, shared by all documents of a process.
///
/// Reuse changes the time, never the answer: every cache goes by content.
#[derive(Debug)]
pub struct Pipeline {
    libraries: Libraries,
    parses: ParseCache,
    solids: SolidCache,
}

/// What a pipeline may keep between jobs.
#[derive(Debug, Clone, Copy)]
pub struct Budgets {
    /// Bytes of syntax trees.
    pub parses: usize,
    /// Bytes of solved subtrees.
    pub solids: usize,
}

impl Default for Budgets {
    /// Room for a large library's trees, and for a million triangles in the kernel's form.
    fn default() -> Self {
        Self { parses: 128 << 20, solids: 256 << 20 }
    }
}

impl Pipeline {
    /// A pipeline with empty caches.
    pub fn new(libraries: Libraries, budgets: Budgets) -> Self {
        Self {
            libraries,
            parses: ParseCache::new(budgets.parses),
            solids: SolidCache::new(budgets.solids),
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
        let start = Instant::now();
        let refused: Mutex<Option<Stopped>> = Mutex::new(None);
        let place_of = |origin: Origin| place(location(origin), model.sources());
        let on_progress = |progress: scadstream_geometry::Progress| {
            let at = Some(place_of(progress.origin));
            let report = Progress {
                stage: Stage::Solve,
                fraction: Some(progress.fraction),
                place: at.clone(),
            };
            if let Err(reason) = control.watch.checkpoint(report) {
                let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
                refused.get_or_insert(Stopped::Refused { reason, place: at });
                control.cancel.cancel();
            }
        };
        let job = Job {
            cache: &self.solids,
            cancel: control.cancel.clone(),
            settings,
            fonts: None,
            on_progress: Some(&on_progress),
            on_part: None,
        };
        let solved = solve(model.root(), &job).and_then(|solution| {
            let whole = solution.unite(&job)?;
            Ok((solution, whole))
        });
        let Ok((mut solution, whole)) = solved else {
            let refused = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
            return Err(refused.unwrap_or(Stopped::Cancelled));
        };
        let whole = whole.unwrap_or_else(|diagnostic| {
            solution.diagnostics.push(diagnostic);
            scadstream_geometry::Whole::Empty
        });
        let to_message =
            |d: &scadstream_geometry::Diagnostic| Message::of_geometry(d, model.sources());
        let messages = solution.diagnostics.iter().map(to_message).collect();
        Ok(Solved::new(solution, whole, messages, start))
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
        let job = Job { settings, ..Job::new(&self.solids, control.cancel.clone()) };
        let solution = solve(model.root(), &job).map_err(|_| Stopped::Cancelled)?;
        let solids = solution.parts.into_iter().filter(|part| part.kind == PartKind::Solid);
        let (names, meshes): (Vec<_>, Vec<_>) = solids
            .map(|part| {
                let Location { source, span } = location(part.origin);
                let text = model.sources().get(source).text();
                let statement = text.get(span.start as usize..);
                let name = statement.and_then(part_name::of_statement).unwrap_or("object");
                (name.to_owned(), part.mesh)
            })
            .unzip();
        let names = part_name::distinct(names).into_iter();
        Ok(names.zip(meshes).map(|(name, mesh)| NamedPart { name, mesh }).collect())
    }

    /// Bytes that the caches hold.
    pub fn cached_bytes(&self) -> usize {
        self.parses.bytes() + self.solids.stats().bytes
    }

    /// How the cache of solids is doing.
    pub fn solid_cache(&self) -> scadstream_geometry::CacheStats {
        self.solids.stats()
    }

    /// Forgets solved subtrees, which take the most.
    pub fn forget_solids(&self) {
        self.solids.clear();
    }

    /// Forgets all that can be made again.
    pub fn forget(&self) {
        self.solids.clear();
        self.parses.clear();
    }
}
