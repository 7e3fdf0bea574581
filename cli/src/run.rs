//! Runs a job on a thread with a large stack and prints what it says.
#![expect(clippy::print_stderr, reason = "messages are this program's output")]

use std::process::ExitCode;

use scadstream_pipeline::Message;
use scadstream_syntax::Severity;

/// How deeply models may recurse depends on the stack; pages count only when they are touched.
const STACK_BYTES: usize = 512 << 20;

/// Runs `job` with a large stack and turns its fault, a line for the user, into the exit code.
pub(crate) fn with_stack(job: impl FnOnce() -> Result<ExitCode, String> + Send) -> ExitCode {
    let result = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, job);
        let thread = thread.map_err(|error| format!("cannot start a thread: {error}"))?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    result.unwrap_or_else(|fault| {
        eprintln!("scadstream: {fault}");
        ExitCode::FAILURE
    })
}

/// Prints messages to standard error, as OpenSCAD does; only errors when `quiet`.
pub(crate) fn print(messages: &[Message], quiet: bool) {
    let shown = |message: &&Message| !quiet || message.severity == Severity::Error;
    messages.iter().filter(shown).for_each(|message| eprintln!("{}", message.line));
}
