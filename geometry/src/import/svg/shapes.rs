//! The elements that have an outline.

use roxmltree::Node;
use scadstream_csg::{Fragments, degrees};

use super::Subpath;
use super::length::{plain, words};
use super::path::{self, Pen};
use crate::fragments::segments;
use crate::import::number;
use crate::region::Point;

/// Least points of a whole circle or ellipse. OpenSCAD's number.
const LEAST_AROUND: u32 = 40;

/// Most points of one.
const MOST_AROUND: u32 = 10_000;

/// The outline of an element; none if elements of its kind have none.
pub(super) fn shape(node: Node<'_, '_>, fragments: Fragments) -> Option<Vec<Subpath>> {
    let value = |name: &str| plain(node, name);
    let centre = || [value("cx"), value("cy")];
    Some(match node.tag_name().name() {
        "path" => path::parse(node.attribute("d").unwrap_or_default(), fragments),
        "rect" => rectangle(node, fragments),
        "circle" => ellipse(centre(), [value("r"); 2], fragments),
        "ellipse" => ellipse(centre(), [value("rx"), value("ry")], fragments),
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

/// The points of an element; what is no number counts as 0, as in OpenSCAD.
fn points(node: Node<'_, '_>) -> Vec<Point> {
    let words = words(node.attribute("points").unwrap_or_default());
    let numbers: Vec<f64> = words.map(|word| number(word).unwrap_or(0.0)).collect();
    let (pairs, _) = numbers.as_chunks::<2>();
    pairs.to_vec()
}

/// Of a negative radius only the size counts.
fn ellipse([x, y]: Point, radii: Point, fragments: Fragments) -> Vec<Subpath> {
    let [rx, ry] = radii.map(f64::abs);
    if rx == 0.0 || ry == 0.0 {
        return Vec::new();
    }
    let count = segments(rx.max(ry), fragments, 360.0).clamp(LEAST_AROUND, MOST_AROUND);
    let point = |i: u32| {
        let angle_deg = 360.0 * f64::from(i) / f64::from(count);
        [x + rx * degrees::cos(angle_deg), y + ry * degrees::sin(angle_deg)]
    };
    closed((0..count).map(point).collect())
}

/// A rectangle; where only one radius of its corners is given, or above 0, the other is the same.
fn rectangle(node: Node<'_, '_>, fragments: Fragments) -> Vec<Subpath> {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| plain(node, name));
    if width <= 0.0 || height <= 0.0 {
        return Vec::new();
    }
    let given = |name: &str| Some(plain(node, name)).filter(|radius| *radius > 0.0);
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
