//! How often a surface cuts itself, to know beforehand what mending it exactly would take.
//!
//! The kernel's robust engine takes about a millisecond for each pair of triangles that cross, and far longer where
//! coordinates differ by tens of powers of ten. A damaged file of 900 triangles, each crossing most others, took seven
//! minutes. What to do about a mesh must not depend on the speed of the machine, so pairs are counted, not seconds.

use crate::kernel::{CancelToken, KernelError, Side, side_of_plane};
use crate::mesh::{Bounds, Mesh};

/// Most pairs of crossing triangles that are worth mending: some seconds. Real files that can be mended had less than a
/// tenth of it.
const MOST_CROSSINGS: usize = 5_000;

/// Most pairs whose boxes are compared. Looking further would itself take long.
const MOST_COMPARED: usize = 50_000_000;

/// Binary digits that coordinates keep below the mesh's size: twice those of single precision, and few enough for exact
/// arithmetic to be quick.
const DIGITS: i32 = 48;

/// Takes out of all coordinates what is too small to matter against the size of the mesh.
pub(crate) fn round_coordinates(mesh: &mut Mesh) {
    let size = mesh.positions.as_flattened().iter().fold(0.0, |most: f64, c| most.max(c.abs()));
    if size == 0.0 || !size.is_finite() {
        return;
    }
    // A power of two, so that what is on the grid stays as it is.
    let step = 2.0_f64.powi(size.log2().ceil() as i32 - DIGITS).max(f64::MIN_POSITIVE);
    for coordinate in mesh.positions.as_flattened_mut() {
        *coordinate = (*coordinate / step).round() * step;
    }
}

/// Whether so many triangles cross others that mending would take too long.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(crate) fn is_tangled(mesh: &Mesh, token: &CancelToken) -> Result<bool, KernelError> {
    let corners = |index: usize| mesh.triangles[index].map(|v| mesh.positions[v as usize]);
    let boxes: Vec<Bounds> = (0..mesh.triangles.len())
        .map(|index| {
            let [a, b, c] = corners(index);
            let mut bounds = Bounds { min: a, max: a };
            bounds.include(b);
            bounds.include(c);
            bounds
        })
        .collect();
    let mut by_left: Vec<usize> = (0..boxes.len()).collect();
    by_left.sort_by(|a, b| boxes[*a].min[0].total_cmp(&boxes[*b].min[0]));
    // Triangles that a plane crosses as it moves along X.
    let mut crossed: Vec<usize> = Vec::new();
    let (mut compared, mut crossings) = (0, 0);
    for next in by_left {
        token.check()?;
        crossed.retain(|other| boxes[*other].max[0] >= boxes[next].min[0]);
        compared += crossed.len();
        for other in &crossed {
            let overlap = (1..3).all(|axis| {
                boxes[*other].min[axis] <= boxes[next].max[axis]
                    && boxes[next].min[axis] <= boxes[*other].max[axis]
            });
            let apart = |a: usize, b: usize| {
                let [p, q, r] = corners(a);
                let sides = corners(b).map(|point| side_of_plane(p, q, r, point));
                sides == [Side::Above; 3] || sides == [Side::Below; 3]
            };
            let neighbours =
                mesh.triangles[next].iter().any(|v| mesh.triangles[*other].contains(v));
            let cross = overlap && !neighbours && !apart(next, *other) && !apart(*other, next);
            crossings += usize::from(cross);
        }
        if crossings > MOST_CROSSINGS || compared > MOST_COMPARED {
            return Ok(true);
        }
        crossed.push(next);
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::cube;

    /// Blades through the middle of each other.
    fn blades(count: u32) -> Mesh {
        let mut mesh = Mesh::default();
        for i in 0..count {
            let mut blade = cube([9.0, 9.0, 0.01], true);
            let (x, z) = (f64::from(i % 7) * 0.1, f64::from(i) * 0.001);
            blade.positions.iter_mut().for_each(|p| *p = [p[0] + x, p[1] + z, p[2] + z * p[0]]);
            mesh.append(&blade);
        }
        mesh
    }

    #[test]
    fn only_much_crossing_is_too_much() {
        let token = CancelToken::new();
        assert_eq!(is_tangled(&Mesh::default(), &token), Ok(false));
        assert_eq!(is_tangled(&blades(2), &token), Ok(false));
        assert_eq!(is_tangled(&blades(60), &token), Ok(true));
        token.cancel();
        assert_eq!(is_tangled(&blades(2), &token), Err(KernelError::Cancelled));
    }

    #[test]
    fn rounding_takes_only_what_does_not_matter() {
        let mut mesh = cube([1.0, 0.1, 1.0e-30], false);
        round_coordinates(&mut mesh);
        let high = mesh.bounds().unwrap().max;
        assert_eq!((high[0], high[2]), (1.0, 0.0));
        assert!((high[1] - 0.1).abs() < 1.0e-14);
        let mut single = cube([f64::from(0.1_f32), 3.0, 7.0], false);
        let before = single.clone();
        round_coordinates(&mut single);
        assert_eq!(single.positions, before.positions);
    }
}
