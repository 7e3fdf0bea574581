//! Names of one evaluation, as small numbers.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// A name; equal texts have equal numbers across all files of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub(crate) u32);

/// Number of a `$` variable in the table of their current values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Special(pub(crate) u32);

/// All names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    numbers: FxHashMap<Arc<str>, Name>,
    /// Per name that starts with `$`: its number among those.
    specials: FxHashMap<Name, Special>,
    special_names: Vec<Name>,
}

impl Names {
    pub(crate) fn intern(&mut self, text: &Arc<str>) -> Name {
        if let Some(name) = self.numbers.get(text) {
            return *name;
        }
        let name = Name(self.texts.len() as u32);
        self.texts.push(Arc::clone(text));
        self.numbers.insert(Arc::clone(text), name);
        if text.starts_with('$') {
            self.specials.insert(name, Special(self.special_names.len() as u32));
            self.special_names.push(name);
        }
        name
    }

    pub(crate) fn text(&self, name: Name) -> &Arc<str> {
        &self.texts[name.0 as usize]
    }

    /// The name's number among `$` variables, if it is one. `$children` is lexical but has a number too.
    pub(crate) fn special(&self, name: Name) -> Option<Special> {
        self.specials.get(&name).copied()
    }

    pub(crate) fn special_text(&self, special: Special) -> &Arc<str> {
        self.text(self.special_names[special.0 as usize])
    }

    pub(crate) fn special_count(&self) -> usize {
        self.special_names.len()
    }
}
