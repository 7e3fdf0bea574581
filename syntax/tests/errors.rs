//! Broken programs: all their faults, each once, and the parts that are right.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use scadstream_syntax::{Source, parse};

/// Lists the messages with line and column, then the statements that were read, with `Error` for those that were not.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let source = Source::new("test.scad", text);
    let parsed = parse(&source);
    let mut out = String::new();
    for message in &parsed.diagnostics {
        let (start, end) = source.range(message.span);
        let range = format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column);
        let hint = message.hint.as_deref().unwrap_or("-");
        writeln!(out, "{range} {} {} ({hint})", message.severity.prefix(), message.message)
            .expect("writing to a string cannot fail");
    }
    for stmt in &parsed.file.stmts {
        let kind = format!("{:?}", stmt.kind);
        let word = kind.split(['(', ' ']).next().unwrap_or_default();
        let shown = &text[stmt.span.start as usize..stmt.span.end as usize];
        writeln!(out, "{word} {shown:?}").expect("writing to a string cannot fail");
    }
    expected.assert_eq(&out);
}

#[test]
fn missing_semicolon() {
    check(
        "x = 5\ny = 6;\nz = 7;",
        expect![[r#"
        2:1-2:2 ERROR: Parser error: syntax error (expected `;` after the assignment, found `y`)
        Assign "x = 5"
        Assign "y = 6;"
        Assign "z = 7;"
    "#]],
    );
    check(
        "x = 5 y = 6;\nz = 7;",
        expect![[r#"
        1:7-1:8 ERROR: Parser error: syntax error (expected `;` after the assignment, found `y`)
        Assign "x = 5"
        Assign "z = 7;"
    "#]],
    );
    check(
        "cube(1)\nx = 2;\nsphere()",
        expect![[r#"
        2:1-2:2 ERROR: Parser error: syntax error (expected `;`, a child or `{`, found `x`)
        3:9-3:9 ERROR: Parser error: syntax error (expected `;`, a child or `{`, found the end of the file)
        Call "cube(1)"
        Assign "x = 2;"
        Call "sphere()"
    "#]],
    );
    check(
        "union() { cube() }\ny = 1;",
        expect![[r#"
        1:18-1:19 ERROR: Parser error: syntax error (expected `;`, a child or `{`, found `}`)
        Call "union() { cube() }"
        Assign "y = 1;"
    "#]],
    );
}

#[test]
fn missing_operand() {
    check(
        "x = ;\ny = 1 + ;\nz = * 2;\nw = a ? b;\nv = 3;",
        expect![[r#"
        1:5-1:6 ERROR: Parser error: syntax error (expected an expression, found `;`)
        2:9-2:10 ERROR: Parser error: syntax error (expected an expression, found `;`)
        3:5-3:6 ERROR: Parser error: syntax error (expected an expression, found `*`)
        4:10-4:11 ERROR: Parser error: syntax error (expected `:` of the conditional, found `;`)
        Assign "x = ;"
        Assign "y = 1 + ;"
        Assign "z = * 2;"
        Assign "w = a ? b;"
        Assign "v = 3;"
    "#]],
    );
}

#[test]
fn each_item_of_a_list_reports_its_own_fault() {
    check(
        "f(1 2, 3, ), 4);",
        expect![[r#"
        1:5-1:6 ERROR: Parser error: syntax error (expected `,` or `)` after the argument, found `2`)
        1:12-1:13 ERROR: Parser error: syntax error (expected `;`, a child or `{`, found `,`)
        Call "f(1 2, 3, )"
    "#]],
    );
    check(
        "x = [1 +, 2 *, 3, a b c, 4];\ny = 1;",
        expect![[r#"
        1:9-1:10 ERROR: Parser error: syntax error (expected an expression, found `,`)
        1:14-1:15 ERROR: Parser error: syntax error (expected an expression, found `,`)
        1:21-1:22 ERROR: Parser error: syntax error (expected `,` or `]` in the vector, found `b`)
        Assign "x = [1 +, 2 *, 3, a b c, 4];"
        Assign "y = 1;"
    "#]],
    );
    check(
        "cube([1, 2 3], center = );\ny = 1;",
        expect![[r#"
        1:12-1:13 ERROR: Parser error: syntax error (expected `,` or `]` in the vector, found `3`)
        1:25-1:26 ERROR: Parser error: syntax error (expected an expression, found `)`)
        Call "cube([1, 2 3], center = );"
        Assign "y = 1;"
    "#]],
    );
    check(
        "module m(1, a, b = ) { cube(); }\ny = 1;",
        expect![[r#"
        1:10-1:11 ERROR: Parser error: syntax error (expected the name of a parameter, found `1`)
        1:20-1:21 ERROR: Parser error: syntax error (expected an expression, found `)`)
        Module "module m(1, a, b = ) { cube(); }"
        Assign "y = 1;"
    "#]],
    );
}

#[test]
fn unclosed_bracket() {
    check(
        "cube([1, 2, 3);\ny = 1;",
        expect![[r#"
        1:14-1:15 ERROR: Parser error: syntax error (expected `,` or `]` in the vector, found `)`)
        Call "cube([1, 2, 3);"
        Assign "y = 1;"
    "#]],
    );
    check(
        "cube([1, 2, 3];\ny = 1;",
        expect![[r#"
        1:15-1:16 ERROR: Parser error: syntax error (expected `,` or `)` after the argument, found `;`)
        Call "cube([1, 2, 3]"
        Assign "y = 1;"
    "#]],
    );
    check(
        "x = (1 + 2;\ny = f(3;\nz = [4;\nw = a[5;\nv = 6;",
        expect![[r#"
        1:11-1:12 ERROR: Parser error: syntax error (expected `)`, found `;`)
        2:8-2:9 ERROR: Parser error: syntax error (expected `,` or `)` after the argument, found `;`)
        3:7-3:8 ERROR: Parser error: syntax error (expected `,` or `]` in the vector, found `;`)
        4:8-4:9 ERROR: Parser error: syntax error (expected `]` after the index, found `;`)
        Assign "x = (1 + 2;"
        Assign "y = f(3;"
        Assign "z = [4;"
        Assign "w = a[5;"
        Assign "v = 6;"
    "#]],
    );
    check(
        "x = f(1, 2\ny = 3;\nmodule m() {}",
        expect![[r#"
        2:1-2:2 ERROR: Parser error: syntax error (expected `,` or `)` after the argument, found `y`)
        Assign "x = f(1, 2"
        Assign "y = 3;"
        Module "module m() {}"
    "#]],
    );
}

#[test]
fn unclosed_brace_names_the_line_that_opened_it() {
    check(
        "module m() {\n  union() {\n    cube();\n",
        expect![[r#"
        4:1-4:1 ERROR: Parser error: syntax error (expected `}` for the `{` of line 2, found the end of the file)
        4:1-4:1 ERROR: Parser error: syntax error (expected `}` for the `{` of line 1, found the end of the file)
        Module "module m() {\n  union() {\n    cube();"
    "#]],
    );
}

#[test]
fn closing_brace_too_many() {
    check(
        "cube(); }\n}\nsphere();",
        expect![[r#"
        1:9-1:10 ERROR: Parser error: syntax error (this `}` closes nothing)
        2:1-2:2 ERROR: Parser error: syntax error (this `}` closes nothing)
        Call "cube();"
        Error "}"
        Error "}"
        Call "sphere();"
    "#]],
    );
}

#[test]
fn misspelt_keyword() {
    check(
        "modul m() {\n  cube(1)\n}\nfuntion f(x) = x;\ny = 1;",
        expect![[r#"
            1:7-1:8 ERROR: Parser error: syntax error (expected `(` or `=` after the name, found `m`)
            3:1-3:2 ERROR: Parser error: syntax error (expected `;`, a child or `{`, found `}`)
            4:9-4:10 ERROR: Parser error: syntax error (expected `(` or `=` after the name, found `f`)
            Error "modul m()"
            Block "{\n  cube(1)\n}"
            Error "funtion f(x) = x;"
            Assign "y = 1;"
        "#]],
    );
}

#[test]
fn definition_among_children() {
    check(
        "union() { module m() {} cube(); function f() = 1; }",
        expect![[r#"
        1:11-1:17 ERROR: Parser error: syntax error (a definition may not stand among the children of a module)
        1:33-1:41 ERROR: Parser error: syntax error (a definition may not stand among the children of a module)
        Call "union() { module m() {} cube(); function f() = 1; }"
    "#]],
    );
}

#[test]
fn use_below_the_top_level() {
    check(
        "{ use <a> }\nmodule m() { use <b> }",
        expect![[r#"
        1:3-1:10 ERROR: Parser error: syntax error (`use` may stand only at the top level of a file)
        2:14-2:21 ERROR: Parser error: syntax error (`use` may stand only at the top level of a file)
        Block "{ use <a> }"
        Module "module m() { use <b> }"
    "#]],
    );
    check(
        "x = use <a>;\ny = 1;",
        expect![[r#"
        1:5-1:12 ERROR: Parser error: syntax error (expected an expression, found `use <a>`)
        Assign "x ="
        Use "use <a>"
        Empty ";"
        Assign "y = 1;"
    "#]],
    );
}

#[test]
fn else_without_if() {
    check(
        "else cube();\nsphere();",
        expect![[r#"
            1:1-1:5 ERROR: Parser error: syntax error (expected a statement (an `else` must follow the child of an `if`), found `else`)
            Error "else cube();"
            Call "sphere();"
        "#]],
    );
}

#[test]
fn loosest_forms_as_operands() {
    check(
        "x = 1 + let (a = 1) a;\ny = -function () 1;\nz = 2;",
        expect![[r#"
        1:9-1:12 ERROR: Parser error: syntax error (put this in brackets to use it as an operand)
        2:6-2:14 ERROR: Parser error: syntax error (put this in brackets to use it as an operand)
        Assign "x = 1 + let (a = 1) a;"
        Assign "y = -function () 1;"
        Assign "z = 2;"
    "#]],
    );
}

#[test]
fn repeated_commas_are_deprecated() {
    check(
        "x = [1,,2]; y = f(,1); module m(a,,b) {} z = f(a,,b);",
        expect![[r#"
            1:8-1:9 DEPRECATED: Repeated commas in a list are deprecated (remove the comma)
            1:19-1:20 DEPRECATED: Repeated commas in a list are deprecated (remove the comma)
            1:35-1:36 DEPRECATED: Repeated commas in a list are deprecated (remove the comma)
            1:50-1:51 DEPRECATED: Repeated commas in a list are deprecated (remove the comma)
            Assign "x = [1,,2];"
            Assign "y = f(,1);"
            Module "module m(a,,b) {}"
            Assign "z = f(a,,b);"
        "#]],
    );
    check(
        "x = f(,);\ny = [,];\nz = [, 1];",
        expect![[r#"
            1:7-1:8 ERROR: Parser error: syntax error (expected an argument, found `,`)
            2:6-2:7 DEPRECATED: Repeated commas in a list are deprecated (remove the comma)
            3:6-3:7 DEPRECATED: Repeated commas in a list are deprecated (remove the comma)
            3:8-3:9 ERROR: Parser error: syntax error (expected `]`, since no element stands before the comma, found `1`)
            Assign "x = f(,);"
            Assign "y = [,];"
            Assign "z = [, 1];"
        "#]],
    );
}

#[test]
fn broken_range() {
    check(
        "x = [1:2:3:4];\ny = [1:2, 3];\nz = [for (i = a) i : 2];\nw = [1, 2:3];\nv = 1;",
        expect![[r#"
            1:11-1:12 ERROR: Parser error: syntax error (expected `:` or `]` in the range, found `:`)
            2:9-2:10 ERROR: Parser error: syntax error (expected `]` after the range, found `,`)
            3:20-3:21 ERROR: Parser error: syntax error (expected `,` or `]`, since a list comprehension cannot begin a range, found `:`)
            4:10-4:11 ERROR: Parser error: syntax error (expected `,` or `]` in the vector, found `:`)
            Assign "x = [1:2:3:4];"
            Assign "y = [1:2, 3];"
            Assign "z = [for (i = a) i : 2];"
            Assign "w = [1, 2:3];"
            Assign "v = 1;"
        "#]],
    );
}

#[test]
fn broken_definitions() {
    check(
        "module () {}\nfunction f = 1;\nmodule m {}\nfunction g(x) x;\nfor = 1;\ny = 1;",
        expect![[r#"
            1:8-1:9 ERROR: Parser error: syntax error (expected the name of the module, found `(`)
            2:12-2:13 ERROR: Parser error: syntax error (expected `(`, found `=`)
            3:10-3:11 ERROR: Parser error: syntax error (expected `(`, found `{`)
            4:15-4:16 ERROR: Parser error: syntax error (expected `=` and the value of the function, found `x`)
            5:5-5:6 ERROR: Parser error: syntax error (expected `(` or `=` after the name, found `=`)
            Error "module ()"
            Block "{}"
            Function "function f = 1;"
            Error "module m"
            Block "{}"
            Error "function g(x) x;"
            Error "for = 1;"
            Assign "y = 1;"
        "#]],
    );
}

#[test]
fn broken_tokens_are_reported_once() {
    check(
        "x = é;\ny = \"abc;\nz = 1;",
        expect![[r#"
        1:5-1:6 ERROR: Parser error: syntax error ("é" can stand only in strings and comments)
        2:5-2:10 ERROR: Parser error: Unterminated string (the string opened here has no closing `"`)
        Assign "x ="
        Assign "y ="
        Assign "z = 1;"
    "#]],
    );
    check(
        "x = 1; /* never closed",
        expect![[r#"
            1:8-1:23 ERROR: Parser error: Unterminated comment (the comment opened here has no `*/`)
            Assign "x = 1;"
            Error "/* never closed"
        "#]],
    );
}

#[test]
fn lone_names_and_members() {
    check(
        "cube\nsphere;\nx = a.;\ny = a.1;\nz = b.for;\nw = 1;",
        expect![[r#"
            2:1-2:7 ERROR: Parser error: syntax error (expected `(` or `=` after the name, found `sphere`)
            3:7-3:8 ERROR: Parser error: syntax error (expected the name of a member, found `;`)
            4:6-4:8 ERROR: Parser error: syntax error (expected `;` after the assignment, found `.1`)
            5:7-5:10 ERROR: Parser error: syntax error (expected the name of a member, found `for`)
            Error "cube\nsphere;"
            Assign "x = a.;"
            Assign "y = a"
            Assign "z = b."
            Assign "w = 1;"
        "#]],
    );
}

#[test]
fn empty_and_blank_texts_are_right() {
    check("", expect![[""]]);
    check(" \n// nothing", expect![[""]]);
}
