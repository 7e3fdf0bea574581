//! How many straight pieces make a curve, from `$fn`, `$fa` and `$fs`.

use scadstream_csg::Fragments;

/// Radii below this count as a point; OpenSCAD's grid size, 2^-20.
const SMALLEST_RADIUS: f64 = 1.0 / 1_048_576.0;

/// Most fragments of a whole circle. Picked by hand: far beyond any use, and small enough for 32-bit vertex indices of
/// a sphere of them.
const MOST_FRAGMENTS: f64 = 65_536.0;

/// Fragments of an arc of radius `r` over `angle_deg` degrees; 360 for a whole circle.
///
/// At least 3 for a whole circle and 1 for an arc.
pub fn segments(r: f64, fragments: Fragments, angle_deg: f64) -> u32 {
    let Fragments { fn_, fa, fs, fe } = fragments;
    let r_is_small = r.is_nan() || r < SMALLEST_RADIUS;
    let circle = if r_is_small || !fn_.is_finite() {
        3.0
    } else if fn_ > 0.0 {
        fn_.max(3.0)
    } else if fe > 0.0 {
        // A chord over the angle 2a leaves its arc by r (1 - cos a). Never finer than the finest $fa and $fs give.
        let finest = (360.0 / 0.01_f64).min(2.0 * std::f64::consts::PI * r / 0.01).max(5.0);
        let half_angle_deg = scadstream_csg::degrees::acos((1.0 - fe / r).max(-1.0));
        (180.0 / half_angle_deg).clamp(5.0, finest)
    } else {
        // A step below 0.01 counts as 0.01, as the evaluator warns.
        let by_angle = 360.0 / fa.max(0.01);
        let by_length = 2.0 * std::f64::consts::PI * r / fs.max(0.01);
        by_angle.min(by_length).max(5.0)
    };
    let whole = circle.ceil().min(MOST_FRAGMENTS);
    (whole * angle_deg.abs() / 360.0).ceil().max(1.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(r: f64, fn_: f64, fa: f64, fs: f64, angle_deg: f64) -> u32 {
        segments(r, Fragments { fn_, fa, fs, fe: 0.0 }, angle_deg)
    }

    #[test]
    fn fixed_number_rounds_up_to_at_least_three() {
        assert_eq!(of(1.0, 8.0, 12.0, 2.0, 360.0), 8);
        assert_eq!(of(1.0, 7.2, 12.0, 2.0, 360.0), 8);
        assert_eq!(of(1.0, 1.0, 12.0, 2.0, 360.0), 3);
        assert_eq!(of(1.0, 1.0e300, 12.0, 2.0, 360.0), 65_536);
    }

    #[test]
    fn angle_and_length_limit_each_other() {
        assert_eq!(of(1.0, 0.0, 12.0, 2.0, 360.0), 5);
        assert_eq!(of(2.0, 0.0, 12.0, 2.0, 360.0), 7);
        assert_eq!(of(100.0, 0.0, 12.0, 2.0, 360.0), 30);
        assert_eq!(of(100.0, 0.0, 1.0, 0.1, 360.0), 360);
    }

    #[test]
    fn arcs_take_their_share() {
        assert_eq!(of(1.0, 8.0, 12.0, 2.0, 90.0), 2);
        assert_eq!(of(1.0, 8.0, 12.0, 2.0, -100.0), 3);
        assert_eq!(of(1.0, 8.0, 12.0, 2.0, 0.0), 1);
    }

    #[test]
    fn an_error_bound_takes_the_place_of_angle_and_length() {
        let by_error =
            |r: f64, fe: f64| segments(r, Fragments { fe, ..Fragments::default() }, 360.0);
        // 1 - cos(180 / 32) is just below 0.005.
        assert_eq!(by_error(1.0, 0.005), 32);
        assert_eq!(by_error(10.0, 0.05), 32);
        assert_eq!(by_error(1.0, 5.0), 5);
        assert_eq!(by_error(1.0, 1.0e-9), 629);
        let fixed = Fragments { fn_: 8.0, fe: 0.001, ..Fragments::default() };
        assert_eq!(segments(1.0, fixed, 360.0), 8);
    }

    #[test]
    fn odd_values_have_a_result() {
        assert_eq!(of(0.0, 100.0, 12.0, 2.0, 360.0), 3);
        assert_eq!(of(f64::NAN, 100.0, 12.0, 2.0, 360.0), 3);
        assert_eq!(of(10.0, f64::INFINITY, 12.0, 2.0, 360.0), 3);
        assert_eq!(of(10.0, -4.0, 12.0, 2.0, 360.0), 30);
        assert_eq!(of(10.0, 0.0, f64::NAN, 0.0, 360.0), 6284);
    }
}
