//! Cancelling: whatever a solve is at, it ends within tens of milliseconds.
//!
//! The example `cancel_latency` measures the same models at several moments.

#[path = "cancel/models.rs"]
mod models;

use std::io::{self, Write};
use std::time::Duration;

use scadstream_eval::Options;
use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Budgets, Control, ExportOptions, Files, Format, Input, Libraries, Pipeline, Surroundings,
    Until, Unwatched, WriteError,
};

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

/// Counts what it is given, and cancels once that is so much.
struct CancelsAfter {
    token: CancelToken,
    left: usize,
    written: usize,
}

impl Write for CancelsAfter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!self.token.is_cancelled(), "nothing is written after the end");
        self.written += bytes.len();
        if self.written >= self.left {
            self.token.cancel();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_export_ends_when_it_is_cancelled_while_it_is_written() {
    let pipeline = Pipeline::new(Libraries::default(), Budgets::default());
    let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let files = Files::default();
    let content = b"sphere(9, $fn = 60);"[..].into();
    let input = Input { name: "main.scad", content, surroundings: Surroundings::Sent(&files) };
    let model = pipeline.evaluate(&input, &Options::default(), &control).unwrap();
    let solved = pipeline.solve(&model, Settings::default(), &control).unwrap();
    let options = ExportOptions::default();
    // Those that grow with the model and are written as they are made; archives and pictures are written at once.
    for format in [
        Format::StlAscii,
        Format::StlBinary,
        Format::Off,
        Format::Obj,
        Format::Amf,
        Format::Wrl,
        Format::Pov,
    ] {
        let mut whole = Vec::new();
        solved.write(format, &options, &mut whole).unwrap();
        let token = CancelToken::new();
        let left = whole.len() / 2;
        let mut out = CancelsAfter { token: token.clone(), left, written: 0 };
        let result = solved.write(format, &options, &mut Until::new(&token, &mut out));
        assert!(matches!(result, Err(WriteError::Io(_))), "{format:?}: {result:?}");
        assert!(out.written < whole.len(), "{format:?}");
    }
}
