//! Speed of lexing and parsing a large library: `cargo bench -p scadstream-syntax --bench parse`. With `-- FILE.scad`
//! behind it, it writes the library there instead, for other programs to read.
//!
//! The library is generated, of 50 000 lines, and shaped like BOSL2: long documentation comments, functions with many
//! defaults and assertions, comprehensions, modules with nested transformations.
#![expect(clippy::print_stdout, reason = "printing its figures is what a bench is for")]

use std::fmt::Write as _;
use std::time::Instant;

use scadstream_syntax::lexer::Lexer;
use scadstream_syntax::{Source, parse, print_expr};

const LINES: usize = 50_000;
const ROUNDS: usize = 15;

fn main() {
    let library = library();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [path] = arguments.as_slice() {
        std::fs::write(path, &library).expect("the file can be written");
        return;
    }
    let source = Source::new("library.scad", library.as_str());
    println!("{} lines, {:.2} MB", source.text().lines().count(), megabytes(&library));

    report("source (line index)", &library, || Source::new("library.scad", library.as_str()));
    report("lex", &library, || Lexer::new(&library).count());
    report("parse", &library, || parse(&source));
    let parsed = parse(&source);
    assert_eq!(parsed.diagnostics, [], "the library is correct");

    let code: String =
        library.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n");
    let source = Source::new("code.scad", code.as_str());
    println!("the same without comments, {:.2} MB", megabytes(&code));
    report("parse", &code, || parse(&source));

    let chain = Source::new("chain.scad", format!("x = a{};", " + a".repeat(1_000_000)));
    report("parse a chain of a million operators", chain.text(), || parse(&chain));
    let file = parse(&chain).file;
    let scadstream_syntax::ast::StmtKind::Assign(assign) = &file.stmts[0].kind else { return };
    report("re-print it", chain.text(), || print_expr(&assign.value, &file.symbols));
}

fn megabytes(text: &str) -> f64 {
    text.len() as f64 / 1e6
}

/// Prints the best time of a few runs, dropping of the result included: on a shared machine the others tell more about
/// the neighbours.
fn report<T>(what: &str, text: &str, mut run: impl FnMut() -> T) {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        drop(std::hint::black_box(run()));
        start.elapsed()
    });
    let best = times.min().map_or(0.0, |time| time.as_secs_f64());
    println!("{what:40} {:8.2} ms {:8.0} MB/s", best * 1e3, megabytes(text) / best);
}

/// The text of the library.
fn library() -> String {
    let mut out = String::new();
    let mut lines = 0;
    for number in 0.. {
        let before = out.len();
        if number % 3 == 2 {
            module(&mut out, number)
        } else {
            function(&mut out, number)
        }
        lines += out[before..].bytes().filter(|byte| *byte == b'\n').count();
        if lines >= LINES {
            break;
        }
    }
    out
}

fn comment(out: &mut String, kind: &str, number: usize) {
    write!(
        out,
        "// {kind}: shape_{number}()\n\
         // Synopsis: Computes the rounded outline number {number} of a path, optionally closed.\n\
         // Topics: Paths, Rounding, Attachments\n\
         // See Also: shape_{}(), shape_{}(), resample_path(), path_length()\n\
         // Usage: As a path\n\
         //   path = shape_{number}(path, [r=|d=], [steps=], [closed=], [anchor=], [spin=]);\n\
         // Description:\n\
         //   Takes a path or region and rounds each of its corners by the given radius. When a corner is\n\
         //   too short for the radius an error is shown that names the corner and the length it would need.\n\
         // Arguments:\n\
         //   path = The list of 2D or 3D points to round.\n\
         //   r = Radius of the rounding.  Default: 1\n\
         //   steps = Number of segments per corner.  Default: `$fn`, `$fa`, `$fs`\n\
         // Example(2D):\n\
         //   stroke(shape_{number}(square(40), r=5), width=0.5);\n",
        number + 1,
        number + 7,
    )
    .expect("writing to a string cannot fail");
}

fn function(out: &mut String, number: usize) {
    comment(out, "Function", number);
    write!(
        out,
        "function shape_{number}(path, r=1, d, steps=undef, closed=true, anchor=CENTER, spin=0, $slop=0.05) =\n\
        \x20   assert(is_path(path, [2, 3]), \"The path must be a list of 2D or 3D points.\")\n\
        \x20   assert(is_undef(steps) || (is_finite(steps) && steps >= 3), str(\"Bad steps: \", steps))\n\
        \x20   let(\n\
        \x20       radius = get_radius(r=r, d=d, dflt=1),\n\
        \x20       n = is_def(steps) ? steps : ceil(max(segs(radius) / 4, 3)),\n\
        \x20       pts = [for (i = idx(path), p = [path[i]]) if (norm(p - path[0]) > EPSILON || i == 0) p],\n\
        \x20       lens = [for (i = [0 : 1 : len(pts) - 2]) norm(pts[i + 1] - pts[i])],\n\
        \x20       total = sum(lens) * {}.5 - 2 * radius ^ 2\n\
        \x20   )\n\
        \x20   total < 0 ? [] :\n\
        \x20   !closed && len(pts) == 2 ? pts :\n\
        \x20   [\n\
        \x20       for (i = 0, acc = 0; i < n; acc = acc + lens[i % len(lens)], i = i + 1)\n\
        \x20           let (a = i * 360 / n + spin, v = [cos(a), sin(a)] * radius)\n\
        \x20           each [v + pts[i % len(pts)], -v.x * anchor.y + acc / total]\n\
        \x20   ];\n\n\n",
        number % 17,
    )
    .expect("writing to a string cannot fail");
}

fn module(out: &mut String, number: usize) {
    comment(out, "Module", number);
    write!(
        out,
        "module shape_{number}(size=[10, 20, 30], r, d, rounding=0, anchor=CENTER, spin=0, orient=UP) {{\n\
        \x20   size = is_num(size) ? [size, size, size] : size;\n\
        \x20   radius = get_radius(r=r, d=d, dflt=rounding);\n\
        \x20   module corner(at, flip=false) {{\n\
        \x20       translate(at) mirror([flip ? 1 : 0, 0, 0]) rotate([0, 0, spin])\n\
        \x20           linear_extrude(height=size.z, center=true) circle(r=radius, $fn={});\n\
        \x20   }}\n\
        \x20   attachable(anchor, spin, orient, size=size) {{\n\
        \x20       if (radius > 0) {{\n\
        \x20           hull() for (x = [-1, 1], y = [-1, 1]) corner([x * (size.x / 2 - radius), y * size.y / 2, 0], x < 0);\n\
        \x20       }} else {{\n\
        \x20           cube(size, center=true); // the plain one\n\
        \x20       }}\n\
        \x20       children();\n\
        \x20   }}\n\
        }}\n\n\n",
        number % 64 + 3,
    )
    .expect("writing to a string cannot fail");
}
