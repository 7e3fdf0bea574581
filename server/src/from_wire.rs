//! The protocol's messages as the engine's plain data. Together with `to_wire` the only place that knows both.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use scadstream_protocol::message as wire;

use crate::engine;

/// The document and what is wanted of it. `uploads` are the uploaded files that the message names, by digest; `known` are
/// hashes of chunks that the client has.
///
/// `None` when an uploaded file is missing, which the supervisor has checked before.
pub(crate) fn render_job(
    message: wire::Render,
    uploads: &HashMap<[u8; 32], Arc<[u8]>>,
    codec: wire::Codec,
    known: HashSet<[u8; 16]>,
) -> Option<engine::RenderJob> {
    let file = |file: wire::SourceFile| {
        let content = match file.content {
            wire::FileContent::Inline(bytes) => bytes.into(),
            wire::FileContent::Uploaded { digest, .. } => Arc::clone(uploads.get(&digest.0)?),
        };
        Some(engine::DocumentFile { name: file.name, content })
    };
    let files = message.files.into_iter().map(file).collect::<Option<_>>()?;
    let overrides = message
        .overrides
        .into_iter()
        .map(|value| engine::Override { name: value.name, expression: value.expression });
    Some(engine::RenderJob {
        document: engine::Document { files, overrides: overrides.collect() },
        detail: detail(message.detail),
        camera: message.camera.map(camera),
        codec: match codec {
            wire::Codec::Meshopt => engine::Codec::Meshopt,
            wire::Codec::MeshoptGrid => engine::Codec::MeshoptGrid,
            _ => engine::Codec::Raw,
        },
        known: Arc::new(known),
    })
}

/// The kind of file; none for one that this version does not know.
pub(crate) fn export_format(format: wire::ExportFormat) -> Option<engine::ExportFormat> {
    use engine::ExportFormat as To;
    use wire::ExportFormat as From;
    Some(match format {
        From::StlBinary => To::StlBinary,
        From::StlAscii => To::StlAscii,
        From::Off => To::Off,
        From::Obj => To::Obj,
        From::ThreeMf => To::ThreeMf,
        From::Glb => To::Glb,
        From::Amf => To::Amf,
        From::Svg => To::Svg,
        From::Dxf => To::Dxf,
        From::Pdf => To::Pdf,
        From::Csg => To::Csg,
        From::Ast => To::Ast,
        From::Echo => To::Echo,
        From::Param => To::Param,
        From::Png => To::Png,
        _ => return None,
    })
}

/// A detail that this version does not know means the fullest service.
fn detail(detail: wire::Detail) -> engine::Detail {
    match detail {
        wire::Detail::Preview => engine::Detail::Preview,
        wire::Detail::Exact => engine::Detail::Exact,
        _ => engine::Detail::Both,
    }
}

fn camera(camera: wire::Camera) -> engine::Camera {
    let wire::Camera { eye, target, fov_deg, height_px } = camera;
    engine::Camera { eye, target, fov_deg, height_px }
}
