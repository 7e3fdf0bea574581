//! Evaluating expressions.

use std::rc::Rc;

use scadstream_syntax::ast::BinaryOp;
use scadstream_syntax::{Diagnostic, Location, Severity};

use crate::builtin::Builtin;
use crate::closure::Closure;
use crate::code::{
    Assert, Binary, Binding, BindingTarget, BuiltinCall, Echo, Expr, FunctionExpr, Let, RangeExpr,
};
use crate::evaluator::{Env, Eval, Evaluator, Stop};
use crate::format;
use crate::list::{List, ListBuilder, Rows};
use crate::ops;
use crate::range::Range;
use crate::scope::{Frame, ancestor};
use crate::text::Text;
use crate::value::Value;

/// What `version()` was in the last release so far; it made `undef` of a range of no numbers without a word.
const RELEASE_OF_2021: [u32; 3] = [2021, 1, 0];

impl Evaluator<'_> {
    /// The value of an expression.
    ///
    /// Only what runs most is here: each further case would grow the stack frame of every level of recursion.
    pub(crate) fn eval(&mut self, expr: &Expr, env: &Env<'_>) -> Eval {
        match expr {
            Expr::Const(value) => Ok(value.clone()),
            Expr::Local(slot) => Ok(self.stack[env.base + *slot as usize].clone()),
            Expr::Take(slot) => {
                Ok(std::mem::replace(&mut self.stack[env.base + *slot as usize], Value::Undef))
            }
            Expr::Binary(binary) => self.binary(binary, env),
            Expr::Conditional(branches, otherwise) => {
                for [condition, then] in branches {
                    if self.condition(condition, env)? {
                        return self.eval(then, env);
                    }
                }
                self.eval(otherwise, env)
            }
            Expr::Call(call) => self.call(call, env),
            Expr::Builtin(call) => self.builtin(call, env),
            Expr::Index(parts) => self.index(&parts[0], &parts[1], env),
            Expr::And(sides) => {
                Ok(Value::Bool(self.condition(&sides[0], env)? && self.condition(&sides[1], env)?))
            }
            Expr::Or(sides) => {
                Ok(Value::Bool(self.condition(&sides[0], env)? || self.condition(&sides[1], env)?))
            }
            Expr::Scope(variable) => match ancestor(env.frame, variable.hops).get(variable.slot) {
                Value::Unset => self.eval(&variable.otherwise, env),
                value => Ok(value),
            },
            Expr::List(items) => self.list(items, env),
            Expr::Comprehension(elements) => self.comprehension(elements, env),
            Expr::Let(l) => self.let_expr(l, env),
            other => self.eval_rare(other, env),
        }
    }

    /// The same where the usual case is a variable or constant that is a number: no call for those.
    #[inline(always)]
    pub(crate) fn quick(&mut self, expr: &Expr, env: &Env<'_>) -> Eval {
        match expr {
            Expr::Local(slot) => Ok(match &self.stack[env.base + *slot as usize] {
                Value::Number(x) => Value::Number(*x),
                value => value.clone(),
            }),
            Expr::Const(Value::Number(x)) => Ok(Value::Number(*x)),
            _ => self.eval(expr, env),
        }
    }

    /// The value of an expression that is a number at hand and has no effect: a variable, a constant, an element of a
    /// list in a variable, a sum of such. A value that goes through memory as a whole stalls the processor; a number in
    /// a register does not.
    #[inline(always)]
    pub(crate) fn number(&self, expr: &Expr, env: &Env<'_>) -> Option<f64> {
        match expr {
            // A number may stay where it was read for the last time.
            Expr::Local(slot) | Expr::Take(slot) => {
                self.stack[env.base + *slot as usize].as_number()
            }
            Expr::Const(value) => value.as_number(),
            Expr::Index(_) | Expr::Member(..) | Expr::Binary(_) | Expr::Builtin(_) => {
                self.number_of(expr, env)
            }
            _ => None,
        }
    }

    #[inline(never)]
    fn number_of(&self, expr: &Expr, env: &Env<'_>) -> Option<f64> {
        let Expr::Binary(binary) = expr else { return self.number_leaf(expr, env) };
        let a = self.number_leaf(&binary.left, env)?;
        let b = self.number_leaf(&binary.right, env)?;
        Some(match binary.op {
            BinaryOp::Add => a + b,
            BinaryOp::Sub => a - b,
            BinaryOp::Mul => a * b,
            BinaryOp::Div => a / b,
            BinaryOp::Mod => ops::remainder(a, b),
            _ => return None,
        })
    }

    #[inline(always)]
    fn number_leaf(&self, expr: &Expr, env: &Env<'_>) -> Option<f64> {
        match expr {
            Expr::Local(slot) | Expr::Take(slot) => {
                self.stack[env.base + *slot as usize].as_number()
            }
            Expr::Const(value) => value.as_number(),
            Expr::Index(parts) => self.number_at(parts, env),
            Expr::Member(base, name) => self.coordinate(base, name, env),
            Expr::Builtin(call) => self.length(call, env),
            _ => None,
        }
    }

    /// An index that is a variable or a constant and no less than the first.
    #[inline(always)]
    fn index_at(&self, expr: &Expr, env: &Env<'_>) -> Option<usize> {
        let index = match expr {
            Expr::Const(value) => value.as_number()?,
            Expr::Local(slot) => self.stack[env.base + *slot as usize].as_number()?,
            _ => return None,
        };
        (index > -1.0).then_some(index as usize)
    }

    /// `v[i]` where both are variables and the element is a number.
    #[inline(always)]
    fn number_at(&self, parts: &[Expr; 2], env: &Env<'_>) -> Option<f64> {
        let index = self.index_at(&parts[1], env)?;
        match &parts[0] {
            Expr::Local(base) => self.stack[env.base + *base as usize].as_list()?.number(index),
            Expr::Scope(v) => ancestor(env.frame, v.hops).number_at(v.slot, index),
            Expr::Index(row) => self.cell_at(row, index, env),
            _ => None,
        }
    }

    /// `v[i][column]` where both are variables and the element is a number: no list is made of the row.
    #[inline(never)]
    fn cell_at(&self, row: &[Expr; 2], column: usize, env: &Env<'_>) -> Option<f64> {
        let index = self.index_at(&row[1], env)?;
        match &row[0] {
            Expr::Local(base) => {
                self.stack[env.base + *base as usize].as_list()?.row(index)?.number(column)
            }
            Expr::Scope(v) => ancestor(env.frame, v.hops).cell_at(v.slot, index, column),
            _ => None,
        }
    }

    /// `len(v)` of a list in a variable.
    #[inline]
    fn length(&self, call: &BuiltinCall, env: &Env<'_>) -> Option<f64> {
        let (Builtin::Len(_), [arg]) = (call.function, &*call.args.list) else { return None };
        let (Expr::Local(slot) | Expr::Take(slot)) = arg.value else { return None };
        self.stack[env.base + slot as usize].as_list().map(|list| list.len() as f64)
    }

    /// `v.x`, `v.y`, `v.z` of a list in a variable, or of one that is its element.
    #[inline]
    fn coordinate(&self, base: &Expr, name: &str, env: &Env<'_>) -> Option<f64> {
        let index = match name {
            "x" => 0,
            "y" => 1,
            "z" => 2,
            _ => return None,
        };
        match base {
            Expr::Local(slot) | Expr::Take(slot) => {
                self.stack[env.base + *slot as usize].as_list()?.number(index)
            }
            Expr::Index(row) => self.cell_at(row, index, env),
            _ => None,
        }
    }

    /// The numbers with which `items` begins, as far as they are at hand, and how many; none of a list longer than a
    /// row.
    #[inline(always)]
    pub(crate) fn leading_numbers(
        &self,
        items: &[Expr],
        env: &Env<'_>,
    ) -> ([f64; Rows::WIDEST], usize) {
        let mut numbers = [0.0; Rows::WIDEST];
        let mut known = 0;
        if items.len() <= numbers.len() {
            while let Some(item) = items.get(known)
                && let Some(x) = self.number(item, env)
            {
                numbers[known] = x;
                known += 1;
            }
        }
        (numbers, known)
    }

    #[inline(never)]
    pub(crate) fn list(&mut self, items: &[Expr], env: &Env<'_>) -> Eval {
        // A point, in most cases: its numbers go straight to where they stay.
        let (numbers, known) = self.leading_numbers(items, env);
        if known == items.len() {
            return Ok(Value::List(List::from_slice(&numbers[..known])));
        }
        let mut list = ListBuilder::with_capacity(items.len());
        numbers[..known].iter().for_each(|x| list.push(Value::Number(*x)));
        for item in &items[known..] {
            let value = match self.number(item, env) {
                Some(x) => Value::Number(x),
                None => self.eval(item, env)?,
            };
            list.push(value);
        }
        Ok(Value::List(list.finish()))
    }

    #[inline(never)]
    fn let_expr(&mut self, l: &Let, env: &Env<'_>) -> Eval {
        let mark = self.mark();
        for binding in &l.bindings {
            self.prepare_cell(binding, env);
        }
        for binding in &l.bindings {
            self.bind(binding, env)?;
        }
        let value = self.eval(&l.body, env)?;
        self.restore(mark);
        Ok(value)
    }

    #[inline(never)]
    fn eval_rare(&mut self, expr: &Expr, env: &Env<'_>) -> Eval {
        match expr {
            Expr::Unary(op, operand, location) => {
                let value = self.eval(operand, env)?;
                ops::unary(*op, &value).or_else(|why| self.undefined(why, *location))
            }
            Expr::Capture(index) => Ok(self.captured(*index, env)),
            Expr::CaptureCell(index) => Ok(unpack_cell(self.captured(*index, env))),
            Expr::LocalCell(slot) => Ok(unpack_cell(self.stack[env.base + *slot as usize].clone())),
            Expr::SelfFunction => {
                Ok(env.closure.map_or(Value::Undef, |closure| Value::Function(Rc::clone(closure))))
            }
            Expr::Special(special, location) => match self.special(*special) {
                Value::Unset => {
                    let text = format!(
                        "Ignoring unknown variable \"{}\"",
                        self.program.names.special_text(*special)
                    );
                    self.undefined(text, *location)
                }
                value => Ok(value.clone()),
            },
            Expr::SpecialIfSet(special) => Ok(match self.special(*special) {
                Value::Unset => Value::Undef,
                value => value.clone(),
            }),
            Expr::ChildCount(hops) => {
                let children = ancestor(env.frame, *hops).children.as_ref();
                Ok(Value::Number(children.map_or(0, |c| c.block.statements.len()) as f64))
            }
            Expr::ParentModules(location) => {
                self.unrepeatable += 1;
                if self.modules.is_empty() {
                    self.undefined(
                        "Ignoring unknown variable \"$parent_modules\"".into(),
                        *location,
                    )
                } else {
                    Ok(Value::Number(self.modules.len() as f64))
                }
            }
            Expr::UnknownVariable(name, location) => {
                let text =
                    format!("Ignoring unknown variable \"{}\"", self.program.names.text(*name));
                self.undefined(text, *location)
            }
            Expr::Chain(chain) => {
                let mut value = self.eval(&chain.first, env)?;
                for (op, operand, location) in &chain.rest {
                    value = match op {
                        BinaryOp::And => {
                            Value::Bool(value.is_true() && self.condition(operand, env)?)
                        }
                        BinaryOp::Or => {
                            Value::Bool(value.is_true() || self.condition(operand, env)?)
                        }
                        _ => {
                            let right = self.eval(operand, env)?;
                            ops::binary(*op, value, right)
                                .or_else(|why| self.undefined(why, *location))?
                        }
                    };
                }
                Ok(value)
            }
            Expr::Range(range) => self.range(range, env),
            Expr::Member(base, member) => {
                let base = self.eval(base, env)?;
                Ok(self.member(&base, member))
            }
            Expr::Assert(assert) => {
                self.assert(assert, env)?;
                assert.body.as_ref().map_or(Ok(Value::Undef), |body| self.eval(body, env))
            }
            Expr::Echo(echo) => {
                self.echo(echo, env)?;
                echo.body.as_ref().map_or(Ok(Value::Undef), |body| self.eval(body, env))
            }
            Expr::Function(function) => self.function_value(function, env),
            Expr::Guard(inner) => {
                if !self.has_stack() {
                    return Err(self.error("Expression nested too deeply", None));
                }
                self.eval(inner, env)
            }
            _ => self.eval(expr, env),
        }
    }

    /// Whether an expression counts as true.
    #[inline]
    pub(crate) fn condition(&mut self, expr: &Expr, env: &Env<'_>) -> Eval<bool> {
        if let Expr::Local(slot) = expr {
            return Ok(self.stack[env.base + *slot as usize].is_true());
        }
        if let Expr::Binary(binary) = expr
            && let (Some(a), Some(b)) =
                (self.number(&binary.left, env), self.number(&binary.right, env))
        {
            match binary.op {
                BinaryOp::Lt => return Ok(a < b),
                BinaryOp::Le => return Ok(a <= b),
                BinaryOp::Gt => return Ok(a > b),
                BinaryOp::Ge => return Ok(a >= b),
                BinaryOp::Eq => return Ok(a == b),
                BinaryOp::Ne => return Ok(a != b),
                _ => {}
            }
        }
        let value = self.eval(expr, env)?;
        let holds = value.is_true();
        value.discard();
        Ok(holds)
    }

    /// `undef`, after a warning.
    #[cold]
    pub(crate) fn undefined(&mut self, why: String, location: Location) -> Eval {
        self.warn(why, location);
        Ok(Value::Undef)
    }

    #[inline(never)]
    fn binary(&mut self, binary: &Binary, env: &Env<'_>) -> Eval {
        let (a, b) = match (self.number(&binary.left, env), self.number(&binary.right, env)) {
            (Some(a), Some(b)) => (a, b),
            _ => {
                let left = self.quick(&binary.left, env)?;
                let right = self.quick(&binary.right, env)?;
                let (Value::Number(a), Value::Number(b)) = (&left, &right) else {
                    return self.general_binary(binary, left, right);
                };
                let (a, b) = (*a, *b);
                // Both are numbers: nothing to drop, which the compiler does not see.
                std::mem::forget((left, right));
                (a, b)
            }
        };
        Ok(match binary.op {
            BinaryOp::Add => Value::Number(a + b),
            BinaryOp::Sub => Value::Number(a - b),
            BinaryOp::Mul => Value::Number(a * b),
            BinaryOp::Div => Value::Number(a / b),
            BinaryOp::Lt => Value::Bool(a < b),
            BinaryOp::Le => Value::Bool(a <= b),
            BinaryOp::Gt => Value::Bool(a > b),
            BinaryOp::Ge => Value::Bool(a >= b),
            BinaryOp::Eq => Value::Bool(a == b),
            BinaryOp::Ne => Value::Bool(a != b),
            BinaryOp::Mod => Value::Number(ops::remainder(a, b)),
            _ => return self.general_binary(binary, Value::Number(a), Value::Number(b)),
        })
    }

    #[inline(never)]
    fn general_binary(&mut self, binary: &Binary, left: Value, right: Value) -> Eval {
        match ops::binary(binary.op, left, right) {
            Ok(value) => Ok(value),
            Err(why) => self.undefined(why, binary.location),
        }
    }

    fn captured(&self, index: u32, env: &Env<'_>) -> Value {
        let closure =
            env.closure.expect("only the body of a function literal refers to captured variables");
        closure.captures[index as usize].clone()
    }

    fn range(&mut self, range: &RangeExpr, env: &Env<'_>) -> Eval {
        let begin = self.eval(&range.begin, env)?;
        let step = range.step.as_ref().map(|step| self.eval(step, env)).transpose()?;
        let end = self.eval(&range.end, env)?;
        let number_step = match &step {
            None => Some(1.0),
            Some(step) => step.as_number(),
        };
        let (Some(b), Some(s), Some(e)) = (begin.as_number(), number_step, end.as_number()) else {
            if self.world.version_date() <= RELEASE_OF_2021 {
                return Ok(Value::Undef);
            }
            let mut text = String::from("Unable to convert [");
            text.push_str(&format::quoted(&begin));
            if let Some(step) = &step {
                text.push_str(" : ");
                text.push_str(&format::quoted(step));
            }
            text.push_str(" : ");
            text.push_str(&format::quoted(&end));
            text.push_str("] to a range");
            return self.undefined(text, range.location);
        };
        let literal = |e: &Expr| matches!(e, Expr::Const(_));
        if literal(&range.begin) && literal(&range.end) && range.step.as_ref().is_none_or(literal) {
            if s > 0.0 && b > e {
                self.warn("begin is greater than the end, but step is positive", range.location);
            } else if s < 0.0 && b < e {
                self.warn("begin is smaller than the end, but step is negative", range.location);
            }
        }
        Ok(Value::Range(Rc::new(Range { begin: b, step: s, end: e })))
    }

    fn index(&mut self, base: &Expr, index: &Expr, env: &Env<'_>) -> Eval {
        // A variable of the running function is looked into where it is.
        if let Expr::Local(slot) = base {
            let index = self.quick(index, env)?;
            return Ok(element(&self.stack[env.base + *slot as usize], index));
        }
        let base = self.eval(base, env)?;
        let index = self.quick(index, env)?;
        Ok(element(&base, index))
    }

    fn member(&mut self, base: &Value, member: &str) -> Value {
        match base {
            Value::List(list) => {
                if member.len() > 1 || self.options.has_feature("vector-swizzle") {
                    return self.swizzle(list, member);
                }
                let index = match member {
                    "x" => 0,
                    "y" => 1,
                    "z" => 2,
                    _ => return Value::Undef,
                };
                list.get(index).unwrap_or(Value::Undef)
            }
            Value::Range(range) => match member {
                "begin" => Value::Number(range.begin),
                "step" => Value::Number(range.step),
                "end" => Value::Number(range.end),
                _ => Value::Undef,
            },
            Value::Object(object) => match object.get(member) {
                Some(Value::Function(f)) => crate::call::bind_method(f, base, &self.program.names),
                Some(value) => value.clone(),
                None => Value::Undef,
            },
            _ => Value::Undef,
        }
    }

    /// `v.xy`, `v.bgr`: experimental.
    fn swizzle(&self, list: &List, member: &str) -> Value {
        let sets = ["xyzw", "rgba"];
        let letters = member.len();
        if !self.options.has_feature("vector-swizzle") || letters > 4 {
            return Value::Undef;
        }
        let Some(set) = sets.iter().find(|set| member.chars().all(|c| set.contains(c))) else {
            return Value::Undef;
        };
        let picked =
            member.chars().map(|c| set.find(c).and_then(|i| list.get(i)).unwrap_or(Value::Undef));
        let picked: Vec<Value> = picked.collect();
        match <[Value; 1]>::try_from(picked) {
            Ok([single]) => single,
            Err(many) => Value::List(many.into_iter().collect()),
        }
    }

    /// Sets a variable to a number; where it holds one already, nothing but the number is written.
    #[inline(always)]
    pub(crate) fn set_number(&mut self, env: &Env<'_>, slot: u32, x: f64) {
        let place = &mut self.stack[env.base + slot as usize];
        match place {
            Value::Number(old) => *old = x,
            _ => *place = Value::Number(x),
        }
    }

    #[inline(always)]
    pub(crate) fn set_local(&mut self, env: &Env<'_>, slot: u32, value: Value) {
        std::mem::replace(&mut self.stack[env.base + slot as usize], value).discard();
    }

    /// Gives a variable its cell, if function literals will capture it before it is bound.
    pub(crate) fn prepare_cell(&mut self, binding: &Binding, env: &Env<'_>) {
        if let BindingTarget::Local { slot, cell: true } = binding.target {
            let cell = self.new_cell();
            self.stack[env.base + slot as usize] = Value::Cell(cell);
        }
    }

    /// Evaluates one `name = value` and binds it.
    pub(crate) fn bind(&mut self, binding: &Binding, env: &Env<'_>) -> Eval<()> {
        let value = self.eval(&binding.value, env)?;
        match &binding.target {
            BindingTarget::Local { slot, cell: false } => self.set_local(env, *slot, value),
            BindingTarget::Local { slot, cell: true } => {
                if let Value::Cell(cell) = &self.stack[env.base + *slot as usize] {
                    cell.replace(value);
                }
            }
            BindingTarget::Special(special) => self.set_special(*special, value),
            BindingTarget::Unnamed => {
                let text = format!("Assignment without variable name {}", format::quoted(&value));
                self.warn(text, binding.location);
            }
            BindingTarget::Duplicate(name) => {
                let text = format!(
                    "Ignoring duplicate variable assignment {name} = {}",
                    format::quoted(&value)
                );
                self.warn(text, binding.location);
            }
        }
        Ok(())
    }

    /// Checks an assertion.
    pub(crate) fn assert(&mut self, assert: &Assert, env: &Env<'_>) -> Eval<()> {
        let holds = match &assert.condition {
            Some(condition) => self.condition(condition, env)?,
            None => {
                self.warn("Ignoring unknown variable \"condition\"", assert.location);
                false
            }
        };
        if holds {
            return Ok(());
        }
        let message = assert.message.as_ref().map(|message| self.eval(message, env)).transpose()?;
        Err(self.assertion_failed(&assert.text, message.as_ref(), assert.location))
    }

    pub(crate) fn assertion_failed(
        &mut self,
        condition: &str,
        message: Option<&Value>,
        location: Location,
    ) -> Stop {
        let mut text = String::from("Assertion");
        if !condition.is_empty() {
            text.push_str(&format!(" '{condition}'"));
        }
        text.push_str(" failed");
        if let Some(message) = message {
            text.push_str(": ");
            text.push_str(&format::quoted(message));
        }
        self.error(text, Some(location))
    }

    /// Prints the arguments of an `echo`.
    pub(crate) fn echo(&mut self, echo: &Echo, env: &Env<'_>) -> Eval<()> {
        let text = self.echo_text(&echo.args, env, echo.location)?;
        self.program.messages.push(Diagnostic::new(Severity::Echo, text, Some(echo.location)));
        Ok(())
    }

    pub(crate) fn echo_text(
        &mut self,
        args: &[crate::code::Argument],
        env: &Env<'_>,
        location: Location,
    ) -> Eval<String> {
        let mut text = String::new();
        for (i, arg) in args.iter().enumerate() {
            let value = self.eval(&arg.value, env)?;
            if i > 0 {
                text.push_str(", ");
            }
            if let Some(name) = arg.name {
                text.push_str(self.program.names.text(name));
                text.push_str(" = ");
            }
            let limit = self.options.limits.string_bytes;
            if let Err(why) = format::write_quoted(&mut text, &value, limit) {
                return Err(self.error(why.text(), Some(location)));
            }
        }
        Ok(text)
    }

    /// A function value: the literal with what it captures.
    fn function_value(&mut self, function: &FunctionExpr, env: &Env<'_>) -> Eval {
        let mut captures = Vec::with_capacity(function.captures.len());
        for capture in &function.captures {
            captures.push(self.eval(capture, env)?);
        }
        let frame: Rc<Frame> = Rc::clone(env.frame);
        let closure = Closure {
            code: Rc::clone(&function.code),
            captures: captures.into(),
            frame,
            this: None,
        };
        Ok(Value::Function(Rc::new(closure)))
    }
}

fn unpack_cell(value: Value) -> Value {
    match value {
        Value::Cell(cell) => match &*cell.borrow() {
            Value::Unset => Value::Undef,
            value => value.clone(),
        },
        value => value,
    }
}

/// `base[index]`: `undef` without a warning where there is no such element.
#[inline(always)]
fn element(base: &Value, index: Value) -> Value {
    // The common case: a whole number that is not negative. NaN fails the comparison.
    let found = match (base, &index) {
        (Value::List(list), Value::Number(x)) if *x >= 0.0 && *x < 4_294_967_296.0 => {
            list.get(*x as usize).unwrap_or(Value::Undef)
        }
        (base, index) => element_slow(base, index),
    };
    index.discard();
    found
}

#[inline(never)]
fn element_slow(base: &Value, index: &Value) -> Value {
    if let (Value::Object(object), Value::String(key)) = (base, index) {
        return object.get(key.as_str()).cloned().unwrap_or(Value::Undef);
    }
    let Value::Number(x) = index else { return Value::Undef };
    // Truncated toward zero: -0.5 is the first element.
    if x.is_nan() || *x <= -1.0 || *x >= 4_294_967_296.0 {
        return Value::Undef;
    }
    let i = *x as usize;
    match base {
        Value::List(list) => list.get(i).unwrap_or(Value::Undef),
        Value::String(text) => {
            text.char_at(i).map_or(Value::Undef, |c| Value::String(Text::from_char(c)))
        }
        Value::Range(range) => match i {
            0 => Value::Number(range.begin),
            1 => Value::Number(range.step),
            2 => Value::Number(range.end),
            _ => Value::Undef,
        },
        _ => Value::Undef,
    }
}
