//! Parts of solids on their way to cells of the grid.
//!
//! A large operand is cut level by level down to the cells. What is cut again needs none of what the kernel needs for
//! booleans, so it is kept as triangles, and made a solid where it meets others.

use std::sync::Arc;

use manifold_rust::impl_mesh::{ManifoldImpl, reserve_ids};
use manifold_rust::linalg::IVec3;
use manifold_rust::types::{Box as KernelBox, Relation};

use super::cell::{cut_original, patch};
use super::cut::{Facet, Surface};
use super::{KernelError, Paints, Solid};
use crate::mesh::{Bounds, Mesh};

/// A part of a solid, closed by faces that the model does not have.
#[derive(Debug)]
pub struct Piece {
    surface: Surface,
    extent: KernelBox,
    /// The mesh of the faces that each cut has left, from the first cut on.
    caps: Vec<i32>,
    whole: Arc<Whole>,
}

/// What pieces have of the solid that they are of.
#[derive(Debug)]
struct Whole {
    epsilon: f64,
    tolerance: f64,
    meshes: Vec<(i32, Relation)>,
    paints: Paints,
}

impl Solid {
    /// All of the solid, to be cut.
    pub fn piece(&self) -> Piece {
        let body = self.baked();
        let whole = Whole {
            epsilon: body.epsilon,
            tolerance: body.tolerance,
            meshes: body.mesh_relation.mesh_id_transform.clone().into_iter().collect(),
            paints: self.painted_body().paints,
        };
        let surface = Surface::of_body(&body, |_, _| true);
        Piece { surface, extent: body.bbox, caps: Vec::new(), whole: Arc::new(whole) }
    }
}

impl Piece {
    /// Number of triangles, with those of cuts.
    pub fn num_triangles(&self) -> usize {
        self.surface.facets.len()
    }

    /// Bytes that it takes.
    pub fn size_bytes(&self) -> usize {
        let Surface { positions, normals, facets } = &self.surface;
        size_of_val(positions.as_slice())
            + size_of_val(normals.as_slice())
            + size_of_val(facets.as_slice())
    }

    /// The box around it.
    pub fn bounds(&self) -> Bounds {
        let KernelBox { min, max } = self.extent;
        Bounds { min: [min.x, min.y, min.z], max: [max.x, max.y, max.z] }
    }

    /// The part inside `bounds`, which may be empty; none if it cannot be cut there, as when a face lies in a side.
    pub fn cut_to(&self, bounds: &Bounds) -> Option<Self> {
        let caps = reserve_ids(1) as i32;
        let surface = self.surface.closed_within(bounds, &self.extent, caps, self.whole.epsilon)?;
        let mut extent = KernelBox::new();
        surface.positions.iter().for_each(|position| extent.union_point(*position));
        let caps = self.caps.iter().copied().chain([caps]).collect();
        Some(Self { surface, extent, caps, whole: Arc::clone(&self.whole) })
    }

    /// The model's surface of it inside `bounds`, as of [`Tree::within`](super::Tree::within).
    pub fn patch_within(&self, bounds: &Bounds) -> Mesh {
        let surface = self.surface.within(bounds, &self.extent);
        let paints = &self.whole.paints;
        patch(&surface, |original| {
            let found = paints.binary_search_by_key(&original, |(id, _)| *id);
            found.map(|index| paints[index].1).unwrap_or_default()
        })
    }

    /// The solid that it is; none if it is empty.
    ///
    /// # Errors
    /// [`KernelError::NotManifold`] if cuts left something that the kernel does not take for closed.
    pub fn solid(&self) -> Result<Option<Solid>, KernelError> {
        let Surface { positions, normals, facets } = &self.surface;
        if facets.is_empty() {
            return Ok(None);
        }
        let mut body = ManifoldImpl::new();
        body.vert_pos.clone_from(positions);
        body.vert_normal.clone_from(normals);
        let triangles: Vec<IVec3> = (facets.iter())
            .map(|Facet { corners: [a, b, c], .. }| IVec3::new(*a as i32, *b as i32, *c as i32))
            .collect();
        body.create_halfedges(&triangles, &[]);
        if !body.is_manifold() {
            return Err(KernelError::NotManifold);
        }
        body.face_normal = facets.iter().map(|facet| facet.normal).collect();
        let relation = Relation { original_id: cut_original(), ..Relation::default() };
        let caps = self.caps.iter().map(|caps| (*caps, relation.clone()));
        body.mesh_relation.original_id = -1;
        body.mesh_relation.mesh_id_transform =
            self.whole.meshes.iter().cloned().chain(caps).collect();
        body.mesh_relation.tri_ref = facets.iter().map(|facet| facet.reference).collect();
        body.calculate_bbox();
        body.set_epsilon(self.whole.epsilon, false);
        body.tolerance = body.tolerance.max(self.whole.tolerance);
        body.sort_geometry();
        Solid::checked(body, Arc::clone(&self.whole.paints))
    }
}

#[cfg(test)]
mod tests {
    use scadstream_csg::Fragments;

    use super::*;
    use crate::kernel::{CancelToken, Solid};
    use crate::measure::measure;
    use crate::mesh::Mesh;
    use crate::primitives::{cube, sphere};
    use crate::testing::close;

    fn solid(mesh: &Mesh) -> Solid {
        Solid::from_mesh(mesh, &CancelToken::new()).unwrap().unwrap()
    }

    /// A landscape over a square of `count` steps, with a flat bottom.
    fn landscape(count: u32) -> Mesh {
        let side = count + 1;
        let height = |x: u32, y: u32| 5.0 + f64::from((x * 7 + y * 13 + x * y) % 11) / 3.0;
        let mut positions = Vec::new();
        for z in [0, 1] {
            for (x, y) in (0..side).flat_map(|x| (0..side).map(move |y| (x, y))) {
                let top = if z == 0 { 0.0 } else { height(x, y) };
                positions.push([f64::from(x), f64::from(y), top]);
            }
        }
        let at = |x: u32, y: u32, z: u32| z * side * side + x * side + y;
        let mut triangles = Vec::new();
        let mut quad = |[a, b, c, d]: [u32; 4]| triangles.extend([[a, b, c], [a, c, d]]);
        for x in 0..count {
            quad([at(x, 0, 0), at(x + 1, 0, 0), at(x + 1, 0, 1), at(x, 0, 1)]);
            quad([at(x + 1, count, 0), at(x, count, 0), at(x, count, 1), at(x + 1, count, 1)]);
            quad([at(0, x + 1, 0), at(0, x, 0), at(0, x, 1), at(0, x + 1, 1)]);
            quad([at(count, x, 0), at(count, x + 1, 0), at(count, x + 1, 1), at(count, x, 1)]);
            for y in 0..count {
                quad([at(x, y, 1), at(x + 1, y, 1), at(x + 1, y + 1, 1), at(x, y + 1, 1)]);
                quad([at(x, y, 0), at(x, y + 1, 0), at(x + 1, y + 1, 0), at(x + 1, y, 0)]);
            }
        }
        Mesh::new(positions, triangles)
    }

    /// The eight boxes around `middle`.
    fn octants(middle: [f64; 3]) -> [Bounds; 8] {
        [0, 1, 2, 3, 4, 5, 6, 7].map(|octant: usize| {
            let pick = |low: f64, high: f64| {
                [0, 1, 2].map(|k| if octant >> k & 1 == 0 { low } else { high })
            };
            let (low, high) = (pick(-100.0, f64::NAN), pick(f64::NAN, 100.0));
            let or_middle = |side: [f64; 3]| {
                [0, 1, 2].map(|k| if side[k].is_nan() { middle[k] } else { side[k] })
            };
            Bounds { min: or_middle(low), max: or_middle(high) }
        })
    }

    /// Whether a face lies in one of the planes through a point.
    fn has_face_across(mesh: &Mesh, at: [f64; 3]) -> bool {
        let is_in = |axis: usize, corner: [f64; 3]| (corner[axis] - at[axis]).abs() < 1e-11;
        let mut triangles = (0..mesh.triangles.len()).map(|index| mesh.corners(index));
        triangles.any(|corners| (0..3).any(|axis| corners.iter().all(|c| is_in(axis, *c))))
    }

    #[track_caller]
    fn check(mesh: &Mesh, middle: [f64; 3]) {
        let whole = solid(mesh);
        let before = measure(&whole.to_mesh());
        let piece = whole.piece();
        let mut volume = 0.0;
        for bounds in octants(middle) {
            let Some(part) = piece.cut_to(&bounds) else {
                assert!(has_face_across(mesh, middle), "{bounds:?}");
                return;
            };
            let Some(solid) = part.solid().expect("closed") else { continue };
            let m = measure(&solid.to_mesh());
            assert!(m.closed, "{bounds:?}");
            volume += m.volume;
        }
        assert!(close(volume, before.volume, 1e-12), "{volume}, {}", before.volume);
    }

    #[test]
    fn the_parts_of_a_body_are_closed_and_add_up() {
        let ball = sphere(10.0, Fragments { fn_: 40.0, fa: 12.0, fs: 2.0, fe: 0.0 });
        check(&ball, [0.3, -1.1, 0.7]);
        check(&cube([10.0; 3], true), [0.3, -1.1, 0.7]);
        check(&landscape(9), [3.0 / 7.0, 30.0 / 7.0, 22.0 / 7.0]);
        check(&landscape(9), [3.0 / 7.0, 30.0 / 7.0, 48.0 / 7.0]);
        // Through vertices and along edges.
        check(&landscape(9), [4.0, 5.0, 6.0]);
        check(&landscape(9), [1.0, 8.0, 5.0 + 7.0 / 3.0]);
        check(&ball, [0.0, 0.0, 0.0]);
        let middle = |i: usize| [7 * i % 18, 5 * i % 18, 3 * i % 18].map(|k| k as f64 / 2.0);
        (1..60).map(middle).filter(|at| at[2] != 0.0).for_each(|at| check(&landscape(9), at));
        let vertex = |i: usize| ball.positions[i * 7 % ball.positions.len()];
        (0..60).map(vertex).for_each(|at| check(&ball, at));
        // Beside vertices, by less than can be told apart and by more.
        for step in [1e-16, 1e-13, 1e-11, 1e-8] {
            let beside = |i: usize| vertex(i).map(|x| x + step);
            (0..30).map(beside).for_each(|at| check(&ball, at));
        }
    }

    #[test]
    fn what_a_solid_with_holes_is_cut_into_adds_up() {
        let token = CancelToken::new();
        let ball = solid(&sphere(6.0, Fragments { fn_: 30.0, fa: 12.0, fs: 2.0, fe: 0.0 }));
        let bar = |size: [f64; 3]| solid(&cube(size, true));
        let bars = vec![bar([20.0, 3.0, 3.0]), bar([3.0, 20.0, 4.0]), bar([5.0, 5.0, 20.0])];
        let holed = Solid::difference(vec![ball], bars, &token).unwrap().unwrap().to_mesh();
        for i in 0..100 {
            // In the faces of the holes as well, where it cannot be cut.
            check(&holed, [i % 5, i / 5 % 5, i / 25].map(|k| f64::from(k) * 0.75 - 1.5));
        }
    }

    #[test]
    fn a_piece_with_a_face_in_a_side_is_not_cut_there() {
        let piece = solid(&cube([10.0; 3], false)).piece();
        let bounds = Bounds { min: [-1.0, 2.0, 10.0], max: [5.0, 6.0, 20.0] };
        assert!(piece.cut_to(&bounds).is_none());
    }
}
