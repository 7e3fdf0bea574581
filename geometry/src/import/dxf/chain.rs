//! Chaining lines into closed outlines.

use std::collections::HashMap;

use super::entities::{GRID, Line};
use crate::region::Point;

/// The closed outlines that lines make. Lines that lead nowhere are left out.
pub(super) fn closed_outlines(lines: &[Line]) -> Vec<Vec<Point>> {
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
    prune(&open, &mut at, &mut used);
    for start in 0..open.len() {
        if !used[start] {
            outlines.extend(walk(&open, &at, &mut used, start));
        }
    }
    outlines
}

/// A line between two nodes.
struct Edge<'a> {
    line: &'a Line,
    ends: [usize; 2],
}

/// Marks lines that lead to a dead end as used, over and over, until every node left has two lines or none.
fn prune(edges: &[Edge<'_>], at: &mut [Vec<usize>], used: &mut [bool]) {
    let mut dead: Vec<usize> = (0..at.len()).filter(|node| at[*node].len() == 1).collect();
    while let Some(node) = dead.pop() {
        let Some(edge) = at[node].pop() else { continue };
        used[edge] = true;
        let [a, b] = edges[edge].ends;
        let other = if a == node { b } else { a };
        at[other].retain(|e| *e != edge);
        if at[other].len() == 1 {
            dead.push(other);
        }
    }
}

/// Follows lines from the start of one until it comes back there; none if it gets stuck first.
fn walk(
    edges: &[Edge<'_>],
    at: &[Vec<usize>],
    used: &mut [bool],
    start: usize,
) -> Option<Vec<Point>> {
    let home = edges[start].ends[0];
    let (mut edge, mut node) = (start, home);
    let mut outline = Vec::new();
    loop {
        used[edge] = true;
        let Edge { line, ends: [from, to] } = &edges[edge];
        // The last point is the first of the next line.
        if *from == node {
            outline.extend(&line[..line.len() - 1]);
            node = *to;
        } else {
            outline.extend(line[1..].iter().rev());
            node = *from;
        }
        if node == home {
            return Some(outline);
        }
        edge = *at[node].iter().find(|next| !used[**next])?;
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
