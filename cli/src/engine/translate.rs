//! The pipeline's types as the engine's.

use std::time::Duration;

use scadstream_geometry::spatial::CellStats;
use scadstream_geometry::{Paint, PartKind as GeometryPartKind};
use scadstream_pipeline::{
    Facts, Format, Message, Model, Place as PipelinePlace, Stage as PipelineStage,
};
use scadstream_stream::ChunkInfo;
use scadstream_syntax::Severity as SyntaxSeverity;

use scadstream_server::engine::{
    ChunkEntry, Codec, Diagnostic, ExportFormat, Failure, FailureCode, Part, PartKind, Place,
    Severity, Stage, Statistics,
};

/// OpenSCAD's colour of faces that an uncoloured object left when it was subtracted.
const CUT: [u8; 4] = [0x9d, 0xcb, 0x51, 0xff];

pub(super) fn diagnostic(message: &Message) -> Diagnostic {
    Diagnostic {
        severity: match message.severity {
            SyntaxSeverity::Error => Severity::Error,
            SyntaxSeverity::Warning => Severity::Warning,
            SyntaxSeverity::Deprecated => Severity::Deprecated,
            SyntaxSeverity::Echo => Severity::Echo,
            SyntaxSeverity::Trace => Severity::Trace,
            SyntaxSeverity::Note => Severity::Note,
        },
        message: message.text.clone(),
        place: message.place.as_ref().map(place),
        hints: message.hints.clone(),
    }
}

pub(super) fn place(place: &PipelinePlace) -> Place {
    Place {
        file: place.file.clone(),
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    }
}

/// The failure of a model that stopped with an error.
pub(super) fn failure(model: &Model) -> Failure {
    let code = if model.is_syntax_error() { FailureCode::Syntax } else { FailureCode::Evaluation };
    let error = model.first_error();
    let message = error.map_or("the model could not be evaluated", |error| &error.text).to_owned();
    let place = error.and_then(|error| error.place.as_ref()).map(place);
    Failure { code, message, place, details: Vec::new() }
}

pub(super) fn part(kind: GeometryPartKind) -> Part {
    let kind = match kind {
        GeometryPartKind::Solid => PartKind::Solid,
        GeometryPartKind::Flat => PartKind::Flat,
        GeometryPartKind::Highlight => PartKind::Highlight,
        GeometryPartKind::Background => PartKind::Background,
    };
    Part { kind, color: None, name: String::new() }
}

pub(super) fn chunk_entry(info: &ChunkInfo) -> ChunkEntry {
    let [min, max] = info.bounds;
    ChunkEntry {
        hash: info.hash.0,
        part: info.part,
        color: match info.paint {
            Paint::Default => None,
            Paint::Cut => Some(CUT),
            Paint::Color(rgba) => {
                Some(rgba.map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8))
            }
        },
        min,
        max,
        vertices: info.vertices,
        triangles: info.triangles,
        codec: Codec::Raw,
        payload_bytes: info.byte_len,
    }
}

pub(super) fn codec(codec: scadstream_stream::Codec) -> Codec {
    use scadstream_stream::Codec as Stream;
    match codec {
        Stream::Raw => Codec::Raw,
        Stream::Meshopt => Codec::Meshopt,
        Stream::MeshoptGrid { .. } => Codec::MeshoptGrid,
    }
}

pub(super) fn stage(stage: PipelineStage) -> Stage {
    match stage {
        PipelineStage::Evaluate => Stage::Evaluate,
        PipelineStage::Solve => Stage::Solve,
        PipelineStage::Chunk => Stage::Chunk,
        PipelineStage::Export => Stage::Encode,
    }
}

pub(super) fn statistics(
    facts: &Facts,
    cells: Option<CellStats>,
    times: Vec<(Stage, Duration)>,
) -> Statistics {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let cells = cells.unwrap_or_default();
    Statistics {
        volume: facts.volume,
        area: facts.area,
        bounds: facts.bounds,
        genus: facts.genus.and_then(|genus| i32::try_from(genus).ok()),
        triangles: facts.triangles,
        vertices: facts.vertices,
        times,
        messages_suppressed: 0,
        cells: count(cells.cells),
        cells_cached: count(cells.cached),
        cells_merged: count(cells.merged),
        seam_edges_mended: count(cells.mended_edges),
    }
}

pub(super) fn format(format: ExportFormat) -> Option<Format> {
    match format {
        ExportFormat::StlBinary => Some(Format::StlBinary),
        ExportFormat::StlAscii => Some(Format::StlAscii),
        ExportFormat::Off => Some(Format::Off),
        ExportFormat::Obj => Some(Format::Obj),
        ExportFormat::ThreeMf => Some(Format::ThreeMf),
        ExportFormat::Glb => Some(Format::Glb),
        ExportFormat::Amf => Some(Format::Amf),
        ExportFormat::Svg => Some(Format::Svg),
        ExportFormat::Dxf => Some(Format::Dxf),
        ExportFormat::Pdf => Some(Format::Pdf),
        ExportFormat::Png => Some(Format::Png),
        ExportFormat::Csg => Some(Format::Csg),
        ExportFormat::Echo => Some(Format::Echo),
        _ => None,
    }
}
