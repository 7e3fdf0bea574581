//! The server: sessions over WebSocket in front of worker processes that render.
//!
//! [`server::run`] is the supervisor: it never evaluates a model. [`worker::run`] is what the processes it starts do: one
//! job at a time, on an [`Engine`](engine::Engine) that the binary provides. A worker that dies costs its job and nothing
//! else. Where to start reading: `dispatcher`, which decides everything, then `session` (one client), `worker_process`
//! (one worker), and `worker` with `worker/job` and `worker/sending` (the other side).
//!
//! Invariants: nothing is evaluated on an async thread; every queue has a bound; the supervisor holds nothing that
//! cannot be made again from what clients send; only `to_wire` and `from_wire` know both the protocol's messages and the
//! engine's data.

mod admin;
mod admission;
pub mod config;
mod credit;
mod dispatcher;
pub mod engine;
mod file_content;
mod from_wire;
mod http;
mod ipc;
pub mod job_control;
mod known_chunks;
mod link_speed;
pub mod listener;
pub mod logging;
mod metrics;
mod outbox;
mod queue;
mod render_once;
mod sandbox;
pub mod server;
mod session;
pub mod shutdown;
mod to_wire;
mod uploads;
mod websocket;
pub mod worker;
mod worker_pool;
mod worker_process;
