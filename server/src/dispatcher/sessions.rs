//! What clients ask for.

use std::collections::HashMap;
use std::sync::Arc;

use scadstream_protocol::message::{self as wire, FailureCode, Subject};

use super::express::Record;
use super::{About, Dispatcher, Document, Reads, Session, Source};
use crate::credit::Ledger;
use crate::ipc::{JobId, ToWorker};
use crate::known_chunks::KnownChunks;
use crate::link_speed::LinkSpeed;
use crate::outbox::Outbox;
use crate::session::SessionId;

/// What the client hears of an older revision.
const SUPERSEDED: &str = "A newer revision took its place.";

impl Dispatcher {
    pub(super) fn open(
        &mut self,
        session: SessionId,
        outbox: Arc<Outbox>,
        credit: u64,
        reads: Reads,
    ) {
        let mut ledger = Ledger::default();
        ledger.give(credit);
        let opened = Session {
            outbox,
            ledger,
            known: KnownChunks::new(reads.known.into_iter().map(|hash| hash.0)),
            speed: LinkSpeed::new(reads.is_local, &reads.codecs),
            documents: HashMap::new(),
            stalled: false,
            record: Record::default(),
        };
        self.sessions.insert(session, opened);
        self.metrics.sessions.set(self.sessions.len() as i64);
    }

    pub(super) fn closed(&mut self, session: SessionId) {
        let jobs: Vec<JobId> = self.jobs_where(|job| job.session == session);
        for job in jobs {
            self.count_end(job, "abandoned");
            self.drop_job(job);
        }
        self.sessions.remove(&session);
        self.metrics.sessions.set(self.sessions.len() as i64);
        self.schedule();
    }

    pub(super) fn render(&mut self, id: SessionId, document: u32, revision: u32, source: Source) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let older = session.documents.get(&document);
        let peak_bytes = older.and_then(|older| older.peak_bytes);
        let needed_bytes = older.and_then(|older| older.needed_bytes);
        let newest =
            Document { revision, source: source.clone(), job: None, peak_bytes, needed_bytes };
        let older = session.documents.insert(document, newest);
        if let Some(job) = older.and_then(|older| older.job) {
            self.end_job(job, "superseded", FailureCode::Superseded, SUPERSEDED);
        }
        let about = About::Render { document, revision };
        let job = self.enqueue(id, about, source);
        if let Some(session) = self.sessions.get_mut(&id)
            && let Some(document) = session.documents.get_mut(&document)
        {
            document.job = job;
        }
        self.schedule();
    }

    pub(super) fn export(&mut self, id: SessionId, export: wire::Export, source: Option<Source>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let document = session.documents.get(&export.document);
        let newest = document.filter(|document| document.revision == export.revision);
        let source = source.or_else(|| newest.map(|document| document.source.clone()));
        let about = About::Export(export);
        match source {
            Some(source) if crate::from_wire::export_format(export.format).is_some() => {
                self.enqueue(id, about, source);
                self.schedule();
            }
            Some(_) => {
                let message = "This server does not know the file format asked for.";
                self.fail(id, None, about.subject(), FailureCode::UnsupportedFormat, message);
            }
            None => {
                let message = "Files are made of the newest revision of a document.";
                self.fail(id, None, about.subject(), FailureCode::Gone, message);
            }
        }
    }

    pub(super) fn cancel(
        &mut self,
        session: SessionId,
        document: u32,
        revision: u32,
        superseded: bool,
    ) {
        let Some(session) = self.sessions.get_mut(&session) else { return };
        let Some(newest) = session.documents.get(&document) else { return };
        if newest.revision > revision {
            return;
        }
        if let Some(id) = newest.job
            && self.jobs.get(&id).is_some_and(|job| !job.answered)
        {
            if superseded {
                self.end_job(id, "superseded", FailureCode::Superseded, SUPERSEDED);
            } else {
                self.end_job(id, "cancelled", FailureCode::Cancelled, "Cancelled.");
            }
            self.schedule();
        }
    }

    /// Tells the worker of a document's newest revision where its viewer stands; without one, the next `Render` does.
    pub(super) fn view(&mut self, id: SessionId, wire::View { document, camera }: wire::View) {
        let job = self.sessions.get(&id).and_then(|session| session.documents.get(&document)?.job);
        if let Some(job) = job
            && let Some(worker) = self.jobs.get(&job).and_then(|job| job.state.worker())
        {
            let wire::Camera { eye, target, fov_deg, height_px } = camera;
            let message = ToWorker::View { job, eye, target, fov_deg, height_px };
            self.pool.tell(worker, message, Vec::new());
        }
    }

    pub(super) fn need(&mut self, id: SessionId, need: wire::Need) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let document = session.documents.get(&need.document);
        let newest = document.filter(|document| document.revision == need.revision);
        let job = newest.and_then(|document| document.job);
        let at = job.and_then(|job| Some((job, self.jobs.get(&job)?.state.worker()?)));
        let wire::Need { document, revision, scene, chunks } = need;
        match at {
            Some((job, worker)) => {
                self.pool.tell(worker, ToWorker::Need { job, scene, chunks }, Vec::new());
            }
            None => {
                // Or the next revision would take them for known again.
                session.known.clear();
                let subject = Subject::Need { document, revision, scene };
                let message = "The scene is not there any more: render again.";
                self.fail(id, None, subject, FailureCode::Gone, message);
            }
        }
    }
}
