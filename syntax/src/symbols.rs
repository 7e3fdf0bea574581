//! Names to [`Symbol`]s while a file is parsed.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ast::{Symbol, SymbolTable};

/// Gives equal names of one text equal symbols, in order of first appearance.
#[derive(Default)]
pub(crate) struct Interner<'a> {
    /// The names of the whole text, when a part of it is read again.
    known: Option<&'a FxHashMap<Arc<str>, Symbol>>,
    symbols: FxHashMap<&'a str, Symbol>,
    names: Vec<Arc<str>>,
}

impl<'a> Interner<'a> {
    /// For a part of a text of which all names are `known`.
    pub(crate) fn of_part(known: &'a FxHashMap<Arc<str>, Symbol>) -> Self {
        Self { known: Some(known), ..Self::default() }
    }

    pub(crate) fn intern(&mut self, name: &'a str) -> Symbol {
        if let Some(known) = self.known {
            return known[name];
        }
        let names = &mut self.names;
        *self.symbols.entry(name).or_insert_with(|| {
            names.push(name.into());
            Symbol(names.len() as u32 - 1)
        })
    }

    pub(crate) fn finish(&mut self) -> SymbolTable {
        SymbolTable { names: std::mem::take(&mut self.names).into() }
    }
}
