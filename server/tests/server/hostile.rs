//! Clients that break the protocol, by accident or not.

use bytes::Bytes;
use scadstream_protocol::message::*;
use scadstream_protocol::{ClientMessage, ServerMessage};
use scadstream_server::config::ServerConfig;
use tokio_tungstenite::tungstenite::Message;

use crate::support::*;

fn frame(message: impl Into<ClientMessage>) -> Vec<u8> {
    message.into().encode().expect("a valid message").to_vec()
}

/// Sends what is no message of the protocol, expects it to be answered so, and the session to go on.
async fn check(message: Message, code: FailureCode, mentions: &str) {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.send_raw(message).await;
    let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
    let Some(ServerMessage::Failed(failed)) = messages.last() else { unreachable!() };
    assert_eq!((failed.subject, failed.code), (Subject::Session, code));
    assert!(failed.message.contains(mentions), "{}", failed.message);
    assert_eq!(client.echo(1, "echo on").await, "on");
    server.stop().await;
}

#[tokio::test]
async fn text_is_refused() {
    check(Message::text("{\"render\": 1}"), FailureCode::Protocol, "text").await;
}

#[tokio::test]
async fn garbage_is_refused() {
    let garbage = Message::binary(vec![0xfe; 100]);
    check(garbage, FailureCode::Protocol, "not a scadstream frame").await;
}

#[tokio::test]
async fn a_cut_frame_is_refused() {
    let mut cut = frame(render(1, 1, "echo"));
    cut.pop();
    check(Message::binary(cut), FailureCode::Protocol, "incomplete").await;
}

#[tokio::test]
async fn a_frame_of_another_version_is_refused() {
    let mut other = frame(render(1, 1, "echo"));
    other[4] = 9;
    check(Message::binary(other), FailureCode::UnsupportedVersion, "version 9").await;
}

#[tokio::test]
async fn a_frame_that_is_too_long_is_refused() {
    let mut long = frame(render(1, 1, "echo"));
    long.resize(2 << 20, 0);
    long[12..16].copy_from_slice(&(2_u32 << 20).to_le_bytes());
    check(Message::binary(long), FailureCode::TooLarge, "limit").await;
}

#[tokio::test]
async fn a_message_of_the_server_is_refused() {
    let pong = ServerMessage::from(Pong { nonce: 1 }).encode().expect("a valid message");
    check(Message::Binary(pong), FailureCode::Protocol, "Pong").await;
}

#[tokio::test]
async fn an_older_revision_is_refused() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.echo(5, "echo").await;
    client.render(4, "echo").await;
    let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
    assert_eq!(failure(&messages), FailureCode::Protocol);
    assert_eq!(client.echo(6, "echo on").await, "on");
    server.stop().await;
}

#[tokio::test]
async fn a_kind_of_a_later_version_is_skipped() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut unknown = frame(Ping { nonce: 1 });
    unknown[5] = 0x7f;
    client.send_raw(Message::binary(unknown)).await;
    assert_eq!(client.before_pong(2).await, []);
    server.stop().await;
}

/// Sends something else than `Hello` at first and expects the connection to be closed with this code.
async fn check_opening(first: Message, expected: u16) {
    let mut config = config();
    config.token = Some("secret".into());
    let server = Server::with(config).await;
    let mut client = Client::connect(server.address).await;
    client.send_raw(first).await;
    let failed = client.message().await;
    assert!(matches!(failed, ServerMessage::Failed(_)), "{failed:?}");
    assert_eq!(client.message_or_close().await, Err(Closed(Some(expected))));
    server.stop().await;
}

#[tokio::test]
async fn hello_has_to_come_first() {
    check_opening(Message::binary(frame(render(1, 1, "echo"))), 4400).await;
}

#[tokio::test]
async fn hello_has_to_be_readable() {
    check_opening(Message::binary(vec![1, 2, 3]), 4400).await;
}

#[tokio::test]
async fn hello_has_to_be_of_this_version() {
    let mut other = frame(hello(8 << 20));
    other[4] = 2;
    check_opening(Message::binary(other), 4406).await;
}

#[tokio::test]
async fn hello_needs_the_token() {
    check_opening(Message::binary(frame(hello(8 << 20))), 4401).await;
    let wrong = Hello { token: Some("Secret".into()), ..hello(8 << 20) };
    check_opening(Message::binary(frame(wrong)), 4401).await;
}

#[tokio::test]
async fn the_right_token_opens() {
    let server = Server::with(ServerConfig { token: Some("secret".into()), ..config() }).await;
    let mut client = Client::connect(server.address).await;
    client.send(Hello { token: Some("secret".into()), ..hello(8 << 20) }).await;
    assert!(matches!(client.message().await, ServerMessage::Welcome(_)));
    server.stop().await;
}

#[tokio::test]
async fn the_sixteenth_fault_closes() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for _ in 0..16 {
        client.send_raw(Message::binary(vec![0; 20])).await;
    }
    let mut faults = 0;
    let end = loop {
        match client.message_or_close().await {
            Ok(_) => faults += 1,
            Err(closed) => break closed,
        }
    };
    assert_eq!((faults, end), (16, Closed(Some(4400))));
    server.stop().await;
}

#[tokio::test]
async fn hello_comes_only_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.send(hello(8 << 20)).await;
    assert!(matches!(client.message().await, ServerMessage::Failed(_)));
    assert_eq!(client.message_or_close().await, Err(Closed(Some(4400))));
    server.stop().await;
}

#[tokio::test]
async fn a_message_beyond_all_measure_ends_the_connection_and_nothing_else() {
    let server = Server::start().await;
    let mut client = server.client().await;
    // Whether all of it can still be written is a matter of timing.
    let _ = client.try_send_raw(Message::Binary(Bytes::from(vec![0; 5 << 20]))).await;
    assert!(client.message_or_close().await.is_err());
    assert_eq!(server.client().await.echo(1, "echo on").await, "on");
    server.stop().await;
}

#[tokio::test]
async fn too_many_documents_are_refused() {
    let server = Server::with(ServerConfig { max_documents: 2, ..config() }).await;
    let mut client = server.client().await;
    for document in 1..=3 {
        client.send(render(document, 1, "echo")).await;
    }
    let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
    assert_eq!(failure(&messages), FailureCode::TooLarge);
    server.stop().await;
}

#[tokio::test]
async fn foreign_pages_and_other_protocols_are_refused() {
    let server = Server::start().await;
    let foreign = Client::try_connect(server.address, &[("origin", "https://evil.example")]).await;
    assert!(foreign.is_err());
    let own = format!("http://{}", server.address);
    assert!(Client::try_connect(server.address, &[("origin", own.as_str())]).await.is_ok());
    let other = Client::try_connect(server.address, &[("sec-websocket-protocol", "mqtt")]).await;
    assert!(other.is_err());
    server.stop().await;
}
