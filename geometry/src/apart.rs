//! What lies apart in the plane: the pieces of regions whose boxes do not touch. Each can be clipped and extruded by
//! itself, which takes less time than all at once, and an edit does it for the pieces that it changed.

use crate::mesh::Bounds;
use crate::region::{Point, Region};
use crate::touching::{clusters, exact_clusters};

/// The pieces of a region, in order of their first outlines; one where too many stand beside each other for that to be
/// worth finding out.
pub(crate) fn pieces(region: &Region) -> Vec<Region> {
    let outlines = region.outlines().iter();
    let boxes: Vec<Bounds> = outlines.map(|outline| around(outline.iter().copied())).collect();
    let of_outlines = |indices: Vec<usize>| {
        let outlines = indices.into_iter().map(|index| region.outlines()[index].clone());
        Region::from_clean(outlines.collect())
    };
    clusters(&boxes).into_iter().map(of_outlines).collect()
}

/// Groups of pieces of regions, in order of their first, such that boxes around pieces of different groups do not touch.
pub(crate) fn groups(regions: &[Region]) -> Vec<Vec<Region>> {
    let pieces: Vec<Region> = regions.iter().flat_map(pieces).collect();
    let found = clusters(&boxes(&pieces));
    if found.len() > 1 {
        return grouped(&pieces, found);
    }
    // With as many as there are pieces it may not have been worth it.
    let filled: Vec<Region> = regions.iter().filter(|region| !region.is_empty()).cloned().collect();
    let found = exact_clusters(&boxes(&filled));
    grouped(&filled, found)
}

fn grouped(regions: &[Region], groups: Vec<Vec<usize>>) -> Vec<Vec<Region>> {
    let of_group = |group: Vec<usize>| group.into_iter().map(|index| regions[index].clone());
    groups.into_iter().map(|group| of_group(group).collect()).collect()
}

fn boxes(regions: &[Region]) -> Vec<Bounds> {
    regions.iter().map(|region| around(region.points())).collect()
}

fn around(points: impl Iterator<Item = Point>) -> Bounds {
    let mut points = points.map(|[x, y]| [x, y, 0.0]);
    let first = points.next().expect("neither an outline nor a region here is empty");
    let mut bounds = Bounds { min: first, max: first };
    points.for_each(|point| bounds.include(point));
    bounds
}
