//! Path data (`d` of `path`), with curves cut into straight pieces.
//!
//! In OpenSCAD's way a path is closed as a whole: if one of its pieces is, all are areas. So is a piece that ends where
//! it began. What is drawn on after a piece was closed, without moving first, is lost up to the next move.

use scadstream_csg::{Fragments, degrees};

use super::Subpath;
use crate::fragments::segments;
use crate::import::number;
use crate::region::Point;

/// Least pieces of a Bézier curve. OpenSCAD's number.
const LEAST_PIECES: f64 = 20.0;

/// Least fragments of a whole turn of an arc, and how many more an arc has that goes by them. OpenSCAD's numbers,
/// measured.
const LEAST_AROUND: f64 = 20.0;
const EXTRA: f64 = 4.0;

/// Most pieces of a curve.
const MOST_PIECES: f64 = 10_000.0;

/// Reads path data. What cannot be read ends it; what was drawn before stays, as the standard wants.
pub(super) fn parse(data: &str, fragments: Fragments) -> Vec<Subpath> {
    let mut pen = Pen::new(fragments);
    let mut scanner = Scanner { rest: data };
    let mut command = None;
    loop {
        match (scanner.letter(), command) {
            (Some(letter), _) => command = Some(letter),
            // Numbers after a move are lines; after others, the same again.
            (None, Some('M')) => command = Some('L'),
            (None, Some('m')) => command = Some('l'),
            (None, Some('Z' | 'z') | None) => break,
            (None, Some(_)) => {}
        }
        let Some(letter) = command else { break };
        if draw(&mut pen, letter, &mut scanner).is_none() || scanner.at_end() {
            break;
        }
    }
    pen.finish()
}

/// Carries out one command; none if its numbers are not there.
fn draw(pen: &mut Pen, letter: char, scanner: &mut Scanner<'_>) -> Option<()> {
    let origin = if letter.is_ascii_lowercase() { pen.at } else { [0.0, 0.0] };
    let point = |scanner: &mut Scanner<'_>| {
        let [x, y] = [scanner.number()?, scanner.number()?];
        Some([origin[0] + x, origin[1] + y])
    };
    match letter.to_ascii_uppercase() {
        'M' => {
            let to = point(scanner)?;
            pen.move_to(to);
        }
        'L' => {
            let to = point(scanner)?;
            pen.line_to(to);
        }
        'H' => {
            let x = origin[0] + scanner.number()?;
            pen.line_to([x, pen.at[1]]);
        }
        'V' => {
            let y = origin[1] + scanner.number()?;
            pen.line_to([pen.at[0], y]);
        }
        'C' => {
            let (a, b, to) = (point(scanner)?, point(scanner)?, point(scanner)?);
            pen.cubic_to(a, b, to);
        }
        'S' => {
            let (b, to) = (point(scanner)?, point(scanner)?);
            pen.cubic_to(pen.reflected(Curve::Cubic), b, to);
        }
        'Q' => {
            let (control, to) = (point(scanner)?, point(scanner)?);
            pen.quadratic_to(control, to);
        }
        'T' => {
            let to = point(scanner)?;
            pen.quadratic_to(pen.reflected(Curve::Quadratic), to);
        }
        'A' => {
            let radii = [scanner.number()?, scanner.number()?];
            let turn_deg = scanner.number()?;
            let (large, sweep) = (scanner.flag()?, scanner.flag()?);
            let to = point(scanner)?;
            pen.arc_to(radii, turn_deg, large, sweep, to);
        }
        'Z' => pen.close(),
        _ => return None,
    }
    Some(())
}

/// The kind of curve drawn last.
#[derive(Clone, Copy, PartialEq)]
enum Curve {
    Cubic,
    Quadratic,
}

/// Draws subpaths.
pub(super) struct Pen {
    fragments: Fragments,
    done: Vec<Subpath>,
    current: Vec<Point>,
    at: Point,
    start: Point,
    /// Whether the piece at work began without a move after another was closed.
    lost: bool,
    /// The last curve and its last control point, for the next to go on smoothly.
    last: Option<(Curve, Point)>,
}

impl Pen {
    pub(super) fn new(fragments: Fragments) -> Self {
        let origin = [0.0, 0.0];
        let (done, current) = (Vec::new(), Vec::new());
        Self { fragments, done, current, at: origin, start: origin, lost: false, last: None }
    }

    pub(super) fn move_to(&mut self, to: Point) {
        self.end(false);
        self.lost = false;
        self.at = to;
        self.start = to;
        self.last = None;
    }

    pub(super) fn line_to(&mut self, to: Point) {
        self.add(to);
        self.last = None;
    }

    fn cubic_to(&mut self, a: Point, b: Point, to: Point) {
        let from = self.at;
        self.curve(|t| {
            let (u, v) = (blend(from, a, t), blend(b, to, t));
            let middle = blend(a, b, t);
            blend(blend(u, middle, t), blend(middle, v, t), t)
        });
        self.last = Some((Curve::Cubic, b));
    }

    fn quadratic_to(&mut self, control: Point, to: Point) {
        let from = self.at;
        self.curve(|t| blend(blend(from, control, t), blend(control, to, t), t));
        self.last = Some((Curve::Quadratic, control));
    }

    fn curve(&mut self, at: impl Fn(f64) -> Point) {
        let pieces = self.fragments.fn_.clamp(LEAST_PIECES, MOST_PIECES).ceil() as u32;
        (1..=pieces).for_each(|i| self.add(at(f64::from(i) / f64::from(pieces))));
    }

    /// The last control point mirrored at the pen, after a curve of the same kind; else the pen's own place.
    fn reflected(&self, kind: Curve) -> Point {
        match self.last {
            Some((last, [x, y])) if last == kind => [2.0 * self.at[0] - x, 2.0 * self.at[1] - y],
            _ => self.at,
        }
    }

    /// An arc of an ellipse whose first axis is turned by `turn_deg` (SVG 1.1, appendix F.6: from ends to centre).
    pub(super) fn arc_to(
        &mut self,
        radii: Point,
        turn_deg: f64,
        large: bool,
        sweep: bool,
        to: Point,
    ) {
        let [rx, ry] = radii.map(f64::abs);
        let from = self.at;
        self.last = None;
        if from == to {
            return;
        }
        if rx == 0.0 || ry == 0.0 {
            return self.line_to(to);
        }
        let (sin, cos) = (degrees::sin(turn_deg), degrees::cos(turn_deg));
        // Half of the way, in units of the ellipse's axes: from there to a unit circle.
        let half = [(from[0] - to[0]) / 2.0, (from[1] - to[1]) / 2.0];
        let (x, y) = ((cos * half[0] + sin * half[1]) / rx, (cos * half[1] - sin * half[0]) / ry);
        let square = x * x + y * y;
        // Too small an ellipse grows until it reaches.
        let grown = square.sqrt().max(1.0);
        let away = ((1.0 / square) - 1.0).max(0.0).sqrt() * if large == sweep { -1.0 } else { 1.0 };
        let (cx, cy) = (away * y, -away * x);
        let first = degrees::atan2(y - cy, x - cx);
        let mut turn = degrees::atan2(-y - cy, -x - cx) - first;
        if sweep && turn < 0.0 {
            turn += 360.0;
        } else if !sweep && turn > 0.0 {
            turn -= 360.0;
        }
        let (rx, ry) = (rx * grown, ry * grown);
        let (cx, cy) = (cx / grown, cy / grown);
        let middle = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
        let least = (LEAST_AROUND * turn.abs() / 360.0).floor() + EXTRA;
        let wanted = f64::from(segments(rx.max(ry), self.fragments, turn));
        let pieces = wanted.max(least).min(MOST_PIECES) as u32;
        for i in 1..pieces {
            let angle_deg = first + turn * f64::from(i) / f64::from(pieces);
            let (u, v) = (rx * (cx + degrees::cos(angle_deg)), ry * (cy + degrees::sin(angle_deg)));
            self.add([middle[0] + cos * u - sin * v, middle[1] + sin * u + cos * v]);
        }
        self.add(to);
    }

    pub(super) fn close(&mut self) {
        self.end(true);
        self.at = self.start;
        self.last = None;
    }

    pub(super) fn finish(mut self) -> Vec<Subpath> {
        self.end(false);
        let closed = self.done.iter().any(|subpath| subpath.closed);
        self.done.iter_mut().for_each(|subpath| subpath.closed = closed);
        self.done
    }

    fn add(&mut self, to: Point) {
        if self.current.is_empty() {
            self.current.push(self.at);
        }
        self.current.push(to);
        self.at = to;
    }

    fn end(&mut self, closed: bool) {
        let points = std::mem::take(&mut self.current);
        let lost = std::mem::replace(&mut self.lost, closed);
        if points.len() >= 2 && !lost {
            let closed = closed || points.first() == points.last();
            self.done.push(Subpath { points, closed });
        }
    }
}

fn blend(a: Point, b: Point, t: f64) -> Point {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

/// Takes path data apart.
struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
    }

    fn at_end(&mut self) -> bool {
        self.skip_blanks();
        self.rest.is_empty()
    }

    fn letter(&mut self) -> Option<char> {
        self.skip_blanks();
        let letter = self.rest.chars().next().filter(char::is_ascii_alphabetic)?;
        self.rest = &self.rest[1..];
        Some(letter)
    }

    /// A number; the next may follow without a blank where a sign or a second point begins it.
    fn number(&mut self) -> Option<f64> {
        self.skip_blanks();
        let (mut end, mut point, mut exponent) = (0, false, false);
        let bytes = self.rest.as_bytes();
        while let Some(byte) = bytes.get(end) {
            let after_exponent = end > 0 && matches!(bytes[end - 1], b'e' | b'E');
            match byte {
                b'0'..=b'9' => {}
                b'+' | b'-' if end == 0 || after_exponent => {}
                b'.' if !point && !exponent => point = true,
                b'e' | b'E' if !exponent && end > 0 => exponent = true,
                _ => break,
            }
            end += 1;
        }
        let value = number(&self.rest[..end])?;
        self.rest = &self.rest[end..];
        Some(value)
    }

    /// A single 0 or 1; the next number may follow at once.
    fn flag(&mut self) -> Option<bool> {
        self.skip_blanks();
        let flag = match self.rest.as_bytes().first()? {
            b'0' => false,
            b'1' => true,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        Some(flag)
    }
}
