//! Outlines of glyphs as polygons.

use harfrust::font::glyph::outline::{DrawMemory, DrawOptions, PathSink};
use harfrust::{Font, GlyphId};

use crate::region::Point;

/// The contours of a glyph in font units, each curve in so many straight pieces, even in the curve's parameter. Empty
/// for a glyph without outline, as a blank is.
pub(crate) fn contours(font: &Font, glyph: GlyphId, pieces: u32) -> Vec<Vec<Point>> {
    let mut sink = Contours { done: Vec::new(), current: Vec::new(), pieces };
    if let Some(outline) = font.outline_glyphs().get(glyph)
        && outline.draw(&DrawOptions::new(), DrawMemory::Scratch, &mut sink).is_err()
    {
        // A broken glyph has no outline; half of one would be worse.
        return Vec::new();
    }
    sink.close();
    sink.done
}

struct Contours {
    done: Vec<Vec<Point>>,
    current: Vec<Point>,
    pieces: u32,
}

impl Contours {
    fn last(&self) -> Point {
        self.current.last().copied().unwrap_or_default()
    }

    /// Adds the points of a curve, its end included.
    fn curve(&mut self, at: impl Fn(f64) -> Point) {
        let pieces = self.pieces;
        self.current.extend((1..=pieces).map(|i| at(f64::from(i) / f64::from(pieces))));
    }
}

impl PathSink for Contours {
    fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        self.current.push(point(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.current.push(point(x, y));
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        let (a, b, c) = (self.last(), point(cx0, cy0), point(x, y));
        self.curve(|t| blend(blend(a, b, t), blend(b, c, t), t));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.last(), point(cx0, cy0), point(cx1, cy1), point(x, y));
        self.curve(|t| {
            let (ab, bc, cd) = (blend(a, b, t), blend(b, c, t), blend(c, d, t));
            blend(blend(ab, bc, t), blend(bc, cd, t), t)
        });
    }

    fn close(&mut self) {
        let contour = std::mem::take(&mut self.current);
        if contour.len() >= 3 {
            self.done.push(contour);
        }
    }
}

fn point(x: f32, y: f32) -> Point {
    [f64::from(x), f64::from(y)]
}

fn blend(a: Point, b: Point, t: f64) -> Point {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}
