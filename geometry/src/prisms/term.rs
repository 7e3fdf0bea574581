//! What nested booleans say of a point, and of the face between two.

use crate::mesh::Paint;

/// What a boolean says of a point by the classes that are there.
pub(super) enum Term {
    /// Where any of the classes or terms is.
    Any(Vec<usize>, Vec<Term>),
    /// Where the first is and the second is not.
    Minus(Box<Term>, Box<Term>),
    /// Where all are.
    All(Vec<Term>),
}

/// How many prisms of each class there are in a slab.
pub(super) type Counts = [i32];

impl Term {
    /// Whether a point with these prisms is inside.
    pub(super) fn holds(&self, counts: &Counts) -> bool {
        match self {
            Term::Any(classes, terms) => {
                classes.iter().any(|class| counts[*class] > 0)
                    || terms.iter().any(|term| term.holds(counts))
            }
            Term::Minus(first, rest) => first.holds(counts) && !rest.holds(counts),
            Term::All(terms) => terms.iter().all(|term| term.holds(counts)),
        }
    }

    /// The paint of the face between what is inside and what is outside: of what ends there.
    pub(super) fn paint(&self, inside: &Counts, outside: &Counts, paints: &[Paint]) -> Paint {
        match self {
            Term::Any(classes, terms) => {
                if let Some(class) = classes.iter().find(|class| inside[**class] > 0) {
                    return paints[*class];
                }
                let ending = terms.iter().find(|term| term.holds(inside));
                ending.expect("something is inside").paint(inside, outside, paints)
            }
            Term::Minus(first, _) if !first.holds(outside) => first.paint(inside, outside, paints),
            Term::Minus(_, rest) => rest.paint(outside, inside, paints),
            Term::All(terms) => {
                let ending = terms.iter().find(|term| !term.holds(outside));
                ending.expect("something is outside").paint(inside, outside, paints)
            }
        }
    }
}
