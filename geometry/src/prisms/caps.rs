//! Caps: the horizontal faces, from the sides of the borders around them.

use rayon::prelude::*;

use super::columns::Columns;
use super::combinations::Facing;
use super::lattice::{Site, cross, dot, from_to};
use crate::kernel::triangulate;
use crate::mesh::Paint;
use crate::region::Point;

/// One side of a border of a cap: the cap is on the left of the way between two sites.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rim {
    pub(super) height: u32,
    pub(super) facing: Facing,
    /// Index of the paint.
    pub(super) paint: usize,
    pub(super) way: [u32; 2],
}

/// The triangles of all caps.
pub(super) fn caps(
    mut rims: Vec<Rim>,
    paints: &[Paint],
    sites: &[Site],
    points: &[Point],
    columns: &Columns,
) -> Vec<([u32; 3], Paint)> {
    let key = |rim: &Rim| (rim.height, rim.facing, rim.paint);
    rims.sort_unstable_by_key(|rim| (key(rim), rim.way));
    let caps: Vec<&[Rim]> = rims.chunk_by(|a, b| key(a) == key(b)).collect();
    let of_cap = |rims: &[Rim]| -> Vec<([u32; 3], Paint)> {
        let Rim { height, facing, paint, .. } = rims[0];
        let loops = loops(rims, sites);
        let of_loop = |sites: &Vec<u32>| sites.iter().map(|site| points[*site as usize]).collect();
        let outlines: Vec<Vec<Point>> = loops.iter().map(of_loop).collect();
        let sites: Vec<u32> = loops.into_iter().flatten().collect();
        let corner = |corner: u32| columns.vertex(sites[corner as usize], height);
        let turned = |[a, b, c]: [u32; 3]| if facing == Facing::Up { [a, b, c] } else { [a, c, b] };
        let triangles = triangulate(&outlines).into_iter();
        triangles.map(|corners| (turned(corners).map(corner), paints[paint])).collect()
    };
    let of_caps: Vec<Vec<([u32; 3], Paint)>> = caps.into_par_iter().map(of_cap).collect();
    of_caps.concat()
}

/// The loops that the sides of borders around a cap form. Where several meet in a site, each goes on along its own side of
/// the cap, so that no two cross.
fn loops(rims: &[Rim], sites: &[Site]) -> Vec<Vec<u32>> {
    let mut is_used = vec![false; rims.len()];
    let mut loops = Vec::new();
    for start in 0..rims.len() {
        if is_used[start] {
            continue;
        }
        let mut own = Vec::new();
        let mut at = start;
        loop {
            is_used[at] = true;
            let [from, to] = rims[at].way;
            own.push(from);
            let first = rims.partition_point(|rim| rim.way[0] < to);
            let leaving =
                (first..).take_while(|next| rims.get(*next).is_some_and(|rim| rim.way[0] == to));
            let free = leaving.filter(|next| !is_used[*next] || *next == start);
            let back = from_to(sites[to as usize], sites[from as usize]);
            let away =
                |next: &usize| from_to(sites[to as usize], sites[rims[*next].way[1] as usize]);
            let next = free.min_by(|a, b| clockwise(back, away(a), away(b)));
            at = next.expect("as many ways leave a site as come there");
            if at == start {
                break;
            }
        }
        loops.push(own);
    }
    loops
}

/// The order of two directions, clockwise from a third.
fn clockwise(from: Site, a: Site, b: Site) -> std::cmp::Ordering {
    let half = |to: Site| match (cross(from, to), dot(from, to)) {
        (..0, _) => 0,
        (0, ..0) => 1,
        (1.., _) => 2,
        (0, _) => 3,
    };
    half(a).cmp(&half(b)).then_with(|| cross(a, b).cmp(&0))
}
