//! The server sends raw chunks while the link is fast, and compressed ones when it is slow, in one session.

use scadstream_protocol::message::Codec;
use scadstream_tests::chunk_store::ChunkStore;
use scadstream_tests::client::{Client, Reader};
use scadstream_tests::measure::of_triangles;
use scadstream_tests::server::Server;
use scadstream_tests::shaped::{Changing, Line, NONE, OFFICE, lead_over};

/// Revisions after which the server has noticed, however busy the machine is: it takes the fastest of the last eight
/// mebibytes for the link's speed, and each has some three or one.
const MOST_REVISIONS: u32 = 40;

/// Renders a ball of `revision`, which shares no chunk with the others, and returns how its chunks were sent.
fn codec_of(client: &mut Client, revision: u32) -> Codec {
    let ball = format!("sphere({}, $fn = 480);", 20.0 + f64::from(revision) / 8.0);
    let rendered = client.render(1, revision, &ball);
    let manifest = rendered.manifests.last().expect("there is a picture");
    let codec = manifest.chunks[0].codec;
    assert_eq!(rendered.chunks.len(), manifest.chunks.len(), "all chunks are new");
    assert!(manifest.chunks.iter().all(|chunk| chunk.codec == codec), "a picture has one codec");
    codec
}

#[test]
fn the_codec_follows_the_link() {
    let server = Server::start(&["--workers", "1"]);
    let line = Changing::new(NONE);
    let address = lead_over(&server.address, &line);
    let reader = Reader { codecs: vec![Codec::Meshopt, Codec::Raw], is_far: false };
    let mut client = Client::connect_as(&address, &reader);
    let mut revision = 1;
    assert_eq!(codec_of(&mut client, revision), Codec::Raw, "nothing is known against it");
    let mut until = |codec: Codec, like: Line| {
        line.become_like(like);
        let last = revision + MOST_REVISIONS;
        while revision < last {
            revision += 1;
            if codec_of(&mut client, revision) == codec {
                return;
            }
        }
        panic!("no {codec:?} over {like:?} until revision {revision}");
    };
    until(Codec::Meshopt, OFFICE);
    until(Codec::Raw, NONE);
    until(Codec::Meshopt, OFFICE);
}

/// A plate with small bumps all over and one hole, which a revision moves.
fn plate(revision: u32) -> String {
    let at = 21.3 + f64::from(revision % 7) * 5.1;
    format!(
        "$fn = 24; difference() {{ union() {{ cube([90, 90, 3]);
        for (x = [3:4:88], y = [3:4:88]) translate([x, y, 3]) sphere(1.37); }}
        translate([{at}, 40.7, -1]) cylinder(h = 9, r = 6.1); }}"
    )
}

/// However the line changes, the chunks of every picture fit each other: those that the client has from before, and those
/// that came with the edit.
#[track_caller]
fn pictures_are_closed(reader: &Reader, lines: [Line; 3]) -> Vec<Codec> {
    let server = Server::start(&["--workers", "1"]);
    let line = Changing::new(lines[0]);
    let mut client = Client::connect_as(&lead_over(&server.address, &line), reader);
    let mut store = ChunkStore::default();
    let mut revision = 0;
    let mut codecs = Vec::new();
    for like in lines {
        line.become_like(like);
        // Other models tell the server what the line is like now.
        for _ in 0..6 {
            revision += 1;
            client.render(2, revision, &format!("sphere({revision}, $fn = 480);"));
        }
        for _ in 0..2 {
            revision += 1;
            let rendered = client.render(1, revision, &plate(revision));
            codecs.extend(rendered.chunks.iter().map(|chunk| chunk.header.codec));
            let found = of_triangles(&store.picture(&rendered)).expect("there are triangles");
            assert!(found.closed, "revision {revision} of {reader:?} over {like:?}: {found}");
        }
    }
    codecs
}

#[test]
fn chunks_fit_those_from_before_however_the_link_changes() {
    let all = vec![Codec::MeshoptGrid, Codec::Meshopt, Codec::Raw];
    let near = Reader { codecs: all.clone(), is_far: false };
    let codecs = pictures_are_closed(&near, [NONE, OFFICE, NONE]);
    let exact = !codecs.contains(&Codec::MeshoptGrid) && codecs.contains(&Codec::Meshopt);
    assert!(exact, "exact from the first to the last, and not always raw: {codecs:?}");
    let far = Reader { codecs: all, is_far: true };
    let codecs = pictures_are_closed(&far, [OFFICE, NONE, OFFICE]);
    assert!(codecs.contains(&Codec::MeshoptGrid), "on a grid: {codecs:?}");
    // One that reads no exact codec but raw gets all anew when the line turns.
    let grid = Reader { codecs: vec![Codec::MeshoptGrid, Codec::Raw], is_far: false };
    let codecs = pictures_are_closed(&grid, [NONE, OFFICE, NONE]);
    assert!(codecs.contains(&Codec::MeshoptGrid), "on a grid in the end: {codecs:?}");
}
