//! Starts the real server and ends it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::binary::scadstream;

/// A running `scadstream serve` on a free port of the loopback; ended when dropped.
pub struct Server {
    process: Child,
    /// Where it listens, such as `127.0.0.1:40123`.
    pub address: String,
}

impl Server {
    /// Starts the server and waits until it says where it listens.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// The same with additional environment variables.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut process = Command::new(scadstream())
            .envs(environment.iter().copied())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log())
            .spawn()
            .expect("the binary can be run");
        let output = process.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, address) = line.split_once("http://")?;
            Some(address.trim_end_matches('/').replace("localhost", "127.0.0.1"))
        });
        // Reads on, so that the server never writes into a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address: address.expect("the server prints its address") }
    }

    /// Process id of the supervisor.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

/// Where the server's log goes: nowhere, or to the file that `SCADSTREAM_TEST_LOG` names.
fn log() -> Stdio {
    let file = std::env::var_os("SCADSTREAM_TEST_LOG")
        .map(|path| std::fs::OpenOptions::new().create(true).append(true).open(path));
    match file {
        Some(file) => file.expect("the log file can be written").into(),
        None => Stdio::null(),
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.process.id() as i32);
        if kill(pid, Signal::SIGTERM).is_ok() {
            self.process.wait().ok();
        }
    }
}
