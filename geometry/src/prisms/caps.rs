//! Caps: the horizontal faces, from the sides of the borders around them.

use rayon::prelude::*;

use super::columns::Columns;
use super::combinations::Facing;
use super::lattice::Site;
use super::triangulation::triangulated;
use crate::kernel::{CancelToken, KernelError};
use crate::mesh::Paint;

/// A triangle and its paint.
pub(super) type Facet = ([u32; 3], Paint);

/// One side of a border of a cap: the cap is on the left of the way between two sites.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rim {
    pub(super) height: u32,
    pub(super) facing: Facing,
    /// Index of the paint.
    pub(super) paint: usize,
    pub(super) way: [u32; 2],
}

/// The triangles of all caps; none if some rims are not those of a cap.
///
/// # Errors
/// [`KernelError::Cancelled`].
pub(super) fn caps(
    mut rims: Vec<Rim>,
    paints: &[Paint],
    sites: &[Site],
    columns: &Columns,
    token: &CancelToken,
) -> Result<Option<Vec<Facet>>, KernelError> {
    let key = |rim: &Rim| (rim.height, rim.facing, rim.paint);
    rims.sort_unstable_by_key(|rim| (key(rim), rim.way));
    let caps: Vec<&[Rim]> = rims.chunk_by(|a, b| key(a) == key(b)).collect();
    let of_cap = |rims: &[Rim]| -> Result<Option<Vec<Facet>>, KernelError> {
        token.check()?;
        let Rim { height, facing, paint, .. } = rims[0];
        let ways: Vec<[u32; 2]> = rims.iter().map(|rim| rim.way).collect();
        let turned = |[a, b, c]: [u32; 3]| if facing == Facing::Up { [a, b, c] } else { [a, c, b] };
        let placed = |corners: [u32; 3]| corners.map(|site| columns.vertex(site, height));
        let painted = |corners: [u32; 3]| (turned(placed(corners)), paints[paint]);
        let triangles = triangulated(&ways, sites);
        Ok(triangles.map(|triangles| triangles.into_iter().map(painted).collect()))
    };
    let of_caps: Vec<Option<Vec<Facet>>> =
        caps.into_par_iter().map(of_cap).collect::<Result<_, KernelError>>()?;
    let of_caps: Option<Vec<Vec<Facet>>> = of_caps.into_iter().collect();
    Ok(of_caps.map(|of_caps| of_caps.concat()))
}
