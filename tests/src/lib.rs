//! What the whole-system tests share: finding the binary, running the installed `openscad` beside it, measuring what
//! either exported, and printing tables.

pub mod allocation;
pub mod binary;
pub mod chunk_store;
pub mod client;
pub mod faults;
pub mod http;
pub mod inputs;
pub mod measure;
pub mod oracle;
pub mod peer;
pub mod process;
pub mod server;
pub mod shaped;
pub mod skimmer;
pub mod soak;
pub mod table;
pub mod torture;
pub mod usage;
pub mod vast;
