//! What the evaluator runs: the syntax tree with every name resolved.
//!
//! Variables are slots, user functions and modules are indices into the program, arguments are bound to parameters.
//! Bodies are compiled when they are first called, so that the unused part of a library costs nothing.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use scadstream_syntax::Location;
use scadstream_syntax::ast::{self, BinaryOp, UnaryOp};

use crate::bind::ArgumentWarning;
use crate::builtin::Builtin;
use crate::load::Unit;
use crate::modules::BuiltinModule;
use crate::names::{Name, Special};
use crate::scope::{FileId, FunctionId, ModuleId, Scope};
use crate::value::Value;

/// An expression.
#[derive(Debug)]
pub(crate) enum Expr {
    Const(Value),
    /// A variable of the running function.
    Local(u32),
    /// The same where it is read for the last time: the value is moved out, so that its buffer may be reused.
    Take(u32),
    /// A variable of the running function that a literal captured before it was bound.
    LocalCell(u32),
    /// A captured variable of a surrounding function.
    Capture(u32),
    CaptureCell(u32),
    /// The function value that is running.
    SelfFunction,
    /// A variable of a module, block or file.
    Scope(Box<ScopeVariable>),
    Special(Special, Location),
    /// The same without a warning when it is not set.
    SpecialIfSet(Special),
    /// `$children`, of the module this many frames out.
    ChildCount(u32),
    /// `$parent_modules`
    ParentModules(Location),
    UnknownVariable(Name, Location),
    Unary(UnaryOp, Box<Expr>, Location),
    Binary(Box<Binary>),
    And(Box<[Expr; 2]>),
    Or(Box<[Expr; 2]>),
    /// Many operators in a row, evaluated from left to right in a loop.
    Chain(Box<Chain>),
    /// `c ? a : d ? b : e` as pairs of condition and value, and what is left.
    Conditional(Box<[[Expr; 2]]>, Box<Expr>),
    List(Box<[Expr]>),
    Comprehension(Box<[Element]>),
    Range(Box<RangeExpr>),
    Index(Box<[Expr; 2]>),
    Member(Box<Expr>, Arc<str>),
    Call(Box<Call>),
    Builtin(Box<BuiltinCall>),
    Let(Box<Let>),
    Assert(Box<Assert>),
    Echo(Box<Echo>),
    Function(Box<FunctionExpr>),
    /// The stack is checked before going deeper.
    Guard(Box<Expr>),
}

#[derive(Debug)]
pub(crate) struct ScopeVariable {
    pub(crate) hops: u32,
    pub(crate) slot: u32,
    /// What the name means while the variable is not assigned yet.
    pub(crate) otherwise: Expr,
}

#[derive(Debug)]
pub(crate) struct Binary {
    pub(crate) op: BinaryOp,
    pub(crate) left: Expr,
    pub(crate) right: Expr,
    pub(crate) location: Location,
}

#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) first: Expr,
    pub(crate) rest: Box<[(BinaryOp, Expr, Location)]>,
}

#[derive(Debug)]
pub(crate) struct RangeExpr {
    pub(crate) begin: Expr,
    pub(crate) step: Option<Expr>,
    pub(crate) end: Expr,
    pub(crate) location: Location,
}

/// A call of a user function.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) callee: Callee,
    pub(crate) args: Arguments,
    pub(crate) location: Location,
}

/// What is called.
#[derive(Debug)]
pub(crate) enum Callee {
    /// Known before running; arguments are bound already.
    Bound(Resolved),
    /// The first of these that is a function value, else what the name means otherwise. Arguments are bound when it is
    /// known.
    Dynamic { name: Option<Name>, candidates: Box<[Expr]>, otherwise: Resolved },
}

/// What the name of a function means where it is called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resolved {
    /// A function whose scope's frame is `hops` out.
    Function {
        id: FunctionId,
        hops: u32,
    },
    /// A function of a used file.
    Foreign {
        id: FunctionId,
        file: FileId,
    },
    Builtin(Builtin),
    Unknown,
}

/// What a name is defined as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Definition {
    Function(FunctionId),
    Module(ModuleId),
}

/// One argument and where it goes.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<Name>,
    pub(crate) target: Target,
    pub(crate) value: Expr,
    pub(crate) location: Location,
}

/// Where an argument goes once it is bound.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// To be bound when the callee is known, or to be taken by position.
    Unbound,
    /// A slot of the callee.
    Slot(u32),
    /// A `$` variable for the time of the call.
    Special(Special),
    /// Nowhere: evaluated only, with this warning.
    Nowhere,
}

/// Arguments of a call, with what binding them found wrong.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) list: Box<[Argument]>,
    pub(crate) warnings: Box<[ArgumentWarning]>,
}

#[derive(Debug)]
pub(crate) struct BuiltinCall {
    pub(crate) function: Builtin,
    pub(crate) args: Arguments,
    pub(crate) location: Location,
}

#[derive(Debug)]
pub(crate) struct Let {
    pub(crate) bindings: Box<[Binding]>,
    pub(crate) body: Expr,
    /// Sets `$` variables, which hold until the body is done: it is no tail position.
    pub(crate) sets_specials: bool,
}

/// One `name = value` of a `let` or a loop.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) target: BindingTarget,
    pub(crate) value: Expr,
    pub(crate) location: Location,
}

#[derive(Debug, Clone)]
pub(crate) enum BindingTarget {
    Local {
        slot: u32,
        cell: bool,
    },
    Special(Special),
    /// `let (3)`
    Unnamed,
    /// A second `name = value` of the same name: evaluated for the message only. `next` of a loop sets again.
    Duplicate(Arc<str>),
}

#[derive(Debug)]
pub(crate) struct Assert {
    /// Condition, its text in normal form, message.
    pub(crate) condition: Option<Expr>,
    pub(crate) text: String,
    pub(crate) message: Option<Expr>,
    pub(crate) body: Option<Expr>,
    pub(crate) location: Location,
}

#[derive(Debug)]
pub(crate) struct Echo {
    pub(crate) args: Box<[Argument]>,
    pub(crate) body: Option<Expr>,
    pub(crate) location: Location,
}

#[derive(Debug)]
pub(crate) struct FunctionExpr {
    pub(crate) code: Rc<FunctionCode>,
    /// Where each captured value comes from.
    pub(crate) captures: Box<[Expr]>,
}

/// An element of a list with comprehensions.
#[derive(Debug)]
pub(crate) enum Element {
    Value(Expr),
    For(Box<ForElement>),
    ForC(Box<ForCElement>),
    If(Box<(Expr, Element, Option<Element>)>),
    Let(Box<(Box<[Binding]>, Element)>),
    Each(Box<Element>),
}

#[derive(Debug)]
pub(crate) struct ForElement {
    pub(crate) target: BindingTarget,
    pub(crate) values: Expr,
    pub(crate) body: Element,
    pub(crate) location: Location,
}

#[derive(Debug)]
pub(crate) struct ForCElement {
    pub(crate) init: Box<[Binding]>,
    pub(crate) condition: Expr,
    pub(crate) next: Box<[Binding]>,
    pub(crate) body: Element,
    pub(crate) location: Location,
}

/// A definition that a scope knows, made code of when it is first asked for: most of a library never is.
#[derive(Debug)]
pub(crate) struct Declared<Def, Code> {
    pub(crate) def: Arc<Def>,
    pub(crate) unit: Rc<Unit>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) code: OnceCell<Rc<Code>>,
}

impl<Def, Code> Declared<Def, Code> {
    pub(crate) fn new(def: &Arc<Def>, unit: &Rc<Unit>, scope: &Rc<Scope>) -> Self {
        let (unit, scope) = (Rc::clone(unit), Rc::clone(scope));
        Self { def: Arc::clone(def), unit, scope, code: OnceCell::new() }
    }
}

/// A function, named or literal.
pub(crate) struct FunctionCode {
    /// None for a literal.
    pub(crate) name: Option<Name>,
    pub(crate) params: Box<[Parameter]>,
    pub(crate) source: FunctionSource,
    pub(crate) unit: Rc<Unit>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) location: Location,
    pub(crate) body: OnceCell<FunctionBody>,
}

/// Where a function was written.
pub(crate) enum FunctionSource {
    Named(Arc<ast::FunctionDef>),
    Literal(Arc<ast::FunctionParts>),
}

/// A parameter. Ordinary ones take the first slots, in order.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    pub(crate) target: Target,
    /// Takes no positional argument; of some builtin modules.
    pub(crate) named_only: bool,
}

/// The compiled part of a function.
#[derive(Debug)]
pub(crate) struct FunctionBody {
    pub(crate) frame_size: u32,
    /// Parameters with a default value: evaluated in the scope of the definition.
    pub(crate) defaults: Box<[(Target, Expr)]>,
    pub(crate) expr: Expr,
}

impl FunctionCode {
    /// The function re-printed as an expression.
    pub(crate) fn source_text(&self) -> String {
        let symbols = &self.unit.parsed.file.symbols;
        match &self.source {
            FunctionSource::Literal(literal) => function_text(literal, symbols),
            FunctionSource::Named(_) => String::from("function"),
        }
    }
}

impl std::fmt::Debug for FunctionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionCode").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A user module.
pub(crate) struct ModuleCode {
    pub(crate) name: Name,
    pub(crate) params: Box<[Parameter]>,
    pub(crate) source: Arc<ast::ModuleDef>,
    pub(crate) unit: Rc<Unit>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) body: OnceCell<Rc<ModuleBody>>,
}

impl std::fmt::Debug for ModuleCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModuleCode").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The compiled part of a module.
#[derive(Debug)]
pub(crate) struct ModuleBody {
    pub(crate) defaults: Box<[(Target, Expr)]>,
    pub(crate) defaults_frame_size: u32,
    pub(crate) block: Block,
}

/// Assignments, then module instantiations.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Whether the block has variables of its own, hence a frame.
    pub(crate) has_frame: bool,
    pub(crate) frame_slots: u32,
    /// Stack that the expressions need.
    pub(crate) locals: u32,
    pub(crate) assigns: Box<[Assign]>,
    /// Functions and modules named `$name`, which calls find from wherever this block runs.
    pub(crate) dynamic: Box<[(Name, Definition)]>,
    pub(crate) statements: Box<[Statement]>,
}

#[derive(Debug)]
pub(crate) struct Assign {
    pub(crate) target: Target,
    pub(crate) value: Expr,
    /// The parameter that a literal overwrites, with the place of the literal: worth a warning at every run.
    pub(crate) overwrites: Option<(Name, Location)>,
}

/// A statement that may make a node.
#[derive(Debug)]
pub(crate) enum Statement {
    Call(Box<ModuleCall>),
    If(Box<If>),
}

/// `if` with all its `else if`.
#[derive(Debug)]
pub(crate) struct If {
    pub(crate) modifiers: scadstream_csg::Modifiers,
    pub(crate) branches: Box<[(Expr, Rc<Block>)]>,
    pub(crate) otherwise: Option<Rc<Block>>,
    pub(crate) location: Location,
}

#[derive(Debug)]
pub(crate) struct ModuleCall {
    pub(crate) modifiers: scadstream_csg::Modifiers,
    pub(crate) callee: ModuleCallee,
    pub(crate) name: Name,
    pub(crate) args: Arguments,
    pub(crate) children: Rc<Block>,
    pub(crate) location: Location,
}

#[derive(Debug)]
pub(crate) enum ModuleCallee {
    /// A module whose scope's frame is `hops` out.
    User {
        id: ModuleId,
        hops: u32,
    },
    Foreign {
        id: ModuleId,
        file: FileId,
    },
    Builtin(BuiltinModule),
    /// `children()` of the module this many frames out; none outside of modules.
    Children(Option<u32>),
    For(Box<ForModule>),
    Let {
        frame_slots: u32,
    },
    Assert {
        text: String,
    },
    /// A module named `$name`: the innermost one of the blocks that run.
    Dynamic,
    Unknown,
}

/// `for` and `intersection_for`: loop variables are slots of one frame per pass.
#[derive(Debug)]
pub(crate) struct ForModule {
    pub(crate) intersection: bool,
    pub(crate) loops: Box<[(Target, Expr, Location)]>,
    pub(crate) frame_slots: u32,
}

fn function_text(literal: &ast::FunctionParts, symbols: &ast::SymbolTable) -> String {
    let mut out = String::new();
    scadstream_syntax::print::write_function(&mut out, literal, symbols);
    out
}
