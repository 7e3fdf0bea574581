//! `dxf_dim()` and `dxf_cross()`: numbers read off a drawing.

use scadstream_csg::{FileData, degrees};

use super::entities::Entity;
use super::{Options, drawing_of, placement};
use crate::region::Point;

/// The value of the dimension called `name` (its text), or of the first; none if there is no such, or no drawing.
///
/// Linear, aligned and ordinate dimensions, radii and diameters are lengths, scaled; angles are in degrees.
pub fn dimension(file: &FileData, options: &Options<'_>, name: &str) -> Option<f64> {
    let drawing = drawing_of(file)?;
    let mut dimensions = drawing.of_kind("DIMENSION", options.layer);
    let found = dimensions.find(|entity| name.is_empty() || entity.text(1) == Some(name))?;
    let point = |code: i32| placement(options).apply(found.point(code));
    // The upper bits say how the text is placed.
    match found.number(70) as i64 & 7 {
        0 => {
            let [dx, dy] = between(point(13), point(14));
            let angle = found.number(50);
            Some((dx * degrees::cos(angle) + dy * degrees::sin(angle)).abs())
        }
        1 => Some(length(between(point(13), point(14)))),
        2 => Some(angular(found)),
        3 | 4 => Some(length(between(point(10), point(15)))),
        5 => {
            let centre = point(15);
            let direction = |code: i32| direction(between(centre, point(code)));
            Some((direction(13) - direction(14)).abs())
        }
        6 => {
            // Relative to nothing: the place itself, of x if its bit is set, else of y.
            let [x, y] = point(13);
            Some(if found.number(70) as i64 & 64 != 0 { x } else { y })
        }
        _ => None,
    }
}

/// Where the first two lines that cross or would, prolonged, do so; none if there are no two such.
pub fn cross(file: &FileData, options: &Options<'_>) -> Option<Point> {
    let drawing = drawing_of(file)?;
    let place = placement(options);
    let mut lines = drawing
        .of_kind("LINE", options.layer)
        .map(|line| [place.apply(line.point(10)), place.apply(line.point(11))]);
    let (a, b) = (lines.next()?, lines.next()?);
    let (along_a, along_b) = (between(a[0], a[1]), between(b[0], b[1]));
    let turn = along_a[0] * along_b[1] - along_a[1] * along_b[0];
    let apart = between(a[0], b[0]);
    let part = (apart[0] * along_b[1] - apart[1] * along_b[0]) / turn;
    let crossing = [a[0][0] + along_a[0] * part, a[0][1] + along_a[1] * part];
    crossing.iter().all(|c| c.is_finite()).then_some(crossing)
}

/// The angle between two lines, given by their ends.
fn angular(found: &Entity) -> f64 {
    let first = direction(between(found.point(13), found.point(14)));
    let second = direction(between(found.point(15), found.point(10)));
    (first - second).abs()
}

fn direction([x, y]: Point) -> f64 {
    degrees::atan2(y, x)
}

fn between(a: Point, b: Point) -> Point {
    [b[0] - a[0], b[1] - a[1]]
}

fn length([x, y]: Point) -> f64 {
    x.hypot(y)
}
