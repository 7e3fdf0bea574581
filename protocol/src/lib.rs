//! The wire protocol `scadstream.v1`: messages, the frames that carry them, and their limits.
//!
//! Bytes go in and messages come out, or the other way round; sockets, sessions and what a message causes are others'
//! business. `SPEC.md` in this folder is the law, `golden/` holds a frame of every kind.
#![forbid(unsafe_code)]

pub mod error;
pub mod frame;
pub mod limits;
pub mod message;

pub use error::{DecodeError, EncodeError, FieldError};
pub use frame::{Kind, MAGIC, Prelude, SUBPROTOCOL, VERSION, split_frame};
pub use message::{ClientMessage, ServerMessage};
