//! `rotate_extrude()`: a region turned about the Z axis, its X becoming the radius and its Y the height.
//!
//! Every point off the axis has one vertex per section; a point on the axis has one vertex for all of them, or, where
//! a whole turn pinches the surface there, one for either of its edges. So the mesh is closed by construction, and
//! manifold also where the region touches the axis.

use scadstream_csg::{RotateExtrude, degrees};

use crate::fragments::segments;
use crate::kernel::triangulate;
use crate::mesh::Mesh;
use crate::region::{Point, Region};

/// Points nearer to the axis than this are on it: half a step of the grid that OpenSCAD rounds regions to.
const ON_AXIS: f64 = 0.5 / (1_u64 << 27) as f64;

/// Why there is no solid.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RotateExtrudeError {
    /// Points lie on both sides of the axis; the surface would cut itself.
    #[error(
        "all points for rotate_extrude() must have the same X coordinate sign (range is {min:.2} -> {max:.2})"
    )]
    BothSides {
        /// Smallest x.
        min: f64,
        /// Largest x.
        max: f64,
    },
}

/// The solid that the region turns through.
///
/// An angle of 0, or one that is not a number, gives nothing.
///
/// # Errors
/// [`RotateExtrudeError::BothSides`]
pub fn rotate_extrude(
    region: &Region,
    parameters: &RotateExtrude,
) -> Result<Mesh, RotateExtrudeError> {
    let Some([low, high]) = region.bounds() else { return Ok(Mesh::default()) };
    let [min, max] = [low[0], high[0]].map(|x| if x.abs() < ON_AXIS { 0.0 } else { x });
    if min < 0.0 && max > 0.0 {
        return Err(RotateExtrudeError::BothSides { min, max });
    }
    let angle = if parameters.angle > -360.0 && parameters.angle <= 360.0 {
        parameters.angle
    } else {
        360.0
    };
    if angle == 0.0 || parameters.angle.is_nan() || !parameters.start.is_finite() {
        return Ok(Mesh::default());
    }
    let steps = segments(max.max(0.0) - min.min(0.0), parameters.fragments, angle);
    let sweep = Sweep { start: parameters.start, angle, steps };
    let mut mesh = Mesh::default();
    let rows: Vec<Vec<Row>> = region
        .outlines()
        .iter()
        .map(|outline| outline.iter().map(|point| sweep.row(&mut mesh, *point)).collect())
        .collect();
    for (outline, rows) in region.outlines().iter().zip(&rows) {
        sweep.skin(&mut mesh, outline, rows);
    }
    if !sweep.is_whole() {
        sweep.caps(&mut mesh, region, &rows);
    }
    // Turned clockwise, or on the far side of the axis, sections follow each other the other way round.
    if (angle < 0.0) != (min < 0.0) {
        mesh.flip();
    }
    Ok(mesh)
}

/// How many sections a whole turn has; an arc has no more.
pub(crate) fn sections(region: &Region, parameters: &RotateExtrude) -> usize {
    let radius = region.points().map(|[x, _]| x.abs()).fold(0.0, f64::max);
    segments(radius, parameters.fragments, 360.0) as usize
}

/// The vertices of one point of the region.
#[derive(Clone, Copy)]
enum Row {
    /// Off the axis: one per section, from this index on.
    Around(u32),
    /// On the axis: one for the edge before the point and one for the edge after it.
    Axis { before: u32, after: u32 },
}

/// A turn in equal steps.
struct Sweep {
    start: f64,
    angle: f64,
    steps: u32,
}

impl Sweep {
    fn is_whole(&self) -> bool {
        self.angle == 360.0
    }

    fn sections(&self) -> u32 {
        if self.is_whole() { self.steps } else { self.steps + 1 }
    }

    /// Makes the vertices of a point.
    fn row(&self, mesh: &mut Mesh, [x, y]: Point) -> Row {
        let first = mesh.positions.len() as u32;
        if x.abs() < ON_AXIS {
            // Around a whole turn both edges end in a fan of their own, which only share the place.
            let copies = if self.is_whole() { 2 } else { 1 };
            mesh.positions.extend((0..copies).map(|_| [0.0, 0.0, y]));
            return Row::Axis { before: first, after: first + copies - 1 };
        }
        mesh.positions.extend((0..self.sections()).map(|section| {
            let turn = self.angle * f64::from(section) / f64::from(self.steps);
            let angle_deg = self.start + turn;
            [x * degrees::cos(angle_deg), x * degrees::sin(angle_deg), y]
        }));
        Row::Around(first)
    }

    /// The surface that an outline leaves behind, seen from outside for a counter-clockwise turn at positive x.
    fn skin(&self, mesh: &mut Mesh, outline: &[Point], rows: &[Row]) {
        for i in 0..outline.len() {
            let (from, to) = (rows[i], rows[(i + 1) % rows.len()]);
            for step in 0..self.steps {
                let next = (step + 1) % self.sections();
                match (from, to) {
                    (Row::Around(a), Row::Around(b)) => {
                        let (a, a_next, b, b_next) = (a + step, a + next, b + step, b + next);
                        mesh.triangles.extend([[a, a_next, b_next], [a, b_next, b]]);
                    }
                    (Row::Around(a), Row::Axis { before, .. }) => {
                        mesh.triangles.push([a + step, a + next, before]);
                    }
                    (Row::Axis { after, .. }, Row::Around(b)) => {
                        mesh.triangles.push([after, b + next, b + step]);
                    }
                    // An edge along the axis leaves nothing behind.
                    (Row::Axis { .. }, Row::Axis { .. }) => {}
                }
            }
        }
    }

    /// The flat faces at the start and the end of a turn that is not whole.
    fn caps(&self, mesh: &mut Mesh, region: &Region, rows: &[Vec<Row>]) {
        let rows: Vec<Row> = rows.iter().flatten().copied().collect();
        let vertex = |index: u32, section: u32| match rows[index as usize] {
            Row::Around(first) => first + section,
            Row::Axis { before, .. } => before,
        };
        for [a, b, c] in triangulate(region.outlines()) {
            mesh.triangles.push([a, b, c].map(|index| vertex(index, 0)));
            mesh.triangles.push([a, c, b].map(|index| vertex(index, self.steps)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::measure;
    use crate::polygon::{circle, polygon, square};
    use scadstream_csg::Fragments;

    fn sweep(angle: f64, start: f64) -> RotateExtrude {
        let fragments = Fragments { fn_: 12.0, ..Fragments::default() };
        RotateExtrude { angle, start, convexity: 1, fragments }
    }

    fn moved(region: &Region, x: f64) -> Region {
        region.transformed(&[
            [1.0, 0.0, 0.0, x],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
        ])
    }

    /// The volume that a region sweeps in steps of 30 degrees: its area's centre, cut short by the chords.
    fn volume(area: f64, centre: f64, steps: f64) -> f64 {
        area * centre * steps * degrees::sin(30.0)
    }

    #[track_caller]
    fn check(region: &Region, parameters: RotateExtrude, volume: f64, genus: i64) {
        let mesh = rotate_extrude(region, &parameters).unwrap();
        let facts = measure(&mesh);
        assert!(facts.closed, "open");
        assert_eq!(2 * facts.edges, 3 * facts.triangles, "edges of more than two triangles");
        assert!((facts.volume / volume - 1.0).abs() < 1.0e-9, "volume {}", facts.volume);
        assert_eq!(facts.genus, genus);
    }

    #[test]
    fn whole_turns_make_rings() {
        let profile = moved(&square([2.0, 3.0], true), 10.0);
        check(&profile, sweep(360.0, 180.0), volume(6.0, 10.0, 12.0), 1);
        check(&moved(&profile, -20.0), sweep(360.0, 180.0), volume(6.0, 10.0, 12.0), 1);
        check(&profile, sweep(400.0, 0.0), volume(6.0, 10.0, 12.0), 1);
        check(&profile, sweep(-360.0, 0.0), volume(6.0, 10.0, 12.0), 1);
    }

    #[test]
    fn arcs_are_capped() {
        let profile = moved(&square([2.0, 3.0], true), 10.0);
        check(&profile, sweep(90.0, 0.0), volume(6.0, 10.0, 3.0), 0);
        check(&profile, sweep(-90.0, 0.0), volume(6.0, 10.0, 3.0), 0);
        check(&moved(&profile, -20.0), sweep(-300.0, 7.0), volume(6.0, 10.0, 10.0), 0);
        let bounds = rotate_extrude(&profile, &sweep(90.0, 0.0)).unwrap().bounds().unwrap();
        assert_eq!((bounds.min, bounds.max), ([0.0, 0.0, -1.5], [11.0, 11.0, 1.5]));
        let bounds = rotate_extrude(&profile, &sweep(-90.0, 180.0)).unwrap().bounds().unwrap();
        assert_eq!((bounds.min, bounds.max), ([-11.0, 0.0, -1.5], [0.0, 11.0, 1.5]));
    }

    #[test]
    fn profiles_may_touch_the_axis() {
        let plate = square([2.0, 3.0], false);
        check(&plate, sweep(360.0, 180.0), volume(6.0, 1.0, 12.0), 0);
        check(&plate, sweep(120.0, 0.0), volume(6.0, 1.0, 4.0), 0);
        // One corner on the axis pinches the ring to a point, which belongs to both sides of it.
        let arrow = polygon(&[[0.0, 0.0], [3.0, -1.0], [3.0, 1.0]], None);
        check(&arrow, sweep(360.0, 180.0), volume(3.0, 2.0, 12.0), 0);
        check(&arrow, sweep(-60.0, 0.0), volume(3.0, 2.0, 2.0), 0);
        // Rounding off the axis by less than the grid does not count.
        check(&moved(&plate, -1.0e-12), sweep(360.0, 180.0), volume(6.0, 1.0, 12.0), 0);
    }

    #[test]
    fn points_on_both_sides_are_refused() {
        let error = rotate_extrude(&square([4.0, 1.0], true), &sweep(360.0, 180.0)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "all points for rotate_extrude() must have the same X coordinate sign \
             (range is -2.00 -> 2.00)"
        );
    }

    #[test]
    fn odd_parameters_have_a_result() {
        let profile = moved(&circle(1.0, Fragments::default()), 5.0);
        assert!(rotate_extrude(&profile, &sweep(0.0, 0.0)).unwrap().is_empty());
        assert!(rotate_extrude(&profile, &sweep(f64::NAN, 0.0)).unwrap().is_empty());
        assert!(rotate_extrude(&profile, &sweep(90.0, f64::INFINITY)).unwrap().is_empty());
        assert!(rotate_extrude(&Region::default(), &sweep(90.0, 0.0)).unwrap().is_empty());
        let whole = rotate_extrude(&profile, &sweep(f64::INFINITY, 0.0)).unwrap();
        assert_eq!(measure(&whole).genus, 1);
    }
}
