//! Cuts faces of more than three corners into triangles.
//!
//! A face should be flat but need not be. Then the cut decides the shape, and OpenSCAD's is the Delaunay one of the face
//! seen along one of the axes: of two ways to cut a quadrangle it takes the one whose triangles look fatter from there.
//! The axis was found by measuring 300 bent quadrangles: that which a triangle between the face's outermost corners is
//! turned to most.

use std::collections::HashMap;

use crate::kernel::triangulate;
use crate::measure::{cross, dot, sub};
use crate::region::signed_area;

/// Triangles that fill a ring of vertices, wound as the ring is.
pub(crate) fn fill_ring(points: &[[f64; 3]], ring: &[u32]) -> Vec<[u32; 3]> {
    match *ring {
        [] | [_] | [_, _] => return Vec::new(),
        [a, b, c] => return vec![[a, b, c]],
        _ => {}
    }
    let corners: Vec<[f64; 3]> = ring.iter().map(|i| points[*i as usize]).collect();
    let flat = drop_axis(&corners);
    let mut triangles = triangulate(std::slice::from_ref(&flat));
    make_delaunay(&mut triangles, &flat);
    triangles.into_iter().map(|t| t.map(|corner| ring[corner as usize])).collect()
}

/// The ring seen along an axis, so that it runs counter-clockwise. Dropping a coordinate keeps the others exact.
fn drop_axis(corners: &[[f64; 3]]) -> Vec<[f64; 2]> {
    let largest = longest(outer_normal(corners).map(f64::abs));
    let (mut u, mut v) = ((largest + 1) % 3, (largest + 2) % 3);
    let flat: Vec<[f64; 2]> = corners.iter().map(|p| [p[u], p[v]]).collect();
    if signed_area(&flat) >= 0.0 {
        return flat;
    }
    std::mem::swap(&mut u, &mut v);
    corners.iter().map(|p| [p[u], p[v]]).collect()
}

/// Normal of the triangle between the two corners that are farthest apart along an axis, of the axis where that is most,
/// and the corner that makes it largest.
fn outer_normal(corners: &[[f64; 3]]) -> [f64; 3] {
    let ends = [0, 1, 2].map(|axis| {
        let along = |a: &&[f64; 3], b: &&[f64; 3]| a[axis].total_cmp(&b[axis]);
        // Of equal corners the first counts; `max_by` takes the last.
        let low = corners.iter().min_by(along).expect("a ring has corners");
        let high = corners.iter().rev().max_by(along).expect("a ring has corners");
        (*low, *high)
    });
    let axis = longest([0, 1, 2].map(|axis| ends[axis].1[axis] - ends[axis].0[axis]));
    let (low, high) = ends[axis];
    let normals = corners.iter().map(|corner| cross(sub(low, high), sub(*corner, high)));
    normals.fold([0.0; 3], |best, n| if dot(n, n) > dot(best, best) { n } else { best })
}

/// The first of the axes with the largest number.
fn longest(along: [f64; 3]) -> usize {
    (1..3).fold(0, |best, k| if along[k] > along[best] { k } else { best })
}

/// Flips inner edges until no triangle's circle holds the corner across (Lawson).
fn make_delaunay(triangles: &mut [[u32; 3]], flat: &[[f64; 2]]) {
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
                let better = in_circle([a, b, c, d].map(|i| flat[i as usize]));
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
    fn strongly_bent_quadrangles_are_cut_as_openscad_does() {
        // Cut along 0 to 2, and along 1 to 3; in the plane that lies closest to its corners each would be the other way.
        let cases = [
            ([[-0.4, -0.8, 0.1], [0.7, 0.0, 0.7], [0.8, 0.6, -0.3], [-0.2, 0.1, -0.9]], 0),
            ([[-0.1, -0.7, 0.4], [0.8, -0.3, -0.5], [-0.1, 1.1, -0.6], [-0.7, 0.4, 0.9]], 1),
            ([[0.9, 0.4, 0.8], [0.1, -0.8, 0.1], [-0.5, -0.2, -0.8], [-0.5, 1.0, -0.2]], 0),
            ([[0.3, 0.4, 0.7], [0.7, 0.7, -0.3], [-0.4, -0.1, -1.2], [-0.7, -1.1, 0.5]], 1),
        ];
        for (points, from) in cases {
            let triangles = fill_ring(&points, &[0, 1, 2, 3]);
            let cut = triangles.iter().all(|t| t.contains(&from) && t.contains(&(from + 2)));
            assert!(cut && triangles.len() == 2, "{points:?}: {triangles:?}");
        }
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
