//! CPU time and peak memory of evaluation beside an installed `openscad`, geometry not counted.
//!
//! `cargo build --release -p scadstream-eval --examples && target/release/examples/bench_eval`
//!
//! Writes its own workloads to a temporary folder and runs `openscad -o x.echo` (or `.csg`) and the example `scad` on
//! each, three times, in turn; the quicker run counts. Needs GNU `time`.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::Command;

/// A workload, and the share of OpenSCAD's CPU time that it may take.
struct Workload {
    name: &'static str,
    source: String,
    csg: bool,
    at_most: f64,
}

/// CPU seconds and peak resident memory in KiB.
type Cost = (f64, f64);

fn main() -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("scadstream-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("library.scad"), library())?;
    let scad = std::env::current_exe()?.with_file_name("scad");
    println!(
        "{:<24} {:>10} {:>10} {:>8} {:>8} {:>10} {:>10} {:>8}",
        "workload", "openscad s", "here s", "ratio", "at most", "KiB", "here KiB", "ratio"
    );
    for workload in workloads() {
        let file = folder.join("workload.scad");
        std::fs::write(&file, &workload.source)?;
        let out = folder.join(if workload.csg { "out.csg" } else { "out.echo" });
        let (mut theirs, mut ours) = ((f64::MAX, 0.0), (f64::MAX, 0.0));
        for _ in 0..3 {
            theirs = quicker(theirs, cost(timed().args(["openscad", "-o"]).arg(&out).arg(&file))?);
            // To a file on both sides: through a pipe, a text of megabytes costs its writer more.
            let text = std::fs::File::create(folder.join("here.txt"))?;
            ours = quicker(ours, cost(here(&scad, &file, workload.csg).stdout(text))?);
        }
        println!(
            "{:<24} {:>10.3} {:>10.3} {:>8.3} {:>8.3} {:>10.0} {:>10.0} {:>8.2}",
            workload.name,
            theirs.0,
            ours.0,
            ours.0 / theirs.0,
            workload.at_most,
            theirs.1,
            ours.1,
            ours.1 / theirs.1
        );
    }
    std::fs::remove_dir_all(&folder)
}

/// Runs what is appended. The shell's own `time` tells milliseconds, GNU `time` tells memory; the last two lines of
/// standard error are KiB, and seconds of user and system.
fn timed() -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", "TIMEFORMAT='%3U %3S'; time /usr/bin/time -f %M \"$@\"", "timed"]);
    command
}

fn here(scad: &Path, file: &Path, csg: bool) -> Command {
    let mut command = timed();
    command.arg(scad);
    if csg {
        command.arg("csg");
    }
    command.arg(file);
    command
}

fn cost(command: &mut Command) -> io::Result<Cost> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut lines = text.lines().rev();
    let numbers: Vec<f64> = lines
        .by_ref()
        .take(2)
        .flat_map(str::split_whitespace)
        .filter_map(|n| n.parse().ok())
        .collect();
    match numbers[..] {
        [user, system, memory] => Ok((user + system, memory)),
        _ => Err(io::Error::other(text)),
    }
}

fn quicker(a: Cost, b: Cost) -> Cost {
    if a.0 <= b.0 { a } else { b }
}

fn workloads() -> Vec<Workload> {
    let numeric = "
        function fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2);
        function is_prime(n, d = 2) = d * d > n ? true : n % d == 0 ? false : is_prime(n, d + 1);
        function matrix(n, k) = [for (i = [0:n - 1]) [for (j = [0:n - 1]) (i * k + j) % 7 - 3]];
        function power(m, n) = n == 1 ? m : m * power(m, n - 1);
        function build(n, s = \"\") = n == 0 ? s : build(n - 1, str(s, n % 10));
        function sum(v, i = 0, acc = 0) = i >= len(v) ? acc : sum(v, i + 1, acc + v[i]);
        function cross3(a, b) = [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x];
        echo(fib(24), len([for (i = [2:30000]) if (is_prime(i)) i]), len(power(matrix(30, 3), 10)), len(build(8000)));
        echo([for (i = 0, s = 0; i < 200000; i = i + 1, s = s + sin(i) * cos(i)) if (i == 199999) s]);
        echo(sum([for (i = [0:100000]) i * 0.5]), len([for (i = [0:50000]) cross3([i, 1, 2], [3, i, 4]) + [1, 2, 3] * i]));";
    let lists = "
        big = [for (i = [0:999998]) i % 1000];
        points = [for (i = [0:199999]) [i, i * 2, i * 3]];
        function sort(v) = len(v) <= 1 ? v : let (p = v[floor(len(v) / 2)]) concat(
            sort([for (x = v) if (x < p) x]), [for (x = v) if (x == p) x], sort([for (x = v) if (x > p) x]));
        function grow(n, v = []) = n == 0 ? v : grow(n - 1, concat(v, [n]));
        table = [for (i = [0:2000]) [str(\"k\", i), i]];
        flat = [for (i = [0:300], j = [0:300]) [i, j, i * j]];
        echo(len(big), len([for (p = points) p * 2 + [1, 1, 1]]), len([for (p = points) if (p[0] % 3 == 0) [p.x, p.y]]));
        echo(sort([for (i = [0:20000]) (i * 7919) % 20011])[77], len([for (i = [0:300]) search([str(\"k\", i * 6)], table)]));
        echo(len([for (i = [0:2000]) search(i, [for (p = table) p[1]])[0]]), [for (i = [len(big) - 1:-1:0]) big[i]][0]);
        echo(len(concat(big, points, big)), len(grow(20000)), len([for (a = points) each a]), max([for (f = flat) f[2]]));";
    let modules = "
        module leaf(s = 1) { cube([s, $w, 1]); }
        module wrap(d) { $w = d; translate([d, 0, 0]) children(); }
        module pair(i) { wrap(i) { leaf(i % 5 + 1); sphere(r = 1, $fn = 8); } wrap(1) children(0); }
        for (i = [0:9998]) { pair(i) rotate([0, 0, i]) leaf(); if (i % 2 == 0) union() { cube(1); color(\"red\") cube(2); } }";
    vec![
        Workload {
            name: "load a library",
            source: "include <library.scad>\necho(f_5(1, 2, 3));".into(),
            csg: false,
            at_most: 0.1,
        },
        Workload {
            name: "numbers and recursion",
            source: numeric.into(),
            csg: false,
            at_most: 0.125,
        },
        Workload { name: "lists", source: lists.into(), csg: false, at_most: 0.125 },
        Workload { name: "module tree", source: modules.into(), csg: true, at_most: 0.2 },
    ]
}

/// A library of 50 000 lines: documented functions and modules with defaults, of which hardly any is used.
fn library() -> String {
    let mut out = String::new();
    let mut i = 0;
    while out.lines().count() < 50_000 {
        for _ in 0..100 {
            i += 1;
            let _ = write!(
                out,
                "// Function: f_{i}()\n// Usage:\n//   x = f_{i}(a, b, [c=], [d=]);\n// Description:\n{}\
                 // Arguments:\n//   a = the first\n//   b = the second\n//   ---\n//   c = the third.  Default: 1\n\
                 function f_{i}(a, b = undef, c = 1, d = \"CENTER\", e = [0, 0, 1], spin = 0) =\n    \
                 assert(is_undef(b) || is_num(b), str(\"bad b: \", b))\n    let(\n        q = is_undef(a) ? c : a * 2 + (b == undef ? 0 : b),\n        \
                 pts = [for (k = [0:1:max(0, c)]) let(ang = 360 * k / (c + 1)) [cos(ang) * q, sin(ang) * q, e.z]],\n        \
                 r = len(pts) > 0 ? norm(pts[0]) : 0\n    )\n    spin == 0 ? [for (p = pts) if (norm(p) > 0) p / r] : f_{}(a, b, c = c - 1, d = d);\n\n\
                 // Module: m_{i}()\n// Description: Makes the shape.\nmodule m_{i}(size = 10, center = true, anchor = [0, 0, 0]) {{\n    \
                 sz = is_num(size) ? [size, size, size] : size;\n    off = [for (k = [0:2]) anchor[k] * sz[k] / 2];\n    if (center) {{\n        \
                 translate(off) cube(sz, center = true);\n    }} else {{\n        for (k = [0:1:3]) rotate([0, 0, 90 * k]) children();\n    }}\n}}\n\n",
                "//   Takes the value of one thing and gives the value of another one, which is then used by others.\n".repeat(8),
                i.max(2) - 1
            );
        }
    }
    out
}
