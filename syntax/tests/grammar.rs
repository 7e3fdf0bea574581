//! Well-formed programs and the trees they give, shown as the `.ast` export prints them.

use expect_test::{Expect, expect};
use scadstream_syntax::ast::{ExprKind, StmtKind};
use scadstream_syntax::customizer::Annotations;
use scadstream_syntax::parser::parse_text;
use scadstream_syntax::{Source, parse, print};

#[track_caller]
fn check(text: &str, expected: Expect) {
    let source = Source::new("test.scad", text);
    let parsed = parse(&source);
    assert_eq!(parsed.diagnostics, []);
    let mut out = String::new();
    print::write_file(&mut out, &source, &parsed.file, &Annotations::default());
    expected.assert_eq(&out);
}

/// Checks how one expression is read.
#[track_caller]
fn expr(text: &str, expected: &str) {
    let parsed = parse_text(&format!("x = {text};"));
    assert_eq!(parsed.diagnostics, []);
    let StmtKind::Assign(assign) = &parsed.file.stmts[0].kind else { panic!("no assignment") };
    assert_eq!(print::print_expr(&assign.value, &parsed.file.symbols), expected);
}

/// Checks the value of a literal.
#[track_caller]
fn literal(text: &str, expected: &str) {
    let parsed = parse_text(&format!("x = {text};"));
    let StmtKind::Assign(assign) = &parsed.file.stmts[0].kind else { panic!("no assignment") };
    let value = match &assign.value.kind {
        ExprKind::Number(value) => format!("{value:?}"),
        ExprKind::String(value) => format!("{value:?}"),
        other => format!("{other:?}"),
    };
    let messages = parsed.diagnostics.iter().map(|d| format!("; {}", d.message));
    assert_eq!(value + &messages.collect::<String>(), expected);
}

#[test]
fn statements() {
    check(
        "; {cube(1); {y = 2;} x = 1;} sphere(); module m(a, b = 2) {cube(a);} function f(a) = a;",
        expect![[r#"
            function f(a) = a;
            module m(a, b = 2) {
            	cube(a);
            }
            y = 2;
            x = 1;
            cube(1);
            sphere();
        "#]],
    );
}

#[test]
fn module_body_may_be_one_statement_or_hold_definitions() {
    check(
        "module a() cube(); module b() x = 1; module c() module d() ; module e() { module f() {} function g() = 1; { module h() {} } }",
        expect![[r#"
            module a() {
            	cube();
            }
            module b() {
            	x = 1;
            }
            module c() {
            	module d() {
            	}
            }
            module e() {
            	function g() = 1;
            	module f() {
            	}
            	module h() {
            	}
            }
        "#]],
    );
}

#[test]
fn module_instantiations() {
    check(
        "a(); b() c(); d() { e(); x = 1; ; { f(); } }",
        expect![[r#"
        a();
        b() c();
        d() {
        	x = 1;
        	e();
        	f();
        }
    "#]],
    );
    check(
        "for (i = 1) a(); let (b = 1) c(); assert(d) e(); echo(f); each(g) h();",
        expect![[r#"
        for(i = 1) a();
        let(b = 1) c();
        assert(d) e();
        echo(f);
        each(g) h();
    "#]],
    );
}

#[test]
fn dangling_else_binds_to_the_nearest_if() {
    check(
        "if (a) if (b) c(); else d();",
        expect![[r#"
        if(a) if(b) c();
        else d();
    "#]],
    );
    check(
        "if (a) { if (b) c(); } else if (d) e(); else f();",
        expect![[r#"
        if(a) if(b) c();
        else if(d) e();
        else f();
    "#]],
    );
}

#[test]
fn modifiers_in_any_number() {
    let parsed = parse_text("!a(); #%b(); **c(); ! # if (d) e(); f() %g();");
    assert_eq!(parsed.diagnostics, []);
    let modifiers = parsed.file.stmts.iter().map(|stmt| match &stmt.kind {
        StmtKind::Call(call) => call.modifiers,
        StmtKind::If(stmt) => stmt.modifiers,
        _ => panic!("neither call nor if"),
    });
    let shown = modifiers.map(|m| {
        let signs = [(m.root, '!'), (m.highlight, '#'), (m.background, '%'), (m.disable, '*')];
        signs.into_iter().filter(|(set, _)| *set).map(|(_, sign)| sign).collect::<String>()
    });
    assert_eq!(shown.collect::<Vec<_>>(), ["!", "#%", "*", "!#", ""]);
}

#[test]
fn parameters_and_arguments() {
    check(
        "module m(a, $b, c = 1, $d = 2,) {} function f(a,) = a; m(1, $b = 2, c = 3,); x = f(a, $fn = 3,); y = f();",
        expect![[r#"
            function f(a) = a;
            module m(a, $b, c = 1, $d = 2) {
            }
            x = f(a, $fn = 3);
            y = f();
            m(1, $b = 2, c = 3);
        "#]],
    );
}

#[test]
fn every_precedence_step_binds_tighter_than_the_one_before() {
    let signs = ["||", "&&", "==", "<", "|", "&", "<<", "+", "*", "^"];
    for pair in signs.windows(2) {
        let (loose, tight) = (pair[0], pair[1]);
        expr(&format!("a {loose} b {tight} c"), &format!("(a {loose} (b {tight} c))"));
        expr(&format!("a {tight} b {loose} c"), &format!("((a {tight} b) {loose} c)"));
    }
    for same in
        [["==", "!="], ["<", ">="], ["<=", ">"], ["<<", ">>"], ["+", "-"], ["*", "%"], ["/", "*"]]
    {
        expr(
            &format!("a {} b {} c", same[0], same[1]),
            &format!("((a {} b) {} c)", same[0], same[1]),
        );
    }
}

#[test]
fn loosest_forms_take_everything_behind_them() {
    expr("let (a = 1) a + 1", "let(a = 1) (a + 1)");
    expr("assert(a) b || c", "assert(a) (b || c)");
    expr("echo(a) b ? c : d", "echo(a) (b ? c : d)");
    expr("function (a) a ? b : c", "function(a) (a ? b : c)");
    expr("assert(a)", "assert(a)");
    expr("[echo(a), assert(b)]", "[echo(a), assert(b)]");
    expr(
        "let (a = 1) let (b = 2,) function () echo() c",
        "let(a = 1) let(b = 2) function() echo() c",
    );
}

#[test]
fn conditional_is_right_associative() {
    expr("a ? b : c ? d : e", "(a ? b : (c ? d : e))");
    expr("a ? b ? c : d : e", "(a ? (b ? c : d) : e)");
    expr("a || b ? let (c = 1) c : function () d", "((a || b) ? let(c = 1) c : function() d)");
}

#[test]
fn powers_and_prefix_operators() {
    expr("-2 ^ 2", "-(2 ^ 2)");
    expr("2 ^ -1", "(2 ^ -1)");
    expr("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))");
    expr("2 ^ -a ^ b", "(2 ^ -(a ^ b))");
    expr("-a * !b + ~c", "((-a * !b) + ~c)");
    expr("!-+~a", "!-~a");
    expr("-a.x[0](1)", "-(a.x[0])(1)");
}

#[test]
fn minus_folds_into_a_number_literal() {
    literal("-5", "-5.0");
    literal("- 5", "-5.0");
    literal("-(5)", "-5.0");
    literal("-0", "-0.0");
    expr("--5", "--5");
    expr("1-1", "(1 - 1)");
}

#[test]
fn vectors_and_ranges() {
    expr("[]", "[]");
    expr("[1, [2, \"a\"],]", "[1, [2, \"a\"]]");
    expr("[1 : 2]", "[1 : 2]");
    expr("[a ? b : c : d : -e]", "[(a ? b : c) : d : -e]");
    expr("[(1) : .5 : 2.]", "[1 : 0.5 : 2]");
}

#[test]
fn list_comprehensions() {
    expr("[1, for (i = a) i, if (b) c, 2]", "[1, for(i = a) (i), if(b) (c), 2]");
    expr("[for (i = a, j = b) [i, j]]", "[for(i = a) (for(j = b) ([i, j]))]");
    expr(
        "[for (i = 0, j = 1; i < 5; i = i + 1, j = j * 2) j]",
        "[for(i = 0, j = 1;(i < 5);i = (i + 1), j = (j * 2)) j]",
    );
    expr("[for (; a;) b]", "[for(;a;) b]");
    expr("[if (a) b else if (c) d else e]", "[if(a) (b) else (if(c) (d) else (e))]");
    expr("[if (a) if (b) c else d]", "[if(a) (if(b) (c) else (d))]");
    expr("[let (a = 1) for (i = a) i]", "[let(a = 1) (for(i = a) (i))]");
    expr("[let (a = 1) a + 1]", "[let(a = 1) (a + 1)]");
    expr(
        "[each a, each for (i = a) i, each each b]",
        "[each (a), each (for(i = a) (i)), each (each (b))]",
    );
}

#[test]
fn list_comprehensions_may_stand_in_brackets() {
    expr("[(for (i = a) i)]", "[for(i = a) (i)]");
    expr(
        "[for (i = a) (if (i) (let (b = i) (each b)))]",
        "[for(i = a) (if(i) (let(b = i) (each (b))))]",
    );
    expr("[(let (a = 1) (for (i = a) i))]", "[let(a = 1) (for(i = a) (i))]");
    expr(
        "[(a) + 1, (b)(2), (let (c = 1) c) ^ 2, ((d)).x ? 1 : 2]",
        "[(a + 1), b(2), (let(c = 1) c ^ 2), (d.x ? 1 : 2)]",
    );
}

#[test]
fn function_literals_and_calls_on_any_expression() {
    expr("function (x, y = 2,) x + y", "function(x, y = 2) (x + y)");
    expr("f(1)(2)", "(f(1))(2)");
    expr("(e)(3)", "e(3)");
    expr("a[0](x)", "(a[0])(x)");
    expr("o.f(x)", "(o.f)(x)");
    expr("(function (x) x)(1)", "(function(x) x)(1)");
    expr("\"a\"[0]", "\"a\"[0]");
}

#[test]
fn numbers_have_their_value() {
    literal("12", "12.0");
    literal(".5", "0.5");
    literal("5.", "5.0");
    literal("1.5E-3", "0.0015");
    literal("0x1F", "31.0");
    literal("0XfF", "255.0");
    literal("9007199254740992", "9007199254740992.0");
    literal("100000000000000000000", "1e20");
}

#[test]
fn numbers_that_no_double_holds_are_rounded_with_a_warning() {
    let warning = |number: &str, shown: &str| {
        format!("; Number literal '{number}' cannot be held exactly and was rounded to {shown}")
    };
    let check = |text: &str, value: &str, shown: &str| {
        literal(text, &(value.to_owned() + &warning(text, shown)))
    };
    check("9007199254740993", "9007199254740992.0", "9.0072e+15");
    check("0x20000000000001", "9007199254740992.0", "9.0072e+15");
    check("0xFFFFFFFFFFFFFFFF", "1.8446744073709552e19", "1.84467e+19");
    check("0x100000000000000001", "2.9514790517935283e20", "2.95148e+20");
    check("1e400", "inf", "inf");
    // Exact ones do not warn, however long.
    literal("0x100000000000000000", "2.9514790517935283e20");
    literal("0x8000000000000000", "9.223372036854776e18");
}

#[test]
fn strings_have_their_value() {
    literal(r#""a\n\t\r\\\"b""#, r#""a\n\t\r\\\"b""#);
    literal(r#""\x41\x7F""#, r#""A\u{7f}""#);
    literal(r#""\u00e9\U01F600""#, r#""é😀""#);
    literal(r#""\x00\u0000\ud800\U110000""#, r#""    ""#);
    literal("\"a\nb\"", r#""ab""#);
    literal("\"é😀\"", r#""é😀""#);
}

#[test]
fn undefined_escapes_lose_their_backslash_with_a_warning() {
    literal(r#""a\qb""#, r#""aqb"; Undefined escape sequence"#);
    literal(r#""\x80""#, r#""x80"; Undefined escape sequence"#);
    literal(r#""\u12""#, r#""u12"; Undefined escape sequence"#);
    literal(r#""\U12345""#, r#""U12345"; Undefined escape sequence"#);
    literal(r#""\é""#, r#""é"; Undefined escape sequence"#);
}

#[test]
fn include_and_use_need_no_semicolon() {
    let parsed =
        parse_text("include <a>\ninclude <b/c.scad>;use <d> x = 1; union() { include <e> }");
    assert_eq!(parsed.diagnostics, []);
    assert!(!parsed.includes_inside_statements);
    let kinds: Vec<String> = parsed
        .file
        .stmts
        .iter()
        .map(|stmt| match &stmt.kind {
            StmtKind::Include(path) => format!("include {path}"),
            StmtKind::Use(path) => format!("use {path}"),
            StmtKind::Empty => ";".to_owned(),
            _ => "other".to_owned(),
        })
        .collect();
    assert_eq!(kinds, ["include a", "include b/c.scad", ";", "use d", "other", "other"]);
}

#[test]
fn include_inside_a_statement_asks_for_splicing() {
    for text in [
        "x = include <a>;",
        "x = [1, include <a>, 2];",
        "translate(v) include <a>",
        "x = [for (i = 0; include <a> i < 2; i = i + 1) i];",
        "module m() include <a>",
    ] {
        assert!(parse_text(text).includes_inside_statements, "{text}");
    }
}

/// Whether a text of more than 64 KiB makes the tree of its only definition when it is parsed.
fn kept(definition: &str) -> bool {
    let text = format!("/*{}*/ {definition}", " ".repeat(64 << 10));
    let parsed = parse_text(&text);
    match &parsed.file.stmts[0].kind {
        StmtKind::Function(def) => def.parts.if_kept().is_some(),
        StmtKind::Module(def) => def.parts.if_kept().is_some(),
        other => panic!("{other:?} is no definition"),
    }
}

#[test]
fn definitions_of_a_long_text_are_read_when_they_are_used() {
    assert!(!kept("function f(a, b = [1, 2]) = a ? [for (x = b) if (x > 0) x] : let (c = 1) c;"));
    assert!(!kept("module m(a) { b = a; if (b) cube(b); else { sphere(b); } }"));
    // Faults, files and variables that are assigned twice have to be seen at once.
    assert!(kept("function f() = 1 +;"));
    assert!(kept("function f() = \"\\q\";"));
    assert!(kept("module m() { include <a> }"));
    assert!(kept("module m() { a = 1; a = 2; }"));
}
