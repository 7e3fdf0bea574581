//! Instantiating modules: blocks, user modules, children, loops, conditions.

use std::rc::Rc;
use std::sync::Arc;

use scadstream_csg::{Kind, Modifiers, Node, Origin};
use scadstream_syntax::{Diagnostic, Location, Severity};

use crate::code::{
    Block, ForModule, If, ModuleBody, ModuleCall, ModuleCallee, ModuleCode, Statement, Target,
};
use crate::compile;
use crate::evaluator::{Env, Eval, Evaluator};
use crate::format;
use crate::modules;
use crate::program::KeptFrame;
use crate::scope::{Children, FileId, Frame, ancestor};
use crate::value::Value;

/// Nodes that statements made, in order.
pub(crate) type Nodes = Vec<Arc<Node>>;

/// Children that one `children([..])` may ask for by a range.
const CHILD_RANGE_LIMIT: u32 = 10_000;

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
        self.count_node()?;
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
        let env = &Env { base, frame, closure: None };
        let result = self.assigns(block, env).and_then(|()| {
            block.statements.iter().try_for_each(|statement| {
                out.extend(self.statement(statement, env)?);
                Ok(())
            })
        });
        self.stack.truncate(base);
        result
    }

    /// Makes room for a block's expressions on the stack.
    fn enter(&mut self, block: &Block) -> usize {
        let base = self.stack.len();
        self.stack.resize(base + block.locals as usize, Value::Unset);
        base
    }

    fn assigns(&mut self, block: &Block, env: &Env<'_>) -> Eval<()> {
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
    fn retire(&mut self, frame: &Rc<Frame>) {
        if Rc::strong_count(frame) > 1 {
            frame.clear();
        }
    }

    fn statement(&mut self, statement: &Statement, env: &Env<'_>) -> Eval<Option<Arc<Node>>> {
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

    fn if_statement(&mut self, conditional: &If, env: &Env<'_>) -> Eval<Option<Arc<Node>>> {
        let mut depth = 0;
        let mut chosen = conditional.otherwise.as_ref();
        let mut found = false;
        for (condition, block) in &conditional.branches {
            if self.condition(condition, env)? {
                chosen = Some(block);
                found = true;
                break;
            }
            depth += 1;
        }
        // Each `else if` is an `if` of its own inside the group of the one before.
        let mut node = match chosen {
            Some(block) => {
                if !self.has_stack() {
                    return Err(self.error("Model nested too deeply", Some(conditional.location)));
                }
                let mut children = Nodes::new();
                self.block(block, env.frame, &mut children)?;
                if !found {
                    depth -= 1;
                }
                children
            }
            None if depth == 1 => return Ok(None),
            None => {
                depth -= 2;
                Nodes::new()
            }
        };
        for _ in 0..depth {
            node = self
                .node(Kind::Group, Modifiers::default(), conditional.location, node)?
                .into_iter()
                .collect();
        }
        self.node(Kind::Group, conditional.modifiers, conditional.location, node)
    }

    fn module_call(&mut self, call: &ModuleCall, env: &Env<'_>) -> Eval<Option<Arc<Node>>> {
        match &call.callee {
            ModuleCallee::User { id, hops } => {
                let code = Rc::clone(&self.program.modules[id.0 as usize]);
                let frame = Rc::clone(ancestor(env.frame, *hops));
                self.user_module(&code, &frame, call, env)
            }
            ModuleCallee::Foreign { id, file } => {
                let code = Rc::clone(&self.program.modules[id.0 as usize]);
                let mark = self.mark();
                let frame = self.enter_file(*file)?;
                let result = self.user_module(&code, &frame, call, env);
                self.restore(mark);
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
            ModuleCallee::Unknown => {
                let text =
                    format!("Ignoring unknown module '{}'", self.program.names.text(call.name));
                self.warn(text, call.location);
                Ok(None)
            }
        }
    }

    fn module_body(&mut self, code: &ModuleCode) -> Rc<ModuleBody> {
        if let Some(body) = code.body.get() {
            return Rc::clone(body);
        }
        let body = Rc::new(compile::module(&mut self.program, code));
        let _ = code.body.set(Rc::clone(&body));
        body
    }

    /// Instantiates a user module whose definition stands in the scope of `outer`.
    fn user_module(
        &mut self,
        code: &Rc<ModuleCode>,
        outer: &Rc<Frame>,
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
        for arg in &call.args.list {
            let value = self.eval(&arg.value, env)?;
            match arg.target {
                Target::Slot(slot) => frame.set(slot, value),
                Target::Special(special) => specials.push((special, value)),
                Target::Nowhere | Target::Unbound => {}
            }
        }
        if !call.args.warnings.is_empty() {
            self.warn_arguments(&call.args.warnings, call.location);
        }
        let mark = self.mark();
        for (special, value) in specials {
            self.set_special(special, value);
        }
        self.modules.push(code.name);
        let mut children = Nodes::new();
        let result = self
            .module_defaults(code, &body, &frame, outer, mark)
            .and_then(|()| self.block_in(&body.block, &frame, &mut children));
        self.modules.pop();
        self.restore(mark);
        self.retire(&frame);
        result?;
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

    /// `children()`: all, or those with the given numbers.
    fn children(
        &mut self,
        hops: Option<u32>,
        call: &ModuleCall,
        env: &Env<'_>,
    ) -> Eval<Option<Arc<Node>>> {
        let selection = call.args.list.first().map(|arg| self.eval(&arg.value, env)).transpose()?;
        let Some(children) = hops.and_then(|hops| ancestor(env.frame, hops).children.clone())
        else {
            return Ok(None);
        };
        let count = children.block.statements.len();
        let mut nodes = Nodes::new();
        match selection {
            None | Some(Value::Undef) if call.args.list.is_empty() => {
                self.some_children(&children, 0..count, &mut nodes)?;
            }
            Some(Value::Number(x)) => {
                let Some(index) = self.child_index(x, count, call.location) else {
                    return Ok(None);
                };
                self.some_children(&children, std::iter::once(index), &mut nodes)?;
                let Some(node) = nodes.pop() else { return Ok(None) };
                if call.modifiers == Modifiers::default() {
                    return Ok(Some(node));
                }
                nodes.push(node);
            }
            Some(Value::List(list)) => {
                let mut indices = Vec::new();
                for value in list.iter() {
                    match value {
                        Value::Number(x) => {
                            indices.extend(self.child_index(x, count, call.location))
                        }
                        other => self.bad_child_index(&other, call.location),
                    }
                }
                self.some_children(&children, indices.into_iter(), &mut nodes)?;
            }
            Some(Value::Range(range)) => {
                let steps = range.count();
                if steps >= CHILD_RANGE_LIMIT {
                    let text =
                        format!("Bad range parameter for children: too many elements ({steps})");
                    self.warn(text, call.location);
                    return Ok(None);
                }
                let mut indices = Vec::new();
                for x in range.values() {
                    indices.extend(self.child_index(x, count, call.location));
                }
                self.some_children(&children, indices.into_iter(), &mut nodes)?;
            }
            Some(other) => {
                self.bad_child_index(&other, call.location);
                return Ok(None);
            }
            None => {}
        }
        self.node(Kind::Group, call.modifiers, call.location, nodes)
    }

    fn child_index(&mut self, x: f64, count: usize, location: Location) -> Option<usize> {
        let index = x.trunc();
        if index < 0.0 {
            let text = format!("Negative children index ({}) not allowed", index as i64);
            self.warn(text, location);
            return None;
        }
        if index < count as f64 {
            return Some(index as usize);
        }
        let text = format!("Children index ({}) out of bounds ({count} children)", index as i64);
        self.warn(text, location);
        None
    }

    fn bad_child_index(&mut self, value: &Value, location: Location) {
        let shown = format::quoted(value);
        let text = format!(
            "Bad parameter type ({shown}) for children, only accept: empty, number, vector, range"
        );
        self.warn(text, location);
    }

    /// Runs some of the children, in the scope that they were written in.
    fn some_children(
        &mut self,
        children: &Children,
        indices: impl Iterator<Item = usize>,
        out: &mut Nodes,
    ) -> Eval<()> {
        let block = &children.block;
        let mark = self.mark();
        let own = if block.has_frame {
            Rc::new(Frame::new(Some(Rc::clone(&children.frame)), block.frame_slots as usize))
        } else {
            Rc::clone(&children.frame)
        };
        let base = self.enter(block);
        let env = &Env { base, frame: &own, closure: None };
        let mut indices = indices;
        let result = self.assigns(block, env).and_then(|()| {
            indices.try_for_each(|index| {
                out.extend(self.statement(&block.statements[index], env)?);
                Ok(())
            })
        });
        self.stack.truncate(base);
        self.restore(mark);
        if block.has_frame {
            self.retire(&own);
        }
        result
    }

    fn for_module(
        &mut self,
        f: &ForModule,
        call: &ModuleCall,
        env: &Env<'_>,
    ) -> Eval<Option<Arc<Node>>> {
        let mut nodes = Nodes::new();
        if !f.loops.is_empty() {
            let frame = Rc::new(Frame::new(Some(Rc::clone(env.frame)), f.frame_slots as usize));
            self.for_level(f, 0, &frame, call, env, &mut nodes)?;
            self.retire(&frame);
        }
        let kind = if f.intersection { Kind::Intersection } else { Kind::Group };
        self.node(kind, call.modifiers, call.location, nodes)
    }

    /// The loops from number `level` inwards. A frame that a function value holds on to is left to it.
    fn for_level(
        &mut self,
        f: &ForModule,
        level: usize,
        frame: &Rc<Frame>,
        call: &ModuleCall,
        env: &Env<'_>,
        out: &mut Nodes,
    ) -> Eval<()> {
        let Some((target, values, location)) = f.loops.get(level) else {
            return self.block(&call.children, frame, out);
        };
        let inner = &Env { base: env.base, frame, closure: None };
        let values = self.eval(values, inner)?;
        let mark = self.mark();
        self.for_each(values, *location, |this, value| {
            match target {
                Target::Slot(slot) => frame.set(*slot, value),
                Target::Special(special) => this.set_special(*special, value),
                Target::Nowhere | Target::Unbound => {}
            }
            this.for_level(f, level + 1, frame, call, env, out)?;
            this.restore(mark);
            Ok(())
        })
    }

    fn let_module(
        &mut self,
        frame_slots: u32,
        call: &ModuleCall,
        env: &Env<'_>,
    ) -> Eval<Option<Arc<Node>>> {
        let frame = Rc::new(Frame::new(Some(Rc::clone(env.frame)), frame_slots as usize));
        let mark = self.mark();
        let inner = &Env { base: env.base, frame: &frame, closure: None };
        for arg in &call.args.list {
            let value = self.eval(&arg.value, inner)?;
            match arg.target {
                Target::Slot(slot) => frame.set(slot, value),
                Target::Special(special) => self.set_special(special, value),
                Target::Nowhere => {
                    let text =
                        format!("Assignment without variable name {}", format::quoted(&value));
                    self.warn(text, arg.location);
                }
                Target::Unbound => {
                    let name = arg.name.map_or("", |name| self.program.names.text(name)).to_owned();
                    let text = format!(
                        "Ignoring duplicate variable assignment {name} = {}",
                        format::quoted(&value)
                    );
                    self.warn(text, arg.location);
                }
            }
        }
        let mut nodes = Nodes::new();
        let result = self.block(&call.children, &frame, &mut nodes);
        self.restore(mark);
        self.retire(&frame);
        result?;
        self.node(Kind::Group, call.modifiers, call.location, nodes)
    }

    fn assert_module(
        &mut self,
        text: &str,
        call: &ModuleCall,
        env: &Env<'_>,
    ) -> Eval<Option<Arc<Node>>> {
        let find = |slot| call.args.list.iter().find(|arg| arg.target == Target::Slot(slot));
        let holds = match find(0) {
            Some(condition) => self.condition(&condition.value, env)?,
            None => {
                self.warn("Ignoring unknown variable \"condition\"", call.location);
                false
            }
        };
        if !holds {
            let message = find(1).map(|arg| self.eval(&arg.value, env)).transpose()?;
            return Err(self.assertion_failed(text, message.as_ref(), call.location));
        }
        self.pass_through(call, env)
    }

    /// `echo(..) child`
    pub(crate) fn echo_module(
        &mut self,
        call: &ModuleCall,
        env: &Env<'_>,
    ) -> Eval<Option<Arc<Node>>> {
        let text = self.echo_text(&call.args.list, env, call.location)?;
        self.program.messages.push(Diagnostic::new(Severity::Echo, text, Some(call.location)));
        self.pass_through(call, env)
    }

    /// A group of the children; nothing without any.
    fn pass_through(&mut self, call: &ModuleCall, env: &Env<'_>) -> Eval<Option<Arc<Node>>> {
        if call.children.statements.is_empty() {
            return Ok(None);
        }
        let mut nodes = Nodes::new();
        self.block(&call.children, env.frame, &mut nodes)?;
        self.node(Kind::Group, call.modifiers, call.location, nodes)
    }

    /// The frame of a used file for one call into it: its assignments run afresh, unless they gave the same before
    /// whatever the circumstances.
    pub(crate) fn enter_file(&mut self, file: FileId) -> Eval<Rc<Frame>> {
        if let Some(KeptFrame { frame, specials }) =
            self.program.files[file.0 as usize].frame.clone()
        {
            for (special, value) in specials.iter() {
                self.set_special(*special, value.clone());
            }
            return Ok(frame);
        }
        let block = self.program.file_block(file);
        let frame = Rc::new(Frame::new(None, block.frame_slots as usize));
        let mark = self.mark();
        let before = (self.outside_reads, self.program.messages.count);
        let base = self.enter(&block);
        let env = &Env { base, frame: &frame, closure: None };
        let result = self.assigns(&block, env);
        self.stack.truncate(base);
        result?;
        if before == (self.outside_reads, self.program.messages.count) {
            let kept =
                KeptFrame { frame: Rc::clone(&frame), specials: self.set_since(mark).into() };
            self.program.files[file.0 as usize].frame = Some(kept);
        }
        Ok(frame)
    }

    /// Ends a call into a used file.
    pub(crate) fn leave_file(&mut self, file: FileId, frame: Rc<Frame>) {
        if self.program.files[file.0 as usize].frame.is_some() {
            return;
        }
        if Rc::strong_count(&frame) == 1 + frame.own_functions() {
            frame.clear();
        } else {
            // A function of the file was returned, and lives on with the frame.
            self.kept_frames.push(frame);
        }
    }
}
