//! Cutting along the sides of a box, triangle by triangle.
//!
//! The kernel's boolean with a box does it too, at ten times the cost: it looks for what meets what, which is known here, and
//! makes everything anew, of which little changes. A vertex of a cut depends on the ends of its edge and the plane alone, so
//! that both sides of a plane have it to the bit.
//!
//! What lies in the plane belongs to the upper side.

use manifold_rust::impl_mesh::ManifoldImpl;
use manifold_rust::linalg::{IVec3, Vec2, Vec3, cross, dot};
use manifold_rust::polygon::triangulate_idx;
use manifold_rust::types::{Box as KernelBox, PolyVert, TriRef};
use rustc_hash::FxHashMap;

use super::cell::cut_original;
use crate::mesh::{Bounds, bits};

/// One side of a plane across an axis.
#[derive(Debug, Clone, Copy)]
struct Half {
    axis: usize,
    at: f64,
    is_upper: bool,
}

/// A vertex that is nearer to a plane than this share of the plane's coordinate lies in it: nothing is cut off that would be
/// all rounding. Not a share of what is being cut, which differs from one side of the plane to the other.
const IN_PLANE: f64 = 1e-12;

impl Half {
    /// How far above the plane a point is; 0 if it lies in it.
    fn height(&self, point: Vec3) -> f64 {
        let height = point[self.axis] - self.at;
        if height.abs() <= IN_PLANE * self.at.abs() { 0.0 } else { height }
    }

    fn holds(&self, point: Vec3) -> bool {
        (self.height(point) >= 0.0) == self.is_upper
    }

    fn has_in_plane(&self, point: Vec3) -> bool {
        self.height(point) == 0.0
    }

    /// The halves that make up a box. The order is the same for all boxes: vertices in the edges of a box come from one cut
    /// after the other.
    fn of_box(bounds: &Bounds) -> [Half; 6] {
        [0, 1, 2, 3, 4, 5].map(|side| match (side / 2, side % 2) {
            (axis, 0) => Half { axis, at: bounds.min[axis], is_upper: true },
            (axis, _) => Half { axis, at: bounds.max[axis], is_upper: false },
        })
    }

    /// Whether all of a body is in it.
    fn holds_all(&self, extent: &KernelBox) -> bool {
        self.holds(extent.min) && self.holds(extent.max)
    }
}

/// A triangle with what the kernel knows of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facet {
    pub(super) corners: [u32; 3],
    pub(super) reference: TriRef,
    pub(super) normal: Vec3,
}

impl Facet {
    fn has_three_corners(&self) -> bool {
        let [a, b, c] = self.corners;
        a != b && b != c && c != a
    }
}

/// Triangles with what the kernel knows of them.
#[derive(Debug)]
pub(super) struct Surface {
    pub(super) positions: Vec<Vec3>,
    /// Of the vertices; what a cut has made gets its own when the cut is closed.
    pub(super) normals: Vec<Vec3>,
    pub(super) facets: Vec<Facet>,
}

/// A vertex that a cut has made.
struct Cut {
    vertex: u32,
    /// What the first triangle with its edge belongs to.
    face: TriRef,
    /// Whether the edge lies within a flat face, so that the vertex is not needed.
    is_flat: bool,
}

/// The edges that a cut leaves open, as the triangles there run along them.
type Rim = Vec<[u32; 2]>;

/// No vertex.
const NONE: u32 = u32::MAX;

impl Surface {
    /// The part of a body's surface inside a box, open at the sides of it, without the faces of earlier cuts.
    pub(super) fn of_body_within(body: &ManifoldImpl, bounds: &Bounds) -> Self {
        let halves = Half::of_box(bounds);
        let wanted = |corners: [Vec3; 3], reference: &TriRef| is_seen(&halves, corners, reference);
        Self::of_body(body, wanted).opened(&halves, &body.bbox)
    }

    /// The part inside a box of a surface that lies in `extent`, open at the sides of the box, without the faces of earlier
    /// cuts.
    pub(super) fn within(&self, bounds: &Bounds, extent: &KernelBox) -> Self {
        let halves = Half::of_box(bounds);
        let wanted = |corners: [Vec3; 3], reference: &TriRef| is_seen(&halves, corners, reference);
        self.of_wanted(wanted).opened(&halves, extent)
    }

    /// The part inside a box of a closed surface that lies in `extent`, closed by faces of [`cut_original`] in the mesh
    /// `caps`. None if a face lies in a side of the box, since those of the cut would hide it, or if no closed surface comes
    /// of it.
    pub(super) fn closed_within(
        &self,
        bounds: &Bounds,
        extent: &KernelBox,
        caps: i32,
        epsilon: f64,
    ) -> Option<Self> {
        // Earlier cuts leave faces in the sides: only what is beyond is cut off.
        let is_cut = |half: &Half| {
            if half.is_upper {
                half.height(extent.min) < 0.0
            } else {
                half.height(extent.max) > 0.0
            }
        };
        let halves: Vec<Half> = Half::of_box(bounds).into_iter().filter(is_cut).collect();
        // Only the first may leave out triangles at once: those of the others are needed for its cap to be closed.
        let is_wanted = |corners: [Vec3; 3], _: &TriRef| {
            halves.first().is_none_or(|first| corners.iter().any(|corner| first.holds(*corner)))
        };
        let mut part = self.of_wanted(is_wanted);
        if halves.iter().any(|half| part.has_face_in(half)) {
            return None;
        }
        for (number, half) in (0..).zip(&halves) {
            let rim = part.cut(half);
            let original_id = cut_original();
            let reference =
                TriRef { mesh_id: caps, original_id, face_id: number, coplanar_id: number };
            part.close(half, &rim, reference, epsilon)?;
        }
        part.give_normals();
        // Without the vertices that were cut away.
        Some(part.of_wanted(|_, _| true))
    }

    /// The triangles of a body that are wanted, by the positions of their corners.
    pub(super) fn of_body(
        body: &ManifoldImpl,
        is_wanted: impl Fn([Vec3; 3], &TriRef) -> bool,
    ) -> Self {
        let references = body.mesh_relation.tri_ref.iter().zip(&body.face_normal);
        let triangles = body.halfedge.chunks_exact(3).zip(references);
        let facets = triangles.map(|(edges, (reference, normal))| Facet {
            corners: [0, 1, 2].map(|corner| edges[corner].start_vert as u32),
            reference: *reference,
            normal: *normal,
        });
        Self::gathered(facets, &body.vert_pos, &body.vert_normal, is_wanted)
    }

    fn of_wanted(&self, is_wanted: impl Fn([Vec3; 3], &TriRef) -> bool) -> Self {
        Self::gathered(self.facets.iter().copied(), &self.positions, &self.normals, is_wanted)
    }

    fn gathered(
        facets: impl Iterator<Item = Facet>,
        positions: &[Vec3],
        normals: &[Vec3],
        is_wanted: impl Fn([Vec3; 3], &TriRef) -> bool,
    ) -> Self {
        let mut gathered = Self { positions: Vec::new(), normals: Vec::new(), facets: Vec::new() };
        let mut index_of = vec![NONE; positions.len()];
        let at = |corner: u32| positions[corner as usize];
        for facet in facets.filter(|facet| is_wanted(facet.corners.map(at), &facet.reference)) {
            let corners = facet.corners.map(|vertex| {
                let index = &mut index_of[vertex as usize];
                if *index == NONE {
                    *index = gathered.positions.len() as u32;
                    gathered.positions.push(positions[vertex as usize]);
                    gathered.normals.push(normals[vertex as usize]);
                }
                *index
            });
            gathered.facets.push(Facet { corners, ..facet });
        }
        gathered
    }

    /// Leaves what is in all of some halves of space.
    fn opened(mut self, halves: &[Half], extent: &KernelBox) -> Self {
        for half in halves.iter().filter(|half| !half.holds_all(extent)) {
            self.cut(half);
        }
        self.weld(halves);
        self
    }

    fn has_face_in(&self, half: &Half) -> bool {
        let is_in = |corner: u32| half.has_in_plane(self.positions[corner as usize]);
        self.facets.iter().any(|facet| facet.corners.into_iter().all(is_in))
    }

    /// Leaves what is in one half of space.
    fn cut(&mut self, half: &Half) -> Rim {
        let first = self.positions.len() as u32;
        let mut rim = Rim::new();
        let kept: Vec<bool> = self.positions.iter().map(|point| half.holds(*point)).collect();
        if kept.iter().all(|kept| *kept) {
            return rim;
        }
        let mut cuts: FxHashMap<(u32, u32), Cut> = FxHashMap::default();
        let facets = std::mem::take(&mut self.facets);
        self.facets.reserve(facets.len());
        let mut crossing = Vec::new();
        for facet in facets {
            // Which corner is alone on its side.
            let alone = match facet.corners.map(|corner| kept[corner as usize]) {
                [false, false, false] => continue,
                [true, true, true] => {
                    self.facets.push(facet);
                    continue;
                }
                [_, b, c] if b == c => 0,
                [a, _, c] if c == a => 1,
                _ => 2,
            };
            let [a, b, c] = [0, 1, 2].map(|k| facet.corners[(alone + k) % 3]);
            let ab = self.vertex(half, [a, b], &facet.reference, &mut cuts);
            let ca = self.vertex(half, [c, a], &facet.reference, &mut cuts);
            let (triangles, along) = if kept[a as usize] {
                ([Some([a, ab, ca]), None], [ab, ca])
            } else if self.is_nearer(b, ca, c, ab) {
                ([Some([ab, b, ca]), Some([b, c, ca])], [ca, ab])
            } else {
                ([Some([ab, b, c]), Some([ab, c, ca])], [ca, ab])
            };
            for corners in triangles.into_iter().flatten() {
                let part = Facet { corners, ..facet };
                if part.has_three_corners() {
                    crossing.push(self.facets.len() as u32);
                    self.facets.push(part);
                }
            }
            if along[0] != along[1] {
                rim.push(along);
            }
        }
        let flat: Vec<u32> =
            cuts.into_values().filter(|cut| cut.is_flat).map(|cut| cut.vertex).collect();
        self.leave_out(first, flat, &mut rim, &crossing);
        rim
    }

    /// Makes vertices in the sides that coincide one: an edge that leaves within rounding of where two sides meet is cut by
    /// both in the same place.
    fn weld(&mut self, halves: &[Half]) {
        let mut at: FxHashMap<[u64; 3], u32> = FxHashMap::default();
        let mut target: Vec<u32> = (0..self.positions.len() as u32).collect();
        let mut is_changed = false;
        for (vertex, position) in (0..).zip(&self.positions) {
            if halves.iter().any(|half| half.has_in_plane(*position)) {
                let first = *at.entry(bits([position.x, position.y, position.z])).or_insert(vertex);
                is_changed |= first != vertex;
                target[vertex as usize] = first;
            }
        }
        if is_changed {
            for facet in &mut self.facets {
                facet.corners = facet.corners.map(|corner| target[corner as usize]);
            }
            self.facets.retain(Facet::has_three_corners);
        }
        // A triangle on a line in a side is all rim, and hides what the other side has to match.
        let positions = &self.positions;
        self.facets.retain(|facet| {
            let corners = facet.corners.map(|corner| positions[corner as usize]);
            let is_in_side = |half: &Half| corners.iter().all(|corner| half.has_in_plane(*corner));
            !(is_on_line(corners) && halves.iter().any(is_in_side))
        });
    }

    /// The vertex where an edge passes through a plane: one that lies in it, or a new one.
    fn vertex(
        &mut self,
        half: &Half,
        ends: [u32; 2],
        face: &TriRef,
        cuts: &mut FxHashMap<(u32, u32), Cut>,
    ) -> u32 {
        let [a, b] = ends.map(|end| self.positions[end as usize]);
        for (end, position) in ends.into_iter().zip([a, b]) {
            if half.has_in_plane(position) {
                return end;
            }
        }
        let key = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        if let Some(known) = cuts.get_mut(&key) {
            known.is_flat = known.face.same_face(face);
            return known.vertex;
        }
        // From the lower end on, whichever side is kept and whichever triangle comes first.
        let (low, high) = if a[half.axis] < b[half.axis] { (a, b) } else { (b, a) };
        let share = (half.at - low[half.axis]) / (high[half.axis] - low[half.axis]);
        let mut position = low + (high - low) * share;
        position[half.axis] = half.at;
        let vertex = self.positions.len() as u32;
        self.positions.push(position);
        cuts.insert(key, Cut { vertex, face: *face, is_flat: false });
        vertex
    }

    /// Whether the first two vertices are nearer to each other than the others.
    fn is_nearer(&self, a: u32, b: u32, c: u32, d: u32) -> bool {
        let squared = |from: u32, to: u32| {
            let along = self.positions[to as usize] - self.positions[from as usize];
            dot(along, along)
        };
        squared(a, b) < squared(c, d)
    }

    /// Moves vertices within the straight border of a flat face onto the next one along it, wherever no triangle turns
    /// over: what lies on the other side has the same face in other triangles, and so no vertex there. `first` is the first
    /// vertex of the cut, `crossing` are the triangles along it.
    fn leave_out(&mut self, first: u32, mut flat: Vec<u32>, rim: &mut Rim, crossing: &[u32]) {
        if flat.is_empty() {
            return;
        }
        flat.sort_unstable();
        let place_of = |vertex: u32| vertex.checked_sub(first).map(|place| place as usize);
        let count = self.positions.len() - first as usize;
        let mut around: Vec<Vec<u32>> = vec![Vec::new(); count];
        for facet in crossing {
            for place in self.facets[*facet as usize].corners.into_iter().filter_map(place_of) {
                around[place].push(*facet);
            }
        }
        // The edge of the rim that ends at each vertex of the cut, and the one that starts there.
        let mut edges_at = vec![[NONE; 2]; count];
        for (edge, [from, to]) in (0..).zip(rim.iter()) {
            [*to, *from].into_iter().zip(0..).for_each(|(vertex, which)| {
                if let Some(place) = place_of(vertex) {
                    edges_at[place][which] = edge;
                }
            });
        }
        // One that could not be moved at first may be once its neighbour is gone.
        for _ in 0..2 {
            flat.retain(|vertex| {
                let place = (*vertex - first) as usize;
                let [into, out] = edges_at[place];
                if into == NONE || out == NONE {
                    return false;
                }
                let (last, next) = (rim[into as usize][0], rim[out as usize][1]);
                let facets = &around[place];
                let mut targets = [next, last].into_iter();
                let Some(target) = targets.find(|to| self.may_move(*vertex, *to, facets)) else {
                    return true;
                };
                for facet in std::mem::take(&mut around[place]) {
                    let corners = &mut self.facets[facet as usize].corners;
                    if corners.contains(&target) {
                        *corners = [NONE; 3];
                        continue;
                    }
                    *corners =
                        corners.map(|corner| if corner == *vertex { target } else { corner });
                    if let Some(target) = place_of(target) {
                        around[target].push(facet);
                    }
                }
                rim[into as usize][1] = next;
                rim[out as usize] = [NONE; 2];
                if let Some(next) = place_of(next) {
                    edges_at[next][0] = into;
                }
                false
            });
        }
        rim.retain(|edge| edge[0] != NONE);
        self.facets.retain(|facet| facet.corners[0] != NONE);
    }

    /// Whether the triangles around a vertex still look the same way once it is moved onto `target`.
    fn may_move(&self, vertex: u32, target: u32, facets: &[u32]) -> bool {
        let to = self.positions[target as usize];
        let mut joins = false;
        for facet in facets {
            let Facet { corners, normal, .. } = self.facets[*facet as usize];
            if corners[0] == NONE {
                continue;
            }
            if corners.contains(&target) {
                joins = true;
                continue;
            }
            let at =
                |corner: u32| if corner == vertex { to } else { self.positions[corner as usize] };
            let [a, b, c] = corners.map(at);
            if dot(cross(b - a, c - a), normal) <= 0.0 {
                return false;
            }
        }
        joins
    }

    /// Closes what a cut has opened. None if the rim is not made of closed lines.
    fn close(&mut self, half: &Half, rim: &Rim, reference: TriRef, epsilon: f64) -> Option<()> {
        let (u, v) = ((half.axis + 1) % 3, (half.axis + 2) % 3);
        // Seen from outside.
        let (u, v) = if half.is_upper { (v, u) } else { (u, v) };
        let mut outlines = Vec::new();
        for outline in outlines_of(rim)? {
            let point = |vertex: u32| {
                let position = self.positions[vertex as usize];
                PolyVert { pos: Vec2::new(position[u], position[v]), idx: vertex as i32 }
            };
            // The cap runs against the triangles that it closes.
            outlines.push(outline.into_iter().rev().map(point).collect());
        }
        let mut normal = Vec3::splat(0.0);
        normal[half.axis] = if half.is_upper { -1.0 } else { 1.0 };
        let triangles = triangulate_idx(&outlines, epsilon, true);
        self.facets.extend(triangles.into_iter().map(|IVec3 { x, y, z }| Facet {
            corners: [x as u32, y as u32, z as u32],
            reference,
            normal,
        }));
        Some(())
    }

    /// Gives vertices that cuts have made the mean normal of the faces around them: the kernel wants one that points outwards.
    fn give_normals(&mut self) {
        let originals = self.normals.len();
        self.normals.resize(self.positions.len(), Vec3::splat(0.0));
        for facet in &self.facets {
            for corner in facet.corners.map(|corner| corner as usize) {
                if corner >= originals {
                    self.normals[corner] += facet.normal;
                }
            }
        }
        for normal in &mut self.normals[originals..] {
            let length = dot(*normal, *normal).sqrt();
            if length > 0.0 {
                *normal /= length;
            }
        }
    }
}

/// Whether a triangle is all rounding: its height is less than what can be told apart where it lies.
fn is_on_line([a, b, c]: [Vec3; 3]) -> bool {
    let (ab, bc, ca) = (b - a, c - b, a - c);
    let longest = [ab, bc, ca].map(|edge| dot(edge, edge)).into_iter().fold(0.0, f64::max);
    let twice_area = cross(ab, ca);
    let reach = [a.x, a.y, a.z, b.x, b.y, b.z, c.x, c.y, c.z]
        .into_iter()
        .fold(0.0, |most: f64, x| most.max(x.abs()));
    let height = IN_PLANE * reach;
    dot(twice_area, twice_area) <= height * height * longest
}

/// Whether a triangle may be seen where halves of space meet: it is not beyond one of them, nor a face of an earlier cut.
fn is_seen(halves: &[Half], corners: [Vec3; 3], reference: &TriRef) -> bool {
    let is_out = |half: &Half| corners.iter().all(|corner| !half.holds(*corner));
    reference.original_id != cut_original() && !halves.iter().any(is_out)
}

/// The closed lines that edges make, but those of one edge back and forth. None if they make others.
fn outlines_of(rim: &Rim) -> Option<Vec<Vec<u32>>> {
    let mut ends_from: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for [start, end] in rim {
        // Where two triangles meet in the plane, both on one side, nothing is open.
        let back = ends_from.entry(*end).or_default();
        match back.iter().position(|to| to == start) {
            Some(at) => {
                back.swap_remove(at);
            }
            None => ends_from.entry(*start).or_default().push(*end),
        }
    }
    let mut next = |start: u32| ends_from.get_mut(&start)?.pop();
    let mut outlines = Vec::new();
    for [start, _] in rim {
        let Some(mut end) = next(*start) else { continue };
        let mut outline = vec![*start];
        while end != *start {
            outline.push(end);
            end = next(end)?;
        }
        outlines.push(outline);
    }
    Some(outlines)
}
