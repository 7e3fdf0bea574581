//! Instantiating modules: blocks, user modules, children, loops, conditions.

use std::rc::Rc;
use std::sync::Arc;

use scadstream_csg::{Kind, Modifiers, Node, Origin};
use scadstream_syntax::Location;

use crate::bind::bind;
use crate::code::{Block, ModuleBody, ModuleCall, ModuleCallee, ModuleCode, Statement, Target};
use crate::compile;
use crate::evaluator::{Env, Eval, Evaluator};
use crate::modules;
use crate::repeats::Key;
use crate::scope::{Children, Frame, ancestor};
use crate::value::Value;

/// Nodes that statements made, in order.
pub(crate) type Nodes = Vec<Arc<Node>>;

/// The place of a call as the CSG tree keeps it.
pub(crate) fn origin(location: Location) -> Origin {
    Origin { source: location.source.0, start: location.span.start, end: location.span.end }
}

impl Evaluator<'_> {
    /// Makes a node.
    pub(crate) fn node(
        &mut self,
        kind: Kind,
        modifiers: Modifiers,
        location: Location,
        children: Nodes,
    ) -> Eval<Option<Arc<Node>>> {
        self.count_nodes(1)?;
        Ok(Some(Node::new(kind, modifiers, origin(location), children)))
    }

    /// Runs a block: its assignments, then its instantiations, in a new frame if it has variables of its own.
    pub(crate) fn block(&mut self, block: &Block, frame: &Rc<Frame>, out: &mut Nodes) -> Eval<()> {
        if block.statements.is_empty() && block.assigns.is_empty() {
            return Ok(());
        }
        let mark = self.mark();
        let result = if block.has_frame {
            let own = Rc::new(Frame::new(Some(Rc::clone(frame)), block.frame_slots as usize));
            let result = self.block_in(block, &own, out);
            self.retire(&own);
            result
        } else {
            self.block_in(block, frame, out)
        };
        self.restore(mark);
        result
    }

    /// Runs a block in `frame`, which is its own.
    pub(crate) fn block_in(
        &mut self,
        block: &Block,
        frame: &Rc<Frame>,
        out: &mut Nodes,
    ) -> Eval<()> {
        let base = self.enter(block);
        let defined = self.define(block, frame);
        let env = &Env { base, frame, closure: None };
        let result = self.assigns(block, env).and_then(|()| {
            block.statements.iter().try_for_each(|statement| {
                out.extend(self.statement(statement, env)?);
                Ok(())
            })
        });
        self.forget(defined);
        self.stack.truncate(base);
        result
    }

    /// Makes room for a block's expressions on the stack.
    pub(crate) fn enter(&mut self, block: &Block) -> usize {
        let base = self.stack.len();
        self.stack.resize(base + block.locals as usize, Value::Unset);
        base
    }

    pub(crate) fn assigns(&mut self, block: &Block, env: &Env<'_>) -> Eval<()> {
        for assign in &block.assigns {
            if let Some((name, location)) = assign.overwrites {
                let parameter = Arc::clone(self.program.names.text(name));
                let module =
                    self.modules.last().map_or("", |module| self.program.names.text(*module));
                let text =
                    format!("Module {module}: Parameter {parameter} is overwritten with a literal");
                self.warn(text, location);
            }
            let value = self.eval(&assign.value, env)?;
            match assign.target {
                Target::Slot(slot) => env.frame.set(slot, value),
                Target::Special(special) => self.set_special(special, value),
                Target::Nowhere | Target::Unbound => {}
            }
        }
        Ok(())
    }

    /// Ends the life of a frame that nothing outside may hold any more: function values in its own variables would
    /// keep it alive.
    pub(crate) fn retire(&mut self, frame: &Rc<Frame>) {
        if Rc::strong_count(frame) > 1 {
            frame.clear();
        }
    }

    pub(crate) fn statement(
        &mut self,
        statement: &Statement,
        env: &Env<'_>,
    ) -> Eval<Option<Arc<Node>>> {
        self.step()?;
        match statement {
            Statement::Call(call) => {
                let result = self.module_call(call, env);
                if result.is_err() && !matches!(call.callee, ModuleCallee::Unknown) {
                    self.trace(call.name, call.location);
                }
                let node = result?;
                if call.modifiers.root && node.is_some() {
                    self.root_modifier(call.location);
                }
                Ok(node)
            }
            Statement::If(conditional) => {
                let result = self.if_statement(conditional, env);
                if result.is_err() {
                    let name = self.program.names.intern(&"if".into());
                    self.trace(name, conditional.location);
                }
                let node = result?;
                if conditional.modifiers.root && node.is_some() {
                    self.root_modifier(conditional.location);
                }
                Ok(node)
            }
        }
    }

    fn root_modifier(&mut self, location: Location) {
        match self.root_seen {
            Some(first) if first != location => {
                self.warn("More than one Root Modifier (!)", location)
            }
            _ => self.root_seen = Some(location),
        }
    }

    fn module_call(&mut self, call: &ModuleCall, env: &Env<'_>) -> Eval<Option<Arc<Node>>> {
        match &call.callee {
            ModuleCallee::User { id, hops } => {
                let code = self.program.module(*id);
                let frame = Rc::clone(ancestor(env.frame, *hops));
                self.user_module(&code, &frame, None, call, env)
            }
            ModuleCallee::Dynamic => {
                let Some((id, frame)) = self.dynamic_module(call.name) else {
                    return self.unknown_module(call);
                };
                let code = self.program.module(id);
                let names = call.args.list.iter().map(|arg| arg.name);
                let (targets, warnings) = bind(&code.params, names, &self.program.names);
                self.warn_arguments(&warnings, call.location);
                self.user_module(&code, &frame, Some(&targets), call, env)
            }
            ModuleCallee::Foreign { id, file } => {
                let code = self.program.module(*id);
                let mark = self.mark();
                let frame = self.enter_file(*file)?;
                let defined = self.define_file(*file, &frame);
                let result = self.user_module(&code, &frame, None, call, env);
                self.restore(mark);
                self.forget(defined);
                self.leave_file(*file, frame);
                result
            }
            ModuleCallee::Builtin(module) => {
                if !self.has_stack() {
                    // It is the user's module around it that recurses.
                    let name = self.modules.last().copied().unwrap_or(call.name);
                    return Err(self.recursion("module", Some(name), call.location));
                }
                modules::instantiate(self, *module, call, env)
            }
            ModuleCallee::Children(hops) => self.children(*hops, call, env),
            ModuleCallee::For(f) => self.for_module(f, call, env),
            ModuleCallee::Let { frame_slots } => self.let_module(*frame_slots, call, env),
            ModuleCallee::Assert { text } => self.assert_module(text, call, env),
            ModuleCallee::Unknown => self.unknown_module(call),
        }
    }

    fn unknown_module(&mut self, call: &ModuleCall) -> Eval<Option<Arc<Node>>> {
        let text = format!("Ignoring unknown module '{}'", self.program.names.text(call.name));
        self.warn(text, call.location);
        Ok(None)
    }

    fn module_body(&mut self, code: &ModuleCode) -> Rc<ModuleBody> {
        if let Some(body) = code.body.get() {
            return Rc::clone(body);
        }
        let body = Rc::new(compile::module(&mut self.program, code));
        let _ = code.body.set(Rc::clone(&body));
        body
    }

    /// Instantiates a user module whose definition stands in the scope of `outer`. `targets` say where the arguments
    /// go, if they themselves do not.
    fn user_module(
        &mut self,
        code: &Rc<ModuleCode>,
        outer: &Rc<Frame>,
        targets: Option<&[Target]>,
        call: &ModuleCall,
        env: &Env<'_>,
    ) -> Eval<Option<Arc<Node>>> {
        if !self.has_stack() {
            let location = Location { source: code.unit.source, span: code.source.span };
            return Err(self.recursion("module", Some(call.name), location));
        }
        let body = self.module_body(code);
        let mut frame = Frame::new(Some(Rc::clone(outer)), body.block.frame_slots as usize);
        frame.children =
            Some(Children { block: Rc::clone(&call.children), frame: Rc::clone(env.frame) });
        let frame = Rc::new(frame);
        let mut specials = crate::call::Specials::new();
        let mut key = Key::new(self, code, outer, &call.children);
        for (i, arg) in call.args.list.iter().enumerate() {
            let value = self.eval(&arg.value, env)?;
            let target = targets.map_or(&arg.target, |targets| &targets[i]);
            key.argument(target, &value);
            match target {
                Target::Slot(slot) => frame.set(*slot, value),
                Target::Special(special) => specials.push((*special, value)),
                Target::Nowhere | Target::Unbound => {}
            }
        }
        if !call.args.warnings.is_empty() {
            self.warn_arguments(&call.args.warnings, call.location);
        }
        if let Some(children) = self.repeated(&key, outer)? {
            return self.node(Kind::Group, call.modifiers, call.location, children);
        }
        let before = self.before_call();
        let mark = self.mark();
        for (special, value) in specials {
            self.set_special(special, value);
        }
        self.modules.push(code.name);
        let mut children = Nodes::new();
        let result = self
            .module_defaults(code, &body, &frame, outer, mark)
            .and_then(|()| self.block_in(&body.block, &frame, &mut children));
        if result.is_err() {
            self.trace_parameters(code, &frame);
        }
        self.modules.pop();
        self.restore(mark);
        self.retire(&frame);
        result?;
        self.remember(key, outer, &before, &children);
        self.node(Kind::Group, call.modifiers, call.location, children)
    }

    /// Gives parameters without an argument their defaults.
    fn module_defaults(
        &mut self,
        code: &ModuleCode,
        body: &ModuleBody,
        frame: &Rc<Frame>,
        outer: &Rc<Frame>,
        mark: usize,
    ) -> Eval<()> {
        let base = self.stack.len();
        self.stack.resize(base + body.defaults_frame_size as usize, Value::Unset);
        let env = &Env { base, frame: outer, closure: None };
        for (target, default) in &body.defaults {
            match target {
                Target::Slot(slot) if matches!(frame.get(*slot), Value::Unset) => {
                    let value = self.eval(default, env)?;
                    frame.set(*slot, value);
                }
                Target::Special(special) if !self.is_set_since(*special, mark) => {
                    let value = self.eval(default, env)?;
                    self.set_special(*special, value);
                }
                _ => {}
            }
        }
        self.stack.truncate(base);
        for param in &code.params {
            match param.target {
                Target::Slot(slot) if matches!(frame.get(slot), Value::Unset) => {
                    frame.set(slot, Value::Undef)
                }
                Target::Special(special) if !self.is_set_since(special, mark) => {
                    self.set_special(special, Value::Undef);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
