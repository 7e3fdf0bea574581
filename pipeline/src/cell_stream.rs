//! Models that are too large to be held, streamed cell by cell as they are solved.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use scadstream_geometry::spatial::{CellPatch, CellSink, CellsAhead, View};

/// Takes the solid of a model that is too large to be held, in batches of cells as they are solved.
pub trait CellStream: Sync {
    /// From where the model is looked at now: what is seen best is solved first.
    fn view(&self) -> Option<View>;

    /// More of the model. The first batch takes the place of all pictures before. Called from any thread, at times from
    /// several at once.
    fn cells(&self, cells: Vec<CellPatch>);

    /// The model will come, in so many cells, the largest with edges of this length. All pictures and batches before are
    /// void. Should cells not fit together, they all come once more, or the model is in the result, solved as a whole.
    fn begin(&self, cells: usize, largest_edge: f64);
}

/// Triangles of a batch: enough that what is told of each batch does not count.
const BATCH_TRIANGLES: usize = 60_000;
/// Time after which a batch is passed on however small it is, so that one sees the model come.
const BATCH_TIME: Duration = Duration::from_millis(250);

/// Gathers cells into batches.
pub(crate) struct Batches<'a> {
    stream: &'a dyn CellStream,
    /// Called before a batch is passed on.
    on_batch: &'a (dyn Fn() + Sync),
    gathered: Mutex<Gathered>,
}

struct Gathered {
    cells: Vec<CellPatch>,
    triangles: usize,
    /// When the last batch was passed on.
    since: Instant,
}

impl Default for Gathered {
    fn default() -> Self {
        Self { cells: Vec::new(), triangles: 0, since: Instant::now() }
    }
}

impl<'a> Batches<'a> {
    pub(crate) fn new(stream: &'a dyn CellStream, on_batch: &'a (dyn Fn() + Sync)) -> Self {
        Self { stream, on_batch, gathered: Mutex::default() }
    }

    /// Passes on what is left, after the last cell.
    pub(crate) fn flush(&self) {
        let rest = std::mem::take(&mut *self.lock());
        if !rest.cells.is_empty() {
            self.pass_on(rest);
        }
    }

    fn pass_on(&self, batch: Gathered) {
        (self.on_batch)();
        self.stream.cells(batch.cells);
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        // Nothing that can panic happens between two changes that belong together.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CellSink for Batches<'_> {
    fn view(&self) -> Option<View> {
        self.stream.view()
    }

    fn begin(&self, CellsAhead { cells, largest_edge, .. }: CellsAhead) {
        *self.lock() = Gathered::default();
        self.stream.begin(cells, largest_edge);
    }

    fn cell(&self, cell: CellPatch, _place: usize) {
        if cell.patch.mesh.is_empty() {
            return;
        }
        let mut gathered = self.lock();
        gathered.triangles += cell.patch.mesh.triangles.len();
        gathered.cells.push(cell);
        if gathered.triangles >= BATCH_TRIANGLES || gathered.since.elapsed() >= BATCH_TIME {
            let batch = std::mem::take(&mut *gathered);
            drop(gathered);
            self.pass_on(batch);
        }
    }
}
