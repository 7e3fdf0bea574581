//! PNG: a picture of the model, drawn by a small rasteriser of our own.
//!
//! Faces are flat and lit from two sides, in the colours of one of OpenSCAD's schemes. `#` and `%` parts are laid over
//! the rest, half transparent. The same model gives the same bytes, on every machine.

mod camera;
mod edges;
mod guides;
mod raster;
mod scheme;

use std::io::Write;

pub use camera::{Camera, Projection, View};
pub use scheme::{SCHEMES, Scheme};

use super::ExportError;
use crate::measure::{cross, dot, sub};
use crate::mesh::{Bounds, Mesh};
use crate::solve::PartKind;
use raster::{Canvas, Corner};

/// Most pixels along either side.
pub const MOST_PIXELS: u32 = 4096;

/// Up to this many pixels each is the mean of four samples. Larger pictures do without, to bound memory.
const MOST_SMOOTH: u64 = 2048 * 2048;

/// Colours of parts marked `#` and `%`, as OpenSCAD has them.
const HIGHLIGHT: [u8; 4] = [255, 81, 81, 128];
const IN_BACKGROUND: [u8; 4] = [180, 180, 180, 128];

/// Directions from which light comes, seen from the camera, with their strengths; the rest comes from everywhere.
const LIGHTS: [([f64; 3], f64); 2] = [([-0.48, 0.64, 0.6], 0.6), ([0.6, -0.48, 0.64], 0.25)];
const AMBIENT: f64 = 0.35;

/// How much nearer a highlighted part counts than it is, so that it shows on the faces that it shares with others.
const LIFTED: f64 = 1e-5;

/// How much nearer edges count than they are, so that they show on both of their faces. Picked by hand.
const EDGES_LIFTED: f64 = 2e-3;

/// Widths of lines in pixels: edges as they look in OpenSCAD, all others.
const EDGE_WIDTH: f64 = 2.0;
const LINE_WIDTH: f64 = 1.0;

/// Size of the picture and from where it is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Width and height in pixels, each from 1 to [`MOST_PIXELS`].
    pub size: [u32; 2],
    /// The camera.
    pub view: View,
    /// The colours.
    pub scheme: Scheme,
    /// What there is to see beside the faces.
    pub show: Show,
}

/// What a picture shows beside faces, by OpenSCAD's names; nothing unless asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Show {
    /// The axes, broken where they are negative.
    pub axes: bool,
    /// Diagonals through the point that the camera looks at.
    pub crosshairs: bool,
    /// Edges between faces.
    pub edges: bool,
    /// Ticks and numbers along the axes, if those are shown.
    pub scales: bool,
    /// Edges instead of faces.
    pub wireframe: bool,
}

impl Default for Options {
    /// OpenSCAD's 512 × 512 pixels, with everything in view.
    fn default() -> Self {
        Self {
            size: [512, 512],
            view: View::default(),
            scheme: Scheme::default(),
            show: Show::default(),
        }
    }
}

/// Draws meshes in their roles and writes the picture.
///
/// # Errors
/// [`ExportError::TooLarge`] for a size that is out of range, [`ExportError::Io`].
pub fn write(
    parts: &[(PartKind, &Mesh)],
    options: &Options,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    if !options.size.iter().all(|pixels| (1..=MOST_PIXELS).contains(pixels)) {
        return Err(ExportError::TooLarge("PNG"));
    }
    let pixels = draw(parts, options);
    let [width, height] = options.size;
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(std::io::Error::from)?;
    writer.write_image_data(&pixels).map_err(std::io::Error::from)?;
    Ok(writer.finish().map_err(std::io::Error::from)?)
}

/// Rows from the top, three bytes to the pixel.
fn draw(parts: &[(PartKind, &Mesh)], options: &Options) -> Vec<u8> {
    let [width, height] = options.size;
    let samples = if u64::from(width) * u64::from(height) <= MOST_SMOOTH { 2 } else { 1 };
    let mut canvas = Canvas::new(width * samples, height * samples, options.scheme.background);
    let bounds = parts.iter().filter_map(|(_, mesh)| mesh.bounds()).reduce(Bounds::union);
    let camera = options.view.camera(bounds, f64::from(width) / f64::from(height));
    // What can be seen through is laid over what cannot.
    let pixel = f64::from(samples);
    for through in [false, true] {
        for (kind, mesh) in parts {
            if !options.show.wireframe {
                draw_part(*kind, mesh, &camera, options.scheme, through, &mut canvas);
            }
            if !through && (options.show.edges || options.show.wireframe) {
                let at = |vertex: u32| camera.seen(mesh.positions[vertex as usize]);
                for edge in edges::edges(mesh) {
                    let width = EDGE_WIDTH * pixel;
                    canvas.line(edge.map(at), options.scheme.edge, width, 1.0 + EDGES_LIFTED);
                }
            }
        }
        if !through {
            guides::draw(options, &camera, LINE_WIDTH * pixel, &mut canvas);
        }
    }
    canvas.pixels(samples)
}

fn draw_part(
    kind: PartKind,
    mesh: &Mesh,
    camera: &Camera,
    scheme: Scheme,
    through: bool,
    canvas: &mut Canvas,
) {
    let corners: Vec<Corner> = mesh.positions.iter().map(|p| camera.seen(*p)).collect();
    let (own, lift) = match kind {
        PartKind::Highlight => (Some(HIGHLIGHT), 1.0 + LIFTED),
        PartKind::Background => (Some(IN_BACKGROUND), 1.0),
        PartKind::Solid | PartKind::Flat => (None, 1.0),
    };
    for (range, paint) in mesh.painted_runs() {
        let colour = own.unwrap_or_else(|| scheme.colour(paint));
        if (colour[3] < 255) != through {
            continue;
        }
        for index in range {
            let triangle = mesh.triangles[index].map(|vertex| corners[vertex as usize]);
            let Some(normal) = camera.normal(mesh.corners(index)) else { continue };
            // The far sides of what can be seen through would darken the near ones.
            if through && normal[2] < 0.0 && kind != PartKind::Flat {
                continue;
            }
            canvas.triangle(triangle, lit(colour, normal), lift);
        }
    }
}

/// The colour of a face with this unit normal; a face seen from behind is lit as from the front.
fn lit([red, green, blue, alpha]: [u8; 4], normal: [f64; 3]) -> [u8; 4] {
    let facing = if normal[2] < 0.0 { normal.map(|c| -c) } else { normal };
    let light = LIGHTS.iter().map(|(from, strength)| dot(facing, *from).max(0.0) * strength);
    let light = (AMBIENT + light.sum::<f64>()).min(1.0);
    let [red, green, blue] =
        [red, green, blue].map(|channel| (f64::from(channel) * light).round() as u8);
    [red, green, blue, alpha]
}

/// The unit normal of a triangle; none if it has no area.
fn unit_normal([a, b, c]: [[f64; 3]; 3]) -> Option<[f64; 3]> {
    let normal = cross(sub(b, a), sub(c, a));
    let length = dot(normal, normal).sqrt();
    (length > 0.0 && length.is_finite()).then(|| normal.map(|c| c / length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::Paint;
    use crate::primitives::cube;

    fn top() -> View {
        let rotation = [0.0; 3];
        View { rotation, projection: Projection::Orthographic, ..View::default() }
    }

    fn picture(parts: &[(PartKind, &Mesh)], view: View) -> (Vec<u8>, usize) {
        let options = Options { size: [64, 64], view, ..Options::default() };
        let pixels = draw(parts, &options);
        let background =
            pixels.chunks(3).filter(|pixel| *pixel == Scheme::default().background).count();
        (pixels, 64 * 64 - background)
    }

    fn at(pixels: &[u8], x: usize, y: usize) -> [u8; 3] {
        pixels[3 * (64 * y + x)..][..3].try_into().unwrap()
    }

    #[test]
    fn seen_from_above_a_square_covers_its_share() {
        let flat = cube([10.0, 10.0, 1.0], false);
        let (pixels, covered) = picture(&[(PartKind::Solid, &flat)], top());
        let side = (covered as f64).sqrt() / 64.0;
        // The box's ball fits: its diameter is the square's diagonal, more or less.
        assert!((0.6..0.75).contains(&side), "{side}");
        let [red, green, blue] = at(&pixels, 32, 32);
        assert!(red > green && green > blue, "{red} {green} {blue}");
        assert_eq!(at(&pixels, 2, 2), Scheme::default().background);
    }

    #[test]
    fn nearer_faces_hide_farther_ones_whatever_their_order() {
        let mut low = cube([10.0, 10.0, 1.0], false);
        low.paint(Paint::Color([1.0, 0.0, 0.0, 1.0]));
        let mut high = cube([10.0, 10.0, 1.0], false);
        high.positions.iter_mut().for_each(|p| p[2] += 5.0);
        high.paint(Paint::Color([0.0, 0.0, 1.0, 1.0]));
        let (first, _) = picture(&[(PartKind::Solid, &low), (PartKind::Solid, &high)], top());
        let (second, _) = picture(&[(PartKind::Solid, &high), (PartKind::Solid, &low)], top());
        assert_eq!(first, second);
        let [red, _, blue] = at(&first, 32, 32);
        assert!(red == 0 && blue > 100);
    }

    #[test]
    fn marked_parts_are_laid_over_the_rest() {
        let solid = cube([10.0; 3], false);
        let plain = at(&picture(&[(PartKind::Solid, &solid)], top()).0, 32, 32);
        let both = [(PartKind::Highlight, &solid), (PartKind::Solid, &solid)];
        let marked = at(&picture(&both, top()).0, 32, 32);
        assert!(marked[1] < plain[1], "{marked:?} {plain:?}");
    }

    #[test]
    fn the_eye_may_be_anywhere() {
        let solid = cube([10.0; 3], false);
        for rotation in [[90.0, 0.0, 0.0], [55.0, 0.0, 25.0], [180.0, 33.0, 71.0]] {
            for projection in [Projection::Orthographic, Projection::Perspective] {
                let view = View { rotation, projection, ..View::default() };
                let (_, covered) = picture(&[(PartKind::Solid, &solid)], view);
                assert!((800..3000).contains(&covered), "{rotation:?} {projection:?} {covered}");
            }
        }
        // In its middle nothing is before the eye but the far walls, which fill the picture.
        let inside = View { view_all: false, distance: 0.1, auto_center: true, ..View::default() };
        assert_eq!(picture(&[(PartKind::Solid, &solid)], inside).1, 64 * 64);
        let nothing = picture(&[], View::default());
        assert_eq!(nothing.1, 0);
    }

    #[test]
    fn schemes_colour_the_background_and_plain_faces() {
        let solid = cube([10.0; 3], false);
        let mut seen = Vec::new();
        for scheme in SCHEMES {
            assert_eq!(Scheme::named(&scheme.name.to_uppercase()), Some(scheme));
            let options = Options { size: [64, 64], view: top(), scheme, ..Options::default() };
            let pixels = draw(&[(PartKind::Solid, &solid)], &options);
            assert_eq!(at(&pixels, 2, 2), scheme.background, "{}", scheme.name);
            let face = at(&pixels, 32, 32);
            assert_ne!(face, scheme.background, "{}", scheme.name);
            seen.push((scheme.background, face));
        }
        seen.sort_unstable();
        seen.dedup();
        // Cornfield and Monotone differ in what was cut alone.
        assert_eq!(seen.len(), SCHEMES.len() - 1);
        assert_eq!(Scheme::named("Cornfeld"), None);
    }

    #[test]
    fn what_is_shown_beside_faces_is_there_when_asked_for() {
        let solid = cube([10.0; 3], false);
        let view = View { view_all: false, auto_center: false, ..View::default() };
        let count = |show: Show| {
            let options = Options { size: [200, 200], view, show, ..Options::default() };
            let pixels = draw(&[(PartKind::Solid, &solid)], &options);
            let of = |colour: [u8; 3]| pixels.chunks(3).filter(|pixel| *pixel == colour).count();
            let scheme = options.scheme;
            [of(scheme.background), of(scheme.axis), of(scheme.crosshair), of(scheme.edge)]
        };
        let plain = count(Show::default());
        assert_eq!(plain[1..], [0; 3]);
        let axes = count(Show { axes: true, ..Show::default() });
        assert!(axes[0] < plain[0] - 100 && axes[1] > 20 && axes[3] == 0, "{plain:?} {axes:?}");
        let scales = count(Show { axes: true, scales: true, ..Show::default() });
        assert!(scales[0] < axes[0] - 50, "{axes:?} {scales:?}");
        assert_eq!(count(Show { scales: true, ..Show::default() }), plain);
        let crosshairs = count(Show { crosshairs: true, ..Show::default() });
        assert!(crosshairs[2] > 20 && crosshairs[1] == 0, "{crosshairs:?}");
        let edges = count(Show { edges: true, ..Show::default() });
        assert!(edges[3] > 50 && edges[0].abs_diff(plain[0]) < 200, "{plain:?} {edges:?}");
        let wires = count(Show { wireframe: true, ..Show::default() });
        assert!(wires[0] > plain[0] + 100 && wires[3] > edges[3], "{plain:?} {wires:?}");
    }

    #[test]
    fn files_are_pictures_of_the_size_asked_for() {
        let mut bytes = Vec::new();
        let solid = cube([1.0; 3], true);
        let options = Options { size: [40, 30], ..Options::default() };
        write(&[(PartKind::Solid, &solid)], &options, &mut bytes).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height), (40, 30));
        for size in [[0, 10], [10, MOST_PIXELS + 1]] {
            let options = Options { size, ..Options::default() };
            assert!(matches!(write(&[], &options, &mut Vec::new()), Err(ExportError::TooLarge(_))));
        }
    }
}
