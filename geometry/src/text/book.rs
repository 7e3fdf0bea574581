//! The fonts there are, and which of them a pattern means.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use fontdb::{Database, FaceInfo, ID, Source, Style};
use harfrust::Font;
use scadstream_csg::{ContentHash, FileData};

use super::pattern::Pattern;

/// What `text()` is set in when it names no font.
const DEFAULT_FAMILY: &str = "Liberation Sans";

/// Families that stand in for others, as fontconfig's settings have them everywhere: fonts of equal widths for the
/// common commercial ones, and the generic families.
const STAND_INS: [(&str, &str); 12] = [
    ("arial", "Liberation Sans"),
    ("helvetica", "Liberation Sans"),
    ("arial narrow", "Liberation Sans Narrow"),
    ("times new roman", "Liberation Serif"),
    ("times", "Liberation Serif"),
    ("courier new", "Liberation Mono"),
    ("courier", "Liberation Mono"),
    ("sans", "DejaVu Sans"),
    ("sans-serif", "DejaVu Sans"),
    ("serif", "DejaVu Serif"),
    ("mono", "DejaVu Sans Mono"),
    ("monospace", "DejaVu Sans Mono"),
];

/// Families for names that nothing is known of, the first that there is.
const LAST_RESORTS: [&str; 2] = ["DejaVu Sans", DEFAULT_FAMILY];

/// Databases of fonts that documents brought along, kept so that a document's every `text()` need not read them anew.
const MOST_DOCUMENT_FONTS: usize = 64;

/// The fonts that text can be set in. Shared by all that solve.
pub struct FontBook {
    fonts: Database,
    /// Fonts read so far; none for those that turned out unreadable.
    read: Mutex<HashMap<ID, Option<Font>>>,
    /// Fonts of documents, by content.
    of_documents: Mutex<HashMap<ContentHash, Arc<Vec<Face>>>>,
}

/// One font, and what it calls itself.
#[derive(Clone)]
pub(crate) struct Face {
    pub(crate) font: Font,
    pub(crate) info: FaceInfo,
}

impl Face {
    pub(crate) fn family(&self) -> String {
        self.info.families.first().map(|(name, _)| name.clone()).unwrap_or_default()
    }

    /// The style's name, such as `Bold Italic`.
    pub(crate) fn style(&self) -> String {
        style_names(&self.font).next().unwrap_or_default()
    }
}

impl Default for FontBook {
    fn default() -> Self {
        Self::new()
    }
}

impl FontBook {
    /// A book without fonts.
    pub fn new() -> Self {
        Self { fonts: Database::new(), read: Mutex::default(), of_documents: Mutex::default() }
    }

    /// The fonts installed on this machine and those in the folders of `OPENSCAD_FONT_PATH`, looked for once.
    pub fn of_system() -> Arc<Self> {
        static BOOK: LazyLock<Arc<FontBook>> = LazyLock::new(|| {
            let mut book = FontBook::new();
            book.fonts.load_system_fonts();
            if let Some(folders) = std::env::var_os("OPENSCAD_FONT_PATH") {
                std::env::split_paths(&folders).for_each(|folder| book.load_folder(&folder));
            }
            Arc::new(book)
        });
        Arc::clone(&BOOK)
    }

    /// Adds the fonts in a folder and those below it. What cannot be read is passed over.
    pub fn load_folder(&mut self, folder: &Path) {
        self.fonts.load_fonts_dir(folder);
    }

    /// The face that comes closest to a pattern: one of the document's own, else one of the book's. None without fonts.
    pub(crate) fn face(&self, pattern: &Pattern, documents: &[FileData]) -> Option<Face> {
        let of_documents: Vec<Face> =
            documents.iter().flat_map(|file| self.document_faces(file).to_vec()).collect();
        let wanted = match &pattern.families[..] {
            [] => vec![DEFAULT_FAMILY],
            families => families.iter().map(String::as_str).collect(),
        };
        let stand_ins = wanted.iter().filter_map(|name| {
            let known = STAND_INS.iter().find(|(from, _)| same_family(from, name))?;
            Some(known.1)
        });
        let names = wanted.iter().copied().chain(stand_ins).chain(LAST_RESORTS);
        for name in names {
            let own = of_documents.iter().filter(|face| is_of_family(&face.info, name));
            if let Some(face) = closest(own.cloned().collect(), pattern) {
                return Some(face);
            }
            if let Some(face) = closest(self.family(name), pattern) {
                return Some(face);
            }
        }
        let any = self.fonts.faces().filter_map(|info| self.read(info)).next();
        of_documents.into_iter().next().or(any)
    }

    /// The readable faces of a family.
    fn family(&self, name: &str) -> Vec<Face> {
        let faces = self.fonts.faces().filter(|info| is_of_family(info, name));
        faces.filter_map(|info| self.read(info)).collect()
    }

    fn read(&self, info: &FaceInfo) -> Option<Face> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let font = read.entry(info.id).or_insert_with(|| {
            self.fonts.with_face_data(info.id, |data, index| Font::new(data.to_vec(), index))?
        });
        Some(Face { font: font.clone()?, info: info.clone() })
    }

    /// The faces in a font file that came with a document.
    fn document_faces(&self, file: &FileData) -> Arc<Vec<Face>> {
        let mut known = self.of_documents.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_DOCUMENT_FONTS {
            known.clear();
        }
        let faces = known.entry(file.hash).or_insert_with(|| {
            let mut fonts = Database::new();
            fonts.load_font_source(Source::Binary(Arc::new(Arc::clone(&file.bytes))));
            let faces = fonts.faces().filter_map(|info| {
                let font = Font::new(file.bytes.to_vec(), info.index)?;
                Some(Face { font, info: info.clone() })
            });
            Arc::new(faces.collect())
        });
        Arc::clone(faces)
    }
}

/// The face of a family that comes closest to a pattern: by the style's name, slant, width, then weight.
fn closest(faces: Vec<Face>, pattern: &Pattern) -> Option<Face> {
    let distance = |face: &Face| {
        let named = pattern.style_name.as_ref().is_some_and(|wanted| {
            style_names(&face.font).any(|style| style.eq_ignore_ascii_case(wanted))
        });
        let slant = match (face.info.style, pattern.slant) {
            (a, b) if a == b => 0,
            (Style::Normal, _) | (_, Style::Normal) => 2,
            _ => 1,
        };
        let width = face.info.stretch.to_number().abs_diff(pattern.stretch.to_number());
        let weight = face.info.weight.0.abs_diff(pattern.weight.0);
        (!named, slant, width, weight)
    };
    // The file's name decides between faces that differ in nothing of this, so that the choice does not hang on the
    // order in which a folder lists its files.
    faces.into_iter().min_by_key(|face| (distance(face), file_of(&face.info), face.info.index))
}

fn file_of(info: &FaceInfo) -> String {
    match &info.source {
        Source::File(path) => path.to_string_lossy().into_owned(),
        Source::Binary(_) => String::new(),
    }
}

fn is_of_family(info: &FaceInfo, name: &str) -> bool {
    info.families.iter().any(|(family, _)| same_family(family, name))
}

/// As fontconfig compares names: upper and lower case and blanks make no difference.
fn same_family(a: &str, b: &str) -> bool {
    let letters = |name: &'_ str| -> String {
        name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
    };
    letters(a) == letters(b)
}

/// Typographic and plain name of the style.
fn style_names(font: &Font) -> impl Iterator<Item = String> + '_ {
    use harfrust::font::name::NameId;
    [NameId::TYPOGRAPHIC_SUBFAMILY_NAME, NameId::SUBFAMILY_NAME].into_iter().filter_map(|id| {
        let name = font.names().get(id)?.english_or_first()?;
        Some(name.name().chars().collect())
    })
}
