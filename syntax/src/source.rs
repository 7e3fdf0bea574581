//! Source texts and where their lines are.

use std::sync::{Arc, OnceLock};

use crate::span::{SourceId, Span};

/// One source text with its display name and its line starts.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    /// As a string, not a slice: what was read from a file stays where it was read to.
    text: Arc<String>,
    /// Worked out when the first line is asked for.
    line_starts: OnceLock<Arc<[u32]>>,
    /// Of a spliced text: the files that its parts are from, in order of place. Empty for an ordinary one.
    segments: Arc<[Segment]>,
}

/// A part of a spliced text, up to the start of the next one.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    /// Where it starts in the spliced text.
    pub(crate) start: u32,
    /// The file that it is from.
    pub(crate) source: Arc<Source>,
    /// Where it starts in that file.
    pub(crate) offset: u32,
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
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> Self {
        let (name, text) = (name.into(), Arc::new(text.into()));
        Self { name, text, line_starts: OnceLock::new(), segments: Arc::default() }
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let newlines = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(newlines.map(|i| i as u32 + 1)).collect()
        })
    }

    /// A text put together from parts of other sources; the first segment starts at 0.
    pub(crate) fn spliced(name: Arc<str>, text: String, segments: Vec<Segment>) -> Self {
        Self { segments: segments.into(), ..Self::new(name, text) }
    }

    /// The file that the text at `offset` is from, and the offset in that file. For a text that is not
    /// [spliced](mod@crate::splice) it is the source itself.
    pub fn origin(&self, offset: u32) -> (&Source, u32) {
        let after = self.segments.partition_point(|segment| segment.start <= offset);
        match after.checked_sub(1).map(|place| &self.segments[place]) {
            Some(segment) => (&segment.source, segment.offset + (offset - segment.start)),
            None => (self, offset),
        }
    }

    /// The name of the file that the text at `offset` is from.
    pub fn name_at(&self, offset: u32) -> &Arc<str> {
        &self.origin(offset).0.name
    }

    /// The name messages show.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &Arc<String> {
        &self.text
    }

    /// Line and column of a byte offset; offsets past the end count as the end. In a [spliced](mod@crate::splice) text
    /// they are those in the file that the text at the offset is from.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        if !self.segments.is_empty() {
            let (source, offset) = self.origin(offset);
            return source.line_column(offset);
        }
        let line = self.line_starts().partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.line_starts()[line] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.as_bytes()[start..end.max(start)]
            .iter()
            .filter(|byte| (**byte & 0xC0) != 0x80)
            .count();
        LineColumn { line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// The text of a line, counted from 1, without its line feed.
    pub fn line(&self, line: u32) -> Option<&str> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.line_starts().get(index)? as usize;
        let rest = &self.text[start..];
        Some(rest.split_once('\n').map_or(rest, |(line, _)| line))
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
