//! What an evaluation depends on besides the files.

use std::collections::BTreeSet;

use crate::limits::Limits;

/// Settings of one evaluation.
#[derive(Debug, Clone)]
pub struct Options {
    /// Assignments from the command line as source text, `name=value`; they win over the main file's.
    pub presets: Vec<String>,
    /// Enabled experimental features, by OpenSCAD's names; `all` for all.
    pub features: BTreeSet<String>,
    /// `$preview`: false for renders and exports.
    pub preview: bool,
    /// `$t`: animation time, at least 0, less than 1.
    pub time: f64,
    /// Where the camera stands: `$vpr`, `$vpt`, `$vpd`, `$vpf`.
    pub camera: Camera,
    /// State that unseeded `rands` starts from.
    pub seed: u32,
    /// The first warning stops the evaluation.
    pub hard_warnings: bool,
    /// Warn about arguments that a user's module or function has no parameter for.
    pub check_parameters: bool,
    /// Warn about sizes that are not positive.
    pub check_parameter_ranges: bool,
    /// Errors in a user's module show the values of its parameters.
    pub trace_parameters: bool,
    /// How many callers an error names from the innermost on, and as many from the outermost.
    pub trace_depth: usize,
    /// Bounds.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            presets: Vec::new(),
            features: BTreeSet::new(),
            preview: false,
            time: 0.0,
            camera: Camera::default(),
            seed: 1,
            hard_warnings: false,
            check_parameters: true,
            check_parameter_ranges: false,
            trace_parameters: false,
            trace_depth: 12,
            limits: Limits::default(),
        }
    }
}

impl Options {
    /// Whether an experimental feature is enabled.
    pub fn has_feature(&self, name: &str) -> bool {
        self.features.contains(name) || self.features.contains("all")
    }
}

/// A view: angles in degrees, lengths in model units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// `$vpr`: rotation about X, Y, Z.
    pub rotation: [f64; 3],
    /// `$vpt`: the point looked at.
    pub target: [f64; 3],
    /// `$vpd`: distance of the eye from it.
    pub distance: f64,
    /// `$vpf`: field of view.
    pub field_of_view: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self { rotation: [55.0, 0.0, 25.0], target: [0.0; 3], distance: 140.0, field_of_view: 22.5 }
    }
}
