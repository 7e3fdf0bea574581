//! The document that a job starts from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use scadstream_eval::read_file;

use crate::document_world::Files;

/// The main file, and where the files lie that it names.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The main file's name, as messages show it.
    pub name: &'a str,
    /// Its bytes.
    pub content: Arc<[u8]>,
    /// Where other files are.
    pub surroundings: Surroundings<'a>,
}

/// Where the files lie that a document names.
#[derive(Debug, Clone)]
pub enum Surroundings<'a> {
    /// On disk, relative to this folder; every file there is may be read. For the owner's own models.
    Disk(PathBuf),
    /// Sent along; besides them only the libraries may be read. For strangers' models.
    Sent(&'a Files),
}

impl Input<'static> {
    /// A file on disk.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(path: &Path) -> std::io::Result<Input<'_>> {
        let content = read_file(path)?;
        let folder = std::path::absolute(path)?.parent().map(Path::to_owned).unwrap_or_default();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("model.scad");
        Ok(Input { name, content, surroundings: Surroundings::Disk(folder) })
    }
}
