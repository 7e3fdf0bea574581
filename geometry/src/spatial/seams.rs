//! Where cells meet: finds edges that a neighbour does not have, and mends them.
//!
//! Two cells compute the same vertices in their common side, to the bit, but for two cases. Rarely a vertex differs by a
//! rounding step; both then take the smaller of the two. And where a cell meets smaller ones, these have more vertices
//! along the same line; the larger cell's triangle is split there. Both are functions of the patches alone, so a mended
//! model does not depend on the order in which cells were solved. What came of mending a patch is kept in the cache like
//! the patch itself: an edit mends only what it touches.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use scadstream_csg::ContentHasher;

use super::cells::CellPatch;
use super::patch::{Patch, Rim, TOLERANCE, bits};
use crate::cache::SolidCache;
use crate::mesh::Mesh;

/// What mending the seams of a model took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seams {
    /// Edges along seams.
    pub(super) edges: usize,
    /// Of those, edges that no neighbour had, before mending.
    pub(super) unmatched: usize,
    /// Patches with edges that no neighbour has after mending. The surface is closed if there are none.
    pub(super) open: Vec<usize>,
}

/// An edge of a rim that runs into nothing.
#[derive(Debug, Clone, Copy)]
struct Loose {
    patch: usize,
    edge: Rim,
    ends: [[f64; 3]; 2],
}

/// Mends the seams between patches in place.
pub(super) fn mend(patches: &mut [CellPatch], cache: &SolidCache) -> Seams {
    let edges = patches.iter().map(|cell| cell.patch.rim.len()).sum();
    let mut loose = loose_edges(patches);
    let unmatched = loose.len();
    if !loose.is_empty() {
        let tolerance = TOLERANCE * largest_coordinate(patches);
        if merge_vertices(patches, &loose, tolerance, cache) {
            loose = loose_edges(patches);
        }
        if split_edges(patches, &loose, tolerance, cache) {
            loose = loose_edges(patches);
        }
    }
    let mut open: Vec<usize> = loose.iter().map(|edge| edge.patch).collect();
    open.dedup();
    Seams { edges, unmatched, open }
}

fn largest_coordinate(patches: &[CellPatch]) -> f64 {
    let ends = patches.iter().flat_map(|CellPatch { patch, .. }| {
        patch.rim.iter().flat_map(|edge| patch.ends(*edge)).flatten()
    });
    ends.fold(0.0, |most: f64, x| most.max(x.abs()))
}

/// Edges of rims that no other edge runs against.
fn loose_edges(patches: &[CellPatch]) -> Vec<Loose> {
    /// Both ends by hash, so that either direction gives the same; which direction; whose edge.
    struct Entry {
        key: [u64; 2],
        forward: bool,
        at: (usize, usize),
    }
    let mut entries = Vec::new();
    for (index, CellPatch { patch, .. }) in patches.iter().enumerate() {
        for (number, edge) in patch.rim.iter().enumerate() {
            let [a, b] = patch.ends(*edge).map(|end| hash(bits(end)));
            let key = [a.wrapping_add(b), a.rotate_left(17) ^ b.rotate_left(17)];
            entries.push(Entry { key, forward: a < b, at: (index, number) });
        }
    }
    entries.sort_unstable_by_key(|entry| (entry.key, entry.at));
    let mut loose = Vec::new();
    for same in entries.chunk_by(|x, y| x.key == y.key) {
        let forward = same.iter().filter(|entry| entry.forward).count();
        let backward = same.len() - forward;
        let surplus = same.iter().filter(|entry| entry.forward == (forward > backward));
        loose.extend(surplus.take(forward.abs_diff(backward)).map(|entry| {
            let (patch, number) = entry.at;
            let of_cell = &patches[patch].patch;
            let edge = of_cell.rim[number];
            Loose { patch, edge, ends: of_cell.ends(edge) }
        }));
    }
    loose.sort_unstable_by_key(|edge| (edge.patch, edge.edge.triangle, edge.edge.ends));
    loose
}

/// Mixes the bits of a vertex into one word, so well that sums of two are still apart: mirrored edges, whose ends differ in
/// sign bits alone, collided with a weaker one. The mixer is that of SplitMix64.
fn hash(bits: [u64; 3]) -> u64 {
    bits.iter().fold(0x9e37_79b9_7f4a_7c15, |hash: u64, word| {
        let mixed = hash.wrapping_add(*word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

/// Gives vertices that nearly coincide the position of the smallest. Says whether any changed.
fn merge_vertices(
    patches: &mut [CellPatch],
    loose: &[Loose],
    tolerance: f64,
    cache: &SolidCache,
) -> bool {
    let mut points: Vec<[f64; 3]> = loose.iter().flat_map(|edge| edge.ends).collect();
    points.sort_unstable_by(|a, b| compare(*a, *b));
    points.dedup_by_key(|point| bits(*point));
    let mut moved: HashMap<[u64; 3], [f64; 3]> = HashMap::new();
    for (index, point) in points.iter().enumerate() {
        if moved.contains_key(&bits(*point)) {
            continue;
        }
        let near = points[index + 1..].iter().take_while(|other| other[0] - point[0] <= tolerance);
        for other in near.filter(|other| distance(**other, *point) <= tolerance) {
            moved.entry(bits(*other)).or_insert(*point);
        }
    }
    if moved.is_empty() {
        return false;
    }
    let mut concerned: Vec<usize> = loose.iter().map(|edge| edge.patch).collect();
    concerned.dedup();
    for index in concerned {
        let CellPatch { patch, content, .. } = &patches[index];
        let mut ends: Vec<u32> = patch.rim.iter().flat_map(|edge| edge.ends).collect();
        ends.sort_unstable();
        ends.dedup();
        let target = |vertex: u32| moved.get(&bits(patch.mesh.positions[vertex as usize])).copied();
        let moves: Vec<(u32, [f64; 3])> =
            ends.into_iter().filter_map(|vertex| Some((vertex, target(vertex)?))).collect();
        if moves.is_empty() {
            continue;
        }
        let mut hasher = ContentHasher::new("patch with moved vertices");
        hasher.hash(*content);
        for (vertex, target) in &moves {
            hasher.u64(u64::from(*vertex));
            target.iter().for_each(|x| hasher.f64(*x));
        }
        replace(&mut patches[index], hasher, cache, |patch| {
            let mut mesh = (*patch.mesh).clone();
            moves.iter().for_each(|(vertex, to)| mesh.positions[*vertex as usize] = *to);
            without_slivers(&mesh)
        });
    }
    true
}

/// Puts the patch that `make` makes of a cell's patch in its place. `content` tells what comes of it.
fn replace(
    cell: &mut CellPatch,
    content: ContentHasher,
    cache: &SolidCache,
    make: impl FnOnce(&Patch) -> Mesh,
) {
    cell.content = content.finish();
    cell.patch = cache.patch(cell.content).unwrap_or_else(|| {
        let patch = Arc::new(cell.patch.mended(make(&cell.patch)));
        cache.insert_patch(cell.content, Arc::clone(&patch));
        patch
    });
}

/// Triangles of which two corners became one are gone.
fn without_slivers(mesh: &Mesh) -> Mesh {
    let mut index_of: HashMap<[u64; 3], u32> = HashMap::new();
    let same: Vec<u32> = (mesh.positions.iter().enumerate())
        .map(|(index, position)| *index_of.entry(bits(*position)).or_insert(index as u32))
        .collect();
    let kept = mesh.painted_runs().flat_map(|(range, paint)| {
        mesh.triangles[range].iter().map(move |triangle| (*triangle, paint))
    });
    let is_whole = |corners: &[u32; 3]| {
        let [a, b, c] = corners.map(|vertex| same[vertex as usize]);
        a != b && b != c && c != a
    };
    let kept: Vec<_> = kept.filter(|(corners, _)| is_whole(corners)).collect();
    Mesh::of_painted(mesh.positions.clone(), &kept)
}

/// Splits triangles where a loose edge passes through vertices of other loose edges. Says whether any was split.
fn split_edges(
    patches: &mut [CellPatch],
    loose: &[Loose],
    tolerance: f64,
    cache: &SolidCache,
) -> bool {
    let mut points: Vec<[f64; 3]> = loose.iter().flat_map(|edge| edge.ends).collect();
    points.sort_unstable_by(|a, b| compare(*a, *b));
    points.dedup_by_key(|point| bits(*point));
    let by_axis: [Vec<[f64; 3]>; 3] = [0, 1, 2].map(|axis| {
        let mut sorted = points.clone();
        sorted.sort_by(|a, b| a[axis].total_cmp(&b[axis]));
        sorted
    });
    // Of each patch: its triangles with the vertices to put on their edges.
    let mut splits: BTreeMap<usize, BTreeMap<u32, Vec<Split>>> = BTreeMap::new();
    for Loose { patch, edge, ends: [start, end] } in loose {
        let along = [0, 1, 2].map(|axis| end[axis] - start[axis]);
        let axis =
            (1..3).fold(0, |most, k| if along[k].abs() > along[most].abs() { k } else { most });
        let (low, high) = (start[axis].min(end[axis]), start[axis].max(end[axis]));
        let from = by_axis[axis].partition_point(|point| point[axis] <= low);
        let mut between: Vec<(f64, [f64; 3])> = by_axis[axis][from..]
            .iter()
            .take_while(|point| point[axis] < high)
            .filter(|point| distance_to_line(**point, *start, along) <= tolerance)
            .map(|point| ((point[axis] - start[axis]) / along[axis], *point))
            .collect();
        if !between.is_empty() {
            between.sort_by(|a, b| a.0.total_cmp(&b.0));
            let points = between.into_iter().map(|(_, point)| point).collect();
            let of_patch = splits.entry(*patch).or_default();
            of_patch.entry(edge.triangle).or_default().push(Split { ends: edge.ends, points });
        }
    }
    for (index, splits) in &splits {
        let mut hasher = ContentHasher::new("patch with split edges");
        hasher.hash(patches[*index].content);
        for (triangle, splits) in splits {
            for Split { ends, points } in splits {
                [*triangle, ends[0], ends[1], points.len() as u32]
                    .iter()
                    .for_each(|number| hasher.u64(u64::from(*number)));
                points.as_flattened().iter().for_each(|x| hasher.f64(*x));
            }
        }
        replace(&mut patches[*index], hasher, cache, |patch| with_splits(&patch.mesh, splits));
    }
    !splits.is_empty()
}

/// Points to put on an edge of a triangle, in the order in which the edge runs.
struct Split {
    ends: [u32; 2],
    points: Vec<[f64; 3]>,
}

fn with_splits(mesh: &Mesh, splits: &BTreeMap<u32, Vec<Split>>) -> Mesh {
    let mut positions = mesh.positions.clone();
    let mut index_of: HashMap<[u64; 3], u32> = HashMap::new();
    let mut triangles = Vec::with_capacity(mesh.triangles.len() + splits.len());
    for (range, paint) in mesh.painted_runs() {
        for index in range {
            let corners = mesh.triangles[index];
            let Some(splits) = splits.get(&(index as u32)) else {
                triangles.push((corners, paint));
                continue;
            };
            // The outline with the new vertices on it, as a fan from a corner that no split edge ends at, if there is
            // one; else from the middle, which leaves no flat triangles whatever edges are split.
            let mut outline = Vec::new();
            for corner in 0..3 {
                let ends = [corners[corner], corners[(corner + 1) % 3]];
                outline.push(ends[0]);
                for point in
                    splits.iter().filter(|split| split.ends == ends).flat_map(|s| &s.points)
                {
                    outline.push(*index_of.entry(bits(*point)).or_insert_with(|| {
                        positions.push(*point);
                        positions.len() as u32 - 1
                    }));
                }
            }
            let split_ends: Vec<u32> = splits.iter().flat_map(|split| split.ends).collect();
            let apex = outline.iter().position(|v| corners.contains(v) && !split_ends.contains(v));
            match apex {
                Some(apex) => {
                    outline.rotate_left(apex);
                    let rest = outline[1..].windows(2);
                    triangles.extend(rest.map(|pair| ([outline[0], pair[0], pair[1]], paint)));
                }
                None => {
                    let middle = positions.len() as u32;
                    let [a, b, c] = corners.map(|vertex| mesh.positions[vertex as usize]);
                    positions.push([0, 1, 2].map(|k| (a[k] + b[k] + c[k]) / 3.0));
                    let next = outline.iter().cycle().skip(1);
                    let pairs = outline.iter().zip(next);
                    triangles.extend(pairs.map(|(from, to)| ([middle, *from, *to], paint)));
                }
            }
        }
    }
    Mesh::of_painted(positions, &triangles)
}

fn compare(a: [f64; 3], b: [f64; 3]) -> std::cmp::Ordering {
    a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])).then(a[2].total_cmp(&b[2]))
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).fold(0.0, |most: f64, axis| most.max((a[axis] - b[axis]).abs()))
}

/// Distance of a point from the line through `start` along `along`.
fn distance_to_line(point: [f64; 3], start: [f64; 3], along: [f64; 3]) -> f64 {
    let to = [0, 1, 2].map(|axis| point[axis] - start[axis]);
    let squared: f64 = along.iter().map(|x| x * x).sum();
    let share = (0..3).map(|axis| to[axis] * along[axis]).sum::<f64>() / squared;
    let foot = [0, 1, 2].map(|axis| start[axis] + share * along[axis]);
    distance(point, foot)
}
