//! STL files of models that are too large to be held: each cell is written when it is solved.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use scadstream_geometry::export::ExportError;
use scadstream_geometry::export::stl::{Form, Pieces};
use scadstream_geometry::measure::Measure;
use scadstream_geometry::spatial::{CellPatch, CellSink, CellsAhead, Patch, Stitch, View};
use scadstream_geometry::{Settings, Whole};

use super::{Format, WriteError};
use crate::control::{Control, Stopped};
use crate::facts::Facts;
use crate::model::Model;
use crate::pipeline::{Ears, Pipeline};
use crate::solved::Solved;

impl Format {
    /// Whether a model can be written in it while it is solved.
    pub const fn is_streamable(self) -> bool {
        self.stl_form().is_some()
    }

    const fn stl_form(self) -> Option<Form> {
        match self {
            Format::StlBinary => Some(Form::Binary),
            Format::StlAscii => Some(Form::Ascii),
            _ => None,
        }
    }
}

impl Pipeline {
    /// Solves an evaluated document for a file in a [streamable](Format::is_streamable) format. If the model is too large
    /// to be held it is written while it is solved, and [given](Solved::is_given) away in the result; else it is in
    /// the result and nothing was written.
    ///
    /// `open` makes the file, empty; should cells turn out not to fit together it is asked for another one. The same
    /// model gives the same bytes.
    ///
    /// # Errors
    /// [`Stopped`]; [`WriteError`] inside.
    ///
    /// # Panics
    /// If the format is not streamable.
    pub fn solve_into<W: Write + Seek + Send>(
        &self,
        model: &Model,
        settings: Settings,
        control: &Control<'_>,
        format: Format,
        open: &(dyn Fn() -> std::io::Result<W> + Sync),
    ) -> Result<Result<Solved, WriteError>, Stopped> {
        let form = format.stl_form().expect("the format is streamable");
        let stop = || control.cancel.cancel();
        let file = CellFile { form, open, stop: &stop, state: Mutex::default() };
        let ears = Ears { cells: Some(&file), ..Ears::default() };
        let root = model.root().drawn_root();
        let solved = self.solve_watched(model, &root, settings, control, ears);
        let mut state = file.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = state.fault.take() {
            return Ok(Err(fault.into()));
        }
        let mut solved = solved?;
        if let Whole::Given(summary) = &solved.whole {
            let simplified = state.stitch.as_ref().map_or(0, Stitch::simplified);
            let Measure { triangles, .. } = summary.measure;
            solved.facts = Facts::of_solid(&summary.measure.with_triangles(triangles - simplified));
            if let Err(fault) = state.finish() {
                return Ok(Err(fault.into()));
            }
        }
        Ok(Ok(solved))
    }
}

/// A file that cells are written to in the order of their places.
struct CellFile<'a, W> {
    form: Form,
    open: &'a (dyn Fn() -> std::io::Result<W> + Sync),
    /// Stops the solve, when the file cannot be written.
    stop: &'a (dyn Fn() + Sync),
    state: Mutex<State<W>>,
}

struct State<W> {
    pieces: Option<Pieces<W>>,
    /// Puts cells together; none before they come.
    stitch: Option<Stitch>,
    /// Cells that came before one whose place is before theirs.
    early: BTreeMap<usize, CellPatch>,
    next_place: usize,
    fault: Option<ExportError>,
}

impl<W> Default for State<W> {
    fn default() -> Self {
        Self { pieces: None, stitch: None, early: BTreeMap::new(), next_place: 0, fault: None }
    }
}

impl<W: Write + Seek> State<W> {
    fn write_what_is_next(&mut self) -> Result<(), ExportError> {
        while let Some(cell) = self.early.remove(&self.next_place) {
            self.next_place += 1;
            let (Some(pieces), Some(stitch)) = (&mut self.pieces, &mut self.stitch) else {
                continue;
            };
            let Patch { mesh, .. } = &*cell.patch;
            for (corners, _) in cell.patch.inner_triangles() {
                pieces.add(corners.map(|vertex| mesh.positions[vertex as usize]))?;
            }
            stitch.add(&cell.patch).into_iter().try_for_each(|(corners, _)| pieces.add(corners))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), ExportError> {
        let Some(mut pieces) = self.pieces else { return Ok(()) };
        let rest = self.stitch.map(Stitch::finish).unwrap_or_default();
        rest.into_iter().try_for_each(|(corners, _)| pieces.add(corners))?;
        pieces.finish()
    }
}

impl<W: Write + Seek> CellFile<'_, W> {
    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, done: Result<(), ExportError>) {
        if let Err(fault) = done {
            self.lock().fault.get_or_insert(fault);
            (self.stop)();
        }
    }
}

impl<W: Write + Seek + Send> CellSink for CellFile<'_, W> {
    fn view(&self) -> Option<View> {
        None
    }

    fn begin(&self, CellsAhead { bounds, .. }: CellsAhead) {
        let begun = (self.open)().map_err(ExportError::Io).and_then(|out| {
            let pieces = Some(Pieces::begin(out, self.form)?);
            *self.lock() = State { pieces, stitch: Some(Stitch::new(&bounds)), ..State::default() };
            Ok(())
        });
        self.note(begun);
    }

    fn cell(&self, cell: CellPatch, place: usize) {
        let mut state = self.lock();
        state.early.insert(place, cell);
        let written = state.write_what_is_next();
        drop(state);
        self.note(written);
    }
}
