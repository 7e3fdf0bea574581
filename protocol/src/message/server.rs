//! Messages from server to client, but for the scene's and the customizer's.

use bytes::Bytes;
use wincode::adapter::FromInto;
use wincode::{SchemaRead, SchemaWrite};

use super::{Bounds, Codec, FailureCode, FileDigest, Level, Place, PressureLevel, Severity, Stage};
use crate::error::FieldError;
use crate::limits::{self, Check, List};

/// Answers `Hello`: the session is open.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Welcome {
    /// Version that both will speak; not above `Hello.version`.
    pub version: u32,
    /// Name of the session in the server's logs.
    pub session: String,
    /// Name and version of the server.
    pub server: String,
    /// Codecs that the server may use with this client, best first.
    #[wincode(with = "List<FromInto<u32, Codec>, { limits::MAX_CODECS * size_of::<Codec>() }>")]
    pub codecs: Vec<Codec>,
    /// What this server allows.
    pub limits: ServerLimits,
}

/// What a server allows; at most what the protocol does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct ServerLimits {
    /// Longest frame that it takes, in bytes.
    pub frame_bytes: u32,
    /// Documents of a session.
    pub documents: u32,
    /// Files of a document.
    pub files: u32,
    /// Bytes of all files of a document together, inline and uploaded.
    pub document_bytes: u64,
    /// Bytes that it keeps of a session's uploads.
    pub upload_bytes: u64,
    /// Chunks that it remembers the client to have.
    pub known_chunks: u32,
    /// Memory of a job, in bytes; 0: no fixed limit.
    pub job_memory_bytes: u64,
    /// Time of a job in milliseconds; 0: no fixed limit.
    pub job_time_ms: u32,
}

/// A job waits for a worker or for memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Queued {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// Jobs ahead of it.
    pub position: u32,
}

/// A revision will most likely need more memory than it may have: then its picture stays one of reduced detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Forecast {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// What it is expected to need.
    pub needed_bytes: u64,
    /// What it may have.
    pub limit_bytes: u64,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Progress {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// What it is at.
    #[wincode(with = "FromInto<u32, _>")]
    pub stage: Stage,
    /// How much of the stage is done, from 0 to 1; none: not known.
    pub fraction: Option<f32>,
    /// What it works on.
    pub place: Option<Place>,
    /// Live memory of the worker, in bytes.
    pub memory_bytes: u64,
}

/// Messages about the model, further ones to those of earlier frames of the revision.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Diagnostics {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// The messages, in the order in which OpenSCAD prints them.
    #[wincode(with = "List<Diagnostic, { limits::MAX_DIAGNOSTICS * size_of::<Diagnostic>() }>")]
    pub list: Vec<Diagnostic>,
}

/// One message about the model.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Diagnostic {
    /// Its group.
    #[wincode(with = "FromInto<u32, _>")]
    pub severity: Severity,
    /// The text, without the group's prefix and without the place.
    pub message: String,
    /// Where in the source it arose.
    pub place: Option<Place>,
    /// Advice, one sentence each.
    #[wincode(with = "List<String, { limits::MAX_HINTS * size_of::<String>() }>")]
    pub hints: Vec<String>,
}

/// A revision is complete: nothing more of it follows but what `Need` and `Export` ask for.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Done {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// How good the last scene is.
    #[wincode(with = "FromInto<u32, _>")]
    pub level: Level,
    /// Facts of it.
    pub statistics: Statistics,
}

/// Facts of a result and of the work for it.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Statistics {
    /// Volume; 0 for a 2D result.
    pub volume: f64,
    /// Surface area; for a 2D result its area.
    pub area: f64,
    /// The result's box; none when the result is empty.
    pub bounds: Option<Bounds>,
    /// Genus of the surface, where it is known.
    pub genus: Option<i32>,
    /// Triangles.
    pub triangles: u64,
    /// Vertices, each once.
    pub vertices: u64,
    /// Time spent, by stage.
    #[wincode(with = "List<StageTime, { limits::MAX_STAGE_TIMES * size_of::<StageTime>() }>")]
    pub times: Vec<StageTime>,
    /// Most live memory of the worker during the job, in bytes.
    pub peak_memory_bytes: u64,
    /// Payload bytes sent for this revision.
    pub bytes_sent: u64,
    /// Messages left out because there were too many.
    pub messages_suppressed: u32,
    /// Cells that the model was solved by; 0 when it was solved as a whole.
    pub cells: u32,
    /// Of those, cells that were known from before.
    pub cells_cached: u32,
}

/// Time of a stage.
#[derive(Debug, Clone, Copy, PartialEq, SchemaWrite, SchemaRead)]
pub struct StageTime {
    /// The stage.
    #[wincode(with = "FromInto<u32, _>")]
    pub stage: Stage,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Something cannot be done. The session goes on unless the connection is closed after it.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Failed {
    /// What failed.
    pub subject: Subject,
    /// Why, for programs.
    #[wincode(with = "FromInto<u32, _>")]
    pub code: FailureCode,
    /// Why, for people: one sentence or a few.
    pub message: String,
    /// Where in the source.
    pub place: Option<Place>,
    /// Facts, such as `needed_bytes` = `3100000000`; keys are listed in `SPEC.md`.
    #[wincode(with = "List<FailureDetail, { limits::MAX_DETAILS * size_of::<FailureDetail>() }>")]
    pub details: Vec<FailureDetail>,
}

/// What a failure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, SchemaWrite, SchemaRead)]
pub enum Subject {
    /// The session: a message that could not be read, the server's state.
    Session,
    /// A revision; nothing more of it follows.
    Render {
        /// The document.
        document: u32,
        /// The revision.
        revision: u32,
    },
    /// An export.
    Export {
        /// `Export.request`.
        request: u32,
    },
    /// An upload.
    Upload {
        /// `Upload.digest`.
        digest: FileDigest,
    },
    /// Chunks asked for with `Need`.
    Need {
        /// The document.
        document: u32,
        /// The revision.
        revision: u32,
        /// The scene.
        scene: u32,
    },
}

/// A fact of a failure.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct FailureDetail {
    /// What.
    pub key: String,
    /// How much, or which.
    pub value: String,
}

/// The server's memory; sent to every session when the level changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Pressure {
    /// The level.
    #[wincode(with = "FromInto<u32, _>")]
    pub level: PressureLevel,
    /// Bytes used.
    pub used_bytes: u64,
    /// Bytes there are.
    pub limit_bytes: u64,
}

/// Header of [`File`].
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct FileHeader {
    /// `Export.request`.
    pub request: u32,
    /// A name for the file, with its extension and without folders.
    pub name: String,
    /// Offset of this piece in the file; pieces come in order and without gaps.
    pub offset: u64,
    /// Whether this is the last piece.
    pub last: bool,
}

/// A piece of an exported file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Which file, and where in it.
    pub header: FileHeader,
    /// The bytes; a slice of the frame that was decoded.
    pub payload: Bytes,
}

/// Answers `Ping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Pong {
    /// `Ping.nonce`.
    pub nonce: u32,
}

/// Files that a `Render` names by digest and the server does not have. The job is not started: upload them, then send
/// the same `Render` again.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Wanted {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// Digests of the files.
    #[wincode(with = "List<FileDigest, { limits::MAX_WANTED * size_of::<FileDigest>() }>")]
    pub digests: Vec<FileDigest>,
}

impl Check for Welcome {
    fn check(&self) -> Result<(), FieldError> {
        limits::require("Welcome.version", self.version >= 1, "is at least 1")?;
        limits::text("Welcome.session", &self.session, limits::MAX_NAME_BYTES)?;
        limits::text("Welcome.server", &self.server, limits::MAX_NAME_BYTES)?;
        limits::list("Welcome.codecs", &self.codecs, limits::MAX_CODECS)?;
        let allowed = &self.limits;
        let frame = allowed.frame_bytes.into();
        limits::at_most("Welcome.limits.frame_bytes", frame, limits::MAX_FRAME_BYTES as u64)?;
        limits::big_count("Welcome.limits.document_bytes", allowed.document_bytes)?;
        limits::big_count("Welcome.limits.upload_bytes", allowed.upload_bytes)?;
        limits::big_count("Welcome.limits.job_memory_bytes", allowed.job_memory_bytes)
    }
}

impl Check for Progress {
    fn check(&self) -> Result<(), FieldError> {
        let fraction = self.fraction.is_none_or(|fraction| (0.0..=1.0).contains(&fraction));
        limits::require("Progress.fraction", fraction, "is from 0 to 1")?;
        limits::big_count("Progress.memory_bytes", self.memory_bytes)?;
        self.place.as_ref().map_or(Ok(()), |place| place.check("Progress.place"))
    }
}

impl Check for Diagnostics {
    fn check(&self) -> Result<(), FieldError> {
        limits::list("Diagnostics.list", &self.list, limits::MAX_DIAGNOSTICS)?;
        for diagnostic in &self.list {
            let message = &diagnostic.message;
            limits::text("Diagnostics.list.message", message, limits::MAX_STRING_BYTES)?;
            if let Some(place) = &diagnostic.place {
                place.check("Diagnostics.list.place")?;
            }
            limits::list("Diagnostics.list.hints", &diagnostic.hints, limits::MAX_HINTS)?;
            for hint in &diagnostic.hints {
                limits::text("Diagnostics.list.hints", hint, limits::MAX_STRING_BYTES)?;
            }
        }
        Ok(())
    }
}

impl Check for Done {
    fn check(&self) -> Result<(), FieldError> {
        let facts = &self.statistics;
        limits::finite("Done.statistics.volume", [facts.volume])?;
        limits::finite("Done.statistics.area", [facts.area])?;
        if let Some(bounds) = &facts.bounds {
            bounds.check("Done.statistics.bounds")?;
        }
        limits::big_count("Done.statistics.triangles", facts.triangles)?;
        limits::big_count("Done.statistics.vertices", facts.vertices)?;
        limits::list("Done.statistics.times", &facts.times, limits::MAX_STAGE_TIMES)?;
        limits::finite("Done.statistics.times", facts.times.iter().map(|time| time.seconds))?;
        limits::big_count("Done.statistics.peak_memory_bytes", facts.peak_memory_bytes)?;
        limits::big_count("Done.statistics.bytes_sent", facts.bytes_sent)
    }
}

impl Check for Failed {
    fn check(&self) -> Result<(), FieldError> {
        limits::text("Failed.message", &self.message, limits::MAX_STRING_BYTES)?;
        if let Some(place) = &self.place {
            place.check("Failed.place")?;
        }
        limits::list("Failed.details", &self.details, limits::MAX_DETAILS)?;
        for detail in &self.details {
            limits::text("Failed.details.key", &detail.key, limits::MAX_NAME_BYTES)?;
            limits::text("Failed.details.value", &detail.value, limits::MAX_STRING_BYTES)?;
        }
        Ok(())
    }
}

impl Check for Pressure {
    fn check(&self) -> Result<(), FieldError> {
        limits::big_count("Pressure.used_bytes", self.used_bytes)?;
        limits::big_count("Pressure.limit_bytes", self.limit_bytes)
    }
}

impl Check for File {
    fn check(&self) -> Result<(), FieldError> {
        self.header.check()
    }
}

impl Check for FileHeader {
    fn check(&self) -> Result<(), FieldError> {
        limits::text("File.name", &self.name, limits::MAX_NAME_BYTES)?;
        limits::big_count("File.offset", self.offset)
    }
}

impl Check for Wanted {
    fn check(&self) -> Result<(), FieldError> {
        limits::list("Wanted.digests", &self.digests, limits::MAX_WANTED)
    }
}

impl Check for Forecast {
    fn check(&self) -> Result<(), FieldError> {
        limits::big_count("Forecast.needed_bytes", self.needed_bytes)?;
        limits::big_count("Forecast.limit_bytes", self.limit_bytes)
    }
}

impl Check for Queued {}

impl Check for Pong {}
