//! Roofs against closed forms.

use super::*;
use crate::clip::{difference, union};
use crate::measure::measure;
use crate::polygon::{circle, polygon, square};
use crate::testing::close;

fn fine(fn_: f64) -> Fragments {
    Fragments { fn_, ..Fragments::default() }
}

/// Closed, of this volume and height (relative 1e-6), and over the whole region.
#[track_caller]
fn check(region: &Region, method: RoofMethod, fn_: f64, volume: f64, height: f64) {
    let mesh = roof(region, method, fine(fn_), &CancelToken::new()).unwrap();
    let m = measure(&mesh);
    assert!(m.closed);
    assert!(close(m.volume, volume, 1e-6), "volume {}, expected {volume}", m.volume);
    let bounds = m.bounds.unwrap();
    assert!(close(bounds.max[2], height, 1e-6), "height {}, expected {height}", bounds.max[2]);
    assert_eq!(bounds.min[2], 0.0);
}

#[track_caller]
fn check_both(region: &Region, volume: f64, height: f64) {
    check(region, RoofMethod::Straight, 0.0, volume, height);
    check(region, RoofMethod::Voronoi, 64.0, volume, height);
}

fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Region {
    polygon(&[[x, y], [x + width, y], [x + width, y + height], [x, y + height]], None)
}

#[test]
fn squares_and_rectangles() {
    check_both(&square([6.0, 6.0], true), 36.0, 3.0);
    // A ridge of length 4 between two half pyramids.
    check_both(&rectangle(0.0, 0.0, 10.0, 6.0), 36.0 + 4.0 * 9.0, 3.0);
    check_both(&rectangle(-1.0, 5.0, 0.5, 100.0), 0.5_f64.powi(3) / 6.0 + 99.5 / 16.0, 0.25);
}

#[test]
fn regular_polygons_become_pyramids() {
    for sides in [3.0, 5.0, 8.0, 64.0, 301.0] {
        let region = circle(10.0, fine(sides));
        let apothem = 10.0 * degrees::cos(180.0 / sides);
        check_both(&region, region.area() * apothem / 3.0, apothem);
    }
}

/// An L of two arms of width 2: a ridge of height 1 above a centre line of length 10, mitred at the bend. Each end has
/// half a pyramid of base 2 by 1 in place of as much of the ridge.
#[test]
fn around_an_inward_corner_the_methods_differ() {
    let region = union(&[rectangle(0.0, 0.0, 6.0, 2.0), rectangle(0.0, 0.0, 2.0, 6.0)]);
    let straight = roof(&region, RoofMethod::Straight, fine(0.0), &CancelToken::new()).unwrap();
    let m = measure(&straight);
    assert!(m.closed);
    let expected = 10.0 - 2.0 / 3.0;
    assert!(close(m.volume, expected, 1e-6), "{}, expected {expected}", m.volume);
    let round = roof(&region, RoofMethod::Voronoi, fine(200.0), &CancelToken::new()).unwrap();
    let r = measure(&round);
    // A mitred corner runs ahead of a rounded one, so that the straight roof is lower there.
    assert!(r.closed && r.volume > m.volume && r.volume < 1.02 * m.volume, "{}", r.volume);
}

/// Over a ring the height is the distance to the nearer circle.
#[test]
fn a_hole_has_a_roof_around_it() {
    let ring = difference(&circle(10.0, fine(128.0)), &[circle(4.0, fine(128.0))]);
    let exact = 2.0 * std::f64::consts::PI * 7.0 * 9.0;
    for method in [RoofMethod::Straight, RoofMethod::Voronoi] {
        let m = measure(&roof(&ring, method, fine(128.0), &CancelToken::new()).unwrap());
        assert!(m.closed && m.genus == 1);
        assert!((m.volume / exact - 1.0).abs() < 5e-3, "{}, expected {exact}", m.volume);
    }
}

/// The height is the distance to the outline: compared at a grid of points through the volume below a finer roof.
#[test]
fn voronoi_is_the_distance_to_the_outline() {
    let region = difference(
        &square([20.0, 20.0], true),
        &[rectangle(-6.0, -6.0, 5.0, 3.0), rectangle(2.0, 1.0, 3.0, 5.0)],
    );
    let sides: Vec<(Point, Point)> = region
        .outlines()
        .iter()
        .flat_map(|o| (0..o.len()).map(|i| (o[i], o[(i + 1) % o.len()])))
        .collect();
    let distance = |p: Point| {
        let to = |(a, b): &(Point, Point)| {
            let (d, e) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
            let along = (d[0] * e[0] + d[1] * e[1]) / (d[0] * d[0] + d[1] * d[1]);
            let t = along.clamp(0.0, 1.0);
            (e[0] - t * d[0]).hypot(e[1] - t * d[1])
        };
        sides.iter().map(to).fold(f64::INFINITY, f64::min)
    };
    let steps = 400;
    let step = 20.0 / f64::from(steps);
    let inside = |p: Point| {
        region.outlines().iter().filter(|outline| winds_around(outline, p)).count() % 2 == 1
    };
    let at = |i: i32| -10.0 + (f64::from(i) + 0.5) * step;
    let sampled: f64 = (0..steps * steps)
        .map(|i| [at(i % steps), at(i / steps)])
        .filter(|p| inside(*p))
        .map(|p| distance(p) * step * step)
        .sum();
    let m = measure(&roof(&region, RoofMethod::Voronoi, fine(90.0), &CancelToken::new()).unwrap());
    assert!(m.closed);
    assert!((m.volume / sampled - 1.0).abs() < 2e-3, "{}, sampled {sampled}", m.volume);
}

/// Outlines full of parallel edges and events at one time.
#[test]
fn regular_outlines_do_not_break_it() {
    let comb: Vec<Region> = (0..12)
        .map(|i| rectangle(f64::from(i) * 4.0, 0.0, 2.0, 10.0))
        .chain([rectangle(0.0, -2.0, 46.0, 2.0)])
        .collect();
    let cross = [rectangle(-6.0, -1.0, 12.0, 2.0), rectangle(-1.0, -6.0, 2.0, 12.0)];
    let grid: Vec<Region> = (0..25)
        .map(|i| rectangle(f64::from(i % 5) * 4.0 + 1.0, f64::from(i / 5) * 4.0 + 1.0, 2.0, 2.0))
        .collect();
    let star: Vec<Point> = (0..40)
        .map(|i| {
            let r = if i % 2 == 0 { 10.0 } else { 4.0 };
            [r * degrees::cos(9.0 * f64::from(i)), r * degrees::sin(9.0 * f64::from(i))]
        })
        .collect();
    let all = [
        union(&comb),
        union(&cross),
        difference(&square([20.0, 20.0], false), &grid),
        polygon(&star, None),
    ];
    for region in all {
        for method in [RoofMethod::Straight, RoofMethod::Voronoi] {
            let m = measure(&roof(&region, method, fine(24.0), &CancelToken::new()).unwrap());
            assert!(m.closed && m.volume > 0.0);
        }
    }
}

#[test]
fn nothing_has_no_roof_and_cancelling_stops_it() {
    let none = roof(&Region::default(), RoofMethod::Voronoi, fine(0.0), &CancelToken::new());
    assert!(none.unwrap().is_empty());
    let token = CancelToken::new();
    token.cancel();
    let region = circle(10.0, fine(3000.0));
    let stopped = roof(&region, RoofMethod::Straight, fine(0.0), &token);
    assert_eq!(stopped, Err(RoofError::Cancelled));
}
