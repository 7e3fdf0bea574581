//! A line of a certain speed and length: a TCP proxy that delays what it passes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a line is like, each way.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Bytes per second.
    pub bytes_per_second: f64,
    /// Time from one end to the other.
    pub delay: Duration,
}

/// 100 Mbit/s with a round trip of 20 ms.
pub const OFFICE: Line = Line { bytes_per_second: 12.5e6, delay: Duration::from_millis(10) };

/// As fast as this machine passes bytes on.
pub const NONE: Line = Line { bytes_per_second: f64::INFINITY, delay: Duration::ZERO };

/// A line that becomes another while connections are open.
#[derive(Debug, Clone)]
pub struct Changing(Arc<Mutex<Line>>);

impl Changing {
    /// A line that is like `line` at first.
    pub fn new(line: Line) -> Self {
        Self(Arc::new(Mutex::new(line)))
    }

    /// What is sent from now on meets a line like this.
    pub fn become_like(&self, line: Line) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }

    fn now(&self) -> Line {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes passed on at once.
const PIECE: usize = 16 << 10;
/// Pieces on the line: what it holds in its delay at full speed, and a router's buffer.
const PIECES: usize = 64;

/// Listens on a free port of the loopback and leads every connection to `target` over such a line. Returns the address;
/// the line stays until the process ends.
///
/// # Panics
/// If there is no free port.
pub fn lead_to(target: &str, line: Line) -> String {
    lead_over(target, &Changing::new(line))
}

/// The same over a line that changes.
///
/// # Panics
/// If there is no free port.
pub fn lead_over(target: &str, line: &Changing) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let (target, line) = (target.to_owned(), line.clone());
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(&target) else { continue };
            for stream in [&near, &far] {
                stream.set_nodelay(true).expect("a TCP option");
            }
            let clone = |stream: &TcpStream| stream.try_clone().expect("a descriptor");
            pass_on(clone(&near), clone(&far), line.clone());
            pass_on(far, near, line.clone());
        }
    });
    address
}

/// Starts to pass on what comes from one end to the other.
fn pass_on(mut from: TcpStream, to: TcpStream, line: Changing) {
    let (sender, receiver) = sync_channel::<(Instant, Vec<u8>)>(PIECES);
    std::thread::spawn(move || deliver(&receiver, to, &line));
    std::thread::spawn(move || {
        let mut piece = vec![0; PIECE];
        while let Ok(len @ 1..) = from.read(&mut piece) {
            if sender.send((Instant::now(), piece[..len].to_vec())).is_err() {
                break;
            }
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a delay is what this line is for")]
fn deliver(receiver: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream, line: &Changing) {
    let mut free_at = Instant::now();
    while let Ok((at, piece)) = receiver.recv() {
        let line = line.now();
        let time = Duration::from_secs_f64(piece.len() as f64 / line.bytes_per_second);
        free_at = free_at.max(at) + time;
        std::thread::sleep((free_at + line.delay).saturating_duration_since(Instant::now()));
        if to.write_all(&piece).is_err() {
            return;
        }
    }
    // The other side may be gone already.
    to.shutdown(Shutdown::Write).ok();
}
