//! Messages from client to server.

use bytes::Bytes;
use wincode::adapter::FromInto;
use wincode::{SchemaRead, SchemaWrite};

use super::{ChunkHash, Codec, Detail, ExportFormat, FileDigest};
use crate::error::FieldError;
use crate::limits::{self, Check, List};

/// Opens the session; the first message of a connection. Others may follow without waiting for the answer.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Hello {
    /// Highest version of the protocol that the client speaks.
    pub version: u32,
    /// Access token, if the server asks for one.
    pub token: Option<String>,
    /// Codecs that the client can decode, best first. `Raw` is understood though not listed.
    #[wincode(with = "List<FromInto<u32, Codec>, { limits::MAX_CODECS * size_of::<Codec>() }>")]
    pub codecs: Vec<Codec>,
    /// Bytes that the server may have in flight at first.
    pub credit: u32,
    /// Chunks that the client still has from an earlier connection.
    #[wincode(with = "List<ChunkHash, { limits::MAX_KNOWN_CHUNKS * size_of::<ChunkHash>() }>")]
    pub known: Vec<ChunkHash>,
    /// Name and version of the client, for logs.
    pub client: String,
}

/// Asks for the scene of a document. Takes the place of every older revision of it.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Render {
    /// The document; the client's own number, kept through all its revisions.
    pub document: u32,
    /// Above every earlier revision of this document in this session.
    pub revision: u32,
    /// The files that the model may see besides the server's libraries; the main file first.
    #[wincode(with = "List<SourceFile, { limits::MAX_FILES * size_of::<SourceFile>() }>")]
    pub files: Vec<SourceFile>,
    /// Values that win over the main file's top-level assignments, as by OpenSCAD's `-D`.
    #[wincode(with = "List<Override, { limits::MAX_OVERRIDES * size_of::<Override>() }>")]
    pub overrides: Vec<Override>,
    /// Which pictures.
    #[wincode(with = "FromInto<u32, _>")]
    pub detail: Detail,
    /// Where the viewer stands: what it sees best comes first.
    pub camera: Option<Camera>,
}

/// A file of a document.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct SourceFile {
    /// Relative path with `/`, as `include`, `use` and `import` name it; no `..`, no leading `/`.
    pub name: String,
    /// Its bytes.
    pub content: FileContent,
}

/// The bytes of a file, or where they are.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub enum FileContent {
    /// In the message itself.
    Inline(#[wincode(with = "List<u8, { limits::MAX_FRAME_BYTES }>")] Vec<u8>),
    /// Uploaded, or to be uploaded when the server says [`Wanted`](super::Wanted).
    Uploaded {
        /// SHA-256 of the bytes.
        digest: FileDigest,
        /// How many.
        length: u64,
    },
}

/// A top-level assignment that wins over the main file's.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Override {
    /// The variable.
    pub name: String,
    /// An OpenSCAD expression, such as `12.5` or `"text"`.
    pub expression: String,
}

/// A viewpoint.
#[derive(Debug, Clone, Copy, PartialEq, SchemaWrite, SchemaRead)]
pub struct Camera {
    /// Where the eye is.
    pub eye: [f32; 3],
    /// What it looks at.
    pub target: [f32; 3],
    /// Vertical field of view in degrees; 0 is a parallel projection.
    pub fov_deg: f32,
    /// Height of the picture in pixels.
    pub height_px: u32,
}

/// Header of [`Upload`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct UploadHeader {
    /// SHA-256 of the whole file.
    pub digest: FileDigest,
    /// Offset of this piece in the file; pieces come in order and without gaps.
    pub offset: u64,
    /// Length of the whole file.
    pub total: u64,
}

/// A piece of a file that [`Render`] names by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Which file, and where in it.
    pub header: UploadHeader,
    /// The bytes.
    pub payload: Bytes,
}

/// Gives up a revision, and all older ones of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Cancel {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
}

/// Asks for chunks of a manifest that the server took for known, or that were dropped.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Need {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// The scene within the revision.
    pub scene: u32,
    /// Indices of chunks in the scene.
    #[wincode(with = "List<u32, { limits::MAX_NEED * size_of::<u32>() }>")]
    pub chunks: Vec<u32>,
}

/// Tells where the viewer of a document stands now: what of the newest revision is not solved yet comes in that order.
#[derive(Debug, Clone, Copy, PartialEq, SchemaWrite, SchemaRead)]
pub struct View {
    /// The document.
    pub document: u32,
    /// The viewpoint.
    pub camera: Camera,
}

/// Lets the server send more bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Credit {
    /// How many more; added to what is left.
    pub bytes: u32,
}

/// Asks for a file of a document's newest revision, made from the exact result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Export {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// The client's own number for this request, in `File` and `Failed`.
    pub request: u32,
    /// Kind of file.
    #[wincode(with = "FromInto<u32, _>")]
    pub format: ExportFormat,
}

/// Asks for a [`Pong`](super::Pong) with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Ping {
    /// Any number.
    pub nonce: u32,
}

impl Check for Hello {
    fn check(&self) -> Result<(), FieldError> {
        limits::require("Hello.version", self.version >= 1, "is at least 1")?;
        let token = self.token.as_deref().unwrap_or_default();
        limits::text("Hello.token", token, limits::MAX_TOKEN_BYTES)?;
        limits::list("Hello.codecs", &self.codecs, limits::MAX_CODECS)?;
        limits::at_most("Hello.credit", self.credit.into(), limits::MAX_CREDIT.into())?;
        let enough = self.credit >= limits::MIN_INITIAL_CREDIT;
        limits::require("Hello.credit", enough, "is at least 2 MiB")?;
        limits::list("Hello.known", &self.known, limits::MAX_KNOWN_CHUNKS)?;
        limits::text("Hello.client", &self.client, limits::MAX_NAME_BYTES)
    }
}

impl Check for Render {
    fn check(&self) -> Result<(), FieldError> {
        limits::require("Render.files", !self.files.is_empty(), "has the main file at least")?;
        limits::list("Render.files", &self.files, limits::MAX_FILES)?;
        for file in &self.files {
            limits::text("Render.files.name", &file.name, limits::MAX_NAME_BYTES)?;
            limits::require("Render.files.name", !file.name.is_empty(), "is not empty")?;
            if let FileContent::Uploaded { length, .. } = file.content {
                limits::at_most("Render.files.length", length, limits::MAX_UPLOAD_BYTES)?;
            }
        }
        limits::list("Render.overrides", &self.overrides, limits::MAX_OVERRIDES)?;
        for value in &self.overrides {
            limits::text("Render.overrides.name", &value.name, limits::MAX_NAME_BYTES)?;
            let text = &value.expression;
            limits::text("Render.overrides.expression", text, limits::MAX_STRING_BYTES)?;
        }
        match &self.camera {
            Some(camera) => camera.check("Render.camera", "Render.camera.fov_deg"),
            None => Ok(()),
        }
    }
}

impl Camera {
    fn check(&self, field: &'static str, fov_field: &'static str) -> Result<(), FieldError> {
        let numbers = self.eye.iter().chain(&self.target).chain([&self.fov_deg]);
        limits::finite(field, numbers.map(|n| f64::from(*n)))?;
        let fov = (0.0..180.0).contains(&self.fov_deg);
        limits::require(fov_field, fov, "is from 0 to less than 180")
    }
}

impl Check for View {
    fn check(&self) -> Result<(), FieldError> {
        self.camera.check("View.camera", "View.camera.fov_deg")
    }
}

impl Check for Upload {
    fn check(&self) -> Result<(), FieldError> {
        let UploadHeader { offset, total, .. } = self.header;
        limits::at_most("Upload.total", total, limits::MAX_UPLOAD_BYTES)?;
        limits::at_most("Upload.offset", offset, total)?;
        limits::at_most("Upload.payload", self.payload.len() as u64, total - offset)
    }
}

impl Check for Need {
    fn check(&self) -> Result<(), FieldError> {
        limits::list("Need.chunks", &self.chunks, limits::MAX_NEED)?;
        let last = self.chunks.iter().max().copied().unwrap_or_default();
        limits::at_most("Need.chunks", last.into(), (limits::MAX_SCENE_CHUNKS - 1).into())
    }
}

impl Check for Credit {
    fn check(&self) -> Result<(), FieldError> {
        limits::at_most("Credit.bytes", self.bytes.into(), limits::MAX_CREDIT.into())
    }
}

impl Check for Cancel {}

impl Check for Export {}

impl Check for Ping {}
