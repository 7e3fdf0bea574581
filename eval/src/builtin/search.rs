//! `search`.

use crate::builtin::{Args, Call, wrong_count};
use crate::compare::equal;
use crate::evaluator::{Eval, Evaluator};
use crate::format;
use crate::list::{List, ListBuilder, Numbers};
use crate::text::Text;
use crate::value::Value;

/// `search(what, where, n = 1, column = 0)`: indices of matches.
///
/// A number gives one flat list; a string is looked for character by character, a list value by value. With `n = 1`
/// each gives its first index alone, else a list of up to `n`, of all for `n = 0`.
pub(super) fn search(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    if !(2..=4).contains(&args.len()) {
        return ev.undefined(wrong_count("search", "between 2 and 4", args.len()), call.location);
    }
    let count = |i: usize, default: usize| {
        args.get(i).map_or(default, |v| v.as_number().map_or(0, |x| x as usize))
    };
    let (per_value, column) = (count(2, 1), count(3, 0));
    let place = &args[1];
    match &args[0] {
        needle @ (Value::Number(_) | Value::Bool(_)) => {
            let Value::List(table) = place else { return Ok(empty()) };
            let all = if per_value == 0 { usize::MAX } else { per_value };
            Ok(Value::List(List::numbers(find(ev, needle, table, all, column)?)))
        }
        Value::String(needle) => {
            let chars: Vec<char> = needle.as_str().chars().collect();
            match place {
                Value::String(text) => {
                    let text = text.clone();
                    each_char(ev, call, &chars, per_value, false, |ev, c, limit| {
                        ev.step()?;
                        let hits =
                            text.as_str().chars().enumerate().filter(|(_, other)| *other == c);
                        Ok(hits.take(limit).map(|(i, _)| i as f64).collect())
                    })
                }
                Value::List(table) => {
                    let table = table.clone();
                    search_table(ev, call, &chars, &table, per_value, column)
                }
                _ => Ok(empty()),
            }
        }
        Value::List(needles) => {
            let Value::List(table) = place else { return Ok(empty()) };
            let mut out = ListBuilder::with_capacity(needles.len());
            for needle in needles.iter() {
                let limit = if per_value == 0 { usize::MAX } else { per_value };
                let hits = find(ev, &needle, table, limit, column)?;
                out.push(match hits.first() {
                    Some(first) if per_value == 1 => Value::Number(*first),
                    _ => Value::List(List::numbers(hits)),
                });
            }
            Ok(Value::List(out.finish()))
        }
        _ => Ok(Value::Undef),
    }
}

fn empty() -> Value {
    Value::List(List::empty())
}

/// Places of a value in a list, or in a column of it.
fn find(
    ev: &mut Evaluator<'_>,
    needle: &Value,
    table: &List,
    limit: usize,
    column: usize,
) -> Eval<Numbers> {
    let mut hits = Numbers::new();
    // Numbers among plain numbers, the common case, need no values made of them.
    if let (Value::Number(x), Some(numbers)) = (needle, table.as_slice()) {
        if column == 0 {
            let places = numbers.iter().enumerate().filter(|(_, y)| *y == x).map(|(i, _)| i as f64);
            hits.extend(places.take(limit));
        }
        ev.step()?;
        return Ok(hits);
    }
    if let (Value::Number(x), List::Rows(rows)) = (needle, table) {
        let places = rows.iter().enumerate().filter(|(_, row)| row.get(column) == Some(x));
        hits.extend(places.map(|(i, _)| i as f64).take(limit));
        ev.step()?;
        return Ok(hits);
    }
    for (i, row) in table.iter().enumerate() {
        ev.step()?;
        let matches = match &row {
            row if column == 0 && equal(row, needle) => true,
            Value::List(cells) => cells.get(column).is_some_and(|cell| equal(&cell, needle)),
            _ => false,
        };
        if matches {
            hits.push(i as f64);
            if hits.len() >= limit {
                break;
            }
        }
    }
    Ok(hits)
}

/// The result for a string: one entry per character. With `n = 1` characters without a match leave no entry. In a
/// table they are worth a warning.
fn each_char(
    ev: &mut Evaluator<'_>,
    call: &Call<'_>,
    chars: &[char],
    per_value: usize,
    table: bool,
    mut hits_of: impl FnMut(&mut Evaluator<'_>, char, usize) -> Eval<Numbers>,
) -> Eval {
    let limit = if per_value == 0 { usize::MAX } else { per_value };
    let mut out = ListBuilder::with_capacity(chars.len());
    for c in chars {
        let hits = hits_of(ev, *c, limit)?;
        if hits.is_empty() && table {
            ev.warn(format!("search term not found: \"{c}\""), call.location);
        }
        if per_value != 1 {
            out.push(Value::List(List::numbers(hits)));
        } else if let Some(first) = hits.first() {
            out.push(Value::Number(*first));
        }
    }
    Ok(Value::List(out.finish()))
}

/// Each character against the first character of a column.
fn search_table(
    ev: &mut Evaluator<'_>,
    call: &Call<'_>,
    chars: &[char],
    table: &List,
    per_value: usize,
    column: usize,
) -> Eval {
    let mut firsts: Vec<Option<char>> = Vec::with_capacity(table.len());
    for (i, row) in table.iter().enumerate() {
        ev.step()?;
        let cell = match &row {
            Value::List(cells) => cells.get(column),
            _ => None,
        };
        match cell {
            Some(Value::String(text)) => firsts.push(Text::char_at(&text, 0)),
            Some(_) => firsts.push(None),
            None => {
                let shown = format::quoted(&row);
                ev.warn(
                    format!("Invalid entry in search vector at index {i}, required number of values in the entry: {}. Invalid entry: {shown}", column + 1),
                    call.location,
                );
                return Ok(empty());
            }
        }
    }
    each_char(ev, call, chars, per_value, true, |ev, c, limit| {
        ev.step()?;
        let hits = firsts.iter().enumerate().filter(|(_, first)| **first == Some(c));
        Ok(hits.take(limit).map(|(i, _)| i as f64).collect())
    })
}
