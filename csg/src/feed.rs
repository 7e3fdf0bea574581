//! How each kind of node feeds its content hash.
//!
//! Convexity is left out: it changes no geometry. Fields are as short as can be: what fits into 64 bytes with the hash
//! of a child is one block of the hash function, and half of the time of making a tree is its hashes.

use crate::hash::ContentHasher;
use crate::node::{FileData, Fragments, Kind, OffsetDelta, RoofMethod};

impl Kind {
    /// Feeds the tag and every parameter that geometry depends on.
    pub(crate) fn feed(&self, hasher: &mut ContentHasher) {
        match self {
            Kind::Group => hasher.name("group"),
            Kind::Union => hasher.name("union"),
            Kind::Difference => hasher.name("difference"),
            Kind::Intersection => hasher.name("intersection"),
            Kind::Hull => hasher.name("hull"),
            Kind::Minkowski { .. } => hasher.name("minkowski"),
            Kind::Fill => hasher.name("fill"),
            Kind::Render { .. } => hasher.name("render"),
            Kind::Transform(matrix) => {
                hasher.name("transform");
                // The last row is always 0 0 0 1.
                feed_numbers(hasher, matrix[..3].as_flattened());
            }
            Kind::Resize { new_size, auto, .. } => {
                hasher.name("resize");
                feed_numbers(hasher, new_size);
                auto.iter().for_each(|axis| hasher.byte(u8::from(*axis)));
            }
            Kind::Color(rgba) => {
                hasher.name("color");
                feed_numbers(hasher, &rgba.map(f64::from));
            }
            Kind::Cube { size, center } => {
                hasher.name("cube");
                feed_numbers(hasher, size);
                hasher.byte(u8::from(*center));
            }
            Kind::Sphere { r, fragments } => {
                hasher.name("sphere");
                hasher.f64(*r);
                fragments.feed(hasher);
            }
            Kind::Cylinder { h, r1, r2, center, fragments } => {
                hasher.name("cylinder");
                feed_numbers(hasher, &[*h, *r1, *r2]);
                hasher.byte(u8::from(*center));
                fragments.feed(hasher);
            }
            Kind::Polyhedron { points, faces, .. } => {
                hasher.name("polyhedron");
                hasher.count(points.len());
                feed_numbers(hasher, points.as_flattened());
                feed_paths(hasher, faces);
            }
            Kind::Surface { file, center, invert, .. } => {
                hasher.name("surface");
                feed_file(hasher, file.as_deref());
                hasher.byte(u8::from(*center));
                hasher.byte(u8::from(*invert));
            }
            Kind::Square { size, center } => {
                hasher.name("square");
                feed_numbers(hasher, size);
                hasher.byte(u8::from(*center));
            }
            Kind::Circle { r, fragments } => {
                hasher.name("circle");
                hasher.f64(*r);
                fragments.feed(hasher);
            }
            Kind::Polygon { points, paths, .. } => {
                hasher.name("polygon");
                hasher.count(points.len());
                feed_numbers(hasher, points.as_flattened());
                hasher.byte(u8::from(paths.is_some()));
                feed_paths(hasher, paths.as_deref().unwrap_or_default());
            }
            Kind::Text(text) => {
                hasher.name("text");
                for part in [
                    &text.text,
                    &text.font,
                    &text.direction,
                    &text.language,
                    &text.script,
                    &text.halign,
                    &text.valign,
                ] {
                    hasher.bytes(part.as_bytes());
                }
                hasher.byte(u8::from(text.em.is_some()));
                feed_numbers(hasher, &[text.size, text.em.unwrap_or(0.0), text.spacing]);
                hasher.count(text.fonts.len());
                text.fonts.iter().for_each(|font| feed_file(hasher, Some(font)));
                text.fragments.feed(hasher);
            }
            Kind::LinearExtrude(extrude) => {
                hasher.name("linear_extrude");
                feed_numbers(hasher, &extrude.sweep);
                hasher.byte(u8::from(extrude.center));
                hasher.f64(extrude.twist);
                feed_numbers(hasher, &extrude.scale);
                for count in [extrude.slices, extrude.segments] {
                    hasher.count(count.map_or(0, |n| n as usize + 1));
                }
                extrude.fragments.feed(hasher);
            }
            Kind::RotateExtrude(extrude) => {
                hasher.name("rotate_extrude");
                feed_numbers(hasher, &[extrude.angle, extrude.start]);
                extrude.fragments.feed(hasher);
            }
            Kind::Projection { cut, .. } => {
                hasher.name("projection");
                hasher.byte(u8::from(*cut));
            }
            Kind::Offset { delta, fragments } => {
                hasher.name("offset");
                match delta {
                    OffsetDelta::Round(r) => {
                        hasher.byte(0);
                        hasher.f64(*r);
                    }
                    OffsetDelta::Straight { delta, chamfer } => {
                        hasher.byte(1 + u8::from(*chamfer));
                        hasher.f64(*delta);
                    }
                }
                fragments.feed(hasher);
            }
            Kind::Roof { method, fragments, .. } => {
                hasher.name("roof");
                hasher.byte(u8::from(*method == RoofMethod::Straight));
                fragments.feed(hasher);
            }
            Kind::Import(import) => {
                hasher.name("import");
                feed_file(hasher, import.file.as_ref());
                for name in [&import.layer, &import.id] {
                    hasher.byte(u8::from(name.is_some()));
                    hasher.bytes(name.as_deref().unwrap_or_default().as_bytes());
                }
                feed_numbers(hasher, &[import.origin[0], import.origin[1], import.scale]);
                hasher.byte(u8::from(import.center));
                hasher.f64(import.dpi);
                import.fragments.feed(hasher);
            }
        }
    }
}

impl Fragments {
    fn feed(&self, hasher: &mut ContentHasher) {
        hasher.byte(u8::from(self.fe != 0.0));
        feed_numbers(hasher, &[self.fn_, self.fa, self.fs]);
        if self.fe != 0.0 {
            hasher.f64(self.fe);
        }
    }
}

fn feed_numbers(hasher: &mut ContentHasher, numbers: &[f64]) {
    numbers.iter().for_each(|number| hasher.f64(*number));
}

fn feed_paths(hasher: &mut ContentHasher, paths: &[std::sync::Arc<[u32]>]) {
    hasher.count(paths.len());
    for path in paths {
        hasher.count(path.len());
        path.iter().for_each(|index| hasher.count(*index as usize));
    }
}

/// The name counts as well as the bytes: its extension says how they are read.
fn feed_file(hasher: &mut ContentHasher, file: Option<&FileData>) {
    hasher.byte(u8::from(file.is_some()));
    if let Some(file) = file {
        hasher.bytes(file.name.as_bytes());
        hasher.hash(file.hash);
    }
}
