//! Calls of modules that were made before: what they gave is taken again.
//!
//! A loop that places four hundred screws calls one module four hundred times with the same arguments. Its nodes are made
//! once and shared, so that the tree takes less memory and its hashes less time, and models that recurse twice with the
//! same arguments do not take twice as long with each level.
//!
//! A call is the same as another if the module, the values of its arguments and all `$` variables are, the module stands
//! at the top level of its file, and no children are given to it. It may be taken again if it said nothing, and asked
//! neither for random numbers nor for the names of running modules.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use scadstream_csg::Node;

use crate::code::{Block, ModuleCode, Target};
use crate::evaluator::{Eval, Evaluator};
use crate::instantiate::Nodes;
use crate::scope::Frame;
use crate::value::Value;

/// Calls that are remembered; then all are forgotten. Picked by hand.
const MOST_CALLS: usize = 4096;
/// Words of a key; calls with longer arguments are not remembered.
const MOST_WORDS: usize = 64;
/// Once the tree has so many nodes, each counted as often as it is drawn, no more are shared: a model that doubles
/// with each level has to come to the limit of memory in evaluation, not to one of time in what walks its tree.
const MOST_NODES: u64 = 1 << 20;

/// The calls that were made.
#[derive(Default)]
pub(crate) struct Repeats {
    calls: FxHashMap<Box<[u64]>, Remembered>,
}

struct Remembered {
    /// The frame of the file that the module stands in: its variables are the same as long as it is.
    outer: Weak<Frame>,
    children: Nodes,
    /// How many were made for it, taken again or not.
    nodes: u64,
}

/// What a call depends on, or that it depends on more than can be told.
pub(crate) struct Key(Option<Vec<u64>>);

/// What a call is held against once it is done.
pub(crate) struct Before {
    messages: u64,
    unrepeatable: u64,
    nodes: u64,
}

impl Key {
    /// The key of a call, its arguments not yet [told](Self::argument).
    pub(crate) fn new(
        evaluator: &Evaluator<'_>,
        code: &Rc<ModuleCode>,
        outer: &Rc<Frame>,
        children: &Block,
    ) -> Self {
        let is_closed = outer.parent.is_none()
            && children.statements.is_empty()
            && children.assigns.is_empty()
            && !evaluator.has_dynamic();
        let address = Rc::as_ptr(code).addr() as u64;
        Self(is_closed.then(|| vec![address, evaluator.specials_state()]))
    }

    /// Tells an argument with the place that it goes to.
    pub(crate) fn argument(&mut self, target: &Target, value: &Value) {
        let Some(words) = &mut self.0 else { return };
        match target {
            Target::Slot(slot) => words.extend([0, u64::from(*slot)]),
            Target::Special(special) => words.extend([1, u64::from(special.0)]),
            Target::Nowhere | Target::Unbound => return,
        }
        if tell(value, words).is_none() {
            self.0 = None;
        }
    }
}

/// Appends what tells a value from all others; none for what cannot be told by words, or not by few.
fn tell(value: &Value, words: &mut Vec<u64>) -> Option<()> {
    match value {
        Value::Undef => words.push(0),
        Value::Bool(value) => words.extend([1, u64::from(*value)]),
        Value::Number(x) => words.extend([2, x.to_bits()]),
        Value::String(text) => {
            let bytes = text.as_str().as_bytes();
            words.extend([3, bytes.len() as u64]);
            for part in bytes.chunks(8).take(MOST_WORDS) {
                let mut word = [0; 8];
                word[..part.len()].copy_from_slice(part);
                words.push(u64::from_le_bytes(word));
            }
        }
        // However deep lists nest, each level adds words before the next is looked at.
        Value::List(list) => {
            words.extend([4, list.len() as u64]);
            for index in 0..list.len() {
                if words.len() > MOST_WORDS {
                    return None;
                }
                tell(&list.get(index)?, words)?;
            }
        }
        Value::Unset | Value::Cell(_) | Value::Range(_) | Value::Function(_) | Value::Object(_) => {
            return None;
        }
    }
    (words.len() <= MOST_WORDS).then_some(())
}

impl Evaluator<'_> {
    /// What the same call gave before.
    pub(crate) fn repeated(&mut self, key: &Key, outer: &Rc<Frame>) -> Eval<Option<Nodes>> {
        let known = key.0.as_deref().and_then(|words| self.repeats.calls.get(words));
        let is_in_reach = |known: &&Remembered| {
            self.nodes + known.nodes <= MOST_NODES
                && std::ptr::eq(known.outer.as_ptr(), Rc::as_ptr(outer))
        };
        let Some(known) = known.filter(is_in_reach) else { return Ok(None) };
        let (children, nodes) = (known.children.clone(), known.nodes);
        self.count_nodes(nodes)?;
        Ok(Some(children))
    }

    pub(crate) fn before_call(&self) -> Before {
        Before {
            messages: self.program.messages.count,
            unrepeatable: self.unrepeatable,
            nodes: self.nodes,
        }
    }

    /// Remembers what a call gave, if it may be taken again.
    pub(crate) fn remember(
        &mut self,
        key: Key,
        outer: &Rc<Frame>,
        before: &Before,
        children: &[Arc<Node>],
    ) {
        let Some(words) = key.0 else { return };
        let is_silent = self.program.messages.count == before.messages;
        if !is_silent || self.unrepeatable != before.unrepeatable {
            return;
        }
        if self.repeats.calls.len() >= MOST_CALLS {
            self.repeats.calls.clear();
        }
        let nodes = self.nodes - before.nodes;
        let remembered =
            Remembered { outer: Rc::downgrade(outer), children: children.to_vec(), nodes };
        self.repeats.calls.insert(words.into(), remembered);
    }
}
