//! `import` and `surface`: the file is read here, its content is understood by geometry.

use std::sync::Arc;

use scadstream_csg::{FileData, ImportParameters, Kind};
use scadstream_syntax::SourceId;

use crate::evaluator::Evaluator;
use crate::modules::args::Args;
use crate::world::Purpose;

/// The file that a module names, looked for beside the source file that calls it.
fn read(
    ev: &mut Evaluator<'_>,
    args: &Args,
    what: &str,
    path: Option<&str>,
) -> (Arc<str>, Option<FileData>) {
    let path = path.unwrap_or_default();
    let from = ev.file_of(args.location.source);
    let found = ev.world.resolve(path, &from, Purpose::Data).filter(|_| !path.is_empty());
    // Paths of the main file show as written, those of other files relative to the main file's folder.
    let in_main = args.location.source == SourceId(0);
    let bytes = found.and_then(|file| {
        let name = if in_main { path.to_owned() } else { ev.world.display_name(&file) };
        Some((name, ev.world.read(&file).ok()?))
    });
    match bytes {
        Some((name, bytes)) => (name.as_str().into(), Some(FileData::new(name, bytes))),
        None => {
            if !path.is_empty() {
                ev.warn(format!("Can't open {what} file '{path}'."), args.location);
            }
            (path.into(), None)
        }
    }
}

pub(super) fn import(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let fragments = args.fragments(ev);
    let path = args.string(0).or_else(|| args.string(7));
    let (name, file) = read(ev, args, "import", path);
    let layer = args.string(1).or_else(|| args.string(8)).filter(|layer| !layer.is_empty());
    Kind::Import(Arc::new(ImportParameters {
        name,
        file,
        layer: layer.map(str::to_owned),
        id: args.string(11).filter(|id| !id.is_empty()).map(str::to_owned),
        origin: args.get(3).as_numbers().unwrap_or([0.0; 2]),
        scale: args.finite(4).filter(|scale| *scale > 0.0).unwrap_or(1.0),
        center: args.bool(9).unwrap_or(false),
        dpi: args.finite(10).filter(|dpi| *dpi > 0.0).unwrap_or(72.0),
        convexity: args.convexity(2, 1),
        fragments,
    }))
}

pub(super) fn surface(ev: &mut Evaluator<'_>, args: &Args) -> Kind {
    let (name, file) = read(ev, args, "surface", args.string(0));
    Kind::Surface {
        name,
        file: file.map(Box::new),
        center: args.bool(1).unwrap_or(false),
        invert: args.bool(3).unwrap_or(false),
        convexity: args.convexity(2, 1),
    }
}
