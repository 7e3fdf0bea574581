//! Solving cell by cell gives what solving as a whole gives.

use std::sync::Arc;
use std::time::Instant;

use scadstream_csg::{Fragments, Kind, Modifiers, Node, Origin};
use scadstream_geometry::measure::measure;
use scadstream_geometry::solve::Solver;
use scadstream_geometry::{CancelToken, Job, Mesh, Settings, SolidCache, Whole, solve};

fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
    Node::new(kind, Modifiers::default(), Origin::default(), children)
}

fn translate(offset: [f64; 3], child: Arc<Node>) -> Arc<Node> {
    let [x, y, z] = offset;
    let rows =
        [[1.0, 0.0, 0.0, x], [0.0, 1.0, 0.0, y], [0.0, 0.0, 1.0, z], [0.0, 0.0, 0.0, 1.0]];
    node(Kind::Transform(Box::new(rows)), vec![child])
}

fn cube(size: [f64; 3]) -> Arc<Node> {
    node(Kind::Cube { size, center: false }, vec![])
}

fn fine(n: f64) -> Fragments {
    Fragments { fn_: n, ..Fragments::default() }
}

fn sphere(r: f64, n: f64) -> Arc<Node> {
    node(Kind::Sphere { r, fragments: fine(n) }, vec![])
}

fn cylinder(h: f64, r: f64, n: f64) -> Arc<Node> {
    node(Kind::Cylinder { h, r1: r, r2: r, center: false, fragments: fine(n) }, vec![])
}

/// The model as a mesh, and whether it was solved by cells.
fn solved(root: &Arc<Node>, solver: Solver, cache: &SolidCache) -> (Mesh, bool) {
    let settings = Settings { solver, ..Settings::default() };
    let job = Job { settings, ..Job::new(cache, CancelToken::new()) };
    let solution = solve(root, &job).expect("nobody cancels");
    assert_eq!(solution.diagnostics, []);
    let by_cells = solution.parts.iter().any(|part| part.cells.is_some());
    for part in &solution.parts {
        if let Some(cells) = &part.cells {
            println!("cells {} cached {} seams {:?}", cells.patches.len(), cells.cached, cells.seams);
        }
    }
    match solution.unite(&job).expect("nobody cancels").expect("no kernel error") {
        Whole::Solid(mesh) => ((*mesh).clone(), by_cells),
        Whole::Empty => (Mesh::default(), by_cells),
        Whole::Flat(_) => unreachable!("only 3D objects were given"),
    }
}

#[track_caller]
fn check(root: &Arc<Node>) {
    let cache = SolidCache::new(0);
    let start = Instant::now();
    let (direct, _) = solved(root, Solver::Direct, &cache);
    let direct_time = start.elapsed();
    let start = Instant::now();
    let (spatial, by_cells) = solved(root, Solver::Spatial, &cache);
    println!("direct {direct_time:?} spatial {:?}", start.elapsed());
    assert!(by_cells, "the model was solved directly");
    let (a, b) = (measure(&direct), measure(&spatial));
    println!("{a:?}\n{b:?}");
    let close = |a: f64, b: f64, share: f64| (a - b).abs() <= share * a.abs().max(b.abs());
    assert!(b.closed);
    assert!(close(a.volume, b.volume, 1e-9), "volume {} and {}", a.volume, b.volume);
    assert!(close(a.area, b.area, 1e-7), "area {} and {}", a.area, b.area);
    assert_eq!(a.bounds, b.bounds);
    assert_eq!((a.genus, a.components), (b.genus, b.components));
}

/// A plate with `n` × `n` holes and bumps.
fn plate(n: u32, fragments: f64, moved: f64) -> Arc<Node> {
    let at = |i: u32, j: u32| [4.0 * f64::from(i) + 2.0, 4.0 * f64::from(j) + 2.0];
    let mut operands = vec![cube([4.0 * f64::from(n), 4.0 * f64::from(n), 2.0])];
    for i in 0..n {
        for j in 0..n {
            let [x, y] = at(i, j);
            let x = if (i, j) == (n / 2, n / 2) { x + moved } else { x };
            operands.push(translate([x, y, -1.0], cylinder(9.0, 0.7, fragments)));
        }
    }
    let holes = node(Kind::Difference, operands);
    let mut all = vec![holes];
    for i in 0..n {
        for j in 0..n {
            let [x, y] = at(i, j);
            all.push(translate([x - 1.6, y - 1.5, 2.0], sphere(1.2, fragments)));
        }
    }
    node(Kind::Union, all)
}

#[test]
fn a_plate_with_holes_and_bumps() {
    check(&plate(6, 40.0, 0.0));
}

#[test]
fn measure_large() {
    let Ok(n) = std::env::var("PLATE") else { return };
    let (n, f) = n.split_once('x').unwrap();
    let root = plate(n.parse().unwrap(), f.parse().unwrap(), 0.0);
    check(&root);
    let cache = SolidCache::new(1 << 30);
    solved(&root, Solver::Spatial, &cache);
    let start = Instant::now();
    let edited = plate(n.parse().unwrap(), f.parse().unwrap(), 0.25);
    solved(&edited, Solver::Spatial, &cache);
    println!("edit {:?}", start.elapsed());
}
