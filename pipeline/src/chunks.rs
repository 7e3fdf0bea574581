//! Chunk plans and encoded chunks by content: an edit plans and encodes what it changed.

use std::sync::Arc;

use rayon::prelude::*;
use scadstream_csg::ContentHash;
use scadstream_geometry::spatial::CellPatch;
use scadstream_geometry::{Mesh, Shell};
use scadstream_stream::{ChunkBuilder, ChunkOptions, ChunkPlan, Codec, MeshPlan, encode};

use crate::control::{Control, Stopped};
use crate::recent::{CacheFacts, Recent};
use crate::solved::DrawnPart;

/// The chunks of some cells of part 0.
pub(crate) fn plan_cells(
    cells: &[CellPatch],
    options: ChunkOptions,
    eye: Option<[f32; 3]>,
    control: &Control<'_>,
) -> Result<ChunkPlan, Stopped> {
    let plans = cells.iter().map(|cell| Ok((0, plan_mesh(&cell.patch.mesh, options, control)?)));
    Ok(ChunkPlan::new(plans.collect::<Result<_, Stopped>>()?, eye))
}

fn plan_mesh(
    mesh: &Arc<Mesh>,
    options: ChunkOptions,
    control: &Control<'_>,
) -> Result<Arc<MeshPlan>, Stopped> {
    let is_cancelled = || control.cancel.is_cancelled();
    let plan = MeshPlan::new(Arc::clone(mesh), options, &is_cancelled);
    Ok(Arc::new(plan.map_err(|_| Stopped::Cancelled)?))
}

/// What is known of meshes and chunks that were there before.
#[derive(Debug)]
pub(crate) struct ChunkCaches {
    plans: Recent<(ContentHash, ChunkOptions), Arc<MeshPlan>>,
    /// Payloads by the hash of what they decode to and how they are written; none for chunks that are best sent raw.
    encoded: Recent<(ContentHash, Codec), Option<Arc<[u8]>>>,
}

impl ChunkCaches {
    pub(crate) fn new(plan_bytes: usize, encoded_bytes: usize) -> Self {
        Self { plans: Recent::new(plan_bytes), encoded: Recent::new(encoded_bytes) }
    }

    /// The chunks of `parts`; part `i` of the plan is `parts[i]`.
    pub(crate) fn plan(
        &self,
        parts: &[DrawnPart],
        options: ChunkOptions,
        eye: Option<[f32; 3]>,
        control: &Control<'_>,
    ) -> Result<ChunkPlan, Stopped> {
        let of_mesh = |(part, mesh, content): (u32, &Arc<Mesh>, ContentHash)| {
            let key = (content, options);
            if let Some(plan) = self.plans.get(&key) {
                return Ok((part, plan));
            }
            let plan = plan_mesh(mesh, options, control)?;
            self.plans.insert(key, Arc::clone(&plan), plan.retained_bytes());
            Ok((part, plan))
        };
        let mut meshes = Vec::new();
        for (number, part) in (0..).zip(parts) {
            match &part.shell {
                Shell::Cells(cells) => meshes.extend(
                    cells.patches.iter().map(|cell| (number, &cell.patch.mesh, cell.content)),
                ),
                Shell::Mesh(mesh) => meshes.push((number, mesh, part.content)),
            }
        }
        let plans = meshes.into_par_iter().map(of_mesh).collect::<Result<_, Stopped>>()?;
        Ok(ChunkPlan::new(plans, eye))
    }

    /// The payloads of the chunks of `plan` for which `wanted` is true; none where raw is best.
    pub(crate) fn encode(
        &self,
        plan: &ChunkPlan,
        codec: Codec,
        wanted: &(dyn Fn(usize) -> bool + Sync),
        control: &Control<'_>,
    ) -> Result<Vec<Option<Arc<[u8]>>>, Stopped> {
        let of_chunk = |builder: &mut ChunkBuilder, index: usize| {
            if control.cancel.is_cancelled() {
                return Err(Stopped::Cancelled);
            }
            if codec == Codec::Raw || !wanted(index) {
                return Ok(None);
            }
            let key = (codec.hash(plan.infos()[index].hash), codec);
            if let Some(encoded) = self.encoded.get(&key) {
                return Ok(encoded);
            }
            let encoded = encode(&plan.chunk(index, builder), codec).map(Arc::<[u8]>::from);
            let bytes = encoded.as_ref().map_or(0, |payload| payload.len()) + size_of_val(&key);
            self.encoded.insert(key, encoded.clone(), bytes);
            Ok(encoded)
        };
        let chunks = (0..plan.infos().len()).into_par_iter();
        chunks.map_init(ChunkBuilder::default, of_chunk).collect()
    }

    /// Writes raw what a chunk decodes to. Making it costs far more than copying it, and many may ask for the same.
    pub(crate) fn write_raw(
        &self,
        plan: &ChunkPlan,
        codec: Codec,
        index: usize,
        builder: &mut ChunkBuilder,
        payload: &mut [u8],
    ) {
        let key = (codec.hash(plan.infos()[index].hash), Codec::Raw);
        if let Some(Some(made)) = self.encoded.get(&key) {
            payload.copy_from_slice(&made);
            return;
        }
        codec.decoded(plan.chunk(index, builder)).write(payload);
        let bytes = payload.len() + size_of_val(&key);
        self.encoded.insert(key, Some((&*payload).into()), bytes);
    }

    pub(crate) fn plan_facts(&self) -> CacheFacts {
        self.plans.facts()
    }

    pub(crate) fn encoded_facts(&self) -> CacheFacts {
        self.encoded.facts()
    }

    pub(crate) fn clear(&self) {
        self.plans.clear();
        self.encoded.clear();
    }
}
