//! Arguments to parameters.
//!
//! Arguments are taken in source order. A positional one goes to the next parameter that no argument before it named;
//! a named one goes to its parameter, over what a positional one may have put there. `$name = value` is always legal
//! and sets the variable for the call.

use crate::code::{Parameter, Target};
use crate::names::{Name, Names};

/// What is wrong with the arguments of a call; none of it stops the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArgumentWarning {
    TooMany,
    NotAParameter(Name),
    Repeated(Name),
    OverridesPositional(Name),
}

impl ArgumentWarning {
    pub(crate) fn text(self, names: &Names) -> String {
        match self {
            ArgumentWarning::TooMany => "Too many unnamed arguments supplied".into(),
            ArgumentWarning::NotAParameter(name) => {
                format!("variable \"{}\" not specified as parameter", names.text(name))
            }
            ArgumentWarning::Repeated(name) => {
                format!("argument \"{}\" supplied more than once", names.text(name))
            }
            ArgumentWarning::OverridesPositional(name) => {
                format!("argument \"{}\" overrides positional argument", names.text(name))
            }
        }
    }
}

/// Where each argument, given by its name or none, goes. Several may go to one slot; the last of them counts.
pub(crate) fn bind(
    params: &[Parameter],
    args: impl Iterator<Item = Option<Name>>,
    names: &Names,
) -> (Vec<Target>, Vec<ArgumentWarning>) {
    let mut targets = Vec::new();
    let mut warnings = Vec::new();
    let mut named: Vec<Name> = Vec::new();
    let mut filled: Vec<Name> = Vec::new();
    let mut position = 0;
    for arg in args {
        let target = match arg {
            Some(name) => {
                let param = params.iter().find(|p| p.name == name);
                if named.contains(&name) {
                    warnings.push(ArgumentWarning::Repeated(name));
                } else if filled.contains(&name) {
                    warnings.push(ArgumentWarning::OverridesPositional(name));
                }
                named.push(name);
                match (param, names.special(name)) {
                    (Some(param), _) => param.target.clone(),
                    (None, Some(special)) => Target::Special(special),
                    (None, None) => {
                        warnings.push(ArgumentWarning::NotAParameter(name));
                        Target::Nowhere
                    }
                }
            }
            None => {
                let next = params[position..]
                    .iter()
                    .position(|p| !p.named_only && !named.contains(&p.name));
                match next {
                    Some(skipped) => {
                        let param = &params[position + skipped];
                        position += skipped + 1;
                        filled.push(param.name);
                        param.target.clone()
                    }
                    None => {
                        position = params.len();
                        if !warnings.contains(&ArgumentWarning::TooMany) {
                            warnings.push(ArgumentWarning::TooMany);
                        }
                        Target::Nowhere
                    }
                }
            }
        };
        targets.push(target);
    }
    (targets, warnings)
}
