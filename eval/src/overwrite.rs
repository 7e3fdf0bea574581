//! The warning for a variable that one scope assigns twice.
//!
//! Looked for when a file is loaded, whether or not its modules are ever called, as OpenSCAD's parser does. Overriding
//! what an included file set is how libraries are configured and stays silent. So does a used file about its modules and
//! about what it includes.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use scadstream_syntax::ast::{Stmt, StmtKind};
use scadstream_syntax::{Diagnostic, Location, Severity, SourceId};

use crate::load::Unit;
use crate::names::Name;
use crate::program::Program;

/// Where a file stands that is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assigned {
    /// It is the document.
    InMain,
    /// It is used.
    InLibrary,
}

/// Looks through a file and all that it includes.
pub(crate) fn check(program: &mut Program, unit: &Rc<Unit>, place: Assigned) {
    let main = unit.source;
    let mut checker = Checker { program, main, place };
    checker.scope(unit, &unit.parsed.file.stmts);
}

struct Checker<'a> {
    program: &'a mut Program,
    main: SourceId,
    place: Assigned,
}

type Places = FxHashMap<Name, Location>;

impl Checker<'_> {
    fn scope(&mut self, unit: &Rc<Unit>, stmts: &[Stmt]) {
        let mut assigned = Places::default();
        self.stmts(unit, stmts, &mut assigned);
    }

    fn stmts(&mut self, unit: &Rc<Unit>, stmts: &[Stmt], assigned: &mut Places) {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Assign(assign) => {
                    let name = unit.names[assign.name.0 as usize];
                    let location = Location { source: unit.source, span: stmt.span };
                    if let Some(before) = assigned.insert(name, location) {
                        self.report(name, before, location);
                    }
                }
                StmtKind::Module(_) | StmtKind::Call(_) | StmtKind::If(_)
                    if self.place == Assigned::InLibrary => {}
                StmtKind::Module(def) => {
                    if let Some(parts) = def.parts.if_kept() {
                        self.scope(unit, &parts.body);
                    }
                }
                StmtKind::Call(call) if !call.children.is_empty() => {
                    self.scope(unit, &call.children)
                }
                StmtKind::If(first) => {
                    let mut conditional = first;
                    loop {
                        self.scope(unit, &conditional.then);
                        match conditional.otherwise.as_deref() {
                            Some([Stmt { kind: StmtKind::If(next), .. }]) => conditional = next,
                            Some(stmts) => break self.scope(unit, stmts),
                            None => break,
                        }
                    }
                }
                StmtKind::Block(stmts) => self.stmts(unit, stmts, assigned),
                StmtKind::Include(_) => {
                    if let Some(included) = unit.includes.get(&stmt.span.start) {
                        self.stmts(included, &included.parsed.file.stmts, assigned);
                    }
                }
                _ => {}
            }
        }
    }

    fn report(&mut self, name: Name, before: Location, now: Location) {
        let library = self.place == Assigned::InLibrary;
        if before.source != self.main || (library && now.source != self.main) {
            return;
        }
        let source = self.program.messages.sources.get(before.source);
        let line = source.line_column(before.span.start).line;
        let name = self.program.names.text(name);
        let text = if now.source == before.source && before.source == SourceId(0) {
            format!("{name} was assigned on line {line} but was overwritten")
        } else {
            format!(
                "{name} was assigned on line {line} of \"{}\" but was overwritten",
                source.name()
            )
        };
        self.program.messages.push(Diagnostic::new(Severity::Warning, text, Some(now)));
    }
}
