//! One message of every kind, with every kind of field in use: what `golden/` holds. The TypeScript tests know the
//! same values.

use bytes::Bytes;
use scadstream_protocol::message::*;

pub(crate) fn client() -> Vec<(&'static str, ClientMessage)> {
    vec![
        (
            "hello",
            Hello {
                version: 1,
                token: Some("secret".to_owned()),
                codecs: vec![Codec::Meshopt, Codec::Raw],
                credit: 8 << 20,
                known: vec![hash(0x10), hash(0x20)],
                client: "golden/1".to_owned(),
            }
            .into(),
        ),
        (
            "render",
            Render {
                document: 1,
                revision: 7,
                files: vec![
                    SourceFile {
                        name: "main.scad".to_owned(),
                        content: FileContent::Inline(b"cube(size);\n".to_vec()),
                    },
                    SourceFile {
                        name: "parts/gear.stl".to_owned(),
                        content: FileContent::Uploaded { digest: digest(), length: 3_000_000 },
                    },
                ],
                overrides: vec![Override {
                    name: "size".to_owned(),
                    expression: "[1, 2.5, 3]".to_owned(),
                }],
                detail: Detail::Both,
                camera: Some(camera()),
            }
            .into(),
        ),
        (
            "upload",
            Upload {
                header: UploadHeader { digest: digest(), offset: 1_000_000, total: 3_000_000 },
                payload: Bytes::from_static(b"solid gear"),
            }
            .into(),
        ),
        ("cancel", Cancel { document: 1, revision: 7 }.into()),
        ("need", Need { document: 1, revision: 7, scene: 1, chunks: vec![0, 2, 300] }.into()),
        ("credit", Credit { bytes: 65_536 }.into()),
        (
            "export",
            Export { document: 1, revision: 7, request: 3, format: ExportFormat::ThreeMf }.into(),
        ),
        ("ping", Ping { nonce: 0xdead_beef }.into()),
        ("view", View { document: 1, camera: camera() }.into()),
    ]
}

fn camera() -> Camera {
    Camera { eye: [10.0, -20.0, 15.5], target: [0.0, 0.0, 1.0], fov_deg: 22.5, height_px: 1080 }
}

pub(crate) fn server() -> Vec<(&'static str, ServerMessage)> {
    vec![
        (
            "welcome",
            Welcome {
                version: 1,
                session: "s-42".to_owned(),
                server: "scadstream/0.1.0".to_owned(),
                codecs: vec![Codec::Raw],
                limits: ServerLimits {
                    frame_bytes: 1 << 20,
                    documents: 8,
                    files: 256,
                    document_bytes: 64 << 20,
                    upload_bytes: 128 << 20,
                    known_chunks: 16_384,
                    job_memory_bytes: 6 << 30,
                    job_time_ms: 120_000,
                },
            }
            .into(),
        ),
        ("queued", Queued { document: 1, revision: 7, position: 2 }.into()),
        (
            "progress",
            Progress {
                document: 1,
                revision: 7,
                stage: Stage::Solve,
                fraction: Some(0.25),
                place: Some(place()),
                memory_bytes: 5_000_000_000,
            }
            .into(),
        ),
        (
            "diagnostics",
            Diagnostics {
                document: 1,
                revision: 7,
                list: vec![
                    Diagnostic {
                        severity: Severity::Warning,
                        message: "Ignoring unknown module 'cubee'".to_owned(),
                        place: Some(place()),
                        hints: vec!["did you mean 'cube'?".to_owned()],
                    },
                    Diagnostic {
                        severity: Severity::Echo,
                        message: "\"größe ⌀ 🙂\"".to_owned(),
                        place: None,
                        hints: vec![],
                    },
                ],
            }
            .into(),
        ),
        ("parameters", parameters().into()),
        ("manifest", manifest().into()),
        ("chunk", chunk(IndexWidth::U16).into()),
        ("chunk-u32", chunk(IndexWidth::U32).into()),
        (
            "done",
            Done {
                document: 1,
                revision: 7,
                level: Level::Exact,
                statistics: Statistics {
                    volume: 1000.5,
                    area: 600.25,
                    bounds: Some(Bounds { min: [0.0, 0.0, -0.5], max: [10.0, 10.0, 10.0] }),
                    genus: Some(-1),
                    triangles: 2_000_000,
                    vertices: 1_000_002,
                    times: vec![
                        StageTime { stage: Stage::Parse, seconds: 0.001 },
                        StageTime { stage: Stage::Solve, seconds: 1.5 },
                    ],
                    peak_memory_bytes: 433_000_000,
                    bytes_sent: 36_000_000,
                    messages_suppressed: 12,
                    cells: 111,
                    cells_cached: 110,
                },
            }
            .into(),
        ),
        (
            "failed",
            Failed {
                subject: Subject::Render { document: 1, revision: 7 },
                code: FailureCode::MemoryLimit,
                message: "minkowski() needs more memory than allowed".to_owned(),
                place: Some(place()),
                details: vec![
                    FailureDetail {
                        key: "needed_bytes".to_owned(),
                        value: "3100000000".to_owned(),
                    },
                    FailureDetail { key: "limit_bytes".to_owned(), value: "2000000000".to_owned() },
                ],
            }
            .into(),
        ),
        (
            "failed-session",
            Failed {
                subject: Subject::Session,
                code: FailureCode::from(4_000),
                message: "a code of a later server".to_owned(),
                place: None,
                details: vec![],
            }
            .into(),
        ),
        (
            "pressure",
            Pressure {
                level: PressureLevel::High,
                used_bytes: 6_000_000_000,
                limit_bytes: 8_000_000_000,
            }
            .into(),
        ),
        (
            "forecast",
            Forecast {
                document: 1,
                revision: 7,
                needed_bytes: 3_100_000_000,
                limit_bytes: 2_000_000_000,
            }
            .into(),
        ),
        (
            "file",
            File {
                header: FileHeader {
                    request: 3,
                    name: "main.3mf".to_owned(),
                    offset: 1_000_000,
                    last: true,
                },
                payload: Bytes::from_static(b"PK\x03\x04 the end"),
            }
            .into(),
        ),
        ("pong", Pong { nonce: 0xdead_beef }.into()),
        ("wanted", Wanted { document: 1, revision: 7, digests: vec![digest()] }.into()),
    ]
}

fn hash(first: u8) -> ChunkHash {
    ChunkHash(std::array::from_fn(|i| first + i as u8))
}

/// SHA-256 of the three bytes `abc`, from FIPS 180-2.
fn digest() -> FileDigest {
    FileDigest([
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
        0x15, 0xad,
    ])
}

fn place() -> Place {
    Place { file: "main.scad".to_owned(), line: 3, column: 5, end_line: 3, end_column: 12 }
}

fn parameters() -> Parameters {
    let parameter = |name: &str, initial, widget| Parameter {
        name: name.to_owned(),
        caption: format!("the {name}"),
        group: "Size".to_owned(),
        initial,
        widget,
    };
    let choice =
        |value: &str| Choice { value: ParameterValue::Text(value.into()), label: value.into() };
    Parameters {
        document: 1,
        revision: 7,
        list: vec![
            parameter(
                "count",
                ParameterValue::Number(4.0),
                Widget::Slider { min: 1.0, max: 10.0, step: Some(1.0) },
            ),
            parameter("hollow", ParameterValue::Bool(true), Widget::CheckBox),
            parameter(
                "label",
                ParameterValue::Text("hé".to_owned()),
                Widget::TextBox { max_length: Some(8) },
            ),
            parameter(
                "size",
                ParameterValue::Vector(vec![1.0, 2.0, 3.5]),
                Widget::SpinBox { step: None },
            ),
            parameter(
                "style",
                ParameterValue::Text("round".to_owned()),
                Widget::DropDown { choices: vec![choice("round"), choice("square")] },
            ),
        ],
    }
}

fn manifest() -> Manifest {
    let entry = |first, part, color, delivery| ChunkEntry {
        hash: hash(first),
        part,
        color,
        min: [0.0, 0.0, 0.0],
        max: [1.0, 1.0, 0.0],
        vertices: 4,
        triangles: 2,
        bytes: 60,
        codec: Codec::Raw,
        delivery,
    };
    Manifest {
        document: 1,
        revision: 7,
        scene: 1,
        level: Level::Exact,
        first_part: 0,
        parts: vec![
            Part { kind: PartKind::Solid, color: None, name: "body".to_owned() },
            Part {
                kind: PartKind::Background,
                color: Some(Rgba([255, 128, 0, 64])),
                name: String::new(),
            },
        ],
        first_chunk: 0,
        chunks: vec![
            entry(0x10, 0, None, Delivery::Push),
            entry(0x20, 1, Some(Rgba([1, 2, 3, 4])), Delivery::Known),
        ],
        last: true,
        triangles: 4,
        vertices: 8,
        bytes: 120,
    }
}

/// A square of side 1 in two triangles.
fn chunk(index_width: IndexWidth) -> Chunk {
    let positions = [[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
    let indices = [0_u16, 1, 2, 0, 2, 3];
    let mut payload: Vec<u8> = positions.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    for index in indices {
        match index_width {
            IndexWidth::U16 => payload.extend(index.to_le_bytes()),
            IndexWidth::U32 => payload.extend(u32::from(index).to_le_bytes()),
        }
    }
    Chunk {
        header: ChunkHeader {
            document: 1,
            revision: 7,
            scene: 1,
            index: 0,
            hash: hash(0x10),
            codec: Codec::Raw,
            vertex_count: 4,
            index_count: 6,
            index_width,
        },
        payload: payload.into(),
    }
}
