//! The server: sessions over WebSocket in front of worker processes that render.
//!
//! (This crate is being built; `engine` is the contract with the pipeline.)

pub mod engine;
pub mod job_control;
