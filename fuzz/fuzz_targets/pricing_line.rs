//! Any bytes as a line of `pricing decide` and of `pricing safe-set`: one line of JSON comes back.
#![no_main]

use kaspi_panel::domain::pricing::wire::{answer_decide, answer_safe_set};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    for answer in [answer_decide, answer_safe_set] {
        let mut out = Vec::new();
        let readable = answer(line, 1, &mut out);
        let answer: serde_json::Value = serde_json::from_slice(&out).expect("an answer is JSON");
        assert_eq!(readable, answer.get("error").is_none());
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1);
    }
});
