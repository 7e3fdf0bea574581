//! Nodes that work on the union of their children: transforms, colour, extrusions, projections, offsets.

use std::sync::Arc;

use rayon::prelude::*;
use scadstream_csg::{
    ContentHash, ContentHasher, Fragments, LinearExtrude, OffsetDelta, RoofMethod, RotateExtrude,
};

use super::booleans::unite;
use super::combine::{Fault, Work, ends};
use crate::abandon::IN_PLACE;
use crate::affine::Affine;
use crate::apart;
use crate::cache::Form;
use crate::fragments::segments;
use crate::kernel::{KernelError, Solid};
use crate::later::LaterMesh;
use crate::linear_extrude::{layers, linear_extrude};
use crate::mesh::{Bounds, Paint};
use crate::projection::{section, shadow};
use crate::region::Region;
use crate::roof::roof;
use crate::rotate_extrude::{rotate_extrude, sections};
use crate::shape::{Flat, Shape, Solids};
use crate::{clip, fill, offset};

/// More pieces than this are extruded as one: each is a body with lists of its own. Picked by hand.
const MOST_PIECES: usize = 4096;

impl Work<'_> {
    pub(super) fn transform(
        &mut self,
        operands: Vec<Shape>,
        matrix: &[[f64; 4]; 4],
    ) -> Result<Shape, Fault> {
        let shape = self.union(operands)?;
        let affine = Affine::from_matrix(matrix);
        if !affine.is_finite() {
            self.warn(
                "Transformation matrix contains Not-a-Number and/or Infinity - removing object.",
            );
            return Ok(match shape {
                Shape::Nothing => Shape::Nothing,
                Shape::Solids(_) => Shape::solid(None),
                Shape::Flat(_) => Shape::flat(Region::default()),
            });
        }
        Ok(match shape {
            Shape::Nothing => Shape::Nothing,
            Shape::Solids(solids) => {
                let solids = solids.transformed(&affine);
                if !solids.list.iter().all(Solid::is_in_reach) {
                    return Err(KernelError::NonFinite.into());
                }
                Shape::Solids(solids)
            }
            Shape::Flat(flat) => {
                if matrix[0][0] * matrix[1][1] == matrix[0][1] * matrix[1][0] {
                    self.warn("Scaling a 2D object with 0 - removing object");
                }
                let region = Arc::new(flat.region.transformed(matrix));
                Shape::Flat(Flat { region, ..flat })
            }
        })
    }

    /// Scales about the origin so that each axis has its wanted size: 0 keeps an axis or, where `auto` is set, gives it
    /// the factor of the axis with the largest wanted size.
    pub(super) fn resize(
        &mut self,
        operands: Vec<Shape>,
        new_size: [f64; 3],
        auto: [bool; 3],
    ) -> Result<Shape, Fault> {
        let solids = match self.union(operands)? {
            Shape::Nothing => return Ok(Shape::Nothing),
            Shape::Flat(flat) => {
                let region = flat.region.resized([new_size[0], new_size[1]], [auto[0], auto[1]]);
                return Ok(Shape::Flat(Flat { region: Arc::new(region), ..flat }));
            }
            Shape::Solids(solids) => solids,
        };
        self.warn_of_sheets(&solids);
        let Some(bounds) = solids.list.iter().map(Solid::bounds).reduce(Bounds::union) else {
            return Ok(Shape::solid(None));
        };
        let size = bounds.size();
        let leading = (1..3).fold(0, |best, k| if new_size[k] > new_size[best] { k } else { best });
        let factors = [0, 1, 2].map(|axis| {
            if new_size[axis] > 0.0 {
                new_size[axis] / size[axis]
            } else if auto[axis] && new_size[leading] > 0.0 {
                new_size[leading] / size[leading]
            } else {
                1.0
            }
        });
        let scaling = Affine::scaling(factors);
        if !scaling.is_finite() || scaling.determinant() == 0.0 {
            return Ok(Shape::solid(None));
        }
        let list = solids.list.iter().map(|solid| solid.transformed(&scaling)).collect();
        Ok(Shape::Solids(Solids { list, ..Solids::default() }))
    }

    /// An outer colour replaces those inside. A negative red stands for a name that could not be read: no change.
    pub(super) fn color(&mut self, operands: Vec<Shape>, rgba: [f32; 4]) -> Result<Shape, Fault> {
        let shape = self.union(operands)?;
        if rgba[0] < 0.0 {
            return Ok(shape);
        }
        let paint = Paint::Color(rgba);
        Ok(match shape {
            Shape::Nothing => Shape::Nothing,
            Shape::Solids(solids) => Shape::Solids(solids.painted(paint)),
            Shape::Flat(flat) => Shape::Flat(Flat { paint, ..flat }),
        })
    }

    pub(super) fn render(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        match self.union(operands)? {
            Shape::Solids(solids) => {
                self.warn_of_sheets(&solids);
                Ok(Shape::solid(unite(self.node, &solids.list, self.job)?))
            }
            other => Ok(other),
        }
    }

    pub(super) fn fill(&mut self, operands: Vec<Shape>) -> Result<Shape, Fault> {
        self.flat(operands, 1, fill::without_holes)
    }

    pub(super) fn offset(
        &mut self,
        operands: Vec<Shape>,
        delta: OffsetDelta,
        fragments: Fragments,
    ) -> Result<Shape, Fault> {
        let per_point = match delta {
            OffsetDelta::Round(r) => segments(r.abs(), fragments, 360.0) as usize,
            OffsetDelta::Straight { .. } => 1,
        };
        self.flat(operands, per_point, move |region| offset::offset(region, delta, fragments))
    }

    pub(super) fn linear_extrude(
        &mut self,
        operands: Vec<Shape>,
        parameters: &LinearExtrude,
    ) -> Result<Shape, Fault> {
        let Some(flat) = self.flat_operand(operands)? else { return Ok(Shape::Nothing) };
        let region = Arc::clone(&flat.region);
        // What goes straight up keeps its distance.
        let pieces = if is_straight(parameters) { apart::pieces(&region) } else { Vec::new() };
        let shape = if (2..=MOST_PIECES).contains(&pieces.len()) {
            let piece = |region| self.extruded_piece(region, parameters);
            let shapes: Vec<Shape> =
                pieces.into_par_iter().map(piece).collect::<Result<_, Fault>>()?;
            let of_piece = |shape: &Shape| match shape {
                Shape::Solids(solids) => solids.list.to_vec(),
                Shape::Nothing | Shape::Flat(_) => Vec::new(),
            };
            let list = shapes.iter().flat_map(of_piece).collect();
            Shape::Solids(Solids { list, ..Solids::default() })
        } else {
            self.extruded(region, parameters)?
        };
        Ok(with_paint_of(shape, &flat))
    }

    /// A piece of a region that is extruded straight up, from the cache if it was in an extrusion before.
    fn extruded_piece(&self, region: Region, parameters: &LinearExtrude) -> Result<Shape, Fault> {
        let key = piece_key(&region, parameters);
        if let Some(shape) = self.job.cache.get(key, Form::United) {
            return Ok(shape);
        }
        let shape = self.extruded(Arc::new(region), parameters)?.made_from(key);
        self.job.cache.insert(key, Form::United, shape.clone());
        Ok(shape)
    }

    fn extruded(&self, region: Arc<Region>, parameters: &LinearExtrude) -> Result<Shape, Fault> {
        // Outlines apart from each other under a top that is no point or ridge make a mesh that needs no mending.
        let has_top = parameters.scale.iter().all(|factor| *factor > 0.0);
        let is_clean = has_top && region.has_distinct_points();
        let points = points_of(&region, layers(&region, parameters));
        let own = parameters.clone();
        let base = Arc::clone(&region);
        let make = move || linear_extrude(&region, &own);
        let [along_x, along_y, height] = parameters.sweep;
        if is_clean && is_straight(parameters) && [along_x, along_y] == [0.0; 2] {
            let ends = ends(height, parameters.center);
            // What takes a moment only is done once it is needed.
            let is_plain = parameters.slices.is_none() && parameters.segments.is_none();
            if is_plain && points <= IN_PLACE / 4 {
                return self.upright(base, ends, LaterMesh::new(make));
            }
            let mesh = self.abandonable(points, make)?;
            return self.upright(base, ends, LaterMesh::Made(mesh));
        }
        let mesh = self.abandonable(points, make)?;
        if is_clean { self.clean_mesh(&mesh) } else { self.closed_mesh(&mesh) }
    }

    pub(super) fn rotate_extrude(
        &mut self,
        operands: Vec<Shape>,
        parameters: &RotateExtrude,
    ) -> Result<Shape, Fault> {
        let Some(flat) = self.flat_operand(operands)? else { return Ok(Shape::Nothing) };
        let (region, own) = (Arc::clone(&flat.region), parameters.clone());
        let points = points_of(&region, sections(&region, parameters));
        let mesh = self
            .abandonable(points, move || rotate_extrude(&region, &own))?
            .map_err(|error| Fault::Message(error.to_string()))?;
        let shape = self.closed_mesh(&mesh)?;
        Ok(with_paint_of(shape, &flat))
    }

    pub(super) fn roof(
        &mut self,
        operands: Vec<Shape>,
        method: RoofMethod,
        fragments: Fragments,
    ) -> Result<Shape, Fault> {
        let Some(flat) = self.flat_operand(operands)? else { return Ok(Shape::Nothing) };
        let mesh = roof(&flat.region, method, fragments, &self.job.cancel)?;
        let shape = self.closed_mesh(&mesh)?;
        Ok(with_paint_of(shape, &flat))
    }

    /// Projects each solid and unites the results; 2D children are left out with a warning.
    pub(super) fn projection(&mut self, operands: Vec<Shape>, cut: bool) -> Result<Shape, Fault> {
        if operands.is_empty() {
            return Ok(Shape::Nothing);
        }
        let project = if cut { section } else { shadow };
        let mut regions = Vec::new();
        for (index, operand) in operands.into_iter().enumerate() {
            match operand {
                Shape::Nothing => {}
                Shape::Flat(_) => {
                    self.warn_child(index, "Ignoring 2D child object for 3D operation");
                }
                Shape::Solids(solids) => {
                    self.warn_of_sheets(&solids);
                    for solid in solids.list.iter() {
                        let (count, solid) = (solid.num_triangles(), solid.clone());
                        let work = move || project(&solid.to_mesh());
                        regions.push(self.abandonable(count, work)?);
                    }
                }
            }
        }
        let points = regions.iter().map(|region| region.points().count()).sum();
        Ok(Shape::flat(self.abandonable(points, move || clip::union(&regions))?))
    }

    /// Works on the union of the 2D children; 3D ones are left out with a warning. Each point may become so many.
    fn flat(
        &mut self,
        operands: Vec<Shape>,
        per_point: usize,
        operation: impl FnOnce(&Region) -> Region + Send + 'static,
    ) -> Result<Shape, Fault> {
        let Some(flat) = self.flat_operand(operands)? else { return Ok(Shape::Nothing) };
        let region = Arc::clone(&flat.region);
        let points = points_of(&region, per_point);
        let region = Arc::new(self.abandonable(points, move || operation(&region))?);
        Ok(Shape::Flat(Flat { region, ..flat }))
    }

    /// The union of the 2D children; none if there are no children at all.
    fn flat_operand(&mut self, operands: Vec<Shape>) -> Result<Option<Flat>, Fault> {
        if operands.is_empty() {
            return Ok(None);
        }
        let mut flats = Vec::new();
        for (index, operand) in operands.into_iter().enumerate() {
            match operand {
                Shape::Nothing => {}
                Shape::Flat(flat) => flats.push(flat),
                Shape::Solids(_) => {
                    self.warn_child(index, "Ignoring 3D child object for 2D operation");
                }
            }
        }
        Ok(match self.unite_flat(&flats)? {
            Shape::Flat(flat) => Some(flat),
            _ => Some(Flat { region: Arc::default(), paint: Paint::Default }),
        })
    }
}

/// Whether every section is as the one below.
fn is_straight(parameters: &LinearExtrude) -> bool {
    parameters.twist == 0.0 && parameters.scale == [1.0, 1.0]
}

/// Hash of all that the solid over a piece depends on.
fn piece_key(region: &Region, parameters: &LinearExtrude) -> ContentHash {
    let mut hasher = ContentHasher::new("extruded piece");
    parameters.sweep.iter().for_each(|c| hasher.f64(*c));
    hasher.byte(u8::from(parameters.center));
    for count in [parameters.slices, parameters.segments] {
        hasher.u64(count.map_or(u64::MAX, u64::from));
    }
    for outline in region.outlines() {
        hasher.count(outline.len());
        outline.as_flattened().iter().for_each(|c| hasher.f64(*c));
    }
    hasher.finish()
}

/// The points of a region that is repeated so many times.
fn points_of(region: &Region, times: usize) -> usize {
    region.points().count().saturating_mul(times)
}

/// What is made of a coloured region has its colour.
fn with_paint_of(shape: Shape, flat: &Flat) -> Shape {
    match (shape, flat.paint) {
        (Shape::Solids(solids), paint @ Paint::Color(_)) => Shape::Solids(solids.painted(paint)),
        (shape, _) => shape,
    }
}
