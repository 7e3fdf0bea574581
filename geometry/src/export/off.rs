//! OFF, the object file format of Geomview, with a colour per face where the model has one.

use std::io::Write;

use super::colour::{CUT, Rgba, is_coloured, rgba};
use super::{ExportError, Spaced};
use crate::mesh::{Mesh, Paint};

/// Writes `OFF`, the counts, vertices, and faces as indices followed by red, green, blue (and alpha unless opaque) from
/// 0 to 255. Faces without a colour have none.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(mesh: &Mesh, out: &mut impl Write) -> Result<(), ExportError> {
    writeln!(out, "OFF {} {} 0", mesh.positions.len(), mesh.triangles.len())?;
    for position in &mesh.positions {
        writeln!(out, "{}", Spaced(*position))?;
    }
    // A model without any colour keeps the cut faces plain as well.
    let coloured = is_coloured(mesh);
    for (range, paint) in mesh.painted_runs() {
        let colour = match paint {
            Paint::Color(_) => text_of(rgba(paint)),
            Paint::Cut if coloured => text_of(CUT),
            Paint::Default | Paint::Cut => String::new(),
        };
        for [a, b, c] in &mesh.triangles[range] {
            writeln!(out, "3 {a} {b} {c}{colour}")?;
        }
    }
    Ok(out.flush()?)
}

fn text_of([r, g, b, a]: Rgba) -> String {
    if a == 255 { format!(" {r} {g} {b}") } else { format!(" {r} {g} {b} {a}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::Run;

    #[track_caller]
    fn check(mesh: &Mesh, expected: expect_test::Expect) {
        let mut text = Vec::new();
        write(mesh, &mut text).unwrap();
        expected.assert_eq(&String::from_utf8(text).unwrap());
    }

    fn two_triangles() -> Mesh {
        let corners = vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.5]];
        Mesh::new(corners, vec![[0, 1, 2], [0, 1, 3]])
    }

    #[test]
    fn faces_without_colour_are_plain() {
        let mut mesh = two_triangles();
        let plain = expect_test::expect![[r"
            OFF 4 2 0
            0 0 0
            1 0 0
            0 1 0
            0 0 0.5
            3 0 1 2
            3 0 1 3
        "]];
        mesh.paint(Paint::Cut);
        check(&mesh, plain);
    }

    #[test]
    fn colours_are_whole_numbers_per_face() {
        let mut mesh = two_triangles();
        mesh.runs = vec![
            Run { end: 1, paint: Paint::Cut },
            Run { end: 2, paint: Paint::Color([1.0, 0.5, 0.0, 0.5]) },
        ];
        check(
            &mesh,
            expect_test::expect![[r"
                OFF 4 2 0
                0 0 0
                1 0 0
                0 1 0
                0 0 0.5
                3 0 1 2 157 203 81
                3 0 1 3 255 128 0 128
            "]],
        );
    }
}
