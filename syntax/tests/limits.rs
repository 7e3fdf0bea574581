//! Deep and long source: a tree and a message, never a crash.

use scadstream_syntax::MAX_NESTING;
use scadstream_syntax::parser::{Parsed, parse_text};

/// Parses in a thread of 1 MiB, half of what Rust gives a thread by default.
fn parse_in_small_stack(text: String) -> Parsed {
    let run = move || parse_text(&text);
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run);
    thread.expect("a thread can be started").join().expect("parsing does not panic")
}

/// Nests `open .. close` in itself, far too deep and then as deep as it may be, and parses both.
///
/// `levels` is how many levels of nesting one repetition takes.
#[track_caller]
fn check(open: &str, middle: &str, close: &str, levels: u32) {
    let nest = |n: usize| format!("{}{middle}{}", open.repeat(n), close.repeat(n));
    let wrap = |text: String| match open.ends_with(';') || middle.ends_with(';') {
        true => text,
        false => format!("x = {text};"),
    };
    let deep = parse_in_small_stack(wrap(nest(100_000)));
    let hints: Vec<_> = deep.diagnostics.iter().map(|d| d.hint.as_deref().unwrap_or("")).collect();
    let expected = format!("the source is nested more than {MAX_NESTING} levels deep here");
    assert_eq!(hints, [expected.as_str()]);
    let legal = parse_in_small_stack(wrap(nest((MAX_NESTING / levels) as usize - 2)));
    assert_eq!(legal.diagnostics, []);
}

#[test]
fn deep_nesting_is_reported_once() {
    check("(", "1", ")", 1);
    check("[", "1", "]", 2);
    check("f(", "1", ")", 1);
    check("a[", "1", "]", 1);
    check("-", "a", "", 1);
    check("2^", "a", "", 1);
    check("a ? ", "1", " : 2", 1);
    check("let (a = 1) ", "1", "", 1);
    check("function (a) ", "1", "", 1);
    check("1 || 1 && 1 == 1 < 1 | 1 & 1 << 1 + 1 * -(", "1", ")", 2);
    check("[for (i = 1) ", "1", "]", 3);
    check("[each ", "1", "]", 3);
    check("[if (a) ", "1", " else 2]", 3);
    check("{", ";", "}", 1);
    check("union() {", ";", "}", 1);
    check("union() ", "cube();", "", 1);
    check("if (a) ", "cube();", "", 1);
    check("module m() ", "cube();", "", 1);
    check("module m() {", ";", "}", 1);
}

#[track_caller]
fn check_long(start: &str, link: &str, end: &str) {
    let parsed = parse_in_small_stack(format!("{start}{}{end}", link.repeat(100_000)));
    assert_eq!(parsed.diagnostics, []);
}

#[test]
fn long_chains_parse_and_drop_without_recursion() {
    check_long("x = a", " + a", ";");
    check_long("x = a", " * a - a", ";");
    check_long("x = f", "(1)", ";");
    check_long("x = a", "[0]", ";");
    check_long("x = a", ".x", ";");
    check_long("x = ", "a ? b : ", "c;");
    check_long("", "if (a) b(); else ", "c();");
    check_long("x = [", "1, ", "];");
    check_long("", "a(); ", "");
}

#[test]
fn broken_text_takes_linear_time() {
    // Each of these has an opening sign without end on every line.
    for line in ["\"\\\n", "include <\n", "/*\n", "f(\n", "[\n", "{ f(\n", "}\n"] {
        parse_in_small_stack(line.repeat(200_000));
    }
}
