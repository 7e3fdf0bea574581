//! Every example and test model of OpenSCAD's packages, rendered by us and compared by measure with what OpenSCAD made
//! of it (`figures/openscad.txt`).
//!
//! A model passes if it measures as the installed release of 2021 makes it. Where it does not, `figures/exceptions.txt`
//! names it with a reason, and it must be as the snapshot of 2025 makes it, or, where both do otherwise, have figures of
//! ours.

use std::collections::BTreeMap;
use std::path::Path;

use scadstream_tests::binary::{quiet, run, scadstream};
use scadstream_tests::oracle::{FIGURES, Outcome, RELEASE_2021, SHARE, SNAPSHOT_2025, models};

/// Largest relative difference: the peers write single precision or six digits, and cut faces in another order.
const TOLERANCE: f64 = 2e-4;

/// Models that 2021 makes in another way, each with what is expected instead and the reason.
const EXCEPTIONS: &str = include_str!("../figures/exceptions.txt");

/// Whether OpenSCAD came to an end with the model.
fn is_known(outcome: Option<&Outcome>) -> bool {
    outcome.is_some_and(|outcome| *outcome != Outcome::TooSlow)
}

#[test]
fn examples_are_as_openscads() {
    check("examples/");
}

#[test]
fn solids_are_as_openscads() {
    check("testdata/scad/3D/");
}

#[test]
fn drawings_are_as_openscads() {
    check("testdata/scad/2D/");
}

#[test]
fn other_test_models_are_as_openscads() {
    check("testdata/scad/");
}

fn check(folder: &str) {
    let mut peers: BTreeMap<&str, BTreeMap<&str, Outcome>> = BTreeMap::new();
    for line in FIGURES.lines().filter(|line| !line.starts_with('#')) {
        let [name, release, outcome] =
            line.splitn(3, '\t').collect::<Vec<_>>().try_into().expect("three columns");
        peers.entry(name).or_default().insert(release, outcome.parse().expect("written by us"));
    }
    let exceptions: BTreeMap<&str, &str> = EXCEPTIONS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t');
            let (name, wanted) = (columns.next(), columns.next());
            assert!(columns.next().is_some_and(|reason| !reason.is_empty()), "no reason: {line}");
            (name.expect("a name"), wanted.expect("2025 or figures of ours"))
        })
        .collect();
    let temporary = tempfile::tempdir().expect("the temporary folder is writable");
    let special = ["testdata/scad/3D/", "testdata/scad/2D/"];
    let here = |name: &str| {
        name.starts_with(folder)
            && (folder != "testdata/scad/" || !special.iter().any(|s| name.starts_with(s)))
    };
    let mut faults = Vec::new();
    let mut compared = 0;
    for name in models().iter().filter(|name| here(name)) {
        let Some(figures) = peers.get(name.as_str()) else { continue };
        let expected = match exceptions.get(name.as_str()) {
            None => figures.get(RELEASE_2021).copied(),
            Some(&SNAPSHOT_2025) => figures.get(SNAPSHOT_2025).copied(),
            Some(ours) => Some(ours.parse().expect("figures of ours")),
        };
        if !is_known(expected.as_ref()) {
            continue;
        }
        compared += 1;
        let expected = expected.expect("it is known");
        let own = render(temporary.path(), &Path::new(SHARE).join(name));
        match own {
            Err(fault) => faults.push(format!("{name}\t{fault}")),
            Ok(own) if !is_alike(&own, &expected) => {
                faults.push(format!("{name}\t{own}\t, not {expected}"))
            }
            Ok(_) => {}
        }
    }
    assert!(compared > 10, "only {compared} models in {folder}");
    assert!(faults.is_empty(), "of {compared}:\n{}", faults.join("\n"));
}

fn render(folder: &Path, model: &Path) -> Result<Outcome, String> {
    Outcome::of(folder, |out| {
        let mut command = quiet(scadstream());
        command.arg("render").arg(model).arg("-o").arg(out);
        if out.extension().is_some_and(|extension| extension == "stl") {
            command.args(["--export-format", "binstl"]);
        }
        run(&mut command)
    })
}

/// Whether two outcomes are the same but for rounding. Pieces and handles count where both surfaces have two triangles at
/// every edge.
fn is_alike(own: &Outcome, expected: &Outcome) -> bool {
    match (own, expected) {
        (Outcome::Solid(own), Outcome::Solid(expected)) => {
            let connected = match (own.topology, expected.topology) {
                (Some(own), Some(expected)) => own == expected,
                _ => true,
            };
            own.closed && connected && own.difference(expected) <= TOLERANCE
        }
        (Outcome::Flat(own), Outcome::Flat(expected)) => own.difference(expected) <= TOLERANCE,
        (own, expected) => own == expected,
    }
}
