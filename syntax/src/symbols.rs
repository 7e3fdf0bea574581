//! Names to [`Symbol`]s while a file is parsed.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ast::{Symbol, SymbolTable};

/// Gives equal names of one text equal symbols, in order of first appearance.
#[derive(Default)]
pub(crate) struct Interner<'a> {
    symbols: FxHashMap<&'a str, Symbol>,
    names: Vec<Arc<str>>,
}

impl<'a> Interner<'a> {
    pub(crate) fn intern(&mut self, name: &'a str) -> Symbol {
        let names = &mut self.names;
        *self.symbols.entry(name).or_insert_with(|| {
            names.push(name.into());
            Symbol(names.len() as u32 - 1)
        })
    }

    pub(crate) fn finish(&mut self) -> SymbolTable {
        SymbolTable { names: std::mem::take(&mut self.names) }
    }
}
