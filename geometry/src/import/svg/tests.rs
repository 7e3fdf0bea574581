//! Areas and boxes are those of OpenSCAD (a snapshot of 2025) unless a test says otherwise.

use super::*;
use crate::import::tests::parameters;
use scadstream_csg::Fragments;

/// A page on which a unit is a millimetre.
const PAGE: &str = r#"width="100mm" height="80mm" viewBox="0 0 100 80""#;

fn document(attributes: &str, content: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">
        <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
        xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" {attributes}>{content}</svg>"#
    )
}

/// Area and left, bottom, right, top to 1e-4 relative, as the numbers are known.
#[track_caller]
fn check_with(
    parameters: &ImportParameters,
    attributes: &str,
    content: &str,
    area: f64,
    bounds: [f64; 4],
) {
    let text = document(attributes, content);
    let region = read(text.as_bytes(), parameters, &mut Vec::new()).unwrap();
    assert!((region.area() / area - 1.0).abs() < 1.0e-4, "area {}", region.area());
    let found = region.bounds().unwrap_or_default().concat();
    assert!(found.iter().zip(bounds).all(|(a, b)| (a - b).abs() < 1.0e-4), "{found:?}");
}

#[track_caller]
fn check_page(attributes: &str, area: f64, bounds: [f64; 4]) {
    let rectangle = r#"<rect x="10" y="20" width="30" height="10"/>"#;
    check_with(&parameters(), attributes, rectangle, area, bounds);
}

#[track_caller]
fn check(content: &str, area: f64, bounds: [f64; 4]) {
    check_with(&parameters(), PAGE, content, area, bounds);
}

#[test]
fn pages_without_view_box_are_in_millimetres() {
    check_page(r#"width="100" height="80""#, 300.0, [10.0, -1.77778, 40.0, 8.22222]);
    check_page(r#"width="100px" height="80px""#, 300.0, [10.0, -8.83333, 40.0, 1.16667]);
    check_page("", 300.0, [10.0, -30.0, 40.0, -20.0]);
    check_page(r#"width="100mm" height="80mm""#, 300.0, [10.0, 50.0, 40.0, 60.0]);
}

#[test]
fn view_boxes_are_fitted_to_the_page() {
    check_page(PAGE, 300.0, [10.0, 50.0, 40.0, 60.0]);
    check_page(r#"viewBox="0 0 100 80""#, 37.33565, [3.52778, 17.63889, 14.11111, 21.16667]);
    check_page(
        r#"width="50%" height="50%" viewBox="0 0 100 80""#,
        9.33391,
        [1.76389, 8.81944, 7.05556, 10.58333],
    );
    check_page(
        r#"width="2in" height="1in" viewBox="0 0 200 100""#,
        19.3548,
        [2.54, 17.78, 10.16, 20.32],
    );
    check_page(
        r#"width="200mm" height="80mm" viewBox="0 0 100 80""#,
        300.0,
        [60.0, 50.0, 90.0, 60.0],
    );
    check_page(
        r#"width="100mm" height="80mm" viewBox="5 7 100 80""#,
        300.0,
        [5.0, 43.0, 35.0, 53.0],
    );
    check_page(
        r#"width="50mm" height="80mm" viewBox="-10 -20 100 80" preserveAspectRatio="xMidYMax slice""#,
        300.0,
        [-5.0, 70.0, 25.0, 80.0],
    );
    check_page(
        r#"width="10em" height="80 mm" viewBox="0 0 100 80""#,
        300.0,
        [10.0, 50.0, 40.0, 60.0],
    );
    let nothing = document(r#"width="9mm" height="9mm" viewBox="0 0 0 0""#, "<circle r='5'/>");
    assert!(read(nothing.as_bytes(), &parameters(), &mut Vec::new()).unwrap().is_empty());
    let aspect = |value: &str| {
        format!(r#"width="200mm" height="80mm" viewBox="0 0 100 80" preserveAspectRatio="{value}""#)
    };
    check_page(&aspect("none"), 600.0, [20.0, 50.0, 80.0, 60.0]);
    check_page(&aspect("xMinYMin meet"), 300.0, [10.0, 50.0, 40.0, 60.0]);
    check_page(&aspect("xMaxYMid"), 300.0, [110.0, 50.0, 140.0, 60.0]);
    check_page(&aspect("xMidYMax slice"), 1200.0, [20.0, 100.0, 80.0, 120.0]);
}

#[test]
fn dpi_and_centre() {
    let rectangle = r#"<rect x="10" y="20" width="30" height="10"/>"#;
    let fine = ImportParameters { dpi: 96.0, ..parameters() };
    check_with(
        &fine,
        r#"width="100" height="80""#,
        rectangle,
        300.0,
        [10.0, -8.83333, 40.0, 1.16667],
    );
    let centred = ImportParameters { center: true, ..parameters() };
    check_with(&centred, PAGE, rectangle, 300.0, [-15.0, -5.0, 15.0, 5.0]);
}

#[test]
fn closed_shapes_are_areas_whatever_their_paint() {
    let box_ = [10.0, 50.0, 40.0, 60.0];
    for paint in
        ["", "fill='none'", "fill='none' stroke='black' stroke-width='2'", "style='fill:none'"]
    {
        check(&format!("<rect x='10' y='20' width='30' height='10' {paint}/>"), 300.0, box_);
    }
    check("<polygon points='10,10 40,10 40,30'/>", 300.0, [10.0, 50.0, 40.0, 70.0]);
    check("<circle cx='50' cy='40' r='20'/>", 1251.47572, [30.0, 20.0, 70.0, 60.0]);
    check("<circle cx='50' cy='40' r='-20'/>", 1251.47572, [30.0, 20.0, 70.0, 60.0]);
    let fine = ImportParameters {
        fragments: Fragments { fa: 1.0, fs: 0.1, ..Fragments::default() },
        ..parameters()
    };
    let circle = "<circle cx='50' cy='40' r='20'/>";
    check_with(&fine, PAGE, circle, 1256.5737, [30.0, 20.0, 70.0, 60.0]);
    check("<polygon points='10,10 40,x 40,30 7'/>", 450.0, [10.0, 50.0, 40.0, 80.0]);
    check("<ellipse cx='50' cy='40' rx='30' ry='10'/>", 938.60679, [20.0, 30.0, 80.0, 50.0]);
    check(
        "<rect x='10' y='20' width='30' height='20' rx='5'/>",
        578.14168,
        [10.0, 40.0, 40.0, 60.0],
    );
    check(
        "<rect x='10' y='20' width='30' height='20' rx='25' ry='3'/>",
        560.65502,
        [10.0, 40.0, 40.0, 60.0],
    );
}

#[test]
fn open_lines_are_as_wide_as_their_stroke() {
    let line = |stroke: &str| format!("<line x1='10' y1='10' x2='40' y2='10' {stroke}/>");
    check(&line("stroke='black' stroke-width='2'"), 60.0, [10.0, 69.0, 40.0, 71.0]);
    check(&line(""), 30.0, [10.0, 69.5, 40.0, 70.5]);
    check(&line("stroke-width='2' stroke-linecap='square'"), 64.0, [9.0, 69.0, 41.0, 71.0]);
    check(
        &line("style='stroke-width:2;stroke-linecap:round'"),
        63.13331,
        [9.002, 69.0, 40.998, 71.0],
    );
    // Only plain numbers are widths, and nothing else comes from around an element.
    for width in ["2px", "2mm", "10%", "0", "-2", "0.001"] {
        check(&line(&format!("stroke-width='{width}'")), 30.0, [10.0, 69.5, 40.0, 70.5]);
    }
    check(&line("style='stroke-width:9' stroke-width='2'"), 60.0, [10.0, 69.0, 40.0, 71.0]);
    let corner = "<polyline points='10,10 40,10 40,30' stroke-width='2'";
    check(&format!("{corner}/>"), 100.0, [10.0, 50.0, 41.0, 71.0]);
    check(&format!("{corner} stroke-linejoin='bevel'/>"), 99.82843, [10.0, 50.0, 41.0, 71.0]);
    check(
        "<polyline points='10,10 40,10 40,30 10,10' stroke-width='2' stroke-miterlimit='9'/>",
        168.1382,
        [9.4453, 48.83567, 41.0, 71.0],
    );
    check("<path d='M10,10 L40,10 L40,30'/>", 50.0, [10.0, 50.0, 40.5, 70.5]);
    let stretched = format!("<g transform='scale(2,3)'>{}</g>", line("stroke-width='2'"));
    check(&stretched, 360.0, [20.0, 47.0, 80.0, 53.0]);
    check(&format!("<g stroke-width='4'>{}</g>", line("")), 30.0, [10.0, 69.5, 40.0, 70.5]);
    let none = "<path d='M5,5 L5,5' stroke-linecap='round'/><line x1='1' y1='1' x2='1' y2='1'/>";
    check(&format!("{none}<rect width='5' height='5'/>"), 25.0, [0.0, 75.0, 5.0, 80.0]);
}

#[test]
fn paths() {
    let nested = "M10,10 h20 v20 h-20 z m5,5 h10 v10 h-10 z";
    check(&format!("<path d='{nested}'/>"), 300.0, [10.0, 50.0, 30.0, 70.0]);
    check(&format!("<path fill-rule='nonzero' d='{nested}'/>"), 400.0, [10.0, 50.0, 30.0, 70.0]);
    check(
        "<path d='M10,10 C20,0 40,0 50,10 S80,20 90,10 L90,40 Q50,80 10,40 T10,20 Z'/>",
        3730.0,
        [-10.0, 20.0, 90.0, 77.5],
    );
    check("<path d='M10-10l10.5.5-10.5,9.5z'/>", 52.5, [10.0, 80.0, 20.5, 90.0]);
    check("<path d='M0 0 20 0 20 20z M30,0 h5 v5 z L 1 1 junk'/>", 212.5, [0.0, 60.0, 35.0, 80.0]);
    // A path that meets its beginning is closed, and if any piece of a path is closed, all are.
    check("<path d='M10,10 L40,10 L40,30 L10,10'/>", 300.0, [10.0, 50.0, 40.0, 70.0]);
    check(
        "<path d='M10,10 L40,10 L40,30 z M50,10 L60,10 L60,20'/>",
        350.0,
        [10.0, 50.0, 60.0, 70.0],
    );
    check("<path d='M0 0 L10 0 L10 10 z L20 20 L20 0 z'/>", 50.0, [0.0, 70.0, 10.0, 80.0]);
    check("<path d='m5 5 l10 0 l0 10 z m20 0 l10 0 l0 10 z'/>", 100.0, [5.0, 65.0, 35.0, 75.0]);
    let fine = Fragments { fn_: 50.0, ..Fragments::default() };
    let parameters = ImportParameters { fragments: fine, ..parameters() };
    let curve = "<path d='M10,10 C20,0 40,0 50,10 S80,20 90,10 L90,40 Q50,80 10,40 T10,20 Z'/>";
    check_with(&parameters, PAGE, curve, 3732.8, [-10.0, 20.0, 90.0, 77.5]);
}

#[test]
fn arcs_go_from_end_to_end() {
    let fine = Fragments { fn_: 360.0, ..Fragments::default() };
    let parameters = ImportParameters { fragments: fine, ..parameters() };
    let quarter = std::f64::consts::PI * 25.0;
    check_with(
        &parameters,
        PAGE,
        "<path d='M20,10 A10,10 0 0 1 10,20 L10,10 Z'/>",
        quarter,
        [10.0, 60.0, 20.0, 70.0],
    );
    check_with(
        &parameters,
        PAGE,
        "<path d='M20,10a10 10 0 1010 10z'/>",
        3.0 * quarter + 50.0,
        [10.0, 50.0, 30.0, 70.0],
    );
    // Too small an ellipse grows to half a circle.
    check_with(
        &parameters,
        PAGE,
        "<path d='M20,10 A1,1 0 0 1 20,30 Z'/>",
        2.0 * quarter,
        [20.0, 50.0, 30.0, 70.0],
    );
    check_with(
        &parameters,
        PAGE,
        "<path d='M20,10 A0,5 0 0 1 20,30 L30,30 Z'/>",
        100.0,
        [20.0, 50.0, 30.0, 70.0],
    );
    let turned = "<path d='M20,40 A30,15 30 1 1 60,40 Z'/>";
    let with_fn = |fn_| ImportParameters {
        fragments: Fragments { fn_, ..Fragments::default() },
        ..self::parameters()
    };
    check_with(&with_fn(0.0), PAGE, turned, 1108.2815, [6.0323, 40.0, 60.0, 69.1973]);
    check_with(&with_fn(8.0), PAGE, turned, 1105.7688, [6.1411, 40.0, 60.0, 69.0515]);
    check_with(&with_fn(360.0), PAGE, turned, 1114.7918, [6.0151, 40.0, 60.0, 69.1965]);
}

#[test]
fn transforms_apply_from_the_inside_out() {
    check(
        "<g transform='translate(10,5) rotate(30)'><rect transform='scale(2) skewX(10)' x='1' y='2' width='10' height='5'/></g>",
        200.0,
        [6.8699, 50.64136, 27.66337, 70.18324],
    );
    check(
        "<rect transform='matrix(1 0.2 0.3 1 5 6)' x='1' y='2' width='10' height='5'/>",
        47.0,
        [6.6, 64.8, 18.1, 71.8],
    );
    check(
        "<rect transform='rotate(45, 20,20)' x='10' y='20' width='10' height='5'/>",
        50.0,
        [9.3934, 56.46447, 20.0, 67.07107],
    );
}

#[test]
fn only_what_is_shown_counts() {
    let square = "<rect x='20' width='5' height='5'/>";
    let box_ = [20.0, 75.0, 25.0, 80.0];
    for hidden in [
        "<g display='none'><rect width='10' height='10'/></g>",
        "<rect style='display:none' width='9' height='9'/>",
        "<defs><rect width='10' height='10'/></defs>",
        "<text x='5' y='5'>hi</text>",
        "<symbol id='s'><rect width='10' height='10'/></symbol>",
    ] {
        check(&format!("{hidden}{square}"), 25.0, box_);
    }
    // OpenSCAD draws the shapes in whatever it does not know.
    for around in ["clipPath", "mask", "switch", "a", "something"] {
        check(&format!("<{around}>{square}</{around}>"), 25.0, box_);
    }
    check(
        "<rect width='10' height='10'/><rect x='5' width='10' height='10'/>",
        150.0,
        [0.0, 70.0, 15.0, 80.0],
    );
}

#[test]
fn uses_are_drawn_in_their_place() {
    let definition = "<defs><rect id='r' width='10' height='10'/></defs>";
    let uses = "<use xlink:href='#r' x='5' y='6'/><use href='#r' transform='translate(30 0)'/>";
    check(&format!("{definition}{uses}"), 200.0, [5.0, 64.0, 40.0, 80.0]);
    let symbol = "<symbol id='s'><rect width='10' height='10'/></symbol><use href='#s' x='5'/>";
    check(symbol, 100.0, [5.0, 70.0, 15.0, 80.0]);
}

#[test]
fn filters_by_id_and_layer() {
    let content = "<g inkscape:label='A' id='la'><rect id='ra' width='10' height='10'/></g>\
        <g inkscape:groupmode='layer' inkscape:label='B' id='lb'><rect x='30' width='5' height='5'/></g>";
    let by_id = |id: &str| ImportParameters { id: Some(id.to_owned()), ..parameters() };
    let by_layer = |layer: &str| ImportParameters { layer: Some(layer.to_owned()), ..parameters() };
    check_with(&by_id("ra"), PAGE, content, 100.0, [0.0, 70.0, 10.0, 80.0]);
    check_with(&by_id("lb"), PAGE, content, 25.0, [30.0, 75.0, 35.0, 80.0]);
    check_with(&by_layer("B"), PAGE, content, 25.0, [30.0, 75.0, 35.0, 80.0]);
    let both = |layer: &str| ImportParameters { id: Some("la".to_owned()), ..by_layer(layer) };
    let inside = format!("<g inkscape:groupmode='layer' inkscape:label='B'>{content}</g>");
    check_with(&both("B"), PAGE, &inside, 100.0, [0.0, 70.0, 10.0, 80.0]);
    let hidden = format!("<g display='none'>{content}</g>");
    check_with(&by_id("ra"), PAGE, &hidden, 100.0, [0.0, 70.0, 10.0, 80.0]);
    check_with(&by_layer("B"), PAGE, &hidden, 25.0, [30.0, 75.0, 35.0, 80.0]);
    for (parameters, warning) in [
        (by_id("zz"), "import() filter id = \"zz\" did not match anything"),
        (by_layer("A"), "import() filter layer = \"A\" did not match anything"),
        (both("B"), "import() filter id = \"la\", layer = \"B\" did not match anything"),
    ] {
        let mut warnings = Vec::new();
        let region = read(document(PAGE, content).as_bytes(), &parameters, &mut warnings).unwrap();
        assert!(region.is_empty());
        assert_eq!(warnings, [warning]);
    }
}

#[test]
fn hostile_documents_end() {
    let read_text = |text: &str| read(text.as_bytes(), &parameters(), &mut Vec::new());
    let square = "<rect width='5' height='5'/>";
    let itself = "<g id='a'><use href='#a'/><use href='#b'/></g><use id='b' href='#a'/>";
    check(&format!("{itself}{square}"), 25.0, [0.0, 75.0, 5.0, 80.0]);
    let many = document(PAGE, &format!("<g id='a'>{}</g>", "<use href='#a'/>".repeat(9)));
    assert_eq!(read_text(&many).unwrap_err(), "it has more than 2097152 elements");
    let bomb: String = (1..16)
        .map(|i| format!("<g id='g{i}'>{}</g>", format!("<use href='#g{}'/>", i - 1).repeat(8)))
        .collect();
    let bomb = document(PAGE, &format!("<g id='g0'><circle r='5'/></g>{bomb}"));
    assert!(read_text(&bomb).unwrap_err().starts_with("it has more than"));
    assert_eq!(read_text("<html/>").unwrap_err(), "it is no SVG document");
    let deep = document(
        PAGE,
        &format!("{}<rect width='1' height='1'/>{}", "<g>".repeat(500), "</g>".repeat(500)),
    );
    assert!(read_text(&deep).is_ok());
    let odd = document(
        "width='inf' height='-1e999mm' viewBox='0 0 0 nan'",
        "<path d='M1e400,nan A1 1 0 1 1 1e308 1e308 Z'/><rect width='-5' height='nan'/>\
         <polygon points='1'/><g transform='rotate('/><g transform='scale(0)'><circle r='1'/></g>",
    );
    for (length, _) in odd.char_indices() {
        let _ = read_text(&odd[..length]);
    }
    assert!(read_text(&odd).is_ok());
}

#[test]
fn nested_drawings_have_pages_of_their_own() {
    let rectangle = "<rect x='10' y='20' width='30' height='10'/>";
    let placed = "<svg x='10' y='20' width='50' height='50' viewBox='0 0 100 100'>";
    check(&format!("{placed}{rectangle}</svg>"), 9.33391, [1.76389, 12.34722, 7.05556, 14.11111]);
    let moved = "<g transform='translate(3,4)'><svg>";
    check(&format!("{moved}{rectangle}</svg></g>"), 300.0, [13.0, -34.0, 43.0, -24.0]);
}
