//! Facts about exported geometry, read from the files themselves and by no code of the crates under test.

use std::collections::HashMap;
use std::fmt;

/// What two programs must agree in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Enclosed volume; 0 for 2D.
    pub volume: f64,
    /// Surface area, or the area of a 2D object.
    pub area: f64,
    /// Smallest and largest coordinates; z is 0 for 2D.
    pub bounds: [[f64; 3]; 2],
    /// Triangles, or outline points in 2D. Not compared.
    pub pieces: usize,
    /// Whether every edge has exactly one partner in the other direction; true for 2D.
    pub closed: bool,
    /// How the surface hangs together, where every edge has two triangles.
    pub topology: Option<Topology>,
}

/// How a surface hangs together. What touches in a corner alone is apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topology {
    /// Connected surfaces: bodies, and cavities inside them.
    pub pieces: usize,
    /// Handles of all of them together.
    pub genus: i64,
}

impl Measure {
    /// The largest relative difference to another measure; lengths count against the box's diagonal.
    pub fn difference(&self, other: &Measure) -> f64 {
        let relative = |a: f64, b: f64, unit: f64| (a - b).abs() / unit.max(f64::MIN_POSITIVE);
        let diagonal =
            (0..3).map(|i| (other.bounds[1][i] - other.bounds[0][i]).powi(2)).sum::<f64>().sqrt();
        let sides = self.bounds.as_flattened().iter().zip(other.bounds.as_flattened());
        let bounds = sides.map(|(a, b)| relative(*a, *b, diagonal)).fold(0.0, f64::max);
        // Coordinates in single precision leave the volume of what is thin to chance.
        let chance = f64::from(f32::EPSILON) * diagonal * other.area;
        let volume = ((self.volume - other.volume).abs() - chance).max(0.0);
        let volume = relative(volume, 0.0, other.volume.abs());
        let area = relative(self.area, other.area, other.area);
        if self.volume == 0.0 && other.volume == 0.0 {
            bounds.max(area)
        } else {
            bounds.max(area).max(volume)
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "volume {:.3} area {:.3} pieces {}", self.volume, self.area, self.pieces)
    }
}

/// Measures a binary STL file.
///
/// # Errors
/// If the length is not what its triangle count says, or there is no triangle.
pub fn binary_stl(data: &[u8]) -> Result<Measure, String> {
    let count = data.get(80..84).ok_or("shorter than an STL header")?;
    let count = u32::from_le_bytes(count.try_into().expect("four bytes")) as usize;
    if data.len() != 84 + 50 * count {
        return Err(format!("{} bytes for {count} triangles", data.len()));
    }
    let corner = |bytes: &[u8]| -> [f32; 3] {
        [0, 4, 8].map(|at| f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")))
    };
    let triangles =
        data[84..].chunks_exact(50).map(|t| [12, 24, 36].map(|at| corner(&t[at..at + 12])));
    of_triangles(&triangles.collect::<Vec<_>>())
}

/// Measures triangles, given by their corners.
///
/// # Errors
/// If there is none.
pub fn of_triangles(triangles: &[[[f32; 3]; 3]]) -> Result<Measure, String> {
    let mut measure = empty(triangles.len());
    let mut edges: HashMap<[[u32; 3]; 2], i32> = HashMap::new();
    // Volume from a corner of the model rather than the origin: less is lost far from it.
    let origin = triangles.first().ok_or("no triangles")?[0].map(f64::from);
    for triangle in triangles {
        let [a, b, c] = triangle.map(|corner| corner.map(f64::from));
        let [u, v, w] = [a, b, c].map(|p| [0, 1, 2].map(|i| p[i] - origin[i]));
        let normal = cross(sub(v, u), sub(w, u));
        measure.area += dot(normal, normal).sqrt() / 2.0;
        measure.volume += dot(u, cross(v, w)) / 6.0;
        [a, b, c].iter().for_each(|point| include(&mut measure.bounds, *point));
        let keys = triangle.map(|corner| corner.map(|x| (x + 0.0).to_bits()));
        for i in 0..3 {
            let (from, to) = (keys[i], keys[(i + 1) % 3]);
            // A side that rounding took all length from is its own partner.
            let sign = (from < to) as i32 - (from > to) as i32;
            *edges.entry([from.min(to), from.max(to)]).or_default() += sign;
        }
    }
    measure.closed = edges.values().all(|balance| *balance == 0);
    measure.topology = topology(triangles);
    Ok(measure)
}

/// Counts what is connected through edges: triangles to surfaces, and the corners of triangles to vertices, so that a
/// point where two surfaces touch counts once for each.
fn topology(triangles: &[[[f32; 3]; 3]]) -> Option<Topology> {
    let keys = triangles.iter().map(|t| t.map(|corner| corner.map(|x| (x + 0.0).to_bits())));
    // Rounding to single precision lets slivers collapse to lines.
    let keys: Vec<_> = keys.filter(|[a, b, c]| a != b && b != c && c != a).collect();
    let mut sides: HashMap<[[u32; 3]; 2], Vec<(usize, usize)>> = HashMap::new();
    for (at, t) in keys.iter().enumerate() {
        for i in 0..3 {
            let (from, to) = (t[i], t[(i + 1) % 3]);
            sides.entry([from.min(to), from.max(to)]).or_default().push((at, i));
        }
    }
    let mut surfaces = Groups::new(keys.len());
    let mut vertices = Groups::new(3 * keys.len());
    for [(a, i), (b, j)] in
        sides.values().map(|pair| <[_; 2]>::try_from(&pair[..]).ok()).collect::<Option<Vec<_>>>()?
    {
        surfaces.join(a, b);
        let (from, to) = (3 * a + i, 3 * a + (i + 1) % 3);
        let (other_from, other_to) = (3 * b + j, 3 * b + (j + 1) % 3);
        if keys[a][i] == keys[b][j] {
            vertices.join(from, other_from);
            vertices.join(to, other_to);
        } else {
            vertices.join(from, other_to);
            vertices.join(to, other_from);
        }
    }
    let characteristic = vertices.count as i64 - sides.len() as i64 + keys.len() as i64;
    Some(Topology { pieces: surfaces.count, genus: surfaces.count as i64 - characteristic / 2 })
}

/// Disjoint sets.
struct Groups {
    parents: Vec<usize>,
    count: usize,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self { parents: (0..count).collect(), count }
    }

    fn find(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.parents[a] = b;
            self.count -= 1;
        }
    }
}

/// Measures the filled paths of an SVG file as OpenSCAD and scadstream write it: absolute `M`, `L` and `z` only.
///
/// # Errors
/// If there is no path data, or it has other commands.
pub fn svg(text: &str) -> Result<Measure, String> {
    let mut measure = empty(0);
    let mut area = 0.0;
    for data in text.split(" d=\"").skip(1) {
        let data = data.split('"').next().unwrap_or_default();
        for outline in data.split(['z', 'Z']).filter(|outline| !outline.trim().is_empty()) {
            let numbers = outline
                .split(|c: char| c.is_whitespace() || matches!(c, ',' | 'M' | 'L'))
                .filter(|token| !token.is_empty())
                .map(|token| {
                    token.parse::<f64>().map_err(|_| format!("not a number in a path: {token}"))
                })
                .collect::<Result<Vec<_>, _>>()?;
            let points: Vec<_> = numbers.chunks_exact(2).map(|p| [p[0], p[1], 0.0]).collect();
            for (i, p) in points.iter().enumerate() {
                let q = points[(i + 1) % points.len()];
                area += (p[0] * q[1] - p[1] * q[0]) / 2.0;
                include(&mut measure.bounds, *p);
            }
            measure.pieces += points.len();
        }
    }
    if measure.pieces == 0 {
        return Err("no paths".into());
    }
    measure.area = area.abs();
    Ok(measure)
}

fn empty(pieces: usize) -> Measure {
    let bounds = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
    Measure { volume: 0.0, area: 0.0, bounds, pieces, closed: true, topology: None }
}

fn include(bounds: &mut [[f64; 3]; 2], point: [f64; 3]) {
    for axis in 0..3 {
        bounds[0][axis] = bounds[0][axis].min(point[axis]);
        bounds[1][axis] = bounds[1][axis].max(point[axis]);
    }
}

fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| a[i] - b[i])
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|i| a[i] * b[i]).sum()
}

pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
