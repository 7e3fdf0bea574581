//! From the drawing's own units to the page: `width`, `height`, `viewBox` and `preserveAspectRatio`.

use roxmltree::Node;

use super::length::{Length, numbers};
use super::transform::Transform;
use crate::region::Point;

/// The part of the plane that a drawing shows.
struct ViewBox {
    low: Point,
    size: Point,
}

/// The map from an `svg` to millimetres, y upwards from the bottom of the page; none if it says that nothing is shown.
///
/// Without a view box a unit is a millimetre, whatever `dpi` says; only the height of the page goes by it. Where a
/// length cannot be read, the view's units are millimetres. A view that begins above or below 0 is shifted the wrong
/// way. All of this is OpenSCAD's way.
pub(super) fn page(svg: Node<'_, '_>, dpi: f64) -> Option<Transform> {
    let Some(text) = svg.attribute("viewBox") else {
        let height = svg.attribute("height").and_then(Length::parse);
        return Some(upright(height.map_or(0.0, |height| height.millimetres(dpi, 0.0))));
    };
    let view = view_box(text)?;
    let length = |name: &str, axis: usize| {
        let length = svg.attribute(name).map_or(Some(Length::FULL), Length::parse)?;
        Some(length.millimetres(dpi, view.size[axis]))
    };
    let room = match (length("width", 0), length("height", 1)) {
        (Some(width), Some(height)) => [width, height],
        _ => view.size,
    };
    Some(upright(room[1]).after(&fit(svg, &view, room)))
}

/// Turns a page of this height the right way up.
fn upright(height: f64) -> Transform {
    Transform([[1.0, 0.0], [0.0, -1.0], [0.0, height]])
}

/// Fits a view into a room of this size.
fn fit(svg: Node<'_, '_>, view: &ViewBox, room: Point) -> Transform {
    let text = svg.attribute("preserveAspectRatio").unwrap_or_default();
    let mut words = text.split_whitespace().filter(|word| *word != "defer");
    let align = words.next().unwrap_or("xMidYMid");
    let [x, y] = view.low;
    let begin = Transform::shift([-x, y]);
    let factors = [room[0] / view.size[0], room[1] / view.size[1]];
    if align == "none" {
        return Transform::scale(factors).after(&begin);
    }
    let factor = match words.next() {
        Some("slice") => factors[0].max(factors[1]),
        _ => factors[0].min(factors[1]),
    };
    let share = |letters: std::ops::Range<usize>| match align.get(letters) {
        Some("Min") => 0.0,
        Some("Max") => 1.0,
        _ => 0.5,
    };
    let left_over = [0, 1].map(|axis| room[axis] - view.size[axis] * factor);
    // `xMinYMid` and the like: each word at its place.
    Transform::shift([left_over[0] * share(1..4), left_over[1] * share(5..8)])
        .after(&Transform::scale([factor, factor]))
        .after(&begin)
}

/// Left, top, width and height; none unless both of the latter are above 0.
fn view_box(text: &str) -> Option<ViewBox> {
    match numbers(text)[..] {
        [x, y, width, height] if width > 0.0 && height > 0.0 => {
            Some(ViewBox { low: [x, y], size: [width, height] })
        }
        _ => None,
    }
}
