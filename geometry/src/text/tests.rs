//! Expected measures are those of OpenSCAD (a snapshot of 2025) with the Liberation fonts 2.1; it rounds to 1e-4.

use scadstream_csg::Fragments;

use super::*;
use crate::region::signed_area;

const TOLERANCE: f64 = 2.0e-4;

fn parameters(text: &str) -> TextParameters {
    TextParameters {
        text: text.to_owned(),
        size: 10.0,
        em: None,
        font: "Liberation Sans".to_owned(),
        direction: String::new(),
        language: "en".to_owned(),
        script: String::new(),
        halign: String::new(),
        valign: String::new(),
        spacing: 1.0,
        fonts: Vec::new(),
        fragments: Fragments::default(),
    }
}

fn region(parameters: &TextParameters) -> Region {
    text(parameters, &FontBook::of_system()).expect("the Liberation fonts are installed")
}

fn metrics(parameters: &TextParameters) -> TextMetrics {
    text_metrics(parameters, &FontBook::of_system()).expect("the Liberation fonts are installed")
}

/// Pieces, holes and area.
#[track_caller]
fn check_region(parameters: TextParameters, pieces: usize, holes: usize, area: f64) {
    let region = region(&parameters);
    let found = region.outlines().iter().filter(|outline| signed_area(outline) < 0.0).count();
    assert_eq!((region.outlines().len() - found, found), (pieces, holes));
    assert!((region.area() / area - 1.0).abs() < TOLERANCE, "area {}", region.area());
}

#[track_caller]
fn check_metrics(parameters: TextParameters, [x, y, width, height, dx, dy, ax, ay]: [f64; 8]) {
    let m = metrics(&parameters);
    let found = [m.position, m.size, m.offset, m.advance].concat();
    let expected = [x, y, width, height, dx, dy, ax, ay];
    let near = |a: &f64, b: &f64| (a - b).abs() < TOLERANCE * b.abs().max(1.0);
    assert!(found.iter().zip(&expected).all(|(a, b)| near(a, b)), "{found:?}");
}

#[test]
fn letters_have_openscads_areas() {
    check_region(parameters("Hello"), 5, 2, 99.8557);
    check_region(parameters("gyp"), 3, 2, 79.61416);
    let fine = Fragments { fn_: 40.0, ..Fragments::default() };
    check_region(
        TextParameters { size: 7.5, fragments: fine, ..parameters("Hello") },
        5,
        2,
        56.29085,
    );
    let bold = "Liberation Sans:style=Bold Italic".to_owned();
    check_region(TextParameters { font: bold, ..parameters("Hello") }, 5, 2, 145.97252);
    let serif = "Liberation Serif".to_owned();
    check_region(TextParameters { font: serif, ..parameters("gyp") }, 3, 3, 62.36073);
}

#[test]
fn horizontal_text_is_aligned_by_advance_and_ink() {
    let aligned = |halign: &str, valign: &str| TextParameters {
        halign: halign.to_owned(),
        valign: valign.to_owned(),
        ..parameters("gyp")
    };
    let (width, height, advance) = (21.2288, 10.3552, 22.3931);
    check_metrics(aligned("", ""), [0.5824, -2.8864, width, height, 0.0, 0.0, advance, 0.0]);
    check_metrics(
        aligned("center", "top"),
        [-10.6141, -10.3552, width, height, -11.1965, -7.4688, advance, 0.0],
    );
    check_metrics(
        aligned("right", "center"),
        [-21.8107, -5.1776, width, height, -22.3931, -2.2912, advance, 0.0],
    );
    check_metrics(
        aligned("left", "bottom"),
        [0.5824, 0.0, width, height, 0.0, 2.8864, advance, 0.0],
    );
}

#[test]
fn vertical_text_is_aligned_by_ink_and_advance() {
    let aligned = |halign: &str, valign: &str| TextParameters {
        direction: "ttb".to_owned(),
        halign: halign.to_owned(),
        valign: valign.to_owned(),
        ..parameters("gyp")
    };
    let (width, height, advance) = (6.8864, 36.4179, -39.1032);
    check_metrics(aligned("", ""), [-3.4402, -37.7646, width, height, 0.0, 0.0, 0.0, advance]);
    check_metrics(
        aligned("left", "center"),
        [0.0, -18.213, width, height, 3.4402, 19.5516, 0.0, advance],
    );
    check_metrics(
        aligned("right", "bottom"),
        [-6.8864, 1.3386, width, height, -3.4462, 39.1032, 0.0, advance],
    );
}

#[test]
fn spacing_stretches_advances() {
    let wide = TextParameters { size: 20.0, spacing: 1.5, ..parameters("Hello") };
    assert!((metrics(&wide).advance[0] - 94.9503).abs() < 1.0e-3);
    assert_eq!(metrics(&parameters("")), TextMetrics::default());
    assert!((metrics(&parameters(" ")).advance[0] - 3.8588).abs() < TOLERANCE);
}

#[test]
fn kerning_and_right_to_left() {
    assert!((metrics(&parameters("AVA")).advance[0] - 25.7298).abs() < TOLERANCE);
    let backwards = TextParameters { direction: "rtl".to_owned(), ..parameters("gyp") };
    let found = metrics(&backwards);
    assert!((found.position[0] - 0.8896).abs() < TOLERANCE, "{found:?}");
    // Detected from the letters, and so the full stop is on the left.
    let hebrew = metrics(&parameters("\u{5d0}."));
    let left_to_right = TextParameters { direction: "ltr".to_owned(), ..parameters("\u{5d0}.") };
    assert_ne!(hebrew.position, metrics(&left_to_right).position);
}

#[test]
fn em_gives_the_size_of_the_em() {
    let em = TextParameters { em: Some(10.0), ..parameters("H") };
    // H is 1479 of 2048 units wide.
    assert!((metrics(&em).advance[0] - 7.2217).abs() < TOLERANCE);
}

#[test]
fn fonts_have_metrics() {
    let book = FontBook::of_system();
    let found = font_metrics("Liberation Sans:style=Bold", 20.0, &[], &book).unwrap();
    assert_eq!((found.family.as_str(), found.style.as_str()), ("Liberation Sans", "Bold"));
    let numbers = [
        (found.nominal_ascent, 25.1466),
        (found.nominal_descent, -5.8866),
        (found.max_ascent, 28.7002),
        (found.max_descent, -8.4228),
        (found.interline, 31.9418),
    ];
    assert!(numbers.iter().all(|(a, b)| (a - b).abs() < TOLERANCE), "{found:?}");
}

#[test]
fn names_are_matched_loosely() {
    let book = FontBook::of_system();
    let found = |font: &str| {
        let metrics = font_metrics(font, 10.0, &[], &book).unwrap();
        format!("{} {}", metrics.family, metrics.style)
    };
    assert_eq!(found("liberationsans:bold"), "Liberation Sans Bold");
    assert_eq!(found("Nope, Liberation Serif"), "Liberation Serif Regular");
    assert_eq!(found("Arial:style=Italic"), "Liberation Sans Italic");
    assert_eq!(found("Liberation Mono:style=Bold Italic"), "Liberation Mono Bold Italic");
    assert_eq!(found(""), "Liberation Sans Regular");
}

#[test]
fn fonts_of_the_document_come_first() {
    let path = "/usr/share/fonts/truetype/liberation/LiberationMono-Bold.ttf";
    let bytes = std::fs::read(path).expect("the Liberation fonts are installed");
    let file = FileData::new("mono.ttf", bytes);
    let brought = TextParameters {
        font: "Liberation Mono:style=Bold".to_owned(),
        fonts: vec![file.clone()],
        ..parameters("i")
    };
    let empty = FontBook::new();
    // Every glyph is 1229 of 2048 units wide.
    let found = text_metrics(&brought, &empty).unwrap();
    assert!((found.advance[0] - 8.3347).abs() < TOLERANCE);
    assert!(text(&parameters("i"), &empty).is_none());
    let broken =
        TextParameters { fonts: vec![FileData::new("x.ttf", *b"junk")], ..parameters("i") };
    assert!(text(&broken, &empty).is_none());
}

#[test]
fn odd_values_have_a_result() {
    for size in [0.0, -5.0, f64::NAN, f64::INFINITY] {
        assert!(region(&TextParameters { size, ..parameters("x") }).is_empty());
    }
    let odd = TextParameters {
        direction: "sideways".to_owned(),
        language: "\u{0}\u{ffff}".to_owned(),
        script: "?".to_owned(),
        halign: "nowhere".to_owned(),
        valign: "nowhere".to_owned(),
        font: ":::style=:fontfeatures=".to_owned(),
        spacing: -1.0,
        ..parameters("a\u{0}\n\u{200d}\u{10ffff}\u{301}")
    };
    assert!(!region(&odd).is_empty());
    assert!(region(&TextParameters { spacing: f64::NAN, ..parameters("x") }).is_empty());
}
