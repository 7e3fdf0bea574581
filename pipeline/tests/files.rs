//! Documents with files of their own: what they may read, and what becomes of it.

use scadstream_eval::Options;
use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Budgets, Control, ExportOptions, Files, Format, Input, Libraries, Model, Pipeline, Solved,
    Surroundings, Unwatched,
};

/// A document of these files, the first being the main one, evaluated and solved.
struct Document {
    pipeline: Pipeline,
    files: Files,
    libraries: Libraries,
}

impl Document {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let files = files.iter().map(|(name, content)| ((*name).to_owned(), (*content).into()));
        let libraries = Libraries::default();
        let pipeline = Pipeline::new(libraries.clone(), Budgets::default());
        Self { pipeline, files: files.collect(), libraries }
    }

    fn with_library(mut self, folder: &std::path::Path) -> Self {
        self.libraries = Libraries::new([folder.to_owned()]);
        self.pipeline = Pipeline::new(self.libraries.clone(), Budgets::default());
        self
    }

    fn evaluate(&self, source: &str) -> Model {
        let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
        let surroundings = Surroundings::Sent(&self.files);
        let input = Input { name: "main.scad", content: source.as_bytes().into(), surroundings };
        let features = ["textmetrics".to_owned()].into();
        let options = Options { features, ..Options::default() };
        self.pipeline.evaluate(&input, &options, &control).expect("nobody cancels")
    }

    fn solve(&self, source: &str) -> (Solved, Vec<String>) {
        let model = self.evaluate(source);
        let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
        let settings = Settings::default();
        let mut solved = self.pipeline.solve(&model, settings, &control).expect("nobody cancels");
        solved.separate = self.pipeline.parts(&model, settings, &control).expect("nobody cancels");
        let messages = model.messages().iter().chain(&solved.messages);
        let messages = messages.map(|message| message.line.clone()).collect();
        (solved, messages)
    }

    #[track_caller]
    fn check_echo(&self, source: &str, expected: &[&str]) {
        let model = self.evaluate(source);
        let lines: Vec<_> = model.messages().iter().map(|message| &message.line).collect();
        assert_eq!(lines, expected);
    }
}

/// A tetrahedron as text STL, one face of it turned or left out.
fn tetrahedron(turned: bool, open: bool) -> String {
    let points = ["0 0 0", "1 0 0", "0 1 0", "0 0 1"];
    let faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], if turned { [2, 1, 3] } else { [1, 2, 3] }];
    let facet = |face: &[usize; 3]| {
        let corners: String = face.iter().map(|v| format!("vertex {}\n", points[*v])).collect();
        format!("facet normal 0 0 0\nouter loop\n{corners}endloop\nendfacet\n")
    };
    let faces = &faces[if open { 1 } else { 0 }..];
    format!("solid x\n{}endsolid\n", faces.iter().map(facet).collect::<String>())
}

const SECRET: &str = "solid secret\nfacet normal 0 0 0\nouter loop\nvertex 1 2 3\nvertex 4 5 6\n\
    vertex 7 8 10\nendloop\nendfacet\nendsolid\n";

#[test]
fn nothing_outside_the_document_can_be_read() {
    let folder = std::env::temp_dir().join(format!("scadstream-outside-{}", std::process::id()));
    let library = folder.join("library");
    std::fs::create_dir_all(&library).unwrap();
    let outside = folder.join("secret.stl");
    std::fs::write(&outside, SECRET).unwrap();
    std::fs::write(folder.join("secret.dxf"), "0\nSECTION\n0\nEOF\n").unwrap();
    std::fs::write(folder.join("secret.dat"), "1 2\n3 4\n").unwrap();
    std::fs::write(library.join("inside.scad"), "module own() import(\"own.stl\");").unwrap();
    std::fs::write(library.join("own.stl"), tetrahedron(false, false)).unwrap();
    std::os::unix::fs::symlink(&outside, library.join("link.stl")).unwrap();
    let reaching = "module reach() { import(\"../secret.stl\"); import(\"link.stl\"); }";
    std::fs::write(library.join("reaching.scad"), reaching).unwrap();

    let document = Document::new(&[("sub/part.stl", tetrahedron(false, false).as_bytes())])
        .with_library(&library);
    let absolute = outside.to_str().unwrap();
    let up = format!("sub/../../..{absolute}");
    for path in [absolute, &up, "../secret.stl", "link.stl", "own.stl", "/etc/hostname"] {
        for call in [format!("import(\"{path}\");"), format!("surface(\"{path}\");")] {
            let (solved, messages) = document.solve(&call);
            assert_eq!(solved.facts.triangles, 0, "{call} read something");
            assert!(messages.iter().any(|line| line.contains("Can't open")), "{call} {messages:?}");
        }
        let echo = format!("echo(dxf_dim(file=\"{path}\"), dxf_cross(file=\"{path}\"));");
        let model = document.evaluate(&echo);
        assert_eq!(model.messages().last().unwrap().line, "ECHO: undef, undef");
        // A font that is not there is passed over, with a warning.
        let font = document.evaluate(&format!("use <{path}.ttf>\ntext(\"a\");"));
        assert!(font.messages()[0].line.contains("Can't open"), "{:?}", font.messages());
    }
    let (solved, messages) = document.solve("use <reaching.scad>\nreach();");
    assert_eq!((solved.facts.triangles, messages.len()), (0, 2), "{messages:?}");
    // What lies in the library or the document itself is read.
    assert_eq!(document.solve("use <inside.scad>\nown();").0.facts.triangles, 4);
    assert_eq!(document.solve("import(\"sub/part.stl\");").0.facts.triangles, 4);
    assert_eq!(document.solve("import(\"./x/../sub/part.stl\");").0.facts.triangles, 4);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn broken_meshes_are_mended_with_a_warning() {
    let turned = tetrahedron(true, false);
    let open = tetrahedron(false, true);
    let off_by_a_little =
        tetrahedron(false, false).replacen("vertex 1 0 0", "vertex 1.0000001 0 0", 1);
    let files: [(&str, &[u8]); 3] = [
        ("turned.stl", turned.as_bytes()),
        ("open.stl", open.as_bytes()),
        ("near.stl", off_by_a_little.as_bytes()),
    ];
    let document = Document::new(&files);
    for (name, warning) in [("turned", "turned"), ("open", "closed"), ("near", "merged")] {
        let (solved, messages) = document.solve(&format!("import(\"{name}.stl\");"));
        assert!((solved.facts.volume - 1.0 / 6.0).abs() < 1e-6, "{name}: {}", solved.facts.volume);
        let told =
            messages.iter().any(|line| line.contains(warning) && line.starts_with("WARNING"));
        assert!(told, "{name}: {messages:?}");
    }
}

#[test]
fn what_cannot_be_imported_says_why() {
    let document = Document::new(&[
        ("a.nef3", b"Selective Nef Complex"),
        ("b.xyz", b""),
        ("c.stl", b"solid\nouter loop\nendloop\n"),
    ]);
    for (file, reason) in [
        ("a.nef3", "ERROR: NEF3 files cannot be imported: 'a.nef3'"),
        ("b.xyz", "ERROR: unsupported file format while trying to import file 'b.xyz'"),
        ("c.stl", "ERROR: can't parse file 'c.stl'"),
        ("none.stl", "WARNING: Can't open import file 'none.stl'"),
    ] {
        let (solved, messages) = document.solve(&format!("cube(1); import(\"{file}\");"));
        assert!(messages.iter().any(|line| line.starts_with(reason)), "{file}: {messages:?}");
        assert_eq!(solved.facts.volume, 1.0, "the rest of the model is there");
    }
}

const DRAWING: &[u8] = b"0\nSECTION\n2\nENTITIES\n0\nDIMENSION\n8\nmeasures\n1\nwidth\n70\n0\n13\n0\n23\n0\n14\n\
    3\n24\n4\n50\n0\n0\nLINE\n8\n0\n10\n0\n20\n0\n11\n4\n21\n4\n0\nLINE\n8\n0\n10\n0\n20\n4\n11\n1\n21\n3\n0\n\
    LWPOLYLINE\n8\narea\n70\n1\n10\n0\n20\n0\n10\n2\n20\n0\n10\n2\n20\n1\n0\nENDSEC\n0\nEOF\n";

#[test]
fn drawings_can_be_measured() {
    let document = Document::new(&[("a.dxf", DRAWING)]);
    document.check_echo(
        "echo(dxf_dim(file=\"a.dxf\", name=\"width\"), dxf_dim(file=\"a.dxf\", layer=\"measures\", scale=2));
         echo(dxf_cross(file=\"a.dxf\"), dxf_cross(file=\"a.dxf\", layer=\"0\", origin=[1, 0], scale=10));",
        &["ECHO: 3, 6", "ECHO: [2, 2], [10, 20]"],
    );
    document.check_echo(
        "echo(dxf_dim(file=\"a.dxf\", name=\"height\"));
         echo(dxf_cross(file=\"a.dxf\", layer=\"none\"));
         echo(dxf_dim(file=\"b.dxf\"));",
        &[
            "WARNING: Can't find dimension 'height' in 'a.dxf', layer ''! in file main.scad, line 1",
            "ECHO: undef",
            "WARNING: Can't find cross in 'a.dxf', layer 'none'! in file main.scad, line 2",
            "ECHO: undef",
            "WARNING: Can't open DXF file 'b.dxf'! in file main.scad, line 3",
            "ECHO: undef",
        ],
    );
}

#[test]
fn options_of_imports_reach_the_importers() {
    let page = br#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
        viewBox="0 0 100 100"><g id="g" inkscape:groupmode="layer" inkscape:label="L"><circle cx="50" cy="50" r="9"/></g>
        <rect width="10" height="10"/></svg>"#;
    let document = Document::new(&[("a.dxf", DRAWING), ("a.svg", page)]);
    let area = |source: &str| document.solve(source).0.facts.area;
    let bounds = |source: &str| document.solve(source).0.facts.bounds.unwrap();
    assert_eq!(area("import(\"a.dxf\", layer=\"area\");"), 1.0);
    assert_eq!(area("import(\"a.dxf\", layer=\"area\", scale=3);"), 9.0);
    let moved = bounds("import(\"a.dxf\", layer=\"area\", origin=[1, 2]);");
    assert_eq!(moved, [[-1.0, -2.0, 0.0], [1.0, -1.0, 0.0]]);
    let centred = bounds("import(\"a.dxf\", layer=\"area\", center=true);");
    assert_eq!(centred, [[-1.0, -0.5, 0.0], [1.0, 0.5, 0.0]]);
    let inch = 25.4_f64.powi(2);
    let square = |dpi: f64| 100.0 * inch / (dpi * dpi);
    let of_rectangle = area("import(\"a.svg\");") - area("import(\"a.svg\", id=\"g\");");
    assert!((of_rectangle - square(72.0)).abs() < 1e-6);
    let fine = area("import(\"a.svg\", dpi=96);") - area("import(\"a.svg\", layer=\"L\", dpi=96);");
    assert!((fine - square(96.0)).abs() < 1e-6);
    let points = |source: &str| document.solve(source).0.facts.vertices;
    assert_eq!(points("import(\"a.svg\", id=\"g\", $fn=90);"), 90);
}

#[test]
fn texts_and_fonts_can_be_measured() {
    let document = Document::new(&[]);
    let model = document.evaluate(
        "m = textmetrics(\"gyp\", size=10); f = fontmetrics(size=10, font=\"Liberation Sans\");
         echo(m.advance[0] > 22.3 && m.advance[0] < 22.5, m.descent < -2.8 && m.ascent > 7);
         echo(f.font.family, f.interline > 10, f.nominal.descent < 0, f.max.ascent > f.nominal.ascent);",
    );
    let lines: Vec<_> = model.messages().iter().map(|message| message.line.as_str()).collect();
    assert_eq!(lines, ["ECHO: true, true", "ECHO: \"Liberation Sans\", true, true, true"]);
}

#[test]
fn separate_parts_are_called_by_their_modules() {
    let document = Document::new(&[]);
    let source = "module wheel(x) translate([x, 0, 0]) cube(1);
        wheel(0); color(\"red\") wheel(5); difference() { cube(9); cube(1); }";
    let (solved, _) = document.solve(source);
    let names: Vec<_> = solved.separate.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["wheel", "wheel 2", "difference"]);
    let mut glb = Vec::new();
    solved.write(Format::Glb, &ExportOptions::default(), &mut glb).unwrap();
    let text = String::from_utf8_lossy(&glb);
    for name in names {
        assert!(text.contains(&format!("{{\"name\":\"{name}\",\"mesh\"")), "{name}");
    }
}
