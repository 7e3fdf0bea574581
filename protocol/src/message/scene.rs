//! Scenes: the manifest that says what there is to draw, and the chunks that hold its triangles.

use bytes::Bytes;
use wincode::adapter::FromInto;
use wincode::{SchemaRead, SchemaWrite};

use super::{ChunkHash, Codec, Level, PartKind, Rgba};
use crate::error::FieldError;
use crate::limits::{self, Check, List};

/// Parts and chunks of a scene, or a further piece of them.
///
/// A revision has one scene or several: a coarse one, then the exact one. A scene replaces the one before when all its
/// chunks are there. Pieces of a scene's manifest come in order, between them its chunks may come already; parts and
/// chunks are numbered through all pieces.
#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
pub struct Manifest {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// Number of the scene within the revision, from 0, rising.
    pub scene: u32,
    /// How good it is.
    #[wincode(with = "FromInto<u32, _>")]
    pub level: Level,
    /// Index of the first of `parts`: how many parts came in earlier pieces.
    pub first_part: u32,
    /// Parts, in the order of the model.
    #[wincode(with = "List<Part, { limits::MAX_PARTS * size_of::<Part>() }>")]
    pub parts: Vec<Part>,
    /// Index of the first of `chunks`: how many chunks came in earlier pieces.
    pub first_chunk: u32,
    /// Chunks, in the order in which they will be sent.
    #[wincode(
        with = "List<ChunkEntry, { limits::MAX_MANIFEST_CHUNKS * size_of::<ChunkEntry>() }>"
    )]
    pub chunks: Vec<ChunkEntry>,
    /// Whether this is the last piece.
    pub last: bool,
    /// Triangles of all pieces so far, this one included.
    pub triangles: u64,
    /// Vertices, likewise; one on a border counts in every chunk that has it.
    pub vertices: u64,
    /// Payload bytes, likewise, of known chunks too.
    pub bytes: u64,
}

/// What belongs together in the picture: one colour, one role.
#[derive(Debug, Clone, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct Part {
    /// Its role.
    #[wincode(with = "FromInto<u32, _>")]
    pub kind: PartKind,
    /// Its colour; none: the viewer's own for this kind.
    pub color: Option<Rgba>,
    /// A name for people; may be empty.
    pub name: String,
}

/// A chunk as the manifest lists it.
#[derive(Debug, Clone, Copy, PartialEq, SchemaWrite, SchemaRead)]
pub struct ChunkEntry {
    /// Hash of its decoded arrays: two chunks with one hash are one.
    pub hash: ChunkHash,
    /// Index of its part.
    pub part: u32,
    /// Colour of these triangles where it is not the part's.
    pub color: Option<Rgba>,
    /// Least x, y, z of its vertices.
    pub min: [f32; 3],
    /// Greatest x, y, z of its vertices.
    pub max: [f32; 3],
    /// Vertices.
    pub vertices: u32,
    /// Triangles.
    pub triangles: u32,
    /// Length of the payload that its frame has or would have.
    pub bytes: u32,
    /// How that payload is written.
    #[wincode(with = "FromInto<u32, _>")]
    pub codec: Codec,
    /// Whether it will come.
    pub delivery: Delivery,
}

/// Whether the server will send a chunk of its own accord.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, SchemaWrite, SchemaRead)]
pub enum Delivery {
    /// It will.
    Push,
    /// It takes the chunk for known; a client that does not have it says [`Need`](super::Need).
    Known,
}

/// Width of an index; its number on the wire is its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, SchemaWrite, SchemaRead)]
pub enum IndexWidth {
    /// 16 bits; for chunks of at most 65 536 vertices, thus for all in version 1.
    #[wincode(tag = 2)]
    U16,
    /// 32 bits.
    #[wincode(tag = 4)]
    U32,
}

impl IndexWidth {
    /// Bytes of an index.
    pub const fn bytes(self) -> usize {
        match self {
            IndexWidth::U16 => 2,
            IndexWidth::U32 => 4,
        }
    }
}

/// Header of [`Chunk`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, SchemaWrite, SchemaRead)]
pub struct ChunkHeader {
    /// The document.
    pub document: u32,
    /// The revision.
    pub revision: u32,
    /// The scene within the revision.
    pub scene: u32,
    /// Index of the chunk in the scene.
    pub index: u32,
    /// Its hash, as in the manifest.
    pub hash: ChunkHash,
    /// How the payload is written.
    #[wincode(with = "FromInto<u32, _>")]
    pub codec: Codec,
    /// Vertices.
    pub vertex_count: u32,
    /// Indices, three for a triangle.
    pub index_count: u32,
    /// Width of an index once decoded.
    pub index_width: IndexWidth,
}

impl ChunkHeader {
    /// Bytes of the positions, three `f32` each, once decoded.
    pub const fn positions_len(&self) -> usize {
        self.vertex_count as usize * 12
    }

    /// Bytes of the indices once decoded.
    pub const fn indices_len(&self) -> usize {
        self.index_count as usize * self.index_width.bytes()
    }

    /// Bytes of a `Raw` payload: positions, then indices.
    pub const fn raw_len(&self) -> usize {
        self.positions_len() + self.indices_len()
    }

    /// The rules for header and payload together.
    pub(crate) fn check(&self, payload_len: usize) -> Result<(), FieldError> {
        limits::at_most("Chunk.index", self.index.into(), (limits::MAX_SCENE_CHUNKS - 1).into())?;
        let vertices = u64::from(self.vertex_count);
        limits::at_most("Chunk.vertex_count", vertices, limits::MAX_CHUNK_VERTICES.into())?;
        let most = u64::from(limits::MAX_CHUNK_TRIANGLES) * 3;
        limits::at_most("Chunk.index_count", self.index_count.into(), most)?;
        let whole = self.index_count.is_multiple_of(3);
        limits::require("Chunk.index_count", whole, "is a multiple of three")?;
        let raw = self.codec == Codec::Raw;
        let exact = !raw || payload_len == self.raw_len();
        limits::require("Chunk.payload", exact, "has the length that the counts say")
    }
}

/// Triangles of a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Which chunk, and its counts.
    pub header: ChunkHeader,
    /// With codec `Raw`: x, y, z of each vertex as `f32`, then the indices as `u16` or `u32`, counter-clockwise seen
    /// from outside. A slice of the frame that was decoded.
    pub payload: Bytes,
}

impl Chunk {
    /// The positions' bytes of a `Raw` payload: 12 for each vertex.
    pub fn raw_positions(&self) -> Option<Bytes> {
        let raw = self.header.codec == Codec::Raw && self.payload.len() == self.header.raw_len();
        raw.then(|| self.payload.slice(..self.header.positions_len()))
    }

    /// The indices' bytes of a `Raw` payload.
    pub fn raw_indices(&self) -> Option<Bytes> {
        let raw = self.header.codec == Codec::Raw && self.payload.len() == self.header.raw_len();
        raw.then(|| self.payload.slice(self.header.positions_len()..))
    }
}

impl Check for Chunk {
    fn check(&self) -> Result<(), FieldError> {
        self.header.check(self.payload.len())
    }
}

impl Check for Manifest {
    fn check(&self) -> Result<(), FieldError> {
        limits::list("Manifest.parts", &self.parts, limits::MAX_PARTS)?;
        for part in &self.parts {
            limits::text("Manifest.parts.name", &part.name, limits::MAX_NAME_BYTES)?;
        }
        limits::list("Manifest.chunks", &self.chunks, limits::MAX_MANIFEST_CHUNKS)?;
        let end = u64::from(self.first_chunk) + self.chunks.len() as u64;
        limits::at_most("Manifest.first_chunk", end, limits::MAX_SCENE_CHUNKS.into())?;
        let parts = u64::from(self.first_part) + self.parts.len() as u64;
        limits::at_most("Manifest.first_part", parts, limits::MAX_SCENE_CHUNKS.into())?;
        for chunk in &self.chunks {
            let known = u64::from(chunk.part) < parts;
            limits::require("Manifest.chunks.part", known, "is the index of a part")?;
            let corners = chunk.min.iter().chain(&chunk.max);
            limits::finite("Manifest.chunks.min", corners.map(|n| f64::from(*n)))?;
            let ordered = chunk.min.iter().zip(&chunk.max).all(|(min, max)| min <= max);
            limits::require("Manifest.chunks.min", ordered, "is not above max")?;
            let vertices = u64::from(chunk.vertices);
            limits::at_most(
                "Manifest.chunks.vertices",
                vertices,
                limits::MAX_CHUNK_VERTICES.into(),
            )?;
            let triangles = u64::from(chunk.triangles);
            let most = limits::MAX_CHUNK_TRIANGLES.into();
            limits::at_most("Manifest.chunks.triangles", triangles, most)?;
            let bytes = u64::from(chunk.bytes);
            limits::at_most("Manifest.chunks.bytes", bytes, limits::MAX_FRAME_BYTES as u64)?;
        }
        limits::big_count("Manifest.triangles", self.triangles)?;
        limits::big_count("Manifest.vertices", self.vertices)?;
        limits::big_count("Manifest.bytes", self.bytes)
    }
}
