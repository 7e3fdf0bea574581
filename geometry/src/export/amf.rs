//! AMF (ISO/ASTM 52915): an object for each part, a volume and a material for each of its colours.

use std::io::Write;

use super::colour::Palette;
use super::xml::Escaped;
use super::{ExportError, NamedMesh, Number};

/// Writes a plain, unpacked AMF file in millimetres.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(parts: &[NamedMesh<'_>], out: &mut impl Write) -> Result<(), ExportError> {
    let palette = Palette::of(parts.iter().map(|part| part.mesh));
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<amf unit="millimeter">"#)?;
    writeln!(out, r#" <metadata type="producer">scadstream</metadata>"#)?;
    for (id, colour) in palette.colours.iter().enumerate() {
        let [r, g, b, a] = colour.map(|channel| Number(f64::from(channel) / 255.0));
        writeln!(
            out,
            r#" <material id="{}"><color><r>{r}</r><g>{g}</g><b>{b}</b><a>{a}</a></color></material>"#,
            id + 1
        )?;
    }
    for (id, part) in parts.iter().enumerate() {
        let mesh = part.mesh;
        writeln!(out, r#" <object id="{id}">"#)?;
        writeln!(out, r#"  <metadata type="name">{}</metadata>"#, Escaped(part.name))?;
        writeln!(out, "  <mesh>\n   <vertices>")?;
        for position in &mesh.positions {
            let [x, y, z] = position.map(Number);
            writeln!(
                out,
                "    <vertex><coordinates><x>{x}</x><y>{y}</y><z>{z}</z></coordinates></vertex>"
            )?;
        }
        writeln!(out, "   </vertices>")?;
        for (colour, ranges) in palette.by_colour(mesh) {
            match colour {
                Some(index) => writeln!(out, r#"   <volume materialid="{}">"#, index + 1)?,
                None => writeln!(out, "   <volume>")?,
            }
            for [a, b, c] in ranges.into_iter().flat_map(|range| &mesh.triangles[range]) {
                writeln!(out, "    <triangle><v1>{a}</v1><v2>{b}</v2><v3>{c}</v3></triangle>")?;
            }
            writeln!(out, "   </volume>")?;
        }
        writeln!(out, "  </mesh>\n </object>")?;
    }
    writeln!(out, "</amf>")?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{Mesh, Paint, Run};

    #[test]
    fn colours_are_materials_of_volumes() {
        let mut mesh =
            Mesh::new(vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 2.5, 0.0]], vec![[0, 1, 2], [0, 2, 1]]);
        let blue = Paint::Color([0.0, 0.0, 1.0, 1.0]);
        mesh.runs = vec![Run { end: 1, paint: blue }, Run { end: 2, paint: Paint::Default }];
        let mut text = Vec::new();
        write(&[NamedMesh { name: "a<b", mesh: &mesh }], &mut text).unwrap();
        expect_test::expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <amf unit="millimeter">
             <metadata type="producer">scadstream</metadata>
             <material id="1"><color><r>0</r><g>0</g><b>1</b><a>1</a></color></material>
             <material id="2"><color><r>0.9764705882352941</r><g>0.8431372549019608</g><b>0.17254901960784313</b><a>1</a></color></material>
             <object id="0">
              <metadata type="name">a&lt;b</metadata>
              <mesh>
               <vertices>
                <vertex><coordinates><x>0</x><y>0</y><z>0</z></coordinates></vertex>
                <vertex><coordinates><x>1</x><y>0</y><z>0</z></coordinates></vertex>
                <vertex><coordinates><x>0</x><y>2.5</y><z>0</z></coordinates></vertex>
               </vertices>
               <volume materialid="1">
                <triangle><v1>0</v1><v2>1</v2><v3>2</v3></triangle>
               </volume>
               <volume materialid="2">
                <triangle><v1>0</v1><v2>2</v2><v3>1</v3></triangle>
               </volume>
              </mesh>
             </object>
            </amf>
        "#]]
        .assert_eq(&String::from_utf8(text).unwrap());
    }
}
