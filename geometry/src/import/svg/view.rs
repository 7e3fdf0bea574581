//! From the drawing's own units to the page: `width`, `height`, `viewBox` and `preserveAspectRatio`.

use roxmltree::Node;

use super::length::{Length, numbers, plain};
use super::transform::Transform;
use crate::region::Point;

/// The part of the plane that a drawing shows.
struct ViewBox {
    low: Point,
    size: Point,
}

/// The map from the outermost `svg` to millimetres, y upwards from the bottom of the page.
///
/// Without a view box a unit is a millimetre, whatever `dpi` says; only the height of the page goes by it. This is
/// OpenSCAD's way.
pub(super) fn page(svg: Node<'_, '_>, dpi: f64) -> Transform {
    let size = |name: &str| svg.attribute(name).and_then(Length::parse);
    let Some(view) = view_box(svg) else {
        let height = size("height").map_or(0.0, |height| height.millimetres(dpi, 0.0));
        return upright(height).after(&Transform::IDENTITY);
    };
    let width = size("width").unwrap_or(Length::FULL).millimetres(dpi, view.size[0]);
    let height = size("height").unwrap_or(Length::FULL).millimetres(dpi, view.size[1]);
    upright(height).after(&fit(svg, &view, [width, height]))
}

/// The map from an `svg` within a drawing to what is around it.
pub(super) fn nested(svg: Node<'_, '_>) -> Transform {
    let place = Transform::shift(["x", "y"].map(|name| plain(svg, name)));
    match view_box(svg) {
        Some(view) => {
            let size = [("width", 0), ("height", 1)].map(|(name, axis)| {
                svg.attribute(name).and_then(crate::import::number).unwrap_or(view.size[axis])
            });
            place.after(&fit(svg, &view, size))
        }
        None => place,
    }
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
    let factors = [room[0] / view.size[0], room[1] / view.size[1]];
    if align == "none" {
        return Transform::scale(factors).after(&Transform::shift(view.low.map(|c| -c)));
    }
    let factor = match words.next() {
        Some("slice") => factors[0].max(factors[1]),
        _ => factors[0].min(factors[1]),
    };
    let share = |axis: char| {
        let place = align.split(axis).nth(1).unwrap_or_default();
        match place.get(..3) {
            Some("Min") => 0.0,
            Some("Max") => 1.0,
            _ => 0.5,
        }
    };
    let left_over = [0, 1].map(|axis| room[axis] - view.size[axis] * factor);
    Transform::shift([left_over[0] * share('x'), left_over[1] * share('Y')])
        .after(&Transform::scale([factor, factor]))
        .after(&Transform::shift(view.low.map(|c| -c)))
}

fn view_box(svg: Node<'_, '_>) -> Option<ViewBox> {
    match numbers(svg.attribute("viewBox")?)[..] {
        [x, y, width, height] if width > 0.0 && height > 0.0 => {
            Some(ViewBox { low: [x, y], size: [width, height] })
        }
        _ => None,
    }
}
