//! How few bytes it takes.

use scadstream_protocol::message::Codec;
use scadstream_tests::client::{Client, Reader, Rendered};
use scadstream_tests::server::Server;

use crate::Row;
use crate::models::{SOLIDS, plate};

fn payload_bytes(rendered: &Rendered) -> f64 {
    rendered.chunks.iter().map(|chunk| chunk.payload.len() as f64).sum::<f64>() + 0.0
}

fn triangles(rendered: &Rendered) -> f64 {
    let entries = rendered.manifests.iter().flat_map(|manifest| &manifest.chunks);
    entries.map(|entry| f64::from(entry.triangles)).sum()
}

/// Bytes after one dimple of 900 moved, and after that was undone, against those of the whole.
pub(crate) fn local_edit() -> Row {
    let server = Server::start(&["--workers", "1"]);
    let mut client = Client::connect(&server.address);
    let whole = client.render(1, 1, &plate(0));
    let edited = client.render(1, 2, &plate(1));
    let undone = client.render(1, 3, &plate(0));
    let share = payload_bytes(&edited) / payload_bytes(&whole) * 100.0;
    let found = format!(
        "{share:.1} %, undo {} bytes ({:.0} triangles)",
        payload_bytes(&undone),
        triangles(&whole)
    );
    let holds = share <= 3.0 && undone.chunks.is_empty();
    Row::new("bytes after a local edit of 500 000 triangles", found, "3 %, undo 0", holds)
}

/// Bytes of payload per triangle, over typical solids.
pub(crate) fn per_triangle() -> Vec<Row> {
    let codecs = [
        (Codec::Raw, "raw", "18", 18.0),
        (Codec::Meshopt, "meshopt", "5.6", 5.6),
        (Codec::MeshoptGrid, "meshopt-grid", "3.6", 3.6),
    ];
    let row = |(codec, name, at_most, limit): (Codec, &str, &'static str, f64)| {
        let server = Server::start(&["--workers", "1"]);
        let reader = Reader { codecs: vec![codec], is_far: true };
        let mut each = Vec::new();
        for (_, source) in SOLIDS {
            // A session of its own for each, before the server finds out that it is near.
            let rendered = Client::connect_as(&server.address, &reader).render(1, 1, source);
            each.push(payload_bytes(&rendered) / triangles(&rendered));
        }
        let worst = each.iter().copied().fold(0.0, f64::max);
        let list: Vec<String> = each.iter().map(|bytes| format!("{bytes:.2}")).collect();
        let measure = format!("bytes per triangle, {name} (four solids)");
        Row::new(measure, list.join(", "), at_most, worst <= limit)
    };
    codecs.map(row).into()
}
