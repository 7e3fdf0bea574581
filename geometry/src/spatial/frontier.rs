//! Which cells wait for which: a cell is settled when all that touch it are solved, and let go when all these are settled.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cells::CellPatch;
use super::octree::Task;
use crate::mesh::Bounds;

/// The cells that are solved but not yet let go. There are as many as lie between what is settled and what is not begun, so
/// memory does not depend on the size of the model.
pub(super) struct Frontier {
    /// Of each cell, those that touch it, from the first on.
    around: Vec<Vec<u32>>,
    state: Mutex<State>,
}

struct State {
    /// Of each cell, how many of it and those around are not solved yet.
    unsolved: Vec<u32>,
    /// Of each cell, how many of it and those around are not settled yet.
    unsettled: Vec<u32>,
    held: Vec<Option<CellPatch>>,
}

/// A cell that can be settled.
pub(super) struct Ready {
    pub(super) index: usize,
    pub(super) own: CellPatch,
    /// All cells that touch it.
    pub(super) around: Vec<CellPatch>,
}

impl Frontier {
    pub(super) fn new(tasks: &[Task]) -> Self {
        let boxes: Vec<Bounds> = tasks.iter().map(|task| task.cell.bounds()).collect();
        let around = touching(&boxes);
        let counts: Vec<u32> = around.iter().map(|around| around.len() as u32 + 1).collect();
        let held = vec![None; tasks.len()];
        let state = Mutex::new(State { unsolved: counts.clone(), unsettled: counts, held });
        Self { around, state }
    }

    /// Each cell's place in an order in which cells can be settled if they are solved from the first on.
    pub(super) fn places(&self) -> Vec<usize> {
        let last =
            |index: usize| self.around[index].last().map_or(index, |l| index.max(*l as usize));
        let mut order: Vec<usize> = (0..self.around.len()).collect();
        order.sort_by_key(|index| (last(*index), *index));
        let mut places = vec![0; order.len()];
        order.into_iter().enumerate().for_each(|(place, index)| places[index] = place);
        places
    }

    /// Takes the surface of a cell, and gives the cells that can be settled now.
    pub(super) fn solved(&self, index: usize, patch: CellPatch) -> Vec<Ready> {
        let mut state = self.lock();
        state.held[index] = Some(patch);
        let mut ready = Vec::new();
        for cell in self.with_around(index) {
            state.unsolved[cell] -= 1;
            if state.unsolved[cell] == 0 {
                let held = |index: usize| state.held[index].clone().expect("held until settled");
                let around = self.around[cell].iter().map(|index| held(*index as usize)).collect();
                ready.push(Ready { index: cell, own: held(cell), around });
            }
        }
        ready.sort_unstable_by_key(|ready| ready.index);
        ready
    }

    /// A cell is settled: what nobody needs any more is let go.
    pub(super) fn settled(&self, index: usize) {
        let mut state = self.lock();
        for cell in self.with_around(index) {
            state.unsettled[cell] -= 1;
            if state.unsettled[cell] == 0 {
                state.held[cell] = None;
            }
        }
    }

    fn with_around(&self, index: usize) -> impl Iterator<Item = usize> {
        std::iter::once(index).chain(self.around[index].iter().map(|cell| *cell as usize))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in a cell ends the whole solve; what the others find does not matter then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of each box, the others that have a point in common with it.
fn touching(boxes: &[Bounds]) -> Vec<Vec<u32>> {
    let mut by_start: Vec<u32> = (0..boxes.len() as u32).collect();
    by_start.sort_by(|a, b| {
        boxes[*a as usize].min[0].total_cmp(&boxes[*b as usize].min[0]).then(a.cmp(b))
    });
    let mut around = vec![Vec::new(); boxes.len()];
    for (at, &first) in by_start.iter().enumerate() {
        let own = &boxes[first as usize];
        let later = by_start[at + 1..].iter();
        for &other in later.take_while(|other| boxes[**other as usize].min[0] <= own.max[0]) {
            if own.touches(&boxes[other as usize]) {
                around[first as usize].push(other);
                around[other as usize].push(first);
            }
        }
    }
    around.iter_mut().for_each(|around| around.sort_unstable());
    around
}
