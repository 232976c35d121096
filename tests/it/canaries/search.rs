//! Looking for secrets in whatever a program leaves behind, in every form in which they may be written down.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use base64::{Engine, engine::general_purpose::STANDARD};

const PASSWORD: &str = "Canary-Store-Password-7f3a91";

/// What must not be found, by what it is.
#[derive(Default)]
pub struct Canaries(BTreeMap<String, Vec<u8>>);

impl Canaries {
    /// Adds a secret.
    pub fn add(&mut self, what: impl Into<String>, secret: impl AsRef<[u8]>) {
        let secret = secret.as_ref();
        assert!(secret.len() >= 6, "too short to be unique");
        self.0.insert(what.into(), secret.to_vec());
    }

    /// Every way in which a secret may be written down.
    fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let mut forms = vec![("plain", secret.to_vec())];
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        forms.push(("upper hex", hex.to_uppercase().into_bytes()));
        forms.push(("hex", hex.into_bytes()));
        // Within a longer text base64 looks different at each of three places; its edges depend on the neighbours.
        for shift in 0..3 {
            let text = STANDARD.encode([&vec![0; shift], secret].concat());
            let inner = &text.trim_end_matches('=').as_bytes()[if shift == 0 { 0 } else { 4 }..];
            forms.push(("base64", inner[..inner.len() - 2].to_vec()));
        }
        if let Ok(text) = std::str::from_utf8(secret) {
            let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
            for (name, bytes) in [
                ("utf-16", wide(u16::to_le_bytes)),
                ("utf-16 BE", wide(u16::to_be_bytes)),
            ] {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                forms.push(("hex of utf-16", hex.into_bytes()));
                forms.push((name, bytes));
            }
            forms.push(("backwards", text.chars().rev().collect::<String>().into_bytes()));
        }
        forms
    }

    /// All forms of all of them, to be looked for in one go.
    pub fn search(&self) -> Search {
        let (names, needles): (Vec<String>, Vec<Vec<u8>>) = self
            .0
            .iter()
            .flat_map(|(what, secret)| {
                let named = move |(form, bytes)| (format!("{what} ({form})"), bytes);
                Self::forms(secret).into_iter().map(named)
            })
            .unzip();
        let automaton = AhoCorasick::new(&needles).unwrap();
        Search { names, automaton }
    }
}

/// What finds them.
pub struct Search {
    names: Vec<String>,
    automaton: AhoCorasick,
}

impl Search {
    /// Where which canary is found.
    pub fn found_in(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let found: BTreeSet<usize> = self
            .automaton
            .find_overlapping_iter(bytes)
            .map(|hit| hit.pattern().as_usize())
            .collect();
        found
            .into_iter()
            .map(|at| format!("{place}: {}", self.names[at]))
            .collect()
    }
}

#[test]
fn a_canary_is_found_in_every_form() {
    let mut canaries = Canaries::default();
    canaries.add("password", PASSWORD);
    let search = canaries.search();
    let utf16: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for text in [
        PASSWORD.as_bytes().to_vec(),
        STANDARD.encode(format!("a:{PASSWORD}:b")).into_bytes(),
        STANDARD.encode(format!("ab:{PASSWORD}:b")).into_bytes(),
        STANDARD.encode(format!("abc:{PASSWORD}")).into_bytes(),
        PASSWORD
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into_bytes(),
        utf16
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into_bytes(),
        utf16,
    ] {
        let around = [&b"before "[..], &text, b" behind"].concat();
        assert!(!search.found_in("here", &around).is_empty(), "{around:?}");
    }
    assert!(search.found_in("here", b"nothing of it").is_empty());
}
