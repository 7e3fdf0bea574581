//! Marks the last read of each variable of a function.
//!
//! A value that is read for the last time can be moved out of its variable instead of copied, and whoever gets it as
//! the only owner may change it in place: `f(concat(v, [x]))` then grows one buffer instead of copying the list at
//! every call. Walks against the order of evaluation with the set of variables that are read later.

use crate::code::{Argument, Binding, BindingTarget, Callee, Element, Expr};
use rustc_hash::FxHashSet;

/// Marks last reads in the body of a function.
pub(super) fn mark(body: &mut Expr) {
    expr(body, &mut Live::default());
}

type Live = FxHashSet<u32>;

fn expr(e: &mut Expr, live: &mut Live) {
    match e {
        Expr::Local(slot) => {
            if live.insert(*slot) {
                *e = Expr::Take(*slot);
            }
        }
        Expr::Const(_)
        | Expr::Take(_)
        | Expr::LocalCell(_)
        | Expr::Capture(_)
        | Expr::CaptureCell(_)
        | Expr::SelfFunction
        | Expr::Scope(_)
        | Expr::Special(..)
        | Expr::SpecialIfSet(_)
        | Expr::ChildCount(_)
        | Expr::ParentModules(_)
        | Expr::UnknownVariable(..) => {}
        Expr::Unary(_, operand, _) | Expr::Member(operand, _) | Expr::Guard(operand) => {
            expr(operand, live)
        }
        Expr::Binary(binary) => {
            expr(&mut binary.right, live);
            expr(&mut binary.left, live);
        }
        // The right side may not run: what it reads is not over when it does not.
        Expr::And(sides) | Expr::Or(sides) => {
            let [left, right] = &mut **sides;
            let mut after = live.clone();
            expr(right, &mut after);
            live.extend(after);
            expr(left, live);
        }
        Expr::Chain(chain) => {
            for (_, operand, _) in chain.rest.iter_mut() {
                pin(operand, live);
            }
            expr(&mut chain.first, live);
        }
        Expr::Conditional(branches, otherwise) => {
            let after = live.clone();
            expr(otherwise, live);
            for [condition, then] in branches.iter_mut().rev() {
                let mut then_live = after.clone();
                expr(then, &mut then_live);
                live.extend(then_live);
                expr(condition, live);
            }
        }
        Expr::List(items) => items.iter_mut().rev().for_each(|item| expr(item, live)),
        Expr::Comprehension(elements) => elements.iter_mut().rev().for_each(|el| element(el, live)),
        Expr::Range(range) => {
            expr(&mut range.end, live);
            if let Some(step) = &mut range.step {
                expr(step, live);
            }
            expr(&mut range.begin, live);
        }
        // The base is read in place where it can be, which wants it to stay, also while the index is evaluated.
        Expr::Index(parts) => {
            let [base, index] = &mut **parts;
            pin(base, live);
            expr(index, live);
        }
        Expr::Call(call) => {
            args(&mut call.args.list, live);
            if let Callee::Dynamic { candidates, .. } = &mut call.callee {
                candidates.iter_mut().for_each(|c| pin(c, live));
            }
        }
        Expr::Builtin(call) => args(&mut call.args.list, live),
        Expr::Let(l) => {
            expr(&mut l.body, live);
            bindings(&mut l.bindings, live);
        }
        Expr::Assert(a) => {
            if let Some(body) = &mut a.body {
                expr(body, live);
            }
            a.message.iter_mut().chain(&mut a.condition).for_each(|part| pin(part, live));
        }
        Expr::Echo(echo) => {
            if let Some(body) = &mut echo.body {
                expr(body, live);
            }
            args(&mut echo.args, live);
        }
        Expr::Function(function) => function.captures.iter_mut().for_each(|c| pin(c, live)),
    }
}

fn args(list: &mut [Argument], live: &mut Live) {
    list.iter_mut().rev().for_each(|arg| expr(&mut arg.value, live));
}

fn bindings(list: &mut [Binding], live: &mut Live) {
    for binding in list.iter_mut().rev() {
        if let BindingTarget::Local { slot, .. } = binding.target {
            live.remove(&slot);
        }
        expr(&mut binding.value, live);
    }
}

/// Notes what an expression reads and marks nothing in it: it may run more than once, or leave values in place.
fn pin(e: &mut Expr, live: &mut Live) {
    let mut reads = Live::default();
    collect(e, &mut reads);
    live.extend(reads);
}

fn element(e: &mut Element, live: &mut Live) {
    match e {
        Element::Value(value) => expr(value, live),
        Element::For(f) => {
            pin_element(&mut f.body, live);
            expr(&mut f.values, live);
        }
        Element::ForC(f) => for_c(f, live),
        Element::If(parts) => {
            let (condition, then, otherwise) = &mut **parts;
            let mut after = live.clone();
            if let Some(otherwise) = otherwise {
                element(otherwise, &mut after);
            }
            element(then, live);
            live.extend(after);
            expr(condition, live);
        }
        Element::Let(parts) => {
            let (list, body) = &mut **parts;
            element(body, live);
            bindings(list, live);
        }
        Element::Each(body) => element(body, live),
    }
}

/// A C-style loop. A variable that the third part sets is over, in a round, after its last read there: this is what
/// makes `for (i = 0, v = []; i < n; i = i + 1, v = concat(v, [i]))` linear.
fn for_c(f: &mut crate::code::ForCElement, live: &mut Live) {
    let mut round = Live::default();
    collect_element(&mut f.body, &mut round);
    collect(&mut f.condition, &mut round);
    f.next.iter_mut().for_each(|b| collect(&mut b.value, &mut round));
    // Whatever any round reads is needed by the next one, unless the third part sets it anew before.
    live.extend(round);
    let mut next_live = live.clone();
    bindings(&mut f.next, &mut next_live);
    bindings(&mut f.init, live);
}

fn pin_element(e: &mut Element, live: &mut Live) {
    collect_element(e, live);
}

/// All variables that an expression reads.
fn collect(e: &mut Expr, reads: &mut Live) {
    let mut every = Everything(reads);
    every.expr(e);
}

fn collect_element(e: &mut Element, reads: &mut Live) {
    let mut every = Everything(reads);
    every.element(e);
}

struct Everything<'a>(&'a mut Live);

impl Everything<'_> {
    fn expr(&mut self, e: &mut Expr) {
        match e {
            Expr::Local(slot) | Expr::Take(slot) => {
                let slot = *slot;
                self.0.insert(slot);
                *e = Expr::Local(slot);
            }
            Expr::Const(_)
            | Expr::LocalCell(_)
            | Expr::Capture(_)
            | Expr::CaptureCell(_)
            | Expr::SelfFunction
            | Expr::Scope(_)
            | Expr::Special(..)
            | Expr::SpecialIfSet(_)
            | Expr::ChildCount(_)
            | Expr::ParentModules(_)
            | Expr::UnknownVariable(..) => {}
            Expr::Unary(_, operand, _) | Expr::Member(operand, _) | Expr::Guard(operand) => {
                self.expr(operand)
            }
            Expr::Binary(binary) => {
                self.expr(&mut binary.left);
                self.expr(&mut binary.right);
            }
            Expr::And(sides) | Expr::Or(sides) | Expr::Index(sides) => {
                sides.iter_mut().for_each(|s| self.expr(s))
            }
            Expr::Chain(chain) => {
                self.expr(&mut chain.first);
                chain.rest.iter_mut().for_each(|(_, operand, _)| self.expr(operand));
            }
            Expr::Conditional(branches, otherwise) => {
                branches.iter_mut().flatten().for_each(|part| self.expr(part));
                self.expr(otherwise);
            }
            Expr::List(items) => items.iter_mut().for_each(|item| self.expr(item)),
            Expr::Comprehension(elements) => elements.iter_mut().for_each(|el| self.element(el)),
            Expr::Range(range) => {
                self.expr(&mut range.begin);
                range.step.iter_mut().for_each(|step| self.expr(step));
                self.expr(&mut range.end);
            }
            Expr::Call(call) => {
                if let Callee::Dynamic { candidates, .. } = &mut call.callee {
                    candidates.iter_mut().for_each(|c| self.expr(c));
                }
                call.args.list.iter_mut().for_each(|arg| self.expr(&mut arg.value));
            }
            Expr::Builtin(call) => {
                call.args.list.iter_mut().for_each(|arg| self.expr(&mut arg.value))
            }
            Expr::Let(l) => {
                l.bindings.iter_mut().for_each(|b| self.expr(&mut b.value));
                self.expr(&mut l.body);
            }
            Expr::Assert(a) => {
                a.condition
                    .iter_mut()
                    .chain(&mut a.message)
                    .chain(&mut a.body)
                    .for_each(|part| self.expr(part));
            }
            Expr::Echo(echo) => {
                echo.args.iter_mut().for_each(|arg| self.expr(&mut arg.value));
                echo.body.iter_mut().for_each(|body| self.expr(body));
            }
            Expr::Function(function) => function.captures.iter_mut().for_each(|c| self.expr(c)),
        }
    }

    fn element(&mut self, e: &mut Element) {
        match e {
            Element::Value(value) => self.expr(value),
            Element::For(f) => {
                self.expr(&mut f.values);
                self.element(&mut f.body);
            }
            Element::ForC(f) => {
                f.init.iter_mut().for_each(|b| self.expr(&mut b.value));
                self.expr(&mut f.condition);
                f.next.iter_mut().for_each(|b| self.expr(&mut b.value));
                self.element(&mut f.body);
            }
            Element::If(parts) => {
                let (condition, then, otherwise) = &mut **parts;
                self.expr(condition);
                self.element(then);
                otherwise.iter_mut().for_each(|o| self.element(o));
            }
            Element::Let(parts) => {
                parts.0.iter_mut().for_each(|b| self.expr(&mut b.value));
                self.element(&mut parts.1);
            }
            Element::Each(body) => self.element(body),
        }
    }
}
