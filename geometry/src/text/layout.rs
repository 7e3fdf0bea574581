//! A line of text: glyphs in their places, and how much room they take.
//!
//! Everything is measured in OpenSCAD's way. One em is `size` times 100/72, a historic slip. Outlines are 1/15625 smaller
//! than that, because its font library works with a whole number of pixels to the em, 2170; and the ink of a glyph,
//! which vertical alignment goes by, ends on whole such pixels.

use harfrust::font::glyph::outline::{ControlBoundsSink, DrawMemory, DrawOptions};
use harfrust::{Buffer, Direction, GlyphId, Language, Script, ShapeOptions, ShaperFont, shape};
use scadstream_csg::TextParameters;

use super::book::Face;
use super::pattern::Pattern;
use crate::region::Point;

/// Ems per unit of `size`.
const EMS: f64 = 100.0 / 72.0;

/// Pixels per em that OpenSCAD has outlines at.
const PIXELS: f64 = 2170.0;

/// A pixel, per unit of `size`.
const PIXEL: f64 = 0.0064 / 10.0;

/// A line of text laid out, aligned, in model units.
pub(crate) struct Layout {
    /// Glyphs in drawing order.
    pub(crate) glyphs: Vec<Placed>,
    /// Model units per font unit of outlines.
    pub(crate) outline_scale: f64,
    /// How far alignment moved the text; places of glyphs include it.
    pub(crate) offset: Point,
    /// How far the text moves the pen, right and up.
    pub(crate) advance: Point,
    /// The box around the ink of all glyphs, before alignment; none without ink.
    pub(crate) ink: Option<[Point; 2]>,
    /// How far the ink of any glyph reaches above its own baseline, and below (negative).
    pub(crate) rise: [f64; 2],
}

/// A glyph in its place.
pub(crate) struct Placed {
    pub(crate) glyph: GlyphId,
    pub(crate) origin: Point,
}

/// The `size` that counts: the given one, or that of the given em.
pub(crate) fn size_of(parameters: &TextParameters) -> f64 {
    parameters.em.map_or(parameters.size, |em| em / EMS)
}

/// Model units per font unit, for advances and the metrics of a font.
pub(crate) fn advance_scale(size: f64, units_per_em: u16) -> f64 {
    size * EMS / f64::from(units_per_em)
}

/// Sets `parameters.text` in one face.
pub(crate) fn layout(parameters: &TextParameters, face: &Face, pattern: &Pattern) -> Layout {
    let size = size_of(parameters);
    let units_per_em = face.font.units_per_em();
    let scale = advance_scale(size, units_per_em);
    let buffer = shaped(parameters, face, pattern);
    let vertical = is_vertical(buffer.direction());
    let mut line = Layout {
        glyphs: Vec::with_capacity(buffer.len()),
        outline_scale: size * PIXEL * PIXELS / f64::from(units_per_em),
        offset: [0.0, 0.0],
        advance: [0.0, 0.0],
        ink: None,
        rise: [0.0, 0.0],
    };
    let stacked = vertical && face.font.metrics().vhea_line.is_none();
    for (info, position) in buffer.glyph_infos().iter().zip(buffer.glyph_positions()) {
        let glyph = GlyphId::new(info.glyph_id);
        let mut shift = [position.x_offset, position.y_offset].map(f64::from);
        let mut advance = [position.x_advance, position.y_advance].map(f64::from);
        if stacked {
            [shift[1], advance[1]] = stacked_metrics(face, glyph);
        }
        let origin = add(line.advance, shift.map(|units| units * scale));
        if let Some([low, high]) = ink(face, glyph) {
            let [low, high] = [low, high].map(|corner| corner.map(|pixels| pixels * PIXEL * size));
            line.rise = [line.rise[0].max(high[1]), line.rise[1].min(low[1])];
            let corners = [add(origin, low), add(origin, high)];
            line.ink = Some(line.ink.map_or(corners, |ink| around(ink, corners)));
        }
        line.glyphs.push(Placed { glyph, origin });
        line.advance = add(line.advance, advance.map(|units| units * scale * parameters.spacing));
    }
    line.offset = offset(&line, parameters, vertical);
    for placed in &mut line.glyphs {
        placed.origin = add(placed.origin, line.offset);
    }
    line
}

/// Glyphs of the text, in visual order.
fn shaped(parameters: &TextParameters, face: &Face, pattern: &Pattern) -> Buffer {
    let mut buffer = Buffer::new();
    buffer.push_str(&parameters.text);
    buffer.set_language(Language::new(&parameters.language));
    if parameters.script.len() == 4
        && let Ok(script) = parameters.script.parse::<Script>()
    {
        buffer.set_script(Some(script));
    }
    match parameters.direction.as_str() {
        "ltr" => buffer.set_direction(Direction::LeftToRight),
        "rtl" => buffer.set_direction(Direction::RightToLeft),
        "ttb" => buffer.set_direction(Direction::TopToBottom),
        "btt" => buffer.set_direction(Direction::BottomToTop),
        _ => {}
    }
    // Fills in what was not given, from the script of the first letter.
    buffer.guess_segment_properties();
    let font = ShaperFont::new(&face.font);
    let options = ShapeOptions::new().features(&pattern.features);
    if shape(&font, &mut buffer, options).is_err() {
        // Only misuse fails: a text shaped twice, or without direction.
        buffer.clear();
    }
    buffer
}

/// Shift and advance upwards, in font units, of a glyph in vertical text where the font has no measures for that: every
/// glyph gets the room of a line, with its outline in the middle, as OpenSCAD's font library does.
fn stacked_metrics(face: &Face, glyph: GlyphId) -> [f64; 2] {
    let metrics = face.font.metrics();
    let room = metrics
        .typo_line
        .or(metrics.hhea_line)
        .map_or(0.0, |line| line.ascender.to_f64() - line.descender.to_f64());
    let [bottom, top] = bounds(face, glyph).map_or([0.0, 0.0], |[low, high]| [low[1], high[1]]);
    // The font library halves whole units.
    [-top - ((room - (top - bottom)) / 2.0).trunc(), -room]
}

fn is_vertical(direction: Direction) -> bool {
    matches!(direction, Direction::TopToBottom | Direction::BottomToTop)
}

/// How far alignment moves the text. Across the line it goes by the ink, along the line by the advance.
fn offset(line: &Layout, parameters: &TextParameters, vertical: bool) -> Point {
    let [advance_x, advance_y] = line.advance;
    let (left, right) = line.ink.map_or((0.0, 0.0), |[low, high]| (low[0], high[0]));
    let x = match (parameters.halign.as_str(), vertical) {
        ("right", false) => -advance_x,
        ("center", false) => -advance_x / 2.0,
        ("left", true) => -left,
        ("right", true) => -right,
        // Vertical text is centred about its line unless told otherwise.
        _ => 0.0,
    };
    let [ascent, descent] = line.rise;
    let y = match (parameters.valign.as_str(), vertical) {
        ("top", false) => -ascent,
        ("center", false) => -(ascent + descent) / 2.0,
        ("bottom", false) => -descent,
        ("center", true) => -advance_y / 2.0,
        ("bottom", true) => -advance_y,
        _ => 0.0,
    };
    [x, y]
}

/// The box of whole pixels around a glyph's outline; none if it has no outline.
fn ink(face: &Face, glyph: GlyphId) -> Option<[Point; 2]> {
    let [low, high] = bounds(face, glyph)?;
    let pixels = |units: f64| units * PIXELS / f64::from(face.font.units_per_em());
    Some([low.map(|units| pixels(units).floor()), high.map(|units| pixels(units).ceil())])
}

/// The box around a glyph's outline and its control points, in font units.
fn bounds(face: &Face, glyph: GlyphId) -> Option<[Point; 2]> {
    let outline = face.font.outline_glyphs().get(glyph)?;
    let mut sink = ControlBoundsSink::new();
    outline.draw(&DrawOptions::new(), DrawMemory::Scratch, &mut sink).ok()?;
    let bounds = sink.bounding_box()?;
    let corner = |x: f32, y: f32| [f64::from(x), f64::from(y)];
    Some([corner(bounds.x_min, bounds.y_min), corner(bounds.x_max, bounds.y_max)])
}

fn add(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1]]
}

fn around(a: [Point; 2], b: [Point; 2]) -> [Point; 2] {
    [[a[0][0].min(b[0][0]), a[0][1].min(b[0][1])], [a[1][0].max(b[1][0]), a[1][1].max(b[1][1])]]
}
