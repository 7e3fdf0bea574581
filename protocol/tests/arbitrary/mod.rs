//! Strategies for every message, within the protocol's limits.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use scadstream_protocol::limits;
use scadstream_protocol::message::*;

pub(crate) fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        hello().prop_map_into(),
        render().prop_map_into(),
        upload().prop_map_into(),
        (any::<u32>(), any::<u32>())
            .prop_map(|(document, revision)| Cancel { document, revision }.into()),
        (any::<u32>(), any::<u32>(), any::<u32>(), vec(0..limits::MAX_SCENE_CHUNKS, 0..20))
            .prop_map(|(document, revision, scene, chunks)| {
                Need { document, revision, scene, chunks }.into()
            }),
        (0..=limits::MAX_CREDIT).prop_map(|bytes| Credit { bytes }.into()),
        (any::<u32>(), any::<u32>(), any::<u32>(), number()).prop_map(
            |(document, revision, request, format)| {
                Export { document, revision, request, format }.into()
            }
        ),
        any::<u32>().prop_map(|nonce| Ping { nonce }.into()),
        (any::<u32>(), camera()).prop_map(|(document, camera)| View { document, camera }.into()),
    ]
}

fn camera() -> impl Strategy<Value = Camera> {
    let corner = || [finite_f32(), finite_f32(), finite_f32()];
    (corner(), corner(), 0.0_f32..180.0, any::<u32>())
        .prop_map(|(eye, target, fov_deg, height_px)| Camera { eye, target, fov_deg, height_px })
}

pub(crate) fn server_message() -> impl Strategy<Value = ServerMessage> {
    prop_oneof![
        welcome().prop_map_into(),
        (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(document, revision, position)| {
            Queued { document, revision, position }.into()
        }),
        progress().prop_map_into(),
        (any::<u32>(), any::<u32>(), vec(diagnostic(), 0..5)).prop_map(
            |(document, revision, list)| Diagnostics { document, revision, list }.into()
        ),
        (any::<u32>(), any::<u32>(), vec(parameter(), 0..5)).prop_map(
            |(document, revision, list)| Parameters { document, revision, list }.into()
        ),
        manifest().prop_map_into(),
        chunk().prop_map_into(),
        done().prop_map_into(),
        failed().prop_map_into(),
        (number(), big_count(), big_count()).prop_map(|(level, used_bytes, limit_bytes)| {
            Pressure { level, used_bytes, limit_bytes }.into()
        }),
        file().prop_map_into(),
        any::<u32>().prop_map(|nonce| Pong { nonce }.into()),
        (any::<u32>(), any::<u32>(), vec(digest(), 0..5)).prop_map(
            |(document, revision, digests)| Wanted { document, revision, digests }.into()
        ),
        (any::<u32>(), any::<u32>(), big_count(), big_count()).prop_map(
            |(document, revision, needed_bytes, limit_bytes)| {
                Forecast { document, revision, needed_bytes, limit_bytes }.into()
            }
        ),
    ]
}

pub(crate) fn chunk() -> impl Strategy<Value = Chunk> {
    let header = (any::<[u32; 3]>(), 0..limits::MAX_SCENE_CHUNKS, hash(), number());
    let counts = (0_u32..300, 0_u32..300, any::<bool>());
    (header, counts, any::<u8>(), 0_usize..500).prop_map(
        |(
            ([document, revision, scene], index, hash, codec),
            (vertices, triangles, wide),
            fill,
            other_len,
        )| {
            let header = ChunkHeader {
                document,
                revision,
                scene,
                index,
                hash,
                codec,
                vertex_count: vertices,
                index_count: triangles * 3,
                index_width: if wide { IndexWidth::U32 } else { IndexWidth::U16 },
            };
            let len = if codec == Codec::Raw { header.raw_len() } else { other_len };
            Chunk { header, payload: Bytes::from(vec![fill; len]) }
        },
    )
}

pub(crate) fn file() -> impl Strategy<Value = File> {
    (any::<u32>(), name(), big_count(), any::<bool>(), payload()).prop_map(
        |(request, name, offset, last, payload)| File {
            header: FileHeader { request, name, offset, last },
            payload,
        },
    )
}

/// A value of an enumeration that may be extended: one of this version, or a number of a later one.
fn number<T: From<u32> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    prop_oneof![0_u32..25, any::<u32>()].prop_map(T::from)
}

fn name() -> impl Strategy<Value = String> {
    "\\PC{0,12}"
}

fn text() -> impl Strategy<Value = String> {
    "(?s).{0,60}"
}

fn big_count() -> impl Strategy<Value = u64> {
    0..=limits::MAX_BIG_COUNT
}

fn finite() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

fn finite_f32() -> impl Strategy<Value = f32> {
    use proptest::num::f32::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

fn payload() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..200).prop_map(Bytes::from)
}

fn hash() -> impl Strategy<Value = ChunkHash> {
    any::<[u8; 16]>().prop_map(ChunkHash)
}

fn digest() -> impl Strategy<Value = FileDigest> {
    any::<[u8; 32]>().prop_map(FileDigest)
}

fn color() -> impl Strategy<Value = Option<Rgba>> {
    option::of(any::<[u8; 4]>().prop_map(Rgba))
}

fn place() -> impl Strategy<Value = Place> {
    (name(), 1..=u32::MAX, 1..=u32::MAX, any::<[u32; 2]>()).prop_map(
        |(file, line, column, [end_line, end_column])| {
            let (end_line, end_column) = (line, column).max((end_line, end_column));
            Place { file, line, column, end_line, end_column }
        },
    )
}

fn hello() -> impl Strategy<Value = Hello> {
    let credit = limits::MIN_INITIAL_CREDIT..=limits::MAX_CREDIT;
    (
        1..=u32::MAX,
        option::of(text()),
        vec(number(), 0..=limits::MAX_CODECS),
        credit,
        vec(hash(), 0..20),
        name(),
    )
        .prop_map(|(version, token, codecs, credit, known, client)| Hello {
            version,
            token,
            codecs,
            credit,
            known,
            client,
        })
}

fn render() -> impl Strategy<Value = Render> {
    let content = prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(FileContent::Inline),
        (digest(), 0..=limits::MAX_UPLOAD_BYTES)
            .prop_map(|(digest, length)| FileContent::Uploaded { digest, length }),
    ];
    let file = ("[a-z/.]{1,12}", content).prop_map(|(name, content)| SourceFile { name, content });
    let value = (name(), text()).prop_map(|(name, expression)| Override { name, expression });
    (any::<[u32; 2]>(), vec(file, 1..5), vec(value, 0..5), number(), option::of(camera())).prop_map(
        |([document, revision], files, overrides, detail, camera)| Render {
            document,
            revision,
            files,
            overrides,
            detail,
            camera,
        },
    )
}

fn upload() -> impl Strategy<Value = Upload> {
    (digest(), 0..limits::MAX_UPLOAD_BYTES / 2, payload()).prop_map(|(digest, offset, payload)| {
        let total = offset + 2 * payload.len() as u64;
        Upload { header: UploadHeader { digest, offset, total }, payload }
    })
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let allowed = (
        0..=limits::MAX_FRAME_BYTES as u32,
        any::<[u32; 4]>(),
        big_count(),
        big_count(),
        big_count(),
    )
        .prop_map(
            |(
                frame_bytes,
                [documents, files, known_chunks, job_time_ms],
                document_bytes,
                upload_bytes,
                job_memory_bytes,
            )| ServerLimits {
                frame_bytes,
                documents,
                files,
                document_bytes,
                upload_bytes,
                known_chunks,
                job_memory_bytes,
                job_time_ms,
            },
        );
    (1..=u32::MAX, name(), name(), vec(number(), 0..=limits::MAX_CODECS), allowed).prop_map(
        |(version, session, server, codecs, limits)| Welcome {
            version,
            session,
            server,
            codecs,
            limits,
        },
    )
}

fn progress() -> impl Strategy<Value = Progress> {
    (any::<[u32; 2]>(), number(), option::of(0.0_f32..=1.0), option::of(place()), big_count())
        .prop_map(|([document, revision], stage, fraction, place, memory_bytes)| Progress {
            document,
            revision,
            stage,
            fraction,
            place,
            memory_bytes,
        })
}

fn diagnostic() -> impl Strategy<Value = Diagnostic> {
    (number(), text(), option::of(place()), vec(text(), 0..3)).prop_map(
        |(severity, message, place, hints)| Diagnostic { severity, message, place, hints },
    )
}

fn parameter_value() -> impl Strategy<Value = ParameterValue> {
    prop_oneof![
        finite().prop_map(ParameterValue::Number),
        any::<bool>().prop_map(ParameterValue::Bool),
        text().prop_map(ParameterValue::Text),
        vec(finite(), 0..=limits::MAX_VECTOR).prop_map(ParameterValue::Vector),
    ]
}

fn parameter() -> impl Strategy<Value = Parameter> {
    let choice = (parameter_value(), text()).prop_map(|(value, label)| Choice { value, label });
    let widget = prop_oneof![
        option::of(finite()).prop_map(|step| Widget::SpinBox { step }),
        (finite(), finite(), option::of(finite())).prop_map(|(a, b, step)| Widget::Slider {
            min: a.min(b),
            max: a.max(b),
            step
        }),
        Just(Widget::CheckBox),
        option::of(any::<u32>()).prop_map(|max_length| Widget::TextBox { max_length }),
        vec(choice, 0..4).prop_map(|choices| Widget::DropDown { choices }),
    ];
    (name(), text(), name(), parameter_value(), widget).prop_map(
        |(name, caption, group, initial, widget)| Parameter {
            name,
            caption,
            group,
            initial,
            widget,
        },
    )
}

fn manifest() -> impl Strategy<Value = Manifest> {
    let part =
        (number(), color(), name()).prop_map(|(kind, color, name)| Part { kind, color, name });
    let corner = || [finite_f32(), finite_f32(), finite_f32()];
    let counts = (0..=limits::MAX_CHUNK_VERTICES, 0..=limits::MAX_CHUNK_TRIANGLES, 0..=1_u32 << 20);
    let entry = (hash(), 0_u32..100, color(), corner(), corner(), counts, number(), any::<bool>())
        .prop_map(|(hash, part, color, a, b, (vertices, triangles, bytes), codec, known)| {
            ChunkEntry {
                hash,
                part,
                color,
                min: std::array::from_fn(|i| a[i].min(b[i])),
                max: std::array::from_fn(|i| a[i].max(b[i])),
                vertices,
                triangles,
                bytes,
                codec,
                delivery: if known { Delivery::Known } else { Delivery::Push },
            }
        });
    (
        any::<[u32; 3]>(),
        number(),
        100_u32..1000,
        vec(part, 0..4),
        0_u32..1000,
        vec(entry, 0..8),
        any::<bool>(),
        [big_count(), big_count(), big_count()],
    )
        .prop_map(
            |(
                [document, revision, scene],
                level,
                first_part,
                parts,
                first_chunk,
                chunks,
                last,
                totals,
            )| {
                let [triangles, vertices, bytes] = totals;
                Manifest {
                    document,
                    revision,
                    scene,
                    level,
                    first_part,
                    parts,
                    first_chunk,
                    chunks,
                    last,
                    triangles,
                    vertices,
                    bytes,
                }
            },
        )
}

fn done() -> impl Strategy<Value = Done> {
    let corner = || [finite(), finite(), finite()];
    let bounds = (corner(), corner()).prop_map(|(a, b)| Bounds {
        min: std::array::from_fn(|i| a[i].min(b[i])),
        max: std::array::from_fn(|i| a[i].max(b[i])),
    });
    let time = (number(), finite()).prop_map(|(stage, seconds)| StageTime { stage, seconds });
    let measures = (finite(), finite(), option::of(bounds), option::of(any::<i32>()));
    let counts = [big_count(), big_count(), big_count(), big_count()];
    (any::<[u32; 2]>(), number(), measures, counts, vec(time, 0..6), any::<[u32; 3]>()).prop_map(
        |(
            [document, revision],
            level,
            (volume, area, bounds, genus),
            counts,
            times,
            [messages_suppressed, cells, cells_cached],
        )| {
            let [triangles, vertices, peak_memory_bytes, bytes_sent] = counts;
            let statistics = Statistics {
                volume,
                area,
                bounds,
                genus,
                triangles,
                vertices,
                times,
                peak_memory_bytes,
                bytes_sent,
                messages_suppressed,
                cells,
                cells_cached,
            };
            Done { document, revision, level, statistics }
        },
    )
}

fn failed() -> impl Strategy<Value = Failed> {
    let subject = prop_oneof![
        Just(Subject::Session),
        any::<[u32; 2]>().prop_map(|[document, revision]| Subject::Render { document, revision }),
        any::<u32>().prop_map(|request| Subject::Export { request }),
        digest().prop_map(|digest| Subject::Upload { digest }),
        any::<[u32; 3]>().prop_map(|[document, revision, scene]| Subject::Need {
            document,
            revision,
            scene
        }),
    ];
    let detail = (name(), text()).prop_map(|(key, value)| FailureDetail { key, value });
    (subject, number(), text(), option::of(place()), vec(detail, 0..4)).prop_map(
        |(subject, code, message, place, details)| Failed {
            subject,
            code,
            message,
            place,
            details,
        },
    )
}
