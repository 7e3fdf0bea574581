//! Short jobs beside long ones, and workers that are replaced before they are worn out.

use std::time::Duration;

use scadstream_memory::settings::{MemorySettings, budget_bytes};
use scadstream_memory::system;
use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::Cancel;
use scadstream_server::config::ServerConfig;

use crate::support::*;

/// The value of a metric without labels, or of one series of it.
fn value(metrics: &str, series: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{series} in {metrics}"))
}

#[tokio::test]
async fn a_job_that_is_not_short_makes_way_and_its_client_does_not_notice() {
    let config =
        ServerConfig { express_workers: 1, express_time: Duration::from_millis(100), ..config() };
    let server = Server::with(config).await;
    server.until_idle(2).await;
    let (mut long, mut longer, mut short) =
        (server.client().await, server.client().await, server.client().await);
    long.render(1, "echo once\nwork 700").await;
    long.started().await;
    longer.render(1, "work 1000").await;
    longer.started().await;
    let short_done = async {
        assert_eq!(short.echo(1, "echo short").await, "short");
        std::time::Instant::now()
    };
    let long_done = async {
        let messages = long.answer(1).await;
        assert_done(&messages);
        (echoes(&messages), std::time::Instant::now())
    };
    let (short_at, (echoed, long_at)) = tokio::join!(short_done, long_done);
    // The first message came with `started`, or comes with the answer; never twice.
    assert!(echoed.len() <= 1, "{echoed:?}");
    assert!(short_at < long_at, "the short job did not wait for the long one");
    let metrics = server.get("/metrics").await.1;
    assert_eq!(value(&metrics, "scadstream_express_moves_total"), 1.0);
    server.stop().await;
}

#[tokio::test]
async fn a_session_with_long_jobs_leaves_the_express_worker_to_others() {
    let config =
        ServerConfig { express_workers: 1, express_time: Duration::from_millis(250), ..config() };
    let server = Server::with(config).await;
    server.until_idle(2).await;
    let mut long = server.client().await;
    let first = long.echo(1, "pid\nwork 400").await;
    assert_eq!(long.echo(2, "pid\nwork 400").await, first, "that worker has its caches");
    server.until_idle(2).await;
    long.render(3, "wait").await;
    long.started().await;
    let mut short = server.client().await;
    let express = short.echo(1, "pid").await;
    assert_ne!(express, first, "a fresh worker is the express one now");
    assert_eq!(short.echo(2, "pid").await, express);
    server.stop().await;
}

#[tokio::test]
async fn what_a_worker_does_for_others_afterwards_does_not_make_a_job_long() {
    let config =
        ServerConfig { express_workers: 1, express_time: Duration::from_millis(300), ..config() };
    let server = Server::with(config).await;
    server.until_idle(2).await;
    let (mut small, mut other, mut large) =
        (server.client().await, server.client().await, server.client().await);
    let express = small.echo(1, "pid").await;
    // Has the worker that no session had yet.
    large.render(1, "wait").await;
    large.started().await;
    for revision in 1..=3 {
        assert_eq!(other.echo(revision, "pid\nwork 150").await, express);
    }
    for revision in 2..=4 {
        assert_eq!(small.echo(revision, "pid").await, express, "its jobs are short");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_worker_that_has_done_its_share_is_replaced_between_jobs() {
    let server = Server::with(ServerConfig { jobs_per_worker: 3, ..config() }).await;
    let mut client = server.client().await;
    let mut workers = Vec::new();
    for revision in 1..=9 {
        workers.push(client.echo(revision, "pid").await);
    }
    workers.dedup();
    assert_eq!(workers.len(), 3, "{workers:?}");
    let metrics = server.get("/metrics").await.1;
    assert!(value(&metrics, "scadstream_worker_restarts_total{reason=\"age\"}") >= 2.0);
    assert_eq!(value(&metrics, "scadstream_jobs_total{outcome=\"done\"}"), 9.0);
    server.stop().await;
}

#[tokio::test]
async fn a_worker_that_leaks_is_replaced_within_sixty_jobs() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut first = None;
    let replaced_after = loop_until(60, async |revision| {
        let worker = client.echo(revision, "pid\nleak 200").await;
        *first.get_or_insert_with(|| worker.clone()) != worker
    })
    .await;
    assert!(replaced_after.is_some(), "it leaked 200 KB a job for 60 jobs");
    let metrics = server.get("/metrics").await.1;
    assert_eq!(value(&metrics, "scadstream_worker_restarts_total{reason=\"leak\"}"), 1.0);
    server.stop().await;
}

/// The first number from 1 to `most` for which `is_it` holds.
async fn loop_until(most: u32, mut is_it: impl AsyncFnMut(u32) -> bool) -> Option<u32> {
    for number in 1..=most {
        if is_it(number).await {
            return Some(number);
        }
    }
    None
}

#[tokio::test]
async fn a_stream_repeated_a_thousand_times_makes_no_new_buffers() {
    let server = Server::start().await;
    let mut misses = Vec::new();
    for revision in 1..=1000 {
        // Another client each time, who has none of the chunks yet.
        let mut client = server.client().await;
        client.render(revision, "mesh 5 3000").await;
        let messages = client.answer(revision).await;
        assert_eq!(chunks(&messages).len(), 5);
        if revision == 20 || revision == 1000 {
            server.until_idle(1).await;
            misses.push(value(&server.get("/metrics").await.1, "scadstream_pool_misses_total"));
        }
    }
    assert_eq!(misses[0], misses[1], "new buffers after the first rounds");
    let metrics = server.get("/metrics").await.1;
    assert!(value(&metrics, "scadstream_pool_hits_total") > 4000.0);
    server.stop().await;
}

#[tokio::test]
async fn progress_is_told_before_a_death_so_that_it_can_be_placed() {
    let mut config = config();
    config.worker_command.environment.push((HARD_LIMIT.into(), "100".into()));
    config.memory.hard_mb = Some(100);
    let server = Server::with(config).await;
    let mut client = server.client().await;
    client.render(1, "at 7\nunchecked").await;
    let messages = client.answer(1).await;
    let Some(ServerMessage::Failed(failed)) = messages.last() else { panic!("it fails") };
    assert_eq!(failed.place.as_ref().map(|place| place.line), Some(7), "{failed:?}");
    assert_eq!(failed.details[0].value, "100000000");
    server.stop().await;
}

#[tokio::test]
async fn a_job_that_will_take_little_lets_others_start() {
    // So much per job that two unknown ones do not fit the machine, but a small one beside one of them does.
    let machine_bytes = system::available_to_us_bytes().expect("Linux tells");
    let hard_mb = budget_bytes(machine_bytes) * 3 / 5 / 1_000_000;
    let memory = MemorySettings { hard_mb: Some(hard_mb), ..MemorySettings::default() };
    let server = Server::with(ServerConfig { workers: 2, memory, ..config() }).await;
    server.until_idle(2).await;
    let (mut first, mut second, mut third) =
        (server.client().await, server.client().await, server.client().await);
    first.render(1, "needs 100\nwait").await;
    first.started().await;
    assert_eq!(second.echo(1, "echo beside").await, "beside");
    first.send(Cancel { document: 1, revision: 1 }).await;
    first.answer(1).await;
    // A job that did not say what it will take may take everything, and so may one of a new document.
    third.render(1, "wait").await;
    third.started().await;
    let mut fourth = server.client().await;
    fourth.render(1, "wait").await;
    fourth.until(|message| matches!(message, ServerMessage::Queued(_))).await;
    third.send(Cancel { document: 1, revision: 1 }).await;
    fourth.started().await;
    fourth.send(Cancel { document: 1, revision: 1 }).await;
    server.stop().await;
}
