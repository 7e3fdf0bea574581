//! Booleans of regions, and regions of arbitrary outlines, by Clipper2 on OpenSCAD's integer grid.
//!
//! Results are clean in the sense of [`region`](crate::region). Neighbouring points that lie on one line, or closer to
//! it than about one grid unit, are dropped, as OpenSCAD does.

use clipper2_rust::clipper::simplify_path;
use clipper2_rust::core::{FillRule, Paths64};
use clipper2_rust::engine::ClipType;
use clipper2_rust::engine_public::Clipper64;

use crate::apart;
use crate::grid::Grid;
use crate::region::{Point, Region, signed_area};

/// How far, in grid units, a point may lie off the line of its neighbours and still be dropped. OpenSCAD's value.
const SIMPLIFY_TOLERANCE: f64 = 1.14;

/// Which points arbitrary outlines hold inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Those that an odd number of outlines go around: the rule of `polygon()`.
    EvenOdd,
    /// Those that are gone around at all, counting counter-clockwise up and clockwise down.
    NonZero,
}

/// The region that arbitrary outlines hold: crossing, touching, of either winding, of any length.
pub fn fill(outlines: &[Vec<Point>], rule: Fill) -> Region {
    let mut grid = Grid::covering(outlines.iter().flatten().copied());
    let subject = outlines.iter().map(|outline| grid.path(outline)).collect();
    let rule = match rule {
        Fill::EvenOdd => FillRule::EvenOdd,
        Fill::NonZero => FillRule::NonZero,
    };
    finish(&grid, run(ClipType::Union, rule, &subject, &Paths64::new()))
}

/// Everything that is in any of the regions. A piece that no other comes near stays as it is.
///
/// Clipping takes time by the number of edges that lie beside each other, so what is apart is clipped apart: a line of
/// ten thousand letters took minutes.
pub fn union(regions: &[Region]) -> Region {
    let mut outlines = Vec::new();
    for near in apart::groups(regions) {
        if let [one] = &near[..] {
            outlines.extend_from_slice(one.outlines());
            continue;
        }
        let mut grid = Grid::covering(near.iter().flat_map(|region| region.points()));
        let subject = near.iter().flat_map(|region| to_paths(&mut grid, region)).collect();
        let united = run(ClipType::Union, FillRule::NonZero, &subject, &Paths64::new());
        outlines.extend_from_slice(finish(&grid, united).outlines());
    }
    Region::from_clean(outlines)
}

/// What is in the first region and in none of the others.
pub fn difference(first: &Region, others: &[Region]) -> Region {
    if first.is_empty() || others.iter().all(Region::is_empty) {
        return first.clone();
    }
    let points = first.points().chain(others.iter().flat_map(Region::points));
    let mut grid = Grid::covering(points);
    let subject = to_paths(&mut grid, first);
    let clip = others.iter().flat_map(|region| to_paths(&mut grid, region)).collect();
    finish(&grid, run(ClipType::Difference, FillRule::NonZero, &subject, &clip))
}

/// What is in every one of the regions; of none, nothing.
pub fn intersection(regions: &[Region]) -> Region {
    let Some((first, others)) = regions.split_first() else { return Region::default() };
    if others.is_empty() {
        return first.clone();
    }
    let mut grid = Grid::covering(regions.iter().flat_map(Region::points));
    let mut common = to_paths(&mut grid, first);
    for region in others {
        let clip = to_paths(&mut grid, region);
        common = run(ClipType::Intersection, FillRule::NonZero, &common, &clip);
    }
    finish(&grid, common)
}

/// A region on the grid.
pub(crate) fn to_paths(grid: &mut Grid, region: &Region) -> Paths64 {
    region.outlines().iter().map(|outline| grid.path(outline)).collect()
}

/// The region of clean outlines on the grid.
pub(crate) fn finish(grid: &Grid, paths: Paths64) -> Region {
    let simplified: Paths64 =
        paths.iter().map(|path| simplify_path(path, SIMPLIFY_TOLERANCE, true)).collect();
    let mut outlines = grid.outlines(&simplified);
    outlines.retain(|outline| outline.len() >= 3 && signed_area(outline) != 0.0);
    Region::from_clean(outlines)
}

fn run(operation: ClipType, rule: FillRule, subject: &Paths64, clip: &Paths64) -> Paths64 {
    let mut clipper = Clipper64::new();
    clipper.set_preserve_collinear(false);
    clipper.add_subject(subject);
    clipper.add_clip(clip);
    let mut solution = Paths64::new();
    clipper.execute(operation, rule, &mut solution, None);
    solution
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, size: f64) -> Region {
        Region::from_clean(vec![vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size]]])
    }

    /// Outlines, holes and area.
    #[track_caller]
    fn check(region: &Region, outlines: usize, holes: usize, area: f64) {
        let clockwise = region.outlines().iter().filter(|o| signed_area(o) < 0.0).count();
        assert_eq!((region.outlines().len(), clockwise), (outlines, holes), "{region:?}");
        assert!((region.area() - area).abs() <= 1.0e-7, "area {}, not {area}", region.area());
    }

    #[test]
    fn booleans_of_two_squares() {
        let (a, b) = (square(0.0, 0.0, 2.0), square(1.0, 1.0, 2.0));
        check(&union(&[a.clone(), b.clone()]), 1, 0, 7.0);
        check(&intersection(&[a.clone(), b.clone()]), 1, 0, 1.0);
        check(&difference(&a, &[b]), 1, 0, 3.0);
        check(&difference(&a, &[square(0.5, 0.5, 1.0)]), 2, 1, 3.0);
        check(&difference(&a, &[square(0.5, 0.5, 0.5), square(1.25, 1.25, 0.5)]), 3, 2, 3.5);
    }

    #[test]
    fn what_is_apart_stays_as_it_is() {
        let apart = [square(5.0, 0.0, 1.0), square(0.0, 0.0, 2.0), square(0.0, 3.0, 1.0)];
        let united = union(&apart);
        let outlines: Vec<_> = apart.iter().flat_map(|region| region.outlines().to_vec()).collect();
        assert_eq!(united.outlines(), outlines);
        // One that reaches over two joins them, in a set with both.
        let over = [&apart[..], &[square(1.0, 0.5, 5.0)]].concat();
        check(&union(&over), 1, 0, 25.0 + 1.0 + 4.0 + 1.0 - 1.5 - 0.5);
    }

    #[test]
    fn empty_operands() {
        let (full, empty) = (square(0.0, 0.0, 2.0), Region::default());
        check(&union(&[]), 0, 0, 0.0);
        check(&union(&[empty.clone(), full.clone(), empty.clone()]), 1, 0, 4.0);
        check(&intersection(&[]), 0, 0, 0.0);
        check(&intersection(&[full.clone(), empty.clone()]), 0, 0, 0.0);
        check(&difference(&empty, std::slice::from_ref(&full)), 0, 0, 0.0);
        check(&difference(&full, &[empty]), 1, 0, 4.0);
    }

    #[test]
    fn shared_edges_vanish_and_keep_their_bits() {
        let joined = union(&[square(0.1, 0.1, 0.2), square(0.1 + 0.2, 0.1, 0.2)]);
        check(&joined, 1, 0, 0.08);
        assert_eq!(joined.outlines()[0].len(), 4);
        assert_eq!(joined.bounds(), Some([[0.1, 0.1], [0.1 + 0.2 + 0.2, 0.1 + 0.2]]));
    }

    #[test]
    fn squares_touching_at_a_corner_stay_two() {
        check(&union(&[square(0.0, 0.0, 1.0), square(1.0, 1.0, 1.0)]), 2, 0, 2.0);
    }

    #[test]
    fn fill_rules_differ_where_outlines_overlap() {
        let ring = |size: f64| vec![[-size, -size], [size, -size], [size, size], [-size, size]];
        check(&fill(&[ring(2.0), ring(1.0)], Fill::EvenOdd), 2, 1, 12.0);
        check(&fill(&[ring(2.0), ring(1.0)], Fill::NonZero), 1, 0, 16.0);
        let mut clockwise = ring(1.0);
        clockwise.reverse();
        check(&fill(&[clockwise.clone()], Fill::NonZero), 1, 0, 4.0);
        check(&fill(&[ring(2.0), clockwise], Fill::NonZero), 2, 1, 12.0);
    }

    #[test]
    fn broken_outlines_give_a_defined_region() {
        let even_odd = |outline: &[Point]| fill(&[outline.to_vec()], Fill::EvenOdd);
        check(&even_odd(&[]), 0, 0, 0.0);
        check(&even_odd(&[[0.0, 0.0], [1.0, 1.0]]), 0, 0, 0.0);
        check(&even_odd(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), 0, 0, 0.0);
        check(&even_odd(&[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]]), 2, 0, 2.0);
        let nan = [f64::NAN, 0.0];
        check(&even_odd(&[[0.0, 0.0], [2.0, 0.0], nan, [2.0, 2.0], [0.0, 2.0]]), 1, 0, 4.0);
        let doubled = [[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        check(&even_odd(&doubled), 1, 0, 4.0);
        let huge = even_odd(&[[0.0, 0.0], [1.0e150, 0.0], [1.0e150, 1.0e150]]);
        assert!((huge.area() / 5.0e299 - 1.0).abs() < 1.0e-9);
    }
}
