//! Every limit of the protocol, and the checks that keep them.
//!
//! List lengths are checked twice: by the decoder before it allocates (each list's type states how much it may take),
//! and by the rules of the message, which know the field's name, before it is encoded and after it is decoded. These
//! are the limits of the *format*; a server may set lower ones and says so in
//! [`ServerLimits`](crate::message::ServerLimits).

use wincode::containers;
use wincode::len::UseIntLen;

use crate::error::{FieldError, Problem};

/// A frame with its prelude, in bytes. Small enough to interleave fairly and to cancel fast, large enough that the
/// cost per frame does not matter.
pub const MAX_FRAME_BYTES: usize = 1 << 20;
/// Longest string of any field without a lower limit of its own, in bytes of UTF-8.
pub const MAX_STRING_BYTES: usize = 64 << 10;
/// Largest byte count, volume of memory or triangle total: 2⁵³ − 1, the largest integer that a JavaScript number
/// holds exactly.
pub const MAX_BIG_COUNT: u64 = (1 << 53) - 1;

/// Names: of files, parts, parameters, groups, clients, sessions; in bytes.
pub const MAX_NAME_BYTES: usize = 1024;
/// `Hello.token`, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4096;
/// `Hello.codecs` and `Welcome.codecs`.
pub const MAX_CODECS: usize = 16;
/// `Hello.known`: 32 768 hashes are half a frame.
pub const MAX_KNOWN_CHUNKS: usize = 32_768;
/// Least credit of `Hello.credit`: a frame can go out although the client holds back another frame's worth.
pub const MIN_INITIAL_CREDIT: u32 = 2 << 20;
/// Most credit that may be open at any time, in bytes.
pub const MAX_CREDIT: u32 = 1 << 30;

/// `Render.files`: BOSL2, the largest common library, has about 60.
pub const MAX_FILES: usize = 4096;
/// `Render.overrides`.
pub const MAX_OVERRIDES: usize = 1024;
/// An uploaded file, in bytes.
pub const MAX_UPLOAD_BYTES: u64 = 256 << 20;
/// `Wanted.digests`: as many as there are files.
pub const MAX_WANTED: usize = MAX_FILES;

/// `Manifest.parts`, in one frame.
pub const MAX_PARTS: usize = 4096;
/// `Manifest.chunks`, in one frame: at 69 bytes each they fit into it. A manifest may take any number of frames.
pub const MAX_MANIFEST_CHUNKS: usize = 12_000;
/// Chunks of a whole scene, over all frames of its manifest; also the bound of `Need.chunks`' values.
pub const MAX_SCENE_CHUNKS: u32 = 1 << 20;
/// `Need.chunks`, in one frame.
pub const MAX_NEED: usize = 65_536;
/// Vertices of a chunk: what a 16-bit index reaches.
pub const MAX_CHUNK_VERTICES: u32 = 65_536;
/// Triangles of a chunk: twice the vertices, as in a closed mesh of genus 0.
pub const MAX_CHUNK_TRIANGLES: u32 = 131_072;

/// `Diagnostics.list`, in one frame.
pub const MAX_DIAGNOSTICS: usize = 4096;
/// `Diagnostic.hints`.
pub const MAX_HINTS: usize = 16;
/// `Failed.details`.
pub const MAX_DETAILS: usize = 64;
/// `Done.times`.
pub const MAX_STAGE_TIMES: usize = 64;
/// `Parameters.list`.
pub const MAX_PARAMETERS: usize = 4096;
/// Choices of a drop-down.
pub const MAX_CHOICES: usize = 1024;
/// Numbers of a vector parameter; OpenSCAD's customizer edits vectors of up to 4.
pub const MAX_VECTOR: usize = 4;

/// Wire schema of `Vec<T>` that refuses a length whose elements would take more than `BYTES` bytes of memory, before
/// it allocates them.
pub(crate) type List<T, const BYTES: usize> = containers::Vec<T, UseIntLen<u64, BYTES>>;

/// The rules for a message's fields that its types cannot say: lengths, ranges, finite numbers.
pub(crate) trait Check {
    /// The first field that breaks a rule, if one does.
    fn check(&self) -> Result<(), FieldError> {
        Ok(())
    }
}

/// A string's length.
pub(crate) fn text(field: &'static str, text: &str, max: usize) -> Result<(), FieldError> {
    at_most(field, text.len() as u64, max as u64)
}

/// A list's length.
pub(crate) fn list<T>(field: &'static str, list: &[T], max: usize) -> Result<(), FieldError> {
    at_most(field, list.len() as u64, max as u64)
}

/// A byte count or total that must survive in a JavaScript number.
pub(crate) fn big_count(field: &'static str, value: u64) -> Result<(), FieldError> {
    at_most(field, value, MAX_BIG_COUNT)
}

/// A value with an upper bound.
pub(crate) fn at_most(field: &'static str, value: u64, limit: u64) -> Result<(), FieldError> {
    if value <= limit {
        Ok(())
    } else {
        Err(FieldError { field, problem: Problem::TooLarge { value, limit } })
    }
}

/// Numbers that must be neither infinite nor NaN.
pub(crate) fn finite(
    field: &'static str,
    values: impl IntoIterator<Item = f64>,
) -> Result<(), FieldError> {
    if values.into_iter().all(f64::is_finite) {
        Ok(())
    } else {
        Err(FieldError { field, problem: Problem::NotFinite })
    }
}

/// Any other rule, stated in `rule`.
pub(crate) fn require(
    field: &'static str,
    holds: bool,
    rule: &'static str,
) -> Result<(), FieldError> {
    if holds { Ok(()) } else { Err(FieldError { field, problem: Problem::Breaks(rule) }) }
}
