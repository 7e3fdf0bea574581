//! Runs the tasks of a plan, independent ones at once.
//!
//! As many runners as the pool has threads take tasks off one stack of ready ones. Taking the newest first goes deep
//! before it goes wide, so that few operands are alive at a time. A fixed number of runners also bounds the stack: a
//! thread that waits inside the kernel may pick up another runner meanwhile, but there are only so many to nest.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use scadstream_csg::Kind;

use super::Job;
use super::booleans::unite;
use super::combine::{Combined, Fault, combine};
use super::plan::{Plan, Task, worth_caching};
use super::remarks::{Remark, Remarks, Repeated, located};
use crate::abandon::let_go;
use crate::control::{Cancelled, Progress};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shape::{Shape, Solids};

/// Takes the shape of a wanted node by its place among the wanted ones, with what its subtree has said; may have more to say
/// of it.
pub(super) type Take<'a> =
    dyn Fn(usize, &Shape, &Remarks) -> Result<Vec<Diagnostic>, Fault> + Sync + 'a;

/// Solves all tasks; hands each wanted node's shape to `take`. Messages come in tree order, then those of `take`.
pub(super) fn run(
    plan: Plan,
    job: &Job<'_>,
    take: &Take<'_>,
) -> Result<Vec<Diagnostic>, Cancelled> {
    let runner = Runner::new(plan, job, take);
    rayon::scope(|scope| runner.start_runners(scope));
    runner.result()
}

struct Runner<'a> {
    job: &'a Job<'a>,
    take_wanted: &'a Take<'a>,
    repeated: Repeated,
    tasks: Vec<Task>,
    states: Vec<State>,
    ready: Mutex<Vec<usize>>,
    /// Runners at work.
    runners: AtomicUsize,
    most_runners: usize,
    cancelled: AtomicBool,
    done: Mutex<Done>,
}

/// What changes about a task while others run.
#[derive(Default)]
struct State {
    /// Children not solved yet.
    pending: AtomicUsize,
    /// Its places among the wanted nodes.
    wanted_as: Vec<usize>,
    solved: Mutex<Solved>,
}

#[derive(Default)]
struct Solved {
    shape: Shape,
    /// How many times a parent still has to take the shape; the last one leaves nothing behind.
    uses: usize,
    /// What this subtree has to say.
    remarks: Remarks,
}

/// What is kept of finished tasks.
#[derive(Default)]
struct Done {
    /// Messages with the tree order of their nodes.
    messages: Vec<(usize, Diagnostic)>,
    /// Messages about wanted nodes with the places of these.
    of_wanted: Vec<(usize, Diagnostic)>,
    weight: f64,
    total_weight: f64,
}

impl<'a> Runner<'a> {
    fn new(mut plan: Plan, job: &'a Job<'a>, take_wanted: &'a Take<'a>) -> Self {
        let mut states: Vec<State> = plan
            .tasks
            .iter()
            .map(|task| State {
                pending: AtomicUsize::new(task.children.len()),
                solved: Mutex::new(Solved { uses: task.parents.len(), ..Solved::default() }),
                ..State::default()
            })
            .collect();
        for (place, task) in plan.wanted.iter().enumerate() {
            states[*task].wanted_as.push(place);
        }
        // Reversed, so that the first in tree order is on top of the stack.
        let ready =
            (0..plan.tasks.len()).rev().filter(|t| plan.tasks[*t].children.is_empty()).collect();
        let total_weight = plan.tasks.iter().map(weight).sum();
        let messages = std::mem::take(&mut plan.repeated.messages);
        Self {
            job,
            take_wanted,
            repeated: plan.repeated,
            tasks: plan.tasks,
            states,
            ready: Mutex::new(ready),
            runners: AtomicUsize::new(0),
            most_runners: rayon::current_num_threads(),
            cancelled: AtomicBool::new(false),
            done: Mutex::new(Done { messages, total_weight, ..Done::default() }),
        }
    }

    /// Starts runners for the tasks that are ready, as many as there may be.
    fn start_runners<'s>(&'s self, scope: &rayon::Scope<'s>) {
        let ready = lock(&self.ready).len();
        let most = if self.job.is_short_of_memory() { 1 } else { self.most_runners };
        for _ in 0..ready.min(most) {
            if self.runners.fetch_add(1, Ordering::AcqRel) >= most {
                self.runners.fetch_sub(1, Ordering::AcqRel);
                return;
            }
            scope.spawn(move |scope| {
                while let Some(task) = self.next_task() {
                    if self.run_task(task) > 1 {
                        self.start_runners(scope);
                    }
                }
            });
        }
    }

    /// The next task, or none if this runner is no longer needed.
    fn next_task(&self) -> Option<usize> {
        let mut ready = lock(&self.ready);
        // When memory is short all runners but one go home; the last one starts others again when there is enough.
        let surplus = self.job.is_short_of_memory() && self.runners.load(Ordering::Acquire) > 1;
        let goes_on = !surplus && !self.is_cancelled();
        let task = goes_on.then(|| ready.pop()).flatten();
        if task.is_none() {
            // Counted under the lock: whoever adds tasks next sees that a runner is missing.
            self.runners.fetch_sub(1, Ordering::AcqRel);
        }
        task
    }

    /// Solves a task. Returns how many tasks that made ready.
    fn run_task(&self, index: usize) -> usize {
        let task = &self.tasks[index];
        let mut messages = Vec::new();
        let (shape, mut remarks) = match lock(&task.known).take() {
            Some(shape) => (shape, task.remarks.clone()),
            None => {
                let (operands, of_children): (Vec<Shape>, Vec<Remarks>) =
                    task.children.iter().map(|child| self.take(*child)).unzip();
                if let Some(attendant) = self.job.attendant {
                    attendant.begins(&task.node);
                }
                let (shape, own) = match combine(&task.node, operands, self.job) {
                    Ok(Combined { shape, remarks }) => (shape.made_from(task.node.hash()), remarks),
                    Err(Fault::Cancelled) => {
                        self.cancelled.store(true, Ordering::Release);
                        return 0;
                    }
                    Err(Fault::Message(message)) => (Shape::Nothing, vec![Remark::error(message)]),
                };
                messages = located(self.repeated.unsaid(&task.node, &own), &task.node);
                (shape, Remarks::together(&task.node, &own, of_children))
            }
        };
        if self.is_cancelled() {
            let_go(shape.count(), shape);
            return 0;
        }
        let is_kept = self.job.settings.keep_subtrees && worth_caching(&task.node);
        if is_kept && !task.is_known && remarks.can_be_kept() {
            self.job.cache.insert_subtree(task.node.hash(), shape.clone(), remarks.clone());
        }
        let shape = match self.once_for_all(task, shape) {
            Ok(shape) => shape,
            Err(Fault::Cancelled) => {
                self.cancelled.store(true, Ordering::Release);
                return 0;
            }
            Err(Fault::Message(message)) => {
                messages.push(error_at(task, message));
                remarks = Remarks::NotKept;
                Shape::Nothing
            }
        };
        let mut of_wanted = Vec::new();
        for place in &self.states[index].wanted_as {
            let said = match (self.take_wanted)(*place, &shape, &remarks) {
                Ok(said) => said,
                Err(Fault::Cancelled) => {
                    self.cancelled.store(true, Ordering::Release);
                    let_go(shape.count(), shape);
                    return 0;
                }
                Err(Fault::Message(message)) => vec![error_at(task, message)],
            };
            of_wanted.extend(said.into_iter().map(|message| (*place, message)));
        }
        self.keep(index, shape, remarks);
        self.report(task, messages, of_wanted);
        let now_ready: Vec<usize> = task
            .parents
            .iter()
            .copied()
            .filter(|parent| self.states[*parent].pending.fetch_sub(1, Ordering::AcqRel) == 1)
            .collect();
        let mut ready = lock(&self.ready);
        ready.extend(&now_ready);
        ready.len()
    }

    /// A group that is in several places is united once, not again in each of them.
    fn once_for_all(&self, task: &Task, shape: Shape) -> Result<Shape, Fault> {
        match shape {
            Shape::Solids(solids) if task.repeats && solids.list.len() > 1 => {
                let united = unite(&task.node, &solids.list, self.job)?;
                Ok(Shape::Solids(Solids { list: united.into_iter().collect(), ..solids }))
            }
            other => Ok(other),
        }
    }

    /// Keeps a shape for the parents, if there are any.
    fn keep(&self, index: usize, shape: Shape, remarks: Remarks) {
        let mut solved = lock(&self.states[index].solved);
        solved.remarks = remarks;
        if solved.uses > 0 {
            solved.shape = shape;
        }
    }

    /// The shape of a solved child, and what its subtree has to say.
    fn take(&self, index: usize) -> (Shape, Remarks) {
        let mut solved = lock(&self.states[index].solved);
        solved.uses -= 1;
        let shape =
            if solved.uses == 0 { std::mem::take(&mut solved.shape) } else { solved.shape.clone() };
        (shape, solved.remarks.clone())
    }

    fn report(&self, task: &Task, messages: Vec<Diagnostic>, of_wanted: Vec<(usize, Diagnostic)>) {
        let mut done = lock(&self.done);
        done.of_wanted.extend(of_wanted);
        done.messages.extend(messages.into_iter().map(|message| (task.order, message)));
        done.weight += weight(task);
        if let Some(on_progress) = self.job.on_progress {
            let fraction = (done.weight / done.total_weight).min(1.0);
            on_progress(Progress { fraction, origin: task.node.origin() });
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire) || self.job.cancel.is_cancelled()
    }

    fn result(self) -> Result<Vec<Diagnostic>, Cancelled> {
        if self.is_cancelled() {
            let_go(self.tasks.len(), (self.tasks, self.states));
            return Err(Cancelled);
        }
        let mut done = self.done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.messages.sort_by_key(|(order, _)| *order);
        done.of_wanted.sort_by_key(|(place, _)| *place);
        Ok(done.messages.into_iter().chain(done.of_wanted).map(|(_, message)| message).collect())
    }
}

fn error_at(task: &Task, message: String) -> Diagnostic {
    Diagnostic { severity: Severity::Error, origin: task.node.origin(), message }
}

/// A guess of how much work a node is, against a primitive.
fn weight(task: &Task) -> f64 {
    if task.is_known {
        return 0.0;
    }
    match task.node.kind() {
        Kind::Minkowski { .. } => 100.0,
        Kind::Difference | Kind::Intersection | Kind::Hull => 2.0 + task.children.len() as f64,
        _ => 1.0,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in a task ends the whole solve; what the others find does not matter then.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
