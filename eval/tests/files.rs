//! `include`, `use`, presets, the camera.

mod common;

use expect_test::{Expect, expect};
use scadstream_eval::{Camera, MemoryWorld, Options, Outcome};

#[track_caller]
fn check(source: &str, files: &[(&str, &str)], expect: Expect) {
    let world = files.iter().fold(MemoryWorld::new(), |world, (path, text)| world.with(path, text));
    expect.assert_eq(&common::messages(&common::run_in(source, &world, &Options::default())));
}

#[test]
fn include_pastes_and_may_be_overridden_in_silence() {
    check(
        "include <lib/a.scad>\nx = 3; echo(x, y, f()); m(); x2 = 1; include <lib/c.scad>",
        &[
            ("lib/a.scad", "x = 1; y = x + 1; include <b.scad>\necho(\"drawn\");"),
            ("lib/b.scad", "function f() = x * 10; module m() echo(\"m\", y);"),
            ("lib/c.scad", "x2 = 2;"),
        ],
        expect![[r#"
            WARNING: x2 was assigned on line 2 of "main.scad" but was overwritten in file lib/c.scad, line 1
            ECHO: "drawn"
            ECHO: 3, 4, 30
            ECHO: "m", 4"#]],
    );
}

#[test]
fn use_brings_functions_and_modules_only() {
    check(
        "use <lib.scad>\necho(f(1), k); m(2) echo(\"child\"); $v = 5; echo(g(), h());",
        &[(
            "lib.scad",
            "k = 10; $v = 1; function f(x) = x + k; module m(x) { echo(x * k); children(); } function g() = $v; function h() = [for (i = [0:1]) f(i)]; echo(\"never\"); cube(1);",
        )],
        expect![[r#"
            WARNING: Ignoring unknown variable "k" in file main.scad, line 2
            ECHO: 11, undef
            ECHO: 20
            ECHO: "child"
            ECHO: 1, [10, 11]"#]],
    );
}

#[test]
fn a_used_file_is_evaluated_afresh_when_it_depends_on_the_caller() {
    check(
        "use <lib.scad>\n$s = 1; echo(f()); module m() { $s = 2; echo(f()); } m(); echo(mk(3)(4));",
        &[(
            "lib.scad",
            "k = $s * 10; function f() = k; base = 100; h = function(x) base + x; function mk(a) = function(b) h(a + b);",
        )],
        expect![[r#"
            ECHO: 10
            ECHO: 20
            ECHO: 107"#]],
    );
}

#[test]
fn later_uses_are_searched_first_and_uses_are_not_passed_on() {
    check(
        "use <a.scad>\nuse <b.scad>\necho(f()); echo(deep());",
        &[
            ("a.scad", "use <c.scad>\nfunction f() = \"a\";"),
            ("b.scad", "function f() = \"b\";"),
            ("c.scad", "function deep() = 1;"),
        ],
        expect![[r#"
            ECHO: "b"
            WARNING: Ignoring unknown function 'deep' in file main.scad, line 3
            ECHO: undef"#]],
    );
}

#[test]
fn missing_and_cyclic_files_warn() {
    check(
        "include <no.scad>\nuse <no.scad>\ninclude <a.scad>\necho(a);",
        &[("a.scad", "a = 1; include <a.scad>\nuse <b.scad>\n"), ("b.scad", "use <a.scad>\n")],
        expect![[r#"
            WARNING: Can't find include file 'no.scad'.
            WARNING: Can't open library 'no.scad'.
            WARNING: Can't find include file 'a.scad'.
            WARNING: Can't find include file 'a.scad'.
            ECHO: 1"#]],
    );
}

#[test]
fn a_broken_file_is_not_evaluated_and_costs_a_user_only_itself() {
    let evaluation = common::run("a = 1;\nb = ;\necho(a); cube(1);", &Options::default());
    assert_eq!(evaluation.outcome, Outcome::Failed);
    assert!(evaluation.root.children().is_empty());
    expect![[r#"
        ERROR: Parser error: syntax error in file main.scad, line 2
        Can't parse file 'main.scad'!"#]]
    .assert_eq(&common::messages(&evaluation));
    check(
        "use <bad.scad>\nuse <good.scad>\necho(f()); echo(g());",
        &[("bad.scad", "function f() = ;"), ("good.scad", "function g() = 2;")],
        expect![[r#"
            ERROR: Parser error: syntax error in file bad.scad, line 1
            Can't parse file 'bad.scad'!
            WARNING: Ignoring unknown function 'f' in file main.scad, line 3
            ECHO: undef
            ECHO: 2"#]],
    );
}

#[test]
fn presets_win_over_the_file_in_silence() {
    let options =
        Options { presets: vec!["x=5".into(), "v = [1, 2]".into()], ..Options::default() };
    let evaluation = common::run("x = 1; y = x * 2; echo(x, y, v);", &options);
    expect!["ECHO: 5, 10, [1, 2]"].assert_eq(&common::messages(&evaluation));
}

#[test]
fn the_top_level_sets_the_camera() {
    let evaluation = common::run("$vpr = [1, 2, 3]; $vpd = 99;", &Options::default());
    let camera = evaluation.camera.unwrap();
    assert_eq!(camera, Camera { rotation: [1.0, 2.0, 3.0], distance: 99.0, ..Camera::default() });
    assert!(common::run("cube(1);", &Options::default()).camera.is_none());
}

#[test]
fn includes_inside_modules_and_fonts() {
    let world = MemoryWorld::new().with("part.scad", "p = 4; echo(p);").with("f.ttf", [0u8, 1]);
    let evaluation = common::run_in(
        "use <f.ttf>\nmodule m() { include <part.scad>\n cube(p); } m(); text(\"a\");",
        &world,
        &Options::default(),
    );
    expect!["ECHO: 4"].assert_eq(&common::messages(&evaluation));
    match evaluation.root.children()[1].kind() {
        scadstream_csg::Kind::Text(text) => assert_eq!(&*text.fonts[0].name, "f.ttf"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn includes_inside_expressions_are_pasted_in() {
    check(
        "v = [\n  include <data.scad>\n];\necho(v, nothing);",
        &[("data.scad", "// only data\n1, 2, also_nothing")],
        expect![[r#"
            WARNING: Ignoring unknown variable "also_nothing" in file data.scad, line 2
            WARNING: Ignoring unknown variable "nothing" in file main.scad, line 4
            ECHO: [1, 2, undef], undef"#]],
    );
}

#[test]
fn an_included_file_may_hold_the_end_of_one_statement_and_the_start_of_another() {
    check(
        "a = [1,\ninclude <ends.scad>\n 4]; include <whole.scad>\necho(a, b, c);",
        &[("ends.scad", "2]; b = [3,"), ("whole.scad", "c = 5;")],
        expect!["ECHO: [1, 2], [3, 4], 5"],
    );
    check(
        "x = 1;\ninclude <half.scad>\n 2);\ny = 3; include <broken.scad>\n",
        &[("half.scad", "x2 = 1; x2 = 2; echo(x2,"), ("broken.scad", "\n\n(]")],
        expect![[r#"
            ERROR: Parser error: syntax error in file broken.scad, line 3
            Can't parse file 'main.scad'!"#]],
    );
    check(
        "x = 1;\ninclude <half.scad>\n 2);",
        &[("half.scad", "x2 = 1; x2 = 2; echo(x2,")],
        expect![[r#"
            WARNING: x2 was assigned on line 1 but was overwritten in file half.scad, line 1
            ECHO: 2, 2"#]],
    );
}

#[test]
fn of_what_a_used_file_assigns_twice_only_its_own_top_level_is_reported() {
    check(
        "use <lib.scad>\necho(f());",
        &[
            (
                "lib.scad",
                "x = 1; x = 2; z = 1; include <more.scad>\nfunction f() = x; module m() { y = 1; y = 2; }",
            ),
            ("more.scad", "z = 2;"),
        ],
        expect![[r#"
            WARNING: x was assigned on line 1 of "lib.scad" but was overwritten in file lib.scad, line 1
            ECHO: 2"#]],
    );
}
