//! Mixed edits for a long time: what the server holds at the end should be what it held once it was warm.

use std::time::{Duration, Instant};

use scadstream_memory::allocator::BATCH_BYTES;
use serde_json::Value;

use crate::client::{Client, End};
use crate::process::{self, pause};
use crate::server::Server;
use crate::{http, table};

/// Clients that edit at the same time.
const CLIENTS: u32 = 3;
/// Documents of each; edits go round their variants, so that caches can become warm.
const VARIANTS: u32 = 12;
/// Looks at what is held, evenly over the time; the first comes when that much of it has passed, and caches are warm.
const LOOKS: u32 = 5;

/// What a server holds when nobody asks anything of it.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Live bytes of supervisor and workers.
    live_bytes: f64,
    /// What caches hold of them, by their own account.
    cached_bytes: f64,
    /// Resident bytes of all processes.
    resident_bytes: f64,
    open_files: usize,
    threads: usize,
    segments: usize,
}

/// A table, and what is amiss.
#[derive(Debug)]
pub struct Report {
    /// For people.
    pub text: String,
    /// What should not be; empty if all is well.
    pub complaints: Vec<String>,
}

/// Edits for so long.
pub fn soak(time: Duration) -> Report {
    let server = Server::start_with(&["--workers", "2"], &[("BUFFER_CLEANUP_MS", "1000")]);
    let mut edits = 0;
    let begun = Instant::now();
    let mut looks = Vec::new();
    for look in 1..=LOOKS {
        while begun.elapsed() < time * look / LOOKS {
            edits += round(&server.address);
        }
        looks.push((edits, at_rest(&server)));
    }
    let (warm_edits, first) = looks[0];
    let last = looks[looks.len() - 1].1;
    // Every thread may hold back one batch of the allocator's count.
    let inexact = (first.threads * BATCH_BYTES) as f64;
    let mut complaints = Vec::new();
    let mut rows = Vec::new();
    let mut compare = |name: &str, of: fn(&Held) -> f64, allowed: f64, unit: f64| {
        let (from, to) = (of(&first), of(&last));
        let mut row = vec![name.to_owned()];
        row.extend(looks.iter().map(|(_, held)| format!("{:.2}", of(held) / unit)));
        row.push(format!("{:+.2} %", (to - from) / from.max(1.0) * 100.0));
        rows.push(row);
        if to - from > allowed {
            complaints.push(format!("{name} rose from {from} to {to}"));
        }
    };
    let live = first.live_bytes;
    compare("live memory, MB", |held| held.live_bytes, 0.02 * live + inexact, 1e6);
    let own = first.live_bytes - first.cached_bytes;
    let less_caches = |held: &Held| held.live_bytes - held.cached_bytes;
    compare("live memory less caches, MB", less_caches, 0.02 * own + inexact, 1e6);
    // The allocator keeps pages that it may need again; their number is noise.
    compare("resident memory, MB", |held| held.resident_bytes, 0.25 * first.resident_bytes, 1e6);
    compare("open files", |held| held.open_files as f64, 0.0, 1.0);
    compare("threads", |held| held.threads as f64, 0.0, 1.0);
    compare("shared segments", |held| held.segments as f64, 0.0, 1.0);
    let mut text = format!(
        "{edits} edits by {CLIENTS} clients in {:.1} min\n\n",
        begun.elapsed().as_secs_f64() / 60.0
    );
    let headings: Vec<String> = looks.iter().map(|(edits, _)| format!("{edits} edits")).collect();
    let mut all = vec!["held at rest after"];
    all.extend(headings.iter().map(String::as_str));
    all.push("change");
    text += &table::markdown(&all, &rows);
    let per_edit = (less_caches(&last) - less_caches(&first)) / f64::from(edits - warm_edits);
    text += &format!("\nlive memory less caches: {per_edit:+.1} bytes per edit\n");
    Report { text, complaints }
}

/// Every client edits its way through all variants, then leaves.
fn round(address: &str) -> u32 {
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                let mut session = Client::connect(address);
                for variant in 0..VARIANTS {
                    let rendered = session.render(1, variant + 1, &model(client, variant));
                    assert!(rendered.end.is_some(), "every edit is answered");
                    if variant % 3 == 0 {
                        assert!(matches!(rendered.end, Some(End::Done(_))), "{:?}", rendered.end);
                    }
                }
            });
        }
    });
    CLIENTS * VARIANTS
}

/// Booleans, text, extrusions, messages, and one in three is wrong.
fn model(client: u32, variant: u32) -> String {
    let size = 10 + client * VARIANTS + variant;
    match variant % 3 {
        0 => format!(
            "difference() {{ cube({size}, center = true); sphere({size} * 0.6, $fn = 48); }}
             translate([{size}, 0, 0]) linear_extrude(2) text(\"edit {variant}\");"
        ),
        1 => format!(
            "module a(n) {{ for (i = [0:n]) rotate(i * 20) translate([{size}, 0, 0]) cylinder(r = 2, h = i + 1); }}
             a(15); echo({variant});"
        ),
        _ => format!("x = [for (i = [0:2000]) i * {size}]; cube(x[3]; sphere({variant});"),
    }
}

/// Waits until jobs and clients are gone, and looks.
fn at_rest(server: &Server) -> Held {
    // Longer than idle buffers are kept, and than two looks of the workers at their memory are apart.
    pause(Duration::from_secs(12));
    // Before the server is asked, which takes a descriptor.
    let processes: Vec<u32> =
        process::children(server.pid()).into_iter().chain([server.pid()]).collect();
    let open_files = processes.iter().map(|pid| process::open_files(*pid)).sum();
    let health = http::get(&server.address, "/api/debug/health").expect("the server answers");
    let health: Value = serde_json::from_str(&health).expect("JSON");
    let workers = health["workers"]["processes"].as_array().cloned().unwrap_or_default();
    let cached: f64 = workers.iter().filter_map(|worker| worker["cachedBytes"].as_f64()).sum();
    let resident = processes.iter().filter_map(|pid| process::resident_bytes(*pid));
    Held {
        live_bytes: health["memory"]["heapUsedMB"].as_f64().unwrap_or(0.0) * 1e6,
        cached_bytes: cached,
        resident_bytes: resident.map(|(now, _)| now as f64).sum(),
        open_files,
        threads: processes.iter().map(|pid| process::threads(*pid)).sum(),
        segments: processes.iter().map(|pid| process::segments(*pid)).sum(),
    }
}
