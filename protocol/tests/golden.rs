//! Golden frames: the bytes of every message as files, which other implementations read too. Changing one is a change
//! of the protocol's version; adding one is not.
//!
//! `UPDATE_GOLDEN=1 cargo test -p scadstream-protocol --test golden` writes them.

mod samples;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use scadstream_protocol::message::{ClientMessage, ServerMessage};
use scadstream_protocol::{Kind, Prelude};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The golden bytes of `name`; with `UPDATE_GOLDEN` set they become `encoded` first.
#[track_caller]
fn golden(name: &str, encoded: &Bytes) -> Bytes {
    let path = folder().join(name).with_extension("bin");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, encoded).expect("the golden folder can be written");
    }
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
}

#[test]
fn client_messages_are_their_golden_bytes() {
    for (name, message) in samples::client() {
        let encoded = message.encode().unwrap();
        let golden = golden(name, &encoded);
        assert_eq!(encoded, golden, "encoding {name}");
        assert_eq!(ClientMessage::decode(&golden), Ok(Some(message)), "decoding {name}");
    }
}

#[test]
fn server_messages_are_their_golden_bytes() {
    for (name, message) in samples::server() {
        let encoded = message.encode().unwrap();
        let golden = golden(name, &encoded);
        assert_eq!(encoded, golden, "encoding {name}");
        assert_eq!(ServerMessage::decode(&golden), Ok(Some(message)), "decoding {name}");
    }
}

#[test]
fn every_kind_has_a_golden_frame_and_no_file_is_stray() {
    let client = samples::client().into_iter().map(|(name, m)| (name, m.kind()));
    let server = samples::server().into_iter().map(|(name, m)| (name, m.kind()));
    let samples: Vec<_> = client.chain(server).collect();
    for kind in Kind::ALL {
        assert!(samples.iter().any(|(_, sample)| sample == kind), "no sample of {kind}");
    }
    let names: BTreeSet<String> = samples.iter().map(|(name, _)| format!("{name}.bin")).collect();
    let files = fs::read_dir(folder()).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, names);
}

/// The examples in `SPEC.md` are these files, so that a reader can trust them.
#[test]
fn the_specification_shows_golden_bytes() {
    let spec = fs::read_to_string(folder().with_file_name("SPEC.md")).unwrap();
    let words: Vec<&str> = spec.split_whitespace().collect();
    for name in ["hello", "credit", "manifest", "chunk", "failed-session"] {
        let frame = fs::read(folder().join(name).with_extension("bin")).unwrap();
        let title = format!("`golden/{name}.bin`");
        let start = spec.find(&format!("{title}\n")).unwrap_or_else(|| panic!("no {title}"));
        let block = spec[start..].split("```").nth(1).unwrap();
        let bytes: Vec<u8> = block
            .lines()
            .filter_map(|line| line.split_once("  "))
            .flat_map(|(_, rest)| rest.split("  ").next().unwrap().split_whitespace())
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        assert_eq!(bytes, frame, "{title} in SPEC.md");
    }
    for kind in Kind::ALL {
        let number = format!("`0x{:02x}`", *kind as u8);
        let row = words.windows(4).any(|w| w[0] == "|" && w[1] == number && w[3] == kind.name());
        assert!(row, "SPEC.md has no row for {kind} ({number})");
    }
}

#[test]
fn a_prelude_says_where_everything_is() {
    let (_, message) = samples::server().into_iter().find(|(name, _)| *name == "chunk").unwrap();
    let frame = message.encode().unwrap();
    let prelude = Prelude::read(&frame).unwrap();
    assert_eq!((prelude.kind, prelude.flags), (Kind::Chunk as u8, 0));
    assert_eq!((prelude.payload_offset(), prelude.frame_len()), (64, frame.len()));
}
