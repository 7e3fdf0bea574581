//! Memory as a resource that is measured, pooled and limited.
//!
//! [`allocator`] counts the bytes a process has in use, [`system`] asks what the machine has, [`monitor`] joins both
//! into snapshots and [`pressure`] into one of four levels, by thresholds from [`settings`]. [`leak`] tells a leak
//! from a cache that warms up. [`segment`] is memory shared between a worker and the supervisor, [`pool`] keeps such
//! segments for reuse, [`typed`] lays arrays of numbers into them. [`limits`] are the bounds a worker puts on itself,
//! [`groups`] those that the supervisor has the system put on it. What to do at which level is left to the callers.
//!
//! This is the only crate with `unsafe` code, in [`allocator`] and [`segment`]; everything public is safe to use.
//!
//! ```
//! use scadstream_memory::pressure::{PressureLevel, Thresholds};
//!
//! let thresholds = Thresholds { warning: 500, chunking: 750, hard: 1000 };
//! assert_eq!(thresholds.level(800), PressureLevel::High);
//! ```

pub mod allocator;
pub mod groups;
pub mod leak;
pub mod limits;
pub mod monitor;
pub mod pool;
pub mod pressure;
pub mod segment;
pub mod settings;
pub mod system;
pub mod typed;
