//! `import()`: meshes and outlines from files.
//!
//! The kind of a file goes by its name's ending. Files are hostile until proven otherwise: nothing here reserves room
//! for more than the file can hold, follows references in circles, or recurses deeper than a fixed bound. Meshes come
//! out as they stand in the file; mending them is for [`polyhedron::mend`](crate::polyhedron::mend).

mod amf;
pub mod dxf;
mod obj;
mod off;
mod soup;
mod stl;
mod svg;
#[cfg(test)]
mod tests;
mod threemf;
mod xml;

use scadstream_csg::{FileData, ImportParameters};

use crate::mesh::Mesh;
use crate::region::Region;

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Its geometry.
    pub geometry: Geometry,
    /// What could not be taken in, a sentence each.
    pub warnings: Vec<String>,
}

/// The geometry of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// A surface, closed or not.
    Mesh(Mesh),
    /// Outlines, made a region.
    Flat(Region),
}

/// Why a file cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Nothing is known of files with this ending.
    #[error("unsupported file format while trying to import file '{0}'")]
    UnknownKind(String),
    /// A format that needs CGAL's Nef polyhedra.
    #[error("NEF3 files cannot be imported: '{0}'")]
    Nef(String),
    /// The content is not what the ending says.
    #[error("can't parse file '{name}': {problem}")]
    Malformed {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// What is wrong with a file's content.
type Problem = String;

/// Reads a file by the rules of `import()`: options that do not concern its kind are passed over.
///
/// # Errors
/// [`ImportError`]
pub fn import(file: &FileData, parameters: &ImportParameters) -> Result<Imported, ImportError> {
    let ending = file.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let bytes: &[u8] = &file.bytes;
    let mut warnings = Vec::new();
    let mesh = |result: Result<Mesh, Problem>| result.map(Geometry::Mesh);
    let flat = |result: Result<Region, Problem>| result.map(Geometry::Flat);
    let geometry = match ending.as_deref() {
        Some("stl") => mesh(stl::read(bytes)),
        Some("off") => mesh(off::read(bytes)),
        Some("obj") => mesh(obj::read(bytes)),
        Some("amf") => mesh(amf::read(bytes)),
        Some("3mf") => mesh(threemf::read(bytes, &mut warnings)),
        Some("dxf") => flat(dxf::read(bytes, parameters, &mut warnings)),
        Some("svg") => flat(svg::read(bytes, parameters, &mut warnings)),
        Some("nef3") => return Err(ImportError::Nef(file.name.to_string())),
        _ => return Err(ImportError::UnknownKind(file.name.to_string())),
    };
    match geometry {
        Ok(geometry) => Ok(Imported { geometry, warnings }),
        Err(problem) => Err(ImportError::Malformed { name: file.name.to_string(), problem }),
    }
}

/// The region moved so that the middle of its box is the origin.
fn centred(region: Region) -> Region {
    let Some([low, high]) = region.bounds() else { return region };
    let [x, y] = [0, 1].map(|axis| -(low[axis] + high[axis]) / 2.0);
    region.transformed(&[
        [1.0, 0.0, 0.0, x],
        [0.0, 1.0, 0.0, y],
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ])
}

/// The text of a file, with a byte order mark and what is not UTF-8 taken out.
fn text_of(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes)
}

/// A number as formats write them; infinities and NaN are none.
fn number(word: &str) -> Option<f64> {
    word.parse::<f64>().ok().filter(|value| value.is_finite())
}
