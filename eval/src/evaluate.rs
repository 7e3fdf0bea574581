//! The way in: a main file, and what comes of it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scadstream_csg::{Kind, Modifiers, Node, Origin};
use scadstream_syntax::{Diagnostic, Severity, Source, SourceId, SourceMap};

use crate::evaluator::{Eval, Evaluator, StopReason};
use crate::format;
use crate::limits::Control;
use crate::load::{Broken, Loader};
use crate::options::{Camera, Options};
use crate::program::Program;
use crate::scope::{FileId, Frame};
use crate::value::Value;
use crate::world::World;

/// What evaluating a model gave.
#[derive(Debug)]
pub struct Evaluation {
    /// The whole tree, a group of the top-level nodes; without children unless `outcome` is complete. What is drawn of
    /// it is [`Node::drawn_root`].
    pub root: Arc<Node>,
    /// Echo output, warnings and errors, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// The sources that diagnostics and nodes point into; the main file is the first.
    pub sources: SourceMap,
    /// How it ended.
    pub outcome: Outcome,
    /// The view that the top level sets, if it sets any part of it; the other parts are the options'.
    pub camera: Option<Camera>,
    /// Whether code of the model reads `$fn` by name, so that capping fragments shows a model that it may not have
    /// meant.
    pub reads_fn: bool,
    /// Figures.
    pub stats: Stats,
}

/// How an evaluation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// To its end, with or without warnings.
    Complete,
    /// An error stopped it, or the source is broken; diagnostics say why. Nothing is to be drawn.
    Failed,
    /// Nobody wanted the result any more.
    Cancelled,
}

/// Figures of an evaluation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stats {
    /// Nodes made.
    pub nodes: u64,
    /// Reading, parsing and declaring all files.
    pub load: Duration,
    /// Everything after that.
    pub run: Duration,
}

/// Evaluates `main`. Its name is where paths in it start from, as the world understands them.
pub fn evaluate(
    main: &Arc<Source>,
    world: &dyn World,
    options: &Options,
    control: &dyn Control,
) -> Evaluation {
    let start = Instant::now();
    let mut program = Program::default();
    program.messages.hard_warnings = options.hard_warnings;
    // The main file is the first source, whatever else is loaded.
    let presets: Vec<_> = options
        .presets
        .iter()
        .map(|preset| Arc::new(Source::new("command line", format!("{preset};"))))
        .collect();
    let loaded = Loader::new(&mut program, world).main(main, &presets);
    let load = start.elapsed();
    let mut evaluator = Evaluator::new(program, world, control, options);
    let mut nodes = Vec::new();
    let (outcome, camera) = match loaded {
        Err(Broken) => (Outcome::Failed, None),
        Ok(file) => match evaluator.run_main(file, &mut nodes) {
            Ok(camera) => (Outcome::Complete, camera),
            Err(_) => {
                nodes.clear();
                evaluator.report_trace();
                let cancelled = evaluator.stopped == Some(StopReason::Cancelled);
                (if cancelled { Outcome::Cancelled } else { Outcome::Failed }, None)
            }
        },
    };
    evaluator.tear_down();
    let run = start.elapsed() - load;
    let program = evaluator.program;
    Evaluation {
        root: Node::new(Kind::Group, Modifiers::default(), Origin::default(), nodes),
        diagnostics: program.messages.list,
        sources: program.messages.sources,
        outcome,
        camera,
        reads_fn: program.reads_fn.get(),
        stats: Stats { nodes: evaluator.nodes, load, run },
    }
}

impl Evaluator<'_> {
    /// Runs the main file; gives the view that it sets.
    fn run_main(&mut self, file: FileId, nodes: &mut Vec<Arc<Node>>) -> Eval<Option<Camera>> {
        let block = self.program.file_block(file);
        let frame = Rc::new(Frame::new(None, block.frame_slots as usize));
        let mark = self.mark();
        let result = self.block_in(&block, &frame, nodes);
        let camera = self.camera(mark);
        // Function values of the top level hold its frame.
        frame.clear();
        result?;
        if self.program.messages.stopped_by_warning {
            self.stopped = Some(StopReason::Error);
            return Err(crate::evaluator::Stop);
        }
        Ok(camera)
    }

    /// The view, if anything was set of it since `mark`.
    fn camera(&mut self, mark: usize) -> Option<Camera> {
        let names = self.builtin_specials;
        let set = [names.vpr, names.vpt, names.vpd, names.vpf]
            .iter()
            .any(|s| self.is_set_since(*s, mark));
        if !set {
            return None;
        }
        let mut camera = self.options.camera;
        for (special, name, target) in
            [(names.vpr, "$vpr", &mut camera.rotation), (names.vpt, "$vpt", &mut camera.target)]
        {
            let value = self.special(special).clone();
            match crate::modules::view_vector(&value) {
                Some(v) => *target = v,
                None => self.unusable(&value, name, "a vec3 or vec2 of numbers"),
            }
        }
        for (special, name, target) in [
            (names.vpd, "$vpd", &mut camera.distance),
            (names.vpf, "$vpf", &mut camera.field_of_view),
        ] {
            let value = self.special(special).clone();
            match value.as_number() {
                Some(x) => *target = x,
                None => self.unusable(&value, name, "a number"),
            }
        }
        Some(camera)
    }

    fn unusable(&mut self, value: &Value, name: &str, wanted: &str) {
        let text = format!("Unable to convert {name}={} to {wanted}", format::quoted(value));
        self.program.messages.push(Diagnostic::new(Severity::Warning, text, None));
    }

    /// The file, as the world calls it, that a source was read from.
    pub(crate) fn file_of(&self, source: SourceId) -> Arc<str> {
        Arc::clone(&self.program.messages.files[source.0 as usize])
    }
}
