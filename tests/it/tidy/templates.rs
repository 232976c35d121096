//! What every template keeps to, so that a strict content policy holds, forms work without scripts and
//! the page does not jump: nothing inline, buttons that say their kind, images with their size.

use std::collections::BTreeSet;

use super::{File, assert_none, files};

/// Words that need inline code or `eval`.
const FORBIDDEN: &[&str] = &[
    "<style",
    " style=",
    "hx-on",
    "hx-vars",
    "js:",
    "javascript:",
    "hx-vals='js",
    "|safe",
];

/// Values that are templates of ours and have escaped what is theirs to escape.
const FRAGMENTS: &[&str] = &["{{ fragment|safe }}", "{{ progress|safe }}"];

fn complaints(file: &File) -> Vec<String> {
    let text = FRAGMENTS
        .iter()
        .fold(file.text.clone(), |text, fragment| text.replace(fragment, ""));
    let mut found: Vec<String> = FORBIDDEN
        .iter()
        .filter(|word| text.contains(*word))
        .map(|word| format!("{}: `{word}`", file.path))
        .collect();
    for tag in tags(&file.text) {
        let tag = tag.replace('\n', " ");
        let mut complain = |what: &str| found.push(format!("{}: {what}: {tag}", file.path));
        let name = tag[1..].split([' ', '>', '/']).next().unwrap();
        let has = |attribute: &str| tag.contains(&format!(" {attribute}"));
        if name == "script" && !has("src=") {
            complain("a script inside the page");
        }
        if name == "button" && !has("type=") {
            complain("a button without its kind");
        }
        if name == "img" && !(has("width=") && has("height=") && has("alt=")) {
            complain("an image without size or text");
        }
        if has("on") && handler(&tag) {
            complain("a handler inside the page");
        }
        if tag
            .split("hx-trigger=")
            .skip(1)
            .any(|rest| rest.split('"').nth(1).unwrap_or("").contains('['))
        {
            complain("a trigger filter, which is always true without eval");
        }
    }
    for form in file.text.split("<form").skip(1) {
        let inside = form.split("</form>").next().unwrap();
        let tag = tags(&format!("<form{inside}")).swap_remove(0);
        if tag.contains("method=\"post\"") && !inside.contains("name=\"csrf_token\"") {
            found.push(format!(
                "{}: a form without the session's token: {tag}",
                file.path
            ));
        }
    }
    found
}

/// ` onclick=` and the like.
fn handler(tag: &str) -> bool {
    tag.split(" on").skip(1).any(|rest| {
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
        word > 0 && rest[word..].starts_with('=')
    })
}

/// The opening tags of a template; `>` inside `{{ }}` and `{% %}` ends none.
fn tags(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut tag: Option<String> = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let expression = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
            .iter()
            .find(|(start, _)| rest.starts_with(start));
        if let Some((_, end)) = expression {
            let length = rest.find(end).map_or(rest.len(), |at| at + 2);
            if let Some(tag) = &mut tag {
                tag.push(' ');
            }
            rest = &rest[length..];
            continue;
        }
        let after = &rest[c.len_utf8()..];
        match (&mut tag, c) {
            (None, '<') if after.starts_with(|c: char| c.is_ascii_alphabetic()) => tag = Some("<".to_owned()),
            (None, _) => {}
            (Some(open), '>') => {
                open.push('>');
                found.extend(tag.take());
            }
            (Some(open), c) => open.push(c),
        }
        rest = after;
    }
    found
}

/// Templates that no code and no other template names.
fn unused(templates: &[File], sources: &[File]) -> Vec<String> {
    let named: BTreeSet<&str> = templates
        .iter()
        .chain(sources)
        .flat_map(|file| file.text.split('"'))
        .collect();
    templates
        .iter()
        .map(|file| file.path.trim_start_matches("templates/"))
        .filter(|name| !named.contains(name))
        .map(|name| format!("templates/{name}: nobody uses it"))
        .collect()
}

#[test]
fn templates_hold_no_code_and_say_what_things_are() {
    let found: Vec<String> = files(&["templates"], &[".html"])
        .iter()
        .flat_map(complaints)
        .collect();
    assert_none(&found);
}

#[test]
fn every_template_is_used() {
    assert_none(&unused(
        &files(&["templates"], &[".html"]),
        &files(&["src"], &[".rs"]),
    ));

    let (a, b) = (
        File::sample("templates/a.html", ""),
        File::sample("templates/_b.html", ""),
    );
    let code = File::sample("src/web/a.rs", "#[template(path = \"a.html\")]");
    assert_eq!(unused(&[a, b], &[code]), ["templates/_b.html: nobody uses it"]);
}

#[test]
fn a_template_without_order_is_found() {
    for text in [
        "<script>alert(1)</script>",
        "<p style=\"color:red\">",
        "<style>p{}</style>",
        "<a onclick=\"x()\">",
        "<div hx-on::after=\"x()\">",
        "<div hx-trigger=\"keyup[key=='Enter']\">",
        "<button>Save</button>",
        "<button {% if a > b %}class=\"x\"{% endif %}>Save</button>",
        "<img src=\"a.png\" alt=\"\">",
        "<a href=\"javascript:x()\">",
        "{{ name|safe }}",
        "<form method=\"post\" action=\"/x\">",
        // The token of its neighbour is none of its own.
        "<form method=\"post\"><input name=\"csrf_token\"></form><form method=\"post\"></form>",
    ] {
        assert_eq!(
            complaints(&File::sample("templates/a.html", text)).len(),
            1,
            "{text}"
        );
    }
    assert_none(&complaints(&File::sample(
        "templates/a.html",
        "<script src=\"{{ \"app.js\"|asset }}\" defer></script><p class=\"on sale\">on=1</p>
         <button type=\"submit\" {% if a > b %}disabled{% endif %}>Save</button>
         <img src=\"a\" width=\"1\" height=\"1\" alt=\"\"><div hx-trigger=\"input changed delay:300ms\">",
    )));
}
