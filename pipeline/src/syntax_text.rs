//! Texts that tell of a document's source rather than of its result: nothing is evaluated for them.

use std::path::Path;
use std::sync::Arc;

use scadstream_eval::{Purpose, World};
use scadstream_syntax::customizer::{Annotations, Parameter, parameters, parameters_json};
use scadstream_syntax::print::write_file;
use scadstream_syntax::{Source, decode, splice};

use crate::disk_world::DiskWorld;
use crate::document_world::DocumentWorld;
use crate::input::{Input, Surroundings};
use crate::message::Message;
use crate::pipeline::Pipeline;

/// Such a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntaxText {
    /// The syntax tree, includes pasted in, as OpenSCAD re-prints it: `.ast`.
    Ast,
    /// What the customizer offers, as JSON: `.param`.
    Param,
}

impl SyntaxText {
    /// The text of a name or file extension.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ast" => Some(Self::Ast),
            "param" => Some(Self::Param),
            _ => None,
        }
    }

    /// The text of a file name's extension.
    pub fn from_path(path: &Path) -> Option<Self> {
        Self::from_name(path.extension()?.to_str()?)
    }
}

impl Pipeline {
    /// What the customizer offers of a document.
    pub fn parameters(&self, input: &Input<'_>) -> Vec<Parameter> {
        let (main, _) = decode(input.name, &*input.content);
        let main = Arc::new(main);
        let parsed = self.parses.parsed(&main);
        parameters(&main, &parsed.file)
    }

    /// Such a text of a document.
    ///
    /// # Errors
    /// The messages of a document that is broken.
    pub fn syntax_text(&self, input: &Input<'_>, text: SyntaxText) -> Result<String, Vec<Message>> {
        let (libraries, parses) = (&self.libraries, &self.parses);
        match &input.surroundings {
            Surroundings::Disk(folder) => {
                self.text_in(input, &DiskWorld { folder, libraries, parses }, text)
            }
            Surroundings::Sent(files) => {
                self.text_in(input, &DocumentWorld { files, libraries, parses }, text)
            }
        }
    }

    fn text_in(
        &self,
        input: &Input<'_>,
        world: &dyn World,
        text: SyntaxText,
    ) -> Result<String, Vec<Message>> {
        let (main, _) = decode(input.name, &*input.content);
        let main = Arc::new(main);
        let annotated = world.parsed(&main);
        let whole = Arc::new(spliced(&main, world));
        let parsed = world.parsed(&whole);
        if parsed.has_errors() {
            let mut sources = scadstream_syntax::SourceMap::default();
            let id = sources.add(Arc::clone(&whole));
            let message = |d: &scadstream_syntax::SyntaxDiagnostic| {
                Message::of_evaluation(&d.at(id), &sources)
            };
            return Err(parsed.diagnostics.iter().map(message).collect());
        }
        Ok(match text {
            SyntaxText::Ast => {
                let annotations = Annotations::collect(&main, &annotated.file);
                let mut out = String::new();
                write_file(&mut out, &whole, &parsed.file, &annotations);
                out
            }
            SyntaxText::Param => {
                let title = Path::new(input.name).file_stem().unwrap_or_default();
                parameters_json(&parameters(&main, &annotated.file), &title.to_string_lossy())
            }
        })
    }
}

/// A main file with everything that it includes.
fn spliced(main: &Arc<Source>, world: &dyn World) -> Source {
    let mut files = vec![(Arc::clone(main), main.name().to_string())];
    let spliced = splice(main, &mut |path, open| {
        let file_of = |source: &Arc<Source>| {
            files.iter().find(|(known, _)| Arc::ptr_eq(known, source)).map(|(_, file)| file)
        };
        let found = world.resolve(path, file_of(open.last()?)?, Purpose::Source)?;
        if path.is_empty() || open.iter().filter_map(file_of).any(|open| *open == found) {
            return None;
        }
        let bytes = world.read_source(&found).ok()?;
        let included = Arc::new(decode(world.display_name(&found), bytes).0);
        files.push((Arc::clone(&included), found));
        Some(included)
    });
    spliced.source
}
