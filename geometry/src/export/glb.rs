//! GLB, the binary form of glTF 2.0: a node for each part, a primitive for each of its colours.
//!
//! glTF is in metres with Y up, so every node turns and scales from millimetres with Z up; the vertices stay the model's
//! own. There are no normals: viewers then shade flat, as the specification has it.

use std::fmt::Write as _;
use std::io::Write;

use super::colour::{Palette, Rgba};
use super::{ExportError, NamedMesh};
use crate::mesh::Mesh;

/// Turns Z up to Y up and millimetres to metres; by columns.
const PLACEMENT: &str = "[0.001,0,0,0,0,0,-0.001,0,0,0.001,0,0,0,0,0,1]";

/// Component types and buffer targets of the specification.
const FLOAT: u32 = 5126;
const UNSIGNED_INT: u32 = 5125;
const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

/// Writes header, JSON chunk and binary chunk.
///
/// # Errors
/// [`ExportError::TooLarge`] for coordinates beyond single precision, [`ExportError::TooMany`] above 4 GiB,
/// [`ExportError::Io`].
pub fn write(parts: &[NamedMesh<'_>], out: &mut impl Write) -> Result<(), ExportError> {
    let palette = Palette::of(parts.iter().map(|part| part.mesh));
    let mut scene = Scene::default();
    for part in parts {
        scene.part(part, &palette)?;
    }
    let mut json = scene.json(&palette);
    while !json.len().is_multiple_of(4) {
        json.push(' ');
    }
    let size = |len: usize| u32::try_from(len).map_err(|_| ExportError::TooMany("GLB"));
    let total = size(12 + 8 + json.len() + 8 + scene.bytes)?;
    for word in [u32::from_le_bytes(*b"glTF"), 2, total, size(json.len())?] {
        out.write_all(&word.to_le_bytes())?;
    }
    out.write_all(b"JSON")?;
    out.write_all(json.as_bytes())?;
    out.write_all(&size(scene.bytes)?.to_le_bytes())?;
    out.write_all(b"BIN\0")?;
    for part in parts {
        let mesh = part.mesh;
        for coordinate in mesh.positions.iter().flatten() {
            out.write_all(&(*coordinate as f32).to_le_bytes())?;
        }
        for (_, ranges) in palette.by_colour(mesh) {
            let triangles = ranges.into_iter().flat_map(|range| &mesh.triangles[range]);
            for index in triangles.flatten() {
                out.write_all(&index.to_le_bytes())?;
            }
        }
    }
    Ok(out.flush()?)
}

/// The JSON being put together, as the texts of its arrays' elements.
#[derive(Default)]
struct Scene {
    nodes: Vec<String>,
    meshes: Vec<String>,
    accessors: Vec<String>,
    views: Vec<String>,
    /// Bytes of the binary chunk so far.
    bytes: usize,
}

impl Scene {
    fn part(&mut self, part: &NamedMesh<'_>, palette: &Palette) -> Result<(), ExportError> {
        let mesh = part.mesh;
        let (min, max) = bounds(mesh)?;
        let positions = self.accessor(
            12 * mesh.positions.len(),
            ARRAY_BUFFER,
            &format!(
                r#""componentType":{FLOAT},"count":{},"type":"VEC3","min":{min:?},"max":{max:?}"#,
                mesh.positions.len()
            ),
        );
        let mut primitives = Vec::new();
        for (colour, ranges) in palette.by_colour(mesh) {
            let count = 3 * ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
            let indices = self.accessor(
                4 * count,
                ELEMENT_ARRAY_BUFFER,
                &format!(r#""componentType":{UNSIGNED_INT},"count":{count},"type":"SCALAR""#),
            );
            let material = colour.unwrap_or(0);
            primitives.push(format!(
                r#"{{"attributes":{{"POSITION":{positions}}},"indices":{indices},"material":{material}}}"#
            ));
        }
        let name = json_text(part.name);
        self.nodes.push(format!(
            r#"{{"name":{name},"mesh":{},"matrix":{PLACEMENT}}}"#,
            self.meshes.len()
        ));
        self.meshes.push(format!(r#"{{"name":{name},"primitives":[{}]}}"#, primitives.join(",")));
        Ok(())
    }

    /// The index of a new accessor with a view of its own.
    fn accessor(&mut self, len_bytes: usize, target: u32, description: &str) -> usize {
        let view = self.views.len();
        self.views.push(format!(
            r#"{{"buffer":0,"byteOffset":{},"byteLength":{len_bytes},"target":{target}}}"#,
            self.bytes
        ));
        self.bytes += len_bytes;
        self.accessors.push(format!(r#"{{"bufferView":{view},{description}}}"#));
        self.accessors.len() - 1
    }

    fn json(&self, palette: &Palette) -> String {
        let colours = if palette.colours.is_empty() {
            &[super::colour::DEFAULT]
        } else {
            &palette.colours[..]
        };
        let materials: Vec<String> = colours.iter().map(|colour| material(*colour)).collect();
        let scene: Vec<String> = (0..self.nodes.len()).map(|index| index.to_string()).collect();
        format!(
            r#"{{"asset":{{"version":"2.0","generator":"scadstream"}},"scene":0,"scenes":[{{"nodes":[{}]}}],"nodes":[{}],"meshes":[{}],"materials":[{}],"accessors":[{}],"bufferViews":[{}],"buffers":[{{"byteLength":{}}}]}}"#,
            scene.join(","),
            self.nodes.join(","),
            self.meshes.join(","),
            materials.join(","),
            self.accessors.join(","),
            self.views.join(","),
            self.bytes
        )
    }
}

/// Smallest and largest coordinates in single precision, over all vertices, as the specification demands.
fn bounds(mesh: &Mesh) -> Result<([f32; 3], [f32; 3]), ExportError> {
    let (mut min, mut max) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    for position in &mesh.positions {
        for axis in 0..3 {
            let coordinate = position[axis] as f32;
            if !coordinate.is_finite() {
                return Err(ExportError::TooLarge("GLB"));
            }
            min[axis] = min[axis].min(coordinate);
            max[axis] = max[axis].max(coordinate);
        }
    }
    Ok((min, max))
}

fn material(colour: Rgba) -> String {
    let [r, g, b] = [0, 1, 2].map(|channel| linear(colour[channel]));
    let alpha = f64::from(colour[3]) / 255.0;
    let blend = if colour[3] == 255 { "" } else { r#","alphaMode":"BLEND""# };
    format!(
        r#"{{"pbrMetallicRoughness":{{"baseColorFactor":[{r},{g},{b},{alpha}],"metallicFactor":0,"roughnessFactor":0.6}}{blend}}}"#
    )
}

/// The share of light of a channel as screens have it: sRGB's curve, rounded so that every machine writes the same.
fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    let linear = if value <= 0.04045 { value / 12.92 } else { power_2_4((value + 0.055) / 1.055) };
    (linear * 1e6).round() / 1e6
}

/// `x` to the power of 2.4 for `x` in 0..1, by the fifth root of its twelfth power, which Newton's method finds: the
/// platform's own power function differs from machine to machine.
fn power_2_4(x: f64) -> f64 {
    let twelfth = x.powi(12);
    let mut root = 1.0_f64;
    for _ in 0..60 {
        root -= (root - twelfth / root.powi(4)) / 5.0;
    }
    root
}

/// A text in JSON, with its quotes.
fn json_text(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if (c as u32) < 0x20 => {
                write!(quoted, "\\u{:04x}", c as u32).expect("a string takes all there is");
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{Paint, Run};
    use crate::primitives::cube;

    fn word(bytes: &[u8], at: usize) -> usize {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    }

    #[test]
    fn chunks_are_as_the_specification_has_them() {
        let mut mesh = cube([1.0, 2.0, 3.0], false);
        let red = Paint::Color([1.0, 0.0, 0.0, 0.5]);
        mesh.runs = vec![Run { end: 4, paint: red }, Run { end: 12, paint: Paint::Default }];
        let mut bytes = Vec::new();
        write(&[NamedMesh { name: "a \"box\"\n", mesh: &mesh }], &mut bytes).unwrap();
        assert_eq!((&bytes[..4], word(&bytes, 4)), (&b"glTF"[..], 2));
        assert_eq!(word(&bytes, 8), bytes.len());
        let json_len = word(&bytes, 12);
        assert_eq!((&bytes[16..20], json_len % 4), (&b"JSON"[..], 0));
        let binary = 20 + json_len;
        let (vertices, indices) = (mesh.positions.len(), 36);
        assert_eq!(word(&bytes, binary), 12 * vertices + 4 * indices);
        assert_eq!(&bytes[binary + 4..binary + 8], b"BIN\0");
        assert_eq!(bytes.len(), binary + 8 + 12 * vertices + 4 * indices);
        let json = std::str::from_utf8(&bytes[20..binary]).unwrap();
        for part in [
            r#""name":"a \"box\"\u000a""#,
            r#""min":[0.0, 0.0, 0.0],"max":[1.0, 2.0, 3.0]"#,
            r#""baseColorFactor":[1,0,0,0.5019607843137255]"#,
            r#""alphaMode":"BLEND""#,
            r#""count":12,"type":"SCALAR""#,
            r#""count":24,"type":"SCALAR""#,
        ] {
            assert!(json.contains(part), "{part} is not in {json}");
        }
    }

    #[test]
    fn colours_are_linear() {
        // Values of the sRGB standard's curve.
        for (channel, value) in [(0, 0.0), (10, 0.003035), (128, 0.215861), (255, 1.0)] {
            assert_eq!(linear(channel), value);
        }
    }

    #[test]
    fn coordinates_beyond_single_precision_are_refused() {
        let mut mesh = cube([1.0; 3], false);
        mesh.positions[0][0] = 1e300;
        let written = write(&[NamedMesh { name: "", mesh: &mesh }], &mut Vec::new());
        assert!(matches!(written, Err(ExportError::TooLarge("GLB"))));
    }
}
