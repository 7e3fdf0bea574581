//! Borders without the sites that lie in the middle of a straight one: where outlines were cut for prisms that end elsewhere,
//! and where walls of several go on in one plane.

use super::combinations::Combination;
use super::lattice::{Site, dot, from_to, turn};
use super::sweep::{Border, sorted_ends};

/// The borders without sites that lie in the middle of a straight one.
pub(super) fn straightened(mut borders: Vec<Border>) -> Vec<Border> {
    let sites = sorted_ends(&borders);
    let index = |site: Site| sites.binary_search(&site).expect("all ends are listed");
    let mut degrees = vec![0_u32; sites.len()];
    let mut meeting = vec![[usize::MAX; 2]; sites.len()];
    for (border, Border { ends, .. }) in borders.iter().enumerate() {
        for site in ends.map(index) {
            if let Some(place) = meeting[site].get_mut(degrees[site] as usize) {
                *place = border;
            }
            degrees[site] += 1;
        }
    }
    let mut is_gone = vec![false; borders.len()];
    for (middle, site) in sites.iter().enumerate() {
        let [first, second] = meeting[middle];
        if degrees[middle] != 2 {
            continue;
        }
        let (from, of_first) = borders[first].seen_from(*site);
        let (to, of_second) = borders[second].seen_from(*site);
        // One is seen against the way, the other along it.
        if from == to || of_first != [of_second[1], of_second[0]] || !is_straight(from, *site, to) {
            continue;
        }
        let [left, right] = of_second;
        borders[first] = match from < to {
            true => Border { ends: [from, to], left, right },
            false => Border { ends: [to, from], left: right, right: left },
        };
        is_gone[second] = true;
        let end = index(to);
        if let Some(place) = meeting[end].iter_mut().find(|border| **border == second) {
            *place = first;
        }
    }
    let mut gone = is_gone.into_iter();
    borders.retain(|_| !gone.next().unwrap_or(false));
    borders
}

impl Border {
    /// The other end, and what is left and right on the way there.
    fn seen_from(&self, site: Site) -> (Site, [Combination; 2]) {
        if self.ends[0] == site {
            (self.ends[1], [self.left, self.right])
        } else {
            (self.ends[0], [self.right, self.left])
        }
    }
}

/// Whether the way through a site is straight.
fn is_straight(from: Site, site: Site, to: Site) -> bool {
    turn(from, site, to) == 0 && dot(from_to(from, site), from_to(site, to)) > 0
}
