//! Messages to frames.
//!
//! Every message is checked before it is written, so that whatever this crate writes it also reads. A message with a
//! payload can be written in two steps: the head by this crate into the caller's buffer, then the payload by the
//! caller right behind it. That is how a worker puts meshes into shared memory with no copy in between.

use bytes::Bytes;
use wincode::SchemaWrite;
use wincode::config::Configuration;

use crate::error::EncodeError;
use crate::frame::{Kind, PRELUDE_BYTES, Prelude, head_len};
use crate::limits::{Check, MAX_FRAME_BYTES, MAX_STRING_BYTES};
use crate::message::*;

/// bincode 1's layout: fixed widths, little-endian, lengths as `u64`, enums as `u32`. The number bounds what a string
/// may allocate; lists state bounds of their own.
pub(crate) type Config = Configuration<true, MAX_STRING_BYTES>;
pub(crate) const CONFIG: Config = Config::new();

/// Bytes before the payload of a `Chunk` frame, always the same.
pub const CHUNK_HEAD_BYTES: usize = 64;

/// Length of a `Chunk` frame whose payload has `payload_len` bytes.
pub const fn chunk_frame_len(payload_len: usize) -> usize {
    CHUNK_HEAD_BYTES + payload_len
}

/// Writes everything of a `Chunk` frame but its payload to the start of `buffer`, and returns how many bytes that is
/// ([`CHUNK_HEAD_BYTES`]); `payload_len` bytes of payload belong right behind them.
///
/// # Errors
/// A count above its limit, a payload that does not fit the counts, a frame or a head that is too long.
pub fn encode_chunk_head(
    header: &ChunkHeader,
    payload_len: usize,
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    header.check(payload_len)?;
    write_head(Kind::Chunk, header, payload_len, buffer)
}

/// Bytes before the payload of a `File` frame.
///
/// # Errors
/// The name is too long.
pub fn file_head_len(header: &FileHeader) -> Result<usize, EncodeError> {
    header.check()?;
    Ok(head_len(header_len(Kind::File, header)?))
}

/// Writes everything of a `File` frame but its payload to the start of `buffer`, and returns how many bytes that is
/// ([`file_head_len`]); `payload_len` bytes of payload belong right behind them.
///
/// # Errors
/// The name is too long, or the frame, or the head for the buffer.
pub fn encode_file_head(
    header: &FileHeader,
    payload_len: usize,
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    header.check()?;
    write_head(Kind::File, header, payload_len, buffer)
}

impl ClientMessage {
    /// The message as a frame.
    ///
    /// # Errors
    /// A field breaks a rule of the protocol, or the frame would be too long.
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        let kind = self.kind();
        match self {
            Self::Hello(m) => encode(kind, m, m, &[]),
            Self::Render(m) => encode(kind, m, m, &[]),
            Self::Upload(m) => encode(kind, m, &m.header, &m.payload),
            Self::Cancel(m) => encode(kind, m, m, &[]),
            Self::Need(m) => encode(kind, m, m, &[]),
            Self::Credit(m) => encode(kind, m, m, &[]),
            Self::Export(m) => encode(kind, m, m, &[]),
            Self::Ping(m) => encode(kind, m, m, &[]),
            Self::View(m) => encode(kind, m, m, &[]),
        }
    }
}

impl ServerMessage {
    /// The message as a frame.
    ///
    /// # Errors
    /// A field breaks a rule of the protocol, or the frame would be too long.
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        let kind = self.kind();
        match self {
            Self::Welcome(m) => encode(kind, m, m, &[]),
            Self::Queued(m) => encode(kind, m, m, &[]),
            Self::Progress(m) => encode(kind, m, m, &[]),
            Self::Diagnostics(m) => encode(kind, m, m, &[]),
            Self::Parameters(m) => encode(kind, m, m, &[]),
            Self::Manifest(m) => encode(kind, m, m, &[]),
            Self::Chunk(m) => encode(kind, m, &m.header, &m.payload),
            Self::Done(m) => encode(kind, m, m, &[]),
            Self::Failed(m) => encode(kind, m, m, &[]),
            Self::Pressure(m) => encode(kind, m, m, &[]),
            Self::File(m) => encode(kind, m, &m.header, &m.payload),
            Self::Pong(m) => encode(kind, m, m, &[]),
            Self::Wanted(m) => encode(kind, m, m, &[]),
            Self::Forecast(m) => encode(kind, m, m, &[]),
        }
    }
}

fn encode<H: SchemaWrite<Config, Src = H>>(
    kind: Kind,
    message: &impl Check,
    header: &H,
    payload: &[u8],
) -> Result<Bytes, EncodeError> {
    message.check()?;
    let head = checked_head_len(kind, header_len(kind, header)?, payload.len())?;
    let mut frame = vec![0; head + payload.len()];
    write_head(kind, header, payload.len(), &mut frame)?;
    frame[head..].copy_from_slice(payload);
    Ok(frame.into())
}

/// Writes prelude, header and padding; the fields are checked already.
fn write_head<H: SchemaWrite<Config, Src = H>>(
    kind: Kind,
    header: &H,
    payload_len: usize,
    buffer: &mut [u8],
) -> Result<usize, EncodeError> {
    let header_len = header_len(kind, header)?;
    let need = checked_head_len(kind, header_len, payload_len)?;
    let have = buffer.len();
    let head = buffer.get_mut(..need).ok_or(EncodeError::BufferTooSmall { kind, need, have })?;
    let prelude = Prelude {
        kind: kind as u8,
        flags: 0,
        header_len: header_len as u32,
        payload_len: payload_len as u32,
    };
    let (start, rest) = head.split_at_mut(PRELUDE_BYTES);
    start.copy_from_slice(&prelude.to_bytes());
    let (header_bytes, padding) = rest.split_at_mut(header_len);
    wincode::config::serialize_into(&mut *header_bytes, header, CONFIG)
        .map_err(|error| EncodeError::Header { kind, problem: error.to_string() })?;
    // The buffer may have held another frame before.
    padding.fill(0);
    Ok(need)
}

fn header_len<H: SchemaWrite<Config, Src = H>>(
    kind: Kind,
    header: &H,
) -> Result<usize, EncodeError> {
    H::size_of(header).map_err(|error| EncodeError::Header { kind, problem: error.to_string() })
}

/// Length of prelude, header and padding, if the frame is not too long with its payload.
fn checked_head_len(
    kind: Kind,
    header_len: usize,
    payload_len: usize,
) -> Result<usize, EncodeError> {
    let head = head_len(header_len);
    let length = head as u64 + payload_len as u64;
    if length > MAX_FRAME_BYTES as u64 {
        return Err(EncodeError::FrameTooLarge { kind, length });
    }
    Ok(head)
}
