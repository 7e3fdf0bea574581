//! Edits that overtake each other, and clients that read slowly or not at all.

use std::time::{Duration, Instant};

use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::*;

use crate::support::*;

#[tokio::test]
async fn a_newer_edit_stops_the_running_one_within_50_ms() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut times = Vec::new();
    for round in 0..9 {
        let (older, newer) = (2 * round + 1, 2 * round + 2);
        client.render(older, if round % 2 == 0 { "wait" } else { "spin" }).await;
        client.started().await;
        let begun = Instant::now();
        client.render(newer, "mesh 1 30").await;
        assert_eq!(failure(&client.answer(older).await), FailureCode::Superseded);
        // There is one worker: the newer one can only be done because the older has really stopped.
        assert_done(&client.answer(newer).await);
        times.push(begun.elapsed());
    }
    times.sort();
    assert!(times[4] < Duration::from_millis(50), "{times:?}");
    server.stop().await;
}

#[tokio::test]
async fn of_a_burst_of_200_edits_only_the_last_is_rendered() {
    let server = Server::start().await;
    let mut other = server.client().await;
    other.render(1, "wait").await;
    other.started().await;
    let mut client = server.client().await;
    for revision in 1..=200 {
        client.render(revision, "mesh 2 300").await;
    }
    let mut answers = vec![0; 201];
    let queued = client.before_pong(1).await;
    other.send(Cancel { document: 1, revision: 1 }).await;
    let rest = client.answer(200).await;
    for message in queued.iter().chain(&rest) {
        match message {
            ServerMessage::Failed(Failed {
                subject: Subject::Render { revision, .. },
                code: FailureCode::Superseded,
                ..
            }) => answers[*revision as usize] += 1,
            ServerMessage::Done(done) => answers[done.revision as usize] += 1,
            ServerMessage::Failed(failed) => panic!("{failed:?}"),
            ServerMessage::Chunk(chunk) => assert_eq!(chunk.header.revision, 200),
            _ => {}
        }
    }
    assert_eq!(answers[1..], [1; 200], "every edit has exactly one answer");
    assert_done(&rest);
    server.stop().await;
}

#[tokio::test]
async fn a_cancelled_job_frees_the_worker() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "wait").await;
    client.started().await;
    client.send(Cancel { document: 1, revision: 1 }).await;
    assert_eq!(failure(&client.answer(1).await), FailureCode::Cancelled);
    assert_eq!(client.echo(2, "echo free").await, "free");
    // Cancelling what has ended does nothing.
    client.send(Cancel { document: 1, revision: 2 }).await;
    assert_eq!(client.before_pong(1).await, []);
    server.stop().await;
}

#[tokio::test]
async fn the_place_in_the_queue_is_told() {
    let server = Server::start().await;
    let mut first = server.client().await;
    first.render(1, "wait").await;
    first.started().await;
    let mut second = server.client().await;
    second.render(1, "echo").await;
    second.before_pong(1).await;
    let mut third = server.client().await;
    third.render(1, "echo").await;
    let places = |messages: &[ServerMessage]| -> Vec<u32> {
        let queued = messages.iter().filter_map(|message| match message {
            ServerMessage::Queued(queued) => Some(queued.position),
            _ => None,
        });
        queued.collect()
    };
    assert_eq!(places(&third.before_pong(1).await), [1]);
    first.send(Cancel { document: 1, revision: 1 }).await;
    assert_eq!(places(&third.answer(1).await), [0]);
    server.stop().await;
}

#[tokio::test]
async fn a_full_queue_refuses_with_advice() {
    let server =
        Server::with(scadstream_server::config::ServerConfig { queue_length: 1, ..config() }).await;
    let mut first = server.client().await;
    first.render(1, "wait").await;
    first.started().await;
    let mut second = server.client().await;
    second.render(1, "echo").await;
    second.before_pong(1).await;
    let mut third = server.client().await;
    third.render(1, "echo").await;
    let messages = third.answer(1).await;
    let Some(ServerMessage::Failed(failed)) = messages.last() else { panic!("{messages:?}") };
    assert_eq!(failed.code, FailureCode::Overloaded);
    assert_eq!(failed.details[0].key, "retry_after_ms");
    // A newer edit of one who waits takes his place, also in a full queue.
    second.render(2, "echo second").await;
    first.send(Cancel { document: 1, revision: 1 }).await;
    assert_eq!(echoes(&second.answer(2).await), ["second"]);
    server.stop().await;
}

#[tokio::test]
async fn a_slow_reader_gets_its_credit_and_holds_up_nobody() {
    const CREDIT: u32 = 2 << 20;
    let server = Server::start().await;
    let mut slow = Client::connect(server.address).await;
    slow.returns_credit = false;
    slow.hello(CREDIT).await;
    // 200 chunks of 210 KB each, which is some twenty times the credit.
    slow.render(1, "mesh 200 15000").await;
    let frame = u64::from(64 + 15_000_u32 * 12 + 5_000 * 6);
    let allowed = u64::from(CREDIT) / frame;
    for _ in 0..allowed {
        slow.until(|message| matches!(message, ServerMessage::Chunk(_))).await;
    }
    // The worker is free for others meanwhile, and has not made what nobody may have yet.
    let mut other = server.client().await;
    assert_eq!(other.echo(1, "made").await, allowed.to_string());
    assert_eq!(slow.before_pong(1).await, [], "nothing more comes");
    assert_eq!(slow.credited_bytes, allowed * frame);
    // It can go on at its own speed, and misses nothing.
    let before = slow.credited_bytes;
    slow.returns_credit = true;
    slow.send(Credit { bytes: before as u32 }).await;
    let messages = slow.answer(1).await;
    assert_done(&messages);
    assert_eq!(slow.credited_bytes, 200 * frame);
    server.stop().await;
}

#[tokio::test]
async fn a_slow_reader_of_a_file_gets_its_credit_and_can_go_on() {
    const CREDIT: u32 = 4 << 20;
    // More than a worker may be ahead of the credit.
    const FILE: u64 = 60_000_000;
    let server = Server::start().await;
    let mut slow = Client::connect(server.address).await;
    slow.returns_credit = false;
    slow.hello(CREDIT).await;
    // As a picture the test's engine does not know it.
    slow.render(1, &format!("bytes {FILE}")).await;
    assert_eq!(failure(&slow.answer(1).await), FailureCode::Internal);
    let export = Export { document: 1, revision: 1, request: 9, format: ExportFormat::StlBinary };
    slow.send(export).await;
    let is_file = |message: &ServerMessage| matches!(message, ServerMessage::File(_));
    for _ in 0..3 {
        slow.until(is_file).await;
    }
    // The worker is free for others meanwhile; so the file is made, and as far ahead as it may be.
    assert_eq!(server.client().await.echo(1, "echo free").await, "free");
    slow.send(Ping { nonce: 1 }).await;
    let is_pong = |message: &ServerMessage| matches!(message, ServerMessage::Pong(_));
    let rest = slow.until(is_pong).await;
    assert!(rest.len() <= 2 && slow.credited_bytes <= u64::from(CREDIT), "{}", rest.len());
    slow.returns_credit = true;
    slow.send(Credit { bytes: slow.credited_bytes as u32 }).await;
    let is_last = |message: &ServerMessage| match message {
        ServerMessage::File(file) => file.header.last,
        _ => false,
    };
    let before = slow.credited_bytes;
    let messages = slow.until(is_last).await;
    let Some(ServerMessage::File(last)) = messages.last() else { panic!("the last is a file") };
    assert_eq!(last.header.offset + last.payload.len() as u64, FILE);
    assert!(slow.credited_bytes > before && slow.credited_bytes > FILE);
    server.stop().await;
}

/// Bytes of frame buffers in use, from the metrics.
async fn used_bytes(server: &Server) -> u64 {
    let text = server.get("/metrics").await.1;
    let line = text.lines().find(|line| line.starts_with("scadstream_pool_used_bytes "));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("the metric")
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_its_credit_and_no_more() {
    const CREDIT: u32 = 48 << 20;
    // As long as its buffer, but for some bytes.
    const FRAME: u64 = 256 << 10;
    let server = Server::start().await;
    let mut silent = Client::connect(server.address).await;
    silent.returns_credit = false;
    silent.hello(CREDIT).await;
    silent.render(1, "mesh 400 18719").await;
    let mut other = server.client().await;
    // The system's own buffers take a part. After each job the worker tells what it holds.
    let (mut revision, mut before) = (0, 1);
    let mut used = 0;
    while used < u64::from(CREDIT) / 2 || used != before {
        before = used;
        revision += 1;
        other.echo(revision, "echo").await;
        used = used_bytes(&server).await;
        assert!(used <= u64::from(CREDIT) + FRAME, "{used}");
        assert!(revision < 10_000, "{used} bytes are held after as many jobs");
    }
    drop(silent);
    while used_bytes(&server).await > 0 {
        revision += 1;
        other.echo(revision, "echo").await;
        assert!(revision < 20_000, "what a client held is there after it has gone");
    }
    server.stop().await;
}

#[tokio::test]
async fn one_that_does_not_read_does_not_slow_another_with_the_same_model() {
    const CREDIT: u32 = 8 << 20;
    /// As long as their buffers, but for some bytes.
    const MODEL: &str = "mesh 100 18719";
    const FRAME: u64 = 256 << 10;
    // Two servers in turns, so that what else the machine does slows down both.
    let (with, without) = (Server::start().await, Server::start().await);
    let mut silent = Client::connect(with.address).await;
    silent.returns_credit = false;
    silent.hello(CREDIT).await;
    silent.render(1, MODEL).await;
    silent.until(|message| matches!(message, ServerMessage::Chunk(_))).await;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..15 {
        for (server, times) in [&with, &without].into_iter().zip(&mut times) {
            let mut client = server.client().await;
            let begun = Instant::now();
            client.render(1, MODEL).await;
            let messages = client.answer(1).await;
            times.push(begun.elapsed());
            assert_eq!(chunks(&messages).len(), 100);
        }
    }
    let [beside_silent, alone] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    assert!(beside_silent < 2 * alone, "{beside_silent:?} beside, {alone:?} alone");
    // A job is told of what was released before; after it, the worker tells what it holds.
    let mut other = with.client().await;
    let mut revision = 0;
    while used_bytes(&with).await > u64::from(CREDIT) + FRAME {
        revision += 1;
        other.echo(revision, "echo").await;
        assert!(revision < 10_000, "more is held than one who does not read may hold");
    }
    drop(silent);
    with.stop().await;
    without.stop().await;
}

#[tokio::test]
async fn an_edit_while_chunks_wait_drops_them_and_their_credit_is_used_again() {
    let server = Server::start().await;
    let mut client = Client::connect(server.address).await;
    client.returns_credit = false;
    client.hello(2 << 20).await;
    for revision in 1..20 {
        client.render(revision, "mesh 200 15000").await;
        client.until(|m| matches!(m, ServerMessage::Chunk(_) | ServerMessage::Manifest(_))).await;
    }
    client.before_pong(1).await;
    client.returns_credit = true;
    client.send(Credit { bytes: client.credited_bytes as u32 }).await;
    client.render(20, "other 1000 20 15000").await;
    let messages = client.answer(20).await;
    assert_done(&messages);
    let newest = chunks(&messages).iter().filter(|chunk| chunk.header.revision == 20).count();
    assert_eq!(newest, 20);
    server.stop().await;
}

#[tokio::test]
async fn a_vanished_client_costs_nobody_anything() {
    let server = Server::start().await;
    for source in ["wait", "mesh 200 15000"] {
        let mut vanishing = Client::connect(server.address).await;
        vanishing.returns_credit = false;
        vanishing.hello(2 << 20).await;
        vanishing.render(1, source).await;
        vanishing
            .until(|m| matches!(m, ServerMessage::Progress(_) | ServerMessage::Chunk(_)))
            .await;
        drop(vanishing);
        let mut other = server.client().await;
        assert_eq!(other.echo(1, "echo still here").await, "still here");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_session_returns_to_the_worker_that_has_its_caches() {
    let server =
        Server::with(scadstream_server::config::ServerConfig { workers: 3, ..config() }).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(server.client().await);
    }
    // Each has a worker of its own once all have worked at the same time.
    let mut homes = Vec::new();
    for client in &mut clients {
        client.render(1, "pid\nwait").await;
        let messages = client.until(|m| matches!(m, ServerMessage::Diagnostics(_))).await;
        homes.push(echoes(&messages).concat());
    }
    for client in &mut clients {
        client.send(Cancel { document: 1, revision: 1 }).await;
        client.answer(1).await;
    }
    server.until_idle(3).await;
    for revision in 2..6 {
        for (client, home) in clients.iter_mut().zip(&homes) {
            assert_eq!(client.echo(revision, "pid").await, *home);
        }
    }
    server.stop().await;
}

/// What the forecasts among messages say is needed, in megabytes.
fn forecasts(messages: &[ServerMessage]) -> Vec<u64> {
    let needed = messages.iter().filter_map(|message| match message {
        ServerMessage::Forecast(forecast) => Some(forecast.needed_bytes / 1_000_000),
        _ => None,
    });
    needed.collect()
}

#[tokio::test]
async fn who_waits_hears_what_the_document_needed_the_last_time() {
    let server = Server::start().await;
    let (mut client, mut other) = (server.client().await, server.client().await);
    client.render(1, "needs 3100000\nfail").await;
    assert_eq!(forecasts(&client.answer(1).await), [3_100_000], "from the job");
    other.render(1, "wait").await;
    other.started().await;
    client.render(2, "echo smaller").await;
    let waits = client.until(|message| matches!(message, ServerMessage::Forecast(_))).await;
    assert!(matches!(waits[0], ServerMessage::Queued(_)), "{waits:?}");
    assert_eq!(forecasts(&waits), [3_100_000], "from the last time");
    other.send(Cancel { document: 1, revision: 1 }).await;
    assert_done(&client.answer(2).await);
    // It fitted, so nothing is to be feared of the next.
    other.render(2, "wait").await;
    other.started().await;
    client.render(3, "echo again").await;
    client.until(|message| matches!(message, ServerMessage::Queued(_))).await;
    other.send(Cancel { document: 1, revision: 2 }).await;
    assert!(forecasts(&client.answer(3).await).is_empty());
    server.stop().await;
}
