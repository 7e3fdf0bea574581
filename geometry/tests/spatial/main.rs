//! Solving cell by cell gives what solving as a whole gives.

mod given;

use std::sync::Arc;

use proptest::prelude::*;
use scadstream_csg::{Fragments, Kind, Modifiers, Node, Origin};
use scadstream_geometry::measure::{Measure, measure};
use scadstream_geometry::solve::Solver;
use scadstream_geometry::spatial::{Cell, Cells};
use scadstream_geometry::{
    Bounds, CancelToken, Job, Mesh, Paint, Settings, SolidCache, Whole, solve,
};

fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
    Node::new(kind, Modifiers::default(), Origin::default(), children)
}

fn translate(offset: [f64; 3], child: Arc<Node>) -> Arc<Node> {
    let [x, y, z] = offset;
    let rows = [[1.0, 0.0, 0.0, x], [0.0, 1.0, 0.0, y], [0.0, 0.0, 1.0, z], [0.0, 0.0, 0.0, 1.0]];
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
    node(Kind::Cylinder { h, r1: r, r2: r, center: false, fragments: fine(n).into() }, vec![])
}

/// The model as a mesh, and the cells it was solved by. Cells are small, so that there are many.
fn solved(root: &Arc<Node>, solver: Solver, cache: &SolidCache) -> (Mesh, Option<Arc<Cells>>) {
    let cell_triangles = if solver == Solver::Auto { 20_000 } else { 300 };
    let settings = Settings { solver, cell_triangles, ..Settings::default() };
    let job = Job { settings, ..Job::new(cache, CancelToken::new()) };
    let solution = solve(root, &job).expect("nobody cancels");
    assert_eq!(solution.diagnostics, []);
    let cells = solution.parts.iter().find_map(|part| part.shell.cells().cloned());
    match solution.unite(&job).expect("nobody cancels").expect("no kernel error") {
        Whole::Solid(shell) => (Mesh::clone(shell.mesh()), cells),
        Whole::Empty => (Mesh::default(), cells),
        other => unreachable!("{other:?} of 3D objects that nobody takes"),
    }
}

/// The patches of all cells, their vertices joined by position.
fn welded(cells: &Cells) -> Mesh {
    let mut mesh = Mesh::default();
    let mut index_of = std::collections::HashMap::new();
    for corner in cells.patches.iter().flat_map(|cell| {
        let mesh = &cell.patch.mesh;
        (0..mesh.triangles.len()).map(|index| mesh.corners(index))
    }) {
        mesh.triangles.push(corner.map(|position| {
            *index_of.entry(position.map(|x| (x + 0.0).to_bits())).or_insert_with(|| {
                mesh.positions.push(position);
                mesh.positions.len() as u32 - 1
            })
        }));
    }
    mesh
}

/// Solves both ways, compares, and gives the cells.
#[track_caller]
fn check(root: &Arc<Node>) -> Arc<Cells> {
    let cache = SolidCache::new(0);
    let (direct, _) = solved(root, Solver::Direct, &cache);
    let (spatial, cells) = solved(root, Solver::Spatial, &cache);
    let cells = cells.expect("the model is solved by cells");
    let (a, b) = (measure(&direct), measure(&spatial));
    let close = |a: f64, b: f64, share: f64| (a - b).abs() <= share * a.abs().max(b.abs());
    let of_cells = cells.summary.measure;
    let of_patches = measure(&welded(&cells));
    assert!(close(of_cells.volume, of_patches.volume, 1e-9));
    assert!(close(of_cells.area, of_patches.area, 1e-9));
    let exact = |m: &Measure| (m.bounds, m.genus, m.components, m.vertices, m.triangles, m.closed);
    assert_eq!(exact(&of_cells), exact(&of_patches));
    assert!(b.closed);
    let most = a.triangles + a.triangles / 50 + 8;
    assert!(b.triangles <= most, "{} directly, {} stitched", a.triangles, b.triangles);
    assert_eq!(exact(&cells.measure()), exact(&b), "stitched");
    assert!(close(a.volume, b.volume, 1e-9), "volume {} and {}", a.volume, b.volume);
    assert!(close(a.area, b.area, 1e-7), "area {} and {}", a.area, b.area);
    assert!(same_box(a.bounds, b.bounds), "{:?}, {:?}", a.bounds, b.bounds);
    assert_eq!((a.genus, a.components), (b.genus, b.components));
    cells
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
    assert!(check(&plate(4, 24.0, 0.0)).patches.len() >= 4);
}

#[test]
fn many_heavy_operands_are_solved_by_cells_and_few_are_not() {
    let balls = |count: u32, n: f64| {
        let ball = |i: u32| translate([f64::from(i), 0.0, 0.0], sphere(2.0, n));
        node(Kind::Union, (0..count).map(ball).collect())
    };
    let cells_of = |root: &Arc<Node>| solved(root, Solver::Auto, &SolidCache::new(0)).1;
    // Both have some 110 000 triangles.
    assert!(cells_of(&balls(16, 84.0)).is_some());
    assert!(cells_of(&balls(2, 236.0)).is_none());
}

#[test]
fn less_is_solved_by_cells_where_an_edit_may_follow() {
    // Some 40 000 triangles that hang together, or twice half as many that do not.
    let row = |balls: u32, y: f64| {
        let ball = |i: u32| translate([2.0 * f64::from(i), y, 0.0], sphere(1.3, 32.0));
        node(Kind::Union, (0..balls).map(ball).collect())
    };
    let is_by_cells = |root: &Arc<Node>, keep_subtrees: bool| {
        let settings = Settings { keep_subtrees, ..Settings::default() };
        let cache = SolidCache::new(0);
        let job = Job { settings, ..Job::new(&cache, CancelToken::new()) };
        let solution = solve(root, &job).expect("nobody cancels");
        let mut cells = solution.parts.iter().filter_map(|part| part.shell.cells());
        cells.any(|cells| cells.summary.stats.is_some())
    };
    assert!(is_by_cells(&row(40, 0.0), true));
    assert!(!is_by_cells(&row(40, 0.0), false));
    let apart = node(Kind::Union, vec![row(20, 0.0), row(20, 10.0)]);
    assert!(!is_by_cells(&apart, true));
}

#[test]
fn an_edit_solves_the_cells_that_it_touches() {
    let cache = SolidCache::new(1 << 30);
    solved(&plate(4, 24.0, 0.0), Solver::Spatial, &cache);
    let (edited, cells) = solved(&plate(4, 24.0, 0.25), Solver::Spatial, &cache);
    let cells = cells.expect("the model is solved by cells");
    let stats = cells.summary.stats.expect("solved by cells");
    assert!(stats.cached + 2 >= cells.patches.len(), "{stats:?}");
    let (fresh, _) = solved(&plate(4, 24.0, 0.25), Solver::Spatial, &SolidCache::new(0));
    assert_eq!(edited, fresh);
}

#[test]
fn large_operands_are_cut_on_the_way_down() {
    let ball = sphere(10.0, 80.0);
    let bites = (0..6_i32).map(|i| {
        let angle = f64::from(i);
        translate([9.0 - angle, 3.0 * angle - 8.0, angle - 3.0], sphere(2.5, 30.0))
    });
    let bitten = node(Kind::Difference, std::iter::once(ball).chain(bites).collect());
    assert!(check(&bitten).patches.len() >= 8);
}

fn scale(factor: f64, child: Arc<Node>) -> Arc<Node> {
    let mut rows = [[0.0; 4]; 4];
    (0..3).for_each(|axis| rows[axis][axis] = factor);
    rows[3][3] = 1.0;
    node(Kind::Transform(Box::new(rows)), vec![child])
}

#[test]
fn models_of_any_size() {
    for factor in [1e-6, 1e6] {
        assert!(check(&scale(factor, plate(3, 24.0, 0.0))).patches.len() >= 4);
    }
}

#[test]
fn models_far_from_the_origin() {
    check(&translate([1e5, -3e5, 2e5], plate(3, 24.0, 0.0)));
}

/// A side of the cells of some level near `x`.
fn side_of_cells(level: i16, steps: i64) -> f64 {
    let bounds = |max| Bounds { min: [0.0; 3], max: [max; 3] };
    let mut cell = Cell::roots(&bounds(f64::powi(2.0, i32::from(level) + 2)))[0];
    while cell.level > level {
        cell = cell.children()[0];
    }
    cell.bounds().min[0] + steps as f64 * f64::powi(2.0, i32::from(level))
}

fn blocks_in_the_sides_of_cells() -> Arc<Node> {
    // Balls make it worth splitting; the blocks' faces lie in sides of cells of several levels.
    let [a, b, c] = [side_of_cells(3, 1), side_of_cells(3, 2), side_of_cells(2, 3)];
    let low = translate([a, a, a], cube([b - a, b - a, b - a]));
    let beside = translate([b, a, a], cube([4.0, b - a, c - a + 6.0]));
    let balls = (0..3).map(|i| translate([a + 3.0 * f64::from(i), a, b], sphere(2.0, 30.0)));
    let taken = translate([a, a, a], cube([b - a, 1.0, 1.0]));
    let all = node(Kind::Union, [low, beside].into_iter().chain(balls).collect());
    node(Kind::Difference, vec![all, taken])
}

#[test]
fn faces_in_the_sides_of_cells() {
    check(&blocks_in_the_sides_of_cells());
}

/// Balls with a slit through them, beside a side of cells and so narrow that both of its faces are the same there.
fn balls_with_a_slit() -> Arc<Node> {
    let side = side_of_cells(3, 1);
    let balls = (0..4).map(|i| translate([side, 6.0 * f64::from(i) - 6.0, 2.0], sphere(2.5, 30.0)));
    let slit = translate([side - 3e-11, -9.0, -9.0], cube([1e-11, 30.0, 30.0]));
    node(Kind::Difference, vec![node(Kind::Union, balls.collect()), slit])
}

#[test]
fn a_slit_beside_the_side_of_cells() {
    let cells = check(&balls_with_a_slit());
    assert!(cells.summary.stats.expect("solved by cells").merged > 0);
}

/// Solids of which some only touch: united in the order of their sizes, they had a slit with a face on either side.
#[test]
fn no_slit_where_solids_touch() {
    let block = |at, size| translate(at, cube(size));
    let both = |first, second| node(Kind::Union, vec![first, second]);
    let apart = both(block([-2.0, -1.5, -1.5], [1.5, 0.5, 1.0]), block([0.0, 0.0, 1.0], [0.5; 3]));
    let disk = translate([-2.0, -1.0, -0.5], cylinder(0.5, 1.5, 8.0));
    let root = node(
        Kind::Union,
        vec![
            both(cube([0.5; 3]), apart),
            both(block([-0.5, -1.5, -1.0], [0.5, 0.5, 1.0]), disk),
            translate([-1.0, 0.5, 1.0], sphere(2.0, 24.0)),
        ],
    );
    for solver in [Solver::Direct, Solver::Spatial] {
        let (mesh, _) = solved(&root, solver, &SolidCache::new(0));
        let Measure { area, volume, genus, closed, .. } = measure(&mesh);
        // As OpenSCAD 2021 has it.
        assert!((area - 66.1100).abs() < 1e-4, "{solver:?}: {area}");
        assert!((volume - 35.8098).abs() < 1e-4, "{solver:?}: {volume}");
        assert!(genus == 0 && closed, "{solver:?}");
    }
}

/// Where the kernel makes the body of a cell anew it takes a face of a ball for one that a cut has left.
#[test]
fn a_hole_inside_a_cell_is_not_kept() {
    let ball = |x: f64, y: f64, z: f64, r: f64, n: f64| translate([x, y, z], sphere(r, n));
    let balls = vec![ball(-1.0, -1.5, 0.0, 1.5, 31.0), ball(0.0, -0.5, 0.0, 2.0, 36.0)];
    let both = vec![ball(-1.5, -1.0, 1.0, 1.0, 19.0), cube([0.5; 3])];
    let last = ball(-0.5, 0.0, 0.5, 2.5, 7.0);
    let objects = vec![node(Kind::Difference, balls), node(Kind::Union, both), last];
    let cells = check(&node(Kind::Union, objects));
    assert!(cells.summary.stats.expect("solved by cells").merged > 0);
}

#[test]
fn large_operands_are_cut_down_to_the_cells() {
    let side = side_of_cells(2, 1);
    let ball = |x: f64, y: f64, r: f64| translate([x, y, 0.3], sphere(r, 90.0));
    let apart = node(Kind::Union, vec![ball(0.2, 0.1, 9.0), ball(side, side, 6.0)]);
    let holes =
        (0..3).map(|i| translate([f64::from(3 * i), 0.5, -20.0], cylinder(40.0, 1.0, 20.0)));
    let taken = [ball(4.0, -3.0, 5.0), translate([-2.0; 3], cube([3.0; 3]))];
    let root = node(Kind::Difference, [apart].into_iter().chain(taken).chain(holes).collect());
    let cells = check(&root);
    assert!(cells.patches.len() > 20);
}

#[test]
fn thin_sheets_along_the_sides_of_cells() {
    let side = side_of_cells(3, 1);
    let sheet = |offset: f64| translate([side + offset, -9.0, -9.0], cube([1e-4, 30.0, 30.0]));
    let balls = (0..4).map(|i| translate([side, 6.0 * f64::from(i) - 6.0, 2.0], sphere(2.5, 30.0)));
    let sheets = [-1e-4, -5e-5, 0.0, 3e-4].map(sheet);
    check(&node(Kind::Union, sheets.into_iter().chain(balls).collect()));
}

#[test]
fn thousands_of_coincident_faces() {
    let n = 12_i32;
    // Not cubes: their union is found in the plane when they are solved as a whole, and has twelve triangles.
    let unit = node(Kind::Hull, vec![cube([1.0; 3])]);
    let block = |i: i32| {
        let at = [i % n, i / n % n, i / (n * n)].map(f64::from);
        translate(at, unit.clone())
    };
    let cells = check(&node(Kind::Union, (0..n * n * n).map(block).collect()));
    assert!(cells.patches.len() >= 8);
}

#[test]
fn colours_come_through_cells() {
    let red = Paint::Color([1.0, 0.0, 0.0, 1.0]);
    let painted = node(Kind::Color([1.0, 0.0, 0.0, 1.0]), vec![sphere(4.0, 40.0)]);
    let holes = [translate([0.0, 0.0, -9.0], cylinder(18.0, 1.0, 30.0))];
    let root = node(Kind::Difference, [painted].into_iter().chain(holes).collect());
    let area_by_paint = |mesh: &Mesh| {
        [red, Paint::Cut, Paint::Default].map(|paint| {
            let runs = mesh.painted_runs().filter(|(_, other)| *other == paint);
            let triangles = runs.flat_map(|(range, _)| mesh.triangles[range].to_vec()).collect();
            measure(&Mesh::new(mesh.positions.clone(), triangles)).area
        })
    };
    let cache = SolidCache::new(0);
    let direct = area_by_paint(&solved(&root, Solver::Direct, &cache).0);
    let (spatial, cells) = solved(&root, Solver::Spatial, &cache);
    let spatial = area_by_paint(&spatial);
    assert!(cells.is_some());
    for (a, b) in direct.into_iter().zip(spatial) {
        assert!((a - b).abs() <= 1e-9 * a.max(1.0), "{direct:?}, {spatial:?}");
    }
    assert!(direct[0] > 0.0 && direct[1] > 0.0 && direct[2] == 0.0);
}

#[test]
fn threads_change_no_bit_of_a_cell() {
    let root = plate(4, 24.0, 0.0);
    let with_threads = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads start");
        pool.install(|| solved(&root, Solver::Spatial, &SolidCache::new(0)).0)
    };
    assert_eq!(with_threads(1), with_threads(4));
}

#[test]
fn flat_and_mixed_models_are_left_to_the_direct_solver() {
    let square = node(Kind::Square { size: [1.0; 2], center: false }, vec![]);
    let circle = node(Kind::Circle { r: 1.0, fragments: fine(30.0) }, vec![]);
    let settings = Settings { solver: Solver::Spatial, ..Settings::default() };
    let cache = SolidCache::new(0);
    let job = Job { settings, ..Job::new(&cache, CancelToken::new()) };
    let solution = solve(&node(Kind::Union, vec![square, circle]), &job).expect("nobody cancels");
    assert!(
        solution.parts.iter().all(|part| part.shell.cells().is_none() && part.region.is_some())
    );
}

/// Primitives on a coarse grid, so that faces and edges often coincide.
fn primitive() -> impl Strategy<Value = Arc<Node>> {
    let size = || (1..6_u8).prop_map(|n| f64::from(n) / 2.0);
    let shape = prop_oneof![
        [size(), size(), size()].prop_map(cube),
        (size(), 3..40_u8).prop_map(|(r, n)| sphere(r, f64::from(n))),
        (size(), size(), 3..40_u8).prop_map(|(h, r, n)| cylinder(h, r, f64::from(n))),
    ];
    let offset = || (-4..5_i8).prop_map(|n| f64::from(n) / 2.0);
    ([offset(), offset(), offset()], shape).prop_map(|(at, shape)| translate(at, shape))
}

/// Small trees of booleans.
fn solid() -> impl Strategy<Value = Arc<Node>> {
    primitive().prop_recursive(3, 12, 4, |inner| {
        let operation =
            prop_oneof![Just(Kind::Union), Just(Kind::Difference), Just(Kind::Intersection)];
        (operation, prop::collection::vec(inner, 2..5))
            .prop_map(|(kind, children)| node(kind, children))
    })
}

/// Equal but for a rounding step: booleans in another order may round a corner the other way.
fn same_box(a: Option<Bounds>, b: Option<Bounds>) -> bool {
    let corners = |b: Bounds| [b.min, b.max].concat();
    match (a, b) {
        (Some(a), Some(b)) => {
            // A corner where three surfaces meet is rounded, in either: by so many steps at most.
            let steps = 8.0 * f64::EPSILON * a.largest_coordinate();
            corners(a).iter().zip(corners(b)).all(|(a, b)| (a - b).abs() <= steps)
        }
        (a, b) => a.is_none() && b.is_none(),
    }
}

#[test]
fn solids_that_only_touch_have_nothing_in_common_in_cells_either() {
    // The disc ends in the plane that the blocks stand on.
    let disc = translate([0.5, 0.0, -1.0], cylinder(1.0, 1.0, 11.0));
    let on_it = node(Kind::Union, vec![cylinder(0.5, 0.5, 5.0), cube([1.5, 1.0, 0.5])]);
    let touching = node(Kind::Intersection, vec![disc, on_it]);
    let block = || translate([0.0; 3], cube([0.5; 3]));
    check(&node(Kind::Union, vec![touching, block(), block()]));
    // The tip of the upper prism stands on that of the lower one, and both hang on what they share with the balls.
    let upper = translate([0.5, 0.0, 0.5], cylinder(0.5, 1.0, 3.0));
    let balls = [
        translate([-1.0, 0.0, 0.0], sphere(2.0, 25.0)),
        translate([0.5, 0.0, 0.0], sphere(1.5, 25.0)),
    ];
    let [first, second] = balls;
    let lower = translate([0.0, 0.0, -1.5], cylinder(2.0, 1.5, 3.0));
    let hanging = node(Kind::Union, vec![upper, first]);
    let common = node(Kind::Intersection, vec![hanging, lower, second]);
    let (direct, _) = solved(&common, Solver::Direct, &SolidCache::new(0));
    let reach = measure(&direct).bounds.expect("they have much in common").max[0];
    assert!((reach - 1.0).abs() < 1e-2, "{reach}");
    check(&node(Kind::Union, vec![common, block(), block()]));
}

/// The tree as `.csg` text.
fn text(root: &Arc<Node>) -> String {
    let mut out = Vec::new();
    scadstream_csg::write_csg(&mut out, root, |out, x| out.push_str(&x.to_string()))
        .expect("memory takes all");
    String::from_utf8(out).expect("the text is UTF-8")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cells_give_what_the_whole_gives(root in solid(), cell_triangles in 20..400_usize) {
        let cache = SolidCache::new(0);
        let whole = |solver| {
            let settings = Settings { solver, cell_triangles, ..Settings::default() };
            let job = Job { settings, ..Job::new(&cache, CancelToken::new()) };
            let solution = solve(&root, &job).expect("nobody cancels");
            let cells = solution.parts.iter().find_map(|part| part.shell.cells().cloned());
            match solution.unite(&job).expect("nobody cancels").expect("no kernel error") {
                Whole::Solid(shell) => {
                    let measure = measure(shell.mesh());
                    if let Some(cells) = &cells {
                        let of_cells = cells.summary.measure;
                        let difference = (of_cells.volume - measure.volume).abs()
                            + (of_cells.area - measure.area).abs();
                        assert!(difference <= 1e-9 * measure.area.max(1.0), "{of_cells:?}\n{measure:?}");
                    }
                    (measure, cells)
                }
                _ => (measure(&Mesh::default()), cells),
            }
        };
        let ((direct, _), (spatial, _)) = (whole(Solver::Direct), whole(Solver::Spatial));
        let close = |a: f64, b: f64, share: f64| (a - b).abs() <= share * a.abs().max(b.abs()).max(1.0);
        let same = spatial.closed
            && close(direct.volume, spatial.volume, 1e-9)
            && close(direct.area, spatial.area, 1e-7)
            && same_box(direct.bounds, spatial.bounds);
        prop_assert!(same, "{direct:?}\n{spatial:?}\n{}", text(&root));
    }

    #[test]
    fn after_any_edits_cells_give_what_they_give_afresh(
        first in prop::collection::vec(solid(), 3..6),
        edits in prop::collection::vec((any::<prop::sample::Index>(), primitive(), any::<bool>()), 1..5),
    ) {
        let cache = SolidCache::new(1 << 28);
        let mut versions = vec![first];
        for (place, new, is_undo) in edits {
            let next = if is_undo && versions.len() > 1 {
                versions[versions.len() - 2].clone()
            } else {
                let mut next = versions[versions.len() - 1].clone();
                let place = place.index(next.len());
                next[place] = new;
                next
            };
            versions.push(next);
        }
        for objects in versions {
            let root = node(Kind::Union, objects);
            let (edited, cells) = solved(&root, Solver::Spatial, &cache);
            let (fresh, of_fresh) = solved(&root, Solver::Spatial, &SolidCache::new(0));
            prop_assert_eq!(&edited, &fresh, "{}", text(&root));
            prop_assert_eq!(cells.is_some(), of_fresh.is_some());
            let (direct, _) = solved(&root, Solver::Direct, &cache);
            let (a, b) = (measure(&direct), measure(&edited));
            let close = |a: f64, b: f64, share: f64| (a - b).abs() <= share * a.abs().max(b.abs()).max(1.0);
            let same = b.closed && close(a.volume, b.volume, 1e-9) && close(a.area, b.area, 1e-7)
                && same_box(a.bounds, b.bounds);
            prop_assert!(same, "{:?}\n{:?}\n{}", a, b, text(&root));
            if let (Some(cells), Some(of_fresh)) = (cells, of_fresh) {
                prop_assert_eq!(cells.summary.measure, of_fresh.summary.measure);
            }
        }
    }
}
