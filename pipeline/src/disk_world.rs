//! The world of a model on disk, rendered by its owner: any file that he may read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use scadstream_csg::{FileData, TextParameters};
use scadstream_eval::{Drawing, FontMetrics, Purpose, TextMetrics, World, read_file};
use scadstream_syntax::{Parsed, Source};

use crate::library::Libraries;
use crate::measuring;
use crate::parse_cache::ParseCache;

/// Files on disk; they go by their paths as found.
pub(crate) struct DiskWorld<'a> {
    /// Folder of the main file, absolute; the main file itself goes by its name in it, and messages name other files
    /// relative to it.
    pub(crate) folder: &'a Path,
    pub(crate) libraries: &'a Libraries,
    pub(crate) parses: &'a ParseCache,
}

impl World for DiskWorld<'_> {
    fn resolve(&self, path: &str, from: &str, purpose: Purpose) -> Option<String> {
        let from = self.folder.join(from);
        let folder = from.parent().unwrap_or(self.folder);
        let beside = Some(folder.join(path)).filter(|path| path.is_file());
        let library = || -> Option<PathBuf> {
            let mut candidates = self.libraries.folders().iter().map(|folder| folder.join(path));
            candidates.find(|path| purpose == Purpose::Source && path.is_file())
        };
        beside.or_else(library)?.into_os_string().into_string().ok()
    }

    fn read(&self, file: &str) -> io::Result<Arc<[u8]>> {
        read_file(Path::new(file))
    }

    fn read_source(&self, file: &str) -> io::Result<Vec<u8>> {
        std::fs::read(file)
    }

    fn display_name(&self, file: &str) -> String {
        let path = Path::new(file);
        path.strip_prefix(self.folder).unwrap_or(path).to_string_lossy().into_owned()
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
