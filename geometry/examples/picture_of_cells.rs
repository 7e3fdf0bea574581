//! Draws a model with the patch of each cell in a colour of its own: the picture in ARCHITECTURE.md.
//!
//! `cargo run --release -p scadstream-geometry --example picture_of_cells -- docs/cells.png`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use scadstream_csg::{Fragments, Kind, Modifiers, Node, Origin};
use scadstream_geometry::export::png::{Options, write};
use scadstream_geometry::solve::Solver;
use scadstream_geometry::{CancelToken, Job, Mesh, Paint, PartKind, Settings, SolidCache, solve};

fn node(kind: Kind, children: Vec<Arc<Node>>) -> Arc<Node> {
    Node::new(kind, Modifiers::default(), Origin::default(), children)
}

fn at([x, y, z]: [f64; 3], child: Arc<Node>) -> Arc<Node> {
    let rows = [[1.0, 0.0, 0.0, x], [0.0, 1.0, 0.0, y], [0.0, 0.0, 1.0, z], [0.0, 0.0, 0.0, 1.0]];
    node(Kind::Transform(Box::new(rows)), vec![child])
}

/// A plate with a hole at every place of a grid but the corner where a large ball, finely cut, has a bite taken out.
fn model() -> Arc<Node> {
    let fine = |n: f64| Fragments { fn_: n, ..Fragments::default() };
    let sphere = |r: f64, n: f64| node(Kind::Sphere { r, fragments: fine(n) }, vec![]);
    let places = (0..100).map(|i| [f64::from(i % 10), f64::from(i / 10)]);
    let holes = places.filter(|[x, y]| x + y > 5.0).map(|[x, y]| {
        let (r, fragments) = (1.4, fine(24.0));
        let kind =
            Kind::Cylinder { h: 9.0, r1: r, r2: r, center: true, fragments: fragments.into() };
        at([4.0 * x + 2.0, 4.0 * y + 2.0, 0.0], node(kind, vec![]))
    });
    let plate =
        at([0.0, 0.0, -1.5], node(Kind::Cube { size: [40.0, 40.0, 3.0], center: false }, vec![]));
    let plate = node(Kind::Difference, std::iter::once(plate).chain(holes).collect());
    let ball = at([9.0, 9.0, 4.0], sphere(8.0, 90.0));
    let bite = at([14.0, 4.0, 9.0], sphere(5.0, 60.0));
    node(Kind::Union, vec![plate, node(Kind::Difference, vec![ball, bite])])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file shall I write?")?;
    let cache = SolidCache::new(0);
    let settings = Settings { solver: Solver::Spatial, cell_triangles: 900, ..Settings::default() };
    let solution = solve(&model(), &Job { settings, ..Job::new(&cache, CancelToken::new()) })?;
    let cells = solution.parts.iter().find_map(|part| part.shell.cells()).ok_or("no cells")?;
    let colours = [
        [0.90, 0.62, 0.00],
        [0.34, 0.71, 0.91],
        [0.00, 0.62, 0.45],
        [0.94, 0.89, 0.26],
        [0.00, 0.45, 0.70],
        [0.84, 0.37, 0.00],
        [0.80, 0.47, 0.65],
        [0.60, 0.60, 0.60],
    ];
    let mut picture = Mesh::default();
    for (patch, [r, g, b]) in cells.patches.iter().zip(colours.into_iter().cycle()) {
        let mut mesh = (*patch.patch.mesh).clone();
        mesh.paint(Paint::Color([r, g, b, 1.0]));
        picture.append(&mesh);
    }
    let options = Options { size: [900, 600], ..Options::default() };
    let mut out = BufWriter::new(File::create(path)?);
    write(&[(PartKind::Solid, &picture)], &options, &mut out)?;
    Ok(out.flush()?)
}
