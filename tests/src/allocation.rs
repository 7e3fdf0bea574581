//! What counting allocations costs: the same renders in two programs that differ in their allocator alone.

use std::process::Command;

use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Budgets, Control, Files, Input, Libraries, Pipeline, Surroundings, Unwatched,
};

use crate::peer::children_cpu_seconds;

/// Models that allocate much in evaluation, and in geometry.
const MODELS: [&str; 3] = [
    "a = [for (i = [0:300]) [for (j = [0:300]) str(i, j)]]; echo(len(a)); cube(1);",
    "for (i = [0:400]) translate([i % 20 * 3, floor(i / 20) * 3, 0]) difference() { cube(2); cylinder(h = 9, r = 0.5, $fn = 16); }",
    "difference() { sphere(10, $fn = 100); for (i = [0:9]) rotate(i * 36) translate([10, 0, 0]) sphere(3, $fn = 60); }",
];

/// Renders all models so many times, without caches.
///
/// # Panics
/// If one does not render.
pub fn render(times: usize) {
    for _ in 0..times {
        for model in MODELS {
            let pipeline = Pipeline::new(
                Libraries::default(),
                Budgets { parses: 0, solids: 0, plans: 0, encoded: 0 },
            );
            let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
            let files = Files::new();
            let content = model.as_bytes().into();
            let input =
                Input { name: "main.scad", content, surroundings: Surroundings::Sent(&files) };
            let model = pipeline.evaluate(&input, &Default::default(), &control);
            let model = model.expect("nobody stops it");
            let solved = pipeline.solve(&model, Settings::default(), &control);
            assert!(solved.expect("nobody stops it").facts.volume > 0.0);
        }
    }
}

/// CPU seconds of the program beside this one with the given name, rendering so many times.
///
/// # Panics
/// If it fails.
pub fn cpu_seconds(program: &str, times: usize) -> f64 {
    let own = std::env::current_exe().expect("a running program has a path");
    let before = children_cpu_seconds();
    let status = Command::new(own.with_file_name(program)).arg(times.to_string()).status();
    assert!(status.expect("it is built beside this one").success());
    children_cpu_seconds() - before
}
