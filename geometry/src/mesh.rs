//! Triangle meshes: what every 3D operation of this crate takes and gives.
//!
//! Positions are in model units and double precision, in a right-handed frame with Z up. Triangles index positions and
//! wind counter-clockwise seen from outside. A mesh of a solid is closed and oriented; one made for display only (the
//! flat face of a 2D object) need not be. Nothing here knows the kernel.

use std::ops::Range;

/// Triangles over shared vertices, with paint by runs of triangles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesh {
    /// Vertices.
    pub positions: Vec<[f64; 3]>,
    /// Indices of `positions`, counter-clockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
    /// Paint of consecutive triangles, in order and without gaps. Empty means that all are [`Paint::Default`].
    pub runs: Vec<Run>,
}

/// Consecutive triangles of one paint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// Index just past the last triangle; the first is where the run before ends, 0 for the first run.
    pub end: u32,
    /// Their paint.
    pub paint: Paint,
}

/// Where a face has its colour from.
///
/// The colours behind `Default` and `Cut` are the viewer's choice (OpenSCAD draws `#f9d72c` and `#9dcb51`).
#[derive(Debug, Clone, Copy, Default)]
pub enum Paint {
    /// Never coloured.
    #[default]
    Default,
    /// Left behind by an uncoloured object that was subtracted.
    Cut,
    /// Given by `color()`: red, green, blue, alpha in 0..1.
    Color([f32; 4]),
}

impl PartialEq for Paint {
    /// By bits: channels that are no numbers are equal to themselves.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Paint::Color(a), Paint::Color(b)) => a.map(f32::to_bits) == b.map(f32::to_bits),
            (Paint::Default, Paint::Default) | (Paint::Cut, Paint::Cut) => true,
            _ => false,
        }
    }
}

impl Eq for Paint {}

impl Paint {
    /// The paints that occur, each once: default, cut, then colours in order of first use.
    pub(crate) fn in_order(paints: impl Iterator<Item = Paint>) -> Vec<Paint> {
        let mut found: Vec<Paint> = Vec::new();
        for paint in paints {
            if !found.contains(&paint) {
                found.push(paint);
            }
        }
        found.sort_by_key(|paint| match paint {
            Paint::Default => 0,
            Paint::Cut => 1,
            Paint::Color(_) => 2,
        });
        found
    }
}

impl Mesh {
    /// An unpainted mesh.
    pub fn new(positions: Vec<[f64; 3]>, triangles: Vec<[u32; 3]>) -> Self {
        Self { positions, triangles, runs: Vec::new() }
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.triangles.is_empty()
    }

    /// Each run's triangles and paint, also when `runs` is empty.
    pub fn painted_runs(&self) -> impl Iterator<Item = (Range<usize>, Paint)> + '_ {
        let all = self.triangles.len();
        let implied = (self.runs.is_empty() && all > 0).then_some((0..all, Paint::Default));
        let mut start = 0;
        let given = self.runs.iter().map(move |run| {
            let range = start..run.end as usize;
            start = range.end;
            (range, run.paint)
        });
        implied.into_iter().chain(given)
    }

    /// Corners of triangle `index`.
    pub fn corners(&self, index: usize) -> [[f64; 3]; 3] {
        self.triangles[index].map(|vertex| self.positions[vertex as usize])
    }

    /// The triangles, each with its paint.
    pub fn painted_triangles(&self) -> impl Iterator<Item = ([u32; 3], Paint)> + '_ {
        self.painted_runs().flat_map(|(range, paint)| {
            self.triangles[range].iter().map(move |corners| (*corners, paint))
        })
    }

    /// A mesh of triangles that each have their paint, grouped by it: default, cut, then colours in order of first use.
    pub fn of_painted(
        positions: Vec<[f64; 3]>,
        triangles: impl IntoIterator<Item = ([u32; 3], Paint)>,
    ) -> Self {
        let mut groups = Groups::default();
        triangles.into_iter().for_each(|(corners, paint)| groups.add(corners, paint));
        groups.into_mesh(positions)
    }

    /// Paints everything alike.
    pub fn paint(&mut self, paint: Paint) {
        self.runs = vec![Run { end: self.triangles.len() as u32, paint }];
    }

    /// Turns every triangle inside out, as a mirrored mesh needs.
    pub fn flip(&mut self) {
        for triangle in &mut self.triangles {
            triangle.swap(1, 2);
        }
    }

    /// Adds another mesh beside this one; vertices are not merged.
    pub fn append(&mut self, other: &Mesh) {
        let base = self.positions.len() as u32;
        let first = self.triangles.len();
        let mut runs: Vec<Run> = self
            .painted_runs()
            .map(|(range, paint)| Run { end: range.end as u32, paint })
            .collect();
        for (range, paint) in other.painted_runs() {
            let end = (first + range.end) as u32;
            match runs.last_mut() {
                Some(last) if last.paint == paint => last.end = end,
                _ => runs.push(Run { end, paint }),
            }
        }
        self.runs = runs;
        self.positions.extend_from_slice(&other.positions);
        self.triangles.extend(other.triangles.iter().map(|t| t.map(|vertex| vertex + base)));
    }

    /// Smallest and largest coordinates over the vertices in use; none if there is no triangle.
    pub fn bounds(&self) -> Option<Bounds> {
        let mut corners = self.triangles.iter().flatten().map(|v| self.positions[*v as usize]);
        let first = corners.next()?;
        let mut bounds = Bounds { min: first, max: first };
        corners.for_each(|point| bounds.include(point));
        Some(bounds)
    }
}

/// Triangles by their paint, as they come one by one.
#[derive(Debug, Default)]
pub(crate) struct Groups(Vec<(Paint, Vec<[u32; 3]>)>);

impl Groups {
    pub(crate) fn add(&mut self, corners: [u32; 3], paint: Paint) {
        self.of(paint).push(corners);
    }

    /// The triangles of one paint.
    fn of(&mut self, paint: Paint) -> &mut Vec<[u32; 3]> {
        let known = self.0.iter().position(|(other, _)| *other == paint);
        let index = known.unwrap_or_else(|| {
            self.0.push((paint, Vec::new()));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }

    /// The mesh in the order of [`Mesh::of_painted`].
    pub(crate) fn into_mesh(mut self, positions: Vec<[f64; 3]>) -> Mesh {
        let paints = Paint::in_order(self.0.iter().map(|(paint, _)| *paint));
        let mut mesh = Mesh::new(positions, Vec::new());
        for paint in &paints {
            let alike = self.0.iter_mut().filter(|(other, _)| other == paint);
            alike.for_each(|(_, triangles)| mesh.triangles.append(triangles));
            mesh.runs.push(Run { end: mesh.triangles.len() as u32, paint: *paint });
        }
        if paints == [Paint::Default] {
            mesh.runs.clear();
        }
        mesh
    }
}

/// One mesh of several; vertices are not merged.
#[derive(Debug, Default)]
pub(crate) struct SideBySide {
    positions: Vec<[f64; 3]>,
    groups: Groups,
}

impl SideBySide {
    pub(crate) fn add(&mut self, mesh: &Mesh) {
        let first = self.positions.len() as u32;
        self.positions.extend_from_slice(&mesh.positions);
        for (range, paint) in mesh.painted_runs() {
            let moved = mesh.triangles[range].iter().map(|corners| corners.map(|v| first + v));
            self.groups.of(paint).extend(moved);
        }
    }

    /// The mesh in the order of [`Mesh::of_painted`].
    pub(crate) fn into_mesh(self) -> Mesh {
        self.groups.into_mesh(self.positions)
    }
}

/// A position as a key: vertices are the same if all their bits are.
pub(crate) fn bits<const N: usize>(point: [f64; N]) -> [u64; N] {
    // Adding zero makes the two zeros one.
    point.map(|x| (x + 0.0).to_bits())
}

/// An axis-aligned box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Smallest coordinates.
    pub min: [f64; 3],
    /// Largest coordinates.
    pub max: [f64; 3],
}

impl Bounds {
    /// Grows to hold `point`.
    pub fn include(&mut self, point: [f64; 3]) {
        for axis in 0..3 {
            self.min[axis] = self.min[axis].min(point[axis]);
            self.max[axis] = self.max[axis].max(point[axis]);
        }
    }

    /// The box around both.
    pub fn union(mut self, other: Bounds) -> Bounds {
        self.include(other.min);
        self.include(other.max);
        self
    }

    /// Whether `other` lies inside, borders included.
    pub fn contains(&self, other: &Bounds) -> bool {
        (0..3).all(|axis| self.min[axis] <= other.min[axis] && other.max[axis] <= self.max[axis])
    }

    /// Whether the two have a point in common, if only on their borders.
    pub fn touches(&self, other: &Bounds) -> bool {
        (0..3).all(|axis| self.min[axis] <= other.max[axis] && other.min[axis] <= self.max[axis])
    }

    /// The point in the middle.
    pub fn center(&self) -> [f64; 3] {
        [0, 1, 2].map(|axis| self.min[axis] / 2.0 + self.max[axis] / 2.0)
    }

    /// The largest absolute value of any coordinate, which is what rounding goes by.
    pub fn largest_coordinate(&self) -> f64 {
        self.min.iter().chain(&self.max).fold(0.0, |most: f64, x| most.max(x.abs()))
    }

    /// Edge lengths.
    pub fn size(&self) -> [f64; 3] {
        [0, 1, 2].map(|axis| self.max[axis] - self.min[axis])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triangle(paint: Option<Paint>) -> Mesh {
        let mut mesh = Mesh::new(vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], vec![[0, 1, 2]]);
        if let Some(paint) = paint {
            mesh.paint(paint);
        }
        mesh
    }

    #[test]
    fn appending_keeps_every_triangles_paint() {
        let red = Paint::Color([1.0, 0.0, 0.0, 1.0]);
        let mut mesh = triangle(None);
        mesh.append(&triangle(Some(red)));
        mesh.append(&triangle(Some(red)));
        mesh.append(&triangle(None));
        let runs: Vec<_> = mesh.painted_runs().collect();
        assert_eq!(runs, [(0..1, Paint::Default), (1..3, red), (3..4, Paint::Default)]);
        assert_eq!(mesh.triangles[3], [9, 10, 11]);
    }

    #[test]
    fn bounds_count_only_vertices_in_use() {
        let mut mesh = triangle(None);
        mesh.positions.push([9.0, 9.0, 9.0]);
        let bounds = mesh.bounds().unwrap();
        assert_eq!((bounds.min, bounds.max), ([0.0; 3], [1.0, 1.0, 0.0]));
        assert_eq!(Mesh::default().bounds(), None);
    }
}
