//! The engine's plain data as messages of the protocol. Together with `from_wire` the only place that knows both.
//!
//! Lists that are longer than a frame are cut into several messages, texts that are longer than their limit are
//! shortened with an ellipsis: a model may echo whatever it likes, and its author still wants to see the rest.

use scadstream_protocol::limits;
use scadstream_protocol::message as wire;

use crate::engine;

/// A revision of a document, as the client numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Revision {
    pub(crate) document: u32,
    pub(crate) revision: u32,
}

/// Bytes of texts put into one `Diagnostics` frame; with the rest of each message it stays well below 1 MiB.
const DIAGNOSTICS_BYTES: usize = 256 << 10;
/// Messages of one `Diagnostics` frame.
const DIAGNOSTICS_COUNT: usize = 1000;

pub(crate) fn progress(
    of: Revision,
    progress: engine::Progress,
    memory_bytes: u64,
) -> wire::Progress {
    wire::Progress {
        document: of.document,
        revision: of.revision,
        stage: stage(progress.stage),
        fraction: progress.fraction.map(|fraction| fraction.clamp(0.0, 1.0)),
        place: progress.place.map(place),
        memory_bytes,
    }
}

/// What a revision will need, for a client.
pub(crate) fn forecast(of: Revision, needed_bytes: u64, limit_bytes: u64) -> wire::Forecast {
    wire::Forecast { document: of.document, revision: of.revision, needed_bytes, limit_bytes }
}

/// The messages, cut into as many frames as they need.
pub(crate) fn diagnostics(
    of: Revision,
    diagnostics: Vec<engine::Diagnostic>,
) -> impl Iterator<Item = wire::Diagnostics> {
    let mut rest = diagnostics.into_iter().map(diagnostic).peekable();
    std::iter::from_fn(move || {
        let mut list = Vec::new();
        let mut bytes = 0;
        while let Some(next) = rest.peek() {
            let size = next.message.len() + next.hints.iter().map(String::len).sum::<usize>();
            if !list.is_empty()
                && (bytes + size > DIAGNOSTICS_BYTES || list.len() == DIAGNOSTICS_COUNT)
            {
                break;
            }
            bytes += size;
            list.extend(rest.next());
        }
        (!list.is_empty()).then_some(wire::Diagnostics {
            document: of.document,
            revision: of.revision,
            list,
        })
    })
}

pub(crate) fn parameters(of: Revision, parameters: Vec<engine::Parameter>) -> wire::Parameters {
    let list =
        parameters.into_iter().take(limits::MAX_PARAMETERS).map(|parameter| wire::Parameter {
            name: shortened(parameter.name, limits::MAX_NAME_BYTES),
            caption: shortened(parameter.caption, limits::MAX_NAME_BYTES),
            group: shortened(parameter.group, limits::MAX_NAME_BYTES),
            initial: parameter_value(parameter.initial),
            widget: widget(parameter.widget),
        });
    wire::Parameters { document: of.document, revision: of.revision, list: list.collect() }
}

/// Facts that the sending side adds to the engine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sent {
    pub(crate) peak_memory_bytes: u64,
    pub(crate) payload_bytes: u64,
}

pub(crate) fn done(
    of: Revision,
    exact: bool,
    statistics: engine::Statistics,
    sent: Sent,
) -> wire::Done {
    let times = statistics.times.iter().take(limits::MAX_STAGE_TIMES);
    wire::Done {
        document: of.document,
        revision: of.revision,
        level: level(exact),
        statistics: wire::Statistics {
            volume: statistics.volume,
            area: statistics.area,
            bounds: statistics.bounds.map(|[min, max]| wire::Bounds { min, max }),
            genus: statistics.genus,
            triangles: statistics.triangles,
            vertices: statistics.vertices,
            times: times
                .map(|&(at, time)| wire::StageTime {
                    stage: stage(at),
                    seconds: time.as_secs_f64(),
                })
                .collect(),
            peak_memory_bytes: sent.peak_memory_bytes,
            bytes_sent: sent.payload_bytes,
            messages_suppressed: statistics.messages_suppressed,
            cells: statistics.cells,
            cells_cached: statistics.cells_cached,
        },
    }
}

pub(crate) fn failed(subject: wire::Subject, failure: engine::Failure) -> wire::Failed {
    let details = failure.details.into_iter().take(limits::MAX_DETAILS);
    wire::Failed {
        subject,
        code: failure_code(failure.code),
        message: shortened(failure.message, limits::MAX_STRING_BYTES),
        place: failure.place.map(place),
        details: details
            .map(|(key, value)| wire::FailureDetail {
                key: shortened(key, limits::MAX_NAME_BYTES),
                value: shortened(value, limits::MAX_STRING_BYTES),
            })
            .collect(),
    }
}

/// A failure without place and details.
pub(crate) fn plain_failure(
    subject: wire::Subject,
    code: wire::FailureCode,
    message: impl Into<String>,
) -> wire::Failed {
    let message = shortened(message.into(), limits::MAX_STRING_BYTES);
    wire::Failed { subject, code, message, place: None, details: Vec::new() }
}

/// How much of a scene's manifest has gone out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Announced {
    parts: usize,
    chunks: usize,
    triangles: u64,
    vertices: u64,
    bytes: u64,
}

impl Announced {
    /// Chunks announced so far.
    pub(crate) fn chunks(&self) -> usize {
        self.chunks
    }
}

/// The manifest of a piece of a scene, cut into as many messages as it needs. `push` says of each chunk whether it will
/// be sent; `announced` is what came before this piece, and is brought up to date.
pub(crate) fn manifest(
    of: Revision,
    scene_number: u32,
    piece: &engine::Scene,
    push: &[bool],
    announced: &mut Announced,
) -> impl Iterator<Item = wire::Manifest> {
    let (mut part, mut chunk) = (0, 0);
    let mut finished = false;
    std::iter::from_fn(move || {
        if std::mem::replace(&mut finished, true) {
            return None;
        }
        // All parts come before the chunks that name them.
        let parts = piece.parts.iter().skip(part).take(limits::MAX_PARTS / 8);
        let parts: Vec<wire::Part> = parts.map(manifest_part).collect();
        let parts_done = part + parts.len() == piece.parts.len();
        let room = if parts_done { MANIFEST_CHUNKS } else { 0 };
        let chunks = piece.chunks.iter().zip(push).skip(chunk).take(room);
        let chunks: Vec<wire::ChunkEntry> =
            chunks.map(|(entry, push)| manifest_chunk(entry, *push)).collect();
        for entry in &chunks {
            announced.triangles += u64::from(entry.triangles);
            announced.vertices += u64::from(entry.vertices);
            announced.bytes += u64::from(entry.bytes);
        }
        let (first_part, first_chunk) = (announced.parts as u32, announced.chunks as u32);
        part += parts.len();
        chunk += chunks.len();
        announced.parts += parts.len();
        announced.chunks += chunks.len();
        finished = parts_done && chunk == piece.chunks.len();
        Some(wire::Manifest {
            document: of.document,
            revision: of.revision,
            scene: scene_number,
            level: level(piece.exact),
            first_part,
            parts,
            first_chunk,
            chunks,
            last: finished && piece.whole,
            triangles: announced.triangles,
            vertices: announced.vertices,
            bytes: announced.bytes,
        })
    })
}

/// Chunks in one piece of a manifest. Half of what a frame can hold: the client starts to read while the next is made.
const MANIFEST_CHUNKS: usize = 5000;

pub(crate) fn chunk_header(
    of: Revision,
    scene_number: u32,
    index: u32,
    entry: &engine::ChunkEntry,
) -> wire::ChunkHeader {
    wire::ChunkHeader {
        document: of.document,
        revision: of.revision,
        scene: scene_number,
        index,
        hash: wire::ChunkHash(entry.hash),
        codec: codec(entry.codec),
        vertex_count: entry.vertices,
        index_count: entry.triangles * 3,
        index_width: wire::IndexWidth::U16,
    }
}

/// The stage as the protocol numbers it.
pub(crate) fn stage(stage: engine::Stage) -> wire::Stage {
    match stage {
        engine::Stage::Parse => wire::Stage::Parse,
        engine::Stage::Evaluate => wire::Stage::Evaluate,
        engine::Stage::Solve => wire::Stage::Solve,
        engine::Stage::Chunk => wire::Stage::Chunk,
        engine::Stage::Encode => wire::Stage::Encode,
    }
}

/// A level of pressure as the protocol numbers it.
pub(crate) fn pressure_level(level: engine::PressureLevel) -> wire::PressureLevel {
    match level {
        engine::PressureLevel::Low => wire::PressureLevel::Low,
        engine::PressureLevel::Moderate => wire::PressureLevel::Moderate,
        engine::PressureLevel::High => wire::PressureLevel::High,
        engine::PressureLevel::Critical => wire::PressureLevel::Critical,
    }
}

/// At most `max` bytes of a text, cut between characters.
pub(crate) fn shortened(mut text: String, max: usize) -> String {
    const ELLIPSIS: &str = "…";
    if text.len() > max {
        let end = text.floor_char_boundary(max - ELLIPSIS.len());
        text.truncate(end);
        text.push_str(ELLIPSIS);
    }
    text
}

fn manifest_part(part: &engine::Part) -> wire::Part {
    let kind = match part.kind {
        engine::PartKind::Solid => wire::PartKind::Solid,
        engine::PartKind::Highlight => wire::PartKind::Highlight,
        engine::PartKind::Background => wire::PartKind::Background,
        engine::PartKind::Flat => wire::PartKind::Flat,
    };
    let name = shortened(part.name.clone(), limits::MAX_NAME_BYTES);
    wire::Part { kind, color: part.color.map(wire::Rgba), name }
}

fn manifest_chunk(entry: &engine::ChunkEntry, push: bool) -> wire::ChunkEntry {
    wire::ChunkEntry {
        hash: wire::ChunkHash(entry.hash),
        part: entry.part,
        color: entry.color.map(wire::Rgba),
        min: entry.min,
        max: entry.max,
        vertices: entry.vertices,
        triangles: entry.triangles,
        bytes: entry.payload_bytes,
        codec: codec(entry.codec),
        delivery: if push { wire::Delivery::Push } else { wire::Delivery::Known },
    }
}

fn diagnostic(diagnostic: engine::Diagnostic) -> wire::Diagnostic {
    let severity = match diagnostic.severity {
        engine::Severity::Error => wire::Severity::Error,
        engine::Severity::Warning => wire::Severity::Warning,
        engine::Severity::Deprecated => wire::Severity::Deprecated,
        engine::Severity::Echo => wire::Severity::Echo,
        engine::Severity::Trace => wire::Severity::Trace,
        engine::Severity::Note => wire::Severity::Note,
    };
    let hints = diagnostic.hints.into_iter().take(limits::MAX_HINTS);
    wire::Diagnostic {
        severity,
        message: shortened(diagnostic.message, limits::MAX_STRING_BYTES),
        place: diagnostic.place.map(place),
        hints: hints.map(|hint| shortened(hint, limits::MAX_NAME_BYTES)).collect(),
    }
}

/// A place that a client can rely on: counted from 1, the end not before the start.
fn place(place: engine::Place) -> wire::Place {
    let start = (place.line.max(1), place.column.max(1));
    let (end_line, end_column) = (place.end_line, place.end_column).max(start);
    wire::Place {
        file: shortened(place.file, limits::MAX_NAME_BYTES),
        line: start.0,
        column: start.1,
        end_line,
        end_column,
    }
}

fn parameter_value(value: engine::ParameterValue) -> wire::ParameterValue {
    match value {
        engine::ParameterValue::Number(number) => wire::ParameterValue::Number(number),
        engine::ParameterValue::Bool(value) => wire::ParameterValue::Bool(value),
        engine::ParameterValue::Text(text) => {
            wire::ParameterValue::Text(shortened(text, limits::MAX_NAME_BYTES))
        }
        engine::ParameterValue::Vector(numbers) => wire::ParameterValue::Vector(numbers),
    }
}

fn widget(widget: engine::Widget) -> wire::Widget {
    match widget {
        engine::Widget::SpinBox { step } => wire::Widget::SpinBox { step },
        engine::Widget::Slider { min, max, step } => wire::Widget::Slider { min, max, step },
        engine::Widget::CheckBox => wire::Widget::CheckBox,
        engine::Widget::TextBox { max_length } => wire::Widget::TextBox { max_length },
        engine::Widget::DropDown { choices } => {
            let choices = choices.into_iter().take(limits::MAX_CHOICES).map(|(value, label)| {
                let label = shortened(label, limits::MAX_NAME_BYTES);
                wire::Choice { value: parameter_value(value), label }
            });
            wire::Widget::DropDown { choices: choices.collect() }
        }
    }
}

fn failure_code(code: engine::FailureCode) -> wire::FailureCode {
    match code {
        engine::FailureCode::Syntax => wire::FailureCode::Syntax,
        engine::FailureCode::Evaluation => wire::FailureCode::Evaluation,
        engine::FailureCode::Geometry => wire::FailureCode::Geometry,
        engine::FailureCode::MemoryLimit => wire::FailureCode::MemoryLimit,
        engine::FailureCode::UnsupportedFormat => wire::FailureCode::UnsupportedFormat,
        engine::FailureCode::File => wire::FailureCode::File,
        engine::FailureCode::Internal => wire::FailureCode::Internal,
    }
}

fn codec(codec: engine::Codec) -> wire::Codec {
    match codec {
        engine::Codec::Raw => wire::Codec::Raw,
        engine::Codec::Meshopt => wire::Codec::Meshopt,
        engine::Codec::MeshoptGrid => wire::Codec::MeshoptGrid,
    }
}

fn level(exact: bool) -> wire::Level {
    if exact { wire::Level::Exact } else { wire::Level::Coarse }
}
