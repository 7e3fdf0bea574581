//! Files in and out of the program: what it draws of OpenSCAD's own test files, and what it writes in every format.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Output;

use scadstream_tests::binary::{quiet, run, scadstream};
use scadstream_tests::measure::svg;
use scadstream_tests::server::Server;

/// Where Debian's package of test data puts it.
const TEST_DATA: &str = "/usr/share/openscad/testdata";

/// Area and box of each drawing, as OpenSCAD makes it: a line has the file's path below the test data, the area, and
/// left, bottom, right, top. Measured once, as OpenSCAD takes minutes.
const DRAWINGS: &str = include_str!("../figures/drawings.txt");

/// Largest relative difference: OpenSCAD writes six digits, and rounds 2D to a grid.
const TOLERANCE: f64 = 2e-4;

/// A folder of this test's own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("scadstream-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder is ours");
        Self(path)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("the temporary folder is ours");
        path
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).expect("the temporary folder is ours")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn render(model: &Path, outputs: &[PathBuf], arguments: &[&str]) -> Output {
    let mut command = quiet(scadstream());
    command.arg("render").arg(model).args(arguments);
    outputs.iter().for_each(|output| {
        command.arg("-o").arg(output);
    });
    run(&mut command)
}

#[test]
fn drawings_are_as_openscads() {
    let folder = Folder::new("drawings");
    let output = folder.0.join("out.svg");
    let mut faults = Vec::new();
    for line in DRAWINGS.lines().filter(|line| !line.starts_with('#')) {
        let (name, figures) = line.split_once('\t').expect("a name and its figures");
        let figures: Vec<f64> = figures.split(' ').map(|f| f.parse().expect("a number")).collect();
        let file = Path::new(TEST_DATA).join(name);
        let model = if name.ends_with(".scad") {
            file
        } else {
            folder.file("model.scad", &format!("import(\"{}\");", file.display()))
        };
        std::fs::remove_file(&output).ok();
        let messages = render(&model, std::slice::from_ref(&output), &[]).stderr;
        let measured = match std::fs::read_to_string(&output).map(|text| svg(&text)) {
            Ok(Ok(measured)) => measured,
            Ok(Err(fault)) => {
                faults.push(format!("{name}: {fault}"));
                continue;
            }
            Err(_) => {
                faults.push(format!("{name}: {}", String::from_utf8_lossy(&messages)));
                continue;
            }
        };
        let [low, high] = measured.bounds;
        let found = [measured.area, low[0], -high[1], high[0], -low[1]];
        let diagonal = (figures[3] - figures[1]).hypot(figures[4] - figures[2]);
        let units = [figures[0], diagonal, diagonal, diagonal, diagonal];
        if (0..5).any(|k| (found[k] - figures[k]).abs() > TOLERANCE * units[k]) {
            faults.push(format!("{name}: {found:?}, not {figures:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Two objects of two colours, and a hole.
const MODEL: &str =
    "color(\"red\") difference() { cube(10); translate([2, 2, -1]) cube([3, 3, 20]); }
    module ball() sphere(3, $fn = 12);
    translate([20, 0, 0]) ball();";

#[test]
fn every_format_is_written_the_same_each_time() {
    let folder = Folder::new("formats");
    let (solid, flat) = (folder.file("solid.scad", MODEL), folder.file("flat.scad", "circle(5);"));
    let signs: [(&Path, &str, &[u8]); 13] = [
        (&solid, "stl", b"solid OpenSCAD_Model"),
        (&solid, "off", b"OFF "),
        (&solid, "obj", b"# scadstream"),
        (&solid, "3mf", b"PK\x03\x04"),
        (&solid, "glb", b"glTF\x02\0\0\0"),
        (&solid, "amf", b"<?xml"),
        (&solid, "wrl", b"#VRML V2.0 utf8"),
        (&solid, "pov", b"// scadstream"),
        (&solid, "png", b"\x89PNG\r\n\x1a\n"),
        (&solid, "csg", b"color("),
        (&flat, "svg", b"<?xml"),
        (&flat, "dxf", b"0\nSECTION"),
        (&flat, "pdf", b"%PDF-1.4"),
    ];
    for model in [&solid, &flat] {
        let wanted = |(of, ..): &&(&Path, &str, &[u8])| of == model;
        for round in ["first", "second"] {
            let outputs: Vec<_> = signs
                .iter()
                .filter(wanted)
                .map(|(_, ending, _)| folder.0.join(format!("{round}.{ending}")))
                .collect();
            let output = render(model, &outputs, &[]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        for (_, ending, sign) in signs.iter().filter(wanted) {
            let [first, second] =
                ["first", "second"].map(|round| folder.read(&format!("{round}.{ending}")));
            assert!(first.starts_with(sign), "{ending}");
            assert!(first == second, "{ending} differs from one time to the next");
        }
    }
    let wrong = render(&flat, &[folder.0.join("no.stl")], &[]);
    let message = String::from_utf8_lossy(&wrong.stderr);
    assert!(!wrong.status.success() && message.contains("not a 3D object"), "{message}");
    assert!(!folder.0.join("no.stl").exists(), "half a file is left behind");
}

#[test]
fn options_of_formats_and_pictures() {
    let folder = Folder::new("options");
    let (solid, flat) =
        (folder.file("solid.scad", MODEL), folder.file("flat.scad", "square([300, 5]);"));
    let written = |model: &Path, name: &str, arguments: &[&str]| {
        let output = render(model, &[folder.0.join(name)], arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (folder.read(name), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (pdf, messages) = written(&flat, "a.pdf", &["-O", "export-pdf/paper-size=a6"]);
    assert!(String::from_utf8_lossy(&pdf).contains("/MediaBox [0 0 297.6378 419.5276]"));
    assert!(messages.contains("larger than the page"), "{messages}");
    let (svg, _) = written(&flat, "a.svg", &["-O", "export-svg/fill-color=#ff0000"]);
    assert!(String::from_utf8_lossy(&svg).contains("fill=\"#ff0000\""));
    let (plain, _) = written(&solid, "a.glb", &[]);
    let (parts, _) = written(&solid, "b.glb", &["-O", "export/parts=separate"]);
    let holds = |bytes: &[u8], name: &str| String::from_utf8_lossy(bytes).contains(name);
    assert!(holds(&plain, "\"OpenSCAD Model\"") && !holds(&plain, "\"ball\""));
    assert!(holds(&parts, "\"ball\"") && holds(&parts, "\"difference\""));
    let (named, _) =
        written(&solid, "c.glb", &["--export-format", "glb", "--enable", "lazy-union"]);
    assert!(parts == named);
    let size =
        |png: &[u8]| [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
    let (all, _) = written(&solid, "a.png", &["--imgsize", "80,60"]);
    let (eye, _) = written(&solid, "b.png", &["--imgsize=80,60", "--camera=50,-50,40,10,0,0"]);
    let (gimbal, _) = written(
        &solid,
        "c.png",
        &["--imgsize=80,60", "--camera=10,0,0,55,0,25,9", "--viewall", "--projection=o"],
    );
    assert_eq!([&all, &eye, &gimbal].map(|png| size(png)), [[80, 60]; 3]);
    assert!(all != eye && eye != gimbal);
    let (guided, _) = written(&solid, "d.png", &["--imgsize=80,60", "--view=axes,scales,edges"]);
    let (dark, _) =
        written(&solid, "e.png", &["--imgsize=80,60", "--colorscheme", "Tomorrow Night"]);
    assert!(all != guided && all != dark && guided != dark);
    let here = folder.file("here.scad", "cube(10, center = true);");
    let far = folder.file("far.scad", "translate([512, -256, 64]) cube(10, center = true);");
    let camera = ["--imgsize=80,60", "--camera=0,0,0,55,0,25,60", "--autocenter"];
    let (centered, _) = written(&here, "f.png", &camera[..2]);
    assert!(written(&far, "g.png", &camera).0 == centered);
    assert!(written(&far, "h.png", &camera[..2]).0 != centered);
    for (arguments, fault) in [
        (
            ["-O", "export-pdf/paper-size=b4"],
            "one of a6, a5, a4, a3, letter, legal, tabloid is needed",
        ),
        (["--imgsize", "0,5"], "two numbers from 1 to 4096"),
        (["--colorscheme", "Sunrise"], "not one of Cornfield, Metallic, Sunset"),
        (["--view", "shadows"], "[possible values: axes, crosshairs, edges, scales, wireframe]"),
        (["--camera", "1,2,3"], "seven or six numbers are needed"),
        (["--export-format", "gif"], "not one of"),
    ] {
        let output = render(&flat, &[folder.0.join("x.pdf")], &arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains(fault), "{message}");
    }
}

#[test]
fn summaries_have_openscads_keys_and_more() {
    let folder = Folder::new("summaries");
    let model =
        folder.file("a.scad", "difference() { cube(10); translate([2, 2, -1]) cube([3, 3, 20]); }");
    let json = folder.0.join("a.json");
    let arguments = ["--summary", "all", "--summary-file", json.to_str().unwrap()];
    let output = render(&model, &[folder.0.join("a.stl")], &arguments);
    let text = String::from_utf8_lossy(&output.stderr);
    for part in [
        "Volume:       910",
        "Genus:        1",
        "Area:         702",
        "Bounding box: [0.0, 0.0, 0.0] to",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let value: serde_json::Value = serde_json::from_slice(&folder.read("a.json")).unwrap();
    let geometry = &value["geometry"];
    assert_eq!(geometry["bounding_box"]["size"], serde_json::json!([10.0, 10.0, 10.0]));
    assert_eq!((geometry["dimensions"].as_u64(), geometry["facets"].as_u64()), (Some(3), Some(32)));
    assert_eq!((geometry["volume"].as_f64(), geometry["genus"].as_i64()), (Some(910.0), Some(1)));
    assert_eq!(
        (geometry["area"].as_f64(), geometry["simple"].as_bool()),
        (Some(702.0), Some(true))
    );
    assert_eq!(geometry["solver"], serde_json::json!({ "name": "direct" }));
    assert_eq!(value["camera"]["fov"].as_f64(), Some(22.5));
    assert!(
        value["time"]["total"].is_u64() && value["cache"]["geometry_cache"]["entries"].is_u64()
    );

    let arguments = ["--solver", "spatial", "--summary-file", json.to_str().unwrap()];
    render(&model, &[folder.0.join("a.stl")], &arguments);
    let value: serde_json::Value = serde_json::from_slice(&folder.read("a.json")).unwrap();
    let solver = &value["geometry"]["solver"];
    assert_eq!(solver["name"], "spatial");
    assert!(solver["cells"].as_u64() > Some(0));

    let flat = folder.file("b.scad", "square([4, 2]);");
    let arguments =
        ["--summary", "geometry", "--summary", "area", "--summary-file", json.to_str().unwrap()];
    render(&flat, &[folder.0.join("b.svg")], &arguments);
    let value: serde_json::Value = serde_json::from_slice(&folder.read("a.json")).unwrap();
    let expected = serde_json::json!({ "geometry": {
        "dimensions": 2, "contours": 1, "points": 4, "convex": true, "area": 8.0,
    } });
    assert_eq!(value, expected);
}

#[test]
fn fonts_come_from_folders_and_documents() {
    let folder = Folder::new("fonts");
    let fonts = Path::new(TEST_DATA).join("ttf");
    let font = fonts.join("marvosym-3.10/marvosym.ttf");
    let source = "text(\"abc\", font = \"MarVoSym\");";
    let drawn = |source: &str, folders: Option<&Path>| {
        let model = folder.file("a.scad", source);
        let mut command = quiet(scadstream());
        command.arg("render").arg(&model).arg("-o").arg(folder.0.join("a.svg"));
        if let Some(folders) = folders {
            command.env("OPENSCAD_FONT_PATH", folders);
        }
        let output = run(&mut command);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        svg(&String::from_utf8_lossy(&folder.read("a.svg"))).unwrap().area
    };
    let without = drawn(source, None);
    let by_folder = drawn(source, Some(&fonts));
    let by_use = drawn(&format!("use <{}>\n{source}", font.display()), None);
    assert_eq!(by_folder, by_use);
    assert!((without - by_use).abs() > 1.0, "another font stands in where there is none");
}

/// Posts a model to the server; the status line and headers, and the body.
fn post(address: &str, format: &str, model: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).expect("the server answers");
    let length = model.len();
    write!(
        stream,
        "POST /api/render?format={format} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{model}"
    )
    .expect("the server answers");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server answers");
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("headers end") + 4;
    let body = answer.split_off(end);
    (String::from_utf8_lossy(&answer).to_ascii_lowercase(), body)
}

#[test]
fn the_server_gives_every_format() {
    let server = Server::start(&["--workers", "1"]);
    let signs: [(&str, &str, &[u8]); 9] = [
        (MODEL, "3mf", b"PK\x03\x04"),
        (MODEL, "glb", b"glTF"),
        (MODEL, "amf", b"<?xml"),
        (MODEL, "obj", b"# scadstream"),
        (MODEL, "off", b"OFF "),
        (MODEL, "png", b"\x89PNG"),
        ("circle(5);", "svg", b"<?xml"),
        ("circle(5);", "dxf", b"0\nSECTION"),
        ("circle(5);", "pdf", b"%PDF"),
    ];
    for (model, format, sign) in signs {
        let (head, body) = post(&server.address, format, model);
        assert!(head.starts_with("http/1.1 200"), "{format}: {head}");
        let begins = body.windows(sign.len()).take(32).any(|window| window == sign);
        assert!(begins, "{format}: {:?}", &body[..body.len().min(40)]);
        assert!(head.contains(&format!("main.{format}")), "{head}");
    }
    let (head, body) = post(&server.address, "pdf", "cube(1);");
    assert!(head.starts_with("http/1.1 422"), "{head}");
    assert!(String::from_utf8_lossy(&body).contains("not a 2D object"));
}
