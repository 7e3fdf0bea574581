//! The world of a document sent by a client: its own files and the configured libraries, and nothing else.
//!
//! Models are programs by strangers. A path that is absolute, leads out of the document or the libraries by `..`, or
//! through a link, is not found.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use scadstream_csg::{FileData, TextParameters};
use scadstream_eval::{Drawing, FontMetrics, Purpose, TextMetrics, World, read_file};
use scadstream_syntax::{Parsed, Source};

use crate::library::Libraries;
use crate::measuring;
use crate::parse_cache::ParseCache;

/// A document's files by their paths, relative, with `/` between folders.
pub type Files = BTreeMap<String, Arc<[u8]>>;

/// What a document may see. Files of the document go by their relative paths, library files by absolute ones.
pub(crate) struct DocumentWorld<'a> {
    pub(crate) files: &'a Files,
    pub(crate) libraries: &'a Libraries,
    pub(crate) parses: &'a ParseCache,
}

impl World for DocumentWorld<'_> {
    fn resolve(&self, path: &str, from: &str, purpose: Purpose) -> Option<String> {
        if Path::new(path).is_absolute() {
            return None;
        }
        let beside = if Path::new(from).is_absolute() {
            let folder = Path::new(from).parent()?;
            self.libraries.inside(&folder.join(path)).and_then(utf8)
        } else {
            let folder = from.rfind('/').map_or("", |end| &from[..=end]);
            normalize(&format!("{folder}{path}")).filter(|path| self.files.contains_key(path))
        };
        let library = || match purpose {
            Purpose::Source => self.libraries.find(path).and_then(utf8),
            Purpose::Data => None,
        };
        beside.or_else(library)
    }

    fn read(&self, file: &str) -> io::Result<Arc<[u8]>> {
        match self.files.get(file) {
            Some(content) => Ok(Arc::clone(content)),
            None => match self.libraries.inside(Path::new(file)) {
                Some(path) => read_file(&path),
                None => Err(io::ErrorKind::NotFound.into()),
            },
        }
    }

    fn display_name(&self, file: &str) -> String {
        let library =
            self.libraries.folders().iter().find_map(|f| Path::new(file).strip_prefix(f).ok());
        library.map_or_else(|| file.to_owned(), |path| path.to_string_lossy().into_owned())
    }

    fn parsed(&self, source: &Arc<Source>) -> Arc<Parsed> {
        self.parses.parsed(source)
    }

    fn text_metrics(&self, text: &TextParameters) -> Option<TextMetrics> {
        measuring::text_metrics(text)
    }

    fn font_metrics(&self, font: &str, size: f64, fonts: &[FileData]) -> Option<FontMetrics> {
        measuring::font_metrics(font, size, fonts)
    }

    fn drawing_dimension(&self, drawing: &Drawing<'_>, name: &str) -> Option<f64> {
        measuring::drawing_dimension(drawing, name)
    }

    fn drawing_crossing(&self, drawing: &Drawing<'_>) -> Option<[f64; 2]> {
        measuring::drawing_crossing(drawing)
    }
}

fn utf8(path: std::path::PathBuf) -> Option<String> {
    path.into_os_string().into_string().ok()
}

/// The path without `.` and `..`; none if it leads out of the document.
pub(crate) fn normalize(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
