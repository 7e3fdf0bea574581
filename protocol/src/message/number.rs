//! Enumerations that later servers and clients may extend: a number on the wire, and one that this version does not
//! know is no fault.

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A number that this version does not know. Made by [`From<u32>`], never by hand.
            Other(u32),
        }

        impl $name {
            /// Every value of this version, in order of number.
            pub const ALL: &[$name] = &[$($name::$variant,)+];
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                match number { $($number => Self::$variant,)+ other => Self::Other(other) }
            }
        }

        impl From<$name> for u32 {
            fn from(value: $name) -> u32 {
                match value { $($name::$variant => $number,)+ $name::Other(other) => other }
            }
        }

        impl From<&$name> for u32 {
            fn from(value: &$name) -> u32 {
                u32::from(*value)
            }
        }
    };
}

open_enum! {
    /// How a chunk's payload is written.
    Codec {
        /// Little-endian arrays as they are; every client and server speaks it.
        Raw = 0,
        /// meshoptimizer's vertex and index codecs, lossless.
        Meshopt = 1,
        /// The same with positions on a 16-bit grid in the chunk's box.
        MeshoptGrid = 2,
    }
}

open_enum! {
    /// Which pictures a `Render` asks for.
    Detail {
        /// A coarse one only.
        Preview = 0,
        /// The exact one only.
        Exact = 1,
        /// A coarse one first if the exact one takes long.
        Both = 2,
    }
}

open_enum! {
    /// How good a scene is.
    Level {
        /// Curves cut coarsely: an approximation that a better scene replaces.
        Coarse = 0,
        /// What the model says.
        Exact = 1,
    }
}

open_enum! {
    /// What a part is in the picture.
    PartKind {
        /// A closed solid.
        Solid = 0,
        /// Marked with `#`: drawn once more, translucent.
        Highlight = 1,
        /// Marked with `%`: translucent, no part of the result.
        Background = 2,
        /// A 2D shape, drawn in the plane z = 0.
        Flat = 3,
    }
}

open_enum! {
    /// The group of a message about the model, as OpenSCAD prints it in front of the text.
    Severity {
        /// `ERROR:`
        Error = 0,
        /// `WARNING:`
        Warning = 1,
        /// `DEPRECATED:`
        Deprecated = 2,
        /// `ECHO:`
        Echo = 3,
        /// `TRACE:`
        Trace = 4,
        /// No prefix.
        Note = 5,
    }
}

open_enum! {
    /// What the worker is at.
    Stage {
        /// Text to syntax tree.
        Parse = 0,
        /// Syntax tree to CSG tree.
        Evaluate = 1,
        /// CSG tree to meshes.
        Solve = 2,
        /// Meshes to chunks.
        Chunk = 3,
        /// Chunks or files to bytes.
        Encode = 4,
    }
}

open_enum! {
    /// How much of its memory the server uses.
    PressureLevel {
        /// All is well.
        Low = 0,
        /// Caches are trimmed.
        Moderate = 1,
        /// Work goes on in smaller pieces.
        High = 2,
        /// Jobs are stopped.
        Critical = 3,
    }
}

open_enum! {
    /// What kind of file an `Export` asks for.
    ExportFormat {
        /// STL, binary.
        StlBinary = 0,
        /// STL, text.
        StlAscii = 1,
        /// Object File Format.
        Off = 2,
        /// Wavefront OBJ.
        Obj = 3,
        /// 3D Manufacturing Format.
        ThreeMf = 4,
        /// Binary glTF.
        Glb = 5,
        /// Additive Manufacturing File Format.
        Amf = 6,
        /// Scalable Vector Graphics, of a 2D model.
        Svg = 7,
        /// Drawing Exchange Format, of a 2D model.
        Dxf = 8,
        /// PDF, of a 2D model.
        Pdf = 9,
        /// OpenSCAD's CSG tree as text.
        Csg = 10,
        /// The syntax tree as text.
        Ast = 11,
        /// The output of `echo`.
        Echo = 12,
        /// The customizer's parameters as JSON.
        Param = 13,
        /// A picture.
        Png = 14,
    }
}

open_enum! {
    /// Why something could not be done. What to do about it is in `SPEC.md`.
    FailureCode {
        /// A fault of the server's own.
        Internal = 0,
        /// The source text is not OpenSCAD.
        Syntax = 1,
        /// Evaluation stopped, as by `assert`.
        Evaluation = 2,
        /// The kernel refused.
        Geometry = 3,
        /// More memory than allowed.
        MemoryLimit = 4,
        /// More time than allowed.
        TimeLimit = 5,
        /// The worker process ended in the middle of the job.
        WorkerLost = 6,
        /// The client cancelled.
        Cancelled = 7,
        /// A newer revision took its place.
        Superseded = 8,
        /// A message that breaks the protocol.
        Protocol = 9,
        /// Queue or connections are full: later.
        Overloaded = 10,
        /// The server does not write this format, or not for this model.
        UnsupportedFormat = 11,
        /// A protocol version that the server does not speak.
        UnsupportedVersion = 12,
        /// A message or document above the server's limits.
        TooLarge = 13,
        /// The token is missing or wrong.
        Unauthorised = 14,
        /// The document, revision, scene or chunk is no longer there.
        Gone = 15,
        /// A file that the model names does not exist, or is not text where text is needed.
        File = 16,
        /// An upload's bytes do not have the digest they came under, or came out of order.
        Upload = 17,
        /// The server is stopping.
        ShuttingDown = 18,
    }
}
