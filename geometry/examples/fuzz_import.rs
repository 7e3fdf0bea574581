//! Damages files at random and has every importer read them, until the time is up: `make fuzz-import`.
//!
//! Starts from small files of every kind and from those in the folders given. What panics, takes too long or gives
//! triangles of vertices that there are not is written to a folder and named at the end; then the exit code is 1.
#![expect(clippy::print_stdout, reason = "a report is this program's output")]

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use scadstream_csg::{FileData, Fragments, ImportParameters};
use scadstream_geometry::import::{Geometry, Imported, dxf, import};
use scadstream_geometry::polyhedron::mend;
use scadstream_geometry::surface::surface;
use scadstream_geometry::{CancelToken, Mesh, measure};
use scadstream_memory::system;

/// Processor time; a file that takes longer is a finding. Picked by hand: a thousand times what most take.
const TOO_LONG: Duration = Duration::from_secs(10);

/// Larger files than this are no starting points: most time would go into reading what is not damaged.
const MOST_BYTES: u64 = 1 << 16;

/// Larger meshes are not mended.
const MOST_TRIANGLES: usize = 2000;

/// The kinds of files, by their endings.
const KINDS: [&str; 9] = ["stl", "off", "obj", "amf", "3mf", "svg", "dxf", "dat", "png"];

const SAMPLES: [(&str, &str); 9] = [
    (
        "3mf",
        "<model xmlns:m='m'><resources><basematerials id='5'><base displaycolor='#FF0000'/></basematerials><object id='1' pid='5' pindex='0'><mesh><vertices><vertex x='0' y='0' z='0'/><vertex x='1' y='0' z='0'/><vertex x='0' y='1' z='0'/><vertex x='0' y='0' z='1'/></vertices><triangles><triangle v1='0' v2='2' v3='1'/><triangle v1='0' v2='1' v3='3' p1='0'/><triangle v1='0' v2='3' v3='2'/><triangle v1='1' v2='2' v3='3'/></triangles></mesh></object><object id='2'><components><component objectid='1' transform='2 0 0 0 2 0 0 0 -2 10 0 0'/></components></object></resources><build><item objectid='2'/><item objectid='1'/></build></model>",
    ),
    (
        "stl",
        "solid\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid",
    ),
    (
        "off",
        "OFF\n4 4 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1 255 0 0\n3 0 1 3\n3 0 3 2 0.5 0 0\n3 1 2 3\n",
    ),
    ("obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1/1/1 2/2 4//1\nf -4 -1 -2\nf 2 3 4\n"),
    (
        "amf",
        "<amf><object id='0'><mesh><vertices><vertex><coordinates><x>0</x><y>0</y><z>1</z></coordinates></vertex></vertices><volume><triangle><v1>0</v1><v2>0</v2><v3>0</v3></triangle></volume></mesh></object></amf>",
    ),
    (
        "svg",
        "<svg xmlns='http://www.w3.org/2000/svg' width='9mm' viewBox='0 0 9 9'><g id='a' transform='rotate(3,4 5) scale(2)'><path stroke-width='.5' d='M1 1 A2,3 4 0 1 5,6 C1,2 3,4 5,6 S7 8 9 1 Q1 2 3 4 T5 6 h1 v2 z'/></g><use href='#a' x='1'/><rect rx='1' width='4' height='3'/><polyline points='1,2 3,4 5 6' stroke-linejoin='round'/></svg>",
    ),
    (
        "dxf",
        "0\nSECTION\n2\nBLOCKS\n0\nBLOCK\n2\nB\n0\nCIRCLE\n10\n1\n20\n2\n40\n3\n0\nENDBLK\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n0\nINSERT\n2\nB\n41\n2\n50\n30\n0\nELLIPSE\n10\n0\n20\n0\n11\n0\n21\n2\n40\n0.5\n41\n0\n42\n6.3\n0\nLINE\n10\n0\n20\n0\n11\n4\n21\n4\n0\nDIMENSION\n1\nx\n70\n2\n13\n0\n14\n1\n0\nENDSEC\n0\nEOF\n",
    ),
    ("dat", "# c\n1 2 3\n4 5 6\n7 8 9\n"),
    ("png", "\u{89}PNG\r\n\u{1a}\n"),
];

/// A file to start from.
struct Seed {
    kind: String,
    bytes: Vec<u8>,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let start_state = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let seeds = seeds(arguments.map(PathBuf::from));
    let folder = std::env::temp_dir().join("scadstream-fuzz-import");
    let mut random = Random(start_state);
    let end = Instant::now() + Duration::from_secs(seconds);
    // Panics are caught and reported once, at the end.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut tried, mut read, mut findings) = (0_u64, 0_u64, Vec::new());
    while Instant::now() < end && findings.len() < 20 {
        let seed = &seeds[random.below(seeds.len())];
        let bytes = random.damaged(seed, &seeds);
        let kind =
            if random.below(20) == 0 { KINDS[random.below(KINDS.len())] } else { &seed.kind };
        tried += 1;
        // By the clock a busy machine would make findings of its own.
        let begin = cpu_time();
        let fault = match catch_unwind(AssertUnwindSafe(|| try_one(kind, &bytes))) {
            Ok(Ok(was_read)) => {
                read += u64::from(was_read);
                None
            }
            Ok(Err(fault)) => Some(fault),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                Some(format!("panics: {}", text.unwrap_or("without a word")))
            }
        };
        let fault = fault.or_else(|| {
            let took = cpu_time() - begin;
            (took > TOO_LONG).then(|| format!("takes {took:.1?} of CPU time"))
        });
        if let Some(fault) = fault {
            let path = folder.join(format!("{}.{kind}", findings.len()));
            let kept =
                std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &bytes));
            findings.push(format!("{}: {fault} ({kept:?})", path.display()));
        }
    }
    println!("{tried} files tried, {read} of them read to a result, {} findings", findings.len());
    findings.iter().for_each(|finding| println!("{finding}"));
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cpu_time() -> Duration {
    system::cpu_time(std::process::id()).expect("Linux tells of processes")
}

fn seeds(folders: impl Iterator<Item = PathBuf>) -> Vec<Seed> {
    let samples = SAMPLES.iter().map(|(kind, text)| {
        // Characters stand for bytes, so that those of a PNG can be written as text.
        let bytes = text.chars().map(|c| c as u8).collect();
        Seed { kind: (*kind).to_owned(), bytes }
    });
    let mut seeds: Vec<Seed> = samples.collect();
    let mut pending: Vec<PathBuf> = folders.collect();
    while let Some(folder) = pending.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                pending.push(path);
            } else if let Some(seed) = seed_of(&path) {
                seeds.push(seed);
            }
        }
    }
    seeds
}

fn seed_of(path: &Path) -> Option<Seed> {
    let kind = path.extension()?.to_str()?.to_ascii_lowercase();
    let small = path.metadata().ok()?.len() <= MOST_BYTES;
    if !small || !KINDS.contains(&kind.as_str()) {
        return None;
    }
    Some(Seed { kind, bytes: std::fs::read(path).ok()? })
}

/// Whether the file was read to a result; an error is what is wrong with the importer.
fn try_one(kind: &str, bytes: &[u8]) -> Result<bool, String> {
    let is_bare_model = kind == "3mf" && !bytes.starts_with(b"PK");
    let packed = is_bare_model.then(|| pack(bytes));
    let file = FileData::new(format!("a.{kind}"), packed.as_deref().unwrap_or(bytes));
    if matches!(kind, "dat" | "png") {
        let mesh = surface(&file, true, bytes.len().is_multiple_of(2));
        return mesh.map_or(Ok(false), |mesh| check(mesh).map(|()| true));
    }
    if kind == "dxf" {
        let fragments = Fragments::default();
        let options = dxf::Options { layer: None, origin: [1.0, 2.0], scale: 3.0, fragments };
        dxf::dimension(&file, &options, "");
        dxf::cross(&file, &options);
    }
    let parameters = ImportParameters {
        name: "a".into(),
        file: None,
        layer: None,
        id: bytes.first().filter(|byte| **byte == b'x').map(|_| "a".to_owned()),
        origin: [0.0; 2],
        scale: 1.0,
        center: bytes.len().is_multiple_of(3),
        dpi: 72.0,
        convexity: 1,
        fragments: Fragments::default(),
    };
    match import(&file, &parameters) {
        Err(_) => Ok(false),
        Ok(Imported { geometry: Geometry::Mesh(mesh), .. }) => check(mesh).map(|()| true),
        Ok(Imported { geometry: Geometry::Flat(region), .. }) => {
            let finite = region.points().flatten().all(f64::is_finite);
            if finite { Ok(true) } else { Err("gives points that are not finite".to_owned()) }
        }
    }
}

/// A 3MF archive of this model: damage to what is packed would only be noticed by the archive's sums.
fn pack(model: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("3D/3dmodel.model", stored).expect("memory takes all");
    writer.write_all(model).expect("memory takes all");
    writer.finish().expect("memory takes all").into_inner()
}

/// Triangles name vertices that there are, and mending gives a closed solid or none.
fn check(mesh: Mesh) -> Result<(), String> {
    let count = mesh.positions.len() as u32;
    if mesh.triangles.iter().flatten().any(|vertex| *vertex >= count) {
        return Err("gives triangles of vertices that there are not".to_owned());
    }
    if mesh.triangles.len() > MOST_TRIANGLES {
        return Ok(());
    }
    match mend(mesh, &CancelToken::new()) {
        Ok(mended) => match mended.solid {
            Some(solid) if !measure::measure(&solid.to_mesh()).closed => {
                Err("is mended to what is not closed".to_owned())
            }
            _ => Ok(()),
        },
        Err(_) => Ok(()),
    }
}

/// Random numbers by splitmix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// The seed's bytes after a few changes: bytes, numbers, pieces left out, doubled, or taken from another seed.
    fn damaged(&mut self, seed: &Seed, seeds: &[Seed]) -> Vec<u8> {
        const WORDS: [&str; 16] = [
            "0",
            "-1",
            "1e308",
            "-1e308",
            "1e-320",
            "nan",
            "inf",
            "4294967296",
            "99999999999999999999",
            "<",
            ">",
            "\"",
            "\n",
            "\0",
            "0 0 0",
            "3",
        ];
        let mut bytes = seed.bytes.clone();
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(40)).min(bytes.len());
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] = self.next() as u8,
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.splice(at..end, WORDS[self.below(WORDS.len())].bytes())),
                3 => drop(bytes.drain(at..end)),
                4 => {
                    let piece = bytes[at..end].to_vec();
                    let times = 1 + self.below(4);
                    bytes.splice(at..at, piece.repeat(times));
                }
                5 => {
                    let other = &seeds[self.below(seeds.len())].bytes;
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(60)).min(other.len());
                    bytes.splice(at..at, other[from..to].iter().copied());
                }
                _ => bytes.truncate(bytes.len() - self.below(bytes.len() / 8 + 1)),
            }
        }
        bytes
    }
}
