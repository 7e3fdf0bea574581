//! 3MF: an archive with a model of named objects, their colours as base materials or as a colour group.
//!
//! After the 3MF core specification 1.3 and the materials extension 1.2. The archive holds no dates, so the same model
//! gives the same bytes.

use std::fmt;
use std::io::{Cursor, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::colour::{Palette, hex};
use super::xml::Escaped;
use super::{ExportError, NamedMesh, Number};
use crate::mesh::Mesh;

const CORE: &str = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02";
const MATERIAL: &str = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02";

/// The materials' resource id. Objects count from the next.
const COLOURS_ID: usize = 1;

/// How a 3MF file is written: OpenSCAD's section `export-3mf`.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Whether colours are written.
    pub colours: Colours,
    /// How they are.
    pub material: Material,
    /// What a unit of the model is.
    pub unit: Unit,
    /// Digits after the point; as many as it takes to read the same number back where none are given.
    pub decimals: Option<usize>,
    /// Title, designer, description and so on, by the name that 3MF has for each.
    pub metadata: Vec<(&'static str, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            colours: Colours::OfModel,
            material: Material::Base,
            unit: Unit::Millimeter,
            decimals: None,
            metadata: Vec::new(),
        }
    }
}

/// Which colours a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Those of the model's faces.
    OfModel,
    /// None.
    None,
    /// One for everything.
    Selected([u8; 4]),
}

/// How colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Material {
    /// As base materials, which are part of the core specification.
    Base,
    /// As a group of colours, of the materials extension.
    ColourGroup,
}

/// Units of the core specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    Micron,
    Millimeter,
    Centimeter,
    Meter,
    Inch,
    Foot,
}

impl Unit {
    /// All units.
    pub const ALL: [Unit; 6] =
        [Unit::Micron, Unit::Millimeter, Unit::Centimeter, Unit::Meter, Unit::Inch, Unit::Foot];

    /// The name that the specification has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Micron => "micron",
            Unit::Millimeter => "millimeter",
            Unit::Centimeter => "centimeter",
            Unit::Meter => "meter",
            Unit::Inch => "inch",
            Unit::Foot => "foot",
        }
    }
}

/// Writes the archive. Only the packed model is held in memory, since the archive's format goes back to fill in sizes.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(
    parts: &[NamedMesh<'_>],
    options: &Options,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let file = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .large_file(may_be_large(parts));
    archive.start_file("[Content_Types].xml", file).map_err(std::io::Error::from)?;
    archive.write_all(CONTENT_TYPES.as_bytes())?;
    archive.start_file("_rels/.rels", file).map_err(std::io::Error::from)?;
    archive.write_all(RELATIONS.as_bytes())?;
    archive.start_file("3D/3dmodel.model", file).map_err(std::io::Error::from)?;
    model(parts, options, &mut archive)?;
    let packed = archive.finish().map_err(std::io::Error::from)?;
    out.write_all(packed.get_ref())?;
    Ok(out.flush()?)
}

/// Whether the model's text may be beyond the 4 GiB that plain archives hold. Not all readers know the larger ones.
fn may_be_large(parts: &[NamedMesh<'_>]) -> bool {
    // No line of a vertex or a triangle is longer.
    const LONGEST_LINE: usize = 128;
    let lines = parts.iter().map(|part| part.mesh.positions.len() + part.mesh.triangles.len());
    lines.sum::<usize>() > u32::MAX as usize / LONGEST_LINE
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
</Types>
"#;

const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Target="/3D/3dmodel.model" Id="rel0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>
"#;

fn model<W: Write + Seek>(
    parts: &[NamedMesh<'_>],
    options: &Options,
    archive: &mut ZipWriter<W>,
) -> Result<(), ExportError> {
    // The packer takes its bytes in large pieces much faster.
    let mut out = std::io::BufWriter::with_capacity(1 << 16, archive);
    let palette = match options.colours {
        Colours::OfModel => Palette::of(parts.iter().map(|part| part.mesh)),
        Colours::None => Palette::default(),
        Colours::Selected(colour) => Palette { colours: vec![colour] },
    };
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let unit = options.unit.name();
    writeln!(out, r#"<model unit="{unit}" xml:lang="en-US" xmlns="{CORE}" xmlns:m="{MATERIAL}">"#)?;
    writeln!(out, r#"<metadata name="Application">scadstream</metadata>"#)?;
    for (name, value) in &options.metadata {
        writeln!(out, r#"<metadata name="{name}">{}</metadata>"#, Escaped(value))?;
    }
    writeln!(out, "<resources>")?;
    colours(&palette, options.material, &mut out)?;
    for (index, part) in parts.iter().enumerate() {
        let id = object_id(index);
        let name = Escaped(part.name);
        let material = if palette.colours.is_empty() {
            String::new()
        } else {
            let first = part.mesh.painted_runs().find_map(|(_, paint)| palette.index(paint));
            format!(r#" pid="{COLOURS_ID}" pindex="{}""#, first.unwrap_or(0))
        };
        writeln!(out, r#"<object id="{id}" type="model" name="{name}"{material}>"#)?;
        mesh(part.mesh, &palette, options.decimals, &mut out)?;
        writeln!(out, "</object>")?;
    }
    writeln!(out, "</resources>\n<build>")?;
    for index in 0..parts.len() {
        writeln!(out, r#"<item objectid="{}"/>"#, object_id(index))?;
    }
    writeln!(out, "</build>\n</model>")?;
    Ok(out.flush()?)
}

fn object_id(index: usize) -> usize {
    COLOURS_ID + 1 + index
}

fn colours(palette: &Palette, material: Material, out: &mut impl Write) -> Result<(), ExportError> {
    if palette.colours.is_empty() {
        return Ok(());
    }
    match material {
        Material::Base => {
            writeln!(out, r#"<basematerials id="{COLOURS_ID}">"#)?;
            for (index, colour) in palette.colours.iter().enumerate() {
                let colour = hex(*colour);
                writeln!(out, r#"<base name="Color {index}" displaycolor="{colour}"/>"#)?;
            }
            writeln!(out, "</basematerials>")?;
        }
        Material::ColourGroup => {
            writeln!(out, r#"<m:colorgroup id="{COLOURS_ID}">"#)?;
            for colour in &palette.colours {
                writeln!(out, r#"<m:color color="{}"/>"#, hex(*colour))?;
            }
            writeln!(out, "</m:colorgroup>")?;
        }
    }
    Ok(())
}

fn mesh(
    mesh: &Mesh,
    palette: &Palette,
    decimals: Option<usize>,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    writeln!(out, "<mesh>\n<vertices>")?;
    for position in &mesh.positions {
        let [x, y, z] = position.map(|value| Coordinate { value, decimals });
        writeln!(out, r#"<vertex x="{x}" y="{y}" z="{z}"/>"#)?;
    }
    writeln!(out, "</vertices>\n<triangles>")?;
    for (range, paint) in mesh.painted_runs() {
        // One colour for everything is the object's; only where there are several do triangles name theirs.
        let own = palette.index(paint).filter(|_| palette.colours.len() > 1);
        let colour =
            own.map_or(String::new(), |index| format!(r#" pid="{COLOURS_ID}" p1="{index}""#));
        for [a, b, c] in &mesh.triangles[range] {
            writeln!(out, r#"<triangle v1="{a}" v2="{b}" v3="{c}"{colour}/>"#)?;
        }
    }
    writeln!(out, "</triangles>\n</mesh>")?;
    Ok(())
}

struct Coordinate {
    value: f64,
    decimals: Option<usize>,
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decimals {
            None => Number(self.value).fmt(f),
            Some(decimals) => write!(f, "{:.decimals$}", self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::mesh::{Paint, Run};

    /// The model part of the archive.
    fn text(parts: &[NamedMesh<'_>], options: &Options) -> String {
        let mut bytes = Vec::new();
        write(parts, options, &mut bytes).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive.by_name("3D/3dmodel.model").unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn two_colours() -> Mesh {
        let corners = vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0 / 3.0, 0.0]];
        let mut mesh = Mesh::new(corners, vec![[0, 1, 2], [0, 2, 1]]);
        let red = Paint::Color([1.0, 0.0, 0.0, 1.0]);
        mesh.runs = vec![Run { end: 1, paint: red }, Run { end: 2, paint: Paint::Cut }];
        mesh
    }

    #[test]
    fn objects_have_names_and_triangles_their_materials() {
        let mesh = two_colours();
        let plain = Mesh::new(mesh.positions.clone(), mesh.triangles[..1].to_vec());
        let parts =
            [NamedMesh { name: "a & b", mesh: &mesh }, NamedMesh { name: "c", mesh: &plain }];
        expect_test::expect![[r##"
            <?xml version="1.0" encoding="UTF-8"?>
            <model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" xmlns:m="http://schemas.microsoft.com/3dmanufacturing/material/2015/02">
            <metadata name="Application">scadstream</metadata>
            <resources>
            <basematerials id="1">
            <base name="Color 0" displaycolor="#FF0000"/>
            <base name="Color 1" displaycolor="#9DCB51"/>
            <base name="Color 2" displaycolor="#F9D72C"/>
            </basematerials>
            <object id="2" type="model" name="a &amp; b" pid="1" pindex="0">
            <mesh>
            <vertices>
            <vertex x="0" y="0" z="0"/>
            <vertex x="1" y="0" z="0"/>
            <vertex x="0" y="0.3333333333333333" z="0"/>
            </vertices>
            <triangles>
            <triangle v1="0" v2="1" v3="2" pid="1" p1="0"/>
            <triangle v1="0" v2="2" v3="1" pid="1" p1="1"/>
            </triangles>
            </mesh>
            </object>
            <object id="3" type="model" name="c" pid="1" pindex="2">
            <mesh>
            <vertices>
            <vertex x="0" y="0" z="0"/>
            <vertex x="1" y="0" z="0"/>
            <vertex x="0" y="0.3333333333333333" z="0"/>
            </vertices>
            <triangles>
            <triangle v1="0" v2="1" v3="2" pid="1" p1="2"/>
            </triangles>
            </mesh>
            </object>
            </resources>
            <build>
            <item objectid="2"/>
            <item objectid="3"/>
            </build>
            </model>
        "##]]
        .assert_eq(&text(&parts, &Options::default()));
    }

    #[test]
    fn options_say_unit_digits_colours_and_metadata() {
        let mesh = two_colours();
        let parts = [NamedMesh { name: "x", mesh: &mesh }];
        let options = Options {
            colours: Colours::Selected([1, 2, 3, 4]),
            material: Material::ColourGroup,
            unit: Unit::Inch,
            decimals: Some(2),
            metadata: vec![("Title", "\"It\"".to_owned())],
        };
        let text = text(&parts, &options);
        for part in [
            r#"unit="inch""#,
            r#"<metadata name="Title">&quot;It&quot;</metadata>"#,
            r##"<m:color color="#01020304"/>"##,
            r#"pid="1" pindex="0""#,
            r#"y="0.33""#,
            r#"<triangle v1="0" v2="2" v3="1"/>"#,
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let none = self::text(&parts, &Options { colours: Colours::None, ..options });
        assert!(!none.contains("color") && !none.contains("pid"), "{none}");
    }
}
