//! A model of tens of millions of triangles through a server that may use a fraction of what it takes as a whole, and
//! into a file. Its volume is known from a formula.

use std::f64::consts::{PI, TAU};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::Instant;

use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::{Chunk, Detail};

use crate::client::{Client, End};
use crate::measure::{cross, dot};
use crate::process;
use crate::server::Server;

/// A plate with `n` by `n` holes and as many balls half sunk in, each of them with `$fn = fragments`; the fourth hole of the
/// fourth row stands off its place by `moved`.
pub fn plate(n: usize, fragments: usize, moved: f64) -> String {
    format!(
        "n = {n}; $fn = {fragments};
difference() {{
  union() {{
    cube([n * 10, n * 10, 4]);
    for (x = [0 : n - 1], y = [0 : n - 1]) translate([x * 10 + 5, y * 10 + 5, 4]) sphere(3);
  }}
  for (x = [0 : n - 1], y = [0 : n - 1])
    translate([x * 10 + 10 + (x == 3 && y == 3 ? {moved} : 0), y * 10 + 10, 0]) cylinder(h = 20, r = 1.5, center = true);
}}
"
    )
}

/// The volume of [`plate`] with nothing moved; `fragments` is a multiple of 4, so that balls and holes that are cut in
/// halves and quarters are cut in equal ones.
#[expect(clippy::disallowed_methods, reason = "it shares no code with what it is to check")]
pub fn plate_volume(n: usize, fragments: usize) -> f64 {
    assert_eq!(fragments % 4, 0, "balls and holes fall into equal quarters");
    let (count, sides) = (n as f64, fragments as f64);
    // Area of the regular polygon in a circle of radius 1.
    let polygon = sides / 2.0 * (TAU / sides).sin();
    // A ball is a pile of frustums between rings, which stand at half steps between the poles.
    let rings = fragments.div_ceil(2);
    let ring = |index: usize| (index as f64 + 0.5) * PI / rings as f64;
    let frustum = |index: usize| {
        let (above, below) = (ring(index), ring(index + 1));
        let (top, bottom) = (above.sin(), below.sin());
        let height = above.cos() - below.cos();
        height * polygon * (top * top + bottom * bottom + top * bottom) / 3.0
    };
    let ball = 27.0 * (0..rings - 1).map(frustum).sum::<f64>();
    let hole = 1.5 * 1.5 * polygon * 4.0;
    // The last row and column of holes run along the edge of the plate.
    let whole_holes = (count - 1.0).powi(2) + (count - 1.0) + 0.25;
    (10.0 * count).powi(2) * 4.0 + count * count * ball / 2.0 - whole_holes * hole
}

/// What came of a model that was streamed.
#[derive(Debug, Clone)]
pub struct Streamed {
    /// What the server said the volume is, or why there is none.
    pub volume: Result<f64, String>,
    /// Volume between the triangles that came and the origin.
    pub received_volume: f64,
    /// Triangles that the server counts, and that came.
    pub triangles: [u64; 2],
    /// Most that the worker had in physical memory, shared segments among it.
    pub peak_mb: f64,
    /// Time to the first chunk and to the end.
    pub first_seconds: f64,
    /// The same to the end.
    pub seconds: f64,
}

/// Renders `source` on a server of one worker with a limit, and counts what comes.
///
/// # Panics
/// If the server cannot be started or goes away.
pub fn streamed(source: &str, limit_mb: u32) -> Streamed {
    let server = Server::start_with(
        &["--workers", "1", "--express-workers", "0", "--job-seconds", "3000"],
        &[("MEMORY_HARD_MB", &limit_mb.to_string())],
    );
    let mut client = Client::connect(&server.address);
    let start = Instant::now();
    client.ask(1, 1, source, Detail::Exact);
    let (mut received, mut received_volume, mut first_seconds) = (0, 0.0, 0.0);
    let end = loop {
        match client.receive() {
            ServerMessage::Chunk(chunk) => {
                if received == 0 {
                    first_seconds = start.elapsed().as_secs_f64();
                }
                received += u64::from(chunk.header.index_count / 3);
                received_volume += volume_to_origin(&chunk);
            }
            ServerMessage::Done(done) => break End::Done(done),
            ServerMessage::Failed(failed) => break End::Failed(failed),
            _ => {}
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let workers = process::children(server.pid()).into_iter();
    let peaks = workers.filter_map(process::resident_bytes).map(|(_, peak)| peak as f64 / 1e6);
    let (volume, triangles) = match end {
        End::Done(done) => (Ok(done.statistics.volume), done.statistics.triangles),
        End::Failed(failed) => (Err(failed.message), 0),
    };
    let peak_mb = peaks.fold(0.0, f64::max);
    let triangles = [triangles, received];
    Streamed { volume, received_volume, triangles, peak_mb, first_seconds, seconds }
}

/// Volume of the tetrahedra between the origin and a raw chunk's triangles.
///
/// # Panics
/// If the chunk is not raw.
pub fn volume_to_origin(chunk: &Chunk) -> f64 {
    let positions = chunk.raw_positions().expect("raw chunks were asked for");
    let indices = chunk.raw_indices().expect("raw chunks were asked for");
    let number = |at: usize| {
        f64::from(f32::from_le_bytes(positions[at..at + 4].try_into().expect("four bytes")))
    };
    let corner = |bytes: &[u8]| {
        let index = u16::from_le_bytes(bytes.try_into().expect("two bytes")) as usize;
        [0, 4, 8].map(|offset| number(12 * index + offset))
    };
    let of_triangle =
        |bytes: &[u8]| volume_of(corner(&bytes[..2]), corner(&bytes[2..4]), corner(&bytes[4..]));
    indices.chunks_exact(6).map(of_triangle).sum()
}

/// Triangles of a binary STL file, and the volume that they enclose, read without holding it.
///
/// # Errors
/// What is wrong with it.
pub fn stl_volume(path: &Path) -> std::io::Result<(u64, f64)> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut head = [0; 84];
    file.read_exact(&mut head)?;
    let count = u32::from_le_bytes(head[80..].try_into().expect("four bytes"));
    let mut volume = 0.0;
    for _ in 0..count {
        let mut record = [0; 50];
        file.read_exact(&mut record)?;
        let [a, b, c] = [12, 24, 36].map(|at| {
            [0, 4, 8].map(|axis| {
                let bytes = record[at + axis..at + axis + 4].try_into().expect("four bytes");
                f64::from(f32::from_le_bytes(bytes))
            })
        });
        volume += volume_of(a, b, c);
    }
    if file.read(&mut [0])? != 0 {
        return Err(std::io::Error::other("there is more than the head says"));
    }
    Ok((u64::from(count), volume))
}

fn volume_of(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> f64 {
    dot(a, cross(b, c)) / 6.0
}
