//! Options that `render` and `check` share: the model and what is set from outside.

use std::path::{Path, PathBuf};

use clap::Args;
use scadstream_eval::{Camera, Options};
use scadstream_geometry::export::png::View;
use scadstream_pipeline::{Input, Libraries, Surroundings};
use scadstream_syntax::customizer::{Parameter, ParameterSets, assignment};

/// Where Debian's OpenSCAD and other users of its libraries put them.
const SYSTEM_LIBRARIES: &str = "/usr/share/openscad/libraries";

/// A model and how it is evaluated.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// The model; `-` reads standard input
    #[arg(value_name = "FILE.scad")]
    pub(crate) model: PathBuf,

    /// Set a top-level variable; wins over the model's own assignment
    #[arg(short = 'D', value_name = "NAME=VALUE")]
    pub(crate) define: Vec<String>,

    /// Parameter sets saved by a customizer: a JSON file
    #[arg(short = 'p', value_name = "FILE.json", requires = "parameter_set")]
    pub(crate) parameter_file: Option<PathBuf>,

    /// Which of the parameter sets to use; -D wins over it
    #[arg(short = 'P', value_name = "NAME", requires = "parameter_file")]
    pub(crate) parameter_set: Option<String>,

    /// Look for `include` and `use` in this folder too; before those in OPENSCADPATH
    #[arg(short = 'L', long = "library", value_name = "DIR")]
    pub(crate) library: Vec<PathBuf>,

    /// Enable an experimental feature of the language; `all` for all
    #[arg(long, value_name = "FEATURE")]
    pub(crate) enable: Vec<String>,

    /// Start of the random numbers that the model does not seed; the time of day unless given
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,

    /// Stop at the first warning
    #[arg(long)]
    pub(crate) hardwarnings: bool,

    /// Warn about arguments that no parameter takes
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) check_parameters: bool,

    /// Warn about parameters of builtin modules that are out of range
    #[arg(long, value_name = "BOOL", default_value_t = false, action = clap::ArgAction::Set)]
    pub(crate) check_parameter_ranges: bool,

    /// Show the values of a user module's parameters in traces
    #[arg(long, value_name = "BOOL", default_value_t = false, action = clap::ArgAction::Set)]
    pub(crate) trace_usermodule_parameters: bool,

    /// Most callers that an error names at either end of the trace
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) trace_depth: usize,

    /// $vpt, $vpr and $vpd: translation, rotation and distance; or six numbers: the eye and the point it looks at
    #[arg(long, value_name = "X,Y,Z,RX,RY,RZ,D", value_parser = parse_camera, allow_hyphen_values = true)]
    pub(crate) camera: Option<Camera>,

    /// Print no messages but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

impl ModelArgs {
    /// Reads the model.
    ///
    /// # Errors
    /// A line for the user.
    pub(crate) fn open(&self) -> Result<Input<'_>, String> {
        if self.model == Path::new("-") {
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut content)
                .map_err(|error| format!("cannot read standard input: {error}"))?;
            let folder = std::env::current_dir().unwrap_or_default();
            let surroundings = Surroundings::Disk(folder);
            return Ok(Input { name: "<stdin>", content: content.into(), surroundings });
        }
        Input::open(&self.model)
            .map_err(|error| format!("cannot read {}: {error}", self.model.display()))
    }

    /// The library folders in order of search.
    pub(crate) fn libraries(&self) -> Libraries {
        let path = std::env::var_os("OPENSCADPATH").unwrap_or_default();
        let own = std::env::home_dir().map(|home| home.join(".local/share/OpenSCAD/libraries"));
        let folders = self.library.iter().cloned().chain(Libraries::split(&path)).chain(own);
        Libraries::new(folders.chain([PathBuf::from(SYSTEM_LIBRARIES)]))
    }

    /// The evaluator's settings for a model with these parameters.
    ///
    /// # Errors
    /// A line for the user, about the parameter sets.
    pub(crate) fn options(&self, parameters: &[Parameter]) -> Result<Options, String> {
        let mut presets = match (&self.parameter_file, &self.parameter_set) {
            (Some(file), Some(set)) => saved(file, set, parameters)?,
            _ => Vec::new(),
        };
        presets.extend(self.define.iter().cloned());
        Ok(Options {
            presets,
            features: self.enable.iter().cloned().collect(),
            camera: self.camera.unwrap_or_default(),
            seed: self.seed.unwrap_or_else(random_seed),
            hard_warnings: self.hardwarnings,
            check_parameters: self.check_parameters,
            check_parameter_ranges: self.check_parameter_ranges,
            trace_depth: self.trace_depth,
            trace_parameters: self.trace_usermodule_parameters,
            ..Options::default()
        })
    }
}

/// The assignments of a parameter set. What the model has no parameter for is left out, as OpenSCAD does.
fn saved(file: &Path, set: &str, parameters: &[Parameter]) -> Result<Vec<String>, String> {
    let name = file.display();
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
    let sets = ParameterSets::parse(&text).map_err(|error| format!("{name}: {error}"))?;
    let values = sets.get(set).ok_or_else(|| format!("{name} has no parameter set \"{set}\""))?;
    let assign = |(name, value): (&str, &str)| {
        let parameter = parameters.iter().find(|parameter| *parameter.name == *name)?;
        assignment(parameter, value)
    };
    Ok(values.filter_map(assign).collect())
}

/// Another number each time, as OpenSCAD has it.
fn random_seed() -> u32 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |time| time.subsec_nanos() ^ time.as_secs() as u32)
}

/// The seven numbers of OpenSCAD's gimbal camera, or the six of its vector camera.
fn parse_camera(text: &str) -> Result<Camera, String> {
    let numbers: Result<Vec<f64>, _> =
        text.split(',').map(|number| number.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[x, y, z, rx, ry, rz, distance]) => {
            Ok(Camera { target: [x, y, z], rotation: [rx, ry, rz], distance, ..Camera::default() })
        }
        Ok(&[ex, ey, ez, x, y, z]) => {
            let View { target, rotation, distance, .. } = View::between([ex, ey, ez], [x, y, z]);
            Ok(Camera { target, rotation, distance, ..Camera::default() })
        }
        Ok(other) => Err(format!("seven or six numbers are needed, not {}", other.len())),
        Err(error) => Err(error.to_string()),
    }
}
