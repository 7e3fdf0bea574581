//! The `.ast` export beside OpenSCAD's: its own expected texts, and what it writes for programs of ours.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use scadstream_syntax::customizer::Annotations;
use scadstream_syntax::{Source, decode, parse, print, splice};

const INSTALLED: &str = "/usr/share/openscad";

fn read(path: &Path) -> Option<Arc<Source>> {
    let bytes = std::fs::read(path).ok()?;
    Some(Arc::new(decode(path.display().to_string(), bytes).0))
}

/// The `.ast` text of a file; includes are found beside the file that names them.
fn export(path: &Path) -> String {
    let main = read(path).unwrap_or_else(|| panic!("cannot read {}", path.display()));
    let annotations = Annotations::collect(&main, &parse(&main).file);
    let spliced = splice(&main, &mut |path, chain| {
        let includer = chain.last().expect("the main file is open");
        let folders =
            [Path::new(&**includer.name()).parent()?, Path::new("/usr/share/openscad/libraries")];
        folders.iter().find_map(|folder| read(&folder.join(path)))
    });
    let parsed = parse(&spliced.source);
    assert!(!parsed.has_errors(), "{}: {:?}", path.display(), parsed.diagnostics);
    let mut out = String::new();
    print::write_file(&mut out, &spliced.source, &parsed.file, &annotations);
    out
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let here = paths.iter().find(|path| path.file_name().is_some_and(|found| found == name));
    here.cloned()
        .or_else(|| paths.iter().filter(|path| path.is_dir()).find_map(|path| find(path, name)))
}

/// Compares with the expected texts of one of OpenSCAD's regression suites.
#[track_caller]
fn check_suite(suite: &str, at_least: usize) {
    let folder = Path::new(INSTALLED).join("regression").join(suite);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("cannot read {}: {error}; install openscad-testing-data", folder.display())
    });
    let mut compared = 0;
    for entry in entries {
        let expected = entry.expect("the folder can be read").path();
        let stem = expected.file_name().and_then(|name| name.to_str()).expect("names are UTF-8");
        let name = stem.replace("-expected.ast", ".scad");
        let Some(path) = find(&Path::new(INSTALLED).join("testdata/scad"), &name) else { continue };
        let expected = std::fs::read_to_string(&expected).expect("the expected text can be read");
        // Some expected texts end with an empty line that openscad does not write.
        assert_eq!(export(&path).trim_end(), expected.trim_end(), "{name}");
        compared += 1;
    }
    assert!(compared >= at_least, "only {compared} texts compared");
}

#[test]
fn astdumptest_suite_of_openscad() {
    check_suite("astdumptest", 20);
}

#[test]
fn customizertest_suite_of_openscad() {
    check_suite("customizertest", 6);
}

/// What `openscad` writes for a file.
fn oracle(path: &Path) -> String {
    let folder = std::env::temp_dir().join(format!("scadstream-ast-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let name = path.file_stem().expect("it is a file").to_string_lossy();
    let out = folder.join(format!("{name}.ast"));
    let ran = Command::new("openscad").arg("-o").arg(&out).arg(path).output();
    let ran = ran.unwrap_or_else(|error| panic!("cannot run openscad: {error}; install it"));
    let text = std::fs::read(&out).unwrap_or_else(|_| {
        panic!("openscad wrote nothing: {}", String::from_utf8_lossy(&ran.stderr))
    });
    std::fs::remove_file(&out).expect("it was just read");
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn examples_of_openscad() {
    let mut compared = 0;
    for folder in ["Advanced", "Basics", "Functions", "Old", "Parametric"] {
        let folder = Path::new(INSTALLED).join("examples").join(folder);
        let entries = std::fs::read_dir(&folder).expect("openscad's examples are installed");
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            if path.extension().is_some_and(|extension| extension == "scad") {
                assert_eq!(export(&path), oracle(&path), "{}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared >= 40, "only {compared} files compared");
}

#[track_caller]
fn check(name: &str, program: &str) {
    let folder = std::env::temp_dir().join(format!("scadstream-ast-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let path = folder.join("main.scad");
    std::fs::write(&path, program).expect("the folder can be written");
    let (ours, theirs) = (export(&path), oracle(&path));
    std::fs::remove_dir_all(&folder).expect("it was just written");
    assert_eq!(ours, theirs);
}

#[test]
fn statements() {
    check(
        "statements",
        "module m(a, b = 2,) { cube(a); module inner() sphere(1); x = 1; function k(a) = a; }
        function z() = 1; function a(x = 1, $y = 2) = x; function z() = 3;
        module n() x = 1; module e() {} module m(x) { { y = 2; sphere(); } ; }
        m(1, b = 3); !m(1) cube(2); #%translate([1, 2, 3]) { cube(1); x = 2; } *cube();
        if (a) cube(1); else { sphere(2); cube(1); }
        if (a) { cube(1); } else if (b) sphere(3); else { if (c) cube(); }
        if (a) cube(1); if (a) { x = 1; } if (a) {} else {} if (a); else cube(2);
        translate([1, 2, 3]) *cube(); for (i = [1 : 3]) cube(i); let (a = 1) cube(a);
        union() {} union() { ; { cube(); } } union() { x = 1; } union() { x = 1; cube(x); { y = 2; } }
        assert(true) cube(1); echo(\"hi\"); { cube(3); { sphere(2); } y = 3; }
        intersection_for(i = 1) cube(); each(a) cube(); q = 1; p = 2; q = 3;",
    );
}

#[test]
fn expressions() {
    check(
        "expressions",
        "a = -5; b = - 5; c = -(5); d = -z; e = !a; f = +5; g = +a; h = --5; i = -(-5); j = -0;
        k = [1, \"a\\n\\\"b\\\\\\t\", [1 : 2], [1 : 2 : 3], [for (i = [1 : 2]) i], [for (i = 0; i < 3; i = i + 1) i]];
        l = [if (a) b else c, if (a) b, let (a = 1) a, each [1, 2], each for (i = [1]) i, for (i = 1, j = 2) i];
        m = [(a) + 1, (let (b = 1) b) + 2, let (a = 1) (for (i = [1]) i), each (a) + 1, if (a) (b) + 1 else c];
        n = function (x, y = 2) x + y; o = function () 1; p = a ? b : c ? d : e; q = (a ? b : c) ? d : e;
        r = let (c = 1, d = 2) assert(a > 1, \"m\") echo(\"x\", y = 3) a ^ 2 ^ 3; s = [assert(true), echo(1)];
        t = f(1)(2); u = (f)(3); v = a[0](x); w = a.x.y[0]; x = -2 ^ 2; y = 2 ^ -1; z = (a + b)(1);
        aa = a && b || !a == b % c; ab = (function (x) x)(1); ac = [1 : 2 : 3][0]; ad = a.f(1); ae = (-a).x;
        af = (-a) ^ 2; ag = a < b == c >= d; ah = a - b - c + d * e / f; ai = \"a\nb\"; aj = [[], [[1], -2.50]];
        ak = 1e6; al = 0.1; am = 1e-7; an = 123456789; ao = .5; ap = 5.; aq = [for () a]; ar = 1.5E-3;",
    );
}

#[test]
fn parameters() {
    check(
        "parameters",
        "// about a
a = 1; // [1:10]
// about b // and more
b = \"x\"; // [x, y:Why not, \"z, z\"]
/* [First] */
c = [1, 2]; // 0.5
 // no description
d = true; // [5 6, 7] foo
/* [Second] [Half] */
e = 1; f = 2; // [3]
g = 1; /* other */ // 5 foo 6.50
h = 1; // it's (50%) \"quoted\" text
i = 1; // [a b: 1, -2 , +3 : c]
j = undef; k = [1 : 2]; l = !1;
m = \"//\"; // [1:2:3]
n = 1 + 1; // [1]
o = 1; // [1,]
p = 1; // {
/* [Third] */ q = 1;
r = 1;
r = 2; // last
module m() {}
s = 1; // no parameter",
    );
}
