//! Number formatting beside `openscad`.

use std::fmt::Write as _;
use std::process::Command;

use scadstream_syntax::format_number;

/// Numbers of all sizes and shapes, the same in every run.
fn numbers() -> Vec<f64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut numbers =
        vec![0.0, 1e5, 999999.5, 999999.4999, 1e6, 1e-4, 1e-5, 9.999995e-6, 9.99999e-6];
    for round in 0..3000 {
        let bits = f64::from_bits(random());
        if bits.is_finite() {
            numbers.push(bits);
        }
        // Close to people's sizes; with few digits; half way between two numbers of six digits.
        let unit = (random() >> 11) as f64 / 2f64.powi(53);
        let scale = 10f64.powi(round % 17 - 8);
        numbers.push((unit - 0.5) * scale);
        numbers.push((unit * 1e4).round() / 1e3 * scale);
        let halves = (random() % 2_000_000) as f64 + 0.5;
        numbers.push(halves / 2f64.powi(round % 12));
    }
    numbers
}

#[test]
fn numbers_print_as_in_openscad() {
    let numbers = numbers();
    let folder = std::env::temp_dir().join(format!("scadstream-numbers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let (program, echo) = (folder.join("numbers.scad"), folder.join("numbers.echo"));
    let mut text = String::new();
    for number in &numbers {
        writeln!(text, "echo({number:e});").expect("writing to a string cannot fail");
    }
    std::fs::write(&program, text).expect("the folder can be written");
    let ran = Command::new("openscad").arg("-o").arg(&echo).arg(&program).output();
    ran.unwrap_or_else(|error| panic!("cannot run openscad: {error}; install it"));
    let theirs = std::fs::read_to_string(&echo).expect("openscad writes its echo output");
    std::fs::remove_dir_all(&folder).expect("it was just written");
    let ours: Vec<String> =
        numbers.iter().map(|x| format!("ECHO: {}", format_number(*x))).collect();
    let different: Vec<_> =
        ours.iter().zip(theirs.lines()).zip(&numbers).filter(|((a, b), _)| a != b).collect();
    assert_eq!(theirs.lines().count(), numbers.len());
    assert!(
        different.is_empty(),
        "{} differ: {:?}",
        different.len(),
        &different[..different.len().min(20)]
    );
}
