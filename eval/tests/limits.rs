//! Runaway models: an error with a trace, never a crash; and stopping from outside.

mod common;

use std::cell::Cell;
use std::sync::Arc;

use expect_test::{Expect, expect};
use scadstream_eval::{Control, Limits, MemoryWorld, Options, Outcome, Progress, evaluate};
use scadstream_syntax::Source;

fn limits(change: impl FnOnce(&mut Limits)) -> Options {
    let mut options = Options { trace_depth: 2, ..Options::default() };
    change(&mut options.limits);
    options
}

#[track_caller]
fn check(source: &str, options: &Options, expect: Expect) {
    let evaluation = common::run(source, options);
    assert_eq!(evaluation.outcome, Outcome::Failed);
    assert!(evaluation.root.children().is_empty(), "after an error nothing is drawn");
    // How many frames there were depends on the stack and the build.
    let said = common::messages(&evaluation);
    let said: Vec<&str> = said.lines().filter(|line| !line.contains("Excluding")).collect();
    expect.assert_eq(&said.join("\n"));
}

#[test]
fn recursion_without_end() {
    let options = limits(|_| {});
    check(
        "cube(1); function f(x) = 1 + f(x + 1); echo(f(0));",
        &options,
        expect![[r#"
            ERROR: Recursion detected calling function 'f' in file main.scad, line 1
            TRACE: called by 'f' in file main.scad, line 1
            TRACE: called by 'f' in file main.scad, line 1
            TRACE: called by 'f' in file main.scad, line 1
            TRACE: called by 'echo' in file main.scad, line 1"#]],
    );
    // Whether the stack ends in the module or in what it instantiates is chance.
    let evaluation = common::run("module m(n) { translate([1, 0, 0]) m(n + 1); } m(0);", &options);
    let said = common::messages(&evaluation);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "ERROR: Recursion detected calling module 'm' in file main.scad, line 1");
    assert_eq!(lines[lines.len() - 2], "TRACE: called by 'translate' in file main.scad, line 1");
    assert_eq!(lines[lines.len() - 1], "TRACE: called by 'm' in file main.scad, line 1");
    check(
        "function f(x) = f(x + 1); echo(f(0));",
        &limits(|l| l.tail_calls = 1000),
        expect![[r#"
            ERROR: Recursion detected calling function 'f' in file main.scad, line 1
            TRACE: called by 'f' in file main.scad, line 1
            TRACE: called by 'echo' in file main.scad, line 1"#]],
    );
    check(
        "x = [for (i = 0; true; i = i + 1) i];",
        &limits(|l| l.tail_calls = 1000),
        expect!["ERROR: For loop counter exceeded limit in file main.scad, line 1"],
    );
}

#[test]
fn tail_calls_up_to_a_million_take_no_stack() {
    let source = "function even(n) = n == 0 ? true : odd(n - 1); function odd(n) = n == 0 ? false : let (m = n - 1) even(m);
        function sum(n, acc = 0) = n == 0 ? acc : assert(n > 0) sum(n - 1, acc + n); echo(even(100000), sum(999999));";
    let evaluation = common::run(source, &Options::default());
    expect!["ECHO: true, 5e+11"].assert_eq(&common::messages(&evaluation));
}

#[test]
fn sizes_are_bounded() {
    check(
        "x = [for (i = [0:1000]) each [0:1000]];",
        &limits(|l| l.list_elements = 10_000),
        expect!["ERROR: List is too long"],
    );
    check(
        "x = [for (i = 0, v = [1]; true; i = i + 1, v = concat(v, v)) len(v)];",
        &limits(|l| l.list_elements = 10_000),
        expect![
            "ERROR: List is too long in file main.scad, line 1\nTRACE: called by 'concat' in file main.scad, line 1"
        ],
    );
    check(
        "function f(s) = f(str(s, s)); x = f(\"a\");",
        &limits(|l| l.string_bytes = 10_000),
        expect![[r#"
            ERROR: String is too long in file main.scad, line 1
            TRACE: called by 'str' in file main.scad, line 1
            TRACE: called by 'f' in file main.scad, line 1"#]],
    );
    let evaluation = common::run(
        "for (i = [0:99999]) echo(\"some text\");",
        &limits(|l| l.message_bytes = 10_000),
    );
    assert_eq!(
        evaluation.diagnostics[evaluation.diagnostics.len() - 2].message,
        "Too much output: stopped"
    );
}

#[test]
fn deep_values_neither_overflow_nor_hang() {
    let source = "function nest(n, v = []) = n == 0 ? v : nest(n - 1, [v]); v = nest(500000); w = nest(500000); echo(len(v)); x = v == w; y = v < w;
        function wrap(n, f) = n == 0 ? f : wrap(n - 1, function() f); g = wrap(200000, 1);";
    let evaluation = common::run(source, &Options::default());
    assert_eq!(evaluation.outcome, Outcome::Complete);
    check(
        "function nest(n, v = []) = n == 0 ? v : nest(n - 1, [v]); echo(nest(100000));",
        &limits(|_| {}),
        expect![[r#"
            ERROR: Stack exhausted while trying to convert a vector to EchoString in file main.scad, line 1
            TRACE: called by 'echo' in file main.scad, line 1"#]],
    );
}

#[test]
fn long_chains_of_operators_and_branches_work() {
    let sum = vec!["1"; 20_000].join(" + ");
    let cases: String = (0..5_000).map(|i| format!("x == {i} ? {i} : ")).collect();
    let ifs: String = (0..2_000).map(|i| format!("if (x == {i}) cube({i}); else ")).collect();
    let source = format!("x = 4321; echo({sum}); echo({cases} undef); {ifs} echo(\"else\");");
    let evaluation = common::run(&source, &Options::default());
    expect![[r#"
        ECHO: 20000
        ECHO: 4321
        ECHO: "else""#]]
    .assert_eq(&common::messages(&evaluation));
}

#[test]
fn huge_ranges_are_refused_by_loops() {
    let said = common::messages(&common::run(
        "for (i = [0:1e7]) echo(i); echo([for (i = [0:0:1]) i], len([for (i = [0:999998]) i]));",
        &Options::default(),
    ));
    expect![[r#"
        WARNING: Bad range parameter in for statement: too many elements (10000001) in file main.scad, line 1
        WARNING: Bad range parameter in for statement: too many elements (4294967295) in file main.scad, line 1
        ECHO: [], 999999"#]]
    .assert_eq(&said);
}

#[test]
fn hard_warnings_stop_at_the_first() {
    let options = Options { hard_warnings: true, ..Options::default() };
    let evaluation = common::run("cube(1); x = nothing; echo(\"not reached\");", &options);
    assert_eq!(evaluation.outcome, Outcome::Failed);
    expect![[r#"WARNING: Ignoring unknown variable "nothing" in file main.scad, line 1"#]]
        .assert_eq(&common::messages(&evaluation));
}

#[test]
fn range_checks_are_on_demand() {
    let options =
        Options { check_parameter_ranges: true, check_parameters: false, ..Options::default() };
    let said = common::messages(&common::run(
        "cube([1, 0, 1]); sphere(0); cylinder(h = 0); cylinder(r = 0); scale(0) circle(-1); module m() {} m(1, z = 2);",
        &options,
    ));
    expect![[r#"
        WARNING: cube(size=[1, 0, 1], ...) in file main.scad, line 1
        WARNING: sphere(r=0) in file main.scad, line 1
        WARNING: cylinder(h=0, ...) in file main.scad, line 1
        WARNING: cylinder(r1=0, r2=0, ...) in file main.scad, line 1
        WARNING: scale(0) in file main.scad, line 1
        WARNING: circle(r=-1) in file main.scad, line 1"#]]
    .assert_eq(&said);
}

#[test]
fn identical_messages_in_a_row_are_shown_five_times() {
    let said = common::messages(&common::run(
        "for (i = [0:9]) { a = nothing; } for (i = [0:1]) echo(nothing);",
        &Options::default(),
    ));
    assert_eq!(said.matches("unknown variable").count(), 5);
}

/// Cancels, or refuses memory, at the n-th question.
struct After {
    questions: Cell<u32>,
    cancel_at: u32,
    refuse_at: u32,
}

impl Control for After {
    fn is_cancelled(&self) -> bool {
        self.questions.set(self.questions.get() + 1);
        self.questions.get() >= self.cancel_at
    }

    fn checkpoint(&self, progress: Progress) -> Result<(), String> {
        if progress.nodes >= u64::from(self.refuse_at) {
            Err("Out of memory".into())
        } else {
            Ok(())
        }
    }
}

fn run_with(source: &str, control: &dyn Control) -> scadstream_eval::Evaluation {
    let main = Arc::new(Source::new("main.scad", source));
    evaluate(&main, &MemoryWorld::new(), &Options::default(), control)
}

#[test]
fn cancelling_is_an_outcome_without_messages() {
    let control = After { questions: Cell::new(0), cancel_at: 3, refuse_at: u32::MAX };
    let evaluation = run_with("x = [for (i = 0; i < 900000; i = i + 1) i]; cube(1);", &control);
    assert_eq!(evaluation.outcome, Outcome::Cancelled);
    assert_eq!(control.questions.get(), 3);
    assert!(evaluation.diagnostics.is_empty() && evaluation.root.children().is_empty());
}

#[test]
fn a_refused_checkpoint_is_an_error_every_ten_nodes() {
    let control = After { questions: Cell::new(0), cancel_at: u32::MAX, refuse_at: 20 };
    let evaluation = run_with("for (i = [0:999]) cube(i);", &control);
    assert_eq!(evaluation.outcome, Outcome::Failed);
    assert_eq!(evaluation.stats.nodes, 20);
    assert_eq!(evaluation.diagnostics[0].message, "Out of memory");
}

#[test]
fn a_tree_that_doubles_with_each_level_comes_to_the_limit_of_memory() {
    let control = After { questions: Cell::new(0), cancel_at: u32::MAX, refuse_at: 2_000_000 };
    let tree = |levels: u32| {
        let source =
            format!("module tree(n) if (n > 0) {{ tree(n - 1); tree(n - 1); }} tree({levels});");
        run_with(&source, &control)
    };
    let evaluation = tree(100);
    assert_eq!(evaluation.outcome, Outcome::Failed);
    assert_eq!(evaluation.diagnostics[0].message, "Out of memory");
    assert_eq!(tree(14).outcome, Outcome::Complete);
}

#[test]
fn traces_show_the_values_of_parameters_on_request() {
    check(
        "module m(a, b = [1, \"q\"], $c = 3) { assert(a > 5); }\nmodule n() { m(1, $c = 4); }\nn();",
        &Options { trace_parameters: true, ..Options::default() },
        expect![[r#"
            ERROR: Assertion '(a > 5)' failed in file main.scad, line 1
            TRACE: called by 'assert' in file main.scad, line 1
            TRACE: call of 'm(a = 1, b = [1, "q"], $c = 4)' in file main.scad, line 1
            TRACE: called by 'm' in file main.scad, line 2
            TRACE: called by 'n' in file main.scad, line 3"#]],
    );
}
