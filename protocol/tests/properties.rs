//! Properties of all messages: what is written is read again, and no bytes do harm.

mod arbitrary;
mod samples;

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use scadstream_protocol::message::{ClientMessage, IndexWidth, ServerMessage};
use scadstream_protocol::{
    CHUNK_HEAD_BYTES, DecodeError, EncodeError, Kind, Prelude, chunk_frame_len, encode_chunk_head,
    encode_file_head, file_head_len, split_frame,
};

/// A frame of every sample.
fn sample_frames() -> Vec<Bytes> {
    let client = samples::client().into_iter().map(|(_, message)| message.encode());
    let server = samples::server().into_iter().map(|(_, message)| message.encode());
    client.chain(server).map(|frame| frame.expect("samples keep the rules")).collect()
}

/// Decodes on both sides: it must not panic, and what is a message must be written as the same bytes again.
#[track_caller]
fn decode_both(bytes: &Bytes) {
    if let Ok(Some(message)) = ClientMessage::decode(bytes) {
        assert_eq!(message.encode().as_ref(), Ok(bytes));
    }
    if let Ok(Some(message)) = ServerMessage::decode(bytes) {
        assert_eq!(message.encode().as_ref(), Ok(bytes));
    }
}

proptest! {
    #[test]
    fn client_messages_survive_the_wire(message in arbitrary::client_message()) {
        let frame = message.encode().unwrap();
        prop_assert_eq!(ClientMessage::decode(&frame), Ok(Some(message)));
    }

    #[test]
    fn server_messages_survive_the_wire(message in arbitrary::server_message()) {
        let frame = message.encode().unwrap();
        prop_assert_eq!(ServerMessage::decode(&frame), Ok(Some(message)));
    }

    #[test]
    fn a_frame_cut_anywhere_is_incomplete(message in arbitrary::server_message(), cut: prop::sample::Index) {
        let frame = message.encode().unwrap();
        let cut = cut.index(frame.len());
        let error = ServerMessage::decode(&frame.slice(..cut)).unwrap_err();
        let incomplete = matches!(error, DecodeError::Incomplete { have, need } if have == cut && need > cut);
        prop_assert!(incomplete, "{error}");
    }

    #[test]
    fn a_header_cut_anywhere_is_malformed(message in arbitrary::client_message(), cut: prop::sample::Index) {
        // The prelude tells the truth about a header that is too short for its kind.
        let frame = message.encode().unwrap();
        let prelude = Prelude::read(&frame).unwrap();
        let header_len = cut.index(prelude.header_len as usize);
        let shorter = Prelude { header_len: header_len as u32, payload_len: 0, ..prelude };
        let mut bytes = shorter.to_bytes().to_vec();
        bytes.extend(&frame[16..16 + header_len]);
        bytes.resize(shorter.frame_len(), 0);
        let error = ClientMessage::decode(&bytes.into()).unwrap_err();
        let malformed = matches!(error, DecodeError::Header { .. });
        prop_assert!(malformed, "{error}");
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        decode_both(&bytes.into());
    }

    #[test]
    fn any_header_is_a_message_or_an_error(
        kind in prop::sample::select(Kind::ALL),
        header in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255), any::<u8>()], 0..200),
    ) {
        let prelude = Prelude { kind: kind as u8, flags: 0, header_len: header.len() as u32, payload_len: 0 };
        let mut bytes = prelude.to_bytes().to_vec();
        bytes.extend(header);
        bytes.resize(prelude.frame_len(), 0);
        decode_both(&bytes.into());
    }

    #[test]
    fn a_frame_with_bytes_changed_is_a_message_or_an_error(
        which: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let frames = sample_frames();
        let mut bytes = frames[which.index(frames.len())].to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        // Flags that may be ignored are not written again.
        bytes[6] = 0;
        decode_both(&bytes.into());
    }

    #[test]
    fn frames_are_found_in_a_stream_however_it_is_cut(
        messages in prop::collection::vec(arbitrary::server_message(), 0..5),
        piece in 1_usize..100,
    ) {
        let frames: Vec<Bytes> = messages.iter().map(|m| m.encode().unwrap()).collect();
        let stream = frames.concat();
        let (mut buffer, mut found) = (BytesMut::new(), Vec::new());
        for piece in stream.chunks(piece) {
            buffer.extend_from_slice(piece);
            loop {
                match split_frame(&mut buffer) {
                    Ok(frame) => found.push(frame),
                    Err(DecodeError::Incomplete { .. }) => break,
                    Err(error) => return Err(TestCaseError::fail(error.to_string())),
                }
            }
        }
        prop_assert_eq!(found, frames);
        prop_assert!(buffer.is_empty());
    }

    #[test]
    fn a_chunk_written_in_place_is_the_frame_of_its_message(chunk in arbitrary::chunk(), dirt: u8) {
        let frame = ServerMessage::from(chunk.clone()).encode().unwrap();
        let mut segment = vec![dirt; chunk_frame_len(chunk.payload.len()) + 100];
        let head = encode_chunk_head(&chunk.header, chunk.payload.len(), &mut segment).unwrap();
        prop_assert_eq!(head, CHUNK_HEAD_BYTES);
        segment[head..head + chunk.payload.len()].copy_from_slice(&chunk.payload);
        prop_assert_eq!(&segment[..frame.len()], frame.as_ref());
        prop_assert!(segment[frame.len()..].iter().all(|byte| *byte == dirt));
    }

    #[test]
    fn a_file_written_in_place_is_the_frame_of_its_message(file in arbitrary::file(), dirt: u8) {
        let frame = ServerMessage::from(file.clone()).encode().unwrap();
        let mut segment = vec![dirt; frame.len()];
        let head = encode_file_head(&file.header, file.payload.len(), &mut segment).unwrap();
        prop_assert_eq!(head, file_head_len(&file.header).unwrap());
        segment[head..].copy_from_slice(&file.payload);
        prop_assert_eq!(segment, frame);
    }

    #[test]
    fn a_decoded_chunk_is_a_slice_of_its_frame(chunk in arbitrary::chunk()) {
        let frame = ServerMessage::from(chunk).encode().unwrap();
        let Ok(Some(ServerMessage::Chunk(decoded))) = ServerMessage::decode(&frame) else {
            return Err(TestCaseError::fail("a chunk is a chunk"));
        };
        let offset = decoded.payload.as_ptr() as usize - frame.as_ptr() as usize;
        prop_assert!(decoded.payload.is_empty() || offset == CHUNK_HEAD_BYTES);
        if let (Some(positions), Some(indices)) = (decoded.raw_positions(), decoded.raw_indices()) {
            prop_assert_eq!(positions.len() % 12, 0);
            let width = if decoded.header.index_width == IndexWidth::U16 { 2 } else { 4 };
            prop_assert_eq!(indices.len(), decoded.header.index_count as usize * width);
        }
    }

    #[test]
    fn a_head_is_not_written_into_too_small_a_buffer(chunk in arbitrary::chunk(), len in 0..CHUNK_HEAD_BYTES) {
        let mut buffer = vec![0; len];
        let error = encode_chunk_head(&chunk.header, chunk.payload.len(), &mut buffer).unwrap_err();
        let expected =
            EncodeError::BufferTooSmall { kind: Kind::Chunk, need: CHUNK_HEAD_BYTES, have: len };
        prop_assert_eq!(error, expected);
    }
}
