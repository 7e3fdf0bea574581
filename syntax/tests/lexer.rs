//! Tokens, with a case for each rule of the language. Each line of an expectation is a token or a message.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use scadstream_syntax::lexer::Lexer;

/// Lists the tokens of `text` but white space, then the messages with their byte ranges.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let mut lexer = Lexer::new(text);
    let mut out = String::new();
    for token in lexer.by_ref() {
        let shown = &text[token.start as usize..token.end as usize];
        if token.kind != scadstream_syntax::token::TokenKind::Whitespace {
            writeln!(out, "{:?} {shown:?}", token.kind).expect("writing to a string cannot fail");
        }
    }
    for message in lexer.diagnostics() {
        let (start, end) = (message.span.start, message.span.end);
        writeln!(out, "{start}-{end} {} {}", message.severity.prefix(), message.message)
            .expect("writing to a string cannot fail");
    }
    expected.assert_eq(&out);
}

#[test]
fn no_break_space_and_byte_order_mark_are_white_space() {
    check(
        "a\u{A0}b\u{FEFF}c\t\r\n\u{A0}\u{A0} d",
        expect![[r#"
        Ident "a"
        Ident "b"
        Ident "c"
        Ident "d"
    "#]],
    );
}

#[test]
fn other_characters_outside_strings_and_comments_are_errors() {
    check(
        "é @ \\ \u{1}",
        expect![[r#"
        Error "é"
        Error "@"
        Error "\\"
        Error "\u{1}"
        0-2 ERROR: Parser error: syntax error
        3-4 ERROR: Parser error: syntax error
        5-6 ERROR: Parser error: syntax error
        7-8 ERROR: Parser error: syntax error
    "#]],
    );
    check(
        "aé\u{A0}",
        expect![[r#"
        Ident "a"
        Error "é"
        1-3 ERROR: Parser error: syntax error
    "#]],
    );
    check(
        "// é\n/* é */ \"é\"",
        expect![[r#"
        LineComment "// é"
        BlockComment "/* é */"
        String "\"é\""
    "#]],
    );
}

#[test]
fn comments() {
    check(
        "a // b\nc",
        expect![[r#"
        Ident "a"
        LineComment "// b"
        Ident "c"
    "#]],
    );
    check(
        "a /* b\n/* c */ d */",
        expect![[r#"
        Ident "a"
        BlockComment "/* b\n/* c */"
        Ident "d"
        Star "*"
        Slash "/"
    "#]],
    );
    check(
        "/**/ /***/ //",
        expect![[r#"
        BlockComment "/**/"
        BlockComment "/***/"
        LineComment "//"
    "#]],
    );
}

#[test]
fn unterminated_comment_is_an_error_to_the_end() {
    check(
        "a /* b\nc",
        expect![[r#"
        Ident "a"
        Error "/* b\nc"
        2-8 ERROR: Parser error: Unterminated comment
    "#]],
    );
    check(
        "/*/",
        expect![[r#"
        Error "/*/"
        0-3 ERROR: Parser error: Unterminated comment
    "#]],
    );
}

#[test]
fn identifiers() {
    check(
        "a _b $fn a1_B $_ a$b",
        expect![[r#"
        Ident "a"
        Ident "_b"
        Ident "$fn"
        Ident "a1_B"
        Ident "$_"
        Ident "a"
        Ident "$b"
    "#]],
    );
    check(
        "$",
        expect![[r#"
        Error "$"
        0-1 ERROR: Parser error: syntax error
    "#]],
    );
}

#[test]
fn identifiers_may_start_with_a_digit_but_should_not() {
    check(
        "2d 1e 1ex 0x 0xg $5 1e3x",
        expect![[r#"
            Ident "2d"
            Ident "1e"
            Ident "1ex"
            Ident "0x"
            Ident "0xg"
            Ident "$5"
            Ident "1e3x"
            0-2 DEPRECATED: Variable names starting with digits ('2d') will be removed in future releases.
            3-5 DEPRECATED: Variable names starting with digits ('1e') will be removed in future releases.
            6-9 DEPRECATED: Variable names starting with digits ('1ex') will be removed in future releases.
            10-12 DEPRECATED: Variable names starting with digits ('0x') will be removed in future releases.
            13-16 DEPRECATED: Variable names starting with digits ('0xg') will be removed in future releases.
            17-19 DEPRECATED: Variable names starting with digits ('$5') will be removed in future releases.
            20-24 DEPRECATED: Variable names starting with digits ('1e3x') will be removed in future releases.
        "#]],
    );
}

#[test]
fn reserved_words() {
    check(
        "module function if else let assert echo for each true false undef",
        expect![[r#"
        Module "module"
        Function "function"
        If "if"
        Else "else"
        Let "let"
        Assert "assert"
        Echo "echo"
        For "for"
        Each "each"
        True "true"
        False "false"
        Undef "undef"
    "#]],
    );
    check(
        "modules iff True",
        expect![[r#"
        Ident "modules"
        Ident "iff"
        Ident "True"
    "#]],
    );
}

#[test]
fn use_and_include_are_special_only_before_an_angle_bracket() {
    check(
        "use <a/b.scad> include\n<c d>",
        expect![[r#"
        Use "use <a/b.scad>"
        Include "include\n<c d>"
    "#]],
    );
    check(
        "use(1) include = 2 used <a>",
        expect![[r#"
        Ident "use"
        LParen "("
        Number "1"
        RParen ")"
        Ident "include"
        Assign "="
        Number "2"
        Ident "used"
        Lt "<"
        Ident "a"
        Gt ">"
    "#]],
    );
    check(
        "\"use <a>\" // include <b>",
        expect![[r#"
        String "\"use <a>\""
        LineComment "// include <b>"
    "#]],
    );
}

#[test]
fn unterminated_path_is_an_error_to_the_line_end() {
    check(
        "include <a\nb",
        expect![[r#"
        Error "include <a"
        Ident "b"
        0-10 ERROR: Parser error: Unterminated include statement
    "#]],
    );
    check(
        "use <a\nb",
        expect![[r#"
        Error "use <a"
        Ident "b"
        0-6 ERROR: Parser error: Unterminated use statement
    "#]],
    );
}

#[test]
fn line_break_in_a_path_is_a_warning() {
    check(
        "include <a\nb>",
        expect![[r#"
        Include "include <a\nb>"
        0-13 WARNING: Line break inside the path of include or use
    "#]],
    );
}

#[test]
fn numbers() {
    check(
        "12 1.5 .5 5. 1e3 1.5E-3 .5e+1 5.e1 0x1F 0Xab",
        expect![[r#"
        Number "12"
        Number "1.5"
        Number ".5"
        Number "5."
        Number "1e3"
        Number "1.5E-3"
        Number ".5e+1"
        Number "5.e1"
        Number "0x1F"
        Number "0Xab"
    "#]],
    );
    check(
        "1.5x 1..2 1.e 1e+ 1e3.5",
        expect![[r#"
            Number "1.5"
            Ident "x"
            Number "1."
            Number ".2"
            Number "1."
            Ident "e"
            Ident "1e"
            Plus "+"
            Number "1e3"
            Number ".5"
            14-16 DEPRECATED: Variable names starting with digits ('1e') will be removed in future releases.
        "#]],
    );
}

#[test]
fn strings() {
    check(
        r#""" "a" "a\"b" "\\" "a//b""#,
        expect![[r#"
        String "\"\""
        String "\"a\""
        String "\"a\\\"b\""
        String "\"\\\\\""
        String "\"a//b\""
    "#]],
    );
    check(
        "\"a\nb\"",
        expect![[r#"
        String "\"a\nb\""
    "#]],
    );
}

#[test]
fn unterminated_string_is_an_error_to_the_line_end() {
    check(
        "\"a\nb",
        expect![[r#"
        Error "\"a"
        Ident "b"
        0-2 ERROR: Parser error: Unterminated string
    "#]],
    );
    check(
        "\"a\\",
        expect![[r#"
        Error "\"a\\"
        0-3 ERROR: Parser error: Unterminated string
    "#]],
    );
    check(
        "\"a\\\"",
        expect![[r#"
        Error "\"a\\\""
        0-4 ERROR: Parser error: Unterminated string
    "#]],
    );
}

#[test]
fn signs() {
    check(
        "( ) [ ] { } , ; : ? . = # ~",
        expect![[r##"
        LParen "("
        RParen ")"
        LBracket "["
        RBracket "]"
        LBrace "{"
        RBrace "}"
        Comma ","
        Semicolon ";"
        Colon ":"
        Question "?"
        Dot "."
        Assign "="
        Hash "#"
        Tilde "~"
    "##]],
    );
    check(
        "|| | && & == != ! <= << < >= >> > + - * / % ^",
        expect![[r#"
        OrOr "||"
        Pipe "|"
        AndAnd "&&"
        Amp "&"
        EqEq "=="
        NotEq "!="
        Bang "!"
        Le "<="
        Shl "<<"
        Lt "<"
        Ge ">="
        Shr ">>"
        Gt ">"
        Plus "+"
        Minus "-"
        Star "*"
        Slash "/"
        Percent "%"
        Caret "^"
    "#]],
    );
    check(
        "a<=b===c!==d|||&&&<<<>>>",
        expect![[r#"
        Ident "a"
        Le "<="
        Ident "b"
        EqEq "=="
        Assign "="
        Ident "c"
        NotEq "!="
        Assign "="
        Ident "d"
        OrOr "||"
        Pipe "|"
        AndAnd "&&"
        Amp "&"
        Shl "<<"
        Lt "<"
        Shr ">>"
        Gt ">"
    "#]],
    );
}
