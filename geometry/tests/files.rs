//! Files: what is written is read back as it was, and whatever is read, reading ends with a result or an error.

use std::io::Write as _;
use std::sync::Arc;

use proptest::prelude::*;
use scadstream_csg::{FileData, Fragments, ImportParameters, Kind, Modifiers, Node, Origin};
use scadstream_geometry::export::{self, NamedMesh, colour};
use scadstream_geometry::import::{Geometry, Imported, import};
use scadstream_geometry::surface::surface;
use scadstream_geometry::{CancelToken, Job, Mesh, Region, SolidCache, Whole, clip, solve};

fn parameters() -> ImportParameters {
    ImportParameters {
        name: "x".into(),
        file: None,
        layer: None,
        id: None,
        origin: [0.0, 0.0],
        scale: 1.0,
        center: false,
        dpi: 72.0,
        convexity: 1,
        fragments: Fragments::default(),
    }
}

fn read(name: &str, bytes: &[u8]) -> Geometry {
    let imported = import(&FileData::new(name, bytes), &parameters()).expect("it was written here");
    assert_eq!(imported.warnings, Vec::<String>::new());
    imported.geometry
}

fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
    Node::new(kind, Modifiers::default(), Origin::default(), children)
}

fn whole(root: &Arc<Node>) -> Whole {
    let cache = SolidCache::new(0);
    let job = Job::new(&cache, CancelToken::new());
    let solution = solve(root, &job).expect("nobody cancels");
    solution.unite(&job).expect("nobody cancels").expect("no kernel error")
}

/// A coloured primitive at an odd place, so that coordinates have all their digits.
fn primitive() -> impl Strategy<Value = Arc<Node>> {
    let shape = prop_oneof![
        Just(Kind::Cube { size: [1.1, 2.3, 0.7], center: false }),
        Just(Kind::Sphere { r: 1.3, fragments: Fragments { fn_: 7.0, ..Fragments::default() } }),
    ];
    let paint = prop::option::of([0..=255_u8, 0..=255_u8, 0..=255_u8, 128..=255_u8]);
    let place = || -2.0..2.0_f64;
    (shape, paint, place(), place(), place()).prop_map(|(kind, paint, x, y, z)| {
        let rows =
            [[1.0, 0.0, 0.0, x], [0.0, 1.0, 0.0, y], [0.0, 0.0, 1.0, z], [0.0, 0.0, 0.0, 1.0]];
        let placed = node(Kind::Transform(Box::new(rows)), vec![node(kind, Vec::new())]);
        match paint {
            Some(rgba) => {
                let rgba = rgba.map(|channel: u8| f32::from(channel) / 255.0);
                node(Kind::Color(rgba), vec![placed])
            }
            None => placed,
        }
    })
}

fn solid() -> impl Strategy<Value = Mesh> {
    let operation = prop_oneof![Just(Kind::Union), Just(Kind::Difference)];
    (operation, prop::collection::vec(primitive(), 1..4))
        .prop_map(|(kind, children)| match whole(&node(kind, children)) {
            Whole::Solid(shell) => Mesh::clone(shell.mesh()),
            _ => Mesh::default(),
        })
        .prop_filter("something is left", |mesh| !mesh.is_empty())
}

fn drawing() -> impl Strategy<Value = Region> {
    let point = || (-9.0..9.0_f64, -9.0..9.0_f64).prop_map(|(x, y)| [x, y]);
    let outlines = prop::collection::vec(prop::collection::vec(point(), 3..7), 1..4);
    outlines
        .prop_map(|outlines| clip::fill(&outlines, clip::Fill::EvenOdd))
        .prop_filter("something is left", |region| region.area() > 0.01)
}

/// A triangle with its corners from the least on, and the colour it is seen in.
type Face = ([[u64; 3]; 3], [u8; 4]);

/// The triangles of a mesh whatever their order, by place and colour; of an uncoloured mesh all look alike.
fn faces(mesh: &Mesh) -> Vec<Face> {
    let mut faces = Vec::new();
    for (range, paint) in mesh.painted_runs() {
        for index in range {
            let mut corners = mesh.corners(index).map(|corner| corner.map(|c| (c + 0.0).to_bits()));
            let least = (0..3).min_by_key(|k| corners[*k]).expect("three corners");
            corners.rotate_left(least);
            faces.push((corners, colour::rgba(paint)));
        }
    }
    faces.sort_unstable();
    faces
}

/// Without colours, for formats that have none.
fn plain(mesh: &Mesh) -> Mesh {
    Mesh::new(mesh.positions.clone(), mesh.triangles.clone())
}

/// As it comes back where colours are kept only if there are any: the cut faces of a plain model are plain.
fn seen(mesh: &Mesh) -> Mesh {
    let coloured =
        mesh.painted_runs().any(|(_, p)| matches!(p, scadstream_geometry::Paint::Color(_)));
    if coloured { mesh.clone() } else { plain(mesh) }
}

/// Points of an imported DXF drawing lie on OpenSCAD's grid.
const DXF_GRID: f64 = 1.0 / 1024.0;

#[track_caller]
fn same(name: &str, bytes: &[u8], expected: &Mesh) {
    let Geometry::Mesh(found) = read(name, bytes) else { panic!("{name}: a drawing") };
    assert!(faces(&found) == faces(expected), "{name}: other triangles");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn solids_come_back_as_they_were(mesh in solid()) {
        let parts = [NamedMesh { name: "it", mesh: &mesh }];
        let written = |write: &dyn Fn(&mut Vec<u8>)| {
            let (mut bytes, mut again) = (Vec::new(), Vec::new());
            write(&mut bytes);
            write(&mut again);
            assert!(bytes == again, "the same bytes each time");
            bytes
        };
        let ok = "memory takes all";
        let off = written(&|out| export::off::write(&mesh, out).expect(ok));
        same("a.off", &off, &seen(&mesh));
        let obj = written(&|out| export::obj::write(&mesh, out).expect(ok));
        same("a.obj", &obj, &plain(&mesh));
        let stl = written(&|out| export::stl::write_ascii(&mesh, out).expect(ok));
        same("a.stl", &stl, &plain(&mesh));
        let mut rounded = plain(&mesh);
        rounded.positions.iter_mut().flatten().for_each(|c| *c = f64::from(*c as f32));
        let stl = written(&|out| export::stl::write_binary(&mesh, out).expect(ok));
        same("a.stl", &stl, &rounded);
        let amf = written(&|out| export::amf::write(&parts, out).expect(ok));
        same("a.amf", &amf, &seen(&mesh));
        for material in [export::threemf::Material::Base, export::threemf::Material::ColourGroup] {
            let options = export::threemf::Options { material, ..Default::default() };
            let threemf = written(&|out| export::threemf::write(&parts, &options, out).expect(ok));
            same("a.3mf", &threemf, &seen(&mesh));
        }
        // These have no importer; that they are the same each time is all there is to see.
        written(&|out| export::glb::write(&parts, out).expect(ok));
        written(&|out| export::wrl::write(&parts, out).expect(ok));
        written(&|out| export::pov::write(&parts, out).expect(ok));
        let picture = export::png::Options { size: [32, 24], ..Default::default() };
        let drawn = [(scadstream_geometry::PartKind::Solid, &mesh)];
        written(&|out| export::png::write(&drawn, &picture, out).expect(ok));
    }

    #[test]
    fn drawings_come_back_as_they_were(region in drawing()) {
        let length = |[a, b]: [[f64; 2]; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let edges = region.outlines().iter().flat_map(|outline| {
            outline.iter().zip(outline.iter().cycle().skip(1)).map(|(a, b)| [*a, *b])
        });
        let perimeter: f64 = edges.map(length).sum();
        // Each point may come back as far off as `grid` along either axis.
        let check = |name: &str, bytes: &[u8], shift: [f64; 2], grid: f64| {
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0) + grid;
            let Geometry::Flat(found) = read(name, bytes) else { panic!("{name}: a solid") };
            let area = (found.area() - region.area()).abs();
            assert!(area <= 1e-6 * region.area().max(1.0) + 2.0 * grid * perimeter, "{name}: {area}");
            let (found, expected) = (found.bounds().unwrap(), region.bounds().unwrap());
            for corner in 0..2 {
                for axis in 0..2 {
                    let expected = expected[corner][axis] + shift[axis];
                    assert!(near(found[corner][axis], expected), "{name}: {found:?}");
                }
            }
        };
        let mut dxf = Vec::new();
        export::dxf::write(&region, &mut dxf).expect("memory takes all");
        check("a.dxf", &dxf, [0.0; 2], DXF_GRID);
        // A page begins at its left and, which is OpenSCAD's slip, as far below 0 as its top should be above.
        let mut svg = Vec::new();
        export::svg::write(&region, &Default::default(), &mut svg).expect("memory takes all");
        let [low, high] = region.bounds().unwrap();
        let (top, bottom) = (high[1].ceil(), low[1].floor());
        check("a.svg", &svg, [-low[0].floor(), (top - bottom) + top], 0.0);
        let mut pdf = Vec::new();
        export::pdf::write(&region, &Default::default(), &mut pdf).expect("memory takes all");
        prop_assert!(pdf.starts_with(b"%PDF-"));
    }
}

/// The endings of all kinds of files there are.
const ENDINGS: [&str; 8] = ["stl", "off", "obj", "amf", "3mf", "svg", "dxf", "nef3"];

/// A small file of a kind.
fn sample(ending: &str) -> Vec<u8> {
    let mesh = match whole(&node(Kind::Cube { size: [1.0; 3], center: false }, Vec::new())) {
        Whole::Solid(shell) => Arc::clone(shell.mesh()),
        _ => panic!("a cube is solid"),
    };
    let region = scadstream_geometry::polygon::square([2.0, 1.0], false);
    let parts = [NamedMesh { name: "it", mesh: &mesh }];
    let mut bytes = Vec::new();
    match ending {
        "stl" => export::stl::write_ascii(&mesh, &mut bytes),
        "off" => export::off::write(&mesh, &mut bytes),
        "obj" => export::obj::write(&mesh, &mut bytes),
        "amf" => export::amf::write(&parts, &mut bytes),
        "3mf" => export::threemf::write(&parts, &Default::default(), &mut bytes),
        "svg" => export::svg::write(&region, &Default::default(), &mut bytes),
        "dxf" => export::dxf::write(&region, &mut bytes),
        _ => return b"{nef3}".to_vec(),
    }
    .expect("memory takes all");
    bytes
}

/// Every importer reads it, and ends.
fn read_by_all(bytes: &[u8]) {
    for ending in ENDINGS {
        let file = FileData::new(format!("a.{ending}"), bytes);
        let parameters = ImportParameters { id: None, ..parameters() };
        if let Ok(Imported { geometry: Geometry::Mesh(mesh), .. }) = import(&file, &parameters) {
            let count = mesh.positions.len() as u32;
            assert!(mesh.triangles.iter().flatten().all(|vertex| *vertex < count));
        }
    }
    // What cannot be read is an error, and that is fine.
    let _ = surface(&FileData::new("a.png", bytes), true, false);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_by_all(&bytes);
        let heads: [&[u8]; 6] =
            [b"solid\n", b"OFF\n", b"PK\x03\x04", b"<svg>", b"0\nSECTION\n", b"\x89PNG\r\n\x1a\n"];
        for head in heads {
            read_by_all(&[head, &bytes].concat());
        }
    }

    #[test]
    fn damaged_files_are_read_to_an_end(
        kind in 0..ENDINGS.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = sample(ENDINGS[kind]);
        for (place, byte) in damage {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        let cut = end.index(bytes.len() * 4).min(bytes.len());
        read_by_all(&bytes[..cut]);
    }
}

/// An archive of one file of zeros, or of blanks, that unpacks to so much.
fn bomb(name: &str, fill: u8, megabytes: usize) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file(name, zip::write::SimpleFileOptions::default()).expect("memory takes all");
    let block = vec![fill; 1 << 20];
    (0..megabytes).for_each(|_| writer.write_all(&block).expect("memory takes all"));
    writer.finish().expect("memory takes all").into_inner()
}

#[test]
fn archives_that_unpack_to_too_much_are_refused() {
    let bytes = bomb("3D/3dmodel.model", b' ', 80);
    assert!(bytes.len() < 1 << 20, "it is small as long as it is packed");
    for name in ["a.3mf", "a.amf"] {
        let error = import(&FileData::new(name, &bytes[..]), &parameters()).unwrap_err();
        assert!(error.to_string().contains("unpacks to too much"), "{error}");
    }
}
