//! Nodes of several operands: unions, differences, intersections, hulls, Minkowski sums.

use std::sync::Arc;

use scadstream_csg::{ContentHash, ContentHasher, Node};

use super::Job;
use super::combine::{Fault, Work};
use crate::cache::Form;
use crate::kernel::Solid;
use crate::mesh::Paint;
use crate::minkowski::{LEAST_CHUNK, minkowski};
use crate::region::Region;
use crate::shape::{Flat, Shape, Solids};
use crate::union::union;
use crate::{clip, hull2d, minkowski2d};

/// A child that is a union of more solids than this is united by itself before its parent works with it, so that the
/// cache keeps it and an edit beside it costs less. Smaller ones go up as they are: the kernel orders one large union
/// better than many small ones. Picked by hand.
const LARGE_UNION: usize = 16;

/// What is left out of any operation but a hull.
pub(super) const SHEET: &str =
    "a surface that encloses nothing is left out; only hull() can use it";

/// The union of a node's solids as one, from the cache if it was made before.
pub(super) fn unite(node: &Node, solids: &[Solid], job: &Job<'_>) -> Result<Option<Solid>, Fault> {
    if solids.len() <= 1 {
        return Ok(solids.first().cloned());
    }
    if let Some(Shape::Solids(united)) = job.cache.get(node.hash(), Form::United) {
        return Ok(united.list.first().cloned());
    }
    let united = union(solids, &job.cancel)?.map(|solid| solid.made_from(united_key(node)));
    job.cache.insert(node.hash(), Form::United, Shape::solid(united.clone()));
    Ok(united)
}

/// A node's shape may be a list of solids, and one that was made of these is another.
fn united_key(node: &Node) -> ContentHash {
    let mut hasher = ContentHasher::new("united");
    hasher.hash(node.hash());
    hasher.finish()
}

/// Operands of one kind.
enum Alike<'a> {
    Nothing,
    /// Unions of solids, each with the child it is of.
    Solids(Vec<(&'a Node, Solids)>),
    Flat(Vec<Flat>),
}

impl<'a> Work<'a> {
    /// The implicit union of a group: solids stay a list, regions are united.
    pub(super) fn union(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        if operands.len() == 1 {
            return Ok(operands.into_iter().next().unwrap_or_default());
        }
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(children) => {
                let mut list = Vec::with_capacity(children.len());
                let mut sheets = Vec::new();
                for (child, solids) in &children {
                    list.extend_from_slice(&self.few(child, solids)?);
                    sheets.extend_from_slice(&solids.sheets);
                }
                Ok(Shape::Solids(Solids { list: list.into(), sheets: sheets.into() }))
            }
            Alike::Flat(flats) => self.unite_flat(&flats),
        }
    }

    /// An empty first child leaves nothing, whatever its kind.
    pub(super) fn difference(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        if operands.first().is_none_or(|first| matches!(first, Shape::Nothing)) {
            return Ok(Shape::Nothing);
        }
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(children) => {
                let mut lists = self.lists(&children)?.into_iter();
                drop(children);
                let first = lists.next().unwrap_or_default();
                let rest: Vec<Solid> = lists.flatten().collect();
                Ok(Shape::solid(Solid::difference(first, rest, &self.job.cancel)?))
            }
            Alike::Flat(flats) => {
                let Some(first) = flats.first() else { return Ok(Shape::Nothing) };
                let paint = first.paint;
                self.clipped(&flats, paint, |regions| clip::difference(&regions[0], &regions[1..]))
            }
        }
    }

    /// With a child that is empty, or of the wrong dimension, nothing is common.
    pub(super) fn intersection(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        let count = operands.len();
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(children) if children.len() < count => Ok(Shape::solid(None)),
            Alike::Flat(flats) if flats.len() < count => Ok(Shape::flat(Region::default())),
            Alike::Solids(children) => {
                let lists = self.lists(&children)?;
                drop(children);
                Ok(Shape::solid(Solid::intersection(lists, &self.job.cancel)?))
            }
            Alike::Flat(flats) => self.clipped(&flats, common_paint(&flats), clip::intersection),
        }
    }

    pub(super) fn hull(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(children) => {
                let mut points: Vec<[f64; 3]> = Vec::new();
                for (_, solids) in &children {
                    for solid in solids.list.iter() {
                        self.job.cancel.check()?;
                        points.extend(solid.positions());
                    }
                    points.extend(solids.sheets.iter().flat_map(|sheet| sheet.iter()));
                }
                let count = points.len();
                Ok(Shape::solid(Solid::hull_of(count, || in_order(points), &self.job.cancel)?))
            }
            Alike::Flat(flats) => {
                let around =
                    |regions: &[Region]| hull2d::hull(regions.iter().flat_map(Region::points));
                self.clipped(&flats, Paint::Default, around)
            }
        }
    }

    /// Children are summed from left to right; an empty one is skipped, as OpenSCAD does.
    pub(super) fn minkowski(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        match self.alike(operands) {
            Alike::Nothing => Ok(Shape::Nothing),
            Alike::Solids(children) => {
                let settings = self.job.settings;
                let chunk = || match self.job.is_short_of_memory() {
                    true => LEAST_CHUNK,
                    false => settings.minkowski_chunk,
                };
                let mut sum: Vec<Solid> = Vec::new();
                for (_, solids) in &children {
                    self.warn_of_sheets(solids);
                    if sum.is_empty() {
                        sum = solids.list.to_vec();
                    } else if !solids.list.is_empty() {
                        let next = minkowski(&sum, &solids.list, &chunk, &self.job.cancel)?;
                        sum = next.into_iter().collect();
                    }
                }
                Ok(Shape::Solids(Solids { list: sum.into(), ..Solids::default() }))
            }
            Alike::Flat(flats) => {
                let regions = regions(&flats);
                let product = regions.iter().map(|region| region.points().count().max(1)).product();
                let sum = self.abandonable(product, move || minkowski2d::minkowski(&regions))?;
                Ok(Shape::flat(sum))
            }
        }
    }

    /// The union of regions, which has their paint if they agree on one.
    pub(super) fn unite_flat(&self, flats: &[Flat]) -> Result<Shape, Fault> {
        match flats {
            [] => Ok(Shape::Nothing),
            [one] => Ok(Shape::Flat(one.clone())),
            many => self.clipped(many, common_paint(many), clip::union),
        }
    }

    /// What an operation makes of regions.
    fn clipped(
        &self,
        flats: &[Flat],
        paint: Paint,
        operation: impl FnOnce(&[Region]) -> Region + Send + 'static,
    ) -> Result<Shape, Fault> {
        let regions = regions(flats);
        let points = regions.iter().map(|region| region.points().count()).sum();
        let region = Arc::new(self.abandonable(points, move || operation(&regions))?);
        Ok(Shape::Flat(Flat { region, paint }))
    }

    /// The solids of each child of a boolean.
    fn lists(&mut self, children: &[(&Node, Solids)]) -> Result<Vec<Vec<Solid>>, Fault> {
        children.iter().for_each(|(_, solids)| self.warn_of_sheets(solids));
        let list = |(child, solids): &(&Node, Solids)| {
            self.job.cancel.check()?;
            Ok(self.few(child, solids)?.to_vec())
        };
        children.iter().map(list).collect()
    }

    /// The solids of a child, as one if they are many.
    fn few(&self, child: &Node, solids: &Solids) -> Result<Arc<[Solid]>, Fault> {
        if solids.list.len() > LARGE_UNION {
            return Ok(unite(child, &solids.list, self.job)?.into_iter().collect());
        }
        Ok(Arc::clone(&solids.list))
    }

    pub(super) fn warn_of_sheets(&mut self, solids: &Solids) {
        if !solids.sheets.is_empty() {
            self.warn(SHEET);
        }
    }

    /// The operands that count: all of the kind of the first that has one, with a warning for each other.
    fn alike(&mut self, operands: Vec<Shape>) -> Alike<'a> {
        let node = self.node;
        let mut alike = Alike::Nothing;
        let mut mixed = false;
        for ((index, operand), child) in operands.into_iter().enumerate().zip(node.drawn_children())
        {
            let ignored = match (&mut alike, operand) {
                (_, Shape::Nothing) => continue,
                (Alike::Nothing, Shape::Solids(solids)) => {
                    alike = Alike::Solids(vec![(child, solids)]);
                    continue;
                }
                (Alike::Nothing, Shape::Flat(flat)) => {
                    alike = Alike::Flat(vec![flat]);
                    continue;
                }
                (Alike::Solids(lists), Shape::Solids(solids)) => {
                    lists.push((child, solids));
                    continue;
                }
                (Alike::Flat(flats), Shape::Flat(flat)) => {
                    flats.push(flat);
                    continue;
                }
                (Alike::Solids(_), Shape::Flat(_)) => "Ignoring 2D child object for 3D operation",
                (Alike::Flat(_), Shape::Solids(_)) => "Ignoring 3D child object for 2D operation",
            };
            if !mixed {
                self.warn("Mixing 2D and 3D objects is not supported");
                mixed = true;
            }
            self.warn_child(index, ignored);
        }
        alike
    }
}

/// Points in an order that does not depend on what was united before, each once: the kernel's hull depends on it, and so may
/// the cut of its faces.
fn in_order(mut points: Vec<[f64; 3]>) -> Vec<[f64; 3]> {
    points.sort_unstable_by(|a, b| {
        let along = |axis: usize| a[axis].total_cmp(&b[axis]);
        along(0).then(along(1)).then(along(2))
    });
    points.dedup();
    points
}

fn regions(flats: &[Flat]) -> Vec<Region> {
    flats.iter().map(|flat| (*flat.region).clone()).collect()
}

fn common_paint(flats: &[Flat]) -> Paint {
    let mut paints = flats.iter().map(|flat| flat.paint);
    let first = paints.next().unwrap_or_default();
    if paints.all(|paint| paint == first) { first } else { Paint::Default }
}
