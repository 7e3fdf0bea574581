//! The syntax tree.
//!
//! One [`File`] per source text. Names are [`Symbol`]s of the file's own table, so that comparing and resolving them
//! costs an integer. Broken source gives [`StmtKind::Error`] and [`ExprKind::Error`] nodes beside diagnostics; the
//! tree is always complete.
//!
//! Nesting is bounded by [`MAX_NESTING`](crate::MAX_NESTING), but chains are not: `a + b + ...` is as deep on the left
//! as it is long, and so are calls, indexes and members after one another on the left, `?:` on the right, and `else if`.
//! Walk those with a loop. [`Expr`] and [`If`] have a `Drop` that does; so match on them by reference.

use std::sync::Arc;

pub use crate::deferred::Deferred;
use crate::span::Span;

/// A name, as an index into the [`SymbolTable`] of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub u32);

/// The distinct names of one file, in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct SymbolTable {
    pub(crate) names: Arc<[Arc<str>]>,
}

impl SymbolTable {
    /// The text of a name.
    ///
    /// # Panics
    /// If `symbol` is of another file and this one has fewer names.
    pub fn name(&self, symbol: Symbol) -> &Arc<str> {
        &self.names[symbol.0 as usize]
    }

    /// How many names there are; symbols run from 0 to this, exclusive.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether the file names nothing.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// A whole parsed source text.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Top-level statements in source order.
    pub stmts: Vec<Stmt>,
    /// The names that occur in `stmts`.
    pub symbols: SymbolTable,
}

/// A statement and its place.
#[derive(Debug, Clone)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// From its first to its last token, a closing `;` included.
    pub span: Span,
}

/// The kinds of statement.
#[derive(Debug, Clone)]
pub enum StmtKind {
    /// A lone `;`.
    Empty,
    /// `name = value;`
    Assign(Assign),
    /// `module name(params) body`
    Module(Arc<ModuleDef>),
    /// `function name(params) = body;`
    Function(Arc<FunctionDef>),
    /// `name(args) children`
    Call(ModuleCall),
    /// `if (condition) then else otherwise`
    If(If),
    /// Plain braces. At top level and in module bodies they open no scope of their own.
    Block(Vec<Stmt>),
    /// `include <path>` where a statement may stand.
    Include(Arc<str>),
    /// `use <path>`
    Use(Arc<str>),
    /// Source that is no statement; a diagnostic says why.
    Error,
}

/// `name = value`
#[derive(Debug, Clone)]
pub struct Assign {
    /// The name, `$` included.
    pub name: Symbol,
    /// Place of the name.
    pub name_span: Span,
    /// The expression.
    pub value: Expr,
}

/// A module definition.
#[derive(Debug, Clone)]
pub struct ModuleDef {
    /// Its name.
    pub name: Symbol,
    /// Place of the name.
    pub name_span: Span,
    /// Its parameters and statements.
    pub parts: Deferred<ModuleParts>,
    /// The whole definition.
    pub span: Span,
}

/// What a module does.
#[derive(Debug, Clone)]
pub struct ModuleParts {
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its body: the statements of the braces, or the single statement.
    pub body: Vec<Stmt>,
}

/// A function definition.
#[derive(Debug, Clone)]
pub struct FunctionDef {
    /// Its name.
    pub name: Symbol,
    /// Place of the name.
    pub name_span: Span,
    /// Its parameters and the expression after `=`.
    pub parts: Deferred<FunctionParts>,
    /// The whole definition.
    pub span: Span,
}

/// One parameter of a definition.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its name.
    pub name: Symbol,
    /// Its default value.
    pub default: Option<Expr>,
    /// Name and default.
    pub span: Span,
}

/// One argument of a call.
#[derive(Debug, Clone)]
pub struct Arg {
    /// The name in `name = value`; none for a positional argument.
    pub name: Option<Symbol>,
    /// The value.
    pub value: Expr,
    /// Name and value.
    pub span: Span,
}

/// The modifier characters before a module instantiation, however often each is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modifiers {
    /// `!`
    pub root: bool,
    /// `#`
    pub highlight: bool,
    /// `%`
    pub background: bool,
    /// `*`
    pub disable: bool,
}

/// A module instantiation, builtin or user defined; also `for`, `let`, `assert`, `echo`, `each`.
#[derive(Debug, Clone)]
pub struct ModuleCall {
    /// Modifier characters in front.
    pub modifiers: Modifiers,
    /// The module's name.
    pub name: Symbol,
    /// Place of the name.
    pub name_span: Span,
    /// Arguments.
    pub args: Vec<Arg>,
    /// Children: none for `;`, one for a single child, or the statements of the braces.
    pub children: Vec<Stmt>,
    /// From the first modifier to the closing bracket of the arguments: what messages point at.
    pub head_span: Span,
}

/// `if (condition) then else otherwise`
#[derive(Debug, Clone)]
pub struct If {
    /// Modifier characters in front.
    pub modifiers: Modifiers,
    /// The condition.
    pub condition: Expr,
    /// What is instantiated when it holds.
    pub then: Vec<Stmt>,
    /// What is instantiated when it does not; none without `else`.
    pub otherwise: Option<Vec<Stmt>>,
}

/// An expression and its place.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// From its first to its last token; brackets around it not included.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `undef`
    Undef,
    /// `true`, `false`
    Bool(bool),
    /// A number; a minus sign directly before a literal is part of it.
    Number(f64),
    /// A string, escapes resolved.
    String(Arc<str>),
    /// A variable or function name, `$` included.
    Name(Symbol),
    /// `[a, b, c]`, list comprehensions included.
    Vector(Vec<Element>),
    /// `[begin : step : end]`
    Range(Box<RangeExpr>),
    /// `-a`, `+a`, `!a`, `~a`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `condition ? then : otherwise`
    Ternary(Box<[Expr; 3]>),
    /// `callee(args)`
    Call(Box<Expr>, Vec<Arg>),
    /// `base[index]`
    Index(Box<Expr>, Box<Expr>),
    /// `base.name`
    Member(Box<Expr>, Symbol),
    /// `let (bindings) body`
    Let(Vec<Arg>, Box<Expr>),
    /// `assert (args) body`
    Assert(Vec<Arg>, Option<Box<Expr>>),
    /// `echo (args) body`
    Echo(Vec<Arg>, Option<Box<Expr>>),
    /// `function (params) body`
    Function(Arc<FunctionParts>),
    /// Source that is no expression; a diagnostic says why.
    Error,
}

/// `[begin : step : end]`
#[derive(Debug, Clone)]
pub struct RangeExpr {
    /// First value.
    pub begin: Expr,
    /// Distance between values; 1 when not written.
    pub step: Option<Expr>,
    /// Bound of the values, inclusive.
    pub end: Expr,
}

/// What a function does: all of a literal `function (params) body`.
#[derive(Debug, Clone)]
pub struct FunctionParts {
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its body.
    pub body: Expr,
}

/// One element between the brackets of a vector.
#[derive(Debug, Clone)]
pub struct Element {
    /// What it is.
    pub kind: ElementKind,
    /// From its first to its last token.
    pub span: Span,
}

/// The kinds of vector element.
#[derive(Debug, Clone)]
pub enum ElementKind {
    /// A plain value.
    Expr(Expr),
    /// `for (bindings) body`
    For(Vec<Arg>, Box<Element>),
    /// `for (init; condition; next) body`
    ForC {
        /// Bindings before the first round.
        init: Vec<Arg>,
        /// Goes on while this holds.
        condition: Box<Expr>,
        /// New bindings after each round, all computed in the round that ends.
        next: Vec<Arg>,
        /// What each round gives.
        body: Box<Element>,
    },
    /// `if (condition) then else otherwise`
    If(Box<Expr>, Box<Element>, Option<Box<Element>>),
    /// `let (bindings) body`
    Let(Vec<Arg>, Box<Element>),
    /// `each body`
    Each(Box<Element>),
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `+`
    Plus,
    /// `!`
    Not,
    /// `~`
    BitNot,
}

/// Infix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its operator sign; see `as_str`")]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    BitOr,
    BitAnd,
    Shl,
    Shr,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
}

impl UnaryOp {
    /// The sign as written.
    pub const fn as_str(self) -> &'static str {
        match self {
            UnaryOp::Neg => "-",
            UnaryOp::Plus => "+",
            UnaryOp::Not => "!",
            UnaryOp::BitNot => "~",
        }
    }
}

impl BinaryOp {
    /// The sign as written.
    pub const fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Or => "||",
            BinaryOp::And => "&&",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::BitOr => "|",
            BinaryOp::BitAnd => "&",
            BinaryOp::Shl => "<<",
            BinaryOp::Shr => ">>",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "^",
        }
    }
}
