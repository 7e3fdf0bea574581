//! Booleans and other operations on children.

use scadstream_csg::{Kind, OffsetDelta, RoofMethod};

use crate::evaluator::Evaluator;
use crate::format;
use crate::modules::BuiltinModule;
use crate::modules::args::Args;

/// Operations without parameters.
pub(super) fn plain(module: BuiltinModule) -> Kind {
    match module {
        BuiltinModule::Union => Kind::Union,
        BuiltinModule::Difference => Kind::Difference,
        BuiltinModule::Intersection => Kind::Intersection,
        BuiltinModule::Hull => Kind::Hull,
        BuiltinModule::Fill => Kind::Fill,
        _ => Kind::Group,
    }
}

/// Operations with parameters.
pub(super) fn with_arguments(ev: &mut Evaluator<'_>, module: BuiltinModule, args: &Args) -> Kind {
    match module {
        BuiltinModule::Projection => {
            Kind::Projection { cut: args.bool(0).unwrap_or(false), convexity: args.convexity(1, 0) }
        }
        BuiltinModule::Offset => {
            Kind::Offset { delta: offset_delta(args), fragments: args.fragments(ev) }
        }
        BuiltinModule::Roof => roof(ev, args),
        BuiltinModule::Minkowski => Kind::Minkowski { convexity: args.convexity(0, 0) },
        _ => Kind::Render { convexity: args.convexity(0, 1) },
    }
}

/// `r` beats `delta`; neither is `r = 1`.
fn offset_delta(args: &Args) -> OffsetDelta {
    match (args.finite(0), args.finite(1)) {
        (None, Some(delta)) => {
            OffsetDelta::Straight { delta, chamfer: args.bool(2).unwrap_or(false) }
        }
        (r, _) => OffsetDelta::Round(r.unwrap_or(1.0)),
    }
}

fn roof(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let fragments = args.fragments(ev);
    let method = match args.get(0) {
        value if value.is_undef() => RoofMethod::Voronoi,
        value => match value.as_str() {
            Some("voronoi") => RoofMethod::Voronoi,
            Some("straight") => RoofMethod::Straight,
            _ => {
                let shown = format::quoted(value);
                ev.warn(format!("Unknown roof method {shown}. Using 'voronoi'."), args.location);
                RoofMethod::Voronoi
            }
        },
    };
    Kind::Roof { method, fragments, convexity: args.convexity(1, 1) }
}
