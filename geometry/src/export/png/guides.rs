//! What a picture may show beside the model: axes, their scales, crosshairs where the eye looks.
//!
//! As OpenSCAD draws them: the axes are broken where they are negative, scales come on axes only, the crosshairs are
//! the diagonals of a cube, and axes come with a small cross of them in the lower left corner.

use super::camera::Camera;
use super::raster::{Canvas, Corner};
use super::{Options, Scheme};

/// How far axes reach to either side, in distances of the eye. Out of the picture mostly. Picked by hand.
const REACH: f64 = 3.0;

/// Dashes, with their gaps, to the distance of the eye. Picked by hand.
const DASHES: f64 = 60.0;

/// Half the edge of the cube whose diagonals are the crosshairs, in distances of the eye. As it looks in OpenSCAD.
const CROSSHAIR: f64 = 1.0 / 6.0;

/// Ticks and letters, in distances of the eye. Picked by hand.
const TICK: f64 = 1.0 / 150.0;

/// The corner's cross: how far its middle is from the edges, and how long its arms are, in halves of the picture's height.
const CROSS_AT: f64 = 0.18;
const CROSS_ARM: f64 = 0.1;

/// Nearer than anything of the model.
const FOREMOST: f64 = 1e30;

/// Colours of X, Y and Z in the corner's cross.
const AXES: [[u8; 3]; 3] = [[255, 0, 0], [0, 180, 0], [0, 0, 255]];

const UNIT: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// Draws what the options ask for.
pub(super) fn draw(options: &Options, camera: &Camera, width: f64, canvas: &mut Canvas) {
    let mut pen = Pen { camera, scheme: options.scheme, width, canvas };
    if options.show.axes {
        pen.axes();
        pen.corner_cross();
        if options.show.scales {
            pen.scales();
        }
    }
    if options.show.crosshairs {
        pen.crosshairs();
    }
}

struct Pen<'a> {
    camera: &'a Camera,
    scheme: Scheme,
    width: f64,
    canvas: &'a mut Canvas,
}

impl Pen<'_> {
    fn line(&mut self, from: [f64; 3], to: [f64; 3], colour: [u8; 3]) {
        let ends = [from, to].map(|point| self.camera.seen(point));
        self.canvas.line(ends, colour, self.width, 1.0);
    }

    fn axes(&mut self) {
        let reach = REACH * self.camera.distance();
        let dash = self.camera.distance() / DASHES;
        for axis in UNIT {
            let at = |length: f64| axis.map(|c| c * length);
            self.line([0.0; 3], at(reach), self.scheme.axis);
            for index in 0..(REACH * DASHES) as u32 {
                let begin = -dash * f64::from(index);
                self.line(at(begin - 0.25 * dash), at(begin - 0.75 * dash), self.scheme.axis);
            }
        }
    }

    /// A tick for each power of ten below the distance, or tenth of it; a number at every second one.
    fn scales(&mut self) {
        let distance = self.camera.distance();
        let mut step = 10_f64.powf((distance.log10() - 1.0).floor());
        if !step.is_normal() {
            return; // The eye is too near, or too far, for numbers.
        }
        let tick = TICK * distance;
        if REACH * distance / step > 100.0 {
            step *= 2.0;
        }
        let [right, up] = self.camera.sides();
        for (index, axis) in UNIT.iter().enumerate() {
            // Ticks stand across their axis, those of X and Y upright.
            let across = UNIT[if index == 2 { 0 } else { 2 }];
            for count in 1..=(REACH * distance / step) as i32 {
                for sign in [1, -1] {
                    let value = step * f64::from(sign * count);
                    let at = axis.map(|c| c * value);
                    let end = add(at, across, -tick);
                    self.line(at, end, self.scheme.axis);
                    if count % 2 == 0 {
                        let place = add(add(end, right, 0.5 * tick), up, -2.5 * tick);
                        self.number(value, place, tick);
                    }
                }
            }
        }
    }

    /// Writes a number from `place` to the right, its digits `2 * size` high.
    fn number(&mut self, value: f64, place: [f64; 3], size: f64) {
        let [right, up] = self.camera.sides();
        let text = format!("{}", (value * 1e9).round() / 1e9);
        for (index, letter) in text.chars().enumerate() {
            let left = add(place, right, 1.6 * size * index as f64);
            for [from, to] in strokes(letter) {
                let [from, to] =
                    [from, to].map(|[x, y]| add(add(left, right, x * size), up, y * size));
                self.line(from, to, self.scheme.axis);
            }
        }
    }

    fn crosshairs(&mut self) {
        let (middle, half) = (self.camera.target(), CROSSHAIR * self.camera.distance());
        for (x, y) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            let arm = [x, y, 1.0];
            self.line(add(middle, arm, half), add(middle, arm, -half), self.scheme.crosshair);
        }
    }

    fn corner_cross(&mut self) {
        let aspect = self.camera.aspect();
        let middle = [CROSS_AT / aspect - 1.0, CROSS_AT - 1.0];
        let corner = |[x, y]: [f64; 2]| Corner { x, y, weight: 1.0, nearness: FOREMOST };
        for (letter, (axis, colour)) in ['x', 'y', 'z'].into_iter().zip(UNIT.into_iter().zip(AXES))
        {
            let [across, up] = self.camera.turned(axis);
            let at = |length: f64, [x, y]: [f64; 2]| {
                let arm = CROSS_ARM * length;
                [middle[0] + (arm * across + x) / aspect, middle[1] + arm * up + y]
            };
            let ends = [at(0.0, [0.0; 2]), at(1.0, [0.0; 2])].map(corner);
            self.canvas.line(ends, colour, self.width, 1.0);
            for stroke in strokes(letter) {
                let ends = stroke.map(|[x, y]| {
                    corner(at(1.4, [(x - 0.5) * CROSS_ARM * 0.25, (y - 1.0) * CROSS_ARM * 0.25]))
                });
                self.canvas.line(ends, self.scheme.axis, self.width, 1.0);
            }
        }
    }
}

fn add(point: [f64; 3], direction: [f64; 3], length: f64) -> [f64; 3] {
    [0, 1, 2].map(|axis| point[axis] + direction[axis] * length)
}

/// The strokes of a letter one wide and two high.
fn strokes(letter: char) -> impl Iterator<Item = [[f64; 2]; 2]> {
    // Corners by column and row: 0 to 2 on the left from below, 3 to 5 on the right; pairs of them are strokes.
    let pairs = match letter {
        '0' => "03 35 52 20",
        '1' => "35",
        '2' => "25 54 41 10 03",
        '3' => "25 53 14 03",
        '4' => "21 14 53",
        '5' => "52 21 14 43 30",
        '6' => "52 20 03 34 41",
        '7' => "25 53",
        '8' => "03 35 52 20 14",
        '9' => "41 12 25 53 30",
        '-' => "14",
        '.' => "06",
        'x' => "05 23",
        'y' => "27 57 70",
        'z' => "25 50 03",
        _ => "",
    };
    let corner = |digit: u8| match digit {
        b'6' => [0.0, 0.3],
        b'7' => [0.5, 1.0],
        _ => [f64::from((digit - b'0') / 3), f64::from((digit - b'0') % 3)],
    };
    pairs.split_whitespace().map(move |pair| {
        let pair = pair.as_bytes();
        [corner(pair[0]), corner(pair[1])]
    })
}
