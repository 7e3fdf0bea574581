//! What travels: every message of `SPEC.md` as a Rust type.
//!
//! These types are the wire's and nobody else's: fields stand in the order in which they are written. Lengths are in
//! model units, Z is up, triangles are counter-clockwise seen from outside. Places count lines and columns from 1,
//! columns in Unicode code points.

mod client;
mod customizer;
mod number;
mod scene;
mod server;

pub use client::{
    Camera, Cancel, Credit, Export, FileContent, Hello, Need, Override, Ping, Render, SourceFile,
    Upload, UploadHeader, View,
};
pub use customizer::{Choice, Parameter, ParameterValue, Parameters, Widget};
pub use number::{
    Codec, Detail, ExportFormat, FailureCode, Level, PartKind, PressureLevel, Severity, Stage,
};
pub use scene::{Chunk, ChunkEntry, ChunkHeader, Delivery, IndexWidth, Manifest, Part};
pub use server::{
    Diagnostic, Diagnostics, Done, Failed, FailureDetail, File, FileHeader, Forecast, Pong,
    Pressure, Progress, Queued, ServerLimits, StageTime, Statistics, Subject, Wanted, Welcome,
};

use wincode::{SchemaRead, SchemaWrite};

use crate::error::FieldError;
use crate::frame::Kind;
use crate::limits;

macro_rules! messages {
    ($(#[$doc:meta])* $enum:ident { $($name:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "each variant is documented at the type it holds")]
        pub enum $enum { $($name($name),)+ }

        impl $enum {
            /// The kind of its frame.
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$name(_) => Kind::$name,)+ }
            }
        }

        $(impl From<$name> for $enum {
            fn from(message: $name) -> Self {
                Self::$name(message)
            }
        })+
    };
}

messages! {
    /// From client to server.
    ClientMessage { Hello, Render, Upload, Cancel, Need, Credit, Export, Ping, View, }
}

messages! {
    /// From server to client.
    ServerMessage {
        Welcome, Queued, Progress, Diagnostics, Parameters, Manifest, Chunk, Done, Failed, Pressure, File, Pong, Wanted,
        Forecast,
    }
}

/// Content hash of a chunk's decoded arrays, collision-resistant; clients only compare it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, SchemaWrite, SchemaRead)]
#[repr(transparent)]
pub struct ChunkHash(pub [u8; 16]);

/// SHA-256 of an uploaded file's bytes: the one hash that every browser and language has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, SchemaWrite, SchemaRead)]
#[repr(transparent)]
pub struct FileDigest(pub [u8; 32]);

/// A colour: red, green, blue, opacity; sRGB, not premultiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, SchemaWrite, SchemaRead)]
pub struct Rgba(pub [u8; 4]);

/// A stretch of a source file, for people and editors.
#[derive(Debug, Clone, PartialEq, Eq, Hash, SchemaWrite, SchemaRead)]
pub struct Place {
    /// The file's name as in [`Render::files`], or as the library path names it.
    pub file: String,
    /// Line of the first character, from 1.
    pub line: u32,
    /// Its column, from 1, in code points.
    pub column: u32,
    /// Line just past the last character.
    pub end_line: u32,
    /// Column just past the last character.
    pub end_column: u32,
}

/// A box with sides along the axes, in double precision.
#[derive(Debug, Clone, Copy, PartialEq, SchemaWrite, SchemaRead)]
pub struct Bounds {
    /// Least x, y, z.
    pub min: [f64; 3],
    /// Greatest x, y, z; none less than in `min`.
    pub max: [f64; 3],
}

macro_rules! hex_debug {
    ($($name:ident)+) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )+};
}
hex_debug! { ChunkHash FileDigest }

impl Place {
    pub(crate) fn check(&self, field: &'static str) -> Result<(), FieldError> {
        limits::text(field, &self.file, limits::MAX_NAME_BYTES)?;
        limits::require(
            field,
            self.line >= 1
                && self.column >= 1
                && (self.line, self.column) <= (self.end_line, self.end_column),
            "lines and columns count from 1, and the end is not before the start",
        )
    }
}

impl Bounds {
    pub(crate) fn check(&self, field: &'static str) -> Result<(), FieldError> {
        limits::finite(field, self.min.into_iter().chain(self.max))?;
        let ordered = self.min.iter().zip(&self.max).all(|(min, max)| min <= max);
        limits::require(field, ordered, "min is not above max")
    }
}
