//! SVG of a region: one path, in millimetres, y turned down as SVG has it.

use std::io::Write;

use super::{ExportError, Number};
use crate::region::Region;

/// How the path is painted.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Colour inside, as SVG writes colours; none leaves it open.
    pub fill: Option<String>,
    /// Colour of the outline; none draws none.
    pub stroke: Option<String>,
    /// Width of the outline in millimetres.
    pub stroke_width: f64,
}

impl Default for Options {
    /// As OpenSCAD draws: light grey with a black outline of half a millimetre.
    fn default() -> Self {
        let colour = |name: &str| Some(name.to_owned());
        Self { fill: colour("lightgray"), stroke: colour("black"), stroke_width: 0.5 }
    }
}

/// Writes a drawing whose page is the region's box, grown to whole millimetres.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(region: &Region, options: &Options, out: &mut impl Write) -> Result<(), ExportError> {
    let [low, high] = region.bounds().unwrap_or_default();
    let (left, top) = (low[0].floor(), -high[1].ceil());
    let (width, height) = (high[0].ceil() - left, -low[1].floor() - top);
    let [left, top, width, height] = [left, top, width, height].map(Number);
    writeln!(out, r#"<?xml version="1.0" standalone="no"?>"#)?;
    writeln!(
        out,
        r#"<svg width="{width}mm" height="{height}mm" viewBox="{left} {top} {width} {height}" xmlns="http://www.w3.org/2000/svg" version="1.1">"#
    )?;
    writeln!(out, "<title>OpenSCAD Model</title>")?;
    writeln!(out, r#"<path d=""#)?;
    for outline in region.outlines() {
        for (command, [x, y]) in std::iter::once('M').chain(std::iter::repeat('L')).zip(outline) {
            write!(out, "{command} {},{} ", Number(*x), Number(-y))?;
        }
        writeln!(out, "z")?;
    }
    let fill = paint(options.fill.as_deref());
    let stroke = paint(options.stroke.as_deref());
    let stroke_width = Number(options.stroke_width);
    writeln!(
        out,
        r#"" stroke="{stroke}" fill="{fill}" fill-rule="evenodd" stroke-width="{stroke_width}"/>"#
    )?;
    writeln!(out, "</svg>")?;
    Ok(out.flush()?)
}

/// A colour as the value of an attribute: whoever chose it may have chosen quotes.
fn paint(colour: Option<&str>) -> String {
    let harmless = |c: &char| c.is_ascii_alphanumeric() || "#(),.% ".contains(*c);
    colour.unwrap_or("none").chars().filter(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::difference;
    use crate::polygon::{polygon, square};
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(region: &Region, options: &Options, expected: Expect) {
        let mut text = Vec::new();
        write(region, options, &mut text).unwrap();
        expected.assert_eq(&String::from_utf8(text).unwrap());
    }

    #[test]
    fn outlines_are_one_path_on_a_page_of_whole_millimetres() {
        let hole = polygon(&[[1.0, 1.0], [2.0, 1.0], [1.5, 2.0]], None);
        check(
            &difference(&square([10.1, 5.0], false), &[hole]),
            &Options::default(),
            expect![[r#"
                <?xml version="1.0" standalone="no"?>
                <svg width="11mm" height="5mm" viewBox="0 -5 11 5" xmlns="http://www.w3.org/2000/svg" version="1.1">
                <title>OpenSCAD Model</title>
                <path d="
                M 10.1,-5 L 0,-5 L 0,0 L 10.1,0 z
                M 1,-1 L 1.5,-2 L 2,-1 z
                " stroke="black" fill="lightgray" fill-rule="evenodd" stroke-width="0.5"/>
                </svg>
            "#]],
        );
    }

    #[test]
    fn paint_may_be_left_out_but_not_break_out() {
        let fill = Some("\"/><script>".to_owned());
        let options = Options { fill, stroke: None, stroke_width: 0.25 };
        check(
            &Region::default(),
            &options,
            expect![[r#"
                <?xml version="1.0" standalone="no"?>
                <svg width="0mm" height="0mm" viewBox="0 0 0 0" xmlns="http://www.w3.org/2000/svg" version="1.1">
                <title>OpenSCAD Model</title>
                <path d="
                " stroke="none" fill="script" fill-rule="evenodd" stroke-width="0.25"/>
                </svg>
            "#]],
        );
    }
}
