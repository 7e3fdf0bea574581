//! Expressions.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use scadstream_syntax::ast::{self, BinaryOp, ElementKind, ExprKind, UnaryOp};
use scadstream_syntax::{Location, Span};

use crate::bind::{ArgumentWarning, bind};
use crate::builtin;
use crate::code::{
    Argument, Arguments, Assert, Binary, Binding, BindingTarget, BuiltinCall, Call, Callee, Chain,
    Echo, Element, Expr, ForCElement, ForElement, FunctionCode, FunctionExpr, FunctionSource, Let,
    Parameter, RangeExpr, Resolved, ScopeVariable, Target,
};
use crate::compile::{Compiler, Kind, State, parameters};
use crate::names::Name;
use crate::ops;
use crate::program::Program;
use crate::scope::Scope;
use crate::value::Value;

/// Expressions nested deeper than this, which only a program writes, are refused. The parser limits bracket nesting;
/// this bounds chains of calls and indexes too.
const MAX_DEPTH: u32 = 4_000;

/// The stack is checked once per this many levels of an expression.
const GUARD_EVERY: u32 = 100;

/// Operators in a row from which on they are evaluated in a loop.
const CHAIN_MIN: usize = 16;

impl Compiler<'_> {
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> Expr {
        self.depth += 1;
        let compiled = if self.depth > MAX_DEPTH {
            let location = self.location(expr.span);
            self.program.error_once("Expression nested too deeply".into(), location);
            Expr::Const(Value::Undef)
        } else {
            self.expr_kind(expr)
        };
        let guard = self.depth.is_multiple_of(GUARD_EVERY);
        self.depth -= 1;
        if guard { Expr::Guard(Box::new(compiled)) } else { compiled }
    }

    fn expr_kind(&mut self, expr: &ast::Expr) -> Expr {
        let location = self.location(expr.span);
        match &expr.kind {
            ExprKind::Undef | ExprKind::Error => Expr::Const(Value::Undef),
            ExprKind::Bool(b) => Expr::Const(Value::Bool(*b)),
            ExprKind::Number(x) => Expr::Const(Value::Number(*x)),
            ExprKind::String(s) => Expr::Const(Value::string(s)),
            ExprKind::Name(symbol) => {
                let name = self.name(*symbol);
                self.variable(name, location)
            }
            ExprKind::Vector(elements) => self.vector(elements),
            ExprKind::Range(range) => self.range(range, location),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, location),
            ExprKind::Binary(..) => self.binary(expr),
            ExprKind::Ternary(_) => self.conditional(expr),
            ExprKind::Call(callee, args) => self.call(callee, args, location),
            ExprKind::Index(base, index) => {
                Expr::Index(Box::new([self.expr(base), self.expr(index)]))
            }
            ExprKind::Member(base, symbol) => {
                let member = Arc::clone(self.program.names.text(self.name(*symbol)));
                Expr::Member(Box::new(self.expr(base)), member)
            }
            ExprKind::Let(bindings, body) => {
                let (count, next) = (self.state().locals.len(), self.state().next);
                let (bindings, sets_specials) = self.bindings(bindings);
                let body = self.expr(body);
                let bindings = self.finish_bindings(bindings);
                self.pop_locals(count, next);
                Expr::Let(Box::new(Let { bindings, body, sets_specials }))
            }
            ExprKind::Assert(args, body) => {
                let (condition, text, message) = self.assert_args(args);
                let body = body.as_ref().map(|body| self.expr(body));
                Expr::Assert(Box::new(Assert { condition, text, message, body, location }))
            }
            ExprKind::Echo(args, body) => {
                let args = self.arguments(args).into();
                let body = body.as_ref().map(|body| self.expr(body));
                Expr::Echo(Box::new(Echo { args, body, location }))
            }
            ExprKind::Function(literal) => self.literal(literal, location, None),
        }
    }

    fn vector(&mut self, elements: &[ast::Element]) -> Expr {
        if elements.iter().all(|e| matches!(e.kind, ElementKind::Expr(_))) {
            let items: Vec<Expr> = elements
                .iter()
                .filter_map(|e| {
                    if let ElementKind::Expr(e) = &e.kind { Some(self.expr(e)) } else { None }
                })
                .collect();
            if items.iter().all(|item| matches!(item, Expr::Const(_))) {
                let values = items
                    .into_iter()
                    .filter_map(|i| if let Expr::Const(v) = i { Some(v) } else { None });
                return Expr::Const(Value::List(values.collect()));
            }
            return Expr::List(items.into());
        }
        Expr::Comprehension(elements.iter().map(|e| self.element(e)).collect())
    }

    fn element(&mut self, element: &ast::Element) -> Element {
        self.depth += 1;
        let compiled = self.element_kind(element);
        self.depth -= 1;
        compiled
    }

    fn element_kind(&mut self, element: &ast::Element) -> Element {
        let location = self.location(element.span);
        match &element.kind {
            ElementKind::Expr(expr) => Element::Value(self.expr(expr)),
            ElementKind::For(bindings, body) => self.for_element(bindings, body, location),
            ElementKind::ForC { init, condition, next, body } => {
                let (count, first_free) = (self.state().locals.len(), self.state().next);
                let (mut init, _) = self.bindings(init);
                // Variables that only the third part sets are, in the first round, those of the same name around it.
                for arg in next {
                    let Some(name) = arg.name.map(|symbol| self.name(symbol)) else { continue };
                    let known = self.state().locals[count..].iter().any(|local| local.name == name);
                    if !known && self.program.names.special(name).is_none() {
                        let value = match self.variable(name, location) {
                            Expr::UnknownVariable(..) => Expr::Const(Value::Undef),
                            outer => outer,
                        };
                        let target = BindingTarget::Local {
                            slot: self.push_local(name, false),
                            cell: false,
                        };
                        init.push(Binding { target, value, location });
                    }
                }
                let condition = self.expr(condition);
                let body = self.element(body);
                let next = next.iter().map(|arg| self.next_binding(arg, count)).collect();
                let init = self.finish_bindings(init);
                self.pop_locals(count, first_free);
                Element::ForC(Box::new(ForCElement { init, condition, next, body, location }))
            }
            ElementKind::If(condition, then, otherwise) => {
                let condition = self.expr(condition);
                let then = self.element(then);
                let otherwise = otherwise.as_ref().map(|e| self.element(e));
                Element::If(Box::new((condition, then, otherwise)))
            }
            ElementKind::Let(bindings, body) => {
                let (count, next) = (self.state().locals.len(), self.state().next);
                let (bindings, _) = self.bindings(bindings);
                let body = self.element(body);
                let bindings = self.finish_bindings(bindings);
                self.pop_locals(count, next);
                Element::Let(Box::new((bindings, body)))
            }
            ElementKind::Each(body) => Element::Each(Box::new(self.element(body))),
        }
    }

    /// `for (a = .., b = ..) body` as loops inside each other.
    fn for_element(
        &mut self,
        bindings: &[ast::Arg],
        body: &ast::Element,
        location: Location,
    ) -> Element {
        let Some((first, rest)) = bindings.split_first() else { return self.element(body) };
        let values = self.expr(&first.value);
        let (count, next) = (self.state().locals.len(), self.state().next);
        let target = match first.name.map(|symbol| self.name(symbol)) {
            None => BindingTarget::Unnamed,
            Some(name) => match self.program.names.special(name) {
                Some(special) => BindingTarget::Special(special),
                None => BindingTarget::Local { slot: self.push_local(name, false), cell: false },
            },
        };
        let body = self.for_element(rest, body, location);
        self.pop_locals(count, next);
        Element::For(Box::new(ForElement { target, values, body, location }))
    }

    /// Bindings of a `let`, each seeing those before it, and whether any sets a `$` variable. Which of them are cells
    /// is known only once everything that sees them is compiled: see `finish_bindings`.
    fn bindings(&mut self, args: &[ast::Arg]) -> (Vec<Binding>, bool) {
        let first_local = self.state().locals.len();
        let mut seen: Vec<Name> = Vec::new();
        let mut sets_specials = false;
        let mut targets = Vec::new();
        for arg in args {
            let target = match arg.name.map(|symbol| self.name(symbol)) {
                None => BindingTarget::Unnamed,
                Some(name) if seen.contains(&name) => {
                    BindingTarget::Duplicate(Arc::clone(self.program.names.text(name)))
                }
                Some(name) => {
                    seen.push(name);
                    match self.program.names.special(name) {
                        Some(special) => {
                            sets_specials = true;
                            BindingTarget::Special(special)
                        }
                        None => {
                            BindingTarget::Local { slot: self.push_local(name, true), cell: false }
                        }
                    }
                }
            };
            targets.push(target);
        }
        let mut local = first_local;
        let mut bindings = Vec::new();
        for (arg, target) in args.iter().zip(targets) {
            let location = self.location(arg.span);
            let name = arg.name.map(|symbol| self.name(symbol));
            let value = match (&arg.value.kind, &target, name) {
                (ExprKind::Function(literal), BindingTarget::Local { .. }, Some(name)) => {
                    let location = self.location(arg.value.span);
                    self.literal(literal, location, Some(name))
                }
                _ => self.expr(&arg.value),
            };
            if let BindingTarget::Local { .. } = target {
                self.state().locals[local].pending = false;
                local += 1;
            }
            bindings.push(Binding { target, value, location });
        }
        (bindings, sets_specials)
    }

    /// Marks the bindings whose variables turned out to be captured before they are bound.
    fn finish_bindings(&mut self, mut bindings: Vec<Binding>) -> Box<[Binding]> {
        let locals = &self.state().locals;
        for binding in &mut bindings {
            if let BindingTarget::Local { slot, cell } = &mut binding.target {
                *cell = locals.iter().any(|local| local.slot == *slot && local.cell);
            }
        }
        bindings.into()
    }

    /// One assignment of the third part of a C-style loop: sets a variable of the first part.
    fn next_binding(&mut self, arg: &ast::Arg, first_local: usize) -> Binding {
        let location = self.location(arg.span);
        let value = self.expr(&arg.value);
        let target = match arg.name.map(|symbol| self.name(symbol)) {
            None => BindingTarget::Unnamed,
            Some(name) => match self.program.names.special(name) {
                Some(special) => BindingTarget::Special(special),
                None => {
                    let found =
                        self.state().locals[first_local..].iter().rev().find(|l| l.name == name);
                    let (slot, cell) =
                        found.map(|l| (l.slot, l.cell)).expect("declared with the first part");
                    BindingTarget::Local { slot, cell }
                }
            },
        };
        Binding { target, value, location }
    }

    fn range(&mut self, range: &ast::RangeExpr, location: Location) -> Expr {
        let begin = self.expr(&range.begin);
        let step = range.step.as_ref().map(|step| self.expr(step));
        let end = self.expr(&range.end);
        Expr::Range(Box::new(RangeExpr { begin, step, end, location }))
    }

    fn unary(&mut self, op: UnaryOp, operand: &ast::Expr, location: Location) -> Expr {
        let operand = self.expr(operand);
        if let Expr::Const(value) = &operand
            && let Ok(folded) = ops::unary(op, value)
        {
            return Expr::Const(folded);
        }
        Expr::Unary(op, Box::new(operand), location)
    }

    /// Operators in a row lean to the left, however many there are: walked in a loop.
    fn binary(&mut self, expr: &ast::Expr) -> Expr {
        let mut spine = Vec::new();
        let mut left = expr;
        while let ExprKind::Binary(op, l, right) = &left.kind {
            spine.push((*op, &**right, left.span));
            left = l;
        }
        let mut result = self.expr(left);
        if spine.len() < CHAIN_MIN {
            for (op, right, span) in spine.into_iter().rev() {
                let right = self.expr(right);
                result = self.apply(op, result, right, span);
            }
            return result;
        }
        let rest: Vec<_> = spine
            .into_iter()
            .rev()
            .map(|(op, right, span)| (op, self.expr(right), self.location(span)))
            .collect();
        Expr::Chain(Box::new(Chain { first: result, rest: rest.into() }))
    }

    fn apply(&mut self, op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr {
        match op {
            BinaryOp::And => return Expr::And(Box::new([left, right])),
            BinaryOp::Or => return Expr::Or(Box::new([left, right])),
            _ => {}
        }
        if let (Expr::Const(a), Expr::Const(b)) = (&left, &right)
            && let Ok(folded) = ops::binary(op, a.clone(), b.clone())
        {
            return Expr::Const(folded);
        }
        Expr::Binary(Box::new(Binary { op, left, right, location: self.location(span) }))
    }

    fn conditional(&mut self, expr: &ast::Expr) -> Expr {
        let mut branches = Vec::new();
        let mut rest = expr;
        while let ExprKind::Ternary(parts) = &rest.kind {
            branches.push([self.expr(&parts[0]), self.expr(&parts[1])]);
            rest = &parts[2];
        }
        let otherwise = self.expr(rest);
        Expr::Conditional(branches.into(), Box::new(otherwise))
    }

    fn literal(
        &mut self,
        literal: &Arc<ast::FunctionParts>,
        location: Location,
        self_name: Option<Name>,
    ) -> Expr {
        let params = parameters(self.program, &self.unit, &literal.params);
        self.states.push(State { self_name, ..State::new(Kind::Literal) });
        let body = self.function_parts(&params, &literal.params, &literal.body);
        let state = self.states.pop().expect("pushed above");
        let code = Rc::new(FunctionCode {
            name: None,
            params,
            source: FunctionSource::Literal(Arc::clone(literal)),
            unit: Rc::clone(&self.unit),
            scope: Rc::clone(&self.scope),
            location,
            body: OnceCell::from(body),
        });
        let captures = state.captures.into_iter().map(|capture| capture.source).collect();
        Expr::Function(Box::new(FunctionExpr { code, captures }))
    }

    /// Arguments as they are written, to be bound later or taken by position.
    pub(super) fn arguments(&mut self, args: &[ast::Arg]) -> Vec<Argument> {
        args.iter()
            .map(|arg| Argument {
                name: arg.name.map(|symbol| self.name(symbol)),
                target: Target::Unbound,
                value: self.expr(&arg.value),
                location: self.location(arg.span),
            })
            .collect()
    }

    /// Condition, its text, and message of `assert`.
    pub(super) fn assert_args(
        &mut self,
        args: &[ast::Arg],
    ) -> (Option<Expr>, String, Option<Expr>) {
        let mut parts: [Option<&ast::Expr>; 2] = [None, None];
        for arg in args {
            let named =
                arg.name.map(|symbol| Arc::clone(self.program.names.text(self.name(symbol))));
            let index = match named.as_deref() {
                Some("condition") => Some(0),
                Some("message") => Some(1),
                Some(_) => None,
                None => parts.iter().position(Option::is_none),
            };
            if let Some(index) = index {
                parts[index] = Some(&arg.value);
            }
        }
        let text = parts[0].map_or_else(String::new, |condition| {
            scadstream_syntax::print_expr(condition, &self.unit.parsed.file.symbols)
        });
        let condition = parts[0].map(|condition| self.expr(condition));
        let message = parts[1].map(|message| self.expr(message));
        (condition, text, message)
    }

    fn call(&mut self, callee: &ast::Expr, args: &[ast::Arg], location: Location) -> Expr {
        let mut list = self.arguments(args);
        let ExprKind::Name(symbol) = &callee.kind else {
            let candidates = Box::new([self.expr(callee)]);
            let callee = Callee::Dynamic { name: None, candidates, otherwise: Resolved::Unknown };
            let args = Arguments { list: list.into(), warnings: Box::default() };
            return Expr::Call(Box::new(Call { callee, args, location }));
        };
        let name = self.name(*symbol);
        let mut candidates = Vec::new();
        let level = self.states.len() - 1;
        if let Some(special) = self.program.names.special(name) {
            candidates.push(Expr::SpecialIfSet(special));
        } else if let Some(local) = self.local(level, name, false) {
            candidates.push(local);
        }
        let resolved = if self.program.names.special(name).is_some() {
            // Looked for when it runs, in the blocks that run then.
            Resolved::Unknown
        } else {
            let scope = Rc::clone(&self.scope);
            self.resolve_function(scope, name, &mut candidates)
        };
        if !candidates.is_empty() {
            let callee = Callee::Dynamic {
                name: Some(name),
                candidates: candidates.into(),
                otherwise: resolved,
            };
            let args = Arguments { list: list.into(), warnings: Box::default() };
            return Expr::Call(Box::new(Call { callee, args, location }));
        }
        let mut warnings = Vec::new();
        match resolved {
            Resolved::Builtin(function) => {
                let args = Arguments { list: list.into(), warnings: Box::default() };
                return Expr::Builtin(Box::new(BuiltinCall { function, args, location }));
            }
            Resolved::Function { id, .. } | Resolved::Foreign { id, .. } => {
                let code = self.program.function(id);
                warnings = bind_list(&code.params, &mut list, self.program);
            }
            Resolved::Unknown => {}
        }
        let args = Arguments { list: list.into(), warnings: warnings.into() };
        match resolved {
            Resolved::Unknown => {
                let callee = Callee::Dynamic {
                    name: Some(name),
                    candidates: Box::default(),
                    otherwise: resolved,
                };
                Expr::Call(Box::new(Call { callee, args, location }))
            }
            _ => Expr::Call(Box::new(Call { callee: Callee::Bound(resolved), args, location })),
        }
    }

    /// What `name` means as a function, seen from `scope` outwards. Variables met on the way, which may turn out to
    /// hold a function, go to `candidates`.
    fn resolve_function(
        &mut self,
        scope: Rc<Scope>,
        name: Name,
        candidates: &mut Vec<Expr>,
    ) -> Resolved {
        let in_order = self.states.len() == 1 && self.states[0].kind == Kind::Statements;
        let mut scope = Some(scope);
        let mut hops = 0;
        while let Some(s) = scope {
            if let Some(id) = s.functions.borrow().get(&name) {
                return Resolved::Function { id: *id, hops };
            }
            if let Some(variable) = s.variables.borrow().get(&name)
                && (!in_order || variable.assigned.get())
            {
                let otherwise = Expr::Const(Value::Undef);
                let variable = ScopeVariable { hops, slot: variable.slot, otherwise };
                candidates.push(Expr::Scope(Box::new(variable)));
            }
            for file in s.uses.borrow().iter().rev() {
                let used = &self.program.files[file.0 as usize].scope;
                if let Some(id) = used.functions.borrow().get(&name) {
                    return Resolved::Foreign { id: *id, file: *file };
                }
            }
            scope = s.parent.clone();
            hops += 1;
        }
        match builtin::lookup(self.program.names.text(name)) {
            Some(function) => Resolved::Builtin(function),
            None => Resolved::Unknown,
        }
    }
}

/// Binds arguments to `params`; gives what is wrong with them.
pub(super) fn bind_list(
    params: &[Parameter],
    list: &mut [Argument],
    program: &Program,
) -> Vec<ArgumentWarning> {
    let (targets, warnings) = bind(params, list.iter().map(|arg| arg.name), &program.names);
    list.iter_mut().zip(targets).for_each(|(arg, target)| arg.target = target);
    warnings
}
