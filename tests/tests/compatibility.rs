//! The examples of Debian's `openscad` package, rendered by both programs and compared by measure.
//!
//! Prints a table and fails if one differs by more than the tolerance. Where an example gives 2D or only text, areas
//! or echo output are compared instead.
#![expect(clippy::print_stdout, reason = "this test's output is a table")]

use std::path::Path;
use std::process::ExitCode;

use scadstream_tests::measure::{Measure, binary_stl, svg};
use scadstream_tests::peer::{EXAMPLES, Exported, openscad, ours};
use scadstream_tests::table::markdown;

/// Largest relative difference in volume, area and bounding box. The peer writes single precision, and cuts faces in
/// another order.
const TOLERANCE: f64 = 1e-4;

/// What an example gives.
enum Kind {
    /// A solid: STL on both sides.
    Solid,
    /// A solid that the installed release of 2021 makes in another way than today's OpenSCAD: volume and area as a
    /// snapshot of July 2025 (Manifold backend, Liberation fonts) gives them. The peer's own figures are not compared.
    SolidSince2021 { volume: f64, area: f64 },
    /// A solid whose parts touch in faces that are equal but for rounding: OpenSCAD leaves walls of no thickness, so that
    /// areas mean nothing. Volume and box are compared.
    Touching,
    /// A 2D object: SVG on both sides.
    Flat,
    /// A 2D object with text. Since 2021 letters are spaced by their exact widths, so that boxes differ: areas are
    /// compared.
    FlatText,
    /// Only text, on both sides.
    Echo,
}
use Kind::{Echo, Flat, FlatText, Solid, SolidSince2021, Touching};

/// Measures a file's bytes.
type Measurer = fn(&[u8]) -> Result<Measure, String>;

const MODELS: &[(&str, Kind)] = &[
    ("Basics/CSG.scad", Solid),
    ("Basics/CSG-modules.scad", Solid),
    // Since 2021 the outline of a twisted extrusion is subdivided as well as its height.
    ("Basics/linear_extrude.scad", SolidSince2021 { volume: 12337.12559, area: 5815.817532 }),
    ("Basics/logo.scad", Solid),
    // Since 2021 the curves of letters are cut by another rule, here and in `children`.
    ("Basics/rotate_extrude.scad", SolidSince2021 { volume: 7902.955284, area: 7199.3621 }),
    ("Functions/echo.scad", Echo),
    ("Functions/functions.scad", Solid),
    ("Functions/list_comprehensions.scad", Flat),
    ("Functions/polygon_areas.scad", FlatText),
    ("Functions/recursion.scad", FlatText),
    ("Advanced/children.scad", SolidSince2021 { volume: 12700.157634, area: 11799.953335 }),
    ("Advanced/children_indexed.scad", SolidSince2021 { volume: 6877.670628, area: 5632.993788 }),
    ("Advanced/module_recursion.scad", Flat),
    ("Advanced/assert.scad", Solid),
    ("Old/example001.scad", Solid),
    ("Old/example002.scad", Solid),
    ("Old/example003.scad", Solid),
    ("Old/example004.scad", Solid),
    ("Old/example005.scad", Solid),
    ("Old/example006.scad", Solid),
    ("Old/example011.scad", Solid),
    ("Old/example014.scad", Solid),
    ("Old/example015.scad", Flat),
    ("Old/example017.scad", Touching),
    ("Old/example018.scad", Solid),
    ("Old/example019.scad", Solid),
    ("Old/example021.scad", Solid),
    ("Old/example022.scad", Solid),
    ("Old/example023.scad", Solid),
    ("Old/example024.scad", Solid),
];

fn main() -> ExitCode {
    let mut rows = Vec::new();
    let mut failed = 0;
    for (name, kind) in MODELS {
        let model = Path::new(EXAMPLES).join(name);
        let (figures, verdict) = compare(&model, kind);
        failed += usize::from(verdict.is_err());
        let verdict = verdict.map_or_else(|fault| format!("FAILED: {fault}"), |()| "equal".into());
        rows.push([vec![(*name).to_owned()], figures, vec![verdict]].concat());
    }
    let headings = ["example", "volume", "area", "difference", "openscad CPU s", "CPU s", "result"];
    println!("\n{}", markdown(&headings, &rows));
    println!("{} passed, {failed} failed", MODELS.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The table's figures, and whether the two programs agree.
fn compare(model: &Path, kind: &Kind) -> (Vec<String>, Result<(), String>) {
    let echo = same_echo(&openscad(model, "echo"), &ours(model, "echo"));
    let (extension, measure): (_, Measurer) = match kind {
        Solid | SolidSince2021 { .. } | Touching => ("stl", binary_stl),
        Flat | FlatText => ("svg", |data| svg(&String::from_utf8_lossy(data))),
        Echo => return (vec!["-".into(); 5], echo),
    };
    let (theirs, own) = (openscad(model, extension), ours(model, extension));
    let seconds = |exported: &Exported| format!("{:.2}", exported.cpu_seconds);
    let figures = |measure: &Measure, difference: f64| {
        let (volume, area) = (format!("{:.3}", measure.volume), format!("{:.3}", measure.area));
        vec![volume, area, format!("{difference:.1e}"), seconds(&theirs), seconds(&own)]
    };
    let measured = |exported: &Exported, whose: &str| {
        let file = exported
            .file
            .as_ref()
            .ok_or(format!("{whose} wrote nothing: {}", exported.messages))?;
        measure(file).map_err(|fault| format!("{whose}: {fault}"))
    };
    let mut expected = match measured(&theirs, "openscad") {
        Ok(expected) => expected,
        Err(fault) => return (vec!["-".into(); 5], Err(fault)),
    };
    match measured(&own, "scadstream") {
        Err(fault) => (figures(&expected, f64::NAN), Err(fault)),
        Ok(own) => {
            match kind {
                SolidSince2021 { volume, area } => {
                    expected =
                        Measure { volume: *volume, area: *area, bounds: own.bounds, ..expected };
                }
                Touching => expected.area = own.area,
                FlatText => expected.bounds = own.bounds,
                Solid | Flat | Echo => {}
            }
            let difference = own.difference(&expected);
            let geometry = if difference > TOLERANCE || difference.is_nan() {
                Err(format!("{own}, not {expected}"))
            } else if !own.closed {
                Err("the mesh is not closed".into())
            } else {
                Ok(())
            };
            (figures(&own, difference), geometry.and(echo))
        }
    }
}

/// Whether both wrote the same `.echo` file, but for what tells one release from another.
fn same_echo(theirs: &Exported, own: &Exported) -> Result<(), String> {
    let text = |exported: &Exported| {
        let file = exported.file.as_deref().unwrap_or_default();
        let text = String::from_utf8_lossy(file);
        let newer = ["ECHO: version =", "DEPRECATED:", "WARNING: Undefined escape sequence"];
        let of_release = |line: &&str| !newer.iter().any(|start| line.starts_with(start));
        text.lines().filter(of_release).collect::<Vec<_>>().join("\n")
    };
    let (theirs, own) = (text(theirs), text(own));
    if theirs == own {
        return Ok(());
    }
    let line = theirs.lines().zip(own.lines()).position(|(a, b)| a != b);
    let at = line.unwrap_or_else(|| theirs.lines().count().min(own.lines().count()));
    let shown = |text: &str| text.lines().nth(at).unwrap_or("(end)").to_owned();
    Err(format!("echo line {}: {:?}, not {:?}", at + 1, shown(&own), shown(&theirs)))
}
