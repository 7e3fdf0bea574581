//! Files that a session uploaded, because they are too large for a `Render` or stay the same from one to the next.
//!
//! Pieces of a file come in order; the bytes are checked against their SHA-256 when the last one is there. What the newest
//! revisions of all documents name together is bounded, and so is what is kept. Of files that none of them names only a
//! little is kept, those of the last edits and of an undo: an application may upload a new one with each key.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use scadstream_protocol::message::{FailureCode, FileContent, FileDigest, Render, Upload};
use sha2::{Digest, Sha256};

/// Most bytes of whole files that no document names any more.
const UNNAMED_BYTES: usize = 16 << 20;

/// Most files of a session, whatever they hold: what there is to be said of each takes memory as well.
const MOST_FILES: usize = 1 << 14;

/// Why a piece cannot be taken, in which case the file has to be uploaded again from its start, or files not be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: FailureCode,
    pub(crate) message: String,
}

/// Why a `Render` cannot begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// These files are not here, each named once.
    Wanted(Vec<FileDigest>),
    /// The files that it and the newest revisions of other documents name are larger together than there is room for.
    Refused(Refused),
}

fn too_large(limit_bytes: usize) -> Refused {
    let message = format!("The files of a session may have {limit_bytes} bytes together.");
    Refused { code: FailureCode::TooLarge, message }
}

/// The uploaded files of a session.
#[derive(Debug)]
pub(crate) struct Uploads {
    limit_bytes: usize,
    held_bytes: usize,
    /// Counts pieces and renders: the time of [`File::used`].
    clock: u64,
    files: HashMap<[u8; 32], File>,
    /// The files that the newest revision of each document names, with their lengths.
    named: HashMap<u32, BTreeMap<[u8; 32], u64>>,
}

#[derive(Debug)]
struct File {
    content: Content,
    /// When it was last sent or named.
    used: u64,
}

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    /// More is to come.
    Partial {
        bytes: Vec<u8>,
        hash: Sha256,
    },
}

impl File {
    fn len(&self) -> usize {
        match &self.content {
            Content::Whole(bytes) => bytes.len(),
            Content::Partial { bytes, .. } => bytes.len(),
        }
    }
}

impl Uploads {
    /// No files, and room for `limit_bytes`.
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, held_bytes: 0, clock: 0, files: HashMap::new(), named: HashMap::new() }
    }

    /// Takes a piece. Files that were not used for longest make room for it.
    ///
    /// # Errors
    /// When it does not follow the one before, the whole does not have its digest, or is larger than there is room for.
    pub(crate) fn take(&mut self, upload: &Upload) -> Result<(), Refused> {
        if upload.header.total > self.limit_bytes as u64 {
            return Err(too_large(self.limit_bytes));
        }
        self.clock += 1;
        let digest = upload.header.digest.0;
        let (mut bytes, mut hash) = match self.remove(&digest) {
            Some(File { content: whole @ Content::Whole(_), .. }) => {
                self.insert(digest, whole);
                return Ok(());
            }
            Some(File { content: Content::Partial { bytes, hash }, .. })
                if upload.header.offset > 0 =>
            {
                (bytes, hash)
            }
            _ => Default::default(),
        };
        if upload.header.offset != bytes.len() as u64 {
            let (offset, expected) = (upload.header.offset, bytes.len());
            let message =
                format!("The piece begins at byte {offset}; byte {expected} is the next.");
            return Err(Refused { code: FailureCode::Upload, message });
        }
        self.make_room_for(bytes.len() + upload.payload.len());
        bytes.extend_from_slice(&upload.payload);
        hash.update(&upload.payload);
        if (bytes.len() as u64) < upload.header.total {
            self.insert(digest, Content::Partial { bytes, hash });
            return Ok(());
        }
        let found: [u8; 32] = hash.finalize().into();
        if found != digest {
            let message = format!("The bytes have the digest {}.", FileDigest(found));
            return Err(Refused { code: FailureCode::Upload, message });
        }
        self.insert(digest, Content::Whole(bytes.into()));
        Ok(())
    }

    /// The files that `render` names by digest.
    ///
    /// # Errors
    /// When some are not here, or never can be together.
    pub(crate) fn named_by(
        &mut self,
        render: &Render,
    ) -> Result<Vec<([u8; 32], Bytes)>, Unavailable> {
        self.clock += 1;
        let own: BTreeMap<[u8; 32], u64> = render
            .files
            .iter()
            .filter_map(|file| match file.content {
                FileContent::Uploaded { digest, length } => {
                    // Of one that is here it does not count what the client says.
                    let held = self.files.get(&digest.0).map(|file| file.len() as u64);
                    Some((digest.0, held.map_or(length, |held| held.max(length))))
                }
                FileContent::Inline(_) => None,
            })
            .collect();
        // Whether it begins or waits for files: what the revisions before it named is of no use any more.
        self.named.remove(&render.document);
        let of_others = self.named.values().flatten();
        let together: HashMap<_, _> = of_others.chain(&own).collect();
        let bytes = together.values().fold(0, |sum: u64, length| sum.saturating_add(**length));
        if bytes > self.limit_bytes as u64 {
            return Err(Unavailable::Refused(too_large(self.limit_bytes)));
        }
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for digest in own.keys() {
            match self.files.get_mut(digest) {
                Some(File { content: Content::Whole(bytes), used }) => {
                    *used = self.clock;
                    found.push((*digest, bytes.clone()));
                }
                _ => missing.push(FileDigest(*digest)),
            }
        }
        self.named.insert(render.document, own);
        if !missing.is_empty() {
            return Err(Unavailable::Wanted(missing));
        }
        self.forget_unnamed();
        Ok(found)
    }

    /// Forgets files that were not used for longest, until there are `bytes` free.
    fn make_room_for(&mut self, bytes: usize) {
        while self.held_bytes + bytes > self.limit_bytes || self.files.len() >= MOST_FILES {
            let oldest = self.files.iter().min_by_key(|(_, file)| file.used);
            let Some((digest, _)) = oldest else { return };
            let digest = *digest;
            self.remove(&digest);
        }
    }

    /// Forgets whole files that no document names, but for those that were used last.
    fn forget_unnamed(&mut self) {
        let named: HashSet<&[u8; 32]> = self.named.values().flat_map(BTreeMap::keys).collect();
        let is_unnamed = |(digest, file): &(&[u8; 32], &File)| {
            matches!(file.content, Content::Whole(_)) && !named.contains(digest)
        };
        let mut unnamed: Vec<_> = self.files.iter().filter(is_unnamed).collect();
        unnamed.sort_by_key(|(_, file)| std::cmp::Reverse(file.used));
        let mut kept_bytes = 0;
        let forgotten = unnamed.into_iter().filter(|(_, file)| {
            kept_bytes += file.len();
            kept_bytes > UNNAMED_BYTES
        });
        let forgotten: Vec<[u8; 32]> = forgotten.map(|(digest, _)| *digest).collect();
        for digest in forgotten {
            self.remove(&digest);
        }
    }

    fn insert(&mut self, digest: [u8; 32], content: Content) {
        let file = File { content, used: self.clock };
        self.held_bytes += file.len();
        self.files.insert(digest, file);
    }

    fn remove(&mut self, digest: &[u8; 32]) -> Option<File> {
        let file = self.files.remove(digest)?;
        self.held_bytes -= file.len();
        Some(file)
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
        assert_eq!(
            uploads.named_by(&naming(&[b"abcdef"])),
            Err(Unavailable::Wanted(vec![digest(b"abcdef")]))
        );
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
        let mut uploads = Uploads::new(1);
        let wanted = Unavailable::Wanted(vec![digest(b"x")]);
        assert_eq!(uploads.named_by(&naming(&[b"x", b"x"])), Err(wanted));
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
        let refused = uploads.take(&piece(b"abcdefghij", 0, 10)).unwrap_err();
        assert_eq!(refused.code, FailureCode::TooLarge);
        let both = naming(&[b"abcdef", b"ghij"]);
        assert_eq!(uploads.named_by(&both), Err(Unavailable::Refused(too_large(9))));
    }

    #[test]
    fn what_all_documents_name_is_bounded() {
        let mut uploads = Uploads::new(9);
        let of_document = |document, file: &[u8]| Render { document, ..naming(&[file]) };
        uploads.take(&piece(b"abcdef", 0, 6)).unwrap();
        assert!(uploads.named_by(&of_document(1, b"abcdef")).is_ok());
        assert!(uploads.named_by(&of_document(2, b"abcdef")).is_ok());
        assert_eq!(
            uploads.named_by(&of_document(3, b"ghij")),
            Err(Unavailable::Refused(too_large(9)))
        );
        // Both give it up for others.
        let wanted = |file| Err(Unavailable::Wanted(vec![digest(file)]));
        assert_eq!(uploads.named_by(&of_document(1, b"ghi")), wanted(b"ghi"));
        assert_eq!(uploads.named_by(&of_document(2, b"jklm")), wanted(b"jklm"));
    }

    #[test]
    fn of_what_no_document_names_a_little_is_kept() {
        let mut uploads = Uploads::new(1 << 30);
        let files: Vec<Vec<u8>> = (0..6).map(|n| vec![n; UNNAMED_BYTES / 3]).collect();
        for file in &files {
            uploads.take(&piece(file, 0, file.len())).unwrap();
            uploads.named_by(&naming(&[file])).unwrap();
        }
        let mut are_kept = files.iter().map(|file| uploads.files.contains_key(&digest(file).0));
        assert!(are_kept.by_ref().take(2).all(|is_kept| !is_kept));
        assert!(are_kept.all(|is_kept| is_kept));
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let mut uploads = Uploads::new(9);
        let [first, second, third] = [&b"abc"[..], b"def", b"ghi"];
        for file in [first, second] {
            uploads.take(&piece(file, 0, 3)).unwrap();
        }
        // Begun and not gone on with.
        uploads.take(&piece(third, 0, 2)).unwrap();
        assert!(uploads.named_by(&naming(&[first])).is_ok());
        uploads.take(&piece(b"jklm", 0, 4)).unwrap();
        assert_eq!(
            uploads.named_by(&naming(&[second])),
            Err(Unavailable::Wanted(vec![digest(second)]))
        );
        uploads.take(&piece(b"no", 0, 2)).unwrap();
        assert_eq!(uploads.take(&piece(third, 2, 1)).unwrap_err().code, FailureCode::Upload);
        for file in [first, b"jklm", b"no"] {
            assert!(uploads.named_by(&naming(&[file])).is_ok());
        }
    }
}
