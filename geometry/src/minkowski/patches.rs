//! Cuts the surface of a body into convex patches, so that fewer and larger hulls make its sum.
//!
//! A patch may stand for its triangles if their hull lies inside the body: then nothing is added to the sum and
//! nothing is missing. A flat patch must *be* its hull, a convex polygon. Any other must lie below the plane of each of
//! its triangles, so that the hull is on the inner side, and no other triangle may reach into the hull. Where the exact
//! tests are in doubt, smaller patches are tried, down to single triangles: doubt costs time, never shape.

use std::collections::VecDeque;
use std::sync::Arc;

use super::surface::Surface;
use crate::kernel::{CancelToken, KernelError, Side, Solid, side_of_plane};
use crate::measure::{cross, sub};
use crate::mesh::Bounds;

/// Most triangles in a patch: testing one against all others of its patch must stay cheap. Picked by hand.
const LARGEST_PATCH: usize = 32;

/// How much larger the outline of a flat patch may be than its triangles together: rounding.
const AREA_ROUNDING: f64 = 1e-12;

/// The vertices of each patch.
pub(super) fn patches(
    body: &Surface,
    token: &CancelToken,
) -> Result<Vec<Arc<[[f64; 3]]>>, KernelError> {
    let mut taken = vec![false; body.triangles.len()];
    let mut patches = Vec::new();
    for seed in 0..body.triangles.len() as u32 {
        if taken[seed as usize] {
            continue;
        }
        token.check()?;
        let mut limit = LARGEST_PATCH;
        let patch = loop {
            let patch = Patch::grow(body, seed, limit, &taken);
            if patch.triangles.len() == 1 || patch.is_sound(body, token) {
                break patch;
            }
            limit = (limit / 2).min(patch.triangles.len() - 1);
        };
        patch.triangles.iter().for_each(|triangle| taken[*triangle as usize] = true);
        patches.push(patch.vertices.iter().map(|v| body.points[*v as usize]).collect());
    }
    Ok(patches)
}

/// Connected triangles, none of which has a vertex of the patch above its plane.
struct Patch {
    triangles: Vec<u32>,
    vertices: Vec<u32>,
}

impl Patch {
    /// Grows from `seed`, breadth first.
    fn grow(body: &Surface, seed: u32, limit: usize, taken: &[bool]) -> Self {
        let mut patch = Patch { triangles: Vec::new(), vertices: Vec::new() };
        patch.add(body, seed);
        let mut front = VecDeque::from([seed]);
        while let Some(triangle) = front.pop_front() {
            for next in body.across[triangle as usize] {
                if patch.triangles.len() == limit {
                    return patch;
                }
                let free = taken.get(next as usize) == Some(&false);
                if free && !patch.triangles.contains(&next) && patch.admits(body, next) {
                    patch.add(body, next);
                    front.push_back(next);
                }
            }
        }
        patch
    }

    fn add(&mut self, body: &Surface, triangle: u32) {
        self.triangles.push(triangle);
        for vertex in body.triangles[triangle as usize] {
            if !self.vertices.contains(&vertex) {
                self.vertices.push(vertex);
            }
        }
    }

    /// Whether all would still lie below, or in, the plane of each triangle with `candidate` among them.
    fn admits(&self, body: &Surface, candidate: u32) -> bool {
        let above = |triangle: u32, vertex: u32| {
            let [a, b, c] = body.corners(triangle);
            side_of_plane(a, b, c, body.points[vertex as usize]) == Side::Above
        };
        let corners = body.triangles[candidate as usize];
        !self.triangles.iter().any(|t| corners.iter().any(|vertex| above(*t, *vertex)))
            && !self.vertices.iter().any(|vertex| above(candidate, *vertex))
    }

    /// Whether the hull of the patch lies inside the body.
    fn is_sound(&self, body: &Surface, token: &CancelToken) -> bool {
        let plane = body.corners(self.triangles[0]);
        let in_plane = |vertex: &u32| {
            side_of_plane(plane[0], plane[1], plane[2], body.points[*vertex as usize]) == Side::On
        };
        if self.vertices.iter().all(in_plane) {
            self.is_polygon(body)
        } else {
            self.is_clear(body, token)
        }
    }

    /// Whether a flat patch is convex: as large as the convex outline of its vertices.
    fn is_polygon(&self, body: &Surface) -> bool {
        let normal = |t: &u32| {
            let [a, b, c] = body.corners(*t);
            cross(sub(b, a), sub(c, a))
        };
        let total = self.triangles.iter().map(normal).fold([0.0; 3], add);
        let axis = (1..3).fold(0, |k, j| if total[j].abs() > total[k].abs() { j } else { k });
        let flat = self.vertices.iter().map(|vertex| {
            let point = body.points[*vertex as usize];
            [point[(axis + 1) % 3], point[(axis + 2) % 3]]
        });
        let outline = crate::hull2d::hull(flat);
        2.0 * outline.area() <= total[axis].abs() * (1.0 + AREA_ROUNDING)
    }

    /// Whether no other triangle of the body reaches into the hull.
    fn is_clear(&self, body: &Surface, token: &CancelToken) -> bool {
        // A triangle with the whole patch in its plane has no inner side to be sure of.
        let bent = self.triangles.iter().all(|triangle| {
            let [a, b, c] = body.corners(*triangle);
            self.vertices
                .iter()
                .any(|v| side_of_plane(a, b, c, body.points[*v as usize]) == Side::Below)
        });
        if !bent {
            return false;
        }
        let points: Vec<[f64; 3]> =
            self.vertices.iter().map(|v| body.points[*v as usize]).collect();
        let Ok(Some(hull)) = Solid::hull(points.clone(), token) else { return false };
        let corners: Vec<[f64; 3]> = hull.positions();
        let faces: Vec<[[f64; 3]; 3]> = hull
            .triangles()
            .into_iter()
            .map(|t| t.map(|vertex| corners[vertex as usize]))
            .collect();
        // The hull is computed with rounding: only faces that prove to have all points below them say anything.
        let supports = |[a, b, c]: &[[f64; 3]; 3]| {
            let sides = points.iter().map(|point| side_of_plane(*a, *b, *c, *point));
            sides.clone().all(|side| side != Side::Above) && { sides }
                .any(|side| side == Side::Below)
        };
        if !faces.iter().all(supports) {
            return false;
        }
        let Some(bounds) = bounds_of(&points) else { return false };
        let mut clear = true;
        body.solid.triangles_near(&bounds, &mut |triangle| {
            clear = clear
                && (self.triangles.contains(&triangle)
                    || misses(body.corners(triangle), &faces, &points));
        });
        clear
    }
}

/// Whether one plane shows that a triangle does not reach into the hull of `points`.
fn misses(triangle: [[f64; 3]; 3], faces: &[[[f64; 3]; 3]], points: &[[f64; 3]]) -> bool {
    let [a, b, c] = triangle;
    let sides = points.iter().map(|point| side_of_plane(a, b, c, *point));
    let (mut above, mut below) = (false, false);
    for side in sides {
        above |= side == Side::Above;
        below |= side == Side::Below;
    }
    // All on one side of the triangle's own plane; a triangle without area has all points in it and shows nothing.
    above != below
        || faces.iter().any(|[a, b, c]| {
            triangle.iter().all(|corner| side_of_plane(*a, *b, *c, *corner) != Side::Below)
        })
}

fn bounds_of(points: &[[f64; 3]]) -> Option<Bounds> {
    let first = *points.first()?;
    let mut bounds = Bounds { min: first, max: first };
    points.iter().for_each(|point| bounds.include(*point));
    Some(bounds)
}

fn add(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}
