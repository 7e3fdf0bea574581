//! Files on disk as a [`World`], for the examples.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use scadstream_eval::{Purpose, World, read_file};
use scadstream_syntax::{Parsed, Source, parse};

/// Files on disk, by path.
pub(crate) struct Disk {
    folder: PathBuf,
    /// Parsed files by content, kept to the end as a worker's cache does.
    parsed: Mutex<Vec<(Arc<String>, Arc<Parsed>)>>,
    libraries: Vec<PathBuf>,
}

impl Disk {
    /// The files around a main file in `folder`; libraries are in the folders that OPENSCADPATH names.
    pub(crate) fn new(folder: PathBuf) -> Self {
        let libraries = std::env::var_os("OPENSCADPATH")
            .map(|path| std::env::split_paths(&path).collect())
            .unwrap_or_default();
        Self { folder, parsed: Mutex::default(), libraries }
    }
}

impl World for Disk {
    fn resolve(&self, path: &str, from: &str, purpose: Purpose) -> Option<String> {
        let from = self.folder.join(from);
        let beside = from.parent().unwrap_or(Path::new("")).join(path);
        let libraries = self.libraries.iter().map(|library| library.join(path));
        let mut candidates =
            std::iter::once(beside).chain(libraries.filter(|_| purpose == Purpose::Source));
        let found = candidates.find(|candidate| candidate.is_file())?;
        // The same file by whatever path is the same file.
        Some(found.canonicalize().ok()?.to_string_lossy().into_owned())
    }

    fn read(&self, file: &str) -> io::Result<Arc<[u8]>> {
        read_file(Path::new(file))
    }

    fn read_source(&self, file: &str) -> io::Result<Vec<u8>> {
        std::fs::read(file)
    }

    /// The release that most machines have installed, whose output this is compared with.
    fn version_date(&self) -> [u32; 3] {
        [2021, 1, 0]
    }

    fn parsed(&self, source: &Arc<Source>) -> Arc<Parsed> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        // Few files, of different lengths: cheaper than a hash of each text.
        if let Some((_, known)) = parsed.iter().find(|(text, _)| text == source.text()) {
            return Arc::clone(known);
        }
        let new = Arc::new(parse(source));
        parsed.push((Arc::clone(source.text()), Arc::clone(&new)));
        new
    }

    fn display_name(&self, file: &str) -> String {
        let path = Path::new(file);
        path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().into_owned()
    }
}
