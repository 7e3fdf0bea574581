//! POV-Ray's scene description: the parts as `mesh2`, seen from OpenSCAD's default direction.

use std::io::Write;

use super::colour::{DEFAULT, Palette, Rgba};
use super::{ExportError, NamedMesh, Number};
use crate::mesh::Bounds;

/// Writes a scene that renders as it is.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(parts: &[NamedMesh<'_>], out: &mut impl Write) -> Result<(), ExportError> {
    let palette = Palette::of(parts.iter().map(|part| part.mesh));
    let bounds = parts.iter().filter_map(|part| part.mesh.bounds()).reduce(Bounds::union);
    camera(bounds.unwrap_or(Bounds { min: [0.0; 3], max: [1.0; 3] }), out)?;
    for part in parts {
        let mesh = part.mesh;
        let name: String = part.name.chars().filter(|c| !c.is_control()).collect();
        writeln!(out, "// {name}\nmesh2 {{\n vertex_vectors {{ {}", mesh.positions.len())?;
        for position in &mesh.positions {
            writeln!(out, "  ,{}", vector(*position))?;
        }
        let colours = if palette.colours.is_empty() { &[DEFAULT] } else { &palette.colours[..] };
        writeln!(out, " }}\n texture_list {{ {}", colours.len())?;
        for colour in colours {
            writeln!(out, "  ,texture {{ pigment {{ {} }} }}", pigment(*colour))?;
        }
        writeln!(out, " }}\n face_indices {{ {}", mesh.triangles.len())?;
        for (range, paint) in mesh.painted_runs() {
            let index = palette.index(paint).unwrap_or(0);
            for [a, b, c] in &mesh.triangles[range] {
                writeln!(out, "  ,<{a},{b},{c}>,{index}")?;
            }
        }
        writeln!(out, " }}\n}}")?;
    }
    Ok(out.flush()?)
}

/// A camera that sees the whole box, and light from behind it. POV-Ray is left-handed: `right` turns that round.
fn camera(bounds: Bounds, out: &mut impl Write) -> Result<(), ExportError> {
    let centre = [0, 1, 2].map(|axis| (bounds.min[axis] + bounds.max[axis]) / 2.0);
    let size = bounds.size();
    let far = size.iter().map(|edge| edge * edge).sum::<f64>().sqrt().max(1e-6) * 3.0;
    // OpenSCAD's default view, 55 degrees down and turned by 25, to two digits.
    let eye = [centre[0] + 0.35 * far, centre[1] - 0.74 * far, centre[2] + 0.57 * far];
    writeln!(out, "// scadstream")?;
    writeln!(out, "global_settings {{ assumed_gamma 2.2 }}\nbackground {{ rgb <1,1,0.9> }}")?;
    writeln!(
        out,
        "camera {{ location {} sky <0,0,1> right -x*image_width/image_height look_at {} angle 25 }}",
        vector(eye),
        vector(centre)
    )?;
    writeln!(out, "light_source {{ {} rgb 1 }}", vector([eye[0] - far, eye[1], eye[2] + far]))?;
    writeln!(out, "light_source {{ {} rgb 0.4 shadowless }}", vector(eye))?;
    Ok(())
}

fn vector(point: [f64; 3]) -> String {
    let [x, y, z] = point.map(Number);
    format!("<{x},{y},{z}>")
}

fn pigment(colour: Rgba) -> String {
    let [r, g, b, a] = colour.map(|channel| f64::from(channel) / 255.0);
    let [r, g, b, transmit] = [r, g, b, 1.0 - a].map(|share| Number((share * 1e3).round() / 1e3));
    format!("rgbt <{r},{g},{b},{transmit}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::Mesh;

    #[test]
    fn the_whole_box_is_in_view_and_every_face_has_a_texture() {
        let corners = vec![[0.0; 3], [4.0, 0.0, 0.0], [0.0, 3.0, 0.0]];
        let mesh = Mesh::new(corners, vec![[0, 1, 2]]);
        let mut text = Vec::new();
        write(&[NamedMesh { name: "a\nb", mesh: &mesh }], &mut text).unwrap();
        expect_test::expect![[r"
            // scadstream
            global_settings { assumed_gamma 2.2 }
            background { rgb <1,1,0.9> }
            camera { location <7.25,-9.6,8.549999999999999> sky <0,0,1> right -x*image_width/image_height look_at <2,1.5,0> angle 25 }
            light_source { <-7.75,-9.6,23.549999999999997> rgb 1 }
            light_source { <7.25,-9.6,8.549999999999999> rgb 0.4 shadowless }
            // ab
            mesh2 {
             vertex_vectors { 3
              ,<0,0,0>
              ,<4,0,0>
              ,<0,3,0>
             }
             texture_list { 1
              ,texture { pigment { rgbt <0.976,0.843,0.173,0> } }
             }
             face_indices { 1
              ,<0,1,2>,0
             }
            }
        "]]
        .assert_eq(&String::from_utf8(text).unwrap());
    }
}
