//! What a solid is before it is placed: a body of the kernel, or prisms.

use std::collections::HashMap;
use std::sync::Arc;

use manifold_rust::impl_mesh::{ManifoldImpl, reserve_ids};
use manifold_rust::types::Box;

use super::Paints;
use super::booleans::rename_originals;
use super::upright::Upright;
use crate::mesh::{Bounds, Paint};

/// A solid before it is placed. Which of the two it is depends on how it was made alone, and so do its mesh and its points.
#[derive(Clone)]
pub(super) enum Form {
    /// The kernel's own.
    Body(Painted),
    /// Made of prisms, and a body only once one is needed; in one paint, if it was painted.
    Upright(Arc<Upright>, Option<Paint>),
}

/// A body of the kernel and the paint of each original that its faces may come from.
#[derive(Clone)]
pub(super) struct Painted {
    pub(super) body: Arc<ManifoldImpl>,
    pub(super) paints: Paints,
}

impl Form {
    /// The box around it.
    pub(super) fn bounds(&self) -> Bounds {
        match self {
            Form::Body(own) => {
                let Box { min, max } = own.body.bbox;
                Bounds { min: [min.x, min.y, min.z], max: [max.x, max.y, max.z] }
            }
            Form::Upright(upright, _) => upright.bounds(),
        }
    }
}

impl Painted {
    /// The same body with every face in one paint.
    pub(super) fn painted(&self, paint: Paint) -> Self {
        let paints = self.paints.iter().map(|(id, _)| (*id, paint)).collect();
        Self { body: Arc::clone(&self.body), paints }
    }

    /// The same body with originals of its own, so that it can be painted apart from its clones.
    pub(super) fn with_own_originals(&self) -> Self {
        let first = reserve_ids(self.paints.len() as u32) as i32;
        let renamed: HashMap<i32, i32> =
            self.paints.iter().zip(first..).map(|((id, _), new)| (*id, new)).collect();
        let mut body = (*self.body).clone();
        rename_originals(&mut body, |id| renamed.get(&id).copied().unwrap_or(id));
        let mut paints: Vec<_> = self.paints.iter().map(|(id, p)| (renamed[id], *p)).collect();
        paints.sort_by_key(|(id, _)| *id);
        Self { body: Arc::new(body), paints: paints.into() }
    }

    /// The paint of all triangles, if all originals have the same.
    pub(super) fn only_paint(&self) -> Option<Paint> {
        let mut originals = self.body.mesh_relation.mesh_id_transform.values();
        let first = self.paint_of(originals.next()?.original_id);
        originals.all(|relation| self.paint_of(relation.original_id) == first).then_some(first)
    }

    /// The paint of each triangle.
    pub(super) fn paints_of_triangles(&self) -> impl Iterator<Item = Paint> + '_ {
        // Neighbours are of one original as a rule.
        let mut last = None;
        self.body.mesh_relation.tri_ref.iter().map(move |reference| match last {
            Some((original, paint)) if original == reference.original_id => paint,
            _ => {
                let paint = self.paint_of(reference.original_id);
                last = Some((reference.original_id, paint));
                paint
            }
        })
    }

    fn paint_of(&self, original: i32) -> Paint {
        let found = self.paints.binary_search_by_key(&original, |(id, _)| *id);
        found.map_or(Paint::Default, |index| self.paints[index].1)
    }
}
