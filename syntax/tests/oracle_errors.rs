//! What is broken, and on which line, beside `openscad`: programs with one or two words changed at random, the same
//! ones in every run.

use std::path::Path;
use std::process::Command;

use scadstream_syntax::{Severity, Source, parse};

const CASES: u32 = 80;

const PROGRAMS: &[&str] = &[
    "x = [ for ( i = [ 1 : 2 ] ) if ( i ) i else b , 3 ] ;",
    "module m ( a , b = 2 ) { cube ( a ) ; x = 1 ; }",
    "if ( a ) cube ( 1 ) ; else { sphere ( 2 ) ; }",
    "function f ( a , b = 1 ) = let ( c = a ) assert ( c ) c + b * 2 ;",
    "translate ( [ 1 , 2 ] ) # cube ( 1 , center = true ) ;",
    "x = a ? b : c ^ - 2 ;",
    "y = [ 1 : 2 : 3 ] [ 0 ] . x ;",
    "x = [ each a , let ( b = 1 ) each b ] ;",
    "f = function ( x ) x + 1 ;",
    "{ a = 1 ; { b ( ) ; } }",
    "x = [ for ( i = 0 ; i ; i = i + 1 ) i ] ;",
    "echo ( a ) assert ( b ) let ( c = 1 ) for ( d = 2 ) each ( e ) f ( ) ;",
];

/// Words to put in. No comma: where a surplus comma may stand has changed between OpenSCAD's versions.
const WORDS: &[&str] = &[
    "module", "function", "if", "else", "let", "assert", "echo", "for", "each", "true", "(", ")",
    "[", "]", "{", "}", ";", ":", "?", ".", "=", "==", "&&", "+", "-", "*", "!", "#", "a", "b",
    "1", "\"s\"", "^",
];

/// A program on many lines, with changes.
fn program(random: &mut impl FnMut(usize) -> usize) -> String {
    let mut words: Vec<&str> = vec![];
    for _ in 0..2 {
        words.extend(PROGRAMS[random(PROGRAMS.len())].split(' '));
    }
    for _ in 0..=random(2) {
        let place = random(words.len());
        match random(3) {
            0 => words[place] = WORDS[random(WORDS.len())],
            1 => words.insert(place, WORDS[random(WORDS.len())]),
            _ if words[place] != "," => drop(words.remove(place)),
            _ => {}
        }
    }
    // Nothing reported at the end: OpenSCAD counts a line more there than the file has.
    words.push(";");
    let line_ends = ["\n", " ", " ", " "];
    words.iter().flat_map(|word| [*word, line_ends[random(4)]]).collect()
}

/// The line of the first syntax error that `openscad` reports.
fn oracle(path: &Path) -> Option<u32> {
    let ran = Command::new("openscad").arg("-o").arg(path.with_extension("ast")).arg(path).output();
    let ran = ran.unwrap_or_else(|error| panic!("cannot run openscad: {error}; install it"));
    let messages = String::from_utf8_lossy(&ran.stderr).into_owned();
    let message = messages.lines().find(|line| line.contains("Parser error"))?;
    message.rsplit("line ").next()?.parse().ok()
}

#[test]
fn errors_are_those_of_openscad() {
    let folder = std::env::temp_dir().join(format!("scadstream-errors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let path = folder.join("broken.scad");
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % below
    };
    let mut broken = 0;
    for _ in 0..CASES {
        let text = program(&mut random);
        std::fs::write(&path, &text).expect("the folder can be written");
        let source = Source::new("broken.scad", text.as_str());
        let parsed = parse(&source);
        let first = parsed.diagnostics.iter().find(|fault| fault.severity == Severity::Error);
        if first.is_some_and(|fault| fault.span.start as usize == text.len()) {
            continue;
        }
        let ours = first.map(|fault| source.line_column(fault.span.start).line);
        assert_eq!(ours, oracle(&path), "{first:?}\n{text}");
        broken += u32::from(ours.is_some());
    }
    std::fs::remove_dir_all(&folder).expect("it was just written");
    assert!(broken > CASES / 3, "only {broken} programs were broken");
}
