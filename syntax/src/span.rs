//! Places in source text.
//!
//! A [`Span`] is local to one [`Source`](crate::source::Source), so that a parsed file can be cached by its content
//! and used by any number of documents; a [`Location`] adds which source of an evaluation it is.

/// A half-open range of UTF-8 byte offsets in one source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just past the last byte; never less than `start`.
    pub end: u32,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Index of a source text in the [`SourceMap`](crate::source::SourceMap) of one evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

/// A span together with the source that it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Location {
    /// The source text.
    pub source: SourceId,
    /// The place in it.
    pub span: Span,
}
