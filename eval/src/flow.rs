//! Modules that decide what runs: `if`, `for`, `intersection_for`, `let`, `assert`, `echo`.

use std::rc::Rc;
use std::sync::Arc;

use scadstream_csg::{Kind, Modifiers, Node};
use scadstream_syntax::{Diagnostic, Severity};

use crate::code::{ForModule, If, ModuleCall, Target};
use crate::evaluator::{Env, Eval, Evaluator};
use crate::format;
use crate::instantiate::Nodes;
use crate::scope::Frame;

impl Evaluator<'_> {
    pub(crate) fn if_statement(
        &mut self,
        conditional: &If,
        env: &Env<'_>,
    ) -> Eval<Option<Arc<Node>>> {
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

    pub(crate) fn for_module(
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

    pub(crate) fn let_module(
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

    pub(crate) fn assert_module(
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
}
