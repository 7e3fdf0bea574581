//! From the model to the picture: where the eye is and what it sees.

use scadstream_csg::degrees;

use super::raster::Corner;
use super::unit_normal;
use crate::measure::{dot, sub};
use crate::mesh::Bounds;

/// How the picture is taken, in OpenSCAD's terms. Angles in degrees, lengths in model units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// `$vpt`: the point looked at.
    pub target: [f64; 3],
    /// `$vpr`: turns about X, then Y, then Z, from looking straight down.
    pub rotation: [f64; 3],
    /// `$vpd`: distance of the eye from the target.
    pub distance: f64,
    /// `$vpf`: how much it sees from the lower to the upper edge.
    pub field_of_view: f64,
    /// Whether distances make things small.
    pub projection: Projection,
    /// Whether the distance is chosen so that everything is in view.
    pub view_all: bool,
    /// Whether the middle of the model is looked at instead of the target.
    pub auto_center: bool,
}

/// Whether distances make things small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// They do.
    Perspective,
    /// They do not.
    Orthographic,
}

impl Default for View {
    /// OpenSCAD's: from the right front and above, everything in view.
    fn default() -> Self {
        Self {
            target: [0.0; 3],
            rotation: [55.0, 0.0, 25.0],
            distance: 140.0,
            field_of_view: 22.5,
            projection: Projection::Perspective,
            view_all: true,
            auto_center: true,
        }
    }
}

impl View {
    /// The view of an eye at one point that looks at another, upright.
    pub fn between(eye: [f64; 3], target: [f64; 3]) -> Self {
        let [x, y, z] = sub(eye, target);
        let across = (x * x + y * y).sqrt();
        let turn = if across > 0.0 { degrees::atan2(y, x) + 90.0 } else { 0.0 };
        let rotation = [degrees::atan2(across, z), 0.0, turn];
        let distance = (across * across + z * z).sqrt();
        Self { target, rotation, distance, view_all: false, auto_center: false, ..Self::default() }
    }

    pub(super) fn camera(&self, bounds: Option<Bounds>, aspect: f64) -> Camera {
        let bounds = bounds.unwrap_or(Bounds { min: [0.0; 3], max: [0.0; 3] });
        let centre = [0, 1, 2].map(|axis| (bounds.min[axis] + bounds.max[axis]) / 2.0);
        let target = if self.auto_center { centre } else { self.target };
        let field_deg = self.field_of_view.clamp(0.1, 179.0);
        let half_deg = field_deg / 2.0;
        let distance = if self.view_all {
            // A ball around everything just touches the edges of the picture, the nearer ones if it is upright.
            let size = bounds.size();
            let away = sub(centre, target);
            let radius = dot(size, size).sqrt() / 2.0 + dot(away, away).sqrt();
            (radius / degrees::sin(half_deg) / aspect.min(1.0)).max(1e-9)
        } else {
            self.distance.max(1e-9)
        };
        let tangent = degrees::sin(half_deg) / degrees::cos(half_deg);
        Camera {
            axes: axes(self.rotation),
            target,
            distance,
            scale: 1.0 / tangent,
            aspect,
            projection: self.projection,
        }
    }
}

/// An eye in its place.
#[derive(Debug, Clone, Copy)]
pub struct Camera {
    /// The picture's right, its up, and the direction towards the eye.
    axes: [[f64; 3]; 3],
    target: [f64; 3],
    distance: f64,
    /// Half heights of the picture to the unit, at distance 1.
    scale: f64,
    aspect: f64,
    projection: Projection,
}

impl Camera {
    pub(super) fn distance(&self) -> f64 {
        self.distance
    }

    pub(super) fn target(&self) -> [f64; 3] {
        self.target
    }

    /// Width of the picture over its height.
    pub(super) fn aspect(&self) -> f64 {
        self.aspect
    }

    /// Directions of the model that are right and up in the picture.
    pub(super) fn sides(&self) -> [[f64; 3]; 2] {
        [self.axes[0], self.axes[1]]
    }

    /// How far to the right and up a direction of the model goes.
    pub(super) fn turned(&self, direction: [f64; 3]) -> [f64; 2] {
        self.sides().map(|axis| dot(axis, direction))
    }

    /// Where in the picture a point is: across and up from -1 to 1, with how near it is.
    pub(super) fn seen(&self, point: [f64; 3]) -> Corner {
        let from_target = sub(point, self.target);
        let [x, y, z] = self.axes.map(|axis| dot(axis, from_target));
        let weight = match self.projection {
            Projection::Perspective => self.distance - z,
            Projection::Orthographic => self.distance,
        };
        Corner {
            x: x * self.scale / self.aspect,
            y: y * self.scale,
            weight,
            // In perspective one over the distance is what runs straight across a picture.
            nearness: match self.projection {
                Projection::Perspective => 1.0,
                Projection::Orthographic => self.distance + z,
            },
        }
    }

    /// The unit normal of a triangle as the eye sees it: z towards the eye. None without area.
    pub(super) fn normal(&self, triangle: [[f64; 3]; 3]) -> Option<[f64; 3]> {
        let normal = unit_normal(triangle)?;
        let mut seen = self.axes.map(|axis| dot(axis, normal));
        if self.projection == Projection::Perspective {
            // Which side is seen depends on where the triangle is.
            let [x, y, z] = self.axes.map(|axis| dot(axis, sub(triangle[0], self.target)));
            let to_eye = [-x, -y, self.distance - z];
            let towards = dot(seen, to_eye);
            if (towards < 0.0) != (seen[2] < 0.0) {
                seen[2] = -seen[2];
            }
        }
        Some(seen)
    }
}

/// The axes of a camera that looked down along Z and was then turned.
fn axes([about_x, about_y, about_z]: [f64; 3]) -> [[f64; 3]; 3] {
    let turn = |[x, y, z]: [f64; 3]| {
        let (sin, cos) = (degrees::sin(about_x), degrees::cos(about_x));
        let [y, z] = [cos * y - sin * z, sin * y + cos * z];
        let (sin, cos) = (degrees::sin(about_y), degrees::cos(about_y));
        let [x, z] = [cos * x + sin * z, cos * z - sin * x];
        let (sin, cos) = (degrees::sin(about_z), degrees::cos(about_z));
        [cos * x - sin * y, sin * x + cos * y, z]
    };
    [turn([1.0, 0.0, 0.0]), turn([0.0, 1.0, 0.0]), turn([0.0, 0.0, 1.0])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_view_has_x_to_the_right_and_z_up() {
        assert_eq!(axes([90.0, 0.0, 0.0]), [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]);
    }

    #[test]
    fn eyes_are_where_they_are_said_to_be() {
        for (eye, target) in [
            ([10.0, 20.0, 30.0], [1.0, 2.0, 3.0]),
            ([0.0, 0.0, 5.0], [0.0; 3]),
            ([-3.0, 1.0, -2.0], [4.0, 4.0, 4.0]),
        ] {
            let view = View::between(eye, target);
            let [_, up, towards] = axes(view.rotation);
            for axis in 0..3 {
                let found = target[axis] + towards[axis] * view.distance;
                assert!((found - eye[axis]).abs() < 1e-9, "{view:?}");
            }
            assert!(up[2] >= -1e-12);
        }
    }
}
