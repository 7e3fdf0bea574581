//! What can be said about the way a file is written, by OpenSCAD's names: `section/key=value`.

use scadstream_geometry::export::{colour::Rgba, pdf, png, svg, threemf};

/// How files are written. The defaults are OpenSCAD's, but for the digits of 3MF, which are all there are.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportOptions {
    /// Whether top-level objects stay apart in formats that can hold several.
    pub parts: Parts,
    /// SVG: section `export-svg`.
    pub svg: svg::Options,
    /// PNG: set by the camera's own options.
    pub picture: png::Options,
    /// What the model is called, in formats that say so.
    model_name: Option<String>,
    pdf: pdf::Options,
    threemf: threemf::Options,
    selected_colour: Rgba,
    show_file_name: bool,
    pdf_metadata: bool,
    threemf_metadata: bool,
}

/// What becomes of top-level objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// One object.
    United,
    /// Each is an object of its own, called by the module that makes it.
    Separate,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            parts: Parts::United,
            svg: svg::Options::default(),
            picture: png::Options::default(),
            model_name: None,
            pdf: pdf::Options::default(),
            threemf: threemf::Options::default(),
            selected_colour: scadstream_geometry::export::colour::DEFAULT,
            show_file_name: false,
            pdf_metadata: true,
            threemf_metadata: true,
        }
    }
}

/// A group of options, and the key and value of one.
struct Setting<'a> {
    key: &'a str,
    value: &'a str,
}

impl ExportOptions {
    /// The defaults, for a model of this name.
    pub fn of_model(name: Option<String>) -> Self {
        Self { model_name: name, ..Self::default() }
    }

    /// Takes in one option, such as `export-pdf/paper-size=a3`.
    ///
    /// # Errors
    /// What is wrong with it, a sentence.
    pub fn set(&mut self, option: &str) -> Result<(), String> {
        let parsed = option
            .split_once('=')
            .and_then(|(name, value)| Some((name.trim().split_once('/')?, value.trim())));
        let Some(((section, key), value)) = parsed else {
            return Err(format!("'{option}' is not of the form section/key=value"));
        };
        let setting = Setting { key, value };
        let known = match section {
            "export-svg" => self.set_svg(&setting),
            "export-pdf" => self.set_pdf(&setting),
            "export-3mf" => self.set_threemf(&setting),
            "export" => self.set_general(&setting),
            _ => {
                return Err(format!(
                    "there is no section '{section}': use export, export-3mf, export-pdf or export-svg"
                ));
            }
        };
        known
            .map_err(|wanted| format!("{section}/{key}={value}: {wanted}"))?
            .ok_or_else(|| format!("there is no option '{key}' in section '{section}'"))
    }

    fn set_general(&mut self, setting: &Setting<'_>) -> Result<Option<()>, String> {
        match setting.key {
            "parts" => {
                let names = [("united", Parts::United), ("separate", Parts::Separate)];
                self.parts = setting.one_of(&names)?;
            }
            _ => return Ok(None),
        }
        Ok(Some(()))
    }

    fn set_svg(&mut self, setting: &Setting<'_>) -> Result<Option<()>, String> {
        let svg = &mut self.svg;
        let painted = |on: bool, colour: &str| on.then(|| colour.to_owned());
        match setting.key {
            "fill" => svg.fill = painted(setting.bool()?, "lightgray"),
            "fill-color" => svg.fill = Some(setting.value.to_owned()),
            "stroke" => svg.stroke = painted(setting.bool()?, "black"),
            "stroke-color" => svg.stroke = Some(setting.value.to_owned()),
            "stroke-width" => svg.stroke_width = setting.number(0.0, 999.0)?,
            _ => return Ok(None),
        }
        Ok(Some(()))
    }

    fn set_pdf(&mut self, setting: &Setting<'_>) -> Result<Option<()>, String> {
        let pdf = &mut self.pdf;
        match setting.key {
            "paper-size" => pdf.paper = setting.one_of(&pdf::Paper::NAMES)?,
            "orientation" => {
                pdf.orientation = setting.one_of(&[
                    ("portrait", pdf::Orientation::Portrait),
                    ("landscape", pdf::Orientation::Landscape),
                    ("auto", pdf::Orientation::Auto),
                ])?;
            }
            "show-filename" => self.show_file_name = setting.bool()?,
            "show-scale" => pdf.scale = setting.bool()?,
            "show-scale-message" => pdf.scale_message = setting.bool()?,
            "show-grid" => pdf.grid = setting.bool()?.then(|| pdf.grid.unwrap_or(10.0)),
            "grid-size" => pdf.grid = Some(setting.number(1.0, 100.0)?),
            "fill" => pdf.fill = setting.bool()?.then_some([211, 211, 211, 255]),
            "fill-color" => pdf.fill = Some(setting.colour()?),
            "stroke" => pdf.stroke = setting.bool()?.then_some([0, 0, 0, 255]),
            "stroke-color" => pdf.stroke = Some(setting.colour()?),
            "stroke-width" => pdf.stroke_width = setting.number(0.0, 999.0)?,
            "add-meta-data" => self.pdf_metadata = setting.bool()?,
            "meta-data-title" => pdf.metadata.push(("Title", setting.value.to_owned())),
            "meta-data-author" => pdf.metadata.push(("Author", setting.value.to_owned())),
            "meta-data-subject" => pdf.metadata.push(("Subject", setting.value.to_owned())),
            "meta-data-keywords" => pdf.metadata.push(("Keywords", setting.value.to_owned())),
            _ => return Ok(None),
        }
        Ok(Some(()))
    }

    fn set_threemf(&mut self, setting: &Setting<'_>) -> Result<Option<()>, String> {
        let threemf = &mut self.threemf;
        let mut metadata =
            |name: &'static str| threemf.metadata.push((name, setting.value.to_owned()));
        match setting.key {
            "meta-data-title" => metadata("Title"),
            "meta-data-designer" => metadata("Designer"),
            "meta-data-description" => metadata("Description"),
            "meta-data-copyright" => metadata("Copyright"),
            "meta-data-license-terms" => metadata("LicenseTerms"),
            "meta-data-rating" => metadata("Rating"),
            "add-meta-data" => self.threemf_metadata = setting.bool()?,
            "color-mode" => {
                threemf.colours = setting.one_of(&[
                    ("model", threemf::Colours::OfModel),
                    ("none", threemf::Colours::None),
                    ("selected-only", threemf::Colours::Selected([0; 4])),
                ])?;
            }
            "color" => self.selected_colour = setting.colour()?,
            "material-type" => {
                threemf.material = setting.one_of(&[
                    ("basematerial", threemf::Material::Base),
                    ("color", threemf::Material::ColourGroup),
                ])?;
            }
            "unit" => {
                let units = threemf::Unit::ALL.map(|unit| (unit.name(), unit));
                threemf.unit = setting.one_of(&units)?;
            }
            "decimal-precision" => threemf.decimals = Some(setting.number(1.0, 16.0)? as usize),
            _ => return Ok(None),
        }
        Ok(Some(()))
    }

    pub(super) fn pdf(&self) -> pdf::Options {
        let mut pdf = self.pdf.clone();
        if self.show_file_name {
            pdf.file_name.clone_from(&self.model_name);
        }
        if !self.pdf_metadata {
            pdf.metadata.clear();
        }
        pdf
    }

    pub(super) fn threemf(&self) -> threemf::Options {
        let mut threemf = self.threemf.clone();
        if let threemf::Colours::Selected(colour) = &mut threemf.colours {
            *colour = self.selected_colour;
        }
        if !self.threemf_metadata {
            threemf.metadata.clear();
        }
        threemf
    }
}

impl Setting<'_> {
    fn bool(&self) -> Result<bool, String> {
        self.one_of(&[("true", true), ("false", false)])
    }

    fn number(&self, least: f64, most: f64) -> Result<f64, String> {
        let number = self.value.parse::<f64>().ok().filter(|n| (least..=most).contains(n));
        number.ok_or_else(|| format!("a number from {least} to {most} is needed"))
    }

    fn colour(&self) -> Result<Rgba, String> {
        let digits = self.value.strip_prefix('#').unwrap_or_default();
        let value = u32::from_str_radix(digits, 16).ok();
        let rgba = match digits.len() {
            6 => value.map(|value| value << 8 | 0xff),
            8 => value,
            _ => None,
        };
        rgba.map(u32::to_be_bytes).ok_or_else(|| "a colour such as #f9d72c is needed".to_owned())
    }

    fn one_of<T: Copy>(&self, names: &[(&str, T)]) -> Result<T, String> {
        let found = names.iter().find(|(name, _)| *name == self.value);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            format!("one of {} is needed", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(options: &[&str]) -> ExportOptions {
        let mut all = ExportOptions::default();
        options.iter().for_each(|option| all.set(option).unwrap());
        all
    }

    #[track_caller]
    fn check_fault(option: &str, fault: &str) {
        assert_eq!(ExportOptions::default().set(option).unwrap_err(), fault);
    }

    #[test]
    fn options_by_openscads_names() {
        let options = with(&[
            "export-pdf/paper-size=a3",
            "export-pdf/orientation=auto",
            "export-pdf/show-filename=true",
            "export-pdf/grid-size=25",
            "export-pdf/meta-data-title=a=b",
        ]);
        let named = ExportOptions { model_name: Some("x.scad".to_owned()), ..options };
        let pdf = named.pdf();
        assert_eq!((pdf.paper, pdf.orientation), (pdf::Paper::A3, pdf::Orientation::Auto));
        assert_eq!((pdf.grid, pdf.file_name.as_deref()), (Some(25.0), Some("x.scad")));
        assert_eq!(pdf.metadata, [("Title", "a=b".to_owned())]);

        let threemf = with(&[
            "export-3mf/color-mode=selected-only",
            "export-3mf/color=#01020304",
            "export-3mf/unit=inch",
            "export-3mf/decimal-precision=3",
            "export-3mf/meta-data-title=gone",
            "export-3mf/add-meta-data=false",
        ])
        .threemf();
        assert_eq!(threemf.colours, threemf::Colours::Selected([1, 2, 3, 4]));
        assert_eq!((threemf.unit, threemf.decimals), (threemf::Unit::Inch, Some(3)));
        assert!(threemf.metadata.is_empty());

        let svg = with(&["export-svg/fill=false", "export-svg/stroke-width=2"]).svg;
        assert_eq!((svg.fill, svg.stroke_width), (None, 2.0));
        assert_eq!(with(&["export/parts=separate"]).parts, Parts::Separate);
    }

    #[test]
    fn faults_say_what_is_wanted() {
        check_fault("paper=a4", "'paper=a4' is not of the form section/key=value");
        check_fault(
            "export-gif/x=1",
            "there is no section 'export-gif': use export, export-3mf, export-pdf or export-svg",
        );
        check_fault("export-pdf/x=1", "there is no option 'x' in section 'export-pdf'");
        check_fault(
            "export-pdf/orientation=up",
            "export-pdf/orientation=up: one of portrait, landscape, auto is needed",
        );
        check_fault(
            "export-3mf/decimal-precision=nan",
            "export-3mf/decimal-precision=nan: a number from 1 to 16 is needed",
        );
        check_fault(
            "export-3mf/color=red",
            "export-3mf/color=red: a colour such as #f9d72c is needed",
        );
    }
}
