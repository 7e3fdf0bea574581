//! Writing a model's result in a file format.

mod options;
mod streamed;
mod until;

use std::io::{self, Write};
use std::path::Path;

use scadstream_geometry::export::{
    ExportError, NamedMesh, amf, dxf, glb, obj, off, pdf, png, pov, stl, svg, threemf, wrl,
};
use scadstream_geometry::{Mesh, PartKind, Region, Whole};

pub use options::{ExportOptions, Parts};
pub use until::Until;

use crate::model::Model;
use crate::solved::Solved;

/// File formats that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it; see `describe`")]
pub enum Format {
    StlAscii,
    StlBinary,
    Off,
    Obj,
    ThreeMf,
    Glb,
    Amf,
    Wrl,
    Pov,
    Svg,
    Dxf,
    Pdf,
    Png,
    Csg,
    Echo,
}

/// What the object is called in files that name it.
const NAME: &str = "OpenSCAD Model";

/// What has to be known of a model before it can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Its CSG tree or messages only.
    Evaluation,
    /// Its geometry.
    Geometry,
}

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The result is of another dimension than the format takes.
    #[error("Current top level object is not a 3D object.")]
    NotSolid,
    /// The same the other way round.
    #[error("Current top level object is not a 2D object.")]
    NotFlat,
    /// The model was given away cell by cell while it was solved.
    #[error("The model was given away while it was solved, and is not held.")]
    Given,
    /// There is nothing to write.
    #[error("Current top level object is empty.")]
    Empty,
    /// The format cannot hold the result.
    #[error(transparent)]
    Format(ExportError),
    /// Writing failed.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ExportError> for WriteError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Io(error) => Self::Io(error),
            other => Self::Format(other),
        }
    }
}

impl Format {
    /// All formats with the name by which `--export-format` takes them.
    pub const NAMES: &[(&str, Format)] = &[
        ("asciistl", Format::StlAscii),
        ("binstl", Format::StlBinary),
        ("off", Format::Off),
        ("obj", Format::Obj),
        ("3mf", Format::ThreeMf),
        ("glb", Format::Glb),
        ("amf", Format::Amf),
        ("wrl", Format::Wrl),
        ("pov", Format::Pov),
        ("svg", Format::Svg),
        ("dxf", Format::Dxf),
        ("pdf", Format::Pdf),
        ("png", Format::Png),
        ("csg", Format::Csg),
        ("echo", Format::Echo),
    ];

    /// The format of a name, case ignored; `stl` is the text form, as in OpenSCAD.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = if name == "stl" { "asciistl" } else { &name };
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// The format of a file name's extension.
    pub fn from_path(path: &Path) -> Option<Self> {
        Self::from_name(path.extension()?.to_str()?)
    }

    /// The usual extension.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::StlAscii | Format::StlBinary => "stl",
            Format::Off => "off",
            Format::Obj => "obj",
            Format::ThreeMf => "3mf",
            Format::Glb => "glb",
            Format::Amf => "amf",
            Format::Wrl => "wrl",
            Format::Pov => "pov",
            Format::Svg => "svg",
            Format::Dxf => "dxf",
            Format::Pdf => "pdf",
            Format::Png => "png",
            Format::Csg => "csg",
            Format::Echo => "echo",
        }
    }

    /// What the format is made from.
    pub const fn needs(self) -> Needs {
        match self {
            Format::Csg | Format::Echo => Needs::Evaluation,
            _ => Needs::Geometry,
        }
    }

    /// Whether it can hold several objects by name.
    pub const fn holds_parts(self) -> bool {
        matches!(self, Format::ThreeMf | Format::Glb | Format::Amf | Format::Wrl | Format::Pov)
    }
}

impl Model {
    /// Writes what needs no geometry.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    ///
    /// # Panics
    /// If the format [needs](Format::needs) geometry.
    pub fn write(&self, format: Format, out: &mut impl Write) -> Result<(), WriteError> {
        match format {
            Format::Csg => {
                scadstream_csg::write_csg(out, self.root(), scadstream_syntax::write_number)?;
            }
            Format::Echo => {
                for message in self.messages() {
                    writeln!(out, "{}", message.line)?;
                }
            }
            _ => unreachable!("{format:?} is made from geometry"),
        }
        Ok(())
    }
}

impl Solved {
    /// Writes the result.
    ///
    /// # Errors
    /// [`WriteError`]
    ///
    /// # Panics
    /// If the format is not made from geometry.
    pub fn write(
        &self,
        format: Format,
        options: &ExportOptions,
        out: &mut impl Write,
    ) -> Result<(), WriteError> {
        match format {
            Format::StlAscii => stl::write_ascii(self.solid()?, out)?,
            Format::StlBinary => stl::write_binary(self.solid()?, out)?,
            Format::Off => off::write(self.solid()?, out)?,
            Format::Obj => obj::write(self.solid()?, out)?,
            Format::ThreeMf => threemf::write(&self.named()?, &options.threemf(), out)?,
            Format::Glb => glb::write(&self.named()?, out)?,
            Format::Amf => amf::write(&self.named()?, out)?,
            Format::Wrl => wrl::write(&self.named()?, out)?,
            Format::Pov => pov::write(&self.named()?, out)?,
            Format::Svg => svg::write(self.flat()?, &options.svg, out)?,
            Format::Dxf => dxf::write(self.flat()?, out)?,
            Format::Pdf => pdf::write(self.flat()?, &options.pdf(), out)?,
            Format::Png => {
                let drawn: Vec<(PartKind, &Mesh)> =
                    self.parts.iter().map(|part| (part.kind, &**part.shell.mesh())).collect();
                png::write(&drawn, &options.picture, out)?;
            }
            Format::Csg | Format::Echo => unreachable!("{format:?} is made without geometry"),
        }
        Ok(())
    }

    /// Whether a PDF's page is large enough for the drawing; so it is for what is no drawing.
    pub fn fits_page(&self, options: &ExportOptions) -> bool {
        match &self.whole {
            Whole::Flat(region) => pdf::fits(region, &options.pdf()),
            Whole::Solid(_) | Whole::Given(_) | Whole::Empty => true,
        }
    }

    /// The objects of the file: the top-level ones if they were kept apart, else the whole.
    fn named(&self) -> Result<Vec<NamedMesh<'_>>, WriteError> {
        let whole = self.solid()?;
        if self.separate.is_empty() {
            return Ok(vec![NamedMesh { name: NAME, mesh: whole }]);
        }
        let parts = self.separate.iter();
        Ok(parts.map(|part| NamedMesh { name: &part.name, mesh: &part.mesh }).collect())
    }

    fn solid(&self) -> Result<&Mesh, WriteError> {
        match &self.whole {
            Whole::Solid(shell) => Ok(shell.mesh()),
            Whole::Given(_) => Err(WriteError::Given),
            Whole::Flat(_) => Err(WriteError::NotSolid),
            Whole::Empty => Err(WriteError::Empty),
        }
    }

    fn flat(&self) -> Result<&Region, WriteError> {
        match &self.whole {
            Whole::Flat(region) => Ok(region),
            Whole::Solid(_) | Whole::Given(_) => Err(WriteError::NotFlat),
            Whole::Empty => Err(WriteError::Empty),
        }
    }
}
