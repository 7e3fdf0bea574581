/** Limits of the protocol; SPEC.md has them all. */

export const MAX_FRAME_BYTES = 1 << 20;
export const MAX_STRING_BYTES = 64 << 10;
export const MAX_NAME_BYTES = 1024;
export const MAX_TOKEN_BYTES = 4096;
export const MAX_CODECS = 16;
export const MAX_KNOWN_CHUNKS = 32_768;
export const MIN_INITIAL_CREDIT = 2 << 20;
export const MAX_CREDIT = 1 << 30;
export const MAX_FILES = 4096;
export const MAX_OVERRIDES = 1024;
export const MAX_UPLOAD_BYTES = 256 << 20;
export const MAX_PARTS = 4096;
export const MAX_MANIFEST_CHUNKS = 12_000;
export const MAX_SCENE_CHUNKS = 1 << 20;
export const MAX_NEED = 65_536;
export const MAX_CHUNK_VERTICES = 65_536;
export const MAX_CHUNK_TRIANGLES = 131_072;
export const MAX_DIAGNOSTICS = 4096;
export const MAX_HINTS = 16;
export const MAX_DETAILS = 64;
export const MAX_STAGE_TIMES = 64;
export const MAX_PARAMETERS = 4096;
export const MAX_CHOICES = 1024;
export const MAX_VECTOR = 4;
