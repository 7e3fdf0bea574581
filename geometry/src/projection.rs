//! `projection()`: the shadow of solids on the plane z = 0, or their section with it.
//!
//! Both are read off the mesh: the outlines wind once around what they hold, and [`clip`] makes a region
//! of them on OpenSCAD's grid.

use std::collections::HashMap;

use crate::clip::{self, Fill};
use crate::mesh::Mesh;
use crate::region::{Point, Region};

/// The shadow of a closed mesh, seen along Z.
///
/// It is where any triangle that looks up lies. The borders of all those together wind around a point as often as
/// there are such triangles above and below it, and far fewer edges than triangles are left to clip.
pub fn shadow(mesh: &Mesh) -> Region {
    let flat = |vertex: u32| {
        let [x, y, _] = mesh.positions[vertex as usize];
        [x, y]
    };
    let mut border: HashMap<(u32, u32), i32> = HashMap::new();
    for &[a, b, c] in &mesh.triangles {
        if crate::region::cross(flat(a), flat(b), flat(c)) <= 0.0 {
            continue;
        }
        for (from, to) in [(a, b), (b, c), (c, a)] {
            // Two triangles that meet cancel the edge between them.
            match border.get_mut(&(to, from)) {
                Some(count) if *count > 0 => *count -= 1,
                _ => *border.entry((from, to)).or_default() += 1,
            }
        }
    }
    let edges = border.into_iter().flat_map(|(edge, count)| (0..count).map(move |_| edge));
    let outlines: Vec<Vec<Point>> =
        loops(edges.collect()).iter().map(|ring| ring.iter().map(|v| flat(*v)).collect()).collect();
    clip::fill(&outlines, Fill::NonZero)
}

/// The section of a closed mesh with the plane z = 0.
///
/// A solid that only touches the plane with a face is cut there, from either side, as OpenSCAD does.
pub fn section(mesh: &Mesh) -> Region {
    let above = cut(mesh, |z| z > 0.0);
    let below = cut(mesh, |z| z >= 0.0);
    clip::union(&[above, below])
}

/// The section just off the plane, on the side that `is_above` leaves open.
fn cut(mesh: &Mesh, is_above: impl Fn(f64) -> bool) -> Region {
    // A crossing is known by the edge of the mesh it lies on, so that neighbours agree on it.
    let mut crossings: HashMap<(u32, u32), u32> = HashMap::new();
    let mut points: Vec<Point> = Vec::new();
    let mut crossing = |a: u32, b: u32| {
        let (low, high) = (a.min(b), a.max(b));
        *crossings.entry((low, high)).or_insert_with(|| {
            let (p, q) = (mesh.positions[low as usize], mesh.positions[high as usize]);
            let part = p[2] / (p[2] - q[2]);
            points.push([p[0] + (q[0] - p[0]) * part, p[1] + (q[1] - p[1]) * part]);
            points.len() as u32 - 1
        })
    };
    let mut edges = Vec::new();
    for triangle in &mesh.triangles {
        let above = triangle.map(|vertex| is_above(mesh.positions[vertex as usize][2]));
        // The corner that is alone on its side; the section runs from one of its edges to the other.
        let Some(alone) =
            (0..3).find(|i| above[*i] != above[(i + 1) % 3] && above[*i] != above[(i + 2) % 3])
        else {
            continue;
        };
        let [a, b, c] = [0, 1, 2].map(|i| triangle[(alone + i) % 3]);
        let (first, second) = (crossing(a, b), crossing(c, a));
        // Seen from above, the solid is to the left of the section of an outward face.
        edges.push(if above[alone] { (first, second) } else { (second, first) });
    }
    let outlines: Vec<Vec<Point>> = loops(edges)
        .iter()
        .map(|ring| ring.iter().map(|point| points[*point as usize]).collect())
        .collect();
    clip::fill(&outlines, Fill::NonZero)
}

/// Joins directed edges into closed rings. As many edges must end in every vertex as begin there.
fn loops(mut edges: Vec<(u32, u32)>) -> Vec<Vec<u32>> {
    // In order, so that the same mesh gives the same outlines whatever order a hash map had.
    edges.sort_unstable();
    let mut from: HashMap<u32, Vec<u32>> = HashMap::new();
    for &(start, end) in edges.iter().rev() {
        from.entry(start).or_default().push(end);
    }
    let mut rings = Vec::new();
    for (start, _) in edges {
        let mut ring = Vec::new();
        let mut at = start;
        while let Some(next) = from.get_mut(&at).and_then(Vec::pop) {
            ring.push(at);
            at = next;
        }
        if !ring.is_empty() {
            rings.push(ring);
        }
    }
    rings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::square;
    use crate::primitives::{cube, sphere};
    use scadstream_csg::Fragments;

    fn lifted(mut mesh: Mesh, z: f64) -> Mesh {
        mesh.positions.iter_mut().for_each(|p| p[2] += z);
        mesh
    }

    #[track_caller]
    fn check(region: &Region, outlines: usize, area: f64) {
        assert_eq!(region.outlines().len(), outlines, "{region:?}");
        assert!((region.area() - area).abs() < 1.0e-6, "area {}", region.area());
    }

    fn ring() -> Mesh {
        let profile = square([2.0, 2.0], false).transformed(&[
            [1.0, 0.0, 0.0, 3.0],
            [0.0, 1.0, 0.0, -1.0],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
        ]);
        let fragments = Fragments { fn_: 12.0, ..Fragments::default() };
        let whole =
            scadstream_csg::RotateExtrude { angle: 360.0, start: 180.0, convexity: 1, fragments };
        crate::rotate_extrude::rotate_extrude(&profile, &whole).unwrap()
    }

    #[test]
    fn shadows_of_solids() {
        check(&shadow(&cube([2.0, 3.0, 4.0], true)), 1, 6.0);
        check(&shadow(&ring()), 2, 3.0 * (25.0 - 9.0));
        let mut two = cube([2.0, 3.0, 4.0], false);
        two.append(&lifted(cube([3.0, 2.0, 1.0], false), 10.0));
        check(&shadow(&two), 1, 8.0);
        check(&shadow(&Mesh::default()), 0, 0.0);
    }

    #[test]
    fn sections_of_solids() {
        check(&section(&cube([2.0, 3.0, 4.0], true)), 1, 6.0);
        check(&section(&ring()), 2, 3.0 * (25.0 - 9.0));
        check(&section(&lifted(ring(), 1.5)), 0, 0.0);
        let eight = Fragments { fn_: 8.0, ..Fragments::default() };
        let ball = sphere(2.0, eight);
        // The widest rings of eight are at 67.5 and 112.5 degrees, upright faces between them.
        let radius = 2.0 * scadstream_csg::degrees::sin(67.5);
        check(&section(&ball), 1, 8.0_f64.sqrt() * radius * radius);
        check(&section(&Mesh::default()), 0, 0.0);
    }

    #[test]
    fn faces_in_the_plane_count_from_either_side() {
        check(&section(&cube([2.0, 3.0, 4.0], false)), 1, 6.0);
        check(&section(&lifted(cube([2.0, 3.0, 4.0], false), -4.0)), 1, 6.0);
        let mut two = cube([2.0, 3.0, 4.0], false);
        two.append(&lifted(cube([3.0, 2.0, 4.0], false), -4.0));
        check(&section(&two), 1, 8.0);
        check(&section(&lifted(cube([2.0, 3.0, 4.0], false), 1.0e-9)), 0, 0.0);
    }
}
