//! Builtin functions.

mod common;

use expect_test::{Expect, expect};
use scadstream_eval::{MemoryWorld, Options};

#[track_caller]
fn check(source: &str, expect: Expect) {
    expect.assert_eq(&common::messages(&common::run(source, &Options::default())));
}

fn with_features(features: &[&str]) -> Options {
    Options { features: features.iter().map(|f| (*f).to_owned()).collect(), ..Options::default() }
}

#[test]
fn numbers() {
    check(
        r#"echo(abs(-2), sign(-2), sign(0), floor(-1.5), ceil(1.2), round(-0.5), round(2.5), sqrt(9), pow(2, 3), exp(0), ln(1), log(100), log(2, 8));
           echo(sin(30), cos(60), tan(45), tan(90), asin(0.5), acos(0), atan(1), atan2(1, -1), sin(1/0));
           echo(min(3, 1, 2), max([1, 5, 2]), norm([3, 4]), cross([1, 2, 3], [4, 5, 6]), cross([1, 2], [3, 4]));"#,
        expect![[r#"
            ECHO: 2, -1, 0, -2, 2, -1, 3, 3, 8, 1, 0, 2, 3
            ECHO: 0.5, 0.5, 1, inf, 30, 90, 45, 135, nan
            ECHO: 1, 5, 5, [-3, 6, -3], -2"#]],
    );
}

#[test]
fn wrong_arguments_warn_and_give_undef() {
    check(
        r#"echo(sin(), abs("x"), max(), max([]), norm("a")); echo(len(5)); echo(cross([1, 2], [1, 2, 3])); echo(cross([1, 2, 0/0], [1, 2, 3]));
           echo(ord(5)); echo(lookup("a", [])); echo(rands(1)); echo(nofunction(1), is_undef(nothing));"#,
        expect![[r#"
            WARNING: sin() number of parameters does not match: expected 1, found 0 in file main.scad, line 1
            WARNING: abs() parameter could not be converted: argument 0: expected number, found string ("x") in file main.scad, line 1
            WARNING: max() number of parameters does not match: expected at least 1, found 0 in file main.scad, line 1
            WARNING: max() parameter could not be converted: argument 0: expected non-empty vector, found vector ([]) in file main.scad, line 1
            WARNING: norm() parameter could not be converted: argument 0: expected vector, found string ("a") in file main.scad, line 1
            ECHO: undef, undef, undef, undef, undef
            WARNING: len() parameter could not be converted: argument 0: expected string or vector, found number (5) in file main.scad, line 1
            ECHO: undef
            WARNING: Invalid vector size of parameter for cross() in file main.scad, line 1
            ECHO: undef
            WARNING: Invalid value (NaN) in parameter vector for cross() in file main.scad, line 1
            ECHO: undef
            WARNING: ord() argument 5 is not of type string in file main.scad, line 2
            ECHO: undef
            WARNING: lookup("a", ...) first argument is not a number in file main.scad, line 2
            ECHO: undef
            WARNING: rands() number of parameters does not match: expected 3 or 4, found 1 in file main.scad, line 2
            ECHO: undef
            WARNING: Ignoring unknown function 'nofunction' in file main.scad, line 2
            ECHO: undef, true"#]],
    );
}

#[test]
fn lists_and_strings() {
    check(
        r#"echo(len("aä"), len([1, 2]), concat([1], [2, [3]], 4), concat(), str("a", 1.5, ["x"], undef), chr(65, [66, 67], [68:69]), chr(-1), ord("ä"), ord(""));
           echo(lookup(1.5, [[1, 10], [2, 20]]), lookup(9, [[2, 20], [1, 10]]), lookup(0, [[1, 10], [2, 20]]));
           echo(is_num(0/0), is_num(1), is_list([]), is_string(""), is_bool(false), is_undef(undef));"#,
        expect![[r#"
            ECHO: 2, 2, [1, 2, [3], 4], [], "a1.5["x"]undef", "ABCDE", "", 228, undef
            ECHO: 15, 20, 10
            ECHO: false, true, true, true, true, true"#]],
    );
}

#[test]
fn search_in_its_four_shapes() {
    check(
        r#"echo(search("a", "abcabc"), search("a", "abcabc", 0), search("abc", "abcabc", 2), search("x", "abc"));
           echo(search("bx", [["a", 1], ["b", 2]]));
           echo(search(3, [1, 3, 3]), search(3, [[1, 3], [3, 2]], 0, 1), search(9, [1]));
           echo(search([1, 9], [[1, 3], [3, 2]]), search(["b", "a"], [["a", 1], ["b", 2], ["a", 3]], 0));
           echo(search("a", [["b", 1], 5]));"#,
        expect![[r#"
            ECHO: [0], [[0, 3]], [[0, 3], [1, 4], [2, 5]], []
            WARNING: search term not found: "x" in file main.scad, line 2
            ECHO: [1]
            ECHO: [1], [0], []
            ECHO: [0, []], [[1], [0, 2]]
            WARNING: Invalid entry in search vector at index 1, required number of values in the entry: 1. Invalid entry: 5 in file main.scad, line 5
            ECHO: []"#]],
    );
}

/// Check values of the reference generator.
#[test]
fn random_numbers_follow_the_reference_generator() {
    check(
        "echo(rands(0, 1, 4, 42)); echo(rands(0, 10, 1, 1)); echo(rands(-1.1, 1.1, 1, 1.1)); echo(rands(3, 3, 2), len(rands(0, 1, -3)));",
        expect![[r#"
            ECHO: [0.796543, 0.183435, 0.779691, 0.59685]
            ECHO: [9.97185]
            ECHO: [-0.259436]
            ECHO: [3, 3], 3"#]],
    );
}

#[test]
fn unseeded_random_numbers_depend_on_the_start_seed_only() {
    let draw = |seed| {
        common::messages(&common::run(
            "echo(rands(0, 1, 3));",
            &Options { seed, ..Options::default() },
        ))
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn modules_know_their_callers() {
    check(
        r#"module a() b(); module b() { echo(parent_module(0), parent_module(), $parent_modules); echo(parent_module(2)); } a(); echo(version()[0] > 2020, version_num([2021, 1, 2]));"#,
        expect![[r#"
            ECHO: "b", "a", 2
            WARNING: Parent module index (2) greater than the number of modules on the stack in file main.scad, line 1
            ECHO: undef
            ECHO: true, 2.02101e+7"#]],
    );
}

#[test]
fn experimental_functions_need_their_switch() {
    check(
        "echo(object(a = 1)); echo(textmetrics(\"a\")); echo(import(\"a.json\")); roof() square(1);",
        expect![[r#"
            WARNING: Experimental builtin function 'object' is not enabled in file main.scad, line 1
            ECHO: undef
            WARNING: Experimental builtin function 'textmetrics' is not enabled in file main.scad, line 1
            ECHO: undef
            WARNING: Experimental builtin function 'import' is not enabled in file main.scad, line 1
            ECHO: undef
            WARNING: Experimental builtin module 'roof' is not enabled in file main.scad, line 1"#]],
    );
}

#[test]
fn objects() {
    let source = r#"o = object(a = 1, b = [2], get = function(this) this.a + 1); p = object(o, c = 3, [["a", 9], ["b"]]);
        echo(object(a = 1, b = [3])); echo(o.a, o["b"], o.get(), p.a, p.b, p.get(), len(p), has_key(p, "c"), is_object(p), is_object(1));
        for (k = p) echo(k); echo(object(x = 1) == object(x = 1), object() ? 1 : 0);"#;
    let said = common::messages(&common::run(source, &with_features(&["object-function"])));
    expect![[r#"
        ECHO: { a = 1; b = [3]; }
        ECHO: 1, [2], 2, 9, undef, 10, 3, true, true, false
        ECHO: "a"
        ECHO: "get"
        ECHO: "c"
        ECHO: true, 0"#]]
    .assert_eq(&said);
}

#[test]
fn json_files_import_as_values() {
    let world = MemoryWorld::new().with("d.json", r#"{"name": "x", "v": [1, 2]}"#);
    let source = r#"d = import("d.json"); echo(d.name, d.v[1]); echo(import("no.json"));"#;
    let said = common::messages(&common::run_in(
        source,
        &world,
        &with_features(&["import-function", "object-function"]),
    ));
    expect![[r#"
        ECHO: "x", 2
        WARNING: Can't open import file 'no.json'. in file main.scad, line 1
        ECHO: undef"#]]
    .assert_eq(&said);
}

#[test]
fn swizzles() {
    let said = common::messages(&common::run(
        "v = [1, 2, 3, 4]; echo(v.xy, v.wzyx, v.bgr, v.xr);",
        &with_features(&["all"]),
    ));
    expect!["ECHO: [1, 2], [4, 3, 2, 1], [3, 2, 1], undef"].assert_eq(&said);
}
