//! Chaining lines into closed outlines.

use std::collections::HashMap;

use super::entities::{GRID, Line};
use crate::region::Point;

/// The outlines that lines make. As in OpenSCAD, lines with loose ends are followed from there first, as far as they lead,
/// and closed straight; what has no area then vanishes when the outlines are filled.
pub(super) fn outlines(lines: &[Line]) -> Vec<Vec<Point>> {
    let mut outlines = Vec::new();
    let mut nodes = Nodes::default();
    let mut open: Vec<Edge<'_>> = Vec::new();
    for line in lines {
        let (Some(first), Some(last)) = (line.first(), line.last()) else { continue };
        if !line.iter().flatten().all(|c| c.is_finite()) {
            continue;
        }
        let (from, to) = (nodes.node(*first), nodes.node(*last));
        if from == to && line.len() > 3 {
            outlines.push(line[..line.len() - 1].to_vec());
        } else if from != to {
            open.push(Edge { line, ends: [from, to] });
        }
    }
    let mut at: Vec<Vec<usize>> = vec![Vec::new(); nodes.count];
    for (index, edge) in open.iter().enumerate() {
        edge.ends.iter().for_each(|end| at[*end].push(index));
    }
    let mut used = vec![false; open.len()];
    for start in 0..open.len() {
        for end in open[start].ends {
            if !used[start] && at[end].len() == 1 {
                outlines.push(walk(&open, &at, &mut used, start, end));
            }
        }
    }
    for start in 0..open.len() {
        if !used[start] {
            outlines.push(walk(&open, &at, &mut used, start, open[start].ends[0]));
        }
    }
    outlines.retain(|outline| outline.len() > 2);
    outlines
}

/// A line between two nodes.
struct Edge<'a> {
    line: &'a Line,
    ends: [usize; 2],
}

/// Follows lines from one end of the first until they come back there or lead no further.
fn walk(
    edges: &[Edge<'_>],
    at: &[Vec<usize>],
    used: &mut [bool],
    start: usize,
    home: usize,
) -> Vec<Point> {
    let (mut edge, mut node) = (start, home);
    let mut outline = Vec::new();
    loop {
        used[edge] = true;
        let Edge { line, ends: [from, to] } = &edges[edge];
        // The last point is the first of the next line.
        let end = if *from == node {
            outline.extend(&line[..line.len() - 1]);
            node = *to;
            line.last()
        } else {
            outline.extend(line[1..].iter().rev());
            node = *from;
            line.first()
        };
        if node == home {
            return outline;
        }
        let Some(next) = at[node].iter().find(|next| !used[**next]) else {
            outline.extend(end);
            return outline;
        };
        edge = *next;
    }
}

/// Points by place on the grid. Ends on grid points beside each other count as one, as in OpenSCAD.
#[derive(Default)]
struct Nodes {
    cells: HashMap<(i64, i64), usize>,
    count: usize,
}

impl Nodes {
    fn node(&mut self, [x, y]: Point) -> usize {
        let cell = [x, y].map(|c| (c * GRID).round() as i64);
        for dx in [0, -1, 1] {
            for dy in [0, -1, 1] {
                let near = (cell[0].saturating_add(dx), cell[1].saturating_add(dy));
                if let Some(node) = self.cells.get(&near) {
                    return *node;
                }
            }
        }
        self.cells.insert((cell[0], cell[1]), self.count);
        self.count += 1;
        self.count - 1
    }
}
