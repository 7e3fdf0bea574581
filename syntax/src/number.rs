//! Numbers as OpenSCAD prints them: in `echo`, `str`, messages, and re-printed source.
//!
//! Six significant digits of the exact binary value, ties away from zero, trailing zeros removed; an exponent from a
//! million on and below 0.00001. It is JavaScript's `toPrecision(6)` but for the trimmed zeros and for going to
//! exponents one decade earlier on the small side.

use std::fmt::Write as _;

/// Significant digits printed.
const DIGITS: usize = 6;
/// Digits looked at to round to [`DIGITS`]: enough to tell in nearly all cases which way to go.
const LOOK_AT: usize = 9;
/// No double has more significant digits than this.
const ALL_DIGITS: usize = 767;

/// `value` as text; `-0` is `0`, and the values that are no numbers are `inf`, `-inf` and `nan`.
pub fn format_number(value: f64) -> String {
    let mut out = String::new();
    write_number(&mut out, value);
    out
}

/// Appends `value` to `out`, as [`format_number`] gives it.
pub fn write_number(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("nan");
        return;
    }
    let magnitude = value.abs();
    if value < 0.0 {
        out.push('-');
    }
    if magnitude.is_infinite() {
        out.push_str("inf");
    } else if magnitude < 1e6 && magnitude.fract() == 0.0 {
        // All counters, sizes and indexes of real models come this way.
        match magnitude as u32 {
            digit @ 0..10 => out.push(char::from(b'0' + digit as u8)),
            number => append(out, format_args!("{number}")),
        }
    } else {
        let (digits, exponent) = rounded(magnitude);
        let digits = std::str::from_utf8(&digits).expect("decimal digits are ASCII");
        write_digits(out, digits.trim_end_matches('0'), exponent);
    }
}

/// The decimal digits of a positive number, rounded, and the exponent of the first one.
fn rounded(value: f64) -> ([u8; DIGITS], i32) {
    let mut text = String::with_capacity(LOOK_AT + 8);
    append(&mut text, format_args!("{value:.*e}", LOOK_AT - 1));
    let (mantissa, exponent) = text.split_once('e').expect("`e` notation has an exponent");
    let mut exponent: i32 = exponent.parse().expect("the exponent of a double is a small integer");
    let mut digits = mantissa.bytes().filter(|byte| *byte != b'.');
    let mut kept = [b'0'; DIGITS];
    kept.fill_with(|| digits.next().unwrap_or(b'0'));
    let mut rest = [b'0'; LOOK_AT - DIGITS];
    rest.fill_with(|| digits.next().unwrap_or(b'0'));
    let up = match &rest {
        // It looks like a tie, but may itself have been rounded to that.
        b"500" => at_least_half(value),
        _ => rest[0] >= b'5',
    };
    if up {
        for digit in kept.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return (kept, exponent);
            }
            *digit = b'0';
        }
        kept[0] = b'1';
        exponent += 1;
    }
    (kept, exponent)
}

/// Whether what follows the first [`DIGITS`] digits of the exact value is half a unit or more.
fn at_least_half(value: f64) -> bool {
    let exact = format!("{value:.ALL_DIGITS$e}");
    exact.bytes().filter(u8::is_ascii_digit).nth(DIGITS).is_some_and(|digit| digit >= b'5')
}

/// `digits` with the point behind the first one, times ten to the `exponent`.
fn write_digits(out: &mut String, digits: &str, exponent: i32) {
    match exponent {
        -5..0 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', exponent.unsigned_abs() as usize - 1));
            out.push_str(digits);
        }
        0..6 => {
            let whole = exponent as usize + 1;
            for (place, digit) in digits.chars().enumerate() {
                if place == whole {
                    out.push('.');
                }
                out.push(digit);
            }
            out.extend(std::iter::repeat_n('0', whole.saturating_sub(digits.len())));
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            append(out, format_args!("{first}{point}{rest}e{exponent:+}"));
        }
    }
}

fn append(out: &mut String, args: std::fmt::Arguments<'_>) {
    out.write_fmt(args).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::format_number;

    #[track_caller]
    fn check(value: f64, expected: &str) {
        assert_eq!(format_number(value), expected);
    }

    #[test]
    fn integers_are_plain_below_a_million() {
        check(0.0, "0");
        check(-0.0, "0");
        check(12.0, "12");
        check(-999999.0, "-999999");
        check(100000.0, "100000");
        check(1e6, "1e+6");
        check(-1234567.0, "-1.23457e+6");
        check(12345678901.0, "1.23457e+10");
    }

    #[test]
    fn fractions_have_six_digits_without_trailing_zeros() {
        check(0.5, "0.5");
        check(1.0 / 3.0, "0.333333");
        check(2.0 / 3.0, "0.666667");
        check(123.456789, "123.457");
        check(99999.95, "99999.9");
        check(100.25, "100.25");
        check(1234.5, "1234.5");
    }

    #[test]
    fn small_numbers_get_an_exponent_below_one_hundred_thousandth() {
        check(0.000011, "0.000011");
        check(0.0000500001, "0.0000500001");
        check(0.00001, "0.00001");
        check(0.000009999995, "0.00001");
        check(0.0000016, "1.6e-6");
        check(1e-7, "1e-7");
        check(5e-324, "4.94066e-324");
        check(f64::MAX, "1.79769e+308");
    }

    #[test]
    fn ties_go_away_from_zero() {
        // Both are exactly half way between two numbers of six digits.
        check(100000.5, "100001");
        check(1.0000005 * 2f64.powi(20), "1.04858e+6");
        check(0.5 + 2f64.powi(-7), "0.507813");
        check(-0.5 - 2f64.powi(-7), "-0.507813");
        check(8388608.5, "8.38861e+6");
    }

    #[test]
    fn near_ties_go_by_the_exact_binary_value() {
        // The nearest doubles of these decimals lie just below and just above the tie.
        check(1.0000005, "1");
        check(1.0000015, "1");
        check(1.0000025, "1");
        check(1.0000035, "1");
        check(2.0000005, "2");
    }

    #[test]
    fn rounding_may_carry_into_a_new_digit() {
        check(9.9999996, "10");
        check(0.99999951, "1");
        check(999999.5, "1e+6");
        check(999999.4, "999999");
        check(9999995.0, "1e+7");
    }

    #[test]
    fn values_that_are_no_numbers_have_names() {
        check(f64::INFINITY, "inf");
        check(f64::NEG_INFINITY, "-inf");
        check(f64::NAN, "nan");
    }
}
