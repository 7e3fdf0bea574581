//! How fast a client's link is, from the credit that it returns; and what follows for the codec.
//!
//! A session stays with exact chunks or with chunks on a grid, as it begins, since the ones are of no use beside the others;
//! but for one on this machine whose client decodes nothing exact but raw chunks: that changes with the link.
//!
//! Credit comes back when a chunk was received and used. When it does, the bytes returned since a frame was sent,
//! divided by the time since then, are a rate that the link has at least. The greatest of the last few is taken for its
//! speed, since pauses of the sender and the round trip make the others too small.

use std::collections::VecDeque;
use std::time::Instant;

use scadstream_protocol::message::Codec;

/// Samples of which the greatest counts.
const SAMPLES: usize = 8;
/// Less than this returned at once says more of the round trip than of the speed.
const LEAST_SAMPLE_BYTES: u64 = 256 << 10;
/// Above this rate decoding would take longer than the bytes that it saves: measured on one core of the kind that
/// browsers have, and halved.
const RAW_ABOVE: f64 = 120e6;
/// Below this rate compressed chunks are there sooner; between the two the choice stays as it is.
const COMPRESSED_BELOW: f64 = 60e6;

/// The speed of one session's link.
#[derive(Debug)]
pub(crate) struct LinkSpeed {
    /// Bytes sent and returned since the session began.
    sent: u64,
    returned: u64,
    /// Frames not returned yet: what was sent up to and with each, what was returned by then, and when that was.
    flying: VecDeque<(u64, u64, Instant)>,
    samples: VecDeque<f64>,
    /// The codec while the link is fast, and while it is slow.
    fast: Codec,
    slow: Codec,
    compress: bool,
}

impl LinkSpeed {
    /// Of a client on this machine, or on another, that reads these codecs, best first; nothing is measured yet.
    pub(crate) fn new(is_local: bool, codecs: &[Codec]) -> Self {
        let best_of = |some: &[Codec]| codecs.iter().find(|codec| some.contains(codec)).copied();
        let compressed = best_of(&[Codec::Meshopt, Codec::MeshoptGrid]).unwrap_or(Codec::Raw);
        let (fast, slow) = if is_local {
            // Exact at first. On a grid all would have to be sent once more, but over a slow link that soon pays.
            (Codec::Raw, best_of(&[Codec::Meshopt]).unwrap_or(compressed))
        } else if compressed == Codec::MeshoptGrid {
            (compressed, compressed)
        } else {
            (Codec::Raw, compressed)
        };
        Self {
            sent: 0,
            returned: 0,
            flying: VecDeque::new(),
            samples: VecDeque::new(),
            fast,
            slow,
            compress: !is_local,
        }
    }

    /// A frame that uses credit is on its way.
    pub(crate) fn sent(&mut self, bytes: u64, now: Instant) {
        self.sent += bytes;
        self.flying.push_back((self.sent, self.returned, now));
    }

    /// A frame was taken back before it went out; the rate of those around it may come out too small.
    pub(crate) fn taken_back(&mut self, bytes: u64) {
        self.returned += bytes;
    }

    /// The client returns credit.
    pub(crate) fn returned(&mut self, bytes: u64, now: Instant) {
        self.returned = (self.returned + bytes).min(self.sent);
        let mut rate: f64 = 0.0;
        while let Some((end, before, at)) = self.flying.front().copied() {
            if end > self.returned {
                break;
            }
            self.flying.pop_front();
            let (delivered, seconds) = (self.returned - before, (now - at).as_secs_f64());
            if delivered >= LEAST_SAMPLE_BYTES && seconds > 0.0 {
                rate = rate.max(delivered as f64 / seconds);
            }
        }
        if rate > 0.0 {
            self.samples.push_back(rate);
            if self.samples.len() > SAMPLES {
                self.samples.pop_front();
            }
            let fastest = self.samples.iter().copied().fold(0.0, f64::max);
            if fastest > RAW_ABOVE {
                self.compress = false;
            } else if fastest < COMPRESSED_BELOW {
                self.compress = true;
            }
        }
    }

    /// How the next job's chunks are best sent.
    pub(crate) fn codec(&self) -> Codec {
        if self.compress { self.slow } else { self.fast }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Sends 8 frames of 1 MB at once, which come back at `rate` bytes a second after a round trip.
    fn exchange(speed: &mut LinkSpeed, start: Instant, rate: f64) -> Instant {
        for _ in 0..8 {
            speed.sent(1_000_000, start);
        }
        let mut now = start + Duration::from_millis(20);
        for _ in 0..8 {
            now += Duration::from_secs_f64(1e6 / rate);
            speed.returned(1_000_000, now);
        }
        now
    }

    const ALL: [Codec; 3] = [Codec::MeshoptGrid, Codec::Meshopt, Codec::Raw];

    /// The codecs at first, when the link turned slow, and when it turned fast.
    fn over_time(is_local: bool, codecs: &[Codec]) -> [Codec; 3] {
        let mut speed = LinkSpeed::new(is_local, codecs);
        let first = speed.codec();
        let now = exchange(&mut speed, Instant::now(), 12.5e6);
        let slow = speed.codec();
        exchange(&mut speed, now, 1e9);
        [first, slow, speed.codec()]
    }

    #[test]
    fn a_client_of_this_machine_gets_raw_until_it_turns_out_to_be_far() {
        assert_eq!(over_time(true, &ALL), [Codec::Raw, Codec::Meshopt, Codec::Raw]);
        let grid = over_time(true, &[Codec::MeshoptGrid]);
        assert_eq!(grid, [Codec::Raw, Codec::MeshoptGrid, Codec::Raw]);
        assert_eq!(over_time(true, &[Codec::Raw]), [Codec::Raw; 3]);
    }

    #[test]
    fn another_machine_gets_the_best_that_it_reads_and_stays_on_a_grid() {
        assert_eq!(over_time(false, &ALL), [Codec::MeshoptGrid; 3]);
        let lossless = over_time(false, &[Codec::Meshopt, Codec::MeshoptGrid]);
        assert_eq!(lossless, [Codec::Meshopt, Codec::Meshopt, Codec::Raw]);
        assert_eq!(over_time(false, &[Codec::Raw]), [Codec::Raw; 3]);
    }

    #[test]
    fn small_exchanges_tell_nothing() {
        let mut speed = LinkSpeed::new(true, &ALL);
        let start = Instant::now();
        speed.sent(10_000, start);
        speed.returned(10_000, start + Duration::from_millis(40));
        assert_eq!(speed.codec(), Codec::Raw);
    }
}
