//! Random small programs, evaluated here and by the installed OpenSCAD: both print the same.
//!
//! The generator keeps to what release 2021.01 and newer ones agree on.

#![allow(clippy::unwrap_used, reason = "a test may end where it finds something amiss")]

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

mod common;

/// An expression over the variables `a`, `b`, `c`.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-9i32..100).prop_map(|x| x.to_string()),
        (-40i32..40).prop_map(|x| format!("{}", f64::from(x) / 8.0)),
        prop::sample::select(vec![
            "a", "b", "c", "true", "false", "undef", "\"x\"", "\"äb\"", "[]", "1e10", "PI", "$fn"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let operator = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||",
        ]);
        let unary = prop::sample::select(vec!["-", "!", "+"]);
        let function = prop::sample::select(vec![
            "len", "str", "abs", "floor", "sin", "cos", "sqrt", "is_num", "is_list", "concat",
            "norm", "f", "g", "sign", "round",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(l, op, r)| format!("({l} {op} {r})")),
            (unary, inner.clone()).prop_map(|(op, e)| format!("({op}{e})")),
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            (inner.clone(), inner.clone()).prop_map(|(base, index)| format!("{base}[{index}]")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(c, t, e)| format!("({c} ? {t} : {e})")),
            (function, inner.clone()).prop_map(|(f, e)| format!("{f}({e})")),
            inner.clone().prop_map(|v| format!("last({v})")),
            inner.clone().prop_map(|s| format!("d($s = {s})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("h({x}, q = {y})")),
            (inner.clone(), inner.clone()).prop_map(|(v, body)| format!("(let (c = {v}) {body})")),
            (inner.clone(), inner.clone()).prop_map(|(v, body)| format!("[for (b = {v}) {body}]")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(v, c, body)| format!(
                "[for (i = [0:2]) if ({c}) each [{body}, i] else {v}]"
            )),
            (inner.clone(), inner).prop_map(|(body, arg)| format!("(function(a) {body})({arg})")),
        ]
    })
}

fn program() -> impl Strategy<Value = String> {
    let statement = prop_oneof![
        expression().prop_map(|e| format!("echo({e});")),
        expression().prop_map(|e| format!("m({e}) echo(\"child\", a, $s);")),
        (expression(), expression())
            .prop_map(|(c, e)| format!("if ({c}) {{ a = {e}; echo(a, b); }} else echo(b);")),
        (expression(), expression())
            .prop_map(|(v, e)| format!("for (a = {v}) {{ b = {e}; echo(a, b); }}")),
        (expression(), expression()).prop_map(|(v, e)| format!("let ($s = {v}) echo(d(), {e});")),
    ];
    (prop::collection::vec(expression(), 5), prop::collection::vec(statement, 1..6)).prop_map(|(e, statements)| {
        format!(
            "a = {};\nb = {};\nc = 3;\n$s = 7;\nfunction d() = $s;\nfunction last(v) = v[len(v) - 1];\nfunction f(x) = {};\nfunction g(c, b = {}) = [b, c];\n\
             function h(p, q = 2) = is_num(p) && p > 0 && p < 50 ? h(p - 1, q) : [p, q];\n\
             module m(b, $s = {}) {{ echo(b, d(), $children); children(0); children(); }}\n{}\n",
            e[0],
            e[1],
            // A function that calls itself without end tells nothing.
            e[2].replace("f(", "g("),
            e[3].replace("f(", "d(").replace("g(", "d("),
            e[4],
            statements.join("\n")
        )
    })
}

fn echoes(text: &str) -> Vec<&str> {
    // What warnings say differs between releases; that they come is compared by what is undefined.
    text.lines().filter(|line| line.starts_with("ECHO:")).collect()
}

#[test]
fn random_programs_print_what_openscad_prints() {
    // Each case starts a process; PROPTEST_CASES raises the number for a long run.
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let config = Config {
        cases,
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let folder = std::env::temp_dir().join(format!("scadstream-random-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, out) = (folder.join("p.scad"), folder.join("p.echo"));
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(Default::default()),
    );
    let result = runner.run(&program(), |source| {
        std::fs::write(&file, &source).unwrap();
        let run = std::process::Command::new("openscad").arg("-o").arg(&out).arg(&file).output();
        run.expect("this test compares with the Debian package openscad: install it");
        let theirs = String::from_utf8_lossy(&std::fs::read(&out).unwrap()).into_owned();
        let options = scadstream_eval::Options { preview: true, ..Default::default() };
        let ours = common::messages(&common::run_file(&file, &options));
        prop_assert_eq!(echoes(&theirs), echoes(&ours), "{}", source);
        Ok(())
    });
    let _ = std::fs::remove_dir_all(&folder);
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
