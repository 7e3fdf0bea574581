//! What nested booleans say of a point, and of the face between two.

use crate::mesh::Paint;

/// What a boolean says of a point by the classes that are there.
pub(super) enum Term {
    /// Where there is a prism of this class.
    Class(usize),
    /// Where any is, in the order of operands.
    Any(Vec<Term>),
    /// Where the first is and the second is not.
    Minus(Box<Term>, Box<Term>),
    /// Where all are.
    All(Vec<Term>),
}

/// Whether there are prisms of each class.
pub(super) type Present = [bool];

impl Term {
    /// Whether a point with these prisms is inside.
    pub(super) fn holds(&self, present: &Present) -> bool {
        match self {
            Term::Class(class) => present[*class],
            Term::Any(terms) => terms.iter().any(|term| term.holds(present)),
            Term::Minus(first, rest) => first.holds(present) && !rest.holds(present),
            Term::All(terms) => terms.iter().all(|term| term.holds(present)),
        }
    }

    /// The paint of the face between what is inside and what is outside: of what ends there, the first of several.
    pub(super) fn paint(&self, inside: &Present, outside: &Present, paints: &[Paint]) -> Paint {
        match self {
            Term::Class(class) => paints[*class],
            Term::Any(terms) => {
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
