//! The folders that `include` and `use` search after the file's own.

use std::path::{Path, PathBuf};

/// Library folders in order of search.
#[derive(Debug, Clone, Default)]
pub struct Libraries {
    /// Each without links and `..`, so that containment can be told by prefix.
    folders: Vec<PathBuf>,
}

impl Libraries {
    /// The folders that exist among `folders`.
    pub fn new(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let existing = folders.into_iter().filter_map(|folder| folder.canonicalize().ok());
        Self { folders: existing.filter(|folder| folder.is_dir()).collect() }
    }

    /// The folders of a list such as `OPENSCADPATH` holds, separated as `PATH` is.
    pub fn split(list: &std::ffi::OsStr) -> Vec<PathBuf> {
        std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// The folders.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The first library's file at `path`, as a path without links; it lies inside that library.
    pub(crate) fn find(&self, path: &str) -> Option<PathBuf> {
        self.folders.iter().find_map(|folder| self.inside(&folder.join(path)))
    }

    /// The file at `path` without links and `..`, if there is one and it lies inside a library.
    pub(crate) fn inside(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok().filter(|real| real.is_file())?;
        self.folders.iter().any(|folder| real.starts_with(folder)).then_some(real)
    }
}
