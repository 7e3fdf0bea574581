//! Source texts and where their lines are.

use std::sync::Arc;

use crate::span::{SourceId, Span};

/// One source text with its display name and its line starts.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    line_starts: Arc<[u32]>,
}

/// A place as people read it; both count from 1, the column in Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in code points, from 1.
    pub column: u32,
}

impl Source {
    /// A source called `name` (a path relative to the document, as messages show it).
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let newlines = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let starts = std::iter::once(0).chain(newlines.map(|(i, _)| i as u32 + 1));
        Self { name: name.into(), line_starts: starts.collect(), text }
    }

    /// The name messages show.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Line and column of a byte offset; offsets past the end count as the end.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.line_starts[line] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.as_bytes()[start..end.max(start)]
            .iter()
            .filter(|byte| (**byte & 0xC0) != 0x80)
            .count();
        LineColumn { line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// First and last place of a span.
    pub fn range(&self, span: Span) -> (LineColumn, LineColumn) {
        (self.line_column(span.start), self.line_column(span.end))
    }
}

/// The sources of one evaluation, in order of loading; the document itself is the first.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    sources: Vec<Arc<Source>>,
}

impl SourceMap {
    /// Adds a source and gives its id.
    pub fn add(&mut self, source: Arc<Source>) -> SourceId {
        self.sources.push(source);
        SourceId(self.sources.len() as u32 - 1)
    }

    /// The source of an id of this map.
    ///
    /// # Panics
    /// If the id is of another map.
    pub fn get(&self, id: SourceId) -> &Arc<Source> {
        &self.sources[id.0 as usize]
    }

    /// All sources with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Arc<Source>)> {
        self.sources.iter().enumerate().map(|(i, s)| (SourceId(i as u32), s))
    }
}
