//! Triangles that fill outlines, by the sweep that fills caps.

use rustc_hash::FxHashMap;

use super::lattice::{Site, cross, dot, from_to, scale, turn};
use super::noding::{cuts, longer_axis};
use super::triangulation::triangulated;
use crate::grid::reach;
use crate::kernel::CancelToken;
use crate::region::Point;

/// Triangles that fill outlines, as indices of their points counted through all outlines in order. Outer outlines run
/// counter-clockwise, holes clockwise; outer ones may touch in their points. Triangles are counter-clockwise.
///
/// None if the outlines touch otherwise, cross, or are not what they should be: it is found out on whole numbers.
pub(crate) fn filled(outlines: &[Vec<Point>]) -> Option<Vec<[u32; 3]>> {
    let points = || outlines.iter().flatten();
    if points().flatten().any(|coordinate| !coordinate.is_finite()) {
        return None;
    }
    let scale = scale(reach(points().copied()));
    let on_lattice = |point: &Point| point.map(|coordinate| (coordinate * scale).round() as i64);
    let mut of_points: Vec<Site> = points().map(on_lattice).collect();
    if longer_axis(of_points.iter()) == 1 {
        // The sweep goes along X: a quarter turn, so that fewer sides stand above each other.
        of_points.iter_mut().for_each(|[x, y]| (*x, *y) = (*y, -*x));
    }
    let mut sites = of_points.clone();
    sites.sort_unstable();
    sites.dedup();

    let corners = corners(outlines, &of_points, &sites);
    let ways: Vec<[u32; 2]> = corners.iter().map(|corner| [corner.site, corner.next]).collect();
    if !meet_in_ends_alone(&ways, &sites) {
        return None;
    }
    let triangles = triangulated(&ways, &sites)?;
    let origin = sites.first().copied().unwrap_or_default();
    let at = |site: u32| sites[site as usize];
    let of_outlines: i128 = ways.iter().map(|[a, b]| turn(origin, at(*a), at(*b))).sum();
    let of_triangles: i128 = triangles.iter().map(|[a, b, c]| turn(at(*a), at(*b), at(*c))).sum();
    if of_outlines != of_triangles {
        return None;
    }
    Corners::new(&corners, &sites).named(triangles)
}

/// A point of an outline.
struct Corner {
    site: u32,
    previous: u32,
    next: u32,
}

/// The corners in the order of their points, by the places of their sites.
fn corners(outlines: &[Vec<Point>], of_points: &[Site], sites: &[Site]) -> Vec<Corner> {
    let place = |index: usize| {
        sites.binary_search(&of_points[index]).expect("each point has its site") as u32
    };
    let mut corners = Vec::with_capacity(of_points.len());
    let mut start = 0;
    for outline in outlines {
        let length = outline.len();
        corners.extend((0..length).map(|k| Corner {
            site: place(start + k),
            previous: place(start + (k + length - 1) % length),
            next: place(start + (k + 1) % length),
        }));
        start += length;
    }
    corners
}

/// Whether ways between sites have nothing in common but their ends, and none is there twice.
fn meet_in_ends_alone(ways: &[[u32; 2]], sites: &[Site]) -> bool {
    let segment = |[a, b]: &[u32; 2]| [*a.min(b), *a.max(b)].map(|site| sites[site as usize]);
    let mut segments: Vec<[Site; 2]> = ways.iter().map(segment).collect();
    segments.sort_unstable();
    let are_segments = segments.iter().all(|[from, to]| from != to);
    let are_apart = segments.array_windows().all(|[a, b]| a != b);
    let all = vec![true; segments.len()];
    let cuts = || cuts(&segments, &all, &CancelToken::new());
    are_segments && are_apart && cuts().is_ok_and(|cuts| cuts.is_some_and(|cuts| cuts.is_empty()))
}

/// Finds the point that a triangle has at a site. Where outlines touch there are several, of which one should have the
/// triangle between its edges. Around a hole that touches, triangles would be between those of two.
struct Corners<'a> {
    all: &'a [Corner],
    sites: &'a [Site],
    only: Vec<u32>,
    shared: FxHashMap<u32, Vec<u32>>,
}

impl<'a> Corners<'a> {
    fn new(all: &'a [Corner], sites: &'a [Site]) -> Self {
        let mut only = vec![u32::MAX; sites.len()];
        let mut shared: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (index, corner) in (0..).zip(all) {
            let place = &mut only[corner.site as usize];
            if *place == u32::MAX {
                *place = index;
            } else {
                shared.entry(corner.site).or_insert_with(|| vec![*place]).push(index);
            }
        }
        Self { all, sites, only, shared }
    }

    /// Triangles between sites as such between points.
    fn named(&self, triangles: Vec<[u32; 3]>) -> Option<Vec<[u32; 3]>> {
        let named = |[a, b, c]: [u32; 3]| {
            Some([self.point(a, b, c)?, self.point(b, c, a)?, self.point(c, a, b)?])
        };
        triangles.into_iter().map(named).collect()
    }

    /// The point at `site` of the triangle whose other corners are `next` and `last`.
    fn point(&self, site: u32, next: u32, last: u32) -> Option<u32> {
        let Some(shared) = self.shared.get(&site) else { return Some(self.only[site as usize]) };
        let to = |other: u32| from_to(self.sites[site as usize], self.sites[other as usize]);
        let holds = |index: &&u32| {
            let corner = &self.all[**index as usize];
            let (first, end) = (to(corner.next), to(corner.previous));
            turns_within(first, to(next), end) && turns_within(first, to(last), end)
        };
        let mut holding = shared.iter().filter(holds);
        holding.next().filter(|_| holding.next().is_none()).copied()
    }
}

/// Whether a direction lies between two others, these included, counter-clockwise from `first` to `end`.
fn turns_within(first: Site, direction: Site, end: Site) -> bool {
    let is_left = |a: Site, b: Site| cross(a, b) >= 0;
    if cross(first, end) > 0 || (cross(first, end) == 0 && dot(first, end) > 0) {
        is_left(first, direction) && is_left(direction, end)
    } else {
        is_left(first, direction) || is_left(direction, end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::clip::{Fill, fill};
    use crate::region::signed_area;

    /// Every edge of an outline has one triangle on its left, every other edge has one on each side, and all of it is filled.
    #[track_caller]
    fn check(outlines: &[Vec<Point>]) {
        let triangles = filled(outlines).expect("clean outlines can be filled");
        let points: Vec<Point> = outlines.concat();
        let mut edges: FxHashMap<[u32; 2], i32> = FxHashMap::default();
        let mut start = 0;
        for outline in outlines {
            let length = outline.len() as u32;
            for k in 0..length {
                *edges.entry([start + (k + 1) % length, start + k]).or_default() += 1;
            }
            start += length;
        }
        let mut area = 0.0;
        for corners in triangles {
            let [a, b, c] = corners;
            let own = corners.map(|corner| points[corner as usize]).to_vec();
            assert!(signed_area(&own) > 0.0);
            area += signed_area(&own);
            for edge in [[a, b], [b, c], [c, a]] {
                *edges.entry(edge).or_default() += 1;
            }
        }
        for ([a, b], count) in &edges {
            assert_eq!((*count, edges.get(&[*b, *a])), (1, Some(&1)), "{a} {b}");
        }
        let expected: f64 = outlines.iter().map(|outline| signed_area(outline)).sum();
        assert!((area - expected).abs() <= 1e-9 * expected, "{area}, expected {expected}");
    }

    fn square(x: f64, y: f64, size: f64) -> Vec<Point> {
        vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size]]
    }

    fn hole(x: f64, y: f64, size: f64) -> Vec<Point> {
        let mut outline = square(x, y, size);
        outline.reverse();
        outline
    }

    #[test]
    fn outlines_with_holes_and_islands_are_filled() {
        check(&[square(0.0, 0.0, 9.0)]);
        check(&[square(0.0, 0.0, 9.0), hole(1.0, 1.0, 7.0), square(2.0, 2.0, 5.0)]);
        check(&[square(0.0, 0.0, 9.0), square(10.0, 0.0, 1.0), hole(1.0, 1.0, 1.0)]);
    }

    #[test]
    fn outlines_that_touch_in_points_keep_their_own() {
        check(&[square(0.0, 0.0, 1.0), square(1.0, 1.0, 1.0)]);
        check(&[square(0.0, 0.0, 1.0), square(1.0, 1.0, 1.0), square(0.0, 2.0, 1.0)]);
        check(&[
            square(0.0, 0.0, 9.0),
            hole(1.0, 1.0, 7.0),
            square(2.0, 2.0, 2.0),
            square(4.0, 4.0, 2.0),
        ]);
    }

    #[test]
    fn other_outlines_are_refused() {
        let refused = |outlines: &[Vec<Point>]| assert_eq!(filled(outlines), None);
        // A hole touches.
        refused(&[square(0.0, 0.0, 9.0), hole(1.0, 1.0, 2.0), hole(3.0, 3.0, 2.0)]);
        refused(&[square(0.0, 0.0, 9.0), vec![[0.0, 0.0], [1.0, 3.0], [3.0, 1.0]]]);
        // They run the wrong way, all or one of them.
        refused(&[hole(0.0, 0.0, 1.0)]);
        refused(&[square(0.0, 0.0, 9.0), square(2.0, 2.0, 2.0)]);
        refused(&[square(0.0, 0.0, 9.0), square(2.0, 2.0, 2.0), hole(20.0, 2.0, 2.0)]);
        let lobes =
            vec![[0.0, 0.0], [4.0, -4.0], [4.0, 4.0], [0.0, 0.0], [-1.0, 1.0], [-1.0, -1.0]];
        refused(std::slice::from_ref(&lobes));
        refused(&[[&lobes[..4], &[[-1.0, -1.0], [-1.0, 1.0]]].concat()]);
        refused(&[vec![], vec![[1.0, 1.0]], vec![[0.0, 0.0], [2.0, 0.0]]]);
        // They cross, share a side, or touch a side.
        refused(&[square(0.0, 0.0, 2.0), square(1.0, 1.0, 2.0)]);
        refused(&[square(0.0, 0.0, 2.0), square(2.0, 0.0, 2.0)]);
        refused(&[square(0.0, 0.0, 2.0), square(2.0, 0.5, 1.0)]);
        refused(&[vec![[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]]]);
        refused(&[vec![[0.0, 0.0], [1.0, 0.0], [f64::NAN, 1.0]]]);
        refused(&[vec![[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]]);
    }

    proptest! {
        #[test]
        fn clean_regions_are_filled(corners in vec([0.0..9.0, 0.0..9.0], 3..120)) {
            // Triangles of one winding touch nowhere but where they cross, as letters do.
            let triangles = corners.as_chunks::<3>().0.iter().map(|[a, b, c]| {
                let triangle = vec![*a, *b, *c];
                if signed_area(&triangle) > 0.0 { triangle } else { vec![*a, *c, *b] }
            });
            let outlines: Vec<Vec<Point>> = triangles.collect();
            check(fill(&outlines, Fill::NonZero).outlines());
        }

        #[test]
        fn regions_that_touch_are_filled_or_refused(
            around in vec(vec((0_i8..20, 0_i8..20), 3..9), 1..12)
        ) {
            let at = |(x, y): (i8, i8)| [f64::from(x), f64::from(y)];
            let outline = |corners: Vec<(i8, i8)>| corners.into_iter().map(at).collect();
            let outlines: Vec<Vec<Point>> = around.into_iter().map(outline).collect();
            let region = fill(&outlines, Fill::EvenOdd);
            if filled(region.outlines()).is_some() {
                check(region.outlines());
            }
        }
    }
}
