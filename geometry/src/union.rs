//! Unions of any number of solids.
//!
//! The kernel sets solids with disjoint boxes side by side and is left with a few large booleans: of 400 screws of which
//! one is in three parts, one of all screws and one part. Beyond a thousand it works in batches of whatever comes next,
//! each against all that came before, which is quadratic. So solids whose boxes do not even touch through others are set
//! apart first, and what hangs together is cut into batches of neighbours: 100 000 cubes apart from each other take a
//! tenth of the time.

use rayon::prelude::*;

use crate::kernel::{CancelToken, KernelError, Solid};
use crate::mesh::Bounds;
use crate::touching::wanted_clusters;

/// Most solids given to the kernel at once; its own batch size.
const BATCH: usize = 1000;

/// The union of all; none if none are given.
///
/// # Errors
/// [`KernelError::Cancelled`], [`KernelError::TooLarge`].
pub fn union(solids: &[Solid], token: &CancelToken) -> Result<Option<Solid>, KernelError> {
    let boxes: Vec<Bounds> = solids.iter().map(Solid::rough_bounds).collect();
    let clusters = wanted_clusters(&boxes, token)?;
    if clusters.len() <= 1 && solids.len() <= BATCH {
        return Solid::union(solids, token);
    }
    let united: Vec<Solid> = clusters
        .into_par_iter()
        .map(|cluster| match cluster[..] {
            [only] => Ok(solids[only].clone()),
            _ => cluster_union(solids, &boxes, cluster, token),
        })
        .collect::<Result<_, _>>()?;
    // Their boxes may overlap, but the boxes of what they are made of do not.
    Solid::side_by_side(&united, token)
}

/// The union of a cluster: batches of neighbours, then the union of those.
fn cluster_union(
    solids: &[Solid],
    boxes: &[Bounds],
    cluster: Vec<usize>,
    token: &CancelToken,
) -> Result<Solid, KernelError> {
    let mut batches = Vec::new();
    split(boxes, cluster, &mut batches);
    let united: Vec<Solid> = batches
        .into_par_iter()
        .map(|batch| {
            let members: Vec<Solid> = batch.iter().map(|index| solids[*index].clone()).collect();
            Ok(Solid::union(&members, token)?.expect("a batch has members"))
        })
        .collect::<Result<_, KernelError>>()?;
    Ok(Solid::union(&united, token)?.expect("a cluster has members"))
}

/// Cuts a set in halves along its longest axis until each is a batch.
fn split(boxes: &[Bounds], mut members: Vec<usize>, batches: &mut Vec<Vec<usize>>) {
    if members.len() <= BATCH {
        batches.push(members);
        return;
    }
    let around = members.iter().map(|m| boxes[*m]).reduce(Bounds::union);
    let size = around.expect("a set to split has members").size();
    let axis = (1..3).fold(0, |longest, k| if size[k] > size[longest] { k } else { longest });
    let center = |member: &usize| boxes[*member].min[axis] + boxes[*member].max[axis];
    // Ties go by place in the list, so that the cut does not depend on the sort.
    members.sort_unstable_by(|a, b| center(a).total_cmp(&center(b)).then(a.cmp(b)));
    let upper = members.split_off(members.len() / 2);
    split(boxes, members, batches);
    split(boxes, upper, batches);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affine::Affine;
    use crate::measure::measure;
    use crate::primitives::cube;
    use crate::testing::close;

    /// `columns` × `rows` unit cubes `step` apart.
    fn grid(columns: u32, rows: u32, step: f64) -> Vec<Solid> {
        let unit = Solid::from_mesh(&cube([1.0; 3], false), &CancelToken::new()).unwrap().unwrap();
        (0..columns * rows)
            .map(|i| [f64::from(i % columns) * step, f64::from(i / columns) * step, 0.0])
            .map(|offset| unit.transformed(&Affine::translation(offset)))
            .collect()
    }

    #[track_caller]
    fn check(solids: &[Solid], volume: f64, components: usize) {
        let solid = union(solids, &CancelToken::new()).unwrap().unwrap();
        let m = measure(&solid.to_mesh());
        assert!(m.closed);
        assert!(close(m.volume, volume, 1e-9), "volume {}, expected {volume}", m.volume);
        assert_eq!(m.components, components);
    }

    #[test]
    fn apart_overlapping_and_clustered_solids_are_united_alike() {
        check(&grid(50, 50, 2.0), 2500.0, 2500);
        let sheet = |columns: f64, rows: f64| (0.5 * columns + 0.5) * (0.5 * rows + 0.5);
        check(&grid(60, 60, 0.5), sheet(60.0, 60.0), 1);
        let mut two = grid(60, 60, 0.5);
        let away = Affine::translation([0.0, 0.0, 9.0]);
        two.extend(grid(60, 60, 0.5).iter().map(|solid| solid.transformed(&away)));
        check(&two, 2.0 * sheet(60.0, 60.0), 2);
    }

    #[test]
    fn what_is_apart_stays_as_it_is_beside_one_in_parts() {
        // 900 cubes apart, and one of them in two parts.
        let mut solids = grid(30, 30, 2.0);
        solids.insert(0, solids[0].transformed(&Affine::translation([0.5, 0.25, 0.125])));
        check(&solids, 899.0 + 2.0 - 0.5 * 0.75 * 0.875, 900);
        let united = union(&solids, &CancelToken::new()).unwrap().unwrap().to_mesh();
        let others: Vec<[f64; 3]> = solids[2..].iter().flat_map(Solid::positions).collect();
        let kept = united.positions.iter().filter(|at| others.contains(at)).count();
        assert_eq!(kept, others.len());
    }
}
