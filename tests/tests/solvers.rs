//! Both solvers on real models: what cells give is what the whole gives.

use std::path::{Path, PathBuf};

use scadstream_tests::binary::{quiet, run, scadstream};
use scadstream_tests::oracle::{self, SHARE};
use scadstream_tests::peer::EXAMPLES;
use serde_json::Value;

/// Largest relative difference in volume and in area.
const TOLERANCE: [f64; 2] = [1e-9, 1e-7];

/// Largest difference of boxes, as a share of the model's size: eight roundings. A corner where three surfaces meet is
/// computed from two of them first, and which these are depends on what else is united with them.
const ROUNDINGS: f64 = 8.0 * f64::EPSILON;

/// Fewest examples that are solids and solved by cells.
const LEAST: usize = 40;

#[test]
fn cells_give_what_the_whole_gives_of_all_examples() {
    let examples = oracle::models().into_iter().map(|name| Path::new(SHARE).join(name));
    let mut models: Vec<PathBuf> = examples.filter(|path| path.starts_with(EXAMPLES)).collect();
    models.push(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models/threads.scad")));
    let folder = std::env::temp_dir().join(format!("scadstream-solvers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is ours");
    let compared = models.iter().filter(|model| is_same(model, &folder)).count();
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    assert!(compared >= LEAST, "{compared} of {} models", models.len());
}

/// Whether a model is a solid that cells can be used for; fails if they give something else.
#[track_caller]
fn is_same(model: &Path, folder: &Path) -> bool {
    let Some(direct) = solved(model, "direct", folder) else { return false };
    let cells = solved(model, "spatial", folder).expect("it is as solid by cells");
    let name = model.display();
    let number = |facts: &Value, key: &str| facts[key].as_f64().expect("a number");
    for (key, tolerance) in ["volume", "area"].into_iter().zip(TOLERANCE) {
        let (a, b) = (number(&direct, key), number(&cells, key));
        assert!((a - b).abs() <= tolerance * a.abs(), "{name}: {key} {a}, by cells {b}");
    }
    for key in ["genus", "simple", "dimensions"] {
        assert_eq!(direct[key], cells[key], "{name}: {key}");
    }
    let [a, b] = [&direct, &cells].map(|facts| {
        let corners = ["min", "max"].map(|corner| facts["bounding_box"][corner].clone());
        corners.map(|corner| corner.as_array().expect("three numbers").clone()).concat()
    });
    let reach = a.iter().filter_map(Value::as_f64).fold(0.0, |most: f64, x| most.max(x.abs()));
    for (a, b) in a.iter().zip(&b) {
        let (a, b) = (a.as_f64().expect("a number"), b.as_f64().expect("a number"));
        assert!((a - b).abs() <= ROUNDINGS * reach, "{name}: box {a}, by cells {b}");
    }
    cells["solver"]["name"] == "spatial"
}

/// What a solver says of a model; none if that is no solid.
fn solved(model: &Path, solver: &str, folder: &Path) -> Option<Value> {
    let (summary, mesh) = (folder.join("summary.json"), folder.join("model.stl"));
    std::fs::remove_file(&summary).ok();
    let mut command = quiet(scadstream());
    command.arg("render").arg(model).arg("-o").arg(mesh);
    command.arg("--summary-file").arg(&summary).args(["--solver", solver]);
    run(&mut command);
    let text = std::fs::read(&summary).ok()?;
    let facts: Value = serde_json::from_slice(&text).expect("a summary is JSON");
    facts["geometry"]["volume"].is_number().then(|| facts["geometry"].clone())
}
