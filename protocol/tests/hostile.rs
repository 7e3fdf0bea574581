//! Frames that nobody honest sends: each gives its own typed error, and no length is believed.

use std::mem::size_of;

use bytes::Bytes;
use scadstream_protocol::error::Problem;
use scadstream_protocol::message::*;
use scadstream_protocol::{DecodeError, EncodeError, FieldError, Kind, Prelude, limits};

/// A frame of `kind` with this header.
fn frame(kind: Kind, header: &[u8], payload: &[u8]) -> Vec<u8> {
    let prelude = Prelude {
        kind: kind as u8,
        flags: 0,
        header_len: header.len() as u32,
        payload_len: payload.len() as u32,
    };
    let mut bytes = prelude.to_bytes().to_vec();
    bytes.extend(header);
    bytes.resize(prelude.payload_offset(), 0);
    bytes.extend(payload);
    bytes
}

fn ping() -> Vec<u8> {
    frame(Kind::Ping, &7_u32.to_le_bytes(), &[])
}

#[track_caller]
fn refused(bytes: Vec<u8>, expected: &str) {
    let error = ClientMessage::decode(&bytes.into()).expect_err("a hostile frame");
    assert_eq!(error.to_string(), expected);
}

#[track_caller]
fn not_written(message: impl Into<ClientMessage>, field: &'static str, problem: Problem) {
    let error = message.into().encode().expect_err("a message against the rules");
    assert_eq!(error, EncodeError::Field(FieldError { field, problem }));
}

fn hello() -> Hello {
    Hello {
        version: 1,
        token: None,
        codecs: vec![],
        credit: limits::MIN_INITIAL_CREDIT,
        known: vec![],
        client: String::new(),
    }
}

#[test]
fn a_faulty_prelude_is_named_by_its_field() {
    refused(b"GET / HTTP/1.1\r\n".to_vec(), "not a scadstream frame: magic is [47, 45, 54, 20]");
    refused(b"{}".to_vec(), "not a scadstream frame: magic is [7b, 7d, 00, 00]");
    refused(vec![], "incomplete frame: 0 bytes of at least 16");
    refused(b"SCAD".to_vec(), "incomplete frame: 4 bytes of at least 16");
    let mut bytes = ping();
    bytes[4] = 2;
    refused(bytes, "protocol version 2 is not supported; this is version 1");
    let mut bytes = ping();
    bytes[7] = 0x80;
    refused(bytes, "unknown flags 0x8000 in a frame of kind 0x08");
    let mut bytes = ping();
    bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    refused(bytes, "frame of 8589934607 bytes; the limit is 1048576");
    let mut bytes = ping();
    bytes[12] = 8;
    refused(bytes, "incomplete frame: 24 bytes of at least 32");
}

#[test]
fn flags_in_the_lower_byte_and_unknown_kinds_do_no_harm() {
    let mut bytes = ping();
    bytes[6] = 0xff;
    let message = ClientMessage::decode(&bytes.into()).unwrap();
    assert_eq!(message, Some(Ping { nonce: 7 }.into()));
    let mut bytes = ping();
    bytes[5] = 0x7f;
    assert_eq!(ClientMessage::decode(&Bytes::from(bytes.clone())).unwrap(), None);
    assert_eq!(ServerMessage::decode(&bytes.into()).unwrap(), None);
}

#[test]
fn a_frame_is_as_long_as_it_says_and_padded_with_zeros() {
    let mut bytes = ping();
    bytes.push(0);
    refused(bytes, "1 bytes after the end of the Ping frame");
    let mut bytes = ping();
    bytes[23] = 1;
    refused(bytes, "Ping frame: padding after the header is not zero");
    refused(
        frame(Kind::Ping, &[1, 0, 0, 0], &[0; 8]),
        "Ping frame has a payload of 8 bytes; its kind has none",
    );
    refused(frame(Kind::Pong, &[1, 0, 0, 0], &[]), "Pong is not a message for this side");
}

#[test]
fn a_faulty_header_is_named_by_its_offset() {
    refused(
        frame(Kind::Ping, &[1, 0, 0], &[]),
        "Ping header, byte 0: the header ends within a field",
    );
    refused(
        frame(Kind::Ping, &[1, 0, 0, 0, 9], &[]),
        "Ping header, byte 4: 1 bytes after the last field",
    );
    refused(frame(Kind::Hello, &[1, 0, 0, 0, 2], &[]), "Hello header, byte 5: 2 is not a variant");
    let mut header = vec![1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0xff];
    refused(frame(Kind::Hello, &header, &[]), "Hello header, byte 14: a string is not UTF-8");
    header.truncate(5);
    header.extend((limits::MAX_STRING_BYTES as u64 + 1).to_le_bytes());
    refused(
        frame(Kind::Hello, &header, &[]),
        "Hello header, byte 13: a list or string is longer than its limit",
    );
}

/// The lengths are checked before memory is taken: were it not so, these would abort the process or take long.
#[test]
fn claimed_lengths_are_not_believed() {
    for claimed in [limits::MAX_NEED as u64 + 1, u64::from(u32::MAX), 1 << 61, u64::MAX] {
        let mut header = vec![0; 12];
        header.extend(claimed.to_le_bytes());
        refused(
            frame(Kind::Need, &header, &[]),
            "Need header, byte 20: a list or string is longer than its limit",
        );
    }
}

/// What one list may make the decoder allocate before it finds that the elements are not there.
#[test]
fn no_list_at_its_limit_takes_more_than_two_mebibytes() {
    let lists = [
        ("Hello.known", limits::MAX_KNOWN_CHUNKS * size_of::<ChunkHash>()),
        ("Hello.codecs", limits::MAX_CODECS * size_of::<Codec>()),
        ("Render.files", limits::MAX_FILES * size_of::<SourceFile>()),
        ("Render.files.bytes", limits::MAX_FRAME_BYTES),
        ("Render.overrides", limits::MAX_OVERRIDES * size_of::<Override>()),
        ("Need.chunks", limits::MAX_NEED * size_of::<u32>()),
        ("Diagnostics.list", limits::MAX_DIAGNOSTICS * size_of::<Diagnostic>()),
        ("Diagnostics.list.hints", limits::MAX_HINTS * size_of::<String>()),
        ("Parameters.list", limits::MAX_PARAMETERS * size_of::<Parameter>()),
        ("Parameters.list.choices", limits::MAX_CHOICES * size_of::<Choice>()),
        ("Manifest.parts", limits::MAX_PARTS * size_of::<Part>()),
        ("Manifest.chunks", limits::MAX_MANIFEST_CHUNKS * size_of::<ChunkEntry>()),
        ("Done.times", limits::MAX_STAGE_TIMES * size_of::<StageTime>()),
        ("Failed.details", limits::MAX_DETAILS * size_of::<FailureDetail>()),
        ("Wanted.digests", limits::MAX_WANTED * size_of::<FileDigest>()),
    ];
    for (name, bytes) in lists {
        assert!(bytes <= 2 << 20, "{name} may take {bytes} bytes");
    }
}

#[test]
fn rules_hold_when_writing() {
    let too_large = |value, limit| Problem::TooLarge { value, limit };
    not_written(
        Hello { token: Some("x".repeat(5000)), ..hello() },
        "Hello.token",
        too_large(5000, 4096),
    );
    not_written(
        Hello { credit: 1, ..hello() },
        "Hello.credit",
        Problem::Breaks("is at least 2 MiB"),
    );
    not_written(
        Hello { known: vec![ChunkHash([0; 16]); 40_000], ..hello() },
        "Hello.known",
        too_large(40_000, 32_768),
    );
    not_written(Credit { bytes: u32::MAX }, "Credit.bytes", too_large(0xffff_ffff, 1 << 30));
    not_written(
        Need { document: 0, revision: 0, scene: 0, chunks: vec![1 << 20] },
        "Need.chunks",
        too_large(1 << 20, (1 << 20) - 1),
    );
}

#[test]
fn rules_hold_when_reading() {
    let mut bytes = include_bytes!("../golden/chunk.bin").to_vec();
    let problem = |bytes: &[u8]| {
        ServerMessage::decode(&Bytes::copy_from_slice(bytes)).unwrap_err().to_string()
    };
    let vertex_count = 16 + 16 + 16 + 4;
    bytes[vertex_count] = 5;
    assert_eq!(problem(&bytes), "Chunk.payload has the length that the counts say");
    bytes[vertex_count..vertex_count + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(problem(&bytes), "Chunk.vertex_count is 4294967295; the limit is 65536");
    bytes[vertex_count + 4] = 7;
    bytes[vertex_count] = 0;
    assert_eq!(problem(&bytes), "Chunk.vertex_count is 4294967040; the limit is 65536");
}

#[test]
fn a_message_too_long_for_a_frame_is_not_written() {
    let file = |bytes: usize| SourceFile {
        name: "main.scad".to_owned(),
        content: FileContent::Inline(vec![b' '; bytes]),
    };
    let render = |bytes| -> ClientMessage {
        Render {
            document: 0,
            revision: 1,
            files: vec![file(bytes)],
            overrides: vec![],
            detail: Detail::Exact,
            camera: None,
        }
        .into()
    };
    // 16 of prelude and 58 of header besides the bytes, in a multiple of 8.
    let most = limits::MAX_FRAME_BYTES - 74;
    assert_eq!(render(most).encode().unwrap().len(), limits::MAX_FRAME_BYTES);
    let error = render(most + 1).encode().unwrap_err();
    let length = limits::MAX_FRAME_BYTES as u64 + 8;
    assert_eq!(error, EncodeError::FrameTooLarge { kind: Kind::Render, length });
}

#[test]
fn a_manifest_at_its_limit_fits_a_frame() {
    let entry = ChunkEntry {
        hash: ChunkHash([1; 16]),
        part: 0,
        color: Some(Rgba([1; 4])),
        min: [0.0; 3],
        max: [1.0; 3],
        vertices: 10_000,
        triangles: 20_000,
        bytes: 240_000,
        codec: Codec::Raw,
        delivery: Delivery::Push,
    };
    let message = ServerMessage::from(Manifest {
        document: 0,
        revision: 1,
        scene: 0,
        level: Level::Exact,
        first_part: 0,
        parts: vec![Part { kind: PartKind::Solid, color: None, name: String::new() }],
        first_chunk: 0,
        chunks: vec![entry; limits::MAX_MANIFEST_CHUNKS],
        last: true,
        triangles: 0,
        vertices: 0,
        bytes: 0,
    });
    let frame = message.encode().unwrap();
    assert_eq!(ServerMessage::decode(&frame), Ok(Some(message)));
    assert!(matches!(
        ServerMessage::decode(&frame.slice(..frame.len() - 1)),
        Err(DecodeError::Incomplete { .. })
    ));
}
