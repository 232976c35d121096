//! Evidence of a page that was not understood: good enough to see what has changed, and free of secrets.

use url::Url;

/// What a page looked like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// PNG with empty fields, where there was a browser.
    pub picture: Option<Vec<u8>>,
    /// Its source, cleaned.
    pub page: String,
    /// Host and path, without the query.
    pub address: String,
}

/// Largest picture that is kept.
pub const PICTURE_BYTES_MAX: usize = 1024 * 1024;
/// Longest source that is kept, in characters.
const PAGE_CHARS_MAX: usize = 200_000;
const BLANK: &str = "•••";

/// Host and path of an address; tokens travel in the rest.
pub fn address_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}{}", url.path()).chars().take(300).collect()
}

/// The source of a page without scripts, comments, typed values and queries of addresses, and without
/// anything that looks like a token or is one of `secrets`.
pub fn cleaned(page: &str, secrets: &[String]) -> String {
    let mut text = page.to_owned();
    // Longest first, so that a secret that is part of another leaves nothing of it behind.
    let mut secrets: Vec<&String> = secrets.iter().filter(|secret| secret.len() >= 4).collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        text = text.replace(secret.as_str(), BLANK);
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        text = text.replace(&encoded, BLANK);
    }
    text = without(&text, "<script", "</script>");
    text = without(&text, "<!--", "-->");
    for name in [" value=", " content=", " data-token=", " srcdoc="] {
        text = blank_attribute(&text, name, |_| BLANK.to_owned());
    }
    for name in [" href=", " src=", " action="] {
        text = blank_attribute(&text, name, |value| {
            value.split(['?', '#']).next().unwrap_or_default().to_owned()
        });
    }
    without_tokens(&text).chars().take(PAGE_CHARS_MAX).collect()
}

/// Cuts every part from `start` to `end` out, whatever its case.
fn without(text: &str, start: &str, end: &str) -> String {
    // ASCII case only, so that positions stay the same.
    let lower = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find(start)) {
        let from = at + found;
        kept.push_str(text.get(at..from).unwrap_or_default());
        at = match lower.get(from..).and_then(|rest| rest.find(end)) {
            Some(length) => from + length + end.len(),
            None => text.len(),
        };
    }
    kept.push_str(text.get(at..).unwrap_or_default());
    kept
}

fn blank_attribute(text: &str, name: &str, change: impl Fn(&str) -> String) -> String {
    let lower = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find(name)) {
        let value_at = at + found + name.len();
        kept.push_str(text.get(at..value_at).unwrap_or_default());
        let rest = text.get(value_at..).unwrap_or_default();
        let quoted = rest.strip_prefix(['"', '\'']).map(|inner| (&rest[..1], inner));
        let (length, value) = match quoted {
            Some((quote, inner)) => {
                let end = inner.find(quote).unwrap_or(inner.len());
                let value = inner.get(..end).unwrap_or_default();
                ((end + 2).min(rest.len()), value)
            }
            None => {
                let end = rest.find([' ', '>', '\n', '\t']).unwrap_or(rest.len());
                (end, rest.get(..end).unwrap_or_default())
            }
        };
        kept.push('"');
        kept.push_str(&change(value));
        kept.push('"');
        at = value_at + length;
    }
    kept.push_str(text.get(at..).unwrap_or_default());
    kept
}

/// Long runs of letters and digits mixed are keys, not words.
fn without_tokens(text: &str) -> String {
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '=');
    let mut kept = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, kept: &mut String| {
        let token = run.len() >= 20
            && run.chars().any(|c| c.is_ascii_digit())
            && run.chars().any(|c| c.is_ascii_alphabetic());
        kept.push_str(if token { BLANK } else { run });
        run.clear();
    };
    for c in text.chars() {
        if of_token(c) {
            run.push(c);
        } else {
            flush(&mut run, &mut kept);
            kept.push(c);
        }
    }
    flush(&mut run, &mut kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleaned_page_keeps_its_shape_and_none_of_its_secrets() {
        let page = r#"<html><script>var token = "Canary-Script";</script><!-- Canary-Comment -->
            <form action="/api/p/login?state=Canary-State#x"><input id="user_email_field" value="Canary-Value">
            <INPUT NAME=code VALUE='Canary-Quoted'><input value=Canary-Bare><a href='https://x.kz/y?t=Canary-Query'>Далее</a>
            <meta content="Canary-Meta"><p>Пароль Canary-Typed, eyJhbGciOiJIUzI1NiJ9.e30.Xyz123, Canary%26Cookie</p>
            <SCRIPT>Canary-Second"#;
        let secrets = [
            "Canary-Typed".to_owned(),
            "Canary&Cookie".to_owned(),
            "1".to_owned(),
        ];
        let text = cleaned(page, &secrets);
        assert!(!text.contains("Canary") && !text.contains("eyJ"), "{text}");
        for kept in [
            "<form action=\"/api/p/login\">",
            "id=\"user_email_field\"",
            "Далее",
            "Пароль •••",
            "https://x.kz/y",
        ] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        let address = Url::parse("https://idmc.example.kz/login?code=secret").unwrap();
        assert_eq!(address_of(&address), "idmc.example.kz/login");
    }
}
