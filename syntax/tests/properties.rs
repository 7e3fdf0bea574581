//! What holds for any text, and for any tree.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use scadstream_syntax::ast::StmtKind;
use scadstream_syntax::customizer::{parameters, parameters_json};
use scadstream_syntax::lexer::Lexer;
use scadstream_syntax::parser::parse_text;
use scadstream_syntax::{Parsed, Source, decode, parse, print_expr};

/// Runs everything that works on text and checks what it promises about places.
#[track_caller]
fn check_anything(source: &Source) {
    let text = source.text();
    let mut end = 0;
    for token in Lexer::new(text) {
        assert_eq!(token.start, end, "tokens leave no gap");
        assert!(token.end > token.start, "tokens are not empty");
        end = token.end;
    }
    assert_eq!(end as usize, text.len(), "tokens reach the end");

    let parsed = parse(source);
    for diagnostic in &parsed.diagnostics {
        let (start, end) = (diagnostic.span.start as usize, diagnostic.span.end as usize);
        assert!(text.get(start..end).is_some(), "the place of {diagnostic:?} is in the text");
    }
    for (start, end) in spans(&format!("{:?}", parsed.file.stmts)) {
        assert!(text.get(start..end).is_some(), "span {start}..{end} is in the text");
    }
    let json = parameters_json(&parameters(source, &parsed.file), "any");
    serde_json::from_str::<serde_json::Value>(&json).expect("it is JSON");
    check_long(text);
}

/// A text that is long enough for its definitions to be recognised now and read later gives what it gives when it is
/// short.
#[track_caller]
fn check_long(text: &str) {
    let padding = format!("/*{}*/", " ".repeat(64 << 10));
    let (short, long) = (format!("\n{text}"), format!("{padding}\n{text}"));
    let (short, long) = (Source::new("a", short), Source::new("a", long));
    let (read, deferred) = (parse(&short), parse(&long));
    let said = |parsed: &Parsed, shift: usize| -> Vec<_> {
        let list = parsed.diagnostics.iter();
        list.map(|d| (d.message.clone(), d.hint.clone(), d.span.start as usize - shift)).collect()
    };
    assert_eq!(said(&read, 0), said(&deferred, padding.len()));
    assert_eq!(read.includes_inside_statements, deferred.includes_inside_statements);
    for stmt in &deferred.file.stmts {
        match &stmt.kind {
            StmtKind::Function(def) => {
                def.parts.get();
            }
            StmtKind::Module(def) => {
                def.parts.get();
            }
            _ => {}
        }
    }
    // Everything has been read; the trees are the same, and with them the numbers of the names.
    let stmts = |parsed: &Parsed| without_spans(&format!("{:?}", parsed.file.stmts));
    assert_eq!(stmts(&read), stmts(&deferred));
}

/// The debug output of a tree without its spans.
fn without_spans(debug: &str) -> String {
    let parts: Vec<&str> =
        debug.split("Span { ").map(|part| part.split_once('}').map_or(part, |p| p.1)).collect();
    parts.concat()
}

/// All spans of a tree, taken from its debug output.
fn spans(debug: &str) -> Vec<(usize, usize)> {
    let parts = debug.split("Span { start: ").skip(1);
    let numbers = parts.map(|part| {
        let (start, rest) = part.split_once(", end: ").expect("spans print start and end");
        let end: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (start.parse().expect("it is a number"), end.parse().expect("it is a number"))
    });
    numbers.collect()
}

/// The tree of a text without its spans.
fn tree(text: &str) -> String {
    let parsed = parse_text(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    without_spans(&format!("{:?}", parsed.file.stmts))
}

/// Pieces that make texts which get past the lexer.
const PIECES: &[&str] = &[
    "module ",
    "function ",
    "if",
    "else ",
    "let",
    "assert",
    "echo",
    "for",
    "each ",
    "true",
    "undef ",
    "use <a>",
    "include <b>",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    "?",
    ".",
    "=",
    "||",
    "==",
    "<",
    "<<",
    "+",
    "-",
    "*",
    "^",
    "!",
    "#",
    "%",
    "~",
    "a",
    "b ",
    "$c",
    "1",
    "2.5",
    "\"s\"",
    "\"",
    "\\",
    "//",
    "/*",
    "*/",
    "\n",
    " ",
    "é",
    "\u{A0}",
    "0x1",
    "f(",
    "x = ",
    "// [1:2]\n",
    "/* [G] */\n",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(select(PIECES), 0..120).prop_map(|pieces| pieces.concat())
}

/// An expression that prints with all the brackets which reading it again needs.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(
            &["a", "$b", "undef", "true", "1", "-2.5", "1e+6", "\"s\\n\\\"é\"", "[]", "1e-7"][..]
        )
        .prop_map(str::to_owned),
        (0..1_000_000u32).prop_map(|number| number.to_string()),
    ];
    leaf.prop_recursive(6, 64, 4, |inner| {
        let ops = &[
            "||", "&&", "==", "!=", "<", "<=", ">", ">=", "|", "&", "<<", ">>", "+", "-", "*", "/",
            "%",
        ][..];
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(|items| items.join(", "));
        prop_oneof![
            (inner.clone(), select(ops), inner.clone())
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            inner.clone().prop_map(|a| format!("(a ^ {a})")),
            (select(&["-", "!", "~"][..]), inner.clone()).prop_map(|(op, a)| format!("{op}{a}")),
            (inner.clone(), loose(inner.clone()), loose(inner.clone()))
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            list.clone().prop_map(|list| format!("f(a = 1, {list})")),
            (inner.clone(), list.clone()).prop_map(|(a, list)| format!("(({a} + 1))({list})")),
            inner.clone().prop_map(|a| format!("a.x[{a}].y")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a} : {b}]")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("[{a} : {b} : {c}]")),
            prop::collection::vec(element(inner.clone()), 0..4)
                .prop_map(|elements| format!("[{}]", elements.join(", "))),
        ]
    })
}

/// An expression that may stand only where nothing binds to it.
fn loose(inner: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    let head = select(
        &[
            "",
            "",
            "let(a = 1) ",
            "assert(a, \"m\") ",
            "echo() ",
            "function(a, b = 2) ",
            "let() echo(a) ",
        ][..],
    );
    (head, inner).prop_map(|(head, a)| format!("{head}{a}"))
}

fn element(inner: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    let head = select(
        &[
            "",
            "each ",
            "for(i = a) ",
            "for(i = 0;(i < 2);i = (i + 1)) ",
            "if(a) ",
            "let(a = 1) each ",
            "let(b = 2) ",
        ][..],
    );
    (head, loose(inner.clone()), prop::option::of(inner)).prop_map(|(head, body, otherwise)| {
        match otherwise.filter(|_| head == "if(a) ") {
            Some(otherwise) => format!("if(a) ({body}) else ({otherwise})"),
            None => format!("{head}{body}"),
        }
    })
}

/// All of OpenSCAD's example files.
fn examples() -> Vec<PathBuf> {
    let folder = Path::new("/usr/share/openscad/examples");
    let mut files = vec![];
    for sub in ["Advanced", "Basics", "Functions", "Old", "Parametric"] {
        let entries =
            std::fs::read_dir(folder.join(sub)).expect("the package openscad is installed");
        files.extend(entries.map(|entry| entry.expect("the folder can be read").path()));
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "scad"));
    files.sort();
    files
}

/// A change to the bytes of a file: at a place, some bytes are cut out and others put in.
fn edit() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
    let text = prop_oneof![
        Just(vec![]),
        select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    (any::<Index>(), prop_oneof![Just(0), 0..3usize, 0..200usize], text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_parses(text in any::<String>()) {
        check_long(&format!("module m() {{ {text} }}"));
        check_long(&format!("function f() = {text};"));
        check_anything(&Source::new("any.scad", text));
    }

    #[test]
    fn any_bytes_parse(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_anything(&decode("any.scad", bytes.clone()).0);
    }

    #[test]
    fn any_sequence_of_tokens_parses(text in pieces()) {
        check_anything(&Source::new("any.scad", text));
    }

    #[test]
    fn any_edits_of_real_files_parse(
        file in any::<Index>(),
        edits in prop::collection::vec(edit(), 1..8),
    ) {
        let files = examples();
        let mut bytes = std::fs::read(file.get(&files)).expect("the example can be read");
        for (place, cut, insert) in edits {
            let start = place.index(bytes.len() + 1);
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, insert);
        }
        check_anything(&decode("edited.scad", bytes).0);
    }

    #[test]
    fn reprinted_expression_has_the_same_tree(text in expression()) {
        check_long(&format!("function f(a) = {text};"));
        let source = format!("x = {text};");
        let parsed = parse_text(&source);
        let StmtKind::Assign(assign) = &parsed.file.stmts[0].kind else {
            panic!("{source} is no assignment");
        };
        let printed = format!("x = {};", print_expr(&assign.value, &parsed.file.symbols));
        prop_assert_eq!(tree(&source), tree(&printed), "{} became {}", source, printed);
    }
}
