//! Faults from outside: workers killed and stopped, no descriptors left, no place to write, clients that vanish or do not
//! read. Each is tried many times; survived is one after which the server does for others what it did before.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use scadstream_protocol::message::{Detail, FailureCode};

use crate::client::{Client, End};
use crate::http;
use crate::process::{self, pause};
use crate::server::Server;

/// A kind of fault, how often it was tried, and how often all went on as it should.
pub struct Tried {
    /// The fault.
    pub name: &'static str,
    /// How often.
    pub tried: usize,
    /// How often survived.
    pub survived: usize,
    /// What happened else.
    pub complaints: Vec<String>,
}

/// Takes some seconds to solve, in booleans that can be cancelled.
const LONG: &str = "for (i = [0:200]) translate(rands(0, 20, 3, i)) sphere(5, $fn = 60);";
/// Two megabytes of chunks.
const LARGE: &str = "sphere(10, $fn = 300);";
/// Longest that a server may take to be itself again.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tries every fault so many times.
pub fn all(times: usize) -> Vec<Tried> {
    vec![
        signals("worker killed at a random moment (SIGKILL)", Signal::SIGKILL, times),
        signals("worker stopped at a random moment (SIGSTOP)", Signal::SIGSTOP, times.min(5)),
        clients("client vanishes while it is sent to", times, vanish),
        clients("client asks for much and reads nothing", times, do_not_read),
        clients("client sends half a request", times, half_a_request),
        no_descriptors(),
        no_place_to_write(),
    ]
}

/// Whether a client of the server's gets what it should.
fn works(address: &str) -> Result<(), String> {
    let end = Instant::now() + PATIENCE;
    loop {
        let rendered = Client::try_connect(address).and_then(|mut client| {
            let rendered = client.render(1, 1, "cube(2);");
            match rendered.end {
                Some(End::Done(done)) if done.statistics.volume == 8.0 => Ok(()),
                end => Err(format!("{end:?}")),
            }
        });
        if rendered.is_ok() || Instant::now() > end {
            return rendered;
        }
        pause(Duration::from_millis(50));
    }
}

/// A signal to a worker that is at work for somebody; that somebody gets a typed error, and everybody else works on.
fn signals(name: &'static str, signal: Signal, times: usize) -> Tried {
    let server = Server::start(&["--workers", "2", "--job-seconds", "2"]);
    let mut tried = Tried { name, tried: 0, survived: 0, complaints: Vec::new() };
    for round in 0..times {
        tried.tried += 1;
        let address = server.address.clone();
        let victim = std::thread::spawn(move || {
            let mut client = Client::try_connect(&address)?;
            let rendered = client.render(1, 1, LONG);
            match rendered.end {
                Some(End::Done(_)) => Ok(()),
                Some(End::Failed(failed))
                    if matches!(failed.code, FailureCode::WorkerLost | FailureCode::TimeLimit) =>
                {
                    Ok(())
                }
                end => Err(format!("{end:?}")),
            }
        });
        // Moments from before the job begins to well inside it.
        pause(Duration::from_millis(37 * (round as u64 % 11)));
        for worker in process::children(server.pid()) {
            // One that has gone by itself meanwhile needs no signal.
            kill(Pid::from_raw(worker as i32), signal).ok();
        }
        let told = victim.join().unwrap_or_else(|_| Err("the client lost its connection".into()));
        match told.and_then(|()| works(&server.address)) {
            Ok(()) => tried.survived += 1,
            Err(complaint) => tried.complaints.push(complaint),
        }
    }
    tried
}

fn clients(name: &'static str, times: usize, misbehave: fn(&str)) -> Tried {
    let server = Server::start(&["--workers", "2"]);
    let mut tried = Tried { name, tried: 0, survived: 0, complaints: Vec::new() };
    for _ in 0..times {
        tried.tried += 1;
        misbehave(&server.address);
        match works(&server.address) {
            Ok(()) => tried.survived += 1,
            Err(complaint) => tried.complaints.push(complaint),
        }
    }
    let end = Instant::now() + PATIENCE;
    let sessions = || {
        let metrics = http::get(&server.address, "/metrics").unwrap_or_default();
        http::metric(&metrics, "scadstream_sessions")
    };
    while sessions() != Some(0.0) {
        if Instant::now() > end {
            tried.complaints.push(format!("{:?} sessions are left", sessions()));
            tried.survived = 0;
            break;
        }
        pause(Duration::from_millis(50));
    }
    tried
}

fn vanish(address: &str) {
    if let Ok(mut client) = Client::try_connect(address) {
        client.ask(1, 1, LARGE, Detail::Exact);
        client.receive();
    }
}

fn do_not_read(address: &str) {
    if let Ok(mut client) = Client::try_connect(address) {
        for revision in 1..=20 {
            client.ask(1, revision, LARGE, Detail::Exact);
        }
    }
}

fn half_a_request(address: &str) {
    if let Ok(mut stream) = TcpStream::connect(address) {
        stream.write_all(b"POST /api/render?format=stl HTTP/1.1\r\nContent-Le").ok();
    }
}

/// Connections until there are no descriptors left, then all of them closed again.
fn no_descriptors() -> Tried {
    const LIMIT: u64 = 80;
    let mut tried = Tried {
        name: "no descriptors left (80 allowed)",
        tried: 0,
        survived: 0,
        complaints: Vec::new(),
    };
    let server = Server::start(&["--workers", "1"]);
    let limited = std::process::Command::new("prlimit")
        .args(["--pid", &server.pid().to_string(), &format!("--nofile={LIMIT}")])
        .status();
    if !limited.is_ok_and(|status| status.success()) {
        tried.complaints.push("prlimit is not there".into());
        return tried;
    }
    let mut before = works(&server.address);
    for _ in 0..5 {
        tried.tried += 1;
        let crowd: Vec<TcpStream> =
            (0..2 * LIMIT).filter_map(|_| TcpStream::connect(&server.address).ok()).collect();
        for worker in process::children(server.pid()) {
            kill(Pid::from_raw(worker as i32), Signal::SIGKILL).ok();
        }
        pause(Duration::from_millis(200));
        drop(crowd);
        match before.and_then(|()| works(&server.address)) {
            Ok(()) => tried.survived += 1,
            Err(complaint) => tried.complaints.push(complaint),
        }
        before = Ok(());
    }
    tried
}

/// The server and its workers write no files: a folder for temporary ones that takes nothing does not matter.
fn no_place_to_write() -> Tried {
    let mut tried = Tried {
        name: "full disk: TMPDIR takes nothing, no file is open for writing",
        tried: 1,
        survived: 0,
        complaints: Vec::new(),
    };
    let server = Server::start_with(&["--workers", "1"], &[("TMPDIR", "/dev/full")]);
    let done = works(&server.address).and_then(|()| {
        let written =
            process::children(server.pid()).into_iter().chain([server.pid()]).find_map(written);
        written.map_or(Ok(()), |file| Err(format!("{file} is open for writing")))
    });
    match done {
        Ok(()) => tried.survived += 1,
        Err(complaint) => tried.complaints.push(complaint),
    }
    tried
}

/// A file on a disk that a process has open for writing.
fn written(pid: u32) -> Option<String> {
    fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten().find_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned();
        let number = entry.file_name().to_string_lossy().into_owned();
        let mut facts = String::new();
        let mut file = fs::File::open(format!("/proc/{pid}/fdinfo/{number}")).ok()?;
        file.read_to_string(&mut facts).ok()?;
        let flags = facts.lines().find_map(|line| line.strip_prefix("flags:"))?.trim();
        let for_writing = i64::from_str_radix(flags, 8).is_ok_and(|flags| flags & 3 != 0);
        let on_disk = target.starts_with('/')
            && !target.starts_with("/dev/")
            && !target.starts_with("/memfd:")
            // Standard error, which the log goes to.
            && number != "2";
        (for_writing && on_disk).then_some(target)
    })
}
