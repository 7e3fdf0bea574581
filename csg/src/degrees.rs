//! Trigonometry in degrees, exact at multiples of 30 and 45.
//!
//! OpenSCAD reduces an angle to one turn by subtraction, folds it into the first octant and uses constants where the
//! result is known, so that `cos(90)` is 0 and a rotated cube keeps its exact corners. Everything that turns an angle
//! into a number, in the language and in geometry alike, goes through here.
#![expect(clippy::disallowed_methods, reason = "the one place that may call the float functions")]

/// Angles at or above this have no fractional turn left in a double; the functions give NaN.
const LARGEST_ANGLE: f64 = 360.0 * 4_503_599_627_370_496.0; // 360 * 2^52

/// Half the square root of two, the sine of 45 degrees.
const SIN_45: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Half the square root of three, the sine of 60 degrees.
const SIN_60: f64 = 0.866_025_403_784_438_6;

/// One over the square root of three, the tangent of 30 degrees.
const TAN_30: f64 = 0.577_350_269_189_625_7;

/// The square root of three, the tangent of 60 degrees.
const TAN_60: f64 = 1.732_050_807_568_877_2;

/// The angle within one turn, or none where the functions are undefined.
fn reduce(angle_deg: f64) -> Option<f64> {
    if angle_deg.is_nan() || angle_deg.abs() >= LARGEST_ANGLE {
        return None;
    }
    Some(angle_deg - 360.0 * (angle_deg / 360.0).floor())
}

/// Sine of an angle of the first quadrant.
fn sin_quadrant(x: f64) -> f64 {
    if x < 45.0 {
        if x == 30.0 { 0.5 } else { x.to_radians().sin() }
    } else if x == 45.0 {
        SIN_45
    } else if x == 60.0 {
        SIN_60
    } else {
        (90.0 - x).to_radians().cos()
    }
}

/// Sine of `angle_deg` degrees; NaN for angles without a defined turn.
pub fn sin(angle_deg: f64) -> f64 {
    let Some(mut x) = reduce(angle_deg) else { return f64::NAN };
    let negative = x >= 180.0;
    if negative {
        x -= 180.0;
    }
    if x > 90.0 {
        x = 180.0 - x;
    }
    let value = sin_quadrant(x);
    if negative { -value } else { value }
}

/// Cosine of `angle_deg` degrees; NaN for angles without a defined turn.
pub fn cos(angle_deg: f64) -> f64 {
    let Some(mut x) = reduce(angle_deg) else { return f64::NAN };
    let mut negative = false;
    if x >= 180.0 {
        x -= 180.0;
        negative = true;
    }
    if x > 90.0 {
        x = 180.0 - x;
        negative = !negative;
    }
    // cos(x) is sin(90 - x), but the subtraction would round: fold by hand.
    let value = if x > 45.0 {
        if x == 60.0 { 0.5 } else { (90.0 - x).to_radians().sin() }
    } else if x == 45.0 {
        SIN_45
    } else if x == 30.0 {
        SIN_60
    } else {
        x.to_radians().cos()
    };
    if negative { -value } else { value }
}

/// Tangent of `angle_deg` degrees: infinite at odd multiples of 90, with the sign of the half-turn.
pub fn tan(angle_deg: f64) -> f64 {
    if angle_deg.is_nan() || angle_deg.abs() >= LARGEST_ANGLE {
        return f64::NAN;
    }
    let half_turns = (angle_deg / 180.0).floor();
    let mut x = angle_deg - 180.0 * half_turns;
    let negative = x > 90.0;
    if negative {
        x = 180.0 - x;
    }
    let value = if x == 0.0 {
        // Positive zero for even half-turns, negative for odd ones, as sin/cos would give.
        if half_turns % 2.0 == 0.0 { 0.0 } else { -0.0 }
    } else if x == 30.0 {
        TAN_30
    } else if x == 45.0 {
        1.0
    } else if x == 60.0 {
        TAN_60
    } else if x == 90.0 {
        if half_turns % 2.0 == 0.0 { f64::INFINITY } else { f64::NEG_INFINITY }
    } else {
        x.to_radians().tan()
    };
    if negative { -value } else { value }
}

/// The nearest whole degree if `forward` maps it back to exactly `x`, else `degrees`.
fn snap(degrees: f64, x: f64, forward: fn(f64) -> f64) -> f64 {
    let whole = degrees.round();
    if forward(whole) == x { whole } else { degrees }
}

/// Angle in degrees whose sine is `x`; NaN outside -1..1.
pub fn asin(x: f64) -> f64 {
    snap(x.asin().to_degrees(), x, sin)
}

/// Angle in degrees whose cosine is `x`; NaN outside -1..1.
pub fn acos(x: f64) -> f64 {
    snap(x.acos().to_degrees(), x, cos)
}

/// Angle in degrees whose tangent is `x`.
pub fn atan(x: f64) -> f64 {
    snap(x.atan().to_degrees(), x, tan)
}

/// Angle in degrees of the point (`x`, `y`), from -180 to 180.
pub fn atan2(y: f64, x: f64) -> f64 {
    let degrees = y.atan2(x).to_degrees();
    let whole = degrees.round();
    // Within a few units in the last place of a right angle's result the whole degree is what was meant.
    if (degrees - whole).abs() < 3.0e-14 { whole } else { degrees }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_of_thirty_and_forty_five_are_exact() {
        for (angle, s, c) in [
            (0.0, 0.0, 1.0),
            (30.0, 0.5, SIN_60),
            (45.0, SIN_45, SIN_45),
            (60.0, SIN_60, 0.5),
            (90.0, 1.0, 0.0),
            (120.0, SIN_60, -0.5),
            (150.0, 0.5, -SIN_60),
            (180.0, 0.0, -1.0),
            (210.0, -0.5, -SIN_60),
            (270.0, -1.0, 0.0),
            (300.0, -SIN_60, 0.5),
            (-90.0, -1.0, 0.0),
            (3600.0 + 30.0, 0.5, SIN_60),
        ] {
            assert_eq!(sin(angle), s, "sin({angle})");
            assert_eq!(cos(angle), c, "cos({angle})");
        }
        assert_eq!(tan(45.0), 1.0);
        assert_eq!(tan(90.0), f64::INFINITY);
        assert_eq!(tan(270.0), f64::NEG_INFINITY);
        assert!(sin(f64::INFINITY).is_nan() && cos(LARGEST_ANGLE).is_nan());
    }

    #[test]
    fn inverses_give_whole_degrees_back() {
        for whole in [-60.0, -45.0, 0.0, 30.0, 45.0, 60.0, 89.0] {
            assert_eq!(asin(sin(whole)), whole);
            assert_eq!(atan(tan(whole)), whole);
            assert_eq!(atan2(sin(whole), cos(whole)), whole);
        }
        assert_eq!(acos(cos(120.0)), 120.0);
    }
}
