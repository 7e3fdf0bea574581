//! Where cells meet: finds edges that a neighbour does not have, and mends them.
//!
//! Two cells compute the same vertices in their common side, to the bit, but for two cases. Rarely a vertex differs by a
//! rounding step; both then take the smaller of the two. And where a cell meets smaller ones, these have more vertices
//! along the same line; the larger cell's triangle is split there. What becomes of a cell depends on it and on those that
//! touch it, so a cell is settled as soon as these are solved, and a mended model does not depend on the order in which
//! they were. It is kept in the cache by what it depends on: an edit mends only what it touches.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use scadstream_csg::{ContentHash, ContentHasher};

use super::cells::CellPatch;
use super::patch::{Patch, Rim, hash_of_edge};
use crate::cache::SolidCache;
use crate::mesh::{Bounds, Mesh, bits};

/// What became of a cell once its neighbours were there.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// Its surface, if that had to be mended.
    pub(crate) mended: Option<CellPatch>,
    /// Edges that no neighbour had, before mending.
    pub(super) unmatched: usize,
    /// Whether it has edges that no neighbour has after mending either.
    pub(super) is_open: bool,
}

/// An edge of a rim.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// What it is among those of the cell's own patch; none in a neighbour's.
    own: Option<Rim>,
    ends: [[f64; 3]; 2],
}

/// Fits a cell to all that touch it. Vertices within `tolerance` of each other are the same.
pub(super) fn settle(
    own: &CellPatch,
    around: &[CellPatch],
    tolerance: f64,
    cache: &SolidCache,
) -> Settled {
    if own.patch.rim.is_empty() {
        return Settled { mended: None, unmatched: 0, is_open: false };
    }
    let key = key(own, around, tolerance);
    if let Some(settled) = cache.settled(key) {
        return settled;
    }
    let settled = fit(own, around, tolerance);
    cache.insert_settled(key, settled.clone());
    settled
}

fn key(own: &CellPatch, around: &[CellPatch], tolerance: f64) -> ContentHash {
    let mut hasher = ContentHasher::new("settled cell");
    hasher.f64(tolerance);
    hasher.hash(own.content);
    around.iter().for_each(|cell| hasher.hash(cell.content));
    hasher.finish()
}

fn fit(own: &CellPatch, around: &[CellPatch], tolerance: f64) -> Settled {
    let mut edges = edges(own, around, tolerance);
    let mut loose = unbalanced(&edges);
    let unmatched = loose.iter().filter(|edge| edge.own.is_some()).count();
    if loose.is_empty() {
        return Settled { mended: None, unmatched, is_open: false };
    }
    let mut patch = Arc::clone(&own.patch);
    let moved = moved(&loose, tolerance);
    if !moved.is_empty() {
        if let Some(mesh) = with_moved_vertices(&patch, &moved) {
            patch = Arc::new(patch.mended(mesh));
        }
        edges.retain(|edge| edge.own.is_none());
        let target = |point: [f64; 3]| moved.get(&bits(point)).copied().unwrap_or(point);
        edges.iter_mut().for_each(|edge| edge.ends = edge.ends.map(target));
        edges.retain(|edge| bits(edge.ends[0]) != bits(edge.ends[1]));
        edges.extend(own_edges(&patch));
        loose = unbalanced(&edges);
    }
    let splits = splits(&loose, tolerance);
    if !splits.is_empty() {
        let of_own = splits.iter().filter_map(|(edge, points)| {
            let Rim { ends, triangle } = loose[*edge].own?;
            Some((triangle, Split { ends, points: points.clone() }))
        });
        let mut by_triangle: BTreeMap<u32, Vec<Split>> = BTreeMap::new();
        of_own.for_each(|(triangle, split)| by_triangle.entry(triangle).or_default().push(split));
        if !by_triangle.is_empty() {
            patch = Arc::new(patch.mended(with_splits(&patch.mesh, &by_triangle)));
        }
        let whole = |number: &usize| !splits.contains_key(number);
        let mut rest: Vec<Edge> = (0..loose.len()).filter(whole).map(|n| loose[n]).collect();
        for (edge, points) in &splits {
            let Edge { own, ends: [start, end] } = loose[*edge];
            let stops: Vec<[f64; 3]> =
                [start].iter().chain(points).chain([&end]).copied().collect();
            rest.extend(stops.windows(2).map(|pair| Edge { own, ends: [pair[0], pair[1]] }));
        }
        loose = unbalanced(&rest);
    }
    let is_open = loose.iter().any(|edge| edge.own.is_some());
    let is_mended = !Arc::ptr_eq(&patch, &own.patch);
    let mended = is_mended.then(|| {
        let content = content_of_mended(own.content, &patch);
        CellPatch { cell: own.cell, content, patch }
    });
    Settled { mended, unmatched, is_open }
}

/// A mended surface is what it was but for its rim, so an edit beside it that leaves its rim alone leaves it as it is.
fn content_of_mended(before: ContentHash, patch: &Patch) -> ContentHash {
    let mut hasher = ContentHasher::new("mended cell");
    hasher.hash(before);
    for edge in &patch.rim {
        patch.ends(*edge).as_flattened().iter().for_each(|x| hasher.f64(*x));
    }
    hasher.finish()
}

fn own_edges(patch: &Patch) -> impl Iterator<Item = Edge> {
    patch.rim.iter().map(|rim| Edge { own: Some(*rim), ends: patch.ends(*rim) })
}

/// The edges of a cell's rim, and those of its neighbours' that may run against them or end where they do.
fn edges(own: &CellPatch, around: &[CellPatch], tolerance: f64) -> Vec<Edge> {
    let Bounds { min, max } = own.cell.bounds();
    let slack = 4.0 * tolerance;
    let is_near = |ends: &[[f64; 3]; 2]| {
        (0..3).all(|axis| {
            let (a, b) = (ends[0][axis], ends[1][axis]);
            a.max(b) >= min[axis] - slack && a.min(b) <= max[axis] + slack
        })
    };
    let mut edges: Vec<Edge> = own_edges(&own.patch).collect();
    for CellPatch { patch, .. } in around {
        let ends = patch.rim.iter().map(|rim| patch.ends(*rim));
        edges.extend(ends.filter(is_near).map(|ends| Edge { own: None, ends }));
    }
    edges
}

/// Edges that no other edge runs against, in the order of `edges`.
fn unbalanced(edges: &[Edge]) -> Vec<Edge> {
    struct Entry {
        hash: u64,
        forward: bool,
        at: usize,
    }
    let mut entries: Vec<Entry> = (edges.iter().enumerate())
        .map(|(at, edge)| {
            let (hash, forward) = hash_of_edge(edge.ends);
            Entry { hash, forward, at }
        })
        .collect();
    entries.sort_unstable_by_key(|entry| (entry.hash, entry.at));
    let mut found = Vec::new();
    for same in entries.chunk_by(|x, y| x.hash == y.hash) {
        let forward = same.iter().filter(|entry| entry.forward).count();
        let backward = same.len() - forward;
        let surplus = same.iter().filter(|entry| entry.forward == (forward > backward));
        found.extend(surplus.take(forward.abs_diff(backward)).map(|entry| entry.at));
    }
    found.sort_unstable();
    found.into_iter().map(|at| edges[at]).collect()
}

/// The ends of edges, each once, from the smallest on.
fn points(edges: &[Edge]) -> Vec<[f64; 3]> {
    let mut points: Vec<[f64; 3]> = edges.iter().flat_map(|edge| edge.ends).collect();
    points.sort_unstable_by(|a, b| compare(*a, *b));
    points.dedup_by_key(|point| bits(*point));
    points
}

/// Where to move vertices that nearly coincide: to the smallest of them.
fn moved(loose: &[Edge], tolerance: f64) -> HashMap<[u64; 3], [f64; 3]> {
    let points = points(loose);
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
    moved
}

/// The patch's mesh with those vertices of its rim moved that are to be; none if there are none.
fn with_moved_vertices(patch: &Patch, moved: &HashMap<[u64; 3], [f64; 3]>) -> Option<Mesh> {
    let mut mesh = (*patch.mesh).clone();
    let mut is_changed = false;
    for vertex in patch.rim.iter().flat_map(|edge| edge.ends) {
        let position = &mut mesh.positions[vertex as usize];
        if let Some(target) = moved.get(&bits(*position)) {
            *position = *target;
            is_changed = true;
        }
    }
    is_changed.then(|| without_slivers(&mesh))
}

/// Triangles of which two corners became one are gone.
fn without_slivers(mesh: &Mesh) -> Mesh {
    let mut index_of: HashMap<[u64; 3], u32> = HashMap::new();
    let same: Vec<u32> = (mesh.positions.iter().enumerate())
        .map(|(index, position)| *index_of.entry(bits(*position)).or_insert(index as u32))
        .collect();
    let is_whole = |corners: &[u32; 3]| {
        let [a, b, c] = corners.map(|vertex| same[vertex as usize]);
        a != b && b != c && c != a
    };
    let kept = mesh.painted_triangles().filter(|(corners, _)| is_whole(corners));
    Mesh::of_painted(mesh.positions.clone(), kept)
}

/// Vertices that loose edges pass through, by the place of the edge in `loose`, in the order in which it runs.
fn splits(loose: &[Edge], tolerance: f64) -> BTreeMap<usize, Vec<[f64; 3]>> {
    let points = points(loose);
    let by_axis: [Vec<[f64; 3]>; 3] = [0, 1, 2].map(|axis| {
        let mut sorted = points.clone();
        sorted.sort_by(|a, b| a[axis].total_cmp(&b[axis]));
        sorted
    });
    let mut splits = BTreeMap::new();
    for (number, Edge { ends: [start, end], .. }) in loose.iter().enumerate() {
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
            splits.insert(number, between.into_iter().map(|(_, point)| point).collect());
        }
    }
    splits
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
    Mesh::of_painted(positions, triangles)
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
