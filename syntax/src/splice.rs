//! Includes pasted in where they stand.
//!
//! OpenSCAD's `include` works on tokens: the included text may be any part of a statement or expression. Nearly all
//! includes stand between statements and hold whole statements; a caller then parses each file alone, which lets it
//! cache the trees, and evaluates the included statements in place. Splicing is for the rest:
//! - [`Parsed::includes_inside_statements`](crate::Parsed::includes_inside_statements) is set, or
//! - a file that includes or is included has syntax errors when parsed alone.
//!
//! It is also what the `.ast` export shows.

use std::sync::Arc;

use crate::lexer::{Lexer, path_of};
use crate::parse_error::SyntaxDiagnostic;
use crate::source::{Segment, Source};
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// How deep files may include one another. Picked by hand; real libraries reach about ten.
const MAX_DEPTH: usize = 100;
/// The most text that splicing may give; BOSL2 as a whole has less than 4 MB. Files that each include the next one twice double it with each step.
const MAX_BYTES: usize = 64 << 20;

/// Finds an included file: the path as written, and the files that are open, the including one last. A file that is
/// itself open does not count as found.
pub type Lookup<'a> = dyn FnMut(&str, &[Arc<Source>]) -> Option<Arc<Source>> + 'a;

/// A text with its includes pasted in.
#[derive(Debug, Clone)]
pub struct Spliced {
    /// The whole text, under the main file's name. It knows which file each part is from: see [`Source::origin`].
    pub source: Source,
    /// Files that were not found, and other faults of the includes themselves. Spans are in `source`.
    pub diagnostics: Vec<SyntaxDiagnostic>,
}

/// Pastes everything that `main` includes, directly or not, into its text.
pub fn splice(main: &Arc<Source>, lookup: &mut Lookup<'_>) -> Spliced {
    let mut splicer = Splicer {
        text: String::new(),
        segments: vec![],
        diagnostics: vec![],
        chain: vec![],
        full: false,
        lookup,
    };
    splicer.file(main.clone());
    let Splicer { text, segments, diagnostics, .. } = splicer;
    Spliced { source: Source::spliced(main.name().clone(), text, segments), diagnostics }
}

struct Splicer<'a, 'b> {
    text: String,
    segments: Vec<Segment>,
    diagnostics: Vec<SyntaxDiagnostic>,
    chain: Vec<Arc<Source>>,
    /// [`MAX_BYTES`] was met: nothing more is included.
    full: bool,
    lookup: &'a mut Lookup<'b>,
}

impl Splicer<'_, '_> {
    fn file(&mut self, source: Arc<Source>) {
        self.chain.push(source.clone());
        let mut copied = 0;
        let mut lexer = Lexer::new(source.text());
        let mut includes = vec![];
        for token in lexer.by_ref().filter(|token| token.kind == TokenKind::Include) {
            self.copy(&source, copied, token.start);
            includes.push((token.start, self.text.len() as u32));
            self.include(&source, token);
            copied = token.end;
        }
        self.copy(&source, copied, source.text().len() as u32);
        // What is wrong with other tokens will be found again in the spliced text.
        for diagnostic in lexer.diagnostics() {
            let include = includes.iter().find(|(start, _)| *start == diagnostic.span.start);
            if let Some((_, at)) = include {
                let span = Span::new(*at, *at);
                self.diagnostics.push(SyntaxDiagnostic { span, ..diagnostic });
            }
        }
        self.chain.pop();
    }

    /// Appends `source` from `start` up to `end`.
    fn copy(&mut self, source: &Arc<Source>, start: u32, end: u32) {
        self.start_segment(source, start);
        self.text.push_str(&source.text()[start as usize..end as usize]);
    }

    fn start_segment(&mut self, source: &Arc<Source>, offset: u32) {
        let start = self.text.len() as u32;
        self.segments.push(Segment { start, source: source.clone(), offset });
    }

    fn include(&mut self, source: &Arc<Source>, token: Token) {
        let path = path_of(&source.text()[token.start as usize..token.end as usize]);
        // A space stands for the statement itself, so that messages about it have a place and tokens stay apart.
        self.start_segment(source, token.start);
        let span = Span::new(self.text.len() as u32, self.text.len() as u32 + 1);
        self.text.push(' ');
        if self.full {
            return;
        }
        if self.chain.len() > MAX_DEPTH {
            let message = format!("Files include one another more than {MAX_DEPTH} deep");
            return self.diagnostics.push(SyntaxDiagnostic::error(message, span));
        }
        let found = (self.lookup)(path, &self.chain);
        let Some(included) =
            found.filter(|found| self.chain.iter().all(|open| open.name() != found.name()))
        else {
            let message = format!("Can't find include file '{path}'.");
            return self.diagnostics.push(SyntaxDiagnostic::warning(message, span));
        };
        if self.text.len() + included.text().len() > MAX_BYTES {
            self.full = true;
            let message = format!("The included files have more than {MAX_BYTES} bytes in all");
            return self.diagnostics.push(SyntaxDiagnostic::error(message, span));
        }
        self.file(included);
        // A line comment at the end of a file ends with it.
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Spliced, splice};
    use crate::{Source, parse};

    /// Splices `main` with the given included files.
    fn spliced(main: &str, files: &[(&str, &str)]) -> Spliced {
        let main = Arc::new(Source::new("main.scad", main));
        splice(&main, &mut |path, _| {
            let file = files.iter().find(|(name, _)| *name == path)?;
            Some(Arc::new(Source::new(file.0, file.1)))
        })
    }

    #[track_caller]
    fn check(main: &str, files: &[(&str, &str)], printed: &str) {
        let spliced = spliced(main, files);
        assert_eq!(spliced.diagnostics, []);
        let parsed = parse(&spliced.source);
        assert_eq!(parsed.diagnostics, []);
        let mut out = String::new();
        crate::print::write_file(&mut out, &spliced.source, &parsed.file, &Default::default());
        assert_eq!(out, printed);
    }

    #[test]
    fn include_gives_part_of_an_expression() {
        check("x = 1 + include <two> * 3;", &[("two", "2 // two")], "x = (1 + (2 * 3));\n");
        check("data = include <list>;", &[("list", "[1, 2]")], "data = [1, 2];\n");
    }

    #[test]
    fn include_gives_part_of_a_statement() {
        let files = [("open", "module m() {\n"), ("close", "}\n")];
        let printed = "module m() {\n\tcube();\n}\n";
        check("include <open>\ncube();\ninclude <close>", &files, printed);
    }

    #[test]
    fn included_files_include_others() {
        let files = [("a", "include <b> x = 1;"), ("b", "y = 2;")];
        check("include <a>", &files, "y = 2;\nx = 1;\n");
    }

    #[test]
    fn include_in_comment_or_string_is_none() {
        check("x = \"include <a>\"; // include <a>", &[], "x = \"include <a>\";\n");
    }

    #[test]
    fn places_are_those_of_the_file_that_holds_them() {
        let main = "a = 1;\nx = include <part> + 4\ny = 5;";
        let Spliced { source, .. } = spliced(main, &[("part", "\n2 +\n 3")]);
        let place = |needle: &str| {
            let offset = source.text().find(needle).expect("the needle is in the text") as u32;
            let at = source.line_column(offset);
            (source.name_at(offset).to_string(), at.line, at.column)
        };
        assert_eq!(place("a = 1"), ("main.scad".into(), 1, 1));
        assert_eq!(place("x = "), ("main.scad".into(), 2, 1));
        assert_eq!(place("3"), ("part".into(), 3, 2));
        assert_eq!(place("+ 4"), ("main.scad".into(), 2, 20));
        assert_eq!(place("y = 5"), ("main.scad".into(), 3, 1));
        let (start, end) = source.range(crate::Span::new(0, source.text().len() as u32));
        assert_eq!((start.line, end.line), (1, 3));
    }

    #[track_caller]
    fn check_missing(main: &str, files: &[(&str, &str)], place: (&str, u32), message: &str) {
        let Spliced { source, diagnostics } = spliced(main, files);
        let [fault] = diagnostics.as_slice() else { panic!("not one fault: {diagnostics:?}") };
        assert_eq!(fault.message, message);
        let line = source.line_column(fault.span.start).line;
        assert_eq!((&**source.name_at(fault.span.start), line), place);
    }

    #[test]
    fn missing_file_is_reported_where_it_is_included() {
        let message = "Can't find include file 'no'.";
        check_missing("\ninclude <no>", &[], ("main.scad", 2), message);
        check_missing("include <a>", &[("a", "\n\ninclude <no>")], ("a", 3), message);
    }

    #[test]
    fn file_that_includes_itself_is_not_found() {
        check_missing(
            "include <a>",
            &[("a", "include <a>")],
            ("a", 1),
            "Can't find include file 'a'.",
        );
    }

    #[test]
    fn line_break_in_a_path_is_reported() {
        let message = "Line break inside the path of include or use";
        check_missing("include <x\na>", &[("a", "")], ("main.scad", 1), message);
    }

    #[test]
    fn doubling_includes_end_with_an_error() {
        let kilobyte = "x = 1;\n".repeat(150);
        let text = |i| format!("{kilobyte}include <{0}> include <{0}>", i + 1);
        let files: Vec<Arc<Source>> =
            (0..40).map(|i| Arc::new(Source::new(i.to_string(), text(i)))).collect();
        let main = Arc::new(Source::new("main", "include <0>"));
        let mut lookups = 0u32;
        let spliced = splice(&main, &mut |path, _| {
            lookups += 1;
            files.iter().find(|file| &**file.name() == path).cloned()
        });
        assert!(spliced.source.text().len() <= super::MAX_BYTES + (1 << 20));
        assert!(
            spliced.diagnostics.iter().any(|d| d.message.starts_with("The included files have"))
        );
        assert!(lookups < 200_000, "{lookups}");
    }
}
