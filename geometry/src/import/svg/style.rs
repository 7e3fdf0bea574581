//! What of an element's style matters to its area.

use roxmltree::Node;

use crate::import::number;
use crate::offset::{Cap, Join};

/// Narrower lines than this, and widths that are no plain numbers, are one unit wide. OpenSCAD's numbers, measured.
const LEAST_WIDTH: f64 = 0.01;

/// How an element is drawn. Children take over the rule of filling and nothing else, as in OpenSCAD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) hidden: bool,
    pub(super) stroke_width: f64,
    pub(super) cap: Cap,
    pub(super) join: Join,
    pub(super) non_zero: bool,
}

impl Style {
    /// The style of an element in surroundings that fill by the non-zero rule or not. Areas go even-odd unless they say
    /// otherwise, which is not SVG's default but OpenSCAD's; and attributes beat the `style` attribute.
    pub(super) fn of(node: Node<'_, '_>, non_zero: bool) -> Self {
        let mut style =
            Self { hidden: false, stroke_width: 1.0, cap: Cap::Butt, join: Join::Miter, non_zero };
        for property in node.attribute("style").unwrap_or_default().split(';') {
            if let Some((name, value)) = property.split_once(':') {
                style.set(name.trim(), value);
            }
        }
        for attribute in node.attributes().filter(|attribute| attribute.namespace().is_none()) {
            style.set(attribute.name(), attribute.value());
        }
        style
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match (name, value) {
            ("display", "none") => self.hidden = true,
            ("stroke-width", _) => {
                let width = number(value).filter(|width| *width >= LEAST_WIDTH);
                self.stroke_width = width.unwrap_or(1.0);
            }
            ("stroke-linecap", "butt") => self.cap = Cap::Butt,
            ("stroke-linecap", "round") => self.cap = Cap::Round,
            ("stroke-linecap", "square") => self.cap = Cap::Square,
            ("stroke-linejoin", "round") => self.join = Join::Round,
            ("stroke-linejoin", "bevel") => self.join = Join::Bevel,
            ("stroke-linejoin", "miter") => self.join = Join::Miter,
            ("fill-rule", "nonzero") => self.non_zero = true,
            ("fill-rule", "evenodd") => self.non_zero = false,
            _ => {}
        }
    }
}

/// The name of an attribute of Inkscape's own.
pub(super) fn inkscape(name: &str) -> (&str, &str) {
    ("http://www.inkscape.org/namespaces/inkscape", name)
}
