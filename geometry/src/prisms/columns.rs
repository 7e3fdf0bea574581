//! The vertices of walls and caps: above each site one at each height that matters there.

use std::ops::Range;

/// Vertices by site, then by height; each is known by its place in that order.
pub(super) struct Columns {
    vertices: Vec<(u32, u32)>,
    starts: Vec<u32>,
}

impl Columns {
    /// Of so many sites, with what stands between two of them each.
    pub(super) fn of<H: Iterator<Item = u32>>(
        sites: usize,
        borders: impl Iterator<Item = ([u32; 2], H)>,
    ) -> Self {
        let over = |(ends, heights): ([u32; 2], H)| {
            heights.flat_map(move |height| ends.map(|site| (site, height)))
        };
        let mut vertices: Vec<(u32, u32)> = borders.flat_map(over).collect();
        vertices.sort_unstable();
        vertices.dedup();
        let mut starts = vec![0; sites + 1];
        vertices.iter().for_each(|(site, _)| starts[*site as usize + 1] += 1);
        (0..sites).for_each(|site| starts[site + 1] += starts[site]);
        Self { vertices, starts }
    }

    /// Site and height of each vertex.
    pub(super) fn vertices(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.vertices.iter().copied()
    }

    fn column(&self, site: u32) -> Range<usize> {
        self.starts[site as usize] as usize..self.starts[site as usize + 1] as usize
    }

    /// The vertex over a site at a height.
    pub(super) fn vertex(&self, site: u32, height: u32) -> u32 {
        let column = self.column(site);
        let found = self.vertices[column.clone()].binary_search(&(site, height));
        (column.start + found.expect("walls and caps have their vertices")) as u32
    }

    /// The vertices over a site from one height to another, with their heights.
    pub(super) fn within(&self, site: u32, [low, high]: [u32; 2]) -> Column<'_> {
        let (first, last) = (self.vertex(site, low), self.vertex(site, high));
        Column { first, vertices: &self.vertices[first as usize..=last as usize] }
    }
}

/// Vertices above each other.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    first: u32,
    vertices: &'a [(u32, u32)],
}

/// The triangles of a wall between two columns, as if by a zip from below; seen from outside the first is on the left.
pub(super) fn zip(from: Column<'_>, to: Column<'_>, mut triangle: impl FnMut([u32; 3])) {
    let (mut i, mut j) = (0, 0);
    let height = |column: &Column<'_>, at: usize| column.vertices.get(at).map(|vertex| vertex.1);
    loop {
        let corners = [from.first + i as u32, to.first + j as u32];
        match (height(&from, i + 1), height(&to, j + 1)) {
            (None, None) => return,
            (left, Some(right)) if left.is_none_or(|left| right <= left) => {
                j += 1;
                triangle([corners[0], corners[1], corners[1] + 1]);
            }
            _ => {
                i += 1;
                triangle([corners[0], corners[1], corners[0] + 1]);
            }
        }
    }
}
