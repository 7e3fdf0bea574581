//! All that was loaded and compiled for one evaluation.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use scadstream_csg::FileData;
use scadstream_syntax::ast;
use scadstream_syntax::{Diagnostic, Location, Severity};

use crate::code::{Block, Declared, FunctionCode, FunctionSource, ModuleCode, Parameter, Target};
use crate::compile::parameters;
use crate::load::Unit;
use crate::messages::Messages;
use crate::modules::BuiltinModule;
use crate::names::{Names, Special};
use crate::scope::{FileId, Frame, FunctionId, ModuleId, Scope};
use crate::value::Value;

/// The program.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(crate) names: Names,
    pub(crate) functions: Vec<Declared<ast::FunctionDef, FunctionCode>>,
    pub(crate) modules: Vec<Declared<ast::ModuleDef, ModuleCode>>,
    pub(crate) files: Vec<FileProgram>,
    pub(crate) file_ids: FxHashMap<Arc<str>, FileId>,
    /// Fonts registered with `use`.
    pub(crate) fonts: Vec<FileData>,
    pub(crate) messages: Messages,
    /// Whether compiled code reads `$fn` by name.
    pub(crate) reads_fn: Cell<bool>,
    builtin_parameters: FxHashMap<BuiltinModule, Rc<[Parameter]>>,
}

/// A file that is drawn or used: the text with everything it includes.
#[derive(Debug)]
pub(crate) struct FileProgram {
    pub(crate) unit: Rc<Unit>,
    /// Assignments from the command line, after everything else.
    pub(crate) extras: Vec<Rc<Unit>>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) block: Option<Rc<Block>>,
    /// The values of a used file's variables, kept when nothing but the file itself can have had a part in them.
    pub(crate) frame: Option<KeptFrame>,
}

impl FileProgram {
    pub(crate) fn new(unit: Rc<Unit>, extras: Vec<Rc<Unit>>, scope: Rc<Scope>) -> Self {
        Self { unit, extras, scope, block: None, frame: None }
    }
}

impl Program {
    /// A function by its number.
    pub(crate) fn function(&self, id: FunctionId) -> Rc<FunctionCode> {
        let Declared { def, unit, scope, code } = &self.functions[id.0 as usize];
        Rc::clone(code.get_or_init(|| {
            Rc::new(FunctionCode {
                name: Some(unit.names[def.name.0 as usize]),
                params: parameters(self, unit, &def.parts.get().params),
                source: FunctionSource::Named(Arc::clone(def)),
                unit: Rc::clone(unit),
                scope: Rc::clone(scope),
                location: Location { source: unit.source, span: def.span },
                body: OnceCell::new(),
            })
        }))
    }

    /// A module by its number.
    pub(crate) fn module(&self, id: ModuleId) -> Rc<ModuleCode> {
        let Declared { def, unit, scope, code } = &self.modules[id.0 as usize];
        Rc::clone(code.get_or_init(|| {
            Rc::new(ModuleCode {
                name: unit.names[def.name.0 as usize],
                params: parameters(self, unit, &def.parts.get().params),
                source: Arc::clone(def),
                unit: Rc::clone(unit),
                scope: Rc::clone(scope),
                body: OnceCell::new(),
            })
        }))
    }

    /// The compiled top level of a file.
    pub(crate) fn file_block(&mut self, file: FileId) -> Rc<Block> {
        let entry = &self.files[file.0 as usize];
        if let Some(block) = &entry.block {
            return Rc::clone(block);
        }
        let (unit, extras, scope) =
            (Rc::clone(&entry.unit), entry.extras.clone(), Rc::clone(&entry.scope));
        let block = Rc::new(crate::compile::compile_file(self, &unit, &extras, &scope));
        self.files[file.0 as usize].block = Some(Rc::clone(&block));
        block
    }

    /// The parameters of a builtin module, none if it takes its arguments as they come.
    pub(crate) fn builtin_parameters(&mut self, module: BuiltinModule) -> Option<Rc<[Parameter]>> {
        if let Some(params) = self.builtin_parameters.get(&module) {
            return Some(Rc::clone(params));
        }
        let (positional, list) = module.parameters()?;
        let params: Rc<[Parameter]> = list
            .iter()
            .enumerate()
            .map(|(i, name)| Parameter {
                name: self.names.intern(&Arc::from(*name)),
                target: Target::Slot(i as u32),
                named_only: i >= positional,
            })
            .collect();
        self.builtin_parameters.insert(module, Rc::clone(&params));
        Some(params)
    }

    /// Reports an error found while compiling.
    pub(crate) fn error_once(&mut self, text: String, location: Location) {
        self.messages.push(Diagnostic::new(Severity::Error, text, Some(location)));
    }
}

/// The variables of a used file, and the `$` variables that its top level sets.
#[derive(Debug, Clone)]
pub(crate) struct KeptFrame {
    pub(crate) frame: Rc<Frame>,
    pub(crate) specials: Rc<[(Special, Value)]>,
}
