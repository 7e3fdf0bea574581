//! The only contact with the outside: files and fonts.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use scadstream_csg::FileData;
use scadstream_syntax::{Parsed, Source, parse};

/// The content of a file on disk, read to where it stays.
///
/// # Errors
/// If it cannot be opened or read.
pub fn read_file(path: &Path) -> io::Result<Arc<[u8]>> {
    let mut file = File::open(path)?;
    let len = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    let mut content: Arc<[u8]> = std::iter::repeat_n(0, len).collect();
    let room = Arc::get_mut(&mut content).expect("nobody else has it yet");
    let mut read = 0;
    while read < len {
        match file.read(&mut room[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // A file may be shorter or longer than it said: it changes, or is none that is stored.
    let mut rest = Vec::new();
    file.read_to_end(&mut rest)?;
    if read < len || !rest.is_empty() {
        content = [&content[..read], &rest].concat().into();
    }
    Ok(content)
}

/// What the evaluator asks of its surroundings. Everything else it does depends on its arguments alone.
///
/// Paths are opaque to the evaluator: it hands back what [`World::resolve`] gave.
pub trait World {
    /// Finds the file that a statement in the file `from` calls `path`, looking where `purpose` says.
    ///
    /// The result identifies the file (the same file gives the same string) and is the `from` of what stands in it.
    /// None if there is no such file.
    fn resolve(&self, path: &str, from: &str, purpose: Purpose) -> Option<String>;

    /// The content of a file that [`World::resolve`] gave.
    ///
    /// # Errors
    /// If it cannot be read any more; it counts as not found then.
    fn read(&self, file: &str) -> std::io::Result<Arc<[u8]>>;

    /// The content of a source file that [`World::resolve`] gave, as [`World::read`] gives it.
    ///
    /// # Errors
    /// As of [`World::read`].
    fn read_source(&self, file: &str) -> std::io::Result<Vec<u8>> {
        Ok(self.read(file)?.to_vec())
    }

    /// The file's name as messages show it: its path relative to the folder of the main file.
    fn display_name(&self, file: &str) -> String {
        file.to_owned()
    }

    /// Looks a parsed file up, or parses it and keeps it, by content: a library is parsed once, not once per edit.
    ///
    /// The default parses every time.
    fn parsed(&self, source: &Arc<Source>) -> Arc<Parsed> {
        Arc::new(parse(source))
    }

    /// Measures of a laid-out text, for `textmetrics()`.
    fn text_metrics(&self, _text: &scadstream_csg::TextParameters) -> Option<TextMetrics> {
        None
    }

    /// Measures of a font at a size, for `fontmetrics()`; `fonts` are those that the document brought along.
    fn font_metrics(&self, _font: &str, _size: f64, _fonts: &[FileData]) -> Option<FontMetrics> {
        None
    }

    /// The value of a dimension in a drawing, for `dxf_dim()`.
    fn drawing_dimension(&self, _drawing: &Drawing<'_>, _name: &str) -> Option<f64> {
        None
    }

    /// Where the first two lines of a drawing cross, for `dxf_cross()`.
    fn drawing_crossing(&self, _drawing: &Drawing<'_>) -> Option<[f64; 2]> {
        None
    }

    /// Year, month and day that `version()` reports, and whose warnings are given where releases differ.
    fn version_date(&self) -> [u32; 3] {
        [2026, 7, 20]
    }
}

/// What a file is looked up for: it decides where is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `include` and `use`: the folder of the file that holds the statement, then the library folders.
    Source,
    /// `import`, `surface` and the like: the folder of the file that holds the call only.
    Data,
}

/// A DXF file, and what of it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing<'a> {
    /// The file.
    pub file: &'a FileData,
    /// The only layer that counts; none for all.
    pub layer: Option<&'a str>,
    /// The point that is taken for the origin.
    pub origin: [f64; 2],
    /// What lengths are multiplied by.
    pub scale: f64,
}

/// What `textmetrics()` gives; lengths in model units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[expect(missing_docs, reason = "each is the key of the object that textmetrics() gives")]
pub struct TextMetrics {
    pub position: [f64; 2],
    pub size: [f64; 2],
    pub ascent: f64,
    pub descent: f64,
    pub offset: [f64; 2],
    pub advance: [f64; 2],
}

/// What `fontmetrics()` gives; lengths in model units.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "each is a key of the objects that fontmetrics() gives")]
pub struct FontMetrics {
    pub nominal_ascent: f64,
    pub nominal_descent: f64,
    pub max_ascent: f64,
    pub max_descent: f64,
    pub interline: f64,
    pub family: String,
    pub style: String,
}

/// A world of files held in memory, by their paths with `/` between folders; for tests and small documents.
///
/// Paths are looked up beside the file that asks, then from the top. Parsed files are kept by content.
#[derive(Debug, Default)]
pub struct MemoryWorld {
    files: HashMap<String, Arc<[u8]>>,
    cache: Mutex<HashMap<Arc<String>, Arc<Parsed>>>,
}

impl MemoryWorld {
    /// A world without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same world with one more file.
    #[must_use]
    pub fn with(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.insert(path.to_owned(), content.as_ref().into());
        self
    }
}

impl World for MemoryWorld {
    fn resolve(&self, path: &str, from: &str, _purpose: Purpose) -> Option<String> {
        let folder = from.rfind('/').map_or("", |end| &from[..=end]);
        let beside = normalize(&format!("{folder}{path}"));
        let from_top = normalize(path);
        [beside, from_top].into_iter().flatten().find(|p| self.files.contains_key(p))
    }

    fn read(&self, file: &str) -> std::io::Result<Arc<[u8]>> {
        self.files.get(file).cloned().ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    fn parsed(&self, source: &Arc<Source>) -> Arc<Parsed> {
        let mut cache = self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(
            cache.entry(Arc::clone(source.text())).or_insert_with(|| Arc::new(parse(source))),
        )
    }
}

/// The path without `.` and `..`; none if it leads out of the top.
fn normalize(path: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::read_file;

    #[test]
    fn a_file_is_read_whole_whatever_length_it_says() {
        // One as long as it says, and one that the system makes as it is read, with a length of 0.
        let stored = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert_eq!(&*read_file(&stored).unwrap(), std::fs::read(&stored).unwrap());
        let made = std::path::Path::new("/proc/self/cmdline");
        assert_eq!(&*read_file(made).unwrap(), std::fs::read(made).unwrap());
        assert!(read_file(&stored.join("nothing")).is_err());
    }
}
