//! Values, operators, scopes, functions: small programs with what they print.

mod common;

use expect_test::{Expect, expect};
use scadstream_eval::Options;

#[track_caller]
fn check(source: &str, expect: Expect) {
    expect.assert_eq(&common::messages(&common::run(source, &Options::default())));
}

#[test]
fn values_print_as_openscad_prints_them() {
    check(
        r#"echo(1e-5, 0.000011, 1e6, 123456, 1234567, -0, 1/3, 1/0, -1/0, 0/0);
           echo("a\"b", [1, "x", [true, undef]], [0:2], [0:0.1:1]); echo(str("a", 1, ["b"]), a = 1);
           echo(function(a, b = 2 * 3) a + b * 2);"#,
        expect![[r#"
            ECHO: 0.00001, 0.000011, 1e+6, 123456, 1.23457e+6, 0, 0.333333, inf, -inf, nan
            ECHO: "a"b", [1, "x", [true, undef]], [0 : 1 : 2], [0 : 0.1 : 1]
            ECHO: "a1["b"]", a = 1
            ECHO: function(a, b = (2 * 3)) (a + (b * 2))"#]],
    );
}

#[test]
fn truth_of_values() {
    check(
        r#"for (v = [undef, false, 0, -0, "", []]) echo(v ? 1 : 0);
           for (v = [true, 1, 0/0, "0", [0], [0:1], function() 0]) echo(!v ? 1 : 0);"#,
        expect![[r#"
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0
            ECHO: 0"#]],
    );
}

#[test]
fn equality_and_order() {
    check(
        r#"echo(1 == true, undef == undef, 0/0 == 0/0, [1, [2]] == [1, [2]], [0:1] == [0:1:1.5], [1:0] == [5:2]);
           f = function(x) x; echo(f == f, f == (function(x) x));
           echo("abc" < "abd", [1, 2] < [1, 3], [1] < [1, 2], false < true, [0:1] < [0:2]);
           echo(1 < "a"); echo(undef < undef); echo([1, "a"] < [1, 2]); echo(f < f);"#,
        expect![[r#"
            WARNING: begin is greater than the end, but step is positive in file main.scad, line 1
            WARNING: begin is greater than the end, but step is positive in file main.scad, line 1
            ECHO: false, true, false, true, true, true
            ECHO: true, false
            ECHO: true, true, true, true, true
            WARNING: undefined operation (number < string) in file main.scad, line 4
            ECHO: undef
            WARNING: operation undefined (undefined < undefined) in file main.scad, line 4
            ECHO: undef
            WARNING: undefined operation (string < number)
            	in vector comparison at index 1 in file main.scad, line 4
            ECHO: undef
            WARNING: operation undefined (function < function) in file main.scad, line 4
            ECHO: undef"#]],
    );
}

#[test]
fn arithmetic_on_numbers_vectors_and_matrices() {
    check(
        r#"echo([1, 2, 3] + [1, 1], [1, [2, 3]] - [1, [1, 1, 1]], 2 * [1, [2]], [2, 4] / 2, 8 / [2, 4]);
           echo([1, 2] * [3, 4], [[1, 2], [3, 4]] * [1, 2], [1, 2] * [[1, 2], [3, 4]], [[1, 2], [3, 4]] * [[0, 1], [1, 0]]);
           echo(-5 % 3, 5 % -3, 5.5 % 2, 2 ^ 10, -2 ^ 2, 2 ^ 3 ^ 2, 2 ^ -1, -[1, "a"]);
           echo(6 & 3, 6 | 3, ~0, 1 << 4, -16 >> 2, !5);"#,
        expect![[r#"
            ECHO: [2, 3], [0, [1, 2]], [2, [4]], [1, 2], [4, 2]
            ECHO: 11, [5, 11], [7, 10], [[2, 1], [4, 3]]
            ECHO: -2, 2, 1.5, 1024, -4, 512, 0.5, [-1, undef]
            ECHO: 2, 7, -1, 16, -4, false"#]],
    );
}

#[test]
fn undefined_operations_say_which_rule_failed() {
    check(
        r#"a = 1 + "a"; b = [1] + 1; c = [1, 2] * [1]; d = [[1, 2]] * [1]; e = [1, 2] * [[1, 2]]; f = [[1, 2]] * [[1, 2]];
           g = [] * []; h = ["a"] * [1]; i = -"a"; j = [[1, 2], [3, "a"]] * [1, 2]; k = [[1, 2], [3]] * [1, 2]; l = 1 << -1; m = 1 << 64;"#,
        expect![[r#"
            WARNING: undefined operation (number + string) in file main.scad, line 1
            WARNING: undefined operation (vector + number) in file main.scad, line 1
            WARNING: vector*vector requires matching lengths (2 != 1) in file main.scad, line 1
            WARNING: matrix*vector requires matrix column count to match vector length (2 != 1) in file main.scad, line 1
            WARNING: vector*matrix requires vector length to match matrix row count (2 != 1) in file main.scad, line 1
            WARNING: matrix*matrix requires left operand column count to match right operand row count (2 != 1) in file main.scad, line 1
            WARNING: Multiplication is undefined on empty vectors in file main.scad, line 2
            WARNING: undefined vector*vector multiplication where first elements are types string and number in file main.scad, line 2
            WARNING: undefined operation (-string) in file main.scad, line 2
            WARNING: Matrix must contain only numbers. Problem at row 1, col 1 in file main.scad, line 2
            WARNING: Matrix must be rectangular. Problem at row 1 in file main.scad, line 2
            WARNING: negative shift in file main.scad, line 2
            WARNING: shift too large in file main.scad, line 2"#]],
    );
}

#[test]
fn indexing_and_members() {
    check(
        r#"v = [1, 2, 3]; r = [0:2:9];
           echo(v[1.9], v[-0.5], v[-1], v[3], v["a"], v[0/0], "aä€"[2], "abc"[3], r[1], r[3], 5[0]);
           echo(v.x, v.z, [1].y, "s".x, r.begin, r.step, r.end);"#,
        expect![[r#"
            ECHO: 2, 1, undef, undef, undef, undef, "€", undef, 2, undef, undef
            ECHO: 1, 3, undef, undef, 0, 2, 9"#]],
    );
}

#[test]
fn a_variable_stays_while_the_index_into_it_is_evaluated() {
    check(
        "function last(v) = v[len(v) - 1]; function at(v) = v[v[0]][v[1]]; echo(last([1, 2]), at([2, 0, [9]]));",
        expect!["ECHO: 2, 9"],
    );
}

#[test]
fn a_parameter_named_twice_is_one_variable() {
    check(
        "function f(a, b, a, c = 3) = [a, b, c];
         module m(a, b, a, c = 3) echo(a, b, c); m(1, 2); m(1, 2, 4, 5);
         echo(f(1, 2), f(1, 2, 4), f(1, b = 2, c = 5));",
        expect![[r#"
            ECHO: 1, 2, 3
            ECHO: 4, 2, 5
            ECHO: [1, 2, 3], [4, 2, 3], [1, 2, 5]"#]],
    );
}

#[test]
fn special_variables_reach_functions_called_in_tail_position() {
    check(
        r#"function f() = g(); function g() = h($fn = 7); function h($fa = 1) = [$fn, $fa, $x, k(1)];
           function k(n) = n == 0 ? $x : k(n - 1, $x = $x + 1);
           echo(f($x = 3, $fn = 5), k(100000, $x = 0), $fn, $fa);"#,
        expect!["ECHO: [7, 1, 3, 4], 100000, 0, 12"],
    );
}

#[test]
fn variables_of_a_loop_that_only_its_third_part_sets_start_as_those_around_it() {
    check(
        "function depth(v) = [for (; is_list(v); v = v[0]) len(v)]; g = [[1]];
         echo(depth([[[7], 8]]), [for (i = 0; i < 3; i = i + 1, g = g[0]) g]);",
        expect!["ECHO: [1, 2, 1], [[[1]], [1], 1]"],
    );
}

#[test]
fn list_comprehensions() {
    check(
        r#"echo([for (i = [1:3], j = [1:i]) if (i != j) [i, j] else i]);
           echo([for (i = 0, j = 1; i < 4; i = i + 1, j = j * 2) j], [for (i = 0; i < 2; i = i + 1, t = i) t]);
           echo([each [1, 2], each 5, each [0:2], each "ab", each undef, let (a = 3) a, each [for (i = [0:1]) [i, i]]]);
           echo([for (c = "ab") c], [for (i = 7) i], [for (i = undef) i], [for (i = [1, 2]) each if (i > 1) [i, i]]);"#,
        expect![[r#"
            ECHO: [1, [2, 1], 2, [3, 1], [3, 2], 3]
            ECHO: [1, 2, 4, 8], [undef, 1]
            ECHO: [1, 2, 5, 0, 1, 2, "a", "b", 3, [0, 0], [1, 1]]
            ECHO: ["a", "b"], [7], [], [2, 2]"#]],
    );
}

#[test]
fn assignments_run_first_in_order_of_first_occurrence() {
    check(
        r#"echo(a, b, e); a = b; b = 5; e = f(); f = undef; function f() = later; later = 3;
           x = 1; module m() { y = x; x = 2; echo(y, x); } m();
           c = 1; d = c + 1; c = 10; echo(c, d);"#,
        expect![[r#"
            WARNING: c was assigned on line 3 but was overwritten in file main.scad, line 3
            WARNING: Ignoring unknown variable "b" in file main.scad, line 1
            WARNING: Ignoring unknown variable "later" in file main.scad, line 1
            ECHO: undef, 5, undef
            ECHO: 1, 2
            ECHO: 10, 11"#]],
    );
}

#[test]
fn lexical_scopes() {
    check(
        r#"x = 1;
           module outer(p) { x = 2; function g() = x + p; module inner() { echo(x, g()); children(); } inner() echo("child", x); children(); }
           outer(5) echo("top", x);
           if (true) { x = 3; echo(x); } for (i = [0:1]) { y = i * 10; echo(y, x); } { z = 4; } echo(z, x);
           echo(let (x = 7, y = x + 1) [x, y], x); let (x = 8, y = x) echo(x, y);"#,
        expect![[r#"
            ECHO: 2, 7
            ECHO: "child", 2
            ECHO: "top", 1
            ECHO: 3
            ECHO: 0, 1
            ECHO: 10, 1
            ECHO: 4, 1
            ECHO: [7, 8], 1
            ECHO: 8, 8"#]],
    );
}

#[test]
fn special_variables_are_dynamic() {
    check(
        r#"$a = 1; function f() = $a; module m() { $a = 2; echo(f()); children(); }
           m() echo("child", $a); echo(f(), let ($a = 3) f(), f($a = 4)); module n($a = 5) echo(f()); n(); n($a = 6); m($a = 9);
           for ($a = [7]) echo(f()); echo([for ($a = [8]) f()]); echo($b);
           function g() = let ($a = 10) f(); echo(g()); union($fn = 9) echo($fn); translate([0, 0, 0], $fn = 9) echo($fn);"#,
        expect![[r#"
            ECHO: 2
            ECHO: "child", 2
            ECHO: 1, 3, 4
            ECHO: 5
            ECHO: 6
            ECHO: 2
            ECHO: 7
            ECHO: [8]
            WARNING: Ignoring unknown variable "$b" in file main.scad, line 3
            ECHO: undef
            ECHO: 10
            ECHO: 0
            ECHO: 9"#]],
    );
}

#[test]
fn arguments_by_position_and_name() {
    check(
        r#"function f(a, b = 2) = [a, b]; module m(a, b = 2) echo(a, b);
           echo(f(1), f(b = 1), f(b = 3, 1), f(), f(1, a = 5)); echo(f(1, 2, 3, 4)); echo(f(c = 1)); echo(f(a = 1, a = 2));
           m(b = 3, 1); x = 7; function d(x, y = x) = [x, y]; echo(d(1)); 
           echo((function(a, b) [a, b])(b = 1, 2, c = 3));"#,
        expect![[r#"
            WARNING: argument "a" overrides positional argument in file main.scad, line 2
            ECHO: [1, 2], [undef, 1], [1, 3], [undef, 2], [5, 2]
            WARNING: Too many unnamed arguments supplied in file main.scad, line 2
            ECHO: [1, 2]
            WARNING: variable "c" not specified as parameter in file main.scad, line 2
            ECHO: [undef, 2]
            WARNING: argument "a" supplied more than once in file main.scad, line 2
            ECHO: [2, 2]
            ECHO: 1, 3
            ECHO: [1, 7]
            WARNING: variable "c" not specified as parameter in file main.scad, line 4
            ECHO: [2, 1]"#]],
    );
}

#[test]
fn function_values() {
    check(
        r#"mk = function(n) function(x) x + n; add = mk(3); echo(add(4), mk(1)(2), [add][0](1), (function() 5)());
           echo(let (fact = function(n) n == 0 ? 1 : n * fact(n - 1)) fact(5));
           echo(let (even = function(n) n == 0 ? true : odd(n - 1), odd = function(n) n == 0 ? false : even(n - 1)) even(10));
           function apply(f, v) = [for (x = v) f(x)]; k = 10; echo(apply(function(x) x * k, [1, 2])); function sh(len) = len("abc"); echo(sh(1), sh(function(x) 0));
           echo(5(3)); z = 3; echo(z(1)); echo(is_function(add), is_function(1)); op = function(x) -x; function g() = op(2); echo(g());"#,
        expect![[r#"
            ECHO: 7, 3, 4, 5
            ECHO: 120
            ECHO: true
            ECHO: [10, 20]
            ECHO: 3, 0
            WARNING: Can't call function on number in file main.scad, line 5
            ECHO: undef
            WARNING: Ignoring unknown function 'z' in file main.scad, line 5
            ECHO: undef
            ECHO: true, false
            ECHO: -2"#]],
    );
}

#[test]
fn expressions_with_effects() {
    check(
        r#"function f(x) = echo("f", x) assert(x < 2, "too big") let (y = x + 1) y; echo(f(1)); echo(let (a = 1, a = 2, 3) a);
           echo(assert(true)); echo(true || f(5), false && f(5)); echo(f(3));"#,
        expect![[r#"
            ECHO: "f", 1
            ECHO: 2
            WARNING: Ignoring duplicate variable assignment a = 2 in file main.scad, line 1
            WARNING: Assignment without variable name 3 in file main.scad, line 1
            ECHO: 1
            ECHO: undef
            ECHO: true, false
            ECHO: "f", 3
            ERROR: Assertion '(x < 2)' failed: "too big" in file main.scad, line 1
            TRACE: called by 'f' in file main.scad, line 2
            TRACE: called by 'echo' in file main.scad, line 2"#]],
    );
}

#[test]
fn a_value_moved_at_its_last_use_is_not_missed_elsewhere() {
    check(
        r#"function grow(n, v = []) = n == 0 ? v : grow(n - 1, concat(v, [n])); echo(grow(4));
           function twice(v) = [concat(v, [1]), concat(v, [2])]; echo(twice([0]));
           function branch(v, c) = c ? [v, v] : concat(v, v); echo(branch([1], true), branch([1], false));
           function loop(v) = [for (i = [0:1]) concat(v, [i])]; echo(loop([9]));
           function both(v) = concat(v, [len(v)]) == v || len(v) > 0; echo(both([1]));
           echo([for (i = 0, v = []; i < 3; i = i + 1, v = concat(v, [i])) v]);
           function capture(v) = let (f = function() v) concat(v, f()); echo(capture([1]));"#,
        expect![[r#"
            ECHO: [4, 3, 2, 1]
            ECHO: [[0, 1], [0, 2]]
            ECHO: [[1], [1]], [1, 1]
            ECHO: [[9, 0], [9, 1]]
            ECHO: true
            ECHO: [[], [1], [1, 2]]
            ECHO: [1, 1]"#]],
    );
}

#[test]
fn functions_and_modules_named_with_a_dollar_are_found_where_they_are_called() {
    check(
        r#"module $m(a, b = 0) echo("outer", a, b); function $f(x) = x + 1;
           module show() { echo($f(1)); $m(3, b = 1); }
           module inner() { function $f(x) = x * 10; module $m(b, a) echo("inner", a, b); show(); children(); }
           show(); inner() show(); show(); $none(1); echo($none(1));"#,
        expect![[r#"
            ECHO: 2
            ECHO: "outer", 3, 1
            ECHO: 10
            WARNING: argument "b" overrides positional argument in file main.scad, line 2
            ECHO: "inner", undef, 1
            ECHO: 10
            WARNING: argument "b" overrides positional argument in file main.scad, line 2
            ECHO: "inner", undef, 1
            ECHO: 2
            ECHO: "outer", 3, 1
            WARNING: Ignoring unknown module '$none' in file main.scad, line 4
            WARNING: Ignoring unknown function '$none' in file main.scad, line 4
            ECHO: undef"#]],
    );
}

#[test]
fn a_range_of_no_numbers_is_undef_with_a_warning_since_2021() {
    let source = "echo([0 : \"a\" : 5]);";
    check(
        source,
        expect![[r#"
            WARNING: Unable to convert [0 : "a" : 5] to a range in file main.scad, line 1
            ECHO: undef"#]],
    );
    expect!["ECHO: undef"].assert_eq(&common::messages(&common::run_as_2021(source)));
}
