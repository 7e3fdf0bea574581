//! Many clients at once.

use scadstream_memory::allocator;
use scadstream_protocol::message::*;
use scadstream_server::config::ServerConfig;

use crate::support::*;

#[tokio::test]
async fn a_thousand_idle_sessions_are_cheap_and_disturb_nobody() {
    let server = Server::start().await;
    let mut active = server.client().await;
    active.echo(1, "mesh 3 300").await;
    allocator::flush_thread();
    let before = allocator::live_bytes();
    let mut idle = Vec::new();
    for _ in 0..1000 {
        idle.push(server.client().await);
    }
    allocator::flush_thread();
    // Both ends of every connection are in this process.
    let each = allocator::live_bytes().saturating_sub(before) / 1000;
    assert!(each < 40_000, "{each} bytes per session");
    assert_eq!(active.echo(2, "echo on").await, "on");
    for client in &mut idle {
        assert_eq!(client.before_pong(7).await, []);
    }
    server.stop().await;
}

#[tokio::test]
async fn more_connections_than_allowed_are_refused_and_room_is_made_again() {
    let server = Server::with(ServerConfig { max_connections: 2, ..config() }).await;
    let first = server.client().await;
    let _second = server.client().await;
    assert!(Client::try_connect(server.address, &[]).await.is_err());
    let (status, _) = server.request("POST", "/api/render", "", b"bytes 5").await;
    assert_eq!(status, 503);
    assert_eq!(server.get("/healthz").await.0, 200, "probes are always answered");
    drop(first);
    // The server notices on its own time.
    let again = async {
        loop {
            if let Ok(mut client) = Client::try_connect(server.address, &[]).await {
                return client.hello(8 << 20).await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("there is room again");
    server.stop().await;
}

#[tokio::test]
async fn twenty_sessions_share_two_workers_fairly() {
    let server = Server::with(ServerConfig { workers: 2, ..config() }).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.client().await);
    }
    let tasks = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            for revision in 1..=10 {
                let source = format!("echo x\nother {} 5 3000", revision * 10);
                client.render(revision, &source).await;
                let messages = client.answer(revision).await;
                assert_done(&messages);
                assert_eq!(chunks(&messages).len(), 5);
            }
            client.send(Ping { nonce: 1 }).await;
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("every session gets all of its answers");
    }
    server.stop().await;
}
