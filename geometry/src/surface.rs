//! `surface()`: a height map as a solid.
//!
//! The map is a text of numbers, a line for each row, or a PNG picture. Points are 1 apart. Every cell is four triangles
//! around the mean of its corners, walls go straight down to 1 below the lowest point (of a text, to 0 if that is lower),
//! and the floor is flat.

use scadstream_csg::FileData;

use crate::kernel::triangulate;
use crate::mesh::Mesh;

/// Most points of a map. Picked by hand: four triangles for each are as many as a model may sensibly have.
const MOST_POINTS: usize = 1 << 22;

/// Why there is no surface.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SurfaceError {
    /// Something in a text is no number.
    #[error("Illegal value in '{name}', line {line}: '{value}'")]
    Value {
        /// The file.
        name: String,
        /// Line, counted from 1.
        line: usize,
        /// What stands there.
        value: String,
    },
    /// The picture cannot be read.
    #[error("Can't read PNG image '{name}': {problem}")]
    Picture {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The map has more points than can be worked with.
    #[error("'{name}' has more than {MOST_POINTS} points")]
    TooLarge {
        /// The file.
        name: String,
    },
}

/// The solid below a height map, closed; empty if the map has fewer than two rows or columns.
///
/// `center` puts it around the Z axis. `invert` has an effect on pictures only.
///
/// # Errors
/// [`SurfaceError`]
pub fn surface(file: &FileData, center: bool, invert: bool) -> Result<Mesh, SurfaceError> {
    let is_picture = file.bytes.starts_with(b"\x89PNG\r\n\x1a\n");
    let map = if is_picture { read_picture(file, invert)? } else { read_text(file)? };
    Ok(map.solid(center))
}

/// Heights, row by row, the row at y = 0 first.
struct HeightMap {
    columns: usize,
    rows: usize,
    heights: Vec<f64>,
    floor: f64,
}

/// Numbers separated by blanks. Short rows are filled up with 0; lines that are empty or begin with `#` do not count.
fn read_text(file: &FileData) -> Result<HeightMap, SurfaceError> {
    let text = String::from_utf8_lossy(&file.bytes);
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default();
        let mut row = Vec::new();
        for value in content.split_whitespace() {
            match value.parse::<f64>() {
                Ok(height) if height.is_finite() => row.push(height),
                _ => {
                    let (name, value) = (file.name.to_string(), value.to_owned());
                    return Err(SurfaceError::Value { name, line, value });
                }
            }
        }
        if !row.is_empty() {
            rows.push(row);
        }
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if columns.saturating_mul(rows.len()) > MOST_POINTS {
        return Err(SurfaceError::TooLarge { name: file.name.to_string() });
    }
    // At 0 or 1 below the lowest point, whichever is lower: OpenSCAD's way for texts, though not for pictures.
    let lowest = rows.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let floor = (lowest - 1.0).min(0.0);
    let count = rows.len();
    let mut heights = Vec::with_capacity(columns * count);
    for mut row in rows {
        row.resize(columns, 0.0);
        heights.extend(row);
    }
    Ok(HeightMap { columns, rows: count, heights, floor })
}

/// Brightness from 0 to 100, the lowest row of the picture at y = 0.
///
/// Inverted, a pixel counts as 1 minus its brightness of 0 to 255, not as 255 minus it: OpenSCAD's slip, kept.
fn read_picture(file: &FileData, invert: bool) -> Result<HeightMap, SurfaceError> {
    let fault = |problem: png::DecodingError| SurfaceError::Picture {
        name: file.name.to_string(),
        problem: problem.to_string(),
    };
    let too_large = || SurfaceError::TooLarge { name: file.name.to_string() };
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&file.bytes[..]));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(fault)?;
    let (columns, rows) = (reader.info().width as usize, reader.info().height as usize);
    if columns.saturating_mul(rows) > MOST_POINTS {
        return Err(too_large());
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(too_large)?];
    let frame = reader.next_frame(&mut pixels).map_err(fault)?;
    let samples = frame.color_type.samples();
    let height = |pixel: &[u8]| {
        let [red, green, blue] = match *pixel {
            [red, green, blue, ..] => [red, green, blue],
            [grey, ..] => [grey; 3],
            [] => [0; 3],
        }
        .map(f64::from);
        let brightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        (if invert { 1.0 - brightness } else { brightness }) * 100.0 / 255.0
    };
    let mut heights = Vec::with_capacity(columns * rows);
    for row in pixels.chunks(frame.line_size).take(rows).rev() {
        heights.extend(row.chunks(samples).take(columns).map(height));
    }
    let floor = heights.iter().copied().fold(f64::INFINITY, f64::min) - 1.0;
    Ok(HeightMap { columns, rows, heights, floor })
}

impl HeightMap {
    fn solid(&self, center: bool) -> Mesh {
        if self.columns < 2 || self.rows < 2 {
            return Mesh::default();
        }
        let half = |count: usize| if center { (count - 1) as f64 / 2.0 } else { 0.0 };
        let (left, front) = (half(self.columns), half(self.rows));
        let mut mesh = Mesh::default();
        for (index, height) in self.heights.iter().enumerate() {
            let (row, column) = (index / self.columns, index % self.columns);
            mesh.positions.push([column as f64 - left, row as f64 - front, *height]);
        }
        let point = |row: usize, column: usize| (row * self.columns + column) as u32;
        for row in 0..self.rows - 1 {
            for column in 0..self.columns - 1 {
                let corners = [
                    point(row, column),
                    point(row, column + 1),
                    point(row + 1, column + 1),
                    point(row + 1, column),
                ];
                add_cell(&mut mesh, corners);
            }
        }
        self.add_base(&mut mesh);
        mesh
    }

    /// Walls around the map and the floor between them.
    fn add_base(&self, mesh: &mut Mesh) {
        let (last_row, last_column) = (self.rows - 1, self.columns - 1);
        // Counter-clockwise seen from above.
        let border = (0..last_column)
            .map(|column| (0, column))
            .chain((0..last_row).map(|row| (row, last_column)))
            .chain((1..=last_column).rev().map(|column| (last_row, column)))
            .chain((1..=last_row).rev().map(|row| (row, 0)));
        let rim: Vec<u32> =
            border.map(|(row, column)| (row * self.columns + column) as u32).collect();
        let first = mesh.positions.len() as u32;
        for vertex in &rim {
            let [x, y, _] = mesh.positions[*vertex as usize];
            mesh.positions.push([x, y, self.floor]);
        }
        let count = rim.len() as u32;
        for i in 0..count {
            let j = (i + 1) % count;
            let (low_i, low_j) = (first + i, first + j);
            let (high_i, high_j) = (rim[i as usize], rim[j as usize]);
            mesh.triangles.extend([[low_i, low_j, high_j], [low_i, high_j, high_i]]);
        }
        let outline = mesh.positions[first as usize..].iter().map(|[x, y, _]| [*x, *y]).collect();
        let floor = triangulate(&[outline]);
        mesh.triangles.extend(floor.iter().map(|[a, b, c]| [first + a, first + c, first + b]));
    }
}

/// Four triangles around the mean of the corners, which run counter-clockwise.
fn add_cell(mesh: &mut Mesh, corners: [u32; 4]) {
    let places = corners.map(|corner| mesh.positions[corner as usize]);
    let mean = [0, 1, 2].map(|axis| places.iter().map(|p| p[axis]).sum::<f64>() / 4.0);
    let middle = mesh.positions.len() as u32;
    mesh.positions.push(mean);
    for i in 0..4 {
        mesh.triangles.push([corners[i], corners[(i + 1) % 4], middle]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::measure;

    fn text(content: &str) -> FileData {
        FileData::new("map.dat", content.as_bytes())
    }

    /// A picture with one sample per pixel and 8 bits each.
    fn grey(width: u32, pixels: &[u8]) -> FileData {
        let mut bytes = Vec::new();
        let height = pixels.len() as u32 / width;
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        FileData::new("map.png", bytes)
    }

    #[track_caller]
    fn check(mesh: Mesh, volume: f64, low: [f64; 3], high: [f64; 3]) {
        let facts = measure(&mesh);
        assert!(facts.closed && facts.genus == 0 && facts.components == 1, "{facts:?}");
        assert!((facts.volume - volume).abs() < 1.0e-6, "volume {}", facts.volume);
        let bounds = facts.bounds.unwrap();
        assert!(
            [bounds.min, bounds.max]
                .concat()
                .iter()
                .zip([low, high].concat())
                .all(|(a, b)| { (a - b).abs() < 1.0e-5 }),
            "{bounds:?}"
        );
    }

    #[test]
    fn texts_are_rows_from_the_front() {
        // Volumes and boxes are OpenSCAD's.
        let map = text("# c\n1 2 3\n4 5 6 7\n\n8 9 2.5e0\n");
        check(surface(&map, false, true).unwrap(), 27.0, [0.0; 3], [3.0, 2.0, 9.0]);
        let map = text("10 9\n3 4 # x\n");
        check(surface(&map, true, false).unwrap(), 6.5, [-0.5, -0.5, 0.0], [0.5, 0.5, 10.0]);
        // Short rows end in zeros; the floor is at 0, or 1 below the lowest point there is.
        let flat = text("9 9 9\n9 9 9\n");
        check(surface(&flat, false, false).unwrap(), 18.0, [0.0; 3], [2.0, 1.0, 9.0]);
        for short in ["9 9 9\n9 9", "9 9\n9 9 9"] {
            check(surface(&text(short), false, false).unwrap(), 15.75, [0.0; 3], [2.0, 1.0, 9.0]);
        }
        let low = text("-9 -9 -9\n-9 -9\n");
        check(surface(&low, false, false).unwrap(), 4.25, [0.0, 0.0, -10.0], [2.0, 1.0, 0.0]);
    }

    #[test]
    fn pictures_are_brightness_from_the_bottom() {
        let flat = grey(2, &[255, 255, 0, 0]);
        let bounds = ([0.0, 0.0, -1.0], [1.0, 1.0, 100.0]);
        check(surface(&flat, false, false).unwrap(), 51.0, bounds.0, bounds.1);
        let high = surface(&flat, false, false).unwrap();
        assert_eq!(high.positions[0], [0.0, 0.0, 0.0]);
        let slope = 100.0 / 255.0;
        let (low, high) = ([0.0, 0.0, -254.0 * slope - 1.0], [1.0, 1.0, slope]);
        check(surface(&flat, false, true).unwrap(), 51.0, low, high);
    }

    #[test]
    fn maps_without_area_are_empty() {
        for content in ["", "# nothing", "1 2 3", "1\n2\n3"] {
            assert!(surface(&text(content), false, false).unwrap().is_empty());
        }
    }

    #[test]
    fn broken_files_say_what_is_wrong() {
        let error = surface(&text("1 2\n3 x\n"), false, false).unwrap_err();
        assert_eq!(error.to_string(), "Illegal value in 'map.dat', line 2: 'x'");
        assert!(surface(&text("1 nan"), false, false).is_err());
        let picture = grey(2, &[1, 2, 3, 4]);
        for length in 8..picture.bytes.len() {
            let cut = FileData::new("cut.png", &picture.bytes[..length]);
            // A picture cut behind its last row may still be whole.
            let _ = surface(&cut, false, false);
        }
        let cut = FileData::new("cut.png", &picture.bytes[..20]);
        assert!(surface(&cut, false, false).unwrap_err().to_string().starts_with("Can't read PNG"));
    }
}
