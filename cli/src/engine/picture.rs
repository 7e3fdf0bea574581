//! Parts to draw as a scene to send.

use std::sync::Arc;

use scadstream_pipeline::{Control, DrawnPart, Pipeline, Stopped};
use scadstream_server::engine::{
    self, ChunkEntry, ChunkSource, RenderJob, Scene, raw_payload_bytes,
};
use scadstream_stream::{ChunkBuilder, ChunkInfo, ChunkOptions, ChunkPlan, Codec, grid_exponent};

use super::translate;

/// The scene of `parts`, approximate until the caller says otherwise. Chunks that the client does not have are encoded
/// now, because the manifest tells how long they are.
pub(super) fn scene(
    pipeline: &Arc<Pipeline>,
    parts: &[DrawnPart],
    job: &RenderJob,
    options: ChunkOptions,
    control: &Control<'_>,
) -> Result<Scene, Stopped> {
    let eye = job.camera.map(|camera| camera.eye);
    let plan = pipeline.plan(parts, options, eye, control)?;
    let wanted = |index: usize| !job.known.contains(&plan.infos()[index].hash.0);
    let encoded = pipeline.encode(&plan, codec(job.codec, &plan), &wanted, control)?;
    let entry = |(info, encoded): (&ChunkInfo, &Option<Arc<[u8]>>)| ChunkEntry {
        codec: encoded.as_ref().map_or(engine::Codec::Raw, |_| job.codec),
        payload_bytes: match encoded {
            Some(payload) => payload.len() as u32,
            None => raw_payload_bytes(info.vertices, info.triangles),
        },
        ..translate::chunk_entry(info)
    };
    Ok(Scene {
        exact: false,
        whole: true,
        parts: parts.iter().map(translate::part).collect(),
        chunks: plan.infos().iter().zip(&encoded).map(entry).collect(),
        source: Box::new(PlanSource {
            pipeline: Arc::clone(pipeline),
            plan,
            encoded,
            builder: ChunkBuilder::default(),
        }),
    })
}

/// The codec for a scene: the grid is as fine as its largest chunk allows.
fn codec(wanted: engine::Codec, plan: &ChunkPlan) -> Codec {
    match wanted {
        engine::Codec::Raw => Codec::Raw,
        engine::Codec::Meshopt => Codec::Meshopt,
        engine::Codec::MeshoptGrid => {
            let extents = plan.infos().iter().map(|info| {
                let [min, max] = info.bounds;
                (0..3).map(|axis| max[axis] - min[axis]).fold(0.0, f32::max)
            });
            Codec::MeshoptGrid { exponent: grid_exponent(extents.fold(0.0, f32::max)) }
        }
    }
}

/// Chunks of a plan: raw ones are made as they are sent.
struct PlanSource {
    pipeline: Arc<Pipeline>,
    plan: ChunkPlan,
    encoded: Vec<Option<Arc<[u8]>>>,
    builder: ChunkBuilder,
}

impl ChunkSource for PlanSource {
    fn write(&mut self, index: usize, payload: &mut [u8]) {
        match &self.encoded[index] {
            Some(encoded) => payload.copy_from_slice(encoded),
            None => self.pipeline.write_raw(&self.plan, index, &mut self.builder, payload),
        }
    }

    fn retained_bytes(&self) -> u64 {
        let encoded = self.encoded.iter().flatten().map(|payload| payload.len());
        (self.plan.retained_bytes() + encoded.sum::<usize>()) as u64
    }
}
