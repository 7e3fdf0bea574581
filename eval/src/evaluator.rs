//! The state of a running evaluation.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use scadstream_syntax::{Diagnostic, Location, Severity};

use crate::closure::Closure;
use crate::code::{Block, Definition, ModuleCode, Target};
use crate::format;
use crate::limits::{Control, Progress};
use crate::names::{Name, Special};
use crate::options::Options;
use crate::program::Program;
use crate::random::Random;
use crate::repeats::Repeats;
use crate::scope::{Frame, FunctionId, ModuleId};
use crate::value::Value;
use crate::world::World;

/// Evaluation is over before its end; the evaluator knows why. Carries nothing, so that results stay small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop;

/// A result of evaluating something.
pub(crate) type Eval<T = Value> = Result<T, Stop>;

/// Steps between two looks at the cancel token.
const STEPS_PER_POLL: u32 = 1024;
/// Polls between two memory checkpoints.
const POLLS_PER_CHECKPOINT: u32 = 16;
/// Nodes between two memory checkpoints.
const NODES_PER_CHECKPOINT: u64 = 10;

/// A `$` variable as it was before it was set.
struct Undo {
    special: Special,
    value: Value,
    /// What `specials_state` was then.
    state: u64,
}

/// Where an expression finds its variables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env<'a> {
    /// First slot of the running function, or of the statement, on the stack.
    pub(crate) base: usize,
    pub(crate) frame: &'a Rc<Frame>,
    /// The function value that is running.
    pub(crate) closure: Option<&'a Rc<Closure>>,
}

/// Why an evaluation stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    Error,
    Cancelled,
}

/// The evaluator.
pub(crate) struct Evaluator<'w> {
    pub(crate) program: Program,
    pub(crate) world: &'w dyn World,
    pub(crate) control: &'w dyn Control,
    pub(crate) options: &'w Options,
    /// Variables of running functions.
    pub(crate) stack: Vec<Value>,
    /// Current values of `$` variables.
    specials: Vec<Value>,
    /// What `$` variables were before the calls that run now set them.
    undo: Vec<Undo>,
    /// Tells what all `$` variables are: as long as this is the same, so are they.
    specials_state: u64,
    /// States of the `$` variables that there were.
    states: u64,
    /// Functions and modules named `$name` of the blocks that run now, innermost last.
    dynamic: Vec<(Name, Definition, Rc<Frame>)>,
    /// How often `$` names were used. With this and `unrepeatable` it is known whether a result depends on more than its
    /// scope.
    pub(crate) outside_reads: u64,
    /// How often the random generator or the names of running modules were used: whether the same call may give another
    /// result.
    pub(crate) unrepeatable: u64,
    pub(crate) repeats: Repeats,
    /// Names of the running user modules, outermost first.
    pub(crate) modules: Vec<Name>,
    pub(crate) random: Random,
    pub(crate) nodes: u64,
    pub(crate) stopped: Option<StopReason>,
    pub(crate) root_seen: Option<Location>,
    /// Callers that an error passed on its way out.
    trace: Vec<(String, Location)>,
    trace_len: usize,
    steps: u32,
    polls: u32,
    /// Cells that may be part of cycles, emptied at the end.
    cells: Vec<Weak<RefCell<Value>>>,
    /// Frames of used files that function values outlived, emptied at the end.
    pub(crate) kept_frames: Vec<Rc<Frame>>,
    pub(crate) builtin_specials: BuiltinSpecials,
}

/// The `$` variables that the evaluator itself reads or sets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuiltinSpecials {
    pub(crate) fn_: Special,
    pub(crate) fa: Special,
    pub(crate) fs: Special,
    pub(crate) fe: Special,
    pub(crate) vpr: Special,
    pub(crate) vpt: Special,
    pub(crate) vpd: Special,
    pub(crate) vpf: Special,
}

impl<'w> Evaluator<'w> {
    pub(crate) fn new(
        mut program: Program,
        world: &'w dyn World,
        control: &'w dyn Control,
        options: &'w Options,
    ) -> Self {
        let mut special = |text: &str| {
            let name = program.names.intern(&text.into());
            program.names.special(name).expect("the name starts with $")
        };
        let builtin_specials = BuiltinSpecials {
            fn_: special("$fn"),
            fa: special("$fa"),
            fs: special("$fs"),
            fe: special("$fe"),
            vpr: special("$vpr"),
            vpt: special("$vpt"),
            vpd: special("$vpd"),
            vpf: special("$vpf"),
        };
        let (t, preview) = (special("$t"), special("$preview"));
        let camera = &options.camera;
        let list = |v: [f64; 3]| Value::List(crate::list::List::from_slice(&v));
        let mut specials = vec![Value::Unset; program.names.special_count()];
        let mut set = |s: Special, value| specials[s.0 as usize] = value;
        set(builtin_specials.fn_, Value::Number(0.0));
        set(builtin_specials.fa, Value::Number(12.0));
        set(builtin_specials.fs, Value::Number(2.0));
        set(builtin_specials.vpr, list(camera.rotation));
        set(builtin_specials.vpt, list(camera.target));
        set(builtin_specials.vpd, Value::Number(camera.distance));
        set(builtin_specials.vpf, Value::Number(camera.field_of_view));
        set(t, Value::Number(options.time));
        set(preview, Value::Bool(options.preview));
        Self {
            program,
            world,
            control,
            options,
            stack: Vec::new(),
            specials,
            undo: Vec::new(),
            specials_state: 0,
            states: 0,
            dynamic: Vec::new(),
            outside_reads: 0,
            unrepeatable: 0,
            repeats: Repeats::default(),
            modules: Vec::new(),
            random: Random::new(options.seed),
            nodes: 0,
            stopped: None,
            root_seen: None,
            trace: Vec::new(),
            trace_len: 0,
            steps: STEPS_PER_POLL,
            polls: POLLS_PER_CHECKPOINT,
            cells: Vec::new(),
            kept_frames: Vec::new(),
            builtin_specials,
        }
    }

    /// The value of a `$` variable; [`Value::Unset`] if nothing set it.
    pub(crate) fn special(&mut self, special: Special) -> &Value {
        self.outside_reads += 1;
        // Names that only later compiled code brings in have no place yet.
        self.specials.get(special.0 as usize).unwrap_or(&Value::Unset)
    }

    /// Sets a `$` variable until [`Self::restore`] goes back to a mark taken before.
    pub(crate) fn set_special(&mut self, special: Special, value: Value) {
        let index = special.0 as usize;
        if index >= self.specials.len() {
            self.specials.resize(index + 1, Value::Unset);
        }
        let old = std::mem::replace(&mut self.specials[index], value);
        self.undo.push(Undo { special, value: old, state: self.specials_state });
        self.new_state();
    }

    fn new_state(&mut self) {
        self.states += 1;
        self.specials_state = self.states;
    }

    /// A number that is the same as long as all `$` variables are.
    pub(crate) fn specials_state(&self) -> u64 {
        self.specials_state
    }

    /// The same, in place of the value that it was set to since `mark`, if it was.
    pub(crate) fn set_special_since(&mut self, special: Special, value: Value, mark: usize) {
        if self.is_set_since(special, mark) {
            self.specials[special.0 as usize] = value;
            self.new_state();
        } else {
            self.set_special(special, value);
        }
    }

    /// Where `$` variables stand now.
    pub(crate) fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Takes back what was set since `mark`.
    #[inline]
    pub(crate) fn restore(&mut self, mark: usize) {
        while self.undo.len() > mark {
            if let Some(Undo { special, value, state }) = self.undo.pop() {
                self.specials[special.0 as usize] = value;
                self.specials_state = state;
            }
        }
    }

    /// Makes the functions and modules of a block that are named `$name` known, until [`Self::forget`].
    pub(crate) fn define(&mut self, block: &Block, frame: &Rc<Frame>) -> usize {
        let before = self.dynamic.len();
        for (name, definition) in &block.dynamic {
            self.dynamic.push((*name, *definition, Rc::clone(frame)));
        }
        before
    }

    /// Takes back what was defined since.
    #[inline]
    pub(crate) fn forget(&mut self, before: usize) {
        self.dynamic.truncate(before);
    }

    /// Whether any block that runs has functions or modules named `$name`.
    pub(crate) fn has_dynamic(&self) -> bool {
        !self.dynamic.is_empty()
    }

    /// The innermost function named `$name` of the blocks that run.
    pub(crate) fn dynamic_function(&mut self, name: Name) -> Option<(FunctionId, Rc<Frame>)> {
        if self.dynamic.is_empty() {
            return None;
        }
        self.outside_reads += 1;
        self.dynamic.iter().rev().find_map(|(n, definition, frame)| match definition {
            Definition::Function(id) if *n == name => Some((*id, Rc::clone(frame))),
            _ => None,
        })
    }

    /// The same for a module.
    pub(crate) fn dynamic_module(&self, name: Name) -> Option<(ModuleId, Rc<Frame>)> {
        self.dynamic.iter().rev().find_map(|(n, definition, frame)| match definition {
            Definition::Module(id) if *n == name => Some((*id, Rc::clone(frame))),
            _ => None,
        })
    }

    /// The `$` variables set since `mark`, with their values now.
    pub(crate) fn set_since(&self, mark: usize) -> Vec<(Special, Value)> {
        let now = |undo: &Undo| (undo.special, self.specials[undo.special.0 as usize].clone());
        self.undo[mark..].iter().map(now).collect()
    }

    pub(crate) fn is_set_since(&self, special: Special, mark: usize) -> bool {
        self.undo[mark..].iter().any(|undo| undo.special == special)
    }

    /// Counts a step of work; looks at the cancel token and at memory now and then.
    #[inline]
    pub(crate) fn step(&mut self) -> Eval<()> {
        self.steps -= 1;
        if self.steps == 0 { self.poll() } else { Ok(()) }
    }

    #[cold]
    fn poll(&mut self) -> Eval<()> {
        self.steps = STEPS_PER_POLL;
        if self.control.is_cancelled() {
            self.stopped = Some(StopReason::Cancelled);
            return Err(Stop);
        }
        if self.program.messages.stopped_by_warning {
            self.stopped = Some(StopReason::Error);
            return Err(Stop);
        }
        if self.program.messages.bytes > self.options.limits.message_bytes {
            return Err(self.error("Too much output: stopped", None));
        }
        self.polls -= 1;
        if self.polls == 0 {
            self.polls = POLLS_PER_CHECKPOINT;
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Counts nodes made, or taken again.
    pub(crate) fn count_nodes(&mut self, count: u64) -> Eval<()> {
        let checkpoints = self.nodes / NODES_PER_CHECKPOINT;
        self.nodes += count;
        if self.nodes / NODES_PER_CHECKPOINT == checkpoints { Ok(()) } else { self.checkpoint() }
    }

    fn checkpoint(&mut self) -> Eval<()> {
        match self.control.checkpoint(Progress { nodes: self.nodes }) {
            Ok(()) => Ok(()),
            Err(reason) => Err(self.error(reason, None)),
        }
    }

    /// Whether the stack has room for another level of recursion.
    #[inline]
    pub(crate) fn has_stack(&self) -> bool {
        stacker::remaining_stack().is_none_or(|left| left > self.options.limits.stack_reserve_bytes)
    }

    /// Reports an error and stops.
    #[cold]
    pub(crate) fn error(&mut self, text: impl Into<String>, location: Option<Location>) -> Stop {
        self.program.messages.push(Diagnostic::new(Severity::Error, text, location));
        self.stopped = Some(StopReason::Error);
        Stop
    }

    /// Reports a warning; with hard warnings, stops.
    #[cold]
    pub(crate) fn warn(&mut self, text: impl Into<String>, location: Location) {
        self.program.messages.warn(text, location);
        if self.program.messages.stopped_by_warning {
            // The next step stops: warnings arise where nothing can be returned.
            self.steps = 1;
        }
    }

    /// Notes a caller that an error passes.
    #[cold]
    pub(crate) fn trace(&mut self, name: Name, location: Location) {
        if self.stopped != Some(StopReason::Error) {
            return;
        }
        let text = format!("called by '{}'", self.program.names.text(name));
        self.trace_line(text, location);
    }

    /// Notes the values of a module's parameters beside the caller.
    #[cold]
    pub(crate) fn trace_parameters(&mut self, code: &ModuleCode, frame: &Frame) {
        if !self.options.trace_parameters || code.params.is_empty() {
            return;
        }
        let mut shown = Vec::new();
        for param in &code.params {
            let value = match param.target {
                Target::Slot(slot) => frame.get(slot),
                Target::Special(special) => self.special(special).clone(),
                Target::Nowhere | Target::Unbound => continue,
            };
            let name = self.program.names.text(param.name);
            shown.push(format!("{name} = {}", format::quoted(&value)));
        }
        let name = self.program.names.text(code.name);
        let text = format!("call of '{name}({})'", shown.join(", "));
        let location = Location { source: code.unit.source, span: code.source.span };
        self.trace_line(text, location);
    }

    fn trace_line(&mut self, text: String, location: Location) {
        if self.stopped != Some(StopReason::Error) {
            return;
        }
        self.trace_len += 1;
        let depth = self.options.trace_depth;
        // Innermost callers first; behind them a window of the outermost so far.
        if self.trace.len() >= 2 * depth && depth > 0 {
            self.trace.remove(depth);
        }
        if depth > 0 {
            self.trace.push((text, location));
        }
    }

    /// Turns the callers that an error passed into messages.
    pub(crate) fn report_trace(&mut self) {
        let depth = self.options.trace_depth;
        let excluded = self.trace_len - self.trace.len();
        for (i, (shown, location)) in std::mem::take(&mut self.trace).into_iter().enumerate() {
            if i == depth && excluded > 0 {
                let text = format!("*** Excluding {excluded} frames ***");
                self.program.messages.push(Diagnostic::new(Severity::Trace, text, None));
            }
            self.program.messages.push(Diagnostic::new(Severity::Trace, shown, Some(location)));
        }
    }

    /// A new cell, empty.
    pub(crate) fn new_cell(&mut self) -> Rc<RefCell<Value>> {
        if self.cells.len() == self.cells.capacity() {
            // Before the list grows, forget those that are gone.
            self.cells.retain(|cell| cell.strong_count() > 0);
        }
        let cell = Rc::new(RefCell::new(Value::Unset));
        self.cells.push(Rc::downgrade(&cell));
        cell
    }

    /// Breaks cycles of function values, so that nothing outlives the evaluation.
    pub(crate) fn tear_down(&mut self) {
        for cell in std::mem::take(&mut self.cells) {
            if let Some(cell) = cell.upgrade() {
                let old = cell.replace(Value::Unset);
                drop(old);
            }
        }
        for frame in std::mem::take(&mut self.kept_frames) {
            frame.clear();
        }
        for file in &mut self.program.files {
            if let Some(kept) = file.frame.take() {
                kept.frame.clear();
            }
        }
    }
}
