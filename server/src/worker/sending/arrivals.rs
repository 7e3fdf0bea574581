//! What the job thread hands over, and chunks that are asked for again.

use std::collections::HashSet;

use scadstream_protocol::message as wire;

use super::file::OutgoingFile;
use super::frames::no_memory;
use super::job::{Content, Job, LastWord, Piece};
use super::{About, Finished, Sending};
use crate::engine::{ChunkEntry, ExportedFile, MAX_CHUNK_BYTES, Scene, Statistics};
use crate::ipc::{FromWorker, JobId};
use crate::to_wire;

impl Sending {
    pub(super) fn begin_scene(&mut self, id: JobId, scene: Scene) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let number = job.next_scene;
        job.next_scene += 1;
        // What was not sent of the scene before is not wanted any more.
        job.pending.clear();
        let announced = to_wire::Announced::default();
        let (pieces, hashes) = (Vec::new(), HashSet::new());
        job.content = Content::Scene { number, pieces, announced, hashes };
        self.extend_scene(id, scene);
    }

    pub(super) fn extend_scene(&mut self, id: JobId, scene: Scene) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if scene.chunks.iter().any(|entry| entry.payload_bytes as usize > MAX_CHUNK_BYTES) {
            tracing::error!(job = id, "the engine made a chunk that fits no frame");
            return;
        }
        let of = job.about.revision();
        let Content::Scene { number, pieces, announced, hashes } = &mut job.content else { return };
        // A chunk that occurs twice, as the teeth of a gear may, is sent once.
        let is_new =
            |entry: &ChunkEntry| hashes.insert(entry.hash) && !job.known.contains(&entry.hash);
        let push: Vec<bool> = scene.chunks.iter().map(is_new).collect();
        self.memory.chunks_reused += push.iter().filter(|push| !**push).count() as u64;
        let first = announced.chunks();
        for manifest in to_wire::manifest(of, *number, &scene, &push, announced) {
            self.link.send_frame(id, manifest);
        }
        let pushed = (first as u32..).zip(&push).filter(|(_, push)| **push);
        job.pending.extend(pushed.map(|(index, _)| index));
        let unsent = push.iter().filter(|push| **push).count();
        let Scene { exact, chunks, source, .. } = scene;
        pieces.push(Piece { first, exact, chunks, source: Some(source), unsent });
        self.want(id);
        self.bound_retained();
    }

    pub(super) fn begin_file(&mut self, id: JobId, file: ExportedFile) {
        // It is sent when the job is done: the last piece is the client's whole answer, and nothing may fail after it.
        if let Some(job) = self.jobs.get_mut(&id)
            && let About::Export { request, .. } = job.about
        {
            let file = OutgoingFile::new(request, file).unwrap_or_else(|e| no_memory(&e));
            job.content = Content::File(file);
        }
    }

    pub(super) fn end(&mut self, id: JobId, finished: Finished) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        match finished {
            Finished::Done(facts) => {
                let Statistics { cells, cells_cached, cells_merged, .. } = facts.statistics;
                let counts = [cells.saturating_sub(cells_cached), cells_cached, cells_merged];
                self.memory
                    .cells
                    .iter_mut()
                    .zip(counts)
                    .for_each(|(all, n)| *all = all.saturating_add(n));
                let mended = &mut self.memory.seam_edges_mended;
                *mended = mended.saturating_add(facts.statistics.seam_edges_mended);
                job.last_word = Some(LastWord::Done(facts));
                if let Content::File(file) = &job.content {
                    job.pending = (0..file.len()).collect();
                    self.want(id);
                }
                self.finish_if_sent(id);
            }
            Finished::Failed(failure) => {
                // What there is of a picture comes first: it may be all that the client will see.
                job.last_word = Some(LastWord::Failed(failure));
                self.finish_if_sent(id);
            }
            Finished::Cancelled => {
                self.jobs.remove(&id);
                self.link.send(&FromWorker::Sent { job: id });
            }
        }
    }

    pub(super) fn need(&mut self, id: JobId, scene: u32, chunks: &[u32]) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let is_number = matches!(&job.content, Content::Scene { number, .. } if *number == scene);
        let is_there = |job: &Job, index: u32| {
            is_number && job.piece_of(index).is_some_and(|(piece, _)| piece.source.is_some())
        };
        if let Some(missing) = chunks.iter().find(|index| !is_there(job, **index)) {
            let of = job.about.revision();
            let subject =
                wire::Subject::Need { document: of.document, revision: of.revision, scene };
            let message = format!("Chunk {missing} of scene {scene} is not there: render again.");
            let gone = to_wire::plain_failure(subject, wire::FailureCode::Gone, message);
            self.link.send_frame(id, gone);
        }
        for index in
            chunks.iter().copied().filter(|index| is_there(job, *index)).collect::<Vec<_>>()
        {
            if let Some((piece, _)) = job.piece_of_mut(index) {
                piece.unsent += 1;
            }
            job.pending.push_back(index);
        }
        self.want(id);
    }

    /// Tells how many bytes the job has in all, so that the supervisor lends it credit.
    fn want(&self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        let pending: u64 = job.pending.iter().map(|index| job.frame_len(*index) as u64).sum();
        self.link.send(&FromWorker::Wants { job: id, total_bytes: job.sent_bytes + pending });
    }
}
