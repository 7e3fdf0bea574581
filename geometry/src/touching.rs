//! Which boxes hang together.

use crate::mesh::Bounds;

/// Pairs of boxes compared per solid, at most, before giving up on finding separate clusters. Picked by hand.
const MOST_PAIRS_PER_SOLID: usize = 256;

/// Groups boxes that touch, directly or through others. Members and clusters come in order of index. Where too many
/// stand above each other for that to be worth finding out, all are one.
pub(crate) fn clusters(boxes: &[Bounds]) -> Vec<Vec<usize>> {
    touching(boxes, MOST_PAIRS_PER_SOLID * boxes.len())
}

/// The same for a given number of pairs that are worth a look.
pub(crate) fn touching(boxes: &[Bounds], most_pairs: usize) -> Vec<Vec<usize>> {
    let axis = longest_axis(boxes);
    let low = |index: usize| boxes[index].min[axis];
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_unstable_by(|a, b| low(*a).total_cmp(&low(*b)).then(a.cmp(b)));
    let mut leader: Vec<usize> = (0..boxes.len()).collect();
    let mut open: Vec<usize> = Vec::new();
    let mut pairs = 0;
    for index in order {
        open.retain(|other| boxes[*other].max[axis] >= low(index));
        pairs += open.len();
        if pairs > most_pairs {
            return vec![(0..boxes.len()).collect()];
        }
        for other in &open {
            if boxes[index].touches(&boxes[*other]) {
                let (a, b) = (find(&mut leader, index), find(&mut leader, *other));
                leader[a.max(b)] = a.min(b);
            }
        }
        open.push(index);
    }
    let mut cluster_of = vec![usize::MAX; boxes.len()];
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    for index in 0..boxes.len() {
        let leader = find(&mut leader, index);
        if cluster_of[leader] == usize::MAX {
            cluster_of[leader] = clusters.len();
            clusters.push(Vec::new());
        }
        clusters[cluster_of[leader]].push(index);
    }
    clusters
}

/// The axis along which the fewest boxes stand beside each other, if they are spread evenly: where their sizes add up to the
/// smallest share of the whole.
fn longest_axis(boxes: &[Bounds]) -> usize {
    let Some(around) = boxes.iter().copied().reduce(Bounds::union) else { return 0 };
    let crowd = |axis: usize| {
        let sum: f64 = boxes.iter().map(|bounds| bounds.size()[axis]).sum();
        // Without any extent all stand beside each other.
        let share = sum / around.size()[axis];
        if share.is_nan() { f64::INFINITY } else { share }
    };
    (1..3).fold(0, |best, axis| if crowd(axis) < crowd(best) { axis } else { best })
}

fn find(leader: &mut [usize], mut index: usize) -> usize {
    while leader[index] != index {
        leader[index] = leader[leader[index]];
        index = leader[index];
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_line_is_apart_along_any_axis() {
        for axis in 0..3 {
            let unit = |i: u32| {
                let mut bounds = Bounds { min: [0.0; 3], max: [1.0; 3] };
                bounds.min[axis] = 2.0 * f64::from(i);
                bounds.max[axis] = 2.0 * f64::from(i) + 1.0;
                bounds
            };
            let line: Vec<Bounds> = (0..5000).map(unit).collect();
            assert_eq!(clusters(&line).len(), line.len(), "along {axis}");
        }
    }

    #[test]
    fn boxes_on_top_of_each_other_are_one_cluster() {
        let all = Bounds { min: [0.0; 3], max: [1.0; 3] };
        assert_eq!(clusters(&vec![all; 5000]).len(), 1);
    }
}
