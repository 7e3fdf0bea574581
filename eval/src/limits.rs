//! What keeps a model from taking more than it may.

/// Bounds on what one evaluation may build. Reaching one is an error with a place and a trace, never a crash.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Elements of one list.
    pub list_elements: usize,
    /// Bytes of one string.
    pub string_bytes: usize,
    /// Calls in a row that replace each other, and rounds of one C-style loop. OpenSCAD's own limit.
    pub tail_calls: u32,
    /// Bytes of messages, echo among them.
    pub message_bytes: usize,
    /// Stack that has to be left for a call to be made. Geometry and error handling live in the rest.
    pub stack_reserve_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Picked by hand: 0.8 GB of numbers; a memory limit usually comes first.
            list_elements: 100_000_000,
            string_bytes: 256 << 20,
            tail_calls: 1_000_000,
            message_bytes: 64 << 20,
            stack_reserve_bytes: 256 << 10,
        }
    }
}

/// What the evaluator asks while it runs; both questions are asked often and must be cheap.
pub trait Control {
    /// Whether to stop because nobody wants the result any more. Asked about every thousand steps.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Called every 10 nodes and every some ten thousand steps, for whoever watches memory.
    ///
    /// # Errors
    /// With the reason, if the model must be stopped because it takes too much.
    fn checkpoint(&self, _progress: Progress) -> Result<(), String> {
        Ok(())
    }
}

/// How far an evaluation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Nodes made so far.
    pub nodes: u64,
}

/// Never cancels and watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunToEnd;

impl Control for RunToEnd {}
