//! `dxf_dim` and `dxf_cross`: numbers read off a drawing. The file is read here, the world understands it.

use scadstream_csg::FileData;

use super::metrics::by_name;
use crate::builtin::{Args, Call};
use crate::evaluator::{Eval, Evaluator};
use crate::list::List;
use crate::value::Value;
use crate::world::{Drawing, Purpose};

/// Parameters, in the order of the manual. Both take `name`, which only `dxf_dim` looks at.
const PARAMETERS: [&str; 5] = ["file", "layer", "origin", "scale", "name"];

/// What a call asks for.
struct Question {
    file: FileData,
    layer: String,
    origin: [f64; 2],
    scale: f64,
    name: String,
}

impl Question {
    /// The question in a call's arguments; none, with a warning, if there is no such file.
    fn of(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &Args) -> Option<Self> {
        let values = by_name(ev, call, args, &PARAMETERS);
        let text = |index: usize| values[index].as_str().unwrap_or_default().to_owned();
        let (path, from) = (text(0), ev.file_of(call.location.source));
        let found = ev.world.resolve(&path, &from, Purpose::Data).filter(|_| !path.is_empty());
        let Some(bytes) = found.and_then(|file| ev.world.read(&file).ok()) else {
            ev.warn(format!("Can't open DXF file '{path}'!"), call.location);
            return None;
        };
        Some(Self {
            file: FileData::new(path, bytes),
            layer: text(1),
            origin: values[2].as_numbers().unwrap_or([0.0; 2]),
            scale: values[3].as_finite().unwrap_or(1.0),
            name: text(4),
        })
    }

    fn drawing(&self) -> Drawing<'_> {
        let layer = Some(self.layer.as_str()).filter(|layer| !layer.is_empty());
        Drawing { file: &self.file, layer, origin: self.origin, scale: self.scale }
    }
}

pub(super) fn dxf_dim(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    let Some(question) = Question::of(ev, call, args) else { return Ok(Value::Undef) };
    match ev.world.drawing_dimension(&question.drawing(), &question.name) {
        Some(value) => Ok(Value::Number(value)),
        None => {
            let Question { file, layer, name, .. } = &question;
            let missing =
                format!("Can't find dimension '{name}' in '{}', layer '{layer}'!", file.name);
            ev.undefined(missing, call.location)
        }
    }
}

pub(super) fn dxf_cross(ev: &mut Evaluator<'_>, call: &Call<'_>, args: &mut Args) -> Eval {
    let Some(question) = Question::of(ev, call, args) else { return Ok(Value::Undef) };
    match ev.world.drawing_crossing(&question.drawing()) {
        Some(point) => Ok(Value::List(List::from_slice(&point))),
        None => {
            let Question { file, layer, .. } = &question;
            let missing = format!("Can't find cross in '{}', layer '{layer}'!", file.name);
            ev.undefined(missing, call.location)
        }
    }
}
