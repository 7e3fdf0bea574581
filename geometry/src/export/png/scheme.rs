//! The colours of pictures: OpenSCAD's schemes by their names.
//!
//! The values are those of pixels in pictures that its release of 2021 took of a brightly lit cube, not those of its
//! files, so they are near to what it has and need not be the same.

use crate::export::colour::{Rgba, rgba};
use crate::mesh::Paint;

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme {
    /// What `--colorscheme` calls it.
    pub name: &'static str,
    pub(super) background: [u8; 3],
    /// Faces that have no colour of their own.
    face: [u8; 3],
    /// Faces left by an uncoloured object that was subtracted.
    cut: [u8; 3],
    pub(super) edge: [u8; 3],
    pub(super) axis: [u8; 3],
    pub(super) crosshair: [u8; 3],
}

const fn scheme(name: &'static str, colours: [u32; 6]) -> Scheme {
    let [background, face, cut, edge, axis, crosshair] = colours;
    Scheme {
        name,
        background: channels(background),
        face: channels(face),
        cut: channels(cut),
        edge: channels(edge),
        axis: channels(axis),
        crosshair: channels(crosshair),
    }
}

const fn channels(hex: u32) -> [u8; 3] {
    let [_, red, green, blue] = hex.to_be_bytes();
    [red, green, blue]
}

/// All schemes, the usual one first: background, faces, cut faces, edges, axes, crosshairs.
pub const SCHEMES: [Scheme; 11] = [
    scheme("Cornfield", [0xffffe5, 0xf9d72c, 0x9dcb51, 0xffec5e, 0x000000, 0x800000]),
    scheme("Metallic", [0xaaaaff, 0xddddff, 0xdd22dd, 0xff0000, 0x222233, 0x800000]),
    scheme("Sunset", [0xaa4444, 0xffaaaa, 0x882233, 0xff0000, 0x220d0d, 0x800000]),
    scheme("Starnight", [0x000000, 0xffffe0, 0x00ffff, 0x0000ff, 0xe5e5e5, 0xf0f0f0]),
    scheme("BeforeDawn", [0x333333, 0xcccccc, 0x5563dd, 0xff0000, 0xc1c1c1, 0xf0f0f0]),
    scheme("Nature", [0xfafafa, 0x16a085, 0xdbf4da, 0xff0000, 0x323232, 0x111111]),
    scheme("DeepOcean", [0x333333, 0xeeeeee, 0x0babc8, 0x0000ff, 0xc1c1c1, 0xf0f0f0]),
    scheme("Solarized", [0xfdf6e3, 0xb58800, 0x882233, 0xb58800, 0x191816, 0x800000]),
    scheme("Tomorrow", [0xf8f8f8, 0x4271ae, 0xeab700, 0x4d4d4c, 0x181818, 0x8959a8]),
    scheme("Tomorrow Night", [0x1d1f21, 0x81a2be, 0xf0c674, 0xc5c8c6, 0xe8e8e8, 0xb294bb]),
    scheme("Monotone", [0xffffe5, 0xf9d72c, 0xf9d72c, 0xff0000, 0x191916, 0x800000]),
];

impl Scheme {
    /// The scheme of this name, whatever the case of its letters.
    pub fn named(name: &str) -> Option<Self> {
        SCHEMES.into_iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name))
    }

    /// The colour that faces of this paint are seen in.
    pub(super) fn colour(&self, paint: Paint) -> Rgba {
        let opaque = |[red, green, blue]: [u8; 3]| [red, green, blue, 255];
        match paint {
            Paint::Default => opaque(self.face),
            Paint::Cut => opaque(self.cut),
            Paint::Color(_) => rgba(paint),
        }
    }
}

impl Default for Scheme {
    /// OpenSCAD's, Cornfield.
    fn default() -> Self {
        SCHEMES[0]
    }
}
