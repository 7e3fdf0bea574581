//! What an operator relies on: wrong settings stop the start, models see nothing of the machine, limits hold.

use std::fs;
use std::process::Stdio;

use scadstream_protocol::message::{FailureCode, FileContent, SourceFile};
use scadstream_tests::binary::{quiet, run, scadstream};
use scadstream_tests::client::{Client, End};
use scadstream_tests::http;
use scadstream_tests::server::Server;

/// Starts the server with a setting and gives what it says when it does not start.
#[track_caller]
fn check_refused(name: &str, value: &str, expected: &str) {
    let mut command = quiet(scadstream());
    command.args(["serve", "--listen", "127.0.0.1:0"]).env(name, value).stdin(Stdio::null());
    // Should it start all the same, the failed assertion ends it.
    let output = run(&mut command);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("scadstream:")).collect();
    assert_eq!(lines, [expected], "{said}");
}

#[test]
fn wrong_settings_stop_the_start_with_one_line() {
    check_refused(
        "MEMORY_HARD_MB",
        "plenty",
        "scadstream: MEMORY_HARD_MB=plenty cannot be used: expected a whole number from 1 to 1000000000",
    );
    check_refused(
        "BUFFER_POOL_SIZE",
        "-3",
        "scadstream: BUFFER_POOL_SIZE=-3 cannot be used: expected a whole number from 1 to 10000",
    );
    let hard = "MEMORY_HARD_MB";
    let mut command = quiet(scadstream());
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let output = run(command.env("MEMORY_WARNING_MB", "2000").env(hard, "1000"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains("MEMORY_WARNING_MB is 2000 MB, above MEMORY_HARD_MB with 1000 MB"),
        "{said}"
    );
}

fn main_file(source: &str) -> SourceFile {
    SourceFile {
        name: "main.scad".into(),
        content: FileContent::Inline(source.as_bytes().to_vec()),
    }
}

#[test]
fn a_model_that_reads_the_machine_gets_a_warning_and_nothing_else() {
    let library = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc/passwd", library.path().join("link.scad")).unwrap();
    std::os::unix::fs::symlink("/etc", library.path().join("etc")).unwrap();
    fs::write(library.path().join("own.scad"), "module own() cube(2);").unwrap();
    let server = Server::start(&["--workers", "1", "-L", library.path().to_str().unwrap()]);
    let mut client = Client::connect(&server.address);
    let mut revision = 0;
    let up = "../".repeat(12);
    for source in [
        "import(\"/etc/passwd\");".into(),
        "import(\"/etc/passwd.stl\");".into(),
        format!("import(\"{up}etc/passwd\");"),
        "surface(\"/etc/passwd\");".into(),
        format!("surface(\"{up}etc/passwd\");"),
        "include </etc/passwd>".into(),
        format!("include <{up}etc/passwd>"),
        "use </etc/passwd>".into(),
        "include <link.scad>".into(),
        "use <etc/passwd>".into(),
        "include <etc/passwd>".into(),
        "import(\"etc/passwd\");".into(),
        "include </proc/self/environ>".into(),
        "surface(\"/proc/self/maps\");".into(),
    ] {
        revision += 1;
        let rendered = client.try_render(1, revision, vec![main_file(&source)]).unwrap();
        let said = rendered.messages.join("\n");
        assert!(said.contains("WARNING") || said.contains("Can't open"), "{source}: {said:?}");
        assert!(!said.contains("root:") && !said.contains("PATH="), "{source}: {said}");
        assert!(rendered.chunks.is_empty(), "{source}");
    }
    // A library of the operator's is there all the same.
    let rendered = client.try_render(1, revision + 1, vec![main_file("use <own.scad>\nown();")]);
    assert!(
        matches!(rendered.unwrap().end, Some(End::Done(done)) if done.statistics.volume == 8.0)
    );
    let health: serde_json::Value =
        serde_json::from_str(&http::get(&server.address, "/api/debug/health").unwrap()).unwrap();
    assert_eq!(health["sandbox"]["seccomp"], true, "{health}");
    assert_eq!(health["sandbox"]["noNetwork"], true, "{health}");
}

#[test]
fn at_the_limit_a_job_is_told_where_and_by_how_much() {
    let server = Server::start_with(&["--workers", "1"], &[("MEMORY_HARD_MB", "150")]);
    let mut client = Client::connect(&server.address);
    // Much more than fits, in booleans that are large one by one.
    let greedy = "translate([0, 0, 1])\n\
        union() { for (i = [0:60]) translate([i, i % 7, i % 5]) sphere(9 + i / 100, $fn = 200); }";
    let rendered = client.render(1, 1, greedy);
    let Some(End::Failed(failed)) = rendered.end else { panic!("{:?}", rendered.end) };
    assert_eq!(failed.code, FailureCode::MemoryLimit, "{failed:?}");
    assert_eq!(failed.place.as_ref().map(|place| place.line), Some(2), "{failed:?}");
    let fact = |key: &str| {
        let detail = failed.details.iter().find(|detail| detail.key == key);
        detail.map(|detail| detail.value.clone()).unwrap_or_default()
    };
    assert!(["union", "group", "sphere"].contains(&fact("operation").as_str()), "{failed:?}");
    assert_eq!(fact("limit_bytes"), "150000000");
    assert!(fact("used_bytes").parse::<u64>().is_ok_and(|bytes| bytes >= 150_000_000));
    assert!(failed.message.contains("line 2"), "{failed:?}");
    // What fits still renders, in the same session.
    let rendered = client.render(1, 2, "cube(1);");
    assert!(matches!(rendered.end, Some(End::Done(_))));
    // What cannot fit is refused before it is tried.
    let rendered = client.render(1, 3, "sphere(1, $fn = 2000);");
    let Some(End::Failed(failed)) = rendered.end else { panic!("{:?}", rendered.end) };
    assert_eq!(failed.code, FailureCode::MemoryLimit);
    assert!(failed.message.contains("needs about 860 MB"), "{failed:?}");
    assert!(failed.message.contains("Reduced detail is shown"), "{failed:?}");
    assert!(!rendered.chunks.is_empty(), "the reduced picture");
    // What will most likely not fit is told before it is tried: each sphere takes 54 MB.
    let rendered =
        client.render(1, 4, "difference() { sphere(9, $fn = 500); sphere(8.5, $fn = 500); }");
    let [needed_bytes] = rendered.forecasts[..] else { panic!("{:?}", rendered.forecasts) };
    assert!((150_000_000..400_000_000).contains(&needed_bytes), "{needed_bytes}");
}
