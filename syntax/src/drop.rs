//! Dropping long chains without recursion.
//!
//! Nesting is limited by the parser, but chains like `a + b + c ...` have no limit, and their trees are as deep as they
//! are long. The drop that the compiler writes would recurse once per link, so the links are taken apart in a loop.

use crate::ast::{Expr, ExprKind, If, Stmt, StmtKind};

impl Drop for Expr {
    fn drop(&mut self) {
        let mut link = take_link(&mut self.kind);
        while let Some(mut expr) = link {
            link = take_link(&mut expr.kind);
        }
    }
}

/// Takes the child along which chains grow, if it has one that grows further.
fn take_link(kind: &mut ExprKind) -> Option<Expr> {
    let child = match kind {
        ExprKind::Binary(_, child, _)
        | ExprKind::Call(child, _)
        | ExprKind::Index(child, _)
        | ExprKind::Member(child, _) => child.as_mut(),
        ExprKind::Ternary(parts) => &mut parts[2],
        _ => return None,
    };
    let grows = matches!(
        child.kind,
        ExprKind::Binary(..)
            | ExprKind::Call(..)
            | ExprKind::Index(..)
            | ExprKind::Member(..)
            | ExprKind::Ternary(..)
    );
    grows.then(|| {
        let empty = Expr { kind: ExprKind::Undef, span: child.span };
        std::mem::replace(child, empty)
    })
}

impl Drop for If {
    fn drop(&mut self) {
        let mut link = self.otherwise.take();
        while let Some(mut stmts) = link {
            link = match stmts.as_mut_slice() {
                [Stmt { kind: StmtKind::If(last), .. }] => last.otherwise.take(),
                _ => None,
            };
        }
    }
}
