//! What stands over a point of the plane: prisms of which classes, in each slab between two heights.
//!
//! Prisms that enter a boolean in the same place and in the same paint are one class, since only whether there is one of
//! them counts. So a plate with four hundred holes has two classes.

use super::lattice::{Lattice, Site, Snap};
use super::noding::Edge;
use super::term::Term;
use super::{Of, Prism, Prisms};
use crate::affine::Affine;
use crate::mesh::Paint;
use crate::region::Point;

/// Most classes times slabs. Picked by hand.
const MOST_PLACES: usize = 4096;

/// Most classes, since they are looked through for each prism. Picked by hand.
const MOST_CLASSES: usize = 64;

/// The prisms of a boolean along one axis, and what is inside.
pub(super) struct Cover {
    /// The axis of the world that they are along.
    pub(super) axis: usize,
    /// The heights where they begin and end, in order: one more than there are slabs.
    pub(super) heights: Vec<f64>,
    lattice: Lattice,
    /// The prisms, by their numbers in edges.
    pub(super) spans: Vec<Span>,
    /// The paint of each class.
    pub(super) paints: Vec<Paint>,
    /// What is inside.
    pub(super) term: Term,
}

/// A prism without its region.
pub(super) struct Span {
    pub(super) class: usize,
    /// The slabs that it goes through: from the first up to the second.
    pub(super) slabs: [usize; 2],
}

/// The paint that each class gets from the booleans around it.
#[derive(Clone, Copy)]
struct Tint {
    /// What becomes of a face that was never painted.
    unpainted: Paint,
    /// What becomes of all others, if anything.
    painted: Option<Paint>,
}

/// Gathers the prisms of nested booleans.
struct Gathering {
    axis: usize,
    prisms: Vec<(usize, Prism)>,
    paints: Vec<Paint>,
}

impl Cover {
    /// The cover by prisms that are all along an axis, with the edges of their outlines; none if they are not, or too
    /// different for this.
    pub(super) fn along(axis: usize, prisms: &Prisms) -> Option<(Self, Vec<Edge>)> {
        let mut gathering = Gathering { axis, prisms: Vec::new(), paints: Vec::new() };
        let untinted = Tint { unpainted: Paint::Default, painted: None };
        let term = gathering.any(std::slice::from_ref(prisms), &Affine::IDENTITY, untinted)?;
        let Gathering { prisms, paints, .. } = gathering;

        let mut snap = Snap::default();
        let ends: Vec<[f64; 2]> =
            prisms.iter().map(|(_, p)| [p.low, p.high].map(|z| snap.snapped(z))).collect();
        let mut heights: Vec<f64> = ends.iter().flatten().copied().collect();
        heights.sort_by(f64::total_cmp);
        heights.dedup();
        if heights.len() * paints.len() > MOST_PLACES {
            return None;
        }
        let slab = |height: f64| heights.partition_point(|other| *other < height);
        let spans = prisms
            .iter()
            .zip(&ends)
            .map(|((class, _), [low, high])| Span {
                class: *class,
                slabs: [slab(*low), slab(*high)],
            })
            .collect();

        let points = || prisms.iter().flat_map(|(_, prism)| prism.region.points());
        let mut lattice = Lattice::new(crate::grid::reach(points()));
        let mut edges = Vec::new();
        for (index, (_, prism)) in (0..).zip(&prisms) {
            for outline in prism.region.outlines() {
                let sites: Vec<_> = outline.iter().map(|point| lattice.site(*point)).collect();
                let next = sites.iter().cycle().skip(1);
                let sides = sites.iter().zip(next);
                edges.extend(sides.filter_map(|(a, b)| Edge::of_outline(*a, *b, index)));
            }
        }
        Some((Self { axis, heights, lattice, spans, paints, term }, edges))
    }

    /// The point at a site.
    pub(super) fn point(&self, site: Site) -> Point {
        self.lattice.point(site)
    }

    /// How many slabs there are between the heights.
    pub(super) fn slabs(&self) -> usize {
        self.heights.len().saturating_sub(1)
    }
}

impl Gathering {
    /// The union of some.
    fn any(&mut self, prisms: &[Prisms], placed: &Affine, tint: Tint) -> Option<Term> {
        let mut terms = Vec::new();
        for one in prisms {
            self.gather(one, placed, tint, &mut terms)?;
        }
        Some(Term::Any(terms))
    }

    /// Adds to a union's terms.
    fn gather(
        &mut self,
        prisms: &Prisms,
        placed: &Affine,
        tint: Tint,
        terms: &mut Vec<Term>,
    ) -> Option<()> {
        let placed = placed.after(&prisms.placed);
        let tint = tint.over(prisms.paint);
        match &*prisms.of {
            Of::Prism(prism) => {
                let prism = prism.along(self.axis, &placed)?;
                let class = self.class(tint.unpainted, terms)?;
                self.prisms.push((class, prism));
            }
            Of::Union(all) => {
                for one in all {
                    self.gather(one, &placed, tint, terms)?;
                }
            }
            Of::Difference(first, rest) => {
                let first = self.any(first, &placed, tint)?;
                let rest = self.any(rest, &placed, tint.over_cut())?;
                terms.push(Term::Minus(Box::new(first), Box::new(rest)));
            }
            Of::Intersection(lists) => {
                let all = lists.iter().map(|list| self.any(list, &placed, tint));
                terms.push(Term::All(all.collect::<Option<_>>()?));
            }
        }
        Some(())
    }

    /// The class of this paint in a union.
    fn class(&mut self, paint: Paint, terms: &mut Vec<Term>) -> Option<usize> {
        let known = terms.iter().find_map(|term| match term {
            Term::Class(class) if self.paints[*class] == paint => Some(*class),
            _ => None,
        });
        if known.is_none() && self.paints.len() < MOST_CLASSES {
            terms.push(Term::Class(self.paints.len()));
            self.paints.push(paint);
            return Some(self.paints.len() - 1);
        }
        known
    }
}

impl Tint {
    /// What becomes of a paint.
    fn of(self, paint: Paint) -> Paint {
        match paint {
            Paint::Default => self.unpainted,
            other => self.painted.unwrap_or(other),
        }
    }

    /// The same after something was painted, if it was.
    fn over(self, paint: Option<Paint>) -> Self {
        let Some(paint) = paint else { return self };
        let paint = self.of(paint);
        Self { unpainted: paint, painted: Some(paint) }
    }

    /// The same after something was subtracted.
    fn over_cut(self) -> Self {
        Self { unpainted: self.of(Paint::Cut), ..self }
    }
}
