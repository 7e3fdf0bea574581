//! The booleans at the top of a model, over leaves that are solved as a whole.

use std::sync::Arc;

use scadstream_csg::{Kind, Node};

use crate::affine::Affine;
use crate::mesh::Paint;
use crate::shape::Shape;

/// Booleans over operands `O`.
#[derive(Debug, Clone)]
pub(crate) enum Skeleton<O> {
    Operand(O),
    Union(Vec<Skeleton<O>>),
    Difference(Vec<Skeleton<O>>),
    Intersection(Vec<Skeleton<O>>),
}

/// A subtree that is solved as a whole, where it stands, and in which paint.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) node: Arc<Node>,
    pub(crate) transform: Affine,
    /// Of the outermost `color()` around it.
    pub(crate) paint: Option<Paint>,
}

/// Deeper nesting of booleans than this is left to the direct solver, which has no recursion. Picked by hand.
const MOST_LEVELS: usize = 200;

/// The skeleton of `node`, in which what `is_leaf` is not looked into; none if it holds a transform that cannot be undone or
/// nests too deeply.
pub(crate) fn skeleton(
    node: &Arc<Node>,
    is_leaf: &impl Fn(&Arc<Node>) -> bool,
) -> Option<Skeleton<Leaf>> {
    visit(node, is_leaf, Affine::IDENTITY, None, 0)
}

fn visit(
    node: &Arc<Node>,
    is_leaf: &impl Fn(&Arc<Node>) -> bool,
    transform: Affine,
    paint: Option<Paint>,
    depth: usize,
) -> Option<Skeleton<Leaf>> {
    if depth > MOST_LEVELS {
        return None;
    }
    let operands = |transform: Affine, paint: Option<Paint>| {
        node.drawn_children()
            .map(|child| visit(child, is_leaf, transform, paint, depth + 1))
            .collect::<Option<Vec<_>>>()
    };
    Some(match node.kind() {
        Kind::Group | Kind::Union => Skeleton::union(operands(transform, paint)?),
        Kind::Difference | Kind::Intersection if is_leaf(node) => {
            Skeleton::Operand(Leaf { node: Arc::clone(node), transform, paint })
        }
        Kind::Difference => Skeleton::Difference(operands(transform, paint)?),
        Kind::Intersection => Skeleton::Intersection(operands(transform, paint)?),
        Kind::Transform(matrix) => {
            let inner = transform.after(&Affine::from_matrix(matrix));
            if !inner.is_finite() || inner.determinant() == 0.0 {
                return None;
            }
            Skeleton::union(operands(inner, paint)?)
        }
        Kind::Color(rgba) => {
            let own = (rgba[0] >= 0.0).then_some(Paint::Color(*rgba));
            Skeleton::union(operands(transform, paint.or(own))?)
        }
        _ => Skeleton::Operand(Leaf { node: Arc::clone(node), transform, paint }),
    })
}

impl<O> Skeleton<O> {
    /// The union of some; of one, that one.
    pub(crate) fn union(mut operands: Vec<Self>) -> Self {
        match operands.pop() {
            Some(only) if operands.is_empty() => only,
            last => {
                operands.extend(last);
                Skeleton::Union(operands)
            }
        }
    }

    /// The operands in tree order.
    pub(crate) fn operands(&self) -> Vec<&O> {
        let mut found = Vec::new();
        let mut pending = vec![self];
        while let Some(skeleton) = pending.pop() {
            match skeleton {
                Skeleton::Operand(operand) => found.push(operand),
                Skeleton::Union(inner)
                | Skeleton::Difference(inner)
                | Skeleton::Intersection(inner) => pending.extend(inner.iter().rev()),
            }
        }
        found
    }

    /// The same booleans over what `f` makes of each operand; none as soon as it gives none.
    pub(crate) fn map<P>(
        self,
        f: &mut impl FnMut(O) -> Option<Skeleton<P>>,
    ) -> Option<Skeleton<P>> {
        let mut all = |inner: Vec<Skeleton<O>>| {
            inner.into_iter().map(|skeleton| skeleton.map(f)).collect::<Option<Vec<_>>>()
        };
        Some(match self {
            Skeleton::Operand(operand) => f(operand)?,
            Skeleton::Union(inner) => Skeleton::Union(all(inner)?),
            Skeleton::Difference(inner) => Skeleton::Difference(all(inner)?),
            Skeleton::Intersection(inner) => Skeleton::Intersection(all(inner)?),
        })
    }
}

/// The solids of a leaf's shape; none if it is flat or holds surfaces that enclose nothing, of which the direct solver
/// knows what to say.
pub(crate) fn solids(shape: &Shape) -> Option<&[crate::kernel::Solid]> {
    match shape {
        Shape::Nothing => Some(&[]),
        Shape::Solids(solids) if solids.sheets.is_empty() => Some(&solids.list),
        Shape::Solids(_) | Shape::Flat(_) => None,
    }
}
