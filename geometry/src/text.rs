//! `text()`: a line of text as a region, and its measures.
//!
//! The font is found in a [`FontBook`], the text is shaped by HarfBuzz's rules and set in one line, the outlines of its
//! glyphs become polygons. Letters that the font lacks are drawn as its box for missing glyphs.

mod book;
mod layout;
mod outline;
mod pattern;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use scadstream_csg::{FileData, TextParameters};

pub use book::FontBook;

use crate::clip::{self, Fill};
use crate::fragments::segments;
use crate::region::{Point, Region};
use layout::{advance_scale, layout, size_of};
use outline::contours;
use pattern::Pattern;

/// The text as a region; none if there is no font at all. A size that is not a number above 0 gives nothing.
pub fn text(parameters: &TextParameters, book: &FontBook) -> Option<Region> {
    let size = size_of(parameters);
    if !(size.is_finite() && size > 0.0 && parameters.spacing.is_finite()) {
        return Some(Region::default());
    }
    let pattern = Pattern::parse(&parameters.font);
    let face = book.face(&pattern, &parameters.fonts)?;
    let line = layout(parameters, &face, &pattern);
    let pieces = (segments(size, parameters.fragments, 360.0) / 8 + 1).max(2);
    let mut known: HashMap<u32, Region> = HashMap::new();
    let mut letters = Vec::new();
    for placed in &line.glyphs {
        // Cleaned glyph by glyph: contours of one may overlap, and so may neighbours.
        let clean = known.entry(placed.glyph.to_u32()).or_insert_with(|| {
            clip::fill(&contours(&face.font, placed.glyph, pieces), Fill::NonZero)
        });
        let [x0, y0] = placed.origin;
        let place = |[x, y]: &Point| [x0 + x * line.outline_scale, y0 + y * line.outline_scale];
        let outlines = clean.outlines().iter().map(|ring| ring.iter().map(place).collect());
        letters.push(Region::from_clean(outlines.collect()));
    }
    Some(clip::union(&letters))
}

/// What `textmetrics()` gives. Lengths in model units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TextMetrics {
    /// Lower left corner of the ink.
    pub position: Point,
    /// Size of the ink.
    pub size: Point,
    /// How far any glyph's ink reaches above its baseline.
    pub ascent: f64,
    /// How far any glyph's ink reaches below its baseline, negative.
    pub descent: f64,
    /// How far alignment moved the text.
    pub offset: Point,
    /// How far the text moves the pen.
    pub advance: Point,
}

/// Measures of a text; none if there is no font at all.
pub fn text_metrics(parameters: &TextParameters, book: &FontBook) -> Option<TextMetrics> {
    let pattern = Pattern::parse(&parameters.font);
    let face = book.face(&pattern, &parameters.fonts)?;
    let line = layout(parameters, &face, &pattern);
    let Some([low, high]) = line.ink else {
        return Some(TextMetrics { advance: line.advance, ..TextMetrics::default() });
    };
    Some(TextMetrics {
        position: [low[0] + line.offset[0], low[1] + line.offset[1]],
        size: [high[0] - low[0], high[1] - low[1]],
        ascent: line.rise[0],
        descent: line.rise[1],
        offset: line.offset,
        advance: line.advance,
    })
}

/// What `fontmetrics()` gives. Lengths in model units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FontMetrics {
    /// Height above the baseline that the font's designer gives.
    pub nominal_ascent: f64,
    /// Depth below the baseline that the font's designer gives, negative.
    pub nominal_descent: f64,
    /// Top of the highest glyph.
    pub max_ascent: f64,
    /// Bottom of the lowest glyph, negative.
    pub max_descent: f64,
    /// From one baseline to the next.
    pub interline: f64,
    /// Name of the family.
    pub family: String,
    /// Name of the style.
    pub style: String,
}

/// Measures of the font that a pattern names; none if there is no font at all.
pub fn font_metrics(
    font: &str,
    size: f64,
    documents: &[FileData],
    book: &FontBook,
) -> Option<FontMetrics> {
    let face = book.face(&Pattern::parse(font), documents)?;
    let metrics = face.font.metrics();
    let scale = advance_scale(size, face.font.units_per_em());
    let line = metrics.hhea_line.or(metrics.typo_line)?;
    let [ascender, descender, gap] =
        [line.ascender, line.descender, line.line_gap].map(|units| units.to_f64() * scale);
    Some(FontMetrics {
        nominal_ascent: ascender,
        nominal_descent: descender,
        max_ascent: metrics.bounds.y_max.to_f64() * scale,
        max_descent: metrics.bounds.y_min.to_f64() * scale,
        interline: ascender - descender + gap,
        family: face.family(),
        style: face.style(),
    })
}
