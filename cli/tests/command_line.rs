//! What `render` and `check` take on the command line, and the texts that they write, beside the installed OpenSCAD's.

#![allow(clippy::unwrap_used, reason = "a test may end where it finds something amiss")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A folder with a model in it.
fn model(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.scad"), text).unwrap();
    folder
}

fn scadstream(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scadstream"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a model says, evaluated with `arguments`.
#[track_caller]
fn check(text: &str, arguments: &[&str], expected: &str) {
    let folder = model(text);
    let arguments = [&["check", "model.scad"], arguments].concat();
    assert_eq!(stderr(&scadstream(folder.path(), &arguments)), expected);
}

#[test]
fn texts_are_those_of_openscad_byte_for_byte() {
    let folder = model(
        "// How wide\nwidth = 10; // [1:20]\n/* [Look] */\nname = \"a b\"; // [a b, c]\nuse <used.scad>\ninclude <included.scad>\n\
         module peg(h = 2, $fn = 6) { cylinder(h = h, r = width / 4); if (h > 1) translate([0, 0, h]) children(); }\n\
         function twice(x) = let (y = x) x > 0 ? y * 2 : [for (i = [0:2]) i];\n\
         peg(3) { cube([1, 2, 3]); #sphere(1); } echo(twice(2), twice(-1), name, included); %square(f(2));\n",
    );
    std::fs::write(folder.path().join("used.scad"), "function f(x) = x + 1;\n").unwrap();
    std::fs::write(folder.path().join("included.scad"), "included = [1, \"s\"];\n").unwrap();
    for extension in ["echo", "csg", "ast"] {
        let (ours, theirs) = (format!("ours.{extension}"), format!("theirs.{extension}"));
        let run = scadstream(folder.path(), &["render", "model.scad", "-o", &ours]);
        assert!(run.status.success(), "{}", stderr(&run));
        let peer = Command::new("openscad")
            .current_dir(folder.path())
            .args(["-o", &theirs, "model.scad"])
            .output()
            .expect("this test compares with the Debian package openscad: install it");
        assert!(peer.status.success(), "{}", stderr(&peer));
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read(&ours), read(&theirs), "{extension}");
    }
}

#[test]
fn a_dash_reads_standard_input_and_writes_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scadstream"));
    let mut child = command
        .current_dir(folder.path())
        .args(["render", "-", "-o", "-", "--export-format", "csg"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"cube(2); echo(1);").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(stdout(&output), "cube(size = [2, 2, 2], center = false);\n\n");
    assert_eq!(stderr(&output), "ECHO: 1\n");
}

#[test]
fn parameter_sets_set_parameters_and_definitions_win_over_them() {
    let text = "a = 1;\nb = \"x\";\nc = true;\nv = [1, 2];\nmodule m() {}\nplain = 5;\necho(a, b, c, v, plain);";
    let sets = r#"{"fileFormatVersion": "1", "parameterSets": {
        "one": {"a": "7", "b": "say \"hi\"", "c": "false", "v": "[3, 4.5]", "plain": "6", "unknown": "1"},
        "bad": {"a": "x; cube(1)", "c": "maybe", "v": "[3]"}}}"#;
    let folder = model(text);
    std::fs::write(folder.path().join("sets.json"), sets).unwrap();
    let with = |more: &[&str]| {
        let arguments = [&["check", "model.scad", "-p", "sets.json", "-P"], more].concat();
        stderr(&scadstream(folder.path(), &arguments))
    };
    // What stands behind the first brace is no parameter.
    assert_eq!(with(&["one"]), "ECHO: 7, \"say \"hi\"\", false, [3, 4.5], 5\n");
    assert_eq!(with(&["one", "-D", "a=8"]), "ECHO: 8, \"say \"hi\"\", false, [3, 4.5], 5\n");
    assert_eq!(with(&["bad"]), "ECHO: 1, \"x\", true, [1, 2], 5\n");
    assert_eq!(with(&["none"]), "scadstream: sets.json has no parameter set \"none\"\n");
}

#[test]
fn parameters_are_written_as_json() {
    let folder = model("/* [Size] */\n// How wide\nwidth = 10; // [1:2:20]\n");
    let arguments = ["render", "model.scad", "-o", "-", "--export-format", "param"];
    let json: serde_json::Value =
        serde_json::from_slice(&scadstream(folder.path(), &arguments).stdout).unwrap();
    let expected = serde_json::json!({"title": "model", "parameters": [{
        "name": "width", "caption": "How wide", "group": "Size", "type": "number",
        "initial": 10, "min": 1, "max": 20, "step": 2,
    }]});
    assert_eq!(json, expected);
}

#[test]
fn hard_warnings_stop_with_a_failure() {
    let folder = model("echo(1); x = y; for (i = [0:2000]) echo(i);");
    let soft = scadstream(folder.path(), &["check", "model.scad"]);
    assert!(soft.status.success());
    let hard = scadstream(folder.path(), &["check", "model.scad", "--hardwarnings"]);
    assert!(!hard.status.success());
    assert!(stderr(&hard).starts_with("WARNING: Ignoring unknown variable \"y\""));
    assert!(!stderr(&hard).contains("ECHO: 2000"));
}

#[test]
fn checks_of_parameters_can_be_switched() {
    let text = "module m(a) {} m(1, b = 2); cube(-1);";
    let unknown = "WARNING: variable \"b\" not specified as parameter in file model.scad, line 1\n";
    let range = "WARNING: cube(size=-1, ...) in file model.scad, line 1\n";
    check(text, &[], unknown);
    check(text, &["--check-parameters", "false"], "");
    check(text, &["--check-parameter-ranges=true"], &format!("{unknown}{range}"));
}

#[test]
fn traces_have_a_depth_and_may_show_values() {
    let text = "module m(n) { if (n == 0) assert(false); else m(n - 1); }\nm(1);";
    let place = "in file model.scad, line 1\n";
    let error = format!("ERROR: Assertion 'false' failed {place}");
    check(text, &["--trace-depth", "0"], &error);
    let one = format!(
        "{error}TRACE: called by 'assert' {place}TRACE: *** Excluding 3 frames ***\nTRACE: called by 'm' in file model.scad, line 2\n"
    );
    check(text, &["--trace-depth", "1"], &one);
    let folder = model(text);
    let arguments = ["check", "model.scad", "--trace-usermodule-parameters", "true"];
    let shown = stderr(&scadstream(folder.path(), &arguments));
    assert!(shown.contains("TRACE: call of 'm(n = 0)'"), "{shown}");
}

#[test]
fn camera_seed_features_and_quiet() {
    check(
        "echo($vpt, $vpr, $vpd);",
        &["--camera", "1,2,3,40,50,60,70"],
        "ECHO: [1, 2, 3], [40, 50, 60], 70\n",
    );
    let random = "echo(rands(0, 1, 2));";
    let folder = model(random);
    let seeded =
        |seed: &str| stderr(&scadstream(folder.path(), &["check", "model.scad", "--seed", seed]));
    assert_eq!(seeded("1"), seeded("1"));
    assert_ne!(seeded("1"), seeded("2"));
    let experimental = "echo(object(a = 1).a);";
    check(experimental, &["--enable", "all"], "ECHO: 1\n");
    check(experimental, &["--enable", "object-function"], "ECHO: 1\n");
    check(
        "echo(1); x = y; assert(false);",
        &["--quiet"],
        "ERROR: Assertion 'false' failed in file model.scad, line 1\n",
    );
}

#[test]
fn broken_source_fails_and_names_every_error() {
    let folder = model("cube(;\nx = ;\nsphere(1);\n");
    for output in ["a.ast", "a.csg", "a.param"] {
        let run = scadstream(folder.path(), &["render", "model.scad", "-o", output]);
        assert!(!run.status.success());
        assert!(
            stderr(&run).contains("line 1") && stderr(&run).contains("line 2"),
            "{}",
            stderr(&run)
        );
        assert!(!folder.path().join(output).exists(), "{output}");
    }
}
