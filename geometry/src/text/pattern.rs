//! Font names as `text()` takes them: fontconfig patterns such as `Liberation Sans:style=Bold Italic`.
//!
//! A pattern is a list of families, separated by commas, then properties, each after a colon. Understood are `style`,
//! `weight`, `slant`, `width`, `fontfeatures`, and fontconfig's constants alone (`:bold`). Others are passed over.

use fontdb::{Stretch, Style, Weight};
use harfrust::Feature;

/// A font wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    /// Families, the best first; empty for the default.
    pub(crate) families: Vec<String>,
    /// Weight.
    pub(crate) weight: Weight,
    /// Slant.
    pub(crate) slant: Style,
    /// Width.
    pub(crate) stretch: Stretch,
    /// The style's name where it holds words that none of the above can stand for.
    pub(crate) style_name: Option<String>,
    /// OpenType features to switch.
    pub(crate) features: Vec<Feature>,
}

impl Pattern {
    /// Reads a pattern. Anything is one.
    pub(crate) fn parse(text: &str) -> Self {
        let mut pattern = Self {
            families: Vec::new(),
            weight: Weight::NORMAL,
            slant: Style::Normal,
            stretch: Stretch::Normal,
            style_name: None,
            features: Vec::new(),
        };
        let mut parts = text.split(':');
        let families = parts.next().unwrap_or_default().split(',').map(str::trim);
        pattern.families = families.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        for part in parts {
            match part.split_once('=') {
                Some((name, value)) => pattern.property(name.trim(), value.trim()),
                None => {
                    pattern.word(part.trim());
                }
            }
        }
        pattern
    }

    fn property(&mut self, name: &str, value: &str) {
        match name {
            "style" => {
                let words = value.split(|c: char| c == ',' || c.is_whitespace());
                let known = words.filter(|word| !word.is_empty()).all(|word| self.word(word));
                self.style_name = (!known).then(|| value.to_owned());
            }
            "fontfeatures" => {
                let list = value.split([',', ';']).map(str::trim);
                self.features.extend(list.filter_map(|feature| feature.parse::<Feature>().ok()));
            }
            "weight" => match value.parse::<f64>() {
                Ok(number) => self.weight = weight_of_fontconfig(number),
                Err(_) => {
                    self.word(value);
                }
            },
            "slant" => match value.parse::<f64>() {
                Ok(number) if number >= 110.0 => self.slant = Style::Oblique,
                Ok(number) if number > 0.0 => self.slant = Style::Italic,
                Ok(_) => self.slant = Style::Normal,
                Err(_) => {
                    self.word(value);
                }
            },
            "width" => {
                self.word(value);
            }
            _ => {}
        }
    }

    /// Takes in one word of a style; whether it is known.
    fn word(&mut self, word: &str) -> bool {
        match word.to_ascii_lowercase().replace('-', "").as_str() {
            "thin" | "hairline" => self.weight = Weight::THIN,
            "extralight" | "ultralight" => self.weight = Weight::EXTRA_LIGHT,
            "light" => self.weight = Weight::LIGHT,
            "regular" | "normal" | "book" | "roman" => {}
            "medium" => self.weight = Weight::MEDIUM,
            "semibold" | "demibold" | "demi" => self.weight = Weight::SEMIBOLD,
            "bold" => self.weight = Weight::BOLD,
            "extrabold" | "ultrabold" => self.weight = Weight::EXTRA_BOLD,
            "black" | "heavy" => self.weight = Weight::BLACK,
            "italic" => self.slant = Style::Italic,
            "oblique" => self.slant = Style::Oblique,
            "ultracondensed" => self.stretch = Stretch::UltraCondensed,
            "extracondensed" => self.stretch = Stretch::ExtraCondensed,
            "condensed" | "narrow" => self.stretch = Stretch::Condensed,
            "semicondensed" => self.stretch = Stretch::SemiCondensed,
            "semiexpanded" => self.stretch = Stretch::SemiExpanded,
            "expanded" => self.stretch = Stretch::Expanded,
            _ => return false,
        }
        true
    }
}

/// fontconfig counts weights of its own: 80 is regular and 200 bold.
fn weight_of_fontconfig(number: f64) -> Weight {
    const SCALE: [(f64, u16); 10] = [
        (0.0, 100),
        (40.0, 200),
        (50.0, 300),
        (80.0, 400),
        (100.0, 500),
        (180.0, 600),
        (200.0, 700),
        (205.0, 800),
        (210.0, 900),
        (215.0, 950),
    ];
    let nearest = SCALE.iter().min_by(|a, b| (a.0 - number).abs().total_cmp(&(b.0 - number).abs()));
    Weight(nearest.map_or(400, |(_, weight)| *weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let p = Pattern::parse(text);
        let features: Vec<String> =
            p.features.iter().map(|f| format!("{}={}", f.tag, f.value)).collect();
        expected.assert_eq(&format!(
            "{:?} {} {:?} {:?} {:?} {features:?}",
            p.families, p.weight.0, p.slant, p.stretch, p.style_name
        ));
    }

    #[test]
    fn families_and_styles() {
        check("", expect!["[] 400 Normal Normal None []"]);
        check("Liberation Sans", expect![[r#"["Liberation Sans"] 400 Normal Normal None []"#]]);
        check("A, B:style=Bold Italic", expect![[r#"["A", "B"] 700 Italic Normal None []"#]]);
        check("A:bold:oblique", expect![[r#"["A"] 700 Oblique Normal None []"#]]);
        check(
            "A:style=Condensed Fancy",
            expect![[r#"["A"] 400 Normal Condensed Some("Condensed Fancy") []"#]],
        );
        check("A:weight=200:slant=100", expect![[r#"["A"] 700 Italic Normal None []"#]]);
        check("A:weight=light:lang=de", expect![[r#"["A"] 300 Normal Normal None []"#]]);
    }

    #[test]
    fn features() {
        check(
            "A:style=Bold:fontfeatures=+smcp,-liga;aalt=2",
            expect![[r#"["A"] 700 Normal Normal None ["smcp=1", "liga=0", "aalt=2"]"#]],
        );
        check("A:fontfeatures=,+toolong,", expect![[r#"["A"] 400 Normal Normal None []"#]]);
    }

    #[test]
    fn nonsense_is_passed_over() {
        check(":::=:style=", expect!["[] 400 Normal Normal None []"]);
        check(",,:weight=nan:slant=x", expect!["[] 100 Normal Normal None []"]);
    }
}
