//! Cancelling: whatever a solve is at, it ends within tens of milliseconds.
//!
//! The example `cancel_latency` measures the same models at several moments.

#[path = "cancel/models.rs"]
mod models;

use std::time::Duration;

use scadstream_pipeline::{Budgets, Libraries, Pipeline};

use models::{OPERATIONS, files, latency};

/// What may pass between cancelling and the end: tens of milliseconds on an idle machine; this is for a crowded one.
const LATENCY: Duration = Duration::from_millis(250);

/// A machine so crowded that we do not get a turn for longer than that hardly is so each time.
const TRIES: usize = 5;

/// Well after the operation began.
const AFTER: Duration = Duration::from_millis(40);

#[test]
fn every_operation_ends_when_it_is_cancelled() {
    let files = files();
    for (operation, source) in OPERATIONS {
        let mut tries = (0..TRIES).map(|_| {
            let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
            latency(&pipeline, &files, (operation, source), AFTER)
        });
        let ended = tries.any(|latency| latency.is_some_and(|latency| latency < LATENCY));
        assert!(ended, "{operation}: {source}");
    }
}
