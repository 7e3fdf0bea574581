//! How each kind of node feeds its content hash.
//!
//! Convexity is left out: it changes no geometry.

use crate::hash::ContentHasher;
use crate::node::{FileData, Fragments, Kind, OffsetDelta, RoofMethod};

impl Kind {
    /// Feeds the tag and every parameter that geometry depends on.
    pub(crate) fn feed(&self, hasher: &mut ContentHasher) {
        match self {
            Kind::Group => hasher.bytes(b"group"),
            Kind::Union => hasher.bytes(b"union"),
            Kind::Difference => hasher.bytes(b"difference"),
            Kind::Intersection => hasher.bytes(b"intersection"),
            Kind::Hull => hasher.bytes(b"hull"),
            Kind::Minkowski { .. } => hasher.bytes(b"minkowski"),
            Kind::Fill => hasher.bytes(b"fill"),
            Kind::Render { .. } => hasher.bytes(b"render"),
            Kind::Transform(matrix) => {
                hasher.bytes(b"transform");
                feed_numbers(hasher, matrix.as_flattened());
            }
            Kind::Resize { new_size, auto, .. } => {
                hasher.bytes(b"resize");
                feed_numbers(hasher, new_size);
                auto.iter().for_each(|axis| hasher.u64(u64::from(*axis)));
            }
            Kind::Color(rgba) => {
                hasher.bytes(b"color");
                rgba.iter().for_each(|channel| hasher.f64(f64::from(*channel)));
            }
            Kind::Cube { size, center } => {
                hasher.bytes(b"cube");
                feed_numbers(hasher, size);
                hasher.u64(u64::from(*center));
            }
            Kind::Sphere { r, fragments } => {
                hasher.bytes(b"sphere");
                hasher.f64(*r);
                fragments.feed(hasher);
            }
            Kind::Cylinder { h, r1, r2, center, fragments } => {
                hasher.bytes(b"cylinder");
                feed_numbers(hasher, &[*h, *r1, *r2]);
                hasher.u64(u64::from(*center));
                fragments.feed(hasher);
            }
            Kind::Polyhedron { points, faces, .. } => {
                hasher.bytes(b"polyhedron");
                hasher.u64(points.len() as u64);
                feed_numbers(hasher, points.as_flattened());
                feed_paths(hasher, faces);
            }
            Kind::Surface { file, center, invert, .. } => {
                hasher.bytes(b"surface");
                feed_file(hasher, file.as_ref());
                hasher.u64(u64::from(*center));
                hasher.u64(u64::from(*invert));
            }
            Kind::Square { size, center } => {
                hasher.bytes(b"square");
                feed_numbers(hasher, size);
                hasher.u64(u64::from(*center));
            }
            Kind::Circle { r, fragments } => {
                hasher.bytes(b"circle");
                hasher.f64(*r);
                fragments.feed(hasher);
            }
            Kind::Polygon { points, paths, .. } => {
                hasher.bytes(b"polygon");
                hasher.u64(points.len() as u64);
                feed_numbers(hasher, points.as_flattened());
                hasher.u64(u64::from(paths.is_some()));
                feed_paths(hasher, paths.as_deref().unwrap_or_default());
            }
            Kind::Text(text) => {
                hasher.bytes(b"text");
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
                hasher.u64(u64::from(text.em.is_some()));
                feed_numbers(hasher, &[text.size, text.em.unwrap_or(0.0), text.spacing]);
                hasher.u64(text.fonts.len() as u64);
                text.fonts.iter().for_each(|font| feed_file(hasher, Some(font)));
                text.fragments.feed(hasher);
            }
            Kind::LinearExtrude(extrude) => {
                hasher.bytes(b"linear_extrude");
                feed_numbers(hasher, &extrude.sweep);
                hasher.u64(u64::from(extrude.center));
                hasher.f64(extrude.twist);
                feed_numbers(hasher, &extrude.scale);
                for count in [extrude.slices, extrude.segments] {
                    hasher.u64(count.map_or(0, |n| u64::from(n) + 1));
                }
                extrude.fragments.feed(hasher);
            }
            Kind::RotateExtrude(extrude) => {
                hasher.bytes(b"rotate_extrude");
                feed_numbers(hasher, &[extrude.angle, extrude.start]);
                extrude.fragments.feed(hasher);
            }
            Kind::Projection { cut, .. } => {
                hasher.bytes(b"projection");
                hasher.u64(u64::from(*cut));
            }
            Kind::Offset { delta, fragments } => {
                hasher.bytes(b"offset");
                match delta {
                    OffsetDelta::Round(r) => {
                        hasher.u64(0);
                        hasher.f64(*r);
                    }
                    OffsetDelta::Straight { delta, chamfer } => {
                        hasher.u64(1 + u64::from(*chamfer));
                        hasher.f64(*delta);
                    }
                }
                fragments.feed(hasher);
            }
            Kind::Roof { method, fragments, .. } => {
                hasher.bytes(b"roof");
                hasher.u64(u64::from(*method == RoofMethod::Straight));
                fragments.feed(hasher);
            }
            Kind::Import(import) => {
                hasher.bytes(b"import");
                feed_file(hasher, import.file.as_ref());
                for name in [&import.layer, &import.id] {
                    hasher.u64(u64::from(name.is_some()));
                    hasher.bytes(name.as_deref().unwrap_or_default().as_bytes());
                }
                feed_numbers(hasher, &[import.origin[0], import.origin[1], import.scale]);
                hasher.u64(u64::from(import.center));
                hasher.f64(import.dpi);
                import.fragments.feed(hasher);
            }
        }
    }
}

impl Fragments {
    fn feed(&self, hasher: &mut ContentHasher) {
        feed_numbers(hasher, &[self.fn_, self.fa, self.fs, self.fe]);
    }
}

fn feed_numbers(hasher: &mut ContentHasher, numbers: &[f64]) {
    numbers.iter().for_each(|number| hasher.f64(*number));
}

fn feed_paths(hasher: &mut ContentHasher, paths: &[std::sync::Arc<[u32]>]) {
    hasher.u64(paths.len() as u64);
    for path in paths {
        hasher.u64(path.len() as u64);
        path.iter().for_each(|index| hasher.u64(u64::from(*index)));
    }
}

/// The name counts as well as the bytes: its extension says how they are read.
fn feed_file(hasher: &mut ContentHasher, file: Option<&FileData>) {
    hasher.u64(u64::from(file.is_some()));
    if let Some(file) = file {
        hasher.bytes(file.name.as_bytes());
        hasher.hash(file.hash);
    }
}
