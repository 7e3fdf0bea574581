//! Functions of numbers.

use scadstream_csg::degrees;

use crate::builtin::{Args, Builtin, BuiltinResult, exactly, number, wrong_count, wrong_type};
use crate::list::List;
use crate::value::Value;

pub(super) fn lookup(name: &str) -> Option<Builtin> {
    Some(match name {
        "abs" => Builtin::Math("abs", f64::abs),
        "sign" => Builtin::Math("sign", sign),
        "sin" => Builtin::Math("sin", degrees::sin),
        "cos" => Builtin::Math("cos", degrees::cos),
        "tan" => Builtin::Math("tan", degrees::tan),
        "asin" => Builtin::Math("asin", degrees::asin),
        "acos" => Builtin::Math("acos", degrees::acos),
        "atan" => Builtin::Math("atan", degrees::atan),
        "floor" => Builtin::Math("floor", f64::floor),
        "ceil" => Builtin::Math("ceil", f64::ceil),
        "round" => Builtin::Math("round", f64::round),
        "ln" => Builtin::Math("ln", f64::ln),
        "exp" => Builtin::Math("exp", f64::exp),
        "sqrt" => Builtin::Math("sqrt", f64::sqrt),
        "atan2" => Builtin::Pure("atan2", atan2),
        "pow" => Builtin::Pure("pow", pow),
        "log" => Builtin::Pure("log", log),
        "min" => Builtin::Pure("min", min),
        "max" => Builtin::Pure("max", max),
        "norm" => Builtin::Pure("norm", norm),
        "cross" => Builtin::Pure("cross", cross),
        _ => return None,
    })
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}

fn atan2(args: &mut Args) -> BuiltinResult {
    exactly::<2>("atan2", args)?;
    Ok(Value::Number(degrees::atan2(number("atan2", args, 0)?, number("atan2", args, 1)?)))
}

fn pow(args: &mut Args) -> BuiltinResult {
    exactly::<2>("pow", args)?;
    Ok(Value::Number(number("pow", args, 0)?.powf(number("pow", args, 1)?)))
}

fn log(args: &mut Args) -> BuiltinResult {
    let (base, index) = match args.len() {
        1 => (10.0, 0),
        2 => (number("log", args, 0)?, 1),
        n => return Err(wrong_count("log", "1 or 2", n)),
    };
    Ok(Value::Number(number("log", args, index)?.ln() / base.ln()))
}

fn min(args: &mut Args) -> BuiltinResult {
    extreme("min", args, |x, best| x < best)
}

fn max(args: &mut Args) -> BuiltinResult {
    extreme("max", args, |x, best| x > best)
}

/// Of many numbers, or of one list of them.
fn extreme(name: &'static str, args: &Args, better: impl Fn(f64, f64) -> bool) -> BuiltinResult {
    let choose =
        |best: Option<f64>, x: f64| Some(best.filter(|best| !better(x, *best)).unwrap_or(x));
    match &args[..] {
        [] => Err(wrong_count(name, "at least 1", 0)),
        [Value::List(list)] => {
            if list.len() == 0 {
                let shown = "vector ([])";
                return Err(format!(
                    "{name}() parameter could not be converted: argument 0: expected non-empty vector, found {shown}"
                ));
            }
            if let Some(numbers) = list.as_slice() {
                return Ok(numbers
                    .iter()
                    .copied()
                    .fold(None, choose)
                    .map_or(Value::Undef, Value::Number));
            }
            let mut best = None;
            for (i, value) in list.iter().enumerate() {
                match value {
                    Value::Number(x) => best = choose(best, x),
                    other => return Err(wrong_type(name, i, "number", &other)),
                }
            }
            Ok(best.map_or(Value::Undef, Value::Number))
        }
        many => {
            let mut best = None;
            for i in 0..many.len() {
                best = choose(best, number(name, many, i)?);
            }
            Ok(best.map_or(Value::Undef, Value::Number))
        }
    }
}

fn norm(args: &mut Args) -> BuiltinResult {
    let [value] = exactly::<1>("norm", args)?;
    let Value::List(list) = value else { return Err(wrong_type("norm", 0, "vector", value)) };
    let Some(numbers) = list.to_numbers() else {
        return Err("Incorrect arguments to norm()".into());
    };
    Ok(Value::Number(numbers.iter().map(|x| x * x).sum::<f64>().sqrt()))
}

fn cross(args: &mut Args) -> BuiltinResult {
    let [Value::List(a), Value::List(b)] = &args[..] else {
        return Err(if args.len() == 2 {
            "Invalid type of parameters for cross()".into()
        } else {
            "Invalid number of parameters for cross()".into()
        });
    };
    match (a.len(), b.len()) {
        (2, 2) => {
            let ([ax, ay], [bx, by]) = (components(a)?, components(b)?);
            Ok(Value::Number(ax * by - ay * bx))
        }
        (3, 3) => {
            let ([ax, ay, az], [bx, by, bz]) = (components(a)?, components(b)?);
            let product = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
            Ok(Value::List(List::from_slice(&product)))
        }
        _ => Err("Invalid vector size of parameter for cross()".into()),
    }
}

fn components<const N: usize>(list: &List) -> Result<[f64; N], String> {
    let mut out = [0.0; N];
    for (i, slot) in out.iter_mut().enumerate() {
        let x = list.number(i).ok_or("Invalid value in parameter vector for cross()")?;
        if x.is_nan() {
            return Err("Invalid value (NaN) in parameter vector for cross()".into());
        }
        if x.is_infinite() {
            return Err("Invalid value (INF) in parameter vector for cross()".into());
        }
        *slot = x;
    }
    Ok(out)
}
