//! What `--summary` and `--summary-file` say of a result.

use std::fmt::Write;
use std::time::Duration;

use scadstream_pipeline::{Facts, Model, Solved};

/// For people.
pub(crate) fn text(facts: &Facts, model: &Model, solved: &Solved, total: Duration) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        writeln!(text, "   {:<14}{value}", format!("{name}:"))
            .expect("a string takes all there is");
    };
    line("Object", if facts.flat { "2D" } else { "3D" }.into());
    if let Some([min, max]) = facts.bounds {
        line("Bounding box", format!("{min:?} to {max:?}"));
    }
    if facts.flat {
        line("Area", facts.area.to_string());
        line("Points", facts.vertices.to_string());
    } else {
        line("Volume", facts.volume.to_string());
        line("Surface", facts.area.to_string());
        line("Vertices", facts.vertices.to_string());
        line("Triangles", facts.triangles.to_string());
    }
    if let Some(genus) = facts.genus {
        line("Genus", genus.to_string());
    }
    let seconds = |time: Duration| format!("{:.3} s", time.as_secs_f64());
    line("Evaluation", seconds(model.evaluate_time()));
    line("Solving", seconds(solved.time));
    line("Total", seconds(total));
    text
}

/// For programs.
pub(crate) fn json(facts: &Facts, model: &Model, solved: &Solved, total: Duration) -> String {
    let value = serde_json::json!({
        "dimensions": if facts.flat { 2 } else { 3 },
        "bounding_box": facts.bounds.map(|[min, max]| serde_json::json!({ "min": min, "max": max })),
        "volume": facts.volume,
        "area": facts.area,
        "genus": facts.genus,
        "vertices": facts.vertices,
        "triangles": facts.triangles,
        "seconds": {
            "evaluate": model.evaluate_time().as_secs_f64(),
            "solve": solved.time.as_secs_f64(),
            "total": total.as_secs_f64(),
        },
    });
    format!("{value:#}\n")
}
