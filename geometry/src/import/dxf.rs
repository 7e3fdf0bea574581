//! DXF drawings: their lines, chained into closed outlines.
//!
//! Understood are LINE, LWPOLYLINE (its bulges are not), CIRCLE, ARC, ELLIPSE, INSERT of blocks, and DIMENSION for
//! `dxf_dim()`. A drawing has one plane: heights are passed over.

mod chain;
mod entities;
mod measure;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use scadstream_csg::{FileData, Fragments, ImportParameters};

use self::entities::{Drawing, Placement};
use super::{Problem, text_of};
use crate::clip::{self, Fill};
use crate::region::{Point, Region};

pub use measure::{cross, dimension};

/// What of a drawing is taken, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options<'a> {
    /// Layer; none for all.
    pub layer: Option<&'a str>,
    /// Point of the drawing that becomes the origin.
    pub origin: Point,
    /// Factor on all lengths.
    pub scale: f64,
    /// Resolution of curves.
    pub fragments: Fragments,
}

pub(super) fn read(
    bytes: &[u8],
    parameters: &ImportParameters,
    warnings: &mut Vec<String>,
) -> Result<Region, Problem> {
    let options = Options {
        layer: parameters.layer.as_deref(),
        origin: parameters.origin,
        scale: parameters.scale,
        fragments: parameters.fragments,
    };
    let drawing = Drawing::parse(&text_of(bytes))?;
    warnings.extend(drawing.unsupported().map(|(entity, count)| {
        format!("Unsupported DXF Entity '{entity}' ({count}) in {}.", parameters.name)
    }));
    let lines = drawing.lines(&options)?;
    let outlines = chain::outlines(&lines);
    let region = clip::fill(&outlines, Fill::EvenOdd);
    Ok(if parameters.center { super::centred(region) } else { region })
}

/// The drawing in a file, for the functions that measure drawings.
fn drawing_of(file: &FileData) -> Option<Drawing> {
    Drawing::parse(&text_of(&file.bytes)).ok()
}

/// Counts of things by name, in order of names.
type Counts = BTreeMap<String, usize>;

/// The map from the drawing to the model.
fn placement(options: &Options<'_>) -> Placement {
    Placement::of_options(options.origin, options.scale)
}
