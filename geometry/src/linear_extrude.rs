//! `linear_extrude()`: a region swept along a vector, with twist and scale.
//!
//! The sweep is cut into layers. Every layer has one vertex for each point of the outlines, so sides and caps share
//! their vertices and the mesh is closed by construction; only where the top shrinks to a point does each outline end
//! in one vertex of its own.

use scadstream_csg::{LinearExtrude, degrees};

use crate::kernel::triangulate;
use crate::mesh::Mesh;
use crate::region::{Point, Region, signed_area};
use crate::slices::{slices, subdivided};

/// Diagonals whose squares differ by less than this part count as equal, as they are along edges that point to the axis,
/// but for rounding. Picked by hand.
const TIE: f64 = 1.0e-9;

/// The solid that the region sweeps over.
///
/// A sweep that does not rise gives nothing. Where the top shrinks to a ridge the mesh holds triangles without area,
/// which the kernel takes out.
pub fn linear_extrude(region: &Region, parameters: &LinearExtrude) -> Mesh {
    let sweep = parameters.sweep;
    if region.is_empty() || !sweep.iter().all(|c| c.is_finite()) || sweep[2] <= 0.0 {
        return Mesh::default();
    }
    let shape = Shape::of(parameters);
    let count = slices(region, &shape, parameters);
    let outlines = subdivided(region, &shape, count, parameters);
    let below = if parameters.center { 0.5 } else { 0.0 };
    let mut mesh = Mesh::default();
    for slice in 0..=count {
        let part = f64::from(slice) / f64::from(count);
        let shift = sweep.map(|c| c * (part - below));
        let place = |point: &Point| {
            let [x, y] = shape.at(part, *point);
            [x + shift[0], y + shift[1], shift[2]]
        };
        if slice == count && shape.ends_in_points() {
            // Every point of the top is at the axis: one vertex stands for each outline.
            mesh.positions.extend(outlines.iter().map(|outline| place(&outline[0])));
        } else {
            mesh.positions.extend(outlines.iter().flatten().map(place));
        }
    }
    caps(&mut mesh, &outlines, &shape, count);
    sides(&mut mesh, &outlines, &shape, count);
    mesh
}

/// How many layers the sweep is cut into, at least 1.
pub(crate) fn layers(region: &Region, parameters: &LinearExtrude) -> usize {
    slices(region, &Shape::of(parameters), parameters) as usize
}

/// How the outline changes from bottom to top.
pub(crate) struct Shape {
    /// Turn of the top in degrees, counter-clockwise.
    pub(crate) turn_deg: f64,
    /// Size of the top as a multiple of the bottom.
    pub(crate) scale: [f64; 2],
}

impl Shape {
    pub(crate) fn of(parameters: &LinearExtrude) -> Self {
        let twist = if parameters.twist.is_finite() { parameters.twist } else { 0.0 };
        let scale = parameters.scale.map(|s| if s.is_finite() { s.max(0.0) } else { 1.0 });
        Self { turn_deg: -twist, scale }
    }

    pub(crate) fn is_uniform(&self) -> bool {
        self.scale[0] == self.scale[1]
    }

    fn ends_in_points(&self) -> bool {
        self.scale == [0.0, 0.0]
    }

    /// Where `point` of the bottom is at `part` of the way up, 0..1, before the sweep's own shift: first turned, then
    /// scaled.
    pub(crate) fn at(&self, part: f64, [x, y]: Point) -> Point {
        let scale = self.scale.map(|s| 1.0 - part + part * s);
        if self.turn_deg == 0.0 {
            return [x * scale[0], y * scale[1]];
        }
        let angle_deg = self.turn_deg * part;
        let (sin, cos) = (degrees::sin(angle_deg), degrees::cos(angle_deg));
        [(x * cos - y * sin) * scale[0], (x * sin + y * cos) * scale[1]]
    }
}

/// Bottom and top. Both use the triangles of the bottom: scaling and turning keep them valid.
fn caps(mesh: &mut Mesh, outlines: &[Vec<Point>], shape: &Shape, count: u32) {
    let triangles = triangulate(outlines);
    mesh.triangles.extend(triangles.iter().map(|[a, b, c]| [*a, *c, *b]));
    if !shape.ends_in_points() {
        let top = count * outlines.iter().map(Vec::len).sum::<usize>() as u32;
        mesh.triangles.extend(triangles.iter().map(|triangle| triangle.map(|v| v + top)));
    }
}

/// The faces between layers: each quad is cut along its shorter diagonal.
fn sides(mesh: &mut Mesh, outlines: &[Vec<Point>], shape: &Shape, count: u32) {
    let per_layer: u32 = outlines.iter().map(|outline| outline.len() as u32).sum();
    for slice in 0..count {
        let is_last = slice + 1 == count;
        let (bottom, top) = (slice * per_layer, (slice + 1) * per_layer);
        let mut first = 0;
        for (index, outline) in (0..).zip(outlines) {
            let length = outline.len() as u32;
            let ties_rise = (shape.turn_deg <= 0.0) == (signed_area(outline) > 0.0);
            for i in 0..length {
                let (i, j) = (first + i, first + (i + 1) % length);
                let (low_i, low_j) = (bottom + i, bottom + j);
                if is_last && shape.ends_in_points() {
                    mesh.triangles.push([low_i, low_j, top + index]);
                    continue;
                }
                let (high_i, high_j) = (top + i, top + j);
                let rising = squared_distance(mesh, low_i, high_j);
                let falling = squared_distance(mesh, low_j, high_i);
                let mut rises = if (rising - falling).abs() <= TIE * rising {
                    ties_rise
                } else {
                    rising < falling
                };
                if is_last && shape.scale.contains(&0.0) {
                    rises = !rises;
                }
                if rises {
                    mesh.triangles.extend([[low_i, low_j, high_j], [low_i, high_j, high_i]]);
                } else {
                    mesh.triangles.extend([[low_i, low_j, high_i], [low_j, high_j, high_i]]);
                }
            }
            first += length;
        }
    }
}

fn squared_distance(mesh: &Mesh, a: u32, b: u32) -> f64 {
    let (a, b) = (mesh.positions[a as usize], mesh.positions[b as usize]);
    (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::difference;
    use crate::measure::measure;
    use crate::polygon::{circle, polygon, square};
    use crate::testing::straight;
    use scadstream_csg::Fragments;

    fn frame() -> Region {
        let hole = circle(2.0, Fragments { fn_: 8.0, ..Fragments::default() });
        difference(&square([10.0, 8.0], true), &[hole])
    }

    /// Closed with all edges between two triangles, of this volume and genus, and with this many vertices.
    #[track_caller]
    fn check(region: &Region, parameters: LinearExtrude, volume: f64, genus: i64, vertices: usize) {
        let mesh = linear_extrude(region, &parameters);
        let facts = measure(&mesh);
        assert!(facts.closed, "open");
        assert_eq!(2 * facts.edges, 3 * facts.triangles, "edges of more than two triangles");
        assert!((facts.volume / volume - 1.0).abs() < 1.0e-9, "volume {}", facts.volume);
        assert_eq!((facts.genus, facts.vertices), (genus, vertices));
    }

    #[test]
    fn straight_sweeps_have_area_times_height() {
        check(&square([2.0, 3.0], false), straight(5.0), 30.0, 0, 8);
        check(&frame(), straight(0.5), frame().area() * 0.5, 1, 24);
        let oblique = LinearExtrude { sweep: [3.0, 4.0, 5.0], ..straight(0.0) };
        check(&frame(), oblique, frame().area() * 5.0, 1, 24);
    }

    #[test]
    fn center_moves_half_of_the_sweep_down() {
        let parameters = LinearExtrude { center: true, sweep: [2.0, 0.0, 4.0], ..straight(0.0) };
        let bounds = linear_extrude(&square([1.0, 1.0], false), &parameters).bounds().unwrap();
        assert_eq!((bounds.min, bounds.max), ([-1.0, 0.0, -2.0], [2.0, 1.0, 2.0]));
    }

    #[test]
    fn scale_makes_frustums_and_points() {
        let scaled = |scale| LinearExtrude { scale, ..straight(6.0) };
        let two = square([2.0, 2.0], true);
        check(&two, scaled([0.5, 0.5]), 6.0 / 3.0 * (4.0 + 1.0 + 2.0), 0, 8);
        check(&two, scaled([0.0, 0.0]), 8.0, 0, 5);
        check(&two, scaled([-3.0, -1.0]), 8.0, 0, 5);
        check(&frame(), scaled([0.0, 0.0]), frame().area() * 2.0, 0, 12 + 2);
        check(&two, scaled([f64::NAN, 1.0]), 24.0, 0, 8);
        // A wedge: the sides bend, but a rectangle's do so in their own planes. 4 slices of 6 / 2.
        check(&two, LinearExtrude { slices: Some(4), ..scaled([0.0, 1.0]) }, 12.0, 0, 20);
    }

    #[test]
    fn twist_turns_the_top_clockwise() {
        let two = polygon(&[[0.0, 0.0], [2.0, 0.0], [2.0, 1.0]], None);
        let parameters = LinearExtrude { twist: 90.0, slices: Some(9), ..straight(3.0) };
        let mesh = linear_extrude(&two, &LinearExtrude { segments: Some(0), ..parameters.clone() });
        assert_eq!(mesh.positions.len(), 30);
        let mut top = mesh.positions[27..].to_vec();
        top.sort_by(|a, b| a[0].total_cmp(&b[0]).then(b[1].total_cmp(&a[1])));
        assert_eq!(top, [[0.0, 0.0, 3.0], [0.0, -2.0, 3.0], [1.0, -2.0, 3.0]]);
        // 30 fragments of an outline by default, of which 26 fit its edges' shares: 1 to 2 to the root of 5.
        assert!(linear_extrude(&two, &parameters).positions.len() > 30);
        for twist in [90.0, -90.0, 700.0] {
            let facts =
                measure(&linear_extrude(&frame(), &LinearExtrude { twist, ..straight(3.0) }));
            assert!(facts.closed && facts.genus == 1);
            assert!((facts.volume / (frame().area() * 3.0) - 1.0).abs() < 0.05, "{facts:?}");
        }
    }

    #[test]
    fn sweeps_that_do_not_rise_give_nothing() {
        for height in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(linear_extrude(&frame(), &straight(height)).is_empty());
        }
        assert!(linear_extrude(&Region::default(), &straight(1.0)).is_empty());
    }

    #[test]
    fn outlines_that_touch_themselves_stay_closed() {
        let bow_tie = polygon(&[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]], None);
        check(&bow_tie, straight(1.0), 2.0, 0, 12);
        let touching_hole =
            [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0], [1.0, 2.0], [2.0, 1.0]];
        let facts = measure(&linear_extrude(&polygon(&touching_hole, None), &straight(2.0)));
        assert!(facts.closed && (facts.volume - 29.0).abs() < 1.0e-9, "{facts:?}");
    }
}
