//! Calls of modules that were made before: what is shared, and what must not be.

mod common;

use std::sync::Arc;

use common::check_said_and_made as check;
use expect_test::expect;
use scadstream_csg::Node;
use scadstream_eval::{Evaluation, MemoryWorld, Options, Outcome};

fn run(source: &str) -> Evaluation {
    common::run(source, &Options::default())
}

/// The nodes that the first and the second call in a loop made.
fn first_two(evaluation: &Evaluation) -> [&Arc<Node>; 2] {
    let calls = evaluation.root.children()[0].children();
    [0, 1].map(|call| &calls[call].children()[0])
}

#[test]
fn equal_calls_share_their_nodes() {
    for source in [
        "module m(a, b = 2) { cube([a[0], b, 1]); text(a[1]); } for (i = [1:3]) m([1, \"x\"]);",
        "$fn = 7; module m() sphere(); for (i = [1:3]) m($fn = 8);",
        "module inner(a) cube(a); module m(a) inner(a); for (i = [1:3]) m(4);",
    ] {
        let shared = run(source);
        let [first, second] = first_two(&shared);
        assert!(Arc::ptr_eq(first, second), "{source}");
        // The same as three calls that are written one by one.
        let apart = source.replace("i = [1:3]", "i = [1]");
        let apart = run(&apart);
        assert_eq!(apart.root.children()[0].children()[0].hash(), {
            shared.root.children()[0].children()[2].hash()
        });
        let of_loop = |evaluation: &Evaluation| evaluation.stats.nodes - 1;
        assert_eq!(of_loop(&shared), 3 * of_loop(&apart), "{source}");
    }
}

#[test]
fn calls_that_differ_share_nothing() {
    for source in [
        "module m(a) cube(a); for (i = [1:2]) m(i);",
        "module m(a) cube([1, a == [0] ? 1 : 2, 1]); for (a = [[0], [[0]]]) m(a);",
        "module m(a) cube(is_string(a) ? 1 : 2); for (a = [\"1\", 1]) m(a);",
        "module m(a) cube(1 / a > 0 ? 1 : 2); for (a = [0, -0]) m(a);",
        "module m() sphere(); for ($fn = [5, 6]) m();",
        "module m() sphere(); for (i = [5, 6]) m($fn = i);",
        "module m() cube($x); for (i = [5, 6]) { $x = i; m(); }",
        "module m() cube(rands(0, 1, 1)[0]); for (i = [1, 2]) m();",
        "module m() children(); for (i = [1, 2]) m() cube(i);",
        "module m(f) cube(f()); for (i = [1, 2]) m(function() i);",
        "module outer(i) { module m() cube(i); m(); } for (i = [1, 2]) outer(i);",
        "module m() $part(); module outer(i) { module $part() cube(i); m(); } for (i = [1, 2]) outer(i);",
    ] {
        let evaluation = run(source);
        let [first, second] = first_two(&evaluation);
        assert_ne!(first.hash(), second.hash(), "{source}");
    }
}

#[test]
fn arguments_that_nest_deeper_with_each_call_are_no_keys() {
    let source = "module m(a, n) if (n > 0) m([a, 1], n - 1); else cube(len(a)); m(0, 20000);";
    let evaluation = run(source);
    assert_eq!(evaluation.outcome, Outcome::Complete, "{}", common::messages(&evaluation));
}

#[test]
fn names_of_running_modules_are_read_anew() {
    check(
        "module m() cube(len(parent_module(1))); module a() m(); module long() m(); a(); long();
         module n() cube($parent_modules); module deep() n(); n(); deep();",
        expect![[r#"

            group() {
            	group() {
            		cube(size = [1, 1, 1], center = false);
            	}
            }
            group() {
            	group() {
            		cube(size = [4, 4, 4], center = false);
            	}
            }
            group() {
            	cube(size = [1, 1, 1], center = false);
            }
            group() {
            	group() {
            		cube(size = [2, 2, 2], center = false);
            	}
            }

        "#]],
    );
}

#[test]
fn what_is_said_is_said_again() {
    check(
        "module m(a) { echo(a); cube(a, x = nothing); } for (i = [1:2]) m(1);",
        expect![[r#"
            ECHO: 1
            WARNING: Ignoring unknown variable "nothing" in file main.scad, line 1
            WARNING: variable "x" not specified as parameter in file main.scad, line 1
            ECHO: 1
            WARNING: Ignoring unknown variable "nothing" in file main.scad, line 1
            WARNING: variable "x" not specified as parameter in file main.scad, line 1
            group() {
            	group() {
            		cube(size = [1, 1, 1], center = false);
            	}
            	group() {
            		cube(size = [1, 1, 1], center = false);
            	}
            }

        "#]],
    );
}

#[test]
fn files_that_are_used_are_of_their_circumstances() {
    let world = MemoryWorld::new().with("part.scad", "size = $size; module part() cube(size);");
    let source = "use <part.scad> for ($size = [1, 2]) part();";
    let evaluation = common::run_in(source, &world, &Options::default());
    let [first, second] = first_two(&evaluation);
    assert_ne!(first.hash(), second.hash());
    let source = "use <part.scad> $size = 3; for (i = [1, 2]) part();";
    let evaluation = common::run_in(source, &world, &Options::default());
    let [first, second] = first_two(&evaluation);
    assert_eq!(first.hash(), second.hash());
}

#[test]
fn recursion_that_branches_takes_no_longer_with_each_level() {
    let evaluation =
        run("module tree(n) if (n > 0) { cube(n); tree(n - 1); tree(n - 1); } tree(16);");
    assert_eq!(evaluation.outcome, Outcome::Complete);
    // Of each level a cube, a group for the condition and one for the call.
    assert_eq!(evaluation.stats.nodes, 3 * ((1 << 16) - 1) + (1 << 16));
    let mut level = &evaluation.root.children()[0];
    while let [condition] = level.children()
        && let [_, left, right] = condition.children()
    {
        assert!(left.children().iter().zip(right.children()).all(|(l, r)| Arc::ptr_eq(l, r)));
        level = left;
    }
}
