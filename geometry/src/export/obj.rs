//! OBJ, Wavefront's text format: vertices and faces, without materials.

use std::io::Write;

use super::{ExportError, Spaced};
use crate::mesh::Mesh;

/// Writes `v` lines for vertices and `f` lines for triangles, whose indices count from 1.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(mesh: &Mesh, out: &mut impl Write) -> Result<(), ExportError> {
    writeln!(out, "# scadstream")?;
    for position in &mesh.positions {
        writeln!(out, "v {}", Spaced(*position))?;
    }
    for triangle in &mesh.triangles {
        let [a, b, c] = triangle.map(|vertex| u64::from(vertex) + 1);
        writeln!(out, "f {a} {b} {c}")?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_count_from_one() {
        let mesh = Mesh::new(vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, -2.5, 0.0]], vec![[0, 1, 2]]);
        let mut text = Vec::new();
        write(&mesh, &mut text).unwrap();
        expect_test::expect![[r"
            # scadstream
            v 0 0 0
            v 1 0 0
            v 0 -2.5 0
            f 1 2 3
        "]]
        .assert_eq(&String::from_utf8(text).unwrap());
    }
}
