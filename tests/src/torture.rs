//! Eight sessions do their worst while a ninth works on a small model.

pub mod models;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::client::{Client, End};
use crate::process::{self, pause};
use crate::server::Server;
use crate::{http, table};
use models::{Hostile, hostile};

/// Sessions that do their worst.
const HOSTILE_SESSIONS: usize = 8;
/// Renders of the small model before any is timed.
const WARM_RENDERS: usize = 10;
/// What a worker may use. Small, so that models reach it soon.
const HARD_MB: &str = "400";

/// How to torture.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How long, at least; every model is tried once in any case.
    pub time: Duration,
    /// How long a job may run.
    pub job_seconds: u64,
    /// From one render of the small model to the next.
    pub interval: Duration,
    /// Renders of the small model before the others begin.
    pub quiet_renders: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// For people.
    pub text: String,
    /// What should not have happened; empty if all is well.
    pub complaints: Vec<String>,
}

#[derive(Default)]
struct Outcomes {
    counts: BTreeMap<String, usize>,
    longest: Duration,
}

/// Runs the whole of it against a fresh server.
pub fn torture(plan: Plan) -> Report {
    let job_seconds = plan.job_seconds.to_string();
    let server = Server::start_with(
        &["--workers", "2", "--job-seconds", &job_seconds],
        &[("MEMORY_HARD_MB", HARD_MB)],
    );
    let models = hostile();
    let mut small = Small::connect(&server.address);
    // The first ones pay for what is new to a worker.
    (0..WARM_RENDERS).for_each(|_| drop(small.render()));
    // With the same pauses as later: a processor that slept between two renders is slower than one that did not.
    let quiet: Vec<Duration> = (0..plan.quiet_renders)
        .filter_map(|_| {
            let time = small.render().ok()?;
            pause(plan.interval.saturating_sub(time));
            Some(time)
        })
        .collect();
    let over = AtomicBool::new(false);
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Outcomes>> = models.iter().map(|_| Mutex::default()).collect();
    let begun = Instant::now();
    let (mut busy, mut failures) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let sessions: Vec<_> = (0..HOSTILE_SESSIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut session = None;
                    while !over.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed) % models.len();
                        let (outcome, time) = attack(&server.address, &mut session, &models[index]);
                        let mut all =
                            outcomes[index].lock().unwrap_or_else(PoisonError::into_inner);
                        *all.counts.entry(outcome).or_default() += 1;
                        all.longest = all.longest.max(time);
                    }
                })
            })
            .collect();
        while begun.elapsed() < plan.time || next.load(Ordering::Relaxed) < models.len() {
            let start = Instant::now();
            match small.render() {
                Ok(time) => busy.push(time),
                Err(failure) => failures.push(failure),
            }
            pause(plan.interval.saturating_sub(start.elapsed()));
        }
        over.store(true, Ordering::Relaxed);
        sessions.into_iter().for_each(|session| {
            session.join().expect("a session that attacks does not panic");
        });
    });
    report(&server, &models, &outcomes, Ninth { quiet, busy, failures })
}

struct Ninth {
    quiet: Vec<Duration>,
    busy: Vec<Duration>,
    failures: Vec<String>,
}

/// Renders one hostile model; the session is kept for the next as long as it lives.
fn attack(
    address: &str,
    session: &mut Option<(Client, u32)>,
    model: &Hostile,
) -> (String, Duration) {
    let start = Instant::now();
    let (client, revision) = match session {
        Some((client, revision)) => {
            *revision += 1;
            (client, *revision)
        }
        None => match Client::try_connect(address) {
            Ok(client) => (&mut session.insert((client, 1)).0, 1),
            Err(error) => return (format!("no connection: {error}"), start.elapsed()),
        },
    };
    let outcome = match client.try_render(1, revision, model.files.clone()) {
        Ok(rendered) => match rendered.end {
            Some(End::Failed(failed)) => format!("{:?}", failed.code),
            Some(End::Done(_)) => "Done".into(),
            None => "no end".into(),
        },
        Err(error) => {
            *session = None;
            format!("lost: {error}")
        }
    };
    (outcome, start.elapsed())
}

/// The ninth session.
struct Small {
    client: Client,
    revision: u32,
}

impl Small {
    fn connect(address: &str) -> Self {
        Self { client: Client::connect(address), revision: 0 }
    }

    /// Renders a small model, a little different each time.
    fn render(&mut self) -> Result<Duration, String> {
        self.revision += 1;
        let edge = 10 + self.revision % 7;
        let source = format!(
            "difference() {{ cube({edge}, center = true); cylinder(h = 30, r = 3, center = true, $fn = 48); }}"
        );
        let rendered = self.client.render(1, self.revision, &source);
        match rendered.end {
            Some(End::Done(done)) if done.statistics.triangles > 0 => Ok(rendered.last_byte),
            end => Err(format!("{end:?}")),
        }
    }
}

fn report(
    server: &Server,
    models: &[Hostile],
    outcomes: &[Mutex<Outcomes>],
    ninth: Ninth,
) -> Report {
    let mut complaints = Vec::new();
    let mut rows = Vec::new();
    for (model, outcomes) in models.iter().zip(outcomes) {
        let outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let counts: Vec<String> =
            outcomes.counts.iter().map(|(outcome, count)| format!("{outcome} {count}")).collect();
        let untyped = outcomes.counts.keys().find(|outcome| outcome.contains(':'));
        complaints.extend(untyped.map(|outcome| format!("{}: {outcome}", model.name)));
        if outcomes.counts.is_empty() {
            complaints.push(format!("{} was never tried", model.name));
        }
        let seconds = format!("{:.1}", outcomes.longest.as_secs_f64());
        rows.push(vec![model.name.into(), counts.join(", "), seconds]);
    }
    let mut text = table::markdown(&["hostile model", "outcomes", "longest, s"], &rows);

    let metrics = http::get(&server.address, "/metrics").unwrap_or_default();
    let restarts = |reason: &str| {
        let series = format!("scadstream_worker_restarts_total{{reason=\"{reason}\"}}");
        http::metric(&metrics, &series).unwrap_or(f64::NAN)
    };
    let peak_mb =
        process::resident_bytes(server.pid()).map_or(f64::NAN, |(_, peak)| peak as f64 / 1e6);
    let (quiet, busy) = (percentile(&ninth.quiet, 0.99), percentile(&ninth.busy, 0.99));
    let rows = [
        (
            "ninth session: renders, failures",
            format!("{}, {}", ninth.busy.len(), ninth.failures.len()),
        ),
        ("ninth session, quiet: median, p99 in ms", both(&ninth.quiet)),
        ("ninth session, under attack: median, p99 in ms", both(&ninth.busy)),
        ("ratio of p99", format!("{:.1}", busy.as_secs_f64() / quiet.as_secs_f64())),
        ("supervisor, most resident MB", format!("{peak_mb:.0}")),
        (
            "workers replaced: at limit, killed, lost",
            format!("{}, {}, {}", restarts("memory_limit"), restarts("killed"), restarts("lost")),
        ),
    ];
    text.push('\n');
    text += &table::markdown(
        &["measure", "value"],
        &rows.map(|(name, value)| vec![name.into(), value]),
    );
    complaints.extend(ninth.failures.iter().map(|failure| format!("the ninth session: {failure}")));
    if peak_mb.is_nan() || peak_mb > 200.0 {
        complaints.push(format!("the supervisor took {peak_mb} MB"));
    }
    Report { text, complaints }
}

fn both(times: &[Duration]) -> String {
    let ms = |share| percentile(times, share).as_secs_f64() * 1e3;
    format!("{:.0}, {:.0}", ms(0.5), ms(0.99))
}

/// The least time that this share of all times does not exceed.
fn percentile(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let index = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(index.saturating_sub(1)).copied().unwrap_or_default()
}
