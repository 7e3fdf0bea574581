//! How short memory is, as one of four levels.
//!
//! A level is a promise of behaviour, kept by whoever reads it: `moderate` trims pools and caches, `high` works in
//! smaller pieces and one branch at a time, `critical` stops the job with an error that says why.

use std::fmt;

/// How short memory is. Levels are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PressureLevel {
    /// Nothing to do.
    #[default]
    Low,
    /// Give back what can be had again: idle buffers, cached results, free pages.
    Moderate,
    /// Take less at once: smaller chunks, sequential branches.
    High,
    /// The limit is reached: the job has to stop.
    Critical,
}

impl PressureLevel {
    /// The level's name in metrics, logs and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            PressureLevel::Low => "low",
            PressureLevel::Moderate => "moderate",
            PressureLevel::High => "high",
            PressureLevel::Critical => "critical",
        }
    }

    /// 0 for low to 3 for critical, as the gauge shows it.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for PressureLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// From how many bytes on each level holds. `warning <= chunking <= hard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// From here on [`PressureLevel::Moderate`].
    pub warning: u64,
    /// From here on [`PressureLevel::High`].
    pub chunking: u64,
    /// From here on [`PressureLevel::Critical`]: what one process may use at most.
    pub hard: u64,
}

impl Thresholds {
    /// The level when `bytes` are in use.
    pub fn level(&self, bytes: u64) -> PressureLevel {
        if bytes >= self.hard {
            PressureLevel::Critical
        } else if bytes >= self.chunking {
            PressureLevel::High
        } else if bytes >= self.warning {
            PressureLevel::Moderate
        } else {
            PressureLevel::Low
        }
    }
}

/// The level that the system as a whole suggests, whatever this process uses.
///
/// `fraction_used` is the share of the machine's or control group's memory in use, `stalled_percent` the share of the
/// last ten seconds in which some task waited for memory (PSI `some avg10`). The system alone never makes it
/// critical: a neighbour's appetite is no reason to stop a job. The borders were picked by hand.
pub fn system_level(fraction_used: Option<f64>, stalled_percent: Option<f64>) -> PressureLevel {
    let used = fraction_used.unwrap_or(0.0);
    let stalled = stalled_percent.unwrap_or(0.0);
    if used >= 0.95 || stalled >= 20.0 {
        PressureLevel::High
    } else if used >= 0.85 || stalled >= 5.0 {
        PressureLevel::Moderate
    } else {
        PressureLevel::Low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds = Thresholds { warning: 500, chunking: 750, hard: 1000 };

    #[test]
    fn a_level_begins_at_its_threshold() {
        let level = |bytes| THRESHOLDS.level(bytes).name();
        assert_eq!([level(0), level(499)], ["low", "low"]);
        assert_eq!([level(500), level(749)], ["moderate", "moderate"]);
        assert_eq!([level(750), level(999)], ["high", "high"]);
        assert_eq!([level(1000), level(u64::MAX)], ["critical", "critical"]);
    }

    #[test]
    fn levels_are_ordered_as_numbered() {
        assert!(PressureLevel::Low < PressureLevel::Moderate);
        assert!(PressureLevel::High < PressureLevel::Critical);
        assert_eq!(PressureLevel::Critical.number(), 3);
    }

    #[test]
    fn a_full_or_stalling_system_counts_but_never_stops_a_job() {
        assert_eq!(system_level(None, None), PressureLevel::Low);
        assert_eq!(system_level(Some(0.9), Some(0.0)), PressureLevel::Moderate);
        assert_eq!(system_level(Some(0.1), Some(6.0)), PressureLevel::Moderate);
        assert_eq!(system_level(Some(1.0), Some(100.0)), PressureLevel::High);
    }
}
