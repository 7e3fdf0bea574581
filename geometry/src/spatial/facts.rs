//! What a model solved by cells measures, summed over its patches: after an edit only the new ones are measured.

use rayon::prelude::*;

use super::cells::Cells;
use crate::measure::{self, Measure, Sum, area, cross, dot, sub, volume};
use crate::mesh::{Bounds, Mesh};

/// Measures of one patch, an open surface.
#[derive(Debug, Clone, Copy)]
pub(super) struct PatchMeasure {
    /// The vertex that [`volume`] measures from.
    origin: [f64; 3],
    /// Volume between the surface and that vertex.
    volume: f64,
    /// Sum of the triangles' areas times their normals.
    area_vector: [f64; 3],
    area: f64,
    bounds: Bounds,
}

impl PatchMeasure {
    /// None of an empty mesh.
    pub(super) fn of(mesh: &Mesh) -> Option<Self> {
        let bounds = mesh.bounds()?;
        let origin = mesh.corners(0)[0];
        let mut area_vector: [Sum; 3] = Default::default();
        for index in 0..mesh.triangles.len() {
            let [a, b, c] = mesh.corners(index);
            let normal = cross(sub(b, a), sub(c, a));
            area_vector.iter_mut().zip(normal).for_each(|(sum, n)| sum.add(n / 2.0));
        }
        let area_vector = area_vector.map(|sum| sum.total());
        Some(Self { origin, volume: volume(mesh), area_vector, area: area(mesh), bounds })
    }
}

impl Cells {
    /// Measures of the model, of which `whole` is the [mesh](Cells::to_mesh).
    pub fn measure(&self, whole: &Mesh) -> Measure {
        let patches: Vec<PatchMeasure> =
            self.patches.par_iter().filter_map(|cell| cell.patch.measure()).collect();
        let [mut volume, mut area]: [Sum; 2] = Default::default();
        for patch in &patches {
            // All from one origin: moving it by d adds a third of d times the area.
            let from_first = sub(patch.origin, patches[0].origin);
            volume.add(patch.volume);
            volume.add(dot(from_first, patch.area_vector) / 3.0);
            area.add(patch.area);
        }
        let bounds = patches.iter().map(|patch| patch.bounds).reduce(Bounds::union);
        measure::closed(whole, volume.total(), area.total(), bounds)
    }
}
