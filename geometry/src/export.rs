//! Writing results to files.
//!
//! Everything is written as a stream, never held as a whole, and the same mesh gives the same bytes. Numbers in texts
//! are the shortest that read back as the same double; OpenSCAD's own six digits in OFF and OBJ would tear fine meshes.

pub mod amf;
pub mod colour;
pub mod dxf;
pub mod glb;
pub mod obj;
pub mod off;
pub mod pdf;
pub mod png;
pub mod pov;
pub mod stl;
pub mod svg;
pub mod threemf;
pub mod wrl;
mod xml;

use std::fmt;
use std::io;

use crate::mesh::Mesh;

/// A mesh and what it is called, for formats that hold several.
#[derive(Debug, Clone, Copy)]
pub struct NamedMesh<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its triangles.
    pub mesh: &'a Mesh,
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The file, or whatever takes the bytes, failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A coordinate is beyond what the format can say.
    #[error("a coordinate is too large for the {0} format")]
    TooLarge(&'static str),
    /// More triangles than the format can count.
    #[error("the model has too many triangles for the {0} format")]
    TooMany(&'static str),
}

/// A number as the shortest text that reads back as the same double.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding 0 turns -0 into 0.
        let number = self.0 + 0.0;
        let magnitude = number.abs();
        // Rust's plain form spells out every zero; far from 1 the exponent is shorter.
        if magnitude != 0.0 && !(1e-5..1e17).contains(&magnitude) {
            write!(f, "{number:e}")
        } else {
            write!(f, "{number}")
        }
    }
}

/// A point as three numbers with spaces between.
struct Spaced([f64; 3]);

impl fmt::Display for Spaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z] = self.0.map(Number);
        write!(f, "{x} {y} {z}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_as_they_were() {
        for (number, text) in [
            (0.1, "0.1"),
            (-0.0, "0"),
            (1.0, "1"),
            (-2.5e-7, "-2.5e-7"),
            (1e300, "1e300"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(Number(number).to_string(), text);
            assert_eq!(text.parse::<f64>().unwrap(), number);
        }
    }
}
