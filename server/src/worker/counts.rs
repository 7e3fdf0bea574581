//! What a worker counts about its memory since it started.

use std::sync::atomic::{AtomicU64, Ordering};

use scadstream_memory::pressure::PressureLevel;

/// Counts, added to from any thread.
#[derive(Debug, Default)]
pub(super) struct Counts {
    moderate: AtomicU64,
    high: AtomicU64,
    critical: AtomicU64,
    freed_bytes: AtomicU64,
}

impl Counts {
    /// Memory was given back because of `level`.
    pub(super) fn relieved(&self, level: PressureLevel, freed_bytes: u64) {
        let count = match level {
            PressureLevel::Low => return,
            PressureLevel::Moderate => &self.moderate,
            PressureLevel::High => &self.high,
            PressureLevel::Critical => &self.critical,
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.freed_bytes.fetch_add(freed_bytes, Ordering::Relaxed);
    }

    /// How often memory was given back at moderate, high and critical pressure.
    pub(super) fn reliefs(&self) -> [u64; 3] {
        [&self.moderate, &self.high, &self.critical].map(|count| count.load(Ordering::Relaxed))
    }

    /// Resident bytes that this freed.
    pub(super) fn freed_bytes(&self) -> u64 {
        self.freed_bytes.load(Ordering::Relaxed)
    }
}
