//! What is left of a skeleton inside one cell.

use super::skeleton::Skeleton;

/// The operand that holds all of the cell, from which others are taken.
pub(super) const EVERYWHERE: u32 = u32::MAX;

/// How an operand stands to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// No point of the cell is inside the operand.
    Outside,
    /// Every point of the cell is inside.
    Inside,
    /// The operand's surface may reach into the cell.
    Surface,
}

/// A skeleton seen from one cell. Only [`Pruned::Surface`] may have anything to draw.
#[derive(Debug, Clone)]
pub(super) enum Pruned {
    Outside,
    Inside,
    Surface(Skeleton<u32>),
}

/// Leaves out what does not matter inside a cell: no boolean is needed where the cell lies in or out of a whole operand.
pub(super) fn prune(skeleton: &Skeleton<u32>, presence: &impl Fn(u32) -> Presence) -> Pruned {
    match skeleton {
        Skeleton::Operand(operand) => match presence(*operand) {
            Presence::Outside => Pruned::Outside,
            Presence::Inside => Pruned::Inside,
            Presence::Surface => Pruned::Surface(Skeleton::Operand(*operand)),
        },
        Skeleton::Union(operands) => match surfaces(operands, presence) {
            Some(kept) => group(kept, Skeleton::Union).map_or(Pruned::Outside, Pruned::Surface),
            None => Pruned::Inside,
        },
        Skeleton::Intersection(operands) => {
            let mut kept = Vec::new();
            for operand in operands {
                match prune(operand, presence) {
                    Pruned::Outside => return Pruned::Outside,
                    Pruned::Inside => {}
                    Pruned::Surface(inner) => kept.push(inner),
                }
            }
            if operands.is_empty() {
                return Pruned::Outside;
            }
            group(kept, Skeleton::Intersection).map_or(Pruned::Inside, Pruned::Surface)
        }
        Skeleton::Difference(operands) => difference(operands, presence),
    }
}

fn difference(operands: &[Skeleton<u32>], presence: &impl Fn(u32) -> Presence) -> Pruned {
    let Some((first, rest)) = operands.split_first() else { return Pruned::Outside };
    let first = prune(first, presence);
    if let Pruned::Outside = first {
        return Pruned::Outside;
    }
    let Some(rest) = surfaces(rest, presence) else { return Pruned::Outside };
    match first {
        first if rest.is_empty() => first,
        Pruned::Surface(first) => {
            Pruned::Surface(Skeleton::Difference(std::iter::once(first).chain(rest).collect()))
        }
        _ => {
            let everywhere = std::iter::once(Skeleton::Operand(EVERYWHERE));
            Pruned::Surface(Skeleton::Difference(everywhere.chain(rest).collect()))
        }
    }
}

/// What reaches into the cell of each operand; none if one of them holds all of it.
fn surfaces(
    operands: &[Skeleton<u32>],
    presence: &impl Fn(u32) -> Presence,
) -> Option<Vec<Skeleton<u32>>> {
    let mut kept = Vec::with_capacity(operands.len());
    for operand in operands {
        match prune(operand, presence) {
            Pruned::Outside => {}
            Pruned::Inside => return None,
            Pruned::Surface(inner) => kept.push(inner),
        }
    }
    Some(kept)
}

/// One operand as it is, several under `operation`, nothing for none.
fn group(
    mut kept: Vec<Skeleton<u32>>,
    operation: impl Fn(Vec<Skeleton<u32>>) -> Skeleton<u32>,
) -> Option<Skeleton<u32>> {
    match kept.len() {
        0 => None,
        1 => kept.pop(),
        _ => Some(operation(kept)),
    }
}

#[cfg(test)]
mod tests {
    use super::Skeleton::{Difference, Intersection, Operand, Union};
    use super::*;

    /// Operands 0 to 9 are outside, 10 to 19 inside, the others reach in.
    fn presence(operand: u32) -> Presence {
        match operand {
            EVERYWHERE => Presence::Inside,
            0..10 => Presence::Outside,
            10..20 => Presence::Inside,
            _ => Presence::Surface,
        }
    }

    fn check(skeleton: &Skeleton<u32>, expected: &str) {
        let pruned = prune(skeleton, &presence);
        assert_eq!(format!("{pruned:?}"), expected);
    }

    #[test]
    fn what_does_not_matter_is_left_out() {
        check(&Union(vec![]), "Outside");
        check(&Union(vec![Operand(1), Operand(20)]), "Surface(Operand(20))");
        check(&Union(vec![Operand(20), Operand(10)]), "Inside");
        check(&Intersection(vec![]), "Outside");
        check(&Intersection(vec![Operand(20), Operand(1)]), "Outside");
        check(&Intersection(vec![Operand(10), Operand(11)]), "Inside");
        check(&Intersection(vec![Operand(10), Operand(20)]), "Surface(Operand(20))");
        check(&Difference(vec![Operand(20), Operand(10)]), "Outside");
        check(&Difference(vec![Operand(1), Operand(20)]), "Outside");
        check(&Difference(vec![Operand(20), Operand(1)]), "Surface(Operand(20))");
        check(&Difference(vec![Operand(10), Operand(1)]), "Inside");
    }

    #[test]
    fn a_cell_inside_of_what_is_cut_is_everything_minus_the_rest() {
        let skeleton = Difference(vec![Union(vec![Operand(10), Operand(20)]), Operand(21)]);
        check(&skeleton, &format!("Surface(Difference([Operand({EVERYWHERE}), Operand(21)]))"));
    }
}
