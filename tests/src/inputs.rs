//! Files that models import, made by formula so that none need to be kept.

#![expect(clippy::disallowed_methods, reason = "shapes of our own, not of the language")]

use std::f64::consts::{PI, TAU};
use std::fmt::Write;

/// Sectors, and rings, of the part: about 19 000 triangles, so that the file is below a megabyte.
const STEPS: usize = 98;

/// Rows and columns of the height map.
const CELLS: usize = 120;

/// A bumpy ball as a binary STL file.
pub fn part_stl() -> Vec<u8> {
    let point = |ring: usize, sector: usize| {
        let (polar, turn) =
            (PI * ring as f64 / STEPS as f64, TAU * (sector % STEPS) as f64 / STEPS as f64);
        // No bumps at the poles, where all sectors meet.
        let radius = 30.0 + 2.0 * polar.sin() * (5.0 * turn).sin() * (8.0 * polar).cos();
        let flat = if ring.is_multiple_of(STEPS) { 0.0 } else { radius * polar.sin() };
        [flat * turn.cos(), flat * turn.sin(), radius * polar.cos()].map(|x| (x + 0.0) as f32)
    };
    let mut triangles = Vec::new();
    for ring in 0..STEPS {
        for sector in 0..STEPS {
            let [a, b] = [point(ring, sector), point(ring, sector + 1)];
            let [c, d] = [point(ring + 1, sector), point(ring + 1, sector + 1)];
            if ring > 0 {
                triangles.push([a, c, b]);
            }
            if ring + 1 < STEPS {
                triangles.push([b, c, d]);
            }
        }
    }
    let mut file = vec![0; 80];
    file.extend((triangles.len() as u32).to_le_bytes());
    for triangle in triangles {
        file.extend([0; 12]);
        file.extend(triangle.as_flattened().iter().flat_map(|number| number.to_le_bytes()));
        file.extend([0; 2]);
    }
    file
}

/// Rolling hills as a height map in text form.
pub fn heights() -> Vec<u8> {
    let mut text = String::from("# rolling hills\n");
    for y in 0..CELLS {
        for x in 0..CELLS {
            let (x, y) = (x as f64 / 9.0, y as f64 / 9.0);
            let height = 6.0 + 2.0 * x.sin() * y.cos() + (2.3 * x + y).sin();
            let _ = write!(text, "{height:.3} ");
        }
        text.push('\n');
    }
    text.into_bytes()
}
