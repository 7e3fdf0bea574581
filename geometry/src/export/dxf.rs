//! DXF of a region: a closed `LWPOLYLINE` for each outline, in millimetres.

use std::io::Write;

use super::{ExportError, Number};
use crate::region::Region;

/// `$INSUNITS` of millimetres.
const MILLIMETRES: u8 = 4;

/// Writes header, outlines on layer 0, and the end.
///
/// # Errors
/// [`ExportError::Io`].
pub fn write(region: &Region, out: &mut impl Write) -> Result<(), ExportError> {
    write!(out, "0\nSECTION\n2\nHEADER\n9\n$INSUNITS\n70\n{MILLIMETRES}\n0\nENDSEC\n")?;
    write!(out, "0\nSECTION\n2\nENTITIES\n")?;
    for outline in region.outlines() {
        write!(out, "0\nLWPOLYLINE\n100\nAcDbEntity\n8\n0\n100\nAcDbPolyline\n")?;
        // Flag 1 closes it.
        write!(out, "90\n{}\n70\n1\n", outline.len())?;
        for [x, y] in outline {
            write!(out, "10\n{}\n20\n{}\n", Number(*x), Number(*y))?;
        }
    }
    write!(out, "0\nENDSEC\n0\nEOF\n")?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::polygon;

    #[test]
    fn outlines_are_closed_polylines() {
        let mut text = Vec::new();
        write(&polygon(&[[0.0, 0.0], [2.5, 0.0], [0.0, 1.0]], None), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let (_, polyline) = text.split_once("LWPOLYLINE").unwrap();
        expect_test::expect![
            " 100 AcDbEntity 8 0 100 AcDbPolyline 90 3 70 1 10 0 20 1 10 0 20 0 10 2.5 20 0 0 ENDSEC 0 EOF "
        ]
        .assert_eq(&polyline.replace('\n', " "));
    }
}
