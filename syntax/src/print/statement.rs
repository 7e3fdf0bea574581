//! The `.ast` export: a whole file in OpenSCAD's own layout.
//!
//! Each scope lists its functions, modules, assignments and instantiations, in this order. An assignment that is
//! overwritten later in its scope shows the last value at the place of the first. Plain braces are part of the scope
//! around them. Modifiers are not shown, and what `*` disables is left out.

use crate::ast::{
    Assign, Expr, File, FunctionDef, If, ModuleCall, ModuleDef, Stmt, StmtKind, Symbol,
};
use crate::customizer::Annotations;
use crate::print::expression::Printer;
use crate::source::Source;

/// Appends the `.ast` export of `file`, parsed from `source`, a main file with its includes spliced in.
///
/// `annotations` are those of the main file alone; they become comments in front of its parameters.
pub fn write_file(out: &mut String, source: &Source, file: &File, annotations: &Annotations) {
    let scope = Scope::of(&file.stmts);
    let printer = Printer { out, symbols: &file.symbols };
    Dump { printer, source, indent: 0 }.scope(&scope, Some(annotations));
}

/// The statements of a scope, sorted by what they are.
#[derive(Default)]
struct Scope<'a> {
    functions: Vec<&'a FunctionDef>,
    modules: Vec<&'a ModuleDef>,
    assigns: Vec<(Symbol, &'a Expr)>,
    instantiations: Vec<&'a Stmt>,
}

impl<'a> Scope<'a> {
    fn of(stmts: &'a [Stmt]) -> Self {
        let mut scope = Self::default();
        scope.add(stmts);
        scope
    }

    fn add(&mut self, stmts: &'a [Stmt]) {
        let mut places = rustc_hash::FxHashMap::default();
        self.add_below(stmts, &mut places);
    }

    fn add_below(&mut self, stmts: &'a [Stmt], places: &mut rustc_hash::FxHashMap<Symbol, usize>) {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Assign(Assign { name, value, .. }) => match places.get(name) {
                    Some(place) => self.assigns[*place].1 = value,
                    None => {
                        places.insert(*name, self.assigns.len());
                        self.assigns.push((*name, value));
                    }
                },
                StmtKind::Module(module) => self.modules.push(module),
                StmtKind::Function(function) => self.functions.push(function),
                StmtKind::Call(ModuleCall { modifiers, .. })
                | StmtKind::If(If { modifiers, .. }) => {
                    if !modifiers.disable {
                        self.instantiations.push(stmt);
                    }
                }
                StmtKind::Block(stmts) => self.add_below(stmts, places),
                StmtKind::Empty | StmtKind::Include(_) | StmtKind::Use(_) | StmtKind::Error => {}
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.assigns.is_empty() && self.instantiations.is_empty()
    }
}

struct Dump<'a> {
    printer: Printer<'a>,
    source: &'a Source,
    indent: usize,
}

impl Dump<'_> {
    fn text(&mut self, text: &str) {
        self.printer.text(text);
    }

    fn start_line(&mut self) {
        self.printer.out.extend(std::iter::repeat_n('\t', self.indent));
    }

    fn scope(&mut self, scope: &Scope<'_>, annotations: Option<&Annotations>) {
        for function in &scope.functions {
            self.start_line();
            self.text("function ");
            self.printer.name(function.name);
            let parts = function.parts.get();
            self.printer.params(&parts.params);
            self.text(" = ");
            self.printer.expr(&parts.body);
            self.text(";\n");
        }
        for module in &scope.modules {
            self.start_line();
            self.text("module ");
            self.printer.name(module.name);
            let parts = module.parts.get();
            self.printer.params(&parts.params);
            self.text(" ");
            self.block(&Scope::of(&parts.body));
        }
        for (name, value) in &scope.assigns {
            if let Some(annotations) = annotations {
                self.annotation(*name, value, annotations);
            }
            self.start_line();
            self.printer.name(*name);
            self.text(" = ");
            self.printer.expr(value);
            self.text(";\n");
        }
        for stmt in &scope.instantiations {
            self.start_line();
            self.instantiation(stmt);
        }
    }

    /// The comments of a parameter, unless an included file gives it its last value.
    fn annotation(&mut self, name: Symbol, value: &Expr, annotations: &Annotations) {
        let (source, offset) = self.source.origin(value.span.start);
        if let Some(annotation) = annotations.get(self.printer.symbols.name(name))
            && source.name() == self.source.name()
            && (annotation.span.start..annotation.span.end).contains(&offset)
        {
            self.text(&annotation.to_string());
        }
    }

    /// `{ .. }` over several lines.
    fn block(&mut self, scope: &Scope<'_>) {
        self.text("{\n");
        self.indent += 1;
        self.scope(scope, None);
        self.indent -= 1;
        self.start_line();
        self.text("}\n");
    }

    /// A module instantiation or `if`; the indentation of its first line is there already.
    fn instantiation(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Call(call) => {
                self.printer.name(call.name);
                self.printer.args(&call.args);
                self.children(&call.children, ";\n");
            }
            StmtKind::If(chain) => self.if_chain(chain),
            _ => {}
        }
    }

    fn if_chain(&mut self, first: &If) {
        let mut chain = first;
        loop {
            self.text("if(");
            self.printer.expr(&chain.condition);
            self.text(")");
            self.children(&chain.then, ";\n");
            let Some(otherwise) = &chain.otherwise else { return };
            self.start_line();
            self.text("else");
            match otherwise.as_slice() {
                [Stmt { kind: StmtKind::If(next), .. }] if !next.modifiers.disable => {
                    self.text(" ");
                    chain = next;
                }
                // OpenSCAD does forget the line end.
                otherwise => return self.children(otherwise, ";"),
            }
        }
    }

    fn children(&mut self, stmts: &[Stmt], if_empty: &str) {
        let scope = Scope::of(stmts);
        match scope.instantiations.as_slice() {
            _ if scope.is_empty() => self.text(if_empty),
            [only] if scope.assigns.is_empty() => {
                self.text(" ");
                self.instantiation(only);
            }
            _ => {
                self.text(" ");
                self.block(&scope);
            }
        }
    }
}
