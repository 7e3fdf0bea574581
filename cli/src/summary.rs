//! What `--summary` and `--summary-file` say of a result.
//!
//! The JSON has the keys that OpenSCAD's has, and beside them volume, area, genus, how it was solved, and the times of the
//! stages.

use std::fmt::Write;
use std::time::Duration;

use clap::ValueEnum;
use scadstream_eval::Camera;
use scadstream_geometry::spatial::CellStats;
use scadstream_geometry::{CacheStats, Region, Whole};
use scadstream_pipeline::{Facts, Model, Solved};
use serde_json::{Map, Value, json};

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Everything
    All,
    /// What the cache of solved subtrees holds
    Cache,
    /// Wall-clock times
    Time,
    /// Where the camera stands
    Camera,
    /// Dimensions, counts, volume and genus
    Geometry,
    /// Smallest and largest coordinates
    BoundingBox,
    /// Area of the surface, or of a 2D object
    Area,
}

/// A render that is over.
pub(crate) struct Summary<'a> {
    pub(crate) model: &'a Model,
    pub(crate) solved: &'a Solved,
    pub(crate) cache: CacheStats,
    pub(crate) camera: Camera,
    pub(crate) total: Duration,
}

impl Summary<'_> {
    /// For people.
    pub(crate) fn text(&self, kinds: &[Kind]) -> String {
        let wants = |kind| kinds.contains(&kind) || kinds.contains(&Kind::All);
        let facts = &self.solved.facts;
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            writeln!(text, "   {:<14}{value}", format!("{name}:"))
                .expect("a string takes all there is");
        };
        if wants(Kind::Cache) {
            line("Cache", format!("{} entries, {} bytes", self.cache.entries, self.cache.bytes));
        }
        if wants(Kind::Camera) {
            let Camera { target, rotation, distance, field_of_view } = self.camera;
            line("Translation", format!("{target:?}"));
            line("Rotation", format!("{rotation:?}"));
            line("Distance", distance.to_string());
            line("Field of view", field_of_view.to_string());
        }
        if wants(Kind::Geometry) {
            line("Object", if facts.flat { "2D" } else { "3D" }.into());
            if let Whole::Flat(region) = &self.solved.whole {
                line("Contours", region.outlines().len().to_string());
                line("Points", facts.vertices.to_string());
            } else {
                line("Volume", facts.volume.to_string());
                line("Vertices", facts.vertices.to_string());
                line("Triangles", facts.triangles.to_string());
            }
            if let Some(genus) = facts.genus {
                line("Genus", genus.to_string());
            }
            line(
                "Solved",
                match self.solved.cells() {
                    Some(CellStats { cells, cached, .. }) => {
                        format!("by {cells} cells, {cached} of them cached")
                    }
                    None => "as a whole".into(),
                },
            );
        }
        if wants(Kind::Area) {
            line("Area", facts.area.to_string());
        }
        if let (true, Some([min, max])) = (wants(Kind::BoundingBox), facts.bounds) {
            line("Bounding box", format!("{min:?} to {max:?}"));
        }
        if wants(Kind::Time) {
            let seconds = |time: Duration| format!("{:.3} s", time.as_secs_f64());
            line("Parsing", seconds(self.model.parse_time()));
            line("Evaluation", seconds(self.model.evaluate_time()));
            line("Solving", seconds(self.solved.time));
            line("Total", seconds(self.total));
        }
        text
    }

    /// How the geometry was found.
    fn solver(&self) -> Value {
        match self.solved.cells() {
            Some(CellStats { cells, cached, seam_edges, mended_edges, merged }) => json!({
                "name": "spatial", "cells": cells, "cached": cached, "merged": merged,
                "seam_edges": seam_edges, "mended_edges": mended_edges,
            }),
            None => json!({ "name": "direct" }),
        }
    }

    /// For programs: everything, or what was asked for.
    pub(crate) fn json(&self, kinds: &[Kind]) -> String {
        let wants = |kind| kinds.is_empty() || kinds.contains(&kind) || kinds.contains(&Kind::All);
        let mut summary = Map::new();
        if wants(Kind::Cache) {
            let cache = json!({ "entries": self.cache.entries, "bytes": self.cache.bytes });
            summary.insert("cache".into(), json!({ "geometry_cache": cache }));
        }
        if wants(Kind::Camera) {
            let Camera { target, rotation, distance, field_of_view } = self.camera;
            let camera = json!({
                "translation": target, "rotation": rotation, "distance": distance, "fov": field_of_view,
            });
            summary.insert("camera".into(), camera);
        }
        let mut geometry = Map::new();
        let facts = &self.solved.facts;
        if wants(Kind::Geometry) {
            geometry.extend(geometry_of(facts, &self.solved.whole));
            if !facts.flat {
                geometry.insert("solver".into(), self.solver());
            }
        }
        if wants(Kind::Area) {
            geometry.insert("area".into(), facts.area.into());
        }
        if let (true, Some([min, max])) = (wants(Kind::BoundingBox), facts.bounds) {
            let size = [0, 1, 2].map(|axis| max[axis] - min[axis]);
            let axes = if facts.flat { 2 } else { 3 };
            let [min, max, size] = [&min[..axes], &max[..axes], &size[..axes]];
            let bounds = json!({ "min": min, "max": max, "size": size });
            geometry.insert("bounding_box".into(), bounds);
        }
        if !geometry.is_empty() {
            summary.insert("geometry".into(), geometry.into());
        }
        if wants(Kind::Time) {
            summary.insert("time".into(), self.times());
        }
        format!("{:#}\n", Value::Object(summary))
    }

    fn times(&self) -> Value {
        let millis = self.total.as_millis() as u64;
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let (hours, minutes, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        json!({
            "time": format!("{hours}:{minutes:02}:{second:02}.{rest:03}"),
            "hours": hours, "minutes": minutes, "seconds": second, "milliseconds": rest, "total": millis,
            "parse_seconds": self.model.parse_time().as_secs_f64(),
            "evaluate_seconds": self.model.evaluate_time().as_secs_f64(),
            "solve_seconds": self.solved.time.as_secs_f64(),
        })
    }
}

fn geometry_of(facts: &Facts, whole: &Whole) -> Map<String, Value> {
    let value = match whole {
        Whole::Empty => json!({ "dimensions": 0 }),
        Whole::Flat(region) => json!({
            "dimensions": 2, "contours": region.outlines().len(), "points": facts.vertices,
            "convex": is_convex(region),
        }),
        // `simple` is OpenSCAD's word for a solid that is closed and does not touch itself, as all that come here are.
        Whole::Solid(_) | Whole::Given(_) => json!({
            "dimensions": 3, "simple": true, "volume": facts.volume, "genus": facts.genus,
            "vertices": facts.vertices, "facets": facts.triangles, "triangles": facts.triangles,
        }),
    };
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Whether the region is one outline that turns one way only.
fn is_convex(region: &Region) -> bool {
    let [outline] = region.outlines() else { return false };
    let count = outline.len();
    (0..count).all(|i| {
        let [a, b, c] = [0, 1, 2].map(|k| outline[(i + k) % count]);
        (b[0] - a[0]) * (c[1] - b[1]) >= (b[1] - a[1]) * (c[0] - b[0])
    })
}
