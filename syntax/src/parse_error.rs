//! What lexing and parsing have to say, with places local to one source.

use std::borrow::Cow;

use crate::diagnostic::{Diagnostic, Severity};
use crate::span::{Location, SourceId, Span};

/// One message about a source text. Its place is local to the text, so that it can be cached together with the tree;
/// [`SyntaxDiagnostic::at`] makes it a [`Diagnostic`] of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxDiagnostic {
    /// [`Severity::Error`] means that the file must not be evaluated.
    pub severity: Severity,
    /// The text as OpenSCAD words it, without prefix and place.
    pub message: Cow<'static, str>,
    /// The place in the text.
    pub span: Span,
    /// What is wrong in particular, or what to do about it. Never printed by OpenSCAD.
    pub hint: Option<Cow<'static, str>>,
}

impl SyntaxDiagnostic {
    /// A fault for which the file cannot be evaluated.
    pub fn error(message: impl Into<Cow<'static, str>>, span: Span) -> Self {
        Self { severity: Severity::Error, message: message.into(), span, hint: None }
    }

    /// A fault that does not stop the file.
    pub fn warning(message: impl Into<Cow<'static, str>>, span: Span) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message, span) }
    }

    /// Something that works and will not for ever.
    pub fn deprecated(message: impl Into<Cow<'static, str>>, span: Span) -> Self {
        Self { severity: Severity::Deprecated, ..Self::error(message, span) }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same as a message of an evaluation, in which the text is the source `source`.
    pub fn at(&self, source: SourceId) -> Diagnostic {
        let location = Location { source, span: self.span };
        let diagnostic = Diagnostic::new(self.severity, self.message.clone(), Some(location));
        match &self.hint {
            Some(hint) => diagnostic.hint(hint.clone()),
            None => diagnostic,
        }
    }

    pub(crate) fn hint(&mut self, hint: impl Into<Cow<'static, str>>) {
        self.hint = Some(hint.into());
    }
}
