//! Cells that are given away as they are solved are the cells of the model.

use std::collections::BTreeMap;
use std::sync::Mutex;

use scadstream_geometry::Attendant;
use scadstream_geometry::spatial::{CellPatch, CellSink, CellsAhead, View};

use super::*;

/// Notes all that it is given.
#[derive(Default)]
struct Notes {
    view: Option<View>,
    begun: Mutex<Vec<usize>>,
    /// In the order in which they came, since the last beginning.
    cells: Mutex<Vec<(usize, CellPatch)>>,
}

impl CellSink for Notes {
    fn view(&self) -> Option<View> {
        self.view
    }

    fn begin(&self, CellsAhead { cells, largest_edge, .. }: CellsAhead) {
        assert!(largest_edge > 0.0);
        self.begun.lock().expect("nobody panics").push(cells);
        self.cells.lock().expect("nobody panics").clear();
    }

    fn cell(&self, cell: CellPatch, place: usize) {
        self.cells.lock().expect("nobody panics").push((place, cell));
    }
}

/// Solves in small cells that are all given to `notes`, on some threads.
fn give(root: &Arc<Node>, notes: &Notes, threads: usize) -> Measure {
    give_within(usize::MAX, None, root, notes, threads)
}

/// The same with so much memory for cells at work.
fn give_within(
    cell_work_bytes: usize,
    attendant: Option<&dyn Attendant>,
    root: &Arc<Node>,
    notes: &Notes,
    threads: usize,
) -> Measure {
    let cache = SolidCache::new(0);
    let settings = Settings {
        solver: Solver::Spatial,
        cell_triangles: 300,
        kept_cell_bytes: 0,
        cell_work_bytes,
        ..Settings::default()
    };
    let cell_sink: Option<&dyn CellSink> = Some(notes);
    let job = Job { settings, cell_sink, attendant, ..Job::new(&cache, CancelToken::new()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    let solution = pool.install(|| solve(root, &job)).expect("nobody cancels");
    assert_eq!(solution.parts.len(), 0, "nothing is held");
    match solution.unite(&job).expect("nobody cancels").expect("no kernel error") {
        Whole::Given(summary) => summary.measure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn cells_that_are_given_are_those_that_would_be_held() {
    let root = plate(4, 24.0, 0.0);
    let held =
        solved(&root, Solver::Spatial, &SolidCache::new(0)).1.expect("it is solved by cells");
    for threads in [1, 3] {
        let notes = Notes::default();
        let measure = give(&root, &notes, threads);
        assert_eq!(measure, held.summary.measure);
        let given = notes.cells.into_inner().expect("nobody panics");
        if threads == 1 {
            assert!(given.iter().enumerate().all(|(index, (place, _))| index == *place));
        }
        let by_place: BTreeMap<usize, &CellPatch> =
            given.iter().map(|(place, cell)| (*place, cell)).collect();
        assert_eq!(notes.begun.into_inner().expect("nobody panics"), [by_place.len()]);
        let mut cells: Vec<&CellPatch> =
            by_place.into_values().filter(|cell| !cell.patch.mesh.is_empty()).collect();
        cells.sort_by_key(|cell| cell.content);
        let mut expected: Vec<&CellPatch> = held.patches.iter().collect();
        expected.sort_by_key(|cell| cell.content);
        let all = |cells: Vec<&CellPatch>| -> Vec<_> {
            cells.iter().map(|cell| (cell.content, Mesh::clone(&cell.patch.mesh))).collect()
        };
        assert_eq!(all(cells), all(expected));
    }
}

#[test]
fn cells_for_which_there_is_no_memory_wait() {
    struct Short;
    impl Attendant for Short {
        fn begins(&self, _node: &Node) {}
        fn is_short_of_memory(&self) -> bool {
            true
        }
    }
    let root = plate(8, 24.0, 0.0);
    let order = |cell_work_bytes, attendant| {
        let notes = Notes::default();
        let measure = give_within(cell_work_bytes, attendant, &root, &notes, 4);
        let given = notes.cells.into_inner().expect("nobody panics");
        (measure, given.into_iter().map(|(place, _)| place).collect::<Vec<_>>())
    };
    let (measure, places) = order(usize::MAX, None);
    // Those that are solved one after the other come in order; these hardly did.
    let in_turn: Vec<usize> = (0..places.len()).collect();
    assert_eq!(order(1, None), (measure, in_turn.clone()));
    assert_eq!(order(usize::MAX, Some(&Short)), (measure, in_turn));
}

#[test]
fn what_is_near_the_viewer_comes_first() {
    let eye = [16.0, -10.0, 1.0];
    let view = Some(View { eye, target: [16.0, 16.0, 1.0], fov_deg: 90.0 });
    let notes = Notes { view, ..Notes::default() };
    give(&plate(8, 24.0, 0.0), &notes, 1);
    let given = notes.cells.into_inner().expect("nobody panics");
    let distance = |cell: &CellPatch| {
        let Bounds { min, max } = cell.cell.bounds();
        let to = [0, 1, 2].map(|axis| f64::midpoint(min[axis], max[axis]) - eye[axis]);
        to.iter().map(|x| x * x).sum::<f64>().sqrt()
    };
    let mean = |cells: &[(usize, CellPatch)]| {
        cells.iter().map(|(_, cell)| distance(cell)).sum::<f64>() / cells.len() as f64
    };
    let quarter = given.len() / 4;
    let (first, last) = (mean(&given[..quarter]), mean(&given[given.len() - quarter..]));
    assert!(quarter > 4 && first < last / 1.5, "{first} and {last} of {}", given.len());
}

#[test]
fn cells_that_do_not_fit_are_given_once_more() {
    let notes = Notes::default();
    let root = balls_with_a_slit();
    let measure = give(&root, &notes, 2);
    assert!(notes.begun.lock().expect("nobody panics").len() > 1);
    let direct = super::measure(&solved(&root, Solver::Direct, &SolidCache::new(0)).0);
    assert!((measure.volume - direct.volume).abs() <= 1e-9 * direct.volume);
    assert_eq!((measure.genus, measure.components), (direct.genus, direct.components));
    let given = notes.cells.into_inner().expect("nobody panics");
    let triangles: usize = given.iter().map(|(_, cell)| cell.patch.mesh.triangles.len()).sum();
    assert_eq!(triangles, measure.triangles);
}
