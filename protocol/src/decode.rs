//! Frames to messages.
//!
//! Nothing is believed before it is checked: the prelude's lengths against the bytes that are there, each list's
//! length against its limit before memory is taken for it, and every field against the rules of its message. Payloads
//! are not copied: they are slices of the frame.

use bytes::Bytes;
use wincode::{ReadError, SchemaRead};

use crate::encode::Config;
use crate::error::DecodeError;
use crate::frame::{Kind, PRELUDE_BYTES, Prelude};
use crate::limits::Check;
use crate::message::*;

impl ClientMessage {
    /// The message in a frame, which must be whole and alone, as a WebSocket message is. `None` is a frame of a kind
    /// that this version does not know: skip it.
    ///
    /// # Errors
    /// See [`DecodeError`]; [`DecodeError::Direction`] for a server's message.
    pub fn decode(frame: &Bytes) -> Result<Option<Self>, DecodeError> {
        let Some(frame) = Frame::read(frame)? else { return Ok(None) };
        Ok(Some(match frame.kind {
            Kind::Hello => Self::Hello(frame.message()?),
            Kind::Render => Self::Render(frame.message()?),
            Kind::Upload => Self::Upload(
                frame.message_with_payload(|header, payload| Upload { header, payload })?,
            ),
            Kind::Cancel => Self::Cancel(frame.message()?),
            Kind::Need => Self::Need(frame.message()?),
            Kind::Credit => Self::Credit(frame.message()?),
            Kind::Export => Self::Export(frame.message()?),
            Kind::Ping => Self::Ping(frame.message()?),
            Kind::View => Self::View(frame.message()?),
            kind => return Err(DecodeError::Direction { kind }),
        }))
    }
}

impl ServerMessage {
    /// The message in a frame, which must be whole and alone, as a WebSocket message is. `None` is a frame of a kind
    /// that this version does not know: skip it.
    ///
    /// # Errors
    /// See [`DecodeError`]; [`DecodeError::Direction`] for a client's message.
    pub fn decode(frame: &Bytes) -> Result<Option<Self>, DecodeError> {
        let Some(frame) = Frame::read(frame)? else { return Ok(None) };
        Ok(Some(match frame.kind {
            Kind::Welcome => Self::Welcome(frame.message()?),
            Kind::Queued => Self::Queued(frame.message()?),
            Kind::Progress => Self::Progress(frame.message()?),
            Kind::Diagnostics => Self::Diagnostics(frame.message()?),
            Kind::Parameters => Self::Parameters(frame.message()?),
            Kind::Manifest => Self::Manifest(frame.message()?),
            Kind::Chunk => Self::Chunk(
                frame.message_with_payload(|header, payload| Chunk { header, payload })?,
            ),
            Kind::Done => Self::Done(frame.message()?),
            Kind::Failed => Self::Failed(frame.message()?),
            Kind::Pressure => Self::Pressure(frame.message()?),
            Kind::File => {
                Self::File(frame.message_with_payload(|header, payload| File { header, payload })?)
            }
            Kind::Pong => Self::Pong(frame.message()?),
            Kind::Wanted => Self::Wanted(frame.message()?),
            Kind::Forecast => Self::Forecast(frame.message()?),
            kind => return Err(DecodeError::Direction { kind }),
        }))
    }
}

/// A frame taken apart; its header is not read yet.
struct Frame {
    kind: Kind,
    header: Bytes,
    payload: Bytes,
}

impl Frame {
    /// Takes a frame apart, or `None` when its kind is unknown.
    fn read(frame: &Bytes) -> Result<Option<Self>, DecodeError> {
        let prelude = Prelude::read(frame)?;
        let (have, need) = (frame.len(), prelude.frame_len());
        if have < need {
            return Err(DecodeError::Incomplete { have, need });
        }
        // A kind that is not known may have its own idea of everything but the prelude.
        let Some(kind) = Kind::from_number(prelude.kind) else { return Ok(None) };
        if have > need {
            return Err(DecodeError::ExtraBytes { kind, extra: have - need });
        }
        let header_end = PRELUDE_BYTES + prelude.header_len as usize;
        if frame[header_end..prelude.payload_offset()].iter().any(|byte| *byte != 0) {
            return Err(DecodeError::Padding { kind });
        }
        let header = frame.slice(PRELUDE_BYTES..header_end);
        let payload = frame.slice(prelude.payload_offset()..);
        if !payload.is_empty() && !kind.has_payload() {
            return Err(DecodeError::UnexpectedPayload { kind, length: payload.len() });
        }
        Ok(Some(Self { kind, header, payload }))
    }

    fn message<M>(&self) -> Result<M, DecodeError>
    where
        M: for<'de> SchemaRead<'de, Config, Dst = M> + Check,
    {
        let message: M = self.header()?;
        message.check()?;
        Ok(message)
    }

    fn message_with_payload<H, M>(&self, join: fn(H, Bytes) -> M) -> Result<M, DecodeError>
    where
        H: for<'de> SchemaRead<'de, Config, Dst = H>,
        M: Check,
    {
        let message = join(self.header()?, self.payload.clone());
        message.check()?;
        Ok(message)
    }

    /// Reads the header, all of it.
    fn header<H>(&self) -> Result<H, DecodeError>
    where
        H: for<'de> SchemaRead<'de, Config, Dst = H>,
    {
        let mut rest = self.header.as_ref();
        let result = H::get(&mut rest);
        let offset = self.header.len() - rest.len();
        let problem = match result {
            Ok(header) if rest.is_empty() => return Ok(header),
            Ok(_) => format!("{} bytes after the last field", rest.len()),
            Err(error) => describe(&error),
        };
        Err(DecodeError::Header { kind: self.kind, offset, problem })
    }
}

/// The serializer's errors in the words of `SPEC.md`.
fn describe(error: &ReadError) -> String {
    match error {
        ReadError::Io(_) => "the header ends within a field".to_owned(),
        ReadError::PreallocationSizeLimit { .. } | ReadError::PointerSizedReadError => {
            "a list or string is longer than its limit".to_owned()
        }
        ReadError::InvalidUtf8Encoding(_) => "a string is not UTF-8".to_owned(),
        ReadError::InvalidTagEncoding(tag) => format!("{tag} is not a variant"),
        ReadError::InvalidBoolEncoding(byte) => format!("{byte} is neither false nor true"),
        other => other.to_string(),
    }
}
