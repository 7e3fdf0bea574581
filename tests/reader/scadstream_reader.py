"""A reader of the protocol scadstream.v1, written from protocol/SPEC.md alone.

It shares no code with the server or the TypeScript client, so that what it understands is what the specification says.
Standard library and `websockets` only; codec `raw`.
"""

import struct
from contextlib import ExitStack
from dataclasses import dataclass, field

from websockets.sync.client import connect

MAGIC = b"SCAD"
VERSION = 1
MAX_FRAME_BYTES = 1 << 20
SUBPROTOCOL = "scadstream.v1"

HELLO, RENDER, NEED, CREDIT, EXPORT = 0x01, 0x02, 0x05, 0x06, 0x07
WELCOME, MANIFEST, CHUNK, DONE, FAILED, FILE = 0x81, 0x86, 0x87, 0x88, 0x89, 0x8B
USES_CREDIT = {CHUNK, FILE}

RAW = 0
DETAIL_EXACT, DETAIL_BOTH = 1, 2
LEVEL_EXACT = 1
SOLID, HIGHLIGHT, BACKGROUND, FLAT = 0, 1, 2, 3
STL_BINARY = 0


class ProtocolError(Exception):
    """The server sent what the specification does not allow."""


class RenderFailed(Exception):
    """The server answered with Failed."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Fields:
    """Reads the fields of a header, section 3."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, layout):
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values if len(values) > 1 else values[0]

    def string(self, limit=65_536):
        length = self.take("Q")
        if length > limit or self.at + length > len(self.data):
            raise ProtocolError(f"a string of {length} bytes")
        text = self.data[self.at : self.at + length].decode("utf-8")
        self.at += length
        return text

    def list(self, element, limit):
        length = self.take("Q")
        if length > limit:
            raise ProtocolError(f"a list of {length} elements")
        return [element() for _ in range(length)]

    def option(self, element):
        present = self.take("B")
        if present > 1:
            raise ProtocolError(f"an option of {present}")
        return element() if present else None

    def hash(self):
        digest = self.data[self.at : self.at + 16]
        self.at += 16
        return bytes(digest)

    def end(self):
        if self.at != len(self.data):
            raise ProtocolError("bytes behind the last field")


def string(text):
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def frame(kind, header, payload=b""):
    """Section 2: prelude, header, padding, payload."""
    prelude = struct.pack("<4sBBHII", MAGIC, VERSION, kind, 0, len(header), len(payload))
    padding = -(len(prelude) + len(header)) % 8
    return prelude + header + bytes(padding) + payload


def split_frame(data):
    """Kind, header and payload of one WebSocket message."""
    if len(data) < 16:
        raise ProtocolError("less than a prelude")
    magic, version, kind, flags, header_len, payload_len = struct.unpack_from("<4sBBHII", data)
    if magic != MAGIC or version != VERSION or flags & 0xFF00:
        raise ProtocolError("not a frame of version 1")
    start = (16 + header_len + 7) // 8 * 8
    if len(data) != start + payload_len or len(data) > MAX_FRAME_BYTES:
        raise ProtocolError("a frame of another length than it says")
    if any(data[16 + header_len : start]):
        raise ProtocolError("padding that is not zero")
    return kind, data[16 : 16 + header_len], data[start:]


@dataclass
class Chunk:
    """Positions as tuples of three floats, triangles as tuples of three indices."""

    positions: list
    triangles: list


@dataclass
class Entry:
    """A chunk as the manifest lists it."""

    hash: bytes
    part: int
    vertices: int
    triangles: int
    known: bool


@dataclass
class Scene:
    """A scene being put together."""

    number: int
    level: int
    parts: list = field(default_factory=list)
    entries: list = field(default_factory=list)
    announced: bool = False


@dataclass
class Rendered:
    """What came of one render."""

    scenes: list
    volume: float
    triangles: int
    chunks_received: int
    bytes_received: int


class Reader:
    """A session with a server."""

    def __init__(self, address, credit=8 << 20, known=()):
        self.closing = ExitStack()
        self.socket = self.closing.enter_context(
            connect(
                f"ws://{address}/ws",
                subprotocols=[SUBPROTOCOL],
                compression=None,
                max_size=MAX_FRAME_BYTES,
            )
        )
        self.chunks = {}
        self.revision = 0
        hello = struct.pack("<IB", VERSION, 0) + struct.pack("<QI", 1, RAW)
        hello += struct.pack("<I", credit) + struct.pack("<Q", len(known)) + b"".join(known)
        self.send(HELLO, hello + string("independent reader/1"))
        kind, header, _ = self.receive()
        if kind != WELCOME:
            raise ProtocolError(f"{kind:#x} before Welcome")
        fields = Fields(header)
        fields.take("I")
        fields.string(1024)
        self.server = fields.string(1024)

    def close(self):
        self.closing.close()

    def send(self, kind, header):
        self.socket.send(frame(kind, header))

    def receive(self):
        """The next frame; what it used of the credit is returned at once."""
        data = self.socket.recv(timeout=120)
        if isinstance(data, str):
            raise ProtocolError("a text message")
        kind, header, payload = split_frame(data)
        if kind in USES_CREDIT:
            self.send(CREDIT, struct.pack("<I", len(data)))
        return kind, header, payload

    def render(self, source, detail=DETAIL_BOTH, document=1):
        """Renders one file, and waits until its last scene is complete."""
        self.revision += 1
        content = source.encode("utf-8")
        header = struct.pack("<II", document, self.revision)
        header += struct.pack("<Q", 1) + string("main.scad")
        header += struct.pack("<IQ", 0, len(content)) + content
        header += struct.pack("<QIB", 0, detail, 0)
        self.send(RENDER, header)
        scenes, received, bytes_received, done = [], 0, 0, None
        while done is None or not self.is_complete(scenes[-1]):
            kind, header, payload = self.receive()
            fields = Fields(header)
            if kind == MANIFEST:
                self.take_manifest(fields, scenes, document)
            elif kind == CHUNK:
                self.take_chunk(fields, payload)
                received += 1
                bytes_received += len(payload)
            elif kind == DONE:
                if fields.take("II") != (document, self.revision):
                    continue
                fields.take("I")
                volume, _area = fields.take("dd")
                fields.option(lambda: fields.take("6d"))
                fields.option(lambda: fields.take("i"))
                done = (volume, fields.take("Q"))
            elif kind == FAILED:
                raise self.failure(fields)
        return Rendered(scenes, done[0], done[1], received, bytes_received)

    def take_manifest(self, fields, scenes, document):
        if fields.take("II") != (document, self.revision):
            return
        number, level, first_part = fields.take("III")
        if not scenes or scenes[-1].number != number:
            scenes.append(Scene(number, level))
        scene = scenes[-1]
        if first_part != len(scene.parts):
            raise ProtocolError("parts are missing before this piece")

        def part():
            kind = fields.take("I")
            fields.option(lambda: fields.take("4B"))
            fields.string(1024)
            return kind

        def entry():
            digest, index = fields.hash(), fields.take("I")
            fields.option(lambda: fields.take("4B"))
            low, high = fields.take("3f"), fields.take("3f")
            if any(a > b for a, b in zip(low, high)):
                raise ProtocolError("a box inside out")
            vertices, triangles, _bytes, _codec, delivery = fields.take("5I")
            return Entry(digest, index, vertices, triangles, delivery == 1)

        scene.parts += fields.list(part, 4096)
        if fields.take("I") != len(scene.entries):
            raise ProtocolError("chunks are missing before this piece")
        scene.entries += fields.list(entry, 12_000)
        scene.announced = bool(fields.take("B"))
        triangles, vertices, _bytes = fields.take("QQQ")
        fields.end()
        if triangles != sum(entry.triangles for entry in scene.entries):
            raise ProtocolError("the manifest's triangles do not add up")
        if vertices != sum(entry.vertices for entry in scene.entries):
            raise ProtocolError("the manifest's vertices do not add up")
        pushed = {entry.hash for entry in scene.entries if not entry.known}
        missing = [
            index
            for index, entry in enumerate(scene.entries)
            if entry.known and entry.hash not in self.chunks and entry.hash not in pushed
        ]
        if missing:
            need = struct.pack("<IIIQ", document, self.revision, number, len(missing))
            self.send(NEED, need + struct.pack(f"<{len(missing)}I", *missing))

    def take_chunk(self, fields, payload):
        fields.take("IIII")
        digest = fields.hash()
        codec, vertex_count, index_count, width = fields.take("IIII")
        fields.end()
        if codec != RAW:
            raise ProtocolError("a codec that Hello did not list")
        if len(payload) != 12 * vertex_count + width * index_count or index_count % 3:
            raise ProtocolError("a payload of another length than its counts say")
        numbers = struct.unpack_from(f"<{3 * vertex_count}f", payload)
        letter = {2: "H", 4: "I"}[width]
        indices = struct.unpack_from(f"<{index_count}{letter}", payload, 12 * vertex_count)
        if indices and max(indices) >= vertex_count:
            raise ProtocolError("an index without a vertex")
        by_three = lambda flat: list(zip(flat[0::3], flat[1::3], flat[2::3]))
        self.chunks[digest] = Chunk(by_three(numbers), by_three(indices))

    def is_complete(self, scene):
        return scene.announced and all(entry.hash in self.chunks for entry in scene.entries)

    def triangles(self, scene, kinds=(SOLID,)):
        """Corners of all triangles of the scene's parts of these kinds."""
        for entry in scene.entries:
            if scene.parts[entry.part] in kinds:
                chunk = self.chunks[entry.hash]
                for a, b, c in chunk.triangles:
                    yield chunk.positions[a], chunk.positions[b], chunk.positions[c]

    def export(self, document=1):
        """The newest revision as a binary STL file."""
        self.send(EXPORT, struct.pack("<IIII", document, self.revision, 1, STL_BINARY))
        content = b""
        while True:
            kind, header, payload = self.receive()
            fields = Fields(header)
            if kind == FILE:
                fields.take("I")
                fields.string(1024)
                offset, last = fields.take("QB")
                if offset != len(content):
                    raise ProtocolError("a gap in the file")
                content += payload
                if last:
                    return content
            elif kind == FAILED:
                raise self.failure(fields)

    @staticmethod
    def failure(fields):
        subject = fields.take("I")
        fields.at += {0: 0, 1: 8, 2: 4, 3: 32, 4: 12}[subject]
        return RenderFailed(fields.take("I"), fields.string())


def stl_triangles(content):
    """Corners of all triangles of a binary STL file."""
    (count,) = struct.unpack_from("<I", content, 80)
    for at in range(84, 84 + 50 * count, 50):
        numbers = struct.unpack_from("<12f", content, at)
        yield numbers[3:6], numbers[6:9], numbers[9:12]


def volume(triangles):
    """Enclosed volume, from the origin."""
    total = 0.0
    for (ax, ay, az), (bx, by, bz), (cx, cy, cz) in triangles:
        total += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    return total / 6.0


def open_edges(triangles):
    """Number of edges without a partner in the other direction, corners compared bit by bit."""
    balance = {}
    for corners in triangles:
        for start, end in zip(corners, corners[1:] + corners[:1]):
            if start == end:
                continue
            key, step = ((start, end), 1) if start < end else ((end, start), -1)
            balance[key] = balance.get(key, 0) + step
    return sum(1 for count in balance.values() if count)
