//! What there is to show of a model while it is solved: of each top-level object its best form so far.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::solved::DrawnPart;

/// How good a form of an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    /// Without booleans.
    Sketch,
    /// With few fragments.
    Coarse,
    /// As the model says.
    Exact,
}

/// Written by those who solve, read by whoever shows.
#[derive(Debug, Default)]
pub(crate) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// By the object's number.
    forms: Vec<Option<(Grade, DrawnPart)>>,
    /// Whether a form came since the last picture.
    is_fresh: bool,
    /// Whether the next picture should not wait.
    is_urgent: bool,
    pictures: usize,
    is_over: bool,
}

impl Board {
    /// Notes a form of object `index`, if it is better than what there is.
    pub(crate) fn put(&self, index: usize, grade: Grade, part: DrawnPart) {
        let mut state = self.lock();
        if state.forms.len() <= index {
            state.forms.resize(index + 1, None);
        }
        let slot = &mut state.forms[index];
        if slot.as_ref().is_none_or(|(present, _)| *present < grade) {
            *slot = Some((grade, part));
            state.is_fresh = true;
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Asks for a picture now, if there is anything new to show.
    pub(crate) fn hurry(&self) {
        self.lock().is_urgent = true;
        self.changed.notify_all();
    }

    /// Nothing more is to be shown.
    pub(crate) fn finish(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    /// Waits until the end, at most `patience`; whether it has come.
    pub(crate) fn wait_for_end(&self, patience: Duration) -> bool {
        let over = |state: &mut State| !state.is_over;
        let waited = self.changed.wait_timeout_while(self.lock(), patience, over);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_over
    }

    /// Waits until something was shown or the end has come, at most `patience`.
    pub(crate) fn wait_for_picture(&self, patience: Duration) {
        let nothing = |state: &mut State| state.pictures == 0 && !state.is_over;
        drop(self.changed.wait_timeout_while(self.lock(), patience, nothing));
    }

    /// Waits for the next picture: not before `not_before`, unless it is urgent. None at the end.
    pub(crate) fn next_picture(&self, not_before: Instant) -> Option<Vec<DrawnPart>> {
        let mut state = self.lock();
        loop {
            if state.is_over {
                return None;
            }
            let wait = not_before.saturating_duration_since(Instant::now());
            if state.is_fresh && (state.is_urgent || wait.is_zero()) {
                (state.is_fresh, state.is_urgent) = (false, false);
                return Some(state.forms.iter().flatten().map(|(_, part)| part.clone()).collect());
            }
            let patience = if wait.is_zero() { Duration::from_secs(3600) } else { wait };
            let waited = self.changed.wait_timeout(state, patience);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A picture is on its way.
    pub(crate) fn shown(&self) {
        self.lock().pictures += 1;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whole after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
