//! What is cancelled: operations, each with a model that keeps it at work for long, and the files they import.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use scadstream_eval::Options;
use scadstream_geometry::{CancelToken, Settings};
use scadstream_pipeline::{
    Control, Files, Input, Pipeline, Progress, Stopped, Surroundings, Unwatched, Watch,
};

/// An operation, and a model that keeps one of it at work for long.
pub(crate) const OPERATIONS: &[(&str, &str)] = &[
    ("sphere", "sphere(9, $fn = 1200);"),
    ("cylinder", "cylinder(9, 5, 6, $fn = 40000);"),
    ("polyhedron", "n = 200; polyhedron([for (y = [0:n]) for (x = [0:n]) [x, y, rands(0, 9, 1, x + y * n)[0]], [0, 0, -9]],
        [for (y = [1:n]) for (x = [1:n]) let (i = y * (n + 1) + x) [i, i - 1, i - n - 2, i - n - 1]]);"),
    ("difference", "render() difference() { sphere(9, $fn = 300); translate([1, 0]) sphere(9, $fn = 300); }"),
    ("intersection", "render() intersection() { sphere(9, $fn = 300); translate([1, 0]) rotate([9, 9]) sphere(9, $fn = 300); }"),
    ("resize", "resize([9, 8, 7]) for (i = [0:100]) translate([i / 10, 0]) sphere(3 + i / 100, $fn = 60);"),
    ("render", "render() for (i = [0:100]) translate([i / 10, 0]) sphere(3 + i / 100, $fn = 60);"),
    ("hull", "hull() sphere(9, $fn = 500);"),
    ("minkowski", "minkowski() { difference() { cube(20); sphere(9, $fn = 40); } sphere(3, $fn = 40); }"),
    ("minkowski", "minkowski() { sphere(9, $fn = 90); sphere(3, $fn = 90); }"),
    ("minkowski", "n = 300; module star(r) polygon([for (i = [0:n]) (i % 2 ? r : 2) * [cos(360 * i / n), sin(360 * i / n)]]);
        minkowski() { star(9); star(5); }"),
    ("offset", "n = 8000; offset(r = 3, $fn = 50) polygon([for (i = [0:n]) (i % 2 ? 9 : 5) * [cos(360 * i / n), sin(360 * i / n)]]);"),
    ("fill", "fill() text(chr([for (i = [0:9000]) 33 + i % 90]), spacing = 0.7);"),
    ("polygon", "n = 40000; polygon([for (i = [0:n]) i * [cos(7 * i), sin(7 * i)]]);"),
    ("linear_extrude", "linear_extrude(9, twist = 90, slices = 600) circle(9, $fn = 1000);"),
    ("rotate_extrude", "rotate_extrude($fn = 1000) translate([9, 0]) circle(5, $fn = 600);"),
    ("projection", "projection() sphere(9, $fn = 500);"),
    ("projection", "projection(cut = true) for (i = [0 : 40]) translate([i, 0]) rotate([9, 9]) sphere(9, $fn = 200);"),
    ("roof", "n = 300; roof() polygon([for (i = [1:n]) (i % 2 ? 9 : 5) * [cos(360 * i / n), sin(360 * i / n)]]);"),
    ("roof", "n = 4000; roof(method = \"straight\") polygon([for (i = [1:n]) (i % 2 ? 9 : 5) * [cos(360 * i / n), sin(360 * i / n)]]);"),
    ("cube", "for (i = [0 : 99999]) translate([2 * (i % 300), 2 * floor(i / 300)]) cube(1 + i % 2);"),
    ("text", "text(chr([for (i = [0:29999]) 33 + i % 90]), spacing = 0.8);"),
    // Of so many objects all that is done to each of them counts.
    ("cube", "for (i = [0 : 99999]) translate([2 * (i % 300), 2 * floor(i / 300)]) cube(1 + i / 2e5);"),
    ("cube", "difference() { translate([-1, -1]) cube([602, 670, 1]);
        for (i = [0 : 99999]) translate([2 * (i % 300), 2 * floor(i / 300)]) cube(1 + (i % 2) / 2); }"),
    ("sphere", "for (i = [0 : 49999]) translate([2 * (i % 300), 2 * floor(i / 300)]) difference() { sphere(1); cube(1 + i / 2e5); }"),
    ("sphere", "for (i = [0 : 99999]) translate(rands(0, 300, 3)) sphere(1.1, $fn = 8);"),
    // By cells, which begin as soon as there is a ball.
    ("sphere", "difference() { cube([80, 80, 3]); for (x = [2 : 4 : 78], y = [2 : 4 : 78]) translate([x, y, 1]) sphere(1.7, $fn = 60); }"),
    ("sphere", "for (x = [2 : 2 : 38], y = [2 : 2 : 38]) translate([x, y, 1]) sphere(1.7, $fn = 60);"),
    ("sphere", "intersection() { sphere(60, $fn = 1000); for (x = [0 : 5]) translate([x, x / 2]) sphere(60, $fn = 1000); }"),
    ("import", "import(\"large.stl\");"),
    ("import", "import(\"large.svg\");"),
    ("surface", "surface(\"large.dat\");"),
];

/// Files that take long to read or to mend.
pub(crate) fn files() -> Files {
    let mut stl = String::from("solid\n");
    for i in 0..150_000_u32 {
        let corner = |k: u32| format!("vertex {} {} {}\n", (i + k) % 389, (i * k) % 397, i % 401);
        stl += &format!("outer loop\n{}{}{}endloop\n", corner(1), corner(2), corner(5));
    }
    let mut svg = String::from("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 999 999'>");
    for i in 0..20_000_u32 {
        svg += &format!("<circle cx='{}' cy='{}' r='30'/>", i * 7 % 997, i * 11 % 991);
    }
    svg += "</svg>";
    let mut dat = String::new();
    for i in 0..1_000_000_u32 {
        dat += if i % 1000 == 999 { "1\n" } else { ["2 ", "3 ", "7 "][i as usize % 3] };
    }
    [("large.stl", stl), ("large.svg", svg), ("large.dat", dat)]
        .map(|(name, text)| (name.to_owned(), text.into_bytes().into()))
        .into_iter()
        .collect()
}

/// Says when the wanted operation begins for the first time.
struct Beginning<'a> {
    operation: &'a str,
    has_begun: AtomicBool,
    news: SyncSender<()>,
}

impl Watch for Beginning<'_> {
    fn checkpoint(&self, progress: Progress) -> Result<(), String> {
        if progress.operation == Some(self.operation)
            && !self.has_begun.swap(true, Ordering::Relaxed)
        {
            self.news.send(()).expect("it is waited for");
        }
        Ok(())
    }
}

/// Time from cancelling, so long after the operation began, to the end; none if it ended by itself.
pub(crate) fn latency(
    pipeline: &Pipeline,
    files: &Files,
    (operation, source): (&str, &str),
    after: Duration,
) -> Option<Duration> {
    let surroundings = Surroundings::Sent(files);
    let input = Input { name: "main.scad", content: source.as_bytes().into(), surroundings };
    let unwatched = Control { cancel: CancelToken::new(), watch: &Unwatched };
    let options = Options { features: ["roof".to_owned()].into(), ..Options::default() };
    let model = pipeline.evaluate(&input, &options, &unwatched).expect("nobody cancels");
    // That the operation begins, and that all has ended.
    let (news, comes) = sync_channel(2);
    let watch = Beginning { operation, has_begun: AtomicBool::new(false), news };
    let control = Control { cancel: CancelToken::new(), watch: &watch };
    std::thread::scope(|scope| {
        let cancel = control.cancel.clone();
        let canceller = scope.spawn(move || cancel_in_the_midst(&comes, &cancel, after));
        let outcome = pipeline.solve(&model, Settings::default(), &control);
        let end = Instant::now();
        // Nobody listens any more where it has cancelled.
        watch.news.send(()).ok();
        let cancelled = canceller.join().expect("it does not panic");
        matches!(outcome, Err(Stopped::Cancelled)).then(|| end - cancelled)
    })
}

/// When it cancelled: so long after the first news, or at the second.
fn cancel_in_the_midst(news: &Receiver<()>, cancel: &CancelToken, after: Duration) -> Instant {
    news.recv().expect("the operation begins");
    news.recv_timeout(after).ok();
    let cancelled = Instant::now();
    cancel.cancel();
    cancelled
}
