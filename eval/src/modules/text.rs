//! `text`.

use std::sync::Arc;

use scadstream_csg::{Kind, TextParameters};

use crate::evaluator::Evaluator;
use crate::modules::args::Args;

pub(super) fn text(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let fragments = args.fragments(ev);
    Kind::Text(Arc::new(TextParameters {
        fragments,
        ..text_parameters(ev, |i| args.get(i).clone())
    }))
}

/// Parameters of `text` and `textmetrics`, from the arguments by their number in the list of parameters.
pub(crate) fn text_parameters(
    ev: &Evaluator<'_>,
    get: impl Fn(usize) -> crate::value::Value,
) -> TextParameters {
    let string = |i: usize, default: &str| get(i).as_str().unwrap_or(default).to_owned();
    TextParameters {
        text: string(0, ""),
        size: get(1).as_finite().unwrap_or(10.0),
        em: get(9).as_finite(),
        font: string(2, ""),
        direction: string(3, ""),
        language: string(4, "en"),
        script: string(5, ""),
        // Vertical text that says nothing is centred, where one that says "left" is not.
        halign: string(6, ""),
        valign: string(7, "baseline"),
        spacing: get(8).as_finite().unwrap_or(1.0),
        fonts: ev.program.fonts.clone(),
        fragments: scadstream_csg::Fragments::default(),
    }
}
