//! Frames: the 16-byte prelude, and where header and payload lie.
//!
//! ```text
//! 0        4     5      6       8             12             16
//! | "SCAD" | ver | kind | flags | header len  | payload len  | header … | 0 to 7 zero bytes | payload … |
//! ```
//!
//! All numbers are little-endian. The payload begins at a multiple of 8, so that a receiver can view its arrays in
//! place. This file knows nothing of what headers mean.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use crate::error::DecodeError;
use crate::limits::MAX_FRAME_BYTES;

/// First bytes of every frame.
pub const MAGIC: [u8; 4] = *b"SCAD";
/// Version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;
/// Name of the WebSocket subprotocol.
pub const SUBPROTOCOL: &str = "scadstream.v1";
/// Length of the prelude.
pub const PRELUDE_BYTES: usize = 16;
/// Flags that a receiver may not ignore; the lower byte's it may. Version 1 defines none of either.
pub const CRITICAL_FLAGS: u16 = 0xff00;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)+) => {
        /// What a frame carries. Numbers below `0x80` go from client to server, the others back.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $name = $number,)+ }

        impl Kind {
            /// Every kind of this version, in order of number.
            pub const ALL: &[Kind] = &[$(Kind::$name,)+];

            /// The kind with this number, if this version has one.
            pub const fn from_number(number: u8) -> Option<Kind> {
                match number { $($number => Some(Kind::$name),)+ _ => None }
            }

            /// The name as `SPEC.md` writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$name => stringify!($name),)+ }
            }
        }
    };
}

kinds! {
    /// Opens the session.
    Hello = 0x01,
    /// Asks for a document's scene.
    Render = 0x02,
    /// A piece of a file that `Render` names by its digest.
    Upload = 0x03,
    /// Gives up a revision.
    Cancel = 0x04,
    /// Asks for chunks that the server thought known.
    Need = 0x05,
    /// Lets the server send more bytes.
    Credit = 0x06,
    /// Asks for a file of a document.
    Export = 0x07,
    /// Asks for a `Pong`.
    Ping = 0x08,
    /// Tells where the viewer stands now.
    View = 0x09,
    /// Answers `Hello`.
    Welcome = 0x81,
    /// A job waits.
    Queued = 0x82,
    /// A job works.
    Progress = 0x83,
    /// Messages about the model.
    Diagnostics = 0x84,
    /// Customizer parameters of the document.
    Parameters = 0x85,
    /// Parts and chunks of a scene.
    Manifest = 0x86,
    /// Triangles.
    Chunk = 0x87,
    /// A revision is complete.
    Done = 0x88,
    /// Something cannot be done.
    Failed = 0x89,
    /// The server's memory.
    Pressure = 0x8a,
    /// A piece of an exported file.
    File = 0x8b,
    /// Answers `Ping`.
    Pong = 0x8c,
    /// Files that `Render` named and the server does not have.
    Wanted = 0x8d,
    /// A revision needs more memory than it may have.
    Forecast = 0x8e,
}

impl Kind {
    /// Whether clients send it (servers send the others).
    pub const fn is_from_client(self) -> bool {
        (self as u8) < 0x80
    }

    /// Whether its frames may have a payload.
    pub const fn has_payload(self) -> bool {
        matches!(self, Kind::Upload | Kind::Chunk | Kind::File)
    }

    /// Whether its frames use up the receiver's credit, by their whole length.
    pub const fn uses_credit(self) -> bool {
        matches!(self, Kind::Chunk | Kind::File)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The first 16 bytes of a frame, checked: magic, version, flags, and that the frame is not too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prelude {
    /// Number of the kind; may be one that this version does not know.
    pub kind: u8,
    /// Flags; none are defined.
    pub flags: u16,
    /// Length of the header, in bytes.
    pub header_len: u32,
    /// Length of the payload, in bytes.
    pub payload_len: u32,
}

impl Prelude {
    /// Reads the prelude at the start of `bytes`.
    ///
    /// # Errors
    /// [`DecodeError::Incomplete`] below 16 bytes; otherwise `Magic`, `Version`, `Flags` or `FrameTooLarge`.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some(head) = bytes.first_chunk::<PRELUDE_BYTES>() else {
            // A wrong beginning is wrong however little there is of it.
            let magic = bytes.iter().zip(&MAGIC).all(|(found, expected)| found == expected);
            return Err(if magic {
                DecodeError::Incomplete { have: bytes.len(), need: PRELUDE_BYTES }
            } else {
                let mut found = [0; 4];
                found.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                DecodeError::Magic { found }
            });
        };
        let [m0, m1, m2, m3, version, kind, f0, f1, h0, h1, h2, h3, p0, p1, p2, p3] = *head;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(DecodeError::Magic { found: [m0, m1, m2, m3] });
        }
        if version != VERSION {
            return Err(DecodeError::Version { found: version });
        }
        let prelude = Self {
            kind,
            flags: u16::from_le_bytes([f0, f1]),
            header_len: u32::from_le_bytes([h0, h1, h2, h3]),
            payload_len: u32::from_le_bytes([p0, p1, p2, p3]),
        };
        if prelude.flags & CRITICAL_FLAGS != 0 {
            return Err(DecodeError::Flags { kind, flags: prelude.flags });
        }
        if prelude.stated_len() > MAX_FRAME_BYTES as u64 {
            return Err(DecodeError::FrameTooLarge { length: prelude.stated_len() });
        }
        Ok(prelude)
    }

    /// The prelude's bytes.
    pub fn to_bytes(self) -> [u8; PRELUDE_BYTES] {
        let mut bytes = [0; PRELUDE_BYTES];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4] = VERSION;
        bytes[5] = self.kind;
        bytes[6..8].copy_from_slice(&self.flags.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.header_len.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes
    }

    /// Offset of the payload in the frame: prelude, header and padding.
    pub const fn payload_offset(self) -> usize {
        head_len(self.header_len as usize)
    }

    /// Length of the whole frame.
    pub const fn frame_len(self) -> usize {
        self.payload_offset() + self.payload_len as usize
    }

    /// The same in 64 bits, for lengths not yet checked.
    fn stated_len(self) -> u64 {
        (PRELUDE_BYTES as u64 + u64::from(self.header_len)).next_multiple_of(8)
            + u64::from(self.payload_len)
    }
}

/// Length of prelude, a header of `header_len` bytes, and padding.
pub(crate) const fn head_len(header_len: usize) -> usize {
    (PRELUDE_BYTES + header_len).next_multiple_of(8)
}

/// Takes the next whole frame off the front of a byte stream, where frames follow one another without a gap.
///
/// A WebSocket message is a frame already and does not need this.
///
/// # Errors
/// [`DecodeError::Incomplete`] when the frame is not all there yet: nothing is taken, call again with more. Any other
/// error is final for the stream, for there is no way to find the next frame.
pub fn split_frame(stream: &mut BytesMut) -> Result<Bytes, DecodeError> {
    let need = Prelude::read(stream)?.frame_len();
    if stream.remaining() < need {
        return Err(DecodeError::Incomplete { have: stream.remaining(), need });
    }
    Ok(stream.split_to(need).freeze())
}
