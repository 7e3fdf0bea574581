//! Drawings are built here of lines of code and value. Areas are checked where OpenSCAD's own were measured.

use super::*;
use crate::import::tests::parameters;

/// A drawing with these entities, written as `kind code value code value ...`, and one block called `B`.
fn drawing(block: &[&str], entities: &[&str]) -> Vec<u8> {
    let lines = |entities: &[&str]| -> String {
        let words = entities.iter().flat_map(|entity| {
            format!("0 {entity}").split(' ').map(str::to_owned).collect::<Vec<_>>()
        });
        words.map(|word| format!("{word}\n")).collect()
    };
    let block = format!("0\nBLOCK\n2\nB\n{}0\nENDBLK\n", lines(block));
    format!(
        "0\nSECTION\n2\nHEADER\n9\n$X\n0\nENDSEC\n0\nSECTION\n2\nBLOCKS\n{block}0\nENDSEC\n\
         0\nSECTION\n2\nENTITIES\n{}0\nENDSEC\n0\nEOF\n",
        lines(entities)
    )
    .into_bytes()
}

fn region_of(bytes: &[u8], parameters: &ImportParameters) -> Region {
    read(bytes, parameters, &mut Vec::new()).unwrap()
}

#[track_caller]
fn check(entities: &[&str], parameters: &ImportParameters, area: f64, bounds: [f64; 4]) {
    let region = region_of(&drawing(&TRIANGLE, entities), parameters);
    // Points come to lie on a grid of 1/1024.
    assert!((region.area() - area).abs() < 2.0e-3 * area.max(1.0), "area {}", region.area());
    let found = region.bounds().unwrap_or_default().concat();
    assert!(found.iter().zip(bounds).all(|(a, b)| (a - b).abs() < 1.0e-3), "{found:?}");
}

/// Right-angled, with legs of 4 and 2.
const TRIANGLE: [&str; 3] = [
    "LINE 8 0 10 0 20 0 11 4 21 0",
    "LINE 8 0 10 0 20 2 11 4 21 0",
    "LINE 8 0 10 0.000001 20 2 11 0 21 0.0002",
];

#[test]
fn lines_are_chained_whatever_their_direction() {
    check(&TRIANGLE, &parameters(), 4.0, [0.0, 0.0, 4.0, 2.0]);
    let with_stray =
        [&TRIANGLE[..], &["LINE 10 4 20 0 11 9 21 9", "LINE 10 9 20 9 11 9 21 5"]].concat();
    // What is open is closed straight from end to end, as OpenSCAD does.
    check(&with_stray, &parameters(), 4.0 + 10.0, [0.0, 0.0, 9.0, 9.0]);
    check(&TRIANGLE[..2], &parameters(), 4.0, [0.0, 0.0, 4.0, 2.0]);
    check(&TRIANGLE[..1], &parameters(), 0.0, [0.0; 4]);
}

#[test]
fn points_lie_on_openscads_grid_so_that_ends_meet() {
    let gap = |gap: f64| {
        let last = format!("LINE 10 4 20 2 11 {} 21 0.7", 0.3 + gap);
        let lines = ["LINE 10 0.3 20 0.7 11 4 21 0", "LINE 10 4 20 0 11 4 21 2", &last];
        region_of(&drawing(&[], &lines), &parameters())
    };
    for near in [0.0, 1.0e-4, 9.0e-4, 1.1e-3] {
        assert_eq!(gap(near).bounds(), Some([[307.0 / 1024.0, 0.0], [4.0, 2.0]]), "{near}");
    }
    assert_eq!(gap(5.0e-3).points().count(), 4);
}

#[test]
fn origin_scale_and_centre() {
    let moved = ImportParameters { origin: [1.0, 2.0], scale: 3.0, ..parameters() };
    check(&TRIANGLE, &moved, 36.0, [-3.0, -6.0, 9.0, 0.0]);
    let centred = ImportParameters { center: true, ..parameters() };
    check(&TRIANGLE, &centred, 4.0, [-2.0, -1.0, 2.0, 1.0]);
}

#[test]
fn layers_are_told_apart() {
    let entities = [
        "CIRCLE 8 a 10 0 20 0 40 1",
        "LWPOLYLINE 8 b 70 1 10 5 20 5 10 6 20 5 10 6 20 7 10 5 20 7",
    ];
    let only = |layer: &str| ImportParameters { layer: Some(layer.to_owned()), ..parameters() };
    check(&entities, &only("b"), 2.0, [5.0, 5.0, 6.0, 7.0]);
    check(&entities, &only("c"), 0.0, [0.0; 4]);
}

#[test]
fn polylines_close_by_flag_or_by_meeting() {
    check(
        &["LWPOLYLINE 70 0 10 0 20 0 10 3 20 0 10 3 20 1 10 0 20 0"],
        &parameters(),
        1.5,
        [0.0, 0.0, 3.0, 1.0],
    );
    check(
        &["LWPOLYLINE 70 1 10 0 20 0 10 3 20 0 10 3 20 1"],
        &parameters(),
        1.5,
        [0.0, 0.0, 3.0, 1.0],
    );
    // What is open is closed as well, as in OpenSCAD.
    check(
        &["LWPOLYLINE 70 0 10 0 20 0 10 3 20 0 10 3 20 1"],
        &parameters(),
        1.5,
        [0.0, 0.0, 3.0, 1.0],
    );
}

#[test]
fn curves_have_the_fragments_of_circles() {
    let eight = Fragments { fn_: 8.0, ..Fragments::default() };
    let parameters = ImportParameters { fragments: eight, ..parameters() };
    let octagon = 8.0_f64.sqrt();
    check(&["CIRCLE 10 1 20 1 40 1"], &parameters, octagon, [0.0, 0.0, 2.0, 2.0]);
    let half = ["ARC 10 0 20 0 40 1 50 0 51 180", "LINE 10 -1 20 0 11 1 21 0"];
    check(&half, &parameters, octagon / 2.0, [-1.0, 0.0, 1.0, 1.0]);
    let across = ["ARC 10 0 20 0 40 1 50 270 51 90", "LINE 10 0 20 -1 11 0 21 1"];
    check(&across, &parameters, octagon / 2.0, [0.0, -1.0, 1.0, 1.0]);
    let ellipse = "ELLIPSE 10 0 20 0 11 0 21 2 40 0.5 41 0.0 42 6.283185307179586";
    check(&[ellipse], &parameters, 2.0 * octagon, [-1.0, -2.0, 1.0, 2.0]);
}

#[test]
fn blocks_are_turned_stretched_and_shifted() {
    check(&["INSERT 2 B 10 10 20 0 41 2 42 3 50 90"], &parameters(), 24.0, [4.0, 0.0, 10.0, 8.0]);
    check(&["INSERT 2 B 10 10 20 0"], &parameters(), 4.0, [10.0, 0.0, 14.0, 2.0]);
    check(&["INSERT 2 NONE 10 10 20 0"], &parameters(), 0.0, [0.0; 4]);
}

#[test]
fn strange_entities_are_reported() {
    let mut warnings = Vec::new();
    let bytes = drawing(&[], &["SPLINE 8 0", "TEXT 1 hi", "SPLINE 8 0"]);
    read(&bytes, &parameters(), &mut warnings).unwrap();
    assert_eq!(
        warnings,
        ["Unsupported DXF Entity 'SPLINE' (2) in x.", "Unsupported DXF Entity 'TEXT' (1) in x."]
    );
}

#[test]
fn hostile_drawings_end() {
    let circle = drawing(&["INSERT 2 B 10 0 20 0"], &["INSERT 2 B 10 0 20 0"]);
    let error = read(&circle, &parameters(), &mut Vec::new()).unwrap_err();
    assert_eq!(error, "blocks are inserted in each other too deeply");
    let many = ["INSERT 2 B 10 0 20 0"; 40];
    let bomb =
        drawing(&[&many[..], &["CIRCLE 10 0 20 0 40 1"]].concat(), &["INSERT 2 B 10 0 20 0"]);
    assert!(read(&bomb, &parameters(), &mut Vec::new()).is_err());
    let error = read(b"0\nSECTION\nhello\n2\n", &parameters(), &mut Vec::new()).unwrap_err();
    assert_eq!(error, "line 3: 'hello' is no group code");
    // Arcs that turn round and round are circles; once one took all memory.
    let eight = ImportParameters {
        fragments: Fragments { fn_: 8.0, ..Fragments::default() },
        ..parameters()
    };
    for turning in ["ARC 40 1 51 1e300", "ELLIPSE 11 1 21 0 40 1 42 1e300"] {
        check(&[turning], &eight, 8.0_f64.sqrt(), [-1.0, -1.0, 1.0, 1.0]);
    }
    let whole =
        drawing(&TRIANGLE, &["CIRCLE 10 1e308 20 nan 40 1e300", "INSERT 2 B 41 1e200 50 inf"]);
    for length in 0..whole.len() {
        let _ = read(&whole[..length], &parameters(), &mut Vec::new());
    }
}

/// A measure of each kind on one drawing.
fn measured() -> FileData {
    let entities = [
        "DIMENSION 1 across 70 0 13 0 23 0 14 3 24 4 50 0",
        "DIMENSION 1 up 70 32 13 0 23 0 14 3 24 4 50 90",
        "DIMENSION 1 along 70 1 13 0 23 0 14 3 24 4",
        "DIMENSION 1 angle 70 2 13 0 23 0 14 1 24 0 15 0 25 0 10 0 20 5",
        "DIMENSION 1 diameter 70 3 10 0 20 0 15 6 25 8",
        "DIMENSION 1 radius 70 4 10 0 20 0 15 0 25 5",
        "DIMENSION 8 far 1 three 70 5 15 0 25 0 13 1 23 0 14 1 24 1",
        "DIMENSION 1 y 70 6 13 7 23 9",
        "DIMENSION 1 x 70 70 13 7 23 9",
        "LINE 10 0 20 0 11 4 21 4",
        "LINE 10 0 20 4 11 1 21 3",
        "LINE 8 far 10 0 20 0 11 1 21 0",
    ];
    FileData::new("x.dxf", drawing(&[], &entities))
}

fn options<'a>(layer: Option<&'a str>, scale: f64) -> Options<'a> {
    Options { layer, origin: [1.0, 0.0], scale, fragments: Fragments::default() }
}

#[test]
fn dimensions_by_name() {
    let value = |name: &str| dimension(&measured(), &options(None, 2.0), name).unwrap();
    assert_eq!((value("across"), value("up"), value("along")), (6.0, 8.0, 10.0));
    assert_eq!((value("angle"), value("three")), (90.0, 45.0));
    assert_eq!((value("diameter"), value("radius")), (20.0, 10.0));
    assert_eq!((value("x"), value("y")), (12.0, 18.0));
    assert_eq!(value(""), 6.0);
    assert_eq!(dimension(&measured(), &options(None, 2.0), "none"), None);
    assert_eq!(dimension(&measured(), &options(Some("far"), 1.0), ""), Some(45.0));
    assert_eq!(dimension(&FileData::new("x.dxf", *b"junk\n\n"), &options(None, 1.0), ""), None);
}

#[test]
fn crossings_of_the_first_two_lines() {
    assert_eq!(cross(&measured(), &options(Some("0"), 1.0)), Some([1.0, 2.0]));
    assert_eq!(cross(&measured(), &options(Some("far"), 1.0)), None);
    let parallel = drawing(&[], &["LINE 10 0 20 0 11 1 21 1", "LINE 10 1 20 0 11 2 21 1"]);
    assert_eq!(cross(&FileData::new("x.dxf", parallel), &options(None, 1.0)), None);
}
