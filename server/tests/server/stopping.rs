//! Stopping while people work.

use std::time::Duration;

use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::*;
use scadstream_server::config::ServerConfig;

use crate::support::*;

#[tokio::test]
async fn a_running_job_ends_before_the_server_does() {
    let mut server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "mesh 100 15000").await;
    client.started().await;
    server.ask_to_stop();
    let messages = client.answer(1).await;
    assert_done(&messages);
    assert_eq!(chunks(&messages).len(), 100);
    assert_eq!(client.message_or_close().await, Err(Closed(Some(1001))));
    server.stop().await;
}

#[tokio::test]
async fn a_job_without_end_is_given_up_after_a_while() {
    let config = ServerConfig { drain_time: Duration::from_millis(200), ..config() };
    let mut server = Server::with(config).await;
    let mut client = server.client().await;
    client.render(1, "wait").await;
    client.started().await;
    server.ask_to_stop();
    assert_eq!(failure(&client.answer(1).await), FailureCode::ShuttingDown);
    assert_eq!(client.message_or_close().await, Err(Closed(Some(1001))));
    server.stop().await;
}

#[tokio::test]
async fn new_jobs_are_refused_while_the_server_stops() {
    let mut server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "wait").await;
    client.started().await;
    server.ask_to_stop();
    // The signal and the message race; the server is stopping when it says so.
    let stopping = async { while server.get("/readyz").await.0 == 200 {} };
    tokio::time::timeout(PATIENCE, stopping).await.expect("it stops");
    client.send(render(2, 1, "echo")).await;
    let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
    assert_eq!(failure(&messages), FailureCode::ShuttingDown);
    client.send(Cancel { document: 1, revision: 1 }).await;
    assert_eq!(failure(&client.answer(1).await), FailureCode::Cancelled);
    assert_eq!(client.message_or_close().await, Err(Closed(Some(1001))));
    server.stop().await;
}

#[tokio::test]
async fn workers_end_with_the_server() {
    let server = Server::start().await;
    let worker = server.client().await.echo(1, "pid").await;
    server.stop().await;
    // The process may be ending still: wait until it has.
    let gone = async {
        let path = format!("/proc/{worker}/stat");
        while std::fs::read_to_string(&path).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the worker ends");
}
