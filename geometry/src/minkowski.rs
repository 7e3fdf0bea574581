//! Minkowski sums in 3D: exact, in pieces, with little memory.
//!
//! The sum of convex solids is the hull of all sums of their vertices. The sum of a union is the union of the sums, so
//! convex solids that are to be united are taken one by one: four bars are four pieces, their union has thirty faces. Any
//! other sum is the union of
//!
//! - the sums of the convex pieces that the two surfaces are cut into (`patches`), each the hull of its vertex sums;
//! - one operand moved by a point of the other, for what lies too deep inside for any surface to reach;
//! - the other moved by a point of each closed surface of the first, for surfaces that it swallows whole.
//!
//! Why that is all: a point of the sum is a place for −B where it meets A. Either it lies inside A, or their surfaces
//! cross, or a whole surface of A lies inside it. (The union of copies of one operand at the other's vertices is *not*
//! the sum: it misses what faces sweep, 2 to 5 % of the volume on simple parts.)
//!
//! Pieces are united in chunks of neighbours, chunks in pairs of neighbours, and so on up: memory holds one path of
//! that tree per thread instead of all hulls at once, a tenth of the peak for the same result. The tree depends on the
//! operands and the chunk alone, so the result does not depend on threads.

mod patches;
mod surface;

use std::ops::Range;
use std::sync::Arc;

use self::patches::patches;
use self::surface::{Surface, bodies};
use crate::affine::Affine;
use crate::kernel::{CancelToken, KernelError, Solid};
use crate::union::union;

/// The fewest hulls that can be united at once.
pub const LEAST_CHUNK: usize = 2;

/// Says how many hulls to unite at once; asked again for each part of a sum, from any thread.
pub type ChunkSize<'a> = dyn Fn() -> usize + Sync + 'a;

/// Most points given to one hull; larger sums take the hull of hulls.
const MOST_POINTS: usize = 1 << 20;

/// The Minkowski sum of two unions of solids; none if it is flat. `chunk` hulls are united at once, at least
/// [`LEAST_CHUNK`]; when it says no more than that, memory is short, and halves are worked on one after the other.
///
/// # Errors
/// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
pub fn minkowski(
    a: &[Solid],
    b: &[Solid],
    chunk: &ChunkSize<'_>,
    token: &CancelToken,
) -> Result<Option<Solid>, KernelError> {
    let (bodies_a, bodies_b) = (bodies_of_union(a, token)?, bodies_of_union(b, token)?);
    let cut = |bodies: &[Surface]| -> Result<Vec<_>, KernelError> {
        bodies.iter().map(|body| convex_pieces(body, token)).collect()
    };
    // Of convex bodies alone nothing has to be cut, and else each once.
    let (cut_a, cut_b) = (cut(&bodies_a)?, cut(&bodies_b)?);
    let mut pieces = Vec::new();
    let mut whole = Vec::new();
    for (body_a, patches_a) in bodies_a.iter().zip(&cut_a) {
        for (body_b, patches_b) in bodies_b.iter().zip(&cut_b) {
            for patch_a in patches_a {
                token.check()?;
                let with_a = patches_b
                    .iter()
                    .map(|patch_b| Piece::new(Arc::clone(patch_a), Arc::clone(patch_b)));
                pieces.extend(with_a);
            }
            whole.extend(swallowed(body_a, body_b)?);
        }
    }
    let pieces = in_spatial_order(pieces);
    let mut parts: Vec<Solid> = reduce(&pieces, chunk, token)?.into_iter().collect();
    let unsimplified = parts.len();
    parts.extend(whole);
    if parts.len() == unsimplified {
        return Ok(parts.pop());
    }
    union(&parts, token)?.map(|sum| sum.simplified(token)).transpose()
}

/// The bodies of a union: its convex solids as they are, and those of the union of all others.
fn bodies_of_union(solids: &[Solid], token: &CancelToken) -> Result<Vec<Surface>, KernelError> {
    if let [only] = solids {
        return bodies(only, token);
    }
    let mut convex = Vec::new();
    let mut others = Vec::new();
    for solid in solids {
        let found = bodies(solid, token)?;
        if found.iter().all(|body| body.convex) {
            convex.extend(found);
        } else {
            others.push(solid.clone());
        }
    }
    if let Some(united) = union(&others, token)? {
        convex.extend(bodies(&united, token)?);
    }
    Ok(convex)
}

/// One operand of a piece: what the surface of a body is made of.
fn convex_pieces(body: &Surface, token: &CancelToken) -> Result<Vec<Arc<[[f64; 3]]>>, KernelError> {
    if body.convex { Ok(vec![Arc::clone(&body.points)]) } else { patches(body, token) }
}

/// What no crossing of surfaces reaches: `a` moved by a point of `b`, and `b` by a point of each surface of `a`.
fn swallowed(a: &Surface, b: &Surface) -> Result<Vec<Solid>, KernelError> {
    let moved = |body: &Surface, by: [f64; 3]| body.solid.transformed(&Affine::translation(by));
    let mut whole = Vec::new();
    // A convex body is a single piece and holds its inside already.
    if !a.convex {
        whole.push(moved(a, b.points[0]));
    }
    if !b.convex {
        whole.extend(a.shells.iter().map(|shell| moved(b, a.points[*shell as usize])));
    }
    Ok(whole)
}

/// Two convex sets of points whose sum is part of the result.
struct Piece {
    a: Arc<[[f64; 3]]>,
    b: Arc<[[f64; 3]]>,
    center: [f64; 3],
}

impl Piece {
    fn new(a: Arc<[[f64; 3]]>, b: Arc<[[f64; 3]]>) -> Self {
        let (of_a, of_b) = (middle(&a), middle(&b));
        Self { a, b, center: [0, 1, 2].map(|axis| of_a[axis] + of_b[axis]) }
    }

    /// The hull of all sums of a point of each; none if it is flat.
    fn sum(&self, token: &CancelToken) -> Result<Option<Solid>, KernelError> {
        token.check()?;
        let hull_of = |part: Range<usize>| {
            let (a, b) = (Arc::clone(&self.a), Arc::clone(&self.b));
            Solid::hull_of(part.len() * b.len(), move || sums(&a[part], &b), token)
        };
        let at_once = (MOST_POINTS / self.b.len().max(1)).max(1);
        if self.a.len() <= at_once {
            return hull_of(0..self.a.len());
        }
        // Only corners of the partial hulls can be corners of the whole.
        let mut corners = Vec::new();
        for start in (0..self.a.len()).step_by(at_once) {
            let part = start..self.a.len().min(start + at_once);
            match hull_of(part.clone())? {
                Some(hull) => corners.extend(hull.positions()),
                None => corners.extend(sums(&self.a[part], &self.b)),
            }
        }
        Solid::hull(corners, token)
    }
}

/// All sums of a point of each.
fn sums(a: &[[f64; 3]], b: &[[f64; 3]]) -> Vec<[f64; 3]> {
    a.iter().flat_map(|p| b.iter().map(|q| [0, 1, 2].map(|k| p[k] + q[k]))).collect()
}

/// The union of the pieces' sums, as a balanced tree whose leaves are chunks.
fn reduce(
    pieces: &[Piece],
    chunk: &ChunkSize<'_>,
    token: &CancelToken,
) -> Result<Option<Solid>, KernelError> {
    token.check()?;
    let at_once = chunk().max(LEAST_CHUNK);
    if pieces.len() <= at_once {
        let mut hulls = Vec::with_capacity(pieces.len());
        for piece in pieces {
            hulls.extend(piece.sum(token)?);
        }
        return united(&hulls, token);
    }
    // Halves in whole chunks, so that all chunks but the last are full.
    let chunks = pieces.len().div_ceil(at_once);
    let (low, high) = pieces.split_at(chunks / 2 * at_once);
    let (low, high) = if at_once == LEAST_CHUNK {
        let low = reduce(low, chunk, token)?;
        (Ok(low), reduce(high, chunk, token))
    } else {
        rayon::join(|| reduce(low, chunk, token), || reduce(high, chunk, token))
    };
    let halves: Vec<Solid> = low?.into_iter().chain(high?).collect();
    united(&halves, token)
}

/// A union whose flat faces, cut up by the many pieces they come from, are whole again: that keeps the tree small.
fn united(solids: &[Solid], token: &CancelToken) -> Result<Option<Solid>, KernelError> {
    let sum = Solid::union(solids, token)?;
    if solids.len() > 1 { sum.map(|sum| sum.simplified(token)).transpose() } else { Ok(sum) }
}

/// Neighbours next to each other: recursively halved along the longest axis.
fn in_spatial_order(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    let centers: Vec<[f64; 3]> = pieces.iter().map(|piece| piece.center).collect();
    let mut pending: Vec<&mut [usize]> = vec![&mut order];
    while let Some(part) = pending.pop() {
        if part.len() <= 2 {
            continue;
        }
        let extent = [0, 1, 2].map(|axis| {
            let along = part.iter().map(|index| centers[*index][axis]);
            along.clone().fold(f64::NEG_INFINITY, f64::max) - along.fold(f64::INFINITY, f64::min)
        });
        let axis = (1..3).fold(0, |best, k| if extent[k] > extent[best] { k } else { best });
        let along = |index: &usize| centers[*index][axis];
        part.sort_unstable_by(|a, b| along(a).total_cmp(&along(b)).then(a.cmp(b)));
        let (low, high) = part.split_at_mut(part.len() / 2);
        pending.push(low);
        pending.push(high);
    }
    let mut pieces: Vec<Option<Piece>> = pieces.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| pieces[index].take()).collect()
}

/// The middle of the box around points.
fn middle(points: &[[f64; 3]]) -> [f64; 3] {
    [0, 1, 2].map(|axis| {
        let along = points.iter().map(|point| point[axis]);
        let low = along.clone().fold(f64::INFINITY, f64::min);
        (low + along.fold(f64::NEG_INFINITY, f64::max)) / 2.0
    })
}

#[cfg(test)]
mod tests;
