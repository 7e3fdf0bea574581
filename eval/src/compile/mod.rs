//! Syntax tree to [`code`](crate::code): names resolved, arguments bound, constants folded.
//!
//! A compiler works on one body at a time (a file's or module's block, a function). What a name means depends on
//! where it stands: a variable of the running function, one captured from a surrounding function, one of a scope
//! further out, a `$` variable.

mod block;
mod expression;
mod last_use;

use std::rc::Rc;

use scadstream_syntax::{Location, Span};

use crate::code::{
    Expr, FunctionBody, FunctionCode, FunctionSource, ModuleBody, ModuleCode, Parameter,
    ScopeVariable, Target,
};
use crate::load::Unit;
use crate::names::Name;
use crate::program::Program;
use crate::scope::{Scope, ScopeKind};
use crate::value::Value;

/// Compiles a function's body and default values.
pub(crate) fn function(program: &mut Program, code: &FunctionCode) -> FunctionBody {
    let mut compiler = Compiler::new(program, Rc::clone(&code.unit), Rc::clone(&code.scope));
    compiler.states.push(State::new(Kind::Function));
    match &code.source {
        FunctionSource::Named(def) => {
            let parts = def.parts.get();
            compiler.function_body(&code.params, &parts.params, &parts.body)
        }
        FunctionSource::Literal(literal) => {
            compiler.function_body(&code.params, &literal.params, &literal.body)
        }
    }
}

/// Compiles a module's body and default values.
pub(crate) fn module(program: &mut Program, code: &ModuleCode) -> ModuleBody {
    let mut compiler = Compiler::new(program, Rc::clone(&code.unit), Rc::clone(&code.scope));
    compiler.states.push(State::new(Kind::Statements));
    let defaults = compiler.defaults(&code.params, &code.source.parts.get().params);
    let defaults_frame_size = compiler.state().max;
    let scope = Rc::new(Scope::new(ScopeKind::Module, Some(Rc::clone(&code.scope))));
    for param in &code.params {
        if !matches!(param.target, Target::Special(_)) {
            scope.declare(param.name, true);
        }
    }
    let block = block::compile_module(compiler.program, &code.unit, &scope, &code.source);
    ModuleBody { defaults, defaults_frame_size, block }
}

pub(crate) use block::{compile_file, declare_definitions};

/// What kind of body is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Expressions of a block: they run in order with its assignments.
    Statements,
    /// A function: it may run before the scopes around it have all their variables.
    Function,
    /// A function literal inside what the state before this one compiles.
    Literal,
}

/// Variables of one function being compiled.
struct State {
    kind: Kind,
    locals: Vec<Local>,
    /// Next free slot, and how many were ever in use at once.
    next: u32,
    max: u32,
    captures: Vec<Capture>,
    /// The name that the literal being compiled is bound to by `let`: inside, it means the literal itself.
    self_name: Option<Name>,
}

struct Local {
    name: Name,
    slot: u32,
    /// Not bound yet: only a function literal may refer to it, which makes it a cell.
    pending: bool,
    cell: bool,
}

struct Capture {
    name: Name,
    source: Expr,
    cell: bool,
}

impl State {
    fn new(kind: Kind) -> Self {
        Self { kind, locals: Vec::new(), next: 0, max: 0, captures: Vec::new(), self_name: None }
    }
}

/// The compiler of one body.
struct Compiler<'p> {
    program: &'p mut Program,
    unit: Rc<Unit>,
    scope: Rc<Scope>,
    /// The function being compiled, after those it stands in.
    states: Vec<State>,
    /// How deep the expression being compiled nests.
    depth: u32,
}

impl<'p> Compiler<'p> {
    fn new(program: &'p mut Program, unit: Rc<Unit>, scope: Rc<Scope>) -> Self {
        Self { program, unit, scope, states: Vec::new(), depth: 0 }
    }

    fn state(&mut self) -> &mut State {
        self.states.last_mut().expect("a body is being compiled")
    }

    fn location(&self, span: Span) -> Location {
        Location { source: self.unit.source, span }
    }

    fn name(&self, symbol: scadstream_syntax::ast::Symbol) -> Name {
        self.unit.names[symbol.0 as usize]
    }

    /// A new variable of the running function.
    fn push_local(&mut self, name: Name, pending: bool) -> u32 {
        let state = self.state();
        let slot = state.next;
        state.next += 1;
        state.max = state.max.max(state.next);
        state.locals.push(Local { name, slot, pending, cell: false });
        slot
    }

    /// Ends the scope of all locals but the first `count`.
    fn pop_locals(&mut self, count: usize, next: u32) {
        let state = self.state();
        state.locals.truncate(count);
        state.next = next;
    }

    fn function_body(
        mut self,
        params: &[Parameter],
        asts: &[scadstream_syntax::ast::Param],
        body: &scadstream_syntax::ast::Expr,
    ) -> FunctionBody {
        self.function_parts(params, asts, body)
    }

    /// Compiles defaults and body in the state on top.
    fn function_parts(
        &mut self,
        params: &[Parameter],
        asts: &[scadstream_syntax::ast::Param],
        body: &scadstream_syntax::ast::Expr,
    ) -> FunctionBody {
        let slots = params.iter().filter(|p| matches!(p.target, Target::Slot(_))).count() as u32;
        // Defaults are evaluated beside the parameters but do not see them.
        self.state().next = slots;
        self.state().max = slots;
        let defaults = self.defaults(params, asts);
        for param in params {
            if let Target::Slot(slot) = param.target {
                self.state().locals.push(Local {
                    name: param.name,
                    slot,
                    pending: false,
                    cell: false,
                });
            }
        }
        let mut expr = self.expr(body);
        last_use::mark(&mut expr);
        FunctionBody { frame_size: self.state().max, defaults, expr }
    }

    fn defaults(
        &mut self,
        params: &[Parameter],
        asts: &[scadstream_syntax::ast::Param],
    ) -> Box<[(Target, Expr)]> {
        let mut defaults = Vec::new();
        for (param, ast) in params.iter().zip(asts) {
            if let Some(default) = &ast.default {
                defaults.push((param.target.clone(), self.expr(default)));
            }
        }
        defaults.into()
    }

    /// What a name means as a variable.
    fn variable(&mut self, name: Name, location: Location) -> Expr {
        let text = self.program.names.text(name);
        if text.starts_with('$') {
            if &**text == "$children" {
                return match self.module_hops() {
                    Some(hops) => Expr::ChildCount(hops),
                    None => Expr::UnknownVariable(name, location),
                };
            }
            if &**text == "$parent_modules" {
                return Expr::ParentModules(location);
            }
            let special = self.program.names.special(name).expect("its name starts with $");
            if &**text == "$fn" {
                self.program.reads_fn.set(true);
            }
            return Expr::Special(special, location);
        }
        let level = self.states.len() - 1;
        if let Some(found) = self.local(level, name, false) {
            return found;
        }
        let scope = Rc::clone(&self.scope);
        self.scope_variable(&scope, 0, name, location)
    }

    /// A variable of the function at `level`, or of one around it.
    fn local(&mut self, level: usize, name: Name, from_literal: bool) -> Option<Expr> {
        let state = &mut self.states[level];
        for local in state.locals.iter_mut().rev().filter(|local| local.name == name) {
            if local.pending {
                if !from_literal {
                    continue;
                }
                local.cell = true;
            }
            return Some(if local.cell {
                Expr::LocalCell(local.slot)
            } else {
                Expr::Local(local.slot)
            });
        }
        if state.self_name == Some(name) {
            return Some(Expr::SelfFunction);
        }
        if let Some(i) = state.captures.iter().position(|c| c.name == name) {
            let cell = state.captures[i].cell;
            return Some(if cell { Expr::CaptureCell(i as u32) } else { Expr::Capture(i as u32) });
        }
        if state.kind != Kind::Literal || level == 0 {
            return None;
        }
        let source = self.local(level - 1, name, true)?;
        let (source, cell) = match source {
            // The cell itself is captured, not what it holds now.
            Expr::LocalCell(slot) => (Expr::Local(slot), true),
            Expr::CaptureCell(i) => (Expr::Capture(i), true),
            other => (other, false),
        };
        let captures = &mut self.states[level].captures;
        let index = captures.len() as u32;
        captures.push(Capture { name, source, cell });
        Some(if cell { Expr::CaptureCell(index) } else { Expr::Capture(index) })
    }

    /// A variable of `scope`, which is `hops` frames out, or of one around it.
    fn scope_variable(
        &mut self,
        scope: &Rc<Scope>,
        hops: u32,
        name: Name,
        location: Location,
    ) -> Expr {
        let in_order = self.states.len() == 1 && self.states[0].kind == Kind::Statements;
        let found = scope.variables.borrow().get(&name).cloned();
        let outer = |this: &mut Self| match &scope.parent {
            Some(parent) => this.scope_variable(parent, hops + 1, name, location),
            None if &**this.program.names.text(name) == "PI" => {
                Expr::Const(Value::Number(std::f64::consts::PI))
            }
            None => Expr::UnknownVariable(name, location),
        };
        match found {
            Some(variable) if in_order && !variable.assigned.get() => outer(self),
            Some(variable) => {
                let otherwise =
                    if in_order { Expr::UnknownVariable(name, location) } else { outer(self) };
                Expr::Scope(Box::new(ScopeVariable { hops, slot: variable.slot, otherwise }))
            }
            None => outer(self),
        }
    }

    /// How many frames out the enclosing user module's is.
    fn module_hops(&self) -> Option<u32> {
        let mut scope = Some(&self.scope);
        let mut hops = 0;
        while let Some(s) = scope {
            if s.kind == ScopeKind::Module {
                return Some(hops);
            }
            scope = s.parent.as_ref();
            hops += 1;
        }
        None
    }
}

/// Parameters with the slots that they take; `$` parameters take none.
///
/// Definitions have few parameters: looking for a name from the start costs less than a table would.
pub(crate) fn parameters(
    program: &Program,
    unit: &Unit,
    asts: &[scadstream_syntax::ast::Param],
) -> Box<[Parameter]> {
    let mut list: Vec<Parameter> = Vec::with_capacity(asts.len());
    let mut slots = 0;
    for param in asts {
        let name = unit.names[param.name.0 as usize];
        let target = match program.names.special(name) {
            Some(special) => Target::Special(special),
            // A name given twice is one variable.
            None => list.iter().find(|p| p.name == name).map_or_else(
                || {
                    slots += 1;
                    Target::Slot(slots - 1)
                },
                |first| first.target.clone(),
            ),
        };
        list.push(Parameter { name, target, named_only: false });
    }
    list.into()
}
