//! `children()`: running statements of the caller, in the caller's scope.

use std::rc::Rc;
use std::sync::Arc;

use scadstream_csg::{Kind, Modifiers, Node};
use scadstream_syntax::Location;

use crate::code::ModuleCall;
use crate::evaluator::{Env, Eval, Evaluator};
use crate::format;
use crate::instantiate::Nodes;
use crate::scope::{Children, Frame, ancestor};
use crate::value::Value;

/// Children that one `children([..])` may ask for by a range.
const CHILD_RANGE_LIMIT: u32 = 10_000;

impl Evaluator<'_> {
    /// `children()`: all, or those with the given numbers.
    pub(crate) fn children(
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
        let defined = self.define(block, &own);
        let env = &Env { base, frame: &own, closure: None };
        let mut indices = indices;
        let result = self.assigns(block, env).and_then(|()| {
            indices.try_for_each(|index| {
                out.extend(self.statement(&block.statements[index], env)?);
                Ok(())
            })
        });
        self.forget(defined);
        self.stack.truncate(base);
        self.restore(mark);
        if block.has_frame {
            self.retire(&own);
        }
        result
    }
}
