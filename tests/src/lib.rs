//! What the whole-system tests share: finding the binary, running the installed `openscad` beside it, measuring what
//! either exported, and printing tables.

pub mod binary;
pub mod client;
pub mod inputs;
pub mod measure;
pub mod peer;
pub mod server;
pub mod shaped;
pub mod table;
pub mod usage;
