//! Reuse may change the time, never the answer: after any sequence of edits a pipeline with warm caches gives what a
//! fresh one gives, bit for bit.

use proptest::prelude::*;
use scadstream_geometry::spatial::{CellPatch, View};
use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Budgets, CellStream, Control, DrawnPart, Facts, Files, Input, Libraries, Pipeline,
    Surroundings, Unwatched,
};
use scadstream_stream::{ChunkInfo, ChunkOptions, Codec};

/// One statement of a model; numbers are small so that edits come back to what was there before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Statement {
    template: usize,
    a: u8,
    b: u8,
}

const TEMPLATES: &[&str] = &[
    "translate([A, B, 0]) cube([3, 4, B + 1]);",
    "translate([A, 0, B]) sphere(r = 2, $fn = 8 + B);",
    "difference() { cube([9, 9, 2]); translate([A, B, -1]) cylinder(r = 1.5, h = 4, $fn = 16); }",
    "color([A / 9, 0.5, 0.5]) translate([B * 2, 5, 5]) cube(2);",
    "translate([0, A, B]) minkowski() { cube([2, 1, 1]); sphere(r = 0.5, $fn = 6); }",
    "translate([A, A, A]) linear_extrude(height = 2, twist = 10 * B, slices = 4) square([2, 3]);",
    "hull() { translate([A, 0, 0]) cube(1); translate([0, B, 4]) sphere(r = 1, $fn = 10); }",
    "intersection() { translate([A / 4, 0, 0]) cube(4); sphere(r = 3, $fn = 12 + B); }",
    "echo(A + B); #translate([12, A, B]) cube(1);",
    "use <part.scad> part(A, B);",
    // These have something to say, and have subtrees in common that do.
    "difference() { cube(B + 2); translate([1, 1, 1]) cube(9); square(1); }",
    "translate([A, -9, 0]) union() { cube(1); difference() { cube(B + 2); translate([1, 1, 1]) cube(9); square(1); } }",
    "translate([-9, A, 0]) hull() { polyhedron([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, B + 1]], \
     [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]); cube(0.5); }",
    "union() { scale([1, 1, 0]) cube(A + 1); difference() { cube(B + 2); translate([1, 1, 1]) cube(9); square(1); } }",
    "translate([-9, -9, A]) union() { cube(2); polyhedron([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, B + 1]], \
     [[0, 1, 2], [0, 3, 1], [1, 3, 2], [0, 2, 3]]); }",
];

const LIBRARY: &str =
    "module part(a, b) translate([-5, a, b]) rotate([0, 0, 9 * a]) cube([2, 2, 1]);";

impl Statement {
    fn text(self) -> String {
        TEMPLATES[self.template].replace('A', &self.a.to_string()).replace('B', &self.b.to_string())
    }
}

#[derive(Debug, Clone, Copy)]
enum Edit {
    Change { at: usize, to: Statement },
    Insert { at: usize, what: Statement },
    Remove { at: usize },
    Undo,
}

fn statement() -> impl Strategy<Value = Statement> {
    (0..TEMPLATES.len(), 0..6_u8, 0..6_u8).prop_map(|(template, a, b)| Statement { template, a, b })
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => (any::<usize>(), statement()).prop_map(|(at, to)| Edit::Change { at, to }),
        2 => (any::<usize>(), statement()).prop_map(|(at, what)| Edit::Insert { at, what }),
        1 => any::<usize>().prop_map(|at| Edit::Remove { at }),
        2 => Just(Edit::Undo),
    ]
}

fn apply(history: &mut Vec<Vec<Statement>>, edit: Edit) {
    let mut model = history.last().cloned().unwrap_or_default();
    match edit {
        Edit::Change { at, to } if !model.is_empty() => {
            let at = at % model.len();
            model[at] = to;
        }
        Edit::Insert { at, what } => model.insert(at % (model.len() + 1), what),
        Edit::Remove { at } if model.len() > 1 => {
            model.remove(at % model.len());
        }
        Edit::Undo if history.len() > 1 => {
            history.pop();
            return;
        }
        _ => {}
    }
    history.push(model);
}

/// What a client gets to see: messages, facts, chunks and their payloads.
#[derive(Debug, PartialEq)]
struct Answer {
    messages: Vec<String>,
    facts: Facts,
    chunks: Vec<ChunkInfo>,
    payloads: Vec<Option<Vec<u8>>>,
}

fn answer(pipeline: &Pipeline, source: &str) -> Answer {
    let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let mut files = Files::new();
    files.insert("part.scad".into(), LIBRARY.as_bytes().into());
    files.insert("main.scad".into(), source.as_bytes().into());
    let input = Input {
        name: "main.scad",
        content: source.as_bytes().into(),
        surroundings: Surroundings::Sent(&files),
    };
    let model = pipeline.evaluate(&input, &Default::default(), &control).expect("not cancelled");
    let solved = pipeline.solve(&model, Settings::default(), &control).expect("not cancelled");
    let options = ChunkOptions { vertices: 40 };
    let plan = pipeline.plan(&solved.parts, options, None, &control).expect("not cancelled");
    let payloads =
        pipeline.encode(&plan, Codec::Meshopt, &|_| true, &control).expect("not cancelled");
    let messages = model.messages().iter().chain(&solved.messages);
    Answer {
        messages: messages.map(|message| message.line.clone()).collect(),
        facts: solved.facts,
        chunks: plan.infos().to_vec(),
        payloads: payloads.iter().map(|payload| payload.as_deref().map(<[u8]>::to_vec)).collect(),
    }
}

fn check(start: Vec<Statement>, edits: Vec<Edit>, budgets: Budgets) {
    let warm = Pipeline::new(Libraries::default(), budgets);
    let mut history = vec![start];
    for edit in edits {
        apply(&mut history, edit);
        let model = history.last().cloned().unwrap_or_default();
        let source: String = model.iter().map(|statement| statement.text() + "\n").collect();
        let fresh = Pipeline::new(Libraries::default(), Budgets::default());
        assert_eq!(answer(&warm, &source), answer(&fresh, &source), "{source}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_result_is_the_fresh_one(
        start in prop::collection::vec(statement(), 1..5),
        edits in prop::collection::vec(edit(), 1..8),
    ) {
        check(start, edits, Budgets::default());
    }

    #[test]
    fn also_when_caches_forget_most_of_it(
        start in prop::collection::vec(statement(), 1..5),
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        check(start, edits, Budgets { parses: 2000, solids: 60_000, plans: 20_000, encoded: 2000 });
    }
}

/// A model whose coarse form is there long before the exact one.
const SLOW: &str = "module ball(x) translate([x, 0, 0]) difference() { sphere(r = 4, $fn = 90); \
                    translate([2, 1, 1]) sphere(r = 3, $fn = 90); } \
                    for (x = [0 : 5 : 55]) ball(x);";

/// The model is small enough to be held.
struct NoCells;

impl CellStream for NoCells {
    fn view(&self) -> Option<View> {
        None
    }
    fn begin(&self, cells: usize, _largest_edge: f64) {
        panic!("{cells} cells are given away");
    }
    fn cells(&self, cells: Vec<CellPatch>) {
        panic!("{} cells are given away", cells.len());
    }
}

#[test]
fn a_slow_model_is_shown_coarsely_and_then_as_its_objects_finish() {
    let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
    let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let files = Files::new();
    let input = Input {
        name: "main.scad",
        content: SLOW.as_bytes().into(),
        surroundings: Surroundings::Sent(&files),
    };
    let model = pipeline.evaluate(&input, &Default::default(), &control).expect("not cancelled");
    let pictures = std::sync::Mutex::new(Vec::new());
    let show = |parts: Vec<DrawnPart>| {
        let triangles: usize = parts.iter().map(|part| part.shell.mesh().triangles.len()).sum();
        pictures.lock().expect("nobody panics").push((parts.len(), triangles));
    };
    let settings = Settings::default();
    let solved = pipeline
        .solve_progressively(&model, settings, &control, &show, &NoCells)
        .expect("not cancelled");
    let exact = pipeline.solve(&model, settings, &control).expect("not cancelled");
    assert_eq!(solved.facts, exact.facts);
    let pictures = pictures.into_inner().expect("nobody panics");
    let (objects, coarse) = *pictures.first().expect("a coarse picture");
    assert_eq!(objects, 12, "each object has its coarse form");
    assert!(coarse * 5 < exact.facts.triangles as usize, "{coarse} of {}", exact.facts.triangles);
    assert!(pictures.is_sorted_by_key(|(_, triangles)| *triangles), "{pictures:?}");
}

#[test]
fn an_edit_of_one_object_leaves_the_chunks_of_those_apart_from_it() {
    let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
    let model = |height: u32| {
        format!(
            "for (x = [0 : 9]) translate([x * 5, 0, 0]) sphere(2, $fn = 30); \
             translate([-20, 0, 0]) cube([9, 9, {height}]);"
        )
    };
    let (before, after) = (answer(&pipeline, &model(3)), answer(&pipeline, &model(4)));
    let known: Vec<_> = before.chunks.iter().map(|chunk| chunk.hash).collect();
    let new = after.chunks.iter().filter(|chunk| !known.contains(&chunk.hash)).count();
    assert!(after.chunks.len() > 10 && new == 1, "{new} of {}", after.chunks.len());
    assert!((after.facts.volume - before.facts.volume - 81.0).abs() < 1e-9);
}
