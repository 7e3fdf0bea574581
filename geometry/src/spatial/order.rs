//! Which cell is begun next, and whether there is memory for one more.

use super::octree::Task;
use super::view::View;
use crate::kernel::KernelError;

/// Most bytes that a cell takes while it is solved, for each triangle that it goes through: 160 to 600 were measured.
const WORK_BYTES: usize = 600;

/// The cells that are still to be begun, and those at work.
pub(super) struct Order {
    /// The next one last.
    left: Vec<usize>,
    /// Where they were last looked at from.
    view: Option<View>,
    at_work: usize,
    /// What these take.
    work_bytes: usize,
    /// Why no more are begun.
    fault: Option<KernelError>,
}

impl Order {
    /// So many cells, of which none is begun, in the order of the octree.
    pub(super) fn new(cells: usize) -> Self {
        let left = (0..cells).rev().collect();
        Self { left, view: None, at_work: 0, work_bytes: 0, fault: None }
    }

    /// Begins the cell that is seen best from `view`, or the next one if there is none; nothing if all threads have one or
    /// cells at work would take more than `most_bytes` together. One is always at work.
    pub(super) fn begin(
        &mut self,
        tasks: &[Task],
        view: Option<View>,
        most_bytes: usize,
    ) -> Option<usize> {
        if self.fault.is_some() || self.at_work >= rayon::current_num_threads() {
            return None;
        }
        if view != self.view {
            self.sort(tasks, view);
        }
        let next = work_bytes(&tasks[*self.left.last()?]);
        if self.at_work > 0 && self.work_bytes + next > most_bytes {
            return None;
        }
        self.at_work += 1;
        self.work_bytes += next;
        self.left.pop()
    }

    /// A cell is done. After a fault no other is begun.
    pub(super) fn end(&mut self, task: &Task, outcome: Result<(), KernelError>) {
        self.at_work -= 1;
        self.work_bytes -= work_bytes(task);
        if let Err(fault) = outcome {
            self.fault.get_or_insert(fault);
        }
    }

    /// How all went.
    pub(super) fn outcome(&mut self) -> Result<(), KernelError> {
        self.fault.take().map_or(Ok(()), Err)
    }

    /// Puts first what is seen best.
    fn sort(&mut self, tasks: &[Task], view: Option<View>) {
        self.view = view;
        let Some(view) = view else { return };
        let rank = |index: &usize| view.rank(&tasks[*index].cell.bounds());
        let mut ranked: Vec<_> = self.left.iter().map(|index| (rank(index), *index)).collect();
        ranked.sort_by(|((hidden, distance), index), ((other, farther), beside)| {
            let by_rank = other.cmp(hidden).then(farther.total_cmp(distance));
            by_rank.then(beside.cmp(index))
        });
        self.left = ranked.into_iter().map(|(_, index)| index).collect();
    }
}

fn work_bytes(task: &Task) -> usize {
    task.work * WORK_BYTES
}
