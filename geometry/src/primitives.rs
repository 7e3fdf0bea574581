//! `cube()`, `sphere()`, `cylinder()`: meshes of OpenSCAD's own vertices.
//!
//! The kernel's sphere is geodesic while OpenSCAD's is made of rings, so all primitives are built here. Sizes that
//! leave nothing (zero, negative, not finite) give an empty mesh, silently, as in OpenSCAD.

use scadstream_csg::{Fragments, degrees};

use crate::fragments::segments;
use crate::mesh::Mesh;
use crate::polygon::ring as circle;

/// A box of edge lengths `size`, from the origin or around it.
pub fn cube(size: [f64; 3], center: bool) -> Mesh {
    if !size.iter().all(|edge| edge.is_finite() && *edge > 0.0) {
        return Mesh::default();
    }
    let low = size.map(|edge| if center { -edge / 2.0 } else { 0.0 });
    let high = size.map(|edge| if center { edge / 2.0 } else { edge });
    // Bit k of a corner's index says whether it is at the high end of axis k.
    let positions = (0..8_usize)
        .map(|corner| {
            [0, 1, 2].map(|axis| if corner >> axis & 1 == 1 { high[axis] } else { low[axis] })
        })
        .collect();
    let sides: [[u32; 4]; 6] =
        [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let triangles = sides.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
    Mesh::new(positions, triangles)
}

/// A ball of radius `r`: rings of vertices around Z with flat caps and no vertex at the poles, so its top lies a little
/// below `r`.
pub fn sphere(r: f64, fragments: Fragments) -> Mesh {
    if !(r.is_finite() && r > 0.0) {
        return Mesh::default();
    }
    let around = segments(r, fragments, 360.0);
    let rings = around.div_ceil(2);
    // From the bottom up, so that `stack` sees the rings in the order of growing z.
    let ring = |index: u32| {
        let polar_deg = 180.0 * (f64::from(rings - 1 - index) + 0.5) / f64::from(rings);
        Ring { radius: r * degrees::sin(polar_deg), z: r * degrees::cos(polar_deg) }
    };
    stack((0..rings).map(ring), around)
}

/// A cylinder or cone along Z; a radius of 0 makes an apex.
pub fn cylinder(h: f64, r1: f64, r2: f64, center: bool, fragments: Fragments) -> Mesh {
    let sizes_ok = [h, r1, r2].iter().all(|size| size.is_finite());
    if !sizes_ok || h <= 0.0 || r1 < 0.0 || r2 < 0.0 || (r1 == 0.0 && r2 == 0.0) {
        return Mesh::default();
    }
    let around = segments(r1.max(r2), fragments, 360.0);
    let bottom = if center { -h / 2.0 } else { 0.0 };
    let rings = [Ring { radius: r1, z: bottom }, Ring { radius: r2, z: bottom + h }];
    stack(rings.into_iter(), around)
}

/// Triangles that `sphere` would make, before anything is allocated.
pub fn sphere_triangles(r: f64, fragments: Fragments) -> u64 {
    let around = u64::from(segments(r, fragments, 360.0));
    around * around.div_ceil(2) * 2
}

/// Triangles that `cylinder` would make, before anything is allocated.
pub fn cylinder_triangles(r1: f64, r2: f64, fragments: Fragments) -> u64 {
    u64::from(segments(r1.max(r2), fragments, 360.0)) * 4
}

/// A circle of vertices at height `z`; one vertex on the axis if `radius` is 0.
struct Ring {
    radius: f64,
    z: f64,
}

/// The solid between rings of `around` vertices each, stacked in the order of growing z, with flat ends.
fn stack(rings: impl Iterator<Item = Ring>, around: u32) -> Mesh {
    let mut mesh = Mesh::default();
    let mut below: Option<Level> = None;
    for ring in rings {
        let level = Level::add(&mut mesh, &ring, around);
        match &below {
            None => level.cap(&mut mesh, Facing::Down),
            Some(below) => Level::join(&mut mesh, below, &level),
        }
        below = Some(level);
    }
    if let Some(top) = below {
        top.cap(&mut mesh, Facing::Up);
    }
    mesh
}

enum Facing {
    Up,
    Down,
}

/// The vertices of one ring: `count` from index `first`, counter-clockwise seen from above.
struct Level {
    first: u32,
    count: u32,
}

impl Level {
    fn add(mesh: &mut Mesh, ring: &Ring, around: u32) -> Self {
        let first = mesh.positions.len() as u32;
        if ring.radius == 0.0 {
            mesh.positions.push([0.0, 0.0, ring.z]);
            return Self { first, count: 1 };
        }
        mesh.positions.extend(circle(ring.radius, around).into_iter().map(|[x, y]| [x, y, ring.z]));
        Self { first, count: around }
    }

    /// Index of vertex `i`, counted around the ring.
    fn vertex(&self, i: u32) -> u32 {
        self.first + i % self.count
    }

    /// The side between two levels; an apex on either makes triangles instead of quads.
    fn join(mesh: &mut Mesh, below: &Level, above: &Level) {
        for i in 0..below.count.max(above.count) {
            if below.count > 1 {
                mesh.triangles.push([below.vertex(i), below.vertex(i + 1), above.vertex(i + 1)]);
            }
            if above.count > 1 {
                mesh.triangles.push([below.vertex(i), above.vertex(i + 1), above.vertex(i)]);
            }
        }
    }

    /// Closes the ring with a strip that zigzags across, so that no vertex gathers more than a few triangles.
    fn cap(&self, mesh: &mut Mesh, facing: Facing) {
        if self.count < 3 {
            return;
        }
        let (mut low, mut high) = (0, self.count - 1);
        for step in 0..self.count - 2 {
            let next = if step % 2 == 0 { low + 1 } else { high - 1 };
            let mut triangle = [low, next, high].map(|i| self.vertex(i));
            if step % 2 == 0 {
                low = next
            } else {
                high = next
            }
            if matches!(facing, Facing::Down) {
                triangle.swap(1, 2);
            }
            mesh.triangles.push(triangle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Measure, measure};

    fn fixed(fn_: f64) -> Fragments {
        Fragments { fn_, ..Fragments::default() }
    }

    /// Every primitive is closed, of genus 0 and in one piece; volume and area are exact up to rounding.
    #[track_caller]
    fn check(mesh: &Mesh, volume: f64, area: f64, size: [f64; 3]) {
        let Measure { closed, genus, components, volume: v, area: a, bounds, .. } = measure(mesh);
        assert!(closed);
        assert_eq!((genus, components), (0, 1));
        assert!((v - volume).abs() <= 1e-12 * volume, "volume {v}, expected {volume}");
        assert!((a - area).abs() <= 1e-12 * area, "area {a}, expected {area}");
        for (got, wanted) in bounds.unwrap().size().iter().zip(size) {
            assert!((got - wanted).abs() <= 1e-15 * wanted, "size {got}, expected {wanted}");
        }
    }

    #[test]
    fn cubes_are_boxes() {
        check(&cube([1.0, 2.0, 3.0], false), 6.0, 22.0, [1.0, 2.0, 3.0]);
        check(&cube([1.0, 2.0, 3.0], true), 6.0, 22.0, [1.0, 2.0, 3.0]);
        assert_eq!(cube([2.0; 3], true).bounds().unwrap().min, [-1.0; 3]);
    }

    #[test]
    fn sphere_of_four_fragments_is_a_cube() {
        // Two rings at 45 and 135 degrees: squares of half diagonal r·sin 45 = 1 at z = ±1.
        let r = 2.0_f64.sqrt();
        check(&sphere(r, fixed(4.0)), 4.0, 4.0 + 8.0 * 2.0_f64.sqrt(), [2.0, 2.0, 2.0]);
    }

    #[test]
    fn sphere_has_flat_caps_below_its_radius() {
        let mesh = sphere(10.0, fixed(5.0));
        // Three rings for five fragments, the first at 30 degrees from +Z.
        assert_eq!(mesh.bounds().unwrap().max[2], 10.0 * degrees::cos(30.0));
        assert_eq!((mesh.positions.len(), mesh.triangles.len()), (15, 26));
        assert!(measure(&mesh).closed);
    }

    #[test]
    fn cylinders_and_cones_are_closed() {
        let square = 2.0_f64.sqrt(); // side of the square of half diagonal 1
        check(
            &cylinder(3.0, 1.0, 1.0, true, fixed(4.0)),
            6.0,
            4.0 + 12.0 * square,
            [2.0, 2.0, 3.0],
        );
        let slant = (9.0_f64 + 0.5).sqrt();
        let cone_area = 2.0 + 2.0 * square * slant;
        check(&cylinder(3.0, 1.0, 0.0, false, fixed(4.0)), 2.0, cone_area, [2.0, 2.0, 3.0]);
        check(&cylinder(3.0, 0.0, 1.0, false, fixed(4.0)), 2.0, cone_area, [2.0, 2.0, 3.0]);
        assert_eq!(cylinder(3.0, 0.0, 1.0, false, fixed(4.0)).positions.len(), 5);
    }

    #[test]
    fn triangle_counts_are_known_before_building() {
        for n in [3.0, 4.0, 5.0, 12.0, 31.0] {
            let built = sphere(7.0, fixed(n)).triangles.len() as u64;
            let told = sphere_triangles(7.0, fixed(n));
            assert!(built <= told && told <= built + 4, "{n}: {built}, {told}");
            assert!(
                cylinder(1.0, 2.0, 1.0, false, fixed(n)).triangles.len() as u64
                    <= cylinder_triangles(2.0, 1.0, fixed(n))
            );
        }
    }

    #[test]
    fn sizes_without_extent_give_nothing() {
        let n = fixed(8.0);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(cube([1.0, bad, 1.0], false).is_empty());
            assert!(sphere(bad, n).is_empty());
            assert!(cylinder(bad, 1.0, 1.0, false, n).is_empty());
        }
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(cylinder(1.0, bad, 1.0, false, n).is_empty());
            assert!(cylinder(1.0, 1.0, bad, false, n).is_empty());
        }
        assert!(cylinder(1.0, 0.0, 0.0, false, n).is_empty());
    }
}
