//! PDF 1.4 of a region: one page, the drawing at full size in its middle, with scales along the edges.
//!
//! No dates and no identifiers are written, so the same model gives the same bytes.

use std::fmt::Write as _;
use std::io::Write;

use super::colour::Rgba;
use super::{ExportError, Number};
use crate::region::Region;

/// PDF's points to the millimetre.
const POINTS: f64 = 72.0 / 25.4;

/// Distance of the scales from the edges of the page, in millimetres.
const MARGIN: f64 = 10.0;

/// Width of lines of scales and grid, in millimetres.
const THIN: f64 = 0.1;

/// How a page is laid out: OpenSCAD's section `export-pdf`. Lengths in millimetres.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Its size.
    pub paper: Paper,
    /// Which way it lies.
    pub orientation: Orientation,
    /// A line of text at the top: the model's file name.
    pub file_name: Option<String>,
    /// Whether rulers stand along the left and the lower edge.
    pub scale: bool,
    /// Whether a line of text says how to check the printed scale.
    pub scale_message: bool,
    /// Distance of the lines of a grid; none draws none.
    pub grid: Option<f64>,
    /// Colour inside; none leaves it open.
    pub fill: Option<Rgba>,
    /// Colour of the outline; none draws none.
    pub stroke: Option<Rgba>,
    /// Width of the outline.
    pub stroke_width: f64,
    /// Title, author and so on, by PDF's name for each.
    pub metadata: Vec<(&'static str, String)>,
}

impl Default for Options {
    /// As OpenSCAD does: upright A4 with rulers, a black outline and nothing inside.
    fn default() -> Self {
        Self {
            paper: Paper::A4,
            orientation: Orientation::Portrait,
            file_name: None,
            scale: true,
            scale_message: true,
            grid: None,
            fill: None,
            stroke: Some([0, 0, 0, 255]),
            stroke_width: 0.35,
            metadata: Vec::new(),
        }
    }
}

/// Sizes of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Paper {
    A6,
    A5,
    A4,
    A3,
    Letter,
    Legal,
    Tabloid,
}

impl Paper {
    /// All sizes by the names that options give them.
    pub const NAMES: [(&str, Paper); 7] = [
        ("a6", Paper::A6),
        ("a5", Paper::A5),
        ("a4", Paper::A4),
        ("a3", Paper::A3),
        ("letter", Paper::Letter),
        ("legal", Paper::Legal),
        ("tabloid", Paper::Tabloid),
    ];

    /// Width and height of the upright sheet in millimetres.
    const fn size(self) -> [f64; 2] {
        match self {
            Paper::A6 => [105.0, 148.0],
            Paper::A5 => [148.0, 210.0],
            Paper::A4 => [210.0, 297.0],
            Paper::A3 => [297.0, 420.0],
            Paper::Letter => [215.9, 279.4],
            Paper::Legal => [215.9, 355.6],
            Paper::Tabloid => [279.4, 431.8],
        }
    }
}

/// Which way a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orientation {
    /// Upright.
    Portrait,
    /// Lying.
    Landscape,
    /// Lying if the drawing is wider than high.
    Auto,
}

/// Writes the page. A drawing that is larger than the page runs over its edges.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(region: &Region, options: &Options, out: &mut impl Write) -> Result<(), ExportError> {
    let page = page_size(region, options);
    let content = content(region, options, page);
    let [width, height] = page.map(|length| Number(round(length * POINTS)));
    let mut info = String::from("/Producer (scadstream)");
    for (name, value) in &options.metadata {
        write!(info, " /{name} {}", text(value)).expect("a string takes all there is");
    }
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R \
             /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
        format!("<< {info} >>"),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        writeln!(file, "{number} 0 obj\n{object}\nendobj").expect("a string takes all there is");
    }
    let table = file.len();
    write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1)
        .expect("a string takes all there is");
    for place in places {
        writeln!(file, "{place:010} 00000 n ").expect("a string takes all there is");
    }
    let count = objects.len() + 1;
    write!(file, "trailer\n<< /Size {count} /Root 1 0 R /Info 6 0 R >>\n")
        .and_then(|()| write!(file, "startxref\n{table}\n%%EOF\n"))
        .expect("a string takes all there is");
    out.write_all(file.as_bytes())?;
    Ok(out.flush()?)
}

/// Whether the drawing fits on the page, without its margins.
pub fn fits(region: &Region, options: &Options) -> bool {
    let page = page_size(region, options);
    let [low, high] = region.bounds().unwrap_or_default();
    (0..2).all(|axis| high[axis] - low[axis] <= page[axis] - 2.0 * MARGIN)
}

fn page_size(region: &Region, options: &Options) -> [f64; 2] {
    let [low, high] = region.bounds().unwrap_or_default();
    let wide = high[0] - low[0] > high[1] - low[1];
    let [short, long] = options.paper.size();
    match options.orientation {
        Orientation::Portrait => [short, long],
        Orientation::Auto if !wide => [short, long],
        Orientation::Landscape | Orientation::Auto => [long, short],
    }
}

/// What is drawn, in millimetres with the middle of the page where the middle of the drawing is.
fn content(region: &Region, options: &Options, page: [f64; 2]) -> String {
    let mut draw = Content { text: String::new() };
    draw.line(format_args!("{} 0 0 {} 0 0 cm", Number(round(POINTS)), Number(round(POINTS))));
    if let Some(step) = options.grid.filter(|step| step.is_finite() && *step >= 1.0) {
        draw.grid(page, step);
    }
    if options.scale {
        draw.rulers(page);
    }
    if options.scale_message {
        let message = "Scale 1:1. After printing, the distance of the long marks must be 10 mm.";
        draw.label([MARGIN + 2.0, 3.0], message);
    }
    if let Some(name) = &options.file_name {
        draw.label([MARGIN + 2.0, page[1] - 6.0], name);
    }
    let [low, high] = region.bounds().unwrap_or_default();
    let shift = [0, 1].map(|axis| page[axis] / 2.0 - (low[axis] + high[axis]) / 2.0);
    let paint = match (options.fill, options.stroke) {
        (None, None) => return draw.text,
        (Some(_), None) => "f*",
        (None, Some(_)) => "S",
        (Some(_), Some(_)) => "B*",
    };
    if let Some(colour) = options.fill {
        draw.line(format_args!("{} rg", channels(colour)));
    }
    if let Some(colour) = options.stroke {
        let width = Number(options.stroke_width);
        draw.line(format_args!("{} RG {width} w 1 j", channels(colour)));
    }
    for outline in region.outlines() {
        for (operator, point) in std::iter::once('m').chain(std::iter::repeat('l')).zip(outline) {
            let [x, y] = [0, 1].map(|axis| Number(round(point[axis] + shift[axis])));
            draw.line(format_args!("{x} {y} {operator}"));
        }
        draw.line(format_args!("h"));
    }
    draw.line(format_args!("{paint}"));
    draw.text
}

struct Content {
    text: String,
}

impl Content {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a string takes all there is");
    }

    fn segment(&mut self, from: [f64; 2], to: [f64; 2]) {
        let [x0, y0, x1, y1] = [from[0], from[1], to[0], to[1]].map(|c| Number(round(c)));
        self.line(format_args!("{x0} {y0} m {x1} {y1} l S"));
    }

    fn grid(&mut self, page: [f64; 2], step: f64) {
        self.line(format_args!("0.8 0.8 0.8 RG {THIN} w"));
        for axis in 0..2 {
            for count in 1.. {
                let at = step * f64::from(count);
                if at >= page[axis] {
                    break;
                }
                let end = |along: f64| if axis == 0 { [at, along] } else { [along, at] };
                self.segment(end(0.0), end(page[1 - axis]));
            }
        }
    }

    /// A mark at every millimetre, longer at every fifth and tenth.
    fn rulers(&mut self, page: [f64; 2]) {
        self.line(format_args!("0.4 0.4 0.4 RG {THIN} w"));
        for axis in 0..2 {
            let marks = (page[axis] - 2.0 * MARGIN) as u32;
            for mark in 0..=marks {
                let length = if mark % 10 == 0 {
                    4.0
                } else if mark % 5 == 0 {
                    3.0
                } else {
                    2.0
                };
                let at = MARGIN + f64::from(mark);
                let end = |out: f64| {
                    if axis == 0 { [at, MARGIN - out] } else { [MARGIN - out, at] }
                };
                self.segment(end(0.0), end(length));
            }
        }
    }

    fn label(&mut self, at: [f64; 2], label: &str) {
        let [x, y] = at.map(Number);
        self.line(format_args!("BT 0 0 0 rg /F1 3 Tf {x} {y} Td {} Tj ET", text(label)));
    }
}

/// A text in brackets. Letters that the font cannot show become question marks.
fn text(value: &str) -> String {
    let mut quoted = String::from("(");
    for c in value.chars() {
        match c {
            '(' | ')' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            '\u{a0}'..='\u{ff}' => {
                write!(quoted, "\\{:03o}", c as u32).expect("a string takes all there is");
            }
            _ => quoted.push('?'),
        }
    }
    quoted + ")"
}

fn channels(colour: Rgba) -> String {
    let [r, g, b] = [0, 1, 2].map(|k| Number(round(f64::from(colour[k]) / 255.0)));
    format!("{r} {g} {b}")
}

/// To four digits after the point: finer than any printer.
fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::square;

    fn page(region: &Region, options: &Options) -> String {
        let mut bytes = Vec::new();
        write(region, options, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn bare() -> Options {
        Options { scale: false, scale_message: false, ..Options::default() }
    }

    #[test]
    fn the_drawing_is_in_the_middle_at_full_size() {
        let text = page(&square([20.0, 10.0], false), &bare());
        let (_, drawing) = text.split_once("cm\n").unwrap();
        let (drawing, _) = drawing.split_once("endstream").unwrap();
        expect_test::expect![[r"
            0 0 0 RG 0.35 w 1 j
            95 143.5 m
            115 143.5 l
            115 153.5 l
            95 153.5 l
            h
            S
        "]]
        .assert_eq(drawing);
        assert!(text.contains("/MediaBox [0 0 595.2756 841.8898]"), "{text}");
    }

    #[test]
    fn the_table_names_the_place_of_every_object() {
        let text = page(&square([20.0, 10.0], false), &Options::default());
        let (_, table) = text.rsplit_once("startxref\n").unwrap();
        let at: usize = table.lines().next().unwrap().parse().unwrap();
        assert!(text[at..].starts_with("xref\n0 7\n"));
        for (number, entry) in text[at..].lines().skip(2).take(7).enumerate().skip(1) {
            let place: usize = entry[..10].parse().unwrap();
            assert!(text[place..].starts_with(&format!("{number} 0 obj")));
        }
        let (_, stream) = text.split_once("/Length ").unwrap();
        let (length, stream) = stream.split_once(" >>\nstream\n").unwrap();
        assert_eq!(stream.find("endstream"), length.parse().ok());
    }

    #[test]
    fn paper_orientation_paint_and_labels_are_options() {
        let options = Options {
            paper: Paper::A5,
            orientation: Orientation::Auto,
            file_name: Some("a(b)ü→.scad".to_owned()),
            grid: Some(50.0),
            fill: Some([255, 0, 0, 255]),
            metadata: vec![("Title", "x".to_owned())],
            ..bare()
        };
        let text = page(&square([20.0, 10.0], false), &options);
        for part in [
            "/MediaBox [0 0 595.2756 419.5276]",
            r"(a\(b\)\374?.scad) Tj",
            "1 0 0 rg",
            "B*",
            "/Title (x)",
            "50 0 m 50 148 l S",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(fits(&square([190.0, 128.0], false), &options));
        assert!(!fits(&square([191.0, 10.0], false), &options));
    }
}
