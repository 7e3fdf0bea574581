//! `minkowski()` in the plane.
//!
//! The sum of two regions is everything that their boundaries sweep over, and with it one copy of each region for every
//! part of the other: if a point of the sum is not swept over, the other region, moved there, lies within one part
//! without touching its boundary, and so does any single point of it.

use crate::clip::{self, Fill};
use crate::region::{Point, Region, signed_area};

/// The sum of the regions, folded left to right. Empty ones are skipped, as OpenSCAD does.
pub fn minkowski(regions: &[Region]) -> Region {
    let mut filled = regions.iter().filter(|region| !region.is_empty());
    let Some(first) = filled.next() else { return Region::default() };
    filled.fold(first.clone(), |sum, region| sum_of(&sum, region))
}

fn sum_of(a: &Region, b: &Region) -> Region {
    if let ([one], [other]) = (a.outlines(), b.outlines())
        && is_convex(one)
        && is_convex(other)
    {
        return clip::fill(&[convex_sum(one, other)], Fill::NonZero);
    }
    let mut pieces = Vec::new();
    for one in a.outlines() {
        copies(&mut pieces, b, one[0]);
        for other in b.outlines() {
            sweep(&mut pieces, one, other);
        }
    }
    // A hole's copy adds nothing here, but its outer outline's does: parts are what outer outlines begin.
    for part in b.outlines().iter().filter(|outline| signed_area(outline) > 0.0) {
        copies(&mut pieces, a, part[0]);
    }
    clip::fill(&pieces, Fill::NonZero)
}

/// Adds `region` moved by `shift`. It is wound once inside and nowhere negatively, so pieces add up.
fn copies(pieces: &mut Vec<Vec<Point>>, region: &Region, shift: Point) {
    pieces.extend(
        region.outlines().iter().map(|outline| outline.iter().map(|p| add(*p, shift)).collect()),
    );
}

/// Adds the parallelogram that each edge of one outline sweeps along each edge of the other, counter-clockwise.
fn sweep(pieces: &mut Vec<Vec<Point>>, one: &[Point], other: &[Point]) {
    for (a, b) in edges(one) {
        for (c, d) in edges(other) {
            let mut quad = vec![add(a, c), add(b, c), add(b, d), add(a, d)];
            match signed_area(&quad) {
                area if area > 0.0 => pieces.push(quad),
                area if area < 0.0 => {
                    quad.reverse();
                    pieces.push(quad);
                }
                _ => {}
            }
        }
    }
}

/// The sum of two convex outlines: their edges, merged by direction.
fn convex_sum(a: &[Point], b: &[Point]) -> Vec<Point> {
    let (a, b) = (from_lowest(a), from_lowest(b));
    let (mut i, mut j) = (0, 0);
    let mut sum = Vec::with_capacity(a.len() + b.len());
    while i < a.len() || j < b.len() {
        let (from_a, from_b) = (a[i % a.len()], b[j % b.len()]);
        sum.push(add(from_a, from_b));
        let along_a = subtract(a[(i + 1) % a.len()], from_a);
        let along_b = subtract(b[(j + 1) % b.len()], from_b);
        let turn = along_a[0] * along_b[1] - along_a[1] * along_b[0];
        // Both are walked once around; where one is done the other goes on alone.
        let take_a = i < a.len() && (turn >= 0.0 || j == b.len());
        let take_b = j < b.len() && (turn <= 0.0 || i == a.len());
        i += usize::from(take_a);
        j += usize::from(take_b);
    }
    sum
}

/// The outline begun at its lowest point, the leftmost of several.
fn from_lowest(outline: &[Point]) -> Vec<Point> {
    let key = |i: &usize| (outline[*i][1], outline[*i][0]);
    let lowest = (0..outline.len())
        .min_by(|i, j| key(i).0.total_cmp(&key(j).0).then(key(i).1.total_cmp(&key(j).1)))
        .unwrap_or(0);
    let mut turned = outline.to_vec();
    turned.rotate_left(lowest);
    turned
}

/// Whether an outline turns left at every corner, and once around in all.
fn is_convex(outline: &[Point]) -> bool {
    let steps: Vec<Point> = edges(outline).map(|(a, b)| subtract(b, a)).collect();
    let mut turns = 0;
    for (i, step) in steps.iter().enumerate() {
        let next = steps[(i + 1) % steps.len()];
        if step[0] * next[1] - step[1] * next[0] <= 0.0 {
            return false;
        }
        // The direction passes from pointing down to pointing up, or level to the right, once a turn.
        let (up, next_up) = (points_up(*step), points_up(next));
        turns += usize::from(!up && next_up);
    }
    turns == 1
}

fn points_up(step: Point) -> bool {
    step[1] > 0.0 || (step[1] == 0.0 && step[0] > 0.0)
}

fn edges(outline: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    let next = outline.iter().cycle().skip(1);
    outline.iter().copied().zip(next.copied())
}

fn add(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1]]
}

fn subtract(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{difference, union};
    use crate::polygon::{circle, square};
    use scadstream_csg::Fragments;

    fn octagon(r: f64) -> Region {
        circle(r, Fragments { fn_: 8.0, ..Fragments::default() })
    }

    fn moved(region: Region, x: f64, y: f64) -> Region {
        region.transformed(&[
            [1.0, 0.0, 0.0, x],
            [0.0, 1.0, 0.0, y],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
        ])
    }

    fn frame(outer: f64, inner: f64) -> Region {
        difference(&square([outer, outer], true), &[square([inner, inner], true)])
    }

    #[track_caller]
    fn check(regions: &[Region], outlines: usize, area: f64) {
        let sum = minkowski(regions);
        assert_eq!(sum.outlines().len(), outlines, "{sum:?}");
        assert!((sum.area() - area).abs() < 1.0e-6, "area {}, not {area}", sum.area());
    }

    #[test]
    fn convex_sums_add_edges() {
        check(&[square([2.0, 3.0], false), square([1.0, 1.0], true)], 1, 12.0);
        let area = 16.0 + 4.0 * 4.0 * 1.0 + octagon(1.0).area();
        check(&[square([4.0, 4.0], false), octagon(1.0)], 1, area);
        assert_eq!(minkowski(&[octagon(1.0), octagon(2.0)]).points().count(), 8);
    }

    #[test]
    fn holes_shrink_and_close() {
        check(&[frame(10.0, 6.0), square([2.0, 2.0], true)], 2, 144.0 - 16.0);
        check(&[frame(10.0, 6.0), square([7.0, 7.0], true)], 1, 289.0);
        check(&[square([2.0, 2.0], true), frame(10.0, 6.0)], 2, 144.0 - 16.0);
    }

    #[test]
    fn every_part_of_either_counts() {
        let two = union(&[square([1.0, 1.0], false), moved(square([1.0, 1.0], false), 10.0, 0.0)]);
        check(&[two.clone(), square([1.0, 1.0], false)], 2, 8.0);
        check(&[square([1.0, 1.0], false), two.clone()], 2, 8.0);
        check(&[two.clone(), moved(two, 0.0, 5.0)], 3, 12.0);
        // The square is far smaller than the ring's hole, and away from its boundary.
        check(&[frame(40.0, 30.0), moved(square([1.0, 1.0], true), 100.0, 0.0)], 2, 1681.0 - 841.0);
    }

    #[test]
    fn both_with_holes() {
        // The thin frame's copies do not fill the wide frame's hole.
        check(&[frame(40.0, 30.0), frame(4.0, 2.0)], 2, 44.0 * 44.0 - 26.0 * 26.0);
        check(&[frame(4.0, 2.0), frame(4.0, 2.0)], 1, 64.0);
    }

    #[test]
    fn empty_operands_are_skipped() {
        check(&[], 0, 0.0);
        check(&[Region::default(), square([2.0, 3.0], false), Region::default()], 1, 6.0);
    }
}
