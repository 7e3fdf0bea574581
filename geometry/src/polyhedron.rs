//! `polyhedron()`: faces given by hand, in whatever state they come.
//!
//! OpenSCAD draws any faces but can do booleans only on a closed, oriented surface. Here faces are cut into triangles
//! and whatever can be mended is, each with a word to the user: points given more than once are merged, faces wound the
//! wrong way turned, holes closed with flat patches, and surfaces that cut themselves rebuilt.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::faces::fill_ring;
use crate::kernel::{CancelToken, KernelError, Solid, are_in_reach};
use crate::measure::{pieces, volume};
use crate::mesh::{Bounds, Mesh, Run, bits};
use crate::tangle::{is_tangled, round_coordinates};
use crate::union::union;

/// A solid and what had to be done to get it.
pub struct Mended {
    /// The solid; none if the faces enclose nothing.
    pub solid: Option<Solid>,
    /// A sentence for each repair, for the user.
    pub notes: Vec<&'static str>,
}

/// The solid that `faces` over `points` enclose. Faces run clockwise seen from outside, as OpenSCAD wants them.
///
/// # Errors
/// [`KernelError::NotManifold`] if the faces enclose no solid even after mending; [`KernelError::NonFinite`].
pub fn polyhedron(
    points: &[[f64; 3]],
    faces: &[Arc<[u32]>],
    token: &CancelToken,
) -> Result<Mended, KernelError> {
    if !are_in_reach(points) {
        return Err(KernelError::NonFinite);
    }
    mend(face_triangles(points, faces), token)
}

/// The solid inside a mesh that may be open, turned, or cut itself; for imported meshes as well.
///
/// # Errors
/// As [`polyhedron`].
pub fn mend(mut mesh: Mesh, token: &CancelToken) -> Result<Mended, KernelError> {
    // Closing holes orders vertices by place, which numbers that are none have not.
    if !are_in_reach(&mesh.positions) {
        return Err(KernelError::NonFinite);
    }
    merge_equal_points(&mut mesh);
    let mut notes = Vec::new();
    if mesh.is_empty() {
        return Ok(Mended { solid: None, notes });
    }
    if orient(&mut mesh) {
        notes.push("some faces were wound the wrong way and have been turned");
    }
    if join_near_points(&mut mesh) {
        notes.push("vertices that nearly coincide have been merged");
    }
    if close_holes(&mut mesh) {
        notes.push("the surface was open and its holes have been closed with flat patches");
    }
    if turn_inside_out(&mut mesh) {
        notes.push("faces pointed inwards and have been turned");
    }
    token.check()?;
    let (solid, repairs) = match Solid::from_mesh(&mesh, token) {
        Ok(solid) => (solid, None),
        Err(KernelError::NotManifold) => {
            round_coordinates(&mut mesh);
            merge_equal_points(&mut mesh);
            if is_tangled(&mesh, token)? {
                let solid = sound_pieces(&mesh, token)?.ok_or(KernelError::NotManifold)?;
                notes.push("what cuts itself too often to be mended has been left out");
                return Ok(Mended { solid: Some(solid), notes });
            }
            match Solid::from_faulty_mesh(&mesh, token)? {
                Some((solid, repairs)) => (Some(solid), Some(repairs)),
                None => (None, None),
            }
        }
        Err(other) => return Err(other),
    };
    if let Some(repairs) = repairs {
        if repairs.merged {
            notes.push("vertices that nearly coincide have been merged");
        }
        if repairs.turned {
            notes.push("faces pointed inwards and have been turned");
        }
        if repairs.rebuilt {
            notes.push("the surface cut or touched itself and has been rebuilt");
        }
    }
    Ok(Mended { solid, notes })
}

/// The union of those pieces of a mesh that are closed and oriented by themselves.
fn sound_pieces(mesh: &Mesh, token: &CancelToken) -> Result<Option<Solid>, KernelError> {
    let mut solids = Vec::new();
    for part in pieces(mesh).separate(mesh) {
        match Solid::from_mesh(&part, token) {
            Ok(solid) => solids.extend(solid),
            Err(KernelError::NotManifold) => {}
            Err(other) => return Err(other),
        }
    }
    union(&solids, token)
}

/// Cuts faces into triangles, counter-clockwise seen from outside. Faces of fewer than three different points, and
/// indices without a point, are left out.
fn face_triangles(points: &[[f64; 3]], faces: &[Arc<[u32]>]) -> Mesh {
    let mut mesh = Mesh::new(points.to_vec(), Vec::new());
    for face in faces {
        let mut ring: Vec<u32> =
            face.iter().rev().copied().filter(|i| (*i as usize) < points.len()).collect();
        ring.dedup();
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        mesh.triangles.extend(fill_ring(points, &ring));
    }
    mesh
}

/// Makes vertices at exactly the same position one, and drops triangles that this leaves without three corners.
pub fn merge_equal_points(mesh: &mut Mesh) {
    let mut first_at: HashMap<[u64; 3], u32> = HashMap::new();
    let mut merged: Vec<[f64; 3]> = Vec::new();
    let index: Vec<u32> = mesh
        .positions
        .iter()
        .map(|point| {
            *first_at.entry(bits(*point)).or_insert_with(|| {
                merged.push(*point);
                merged.len() as u32 - 1
            })
        })
        .collect();
    if merged.len() < mesh.positions.len() {
        mesh.positions = merged;
        mesh.triangles.iter_mut().for_each(|t| *t = t.map(|vertex| index[vertex as usize]));
    }
    let runs: Vec<_> = mesh.painted_runs().collect();
    let proper = |t: &[u32; 3]| t[0] != t[1] && t[1] != t[2] && t[2] != t[0];
    if mesh.triangles.iter().all(proper) {
        return;
    }
    let mut kept = Vec::with_capacity(mesh.triangles.len());
    let mut kept_runs = Vec::new();
    for (range, paint) in runs {
        kept.extend(mesh.triangles[range].iter().copied().filter(proper));
        kept_runs.push(Run { end: kept.len() as u32, paint });
    }
    mesh.triangles = kept;
    mesh.runs = kept_runs;
}

/// Each undirected edge with its triangles and whether they run along it from the smaller index to the larger.
fn edge_triangles(mesh: &Mesh) -> HashMap<(u32, u32), Vec<(u32, bool)>> {
    let mut edges: HashMap<(u32, u32), Vec<(u32, bool)>> = HashMap::new();
    for (index, triangle) in mesh.triangles.iter().enumerate() {
        for corner in 0..3 {
            let (a, b) = (triangle[corner], triangle[(corner + 1) % 3]);
            edges.entry((a.min(b), a.max(b))).or_default().push((index as u32, a < b));
        }
    }
    edges
}

/// Turns triangles so that neighbours agree, each piece by its majority. Whether any was turned.
///
/// Only edges of two triangles say anything about which way they should run.
fn orient(mesh: &mut Mesh) -> bool {
    let edges = edge_triangles(mesh);
    let agree = |pair: &[(u32, bool)]| pair.len() != 2 || pair[0].1 != pair[1].1;
    if edges.values().all(|pair| agree(pair)) {
        return false;
    }
    let mut turned: Vec<Option<bool>> = vec![None; mesh.triangles.len()];
    for seed in 0..mesh.triangles.len() {
        if turned[seed].is_some() {
            continue;
        }
        turned[seed] = Some(false);
        let mut piece = vec![seed];
        let mut pending = VecDeque::from([seed]);
        while let Some(current) = pending.pop_front() {
            let triangle = mesh.triangles[current];
            for corner in 0..3 {
                let (a, b) = (triangle[corner], triangle[(corner + 1) % 3]);
                let [first, second] = edges[&(a.min(b), a.max(b))][..] else { continue };
                let (own, other) =
                    if first.0 as usize == current { (first, second) } else { (second, first) };
                if turned[other.0 as usize].is_none() {
                    let same_direction = own.1 == other.1;
                    turned[other.0 as usize] = turned[current].map(|t| t ^ same_direction);
                    piece.push(other.0 as usize);
                    pending.push_back(other.0 as usize);
                }
            }
        }
        let wrong = piece.iter().filter(|t| turned[**t] == Some(true)).count();
        if 2 * wrong > piece.len() {
            piece.iter().for_each(|t| turned[*t] = turned[*t].map(|wrong| !wrong));
        }
    }
    for (triangle, turn) in mesh.triangles.iter_mut().zip(turned) {
        if turn == Some(true) {
            triangle.swap(1, 2);
        }
    }
    true
}

/// Vertices nearer to each other than this share of the mesh's size may be meant to be one: the last digits of single
/// precision, which most files of meshes have.
const NEAR: f64 = 1.0e-6;

/// Joins vertices on open edges that nearly coincide, if that leaves fewer open edges. Whether it did.
fn join_near_points(mesh: &mut Mesh) -> bool {
    let open = open_edges(mesh);
    let (Some(bounds), false) = (mesh.bounds(), open.is_empty()) else { return false };
    let reach = bounds.size().into_iter().fold(0.0, f64::max) * NEAR;
    if reach <= 0.0 {
        return false;
    }
    let mut vertices: Vec<u32> = open.iter().flat_map(|(a, b)| [*a, *b]).collect();
    vertices.sort_unstable();
    vertices.dedup();
    let mut joined = mesh.clone();
    // Of points in one cell, or in cells that touch, the first counts for all.
    let mut first_in: HashMap<[i64; 3], [f64; 3]> = HashMap::new();
    for vertex in vertices {
        let point = mesh.positions[vertex as usize];
        let cell = [0, 1, 2].map(|axis| ((point[axis] - bounds.min[axis]) / reach).round() as i64);
        let near =
            (0..27).map(|n| [cell[0] + n % 3 - 1, cell[1] + n / 3 % 3 - 1, cell[2] + n / 9 - 1]);
        let known = near.filter_map(|cell| first_in.get(&cell)).next().copied();
        joined.positions[vertex as usize] = *first_in.entry(cell).or_insert(known.unwrap_or(point));
    }
    merge_equal_points(&mut joined);
    let fewer = !joined.is_empty() && open_edges(&joined).len() < open.len();
    if fewer {
        *mesh = joined;
    }
    fewer
}

/// Edges with more triangles on one side than on the other.
fn open_edges(mesh: &Mesh) -> Vec<(u32, u32)> {
    let edges = edge_triangles(mesh).into_iter();
    let open = edges.filter(|(_, triangles)| {
        2 * triangles.iter().filter(|(_, forward)| *forward).count() != triangles.len()
    });
    open.map(|(edge, _)| edge).collect()
}

/// Fills every simple loop of open edges with a patch. Whether there was any.
fn close_holes(mesh: &mut Mesh) -> bool {
    // From each vertex on an open edge, the vertex that the missing triangle's edge would lead to.
    let mut next: HashMap<u32, Vec<u32>> = HashMap::new();
    for ((low, high), triangles) in edge_triangles(mesh) {
        let forward = triangles.iter().filter(|(_, forward)| *forward).count();
        let backward = triangles.len() - forward;
        // The patch runs along an open edge against its triangle.
        for _ in backward..forward {
            next.entry(high).or_default().push(low);
        }
        for _ in forward..backward {
            next.entry(low).or_default().push(high);
        }
    }
    let mut starts: Vec<u32> = next.keys().copied().collect();
    starts.sort_unstable();
    next.values_mut().for_each(|ends| ends.sort_unstable());
    let mut patches = Vec::new();
    for start in starts {
        while let Some(ring) = take_loop(&mut next, start) {
            patches.extend(fill_ring(&mesh.positions, &ring));
        }
    }
    if let Some(last) = mesh.runs.last_mut() {
        last.end += patches.len() as u32;
    }
    mesh.triangles.extend_from_slice(&patches);
    !patches.is_empty()
}

/// Follows open edges from `start` until a vertex comes again, and takes that loop out.
fn take_loop(next: &mut HashMap<u32, Vec<u32>>, start: u32) -> Option<Vec<u32>> {
    let mut path = vec![start];
    loop {
        let here = *path.last().expect("the path begins with its start");
        let onward = next.get_mut(&here)?.pop()?;
        if let Some(begin) = path.iter().position(|v| *v == onward) {
            // What led to the loop goes back for another try.
            for pair in path[..=begin].windows(2) {
                next.entry(pair[0]).or_default().push(pair[1]);
            }
            return Some(path.split_off(begin));
        }
        path.push(onward);
    }
}

/// Turns a mesh that as a whole encloses a negative volume. Whether it did.
///
/// Pieces are judged together: a cavity alone is inside out, and rightly so.
fn turn_inside_out(mesh: &mut Mesh) -> bool {
    let inside_out = volume(mesh) < 0.0;
    if inside_out {
        mesh.flip();
    } else if pieces(mesh).count > 1 {
        return turn_separate_pieces(mesh);
    }
    inside_out
}

/// Turns pieces of negative volume that lie in no other piece's box: they can be no cavities.
fn turn_separate_pieces(mesh: &mut Mesh) -> bool {
    let found = pieces(mesh);
    let mut parts: Vec<Vec<[u32; 3]>> = vec![Vec::new(); found.count];
    for (triangle, piece) in mesh.triangles.iter().zip(&found.of_triangle) {
        parts[*piece as usize].push(*triangle);
    }
    let mut part = Mesh::new(std::mem::take(&mut mesh.positions), Vec::new());
    let measures: Vec<(f64, Option<Bounds>)> = parts
        .into_iter()
        .map(|triangles| {
            part.triangles = triangles;
            (volume(&part), part.bounds())
        })
        .collect();
    mesh.positions = part.positions;
    let inside_another = |index: usize| {
        let Some(own) = measures[index].1 else { return false };
        measures.iter().enumerate().any(|(other, (_, bounds))| {
            other != index && bounds.is_some_and(|bounds| bounds.contains(&own))
        })
    };
    let turn: Vec<bool> =
        (0..found.count).map(|i| measures[i].0 < 0.0 && !inside_another(i)).collect();
    for (triangle, piece) in mesh.triangles.iter_mut().zip(&found.of_triangle) {
        if turn[*piece as usize] {
            triangle.swap(1, 2);
        }
    }
    turn.contains(&true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::measure;
    use crate::primitives::cube;

    const CUBE: [[f64; 3]; 8] = [
        [0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0],
        [1.0, 1.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [1.0, 0.0, 1.0],
        [1.0, 1.0, 1.0],
        [0.0, 1.0, 1.0],
    ];

    /// A cube's sides, clockwise from outside.
    const SIDES: [[u32; 4]; 6] =
        [[0, 1, 2, 3], [4, 7, 6, 5], [0, 4, 5, 1], [1, 5, 6, 2], [2, 6, 7, 3], [3, 7, 4, 0]];

    fn faces(sides: &[[u32; 4]]) -> Vec<Arc<[u32]>> {
        sides.iter().map(|side| Arc::from(side.as_slice())).collect()
    }

    #[track_caller]
    fn check(points: &[[f64; 3]], faces: &[Arc<[u32]>], volume: f64, notes: &[&str]) {
        let mended = polyhedron(points, faces, &CancelToken::new()).unwrap();
        let m = measure(&mended.solid.unwrap().to_mesh());
        assert!((m.volume - volume).abs() < 1e-12, "volume {}", m.volume);
        assert!(m.closed);
        assert_eq!(mended.notes, notes);
    }

    #[test]
    fn a_proper_polyhedron_needs_no_mending() {
        check(&CUBE, &faces(&SIDES), 1.0, &[]);
    }

    #[test]
    fn points_given_per_face_are_merged() {
        let points: Vec<_> = SIDES.iter().flatten().map(|i| CUBE[*i as usize]).collect();
        let sides: Vec<[u32; 4]> = (0..6).map(|s| [0, 1, 2, 3].map(|k| 4 * s + k)).collect();
        check(&points, &faces(&sides), 1.0, &[]);
    }

    #[test]
    fn turned_faces_are_turned_back() {
        let mut sides = SIDES;
        sides[2].reverse();
        check(
            &CUBE,
            &faces(&sides),
            1.0,
            &["some faces were wound the wrong way and have been turned"],
        );
        sides = SIDES;
        sides.iter_mut().for_each(|side| side.reverse());
        check(&CUBE, &faces(&sides), 1.0, &["faces pointed inwards and have been turned"]);
    }

    #[test]
    fn open_surfaces_are_closed() {
        check(
            &CUBE,
            &faces(&SIDES[..5]),
            1.0,
            &["the surface was open and its holes have been closed with flat patches"],
        );
    }

    #[test]
    fn a_cavity_stays_a_cavity() {
        let mut mesh = cube([3.0; 3], true);
        let mut cavity = cube([1.0; 3], true);
        cavity.flip();
        mesh.append(&cavity);
        let mended = mend(mesh, &CancelToken::new()).unwrap();
        assert_eq!(measure(&mended.solid.unwrap().to_mesh()).volume, 26.0);
        assert!(mended.notes.is_empty());
    }

    #[test]
    fn pieces_that_are_sound_by_themselves_are_found() {
        let mut mesh = cube([3.0; 3], false);
        let mut open = cube([1.0; 3], false);
        open.positions.iter_mut().for_each(|p| p[0] += 5.0);
        open.triangles.pop();
        mesh.append(&open);
        let token = CancelToken::new();
        assert!(matches!(Solid::from_mesh(&mesh, &token), Err(KernelError::NotManifold)));
        let sound = sound_pieces(&mesh, &token).unwrap().unwrap();
        assert_eq!(measure(&sound.to_mesh()).volume, 27.0);
        assert!(sound_pieces(&open, &token).unwrap().is_none());
    }

    #[test]
    fn a_separate_piece_inside_out_is_turned() {
        let mut mesh = cube([3.0; 3], false);
        let mut other = cube([1.0; 3], false);
        other.positions.iter_mut().for_each(|p| p[0] += 5.0);
        other.flip();
        mesh.append(&other);
        let mended = mend(mesh, &CancelToken::new()).unwrap();
        assert_eq!(measure(&mended.solid.unwrap().to_mesh()).volume, 28.0);
        assert_eq!(mended.notes, ["faces pointed inwards and have been turned"]);
    }

    #[test]
    fn faces_with_notches_are_cut_into_triangles_inside_them() {
        // An L-shaped prism: volume 3.
        let outline = [[0., 0.], [2., 0.], [2., 1.], [1., 1.], [1., 2.], [0., 2.]];
        let points: Vec<_> =
            [0.0, 1.0].iter().flat_map(|z| outline.map(|[x, y]: [f64; 2]| [x, y, *z])).collect();
        let mut rings: Vec<Arc<[u32]>> =
            vec![Arc::from([0, 1, 2, 3, 4, 5]), Arc::from([11, 10, 9, 8, 7, 6])];
        for i in 0..6_u32 {
            let j = (i + 1) % 6;
            rings.push(Arc::from([i, i + 6, j + 6, j]));
        }
        check(&points, &rings, 3.0, &[]);
    }

    #[test]
    fn faces_that_enclose_nothing_are_refused_or_empty() {
        let token = CancelToken::new();
        assert!(polyhedron(&[], &[], &token).unwrap().solid.is_none());
        assert!(polyhedron(&CUBE, &faces(&[[0, 0, 0, 0]]), &token).unwrap().solid.is_none());
        assert!(polyhedron(&CUBE, &faces(&[[90, 91, 92, 93]]), &token).unwrap().solid.is_none());
        let mut points = CUBE;
        points[0][0] = f64::NAN;
        assert!(matches!(polyhedron(&points, &faces(&SIDES), &token), Err(KernelError::NonFinite)));
        let mut open = cube([1.0; 3], false);
        open.positions[0] = [f64::NAN; 3];
        open.triangles.pop();
        assert!(matches!(mend(open, &token), Err(KernelError::NonFinite)));
    }
}
