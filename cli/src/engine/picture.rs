//! Parts to draw as a scene to send.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scadstream_geometry::PartKind;
use scadstream_geometry::spatial::{CellPatch, View};
use scadstream_pipeline::{CellStream, Control, DrawnPart, Pipeline, Stopped};
use scadstream_server::engine::{self, ChunkEntry, ChunkSource, RenderJob, Scene};
use scadstream_stream::{
    ChunkBuilder, ChunkInfo, ChunkOptions, ChunkPlan, Codec, encode, grid_exponent,
};

use super::translate;
use super::work::Work;

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
    let codec = codec(job.codec, &plan);
    let wanted = |index: usize| !job.known.contains(&codec.hash(plan.infos()[index].hash).0);
    let encoded = pipeline.encode(&plan, codec, &wanted, control)?;
    let infos = plan.infos().iter().zip(&encoded);
    let chunks = infos.map(|(info, encoded)| entry(info, encoded.as_deref(), codec)).collect();
    Ok(Scene {
        exact: false,
        whole: true,
        parts: parts.iter().map(|part| translate::part(part.kind)).collect(),
        chunks,
        source: Box::new(PlanSource {
            pipeline: Arc::clone(pipeline),
            plan,
            codec,
            encoded,
            builder: ChunkBuilder::default(),
        }),
    })
}

/// What the manifest says of a chunk: as it was encoded in `codec`, or raw.
fn entry(info: &ChunkInfo, encoded: Option<&[u8]>, codec: Codec) -> ChunkEntry {
    let raw = ChunkEntry { hash: codec.hash(info.hash).0, ..translate::chunk_entry(info) };
    match encoded {
        Some(payload) => ChunkEntry {
            codec: translate::codec(codec),
            payload_bytes: payload.len() as u32,
            ..raw
        },
        None => raw,
    }
}

/// A large model's cells as they are solved: a scene that grows.
pub(super) struct GrowingScene<'a, 'w> {
    pipeline: &'a Pipeline,
    work: &'a Work<'w>,
    job: &'a RenderJob,
    options: ChunkOptions,
    /// Held while the sink is given a scene, so that these come in one order.
    state: Mutex<Growth>,
}

#[derive(Clone, Copy, Default)]
struct Growth {
    /// Whether cells came.
    is_begun: bool,
    /// Length of the edges of the largest cell.
    largest_edge: f64,
}

impl<'a, 'w> GrowingScene<'a, 'w> {
    pub(super) fn new(
        pipeline: &'a Pipeline,
        work: &'a Work<'w>,
        job: &'a RenderJob,
        options: ChunkOptions,
    ) -> Self {
        Self { pipeline, work, job, options, state: Mutex::default() }
    }

    /// Shows a picture, unless the scene was begun that takes its place.
    pub(super) fn show_before(&self, picture: Scene) {
        let state = self.lock();
        if !state.is_begun {
            self.work.sink().scene(picture);
        }
    }

    /// Adds the last piece, whose parts come after the model itself; all there is if no cell has a surface.
    pub(super) fn finish(&self, mut rest: Scene) {
        rest.exact = true;
        if self.lock().is_begun {
            rest.chunks.iter_mut().for_each(|chunk| chunk.part += 1);
            self.work.sink().extend_scene(rest);
        } else {
            self.work.sink().scene(rest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Growth> {
        // Whole after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn piece(&self, cells: &[CellPatch]) -> Result<Scene, Stopped> {
        let control = self.work.control();
        let eye = self.view().map(|view| view.eye.map(|x| x as f32));
        let plan = self.pipeline.plan_cells(cells, self.options, eye, &control)?;
        // One grid for all chunks, or they would not fit each other.
        let codec = codec_for(self.job.codec, self.lock().largest_edge as f32);
        let mut builder = ChunkBuilder::default();
        let mut chunks = Vec::with_capacity(plan.infos().len());
        let mut payloads = Vec::with_capacity(plan.infos().len());
        for (index, info) in plan.infos().iter().enumerate() {
            // One that the client has is not worth encoding, but may be asked for after all.
            let is_known = self.job.known.contains(&codec.hash(info.hash).0);
            let chunk = plan.chunk(index, &mut builder);
            let encoded = if is_known { None } else { encode(&chunk, codec) };
            chunks.push(entry(info, encoded.as_deref(), codec));
            let payload = encoded.unwrap_or_else(|| {
                let mut raw = vec![0; chunk.byte_len()];
                codec.decoded(chunk).write(&mut raw);
                raw
            });
            payloads.push(payload.into());
        }
        Ok(Scene {
            exact: true,
            whole: false,
            parts: Vec::new(),
            chunks,
            source: Box::new(Payloads(payloads)),
        })
    }
}

impl CellStream for GrowingScene<'_, '_> {
    fn view(&self) -> Option<View> {
        let engine::Camera { eye, target, fov_deg, .. } =
            self.work.job.camera().or(self.job.camera)?;
        let [eye, target] = [eye, target].map(|point| point.map(f64::from));
        Some(View { eye, target, fov_deg: f64::from(fov_deg) })
    }

    fn begin(&self, _cells: usize, largest_edge: f64) {
        *self.lock() = Growth { is_begun: false, largest_edge };
    }

    fn cells(&self, cells: Vec<CellPatch>) {
        // Cancelled: then nobody wants it.
        let Ok(mut piece) = self.piece(&cells) else { return };
        let mut state = self.lock();
        let mut sink = self.work.sink();
        if state.is_begun {
            sink.extend_scene(piece);
        } else {
            piece.parts = vec![translate::part(PartKind::Solid)];
            sink.scene(piece);
            state.is_begun = true;
        }
    }
}

/// Chunks that were made when their cells were solved.
struct Payloads(Vec<Box<[u8]>>);

impl ChunkSource for Payloads {
    fn write(&mut self, index: usize, payload: &mut [u8]) {
        payload.copy_from_slice(&self.0[index]);
    }

    fn retained_bytes(&self) -> u64 {
        self.0.iter().map(|payload| payload.len() as u64).sum()
    }
}

/// The codec for a scene: the grid is as fine as its largest chunk allows.
fn codec(wanted: engine::Codec, plan: &ChunkPlan) -> Codec {
    let extents = plan.infos().iter().map(|info| {
        let [min, max] = info.bounds;
        (0..3).map(|axis| max[axis] - min[axis]).fold(0.0, f32::max)
    });
    codec_for(wanted, extents.fold(0.0, f32::max))
}

/// The codec for a scene whose chunks are no larger than this along any axis.
fn codec_for(wanted: engine::Codec, largest: f32) -> Codec {
    match wanted {
        engine::Codec::Raw => Codec::Raw,
        engine::Codec::Meshopt => Codec::Meshopt,
        engine::Codec::MeshoptGrid => Codec::MeshoptGrid { exponent: grid_exponent(largest) },
    }
}

/// Chunks of a plan: raw ones are made as they are sent.
struct PlanSource {
    pipeline: Arc<Pipeline>,
    plan: ChunkPlan,
    codec: Codec,
    encoded: Vec<Option<Arc<[u8]>>>,
    builder: ChunkBuilder,
}

impl ChunkSource for PlanSource {
    fn write(&mut self, index: usize, payload: &mut [u8]) {
        match &self.encoded[index] {
            Some(encoded) => payload.copy_from_slice(encoded),
            None => {
                let Self { pipeline, plan, codec, builder, .. } = self;
                pipeline.write_raw(plan, *codec, index, builder, payload);
            }
        }
    }

    fn retained_bytes(&self) -> u64 {
        let encoded = self.encoded.iter().flatten().map(|payload| payload.len());
        (self.plan.retained_bytes() + encoded.sum::<usize>()) as u64
    }
}
