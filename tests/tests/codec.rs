//! The server sends raw chunks while the link is fast, and compressed ones when it is slow, in one session.

use scadstream_protocol::message::Codec;
use scadstream_tests::client::{Client, Reader};
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
