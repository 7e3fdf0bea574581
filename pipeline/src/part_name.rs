//! What a top-level object is called in a file that holds several: the last module in the chain that makes it.

/// The name that the source text of a statement gives: `translate([1, 2]) wheel(3);` makes a `wheel`.
pub(crate) fn of_statement(text: &str) -> Option<&str> {
    let mut name = None;
    let mut brackets = 0_usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let length = if is_word(c) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            if brackets == 0 {
                name = Some(&rest[..end]);
            }
            end
        } else if c == '"' {
            1 + string_length(&rest[1..])
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            match c {
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets = brackets.saturating_sub(1),
                ';' | '{' if brackets == 0 => break,
                _ => {}
            }
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    name
}

/// Bytes of a string after its first quote, up to and with its last.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            '"' if !escaped => return index + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// The names with numbers behind those that come again: `wheel`, `wheel 2`, `wheel 3`.
pub(crate) fn distinct(names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashMap::new();
    let numbered = names.into_iter().map(|name| {
        let count: &mut usize = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name} {count}") }
    });
    numbered.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_module_of_a_chain_names_it() {
        for (text, name) in [
            ("wheel();", Some("wheel")),
            ("color(\"a;{\\\"(\") translate([f(1), 2]) wheel(3);", Some("wheel")),
            ("#difference() { cube(1); sphere(2); }", Some("difference")),
            ("for (i = [1:3]) /* { */ spoke(i); // x", Some("spoke")),
            ("grün_ü(1)", Some("grün_ü")),
            ("", None),
            ("(((", None),
            ("\"open", None),
        ] {
            assert_eq!(of_statement(text), name, "{text}");
        }
    }

    #[test]
    fn names_that_come_again_are_numbered() {
        let names = ["a", "b", "a", "a"].map(str::to_owned).to_vec();
        assert_eq!(distinct(names), ["a", "b", "a 2", "a 3"]);
    }
}
