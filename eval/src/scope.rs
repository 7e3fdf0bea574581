//! Scopes: what a name means where, and the frames that hold the values at run time.
//!
//! A [`Scope`] exists once per piece of source: a file, a module, a block with assignments of its own. A [`Frame`] is
//! one run of it. Variables of functions (parameters, `let`, loops in lists) live on the evaluator's stack instead.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::code::Block;
use crate::names::Name;
use crate::value::Value;

/// Index of a function in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FunctionId(pub(crate) u32);

/// Index of a module in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ModuleId(pub(crate) u32);

/// Index of a file, with all that it includes, in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileId(pub(crate) u32);

/// What kind of source a scope belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    File(FileId),
    /// A user module: `children()` and `$children` inside refer to it.
    Module,
    Block,
}

/// Names defined at one level of the source.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) parent: Option<Rc<Scope>>,
    pub(crate) variables: RefCell<FxHashMap<Name, Variable>>,
    pub(crate) functions: RefCell<FxHashMap<Name, FunctionId>>,
    pub(crate) modules: RefCell<FxHashMap<Name, ModuleId>>,
    /// Files that this file uses, in order of their `use` statements.
    pub(crate) uses: RefCell<Vec<FileId>>,
}

/// A variable of a scope.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) slot: u32,
    /// Whether code that runs in order with the assignments, and is compiled now, comes after this one's.
    pub(crate) assigned: Rc<Cell<bool>>,
}

impl Scope {
    pub(crate) fn new(kind: ScopeKind, parent: Option<Rc<Scope>>) -> Self {
        Self {
            kind,
            parent,
            variables: RefCell::default(),
            functions: RefCell::default(),
            modules: RefCell::default(),
            uses: RefCell::default(),
        }
    }

    /// The slot of `name`, newly made if it has none.
    pub(crate) fn declare(&self, name: Name, assigned: bool) -> u32 {
        let mut variables = self.variables.borrow_mut();
        let slot = variables.len() as u32;
        variables
            .entry(name)
            .or_insert_with(|| Variable { slot, assigned: Rc::new(Cell::new(assigned)) })
            .slot
    }

    /// Says that the assignment of `name` comes before what is compiled from now on. False if something before it,
    /// hence a parameter, had set it already.
    pub(crate) fn mark_assigned(&self, name: Name) -> bool {
        self.variables.borrow().get(&name).is_none_or(|variable| !variable.assigned.replace(true))
    }

    pub(crate) fn variable_count(&self) -> usize {
        self.variables.borrow().len()
    }
}

/// One run of a scope.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) parent: Option<Rc<Frame>>,
    slots: RefCell<SmallVec<[Value; 3]>>,
    /// In a module's frame: the children it was given.
    pub(crate) children: Option<Children>,
}

/// The children of a module instantiation: statements of the caller, run in the caller's scope when asked for.
#[derive(Debug, Clone)]
pub(crate) struct Children {
    pub(crate) block: Rc<Block>,
    pub(crate) frame: Rc<Frame>,
}

impl Frame {
    pub(crate) fn new(parent: Option<Rc<Frame>>, slots: usize) -> Self {
        Self {
            parent,
            slots: RefCell::new(SmallVec::from_elem(Value::Unset, slots)),
            children: None,
        }
    }

    #[inline(always)]
    pub(crate) fn get(&self, slot: u32) -> Value {
        match &self.slots.borrow()[slot as usize] {
            Value::Number(x) => Value::Number(*x),
            value => value.clone(),
        }
    }

    /// The number at `index` of the list that a variable holds.
    #[inline]
    pub(crate) fn number_at(&self, slot: u32, index: usize) -> Option<f64> {
        self.slots.borrow()[slot as usize].as_list()?.number(index)
    }

    /// The number at `column` of the list at `index` of the list that a variable holds.
    pub(crate) fn cell_at(&self, slot: u32, index: usize, column: usize) -> Option<f64> {
        self.slots.borrow()[slot as usize].as_list()?.row(index)?.number(column)
    }

    pub(crate) fn set(&self, slot: u32, value: Value) {
        let old = std::mem::replace(&mut self.slots.borrow_mut()[slot as usize], value);
        // Dropped only now, when the frame is no longer borrowed: the old value may hold this frame.
        drop(old);
    }

    /// Forgets all variables. Function values among them may hold the frame, which would keep it alive for ever.
    pub(crate) fn clear(&self) {
        let old = std::mem::take(&mut *self.slots.borrow_mut());
        drop(old);
    }

    /// How many of the variables are function values that hold this very frame.
    pub(crate) fn own_functions(self: &Rc<Self>) -> usize {
        let holds =
            |value: &&Value| matches!(value, Value::Function(f) if Rc::ptr_eq(&f.frame, self));
        self.slots.borrow().iter().filter(holds).count()
    }
}

/// The frame `hops` levels out.
pub(crate) fn ancestor(frame: &Rc<Frame>, hops: u32) -> &Rc<Frame> {
    let mut frame = frame;
    for _ in 0..hops {
        frame = frame.parent.as_ref().expect("the compiler counted the levels of the same nesting");
    }
    frame
}
