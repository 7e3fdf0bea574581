//! The `.csg` text of a tree: every transform as a matrix, every primitive with all its parameters, as OpenSCAD
//! writes it (release 2021.01).
//!
//! Numbers have six significant digits; the text is for people and for comparing, not for keeping models in.

use std::fmt::{self, Write};
use std::io;
use std::sync::Arc;

use crate::node::{
    FileData, Fragments, ImportParameters, Kind, LinearExtrude, Node, OffsetDelta, RoofMethod,
    TextParameters,
};
use crate::script;

/// The most text that is held before it is passed on. The text of a large model is many times the length of the model.
const BUFFER_BYTES: usize = 32 << 10;

/// Writes the text of what is drawn of `root`, the whole model: its children, or the subtree marked `!`. Each node is
/// a line, children are indented by tabs. `number` appends a number as the language formats it.
///
/// # Errors
/// Those of `out`, which is written to in large pieces.
pub fn write_csg(
    out: &mut impl io::Write,
    root: &Arc<Node>,
    number: fn(&mut String, f64),
) -> io::Result<()> {
    let drawn = root.drawn_root();
    let mut text = String::with_capacity(BUFFER_BYTES + BUFFER_BYTES / 8);
    let mut writer = Writer { out: &mut text, number };
    let top =
        if Arc::ptr_eq(&drawn, root) { root.children() } else { std::slice::from_ref(&drawn) };
    // A stack of the nodes whose children are being written: trees nest deeper than a thread's stack allows.
    let mut open = vec![top.iter()];
    while let Some(children) = open.last_mut() {
        if writer.out.len() >= BUFFER_BYTES {
            out.write_all(writer.out.as_bytes())?;
            writer.out.clear();
        }
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
        writer.kind(node.kind());
        if node.children().is_empty() {
            writer.out.push_str(";\n");
        } else {
            writer.out.push_str(" {\n");
            open.push(node.children().iter());
        }
    }
    // OpenSCAD ends the text with an empty line.
    text.push('\n');
    out.write_all(text.as_bytes())
}

struct Writer<'a> {
    out: &'a mut String,
    number: fn(&mut String, f64),
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
        const TABS: &str = "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t";
        let mut left = depth;
        while left > 0 {
            let step = left.min(TABS.len());
            self.out.push_str(&TABS[..step]);
            left -= step;
        }
    }

    fn s(&mut self, text: &str) -> &mut Self {
        self.out.push_str(text);
        self
    }

    fn n(&mut self, x: f64) -> &mut Self {
        (self.number)(self.out, x);
        self
    }

    /// Anything that is not a number of the language.
    fn d(&mut self, value: impl fmt::Display) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{value}");
        self
    }

    fn items<T: Copy>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, T)) -> &mut Self {
        self.out.push('[');
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            write(self, *item);
        }
        self.out.push(']');
        self
    }

    fn list(&mut self, numbers: &[f64]) -> &mut Self {
        self.items(numbers, |w, x| {
            w.n(x);
        })
    }

    fn rows<const N: usize>(&mut self, rows: &[[f64; N]]) -> &mut Self {
        self.items(rows, |w, row| {
            w.list(&row);
        })
    }

    fn paths(&mut self, paths: &[Arc<[u32]>]) -> &mut Self {
        let paths: Vec<&[u32]> = paths.iter().map(|path| &**path).collect();
        self.items(&paths, |w, path| {
            w.items(path, |w, index| {
                w.n(f64::from(index));
            });
        })
    }

    fn fragments(&mut self, f: Fragments) -> &mut Self {
        self.s("$fn = ").n(f.fn_).s(", $fa = ").n(f.fa).s(", $fs = ").n(f.fs);
        if f.fe > 0.0 { self.s(", $fe = ").n(f.fe) } else { self }
    }

    fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::Group => self.s("group()"),
            Kind::Union => self.s("union()"),
            Kind::Difference => self.s("difference()"),
            Kind::Intersection => self.s("intersection()"),
            Kind::Hull => self.s("hull()"),
            Kind::Fill => self.s("fill()"),
            Kind::Minkowski { convexity } => self.s("minkowski(convexity = ").d(convexity).s(")"),
            Kind::Render { convexity } => self.s("render(convexity = ").d(convexity).s(")"),
            Kind::Transform(matrix) => self.s("multmatrix(").rows(&matrix[..]).s(")"),
            Kind::Resize { new_size: [x, y, z], auto, convexity } => {
                self.s("resize(newsize = [").n(*x).s(",").n(*y).s(",").n(*z);
                let [a, b, c] = auto.map(u8::from);
                self.s("], auto = [").d(a).s(",").d(b).s(",").d(c);
                self.s("], convexity = ").d(convexity).s(")")
            }
            Kind::Color(rgba) => self.s("color(").list(&rgba.map(f64::from)).s(")"),
            Kind::Cube { size, center } => {
                self.s("cube(size = ").list(size).s(", center = ").d(center).s(")")
            }
            Kind::Sphere { r, fragments } => {
                self.s("sphere(").fragments(*fragments).s(", r = ").n(*r).s(")")
            }
            Kind::Cylinder { h, r1, r2, center, fragments } => {
                self.s("cylinder(").fragments(**fragments).s(", h = ").n(*h).s(", r1 = ").n(*r1);
                self.s(", r2 = ").n(*r2).s(", center = ").d(center).s(")")
            }
            Kind::Polyhedron { points, faces, convexity } => {
                self.s("polyhedron(points = ").rows(points).s(", faces = ").paths(faces);
                self.s(", convexity = ").d(convexity).s(")")
            }
            Kind::Surface { name, center, invert, .. } => {
                self.s("surface(file = \"").s(name).s("\", center = ").d(center);
                self.s(", invert = ").d(invert).s(", timestamp = 0)")
            }
            Kind::Square { size, center } => {
                self.s("square(size = ").list(size).s(", center = ").d(center).s(")")
            }
            Kind::Circle { r, fragments } => {
                self.s("circle(").fragments(*fragments).s(", r = ").n(*r).s(")")
            }
            Kind::Polygon { points, paths, convexity } => {
                self.s("polygon(points = ").rows(points).s(", paths = ");
                match paths {
                    Some(paths) => self.paths(paths),
                    None => self.s("undef"),
                };
                self.s(", convexity = ").d(convexity).s(")")
            }
            Kind::Text(text) => self.text(text),
            Kind::LinearExtrude(extrude) => self.linear_extrude(extrude),
            Kind::RotateExtrude(extrude) => {
                self.s("rotate_extrude(angle = ")
                    .n(extrude.angle)
                    .s(", convexity = ")
                    .d(extrude.convexity);
                self.s(", ").fragments(extrude.fragments).s(")")
            }
            Kind::Projection { cut, convexity } => {
                self.s("projection(cut = ").d(cut).s(", convexity = ").d(convexity).s(")")
            }
            Kind::Offset { delta, fragments } => {
                match delta {
                    OffsetDelta::Round(r) => self.s("offset(r = ").n(*r),
                    OffsetDelta::Straight { delta, chamfer } => {
                        self.s("offset(delta = ").n(*delta).s(", chamfer = ").d(chamfer)
                    }
                };
                self.s(", ").fragments(*fragments).s(")")
            }
            Kind::Roof { method, fragments, convexity } => {
                let method = match method {
                    RoofMethod::Voronoi => "voronoi",
                    RoofMethod::Straight => "straight",
                };
                self.s("roof(method = \"").s(method).s("\", ").fragments(*fragments);
                self.s(", convexity = ").d(convexity).s(")")
            }
            Kind::Import(import) => self.import(import),
        };
    }

    fn linear_extrude(&mut self, extrude: &LinearExtrude) -> &mut Self {
        let [x, y, height] = extrude.sweep;
        if x == 0.0 && y == 0.0 {
            self.s("linear_extrude(height = ").n(height);
        } else {
            self.s("linear_extrude(v = ").list(&extrude.sweep);
        }
        self.s(", center = ").d(extrude.center).s(", convexity = ").d(extrude.convexity);
        if extrude.twist != 0.0 {
            self.s(", twist = ").n(extrude.twist);
        }
        if let Some(slices) = extrude.slices {
            self.s(", slices = ").d(slices);
        }
        if let Some(segments) = extrude.segments {
            self.s(", segments = ").d(segments);
        }
        self.s(", scale = ").list(&extrude.scale);
        // Explicit slices leave nothing to the resolution.
        if extrude.slices.is_none() {
            self.s(", ").fragments(extrude.fragments);
        }
        self.s(")")
    }

    fn text(&mut self, t: &TextParameters) -> &mut Self {
        let detected = script::detect(&t.text);
        let direction = match (&*t.direction, detected) {
            ("", Some(script)) if script.is_right_to_left() => "rtl",
            (given @ ("rtl" | "ttb" | "btt"), _) => given,
            _ => "ltr",
        };
        self.s("text(text = \"")
            .s(&t.text)
            .s("\", size = ")
            .n(t.size)
            .s(", spacing = ")
            .n(t.spacing);
        self.s(", font = \"").s(&t.font).s("\", direction = \"").s(direction);
        self.s("\", language = \"").s(&t.language).s("\", ");
        match (&*t.script, detected) {
            ("", None) => {}
            ("", Some(script)) => {
                self.s("script = \"").s(script.iso_name()).s("\", ");
            }
            // A name is cut to a code of four letters, one capital.
            (name, _) => {
                let mut letters = name.chars().take(4);
                let first = letters.next().map(|c| c.to_ascii_uppercase());
                let code: String =
                    first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect();
                self.s("script = \"").s(&code).s("\", ");
            }
        }
        let halign = if t.halign.is_empty() { "left" } else { &t.halign };
        self.s("halign = \"").s(halign).s("\", valign = \"").s(&t.valign).s("\", ");
        self.fragments(t.fragments).s(")")
    }

    fn import(&mut self, import: &ImportParameters) -> &mut Self {
        let name = import.file.as_ref().map_or(&import.name, |file: &FileData| &file.name);
        let extension = name.rsplit('.').next().unwrap_or_default();
        self.s("import(file = \"").s(&escape(name)).s("\", layer = \"");
        self.s(&escape(import.layer.as_deref().unwrap_or_default()))
            .s("\", origin = ")
            .list(&import.origin);
        if extension.eq_ignore_ascii_case("svg") {
            self.s(", center = ").d(import.center).s(", dpi = ").n(import.dpi);
        }
        self.s(", scale = ").n(import.scale).s(", convexity = ").d(import.convexity).s(", ");
        self.fragments(import.fragments).s(", timestamp = 0)")
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::node::{Modifiers, Origin};

    fn node(kind: Kind, modifiers: Modifiers, children: Vec<Arc<Node>>) -> Arc<Node> {
        Node::new(kind, modifiers, Origin::default(), children)
    }

    fn plain(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
        node(kind, Modifiers::default(), children)
    }

    fn text(children: Vec<Arc<Node>>) -> String {
        let (mut out, root) = (Vec::new(), plain(Kind::Group, children));
        write_csg(&mut out, &root, |out, x| out.push_str(&x.to_string()))
            .expect("memory takes all");
        String::from_utf8(out).expect("the text is UTF-8")
    }

    #[track_caller]
    fn check(children: Vec<Arc<Node>>, expect: Expect) {
        expect.assert_eq(&text(children));
    }

    fn cube(x: f64) -> Arc<Node> {
        plain(Kind::Cube { size: [x; 3], center: false }, vec![])
    }

    #[test]
    fn modifiers_stand_before_the_indent() {
        let background = Modifiers { background: true, ..Modifiers::default() };
        let sphere = Kind::Sphere { r: 1.0, fragments: Fragments::default() };
        check(
            vec![
                plain(Kind::Union, vec![cube(1.0), node(sphere, background, vec![])]),
                plain(Kind::Group, vec![]),
            ],
            expect![[r#"
                union() {
                	cube(size = [1, 1, 1], center = false);
                %	sphere($fn = 0, $fa = 12, $fs = 2, r = 1);
                }
                group();

            "#]],
        );
    }

    #[test]
    fn only_the_subtree_marked_as_root_is_written() {
        let root = Modifiers { root: true, ..Modifiers::default() };
        check(
            vec![cube(1.0), plain(Kind::Union, vec![node(Kind::Hull, root, vec![cube(2.0)])])],
            expect![[r#"
                hull() {
                	cube(size = [2, 2, 2], center = false);
                }

            "#]],
        );
    }

    #[test]
    fn names_of_files_are_escaped() {
        let import = ImportParameters {
            name: "a\"b\\c.svg".into(),
            file: None,
            layer: None,
            id: None,
            origin: [0.0; 2],
            scale: 1.0,
            center: false,
            dpi: 72.0,
            convexity: 1,
            fragments: Fragments::default(),
        };
        check(
            vec![plain(Kind::Import(Arc::new(import)), vec![])],
            expect![[r#"
                import(file = "a\"b\\c.svg", layer = "", origin = [0, 0], center = false, dpi = 72, scale = 1, convexity = 1, $fn = 0, $fa = 12, $fs = 2, timestamp = 0);

            "#]],
        );
    }

    #[test]
    fn deep_trees_are_written_without_recursion() {
        let mut node = cube(1.0);
        for _ in 0..3_000 {
            node = plain(Kind::Union, vec![node]);
        }
        assert_eq!(text(vec![node]).matches("union()").count(), 3_000);
    }
}
