//! Files: reading, parsing, what they include and use.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use scadstream_syntax::ast::{self, Stmt, StmtKind};
use scadstream_syntax::decode::decode;
use scadstream_syntax::splice::{Spliced, splice};
use scadstream_syntax::{Diagnostic, Location, Parsed, Severity, Source, SourceId, Span};

use crate::compile::declare_definitions;
use crate::names::Name;
use crate::overwrite::Assigned;
use crate::program::{FileProgram, Program};
use crate::scope::{FileId, Scope, ScopeKind};
use crate::world::{Purpose, World};

/// One source text with the files that it includes.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) source: SourceId,
    /// The file, as the world calls it: where its own paths start from.
    pub(crate) file: Arc<str>,
    pub(crate) parsed: Arc<Parsed>,
    /// The names of its symbols.
    pub(crate) names: Vec<Name>,
    /// What each `include` statement stands for, by the statement's first byte.
    pub(crate) includes: FxHashMap<u32, Rc<Unit>>,
}

/// Files included in one another, and texts in all, that a program may have. Include cycles are cut by path; this is
/// for worlds that give one file many paths.
const MAX_INCLUDE_DEPTH: usize = 100;
const MAX_SOURCES: usize = 10_000;

/// Loading stopped: a file that has to be there as source is broken.
#[derive(Debug)]
pub(crate) struct Broken;

/// Loads files into a program.
pub(crate) struct Loader<'a> {
    pub(crate) program: &'a mut Program,
    pub(crate) world: &'a dyn World,
    /// Files being loaded, each included or used by the one before: none of them is opened again inside itself.
    open: Vec<Arc<str>>,
    /// `use` statements met, with the file that each stands in.
    uses: Vec<(Arc<str>, Arc<str>, Location)>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(program: &'a mut Program, world: &'a dyn World) -> Self {
        Self { program, world, open: Vec::new(), uses: Vec::new() }
    }

    /// Loads the main file and, over it, the assignments in `presets`.
    ///
    /// # Errors
    /// If the file or one that it includes is broken; diagnostics say where.
    pub(crate) fn main(
        &mut self,
        source: &Arc<Source>,
        presets: &[Arc<Source>],
    ) -> Result<FileId, Broken> {
        let file: Arc<str> = Arc::clone(source.name());
        let unit = self.unit(source, &file, Some(Assigned::InMain))?;
        let extras = presets
            .iter()
            .map(|preset| self.unit(preset, &file, None))
            .collect::<Result<Vec<_>, Broken>>()?;
        self.file(unit, extras)
    }

    /// Makes a unit and what it uses a file of the program.
    fn file(&mut self, unit: Rc<Unit>, extras: Vec<Rc<Unit>>) -> Result<FileId, Broken> {
        let uses = std::mem::take(&mut self.uses);
        let id = FileId(self.program.files.len() as u32);
        let scope = Rc::new(Scope::new(ScopeKind::File(id), None));
        declare_definitions(self.program, &unit, &scope, &unit.parsed.file.stmts);
        self.program.file_ids.insert(Arc::clone(&unit.file), id);
        self.open.push(Arc::clone(&unit.file));
        self.program.files.push(FileProgram::new(unit, extras, Rc::clone(&scope)));
        for (path, from, location) in uses {
            if let Some(used) = self.used(&path, &from, location) {
                let mut list = scope.uses.borrow_mut();
                list.retain(|file| *file != used);
                list.push(used);
            }
        }
        self.open.pop();
        Ok(id)
    }

    /// Whether a `use` statement finds its file.
    fn is_there(&mut self, path: &str, from: &str) -> bool {
        let found = !path.is_empty() && self.world.resolve(path, from, Purpose::Source).is_some();
        if !found {
            self.warn(format!("Can't open library '{path}'."), None);
        }
        found
    }

    /// The file of a `use` statement: loaded once per program, its faults cost that library only.
    fn used(&mut self, path: &str, from: &str, location: Location) -> Option<FileId> {
        let file = self.world.resolve(path, from, Purpose::Source)?;
        if is_font(path) {
            match self.world.read(&file) {
                Ok(bytes) => self.program.fonts.push(scadstream_csg::FileData::new(path, bytes)),
                Err(_) => self.warn(format!("Can't read font with path '{path}'"), Some(location)),
            }
            return None;
        }
        if let Some(id) = self.program.file_ids.get(&*file) {
            return Some(*id);
        }
        let Some((source, bad)) = self.read(&file) else {
            self.warn(format!("Can't open library '{path}'."), None);
            return None;
        };
        let file: Arc<str> = file.into();
        let open = std::mem::take(&mut self.open);
        let unit = self.unit(&source, &file, Some(Assigned::InLibrary));
        self.report_encoding(bad, unit.as_ref().ok());
        let id = unit.and_then(|unit| self.file(unit, Vec::new()));
        self.open = open;
        id.ok()
    }

    fn read(
        &self,
        file: &str,
    ) -> Option<(Arc<Source>, Option<scadstream_syntax::SyntaxDiagnostic>)> {
        let bytes = self.world.read_source(file).ok()?;
        let (source, bad) = decode(self.world.display_name(file), bytes);
        Some((Arc::new(source), bad))
    }

    fn report_encoding(
        &mut self,
        bad: Option<scadstream_syntax::SyntaxDiagnostic>,
        unit: Option<&Rc<Unit>>,
    ) {
        if let (Some(bad), Some(unit)) = (bad, unit) {
            self.program.messages.push(bad.at(unit.source));
        }
    }

    /// Parses a source and loads what it includes.
    fn unit(
        &mut self,
        source: &Arc<Source>,
        file: &Arc<str>,
        check: Option<Assigned>,
    ) -> Result<Rc<Unit>, Broken> {
        let parsed = self.world.parsed(source);
        let splice = parsed.includes_inside_statements
            || (parsed.has_errors() && source.text().contains("include"));
        if splice || !self.open.is_empty() {
            return self.whole_unit(source, parsed, splice, file, check);
        }
        let said = self.program.messages.mark();
        let uses = self.uses.len();
        let whole = self.whole_unit(source, Arc::clone(&parsed), false, file, check);
        if whole.is_ok() || parsed.has_errors() {
            return whole;
        }
        // A file that it includes is broken by itself. It may still hold a part of a statement that starts or ends here.
        self.program.messages.forget_since(&said);
        self.uses.truncate(uses);
        self.whole_unit(source, parsed, true, file, check)
    }

    /// The same once it is known whether what is included is part of a statement.
    fn whole_unit(
        &mut self,
        source: &Arc<Source>,
        parsed: Arc<Parsed>,
        splice: bool,
        file: &Arc<str>,
        check: Option<Assigned>,
    ) -> Result<Rc<Unit>, Broken> {
        let mut source = Arc::clone(source);
        let mut parsed = parsed;
        let mut spliced_faults = Vec::new();
        if splice {
            // What is included is part of a statement here: one text is made of all.
            let spliced = self.splice(&source, file);
            spliced_faults = spliced.diagnostics;
            source = Arc::new(spliced.source);
            parsed = self.world.parsed(&source);
        }
        let id = self.program.messages.sources.add(Arc::clone(&source));
        self.program.messages.files.push(Arc::clone(file));
        for diagnostic in spliced_faults.iter().chain(&parsed.diagnostics) {
            self.program.messages.push(diagnostic.at(id));
        }
        if parsed.has_errors() {
            let note = format!("Can't parse file '{}'!", source.name());
            self.program.messages.push(Diagnostic::new(Severity::Note, note, None));
            return Err(Broken);
        }
        let symbols = &parsed.file.symbols;
        let names = (0..symbols.len())
            .map(|i| self.program.names.intern(symbols.name(ast::Symbol(i as u32))))
            .collect();
        let mut unit = Unit {
            source: id,
            file: Arc::clone(file),
            parsed,
            names,
            includes: FxHashMap::default(),
        };
        self.open.push(Arc::clone(file));
        let mut found = Vec::new();
        find_files(&unit.parsed.file.stmts, &mut found);
        let loaded = found.into_iter().try_for_each(|(kind, span, path)| {
            if kind == Reference::Include {
                unit.includes
                    .extend(self.include(&path, file)?.map(|included| (span.start, included)));
            } else if self.is_there(&path, file) {
                self.uses.push((path, Arc::clone(file), Location { source: id, span }));
            }
            Ok(())
        });
        self.open.pop();
        loaded?;
        let unit = Rc::new(unit);
        if let (Some(place), true) = (check, self.open.is_empty()) {
            crate::overwrite::check(self.program, &unit, place);
        }
        Ok(unit)
    }

    /// The text of a file with all that it includes pasted in.
    fn splice(&self, source: &Arc<Source>, file: &Arc<str>) -> Spliced {
        let mut files = vec![(Arc::clone(source), Arc::clone(file))];
        splice(source, &mut |path, open| {
            let file_of = |source: &Arc<Source>| {
                files.iter().find(|(s, _)| Arc::ptr_eq(s, source)).map(|(_, f)| f)
            };
            let from = file_of(open.last()?)?;
            let found: Arc<str> = self.world.resolve(path, from, Purpose::Source)?.into();
            if path.is_empty() || open.iter().filter_map(file_of).any(|open| *open == found) {
                return None;
            }
            let (included, _) = self.read(&found)?;
            files.push((Arc::clone(&included), found));
            Some(included)
        })
    }

    fn include(&mut self, path: &str, from: &Arc<str>) -> Result<Option<Rc<Unit>>, Broken> {
        let found = self.world.resolve(path, from, Purpose::Source);
        let room =
            self.open.len() < MAX_INCLUDE_DEPTH && self.program.messages.files.len() < MAX_SOURCES;
        let is_open = |file: &str| self.open.iter().any(|open| **open == *file);
        let file = found.filter(|file| room && !path.is_empty() && !is_open(file));
        let Some((file, (source, bad))) =
            file.and_then(|file| self.read(&file).map(|read| (file, read)))
        else {
            self.warn(format!("Can't find include file '{path}'."), None);
            return Ok(None);
        };
        let unit = self.unit(&source, &file.into(), None)?;
        self.report_encoding(bad, Some(&unit));
        Ok(Some(unit))
    }

    fn warn(&mut self, text: String, location: Option<Location>) {
        self.program.messages.push(Diagnostic::new(Severity::Warning, text, location));
    }
}

fn is_font(path: &str) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    extension.eq_ignore_ascii_case("ttf") || extension.eq_ignore_ascii_case("otf")
}

/// A statement that names another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reference {
    Include,
    Use,
}

/// Collects the `include` and `use` statements of a file, in order.
fn find_files(stmts: &[Stmt], found: &mut Vec<(Reference, Span, Arc<str>)>) {
    for stmt in stmts {
        match &stmt.kind {
            StmtKind::Include(path) => {
                found.push((Reference::Include, stmt.span, Arc::clone(path)))
            }
            StmtKind::Use(path) => found.push((Reference::Use, stmt.span, Arc::clone(path))),
            StmtKind::Module(def) => {
                if let Some(parts) = def.parts.if_kept() {
                    find_files(&parts.body, found);
                }
            }
            StmtKind::Call(call) => find_files(&call.children, found),
            StmtKind::Block(stmts) => find_files(stmts, found),
            StmtKind::If(first) => {
                let mut conditional = first;
                loop {
                    find_files(&conditional.then, found);
                    match conditional.otherwise.as_deref() {
                        // However many `else if` there are.
                        Some([Stmt { kind: StmtKind::If(next), .. }]) => conditional = next,
                        Some(stmts) => break find_files(stmts, found),
                        None => break,
                    }
                }
            }
            StmtKind::Empty | StmtKind::Assign(_) | StmtKind::Function(_) | StmtKind::Error => {}
        }
    }
}
