//! The pages beside the stream.

use scadstream_server::config::ServerConfig;
use serde_json::Value;

use crate::support::*;

#[tokio::test]
async fn the_server_says_that_it_is_alive_and_ready() {
    let server = Server::start().await;
    server.client().await.echo(1, "echo").await;
    assert_eq!(server.get("/healthz").await, (200, "ok\n".into()));
    assert_eq!(server.get("/readyz").await, (200, "ready\n".into()));
    server.stop().await;
}

#[tokio::test]
async fn health_tells_of_memory_queue_workers_and_pool() {
    let server = Server::start().await;
    server.client().await.echo(1, "mesh 3 300").await;
    let (status, text) = server.get("/api/debug/health").await;
    assert_eq!(status, 200);
    let health: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(health["status"], "ok");
    assert_eq!(health["memory"]["pressureLevel"], "low");
    assert_eq!(health["memory"]["shouldOptimize"], false);
    assert_eq!(health["memory"]["shouldChunk"], false);
    assert!(health["memory"]["heapUsedMB"].as_f64() > Some(0.0), "{text}");
    assert_eq!(health["queue"]["depth"], 0);
    assert_eq!(health["workers"]["processes"].as_array().map(Vec::len), Some(1));
    assert!(health["pool"]["idleBytes"].is_u64());
    let (status, text) = server.get("/api/debug/memory").await;
    assert_eq!(status, 200);
    let memory: Value = serde_json::from_str(&text).expect("JSON");
    assert!(memory["leakConfidence"].as_f64() <= Some(0.0), "{text}");
    assert!(memory["timeline"][0]["residentBytes"].as_u64() > Some(1_000_000), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.echo(1, "mesh 3 300").await;
    client.render(2, "fail").await;
    client.answer(2).await;
    let (_, text) = server.get("/metrics").await;
    for expected in [
        "scadstream_jobs_total{outcome=\"done\"} 1",
        "scadstream_jobs_total{outcome=\"failed\"} 1",
        "scadstream_chunks_sent_total 3",
        "scadstream_sessions 1",
        "scadstream_queue_depth 0",
        "scadstream_first_chunk_seconds_count 1",
        "scadstream_queue_wait_seconds_count 2",
        "scadstream_stage_seconds_count{stage=\"solve\"} 1",
        "scadstream_workers{state=\"idle\"} 1",
        "scadstream_memory_pressure_level 0",
        "scadstream_memory_peak_job_bytes_count 2",
    ] {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_file_is_made_of_a_posted_model() {
    let server = Server::start().await;
    // More than is lent at once, so that the answer has to be read for it to go on.
    let (status, body) =
        server.request_bytes("POST", "/api/render?format=stl", "", b"bytes 20000000").await;
    assert_eq!((status, body.len()), (200, 20_000_000));
    assert_eq!(body[19_999_999], 19_999_999_u32 as u8);
    let (_, metrics) = server.get("/metrics").await;
    assert!(metrics.contains("scadstream_jobs_total{outcome=\"done\"} 1"), "{metrics}");
    server.stop().await;
}

#[tokio::test]
async fn a_posted_model_with_a_fault_is_answered_with_its_place() {
    let server = Server::start().await;
    let (status, text) = server.request("POST", "/api/render", "", b"cube(").await;
    let fault: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, &fault["code"], &fault["line"]), (422, &"Syntax".into(), &3.into()));
    let (status, text) = server.request("POST", "/api/render?format=doc", "", b"cube();").await;
    assert_eq!(status, 400, "{text}");
    let (status, _) = server.request("POST", "/api/render", "", &vec![b' '; 2 << 20]).await;
    assert_eq!(status, 413);
    let foreign = "Origin: https://evil.example\r\n";
    let (status, _) = server.request("POST", "/api/render", foreign, b"cube();").await;
    assert_eq!(status, 403);
    server.stop().await;
}

#[tokio::test]
async fn a_posted_model_needs_the_token_too() {
    let server = Server::with(ServerConfig { token: Some("secret".into()), ..config() }).await;
    let (status, _) = server.request("POST", "/api/render", "", b"bytes 5").await;
    assert_eq!(status, 401);
    let token = "Authorization: Bearer secret\r\n";
    let (status, _) = server.request("POST", "/api/render", token, b"bytes 5").await;
    assert_eq!(status, 200);
    server.stop().await;
}

#[tokio::test]
async fn without_a_built_page_the_server_says_how_to_build_it() {
    let server = Server::start().await;
    let (status, text) = server.get("/").await;
    assert_eq!(status, 200);
    assert!(text.contains("make run"), "{text}");
    assert_eq!(server.get("/nothing").await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_built_page_is_served_from_its_folder_and_nothing_beside_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let page = folder.path().join("dist");
    std::fs::create_dir(&page).expect("a folder");
    std::fs::write(page.join("index.html"), "<p>editor").expect("a file");
    std::fs::write(folder.path().join("secret"), "secret").expect("a file");
    let server = Server::with(ServerConfig { web_folder: Some(page), ..config() }).await;
    assert_eq!(server.get("/").await, (200, "<p>editor".into()));
    assert_eq!(server.get("/index.html").await.0, 200);
    for path in ["/../secret", "/%2e%2e/secret", "/..%2fsecret"] {
        assert_ne!(server.get(path).await.0, 200, "{path}");
    }
    server.stop().await;
}
