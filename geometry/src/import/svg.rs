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

use roxmltree::Node;
use scadstream_csg::ImportParameters;

use self::shapes::shape;
use self::style::Style;
use self::transform::Transform;
use super::{Problem, centred, text_of};
use crate::clip::{self, Fill};
use crate::offset;
use crate::region::{Point, Region};

/// How deep `use` may refer to what holds another `use`.
const MOST_REFERENCES: usize = 16;

/// Most points of all shapes, and most elements once every `use` is in its place: a short file can use uses of uses.
const MOST_POINTS: usize = 1 << 23;
const MOST_ELEMENTS: usize = 1 << 21;

/// A piece of a path, curves cut into straight pieces.
#[derive(Debug, Clone, PartialEq)]
struct Subpath {
    points: Vec<Point>,
    closed: bool,
}

pub(super) fn read(
    bytes: &[u8],
    parameters: &ImportParameters,
    warnings: &mut Vec<String>,
) -> Result<Region, Problem> {
    let text = text_of(bytes);
    let document = super::xml::parse_xml(&text)?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" {
        return Err("it is no SVG document".to_owned());
    }
    let mut drawing = Drawing {
        parameters,
        by_id: by_id(root),
        regions: Vec::new(),
        points: 0,
        elements: 0,
        matched: false,
    };
    let Some(page) = view::page(root, parameters.dpi) else { return Ok(Region::default()) };
    let wanted = Selection { in_layer: parameters.layer.is_none(), found: !filters(parameters) };
    let surroundings = Surroundings {
        page,
        transform: Transform::IDENTITY,
        selection: wanted,
        hidden: false,
        non_zero: false,
        uses: 0,
    };
    drawing.draw(root, surroundings)?;
    if !drawing.matched && filters(parameters) {
        let filter = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("{name} = \"{value}\""))
        };
        let filters = [filter("id", &parameters.id), filter("layer", &parameters.layer)];
        let filters: Vec<String> = filters.into_iter().flatten().collect();
        warnings.push(format!("import() filter {} did not match anything", filters.join(", ")));
    }
    let region = clip::union(&drawing.regions);
    Ok(if parameters.center { centred(region) } else { region })
}

/// Elements by their ids; the first of those that share one.
fn by_id<'a, 'i>(root: Node<'a, 'i>) -> HashMap<&'a str, Node<'a, 'i>> {
    let mut found = HashMap::new();
    for node in root.descendants() {
        if let Some(id) = node.attribute("id") {
            found.entry(id).or_insert(node);
        }
    }
    found
}

/// A drawing being read.
struct Drawing<'a, 'i> {
    parameters: &'a ImportParameters,
    by_id: HashMap<&'a str, Node<'a, 'i>>,
    regions: Vec<Region>,
    points: usize,
    elements: usize,
    /// Whether anything was selected by id or layer.
    matched: bool,
}

/// Whether only a part of the drawing is wanted.
fn filters(parameters: &ImportParameters) -> bool {
    parameters.id.is_some() || parameters.layer.is_some()
}

/// What is around an element, and what that means for it.
#[derive(Clone, Copy)]
struct Surroundings {
    /// From the innermost `svg` to the model. OpenSCAD forgets the outer ones, and where the inner one stands.
    page: Transform,
    /// From here to the `svg`, in all of which `transform` attributes count.
    transform: Transform,
    selection: Selection,
    hidden: bool,
    non_zero: bool,
    /// How many `use` elements this is inside of.
    uses: usize,
}

/// What is wanted by layer and id: where both are given, the element in the layer.
#[derive(Clone, Copy)]
struct Selection {
    in_layer: bool,
    found: bool,
}

impl<'a, 'i> Drawing<'a, 'i> {
    /// Draws an element and all below it; without recursion, for documents nest as they please.
    fn draw(&mut self, root: Node<'a, 'i>, surroundings: Surroundings) -> Result<(), Problem> {
        let mut pending = vec![(root, surroundings)];
        while let Some((node, mut here)) = pending.pop() {
            self.elements += 1;
            if self.elements > MOST_ELEMENTS {
                return Err(format!("it has more than {MOST_ELEMENTS} elements"));
            }
            let style = Style::of(node, here.non_zero);
            here.non_zero = style.non_zero;
            here.hidden |= style.hidden;
            if self.selects(node, &mut here.selection) {
                // Whoever asks for it by name gets it, hidden or not.
                here.hidden = false;
                self.matched = true;
            }
            let own = transform::parse(node.attribute("transform").unwrap_or_default());
            here.transform = here.transform.after(&own);
            let mut enter = |parent: Node<'a, 'i>, here: Surroundings| {
                let children = parent.children().filter(Node::is_element).rev();
                pending.extend(children.map(|child| (child, here)));
            };
            match node.tag_name().name() {
                "defs" | "symbol" | "text" => {}
                "svg" => {
                    let Some(page) = view::page(node, self.parameters.dpi) else { continue };
                    enter(node, Surroundings { page, ..here });
                }
                "use" => {
                    let Some(target) = self.target(node) else { continue };
                    // Deeper than any drawing, and the end of those that refer to themselves.
                    if here.uses >= MOST_REFERENCES {
                        continue;
                    }
                    let shift = Transform::shift(["x", "y"].map(|name| length::plain(node, name)));
                    here.transform = here.transform.after(&shift);
                    here.uses += 1;
                    match target.tag_name().name() {
                        "symbol" => enter(target, here),
                        _ => pending.push((target, here)),
                    }
                }
                _ => match shape(node, self.parameters.fragments) {
                    Some(subpaths) => self.shape(subpaths, style, &here)?,
                    // Groups, links and whatever else holds shapes: OpenSCAD draws them, clip paths included.
                    None => enter(node, here),
                },
            }
        }
        Ok(())
    }

    fn shape(
        &mut self,
        subpaths: Vec<Subpath>,
        style: Style,
        here: &Surroundings,
    ) -> Result<(), Problem> {
        if here.hidden || !here.selection.found {
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
        let rule = if style.non_zero { Fill::NonZero } else { Fill::EvenOdd };
        let area = clip::fill(&outlines(closed), rule);
        let lines = offset::stroke(&outlines(open), style.stroke_width, style.cap, style.join);
        let matrix = here.page.after(&here.transform).matrix();
        for region in [area, lines] {
            let placed = region.transformed(&matrix);
            if !placed.is_empty() {
                self.regions.push(placed);
            }
        }
        Ok(())
    }

    /// Whether the element is one that was asked for.
    fn selects(&self, node: Node<'_, '_>, selection: &mut Selection) -> bool {
        let ImportParameters { id, layer, .. } = self.parameters;
        let is_wanted = |wanted: &Option<String>, value: Option<&str>| {
            wanted.is_some() && wanted.as_deref() == value
        };
        let is_layer = node.attribute(style::inkscape("groupmode")) == Some("layer")
            && is_wanted(layer, node.attribute(style::inkscape("label")));
        selection.in_layer |= is_layer;
        let selected = match id {
            Some(_) => selection.in_layer && is_wanted(id, node.attribute("id")),
            None => is_layer,
        };
        selection.found |= selected;
        selected
    }

    /// What a `use` refers to.
    fn target(&self, node: Node<'_, '_>) -> Option<Node<'a, 'i>> {
        let link = ("http://www.w3.org/1999/xlink", "href");
        let reference = node.attribute("href").or_else(|| node.attribute(link))?;
        self.by_id.get(reference.strip_prefix('#')?).copied()
    }
}
