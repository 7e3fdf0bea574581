//! What a worker needs of the pipeline: one trait to implement, and the plain data that goes in and out.
//!
//! The worker calls an [`Engine`] on its job thread, one job at a time. The engine reports through a [`JobSink`] while
//! it works and returns an [`Outcome`]. It knows neither frames nor sockets nor credit; nothing here is serialized
//! (`to_wire` and `from_wire` map it). Chunks are not made by the engine while it works but afterwards, one by one, when
//! the client takes them, from the [`ChunkSource`] of a [`Scene`] on another thread. So the engine is free for the
//! next job while a slow reader still reads.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

pub use crate::file_content::FileContent;
pub use scadstream_memory::pressure::PressureLevel;

use crate::job_control::JobControl;

/// Stack of the thread that a job runs on. The evaluator and the CSG tree recurse; the system provides the pages only when they are
/// touched.
pub const JOB_STACK_BYTES: usize = 512 << 20;

/// Most bytes of a chunk's payload: a frame of the protocol less its head.
pub const MAX_CHUNK_BYTES: usize =
    scadstream_protocol::limits::MAX_FRAME_BYTES - scadstream_protocol::CHUNK_HEAD_BYTES;

/// Turns documents into scenes and files; keeps its caches from job to job.
///
/// A panic is caught: the client is told, and the engine is dropped and made anew, since its caches may be half done.
pub trait Engine {
    /// Evaluates and solves a document and hands its scenes to `sink`.
    ///
    /// Has to return within 50 ms after `control` was cancelled.
    fn render(&mut self, job: &RenderJob, control: &JobControl, sink: &mut dyn JobSink) -> Outcome;

    /// Makes a file of a document's exact result and hands it to [`JobSink::file`].
    fn export(&mut self, job: &ExportJob, control: &JobControl, sink: &mut dyn JobSink) -> Outcome;

    /// How its caches are doing; so that, besides, a cache that fills up is not taken for a leak.
    fn caches(&self) -> Caches;

    /// Gives back memory between jobs: at [`PressureLevel::Moderate`] what is least likely to be used, from
    /// [`PressureLevel::High`] on all that can be made again.
    fn trim(&mut self, level: PressureLevel);
}

/// What the client sent: the files that the model may see besides the configured libraries.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The main file first. Names are relative paths with `/`, as the client gave them: not yet checked.
    pub files: Vec<DocumentFile>,
    /// Values that win over the main file's top-level assignments, as by `-D`.
    pub overrides: Vec<Override>,
}

/// A file of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentFile {
    /// Path by which `include`, `use` and `import` name it.
    pub name: String,
    /// Its bytes.
    pub content: Arc<[u8]>,
}

/// A top-level assignment that wins over the main file's.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The variable.
    pub name: String,
    /// An OpenSCAD expression.
    pub expression: String,
}

/// One revision of a document to be rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderJob {
    /// The document.
    pub document: Document,
    /// Which pictures are wanted.
    pub detail: Detail,
    /// Where the viewer stands, if known.
    pub camera: Option<Camera>,
    /// How chunks are best sent to this client.
    pub codec: Codec,
    /// Hashes of chunks that the client has: they need not be made.
    pub known: Arc<HashSet<[u8; 16]>>,
}

/// How a chunk's payload is written; the protocol's SPEC.md describes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// The arrays as they are.
    Raw,
    /// Compressed without loss.
    Meshopt,
    /// Compressed, on a grid.
    MeshoptGrid,
}

/// How the caches of an engine are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caches {
    /// Syntax trees.
    pub parses: CacheState,
    /// Solved subtrees.
    pub solids: CacheState,
    /// Meshes with their chunk plans.
    pub plans: CacheState,
    /// Encoded chunks.
    pub encoded: CacheState,
}

/// How one cache is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheState {
    /// Bytes that it holds.
    pub bytes: u64,
    /// Look-ups that found something, since the engine was made.
    pub hits: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
}

impl Caches {
    /// Each with its name.
    pub fn by_name(&self) -> [(&'static str, CacheState); 4] {
        [
            ("parses", self.parses),
            ("solids", self.solids),
            ("plans", self.plans),
            ("encoded", self.encoded),
        ]
    }
}

/// A file to be made of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportJob {
    /// The document.
    pub document: Document,
    /// The kind of file.
    pub format: ExportFormat,
}

/// Which pictures of a document are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// A coarse one only.
    Preview,
    /// The exact one only.
    Exact,
    /// A coarse one first if the exact one takes long.
    Both,
}

/// A viewpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Where the eye is, in model units.
    pub eye: [f32; 3],
    /// What it looks at.
    pub target: [f32; 3],
    /// Vertical field of view in degrees; 0 is a parallel projection.
    pub fov_deg: f32,
    /// Height of the picture in pixels.
    pub height_px: u32,
}

/// Kinds of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it; the protocol's SPEC.md describes each")]
pub enum ExportFormat {
    StlBinary,
    StlAscii,
    Off,
    Obj,
    ThreeMf,
    Glb,
    Amf,
    Svg,
    Dxf,
    Pdf,
    Csg,
    Ast,
    Echo,
    Param,
    Png,
}

/// Where an engine reports to. Calls return soon: nothing waits for the client.
pub trait JobSink: Send {
    /// How far the job is. May be called often: what comes too fast is left out.
    fn progress(&mut self, progress: Progress);

    /// Messages about the model, further ones to those of earlier calls, in the order in which OpenSCAD prints them.
    fn diagnostics(&mut self, diagnostics: Vec<Diagnostic>);

    /// The job will most likely need so many bytes; at most once, before it takes most of them. The client hears of it
    /// if that is more than the job may have.
    fn forecast(&mut self, needed_bytes: u64);

    /// The customizer's parameters; at most once.
    fn parameters(&mut self, parameters: Vec<Parameter>);

    /// A picture, which takes the place of the job's earlier ones.
    fn scene(&mut self, scene: Scene);

    /// More of the last picture, which was not [whole](Scene::whole): for results that are solved cell by cell.
    fn extend_scene(&mut self, more: Scene);

    /// What the file that was asked for is written into.
    fn file_content(&mut self) -> FileContent;

    /// The file that was asked for; at most once.
    fn file(&mut self, file: ExportedFile);
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What it is at.
    pub stage: Stage,
    /// How much of the stage is done, from 0 to 1, if known.
    pub fraction: Option<f32>,
    /// What it works on.
    pub place: Option<Place>,
}

/// A stage of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Text to syntax tree.
    Parse,
    /// Syntax tree to CSG tree.
    Evaluate,
    /// CSG tree to meshes.
    Solve,
    /// Meshes to a chunk plan.
    Chunk,
    /// Chunks or files to bytes.
    Encode,
}

/// A stretch of a source file. Lines and columns count from 1, columns in code points; the end is just past the last
/// character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name, as in [`Document::files`] or as the library path names it.
    pub file: String,
    /// Line of the first character.
    pub line: u32,
    /// Its column.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column of the end.
    pub end_column: u32,
}

/// One message about the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its group.
    pub severity: Severity,
    /// The text, without the group's prefix and without the place.
    pub message: String,
    /// Where in the source it arose.
    pub place: Option<Place>,
    /// Advice, one sentence each.
    pub hints: Vec<String>,
}

/// The group of a message, as OpenSCAD prints it in front of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "they are OpenSCAD's own: ERROR, WARNING, DEPRECATED, ECHO, TRACE, none"
)]
pub enum Severity {
    Error,
    Warning,
    Deprecated,
    Echo,
    Trace,
    Note,
}

/// A top-level assignment that the customizer shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The variable.
    pub name: String,
    /// The comment on the line above; may be empty.
    pub caption: String,
    /// The group it stands in; `Parameters` where the source names none.
    pub group: String,
    /// The value in the source.
    pub initial: ParameterValue,
    /// How to edit it.
    pub widget: Widget,
}

/// A literal of the source.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A string, without its quotes.
    Text(String),
    /// A vector of one to four numbers.
    Vector(Vec<f64>),
}

/// The control that edits a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Widget {
    /// A number typed in; what the arrows add, if said.
    SpinBox {
        /// What the arrows add.
        step: Option<f64>,
    },
    /// A number between two others.
    Slider {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
        /// Distance of values, if said.
        step: Option<f64>,
    },
    /// Yes or no.
    CheckBox,
    /// A string typed in.
    TextBox {
        /// Greatest length in code points, if limited.
        max_length: Option<u32>,
    },
    /// One of a list: value and what the user reads.
    DropDown {
        /// The list.
        choices: Vec<(ParameterValue, String)>,
    },
}

/// A picture: what there is to draw, and where its triangles come from when they are wanted.
pub struct Scene {
    /// Whether it is what the model says, or a coarse approximation of it.
    pub exact: bool,
    /// Whether all of it is here; otherwise [`JobSink::extend_scene`] brings more.
    pub whole: bool,
    /// What belongs together: one colour, one role.
    pub parts: Vec<Part>,
    /// The chunks, in the order in which to send them. They name parts by their place in the whole scene.
    pub chunks: Vec<ChunkEntry>,
    /// Makes their payloads. It numbers the chunks of this piece from 0.
    pub source: Box<dyn ChunkSource + Send>,
}

/// Makes the chunks of a scene, each when it is about to be sent.
pub trait ChunkSource {
    /// Writes the payload of chunk `index` of [`Scene::chunks`] in the codec that its entry says; raw: x, y, z of each
    /// vertex as `f32`, then the indices as `u16`, all little-endian, triangles counter-clockwise seen from outside. The
    /// same bytes each time.
    ///
    /// `payload` has exactly the length that the entry says ([`ChunkEntry::payload_bytes`]), begins aligned for `f32`, and
    /// lies in the memory that the supervisor sends from. What it held before is of no meaning.
    fn write(&mut self, index: usize, payload: &mut [u8]);

    /// Bytes that the source itself holds in memory, as far as it does not share them with the engine's caches.
    fn retained_bytes(&self) -> u64;
}

/// One colour, one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its role.
    pub kind: PartKind,
    /// Red, green, blue, opacity; none: the viewer's own colour for this kind.
    pub color: Option<[u8; 4]>,
    /// A name for people; may be empty.
    pub name: String,
}

/// What a part is in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// A closed solid.
    Solid,
    /// Marked with `#`.
    Highlight,
    /// Marked with `%`.
    Background,
    /// A 2D shape, in the plane z = 0.
    Flat,
}

/// A chunk as the manifest lists it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChunkEntry {
    /// The first 128 bits of the hash of its content: chunks with one hash are one.
    pub hash: [u8; 16],
    /// Index of its part.
    pub part: u32,
    /// Its colour where it is not the part's.
    pub color: Option<[u8; 4]>,
    /// Least x, y, z of its vertices.
    pub min: [f32; 3],
    /// Greatest x, y, z of its vertices.
    pub max: [f32; 3],
    /// Vertices, at most 65 536.
    pub vertices: u32,
    /// Triangles, at most 131 072.
    pub triangles: u32,
    /// How its payload is written.
    pub codec: Codec,
    /// Length of its payload, which must not be above [`MAX_CHUNK_BYTES`].
    pub payload_bytes: u32,
}

/// Length of the payload of a raw chunk.
pub const fn raw_payload_bytes(vertices: u32, triangles: u32) -> u32 {
    vertices * 12 + triangles * 6
}

/// A file made by [`Engine::export`].
#[derive(Debug)]
pub struct ExportedFile {
    /// A name with extension, without folders.
    pub name: String,
    /// Its bytes, in what [`JobSink::file_content`] gave.
    pub content: FileContent,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The last scene, or the file, is complete.
    Done(Box<Statistics>),
    /// It could not be done; scenes already handed over stay valid.
    Failed(Failure),
    /// It stopped because it was cancelled.
    Cancelled,
}

/// Facts of a result and of the work for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statistics {
    /// Volume; 0 for a 2D result.
    pub volume: f64,
    /// Surface area; for a 2D result its area.
    pub area: f64,
    /// Least and greatest corner; none when the result is empty.
    pub bounds: Option<[[f64; 3]; 2]>,
    /// Genus of the surface, where known.
    pub genus: Option<i32>,
    /// Triangles.
    pub triangles: u64,
    /// Vertices, each once.
    pub vertices: u64,
    /// Wall-clock time spent, by stage.
    pub times: Vec<(Stage, Duration)>,
    /// Messages left out because there were too many.
    pub messages_suppressed: u32,
    /// Cells that the model was solved by; 0 when it was solved as a whole.
    pub cells: u32,
    /// Of those, cells that were known from before.
    pub cells_cached: u32,
    /// Cells that did not fit their neighbours and were solved again as part of larger ones.
    pub cells_merged: u32,
    /// Edges between cells that had to be mended.
    pub seam_edges_mended: u32,
}

/// Why a job could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why, for programs.
    pub code: FailureCode,
    /// Why, for people: one sentence or a few.
    pub message: String,
    /// Where in the source.
    pub place: Option<Place>,
    /// Further facts by name, such as `needed_bytes`.
    pub details: Vec<(String, String)>,
}

/// Why a job could not be done, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureCode {
    /// The source is not OpenSCAD.
    Syntax,
    /// Evaluation stopped, as by `assert` or a recursion limit.
    Evaluation,
    /// The kernel refused.
    Geometry,
    /// It needs more memory than allowed.
    MemoryLimit,
    /// The format is not written, or not for this model.
    UnsupportedFormat,
    /// A file that the model names does not exist or is not text where text is needed.
    File,
    /// A fault of our own.
    Internal,
}
