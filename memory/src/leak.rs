//! Tells a leak from ordinary memory.
//!
//! After each job, with its memory released, the live bytes are noted. A leak makes them rise by about the same amount
//! with every job, for ever; a cache makes them rise as well, but knows how much it holds, and rises ever more slowly
//! as it warms up. So the detector asks three things and multiplies the answers:
//!
//! 1. Does the part of the live bytes that no cache accounts for rise? Mann-Kendall's test says how surely.
//! 2. By how much per job? The Theil-Sen slope (the median of all pairwise slopes), which single large jobs do not bend.
//!    Below `LEAST_SLOPE`, or below a quarter of the caches' own growth, it is no leak but imprecise accounting.
//! 3. Does it keep rising? If the increments themselves fall (Mann-Kendall again), something is filling up.
//!
//! Sources: Mann (1945), Kendall (1975), Theil (1950), Sen (1968).

use std::cmp::Ordering;
use std::collections::VecDeque;

/// Jobs looked at; older ones are forgotten.
const WINDOW: usize = 120;
/// Fewer jobs than this say nothing.
const LEAST_JOBS: usize = 20;
/// Bytes per job below which growth is no concern: 100 000 jobs would add 1 GB. Picked by hand.
const LEAST_SLOPE: f64 = 10_000.0;
/// Increments are taken over blocks, so that the noise of single jobs does not hide their trend.
const BLOCKS: usize = 12;
/// The question is asked after every job, up to this often in a worker's life; what chance brings about once in so
/// many looks is no evidence (Bonferroni's correction).
const LOOKS: f64 = 100_000.0;

/// What the detector says after a job.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LeakVerdict {
    /// From 0 (no leak) to 1 (certain).
    pub confidence: f64,
    /// Growth of the live bytes that no cache accounts for, per job; may be negative.
    pub bytes_per_job: f64,
}

/// Watches the live bytes of one process from job to job.
#[derive(Debug, Default)]
pub struct LeakDetector {
    unexplained: VecDeque<f64>,
    cached: VecDeque<f64>,
}

impl LeakDetector {
    /// A detector that has seen no job.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the `live_bytes` after a job, of which caches say that they hold `cached_bytes`.
    ///
    /// Costs some hundred microseconds.
    pub fn record(&mut self, live_bytes: u64, cached_bytes: u64) -> LeakVerdict {
        push(&mut self.unexplained, live_bytes as f64 - cached_bytes as f64);
        push(&mut self.cached, cached_bytes as f64);
        self.verdict()
    }

    fn verdict(&mut self) -> LeakVerdict {
        if self.unexplained.len() < LEAST_JOBS {
            return LeakVerdict::default();
        }
        let series: &[f64] = self.unexplained.make_contiguous();
        let bytes_per_job = theil_sen_slope(series);
        let explained = theil_sen_slope(self.cached.make_contiguous()).abs();
        if bytes_per_job < LEAST_SLOPE.max(explained / 4.0) {
            return LeakVerdict { confidence: 0.0, bytes_per_job };
        }
        let rising = (1.0 - chance_of_rise(series) * LOOKS).max(0.0);
        // Evidence of slowing counts from where it is more than chance, and in full at 5 %.
        let slowing = chance_of_rise(&negated_increments(series));
        let steady = ((slowing - 0.05) / 0.15).clamp(0.0, 1.0);
        LeakVerdict { confidence: rising * steady, bytes_per_job }
    }
}

fn push(series: &mut VecDeque<f64>, value: f64) {
    if series.len() == WINDOW {
        series.pop_front();
    }
    series.push_back(value);
}

/// The median of the slopes between all pairs, per step.
fn theil_sen_slope(series: &[f64]) -> f64 {
    let mut slopes: Vec<f64> =
        pairs(series).map(|(i, j)| (series[j] - series[i]) / (j - i) as f64).collect();
    median(&mut slopes)
}

/// The probability that a series without a trend would rise at least as clearly as this one (one-sided Mann-Kendall
/// test, normal approximation with continuity correction and equal values allowed for).
fn chance_of_rise(series: &[f64]) -> f64 {
    let n = series.len() as f64;
    let score: f64 = pairs(series)
        .map(|(i, j)| match series[j].total_cmp(&series[i]) {
            Ordering::Greater => 1.0,
            Ordering::Equal => 0.0,
            Ordering::Less => -1.0,
        })
        .sum();
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - tied(series)) / 18.0;
    if score == 0.0 || variance <= 0.0 {
        return 0.5;
    }
    normal_tail((score - score.signum()) / variance.sqrt())
}

/// The correction of Mann-Kendall's variance for groups of equal values.
fn tied(series: &[f64]) -> f64 {
    let mut sorted = series.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .chunk_by(|a, b| a == b)
        .map(|group| group.len() as f64)
        .map(|t| t * (t - 1.0) * (2.0 * t + 5.0))
        .sum()
}

/// How much less each block of the series rises than it would have to: the slopes within blocks, negated.
fn negated_increments(series: &[f64]) -> Vec<f64> {
    let len = series.len() / BLOCKS.min(series.len() / 2);
    series.chunks_exact(len).map(|block| -theil_sen_slope(block)).collect()
}

fn pairs(series: &[f64]) -> impl Iterator<Item = (usize, usize)> {
    let n = series.len();
    (0..n).flat_map(move |i| (i + 1..n).map(move |j| (i, j)))
}

fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The probability that a normal variable is above `z`, by Abramowitz and Stegun 26.2.17 (error below 7.5e-8).
fn normal_tail(z: f64) -> f64 {
    const COEFFICIENTS: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let polynomial = COEFFICIENTS.iter().rev().fold(0.0, |sum, c| (sum + c) * t);
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let upper = density * polynomial;
    if z >= 0.0 { upper } else { 1.0 - upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reproducible noise: a linear congruential generator (Numerical Recipes), uniform in -1..1.
    struct Noise(u32);

    impl Noise {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(self.0) / f64::from(u32::MAX) * 2.0 - 1.0
        }
    }

    /// The confidence after each of `jobs` jobs whose live and cached bytes `model` gives.
    fn run(jobs: u32, model: impl Fn(f64, &mut Noise) -> (f64, f64)) -> Vec<f64> {
        run_seeded(7, jobs, model)
    }

    fn run_seeded(seed: u32, jobs: u32, model: impl Fn(f64, &mut Noise) -> (f64, f64)) -> Vec<f64> {
        let mut noise = Noise(seed);
        let mut detector = LeakDetector::new();
        (0..jobs)
            .map(|job| {
                let (live, cached) = model(f64::from(job), &mut noise);
                detector.record(live as u64, cached as u64).confidence
            })
            .collect()
    }

    fn highest(confidences: &[f64]) -> f64 {
        confidences.iter().copied().fold(0.0, f64::max)
    }

    #[test]
    fn a_leak_of_200_kb_per_job_is_found_within_60_jobs() {
        for seed in 0..50 {
            let confidences =
                run_seeded(seed, 60, |job, noise| (50e6 + 200e3 * job + 400e3 * noise.next(), 0.0));
            assert!(highest(&confidences) > 0.9, "seed {seed}: {}", highest(&confidences));
        }
    }

    #[test]
    fn a_leak_is_found_beside_a_full_cache() {
        let confidences = run(60, |job, noise| (150e6 + 200e3 * job + 400e3 * noise.next(), 100e6));
        assert!(confidences[59] > 0.9);
    }

    #[test]
    fn a_leak_is_not_hidden_by_single_large_jobs() {
        let confidences = run(60, |job, noise| {
            let outlier = if job as u32 % 9 == 4 { 30e6 } else { 0.0 };
            (50e6 + 200e3 * job + 100e3 * noise.next() + outlier, 0.0)
        });
        assert!(confidences[59] > 0.9);
    }

    #[test]
    fn a_cache_that_fills_up_is_no_leak_even_if_it_accounts_for_less_than_it_holds() {
        let confidences = run(500, |job, noise| {
            let cached = (300e3 * job).min(90e6);
            (50e6 + 1.1 * cached + 200e3 * noise.next(), cached)
        });
        assert!(highest(&confidences) < 0.3, "{}", highest(&confidences));
    }

    #[test]
    fn a_cache_that_accounts_for_nothing_is_no_leak_while_it_warms_up() {
        for jobs_to_warm in [10.0, 30.0, 60.0] {
            let confidences = run(500, |job, noise| {
                (50e6 + 200e6 * (1.0 - (-job / jobs_to_warm).exp()) + 50e3 * noise.next(), 0.0)
            });
            assert!(highest(&confidences) < 0.3, "{jobs_to_warm}: {}", highest(&confidences));
        }
    }

    #[test]
    fn steady_memory_is_no_leak() {
        for seed in 0..50 {
            let confidences = run_seeded(seed, 500, |_, noise| (50e6 + 300e3 * noise.next(), 0.0));
            assert!(highest(&confidences) < 0.3, "seed {seed}");
        }
    }

    #[test]
    fn a_few_jobs_say_nothing() {
        assert_eq!(highest(&run(19, |job, _| (1e6 * job, 0.0))), 0.0);
    }

    #[test]
    fn the_slope_is_told() {
        let mut detector = LeakDetector::new();
        let verdict = (0..30).map(|job| detector.record(1_000_000 * job, 0)).last().unwrap();
        assert!((verdict.bytes_per_job - 1e6).abs() < 1.0);
    }

    #[test]
    fn the_normal_distribution_is_as_in_the_tables() {
        for (z, expected) in
            [(0.0, 0.5), (1.0, 0.158_655_3), (-1.96, 0.975_002_1), (4.0, 0.000_031_7)]
        {
            assert!((normal_tail(z) - expected).abs() < 1e-6, "{z}");
        }
    }
}
