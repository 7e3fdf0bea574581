//! Messages of all stages in one form, with places that people can read.

use scadstream_csg::Origin;
use scadstream_eval::render_message;
use scadstream_syntax::{Diagnostic, Location, Severity, SourceId, SourceMap, Span};

/// One message about a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its group.
    pub severity: Severity,
    /// The text, without the group's prefix and without the place.
    pub text: String,
    /// The message as OpenSCAD prints it: with prefix, file and line.
    pub line: String,
    /// Where in the source it arose.
    pub place: Option<Place>,
    /// Advice, one sentence each.
    pub hints: Vec<String>,
}

/// A stretch of a source text. Lines and columns count from 1, columns in code points; the end is just past the last
/// character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name as messages show it.
    pub file: String,
    /// Line of the first character.
    pub line: u32,
    /// Its column.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column of the end.
    pub end_column: u32,
}

impl Message {
    /// A message of parsing or evaluating.
    pub(crate) fn of_evaluation(diagnostic: &Diagnostic, sources: &SourceMap) -> Self {
        Self {
            severity: diagnostic.severity,
            text: diagnostic.message.clone(),
            line: render_message(diagnostic, sources),
            place: diagnostic.location.map(|location| place(location, sources)),
            hints: diagnostic.hints.clone(),
        }
    }

    /// A message of solving.
    pub(crate) fn of_geometry(
        diagnostic: &scadstream_geometry::Diagnostic,
        sources: &SourceMap,
    ) -> Self {
        let severity = match diagnostic.severity {
            scadstream_geometry::Severity::Warning => Severity::Warning,
            scadstream_geometry::Severity::Error => Severity::Error,
        };
        let location = location(diagnostic.origin);
        Self::of_evaluation(
            &Diagnostic::new(severity, &diagnostic.message, Some(location)),
            sources,
        )
    }
}

/// The place of a location.
pub(crate) fn place(location: Location, sources: &SourceMap) -> Place {
    let source = sources.get(location.source);
    let (start, end) = source.range(location.span);
    Place {
        file: source.name().to_string(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

/// The location that a node's origin stands for.
pub(crate) fn location(origin: Origin) -> Location {
    Location { source: SourceId(origin.source), span: Span::new(origin.start, origin.end) }
}
