//! What of an element's style matters to its area.

use roxmltree::Node;

use super::length::Length;
use crate::import::number;
use crate::offset::{Cap, Join};

/// Properties that children take over from their parents, and whether the element is drawn at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) hidden: bool,
    pub(super) stroke_width: f64,
    pub(super) cap: Cap,
    pub(super) join: Join,
    pub(super) non_zero: bool,
}

impl Default for Style {
    /// An outline of one unit's width. Areas go even-odd unless they say otherwise, which is not SVG's default but
    /// OpenSCAD's.
    fn default() -> Self {
        Self {
            hidden: false,
            stroke_width: 1.0,
            cap: Cap::Butt,
            join: Join::Miter,
            non_zero: false,
        }
    }
}

impl Style {
    /// The style of an element in surroundings of this style. The `style` attribute beats the others.
    pub(super) fn of(mut self, node: Node<'_, '_>) -> Self {
        for attribute in node.attributes().filter(|attribute| attribute.namespace().is_none()) {
            self.set(attribute.name(), attribute.value());
        }
        for property in node.attribute("style").unwrap_or_default().split(';') {
            if let Some((name, value)) = property.split_once(':') {
                self.set(name.trim(), value);
            }
        }
        self
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match (name, value) {
            ("display", "none") => self.hidden = true,
            ("stroke-width", _) => {
                let digits = value.strip_suffix("px").unwrap_or(value);
                if let Some(width) = number(digits).filter(|width| *width >= 0.0) {
                    self.stroke_width = width;
                } else if let Some(length) = Length::parse(value) {
                    // Units of the drawing are dots here, 96 to the inch, as everywhere in SVG.
                    self.stroke_width = length.millimetres(96.0, 0.0) * 96.0 / 25.4;
                }
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
