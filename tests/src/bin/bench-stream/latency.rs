//! How soon there is something to see.

use std::time::Instant;

use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::{Codec, Detail};
use scadstream_tests::client::{Client, Reader};
use scadstream_tests::server::Server;

use crate::models::{SLOW, parts};
use crate::{Row, Way, p50_p95};

/// Tries of each measure.
const TRIES: usize = 30;

/// A client that reads everything, on a server that has rendered one cube.
fn start(way: &Way) -> (Server, Client) {
    let server = Server::start(&["--workers", "1"]);
    let codecs = vec![Codec::MeshoptGrid, Codec::Meshopt, Codec::Raw];
    let reader = Reader { codecs, is_far: way.is_far };
    let mut client = Client::connect_as(&(way.to)(&server.address), &reader);
    // What the first job of a process has to set up is not the model's.
    client.render(1, 1, "cube(1);");
    (server, client)
}

/// Time from `Render` to the first chunk, on a worker that knows nothing of the model.
pub(crate) fn first_picture(way: &Way) -> Vec<Row> {
    let name = way.name;
    let mut all = Vec::new();
    let mut rows = Vec::new();
    for (model, source) in SLOW {
        let mut seconds = Vec::new();
        for n in 0..TRIES / SLOW.len() {
            let (_server, mut client) = start(way);
            let begun = Instant::now();
            client.ask(2, 1, &source(n), Detail::Both);
            while !matches!(client.receive(), ServerMessage::Chunk(_)) {}
            seconds.push(begun.elapsed().as_secs_f64());
        }
        all.extend(seconds.iter().copied());
        let (p50, p95) = p50_p95(seconds);
        let found = format!("{p50:.0} / {p95:.0} ms");
        rows.push(Row::new(format!("… {model}, {name}"), found, "", p95 < 1000.0));
    }
    let (p50, p95) = p50_p95(all);
    let holds = p50 <= 150.0 && p95 <= 1000.0;
    let measure = format!("first triangle, cold worker, {name}, p50 / p95");
    let found = format!("{p50:.0} / {p95:.0} ms");
    rows.insert(0, Row::new(measure, found, "150 / 1000 ms", holds));
    rows
}

/// Time from `Render` to the last changed chunk, when one parameter of a known model changes.
pub(crate) fn edit(way: &Way) -> Row {
    let (_server, mut client) = start(way);
    client.render(2, 1, &parts(0));
    let mut seconds = Vec::new();
    for n in 1..=TRIES {
        let rendered = client.render(2, 1 + n as u32, &parts(n));
        assert!(!rendered.chunks.is_empty(), "something changed");
        seconds.push(rendered.last_byte.as_secs_f64());
    }
    let (p50, p95) = p50_p95(seconds);
    let measure = format!("one-parameter edit, 100 000 triangles, {}, p50 / p95", way.name);
    let found = format!("{p50:.0} / {p95:.0} ms");
    Row::new(measure, found, "100 / 250 ms", p50 <= 100.0 && p95 <= 250.0)
}
