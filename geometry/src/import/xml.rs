//! XML that anyone may have written.

use roxmltree::{Document, ParsingOptions};

use super::Problem;

/// Elements, attributes' texts and comments together. A model of millions of triangles has fewer.
const MOST_NODES: u32 = 1 << 24;

/// Parses a document; its size in nodes is bounded.
pub(super) fn parse_xml(text: &str) -> Result<Document<'_>, Problem> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, ..Default::default() };
    Document::parse_with_options(text, options).map_err(|error| error.to_string())
}
