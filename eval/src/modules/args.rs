//! Arguments of builtin modules.

use scadstream_csg::Fragments;
use scadstream_syntax::{Location, format_number};
use smallvec::SmallVec;

use crate::code::{ModuleCall, Target};
use crate::evaluator::{Env, Eval, Evaluator};
use crate::list::List;
use crate::value::Value;

/// Finest `$fa` and `$fs`.
const FINEST: f64 = 0.01;

/// Evaluated arguments, by the number of their parameter.
pub(crate) struct Args {
    values: SmallVec<[Value; 4]>,
    pub(crate) location: Location,
}

impl Args {
    /// Evaluates the arguments of a call. `$name = value` among them is set, for the node and its children; the
    /// caller restores what was before.
    pub(crate) fn evaluate(ev: &mut Evaluator<'_>, call: &ModuleCall, env: &Env<'_>) -> Eval<Self> {
        let mut values: SmallVec<[Value; 4]> = SmallVec::new();
        let mut specials = crate::call::Specials::new();
        for arg in &call.args.list {
            let value = ev.eval(&arg.value, env)?;
            match arg.target {
                Target::Slot(slot) => {
                    let slot = slot as usize;
                    if slot >= values.len() {
                        values.resize(slot + 1, Value::Unset);
                    }
                    values[slot] = value;
                }
                Target::Special(special) => specials.push((special, value)),
                Target::Nowhere | Target::Unbound => {}
            }
        }
        if !call.args.warnings.is_empty() {
            ev.warn_arguments(&call.args.warnings, call.location);
        }
        for (special, value) in specials {
            ev.set_special(special, value);
        }
        Ok(Self { values, location: call.location })
    }

    /// The argument for a parameter; [`Value::Unset`] if it was not given.
    pub(crate) fn get(&self, parameter: usize) -> &Value {
        self.values.get(parameter).unwrap_or(&Value::Unset)
    }

    pub(crate) fn number(&self, parameter: usize) -> Option<f64> {
        self.get(parameter).as_number()
    }

    pub(crate) fn finite(&self, parameter: usize) -> Option<f64> {
        self.get(parameter).as_finite()
    }

    pub(crate) fn bool(&self, parameter: usize) -> Option<bool> {
        self.get(parameter).as_bool()
    }

    pub(crate) fn string(&self, parameter: usize) -> Option<&str> {
        self.get(parameter).as_str()
    }

    /// Convexity: a whole number, at least `default`.
    pub(crate) fn convexity(&self, parameter: usize, default: i32) -> i32 {
        match self.finite(parameter) {
            Some(x) if x >= 1.0 && x <= f64::from(i32::MAX) => x as i32,
            _ => default,
        }
    }

    /// `$fn`, `$fa` and `$fs` as they hold for this node.
    pub(crate) fn fragments(&self, ev: &mut Evaluator<'_>) -> Fragments {
        let names = ev.builtin_specials;
        let mut fragments = Fragments {
            fn_: ev.special(names.fn_).as_number().unwrap_or(0.0),
            fa: ev.special(names.fa).as_number().unwrap_or(0.0),
            fs: ev.special(names.fs).as_number().unwrap_or(0.0),
            fe: 0.0,
        };
        if ev.options.has_feature("discretization-by-error") {
            fragments.fe = ev.special(names.fe).as_finite().unwrap_or(0.0).max(0.0);
        }
        if fragments.fs < FINEST {
            ev.warn("$fs too small - clamping to 0.010000", self.location);
            fragments.fs = FINEST;
        }
        if fragments.fa < FINEST {
            ev.warn("$fa too small - clamping to 0.010000", self.location);
            fragments.fa = FINEST;
        }
        if fragments.fn_ < 0.0 {
            ev.warn(
                format!("$fn negative - setting to 0: {}", format_number(fragments.fn_)),
                self.location,
            );
            fragments.fn_ = 0.0;
        }
        fragments
    }
}

/// Three numbers from a list of two or three; a missing third is `z`.
pub(crate) fn vec3(value: &Value, z: f64) -> Option<[f64; 3]> {
    let list = value.as_list()?;
    let [x, y] = [list.number(0)?, list.number(1)?];
    match list.len() {
        2 => Some([x, y, z]),
        3 => Some([x, y, list.number(2)?]),
        _ => None,
    }
}

/// A camera vector: two or three numbers.
pub(crate) fn view_vector(value: &Value) -> Option<[f64; 3]> {
    vec3(value, 0.0)
}

/// The same where all of them are finite.
pub(crate) fn finite_vec3(value: &Value, z: f64) -> Option<[f64; 3]> {
    vec3(value, z).filter(|v| v.iter().all(|x| x.is_finite()))
}

/// A list's numbers as unsigned indices; what is none counts as 0.
pub(crate) fn indices(list: &List) -> Vec<u32> {
    list.iter().map(|v| v.as_number().map_or(0, |x| x as u32)).collect()
}

/// A number with one decimal, as a few messages show it.
pub(crate) fn string_number(x: f64) -> String {
    format!("{x:.1}")
}
