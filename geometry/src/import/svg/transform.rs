//! The `transform` attribute.

use scadstream_csg::degrees;

use super::length::numbers;
use crate::region::Point;

/// An affine map of the plane: images of the axes, then of the origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Transform(pub(super) [Point; 3]);

impl Transform {
    pub(super) const IDENTITY: Transform = Transform([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]);

    pub(super) fn shift(by: Point) -> Self {
        Self([[1.0, 0.0], [0.0, 1.0], by])
    }

    pub(super) fn scale([x, y]: Point) -> Self {
        Self([[x, 0.0], [0.0, y], [0.0, 0.0]])
    }

    fn rotation(angle_deg: f64) -> Self {
        let (sin, cos) = (degrees::sin(angle_deg), degrees::cos(angle_deg));
        Self([[cos, sin], [-sin, cos], [0.0, 0.0]])
    }

    /// The map that does `first`, then this one.
    pub(super) fn after(&self, first: &Transform) -> Self {
        let [a, b, c] = self.0;
        let turned = |[x, y]: Point| [a[0] * x + b[0] * y, a[1] * x + b[1] * y];
        let [u, v, w] = first.0.map(turned);
        Self([u, v, [w[0] + c[0], w[1] + c[1]]])
    }

    /// As the matrix that regions are transformed by.
    pub(super) fn matrix(&self) -> [[f64; 4]; 4] {
        let [a, b, c] = self.0;
        [
            [a[0], b[0], 0.0, c[0]],
            [a[1], b[1], 0.0, c[1]],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
        ]
    }
}

/// Reads a list such as `translate(1 2) rotate(30)`, the last applied first. What cannot be read ends it.
pub(super) fn parse(text: &str) -> Transform {
    let mut product = Transform::IDENTITY;
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('(') {
        let Some((arguments, after)) = after.split_once(')') else { break };
        let name = name.trim_matches(|c: char| c == ',' || c.is_whitespace());
        let Some(one) = single(name, &numbers(arguments)) else { break };
        product = product.after(&one);
        rest = after;
    }
    product
}

fn single(name: &str, arguments: &[f64]) -> Option<Transform> {
    Some(match (name, arguments) {
        ("matrix", [a, b, c, d, e, f]) => Transform([[*a, *b], [*c, *d], [*e, *f]]),
        ("translate", [x]) => Transform::shift([*x, 0.0]),
        ("translate", [x, y]) => Transform::shift([*x, *y]),
        ("scale", [factor]) => Transform::scale([*factor, *factor]),
        ("scale", [x, y]) => Transform::scale([*x, *y]),
        ("rotate", [angle_deg]) => Transform::rotation(*angle_deg),
        ("rotate", [angle_deg, x, y]) => {
            let about = Transform::shift([*x, *y]).after(&Transform::rotation(*angle_deg));
            about.after(&Transform::shift([-x, -y]))
        }
        ("skewX", [angle_deg]) => {
            Transform([[1.0, 0.0], [degrees::tan(*angle_deg), 1.0], [0.0, 0.0]])
        }
        ("skewY", [angle_deg]) => {
            Transform([[1.0, degrees::tan(*angle_deg)], [0.0, 1.0], [0.0, 0.0]])
        }
        _ => return None,
    })
}
