//! Walls and caps where what covers the plane differs.
//!
//! A vertex stands over a site at each height where a wall that comes there begins or ends, or the border of a cap goes
//! through. Walls on both sides of an upright edge so have the same vertices on it, and a cap those of the walls around it:
//! the surface is closed whatever was rounded.

use rustc_hash::FxHashMap;

use super::caps::{Rim, caps};
use super::columns::{Columns, zip};
use super::combinations::{Combination, Combinations, Facing};
use super::cover::Cover;
use super::lattice::Site;
use super::straighten::straightened;
use super::sweep::{Border, sorted_ends};
use crate::kernel::{CancelToken, KernelError};
use crate::mesh::{Mesh, Paint};
use crate::region::Point;

/// More walls than this are left to the kernel: a thousand slices of what has thirty thousand sides. Picked by hand.
const MOST_WALLS: usize = 1 << 20;

/// A wall from one height to another, by their indices; its inside is on the side of `facing`.
#[derive(Debug, Clone, Copy)]
struct Wall {
    heights: [u32; 2],
    facing: Facing,
    paint: Paint,
}

/// All that stands on borders between the same two combinations.
#[derive(Debug, Default)]
struct Between {
    walls: Vec<Wall>,
    /// The caps that border there, by height.
    caps: Vec<(u32, Sides)>,
}

/// The caps on the left and on the right of a border.
type Sides = [Option<(Facing, Paint)>; 2];

/// The surface between what is inside and what is outside; none if it has too many walls.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(super) fn surface(
    borders: Vec<Border>,
    combinations: &Combinations<'_>,
    cover: &Cover,
    token: &CancelToken,
) -> Result<Option<Mesh>, KernelError> {
    let borders = straightened(borders);
    let mut between: FxHashMap<[Combination; 2], Between> = FxHashMap::default();
    for Border { left, right, .. } in &borders {
        let of_pair = || Between::of(*left, *right, combinations, cover.heights.len());
        between.entry([*left, *right]).or_insert_with(of_pair);
    }
    let walls = |border: &Border| between[&[border.left, border.right]].walls.len();
    if borders.iter().map(walls).sum::<usize>() > MOST_WALLS {
        return Ok(None);
    }
    token.check()?;
    let sites = sorted_ends(&borders);
    let index = |site: Site| sites.binary_search(&site).expect("all ends are listed") as u32;
    let borders: Vec<([u32; 2], &Between)> = borders
        .iter()
        .map(|border| (border.ends.map(index), &between[&[border.left, border.right]]))
        .collect();
    let columns = Columns::of(sites.len(), borders.iter().map(|(ends, of)| (*ends, of.heights())));

    let points: Vec<Point> = sites.iter().map(|site| cover.point(*site)).collect();
    let place = |(site, height): (u32, u32)| {
        let [u, v] = points[site as usize];
        let mut position = [0.0; 3];
        position[(cover.axis + 1) % 3] = u;
        position[(cover.axis + 2) % 3] = v;
        position[cover.axis] = cover.heights[height as usize];
        position
    };
    let positions = columns.vertices().map(place).collect();

    let mut triangles: Vec<([u32; 3], Paint)> = Vec::new();
    let mut paints: Vec<Paint> = Vec::new();
    let mut rims: Vec<Rim> = Vec::new();
    for ([a, b], between) in &borders {
        for Wall { heights, facing, paint } in &between.walls {
            let way = if *facing == Facing::Up { [*a, *b] } else { [*b, *a] };
            let [from, to] = way.map(|site| columns.within(site, *heights));
            zip(from, to, |corners| triangles.push((corners, *paint)));
        }
        for (height, [left, right]) in &between.caps {
            let sides = [(*left, [*a, *b]), (*right, [*b, *a])];
            rims.extend(sides.into_iter().filter_map(|(cap, way)| {
                let (facing, paint) = cap?;
                let known = paints.iter().position(|known| *known == paint);
                let paint = known.unwrap_or_else(|| {
                    paints.push(paint);
                    paints.len() - 1
                });
                Some(Rim { height: *height, facing, paint, way })
            }));
        }
    }
    token.check()?;
    let Some(caps) = caps(rims, &paints, &sites, &columns, token)? else { return Ok(None) };
    triangles.extend(caps);
    Ok(Some(Mesh::of_painted(positions, triangles)))
}

impl Between {
    fn of(
        left: Combination,
        right: Combination,
        combinations: &Combinations<'_>,
        heights: usize,
    ) -> Self {
        let mut walls: Vec<Wall> = Vec::new();
        for (slab, facing, paint) in combinations.walls(left, right) {
            let [low, high] = [slab as u32, slab as u32 + 1];
            match walls.last_mut() {
                Some(last)
                    if last.heights[1] == low && last.facing == facing && last.paint == paint =>
                {
                    last.heights[1] = high;
                }
                _ => walls.push(Wall { heights: [low, high], facing, paint }),
            }
        }
        let caps = (0..heights).filter_map(|height| {
            let caps = [left, right].map(|side| combinations.cap(side, height));
            (caps[0] != caps[1]).then_some((height as u32, caps))
        });
        Self { walls, caps: caps.collect() }
    }

    /// The heights that have vertices at the ends of such a border.
    fn heights(&self) -> impl Iterator<Item = u32> + '_ {
        let of_walls = self.walls.iter().flat_map(|wall| wall.heights);
        of_walls.chain(self.caps.iter().map(|(height, _)| *height))
    }
}
