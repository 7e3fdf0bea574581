//! Triangles to pixels, with a depth for each.

/// A corner before the division by its distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Corner {
    /// Across, -1 to 1 in the picture once divided by the weight.
    pub(super) x: f64,
    /// Up, likewise.
    pub(super) y: f64,
    /// What to divide by.
    pub(super) weight: f64,
    /// What is larger for nearer points and runs straight across the picture, once divided by the weight.
    pub(super) nearness: f64,
}

/// Weights below this share of a triangle's largest are behind the eye, or as good as. Picked by hand.
const NEAREST: f64 = 1e-4;

/// A picture at work.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    colours: Vec<[u8; 3]>,
    depths: Vec<f64>,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, background: [u8; 3]) -> Self {
        let count = width as usize * height as usize;
        let depths = vec![f64::NEG_INFINITY; count];
        Self { width, height, colours: vec![background; count], depths }
    }

    /// Draws a triangle over what is farther away; one with an alpha below 255 is blended and hides nothing. `lift`
    /// makes it count as that many times as near.
    pub(super) fn triangle(&mut self, corners: [Corner; 3], colour: [u8; 4], lift: f64) {
        let all =
            corners.iter().all(|c| [c.x, c.y, c.weight, c.nearness].iter().all(|v| v.is_finite()));
        if !all {
            return;
        }
        let limit = corners.iter().map(|c| c.weight).fold(0.0, f64::max) * NEAREST;
        if limit <= 0.0 {
            return;
        }
        let (count, polygon) = clipped(corners, limit);
        let places = polygon.map(|corner| {
            let [x, y] = [corner.x, corner.y].map(|c| c / corner.weight);
            let nearness = corner.nearness / corner.weight * lift;
            let across = (x + 1.0) / 2.0 * f64::from(self.width);
            let down = (1.0 - y) / 2.0 * f64::from(self.height);
            [across, down, nearness]
        });
        for k in 2..count {
            self.fill([places[0], places[k - 1], places[k]], colour);
        }
    }

    /// Draws a line so many pixels wide, of any distance and slope.
    pub(super) fn line(&mut self, ends: [Corner; 2], colour: [u8; 3], width: f64, lift: f64) {
        let largest = ends[0].weight.max(ends[1].weight);
        let limit = largest * NEAREST;
        let finite = |c: &Corner| [c.x, c.y, c.weight, c.nearness].iter().all(|v| v.is_finite());
        if !ends.iter().all(finite) || limit <= 0.0 {
            return;
        }
        let [from, to] =
            ends.map(|end| if end.weight < limit { at_weight(ends, limit) } else { end });
        let aside =
            |x: f64, y: f64| [2.0 * x / f64::from(self.width), -2.0 * y / f64::from(self.height)];
        let half = [from, to].map(|c| {
            [c.x / c.weight * f64::from(self.width), -c.y / c.weight * f64::from(self.height)]
        });
        let along = [half[1][0] - half[0][0], half[1][1] - half[0][1]];
        let length = (along[0] * along[0] + along[1] * along[1]).sqrt();
        if length == 0.0 || !length.is_finite() {
            return;
        }
        let [x, y] = along.map(|c| c / length * width / 2.0);
        let aside = aside(-y, x);
        let moved = |corner: Corner, sign: f64| Corner {
            x: corner.x + sign * aside[0] * corner.weight,
            y: corner.y + sign * aside[1] * corner.weight,
            ..corner
        };
        let [red, green, blue] = colour;
        let corners = [moved(from, 1.0), moved(from, -1.0), moved(to, -1.0), moved(to, 1.0)];
        let opaque = [red, green, blue, 255];
        self.triangle([corners[0], corners[1], corners[2]], opaque, lift);
        self.triangle([corners[0], corners[2], corners[3]], opaque, lift);
    }

    /// Fills a triangle given in pixels from the upper left corner; a pixel counts by its middle.
    fn fill(&mut self, [a, b, c]: [[f64; 3]; 3], colour: [u8; 4]) {
        let edge = |p: [f64; 3], q: [f64; 3], x: f64, y: f64| {
            (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])
        };
        let area = edge(a, b, c[0], c[1]);
        if area == 0.0 || !area.is_finite() {
            return;
        }
        let span = |axis: usize, size: u32| {
            let low = a[axis].min(b[axis]).min(c[axis]) - 0.5;
            let high = a[axis].max(b[axis]).max(c[axis]) - 0.5;
            // The casts saturate at 0; what is left of the picture or right of it gives an empty range.
            let end = (high.floor() + 1.0).clamp(0.0, f64::from(size)) as u32;
            (low.ceil().max(0.0).min(f64::from(size)) as u32)..end
        };
        for row in span(1, self.height) {
            for column in span(0, self.width) {
                let (x, y) = (f64::from(column) + 0.5, f64::from(row) + 0.5);
                let shares =
                    [edge(b, c, x, y), edge(c, a, x, y), edge(a, b, x, y)].map(|e| e / area);
                if shares.iter().any(|share| *share < 0.0) {
                    continue;
                }
                let nearness = shares[0] * a[2] + shares[1] * b[2] + shares[2] * c[2];
                let index = row as usize * self.width as usize + column as usize;
                if nearness > self.depths[index] {
                    self.put(index, nearness, colour);
                }
            }
        }
    }

    fn put(&mut self, index: usize, nearness: f64, [red, green, blue, alpha]: [u8; 4]) {
        let over = [red, green, blue];
        if alpha == 255 {
            self.depths[index] = nearness;
            self.colours[index] = over;
            return;
        }
        let under = self.colours[index];
        let share = u32::from(alpha);
        self.colours[index] = [0, 1, 2].map(|k| {
            let mixed = u32::from(over[k]) * share + u32::from(under[k]) * (255 - share);
            (mixed / 255) as u8
        });
    }

    /// The picture's bytes, each pixel the mean of `samples` by `samples` of the canvas.
    pub(super) fn pixels(&self, samples: u32) -> Vec<u8> {
        let (width, height) = (self.width / samples, self.height / samples);
        let mut bytes = Vec::with_capacity(3 * width as usize * height as usize);
        for row in 0..height {
            for column in 0..width {
                let mut sums = [0_u32; 3];
                for y in row * samples..(row + 1) * samples {
                    for x in column * samples..(column + 1) * samples {
                        let sample = self.colours[y as usize * self.width as usize + x as usize];
                        (0..3).for_each(|k| sums[k] += u32::from(sample[k]));
                    }
                }
                bytes.extend(sums.map(|sum| (sum / (samples * samples)) as u8));
            }
        }
        bytes
    }
}

/// The part of a triangle before the eye: three or four corners, or none.
fn clipped(corners: [Corner; 3], limit: f64) -> (usize, [Corner; 4]) {
    let mut kept = [corners[0]; 4];
    let mut count = 0;
    for k in 0..3 {
        let (from, to) = (corners[k], corners[(k + 1) % 3]);
        let (inside, next_inside) = (from.weight >= limit, to.weight >= limit);
        if inside {
            kept[count] = from;
            count += 1;
        }
        if inside != next_inside {
            kept[count] = at_weight([from, to], limit);
            count += 1;
        }
    }
    (count, kept)
}

/// The place on a line that has this weight, which lies between those of its ends.
fn at_weight([from, to]: [Corner; 2], limit: f64) -> Corner {
    let t = (limit - from.weight) / (to.weight - from.weight);
    let between = |a: f64, b: f64| a + (b - a) * t;
    Corner {
        x: between(from.x, to.x),
        y: between(from.y, to.y),
        weight: limit,
        nearness: between(from.nearness, to.nearness),
    }
}
