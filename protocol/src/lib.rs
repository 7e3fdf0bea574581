//! The wire protocol `scadstream.v1`: messages, the frames that carry them, and their limits.
//!
//! Bytes go in and messages come out, or the other way round; sockets, sessions and what a message causes are others'
//! business. `SPEC.md` in this folder is the law, `golden/` holds a frame of every kind.
//!
//! ```
//! use scadstream_protocol::message::Credit;
//! use scadstream_protocol::ClientMessage;
//!
//! let frame = ClientMessage::from(Credit { bytes: 65_536 }).encode()?;
//! assert_eq!(frame.as_ref(), b"SCAD\x01\x06\0\0\x04\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0");
//!
//! let message = ClientMessage::decode(&frame)?.expect("Credit is a kind that this version knows");
//! assert_eq!(message, ClientMessage::Credit(Credit { bytes: 65_536 }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod decode;
mod encode;
pub mod error;
pub mod frame;
pub mod limits;
pub mod message;

pub use encode::{
    CHUNK_HEAD_BYTES, chunk_frame_len, encode_chunk_head, encode_file_head, file_head_len,
};
pub use error::{DecodeError, EncodeError, FieldError};
pub use frame::{Kind, MAGIC, Prelude, SUBPROTOCOL, VERSION, split_frame};
pub use message::{ClientMessage, ServerMessage};
