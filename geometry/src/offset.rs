//! `offset()`: outlines moved outwards or inwards; and lines drawn with a width.

use clipper2_rust::core::Paths64;
use clipper2_rust::offset::{ClipperOffset, EndType, JoinType};
use scadstream_csg::{Fragments, OffsetDelta, degrees};

use crate::clip::{finish, to_paths};
use crate::fragments::segments;
use crate::grid::{Grid, reach};
use crate::region::{Point, Region};

/// How many times the distance a sharp corner may reach out: no limit in practice. OpenSCAD's value.
const MITER_LIMIT: f64 = 1.0e6;

/// Widens the tolerance of arcs by less than rounding can take away, so that a quarter of 32 steps is 8 and not 9.
const WHOLE_STEPS: f64 = 1.0 + 1.0e-9;

/// The region grown by `delta`, or shrunk where it is negative; parts narrower than twice the distance then vanish.
///
/// Round corners have as many steps to the circle as a circle of that radius. A distance that is not finite counts as 0.
pub fn offset(region: &Region, delta: OffsetDelta, fragments: Fragments) -> Region {
    let (distance, join, arc_steps) = match delta {
        OffsetDelta::Round(r) => (r, JoinType::Round, segments(r.abs(), fragments, 360.0)),
        OffsetDelta::Straight { delta, chamfer: true } => (delta, JoinType::Square, 0),
        OffsetDelta::Straight { delta, chamfer: false } => (delta, JoinType::Miter, 0),
    };
    if region.is_empty() || !distance.is_finite() || distance == 0.0 {
        return region.clone();
    }
    if let Some([low, high]) = region.bounds()
        && (high[0] - low[0]).min(high[1] - low[1]) <= -2.0 * distance
    {
        return Region::default(); // No point is this far inside, and the grid need not reach that far out.
    }
    let spikes = if join == JoinType::Miter { MITER_LIMIT } else { 2.0 };
    let mut grid = Grid::new(reach(region.points()) + distance.abs() * spikes);
    let distance = distance * grid.scale();
    let arc_tolerance = match arc_steps {
        0 => 0.0,
        steps => distance.abs() * (1.0 - degrees::cos(180.0 / f64::from(steps))) * WHOLE_STEPS,
    };
    let mut clipper = ClipperOffset::new(MITER_LIMIT, arc_tolerance, false, false);
    clipper.add_paths(&to_paths(&mut grid, region), join, EndType::Polygon);
    let mut paths = Paths64::new();
    clipper.execute(distance, &mut paths);
    finish(&grid, paths)
}

/// How a line of some width ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// At its last point.
    Butt,
    /// Half of the width further.
    Square,
    /// In half a circle.
    Round,
}

/// How a line of some width turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// In a point, or cut off where that is farther than twice the width away.
    Miter,
    /// Cut off.
    Bevel,
    /// Around a circle.
    Round,
}

/// How far a turn may reach, as a multiple of half the width, before it is cut off. OpenSCAD's number, whatever the
/// drawing says; SVG's own is 4.
const STROKE_MITER_LIMIT: f64 = 2.0;

/// Steps to the circle of round ends and turns of lines. OpenSCAD's number.
const STROKE_STEPS: f64 = 50.0;

/// The area of lines drawn with a width.
pub fn stroke(lines: &[Vec<Point>], width: f64, cap: Cap, join: Join) -> Region {
    if lines.is_empty() || !width.is_finite() || width <= 0.0 {
        return Region::default();
    }
    // A line without length is not seen, whatever its ends.
    let lines: Vec<_> = lines.iter().filter(|line| line.iter().any(|p| *p != line[0])).collect();
    let points = lines.iter().copied().flatten().copied();
    let mut grid = Grid::new(reach(points) + width * STROKE_MITER_LIMIT);
    let distance = width / 2.0 * grid.scale();
    let arc_tolerance = distance * (1.0 - degrees::cos(180.0 / STROKE_STEPS)) * WHOLE_STEPS;
    let join = match join {
        Join::Miter => JoinType::Miter,
        // OpenSCAD cuts off as far out as the line is wide, not from corner to corner.
        Join::Bevel => JoinType::Square,
        Join::Round => JoinType::Round,
    };
    let end = match cap {
        Cap::Butt => EndType::Butt,
        Cap::Square => EndType::Square,
        Cap::Round => EndType::Round,
    };
    let mut clipper = ClipperOffset::new(STROKE_MITER_LIMIT, arc_tolerance, false, false);
    let paths: Paths64 = lines.iter().map(|line| grid.path(line)).collect();
    clipper.add_paths(&paths, join, end);
    let mut paths = Paths64::new();
    clipper.execute(distance, &mut paths);
    finish(&grid, paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{difference, fill};
    use crate::polygon::{circle, square};
    use crate::region::Point;

    fn with_fn(fn_: f64) -> Fragments {
        Fragments { fn_, ..Fragments::default() }
    }

    #[track_caller]
    fn check(region: &Region, delta: OffsetDelta, fn_: f64, area: f64) {
        let moved = offset(region, delta, with_fn(fn_));
        assert!((moved.area() - area).abs() < 1.0e-6, "area {}, not {area}", moved.area());
    }

    const fn straight(delta: f64, chamfer: bool) -> OffsetDelta {
        OffsetDelta::Straight { delta, chamfer }
    }

    #[test]
    fn round_corners_make_up_one_circle() {
        let ten = square([10.0, 10.0], false);
        let circle_area = |fn_| circle(5.0, with_fn(fn_)).area();
        check(&ten, OffsetDelta::Round(5.0), 32.0, 100.0 + 4.0 * 50.0 + circle_area(32.0));
        check(&ten, OffsetDelta::Round(5.0), 100.0, 100.0 + 4.0 * 50.0 + circle_area(100.0));
        check(&ten, OffsetDelta::Round(-2.0), 32.0, 36.0);
        check(&ten, OffsetDelta::Round(-5.0), 32.0, 0.0);
    }

    #[test]
    fn straight_corners_are_sharp_or_cut_off() {
        let ten = square([10.0, 10.0], true);
        check(&ten, straight(3.0, false), 0.0, 256.0);
        check(&ten, straight(-3.0, false), 0.0, 16.0);
        // Each corner loses the triangle beyond the line at distance 3 from it.
        let lost = (3.0 * 2.0_f64.sqrt() - 3.0).powi(2);
        check(&ten, straight(3.0, true), 0.0, 256.0 - 4.0 * lost);
        check(&ten, straight(-3.0, true), 0.0, 16.0);
    }

    #[test]
    fn holes_shrink_as_the_outside_grows() {
        let frame = difference(&square([10.0, 10.0], true), &[square([4.0, 4.0], true)]);
        check(&frame, straight(1.0, false), 0.0, 144.0 - 4.0);
        check(&frame, straight(2.0, false), 0.0, 196.0);
        check(&frame, straight(-1.0, false), 0.0, 64.0 - 36.0);
        check(&frame, straight(-1.6, false), 0.0, 0.0);
    }

    #[test]
    fn needles_reach_as_far_as_they_are_sharp() {
        let needle: Vec<Point> = vec![[0.0, 0.0], [1000.0, 0.0], [0.0, 1.0]];
        let region = fill(&[needle], crate::clip::Fill::EvenOdd);
        let [_, high] = offset(&region, straight(1.0, false), with_fn(0.0)).bounds().unwrap();
        assert!((high[0] - 3000.0).abs() < 1.0, "{high:?}");
    }

    #[test]
    fn odd_distances_have_a_result() {
        let ten = square([10.0, 10.0], false);
        for distance in [0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            check(&ten, OffsetDelta::Round(distance), 8.0, 100.0);
            check(&ten, straight(distance, true), 8.0, 100.0);
        }
        let huge = offset(&ten, straight(1.0e12, false), with_fn(0.0));
        assert!((huge.area() / 4.0e24 - 1.0).abs() < 1.0e-9);
        assert!(offset(&ten, straight(-1.0e12, false), with_fn(0.0)).is_empty());
        assert!(offset(&Region::default(), straight(1.0, false), with_fn(0.0)).is_empty());
    }
}
