//! Function values: a function literal together with the variables it saw.

use std::fmt;
use std::rc::Rc;

use crate::code::FunctionCode;
use crate::scope::Frame;
use crate::value::{Value, drop_flat};

/// A function value. Two are equal only if they are the same one.
pub(crate) struct Closure {
    pub(crate) code: Rc<FunctionCode>,
    /// Values of the surrounding function's variables that the body uses, copied when the literal was evaluated.
    pub(crate) captures: Box<[Value]>,
    /// The surrounding module or file scope, by reference: its later assignments are seen.
    pub(crate) frame: Rc<Frame>,
    /// The object that a method was taken from; the value of its parameter `this`.
    pub(crate) this: Option<Value>,
}

impl Closure {
    pub(crate) fn take_captures(&mut self) -> Vec<Value> {
        let mut captures = std::mem::take(&mut self.captures).into_vec();
        captures.extend(self.this.take());
        captures
    }

    /// The function as its source re-printed in normal form.
    pub(crate) fn source_text(&self) -> String {
        self.code.source_text()
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        if self.captures.iter().any(Value::nests) {
            drop_flat(self.take_captures().into_iter());
        }
    }
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source_text())
    }
}
