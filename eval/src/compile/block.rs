//! Blocks: hoisted assignments, definitions, module instantiations.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use scadstream_csg as csg;
use scadstream_syntax::Location;
use scadstream_syntax::ast::{self, Stmt, StmtKind};

use crate::code::{
    Argument, Arguments, Assign, Block, Declared, Definition, ForModule, If, ModuleCall,
    ModuleCallee, Statement, Target,
};
use crate::compile::expression::bind_list;
use crate::compile::{Compiler, Kind, State};
use crate::load::Unit;
use crate::modules;
use crate::names::Name;
use crate::program::Program;
use crate::scope::{FunctionId, ModuleId, Scope, ScopeKind};

/// What stands in a block once plain braces and includes are opened.
#[derive(Default)]
struct Contents<'a> {
    /// In order of the first assignment to each name; the last expression counts.
    assigns: Vec<(Name, &'a Rc<Unit>, &'a ast::Expr)>,
    statements: Vec<(&'a Rc<Unit>, &'a Stmt)>,
    definitions: Vec<(&'a Rc<Unit>, &'a Stmt)>,
}

impl<'a> Contents<'a> {
    fn of(unit: &'a Rc<Unit>, stmts: &'a [Stmt]) -> Self {
        let mut contents = Contents::default();
        let mut places = FxHashMap::default();
        contents.collect(unit, stmts, &mut places);
        contents
    }

    fn collect(
        &mut self,
        unit: &'a Rc<Unit>,
        stmts: &'a [Stmt],
        places: &mut FxHashMap<Name, usize>,
    ) {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Empty | StmtKind::Use(_) | StmtKind::Error => {}
                StmtKind::Assign(assign) => {
                    let name = unit.names[assign.name.0 as usize];
                    match places.get(&name) {
                        Some(place) => {
                            self.assigns[*place].1 = unit;
                            self.assigns[*place].2 = &assign.value;
                        }
                        None => {
                            places.insert(name, self.assigns.len());
                            self.assigns.push((name, unit, &assign.value));
                        }
                    }
                }
                StmtKind::Module(_) | StmtKind::Function(_) => self.definitions.push((unit, stmt)),
                StmtKind::Call(call) if call.modifiers.disable => {}
                StmtKind::If(conditional) if conditional.modifiers.disable => {}
                StmtKind::Call(_) | StmtKind::If(_) => self.statements.push((unit, stmt)),
                StmtKind::Block(stmts) => self.collect(unit, stmts, places),
                StmtKind::Include(_) => {
                    if let Some(included) = unit.includes.get(&stmt.span.start) {
                        self.collect(included, &included.parsed.file.stmts, places);
                    }
                }
            }
        }
    }
}

/// Enters the functions, modules and variables of a file into its scope.
pub(crate) fn declare_definitions(
    program: &mut Program,
    unit: &Rc<Unit>,
    scope: &Rc<Scope>,
    stmts: &[Stmt],
) {
    let contents = Contents::of(unit, stmts);
    declare(program, scope, &contents);
    declare_variables(program, scope, &contents);
}

/// Gives variables their slots. Functions of the scope may be compiled before its assignments are.
fn declare_variables(program: &Program, scope: &Scope, contents: &Contents<'_>) {
    for (name, ..) in &contents.assigns {
        if program.names.special(*name).is_none() {
            scope.declare(*name, false);
        }
    }
}

fn declare(program: &mut Program, scope: &Rc<Scope>, contents: &Contents<'_>) {
    for (unit, stmt) in &contents.definitions {
        match &stmt.kind {
            StmtKind::Function(def) => {
                let name = unit.names[def.name.0 as usize];
                let id = FunctionId(program.functions.len() as u32);
                program.functions.push(Declared::new(def, unit, scope));
                scope.functions.borrow_mut().insert(name, id);
            }
            StmtKind::Module(def) => {
                let name = unit.names[def.name.0 as usize];
                let id = ModuleId(program.modules.len() as u32);
                program.modules.push(Declared::new(def, unit, scope));
                scope.modules.borrow_mut().insert(name, id);
            }
            _ => {}
        }
    }
}

/// Compiles the top level of a file in its scope, which knows the file's functions and modules already; `extras` are
/// assignments that override the file's.
pub(crate) fn compile_file(
    program: &mut Program,
    unit: &Rc<Unit>,
    extras: &[Rc<Unit>],
    scope: &Rc<Scope>,
) -> Block {
    let mut contents = Contents::default();
    let mut places = FxHashMap::default();
    contents.collect(unit, &unit.parsed.file.stmts, &mut places);
    for extra in extras {
        contents.collect(extra, &extra.parsed.file.stmts, &mut places);
    }
    let mut block = compile_contents(program, scope, &contents, 0);
    block.has_frame = true;
    block
}

/// Compiles a module's body in `scope`, which is its own and knows its parameters already.
pub(crate) fn compile_module(
    program: &mut Program,
    unit: &Rc<Unit>,
    scope: &Rc<Scope>,
    def: &ast::ModuleDef,
) -> Block {
    let contents = Contents::of(unit, &def.parts.get().body);
    declare(program, scope, &contents);
    let mut block = compile_contents(program, scope, &contents, 0);
    block.has_frame = true;
    block
}

/// The children of an instantiation, or a branch: a scope of its own if it has variables.
fn child_block(compiler: &mut Compiler<'_>, stmts: &[Stmt]) -> Rc<Block> {
    let unit = Rc::clone(&compiler.unit);
    let contents = Contents::of(&unit, stmts);
    let lexical =
        contents.assigns.iter().any(|(name, ..)| compiler.program.names.special(*name).is_none());
    let block = if lexical || !contents.definitions.is_empty() {
        let scope = Rc::new(Scope::new(ScopeKind::Block, Some(Rc::clone(&compiler.scope))));
        declare(compiler.program, &scope, &contents);
        let mut block = compile_contents(compiler.program, &scope, &contents, compiler.depth);
        block.has_frame = true;
        block
    } else {
        let scope = Rc::clone(&compiler.scope);
        compile_contents(compiler.program, &scope, &contents, compiler.depth)
    };
    Rc::new(block)
}

fn compile_contents(
    program: &mut Program,
    scope: &Rc<Scope>,
    contents: &Contents<'_>,
    depth: u32,
) -> Block {
    declare_variables(program, scope, contents);
    let mut locals = 0;
    let mut assigns = Vec::with_capacity(contents.assigns.len());
    for (name, unit, ast) in &contents.assigns {
        let mut compiler = Compiler::new(program, Rc::clone(unit), Rc::clone(scope));
        compiler.depth = depth;
        compiler.states.push(State::new(Kind::Statements));
        let value = compiler.expr(ast);
        let location = compiler.location(ast.span);
        locals = locals.max(compiler.state().max);
        let target = match program.names.special(*name) {
            Some(special) => Target::Special(special),
            None => Target::Slot(scope.declare(*name, false)),
        };
        let is_parameter = !scope.mark_assigned(*name);
        let overwrites = (is_parameter && is_literal(ast)).then_some((*name, location));
        assigns.push(Assign { target, value, overwrites });
    }
    let mut dynamic = Vec::new();
    for (unit, stmt) in &contents.definitions {
        let symbol = match &stmt.kind {
            StmtKind::Function(def) => def.name,
            StmtKind::Module(def) => def.name,
            _ => continue,
        };
        let name = unit.names[symbol.0 as usize];
        if program.names.special(name).is_none() {
            continue;
        }
        if let Some(id) = scope.functions.borrow().get(&name) {
            dynamic.push((name, Definition::Function(*id)));
        }
        if let Some(id) = scope.modules.borrow().get(&name) {
            dynamic.push((name, Definition::Module(*id)));
        }
    }
    let mut statements = Vec::with_capacity(contents.statements.len());
    for (unit, stmt) in &contents.statements {
        let mut compiler = Compiler::new(program, Rc::clone(unit), Rc::clone(scope));
        compiler.depth = depth;
        compiler.states.push(State::new(Kind::Statements));
        match &stmt.kind {
            StmtKind::Call(call) => {
                statements.push(Statement::Call(Box::new(compiler.module_call(call))))
            }
            StmtKind::If(conditional) => {
                let location = compiler.location(stmt.span);
                statements
                    .push(Statement::If(Box::new(compiler.if_statement(conditional, location))));
            }
            _ => {}
        }
        locals = locals.max(compiler.state().max);
    }
    Block {
        has_frame: false,
        frame_slots: scope.variable_count() as u32,
        locals,
        assigns: assigns.into(),
        dynamic: dynamic.into(),
        statements: statements.into(),
    }
}

/// Whether an expression is a value written out.
fn is_literal(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Undef
        | ast::ExprKind::Bool(_)
        | ast::ExprKind::Number(_)
        | ast::ExprKind::String(_) => true,
        ast::ExprKind::Vector(items) => items
            .iter()
            .all(|item| matches!(&item.kind, ast::ElementKind::Expr(e) if is_literal(e))),
        _ => false,
    }
}

fn csg_modifiers(modifiers: ast::Modifiers) -> csg::Modifiers {
    csg::Modifiers {
        root: modifiers.root,
        highlight: modifiers.highlight,
        background: modifiers.background,
    }
}

impl Compiler<'_> {
    fn if_statement(&mut self, first: &ast::If, location: Location) -> If {
        let mut branches = Vec::new();
        let mut conditional = first;
        let otherwise = loop {
            let condition = self.expr(&conditional.condition);
            branches.push((condition, child_block(self, &conditional.then)));
            match conditional.otherwise.as_deref() {
                None => break None,
                // `else if`, however many: a loop, and no scope or node of its own in between. With modifier
                // characters it stays a statement.
                Some([Stmt { kind: StmtKind::If(next), .. }])
                    if next.modifiers == ast::Modifiers::default() =>
                {
                    conditional = next;
                }
                Some(stmts) => break Some(child_block(self, stmts)),
            }
        };
        If {
            modifiers: csg_modifiers(first.modifiers),
            branches: branches.into(),
            otherwise,
            location,
        }
    }

    fn module_call(&mut self, call: &ast::ModuleCall) -> ModuleCall {
        let name = self.name(call.name);
        let text = std::sync::Arc::clone(self.program.names.text(name));
        let location = self.location(call.head_span);
        let (callee, args, children) = match self.resolve_module(name) {
            // Looked for when it runs, in the blocks that run then.
            _ if self.program.names.special(name).is_some() => {
                let list = self.arguments(&call.args).into();
                let args = Arguments { list, warnings: Box::default() };
                (ModuleCallee::Dynamic, args, child_block(self, &call.children))
            }
            Some(callee) => {
                let id = match &callee {
                    ModuleCallee::User { id, .. } | ModuleCallee::Foreign { id, .. } => *id,
                    _ => unreachable!("only user modules are resolved by scope"),
                };
                let code = self.program.module(id);
                let mut list = self.arguments(&call.args);
                let warnings = bind_list(&code.params, &mut list, self.program);
                (
                    callee,
                    Arguments { list: list.into(), warnings: warnings.into() },
                    child_block(self, &call.children),
                )
            }
            None => self.builtin_module(&text, call),
        };
        let modifiers = csg_modifiers(call.modifiers);
        ModuleCall { modifiers, callee, name, args, children, location }
    }

    fn resolve_module(&self, name: Name) -> Option<ModuleCallee> {
        let mut scope = Some(Rc::clone(&self.scope));
        let mut hops = 0;
        while let Some(s) = scope {
            if let Some(id) = s.modules.borrow().get(&name) {
                return Some(ModuleCallee::User { id: *id, hops });
            }
            for file in s.uses.borrow().iter().rev() {
                let used = &self.program.files[file.0 as usize].scope;
                if let Some(id) = used.modules.borrow().get(&name) {
                    return Some(ModuleCallee::Foreign { id: *id, file: *file });
                }
            }
            scope = s.parent.clone();
            hops += 1;
        }
        None
    }

    fn builtin_module(
        &mut self,
        text: &str,
        call: &ast::ModuleCall,
    ) -> (ModuleCallee, Arguments, Rc<Block>) {
        match text {
            "for" | "intersection_for" => return self.for_module(text == "intersection_for", call),
            "let" => return self.let_module(call),
            "assert" => {
                let (condition, text, message) = self.assert_args(&call.args);
                let location = self.location(call.head_span);
                let argument = |value, slot| Argument {
                    name: None,
                    target: Target::Slot(slot),
                    value,
                    location,
                };
                let list = [condition.map(|e| argument(e, 0)), message.map(|e| argument(e, 1))];
                let args = Arguments {
                    list: list.into_iter().flatten().collect(),
                    warnings: Box::default(),
                };
                return (ModuleCallee::Assert { text }, args, child_block(self, &call.children));
            }
            _ => {}
        }
        let mut list = self.arguments(&call.args);
        let children = child_block(self, &call.children);
        if text == "children" {
            let args = Arguments { list: list.into(), warnings: Box::default() };
            return (ModuleCallee::Children(self.module_hops()), args, children);
        }
        match modules::lookup(text) {
            Some(module) => {
                let warnings = match self.program.builtin_parameters(module) {
                    Some(params) => bind_list(&params, &mut list, self.program),
                    None => Vec::new(),
                };
                let args = Arguments { list: list.into(), warnings: warnings.into() };
                (ModuleCallee::Builtin(module), args, children)
            }
            None => {
                let args = Arguments { list: list.into(), warnings: Box::default() };
                (ModuleCallee::Unknown, args, children)
            }
        }
    }

    /// A loop: its variables are slots of one frame per pass, around the scope of its children.
    fn for_module(
        &mut self,
        intersection: bool,
        call: &ast::ModuleCall,
    ) -> (ModuleCallee, Arguments, Rc<Block>) {
        let outer = Rc::clone(&self.scope);
        let scope = Rc::new(Scope::new(ScopeKind::Block, Some(Rc::clone(&outer))));
        self.scope = Rc::clone(&scope);
        let mut loops = Vec::new();
        for arg in &call.args {
            // Evaluated in the frame of the pass so far, which sees the variables before this one.
            let values = self.expr(&arg.value);
            let target = match arg.name.map(|symbol| self.name(symbol)) {
                None => Target::Nowhere,
                Some(name) => match self.program.names.special(name) {
                    Some(special) => Target::Special(special),
                    None => Target::Slot(scope.declare(name, true)),
                },
            };
            loops.push((target, values, self.location(arg.span)));
        }
        let children = child_block(self, &call.children);
        self.scope = outer;
        let frame_slots = scope.variable_count() as u32;
        let callee = ModuleCallee::For(Box::new(ForModule {
            intersection,
            loops: loops.into(),
            frame_slots,
        }));
        (callee, Arguments::default(), children)
    }

    /// `let (..) child`: like a loop of one pass.
    fn let_module(&mut self, call: &ast::ModuleCall) -> (ModuleCallee, Arguments, Rc<Block>) {
        let outer = Rc::clone(&self.scope);
        let scope = Rc::new(Scope::new(ScopeKind::Block, Some(Rc::clone(&outer))));
        self.scope = Rc::clone(&scope);
        let mut list = Vec::new();
        let mut seen = Vec::new();
        for arg in &call.args {
            let value = self.expr(&arg.value);
            let name = arg.name.map(|symbol| self.name(symbol));
            let target = match name {
                None => Target::Nowhere,
                // A second binding of a name is evaluated for its message only.
                Some(name) if seen.contains(&name) => Target::Unbound,
                Some(name) => {
                    seen.push(name);
                    match self.program.names.special(name) {
                        Some(special) => Target::Special(special),
                        None => Target::Slot(scope.declare(name, true)),
                    }
                }
            };
            list.push(Argument { name, target, value, location: self.location(arg.span) });
        }
        let children = child_block(self, &call.children);
        self.scope = outer;
        let callee = ModuleCallee::Let { frame_slots: scope.variable_count() as u32 };
        (callee, Arguments { list: list.into(), warnings: Box::default() }, children)
    }
}
