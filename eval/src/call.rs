//! Calling user functions.
//!
//! A function's variables are a stretch of the evaluator's stack. Calls in tail position (through `?:`, `let`,
//! `assert` and `echo`) replace the stretch of their caller, so that they take no stack of the machine; others recurse
//! and are refused when little of it is left.

use std::rc::Rc;

use crate::bind::{ArgumentWarning, bind};
use crate::closure::Closure;
use crate::code::{
    Argument, Arguments, BuiltinCall, Call, Callee, Expr, FunctionBody, FunctionCode, Parameter,
    Resolved, Target,
};
use crate::compile;
use crate::evaluator::{Env, Eval, Evaluator};
use crate::names::{Name, Names, Special};
use crate::scope::{FileId, Frame, ancestor};
use crate::value::Value;

/// `$name = value` arguments, to be set once all arguments are evaluated.
pub(crate) type Specials = Vec<(Special, Value)>;

/// A function about to run, its arguments on the stack.
struct Ready {
    code: Rc<FunctionCode>,
    frame: Rc<Frame>,
    closure: Option<Rc<Closure>>,
    name: Option<Name>,
    specials: Specials,
}

/// What a body in tail position came to.
enum Tail {
    Done(Value),
    /// The arguments of another function took the place of this one's variables.
    Call(Ready),
    /// The same where it is this very function: nothing but the arguments changes.
    Again(Specials),
}

/// What is called, once that is known.
enum CalleeNow {
    Code {
        code: Rc<FunctionCode>,
        frame: Rc<Frame>,
        closure: Option<Rc<Closure>>,
        name: Option<Name>,
    },
    Foreign {
        code: Rc<FunctionCode>,
        file: FileId,
    },
    Builtin(crate::builtin::Builtin),
    /// Nothing that can be called; a warning was given.
    Nothing,
}

impl Evaluator<'_> {
    /// Calls a user function that is not in tail position.
    pub(crate) fn call(&mut self, call: &Call, env: &Env<'_>) -> Eval {
        if let Callee::Bound(Resolved::Function { id, hops }) = call.callee {
            let code = self.program.function(id);
            let frame = Rc::clone(ancestor(env.frame, hops));
            let base = self.stack.len();
            let specials = self.push_arguments(&code, None, &call.args, call, env)?;
            let mark = self.mark();
            let name = code.name;
            let result = self.run(Ready { code, frame, closure: None, name, specials }, base, call);
            self.pop_to(base);
            self.restore(mark);
            return result;
        }
        match self.callee(call, env)? {
            CalleeNow::Code { code, frame, closure, name } => {
                let base = self.stack.len();
                let specials =
                    self.push_arguments(&code, closure.as_ref(), &call.args, call, env)?;
                let mark = self.mark();
                let ready = Ready { code, frame, closure, name, specials };
                let result = self.run(ready, base, call);
                self.pop_to(base);
                self.restore(mark);
                result
            }
            CalleeNow::Foreign { code, file } => {
                let base = self.stack.len();
                let specials = self.push_arguments(&code, None, &call.args, call, env)?;
                let mark = self.mark();
                let frame = self.enter_file(file)?;
                let defined = self.define_file(file, &frame);
                let name = code.name;
                let ready = Ready { code, frame: Rc::clone(&frame), closure: None, name, specials };
                let result = self.run(ready, base, call);
                self.pop_to(base);
                self.restore(mark);
                self.forget(defined);
                self.leave_file(file, frame);
                result
            }
            CalleeNow::Builtin(function) => {
                let args = Arguments { list: Box::default(), warnings: Box::default() };
                let builtin = BuiltinCall { function, args, location: call.location };
                self.builtin_with(&builtin, &call.args.list, env)
            }
            CalleeNow::Nothing => {
                for arg in &call.args.list {
                    self.eval(&arg.value, env)?;
                }
                Ok(Value::Undef)
            }
        }
    }

    /// Finds out what is called.
    fn callee(&mut self, call: &Call, env: &Env<'_>) -> Eval<CalleeNow> {
        let (name, resolved) = match &call.callee {
            Callee::Bound(resolved) => (None, *resolved),
            Callee::Dynamic { name: Some(name), .. }
                if let Some((id, frame)) = self.dynamic_function(*name) =>
            {
                let code = self.program.function(id);
                return Ok(CalleeNow::Code { code, frame, closure: None, name: Some(*name) });
            }
            Callee::Dynamic { name, candidates, otherwise } => {
                for candidate in candidates {
                    let value = self.eval(candidate, env)?;
                    if let Value::Function(closure) = value {
                        let (code, frame) = (Rc::clone(&closure.code), Rc::clone(&closure.frame));
                        return Ok(CalleeNow::Code {
                            code,
                            frame,
                            closure: Some(closure),
                            name: *name,
                        });
                    }
                    if name.is_none() {
                        self.warn(
                            format!("Can't call function on {}", value.type_name()),
                            call.location,
                        );
                        return Ok(CalleeNow::Nothing);
                    }
                }
                (*name, *otherwise)
            }
        };
        Ok(match resolved {
            Resolved::Function { id, hops } => {
                let code = self.program.function(id);
                let frame = Rc::clone(ancestor(env.frame, hops));
                let name = code.name;
                CalleeNow::Code { code, frame, closure: None, name }
            }
            Resolved::Foreign { id, file } => {
                CalleeNow::Foreign { code: self.program.function(id), file }
            }
            Resolved::Builtin(function) => CalleeNow::Builtin(function),
            Resolved::Unknown => {
                if let Some(name) = name {
                    let text =
                        format!("Ignoring unknown function '{}'", self.program.names.text(name));
                    self.warn(text, call.location);
                }
                CalleeNow::Nothing
            }
        })
    }

    /// Drops the variables from `base` on.
    #[inline]
    fn pop_to(&mut self, base: usize) {
        while self.stack.len() > base {
            if let Some(value) = self.stack.pop() {
                value.discard();
            }
        }
    }

    /// The compiled body of a function.
    pub(crate) fn body<'c>(&mut self, code: &'c FunctionCode) -> &'c FunctionBody {
        if code.body.get().is_none() {
            let body = compile::function(&mut self.program, code);
            // Nothing else can have set it: compiling runs no code.
            let _ = code.body.set(body);
        }
        code.body.get().expect("set above")
    }

    /// Makes room for the function's variables on the stack and evaluates the arguments into it.
    fn push_arguments(
        &mut self,
        code: &Rc<FunctionCode>,
        closure: Option<&Rc<Closure>>,
        args: &Arguments,
        call: &Call,
        env: &Env<'_>,
    ) -> Eval<Specials> {
        let base = self.stack.len();
        let size = self.body(code).frame_size as usize;
        self.stack.extend(std::iter::repeat_with(|| Value::Unset).take(size));
        let mut specials = Specials::new();
        if let Callee::Bound(_) = call.callee {
            for arg in &args.list {
                if let Target::Slot(slot) = arg.target
                    && let Some(x) = self.number(&arg.value, env)
                {
                    self.stack[base + slot as usize] = Value::Number(x);
                    continue;
                }
                let value = self.eval(&arg.value, env)?;
                match arg.target {
                    Target::Slot(slot) => {
                        std::mem::replace(&mut self.stack[base + slot as usize], value).discard();
                    }
                    Target::Special(special) => specials.push((special, value)),
                    Target::Nowhere | Target::Unbound => {}
                }
            }
            if !args.warnings.is_empty() {
                self.warn_arguments(&args.warnings, call.location);
            }
            return Ok(specials);
        }
        let plain = args.list.len() <= code.params.len()
            && args.list.iter().all(|arg| arg.name.is_none())
            && code.params.iter().zip(0..).all(|(p, i)| p.target == Target::Slot(i));
        if plain {
            for (i, arg) in args.list.iter().enumerate() {
                let value = self.eval(&arg.value, env)?;
                self.stack[base + i] = value;
            }
        } else {
            let (targets, warnings) =
                bind(&code.params, args.list.iter().map(|arg| arg.name), &self.program.names);
            for (arg, target) in args.list.iter().zip(targets) {
                let value = self.eval(&arg.value, env)?;
                match target {
                    Target::Slot(slot) => {
                        std::mem::replace(&mut self.stack[base + slot as usize], value).discard();
                    }
                    Target::Special(special) => specials.push((special, value)),
                    Target::Nowhere | Target::Unbound => {}
                }
            }
            self.warn_arguments(&warnings, call.location);
        }
        if let Some(this) = closure.and_then(|closure| closure.this.as_ref())
            && let Some(slot) = this_slot(&code.params, &self.program.names)
        {
            self.stack[base + slot as usize] = this.clone();
        }
        Ok(specials)
    }

    #[cold]
    pub(crate) fn warn_arguments(
        &mut self,
        warnings: &[ArgumentWarning],
        location: scadstream_syntax::Location,
    ) {
        for warning in warnings {
            let about_parameters =
                matches!(warning, ArgumentWarning::NotAParameter(_) | ArgumentWarning::TooMany);
            if about_parameters && !self.options.check_parameters {
                continue;
            }
            let text = warning.text(&self.program.names);
            self.warn(text, location);
        }
    }

    /// Runs a function whose variables start at `base`, and those that it calls in tail position.
    #[inline]
    fn run(&mut self, ready: Ready, base: usize, call: &Call) -> Eval {
        let mark = self.mark();
        let mut ready = ready;
        let mut rounds = 0;
        if !self.has_stack() {
            return Err(self.recursion("function", ready.name, call.location));
        }
        loop {
            self.step()?;
            let Ready { code, frame, closure, name, mut specials } = ready;
            let env = &Env { base, frame: &frame, closure: closure.as_ref() };
            let outcome = loop {
                let outcome = match self.fill_parameters(&code, specials, mark, env) {
                    Ok(()) => self.tail(&self.body_of(&code).expr, env, &code),
                    Err(stop) => Err(stop),
                };
                let Ok(Tail::Again(next)) = outcome else { break outcome };
                rounds += 1;
                if rounds > self.options.limits.tail_calls {
                    break Err(self.recursion("function", name, code.location));
                }
                self.step()?;
                specials = next;
            };
            match outcome {
                Ok(Tail::Done(value)) => return Ok(value),
                Ok(Tail::Again(_)) => unreachable!("the loop above takes these"),
                Ok(Tail::Call(next)) => {
                    rounds += 1;
                    if rounds > self.options.limits.tail_calls {
                        let stop = self.recursion("function", next.name, next.code.location);
                        if let Some(name) = name {
                            self.trace(name, call.location);
                        }
                        return Err(stop);
                    }
                    ready = next;
                }
                Err(stop) => {
                    if let Some(name) = name {
                        self.trace(name, call.location);
                    }
                    return Err(stop);
                }
            }
        }
    }

    fn body_of<'c>(&self, code: &'c FunctionCode) -> &'c FunctionBody {
        code.body.get().expect("compiled when its arguments were pushed")
    }

    /// Reports recursion without an end.
    #[cold]
    pub(crate) fn recursion(
        &mut self,
        what: &str,
        name: Option<Name>,
        location: scadstream_syntax::Location,
    ) -> crate::evaluator::Stop {
        let name = name.map_or_else(
            || "function literal".into(),
            |name| self.program.names.text(name).to_string(),
        );
        self.error(format!("Recursion detected calling {what} '{name}'"), Some(location))
    }

    /// Sets `$` variables of the call and gives parameters without an argument their defaults.
    fn fill_parameters(
        &mut self,
        code: &FunctionCode,
        specials: Specials,
        mark: usize,
        env: &Env<'_>,
    ) -> Eval<()> {
        // A call in tail position sees what its callers set; what it sets itself takes the place of that, so that a
        // million such calls leave no million values to restore.
        let given: Vec<Special> = specials.iter().map(|(special, _)| *special).collect();
        for (special, value) in specials {
            self.set_special_since(special, value, mark);
        }
        let body = self.body_of(code);
        for (target, default) in &body.defaults {
            match target {
                Target::Slot(slot) => {
                    let place = env.base + *slot as usize;
                    if matches!(self.stack[place], Value::Unset) {
                        self.stack[place] = self.eval(default, env)?;
                    }
                }
                Target::Special(special) if !given.contains(special) => {
                    let value = self.eval(default, env)?;
                    self.set_special_since(*special, value, mark);
                }
                _ => {}
            }
        }
        for param in &code.params {
            match param.target {
                Target::Slot(slot) => {
                    let value = &mut self.stack[env.base + slot as usize];
                    if matches!(value, Value::Unset) {
                        *value = Value::Undef;
                    }
                }
                Target::Special(special) => {
                    let has_default = body.defaults.iter().any(|(t, _)| *t == param.target);
                    if !has_default && !given.contains(&special) {
                        self.set_special_since(special, Value::Undef, mark);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Evaluates an expression in tail position of the function whose variables are `env`'s.
    fn tail(&mut self, expr: &Expr, env: &Env<'_>, code: &Rc<FunctionCode>) -> Eval<Tail> {
        let mut expr = expr;
        loop {
            match expr {
                Expr::Conditional(branches, otherwise) => {
                    let mut chosen = &**otherwise;
                    for [condition, then] in branches {
                        if self.condition(condition, env)? {
                            chosen = then;
                            break;
                        }
                    }
                    expr = chosen;
                }
                Expr::Let(l) if !l.sets_specials => {
                    for binding in &l.bindings {
                        self.prepare_cell(binding, env);
                    }
                    for binding in &l.bindings {
                        self.bind(binding, env)?;
                    }
                    expr = &l.body;
                }
                Expr::Assert(assert) => {
                    self.assert(assert, env)?;
                    match &assert.body {
                        Some(body) => expr = body,
                        None => return Ok(Tail::Done(Value::Undef)),
                    }
                }
                Expr::Echo(echo) => {
                    self.echo(echo, env)?;
                    match &echo.body {
                        Some(body) => expr = body,
                        None => return Ok(Tail::Done(Value::Undef)),
                    }
                }
                Expr::Guard(inner) => expr = inner,
                Expr::Call(call) => return self.tail_call(call, env, code),
                other => return self.eval(other, env).map(Tail::Done),
            }
        }
    }

    fn tail_call(&mut self, call: &Call, env: &Env<'_>, current: &Rc<FunctionCode>) -> Eval<Tail> {
        if let Callee::Bound(Resolved::Function { id, hops }) = call.callee
            && Rc::ptr_eq(&self.program.function(id), current)
            && Rc::ptr_eq(ancestor(env.frame, hops), env.frame)
        {
            if self.write_over(&call.args, env) {
                return Ok(Tail::Again(Specials::new()));
            }
            let new_base = self.stack.len();
            let specials = self.push_arguments(current, None, &call.args, call, env)?;
            for i in 0..self.stack.len() - new_base {
                self.stack.swap(env.base + i, new_base + i);
            }
            self.pop_to(new_base);
            return Ok(Tail::Again(specials));
        }
        if let Callee::Bound(Resolved::Foreign { .. }) = call.callee {
            return self.call(call, env).map(Tail::Done);
        }
        match self.callee(call, env)? {
            CalleeNow::Code { code, frame, closure, name } => {
                let new_base = self.stack.len();
                let specials =
                    self.push_arguments(&code, closure.as_ref(), &call.args, call, env)?;
                self.stack.drain(env.base..new_base);
                Ok(Tail::Call(Ready { code, frame, closure, name, specials }))
            }
            CalleeNow::Foreign { .. } => {
                // A variable may have stood in the way; it is evaluated twice, which nothing can notice.
                self.call(call, env).map(Tail::Done)
            }
            CalleeNow::Builtin(function) => {
                let args = Arguments::default();
                let builtin = BuiltinCall { function, args, location: call.location };
                self.builtin_with(&builtin, &call.args.list, env).map(Tail::Done)
            }
            CalleeNow::Nothing => {
                for arg in &call.args.list {
                    self.eval(&arg.value, env)?;
                }
                Ok(Tail::Done(Value::Undef))
            }
        }
    }

    /// Begins the running function again in its own variables, when all that it passes is numbers at hand and variables
    /// as they are: what a loop written as a recursion does. Whether it did.
    fn write_over(&mut self, args: &Arguments, env: &Env<'_>) -> bool {
        const MOST: usize = 6;
        let mut numbers = [0.0; MOST];
        if args.list.len() > MOST || !args.warnings.is_empty() {
            return false;
        }
        // Bits of slots: those that get a number, and those that keep what they hold.
        let (mut written, mut kept) = (0_u64, 0_u64);
        for (arg, number) in args.list.iter().zip(&mut numbers) {
            let Target::Slot(slot) = arg.target else { return false };
            if slot >= u64::BITS || (written | kept) & (1 << slot) != 0 {
                return false;
            }
            match arg.value {
                Expr::Local(same) | Expr::Take(same) if same == slot => kept |= 1 << slot,
                ref value => {
                    let Some(x) = self.number(value, env) else { return false };
                    *number = x;
                    written |= 1 << slot;
                }
            }
        }
        for (arg, x) in args.list.iter().zip(numbers) {
            if let Target::Slot(slot) = arg.target
                && written & (1 << slot) != 0
            {
                self.set_number(env, slot, x);
            }
        }
        let variables = self.stack[env.base..].iter_mut();
        for (slot, variable) in variables.enumerate() {
            if slot >= u64::BITS as usize || (written | kept) & (1 << slot) == 0 {
                std::mem::replace(variable, Value::Unset).discard();
            }
        }
        true
    }

    /// Evaluates a builtin's arguments and calls it.
    pub(crate) fn builtin(&mut self, call: &BuiltinCall, env: &Env<'_>) -> Eval {
        self.builtin_with(call, &call.args.list, env)
    }

    fn builtin_with(&mut self, call: &BuiltinCall, args: &[Argument], env: &Env<'_>) -> Eval {
        let result = crate::builtin::call(self, call, args, env);
        if result.is_err() {
            let name = self.program.names.intern(&call.function.name().into());
            self.trace(name, call.location);
        }
        result
    }
}

fn this_slot(params: &[Parameter], names: &Names) -> Option<u32> {
    params.iter().find_map(|p| match p.target {
        Target::Slot(slot) if &**names.text(p.name) == "this" => Some(slot),
        _ => None,
    })
}

/// A function taken out of an object: one with a parameter `this` becomes a method of it.
pub(crate) fn bind_method(function: &Rc<Closure>, object: &Value, names: &Names) -> Value {
    if this_slot(&function.code.params, names).is_none() {
        return Value::Function(Rc::clone(function));
    }
    Value::Function(Rc::new(Closure {
        code: Rc::clone(&function.code),
        captures: function.captures.clone(),
        frame: Rc::clone(&function.frame),
        this: Some(object.clone()),
    }))
}
