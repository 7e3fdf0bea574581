//! Snapshots of a process's memory over time: the level now, how fast it grows, and the hour behind it.
//!
//! The monitor has no clock and no thread of its own; its owner calls [`Monitor::observe`] at a steady pace and at
//! moments of interest, and reads the rest.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::allocator;
use crate::pressure::{PressureLevel, Thresholds, system_level};
use crate::system::{self, CgroupMemory};

/// Snapshots kept: an hour at one every five seconds.
const TIMELINE: usize = 720;
/// Growth is smoothed over about this time, so that one large job does not count as growth.
const SMOOTHING: Duration = Duration::from_secs(15);

/// What was seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapshot {
    /// When.
    pub at: Instant,
    /// Live bytes of the counting allocator.
    pub allocated_bytes: u64,
    /// Bytes in physical memory, if the system tells.
    pub resident_bytes: Option<u64>,
    /// The control group's memory, if there is one.
    pub cgroup: Option<CgroupMemory>,
    /// Per cent of the last ten seconds in which some task waited for memory.
    pub stalled_percent: Option<f64>,
}

impl Snapshot {
    /// Asks allocator and system. Costs some ten microseconds.
    pub fn take() -> Self {
        allocator::flush_thread();
        Self {
            at: Instant::now(),
            allocated_bytes: allocator::live_bytes(),
            resident_bytes: system::resident_bytes(),
            cgroup: system::cgroup_memory(),
            stalled_percent: system::stalled_percent(),
        }
    }

    /// The share of the control group's limit in use, if it is limited.
    fn fraction_used(&self) -> Option<f64> {
        let group = self.cgroup?;
        Some(group.used_bytes as f64 / group.limit_bytes? as f64)
    }
}

/// The memory of one process over time.
#[derive(Debug)]
pub struct Monitor {
    thresholds: Thresholds,
    timeline: VecDeque<Snapshot>,
    growth: f64,
}

impl Monitor {
    /// A monitor that has seen nothing.
    pub fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, timeline: VecDeque::new(), growth: 0.0 }
    }

    /// Takes note of a snapshot, which must not be older than the last, and says the level.
    pub fn observe(&mut self, snapshot: Snapshot) -> PressureLevel {
        if let Some(last) = self.timeline.back() {
            let elapsed = snapshot.at.saturating_duration_since(last.at).as_secs_f64();
            if elapsed > 0.0 {
                let change = snapshot.allocated_bytes as f64 - last.allocated_bytes as f64;
                let weight = 1.0 - (-elapsed / SMOOTHING.as_secs_f64()).exp();
                self.growth += weight * (change / elapsed - self.growth);
            }
        }
        if self.timeline.len() == TIMELINE {
            self.timeline.pop_front();
        }
        self.timeline.push_back(snapshot);
        self.level()
    }

    /// The level as of the last snapshot: by the thresholds, or by the state of the system if that is worse.
    pub fn level(&self) -> PressureLevel {
        let Some(last) = self.timeline.back() else { return PressureLevel::Low };
        let own = self.thresholds.level(last.allocated_bytes);
        own.max(system_level(last.fraction_used(), last.stalled_percent))
    }

    /// How fast the live bytes grow, in bytes per second, smoothed; negative when they shrink.
    pub fn growth_bytes_per_second(&self) -> f64 {
        self.growth
    }

    /// The snapshots of about the last hour, oldest first.
    pub fn timeline(&self) -> impl ExactSizeIterator<Item = &Snapshot> {
        self.timeline.iter()
    }

    /// The thresholds in force.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds =
        Thresholds { warning: 500_000_000, chunking: 750_000_000, hard: 1_000_000_000 };

    fn monitor() -> (Monitor, Instant) {
        (Monitor::new(THRESHOLDS), Instant::now())
    }

    fn snapshot(at: Instant, allocated_bytes: u64) -> Snapshot {
        Snapshot { at, allocated_bytes, resident_bytes: None, cgroup: None, stalled_percent: None }
    }

    #[test]
    fn nothing_seen_is_low() {
        assert_eq!(monitor().0.level(), PressureLevel::Low);
    }

    #[test]
    fn the_level_rises_and_falls_with_the_live_bytes() {
        let (mut monitor, start) = monitor();
        let mut level = |second, bytes| {
            monitor.observe(snapshot(start + Duration::from_secs(second), bytes)).number()
        };
        let levels = [level(0, 1), level(5, 600_000_000), level(10, 2_000_000_000), level(15, 1)];
        assert_eq!(levels, [0, 1, 3, 0]);
    }

    #[test]
    fn a_crowded_control_group_counts() {
        let (mut monitor, start) = monitor();
        let cgroup = Some(CgroupMemory { used_bytes: 90, limit_bytes: Some(100) });
        let level = monitor.observe(Snapshot { cgroup, ..snapshot(start, 1) });
        assert_eq!(level, PressureLevel::Moderate);
    }

    #[test]
    fn steady_growth_is_measured() {
        let (mut monitor, start) = monitor();
        for step in 0..60 {
            monitor.observe(snapshot(start + Duration::from_secs(5 * step), step * 10_000_000));
        }
        let growth = monitor.growth_bytes_per_second();
        assert!((growth - 2e6).abs() < 1e3, "{growth}");
    }

    #[test]
    fn memory_that_comes_and_goes_is_no_growth() {
        let (mut monitor, start) = monitor();
        for step in 0..60 {
            let bytes = if step == 30 { 400_000_000 } else { 100_000_000 };
            monitor.observe(snapshot(start + Duration::from_secs(5 * step), bytes));
        }
        assert!(monitor.growth_bytes_per_second().abs() < 1e6);
    }

    #[test]
    fn the_timeline_is_bounded() {
        let (mut monitor, start) = monitor();
        for step in 0..2000 {
            monitor.observe(snapshot(start + Duration::from_secs(step), step));
        }
        assert_eq!(monitor.timeline().len(), TIMELINE);
        assert_eq!(monitor.timeline().last().unwrap().allocated_bytes, 1999);
    }

    #[test]
    fn a_snapshot_knows_this_process() {
        assert!(Snapshot::take().resident_bytes.unwrap() > 0);
    }
}
