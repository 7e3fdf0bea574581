//! The memory settings of an operator, read once from the environment.
//!
//! | variable | default |
//! | --- | --- |
//! | `MEMORY_WARNING_MB` | half of the hard limit |
//! | `MEMORY_CHUNKING_MB` | three quarters of the hard limit |
//! | `MEMORY_HARD_MB` | the machine's memory less a reserve, divided among the workers; 1000 at least |
//! | `MEMORY_CELLS_MB` | an eighth of the hard limit |
//! | `BUFFER_POOL_SIZE` | 50 buffers per size class |
//! | `BUFFER_CLEANUP_MS` | 30000 |
//! | `CHUNK_VERTICES` | 10000 |
//!
//! A megabyte is 10^6 bytes here, as operators count. A value that is no number, out of range or contradicts another
//! stops the start with one line that names it.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::pressure::Thresholds;

/// Bytes in the megabyte of the settings.
pub const MEGABYTE: u64 = 1_000_000;

/// The least that a worker is given by default, whatever the machine: below it no real model renders.
const LEAST_HARD_MB: u64 = 1000;

/// A value that cannot be used; the text names variable, value and what would do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Not a whole number in the allowed range.
    #[error("{name}={value} cannot be used: expected a whole number from {least} to {most}")]
    Value {
        /// The variable.
        name: &'static str,
        /// Its text.
        value: String,
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
    },
    /// Two thresholds in the wrong order.
    #[error(
        "{lower_name} is {lower_mb} MB, above {upper_name} with {upper_mb} MB: it must not be larger"
    )]
    Order {
        /// The variable that should be the smaller one.
        lower_name: &'static str,
        /// Its value or default.
        lower_mb: u64,
        /// The variable that should be the larger one.
        upper_name: &'static str,
        /// Its value or default.
        upper_mb: u64,
    },
}

/// The settings. `None` means the default, which depends on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemorySettings {
    /// `MEMORY_WARNING_MB`: pressure is moderate from here on.
    pub warning_mb: Option<u64>,
    /// `MEMORY_CHUNKING_MB`: pressure is high from here on.
    pub chunking_mb: Option<u64>,
    /// `MEMORY_HARD_MB`: what one worker may use at most.
    pub hard_mb: Option<u64>,
    /// `MEMORY_CELLS_MB`: solved cells of a model that are held; those of a larger model are streamed as they are solved.
    pub cells_mb: Option<u64>,
    /// `BUFFER_POOL_SIZE`: idle buffers kept per size class, those not counted that hold chunks to be sent again.
    pub buffer_pool_size: usize,
    /// `BUFFER_CLEANUP_MS`: a buffer idle for this long is released.
    pub buffer_cleanup: Duration,
    /// `CHUNK_VERTICES`: vertices per chunk at most.
    pub chunk_vertices: usize,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self {
            warning_mb: None,
            chunking_mb: None,
            hard_mb: None,
            cells_mb: None,
            buffer_pool_size: 50,
            buffer_cleanup: Duration::from_secs(30),
            chunk_vertices: 10_000,
        }
    }
}

impl MemorySettings {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// The first variable that cannot be used.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_lookup(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// Reads from any source of named texts. An empty text counts as not set.
    ///
    /// # Errors
    /// The first variable that cannot be used.
    pub fn from_lookup(
        mut lookup: impl FnMut(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let defaults = Self::default();
        // A worker of 1 PB is a slip of the pen; the bound also keeps every product below u64::MAX.
        const MEGABYTES: RangeInclusive<u64> = 1..=1_000_000_000;
        let mut read = |name, range| number(name, lookup(name), range);
        Ok(Self {
            warning_mb: read("MEMORY_WARNING_MB", MEGABYTES)?,
            chunking_mb: read("MEMORY_CHUNKING_MB", MEGABYTES)?,
            hard_mb: read("MEMORY_HARD_MB", MEGABYTES)?,
            cells_mb: read("MEMORY_CELLS_MB", MEGABYTES)?,
            buffer_pool_size: read("BUFFER_POOL_SIZE", 1..=10_000)?
                .map_or(defaults.buffer_pool_size, |count| count as usize),
            buffer_cleanup: read("BUFFER_CLEANUP_MS", 1..=86_400_000)?
                .map_or(defaults.buffer_cleanup, Duration::from_millis),
            // A chunk is one frame, and 25 000 vertices with four triangles each just fit a frame of 1 MiB.
            chunk_vertices: read("CHUNK_VERTICES", 100..=25_000)?
                .map_or(defaults.chunk_vertices, |count| count as usize),
        })
    }

    /// Bytes of solved cells that a worker with these thresholds holds.
    pub fn cell_bytes(&self, thresholds: &Thresholds) -> u64 {
        self.cells_mb.map_or(thresholds.hard / 8, |mb| mb * MEGABYTE)
    }

    /// The thresholds of one worker on a machine (or in a control group) of `machine_bytes` shared by `workers`.
    ///
    /// # Errors
    /// When a given value contradicts another or a default.
    pub fn thresholds(
        &self,
        machine_bytes: u64,
        workers: usize,
    ) -> Result<Thresholds, SettingsError> {
        let share_mb =
            budget_bytes(machine_bytes) / MEGABYTE / u64::try_from(workers.max(1)).unwrap_or(1);
        let hard_mb = self.hard_mb.unwrap_or(share_mb.max(LEAST_HARD_MB));
        let warning_mb =
            self.warning_mb.unwrap_or_else(|| self.chunking_mb.unwrap_or(hard_mb).min(hard_mb / 2));
        let chunking_mb =
            self.chunking_mb.unwrap_or((hard_mb / 4 * 3).max(warning_mb).min(hard_mb));
        ordered(("MEMORY_WARNING_MB", warning_mb), ("MEMORY_HARD_MB", hard_mb))?;
        ordered(("MEMORY_WARNING_MB", warning_mb), ("MEMORY_CHUNKING_MB", chunking_mb))?;
        ordered(("MEMORY_CHUNKING_MB", chunking_mb), ("MEMORY_HARD_MB", hard_mb))?;
        Ok(Thresholds {
            warning: warning_mb * MEGABYTE,
            chunking: chunking_mb * MEGABYTE,
            hard: hard_mb * MEGABYTE,
        })
    }
}

impl Thresholds {
    /// The variables that give these thresholds to a process whatever its machine.
    pub fn to_env(self) -> [(OsString, OsString); 3] {
        [
            ("MEMORY_WARNING_MB", self.warning),
            ("MEMORY_CHUNKING_MB", self.chunking),
            ("MEMORY_HARD_MB", self.hard),
        ]
        .map(|(name, bytes)| (name.into(), (bytes / MEGABYTE).to_string().into()))
    }
}

/// What workers together may use of a machine (or a control group) of `machine_bytes`: all but a reserve for the
/// supervisor and the system of 512 MB and a tenth of the memory.
pub fn budget_bytes(machine_bytes: u64) -> u64 {
    machine_bytes.saturating_sub(512 * MEGABYTE + machine_bytes / 10)
}

fn number(
    name: &'static str,
    value: Option<String>,
    range: RangeInclusive<u64>,
) -> Result<Option<u64>, SettingsError> {
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else { return Ok(None) };
    match value.trim().parse::<u64>() {
        Ok(number) if range.contains(&number) => Ok(Some(number)),
        _ => Err(SettingsError::Value { name, value, least: *range.start(), most: *range.end() }),
    }
}

fn ordered(
    (lower_name, lower_mb): (&'static str, u64),
    (upper_name, upper_mb): (&'static str, u64),
) -> Result<(), SettingsError> {
    if lower_mb <= upper_mb {
        Ok(())
    } else {
        Err(SettingsError::Order { lower_name, lower_mb, upper_name, upper_mb })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const GIB: u64 = 1 << 30;

    /// Reads `NAME=value` pairs and shows the thresholds in MB on a machine of 16 GiB with four workers.
    #[track_caller]
    fn check(pairs: &[&str], expected: Expect) {
        let lookup = |name: &str| {
            pairs
                .iter()
                .find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
        };
        let shown = match MemorySettings::from_lookup(lookup)
            .and_then(|settings| settings.thresholds(16 * GIB, 4))
        {
            Ok(t) => {
                format!("{} {} {}", t.warning / MEGABYTE, t.chunking / MEGABYTE, t.hard / MEGABYTE)
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn defaults_follow_the_machine() {
        check(&[], expect!["1868 2802 3737"]);
    }

    #[test]
    fn warning_and_chunking_follow_the_hard_limit() {
        check(&["MEMORY_HARD_MB=1000"], expect!["500 750 1000"]);
    }

    #[test]
    fn every_threshold_can_be_given() {
        check(
            &["MEMORY_WARNING_MB=100", "MEMORY_CHUNKING_MB= 200 ", "MEMORY_HARD_MB=300"],
            expect!["100 200 300"],
        );
    }

    #[test]
    fn a_default_gives_way_to_a_given_value() {
        check(&["MEMORY_WARNING_MB=900", "MEMORY_HARD_MB=1000"], expect!["900 900 1000"]);
        check(&["MEMORY_CHUNKING_MB=100", "MEMORY_HARD_MB=1000"], expect!["100 100 1000"]);
    }

    #[test]
    fn empty_means_not_set() {
        check(&["MEMORY_HARD_MB="], expect!["1868 2802 3737"]);
    }

    #[test]
    fn what_is_no_number_is_named() {
        check(
            &["MEMORY_HARD_MB=lots"],
            expect![
                "MEMORY_HARD_MB=lots cannot be used: expected a whole number from 1 to 1000000000"
            ],
        );
        check(
            &["CHUNK_VERTICES=1"],
            expect!["CHUNK_VERTICES=1 cannot be used: expected a whole number from 100 to 25000"],
        );
        check(
            &["BUFFER_CLEANUP_MS=-1"],
            expect![
                "BUFFER_CLEANUP_MS=-1 cannot be used: expected a whole number from 1 to 86400000"
            ],
        );
    }

    #[test]
    fn thresholds_in_the_wrong_order_are_named() {
        check(
            &["MEMORY_WARNING_MB=2000", "MEMORY_HARD_MB=1000"],
            expect![
                "MEMORY_WARNING_MB is 2000 MB, above MEMORY_HARD_MB with 1000 MB: it must not be larger"
            ],
        );
        check(
            &["MEMORY_WARNING_MB=300", "MEMORY_CHUNKING_MB=200", "MEMORY_HARD_MB=1000"],
            expect![
                "MEMORY_WARNING_MB is 300 MB, above MEMORY_CHUNKING_MB with 200 MB: it must not be larger"
            ],
        );
    }

    #[test]
    fn thresholds_are_handed_on_as_they_are() {
        let given = MemorySettings::default().thresholds(16 * GIB, 4).unwrap();
        let env = given.to_env();
        let lookup = |name: &str| {
            let (_, value) = env.iter().find(|(other, _)| other == name)?;
            Some(value.to_string_lossy().into_owned())
        };
        let read = MemorySettings::from_lookup(lookup).unwrap();
        assert_eq!(read.thresholds(GIB, 1).unwrap(), given);
    }

    #[test]
    fn a_small_machine_still_gets_the_least() {
        let thresholds = MemorySettings::default().thresholds(GIB, 8).unwrap();
        assert_eq!(thresholds.hard, 1000 * MEGABYTE);
    }
}
