//! How finely `linear_extrude()` is cut: the number of layers, and points added to the outlines.
//!
//! The rules are OpenSCAD's: what is given as a number counts; else `$fn`; else `$fa` and `$fs`, of which the coarser
//! wins.

use std::collections::BinaryHeap;

use scadstream_csg::LinearExtrude;

use crate::linear_extrude::Shape;
use crate::region::{Point, Region};

/// Most layers, and most points of one outline. Picked by hand: a thousand full turns are as fine as one may wish.
const MOST: f64 = 100_000.0;

/// Claims of edges that differ by less than this part are level. OpenSCAD's value, measured.
const LEVEL: f64 = 1.0e-3;

/// Most vertices of one extrusion, so that a slip of the pen in `slices` does not take all memory. Picked by hand.
const MOST_VERTICES: usize = 1 << 26;

/// The number of layers, at least 1.
pub(crate) fn slices(region: &Region, shape: &Shape, parameters: &LinearExtrude) -> u32 {
    let most = (MOST_VERTICES / region.points().count().max(1)).max(1) as u32;
    wanted_slices(region, shape, parameters).min(most)
}

fn wanted_slices(region: &Region, shape: &Shape, parameters: &LinearExtrude) -> u32 {
    if let Some(slices) = parameters.slices {
        return f64::from(slices).clamp(1.0, MOST) as u32;
    }
    let straight = if shape.is_uniform() {
        1.0
    } else {
        let shift = region
            .points()
            .map(|[x, y]| (x * (shape.scale[0] - 1.0)).hypot(y * (shape.scale[1] - 1.0)));
        by_length(shift.fold(0.0, f64::max).hypot(height(parameters)), parameters)
    };
    if shape.turn_deg == 0.0 {
        return straight.clamp(1.0, MOST) as u32;
    }
    let radius = region.points().map(|[x, y]| x.hypot(y)).fold(0.0, f64::max);
    straight.max(twisted(radius, shape, parameters)).clamp(1.0, MOST) as u32
}

/// Layers for an edge of this length that is not straight.
fn by_length(length: f64, parameters: &LinearExtrude) -> f64 {
    let fn_ = parameters.fragments.fn_;
    if fn_ > 0.0 { fn_.ceil() } else { (length / finest(parameters.fragments.fs)).ceil() }
}

/// Layers for a turn, seen at `radius`.
fn twisted(radius: f64, shape: &Shape, parameters: &LinearExtrude) -> f64 {
    let turn_deg = shape.turn_deg.abs();
    // A third of a turn at most, or layers would cut through the axis.
    let least = (turn_deg / 120.0).ceil().max(1.0);
    let fragments = parameters.fragments;
    if fragments.fn_ > 0.0 {
        return (turn_deg / 360.0 * fragments.fn_).ceil().max(least);
    }
    let path = spiral(radius, turn_deg.to_radians(), shape).hypot(height(parameters));
    let by_angle = (turn_deg / finest(fragments.fa)).ceil();
    let by_length = (path / finest(fragments.fs)).ceil();
    by_angle.min(by_length).max(least)
}

/// How far a point at `radius` travels in the plane: an arc, or a piece of an Archimedean spiral under uniform scale.
///
/// The radius is that of the larger end, also where the top is larger and the point in truth goes farther: OpenSCAD
/// 2021 counts so, and so do we, to get its layers.
fn spiral(radius: f64, turn: f64, shape: &Shape) -> f64 {
    if !shape.is_uniform() || shape.scale[0] == 1.0 {
        return radius * turn;
    }
    let scale = shape.scale[0];
    let ratio = if scale > 1.0 { 1.0 / scale } else { scale };
    // r = pitch * angle, from the smaller end to the larger.
    let pitch = radius * (1.0 - ratio) / turn;
    let to = turn / (1.0 - ratio);
    let from = to - turn;
    let length = |angle: f64| pitch / 2.0 * (angle * angle.hypot(1.0) + angle.asinh());
    length(to) - length(from)
}

/// The outlines with points added where sides are not flat, so that they bend along their length too.
pub(crate) fn subdivided(
    region: &Region,
    shape: &Shape,
    slices: u32,
    parameters: &LinearExtrude,
) -> Vec<Vec<Point>> {
    let bends = shape.turn_deg != 0.0 || !shape.is_uniform();
    if !bends && parameters.segments.is_none() {
        return region.outlines().to_vec();
    }
    // Where that would make too many vertices the layers have to do.
    let most = (MOST_VERTICES / (slices as usize + 1) / region.outlines().len()) as f64;
    let most = most.min(MOST);
    let outlines = region.outlines().iter();
    outlines
        .map(|outline| {
            let lengths: Vec<f64> =
                edges(outline).map(|(a, b)| longest_on_the_way(a, b, shape, slices)).collect();
            let pieces = match parameters.segments {
                Some(segments) => up_to(&lengths, f64::from(segments).min(most)),
                None => pieces(&lengths, parameters, most),
            };
            cut(outline, &pieces)
        })
        .collect()
}

/// The length of an edge in the layer where it is longest.
fn longest_on_the_way(a: Point, b: Point, shape: &Shape, slices: u32) -> f64 {
    if shape.is_uniform() {
        return distance(a, b) * shape.scale[0].max(1.0);
    }
    let parts = (0..=slices).map(|slice| f64::from(slice) / f64::from(slices));
    parts.map(|part| distance(shape.at(part, a), shape.at(part, b))).fold(0.0, f64::max)
}

/// Pieces of each edge: as short as `$fs`, or as many in all as `$fn` or `$fa` ask for.
fn pieces(lengths: &[f64], parameters: &LinearExtrude, most: f64) -> Vec<u32> {
    let fragments = parameters.fragments;
    if fragments.fn_ > 0.0 {
        return up_to(lengths, fragments.fn_.ceil().min(most));
    }
    let by_length = |length: &f64| (length / finest(fragments.fs)).ceil().clamp(1.0, MOST);
    let by_angle = (360.0 / finest(fragments.fa)).ceil().min(most);
    if lengths.iter().map(by_length).sum::<f64>() > by_angle {
        return up_to(lengths, by_angle);
    }
    lengths.iter().map(|length| by_length(length) as u32).collect()
}

/// Pieces of each edge, no more than `wanted` in all: each edge has its share by length, rounded to the nearest.
///
/// Seats in a parliament are given out so (Sainte-Laguë): the next piece goes to the edge with the largest length over
/// pieces plus one half. Edges that are level get theirs together or not at all, so that symmetry is kept. This gives
/// OpenSCAD's own points.
fn up_to(lengths: &[f64], wanted: f64) -> Vec<u32> {
    let wanted = wanted as usize;
    let mut pieces = vec![1_u32; lengths.len()];
    // Positive numbers sort like their bits.
    let entry =
        |edge: usize, pieces: u32| ((lengths[edge] / (f64::from(pieces) + 0.5)).to_bits(), edge);
    let mut claims: BinaryHeap<_> = (0..lengths.len()).map(|edge| entry(edge, 1)).collect();
    let mut count = lengths.len();
    let mut group = Vec::new();
    loop {
        let Some(&(bits, _)) = claims.peek() else { return pieces };
        let level = f64::from_bits(bits) / (1.0 + LEVEL);
        while let Some(&(bits, edge)) = claims.peek()
            && f64::from_bits(bits) >= level
        {
            claims.pop();
            group.push(edge);
        }
        count += group.len();
        if count > wanted {
            return pieces;
        }
        for edge in group.drain(..) {
            pieces[edge] += 1;
            claims.push(entry(edge, pieces[edge]));
        }
    }
}

/// The outline with each edge in so many equal pieces.
fn cut(outline: &[Point], pieces: &[u32]) -> Vec<Point> {
    edges(outline).zip(pieces).flat_map(|((a, b), count)| along(a, b, *count)).collect()
}

/// `count` points from `a`, evenly on the way to `b`.
fn along(a: Point, b: Point, count: u32) -> impl Iterator<Item = Point> {
    (0..count).map(move |i| {
        let part = f64::from(i) / f64::from(count);
        [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part]
    })
}

fn edges(outline: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    outline.iter().copied().zip(outline.iter().copied().cycle().skip(1))
}

fn distance(a: Point, b: Point) -> f64 {
    (b[0] - a[0]).hypot(b[1] - a[1])
}

fn height(parameters: &LinearExtrude) -> f64 {
    parameters.sweep[2]
}

/// `$fa` or `$fs`, at least the 0.01 below which the evaluator warns.
fn finest(value: f64) -> f64 {
    value.max(0.01)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear_extrude::Shape;
    use crate::polygon::{polygon, square};
    use scadstream_csg::Fragments;

    fn extrude(twist: f64, scale: f64, fn_: f64, segments: Option<u32>) -> LinearExtrude {
        LinearExtrude {
            sweep: [0.0, 0.0, 20.0],
            center: false,
            twist,
            scale: [scale, scale],
            slices: None,
            segments,
            convexity: 1,
            fragments: Fragments { fn_, ..Fragments::default() },
        }
    }

    /// A rectangle whose farthest corner is about 5.02 from the axis.
    fn rectangle() -> Region {
        polygon(&[[1.0, -0.5], [5.0, -0.5], [5.0, 0.5], [1.0, 0.5]], None)
    }

    /// Expected numbers are those of OpenSCAD 2021.01 and of a snapshot of 2025.
    #[track_caller]
    fn check_slices(parameters: &LinearExtrude, expected: u32) {
        assert_eq!(slices(&rectangle(), &Shape::of(parameters), parameters), expected);
    }

    #[test]
    fn layers_follow_the_turn() {
        check_slices(&extrude(0.0, 1.0, 0.0, None), 1);
        check_slices(&extrude(30.0, 1.0, 0.0, None), 3);
        check_slices(&extrude(360.0, 1.0, 0.0, None), 19);
        check_slices(&extrude(-720.0, 1.0, 0.0, None), 34);
        check_slices(&extrude(360.0, 1.0, 20.0, None), 20);
        check_slices(&extrude(121.0, 1.0, 3.0, None), 2);
        check_slices(&extrude(1.0e12, 1.0, 0.0, None), 100_000);
    }

    #[test]
    fn scaled_turns_are_spirals() {
        check_slices(&extrude(360.0, 0.5, 0.0, None), 16);
        check_slices(&extrude(360.0, 3.0, 0.0, None), 15);
        check_slices(&extrude(360.0, 0.0, 0.0, None), 14);
    }

    #[test]
    fn sides_that_bend_by_scale_alone_have_layers() {
        let stretched = LinearExtrude { scale: [2.0, 0.5], ..extrude(0.0, 1.0, 0.0, None) };
        check_slices(&stretched, 11);
        check_slices(&LinearExtrude { slices: Some(0), ..stretched }, 1);
    }

    /// Pieces of the two kinds of edge of a rectangle, as OpenSCAD cuts them.
    #[track_caller]
    fn check_cuts(size: [f64; 2], segments: u32, expected: [usize; 2]) {
        let parameters = extrude(30.0, 1.0, 0.0, Some(segments));
        let shape = Shape::of(&parameters);
        let outlines = subdivided(&square(size, false), &shape, 1, &parameters);
        let on_edge = |axis: usize| outlines[0].iter().filter(|p| p[axis] == 0.0).count() - 1;
        assert_eq!([on_edge(1), on_edge(0)], expected);
    }

    #[test]
    fn points_go_where_edges_are_longest() {
        check_cuts([4.0, 2.0], 0, [1, 1]);
        check_cuts([4.0, 2.0], 6, [2, 1]);
        check_cuts([4.0, 2.0], 8, [3, 1]);
        check_cuts([4.0, 2.0], 10, [3, 2]);
        check_cuts([4.0, 2.01], 8, [3, 1]);
        check_cuts([4.0, 1.0], 42, [17, 4]);
        check_cuts([6.0, 2.0], 12, [4, 1]); // Both kinds are level, and not all four fit.
        check_cuts([6.0, 2.0], 14, [5, 2]);
    }

    #[test]
    fn equal_edges_are_cut_together_or_not_at_all() {
        check_cuts([10.0, 10.0], 7, [1, 1]);
        check_cuts([10.0, 10.0], 11, [2, 2]);
        check_cuts([10.0, 10.009], 5, [1, 1]);
    }

    #[test]
    fn vertices_stay_within_bounds() {
        let parameters =
            LinearExtrude { slices: Some(u32::MAX), ..extrude(1.0e9, 1.0, 0.0, Some(u32::MAX)) };
        let shape = Shape::of(&parameters);
        let count = slices(&rectangle(), &shape, &parameters);
        let outlines = subdivided(&rectangle(), &shape, count, &parameters);
        assert!((count as usize + 1) * outlines[0].len() <= MOST_VERTICES);
    }
}
