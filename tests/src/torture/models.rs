//! Models that want to kill the server: each takes far too much of something.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};
use scadstream_protocol::message::{FileContent, SourceFile};

/// A hostile model.
pub struct Hostile {
    /// What it does.
    pub name: &'static str,
    /// Its source, and files that it reads.
    pub files: Vec<SourceFile>,
}

/// All of them.
pub fn hostile() -> Vec<Hostile> {
    let mut models: Vec<Hostile> = SOURCES
        .iter()
        .map(|(name, source)| Hostile { name, files: vec![file("main.scad", source.as_bytes())] })
        .collect();
    let with = |name, source: &str, other: &str, content: &[u8]| Hostile {
        name,
        files: vec![file("main.scad", source.as_bytes()), file(other, content)],
    };
    models.push(with("surface of 10^8 cells", r#"surface("big.png");"#, "big.png", &png(10_000)));
    models.push(with("zip bomb as 3MF", r#"import("bomb.3mf");"#, "bomb.3mf", &zip_bomb()));
    let noise = noise(200_000);
    for (name, source, file) in [
        ("random bytes as STL", r#"import("a.stl");"#, "a.stl"),
        ("random bytes as 3MF", r#"import("a.3mf");"#, "a.3mf"),
        ("random bytes as OFF", r#"import("a.off");"#, "a.off"),
        ("random bytes as DXF", r#"linear_extrude(1) import("a.dxf");"#, "a.dxf"),
        ("random bytes as PNG", r#"surface("a.png");"#, "a.png"),
        ("random bytes as source", "include <a.scad>", "a.scad"),
    ] {
        models.push(with(name, source, file, &noise));
    }
    models
}

const SOURCES: &[(&str, &str)] = &[
    (
        "exploding minkowski",
        "minkowski() {
            difference() { sphere(20, $fn = 90); sphere(15, $fn = 80); }
            difference() { sphere(10, $fn = 60); translate([5, 0, 0]) sphere(9, $fn = 50); }
        }",
    ),
    ("sphere, $fn = 20000", "sphere(10, $fn = 20000);"),
    ("sphere, $fn = 8000", "sphere(10, $fn = 8000);"),
    ("list of 10^7", "a = [for (i = [0:9]) for (j = [0:999999]) i * j]; echo(len(a));"),
    ("list of 10^7 lists", "a = [for (i = [0:9]) for (j = [0:999999]) [i, [j]]]; echo(len(a));"),
    ("list that never ends", "a = [for (i = 0; true; i = i + 1) i]; echo(len(a));"),
    ("recursive function", "function f(n) = 1 + f(n + 1); echo(f(0));"),
    ("recursive modules", "module m(n) { m(n + 1); m(n + 2); } m(0);"),
    ("binary tree of modules", "module m(n) { if (n > 0) { m(n - 1); translate([n, 0, 0]) m(n - 1); } else cube(rands(1, 2, 1)[0]); } m(26);"),
    (
        "nested hulls",
        "module h(n) { hull() { if (n > 0) { h(n - 1); translate([n * 3, rands(0, 1, 1)[0], 0]) h(n - 1); } else sphere(rands(4, 5, 1)[0], $fn = 60); } }
        h(9);",
    ),
    ("huge text", "linear_extrude(1) text(str([for (i = [0:30000]) \"Wg&@\"]), $fn = 200);"),
    ("string of 2^40", "function s(n, t) = n == 0 ? t : s(n - 1, str(t, t)); echo(len(s(40, \"x\")));"),
    ("endless tail call", "function f(n) = n < 0 ? 0 : f(n + 1); echo(f(0));"),
    ("loop of 10^9", "for (i = [0:999]) for (j = [0:999999]) if (i < 0) cube(1);"),
    ("comprehension of 10^9", "echo(len([for (i = [0:999]) for (j = [0:999999]) if (i < 0) j]));"),
    ("3000 spheres in one place", "for (i = [0:3000]) translate(rands(0, 20, 3)) sphere(5, $fn = 40);"),
    ("20000 cubes subtracted", "difference() { cube(100); for (i = [0:20000]) translate(rands(0, 100, 3)) cube(3); }"),
    ("nested 10^5 deep", "module d(n) { if (n > 0) translate([1, 0, 0]) d(n - 1); else cube(1); } d(100000);"),
    (
        "polyhedron of noise",
        "p = [for (i = [0:20000]) rands(0, 10, 3)]; polyhedron(p, [for (i = [0:40000]) [for (j = [0:2]) floor(rands(0, 20000, 1)[0])]]);",
    ),
    ("echo storm", "for (i = [0:999]) for (j = [0:999]) echo(str(i, \" of a great many messages that nobody wants to read\"));"),
    ("rotate_extrude of 10^4", "rotate_extrude($fn = 10000) translate([30, 0]) circle(10, $fn = 2000);"),
];

fn file(name: &str, content: &[u8]) -> SourceFile {
    SourceFile { name: name.into(), content: FileContent::Inline(content.to_vec()) }
}

/// Reproducible noise: a linear congruential generator (Numerical Recipes).
fn noise(len_bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len_bytes).map(|_| next()).collect()
}

/// A black square picture, `side` pixels wide: small as a file, large as a surface.
fn png(side: u32) -> Vec<u8> {
    let mut data = ZlibEncoder::new(Vec::new(), Compression::best());
    // Each line is a filter byte and its pixels.
    let line = vec![0; side as usize + 1];
    (0..side).for_each(|_| data.write_all(&line).expect("a Vec takes everything"));
    let data = data.finish().expect("a Vec takes everything");
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = side.to_be_bytes();
    png_chunk(&mut png, b"IHDR", &[&size[..], &size[..], &[8, 0, 0, 0, 0]].concat());
    png_chunk(&mut png, b"IDAT", &data);
    png_chunk(&mut png, b"IEND", &[]);
    png
}

fn png_chunk(png: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let body = [name, data].concat();
    png.extend(&body);
    png.extend(crc(&body).to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A 3MF file, which is a zip archive, whose model unpacks to 500 MB of blanks.
fn zip_bomb() -> Vec<u8> {
    const UNPACKED: u32 = 500_000_000;
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    let mut sum = flate2::Crc::new();
    let block = vec![b' '; 1_000_000];
    for _ in 0..UNPACKED / 1_000_000 {
        sum.update(&block);
        packed.write_all(&block).expect("a Vec takes everything");
    }
    let packed = packed.finish().expect("a Vec takes everything");
    let name = b"3D/3dmodel.model";
    // As PKWARE's APPNOTE describes it: the fields that local and central header share.
    let mut shared = Vec::new();
    for field in [20_u16, 0, 8, 0, 0] {
        shared.extend(field.to_le_bytes());
    }
    for field in [sum.sum(), packed.len() as u32, UNPACKED] {
        shared.extend(field.to_le_bytes());
    }
    shared.extend((name.len() as u16).to_le_bytes());
    shared.extend([0, 0]);
    let mut zip = [b"PK\x03\x04", &shared[..], name, &packed].concat();
    let central = [b"PK\x01\x02\x14\x00", &shared[..], &[0; 14], name].concat();
    let start = zip.len() as u32;
    zip.extend(&central);
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend((central.len() as u32).to_le_bytes());
    zip.extend(start.to_le_bytes());
    zip.extend([0, 0]);
    zip
}
