use std::io::Write;

use super::*;
use crate::measure::measure;
use crate::mesh::Paint;
use scadstream_csg::Fragments;

const RED: Paint = Paint::Color([1.0, 0.0, 0.0, 1.0]);

pub(super) fn parameters() -> ImportParameters {
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

fn read(name: &str, bytes: impl AsRef<[u8]>) -> Result<Imported, ImportError> {
    import(&FileData::new(name, bytes.as_ref()), &parameters())
}

#[track_caller]
fn mesh(name: &str, bytes: impl AsRef<[u8]>) -> Mesh {
    match read(name, bytes).unwrap().geometry {
        Geometry::Mesh(mesh) => mesh,
        Geometry::Flat(region) => panic!("flat: {region:?}"),
    }
}

/// The file holds a tetrahedron with edges of length 1 along the axes.
#[track_caller]
fn check_tetrahedron(name: &str, bytes: impl AsRef<[u8]>) {
    let facts = measure(&mesh(name, bytes));
    assert!(facts.closed, "{facts:?}");
    assert_eq!((facts.vertices, facts.triangles, facts.volume), (4, 4, 1.0 / 6.0));
}

#[track_caller]
fn check_error(name: &str, bytes: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(read(name, bytes).unwrap_err().to_string(), expected);
}

/// However a file is cut short, reading it ends, with a mesh or an error.
fn cut_anywhere(name: &str, bytes: &[u8]) {
    for length in 0..bytes.len() {
        let _ = read(name, &bytes[..length]);
    }
}

const POINTS: [[f32; 3]; 4] = [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
const FACES: [[usize; 3]; 4] = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]];

fn stl_text() -> String {
    let facet = |face: &[usize; 3]| {
        let corners =
            face.map(|v| format!("vertex {} {} {}\n", POINTS[v][0], POINTS[v][1], POINTS[v][2]));
        format!("facet normal 0 0 0\nouter loop\n{}endloop\nendfacet\n", corners.concat())
    };
    format!("solid thing\n{}endsolid\n", FACES.iter().map(facet).collect::<String>())
}

fn stl_binary(header: &[u8]) -> Vec<u8> {
    let mut bytes = header.to_vec();
    bytes.resize(80, b' ');
    bytes.extend((FACES.len() as u32).to_le_bytes());
    for face in FACES {
        bytes.extend([0; 12]);
        bytes.extend(face.iter().flat_map(|v| POINTS[*v]).flat_map(f32::to_le_bytes));
        bytes.extend([0; 2]);
    }
    bytes
}

#[test]
fn stl_in_both_forms() {
    check_tetrahedron("a.stl", stl_text());
    check_tetrahedron("A.STL", stl_text().to_uppercase().replace("SOLID", "solid"));
    check_tetrahedron("a.stl", stl_binary(b"made by hand"));
    check_tetrahedron("a.stl", stl_binary(b"solid, it says"));
    assert!(mesh("a.stl", "").is_empty());
    assert!(mesh("a.stl", "solid nothing\nendsolid").is_empty());
}

#[test]
fn broken_stl_says_where() {
    check_error(
        "a.stl",
        "solid\nouter loop\nvertex 1 2\n",
        "can't parse file 'a.stl': line 3: a vertex needs three numbers",
    );
    check_error(
        "a.stl",
        "solid\nouter loop\nvertex 1 2 3\nendloop",
        "can't parse file 'a.stl': line 4: a facet needs three vertices, not 1",
    );
    let mut announced = stl_binary(b"short");
    announced[80..84].copy_from_slice(&u32::MAX.to_le_bytes());
    check_error(
        "a.stl",
        &announced,
        "can't parse file 'a.stl': it announces 4294967295 facets and holds 4",
    );
    check_error(
        "a.stl",
        "solid\nouter loop\nvertex nan inf 0\n",
        "can't parse file 'a.stl': line 3: a vertex needs three numbers",
    );
    cut_anywhere("a.stl", stl_text().as_bytes());
    cut_anywhere("a.stl", &stl_binary(b"x"));
}

const OFF: &str = "OFF # here\n4 4 0\n0 0 0\n1 0 0\n# a comment\n0 1 0\n0 0 1\n\
    3 0 2 1 255 0 0\n3 0 1 3 1.0 0.0 0.0\n3 0 3 2\n3 1 2 3 0 0 0 0\n";

#[test]
fn off_keeps_colours_of_faces() {
    check_tetrahedron("a.off", OFF);
    check_tetrahedron("a.off", OFF.replace("OFF # here\n4 4 0", "OFF 4 4 0"));
    let paints: Vec<_> = mesh("a.off", OFF).painted_runs().collect();
    let clear = Paint::Color([0.0; 4]);
    assert_eq!(paints, [(0..2, RED), (2..3, Paint::Default), (3..4, clear)]);
    let square = "OFF\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n";
    assert_eq!(mesh("a.off", square).triangles.len(), 2);
}

#[test]
fn broken_off_says_where() {
    check_error("a.off", "", "can't parse file 'a.off': it is empty");
    check_error("a.off", "OOF", "can't parse file 'a.off': it does not begin with OFF");
    check_error("a.off", "OFF\n1", "can't parse file 'a.off': its counts are missing");
    let endless = "OFF 4000000000 4000000000 0\n0 0 0\n";
    check_error("a.off", endless, "can't parse file 'a.off': it ends among the vertices");
    let wrong = OFF.replace("3 0 3 2", "3 0 3 4");
    check_error(
        "a.off",
        wrong,
        "can't parse file 'a.off': line 10: a face names vertices that there are not",
    );
    check_error(
        "a.off",
        "OFF 1 1 0\n0 0 0\n9999999999 0",
        "can't parse file 'a.off': line 3: a face names vertices that there are not",
    );
    cut_anywhere("a.off", OFF.as_bytes());
}

const OBJ: &str = "mtllib x\nv 0 0 0\nv 1 0 0 1.0\nv 0 1 0\nvn 0 0 1\ng part\nv 0 0 1\n\
    f 1 3 2\nf 1/1/1 2/2 4//1\nusemtl y\nf -4 -1 -2 # back\nf 2 3 4\n";

#[test]
fn obj_counts_from_either_end() {
    check_tetrahedron("a.obj", OBJ);
    check_error(
        "a.obj",
        "v 1 2\n",
        "can't parse file 'a.obj': line 1: a vertex needs three numbers",
    );
    for face in ["f 0 1 1", "f 1 1 2", "f -2 1 1", "f a b c"] {
        check_error(
            "a.obj",
            format!("v 0 0 0\n{face}\n"),
            "can't parse file 'a.obj': line 2: a face names vertices that there are not",
        );
    }
    cut_anywhere("a.obj", OBJ.as_bytes());
}

fn amf() -> String {
    let vertex = |p: &[f32; 3]| {
        format!(
            "<vertex><coordinates><x>{}</x><y>{}</y><z>{}</z></coordinates></vertex>",
            p[0], p[1], p[2]
        )
    };
    let triangle = |f: &[usize; 3]| {
        format!("<triangle><v1>{}</v1><v2>{}</v2><v3>{}</v3></triangle>", f[0], f[1], f[2])
    };
    format!(
        "<?xml version=\"1.0\"?><amf unit=\"inch\"><material id=\"2\"><color><r>1</r><g>0</g><b>0</b></color>\
         </material><object id=\"0\"><mesh><vertices>{}</vertices><volume materialid=\"2\">{}</volume></mesh>\
         </object></amf>",
        POINTS.iter().map(vertex).collect::<String>(),
        FACES.iter().map(triangle).collect::<String>()
    )
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn amf_plain_and_packed() {
    check_tetrahedron("a.amf", amf());
    check_tetrahedron("a.amf", archive(&[("a.amf", &amf())]));
    let paints: Vec<_> = mesh("a.amf", amf()).painted_runs().collect();
    assert_eq!(paints, [(0..4, RED)]);
    let error = read("a.amf", amf().replace("<v3>3</v3>", "<v3>4</v3>")).unwrap_err().to_string();
    assert!(error.ends_with("a triangle names vertices that there are not"), "{error}");
    cut_anywhere("a.amf", amf().as_bytes());
}

const NAMESPACE: &str = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02";

fn threemf(objects: &str, build: &str) -> Vec<u8> {
    let vertices: String = POINTS
        .iter()
        .map(|p| format!("<vertex x=\"{}\" y=\"{}\" z=\"{}\"/>", p[0], p[1], p[2]))
        .collect();
    let triangles: String = FACES
        .iter()
        .map(|f| format!("<triangle v1=\"{}\" v2=\"{}\" v3=\"{}\"/>", f[0], f[1], f[2]))
        .collect();
    let model = format!(
        "<?xml version=\"1.0\"?><model unit=\"inch\" xmlns=\"{NAMESPACE}\"><resources>\
         <basematerials id=\"5\"><base name=\"a\" displaycolor=\"#FF0000\"/></basematerials>\
         <object id=\"1\" pid=\"5\" pindex=\"0\"><mesh><vertices>{vertices}</vertices>\
         <triangles>{triangles}</triangles></mesh></object>{objects}</resources><build>{build}</build></model>"
    );
    let relations = "<?xml version=\"1.0\"?><Relationships><Relationship Target=\"/3D/it.model\" \
        Type=\"http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel\"/></Relationships>";
    archive(&[("_rels/.rels", relations), ("3D/it.model", &model)])
}

#[test]
fn threemf_places_objects() {
    let plain = threemf("", "<item objectid=\"1\"/>");
    check_tetrahedron("a.3mf", &plain);
    assert_eq!(mesh("a.3mf", &plain).painted_runs().collect::<Vec<_>>(), [(0..4, RED)]);
    let twice = "<object id=\"2\"><components><component objectid=\"1\" \
        transform=\"2 0 0 0 2 0 0 0 -2 10 0 0\"/><component objectid=\"1\"/></components></object>";
    let item = "<item objectid=\"2\" transform=\"1 0 0 0 1 0 0 0 1 0 5 0\"/>";
    let facts = measure(&mesh("a.3mf", threemf(twice, item)));
    assert!(facts.closed && facts.components == 2);
    assert!((facts.volume - 1.5).abs() < 1.0e-12);
    let bounds = facts.bounds.unwrap();
    assert_eq!((bounds.min, bounds.max), ([0.0, 5.0, -2.0], [12.0, 7.0, 1.0]));
}

#[test]
fn hostile_threemf_ends() {
    let circle = "<object id=\"2\"><components><component objectid=\"2\"/></components></object>";
    check_error(
        "a.3mf",
        threemf(circle, "<item objectid=\"2\"/>"),
        "can't parse file 'a.3mf': objects are built of each other too deeply",
    );
    let unknown = read("a.3mf", threemf("", "<item objectid=\"9\"/>")).unwrap();
    assert_eq!(unknown.warnings, ["some parts of the 3MF file name objects that there are not"]);
    // Ten objects in each of nine objects in each other: a billion tetrahedra.
    let tower: String = (2..12)
        .map(|id| {
            let parts = format!("<component objectid=\"{}\"/>", id - 1).repeat(10);
            format!("<object id=\"{id}\"><components>{parts}</components></object>")
        })
        .collect();
    check_error(
        "a.3mf",
        threemf(&tower, "<item objectid=\"11\"/>"),
        "can't parse file 'a.3mf': it has too many vertices or components",
    );
    cut_anywhere("a.3mf", &threemf("", "<item objectid=\"1\"/>"));
}

#[test]
fn endings_decide() {
    check_error("a.xyz", "", "unsupported file format while trying to import file 'a.xyz'");
    check_error("noending", "", "unsupported file format while trying to import file 'noending'");
    check_error("a.nef3", "", "NEF3 files cannot be imported: 'a.nef3'");
}
