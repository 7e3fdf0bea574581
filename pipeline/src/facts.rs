//! What a result measures.

use scadstream_geometry::measure::{Measure, measure_closed};
use scadstream_geometry::{Region, Shell, Whole};

/// Facts of a result. Lengths in model units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Facts {
    /// Volume; 0 for a 2D result.
    pub volume: f64,
    /// Surface area; for a 2D result its area.
    pub area: f64,
    /// Smallest and largest corner; none when the result is empty.
    pub bounds: Option<[[f64; 3]; 2]>,
    /// Handles of the surface; none for a 2D or empty result.
    pub genus: Option<i64>,
    /// Triangles; 0 for a 2D result.
    pub triangles: u64,
    /// Vertices, or points of the outlines in 2D.
    pub vertices: u64,
    /// Whether the result is two-dimensional.
    pub flat: bool,
}

impl Facts {
    /// Measures a result; one of cells was measured as these were solved. Once these are stitched together they are some
    /// triangles fewer.
    pub fn of(whole: &Whole) -> Self {
        match whole {
            Whole::Empty => Self::default(),
            Whole::Solid(Shell::Cells(cells)) => Self::of_solid(&cells.measure()),
            Whole::Solid(Shell::Mesh(mesh)) => Self::of_solid(&measure_closed(mesh)),
            Whole::Given(summary) => Self::of_solid(&summary.measure),
            Whole::Flat(region) => Self::of_region(region),
        }
    }

    pub(crate) fn of_solid(measure: &Measure) -> Self {
        Self {
            volume: measure.volume,
            area: measure.area,
            bounds: measure.bounds.map(|bounds| [bounds.min, bounds.max]),
            genus: Some(measure.genus),
            triangles: measure.triangles as u64,
            vertices: measure.vertices as u64,
            flat: false,
        }
    }

    fn of_region(region: &Region) -> Self {
        Self {
            area: region.area(),
            bounds: region.bounds().map(|corners| corners.map(|[x, y]| [x, y, 0.0])),
            vertices: region.points().count() as u64,
            flat: true,
            ..Self::default()
        }
    }
}
