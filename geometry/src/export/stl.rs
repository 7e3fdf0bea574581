//! STL, binary and text (3D Systems, "StereoLithography Interface Specification", 1989).
//!
//! A triangle soup without colours: a reader joins triangles by equal positions. Rounding to the single precision of
//! the binary form can make corners coincide; triangles that lose a corner are left out, and as each such triangle's
//! remaining two edges fall onto each other, the surface stays closed.

use std::io::{Seek, SeekFrom, Write};

use super::{ExportError, Spaced};
use crate::measure::{cross, dot, sub};
use crate::mesh::Mesh;

/// The name that OpenSCAD gives the solid.
const NAME: &str = "OpenSCAD_Model";

/// Where the number of triangles stands in the binary form.
const COUNT_AT: u64 = 80;

/// The two forms of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 84 bytes and 50 for each triangle, little-endian.
    Binary,
    /// Text, as OpenSCAD writes by default.
    Ascii,
}

/// Writes a mesh in the binary form.
///
/// # Errors
/// [`ExportError::TooLarge`] for coordinates beyond single precision, [`ExportError::TooMany`], [`ExportError::Io`].
pub fn write_binary(mesh: &Mesh, out: &mut impl Write) -> Result<(), ExportError> {
    let corners = || all_corners(mesh).map(single_precision);
    if !corners().all(|triangle| is_finite(&triangle)) {
        return Err(ExportError::TooLarge("binary STL"));
    }
    // The count stands before the triangles, so they are gone through twice rather than held.
    let count = corners().filter(has_three_corners).count();
    write_head(count as u64, out)?;
    for triangle in corners().filter(has_three_corners) {
        out.write_all(&record(triangle))?;
    }
    Ok(out.flush()?)
}

/// Writes a mesh in the text form.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write_ascii(mesh: &Mesh, out: &mut impl Write) -> Result<(), ExportError> {
    writeln!(out, "solid {NAME}")?;
    all_corners(mesh).try_for_each(|triangle| write_facet(triangle, out))?;
    writeln!(out, "endsolid {NAME}")?;
    Ok(out.flush()?)
}

/// A file that is written piece by piece, for surfaces that nobody holds as a whole.
#[derive(Debug)]
pub struct Pieces<W> {
    out: W,
    form: Form,
    triangles: u64,
}

impl<W: Write + Seek> Pieces<W> {
    /// Begins an empty file.
    ///
    /// # Errors
    /// [`ExportError::Io`].
    pub fn begin(mut out: W, form: Form) -> Result<Self, ExportError> {
        match form {
            Form::Binary => write_head(0, &mut out)?,
            Form::Ascii => writeln!(out, "solid {NAME}")?,
        }
        Ok(Self { out, form, triangles: 0 })
    }

    /// Adds a triangle, counter-clockwise seen from outside.
    ///
    /// # Errors
    /// Those of [`write_binary`].
    pub fn add(&mut self, triangle: [[f64; 3]; 3]) -> Result<(), ExportError> {
        if self.form == Form::Ascii {
            return Ok(write_facet(triangle, &mut self.out)?);
        }
        let triangle = single_precision(triangle);
        if !is_finite(&triangle) {
            return Err(ExportError::TooLarge("binary STL"));
        }
        if has_three_corners(&triangle) {
            self.out.write_all(&record(triangle))?;
            self.triangles += 1;
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`ExportError::TooMany`], [`ExportError::Io`].
    pub fn finish(mut self) -> Result<(), ExportError> {
        match self.form {
            Form::Binary => {
                self.out.seek(SeekFrom::Start(COUNT_AT))?;
                self.out.write_all(&count_bytes(self.triangles)?)?;
            }
            Form::Ascii => writeln!(self.out, "endsolid {NAME}")?,
        }
        Ok(self.out.flush()?)
    }
}

fn write_head(triangles: u64, out: &mut impl Write) -> Result<(), ExportError> {
    let mut header = [0; COUNT_AT as usize];
    header[..NAME.len()].copy_from_slice(NAME.as_bytes());
    out.write_all(&header)?;
    Ok(out.write_all(&count_bytes(triangles)?)?)
}

fn count_bytes(triangles: u64) -> Result<[u8; 4], ExportError> {
    let count = u32::try_from(triangles).map_err(|_| ExportError::TooMany("binary STL"))?;
    Ok(count.to_le_bytes())
}

/// A triangle of the binary form.
fn record(triangle: [[f32; 3]; 3]) -> [u8; 50] {
    let normal = normal(triangle.map(|corner| corner.map(f64::from))).map(|c| c as f32);
    let mut record = [0; 50];
    let numbers = normal.into_iter().chain(triangle.as_flattened().iter().copied());
    for (bytes, number) in record.chunks_exact_mut(4).zip(numbers) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    record
}

fn all_corners(mesh: &Mesh) -> impl Iterator<Item = [[f64; 3]; 3]> + '_ {
    (0..mesh.triangles.len()).map(|index| mesh.corners(index))
}

/// A triangle of the text form.
fn write_facet(triangle: [[f64; 3]; 3], out: &mut impl Write) -> std::io::Result<()> {
    if !has_three_corners(&triangle) {
        return Ok(());
    }
    writeln!(out, "  facet normal {}\n    outer loop", Spaced(normal(triangle)))?;
    for corner in triangle {
        writeln!(out, "      vertex {}", Spaced(corner))?;
    }
    writeln!(out, "    endloop\n  endfacet")
}

fn is_finite(triangle: &[[f32; 3]; 3]) -> bool {
    triangle.as_flattened().iter().all(|c| c.is_finite())
}

/// Corners as the binary form has them; adding 0 turns -0 into 0, so that equal positions have equal bytes.
fn single_precision(triangle: [[f64; 3]; 3]) -> [[f32; 3]; 3] {
    triangle.map(|corner| corner.map(|c| c as f32 + 0.0))
}

fn has_three_corners<T: PartialEq>(triangle: &[[T; 3]; 3]) -> bool {
    let [a, b, c] = triangle;
    a != b && b != c && c != a
}

/// The unit normal, counter-clockwise seen from its tip; zero for a triangle without area.
fn normal([a, b, c]: [[f64; 3]; 3]) -> [f64; 3] {
    let normal = cross(sub(b, a), sub(c, a));
    let length = dot(normal, normal).sqrt();
    if length > 0.0 && length.is_finite() { normal.map(|c| c / length) } else { [0.0; 3] }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::primitives::cube;

    fn binary(mesh: &Mesh) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_binary(mesh, &mut bytes).unwrap();
        bytes
    }

    /// Whether every edge between positions is balanced by its reverse.
    fn is_closed(bytes: &[u8]) -> bool {
        let mut balance: HashMap<[[u8; 12]; 2], i32> = HashMap::new();
        for record in bytes[84..].chunks_exact(50) {
            let corner = |k: usize| <[u8; 12]>::try_from(&record[12 + 12 * k..][..12]).unwrap();
            for k in 0..3 {
                let (a, b) = (corner(k), corner((k + 1) % 3));
                assert_ne!(a, b, "a triangle with two corners at one place");
                *balance.entry([a.min(b), a.max(b)]).or_default() += if a < b { 1 } else { -1 };
            }
        }
        balance.values().all(|sum| *sum == 0)
    }

    #[test]
    fn binary_layout_is_as_specified() {
        let bytes = binary(&cube([1.0, 2.0, 3.0], false));
        assert_eq!(bytes.len(), 84 + 12 * 50);
        assert_eq!(bytes[80..84], 12_u32.to_le_bytes());
        assert!(is_closed(&bytes));
        // The first triangle is in the bottom: its normal points down.
        assert_eq!(bytes[84..96], [0.0_f32, 0.0, -1.0].map(f32::to_le_bytes).concat());
    }

    #[test]
    fn corners_that_single_precision_makes_one_leave_it_closed() {
        let mut mesh = cube([1.0; 3], false);
        // A tiny cube far away: its corners coincide in single precision.
        let mut far = cube([1e-7, 1e-7, 1.0], false);
        far.positions.iter_mut().for_each(|p| p[0] += 1000.0);
        mesh.append(&far);
        let bytes = binary(&mesh);
        assert!(bytes.len() < 84 + 24 * 50);
        assert!(is_closed(&bytes));
    }

    #[test]
    fn coordinates_beyond_single_precision_are_refused() {
        let mut mesh = cube([1.0; 3], false);
        mesh.positions[0][0] = -1e39;
        let error = write_binary(&mesh, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "a coordinate is too large for the binary STL format");
    }

    #[test]
    fn text_is_as_openscad_writes_it() {
        let mesh = Mesh::new(
            vec![[0.0; 3], [0.1, 0.0, 0.0], [0.0, 1e-9, 0.0]],
            vec![[0, 1, 2], [0, 1, 1]],
        );
        let mut text = Vec::new();
        write_ascii(&mesh, &mut text).unwrap();
        expect_test::expect![[r"
            solid OpenSCAD_Model
              facet normal 0 0 1
                outer loop
                  vertex 0 0 0
                  vertex 0.1 0 0
                  vertex 0 1e-9 0
                endloop
              endfacet
            endsolid OpenSCAD_Model
        "]]
        .assert_eq(&String::from_utf8(text).unwrap());
    }

    #[test]
    fn a_writer_that_fails_is_an_error() {
        let full: &mut [u8] = &mut [0; 100];
        let mut full = full;
        assert!(matches!(write_binary(&cube([1.0; 3], false), &mut full), Err(ExportError::Io(_))));
    }
}
