//! `roof()`: a region under a roof that rises at 45 degrees from its outline.
//!
//! The height at a point is its distance to the outline (`voronoi`), or the time at which the outline, moved inwards in
//! parallel, gets there (`straight`, the straight skeleton). Both come from one simulation of that moving outline,
//! `skeleton`: around a corner that juts inwards the distance is to the corner itself, which is the same as a corner
//! rounded off by edges of no length, so `voronoi` puts such edges in, as many as `$fa`, `$fs` and `$fn` say.
//!
//! Each edge of the outline has one plane face above it, so the mesh is closed by construction.

mod skeleton;

use scadstream_csg::{Fragments, RoofMethod, degrees};

use self::skeleton::{Contour, Skeleton, Track, skeleton};
use crate::fragments::segments;
use crate::kernel::{CancelToken, KernelError, triangulate};
use crate::measure::volume;
use crate::mesh::Mesh;
use crate::region::{Point, Region, signed_area};

/// Why there is no roof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoofError {
    /// The token was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// No attempt at the skeleton held together.
    #[error("roof() cannot find the ridges of this outline")]
    NoSkeleton,
}

/// The solid under the roof.
///
/// # Errors
/// [`RoofError`]
pub fn roof(
    region: &Region,
    method: RoofMethod,
    fragments: Fragments,
    token: &CancelToken,
) -> Result<Mesh, RoofError> {
    let mut mesh = Mesh::default();
    for outlines in islands(region) {
        let contours: Vec<Contour> = match method {
            RoofMethod::Straight => outlines.iter().map(|outline| sharp(outline)).collect(),
            RoofMethod::Voronoi => {
                let around = segments(reach(&outlines), fragments, 360.0);
                outlines.iter().map(|outline| rounded(outline, around)).collect()
            }
        };
        let area = outlines.iter().map(|outline| signed_area(outline)).sum();
        let found = skeleton(&contours, area, reach(&outlines), &|| {
            token.check().map_err(|_: KernelError| ())
        });
        mesh.append(&solid(&outlines, &contours, &found?));
    }
    debug_assert!(mesh.is_empty() || volume(&mesh) > 0.0);
    Ok(mesh)
}

/// No roof is higher than half of the narrower side of the box around it.
fn reach(outlines: &[&Vec<Point>]) -> f64 {
    let side = |axis: usize| {
        let along = outlines.iter().flat_map(|outline| outline.iter()).map(|point| point[axis]);
        let (low, high) = along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
            (low.min(at), high.max(at))
        });
        high - low
    };
    side(0).min(side(1)) / 2.0
}

/// Each outer outline with its holes.
fn islands(region: &Region) -> Vec<Vec<&Vec<Point>>> {
    let (outer, holes): (Vec<_>, Vec<_>) =
        region.outlines().iter().partition(|outline| signed_area(outline) > 0.0);
    let mut islands: Vec<Vec<&Vec<Point>>> = outer.into_iter().map(|o| vec![o]).collect();
    // Smaller ones first: an island in a lake lies inside two outlines.
    islands.sort_by(|a, b| signed_area(a[0]).total_cmp(&signed_area(b[0])));
    for hole in holes {
        // Not a corner, which may touch the outline around it: the middle of the longest side.
        let inside = longest_side_middle(hole);
        if let Some(island) = islands.iter_mut().find(|island| winds_around(island[0], inside)) {
            island.push(hole);
        }
    }
    islands
}

fn longest_side_middle(outline: &[Point]) -> Point {
    let sides = (0..outline.len()).map(|i| (outline[i], outline[(i + 1) % outline.len()]));
    let length = |(a, b): &(Point, Point)| (a[0] - b[0]).hypot(a[1] - b[1]);
    let longest = sides.max_by(|a, b| length(a).total_cmp(&length(b)));
    let (a, b) = longest.expect("an outline has sides");
    [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0]
}

fn winds_around(outline: &[Point], [x, y]: Point) -> bool {
    let mut inside = false;
    for (i, a) in outline.iter().enumerate() {
        let b = outline[(i + 1) % outline.len()];
        if (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            inside = !inside;
        }
    }
    inside
}

/// An outline as it is: one edge from each point to the next.
fn sharp(outline: &[Point]) -> Contour {
    rounded(outline, 0)
}

/// An outline whose corners that jut inwards are rounded off by edges of no length, as many as a circle of `around`
/// pieces has in that angle.
fn rounded(outline: &[Point], around: u32) -> Contour {
    let count = outline.len();
    let direction = |i: usize| {
        let (a, b) = (outline[i % count], outline[(i + 1) % count]);
        [b[0] - a[0], b[1] - a[1]]
    };
    let mut tracks = Vec::new();
    for (i, corner) in outline.iter().enumerate() {
        let (before, after) = (direction(i + count - 1), direction(i));
        let turn = before[0] * after[1] - before[1] * after[0];
        if turn < 0.0 && around > 0 {
            let along = before[0] * after[0] + before[1] * after[1];
            let angle_deg = degrees::atan2(-turn, along);
            let start_deg = degrees::atan2(before[1], before[0]);
            let pieces = (angle_deg / 360.0 * f64::from(around)).ceil().max(2.0) as u32;
            for piece in 1..pieces {
                let at = start_deg - angle_deg * f64::from(piece) / f64::from(pieces);
                let direction = [degrees::cos(at), degrees::sin(at)];
                tracks.push(Track { from: *corner, direction, corner: i, rounding: true });
            }
        }
        tracks.push(Track { from: *corner, direction: after, corner: i, rounding: false });
    }
    Contour { tracks, corners: count }
}

/// Floor and faces. The first vertices are the corners of the outlines in order, then come the skeleton's nodes.
fn solid(outlines: &[&Vec<Point>], contours: &[Contour], skeleton: &Skeleton) -> Mesh {
    let outlines: Vec<Vec<Point>> = outlines.iter().map(|outline| (*outline).clone()).collect();
    debug_assert_eq!(outlines.len(), contours.len());
    let floor = triangulate(&outlines);
    let mut mesh = Mesh::new(
        skeleton.nodes.iter().map(|node| [node.at[0], node.at[1], node.height]).collect(),
        floor.into_iter().map(|[a, b, c]| [a, c, b]).collect(),
    );
    for face in &skeleton.faces {
        let outline = face.iter().map(|node| skeleton.nodes[*node as usize].at).collect();
        let triangles = triangulate(&[outline]);
        mesh.triangles.extend(triangles.iter().map(|t| t.map(|corner| face[corner as usize])));
    }
    mesh
}

#[cfg(test)]
mod tests;
