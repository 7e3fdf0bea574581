//! From where a model is looked at, and what is seen best from there.

use scadstream_csg::degrees;

use crate::measure::{dot, sub};
use crate::mesh::Bounds;

/// Where a viewer stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Its position in model units.
    pub eye: [f64; 3],
    /// A point in the middle of what it sees.
    pub target: [f64; 3],
    /// Vertical field of view in degrees; 0 for a parallel projection.
    pub fov_deg: f64,
}

/// Pictures are at most this much wider than high. Picked by hand: wider ones wait a little longer at their sides.
const MOST_ASPECT: f64 = 2.0;

impl View {
    /// How well a box is seen: what is in the picture before what is not, and near before far. The smallest comes first.
    pub fn rank(&self, bounds: &Bounds) -> (bool, f64) {
        let (to_centre, ahead) = (sub(bounds.center(), self.eye), sub(self.target, self.eye));
        let length = |a: [f64; 3]| dot(a, a).sqrt();
        let distance = length(to_centre);
        let radius = length(bounds.size()) / 2.0;
        let is_seen = if self.fov_deg <= 0.0 || distance <= radius {
            true
        } else {
            let cosine = dot(to_centre, ahead) / (distance * length(ahead));
            let half_picture = (degrees::tan(self.fov_deg / 2.0) * MOST_ASPECT.hypot(1.0)).atan();
            // A target at the eye looks nowhere: then nothing is left out.
            cosine.is_nan()
                || cosine.clamp(-1.0, 1.0).acos() <= half_picture + (radius / distance).asin()
        };
        (!is_seen, distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(x: f64, y: f64) -> Bounds {
        Bounds { min: [x, y, -1.0], max: [x + 2.0, y + 2.0, 1.0] }
    }

    #[test]
    fn near_before_far_and_what_is_behind_last() {
        let view = View { eye: [0.0, -10.0, 0.0], target: [0.0; 3], fov_deg: 30.0 };
        let near = view.rank(&block(0.0, -5.0));
        let far = view.rank(&block(0.0, 50.0));
        let behind = view.rank(&block(0.0, -20.0));
        let beside = view.rank(&block(40.0, -5.0));
        assert!(near < far && far < behind && far < beside);
        let parallel = View { fov_deg: 0.0, ..view };
        assert!(parallel.rank(&block(0.0, -20.0)) < parallel.rank(&block(0.0, 50.0)));
        let inside = View { eye: [0.5, -4.5, 0.0], ..view };
        assert!(!inside.rank(&block(0.0, -5.0)).0);
    }
}
