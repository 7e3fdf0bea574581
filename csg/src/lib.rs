//! The CSG tree, the narrow waist between language and geometry.
//!
//! Evaluation builds an immutable tree of [`Node`]s; geometry turns it into meshes. Neither knows the other. Every
//! node knows the content hash of its subtree, which is what caches go by.

pub mod degrees;
pub mod dump;
mod feed;
pub mod hash;
pub mod node;
mod script;

pub use dump::write_csg;
pub use hash::{ContentHash, ContentHasher};
pub use node::{
    FileData, Fragments, ImportParameters, Kind, LinearExtrude, Modifiers, Node, OffsetDelta,
    Origin, RoofMethod, RotateExtrude, TextParameters,
};
