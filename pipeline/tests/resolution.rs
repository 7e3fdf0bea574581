//! `$fe`, the experimental bound on the error of curves, through the whole of a document.

use scadstream_eval::Options;
use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Budgets, Control, Facts, Files, Input, Libraries, Pipeline, Surroundings, Unwatched,
};

fn facts(source: &str, features: &[&str]) -> Facts {
    let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
    let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let files = Files::new();
    let content = source.as_bytes().into();
    let input = Input { name: "main.scad", content, surroundings: Surroundings::Sent(&files) };
    let features = features.iter().map(|feature| (*feature).to_owned()).collect();
    let options = Options { features, ..Options::default() };
    let model = pipeline.evaluate(&input, &options, &control).expect("nobody cancels");
    pipeline.solve(&model, Settings::default(), &control).expect("nobody cancels").facts
}

#[test]
fn the_error_bound_counts_wherever_there_are_circles() {
    // 64 chords leave a circle of radius 10 by just below 0.0121: 10 * (1 - cos(180 / 64)) = 0.01204.
    for model in [
        "circle(10);",
        "sphere(10);",
        "cylinder(r = 10, h = 1);",
        "cylinder(r1 = 2, r2 = 10, h = 1);",
        "rotate_extrude() square([10, 1]);",
        "rotate_extrude(angle = 90) square([10, 1]);",
        "offset(r = 10) square(5);",
        "offset(r = -10) difference() { square(80); translate([40, 40]) square(9); }",
        "text(\"8\", size = 10);",
        "linear_extrude(1) circle(10);",
        "minkowski() { sphere(10); cube(1); }",
    ] {
        let bounded = |features| facts(&format!("$fe = 0.0121; {model}"), features);
        let enabled = bounded(&["discretization-by-error"]);
        assert_eq!(enabled, facts(&format!("$fn = 64; {model}"), &[]), "{model}");
        assert_eq!(bounded(&[]), facts(model, &[]), "{model}");
        assert_ne!(bounded(&[]), enabled, "{model}");
    }
}
