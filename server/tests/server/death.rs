//! Workers that die, in every way there is.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::*;
use scadstream_server::config::ServerConfig;

use crate::support::*;

fn pid(text: &str) -> Pid {
    text.parse().ok().and_then(Pid::from_raw).expect("a process id")
}

/// Whether all threads of a process are stopped.
fn is_stopped(process: Pid) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("it lives");
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat"));
        stat.is_ok_and(|stat| stat.contains(") T "))
    })
}

/// Starts a job that waits, and says in which process it does.
async fn waiting(client: &mut Client, revision: u32) -> Pid {
    client.render(revision, "pid\nwait").await;
    let messages = client.until(|m| matches!(m, ServerMessage::Diagnostics(_))).await;
    pid(&echoes(&messages).concat())
}

#[tokio::test]
async fn a_killed_worker_costs_its_job_only() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut bystander = server.client().await;
    for round in 0..3 {
        let worker = waiting(&mut client, 2 * round + 1).await;
        kill_process(worker, Signal::KILL).expect("it is our child");
        let messages = client.answer(2 * round + 1).await;
        assert_eq!(failure(&messages), FailureCode::WorkerLost);
        assert_eq!(client.echo(2 * round + 2, "echo on").await, "on");
    }
    assert_eq!(bystander.before_pong(1).await, [], "others hear nothing of it");
    let restarts = server.get("/metrics").await.1;
    assert!(restarts.contains("scadstream_worker_restarts_total{reason=\"lost\"} 3"), "{restarts}");
    server.stop().await;
}

#[tokio::test]
async fn a_worker_killed_while_it_sends_is_lost_to_its_reader() {
    let server = Server::start().await;
    let mut client = Client::connect(server.address).await;
    client.returns_credit = false;
    client.hello(2 << 20).await;
    client.render(1, "pid\nmesh 200 15000").await;
    let messages = client.until(|m| matches!(m, ServerMessage::Chunk(_))).await;
    kill_process(pid(&echoes(&messages).concat()), Signal::KILL).expect("it is our child");
    assert_eq!(failure(&client.answer(1).await), FailureCode::WorkerLost);
    client.returns_credit = true;
    client.send(Credit { bytes: client.credited_bytes as u32 }).await;
    assert_eq!(client.echo(2, "echo on").await, "on");
    server.stop().await;
}

#[tokio::test]
async fn a_picture_that_is_complete_survives_its_worker() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let worker = pid(&client.echo(1, "pid\nmesh 2 30").await);
    kill_process(worker, Signal::KILL).expect("it is our child");
    let mut other = server.client().await;
    other.echo(1, "echo").await;
    assert_eq!(client.before_pong(1).await, [], "the client has its answer already");
    client.send(Need { document: 1, revision: 1, scene: 0, chunks: vec![0] }).await;
    let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
    assert_eq!(failure(&messages), FailureCode::Gone);
    server.stop().await;
}

#[tokio::test]
async fn an_abort_is_told_and_survived() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "abort").await;
    let messages = client.answer(1).await;
    assert_eq!(failure(&messages), FailureCode::WorkerLost);
    let Some(ServerMessage::Failed(failed)) = messages.last() else { unreachable!() };
    assert!(failed.message.contains("signal 6"), "{}", failed.message);
    assert_eq!(client.echo(2, "echo on").await, "on");
    server.stop().await;
}

#[tokio::test]
async fn a_panic_is_told_and_the_worker_goes_on_with_a_fresh_engine() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let before = client.echo(1, "pid").await;
    client.render(2, "panic").await;
    let messages = client.answer(2).await;
    assert_eq!(failure(&messages), FailureCode::Internal);
    let Some(ServerMessage::Failed(failed)) = messages.last() else { unreachable!() };
    assert!(failed.message.contains("a fault of the engine"), "{}", failed.message);
    assert_eq!(client.echo(3, "pid").await, before);
    server.stop().await;
}

#[tokio::test]
async fn the_stack_of_a_deep_recursion_is_given_back() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(client.echo(1, "deep").await, "30000");
    let resident_mb: u32 = client.echo(2, "resident").await.parse().expect("a number");
    assert!(resident_mb < 100, "{resident_mb} MB");
    server.stop().await;
}

#[tokio::test]
async fn too_much_memory_is_told_whether_the_job_notices_or_not() {
    let mut config = config();
    config.worker_command.environment.push((HARD_LIMIT.into(), "100".into()));
    config.memory.hard_mb = Some(100);
    let server = Server::with(config).await;
    let mut client = server.client().await;
    client.render(1, "greedy").await;
    let messages = client.answer(1).await;
    assert_eq!(failure(&messages), FailureCode::MemoryLimit);
    let Some(ServerMessage::Failed(failed)) = messages.last() else { unreachable!() };
    assert_eq!(failed.details[1].value, "100000000");
    let worker = client.echo(2, "pid").await;
    for source in ["keep 130", "unchecked"] {
        let revision = if source == "unchecked" { 4 } else { 3 };
        client.render(revision, source).await;
        assert_eq!(failure(&client.answer(revision).await), FailureCode::MemoryLimit, "{source}");
    }
    assert_ne!(client.echo(5, "pid").await, worker, "the process ended at its own limit");
    let metrics = server.get("/metrics").await.1;
    assert!(metrics.contains("scadstream_jobs_total{outcome=\"memory_limit\"} 3"), "{metrics}");
    server.stop().await;
}

#[tokio::test]
async fn a_file_counts_as_memory_of_its_job() {
    let mut config = config();
    config.worker_command.environment.push((HARD_LIMIT.into(), "100".into()));
    config.memory.hard_mb = Some(100);
    let server = Server::with(config).await;
    let mut client = server.client().await;
    for (revision, bytes) in [(1, 200_000_000), (2, 50_000_000)] {
        // The test engine does not render this, but a file can be made of it.
        client.render(revision, &format!("bytes {bytes}")).await;
        client.answer(revision).await;
        let format = ExportFormat::StlBinary;
        client.send(Export { document: 1, revision, request: revision, format }).await;
        if revision == 1 {
            let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
            assert_eq!(failure(&messages), FailureCode::MemoryLimit);
        } else {
            client.until(|m| matches!(m, ServerMessage::File(f) if f.header.last)).await;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_stopped() {
    let config = ServerConfig { job_time: Duration::from_millis(100), ..config() };
    let server = Server::with(config).await;
    let mut client = server.client().await;
    let before = client.echo(1, "pid").await;
    client.render(2, "spin").await;
    assert_eq!(failure(&client.answer(2).await), FailureCode::TimeLimit);
    assert_eq!(client.echo(3, "pid").await, before, "the job stopped, the worker lives");
    server.stop().await;
}

#[tokio::test]
async fn a_worker_that_does_not_stop_is_replaced() {
    let config = ServerConfig { cancel_time: Duration::from_millis(100), ..config() };
    let server = Server::with(config).await;
    let mut client = server.client().await;
    let before = client.echo(1, "pid").await;
    client.render(2, "deaf").await;
    client.started().await;
    client.render(3, "pid").await;
    assert_eq!(failure(&client.answer(2).await), FailureCode::Superseded);
    let messages = client.answer(3).await;
    assert_done(&messages);
    assert_ne!(echoes(&messages).concat(), before);
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_worker_is_replaced_when_its_time_is_up() {
    // Long enough for the two jobs that are to succeed, on any machine.
    let config = ServerConfig {
        job_time: Duration::from_secs(2),
        cancel_time: Duration::from_millis(100),
        ..config()
    };
    let server = Server::with(config).await;
    let mut client = server.client().await;
    let worker = pid(&client.echo(1, "pid").await);
    kill_process(worker, Signal::STOP).expect("it is our child");
    // The signal takes effect thread by thread.
    let stopped = async { while !is_stopped(worker) {} };
    tokio::time::timeout(PATIENCE, stopped).await.expect("it stops");
    client.render(2, "echo never").await;
    assert_eq!(failure(&client.answer(2).await), FailureCode::TimeLimit);
    assert_eq!(client.echo(3, "echo on").await, "on");
    server.stop().await;
}

#[tokio::test]
async fn workers_that_never_start_are_an_error_and_no_storm() {
    let mut config = config();
    config.worker_command.program = Some("/bin/false".into());
    let server = Server::with(config).await;
    let (status, text) = server.get("/readyz").await;
    assert_eq!((status, text.as_str()), (503, "no worker is ready\n"));
    let mut client = server.client().await;
    client.render(1, "echo").await;
    client.before_pong(1).await;
    server.stop().await;
}

#[tokio::test]
async fn a_worker_that_does_not_become_ready_is_replaced() {
    let mut config = config();
    config.start_time = Duration::from_millis(100);
    config.worker_command.program = Some("/bin/sleep".into());
    config.worker_command.arguments = vec!["60".into()];
    let server = Server::with(config).await;
    let lost = async || server.get("/metrics").await.1.contains("{reason=\"lost\"} 2");
    while !lost().await {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.get("/healthz").await.0, 200);
    server.stop().await;
}
