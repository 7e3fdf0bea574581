//! The `.csg` text of a tree: every transform as a matrix, every primitive with all its parameters, as OpenSCAD
//! writes it (release 2021.01).
//!
//! Numbers have six significant digits; the text is for people and for comparing, not for keeping models in.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::node::{
    FileData, Fragments, ImportParameters, Kind, Node, OffsetDelta, RoofMethod, TextParameters,
};
use crate::script;

/// Appends the text of what is drawn of `root`, the whole model: its children, or the subtree marked `!`. Each node is
/// a line, children are indented by tabs. `number` formats numbers as the language does.
pub fn write_csg(out: &mut String, root: &Arc<Node>, number: fn(f64) -> String) {
    let drawn = root.drawn_root();
    let mut writer = Writer { out, number };
    let top =
        if Arc::ptr_eq(&drawn, root) { root.children() } else { std::slice::from_ref(&drawn) };
    // A stack of the nodes whose children are being written: trees nest deeper than a thread's stack allows.
    let mut open = vec![top.iter()];
    while let Some(children) = open.last_mut() {
        let Some(node) = children.next() else {
            open.pop();
            if !open.is_empty() {
                writer.indent(open.len() - 1);
                writer.out.push_str("}\n");
            }
            continue;
        };
        writer.modifiers(node);
        writer.indent(open.len() - 1);
        // Writing to a string cannot fail.
        let _ = writer.kind(node.kind());
        if node.children().is_empty() {
            writer.out.push_str(";\n");
        } else {
            writer.out.push_str(" {\n");
            open.push(node.children().iter());
        }
    }
}

struct Writer<'a> {
    out: &'a mut String,
    number: fn(f64) -> String,
}

impl Writer<'_> {
    fn modifiers(&mut self, node: &Node) {
        let modifiers = node.modifiers();
        if modifiers.background {
            self.out.push('%');
        }
        if modifiers.highlight {
            self.out.push('#');
        }
    }

    fn indent(&mut self, depth: usize) {
        (0..depth).for_each(|_| self.out.push('\t'));
    }

    fn n(&self, x: f64) -> String {
        (self.number)(x)
    }

    fn list(&self, numbers: &[f64]) -> String {
        let numbers: Vec<String> = numbers.iter().map(|x| self.n(*x)).collect();
        format!("[{}]", numbers.join(", "))
    }

    fn rows<const N: usize>(&self, rows: &[[f64; N]]) -> String {
        let rows: Vec<String> = rows.iter().map(|row| self.list(row)).collect();
        format!("[{}]", rows.join(", "))
    }

    fn paths(&self, paths: &[Arc<[u32]>]) -> String {
        let paths: Vec<String> = paths
            .iter()
            .map(|path| self.list(&path.iter().map(|i| f64::from(*i)).collect::<Vec<_>>()))
            .collect();
        format!("[{}]", paths.join(", "))
    }

    fn fragments(&self, f: Fragments) -> String {
        format!("$fn = {}, $fa = {}, $fs = {}", self.n(f.fn_), self.n(f.fa), self.n(f.fs))
    }

    fn kind(&mut self, kind: &Kind) -> fmt::Result {
        let text = match kind {
            Kind::Group => "group()".into(),
            Kind::Union => "union()".into(),
            Kind::Difference => "difference()".into(),
            Kind::Intersection => "intersection()".into(),
            Kind::Hull => "hull()".into(),
            Kind::Minkowski { convexity } => format!("minkowski(convexity = {convexity})"),
            Kind::Fill => "fill()".into(),
            Kind::Render { convexity } => format!("render(convexity = {convexity})"),
            Kind::Transform(matrix) => format!("multmatrix({})", self.rows(&matrix[..])),
            Kind::Resize { new_size, auto, convexity } => {
                let [x, y, z] = new_size.map(|size| self.n(size));
                let [a, b, c] = auto.map(u8::from);
                format!(
                    "resize(newsize = [{x},{y},{z}], auto = [{a},{b},{c}], convexity = {convexity})"
                )
            }
            Kind::Color(rgba) => format!("color({})", self.list(&rgba.map(f64::from))),
            Kind::Cube { size, center } => {
                format!("cube(size = {}, center = {center})", self.list(size))
            }
            Kind::Sphere { r, fragments } => {
                format!("sphere({}, r = {})", self.fragments(*fragments), self.n(*r))
            }
            Kind::Cylinder { h, r1, r2, center, fragments } => format!(
                "cylinder({}, h = {}, r1 = {}, r2 = {}, center = {center})",
                self.fragments(*fragments),
                self.n(*h),
                self.n(*r1),
                self.n(*r2)
            ),
            Kind::Polyhedron { points, faces, convexity } => format!(
                "polyhedron(points = {}, faces = {}, convexity = {convexity})",
                self.rows(points),
                self.paths(faces)
            ),
            Kind::Surface { name, center, invert, .. } => {
                format!(
                    "surface(file = \"{name}\", center = {center}, invert = {invert}, timestamp = 0)"
                )
            }
            Kind::Square { size, center } => {
                format!("square(size = {}, center = {center})", self.list(size))
            }
            Kind::Circle { r, fragments } => {
                format!("circle({}, r = {})", self.fragments(*fragments), self.n(*r))
            }
            Kind::Polygon { points, paths, convexity } => {
                let paths = paths.as_ref().map_or("undef".into(), |paths| self.paths(paths));
                format!(
                    "polygon(points = {}, paths = {paths}, convexity = {convexity})",
                    self.rows(points)
                )
            }
            Kind::Text(text) => self.text(text),
            Kind::LinearExtrude(extrude) => {
                let [x, y, height] = extrude.sweep;
                let mut text = if x == 0.0 && y == 0.0 {
                    format!("linear_extrude(height = {}", self.n(height))
                } else {
                    format!("linear_extrude(v = {}", self.list(&extrude.sweep))
                };
                write!(text, ", center = {}, convexity = {}", extrude.center, extrude.convexity)?;
                if extrude.twist != 0.0 {
                    write!(text, ", twist = {}", self.n(extrude.twist))?;
                }
                if let Some(slices) = extrude.slices {
                    write!(text, ", slices = {slices}")?;
                }
                if let Some(segments) = extrude.segments {
                    write!(text, ", segments = {segments}")?;
                }
                write!(text, ", scale = {}", self.list(&extrude.scale))?;
                // Explicit slices leave nothing to the resolution.
                if extrude.slices.is_none() {
                    write!(text, ", {}", self.fragments(extrude.fragments))?;
                }
                text + ")"
            }
            Kind::RotateExtrude(extrude) => format!(
                "rotate_extrude(angle = {}, convexity = {}, {})",
                self.n(extrude.angle),
                extrude.convexity,
                self.fragments(extrude.fragments)
            ),
            Kind::Projection { cut, convexity } => {
                format!("projection(cut = {cut}, convexity = {convexity})")
            }
            Kind::Offset { delta, fragments } => {
                let delta = match delta {
                    OffsetDelta::Round(r) => format!("r = {}", self.n(*r)),
                    OffsetDelta::Straight { delta, chamfer } => {
                        format!("delta = {}, chamfer = {chamfer}", self.n(*delta))
                    }
                };
                format!("offset({delta}, {})", self.fragments(*fragments))
            }
            Kind::Roof { method, fragments, convexity } => {
                let method = match method {
                    RoofMethod::Voronoi => "voronoi",
                    RoofMethod::Straight => "straight",
                };
                let fragments = self.fragments(*fragments);
                format!("roof(method = \"{method}\", {fragments}, convexity = {convexity})")
            }
            Kind::Import(import) => self.import(import),
        };
        self.out.push_str(&text);
        Ok(())
    }

    fn text(&self, t: &TextParameters) -> String {
        let detected = script::detect(&t.text);
        let script = match (&*t.script, detected) {
            ("", None) => String::new(),
            ("", Some(script)) => format!("script = \"{}\", ", script.iso_name()),
            // A name is cut to a code of four letters, one capital.
            (name, _) => {
                let mut letters = name.chars().take(4);
                let first = letters.next().map(|c| c.to_ascii_uppercase());
                let code: String = first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect();
                format!("script = \"{code}\", ")
            }
        };
        let direction = match (&*t.direction, detected) {
            ("", Some(script)) if script.is_right_to_left() => "rtl",
            (given @ ("rtl" | "ttb" | "btt"), _) => given,
            _ => "ltr",
        };
        format!(
            "text(text = \"{}\", size = {}, spacing = {}, font = \"{}\", direction = \"{direction}\", \
             language = \"{}\", {script}halign = \"{}\", valign = \"{}\", {})",
            t.text,
            self.n(t.size),
            self.n(t.spacing),
            t.font,
            t.language,
            t.halign,
            t.valign,
            self.fragments(t.fragments)
        )
    }

    fn import(&self, import: &ImportParameters) -> String {
        let name = import.file.as_ref().map_or(&import.name, |file: &FileData| &file.name);
        let extension = name.rsplit('.').next().unwrap_or_default();
        let svg = if extension.eq_ignore_ascii_case("svg") {
            format!("center = {}, dpi = {}, ", import.center, self.n(import.dpi))
        } else {
            String::new()
        };
        let name = escape(name);
        format!(
            "import(file = \"{name}\", layer = \"{}\", origin = {}, {svg}scale = {}, convexity = {}, {}, timestamp = 0)",
            escape(import.layer.as_deref().unwrap_or_default()),
            self.list(&import.origin),
            self.n(import.scale),
            import.convexity,
            self.fragments(import.fragments)
        )
    }
}

/// A string as source text has it between quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out
}
