//! What the server and the client bear.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scadstream_memory::system;
use scadstream_protocol::message::{Detail, Export, ExportFormat, Need};
use scadstream_protocol::{Kind, ServerMessage};
use scadstream_tests::client::{Client, inline, render_of};
use scadstream_tests::server::Server;
use scadstream_tests::skimmer::Skimmer;

use crate::{Row, percentile};

/// Some 25 MB of raw chunks.
const LARGE: &str = "sphere(20, $fn = 1400);";

/// As long as the file that is sent: 50 bytes for each of 1.96 million triangles.
const FILE_BYTES: usize = 94 << 20;

/// What is measured several times, for the median.
const ROUNDS: usize = 5;
/// The same where a round takes half a second and its rates differ by a factor of two.
const SENDING_ROUNDS: usize = 21;

/// Sending of files in frames of 1 MiB beside two bare writers of the same size: of as many different bytes as the file has,
/// which is what it is held against, and of one megabyte again and again, which stays in the processor's cache.
pub(crate) fn sending() -> Vec<Row> {
    let server = Server::start(&["--workers", "1"]);
    let mut skimmer = Skimmer::connect(&server.address);
    let files = inline(&[("main.scad", LARGE.as_bytes())]);
    skimmer.send(render_of(1, 1, files, Detail::Exact));
    while skimmer.skip().kind != Some(Kind::Done) {}
    // One after the other in each round, so that what else the machine does slows down both.
    let repeated = Arc::new(bytes(1 << 20));
    let different = Arc::new(bytes(FILE_BYTES));
    let rates: Vec<[f64; 3]> = (1..=SENDING_ROUNDS as u32)
        .map(|request| {
            let hot = bare_bytes_per_second(&repeated, 400 << 20);
            let file = file_bytes_per_second(&mut skimmer, request);
            let cold = bare_bytes_per_second(&different, FILE_BYTES);
            [file, hot, cold]
        })
        .collect();
    let median = |of: &dyn Fn(&[f64; 3]) -> f64| {
        let mut values: Vec<f64> = rates.iter().map(of).collect();
        percentile(&mut values, 0.5)
    };
    let file = median(&|round| round[0]) / 1e9;
    let against = |which: usize| {
        let share = median(&|round| round[0] / round[which]);
        let bare = median(&|round| round[which]) / 1e9;
        (share, format!("{share:.2} ({file:.2} of {bare:.2} GB/s)"))
    };
    let ((share, different), (_, repeated)) = (against(2), against(1));
    let measure = "sending 1 MiB frames against bare TCP of as many different bytes";
    vec![
        Row::new(measure, different, "at least 0.8", share >= 0.8),
        Row::new("… of one megabyte repeated", repeated, "", true),
    ]
}

/// So many bytes, no two megabytes of them alike.
fn bytes(len: usize) -> Vec<u8> {
    (0..len / 8).flat_map(|index| (index as u64).to_le_bytes()).collect()
}

/// The processor time of sending raw chunks that are in the cache.
pub(crate) fn cost() -> Row {
    let server = Server::start(&["--workers", "1"]);
    let mut client = Client::connect(&server.address);
    let whole = client.render(1, 1, LARGE);
    let chunks: Vec<u32> = (0..whole.chunks.len() as u32).collect();
    let mut costs: Vec<f64> =
        (0..ROUNDS).map(|_| cpu_seconds_per_gigabyte(&server, &mut client, &chunks)).collect();
    let cost = percentile(&mut costs, 0.5);
    let found = format!("{cost:.2} s");
    Row::new("server CPU per GB sent (raw, cached)", found, "0.6 s", cost <= 0.6)
}

fn cpu_seconds_per_gigabyte(server: &Server, client: &mut Client, chunks: &[u32]) -> f64 {
    let before = (cpu_seconds(server), client.received_bytes);
    while client.received_bytes - before.1 < 500_000_000 {
        client.send(Need { document: 1, revision: 1, scene: 0, chunks: chunks.to_vec() });
        for _ in chunks {
            while !matches!(client.receive(), ServerMessage::Chunk(_)) {}
        }
    }
    let gigabytes = (client.received_bytes - before.1) as f64 / 1e9;
    (cpu_seconds(server) - before.0) / gigabytes
}

/// The file is made first, and then sent: time runs from the end of its first frame.
fn file_bytes_per_second(client: &mut Skimmer, request: u32) -> f64 {
    client.send(Export { document: 1, revision: 1, request, format: ExportFormat::StlBinary });
    let (mut begun, mut bytes) = (None, 0);
    loop {
        let frame = client.skip();
        if frame.kind != Some(Kind::File) {
            continue;
        }
        match begun {
            None => begun = Some(Instant::now()),
            Some(_) => bytes += frame.len_bytes,
        }
        if let Some(begun) = begun
            && frame.header_end == 1
        {
            return bytes as f64 / begun.elapsed().as_secs_f64();
        }
    }
}

/// A thread that writes a megabyte at a time, `total_bytes` in all and from the front again when all was sent, and one
/// that reads it into one buffer; time runs from the end of the first megabyte, as for files.
fn bare_bytes_per_second(sent: &Arc<Vec<u8>>, total_bytes: usize) -> f64 {
    const FRAME: usize = 1 << 20;
    let frames = total_bytes / FRAME;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let sent = Arc::clone(sent);
    let writer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a reader");
        let again = sent.chunks_exact(FRAME).cycle();
        again.take(frames).for_each(|frame| stream.write_all(frame).expect("the reader reads"));
    });
    let mut stream = TcpStream::connect(address).expect("the writer listens");
    let mut frame = vec![0; FRAME];
    let mut read = || stream.read_exact(&mut frame).expect("the writer writes");
    read();
    let begun = Instant::now();
    (1..frames).for_each(|_| read());
    let seconds = begun.elapsed().as_secs_f64();
    writer.join().expect("the writer ends");
    ((frames - 1) * FRAME) as f64 / seconds
}

/// Processor time of the server and its workers so far.
fn cpu_seconds(server: &Server) -> f64 {
    let own = server.pid();
    let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
    let workers = children.unwrap_or_default();
    let processes = workers.split_whitespace().map(str::to_owned).chain([own.to_string()]);
    let times = processes.filter_map(|pid| system::cpu_time(pid.parse().ok()?));
    times.sum::<Duration>().as_secs_f64()
}

fn resident_megabytes(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1e3
}

/// Resident memory of the supervisor while 200 sessions have a model of 3 MB and 50 of them do not read.
pub(crate) fn many_sessions() -> Row {
    let server = Server::start(&["--workers", "1"]);
    let source = "sphere(20, $fn = 500);";
    let mut reading: Vec<Client> = (0..150).map(|_| Client::connect(&server.address)).collect();
    let mut silent: Vec<Client> = (0..50).map(|_| Client::connect(&server.address)).collect();
    for client in &mut silent {
        client.ask(1, 1, source, Detail::Exact);
    }
    for client in &mut reading {
        client.render(1, 1, source);
    }
    let found = resident_megabytes(server.pid());
    let measure = "resident memory of the supervisor, 200 sessions, 50 not reading";
    Row::new(measure, format!("{found:.0} MB"), "300 MB", found <= 300.0)
}

/// Idle sessions that are all there after others worked.
pub(crate) fn idle_sessions() -> Row {
    const SESSIONS: usize = 2000;
    let server = Server::start(&["--workers", "1"]);
    let mut idle: Vec<Client> = (0..SESSIONS).map(|_| Client::connect(&server.address)).collect();
    Client::connect(&server.address).render(1, 1, LARGE);
    let mut alive = 0;
    for client in &mut idle {
        client.ask(1, 1, "cube(1);", Detail::Exact);
        while !matches!(client.receive(), ServerMessage::Done(_)) {}
        alive += 1;
    }
    let found = format!("{alive} of {SESSIONS}");
    Row::new("idle sessions held, none dropped", found, "2000", alive == SESSIONS)
}

/// What the TypeScript client decodes in a worker of Node, by its own account.
pub(crate) fn decoding() -> Vec<Row> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../web-client/packages/client/bench/decode.mjs");
    let output = Command::new("node").arg(script).output().expect("node can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    let million = |codec: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(codec));
        line.and_then(|rest| rest.trim().parse::<f64>().ok()).unwrap_or(f64::NAN)
    };
    let row = |codec: &str, at_most: &'static str, limit: f64| {
        let found = million(codec);
        let measure = format!("client decode, Node worker, {codec}, million triangles per second");
        Row::new(measure, format!("{found:.0}"), at_most, found >= limit)
    };
    vec![row("raw", "30", 30.0), row("meshopt", "10", 10.0), row("meshopt-grid", "10", 10.0)]
}
