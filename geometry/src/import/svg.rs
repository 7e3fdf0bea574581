//! SVG drawings: their shapes as areas, in millimetres, the bottom of the page at y = 0.
//!
//! OpenSCAD looks at outlines more than at paint, and so does this: closed shapes are areas whether they are filled or
//! not, lines that do not close are drawn as wide as their stroke. Text has no outline here.

mod length;
mod path;
mod shapes;
mod style;
#[cfg(test)]
mod tests;
mod transform;
mod view;

use std::collections::HashMap;

use roxmltree::{Document, Node, ParsingOptions};
use scadstream_csg::ImportParameters;

use self::shapes::shape;
use self::style::Style;
use self::transform::Transform;
use super::{Problem, centred, text_of};
use crate::clip::{self, Fill};
use crate::offset;
use crate::region::{Point, Region};

/// Most elements and attributes of a document. Picked by hand, far above any drawing.
const MOST_NODES: u32 = 1 << 24;

/// How deep `use` may refer to what holds another `use`.
const MOST_REFERENCES: usize = 16;

/// Most points of all shapes: a short file can use uses of uses.
const MOST_POINTS: usize = 1 << 23;

/// A piece of a path, curves cut into straight pieces.
#[derive(Debug, Clone, PartialEq)]
struct Subpath {
    points: Vec<Point>,
    closed: bool,
}

/// Parses XML that anyone may have written.
pub(super) fn parse_xml(text: &str) -> Result<Document<'_>, Problem> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, ..Default::default() };
    Document::parse_with_options(text, options).map_err(|error| error.to_string())
}

pub(super) fn read(
    bytes: &[u8],
    parameters: &ImportParameters,
    warnings: &mut Vec<String>,
) -> Result<Region, Problem> {
    let text = text_of(bytes);
    let document = parse_xml(&text)?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" {
        return Err("it is no SVG document".to_owned());
    }
    let mut drawing = Drawing {
        parameters,
        by_id: root.descendants().filter_map(|n| Some((n.attribute("id")?, n))).collect(),
        regions: Vec::new(),
        points: 0,
        matched: false,
    };
    let page = view::page(root, parameters.dpi);
    let selected = parameters.id.is_none() && parameters.layer.is_none();
    let start = Visit { node: root, transform: page, style: Style::default(), selected, depth: 0 };
    drawing.draw(start)?;
    if !selected && !drawing.matched {
        let (what, value) = match (&parameters.id, &parameters.layer) {
            (Some(id), _) => ("id", id),
            (None, layer) => ("layer", layer.as_ref().expect("one of them selects")),
        };
        warnings.push(format!("import() filter {what} = \"{value}\" did not match anything"));
    }
    let region = clip::union(&drawing.regions);
    Ok(if parameters.center { centred(region) } else { region })
}

/// A drawing being read.
struct Drawing<'a, 'i> {
    parameters: &'a ImportParameters,
    by_id: HashMap<&'a str, Node<'a, 'i>>,
    regions: Vec<Region>,
    points: usize,
    /// Whether anything was selected by id or layer.
    matched: bool,
}

/// An element to draw, and what its surroundings mean for it.
struct Visit<'a, 'i> {
    node: Node<'a, 'i>,
    transform: Transform,
    style: Style,
    selected: bool,
    depth: usize,
}

impl<'a, 'i> Drawing<'a, 'i> {
    /// Draws an element and all below it; without recursion, for documents nest as they please.
    fn draw(&mut self, start: Visit<'a, 'i>) -> Result<(), Problem> {
        let mut pending = vec![start];
        while let Some(mut visit) = pending.pop() {
            let node = visit.node;
            visit.style = visit.style.of(node);
            if visit.style.hidden {
                continue;
            }
            let own = transform::parse(node.attribute("transform").unwrap_or_default());
            visit.transform = visit.transform.after(&own);
            if self.selects(node) {
                visit.selected = true;
                self.matched = true;
            }
            match node.tag_name().name() {
                "svg" if node.parent_element().is_some() => {
                    visit.transform = visit.transform.after(&view::nested(node));
                    self.enter(&visit, node, &mut pending);
                }
                "svg" | "g" | "a" | "switch" => self.enter(&visit, node, &mut pending),
                "use" => {
                    let Some(target) = self.target(node) else { continue };
                    if visit.depth >= MOST_REFERENCES {
                        return Err("its use elements refer to each other too deeply".to_owned());
                    }
                    let [x, y] = ["x", "y"].map(|name| length::plain(node, name));
                    visit.transform = visit.transform.after(&Transform::shift([x, y]));
                    visit.depth += 1;
                    if target.tag_name().name() == "symbol" {
                        self.enter(&visit, target, &mut pending);
                    } else {
                        pending.push(Visit { node: target, ..visit });
                    }
                }
                // Definitions, clip paths, symbols and the like are drawn only where they are used.
                _ => self.shape(&visit)?,
            }
        }
        Ok(())
    }

    /// Puts the children of `parent` on the list, to be drawn as parts of what is visited.
    fn enter(&self, visit: &Visit<'a, 'i>, parent: Node<'a, 'i>, pending: &mut Vec<Visit<'a, 'i>>) {
        let children = parent.children().filter(Node::is_element).rev();
        pending.extend(children.map(|node| Visit {
            node,
            transform: visit.transform,
            style: visit.style,
            selected: visit.selected,
            depth: visit.depth,
        }));
    }

    fn shape(&mut self, visit: &Visit<'a, 'i>) -> Result<(), Problem> {
        let Some(subpaths) = shape(visit.node, self.parameters.fragments) else { return Ok(()) };
        if !visit.selected {
            return Ok(());
        }
        self.points += subpaths.iter().map(|subpath| subpath.points.len()).sum::<usize>();
        if self.points > MOST_POINTS {
            return Err(format!("it has more than {MOST_POINTS} points"));
        }
        let (closed, open): (Vec<_>, Vec<_>) = subpaths.into_iter().partition(|s| s.closed);
        let outlines = |subpaths: Vec<Subpath>| -> Vec<Vec<Point>> {
            subpaths.into_iter().map(|subpath| subpath.points).collect()
        };
        let rule = if visit.style.non_zero { Fill::NonZero } else { Fill::EvenOdd };
        let area = clip::fill(&outlines(closed), rule);
        let (width, cap, join) = (visit.style.stroke_width, visit.style.cap, visit.style.join);
        let lines = offset::stroke(&outlines(open), width, cap, join);
        for region in [area, lines] {
            let placed = region.transformed(&visit.transform.matrix());
            if !placed.is_empty() {
                self.regions.push(placed);
            }
        }
        Ok(())
    }

    fn selects(&self, node: Node<'_, '_>) -> bool {
        let is_wanted = |wanted: &Option<String>, value: Option<&str>| {
            wanted.is_some() && wanted.as_deref() == value
        };
        is_wanted(&self.parameters.id, node.attribute("id"))
            || (self.parameters.id.is_none()
                && node.attribute(style::inkscape("groupmode")) == Some("layer")
                && is_wanted(&self.parameters.layer, node.attribute(style::inkscape("label"))))
    }

    /// What a `use` refers to.
    fn target(&self, node: Node<'_, '_>) -> Option<Node<'a, 'i>> {
        let link = ("http://www.w3.org/1999/xlink", "href");
        let reference = node.attribute("href").or_else(|| node.attribute(link))?;
        self.by_id.get(reference.strip_prefix('#')?).copied()
    }
}
