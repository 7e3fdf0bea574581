//! A model that is too large to be held comes cell by cell while it is solved, and is the same model.

use std::time::{Duration, Instant};

use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::{Camera, Chunk, ChunkEntry, Detail, Done, Level, Render, View};
use scadstream_tests::client::{Client, inline, render_of};
use scadstream_tests::http;
use scadstream_tests::server::Server;
use scadstream_tests::vast::{plate, plate_volume, volume_to_origin};

const BALLS: usize = 9;
const FRAGMENTS: usize = 40;
/// Enough that there is time to move.
const MORE_BALLS: usize = 18;

fn render(revision: u32, source: &str, camera: Option<Camera>) -> Render {
    let files = inline(&[("main.scad", source.as_bytes())]);
    Render { camera, ..render_of(1, revision, files, Detail::Exact) }
}

/// What came until the end: chunks by index, what was announced, in how many pieces, and what the server says of it.
struct Received {
    chunks: Vec<Chunk>,
    announced: Vec<ChunkEntry>,
    /// Chunks that each manifest announced.
    pieces: Vec<usize>,
    done: Done,
}

fn receive(client: &mut Client, mut on_manifest: impl FnMut(&mut Client)) -> Received {
    let (mut chunks, mut announced, mut pieces) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_whole = false;
    loop {
        match client.receive() {
            ServerMessage::Manifest(manifest) => {
                assert!(!is_whole, "nothing comes after the last piece");
                assert_eq!(manifest.first_chunk as usize, announced.len());
                assert_eq!(manifest.first_part, u32::from(!pieces.is_empty()));
                pieces.push(manifest.chunks.len());
                announced.extend(manifest.chunks);
                is_whole = manifest.last;
                on_manifest(client);
            }
            ServerMessage::Chunk(chunk) => chunks.push(chunk),
            ServerMessage::Done(done) => {
                assert!(is_whole);
                return Received { chunks, announced, pieces, done };
            }
            ServerMessage::Failed(failed) => panic!("{failed:?}"),
            _ => {}
        }
    }
}

fn server() -> Server {
    let memory = [("MEMORY_CELLS_MB", "1"), ("RAYON_NUM_THREADS", "1")];
    Server::start_with(&["--workers", "1", "--express-workers", "0"], &memory)
}

#[test]
fn a_large_model_comes_cell_by_cell_and_is_the_model() {
    let server = server();
    let mut client = Client::connect(&server.address);
    client.send(render(1, &plate(BALLS, FRAGMENTS, 0.0), None));
    let first = receive(&mut client, |_| {});
    assert!(first.pieces.len() > 2, "it comes in pieces: {:?}", first.pieces);
    assert!(
        first.done.level == Level::Exact && first.done.statistics.cells > 0,
        "{:?}",
        first.done
    );
    let triangles: u64 = first.chunks.iter().map(|c| u64::from(c.header.index_count / 3)).sum();
    assert_eq!(triangles, first.done.statistics.triangles);
    let expected = plate_volume(BALLS, FRAGMENTS);
    assert!((first.done.statistics.volume / expected - 1.0).abs() < 1e-9, "{:?}", first.done);
    let received: f64 = first.chunks.iter().map(volume_to_origin).sum();
    assert!((received / expected - 1.0).abs() < 1e-5, "{received} for {expected}");

    // One hole moves: what is elsewhere does not come again, though the server has let go of it.
    client.send(render(2, &plate(BALLS, FRAGMENTS, 0.2), None));
    let edited = receive(&mut client, |_| {});
    assert!(!edited.chunks.is_empty() && edited.chunks.len() * 2 < first.chunks.len());
    client.send(render(3, &plate(BALLS, FRAGMENTS, 0.0), None));
    let undone = receive(&mut client, |_| {});
    assert_eq!(undone.chunks.len(), 0);
    assert_eq!(undone.done.statistics.volume, first.done.statistics.volume);
    // The worker tells its counts when it has tidied up after a job.
    let solved = || {
        let metrics = http::get(&server.address, "/metrics").expect("the server answers");
        http::metric(&metrics, "scadstream_cells_total{outcome=\"solved\"}").expect("it is there")
    };
    let patience = Instant::now() + Duration::from_secs(20);
    while solved() < f64::from(first.done.statistics.cells) {
        assert!(Instant::now() < patience, "{} cells are counted", solved());
    }
}

#[test]
fn what_leaves_nothing_is_an_empty_model() {
    let server = server();
    let mut client = Client::connect(&server.address);
    // Balls beside balls: they share cells and no point.
    let nothing = "$fn = 40;
        module balls() for (x = [0 : 10 : 80], y = [0 : 10 : 80]) translate([x, y, 0]) sphere(3);
        intersection() { balls(); translate([5, 5, 0]) balls(); }";
    client.send(render(1, nothing, None));
    let received = receive(&mut client, |_| {});
    assert!(received.done.statistics.cells > 0, "{:?}", received.done);
    assert_eq!((received.done.statistics.volume, received.announced.len()), (0.0, 0));
    client.send(render(2, "cube(1);", None));
    assert_eq!(receive(&mut client, |_| {}).done.statistics.volume, 1.0);
}

#[test]
fn what_the_viewer_sees_comes_first_wherever_it_goes() {
    let server = server();
    let mut client = Client::connect(&server.address);
    let size = 10.0 * MORE_BALLS as f32;
    let above = |x: f32| Camera {
        eye: [x, size / 2.0, 40.0],
        target: [x, size / 2.0, 0.0],
        fov_deg: 40.0,
        height_px: 600,
    };
    client.send(render(1, &plate(MORE_BALLS, FRAGMENTS, 0.0), Some(above(0.0))));
    let mut has_moved = false;
    let received = receive(&mut client, |client| {
        if !std::mem::replace(&mut has_moved, true) {
            client.send(View { document: 1, camera: above(size) });
        }
    });
    let x = |entry: &ChunkEntry| f32::midpoint(entry.min[0], entry.max[0]);
    let mean = |entries: &[ChunkEntry]| entries.iter().map(x).sum::<f32>() / entries.len() as f32;
    let of_piece = |index: usize| {
        let start: usize = received.pieces[..index].iter().sum();
        mean(&received.announced[start..start + received.pieces[index]])
    };
    let seen: Vec<f32> =
        (0..received.pieces.len()).filter(|i| received.pieces[*i] > 0).map(of_piece).collect();
    assert!(seen[0] < size / 2.0, "it begins where the viewer stands: {seen:?}");
    let farthest = seen.iter().copied().fold(0.0, f32::max);
    let last = seen[seen.len() - 1];
    assert!(farthest > last + size / 8.0, "goes on where it went, and ends between: {seen:?}");
}
