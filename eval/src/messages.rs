//! The messages of an evaluation, in order, as OpenSCAD words and counts them.

use std::sync::Arc;

use scadstream_syntax::{Diagnostic, Location, Severity, SourceMap};

/// Identical messages in a row from which on no more are shown.
const REPEATS_SHOWN: u32 = 5;

/// What was said so far.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    pub(crate) sources: SourceMap,
    /// The file of each source, as the world calls it.
    pub(crate) files: Vec<Arc<str>>,
    pub(crate) list: Vec<Diagnostic>,
    /// Bytes of message text so far.
    pub(crate) bytes: usize,
    /// The first warning stops the evaluation.
    pub(crate) hard_warnings: bool,
    /// A warning came although warnings are hard.
    pub(crate) stopped_by_warning: bool,
    last: Option<Shown>,
    repeats: u32,
    /// How many messages were pushed, shown or not.
    pub(crate) count: u64,
}

/// What makes a message the same as another: group, text, source and line.
#[derive(Debug, PartialEq)]
struct Shown {
    severity: Severity,
    message: String,
    place: Option<(u32, u32)>,
}

impl Messages {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.count += 1;
        if self.hard_warnings
            && matches!(diagnostic.severity, Severity::Warning | Severity::Deprecated)
        {
            self.stopped_by_warning = true;
        }
        if self.is_repeated(&diagnostic) {
            return;
        }
        self.bytes += diagnostic.message.len() + size_of::<Diagnostic>();
        self.list.push(diagnostic);
    }

    /// Counts a warning, error or trace that reads like the one before it; echo and notes do not come in between.
    fn is_repeated(&mut self, diagnostic: &Diagnostic) -> bool {
        if matches!(diagnostic.severity, Severity::Echo | Severity::Note) {
            return false;
        }
        let place = diagnostic.location.map(|location| {
            let line = self.sources.get(location.source).line_column(location.span.start).line;
            (location.source.0, line)
        });
        let shown =
            Shown { severity: diagnostic.severity, message: diagnostic.message.clone(), place };
        if self.last.as_ref() == Some(&shown) {
            self.repeats += 1;
            return self.repeats >= REPEATS_SHOWN;
        }
        self.repeats = 0;
        self.last = Some(shown);
        false
    }

    /// What was said so far, to go back to.
    pub(crate) fn mark(&self) -> (usize, usize) {
        (self.list.len(), self.bytes)
    }

    /// Takes back all that was said since.
    pub(crate) fn forget_since(&mut self, (messages, bytes): &(usize, usize)) {
        self.list.truncate(*messages);
        self.bytes = *bytes;
        self.last = None;
        self.repeats = 0;
    }

    pub(crate) fn warn(&mut self, text: impl Into<String>, location: Location) {
        self.push(Diagnostic::new(Severity::Warning, text, Some(location)));
    }
}

/// A message as OpenSCAD prints it: `WARNING: text in file NAME, line N`.
pub fn render_message(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut out = String::from(diagnostic.severity.prefix());
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(&diagnostic.message);
    // Echo output and notes are text of the user's, which no place belongs to.
    if matches!(diagnostic.severity, Severity::Echo | Severity::Note) {
        return out;
    }
    if let Some(location) = diagnostic.location {
        let source = sources.get(location.source);
        let line = source.line_column(location.span.start).line;
        let name = source.name_at(location.span.start);
        out.push_str(&format!(" in file {name}, line {line}"));
    }
    out
}
