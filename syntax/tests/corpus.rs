//! OpenSCAD's own example and test files, read from where its Debian packages `openscad` and
//! `openscad-testing-data` put them.

use std::path::{Path, PathBuf};

use scadstream_syntax::{decode, parse};

const INSTALLED: &str = "/usr/share/openscad";

/// Files that OpenSCAD too refuses to parse.
const BROKEN: &[&str] = &[
    "testdata/manual/issue214/bad-synerr.scad",
    "testdata/manual/issue214/syntax-error-in-line-2.scad",
    "testdata/modulecache-tests/error.scad",
    "testdata/scad/issues/issue1890-comment.scad",
    "testdata/scad/issues/issue1890-include.scad",
    "testdata/scad/issues/issue1890-string.scad",
    "testdata/scad/issues/issue1890-use.scad",
];

fn scad_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("cannot read {}: {error}; the tests need the Debian packages openscad and openscad-testing-data", folder.display())
    });
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            scad_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "scad") {
            found.push(path);
        }
    }
}

#[test]
fn files_of_openscad_parse_as_they_do_in_openscad() {
    let mut files = vec![];
    scad_files(Path::new(INSTALLED), &mut files);
    assert!(files.len() > 400, "only {} files found", files.len());
    let mut broken = vec![];
    for path in &files {
        let (source, _) = decode("test.scad", std::fs::read(path).expect("the file can be read"));
        if parse(&source).has_errors() {
            broken.push(path.strip_prefix(INSTALLED).expect("it lies there").display().to_string());
        }
    }
    broken.sort();
    assert_eq!(broken, BROKEN);
}
