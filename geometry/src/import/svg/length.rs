//! Lengths with their units.

use roxmltree::Node;

use crate::import::number;

/// Millimetres to the inch.
const INCH: f64 = 25.4;

/// A length as written: a number and its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Length {
    value: f64,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    /// Dots, of which `dpi` make an inch.
    None,
    /// So many to the inch.
    PerInch(f64),
    /// Percent of a length that depends on the place.
    Percent,
}

impl Length {
    /// Reads `12.5mm` and the like; none if there is no number or the unit is unknown.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let end = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').len();
        let unit = match &text[end..] {
            "" => Unit::None,
            "px" => Unit::PerInch(96.0),
            "pt" => Unit::PerInch(72.0),
            "pc" => Unit::PerInch(6.0),
            "in" => Unit::PerInch(1.0),
            "cm" => Unit::PerInch(2.54),
            "mm" => Unit::PerInch(INCH),
            "%" => Unit::Percent,
            _ => return None,
        };
        Some(Self { value: number(&text[..end])?, unit })
    }

    /// Hundred percent.
    pub(super) const FULL: Length = Length { value: 100.0, unit: Unit::Percent };

    /// In millimetres, where `whole` units are hundred percent.
    pub(super) fn millimetres(self, dpi: f64, whole: f64) -> f64 {
        match self.unit {
            Unit::None => self.value * INCH / dpi,
            Unit::PerInch(count) => self.value * INCH / count,
            Unit::Percent => self.value / 100.0 * whole * INCH / dpi,
        }
    }
}

/// The number in an attribute, in units of the drawing; 0 if there is none. OpenSCAD knows no units here.
pub(super) fn plain(node: Node<'_, '_>, attribute: &str) -> f64 {
    node.attribute(attribute).map(str::trim).and_then(number).unwrap_or(0.0)
}

/// Words separated by blanks and commas.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
}

/// Numbers separated by blanks and commas, up to the first that is none.
pub(super) fn numbers(text: &str) -> Vec<f64> {
    words(text).map_while(number).collect()
}
