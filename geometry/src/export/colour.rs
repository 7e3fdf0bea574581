//! The colours of a mesh's faces, as formats with colours need them: a palette and an index for each run.

use std::ops::Range;

use crate::mesh::{Mesh, Paint};

/// Red, green, blue and alpha, from 0 to 255.
pub type Rgba = [u8; 4];

/// The colour of faces that have none, in OpenSCAD's own scheme.
pub const DEFAULT: Rgba = [0xf9, 0xd7, 0x2c, 0xff];

/// The colour of faces left by an uncoloured object that was subtracted, in OpenSCAD's own scheme.
pub const CUT: Rgba = [0x9d, 0xcb, 0x51, 0xff];

/// Different colours, in order of their first faces.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Palette {
    pub(super) colours: Vec<Rgba>,
}

impl Palette {
    /// The colours of these meshes; empty where no face was ever coloured, so that a plain model stays plain.
    pub(super) fn of<'a>(meshes: impl IntoIterator<Item = &'a Mesh> + Clone) -> Self {
        let mut palette = Self::default();
        if meshes.clone().into_iter().any(is_coloured) {
            for (_, paint) in meshes.into_iter().flat_map(Mesh::painted_runs) {
                let colour = rgba(paint);
                if !palette.colours.contains(&colour) {
                    palette.colours.push(colour);
                }
            }
        }
        palette
    }

    /// The index of a paint's colour; none in a palette without colours.
    pub(super) fn index(&self, paint: Paint) -> Option<usize> {
        let colour = rgba(paint);
        self.colours.iter().position(|known| *known == colour)
    }

    /// The mesh's triangles by colour: for each that it uses, the ranges of triangles in order.
    pub(super) fn by_colour(&self, mesh: &Mesh) -> Vec<(Option<usize>, Vec<Range<usize>>)> {
        let mut groups: Vec<(Option<usize>, Vec<Range<usize>>)> = Vec::new();
        for (range, paint) in mesh.painted_runs().filter(|(range, _)| !range.is_empty()) {
            let index = self.index(paint);
            match groups.iter_mut().find(|(known, _)| *known == index) {
                Some((_, ranges)) => ranges.push(range),
                None => groups.push((index, vec![range])),
            }
        }
        groups
    }
}

/// Whether any face was given a colour.
pub(super) fn is_coloured(mesh: &Mesh) -> bool {
    mesh.painted_runs().any(|(_, paint)| matches!(paint, Paint::Color(_)))
}

/// The colour that faces of this paint are seen in.
pub fn rgba(paint: Paint) -> Rgba {
    match paint {
        Paint::Default => DEFAULT,
        Paint::Cut => CUT,
        // The cast saturates, so a colour out of range is the nearest that there is.
        Paint::Color(rgba) => rgba.map(|channel| (channel * 255.0).round() as u8),
    }
}

/// `#RRGGBB`, with the alpha behind it unless it is opaque.
pub(super) fn hex([red, green, blue, alpha]: Rgba) -> String {
    let opaque = format!("#{red:02X}{green:02X}{blue:02X}");
    if alpha == 255 { opaque } else { format!("{opaque}{alpha:02X}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::Run;

    #[test]
    fn a_plain_model_has_no_palette_and_a_coloured_one_all_its_colours() {
        let triangle = Mesh::new(vec![[0.0; 3]; 3], vec![[0, 1, 2]; 4]);
        assert_eq!(Palette::of([&triangle]), Palette::default());
        let red = Paint::Color([2.0, 0.0, 0.0, 0.5]);
        let run = |end, paint| Run { end, paint };
        let runs = vec![run(1, red), run(2, Paint::Cut), run(3, red), run(4, Paint::Cut)];
        let coloured = Mesh { runs, ..triangle };
        let palette = Palette::of([&coloured]);
        assert_eq!(palette.colours, [[255, 0, 0, 128], CUT]);
        assert_eq!(
            palette.by_colour(&coloured),
            [(Some(0), vec![0..1, 2..3]), (Some(1), vec![1..2, 3..4])]
        );
        assert_eq!((hex(palette.colours[0]), hex(CUT)), ("#FF000080".into(), "#9DCB51".into()));
    }
}
