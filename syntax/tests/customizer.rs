//! Parameters of models, as data and as `.param` JSON; parameter sets.

use expect_test::{Expect, expect};
use scadstream_syntax::customizer::{
    Parameter, ParameterSets, Widget, parameters, parameters_json,
};
use scadstream_syntax::{Source, parse};

fn read(text: &str) -> Vec<Parameter> {
    let source = Source::new("model.scad", text);
    parameters(&source, &parse(&source).file)
}

/// One line per parameter: name, group, description, widget.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let lines = read(text).into_iter().map(|parameter| {
        let Parameter { name, description, group, widget, .. } = parameter;
        format!("{name} [{group}] {description:?} {}\n", shown(&widget))
    });
    expected.assert_eq(&lines.collect::<String>());
}

fn shown(widget: &Widget) -> String {
    let options = |options: Vec<String>| options.join(", ");
    match widget {
        Widget::Checkbox { initial } => format!("checkbox {initial}"),
        Widget::Number { initial, limits } => {
            format!("number {initial} {:?} {:?} {:?}", limits.min, limits.max, limits.step)
        }
        Widget::Vector { initial, limits } => {
            format!("vector {initial:?} {:?} {:?} {:?}", limits.min, limits.max, limits.step)
        }
        Widget::Text { initial, max_length } => format!("text {initial:?} {max_length:?}"),
        Widget::NumberChoice { initial, options: choices } => {
            let list = choices.iter().map(|choice| format!("{}={}", choice.label, choice.value));
            format!("choice {initial} of {}", options(list.collect()))
        }
        Widget::TextChoice { initial, options: choices } => {
            let list = choices.iter().map(|choice| format!("{}={:?}", choice.label, choice.value));
            format!("choice {initial:?} of {}", options(list.collect()))
        }
    }
}

#[test]
fn value_alone_chooses_the_widget() {
    check(
        "a = 1; b = true; c = \"x\";\nd = [1];\ne = [1, -2.5, 3, 4];\nf = -1;\ng = !true;",
        expect![[r#"
            a [Parameters] "" number 1 None None None
            b [Parameters] "" checkbox true
            c [Parameters] "" text "x" None
            d [Parameters] "" vector [1.0] None None None
            e [Parameters] "" vector [1.0, -2.5, 3.0, 4.0] None None None
            f [Parameters] "" number -1 None None None
            g [Parameters] "" checkbox false
        "#]],
    );
}

#[test]
fn values_without_widget_are_left_out() {
    check(
        "a = undef; b = [1 : 2]; c = []; d = [1, 2, 3, 4, 5]; e = [\"a\"]; f = 1 + 1; g = a;",
        expect![[""]],
    );
}

#[test]
fn only_the_main_files_top_level_above_the_first_brace_counts() {
    check(
        "a = 1; // {\nb = \"{\"; /* { */\nmodule m() { c = 1; }\nd = 1;",
        expect![[r#"
        a [Parameters] "" number 1 None None None
        b [Parameters] "" text "{" None
    "#]],
    );
    check(
        "a = 1;\nb = 1; module m() {}\nc = 1;",
        expect![[r#"
        a [Parameters] "" number 1 None None None
    "#]],
    );
}

#[test]
fn description_is_the_comment_line_directly_above() {
    check(
        "// the a\na = 1;\n// not this\n\nb = 1;\n  // nor this\nc = 1;\n// one\n// two // parts  \nd = 1;\n//\ne = 1;",
        expect![[r#"
            a [Parameters] "the a" number 1 None None None
            b [Parameters] "" number 1 None None None
            c [Parameters] "" number 1 None None None
            d [Parameters] "two   parts  " number 1 None None None
            e [Parameters] "" number 1 None None None
        "#]],
    );
}

#[test]
fn comments_behind_numbers() {
    check(
        "a = 5; // 0.5\nb = 5; // [10]\nc = 5; // [1:10]\nd = 5; // [0:.5:10]\ne = 5; // millimetres\nf = 5;//[1:10]",
        expect![[r#"
            a [Parameters] "" number 5 None None Some(0.5)
            b [Parameters] "" number 5 Some(0.0) Some(10.0) None
            c [Parameters] "" number 5 Some(1.0) Some(10.0) None
            d [Parameters] "" number 5 Some(0.0) Some(10.0) Some(0.5)
            e [Parameters] "" number 5 None None None
            f [Parameters] "" number 5 Some(1.0) Some(10.0) None
        "#]],
    );
}

#[test]
fn comments_behind_strings_and_booleans() {
    check(
        "a = \"x\"; // 8\nb = \"x\"; // words\nc = true; // [1:2]\nd = \"x\"; // [1:2]",
        expect![[r#"
            a [Parameters] "" text "x" Some(8)
            b [Parameters] "" text "x" None
            c [Parameters] "" checkbox true
            d [Parameters] "" text "x" None
        "#]],
    );
}

#[test]
fn comments_behind_vectors() {
    check(
        "a = [1, 2]; // [0:10]\nb = [1, 2]; // [0:2:10]\nc = [1, 2]; // 0.1\nd = [1, 2]; // [5]\ne = [1, 2]; // [a, b]",
        expect![[r#"
            a [Parameters] "" vector [1.0, 2.0] Some(0.0) Some(10.0) None
            b [Parameters] "" vector [1.0, 2.0] Some(0.0) Some(10.0) Some(2.0)
            c [Parameters] "" vector [1.0, 2.0] None None Some(0.1)
            d [Parameters] "" vector [1.0, 2.0] Some(0.0) Some(5.0) None
            e [Parameters] "" vector [1.0, 2.0] None None None
        "#]],
    );
}

#[test]
fn drop_downs() {
    check(
        "a = 2; // [1, 2, 3]\nb = 20; // [10:Small, 20:\"Large one\", 30]\nc = \"x\"; // [x, y z, \"a, b\"]\nd = \"S\"; // [S:Small, L:Large]\ne = \"2\"; // [1, 2]",
        expect![[r#"
            a [Parameters] "" choice 2 of 1=1, 2=2, 3=3
            b [Parameters] "" choice 20 of Small=10, Large one=20, 30=30
            c [Parameters] "" choice "x" of x="x", y z="y z", a, b="a, b"
            d [Parameters] "" choice "S" of Small="S", Large="L"
            e [Parameters] "" choice "2" of 1="1", 2="2"
        "#]],
    );
}

#[test]
fn default_outside_the_drop_down_is_added_on_top() {
    check(
        "a = 5; // [1, 2]\nb = \"q\"; // [x:X, y:Y]",
        expect![[r#"
        a [Parameters] "" choice 5 of 5=5, 1=1, 2=2
        b [Parameters] "" choice "q" of q="q", X="x", Y="y"
    "#]],
    );
}

#[test]
fn default_outside_the_limits_widens_them() {
    check(
        "a = 50; // [1:10]\nb = -5; // [1:10]\nc = [0, 11]; // [1:10]\nd = -3; // [10]",
        expect![[r#"
            a [Parameters] "" number 50 Some(1.0) Some(50.0) None
            b [Parameters] "" number -5 Some(-5.0) Some(10.0) None
            c [Parameters] "" vector [0.0, 11.0] Some(0.0) Some(11.0) None
            d [Parameters] "" number -3 Some(-3.0) Some(10.0) None
        "#]],
    );
}

#[test]
fn comment_that_is_no_widget_is_ignored() {
    check(
        "a = 1; // [1:2\nb = 1; // [1:2:3:4]\nc = 1; // []\nd = 1; // [1, ]\ne = 1; // [1:2] mm\nf = 1; // a: b",
        expect![[r#"
            a [Parameters] "" number 1 None None None
            b [Parameters] "" number 1 None None None
            c [Parameters] "" number 1 None None None
            d [Parameters] "" number 1 None None None
            e [Parameters] "" number 1 None None None
            f [Parameters] "" number 1 None None None
        "#]],
    );
}

#[test]
fn comment_belongs_to_the_only_statement_of_its_line() {
    check(
        "a = 1; b = 2; // [1:10]\nc =\n3; // [1:10]\nd = \"//\"; // 3",
        expect![[r#"
        a [Parameters] "" number 1 None None None
        b [Parameters] "" number 2 None None None
        c [Parameters] "" number 3 None None None
        d [Parameters] "" text "//" Some(3)
    "#]],
    );
}

#[test]
fn groups() {
    check(
        "a = 1;\n/* [First group] */\nb = 1;\n/*[Hidden]*/\nc = 1;\n/* [Global] */\nd = 1;\n/* [A] [B] */\ne = 1;\n/*\n[no]\n*/\nf = 1;\nx = \"/* [no] */\";\ng = 1;\n/* plain */\nh = 1;",
        expect![[r#"
            a [Parameters] "" number 1 None None None
            b [First group] "" number 1 None None None
            c [Hidden] "" number 1 None None None
            d [Global] "" number 1 None None None
            e [A-B] "" number 1 None None None
            f [A-B] "" number 1 None None None
            x [A-B] "" text "/* [no] */" None
            g [A-B] "" number 1 None None None
            h [Parameters] "" number 1 None None None
        "#]],
    );
}

#[test]
fn hidden_parameters_say_so() {
    let hidden: Vec<bool> =
        read("a = 1;\n/* [Hidden] */\nb = 1;").iter().map(Parameter::is_hidden).collect();
    assert_eq!(hidden, [false, true]);
}

#[test]
fn last_assignment_counts_at_the_place_of_the_first() {
    check(
        "// first\na = 1; // [1:2]\nb = 1;\n// last\na = 2; // [2:3]\nb = a;",
        expect![[r#"
        a [Parameters] "last" number 2 Some(2.0) Some(3.0) None
    "#]],
    );
}

#[test]
fn param_export() {
    let parameters = read(
        "// how wide\nwidth = 10; // [0:0.5:20]\n/* [Look] */\nname = \"x\"; // 8\non = true;\nsize = [1, 2]; // [5]\n\
         kind = 1; // [1:One, 2]\ncolor = \"red\"; // [red, green:Green]\n/* [Hidden] */\nsecret = 1;",
    );
    expect![[r#"
        {
            "parameters": [
                {
                    "caption": "how wide",
                    "group": "Parameters",
                    "initial": 10,
                    "max": 20,
                    "min": 0,
                    "name": "width",
                    "step": 0.5,
                    "type": "number"
                },
                {
                    "caption": "",
                    "group": "Look",
                    "initial": "x",
                    "maxLength": 8,
                    "name": "name",
                    "type": "string"
                },
                {
                    "caption": "",
                    "group": "Look",
                    "initial": true,
                    "name": "on",
                    "type": "boolean"
                },
                {
                    "caption": "",
                    "group": "Look",
                    "initial": [
                        1,
                        2
                    ],
                    "max": 5,
                    "min": 0,
                    "name": "size",
                    "type": "number"
                },
                {
                    "caption": "",
                    "group": "Look",
                    "initial": 1,
                    "name": "kind",
                    "options": [
                        {
                            "name": "One",
                            "value": 1
                        },
                        {
                            "name": "2",
                            "value": 2
                        }
                    ],
                    "type": "number"
                },
                {
                    "caption": "",
                    "group": "Look",
                    "initial": "red",
                    "name": "color",
                    "options": [
                        {
                            "name": "red",
                            "value": "red"
                        },
                        {
                            "name": "Green",
                            "value": "green"
                        }
                    ],
                    "type": "string"
                }
            ],
            "title": "model"
        }
    "#]]
    .assert_eq(&parameters_json(&parameters, "model"));
}

#[test]
fn parameter_sets_are_read() {
    let sets = ParameterSets::parse(
        r#"{"fileFormatVersion": "1", "parameterSets": {"b": {"x": "10", "t": "a \"b\""}, "a": {"y": true, "z": 1.5}}}"#,
    );
    let sets = sets.expect("the file is right");
    assert_eq!(sets.names().collect::<Vec<_>>(), ["a", "b"]);
    let values: Vec<_> = sets.get("b").expect("b is there").collect();
    assert_eq!(values, [("t", "a \"b\""), ("x", "10")]);
    let values: Vec<_> = sets.get("a").expect("a is there").collect();
    assert_eq!(values, [("y", "true"), ("z", "1.5")]);
    assert!(sets.get("c").is_none());
}

#[track_caller]
fn check_sets_error(json: &str, message: &str) {
    let error = ParameterSets::parse(json).expect_err("the file is wrong");
    assert_eq!(error.to_string(), message);
}

#[test]
fn wrong_parameter_sets_say_what_is_wrong() {
    check_sets_error(
        "{",
        "the parameter sets are not JSON: EOF while parsing an object at line 1 column 1",
    );
    check_sets_error("[]", "the parameter sets have no object \"parameterSets\" of objects");
    check_sets_error(
        r#"{"parameterSets": {"a": 1}}"#,
        "the parameter sets have no object \"parameterSets\" of objects",
    );
    check_sets_error(
        r#"{"fileFormatVersion": "2", "parameterSets": {}}"#,
        "the parameter sets are of format version 2, only version 1 is known",
    );
    check_sets_error(
        r#"{"parameterSets": {"a": {"x": [1]}}}"#,
        "in the parameter set \"a\" the value of \"x\" is neither text nor a number",
    );
}

#[test]
fn parameter_sets_of_openscad_are_read() {
    let path = "/usr/share/openscad/testdata/scad/customizer/setofparameter.json";
    let json =
        std::fs::read_to_string(path).expect("the package openscad-testing-data is installed");
    let sets = ParameterSets::parse(&json).expect("the file is right");
    assert_eq!(
        sets.names().collect::<Vec<_>>(),
        ["Name.dot", "firstSet", "thirdSet", "wrongSetValues"]
    );
}
