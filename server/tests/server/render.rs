//! What a client gets for a model.

use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::*;
use sha2::{Digest, Sha256};

use crate::support::*;

/// The kinds of messages, runs of one kind once. Whether a job has to wait depends on time.
fn kinds(messages: &[ServerMessage]) -> String {
    let mut kinds: Vec<&str> = messages.iter().map(|message| message.kind().name()).collect();
    kinds.retain(|kind| *kind != "Queued");
    kinds.dedup();
    kinds.join(" ")
}

#[tokio::test]
async fn a_model_comes_as_manifest_chunks_and_done() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "echo hello\nmesh 3 300").await;
    let messages = client.answer(1).await;
    assert_eq!(kinds(&messages), "Diagnostics Manifest Chunk Done");
    assert_eq!(echoes(&messages), ["hello"]);
    let Some(ServerMessage::Manifest(manifest)) =
        messages.iter().find(|message| matches!(message, ServerMessage::Manifest(_)))
    else {
        panic!("no manifest");
    };
    assert!(manifest.last && manifest.level == Level::Exact);
    assert_eq!((manifest.triangles, manifest.vertices), (300, 900));
    let chunks = chunks(&messages);
    assert_eq!(chunks.len(), 3);
    for (index, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk.header.index as usize, index);
        assert_eq!(chunk.header.hash, manifest.chunks[index].hash);
        assert_eq!(chunk.payload.len(), manifest.chunks[index].bytes as usize);
        let positions = chunk.raw_positions().expect("raw chunks");
        let floats: Vec<f32> = positions
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            .collect();
        assert_eq!(floats[297..300], [index as f32, 99.0, index as f32 + 99.0]);
        let indices = chunk.raw_indices().expect("raw chunks");
        assert_eq!(indices[indices.len() - 2..], 299_u16.to_le_bytes());
    }
    let Some(ServerMessage::Done(done)) = messages.last() else { panic!("no Done") };
    assert_eq!(done.level, Level::Exact);
    let payload: u64 = chunks.iter().map(|chunk| chunk.payload.len() as u64).sum();
    assert_eq!(done.statistics.bytes_sent, payload);
    server.stop().await;
}

#[tokio::test]
async fn a_coarse_picture_comes_before_the_exact_one() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "coarse 1 30\nmesh 2 300").await;
    let messages = client.answer(1).await;
    let levels: Vec<(u32, Level)> = messages
        .iter()
        .filter_map(|message| match message {
            ServerMessage::Manifest(manifest) => Some((manifest.scene, manifest.level)),
            _ => None,
        })
        .collect();
    assert_eq!(levels, [(0, Level::Coarse), (1, Level::Exact)]);
    let exact = chunks(&messages).iter().filter(|chunk| chunk.header.scene == 1).count();
    assert_eq!(exact, 2);
    server.stop().await;
}

#[tokio::test]
async fn equal_chunks_are_sent_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "same 5 30").await;
    let messages = client.answer(1).await;
    assert_eq!(chunks(&messages).len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn an_empty_model_is_a_manifest_without_chunks() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "mesh 0 0").await;
    assert_eq!(kinds(&client.answer(1).await), "Manifest Done");
    server.stop().await;
}

#[tokio::test]
async fn a_scene_of_many_chunks_has_a_manifest_of_many_pieces() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "mesh 12000 3").await;
    let messages = client.answer(1).await;
    let pieces: Vec<(u32, usize, bool)> = messages
        .iter()
        .filter_map(|message| match message {
            ServerMessage::Manifest(m) => Some((m.first_chunk, m.chunks.len(), m.last)),
            _ => None,
        })
        .collect();
    assert_eq!(pieces, [(0, 5000, false), (5000, 5000, false), (10000, 2000, true)]);
    assert_eq!(chunks(&messages).len(), 12000);
    server.stop().await;
}

#[tokio::test]
async fn a_failure_names_its_place_and_the_session_goes_on() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "fail").await;
    let messages = client.answer(1).await;
    let Some(ServerMessage::Failed(failed)) = messages.last() else { panic!("{messages:?}") };
    assert_eq!(failed.code, FailureCode::Evaluation);
    assert_eq!(failed.place.as_ref().map(|place| place.line), Some(3));
    assert_eq!(client.echo(2, "echo on").await, "on");
    server.stop().await;
}

#[tokio::test]
async fn chunks_can_be_asked_for_again_while_the_revision_is_the_newest() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "mesh 3 30").await;
    client.answer(1).await;
    client.send(Need { document: 1, revision: 1, scene: 0, chunks: vec![2, 0] }).await;
    let messages =
        client.until(|m| matches!(m, ServerMessage::Chunk(c) if c.header.index == 0)).await;
    let indices: Vec<u32> = chunks(&messages).iter().map(|chunk| chunk.header.index).collect();
    assert_eq!(indices, [2, 0]);
    // What was never there, or belongs to an older revision, is gone.
    client.send(Need { document: 1, revision: 1, scene: 0, chunks: vec![3] }).await;
    let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
    assert_eq!(failure(&messages), FailureCode::Gone);
    client.render(2, "mesh 1 30").await;
    client.answer(2).await;
    client.send(Need { document: 1, revision: 1, scene: 0, chunks: vec![0] }).await;
    let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
    assert_eq!(failure(&messages), FailureCode::Gone);
    server.stop().await;
}

#[tokio::test]
async fn a_large_file_is_wanted_uploaded_and_then_seen_by_the_model() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let content = vec![7_u8; 1_500_000];
    let digest = FileDigest(Sha256::digest(&content).into());
    let mut message = render(1, 1, "file part.stl\nfile other.stl");
    message.files.push(SourceFile {
        name: "part.stl".into(),
        content: FileContent::Uploaded { digest, length: content.len() as u64 },
    });
    client.send(message.clone()).await;
    let wanted = client.message().await;
    let expected = Wanted { document: 1, revision: 1, digests: vec![digest] };
    assert_eq!(wanted, ServerMessage::Wanted(expected));
    for offset in (0..content.len()).step_by(500_000) {
        let header = UploadHeader { digest, offset: offset as u64, total: content.len() as u64 };
        let payload = content[offset..offset + 500_000].to_vec().into();
        client.send(Upload { header, payload }).await;
    }
    client.send(message.clone()).await;
    let messages = client.answer(1).await;
    assert_eq!(echoes(&messages), ["1500000", "none"]);
    // It need not be sent again.
    client.send(Render { revision: 2, ..message }).await;
    assert_eq!(echoes(&client.answer(2).await), ["1500000", "none"]);
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_was_uploaded_ahead_is_not_wanted() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let digest = FileDigest(Sha256::digest(b"solid").into());
    let header = UploadHeader { digest, offset: 0, total: 5 };
    client.send(Upload { header, payload: b"solid"[..].into() }).await;
    let mut message = render(1, 1, "file part.stl");
    let file = |digest, length| SourceFile {
        name: "part.stl".into(),
        content: FileContent::Uploaded { digest, length },
    };
    message.files.push(file(digest, 5));
    client.send(message.clone()).await;
    assert_eq!(echoes(&client.answer(1).await), ["5"]);
    // Two of the largest are too much.
    message.files.extend([1, 2].map(|n| file(FileDigest([n; 32]), 1 << 28)));
    client.send(Render { revision: 2, ..message }).await;
    assert_eq!(failure(&client.answer(2).await), FailureCode::TooLarge);
    server.stop().await;
}

#[tokio::test]
async fn an_export_is_a_file_in_pieces() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "bytes 3000000").await;
    // The test engine does not render this, but a file can be made of it.
    assert_eq!(failure(&client.answer(1).await), FailureCode::Internal);
    let export = |revision, request, format| Export { document: 1, revision, request, format };
    client.send(export(1, 5, ExportFormat::StlBinary)).await;
    let messages = client.until(|m| matches!(m, ServerMessage::File(f) if f.header.last)).await;
    let mut content = Vec::new();
    for message in &messages {
        let ServerMessage::File(file) = message else { continue };
        assert_eq!((file.header.request, file.header.offset), (5, content.len() as u64));
        assert_eq!(file.header.name, "model.stl");
        content.extend_from_slice(&file.payload);
    }
    assert!(content.len() == 3_000_000 && content[2_999_999] == 2_999_999_u32 as u8);
    for (revision, format, expected) in [
        (2, ExportFormat::StlBinary, FailureCode::Gone),
        (1, ExportFormat::from(99), FailureCode::UnsupportedFormat),
    ] {
        client.send(export(revision, 6, format)).await;
        let messages = client.until(|m| matches!(m, ServerMessage::Failed(_))).await;
        assert_eq!(failure(&messages), expected);
    }
    server.stop().await;
}

/// Segments made so far, from the metrics.
fn misses(text: &str) -> u64 {
    let line = text.lines().find(|line| line.starts_with("scadstream_pool_misses_total"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("the metric")
}

#[tokio::test]
async fn a_file_of_several_segments_comes_whole_and_leaves_them_for_the_next() {
    const BYTES: u32 = 40_000_000;
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut segments = Vec::new();
    for revision in [10, 20, 30] {
        client.render(revision, &format!("bytes {BYTES}")).await;
        client.answer(revision).await;
        let format = ExportFormat::StlBinary;
        client.send(Export { document: 1, revision, request: revision, format }).await;
        let messages = client.until(|m| matches!(m, ServerMessage::File(f) if f.header.last)).await;
        let pieces = messages.iter().filter_map(|message| match message {
            ServerMessage::File(file) => Some(&file.payload),
            _ => None,
        });
        let content: Vec<u8> = pieces.flatten().copied().collect();
        assert_eq!(content.len(), BYTES as usize);
        assert!(content.iter().zip(0_u32..).all(|(byte, index)| *byte == index as u8));
        // Its answer comes after what the worker tells of its memory.
        client.echo(revision + 1, "echo").await;
        segments.push(misses(&server.get("/metrics").await.1));
    }
    assert!(segments[0] >= 4, "{segments:?}");
    assert_eq!(segments[1..], [segments[0]; 2]);
    server.stop().await;
}

#[tokio::test]
async fn a_stream_repeated_uses_the_same_segments() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for revision in 1..=3 {
        client.echo(revision, "mesh 40 9000").await;
    }
    client.echo(4, "echo").await;
    let warm = misses(&server.get("/metrics").await.1);
    for revision in 5..=40 {
        client.echo(revision, "mesh 40 9000").await;
    }
    client.echo(41, "echo").await;
    let after = misses(&server.get("/metrics").await.1);
    // Eight megabytes of credit are some forty buffers of 256 KiB, however often they are used.
    assert!(warm > 0 && after <= 64, "{warm} then {after}");
    server.stop().await;
}

/// How many of a scene's chunks are announced as known, and how many come.
fn known_and_sent(messages: &[ServerMessage]) -> (usize, usize) {
    let manifests = messages.iter().filter_map(|message| match message {
        ServerMessage::Manifest(manifest) => Some(manifest),
        _ => None,
    });
    let entries = manifests.flat_map(|manifest| &manifest.chunks);
    let known = entries.filter(|entry| entry.delivery == Delivery::Known).count();
    (known, chunks(messages).len())
}

#[tokio::test]
async fn a_chunk_is_sent_once_in_a_session_and_not_at_all_to_a_client_that_has_it() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "mesh 5 30").await;
    assert_eq!(known_and_sent(&client.answer(1).await), (0, 5));
    // The first five chunks of ten are those of before; an undo has nothing new.
    client.render(2, "mesh 10 30").await;
    assert_eq!(known_and_sent(&client.answer(2).await), (5, 5));
    client.render(3, "mesh 5 30").await;
    assert_eq!(known_and_sent(&client.answer(3).await), (5, 0));

    let mut again = Client::connect(server.address).await;
    let known = (1..=3_u128).map(|hash| ChunkHash(hash.to_le_bytes())).collect();
    again.send(Hello { known, ..hello(8 << 20) }).await;
    again.render(1, "known\nmesh 5 30").await;
    let messages = again.answer(1).await;
    assert_eq!(echoes(&messages), ["3"]);
    assert_eq!(known_and_sent(&messages), (3, 2));
    server.stop().await;
}

#[tokio::test]
async fn what_a_client_dropped_it_gets_when_it_asks() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "mesh 3 30").await;
    client.answer(1).await;
    client.render(2, "mesh 3 30").await;
    assert_eq!(known_and_sent(&client.answer(2).await), (3, 0));
    client.send(Need { document: 1, revision: 2, scene: 0, chunks: vec![1] }).await;
    let messages = client.until(|message| matches!(message, ServerMessage::Chunk(_))).await;
    assert_eq!(chunks(&messages)[0].header.index, 1);
    // A scene that is gone takes the server's belief with it.
    client.send(Need { document: 1, revision: 1, scene: 0, chunks: vec![1] }).await;
    client.until(|message| matches!(message, ServerMessage::Failed(_))).await;
    client.render(3, "mesh 3 30").await;
    assert_eq!(known_and_sent(&client.answer(3).await), (0, 3));
    server.stop().await;
}

#[tokio::test]
async fn chunks_taken_back_are_not_taken_for_known() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.returns_credit = false;
    // 8 MB of credit are 20 chunks of 400 KB; the rest waits, and a newer edit drops it.
    client.render(1, "mesh 40 29127").await;
    client.until(|message| matches!(message, ServerMessage::Chunk(_))).await;
    client.returns_credit = true;
    client.send(Credit { bytes: 8 << 20 }).await;
    client.render(2, "mesh 40 29127").await;
    let messages = client.answer(2).await;
    let mut here: Vec<ChunkHash> = chunks(&messages).iter().map(|c| c.header.hash).collect();
    here.push(ChunkHash(1_u128.to_le_bytes()));
    let distinct: std::collections::HashSet<ChunkHash> = here.iter().copied().collect();
    assert_eq!(distinct.len(), 40, "every chunk came in one revision or the other");
    server.stop().await;
}

#[tokio::test]
async fn a_scene_grows_by_pieces() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.render(1, "grow 4 5 30").await;
    let messages = client.answer(1).await;
    let manifests: Vec<&Manifest> = messages
        .iter()
        .filter_map(|message| match message {
            ServerMessage::Manifest(manifest) => Some(manifest),
            _ => None,
        })
        .collect();
    let shape: Vec<_> =
        manifests.iter().map(|m| (m.first_part, m.parts.len(), m.first_chunk, m.last)).collect();
    assert_eq!(shape, [(0, 1, 0, false), (1, 0, 5, false), (1, 0, 10, false), (1, 0, 15, true)]);
    assert_eq!(manifests[3].triangles, 4 * 5 * 10);
    let mut numbers: Vec<u32> = chunks(&messages)
        .iter()
        .map(|chunk| {
            let x = f32::from_le_bytes(chunk.payload[..4].try_into().expect("four bytes"));
            assert_eq!(x as u32, chunk.header.index, "each piece makes its own chunks");
            chunk.header.index
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    assert_done(&messages);
    server.stop().await;
}

#[tokio::test]
async fn the_codec_goes_by_what_the_client_reads_and_where_it_is() {
    let server = Server::start().await;
    for (headers, expected) in
        [(vec![], "Raw"), (vec![("x-forwarded-for", "192.0.2.1")], "MeshoptGrid")]
    {
        let mut client = Client::try_connect(server.address, &headers).await.expect("accepted");
        let codecs = vec![Codec::MeshoptGrid, Codec::Meshopt];
        client.send(Hello { codecs, ..hello(8 << 20) }).await;
        assert_eq!(client.echo(1, "codec").await, expected);
    }
    server.stop().await;
}
