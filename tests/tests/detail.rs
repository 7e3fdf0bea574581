//! A client says how fine a picture it wants.

use scadstream_protocol::ServerMessage;
use scadstream_protocol::message::{Detail, Done, Level, Manifest};
use scadstream_tests::client::Client;
use scadstream_tests::server::Server;

/// Takes longer than a blink in its exact form.
const SLOW: &str = "module ball(x) translate([x, 0, 0]) difference() { sphere(r = 4, $fn = 120); \
                    translate([2, 1, 1]) sphere(r = 3, $fn = 120); } \
                    for (x = [0 : 5 : 55]) ball(x);";

/// The pictures of a revision, and what is told at their end.
fn pictures(client: &mut Client, revision: u32, detail: Detail) -> (Vec<Manifest>, Done) {
    client.ask(1, revision, SLOW, detail);
    let mut manifests = Vec::new();
    loop {
        match client.receive() {
            ServerMessage::Manifest(manifest) => manifests.push(manifest),
            ServerMessage::Done(done) => return (manifests, done),
            ServerMessage::Failed(failed) => panic!("{failed:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_client_gets_the_pictures_that_it_asks_for() {
    let server = Server::start(&["--workers", "1"]);
    let levels = |manifests: &[Manifest]| manifests.iter().map(|m| m.level).collect::<Vec<Level>>();
    // The coarse pictures come first, while the worker has not solved the model.
    let mut client = Client::connect(&server.address);
    let (coarse, done) = pictures(&mut client, 1, Detail::Preview);
    assert_eq!((levels(&coarse), done.level), (vec![Level::Coarse], Level::Coarse));
    let (both, done) = pictures(&mut client, 2, Detail::Both);
    assert_eq!(done.level, Level::Exact);
    assert_eq!(both[0].level, Level::Coarse, "first a coarse one: {:?}", levels(&both));
    assert_eq!(both[both.len() - 1].level, Level::Exact);
    assert!(both.iter().zip(0..).all(|(picture, number)| picture.scene == number));
    let (exact, done) = pictures(&mut client, 3, Detail::Exact);
    assert_eq!((levels(&exact), done.level), (vec![Level::Exact], Level::Exact));
    assert!(coarse[0].triangles * 5 < exact[0].triangles);
    assert_eq!(both[both.len() - 1].triangles, exact[0].triangles);
}
