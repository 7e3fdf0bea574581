//! Finding the comments that belong to parameters.

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::comment::Comment;
use super::literal::{Literal, literal};
use crate::ast::{Assign, File, StmtKind, Symbol};
use crate::lexer::Lexer;
use crate::print::quoted;
use crate::source::Source;
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// What the comments around one parameter say.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// The group comment above, as written between its brackets; empty if it has none. None above the first one.
    pub group: Option<String>,
    /// The comment line directly above.
    pub description: Option<String>,
    /// The comment behind, on the line of the name.
    pub comment: Comment,
    /// The last assignment of the parameter.
    pub span: Span,
    pub(crate) value: Literal,
}

/// The annotations of a model's parameters, by name, in order of first assignment.
#[derive(Debug, Clone, Default)]
pub struct Annotations {
    list: Vec<(Arc<str>, Annotation)>,
    places: FxHashMap<Arc<str>, usize>,
}

impl Annotations {
    /// Those of a main file; `file` is parsed from `source`.
    pub fn collect(source: &Source, file: &File) -> Self {
        let comments = Comments::of(source);
        let mut places = FxHashMap::default();
        let mut last: Vec<(Symbol, Option<Annotation>)> = vec![];
        for stmt in &file.stmts {
            let StmtKind::Assign(assign) = &stmt.kind else { continue };
            let line = source.line_column(assign.name_span.start).line;
            let above_braces = line < comments.first_brace;
            let annotation =
                above_braces.then(|| annotation(source, assign, stmt.span, &comments)).flatten();
            // The last assignment of a name is the one that counts, at the place of the first.
            let place = *places.entry(assign.name).or_insert(last.len());
            if place == last.len() {
                last.push((assign.name, None));
            }
            last[place].1 = annotation;
        }
        let named = |(name, annotation): (Symbol, Option<Annotation>)| {
            Some((file.symbols.name(name).clone(), annotation?))
        };
        let list: Vec<_> = last.into_iter().filter_map(named).collect();
        let places =
            list.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
        Self { list, places }
    }

    /// The annotation of the parameter `name`.
    pub fn get(&self, name: &str) -> Option<&Annotation> {
        self.places.get(name).map(|place| &self.list[*place].1)
    }

    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Annotation)> {
        self.list.iter().map(|(name, annotation)| (name, annotation))
    }
}

fn annotation(
    source: &Source,
    assign: &Assign,
    span: Span,
    comments: &Comments,
) -> Option<Annotation> {
    let value = literal(&assign.value)?;
    let line = source.line_column(assign.name_span.start).line;
    let group = comments.groups.iter().rev().find(|(at, _)| *at < line);
    Some(Annotation {
        group: group.map(|(_, name)| name.clone()),
        description: line.checked_sub(1).and_then(|above| description(source.line(above)?)),
        comment: comments.behind(source, line).map_or(Comment::None, Comment::parse),
        span,
        value,
    })
}

/// What a comment line says. It must start at the first column. OpenSCAD turns each `//` in it into a space.
fn description(line: &str) -> Option<String> {
    let text = line.strip_prefix("//")?.replace("//", " ");
    let text = text.trim_start().trim_end_matches('\r');
    (!text.is_empty()).then(|| text.to_owned())
}

/// The comments of a text down to the line of its first `{`.
struct Comments {
    /// The line of the first `{` outside comments and strings; past the last line if there is none.
    first_brace: u32,
    /// Line and name of each group comment.
    groups: Vec<(u32, String)>,
    /// The text behind `//` of lines with one statement and a comment behind it, with the line.
    behind: Vec<(u32, Span)>,
}

impl Comments {
    fn of(source: &Source) -> Self {
        let mut found = Self { first_brace: u32::MAX, groups: vec![], behind: vec![] };
        // How many `;` the current line has had so far.
        let (mut line, mut semicolons) = (0, 0);
        for token in Lexer::new(source.text()) {
            if token.kind == TokenKind::Whitespace {
                continue;
            }
            let at = source.line_column(token.start).line;
            if at != line {
                (line, semicolons) = (at, 0);
            }
            match token.kind {
                TokenKind::LBrace => {
                    found.first_brace = at;
                    break;
                }
                TokenKind::Semicolon => semicolons += 1,
                TokenKind::LineComment if semicolons == 1 => {
                    found.behind.push((at, Span::new(token.start + 2, token.end)));
                }
                TokenKind::BlockComment => {
                    found.groups.extend(group(source.text(), token).map(|name| (at, name)));
                }
                _ => {}
            }
        }
        found
    }

    fn behind<'a>(&self, source: &'a Source, line: u32) -> Option<&'a str> {
        let place = self.behind.binary_search_by_key(&line, |(at, _)| *at).ok()?;
        let span = self.behind[place].1;
        Some(&source.text()[span.start as usize..span.end as usize])
    }
}

/// The group that a block comment on one line opens: what stands in its brackets, several joined by `-`. Without
/// brackets the group has an empty name, as in OpenSCAD.
fn group(text: &str, token: Token) -> Option<String> {
    let mut rest = &text[token.start as usize..token.end as usize];
    if rest.contains('\n') {
        return None;
    }
    let mut names = vec![];
    while let Some((_, after)) = rest.split_once('[')
        && let Some((name, after)) = after.split_once(']')
    {
        names.push(name);
        rest = after;
    }
    Some(names.join("-"))
}

/// As comment lines of an `.ast` export.
impl fmt::Display for Annotation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(group) = &self.group {
            writeln!(out, "//Group({})", quoted(group))?;
        }
        if let Some(description) = &self.description {
            writeln!(out, "//Description({})", quoted(description))?;
        }
        writeln!(out, "//Parameter({})", self.comment)
    }
}
