//! The CSG tree: what evaluating a model gives and what geometry is made from.
//!
//! Nodes are immutable and shared. Each carries the content hash of its whole subtree, made when it is built, so that
//! caches find an unchanged subtree by one look-up. Lengths are in model units, angles in degrees; the frame is
//! right-handed with Z up.

use std::sync::Arc;

use crate::hash::{ContentHash, ContentHasher};

/// One node with its subtree.
#[derive(Debug)]
pub struct Node {
    kind: Kind,
    modifiers: Modifiers,
    /// Whether it or a node below is marked `!`.
    holds_root: bool,
    origin: Origin,
    children: Vec<Arc<Node>>,
    hash: ContentHash,
}

/// Where in the source the module instantiation stands that made a node.
///
/// Opaque to geometry, which only hands it back with messages and progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Origin {
    /// Index of the source text in the evaluation's source map.
    pub source: u32,
    /// Byte offset of the first character.
    pub start: u32,
    /// Byte offset just past the last character.
    pub end: u32,
}

/// Modifier characters that survive evaluation (`*` does not: its subtree is never made).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Modifiers {
    /// `!`: draw only this subtree.
    pub root: bool,
    /// `#`: draw as usual, and once more highlighted.
    pub highlight: bool,
    /// `%`: draw translucent, and take no part in any operation.
    pub background: bool,
}

/// The special variables that decide how finely a curve is cut, as they stood at the node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fragments {
    /// `$fn`: fragments per circle when above 0.
    pub fn_: f64,
    /// `$fa`: largest angle of a fragment.
    pub fa: f64,
    /// `$fs`: smallest length of a fragment.
    pub fs: f64,
    /// `$fe`: largest distance of a chord from its arc when above 0; experimental.
    pub fe: f64,
}

impl Default for Fragments {
    fn default() -> Self {
        Self { fn_: 0.0, fa: 12.0, fs: 2.0, fe: 0.0 }
    }
}

/// What a node is. Parameters hold the values that apply, defaults filled in.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    // Groups and booleans
    /// Implicit union of the children; a user module, a loop, a block, `group()`.
    Group,
    /// `union()`
    Union,
    /// `difference()`: first child minus the rest.
    Difference,
    /// `intersection()` and `intersection_for()`
    Intersection,
    /// `hull()`
    Hull,
    /// `minkowski()`
    Minkowski {
        /// Hint for image-based previews; no effect on geometry.
        convexity: i32,
    },
    /// `fill()`: outlines of the 2D children without their holes.
    Fill,
    /// `render()`
    Render {
        /// Hint for image-based previews; no effect on geometry.
        convexity: i32,
    },

    // Transforms
    /// Any affine transform, row-major, the last row 0 0 0 1.
    Transform(Box<[[f64; 4]; 4]>),
    /// `resize()`
    Resize {
        /// Wanted size per axis; 0 keeps the axis.
        new_size: [f64; 3],
        /// Axes that follow the factor of the largest given one.
        auto: [bool; 3],
        /// Hint for image-based previews; no effect on geometry.
        convexity: i32,
    },
    /// `color()`: red, green, blue, alpha in 0..1; a negative red stands for a colour that could not be read.
    Color([f32; 4]),

    // 3D primitives
    /// `cube()`
    Cube {
        /// Edge lengths.
        size: [f64; 3],
        /// Around the origin rather than from it.
        center: bool,
    },
    /// `sphere()`
    Sphere {
        /// Radius.
        r: f64,
        /// Resolution.
        fragments: Fragments,
    },
    /// `cylinder()`
    Cylinder {
        /// Height.
        h: f64,
        /// Radius at the bottom.
        r1: f64,
        /// Radius at the top.
        r2: f64,
        /// Half of the height below the origin.
        center: bool,
        /// Resolution.
        fragments: Box<Fragments>,
    },
    /// `polyhedron()`
    Polyhedron {
        /// Vertices.
        points: Arc<[[f64; 3]]>,
        /// Outlines as indices of `points`, clockwise seen from outside.
        faces: Arc<[Arc<[u32]>]>,
        /// Hint for image-based previews; no effect on geometry.
        convexity: i32,
    },
    /// `surface()`
    Surface {
        /// Path of the file, found or not, as messages and the `.csg` text show it.
        name: Arc<str>,
        /// Height map: text or PNG; none if it was not found.
        file: Option<Box<FileData>>,
        /// Around the Z axis rather than from it.
        center: bool,
        /// Light pixels low rather than high.
        invert: bool,
        /// Hint for image-based previews; no effect on geometry.
        convexity: i32,
    },

    // 2D primitives
    /// `square()`
    Square {
        /// Edge lengths.
        size: [f64; 2],
        /// Around the origin rather than from it.
        center: bool,
    },
    /// `circle()`
    Circle {
        /// Radius.
        r: f64,
        /// Resolution.
        fragments: Fragments,
    },
    /// `polygon()`
    Polygon {
        /// Vertices.
        points: Arc<[[f64; 2]]>,
        /// Outlines as indices of `points`; none for one outline in point order.
        paths: Option<Arc<[Arc<[u32]>]>>,
        /// Hint for image-based previews; no effect on geometry.
        convexity: i32,
    },
    /// `text()`
    Text(Arc<TextParameters>),

    // Between 2D and 3D
    /// `linear_extrude()`
    LinearExtrude(Box<LinearExtrude>),
    /// `rotate_extrude()`
    RotateExtrude(Box<RotateExtrude>),
    /// `projection()`
    Projection {
        /// Slice at z = 0 rather than shadow.
        cut: bool,
        /// Hint for image-based previews; no effect on geometry.
        convexity: i32,
    },
    /// `offset()`
    Offset {
        /// How far, and how corners are made.
        delta: OffsetDelta,
        /// Resolution of round corners.
        fragments: Fragments,
    },
    /// `roof()`
    Roof {
        /// `voronoi` or `straight`.
        method: RoofMethod,
        /// Resolution of curved edges.
        fragments: Fragments,
        /// Hint for image-based previews; no effect on geometry.
        convexity: i32,
    },

    /// `import()`
    Import(Arc<ImportParameters>),
}

// There may be millions of nodes, most of them small: what is rarely used or large is boxed.
const _: () = assert!(size_of::<Kind>() == 48);

/// Parameters of `linear_extrude()`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearExtrude {
    /// The sweep as a vector; `[0, 0, height]` unless `v` was given.
    pub sweep: [f64; 3],
    /// Half of the height below the plane.
    pub center: bool,
    /// Turn of the top against the bottom in degrees, clockwise seen from above when positive.
    pub twist: f64,
    /// Size of the top as a multiple of the bottom, per axis.
    pub scale: [f64; 2],
    /// Number of layers, when given.
    pub slices: Option<u32>,
    /// Least number of outline points, when given; 0 switches subdivision off.
    pub segments: Option<u32>,
    /// Hint for image-based previews; no effect on geometry.
    pub convexity: i32,
    /// Resolution.
    pub fragments: Fragments,
}

/// Parameters of `rotate_extrude()`.
#[derive(Debug, Clone, PartialEq)]
pub struct RotateExtrude {
    /// Sweep in degrees, counter-clockwise when positive; 360 when not given.
    pub angle: f64,
    /// Angle of the first section from +X, in degrees, defaults applied.
    pub start: f64,
    /// Hint for image-based previews; no effect on geometry.
    pub convexity: i32,
    /// Resolution.
    pub fragments: Fragments,
}

/// How far `offset()` moves the outline, outwards when positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OffsetDelta {
    /// By a rolling circle of this radius: round corners.
    Round(f64),
    /// In parallel by this distance: sharp or chamfered corners.
    Straight {
        /// The distance.
        delta: f64,
        /// Cut corners off rather than extend the edges to a point.
        chamfer: bool,
    },
}

/// How `roof()` finds heights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoofMethod {
    /// True distance to the outline.
    Voronoi,
    /// Straight skeleton: flat faces only.
    Straight,
}

/// Parameters of `text()`, defaults applied.
#[derive(Debug, Clone, PartialEq)]
pub struct TextParameters {
    /// The characters.
    pub text: String,
    /// About the height of a capital letter.
    pub size: f64,
    /// Em size given directly; replaces `size`.
    pub em: Option<f64>,
    /// fontconfig-like pattern, empty for the default.
    pub font: String,
    /// `ltr`, `rtl`, `ttb`, `btt`, or empty to be detected.
    pub direction: String,
    /// BCP 47 language.
    pub language: String,
    /// ISO 15924 script, or empty to be detected.
    pub script: String,
    /// `left`, `center`, `right`.
    pub halign: String,
    /// `baseline`, `bottom`, `center`, `top`.
    pub valign: String,
    /// Factor on advances.
    pub spacing: f64,
    /// Font files that the document registered with `use`, in order.
    pub fonts: Vec<FileData>,
    /// Resolution.
    pub fragments: Fragments,
}

/// Parameters of `import()`.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportParameters {
    /// Path of the file, found or not, as messages and the `.csg` text show it.
    pub name: Arc<str>,
    /// The file; none if it was not found.
    pub file: Option<FileData>,
    /// DXF or SVG layer; none for all.
    pub layer: Option<String>,
    /// SVG element id; none for all.
    pub id: Option<String>,
    /// Point that becomes the origin.
    pub origin: [f64; 2],
    /// Factor on all coordinates.
    pub scale: f64,
    /// 2D imports only: around the origin.
    pub center: bool,
    /// Pixels per inch for SVG lengths without unit.
    pub dpi: f64,
    /// Hint for image-based previews; no effect on geometry.
    pub convexity: i32,
    /// Resolution of curves.
    pub fragments: Fragments,
}

/// A file's name and bytes, taken in when the model was evaluated, so that geometry reads nothing itself.
#[derive(Debug, Clone)]
pub struct FileData {
    /// The path as written in the model.
    pub name: Arc<str>,
    /// The content.
    pub bytes: Arc<[u8]>,
    /// Hash of `bytes`.
    pub hash: ContentHash,
}

impl FileData {
    /// A file with its hash.
    pub fn new(name: impl Into<Arc<str>>, bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { name: name.into(), hash: ContentHash::of_bytes(&bytes), bytes }
    }
}

impl PartialEq for FileData {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.hash == other.hash
    }
}

impl Node {
    /// A node over `children`.
    pub fn new(
        kind: Kind,
        modifiers: Modifiers,
        origin: Origin,
        children: Vec<Arc<Node>>,
    ) -> Arc<Self> {
        let hash = content_hash(&kind, modifiers, &children);
        let holds_root = modifiers.root || children.iter().any(|child| child.holds_root);
        Arc::new(Self { kind, modifiers, holds_root, origin, children, hash })
    }

    /// What it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Its modifier characters.
    pub fn modifiers(&self) -> Modifiers {
        self.modifiers
    }

    /// Where it was written.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Its children in order.
    pub fn children(&self) -> &[Arc<Node>] {
        &self.children
    }

    /// Its children but those that are drawn as background and take no part in anything.
    pub fn drawn_children(&self) -> impl DoubleEndedIterator<Item = &Arc<Node>> {
        self.children.iter().filter(|child| !child.modifiers.background)
    }

    /// Content hash of the subtree.
    pub fn hash(&self) -> ContentHash {
        self.hash
    }

    /// The node to draw: the first in tree order that is marked `!`, else this one.
    pub fn drawn_root(self: &Arc<Self>) -> Arc<Self> {
        let mut pending = vec![self];
        while let Some(node) = pending.pop() {
            if node.modifiers.root {
                return Arc::clone(node);
            }
            pending.extend(node.children.iter().filter(|child| child.holds_root).rev());
        }
        Arc::clone(self)
    }
}

impl Drop for Node {
    /// Takes the tree apart without recursion: a model may nest deeper than a thread's stack allows.
    fn drop(&mut self) {
        let mut pending = std::mem::take(&mut self.children);
        while let Some(child) = pending.pop() {
            if let Some(mut node) = Arc::into_inner(child) {
                pending.append(&mut node.children);
            }
        }
    }
}

fn content_hash(kind: &Kind, modifiers: Modifiers, children: &[Arc<Node>]) -> ContentHash {
    // Modules and blocks make many of these.
    if let (Kind::Group, [child]) = (kind, children)
        && modifiers == Modifiers::default()
    {
        return child.hash.of_group();
    }
    let mut hasher = ContentHasher::new("node");
    kind.feed(&mut hasher);
    let bits = u8::from(modifiers.root)
        | u8::from(modifiers.highlight) << 1
        | u8::from(modifiers.background) << 2;
    hasher.byte(bits);
    hasher.count(children.len());
    for child in children {
        hasher.hash(child.hash);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_of_groups_has_a_hash_of_its_own() {
        let node =
            |kind, modifiers, children| Node::new(kind, modifiers, Origin::default(), children);
        let plain = Modifiers::default();
        let cube = node(Kind::Cube { size: [1.0; 3], center: false }, plain, Vec::new());
        let group = |child: &Arc<Node>| node(Kind::Group, plain, vec![Arc::clone(child)]);
        let (one, background) = (group(&cube), Modifiers { background: true, ..plain });
        let all = [
            cube.hash(),
            one.hash(),
            group(&one).hash(),
            node(Kind::Union, plain, vec![Arc::clone(&cube)]).hash(),
            node(Kind::Group, background, vec![Arc::clone(&cube)]).hash(),
            node(Kind::Group, plain, vec![Arc::clone(&cube), Arc::clone(&cube)]).hash(),
        ];
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(one.hash(), group(&cube).hash());
    }
}
