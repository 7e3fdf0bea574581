//! What the evaluator asks of fonts and drawings, answered by geometry: the same in every world.

use scadstream_csg::{FileData, Fragments, TextParameters};
use scadstream_eval::{Drawing, FontMetrics, TextMetrics};
use scadstream_geometry::FontBook;
use scadstream_geometry::import::dxf;
use scadstream_geometry::text::{font_metrics as measure_font, text_metrics as measure_text};

pub(crate) fn text_metrics(text: &TextParameters) -> Option<TextMetrics> {
    let metrics = measure_text(text, &FontBook::of_system())?;
    Some(TextMetrics {
        position: metrics.position,
        size: metrics.size,
        ascent: metrics.ascent,
        descent: metrics.descent,
        offset: metrics.offset,
        advance: metrics.advance,
    })
}

pub(crate) fn font_metrics(font: &str, size: f64, fonts: &[FileData]) -> Option<FontMetrics> {
    let metrics = measure_font(font, size, fonts, &FontBook::of_system())?;
    Some(FontMetrics {
        nominal_ascent: metrics.nominal_ascent,
        nominal_descent: metrics.nominal_descent,
        max_ascent: metrics.max_ascent,
        max_descent: metrics.max_descent,
        interline: metrics.interline,
        family: metrics.family,
        style: metrics.style,
    })
}

pub(crate) fn drawing_dimension(drawing: &Drawing<'_>, name: &str) -> Option<f64> {
    dxf::dimension(drawing.file, &options(drawing), name)
}

pub(crate) fn drawing_crossing(drawing: &Drawing<'_>) -> Option<[f64; 2]> {
    dxf::cross(drawing.file, &options(drawing))
}

fn options<'a>(drawing: &Drawing<'a>) -> dxf::Options<'a> {
    dxf::Options {
        layer: drawing.layer,
        origin: drawing.origin,
        scale: drawing.scale,
        fragments: Fragments::default(),
    }
}
