//! What a model solved as a whole is made of: clusters of solids that hang together, which are all that has to be united.
//!
//! Clusters lie apart, so they are their own union, and an edit unites, measures and chunks those that it touches. Since a
//! model may have a hundred thousand of them, they are drawn in groups: those whose middles lie in one cell of the grid
//! that is fixed in model space, where a cell with too many triangles is split in eight. So an edit elsewhere leaves a
//! group as it is.

use std::sync::Arc;

use rayon::prelude::*;
use scadstream_csg::{ContentHash, ContentHasher};

use super::Job;
use super::combine::Fault;
use crate::cache::Form;
use crate::kernel::{CancelToken, Solid};
use crate::mesh::{Bounds, Mesh, SideBySide};
use crate::shape::Shape;
use crate::spatial::{Cell, CellPatch, Cells, Patch};
use crate::touching::wanted_clusters;
use crate::union::union;

/// Most triangles that are drawn together although they lie apart: as many as make one chunk.
const GROUP_TRIANGLES: usize = 1 << 14;

/// Solids whose boxes touch, directly or through others.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    key: ContentHash,
    members: Vec<Solid>,
    /// A box around all, not always the smallest.
    bounds: Bounds,
    /// At least as many as their union will have, about.
    triangles: usize,
}

impl Cluster {
    /// The clusters that solids form, in the order of their first members.
    pub(super) fn of_solids(solids: &[Solid], token: &CancelToken) -> Result<Vec<Self>, Fault> {
        let boxes: Vec<Bounds> = solids.iter().map(Solid::rough_bounds).collect();
        let cluster = |indices: Vec<usize>| {
            token.check()?;
            let members: Vec<Solid> = indices.iter().map(|index| solids[*index].clone()).collect();
            let bounds = indices.iter().map(|index| boxes[*index]).reduce(Bounds::union);
            Ok(Self::new(members, bounds.expect("a cluster has members")))
        };
        wanted_clusters(&boxes, token)?.into_par_iter().map(cluster).collect()
    }

    /// The clusters that those of several objects form together.
    pub(super) fn of_clusters(parts: Vec<Self>, job: &Job<'_>) -> Result<Vec<Self>, Fault> {
        let boxes: Vec<Bounds> = parts.iter().map(|part| part.bounds).collect();
        let together = |indices: Vec<usize>| {
            if let [only] = indices[..] {
                return Ok(parts[only].clone());
            }
            let bounds = indices.iter().map(|index| boxes[*index]).reduce(Bounds::union);
            let united = indices.into_iter().map(|index| parts[index].united(job));
            let members: Vec<Option<Solid>> = united.collect::<Result<_, Fault>>()?;
            let members = members.into_iter().flatten().collect();
            Ok(Self::new(members, bounds.expect("a cluster has members")))
        };
        wanted_clusters(&boxes, &job.cancel)?.into_iter().map(together).collect()
    }

    fn new(members: Vec<Solid>, bounds: Bounds) -> Self {
        let mut hasher = ContentHasher::new("cluster");
        members.iter().for_each(|member| hasher.hash(member.content()));
        let triangles = members.iter().map(Solid::num_triangles).sum();
        Self { key: hasher.finish(), members, bounds, triangles }
    }

    /// The union of its members, from the cache if it was made before.
    fn united(&self, job: &Job<'_>) -> Result<Option<Solid>, Fault> {
        if let [only] = &self.members[..] {
            return Ok(Some(only.clone()));
        }
        if let Some(Shape::Solids(solids)) = job.cache.get(self.key, Form::United) {
            return Ok(solids.list.first().cloned());
        }
        let united = union(&self.members, &job.cancel)?.map(|solid| solid.made_from(self.key));
        job.cache.insert(self.key, Form::United, Shape::solid(united.clone()));
        Ok(united)
    }
}

/// The surface of clusters that lie apart from each other, in groups.
pub(super) fn surface(clusters: &[Cluster], job: &Job<'_>) -> Result<Cells, Fault> {
    let groups = groups(clusters).into_par_iter().map(|(cell, members)| {
        let mut hasher = ContentHasher::new("group");
        members.iter().for_each(|member| hasher.hash(clusters[*member].key));
        let content = hasher.finish();
        if let Some(patch) = job.cache.patch(content) {
            return Ok(CellPatch { cell, content, patch });
        }
        let mesh_of = |member: usize| -> Result<Mesh, Fault> {
            job.cancel.check()?;
            Ok(clusters[member].united(job)?.map(|solid| solid.to_mesh()).unwrap_or_default())
        };
        let mesh = if let [only] = members[..] {
            mesh_of(only)?
        } else {
            let mut together = SideBySide::default();
            for member in members {
                together.add(&mesh_of(member)?);
            }
            together.into_mesh()
        };
        let patch = Arc::new(Patch::closed(mesh));
        job.cache.insert_patch(content, Arc::clone(&patch));
        Ok(CellPatch { cell, content, patch })
    });
    Ok(Cells::apart(groups.collect::<Result<_, Fault>>()?))
}

/// The clusters that are drawn together, by their places, with the cell that their middles lie in.
fn groups(clusters: &[Cluster]) -> Vec<(Cell, Vec<usize>)> {
    let Some(bounds) = clusters.iter().map(|cluster| cluster.bounds).reduce(Bounds::union) else {
        return Vec::new();
    };
    let roots = Cell::roots(&bounds);
    let level = roots[0].level;
    let middles: Vec<[f64; 3]> = clusters.iter().map(|cluster| cluster.bounds.center()).collect();
    let mut pending: Vec<(Cell, Vec<usize>)> =
        roots.iter().map(|root| (*root, Vec::new())).collect();
    for (member, middle) in middles.iter().enumerate() {
        // The last one that begins below it is the one that it lies in.
        let begins_below = |root: &Cell| (0..3).all(|axis| root.bounds().min[axis] <= middle[axis]);
        let own = roots.iter().rposition(begins_below).unwrap_or(0);
        pending[own].1.push(member);
    }
    let mut groups = Vec::new();
    while let Some((cell, members)) = pending.pop() {
        let triangles: usize = members.iter().map(|member| clusters[*member].triangles).sum();
        if members.len() <= 1 || triangles <= GROUP_TRIANGLES || !cell.is_divisible(level) {
            if !members.is_empty() {
                groups.push((cell, members));
            }
            continue;
        }
        let middle = cell.children()[0].bounds().max;
        let mut octants: [Vec<usize>; 8] = Default::default();
        for member in members {
            let upper = |axis: usize| usize::from(middles[member][axis] >= middle[axis]) << axis;
            octants[upper(0) | upper(1) | upper(2)].push(member);
        }
        pending.extend(cell.children().into_iter().zip(octants));
    }
    groups
}
