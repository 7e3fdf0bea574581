//! List comprehensions: all elements go into one buffer, however the loops nest.

use crate::code::{BindingTarget, Element, Expr, ForCElement, ForElement};
use crate::evaluator::{Env, Eval, Evaluator};
use crate::list::{List, ListBuilder, Rows};
use crate::text::Text;
use crate::value::Value;

/// Values of a range from which on a loop refuses it.
pub(crate) const RANGE_LIMIT: u32 = 1_000_000;

impl Evaluator<'_> {
    /// A list with comprehensions.
    pub(crate) fn comprehension(&mut self, elements: &[Element], env: &Env<'_>) -> Eval {
        let mut out = ListBuilder::default();
        for element in elements {
            self.element(element, env, &mut out)?;
        }
        Ok(Value::List(out.finish()))
    }

    #[inline(always)]
    fn push(&mut self, out: &mut ListBuilder, value: Value) -> Eval<()> {
        out.push(value);
        self.check_length(out)
    }

    #[inline(always)]
    fn check_length(&mut self, out: &ListBuilder) -> Eval<()> {
        if out.len() > self.options.limits.list_elements {
            return Err(self.error("List is too long", None));
        }
        Ok(())
    }

    /// One pass of a loop, or what a condition lets through: no call where that is a number at hand.
    #[inline(always)]
    fn pass(&mut self, body: &Element, env: &Env<'_>, out: &mut ListBuilder) -> Eval<()> {
        let mut body = body;
        if let Element::If(parts) = body {
            let (condition, then, otherwise) = &**parts;
            body = match (self.condition(condition, env)?, otherwise) {
                (true, _) => then,
                (false, Some(otherwise)) => otherwise,
                (false, None) => return Ok(()),
            };
        }
        if let Element::Value(expr) = body
            && let Some(x) = self.number(expr, env)
        {
            return self.push(out, Value::Number(x));
        }
        self.element(body, env, out)
    }

    fn element(&mut self, element: &Element, env: &Env<'_>, out: &mut ListBuilder) -> Eval<()> {
        match element {
            Element::Value(Expr::List(items)) if items.len() <= Rows::WIDEST => {
                let (numbers, known) = self.leading_numbers(items, env);
                if known < items.len() {
                    let list = self.list(items, env)?;
                    return self.push(out, list);
                }
                out.push_row(&numbers[..known]);
                self.check_length(out)
            }
            Element::Value(expr) => {
                let value = self.quick(expr, env)?;
                self.push(out, value)
            }
            Element::For(f) => self.for_element(f, env, out),
            Element::ForC(f) => self.for_c_element(f, env, out),
            Element::If(_) => self.pass(element, env, out),
            Element::Let(parts) => {
                let (bindings, body) = &**parts;
                let mark = self.mark();
                for binding in bindings {
                    self.prepare_cell(binding, env);
                }
                for binding in bindings {
                    self.bind(binding, env)?;
                }
                self.element(body, env, out)?;
                self.restore(mark);
                Ok(())
            }
            Element::Each(body) => self.each(body, env, out),
        }
    }

    /// `each`: lists, ranges, strings and what comprehensions give are spliced one level.
    fn each(&mut self, body: &Element, env: &Env<'_>, out: &mut ListBuilder) -> Eval<()> {
        // A list in a variable is read where it is.
        if let Element::Value(Expr::Local(slot)) = body
            && let Value::List(list) = &self.stack[env.base + *slot as usize]
            && out.len() + list.len() <= self.options.limits.list_elements
        {
            out.extend(list);
            return self.step();
        }
        if let Element::Value(expr) = body {
            let value = self.eval(expr, env)?;
            return self.splice(value, out);
        }
        let mut elements = ListBuilder::default();
        self.element(body, env, &mut elements)?;
        for value in elements.finish().iter() {
            self.splice(value, out)?;
        }
        Ok(())
    }

    fn splice(&mut self, value: Value, out: &mut ListBuilder) -> Eval<()> {
        match value {
            Value::Undef | Value::Unset => Ok(()),
            Value::List(list) => {
                self.step()?;
                if out.len() + list.len() > self.options.limits.list_elements {
                    return Err(self.error("List is too long", None));
                }
                out.extend(&list);
                Ok(())
            }
            Value::Range(range) => {
                for x in range.values() {
                    self.step()?;
                    self.push(out, Value::Number(x))?;
                }
                Ok(())
            }
            Value::String(text) => {
                for c in text.as_str().chars() {
                    self.step()?;
                    self.push(out, Value::String(Text::from_char(c)))?;
                }
                Ok(())
            }
            scalar => self.push(out, scalar),
        }
    }

    fn for_element(&mut self, f: &ForElement, env: &Env<'_>, out: &mut ListBuilder) -> Eval<()> {
        let values = self.eval(&f.values, env)?;
        let BindingTarget::Local { slot, .. } = f.target else {
            let mark = self.mark();
            return self.for_each(values, f.location, |this, value| {
                if let BindingTarget::Special(special) = f.target {
                    this.set_special(special, value);
                }
                this.element(&f.body, env, out)?;
                this.restore(mark);
                Ok(())
            });
        };
        match values {
            Value::Range(range) if range.count() < RANGE_LIMIT => {
                for i in 0..range.count() {
                    self.step()?;
                    self.set_number(env, slot, range.value(i));
                    self.pass(&f.body, env, out)?;
                    if i == 0 {
                        make_room(out, &f.body, range.count() as usize - 1);
                    }
                }
                Ok(())
            }
            Value::List(list) => {
                let done = match column_of(&f.body, slot) {
                    Some(column) => self.column(&list, column, out)?,
                    None => 0,
                };
                for i in done..list.len() {
                    self.step()?;
                    list.read_into(i, &mut self.stack[env.base + slot as usize]);
                    self.pass(&f.body, env, out)?;
                    if i == 0 {
                        make_room(out, &f.body, list.len() - 1);
                    }
                }
                Ok(())
            }
            values => self.for_each(values, f.location, |this, value| {
                this.set_local(env, slot, value);
                this.element(&f.body, env, out)
            }),
        }
    }

    /// The start of `[for (row = list) row[column]]`, as far as it gives numbers; how many rows those are.
    fn column(&mut self, list: &List, column: usize, out: &mut ListBuilder) -> Eval<usize> {
        if out.len() + list.len() > self.options.limits.list_elements {
            return Ok(0);
        }
        self.step()?;
        out.reserve(list.len());
        Ok(list.column_into(column, out))
    }

    /// Calls `pass` with each value that a loop over `values` goes through.
    #[inline]
    pub(crate) fn for_each(
        &mut self,
        values: Value,
        location: scadstream_syntax::Location,
        mut pass: impl FnMut(&mut Self, Value) -> Eval<()>,
    ) -> Eval<()> {
        match values {
            Value::Range(range) => {
                let count = range.count();
                if count >= RANGE_LIMIT {
                    let text = format!(
                        "Bad range parameter in for statement: too many elements ({count})"
                    );
                    self.warn(text, location);
                    return Ok(());
                }
                for i in 0..count {
                    self.step()?;
                    pass(self, Value::Number(range.value(i)))?;
                }
                Ok(())
            }
            Value::List(list) => {
                for i in 0..list.len() {
                    self.step()?;
                    let value = list.get(i).unwrap_or(Value::Undef);
                    pass(self, value)?;
                }
                Ok(())
            }
            Value::String(text) => {
                for c in text.as_str().chars() {
                    self.step()?;
                    pass(self, Value::String(Text::from_char(c)))?;
                }
                Ok(())
            }
            Value::Object(object) => {
                for (key, _) in object.iter() {
                    self.step()?;
                    pass(self, Value::String(key.clone()))?;
                }
                Ok(())
            }
            Value::Undef | Value::Unset => Ok(()),
            scalar => pass(self, scalar),
        }
    }

    fn for_c_element(&mut self, f: &ForCElement, env: &Env<'_>, out: &mut ListBuilder) -> Eval<()> {
        let mark = self.mark();
        for binding in &f.init {
            self.prepare_cell(binding, env);
        }
        for binding in &f.init {
            self.bind(binding, env)?;
        }
        let mut rounds = 0;
        while self.condition(&f.condition, env)? {
            self.step()?;
            self.element(&f.body, env, out)?;
            rounds += 1;
            if rounds > self.options.limits.tail_calls {
                return Err(self.error("For loop counter exceeded limit", Some(f.location)));
            }
            // One after the other: each sees the new values of those before it.
            for binding in &f.next {
                self.bind(binding, env)?;
            }
        }
        self.restore(mark);
        Ok(())
    }
}

/// Makes room for the passes of a loop that are left, when each gives one element.
fn make_room(out: &mut ListBuilder, body: &Element, passes_left: usize) {
    if let Element::Value(_) = body {
        out.reserve(passes_left);
    }
}

/// The column, when a loop's body is `row[column]` of its own variable, the one in `slot`.
fn column_of(body: &Element, slot: u32) -> Option<usize> {
    let Element::Value(Expr::Index(parts)) = body else { return None };
    match &**parts {
        [Expr::Local(row) | Expr::Take(row), Expr::Const(Value::Number(column))]
            if *row == slot && *column >= 0.0 && column.fract() == 0.0 =>
        {
            Some(*column as usize)
        }
        _ => None,
    }
}
