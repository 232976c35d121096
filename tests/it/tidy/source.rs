//! A very small reader of Rust: enough to see code without its comments and texts, and to list paths.

/// The code with comments and the insides of texts blanked; lines stay lines.
pub fn code_only(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_text_hashes(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            rest[start..]
                .find(&end)
                .map_or(rest.len(), |at| start + at + end.len())
        } else if first == '"' {
            text_end(rest)
        } else if let Some(length) = letter_length(rest) {
            length
        } else {
            // The start of a raw text counts only where a name does not just end in `r`.
            out.push(first);
            let word = rest.len() - rest.trim_start_matches(is_word).len();
            let length = word.max(first.len_utf8());
            out.push_str(&rest[first.len_utf8()..length]);
            rest = &rest[length..];
            continue;
        };
        out.extend(
            rest[..skipped]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
        rest = &rest[skipped..];
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `r"…"`, `r#"…"#`: how many signs.
fn raw_text_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn text_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a letter such as `'"'` or `'\n'`; a lifetime is none.
fn letter_length(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    if !rest.starts_with('\'') {
        return None;
    }
    let (_, c) = chars.next()?;
    if c == '\\' {
        return rest[3..].find('\'').map(|at| at + 4);
    }
    let (at, end) = chars.next()?;
    (end == '\'').then_some(at + 1)
}

/// Every path that starts with `start`, groups spelt out: `crate::{a, b::{c, d}}` gives `a`, `b::c`, `b::d`.
pub fn paths(code: &str, start: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(start) {
        if !code[..at].ends_with(is_word) {
            expand(&code[at + start.len()..], "", &mut found);
        }
    }
    found
}

/// Reads one path or group from the start of `code`; gives what is left.
fn expand<'a>(code: &'a str, prefix: &str, found: &mut Vec<String>) -> &'a str {
    let mut rest = code.trim_start();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            let before = rest;
            rest = expand(rest, prefix, found).trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            if rest.len() == before.len() {
                break; // nothing of a path: `as` and the like end the group
            }
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    let word = rest.len() - rest.trim_start_matches(|c| is_word(c) || c == '*').len();
    let path = match prefix {
        "" => rest[..word].to_owned(),
        _ => format!("{prefix}::{}", &rest[..word]),
    };
    rest = &rest[word..];
    if let Some(more) = rest.strip_prefix("::") {
        // `::<` is no part of a path.
        if more
            .trim_start()
            .starts_with(|c| is_word(c) || c == '{' || c == '*')
        {
            return expand(more, &path, found);
        }
    }
    found.push(path);
    let renamed = rest.trim_start();
    match renamed.strip_prefix("as ") {
        Some(name) => name.trim_start().trim_start_matches(is_word),
        None => rest,
    }
}

#[test]
fn comments_and_texts_are_no_code() {
    let source = "use a; // use b;\n/* c */ let d = \"e \\\" f\"; r#\"g\"#; '\"'; bar(\"h\"); fn x<'y>() {}";
    let code = code_only(source);
    for word in ["use a;", "let d", "bar(", "fn x<'y>() {}"] {
        assert!(code.contains(word), "{word}: {code}");
    }
    for word in ["use b", "c */", "e \\", "g\"", "h\""] {
        assert!(source.contains(word) && !code.contains(word), "{word}: {code}");
    }
    assert_eq!(code.lines().count(), source.lines().count());
}

#[test]
fn groups_of_paths_are_spelt_out() {
    let code = "use crate::{a::B, c::{self, D as E, f::*}}; crate::g::h(crate::i::<J>()); notcrate::k;";
    assert_eq!(
        paths(code, "crate::"),
        ["a::B", "c::self", "c::D", "c::f::*", "g::h", "i"]
    );
}
