//! The elements that have an outline.

use roxmltree::Node;
use scadstream_csg::{Fragments, degrees};

use super::Subpath;
use super::length::{numbers, plain};
use super::path::{self, Pen};
use crate::region::Point;

/// Points of a whole circle or ellipse. OpenSCAD's number, whatever `$fn` says.
const AROUND: u32 = 40;

/// The outline of an element; none if elements of its kind have none.
pub(super) fn shape(node: Node<'_, '_>, fragments: Fragments) -> Option<Vec<Subpath>> {
    let value = |name: &str| plain(node, name);
    let centre = || [value("cx"), value("cy")];
    Some(match node.tag_name().name() {
        "path" => path::parse(node.attribute("d").unwrap_or_default(), fragments),
        "rect" => rectangle(node, fragments),
        "circle" => ellipse(centre(), [value("r"); 2]),
        "ellipse" => ellipse(centre(), [value("rx"), value("ry")]),
        "line" => open(vec![[value("x1"), value("y1")], [value("x2"), value("y2")]]),
        "polyline" => open(points(node)),
        "polygon" => closed(points(node)),
        _ => return None,
    })
}

fn open(points: Vec<Point>) -> Vec<Subpath> {
    vec![Subpath { points, closed: false }]
}

fn closed(points: Vec<Point>) -> Vec<Subpath> {
    vec![Subpath { points, closed: true }]
}

fn points(node: Node<'_, '_>) -> Vec<Point> {
    let numbers = numbers(node.attribute("points").unwrap_or_default());
    let (pairs, _) = numbers.as_chunks::<2>();
    pairs.to_vec()
}

fn ellipse([x, y]: Point, [rx, ry]: Point) -> Vec<Subpath> {
    if rx <= 0.0 || ry <= 0.0 {
        return Vec::new();
    }
    let point = |i: u32| {
        let angle_deg = 360.0 * f64::from(i) / f64::from(AROUND);
        [x + rx * degrees::cos(angle_deg), y + ry * degrees::sin(angle_deg)]
    };
    closed((0..AROUND).map(point).collect())
}

/// A rectangle; where only one radius of its corners is given, the other is the same.
fn rectangle(node: Node<'_, '_>, fragments: Fragments) -> Vec<Subpath> {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| plain(node, name));
    if width <= 0.0 || height <= 0.0 {
        return Vec::new();
    }
    let given = |name: &str| node.has_attribute(name).then(|| plain(node, name).max(0.0));
    let rx = given("rx").or(given("ry")).unwrap_or(0.0).min(width / 2.0);
    let ry = given("ry").or(given("rx")).unwrap_or(0.0).min(height / 2.0);
    let (right, bottom) = (x + width, y + height);
    if rx == 0.0 || ry == 0.0 {
        return closed(vec![[x, y], [right, y], [right, bottom], [x, bottom]]);
    }
    let mut pen = Pen::new(fragments);
    pen.move_to([x + rx, y]);
    for (line_to, corner_to) in [
        ([right - rx, y], [right, y + ry]),
        ([right, bottom - ry], [right - rx, bottom]),
        ([x + rx, bottom], [x, bottom - ry]),
        ([x, y + ry], [x + rx, y]),
    ] {
        pen.line_to(line_to);
        pen.arc_to([rx, ry], 0.0, false, true, corner_to);
    }
    pen.close();
    pen.finish()
}
