//! What a model solved by cells measures, summed over its patches: after an edit only the new ones are measured, and
//! nobody needs all patches at once.

use rustc_hash::FxHashMap;

use super::patch::{Patch, hash_of_edge};
use crate::measure::{Measure, Sum, area, cross, dot, find, sub, unite, volume};
use crate::mesh::{Bounds, Mesh, bits};

/// Facts of one patch, an open surface that is not empty.
#[derive(Debug, Clone)]
pub(super) struct PatchFacts {
    sums: Sums,
    triangles: usize,
    /// Vertices that no other patch has.
    inner_vertices: usize,
    /// Connected pieces of it that end at no rim.
    closed_pieces: usize,
    /// The others.
    open_pieces: u32,
    /// The vertices of the rim, each with the number of the open piece that it belongs to.
    rim: Box<[([u64; 3], u32)]>,
    /// Sum over the edges of the rim, by direction: over all patches of a closed surface it is 0.
    balance: u64,
}

#[derive(Debug, Clone, Copy)]
struct Sums {
    /// The vertex that [`volume`] measures from.
    origin: [f64; 3],
    /// Volume between the surface and that vertex.
    volume: f64,
    /// Sum of the triangles' areas times their normals.
    area_vector: [f64; 3],
    area: f64,
    bounds: Bounds,
}

impl Sums {
    /// None of an empty mesh.
    fn of(mesh: &Mesh) -> Option<Self> {
        let bounds = mesh.bounds()?;
        let origin = mesh.corners(0)[0];
        let mut area_vector: [Sum; 3] = Default::default();
        for index in 0..mesh.triangles.len() {
            let [a, b, c] = mesh.corners(index);
            let normal = cross(sub(b, a), sub(c, a));
            area_vector.iter_mut().zip(normal).for_each(|(sum, n)| sum.add(n / 2.0));
        }
        let area_vector = area_vector.map(|sum| sum.total());
        Some(Self { origin, volume: volume(mesh), area_vector, area: area(mesh), bounds })
    }
}

impl PatchFacts {
    /// None of an empty patch.
    pub(super) fn of(patch: &Patch) -> Option<Self> {
        let mesh = &*patch.mesh;
        let sums = Sums::of(mesh)?;
        let vertices = mesh.positions.len();
        let on_rim = patch.on_rim();
        let mut used = vec![false; vertices];
        let mut parent: Vec<u32> = (0..vertices as u32).collect();
        for &[a, b, c] in &mesh.triangles {
            [a, b, c].iter().for_each(|v| used[*v as usize] = true);
            unite(&mut parent, a, b);
            unite(&mut parent, a, c);
        }
        let mut open: FxHashMap<u32, u32> = FxHashMap::default();
        let mut rim = Vec::new();
        for vertex in (0..vertices as u32).filter(|v| on_rim[*v as usize]) {
            let next = open.len() as u32;
            let piece = *open.entry(find(&mut parent, vertex)).or_insert(next);
            rim.push((bits(mesh.positions[vertex as usize]), piece));
        }
        let is_piece = |v: &u32| used[*v as usize] && parent[*v as usize] == *v;
        let pieces = (0..vertices as u32).filter(is_piece).count();
        let inner = used.iter().zip(&on_rim).filter(|(used, on_rim)| **used && !**on_rim);
        let balance = patch.rim.iter().fold(0_u64, |sum, edge| {
            let (hash, forward) = hash_of_edge(patch.ends(*edge));
            if forward { sum.wrapping_add(hash) } else { sum.wrapping_sub(hash) }
        });
        Some(Self {
            sums,
            triangles: mesh.triangles.len(),
            inner_vertices: inner.count(),
            closed_pieces: pieces - open.len(),
            open_pieces: open.len() as u32,
            rim: rim.into(),
            balance,
        })
    }
}

/// Facts of the patches of a model, put together as the patches come.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By the number of the patch, since sums of floating-point numbers depend on the order.
    sums: Vec<Option<Sums>>,
    triangles: usize,
    inner_vertices: usize,
    closed_pieces: usize,
    /// Of every vertex in a seam, an open piece that has it.
    piece_at: FxHashMap<[u64; 3], u32>,
    /// Open pieces that hang together, as a forest.
    parent: Vec<u32>,
    balance: u64,
}

impl Tally {
    /// Adds the patch of number `index`.
    pub(super) fn add(&mut self, index: usize, facts: &PatchFacts) {
        if self.sums.len() <= index {
            self.sums.resize(index + 1, None);
        }
        self.sums[index] = Some(facts.sums);
        self.triangles += facts.triangles;
        self.inner_vertices += facts.inner_vertices;
        self.closed_pieces += facts.closed_pieces;
        self.balance = self.balance.wrapping_add(facts.balance);
        let first = self.parent.len() as u32;
        self.parent.extend(first..first + facts.open_pieces);
        for (position, piece) in &facts.rim {
            let other = *self.piece_at.entry(*position).or_insert(first + piece);
            unite(&mut self.parent, other, first + piece);
        }
    }

    /// Whether every edge along a seam has one that runs against it.
    pub(super) fn is_closed(&self) -> bool {
        self.balance == 0
    }

    /// Measures of the model.
    pub(super) fn measure(&self) -> Measure {
        let patches: Vec<&Sums> = self.sums.iter().flatten().collect();
        let [mut volume, mut area]: [Sum; 2] = Default::default();
        for patch in &patches {
            // All from one origin: moving it by d adds a third of d times the area.
            let from_first = sub(patch.origin, patches[0].origin);
            volume.add(patch.volume);
            volume.add(dot(from_first, patch.area_vector) / 3.0);
            area.add(patch.area);
        }
        let roots = (0..).zip(&self.parent).filter(|(piece, parent)| *piece == **parent);
        let components = self.closed_pieces + roots.count();
        let vertices = self.inner_vertices + self.piece_at.len();
        let edges = self.triangles * 3 / 2;
        let euler = vertices as i64 - edges as i64 + self.triangles as i64;
        Measure {
            volume: volume.total(),
            area: area.total(),
            bounds: patches.iter().map(|patch| patch.bounds).reduce(Bounds::union),
            vertices,
            edges,
            triangles: self.triangles,
            closed: self.is_closed(),
            genus: components as i64 - euler / 2,
            components,
        }
    }
}
