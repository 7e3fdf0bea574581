//! Definitions of which the tree is made when it is first asked for.
//!
//! A library defines hundreds of functions and modules of which a model uses ten. Of a long text the parser therefore
//! only recognises its top-level definitions: every fault is found and every name is numbered, but there is no tree of
//! parameters and body. Whoever asks gets it, and it stays.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::ast::{FunctionParts, ModuleParts, Symbol, SymbolTable};
use crate::parser::Parser;
use crate::span::Span;

/// What a function or module does, perhaps still to be read.
#[derive(Clone)]
pub struct Deferred<T> {
    tree: OnceLock<T>,
    /// Where to read it from, unless it was kept when the text was parsed.
    place: Option<(Arc<LongText>, Span)>,
}

impl<T: fmt::Debug> fmt::Debug for Deferred<T> {
    /// The tree, if it has been made.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.get().fmt(f)
    }
}

/// What the unread definitions of one text share.
#[derive(Debug)]
pub(crate) struct LongText {
    text: Arc<String>,
    /// Known once the whole text has been parsed.
    table: OnceLock<SymbolTable>,
    symbols: OnceLock<FxHashMap<Arc<str>, Symbol>>,
}

impl<T> Deferred<T> {
    /// Parts that are there.
    pub(crate) fn kept(tree: T) -> Self {
        Self { tree: OnceLock::from(tree), place: None }
    }

    /// Parts that were found to be right and stand at `span` of `text`.
    pub(crate) fn recognised(text: Arc<LongText>, span: Span) -> Self {
        Self { tree: OnceLock::new(), place: Some((text, span)) }
    }

    /// The tree, if it was made when the text was parsed. Parts that were only recognised hold no `include` or `use`,
    /// and none of their scopes assigns a variable twice.
    pub fn if_kept(&self) -> Option<&T> {
        match self.place {
            None => self.tree.get(),
            Some(_) => None,
        }
    }

    fn tree(&self, read: fn(&mut Parser<'_>) -> Option<T>) -> &T {
        self.tree.get_or_init(|| {
            let (text, span) = self.place.as_ref().expect("what has no place is kept");
            let mut parser = Parser::of_part(&text.text, *span, text.symbols());
            read(&mut parser).expect("what was recognised can be read")
        })
    }
}

impl Deferred<FunctionParts> {
    /// Parameters and expression.
    pub fn get(&self) -> &FunctionParts {
        self.tree(|parser| parser.function_parts())
    }
}

impl Deferred<ModuleParts> {
    /// Parameters and statements.
    pub fn get(&self) -> &ModuleParts {
        self.tree(|parser| parser.module_parts())
    }
}

impl LongText {
    pub(crate) fn new(text: &Arc<String>) -> Self {
        Self { text: Arc::clone(text), table: OnceLock::new(), symbols: OnceLock::new() }
    }

    /// The text has been parsed, and these are its names.
    pub(crate) fn finish(&self, table: &SymbolTable) {
        // The only call for this text: the parser makes one of these per text.
        let _ = self.table.set(table.clone());
    }

    fn symbols(&self) -> &FxHashMap<Arc<str>, Symbol> {
        self.symbols.get_or_init(|| {
            let table = self.table.get().into_iter().flat_map(|table| table.names.iter());
            table.enumerate().map(|(i, name)| (Arc::clone(name), Symbol(i as u32))).collect()
        })
    }
}
