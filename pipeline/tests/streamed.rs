//! A model that is too large to be held is the same model, streamed or written while it is solved.

use std::io::{Cursor, Write};
use std::sync::Mutex;

use scadstream_geometry::measure::{Measure, measure};
use scadstream_geometry::solve::Solver;
use scadstream_geometry::spatial::{CellPatch, View};
use scadstream_geometry::{CancelToken, Mesh, Settings, Whole};
use scadstream_pipeline::{
    Budgets, CellStream, Control, ExportOptions, Files, Format, Input, Libraries, Model, Pipeline,
    Solved, Surroundings, Unwatched, WriteError,
};

const MODEL: &str = "
    $fn = 20;
    difference() {
        union() {
            cube([24, 24, 3]);
            for (x = [2 : 4 : 22], y = [2 : 4 : 22]) translate([x, y, 3]) color(\"red\") sphere(1.5);
        }
        for (x = [4 : 4 : 20], y = [4 : 4 : 20]) translate([x, y, -1]) cylinder(h = 9, r = 0.8);
    }
    #translate([40, 0, 0]) cube(5);
";

/// Cells of a few hundred triangles, of which none is held.
const GIVEN: Settings = Settings {
    keep_subtrees: true,
    solver: Solver::Spatial,
    cell_triangles: 500,
    kept_cell_bytes: 0,
    cell_work_bytes: 1 << 30,
    minkowski_chunk: 10,
    most_triangles: 1 << 26,
};

struct Rendering {
    pipeline: Pipeline,
    control: Control<'static>,
    model: Model,
}

fn rendering() -> Rendering {
    rendering_of(MODEL)
}

fn rendering_of(source: &str) -> Rendering {
    let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
    let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let files = Files::new();
    let content = source.as_bytes().into();
    let input = Input { name: "main.scad", content, surroundings: Surroundings::Sent(&files) };
    let model = pipeline.evaluate(&input, &Default::default(), &control).expect("it evaluates");
    Rendering { pipeline, control, model }
}

fn direct() -> Solved {
    let Rendering { pipeline, control, model } = rendering();
    let settings = Settings { solver: Solver::Direct, ..GIVEN };
    pipeline.solve(&model, settings, &control).expect("nobody stops it")
}

/// The triangles of a binary STL file, corners at one position joined.
fn of_stl(bytes: &[u8]) -> Measure {
    let mut mesh = Mesh::default();
    let mut index_of = std::collections::HashMap::new();
    for record in bytes[84..].chunks_exact(50) {
        let number =
            |at: usize| f32::from_le_bytes(record[at..at + 4].try_into().expect("four bytes"));
        mesh.triangles.push([12, 24, 36].map(|at| {
            let position = [0, 4, 8].map(|axis| number(at + axis));
            *index_of.entry(position.map(f32::to_bits)).or_insert_with(|| {
                mesh.positions.push(position.map(f64::from));
                mesh.positions.len() as u32 - 1
            })
        }));
    }
    assert_eq!(bytes[80..84], (mesh.triangles.len() as u32).to_le_bytes());
    measure(&mesh)
}

/// Writes the model while it is solved, on some threads.
fn written(threads: usize) -> (Solved, Vec<u8>) {
    /// What is written, which outlives whoever writes it.
    #[derive(Clone, Copy)]
    struct Shared<'a>(&'a Mutex<Cursor<Vec<u8>>>);
    impl Write for Shared<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("nobody panics").write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl std::io::Seek for Shared<'_> {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.0.lock().expect("nobody panics").seek(to)
        }
    }
    let Rendering { pipeline, control, model } = rendering();
    let file = Mutex::new(Cursor::new(Vec::new()));
    let open = || {
        *file.lock().expect("nobody panics") = Cursor::new(Vec::new());
        Ok(Shared(&file))
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    let format = Format::StlBinary;
    let solved = pool.install(|| pipeline.solve_into(&model, GIVEN, &control, format, &open));
    let solved = solved.expect("nobody stops it").expect("memory takes all");
    (solved, file.into_inner().expect("nobody panics").into_inner())
}

#[test]
fn a_file_written_while_it_is_solved_is_the_model() {
    let direct = direct();
    let (solved, bytes) = written(1);
    assert!(solved.is_given());
    let close = |a: f64, b: f64, share: f64| (a - b).abs() <= share * b.abs();
    assert!(close(solved.facts.volume, direct.facts.volume, 1e-9));
    assert!(close(solved.facts.area, direct.facts.area, 1e-9));
    assert_eq!(solved.facts.genus, direct.facts.genus);
    let of_file = of_stl(&bytes);
    assert!(of_file.closed && of_file.triangles as u64 == solved.facts.triangles);
    assert_eq!(of_file.vertices as u64, solved.facts.vertices);
    let most = direct.facts.triangles + direct.facts.triangles / 50;
    assert!(solved.facts.triangles <= most, "no vertices are left that only seams made");
    assert!(close(of_file.volume, direct.facts.volume, 1e-5));
    assert_eq!(Some(of_file.genus), direct.facts.genus);
    assert_eq!(written(3).1, bytes, "the threads do not matter");
    let again = solved.write(Format::Off, &ExportOptions::default(), &mut Vec::new());
    assert!(matches!(again, Err(WriteError::Given)), "{again:?}");
}

#[test]
fn a_file_that_cannot_be_written_stops_the_solve() {
    let Rendering { pipeline, control, model } = rendering();
    let open = || -> std::io::Result<Cursor<Vec<u8>>> { Err(std::io::Error::other("disk full")) };
    let solved = pipeline.solve_into(&model, GIVEN, &control, Format::StlAscii, &open);
    let fault = solved.expect("it is not stopped by others").expect_err("nothing was written");
    assert!(matches!(&fault, WriteError::Io(error) if error.to_string() == "disk full"), "{fault}");
}

#[test]
fn what_is_wrong_in_a_model_of_cells_is_said_with_its_line() {
    let source = "
        difference() {
            union() {
                cube([24, 24, 3]);
                for (x = [2 : 4 : 22], y = [2 : 4 : 22]) translate([x, y, 3]) sphere(1.5, $fn = 30);
                rotate_extrude() translate([-1, 0]) square(4);
            }
            sphere(5, $fn = 1e9);
            translate([12, 12]) render() { cube(3); square(4); }
        }";
    let said = |solver| {
        let Rendering { pipeline, control, model } = rendering_of(source);
        let settings = Settings { solver, kept_cell_bytes: 1 << 30, ..GIVEN };
        let solved = pipeline.solve(&model, settings, &control).expect("nobody stops it");
        let lines: Vec<(Option<u32>, String)> = (solved.messages.iter())
            .map(|message| (message.place.as_ref().map(|place| place.line), message.text.clone()))
            .collect();
        (solved.cells().is_some(), lines)
    };
    let (is_of_cells, lines) = said(Solver::Spatial);
    assert!(is_of_cells);
    let places: Vec<Option<u32>> = lines.iter().map(|(line, _)| *line).collect();
    assert_eq!(places, [Some(6), Some(8), Some(9), Some(9)], "{lines:?}");
    assert_eq!(said(Solver::Direct), (false, lines));
}

#[test]
fn a_small_model_is_held() {
    let Rendering { pipeline, control, model } = rendering();
    let settings = Settings { kept_cell_bytes: 1 << 30, ..GIVEN };
    let open = || -> std::io::Result<Cursor<Vec<u8>>> { unreachable!("nothing is to be written") };
    let solved = pipeline.solve_into(&model, settings, &control, Format::StlBinary, &open);
    let solved = solved.expect("nobody stops it").expect("nothing was written");
    let mut bytes = Vec::new();
    solved
        .write(Format::StlBinary, &ExportOptions::default(), &mut bytes)
        .expect("memory takes all");
    assert!(matches!(solved.whole, Whole::Solid(_)) && of_stl(&bytes).closed);
}

#[test]
fn batches_are_the_model() {
    #[derive(Default)]
    struct Batches {
        begun: Mutex<usize>,
        cells: Mutex<Vec<CellPatch>>,
    }
    impl CellStream for Batches {
        fn view(&self) -> Option<View> {
            None
        }
        fn begin(&self, cells: usize, _largest_edge: f64) {
            *self.begun.lock().expect("nobody panics") += cells;
        }
        fn cells(&self, cells: Vec<CellPatch>) {
            assert!(*self.begun.lock().expect("nobody panics") > 0);
            self.cells.lock().expect("nobody panics").extend(cells);
        }
    }
    let Rendering { pipeline, control, model } = rendering();
    let batches = Batches::default();
    let show = |_| {};
    let solved = pipeline.solve_progressively(&model, GIVEN, &control, &show, &batches);
    let solved = solved.expect("nobody stops it");
    assert!(solved.is_given() && solved.parts.len() == 1, "the marked cube is a part of its own");
    let cells = batches.cells.into_inner().expect("nobody panics");
    let triangles: usize = cells.iter().map(|cell| cell.patch.mesh.triangles.len()).sum();
    assert_eq!(triangles as u64, solved.facts.triangles);
    let direct = direct();
    assert!((solved.facts.volume - direct.facts.volume).abs() <= 1e-9 * direct.facts.volume);
}
