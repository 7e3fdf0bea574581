//! Mixed edits for a long time: what the server holds at the end should be what it held once it was warm.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Client, End};
use crate::process::{self, pause};
use crate::server::Server;
use crate::{http, table};

/// Clients that edit at the same time.
const CLIENTS: u32 = 3;
/// Documents of each; edits go round their variants, so that caches can become warm.
const VARIANTS: u32 = 12;
/// Times that the whole round is done before the first look.
const WARM_ROUNDS: u32 = 4;

/// What a server holds when nobody asks anything of it.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Live bytes of supervisor and workers, less what caches hold.
    live_bytes: f64,
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
    for _ in 0..WARM_ROUNDS {
        edits += round(&server.address);
    }
    let first = at_rest(&server);
    let begun = Instant::now();
    while begun.elapsed() < time {
        edits += round(&server.address);
    }
    let last = at_rest(&server);
    let mut complaints = Vec::new();
    let mut rows = Vec::new();
    let mut compare = |name: &str, first: f64, last: f64, allowed: f64, unit: f64| {
        let change = (last - first) / first.max(1.0);
        rows.push(vec![
            name.to_owned(),
            format!("{:.2}", first / unit),
            format!("{:.2}", last / unit),
            format!("{:+.2} %", change * 100.0),
        ]);
        if change > allowed {
            complaints.push(format!("{name} rose from {first} to {last}"));
        }
    };
    compare("live memory less caches, MB", first.live_bytes, last.live_bytes, 0.02, 1e6);
    // The allocator keeps pages that it may need again; their number is noise.
    compare("resident memory, MB", first.resident_bytes, last.resident_bytes, 0.25, 1e6);
    compare("open files", first.open_files as f64, last.open_files as f64, 0.0, 1.0);
    compare("threads", first.threads as f64, last.threads as f64, 0.0, 1.0);
    compare("shared segments", first.segments as f64, last.segments as f64, 0.0, 1.0);
    let mut text = format!(
        "{edits} edits by {CLIENTS} clients in {:.1} min\n\n",
        begun.elapsed().as_secs_f64() / 60.0
    );
    text += &table::markdown(&["held at rest", "warm", "at the end", "change"], &rows);
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
    let health = http::get(&server.address, "/api/debug/health").expect("the server answers");
    let health: Value = serde_json::from_str(&health).expect("JSON");
    let workers = health["workers"]["processes"].as_array().cloned().unwrap_or_default();
    let cached: f64 = workers.iter().filter_map(|worker| worker["cachedBytes"].as_f64()).sum();
    let processes: Vec<u32> =
        process::children(server.pid()).into_iter().chain([server.pid()]).collect();
    let resident = processes.iter().filter_map(|pid| process::resident_bytes(*pid));
    Held {
        live_bytes: health["memory"]["heapUsedMB"].as_f64().unwrap_or(0.0) * 1e6 - cached,
        resident_bytes: resident.map(|(now, _)| now as f64).sum(),
        open_files: processes.iter().map(|pid| process::open_files(*pid)).sum(),
        threads: processes.iter().map(|pid| process::threads(*pid)).sum(),
        segments: processes.iter().map(|pid| process::segments(*pid)).sum(),
    }
}
