//! Comparison with an installed OpenSCAD (release 2021.01, Debian package `openscad`), its examples and its test suite
//! (package `openscad-testing-data`), read from where the packages put them.
//!
//! Newer OpenSCAD words some messages differently and has dropped some features; this crate follows the newer. Wording
//! is mapped to the old one in [`as_2021`]; scripts that differ for another reason are listed with it.

#![allow(clippy::unwrap_used, reason = "a test may end where it finds something amiss")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use scadstream_eval::{Evaluation, Options};

const EXAMPLES: &str = "/usr/share/openscad/examples";
const TEST_DATA: &str = "/usr/share/openscad/testdata/scad";
const EXPECTED: &str = "/usr/share/openscad/regression";

/// Our texts as release 2021.01 words them.
fn as_2021(line: &str) -> String {
    let mut line = line.to_owned();
    for (start, end) in [
        ("Ignoring unknown variable \"", "\""),
        ("Ignoring radius variable \"", "\" as diameter"),
        ("as diameter \"", "\" is defined"),
    ] {
        line = requote(&line, start, end, '\'');
    }
    for (start, end) in [("variable \"", "\" not specified"), ("argument \"", "\" supplied more")] {
        line = requote(&line, start, end, '\0');
    }
    line = line.replace("Can't find include file", "Can't open include file");
    for known in ["number of parameters does not match", "parameter could not be converted"] {
        if let Some((before, rest)) = line.split_once(known) {
            let place = rest.rfind(" in file ").map_or("", |at| &rest[at..]);
            line = format!("{before}{known}{place}");
        }
    }
    line
}

/// Changes the quotes around what stands between `start` and `end`, which hold them.
fn requote(line: &str, start: &str, end: &str, quote: char) -> String {
    let Some(at) = line.find(start) else { return line.to_owned() };
    let name_at = at + start.len();
    let Some(len) = line[name_at..].find(end) else { return line.to_owned() };
    let (before, rest) = (&line[..name_at - 1], &line[name_at + len + 1..]);
    let quote = if quote == '\0' { String::new() } else { quote.to_string() };
    format!("{before}{quote}{}{quote}{rest}", &line[name_at..name_at + len])
}

fn normal_echo(text: &str) -> String {
    text.lines().map(as_2021).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// File times are no part of a model.
fn normal_csg(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("timestamp = ") {
        let end = at + "timestamp = ".len();
        out.push_str(&rest[..end]);
        out.push('0');
        rest = rest[end..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    (out + rest).trim().to_owned()
}

fn evaluate(file: &Path, preview: bool) -> Evaluation {
    common::run_file(file, &Options { preview, ..Options::default() })
}

/// What the installed OpenSCAD writes for a file.
fn openscad(file: &Path, extension: &str) -> String {
    let name = file.file_stem().unwrap().to_string_lossy();
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test").replace("::", "-");
    let out = std::env::temp_dir()
        .join(format!("scadstream-{}-{test}-{name}.{extension}", std::process::id()));
    let status = Command::new("openscad")
        .env("OPENSCADPATH", "/usr/share/openscad/libraries")
        .arg("-o")
        .arg(&out)
        .arg(file)
        .output()
        .expect("these tests compare with the Debian package openscad: install it");
    let text = std::fs::read(&out).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let _ = std::fs::remove_file(&out);
    text.unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(&status.stderr)))
}

fn scad_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "scad") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Fails with the names of `differing` scripts unless they are just those that are known to.
#[track_caller]
fn assert_known(differing: &[String], known: &[(&str, &str)], compared: usize) {
    let unexpected: Vec<_> =
        differing.iter().filter(|name| !known.iter().any(|(k, _)| k == name)).collect();
    let mended: Vec<_> =
        known.iter().filter(|(name, _)| !differing.iter().any(|d| d == name)).collect();
    assert!(unexpected.is_empty(), "of {compared} scripts these differ: {unexpected:?}");
    assert!(mended.is_empty(), "these are equal now, take them off the list: {mended:?}");
}

#[test]
fn examples_give_the_same_tree() {
    let known = [("example009", DXF)];
    let files = scad_files(Path::new(EXAMPLES));
    let differs = |file: &&PathBuf| {
        normal_csg(&openscad(file, "csg")) != normal_csg(&common::csg(&evaluate(file, false)))
    };
    let differing: Vec<_> = files.iter().filter(differs).map(|f| stem(f)).collect();
    assert_known(&differing, &known, files.len());
}

#[test]
fn examples_print_the_same() {
    let known = [
        ("example009", DXF),
        ("example023", "newer: names that start with a digit are deprecated"),
        ("logo_and_text", "a note on the camera of the command line, not of the language"),
    ];
    let files = scad_files(Path::new(EXAMPLES));
    let differs = |file: &&PathBuf| {
        let ours = common::messages(&evaluate(file, true));
        normal_echo(&openscad(file, "echo")) != normal_echo(&ours)
    };
    let differing: Vec<_> = files.iter().filter(differs).map(|f| stem(f)).collect();
    assert_known(&differing, &known, files.len());
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

/// Scripts of a suite with the text expected of them.
fn suite(kind: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let ending = format!("-expected.{extension}");
    let scripts = scad_files(Path::new(TEST_DATA));
    let mut cases = Vec::new();
    let folder = std::fs::read_dir(Path::new(EXPECTED).join(kind));
    for entry in
        folder.expect("these tests read the Debian package openscad-testing-data: install it")
    {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(&ending) else { continue };
        // Some expectations are of scripts that the package does not hold.
        if let Some(script) = scripts.iter().find(|script| stem(script) == name) {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            cases.push((script.clone(), text));
        }
    }
    cases
}

#[test]
fn echo_tests_of_the_suite() {
    let cases = suite("echotest", "echo");
    let differs = |case: &&(PathBuf, String)| {
        normal_echo(&case.1) != normal_echo(&common::messages(&evaluate(&case.0, true)))
    };
    let differing: Vec<_> = cases.iter().filter(differs).map(|(file, _)| stem(file)).collect();
    assert_known(&differing, ECHO_DIFFERENCES, cases.len());
}

#[test]
fn dump_tests_of_the_suite() {
    let cases = suite("dumptest", "csg");
    let differs = |case: &&(PathBuf, String)| {
        normal_csg(&case.1) != normal_csg(&common::csg(&evaluate(&case.0, false)))
    };
    let differing: Vec<_> = cases.iter().filter(differs).map(|(file, _)| stem(file)).collect();
    assert_known(&differing, DUMP_DIFFERENCES, cases.len());
}

const NEWER_CHECKS: &str = "newer: more arguments are checked, and reported";
const REMOVED: &str = "newer: child(), assign(), import_stl() and the like are gone";
const DXF: &str = "the world of these tests reads no drawings; the program's own does";
const FILE_EXTRUDE: &str = "newer: extrusions read no files";
const BOTH_ENDS: &str = "newer: a long trace is shown from both ends";
const PLACED: &str = "newer: messages on children have a place";

const ECHO_DIFFERENCES: &[(&str, &str)] = &[
    ("allexpressions", "newer: repeated commas are deprecated"),
    ("allmodules", REMOVED),
    (
        "builtin-invalid-range-test",
        "expects the option for range checks; see `range_checks_of_the_suite`",
    ),
    ("children-tests", PLACED),
    ("children-warnings-tests", REMOVED),
    ("dim-all", DXF),
    ("errors-warnings", DXF),
    ("errors-warnings-included", DXF),
    ("escape-test", "newer: a missing import is reported when the call is evaluated"),
    ("for-tests", "newer: a range that points away from its end is empty"),
    ("function-literal-tests", "newer: functions in `$` variables can be called"),
    ("localfiles-compatibility-test", FILE_EXTRUDE),
    ("localfiles-test", FILE_EXTRUDE),
    ("norm-tests", NEWER_CHECKS),
    ("ord-tests", NEWER_CHECKS),
    ("rands", NEWER_CHECKS),
    ("range-tests", "newer: a range that points away from its end is empty"),
    ("recursion-test-function3", BOTH_ENDS),
    ("recursion-test-module", BOTH_ENDS),
    ("recursion-test-vector", BOTH_ENDS),
    ("scope-assignment-tests", REMOVED),
    ("string-unicode", "newer: repeated commas are deprecated"),
    ("unicode-tests", "newer: undefined escape sequences are reported"),
    ("variable-scope-tests", REMOVED),
];

const MISNAMED: &str = "the expectation is of another script of this name";
const TYPED_POINTS: &str =
    "points and paths are shown as they are understood, not as they were written";
const PATHS: &str =
    "paths in included files are shown in full here; the program's own world shows them shorter";

const DUMP_DIFFERENCES: &[(&str, &str)] = &[
    ("allmodules", REMOVED),
    ("assign-tests", REMOVED),
    ("child-background", REMOVED),
    ("child-child-test", REMOVED),
    ("child-tests", REMOVED),
    ("circle", MISNAMED),
    ("for-tests", "newer: a range that points away from its end is empty"),
    ("group", MISNAMED),
    ("import_3mf-tests", PATHS),
    ("import_dxf-tests", PATHS),
    ("import_stl-test", REMOVED),
    ("import_stl-tests", PATHS),
    ("localfiles-compatibility-test", FILE_EXTRUDE),
    ("localfiles-test", FILE_EXTRUDE),
    ("minkowski2-tests", "the expectation has numbers in an older format, 1e+06"),
    ("null-polygons", "the expectation is older than its script"),
    ("polygon-illegal-winding", "the expectation is older than its script"),
    ("polygon-tests", TYPED_POINTS),
    ("polyhedron-tests", TYPED_POINTS),
    ("polyset-reduce-crash", "the expectation is older than its script"),
    ("primitive-inf-tests", TYPED_POINTS),
    ("rotate_extrude_dxf-tests", FILE_EXTRUDE),
    ("text-search-test", REMOVED),
];

#[test]
fn range_checks_of_the_suite() {
    let file = Path::new(TEST_DATA).join("misc/builtin-invalid-range-test.scad");
    let expected = std::fs::read_to_string(
        Path::new(EXPECTED).join("echotest/builtin-invalid-range-test-expected.echo"),
    );
    let options = Options { preview: true, check_parameter_ranges: true, ..Options::default() };
    let (ours, expected) = (
        normal_echo(&common::messages(&common::run_file(&file, &options))),
        normal_echo(&expected.unwrap()),
    );
    // Newer: points that are none are reported when the call is evaluated.
    let mut ours = ours.lines().filter(|line| !line.contains("Unable to convert points"));
    for expected in expected.lines() {
        assert_eq!(ours.next(), Some(expected));
    }
    assert_eq!(ours.next(), None);
}
