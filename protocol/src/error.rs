//! What can be wrong with bytes or with a message.

use thiserror::Error;

use crate::frame::Kind;

/// Why bytes are not a message.
///
/// [`DecodeError::Incomplete`] alone may be cured by more bytes; every other variant means that these bytes will never
/// be a frame of this protocol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are the beginning of a frame.
    #[error("incomplete frame: {have} bytes of at least {need}")]
    Incomplete {
        /// Bytes given.
        have: usize,
        /// Bytes needed to get further; the whole frame's length once its prelude is there.
        need: usize,
    },
    /// The first four bytes are not `SCAD`.
    #[error("not a scadstream frame: magic is {found:02x?}")]
    Magic {
        /// The bytes in their place.
        found: [u8; 4],
    },
    /// The prelude names a version of the protocol that this is not.
    #[error("protocol version {found} is not supported; this is version {}", crate::frame::VERSION)]
    Version {
        /// The version named.
        found: u8,
    },
    /// A flag is set that must be understood and is not.
    #[error("unknown flags {flags:#06x} in a frame of kind {kind:#04x}")]
    Flags {
        /// Kind number of the frame.
        kind: u8,
        /// All flags of the frame.
        flags: u16,
    },
    /// The lengths in the prelude add up to more than a frame may have.
    #[error("frame of {length} bytes; the limit is {}", crate::limits::MAX_FRAME_BYTES)]
    FrameTooLarge {
        /// Length of the whole frame as the prelude states it.
        length: u64,
    },
    /// More bytes than the prelude states.
    #[error("{extra} bytes after the end of the {kind} frame")]
    ExtraBytes {
        /// Kind of the frame.
        kind: Kind,
        /// How many.
        extra: usize,
    },
    /// A byte between header and payload is not zero.
    #[error("{kind} frame: padding after the header is not zero")]
    Padding {
        /// Kind of the frame.
        kind: Kind,
    },
    /// A message of the other direction: a server's sent to a server, or a client's to a client.
    #[error("{kind} is not a message for this side")]
    Direction {
        /// Kind of the frame.
        kind: Kind,
    },
    /// A payload where the kind has none.
    #[error("{kind} frame has a payload of {length} bytes; its kind has none")]
    UnexpectedPayload {
        /// Kind of the frame.
        kind: Kind,
        /// Length of the payload.
        length: usize,
    },
    /// The header is cut, too long, or holds a value that does not exist.
    #[error("{kind} header, byte {offset}: {problem}")]
    Header {
        /// Kind of the frame.
        kind: Kind,
        /// Offset from the header's first byte at which reading stopped.
        offset: usize,
        /// What was wrong there.
        problem: String,
    },
    /// A field breaks a rule of the protocol.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Why a message cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A field breaks a rule of the protocol.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The frame would be longer than a frame may be: split the list over several frames.
    #[error("{kind} frame of {length} bytes; the limit is {}", crate::limits::MAX_FRAME_BYTES)]
    FrameTooLarge {
        /// Kind of the frame.
        kind: Kind,
        /// Length that it would have.
        length: u64,
    },
    /// The caller's buffer is shorter than what is to be written.
    #[error("{kind}: {need} bytes do not fit into a buffer of {have}")]
    BufferTooSmall {
        /// Kind of the frame.
        kind: Kind,
        /// Bytes needed.
        need: usize,
        /// Bytes the buffer has.
        have: usize,
    },
    /// The serializer refused the header; with checked fields this is a fault of this crate.
    #[error("{kind} header: {problem}")]
    Header {
        /// Kind of the frame.
        kind: Kind,
        /// The serializer's words.
        problem: String,
    },
}

/// A field that breaks a rule of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field} {problem}")]
pub struct FieldError {
    /// The field as `SPEC.md` names it, such as `Hello.token`.
    pub field: &'static str,
    /// The rule it breaks.
    pub problem: Problem,
}

/// How a field breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A length or number above its limit.
    #[error("is {value}; the limit is {limit}")]
    TooLarge {
        /// The value, in the unit of the limit.
        value: u64,
        /// The largest allowed.
        limit: u64,
    },
    /// Infinite or not a number.
    #[error("is not a finite number")]
    NotFinite,
    /// A rule in words.
    #[error("{0}")]
    Breaks(&'static str),
}
