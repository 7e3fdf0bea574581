//! Files that a session uploaded because they are too large for a `Render`.
//!
//! Pieces of a file come in order; the bytes are checked against their SHA-256 when the last one is there. What all
//! files of the session hold together is bounded.

use std::collections::HashMap;

use bytes::Bytes;
use scadstream_protocol::message::{FailureCode, FileContent, FileDigest, Render, Upload};
use sha2::{Digest, Sha256};

/// A piece that cannot be taken; the file has to be uploaded again from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: FailureCode,
    pub(crate) message: String,
}

/// The uploaded files of a session.
#[derive(Debug)]
pub(crate) struct Uploads {
    limit_bytes: usize,
    held_bytes: usize,
    whole: HashMap<[u8; 32], Bytes>,
    partial: HashMap<[u8; 32], Partial>,
}

#[derive(Debug, Default)]
struct Partial {
    bytes: Vec<u8>,
    hash: Sha256,
}

impl Uploads {
    /// No files, and room for `limit_bytes`.
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, held_bytes: 0, whole: HashMap::new(), partial: HashMap::new() }
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// When it does not follow the one before, the whole does not have its digest, or there is no room.
    pub(crate) fn take(&mut self, upload: &Upload) -> Result<(), Refused> {
        let digest = upload.header.digest.0;
        if self.whole.contains_key(&digest) {
            return Ok(());
        }
        let mut partial = self.partial.remove(&digest).unwrap_or_default();
        self.held_bytes -= partial.bytes.len();
        if upload.header.offset == 0 {
            partial = Partial::default();
        }
        if upload.header.offset != partial.bytes.len() as u64 {
            let (offset, expected) = (upload.header.offset, partial.bytes.len());
            let message =
                format!("The piece begins at byte {offset}; byte {expected} is the next.");
            return Err(Refused { code: FailureCode::Upload, message });
        }
        if self.held_bytes + partial.bytes.len() + upload.payload.len() > self.limit_bytes {
            let limit = self.limit_bytes;
            let message = format!("The files of a session may have {limit} bytes together.");
            return Err(Refused { code: FailureCode::TooLarge, message });
        }
        partial.bytes.extend_from_slice(&upload.payload);
        partial.hash.update(&upload.payload);
        self.held_bytes += partial.bytes.len();
        if (partial.bytes.len() as u64) < upload.header.total {
            self.partial.insert(digest, partial);
            return Ok(());
        }
        let found: [u8; 32] = partial.hash.finalize().into();
        if found != digest {
            self.held_bytes -= partial.bytes.len();
            let message = format!("The bytes have the digest {}.", FileDigest(found));
            return Err(Refused { code: FailureCode::Upload, message });
        }
        self.whole.insert(digest, partial.bytes.into());
        Ok(())
    }

    /// The files that `render` names by digest.
    ///
    /// # Errors
    /// The digests of those that are not here, each once.
    pub(crate) fn named_by(
        &self,
        render: &Render,
    ) -> Result<Vec<([u8; 32], Bytes)>, Vec<FileDigest>> {
        let mut found: Vec<([u8; 32], Bytes)> = Vec::new();
        let mut missing = Vec::new();
        for file in &render.files {
            let FileContent::Uploaded { digest, .. } = file.content else { continue };
            match self.whole.get(&digest.0) {
                Some(_) if found.iter().any(|(known, _)| *known == digest.0) => {}
                Some(content) => found.push((digest.0, content.clone())),
                None if missing.contains(&digest) => {}
                None => missing.push(digest),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(missing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scadstream_protocol::message::{Detail, SourceFile, UploadHeader};

    fn digest(bytes: &[u8]) -> FileDigest {
        FileDigest(Sha256::digest(bytes).into())
    }

    fn piece(of: &[u8], offset: usize, len: usize) -> Upload {
        let header =
            UploadHeader { digest: digest(of), offset: offset as u64, total: of.len() as u64 };
        Upload { header, payload: Bytes::copy_from_slice(&of[offset..offset + len]) }
    }

    fn naming(files: &[&[u8]]) -> Render {
        let files = files.iter().map(|bytes| SourceFile {
            name: "f.stl".into(),
            content: FileContent::Uploaded { digest: digest(bytes), length: bytes.len() as u64 },
        });
        Render {
            document: 1,
            revision: 1,
            files: files.collect(),
            overrides: Vec::new(),
            detail: Detail::Both,
            camera: None,
        }
    }

    #[test]
    fn a_file_is_there_when_its_last_piece_is() {
        let mut uploads = Uploads::new(1000);
        uploads.take(&piece(b"abcdef", 0, 4)).unwrap();
        assert_eq!(uploads.named_by(&naming(&[b"abcdef"])), Err(vec![digest(b"abcdef")]));
        uploads.take(&piece(b"abcdef", 4, 2)).unwrap();
        let found = uploads.named_by(&naming(&[b"abcdef", b"abcdef"])).unwrap();
        assert_eq!(found, [(digest(b"abcdef").0, Bytes::from_static(b"abcdef"))]);
    }

    #[test]
    fn an_empty_file_is_one_empty_piece() {
        let mut uploads = Uploads::new(0);
        uploads.take(&piece(b"", 0, 0)).unwrap();
        assert!(uploads.named_by(&naming(&[b""])).is_ok());
    }

    #[test]
    fn a_missing_file_is_wanted_once() {
        let uploads = Uploads::new(0);
        assert_eq!(uploads.named_by(&naming(&[b"x", b"x"])), Err(vec![digest(b"x")]));
    }

    #[test]
    fn pieces_out_of_order_are_refused_and_the_file_can_begin_again() {
        let mut uploads = Uploads::new(1000);
        uploads.take(&piece(b"abcdef", 0, 2)).unwrap();
        let refused = uploads.take(&piece(b"abcdef", 3, 3)).unwrap_err();
        assert_eq!(refused.code, FailureCode::Upload);
        uploads.take(&piece(b"abcdef", 0, 6)).unwrap();
        assert!(uploads.named_by(&naming(&[b"abcdef"])).is_ok());
    }

    #[test]
    fn wrong_bytes_are_refused_and_leave_nothing_behind() {
        let mut uploads = Uploads::new(6);
        let mut wrong = piece(b"abcdef", 0, 6);
        wrong.payload = Bytes::from_static(b"abcdeX");
        assert_eq!(uploads.take(&wrong).unwrap_err().code, FailureCode::Upload);
        uploads.take(&piece(b"abcdef", 0, 6)).unwrap();
    }

    #[test]
    fn more_than_the_limit_is_refused() {
        let mut uploads = Uploads::new(9);
        uploads.take(&piece(b"abcdef", 0, 6)).unwrap();
        assert_eq!(uploads.take(&piece(b"ghij", 0, 4)).unwrap_err().code, FailureCode::TooLarge);
        uploads.take(&piece(b"ghi", 0, 3)).unwrap();
    }
}
