//! Debian's Prometheus scrapes the real server under load; every query of the dashboards and every alert's expression
//! has to give data.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use scadstream_tests::binary::{quiet, run};
use scadstream_tests::client::{Client, End};
use scadstream_tests::http;
use scadstream_tests::process::pause;
use scadstream_tests::server::Server;
use serde_json::Value;

/// Longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

#[test]
fn promtool_accepts_configuration_and_rules() {
    let folder = deploy().join("prometheus");
    for arguments in [
        &["check", "config", "prometheus.yml"][..],
        &["check", "rules", "rules/recording.yml", "rules/alerts.yml"],
        &["test", "rules", "rules_test.yml"],
    ] {
        let output = run(quiet("promtool").args(arguments).current_dir(&folder));
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
}

/// A running Prometheus, ended when dropped.
struct Prometheus {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// With the configuration of `deploy`, but for the address, and everything every second.
    fn start(scadstream: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = deploy().join("prometheus");
        let rules = source.join("rules").canonicalize().expect("the rules are there");
        let config = fs::read_to_string(source.join("prometheus.yml")).expect("it is there");
        let config = config
            .replace("15s", "1s")
            .replace("scadstream:8080", scadstream)
            .replace("rules/*.yml", &format!("{}/*.yml", rules.display()));
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, config).expect("the folder is writable");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("it is bound").to_string();
        drop(free);
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's prometheus is installed");
        let prometheus = Self { process, address, _folder: folder };
        let end = Instant::now() + PATIENCE;
        while !http::get(&prometheus.address, "/-/ready").is_ok_and(|body| body.contains("Ready")) {
            assert!(Instant::now() < end, "Prometheus does not get ready");
            pause(Duration::from_millis(50));
        }
        prometheus
    }

    fn ask(&self, path: &str) -> Value {
        let body = http::get(&self.address, path).expect("Prometheus answers");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    /// The samples that a query gives now.
    fn query(&self, query: &str) -> Vec<f64> {
        let answer = self.ask(&format!("/api/v1/query?query={}", http::escaped(query)));
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        let result = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        let sample = |series: &Value| series["value"][1].as_str().and_then(|v| v.parse().ok());
        result.iter().filter_map(sample).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Every query of every dashboard.
fn dashboard_queries() -> BTreeSet<String> {
    let mut queries = BTreeSet::new();
    for file in fs::read_dir(deploy().join("grafana/dashboards")).expect("dashboards") {
        let text = fs::read_to_string(file.expect("a file").path()).expect("a readable file");
        let dashboard: Value = serde_json::from_str(&text).expect("JSON");
        for panel in dashboard["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().expect("targets") {
                queries.insert(target["expr"].as_str().expect("a query").to_owned());
            }
        }
    }
    queries
}

/// What an alert compares: its expression without the comparison.
fn compared(alert: &str) -> &str {
    let at = [" > ", " >= ", " < "].iter().filter_map(|sign| alert.rfind(sign)).max();
    &alert[..at.unwrap_or(alert.len())]
}

#[test]
fn every_query_and_alert_gives_data_from_a_server_under_load() {
    let server = Server::start_with(&["--workers", "1"], &[("MEMORY_HARD_MB", "200")]);
    let prometheus = Prometheus::start(&server.address);
    let mut client = Client::connect(&server.address);
    let begun = Instant::now();
    let mut revision = 0;
    // Enough scrapes for rates, with pressure in between.
    while begun.elapsed() < Duration::from_secs(6) {
        revision += 1;
        let edge = 1 + revision % 5;
        let small = format!("difference() {{ cube({edge}); sphere(1, $fn = 24); }}");
        let rendered = client.render(1, revision, &small);
        assert!(matches!(rendered.end, Some(End::Done(_))));
        pause(Duration::from_millis(100));
    }
    revision += 1;
    let greedy =
        "union() for (i = [0:60]) translate([i, i % 7, i % 5]) sphere(9 + i / 100, $fn = 200);";
    assert!(matches!(client.render(1, revision, greedy).end, Some(End::Failed(_))));
    let end = Instant::now() + PATIENCE;
    let peak = "max_over_time(scadstream_memory_pressure_level[2m])";
    while !prometheus.query(peak).iter().any(|level| *level >= 2.0) {
        assert!(Instant::now() < end, "the pressure gauge never rose");
        pause(Duration::from_millis(200));
    }
    while !prometheus.query("scadstream_memory_pressure_level").iter().all(|level| *level == 0.0) {
        assert!(Instant::now() < end, "the pressure gauge does not fall");
        pause(Duration::from_millis(200));
    }

    let missing = |queries: &mut dyn Iterator<Item = String>| -> Vec<String> {
        queries.filter(|query| prometheus.query(query).is_empty()).collect()
    };
    let dashboards = dashboard_queries();
    assert!(dashboards.len() > 40, "{}", dashboards.len());
    let empty = missing(&mut dashboards.into_iter());
    assert!(empty.is_empty(), "panels without data: {empty:#?}");
    let rules = prometheus.ask("/api/v1/rules");
    let rules: Vec<&Value> = rules["data"]["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("rules"))
        .collect();
    assert!(rules.iter().all(|rule| rule["health"] == "ok"), "{rules:#?}");
    let alerts = rules.iter().filter(|rule| rule["type"] == "alerting");
    let mut alerts = alerts.map(|rule| compared(rule["query"].as_str().unwrap()).to_owned());
    let empty = missing(&mut alerts);
    assert!(empty.is_empty(), "alerts without data: {empty:#?}");
}
