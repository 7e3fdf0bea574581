//! Cuts faces of more than three corners into triangles.
//!
//! A face should be flat but need not be. Then the cut decides the shape, and OpenSCAD's is the Delaunay one in the
//! plane of the face: of two ways to cut a quadrangle it takes the one with the fatter triangles.

use std::collections::HashMap;

use crate::kernel::triangulate;
use crate::measure::{cross, dot, sub};

/// Triangles that fill a ring of vertices, wound as the ring is.
pub(crate) fn fill_ring(points: &[[f64; 3]], ring: &[u32]) -> Vec<[u32; 3]> {
    match *ring {
        [] | [_] | [_, _] => return Vec::new(),
        [a, b, c] => return vec![[a, b, c]],
        _ => {}
    }
    let corners: Vec<[f64; 3]> = ring.iter().map(|i| points[*i as usize]).collect();
    let normal = newell_normal(&corners);
    let flat = drop_axis(&corners, normal);
    let mut triangles = triangulate(std::slice::from_ref(&flat));
    make_delaunay(&mut triangles, &flat, &in_plane(&corners, normal));
    triangles.into_iter().map(|t| t.map(|corner| ring[corner as usize])).collect()
}

/// The ring seen along its normal, so that it runs counter-clockwise: the coordinate that the normal is largest in is
/// dropped, which keeps the others exact.
fn drop_axis(corners: &[[f64; 3]], normal: [f64; 3]) -> Vec<[f64; 2]> {
    let largest =
        (1..3).fold(0, |best, k| if normal[k].abs() > normal[best].abs() { k } else { best });
    let (mut u, mut v) = ((largest + 1) % 3, (largest + 2) % 3);
    if normal[largest] < 0.0 {
        std::mem::swap(&mut u, &mut v);
    }
    corners.iter().map(|p| [p[u], p[v]]).collect()
}

/// The ring projected onto its plane without distortion.
fn in_plane(corners: &[[f64; 3]], normal: [f64; 3]) -> Vec<[f64; 2]> {
    let unit = |v: [f64; 3]| {
        let length = dot(v, v).sqrt();
        v.map(|c| c / length)
    };
    let normal = unit(normal);
    // The axis that the normal leans on least is far from parallel to it.
    let least = (1..3).fold(0, |k, j| if normal[j].abs() < normal[k].abs() { j } else { k });
    let mut axis = [0.0; 3];
    axis[least] = 1.0;
    let u = unit(cross(axis, normal));
    let v = cross(normal, u);
    corners.iter().map(|p| [dot(*p, u), dot(*p, v)]).collect()
}

/// Newell's normal of a ring that need not be flat: twice its area, counter-clockwise seen from its tip.
fn newell_normal(corners: &[[f64; 3]]) -> [f64; 3] {
    let origin = corners[0];
    corners[1..].windows(2).fold([0.0; 3], |sum, pair| {
        let n = cross(sub(pair[0], origin), sub(pair[1], origin));
        [sum[0] + n[0], sum[1] + n[1], sum[2] + n[2]]
    })
}

/// Flips inner edges until no triangle's circle holds the corner across (Lawson). `flat` decides what may be flipped,
/// `metric` what should be.
fn make_delaunay(triangles: &mut [[u32; 3]], flat: &[[f64; 2]], metric: &[[f64; 2]]) {
    // Each flip makes the smallest angle larger, so this ends; the limit is for rounding.
    for _ in 0..triangles.len() {
        let mut flipped = false;
        let mut open: HashMap<(u32, u32), (usize, usize)> = HashMap::new();
        for first in 0..triangles.len() {
            for corner in 0..3 {
                let (a, b) = (triangles[first][corner], triangles[first][(corner + 1) % 3]);
                let Some((second, other)) = open.remove(&(b, a)) else {
                    open.insert((a, b), (first, corner));
                    continue;
                };
                let (c, d) =
                    (triangles[first][(corner + 2) % 3], triangles[second][(other + 2) % 3]);
                if triangles[second][other] != b || triangles[second][(other + 1) % 3] != a {
                    // That triangle was flipped since; the next round sees it as it is now.
                    continue;
                }
                let turns =
                    |p: u32, q: u32, r: u32| turn([p, q, r].map(|i| flat[i as usize])) > 0.0;
                let better = in_circle([a, b, c, d].map(|i| metric[i as usize]));
                if better && turns(c, d, b) && turns(d, c, a) {
                    triangles[first] = [c, d, b];
                    triangles[second] = [d, c, a];
                    flipped = true;
                    break;
                }
            }
        }
        if !flipped {
            return;
        }
    }
}

/// Twice the signed area of a triangle.
fn turn([a, b, c]: [[f64; 2]; 3]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Whether `d` lies clearly inside the circle through the counter-clockwise `a`, `b`, `c`.
fn in_circle([a, b, c, d]: [[f64; 2]; 4]) -> bool {
    let [a, b, c] = [a, b, c].map(|p| [p[0] - d[0], p[1] - d[1]]);
    let square = |p: [f64; 2]| p[0] * p[0] + p[1] * p[1];
    let minors = [
        square(a) * (b[0] * c[1] - b[1] * c[0]),
        square(b) * (c[0] * a[1] - c[1] * a[0]),
        square(c) * (a[0] * b[1] - a[1] * b[0]),
    ];
    // Four corners of a rectangle are on one circle: rounding must not decide about them.
    let rounding = 1e-12 * minors.iter().map(|minor| minor.abs()).sum::<f64>();
    minors.iter().sum::<f64>() > rounding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bent_quadrangle_is_cut_along_the_better_diagonal() {
        // A slanted lozenge, one corner lifted: the short diagonal is 1 to 3.
        let points = [[0.0, 0.0, 0.0], [2.0, 1.0, 0.0], [4.0, 0.0, 0.5], [2.0, -1.0, 0.0]];
        let triangles = fill_ring(&points, &[0, 3, 2, 1]);
        assert_eq!(triangles.len(), 2);
        assert!(triangles.iter().all(|t| t.contains(&1) && t.contains(&3)), "{triangles:?}");
    }

    #[test]
    fn a_notched_face_keeps_its_notch() {
        let points =
            [[0.0, 0.0, 1.0], [9.0, 0.0, 1.0], [9.0, 9.0, 1.0], [4.5, 0.1, 1.0], [0.0, 9.0, 1.0]];
        let triangles = fill_ring(&points, &[0, 1, 2, 3, 4]);
        let area: f64 = triangles
            .iter()
            .map(|t| turn(t.map(|i| [points[i as usize][0], points[i as usize][1]])) / 2.0)
            .sum();
        assert_eq!(triangles.len(), 3);
        assert!((area - (81.0 - 0.5 * 9.0 * 8.9)).abs() < 1e-12, "{area}");
    }

    #[test]
    fn many_corners_of_a_circle_are_all_used_once() {
        let points: Vec<[f64; 3]> =
            crate::polygon::ring(5.0, 40).into_iter().map(|[x, y]| [x, y, x + y]).collect();
        let ring: Vec<u32> = (0..40).collect();
        assert_eq!(fill_ring(&points, &ring).len(), 38);
    }
}
