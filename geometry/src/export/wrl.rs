//! WRL, VRML 97: a shape for each part, with a colour for each face where the model has any.

use std::io::Write;

use super::colour::{DEFAULT, Palette, Rgba};
use super::{ExportError, NamedMesh, Number, Spaced};

/// Writes the scene.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(parts: &[NamedMesh<'_>], out: &mut impl Write) -> Result<(), ExportError> {
    let palette = Palette::of(parts.iter().map(|part| part.mesh));
    writeln!(out, "#VRML V2.0 utf8\n# scadstream")?;
    for part in parts {
        let mesh = part.mesh;
        let diffuse = channels(DEFAULT);
        writeln!(out, "Shape {{")?;
        writeln!(
            out,
            " appearance Appearance {{ material Material {{ diffuseColor {diffuse} }} }}"
        )?;
        writeln!(out, " geometry IndexedFaceSet {{\n  coord Coordinate {{ point [")?;
        for position in &mesh.positions {
            writeln!(out, "   {},", Spaced(*position))?;
        }
        writeln!(out, "  ] }}\n  coordIndex [")?;
        for [a, b, c] in &mesh.triangles {
            writeln!(out, "   {a},{b},{c},-1,")?;
        }
        writeln!(out, "  ]")?;
        if !palette.colours.is_empty() {
            writeln!(out, "  colorPerVertex FALSE\n  color Color {{ color [")?;
            for colour in &palette.colours {
                writeln!(out, "   {},", channels(*colour))?;
            }
            writeln!(out, "  ] }}\n  colorIndex [")?;
            for (range, paint) in mesh.painted_runs() {
                let index = palette.index(paint).unwrap_or(0);
                for _ in range {
                    writeln!(out, "   {index}")?;
                }
            }
            writeln!(out, "  ]")?;
        }
        writeln!(out, " }}\n}}")?;
    }
    Ok(out.flush()?)
}

/// Red, green and blue from 0 to 1. VRML has transparency by material only.
fn channels(colour: Rgba) -> String {
    let [r, g, b] = [0, 1, 2].map(|k| Number((f64::from(colour[k]) / 2.55).round() / 100.0));
    format!("{r} {g} {b}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{Mesh, Paint};

    #[test]
    fn faces_and_their_colours() {
        let corners = vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, -2.5, 0.0]];
        let mut mesh = Mesh::new(corners, vec![[0, 1, 2]]);
        mesh.paint(Paint::Color([0.0, 0.5, 1.0, 1.0]));
        let mut text = Vec::new();
        write(&[NamedMesh { name: "a", mesh: &mesh }], &mut text).unwrap();
        expect_test::expect![[r"
            #VRML V2.0 utf8
            # scadstream
            Shape {
             appearance Appearance { material Material { diffuseColor 0.98 0.84 0.17 } }
             geometry IndexedFaceSet {
              coord Coordinate { point [
               0 0 0,
               1 0 0,
               0 -2.5 0,
              ] }
              coordIndex [
               0,1,2,-1,
              ]
              colorPerVertex FALSE
              color Color { color [
               0 0.5 1,
              ] }
              colorIndex [
               0
              ]
             }
            }
        "]]
        .assert_eq(&String::from_utf8(text).unwrap());
    }
}
