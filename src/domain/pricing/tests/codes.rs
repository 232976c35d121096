//! The codes themselves: no word twice, each with a decision that comes to it.

use std::collections::BTreeSet;

use proptest::{
    strategy::{Strategy as _, ValueTree},
    test_runner::TestRunner,
};

use super::{random::any_input, *};

#[test]
fn every_code_has_its_own_word() {
    let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), Code::ALL.len());
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}

#[test]
fn random_inputs_come_to_every_code() {
    // These need more than an input within its ranges by itself.
    let aside = [
        Code::INVALID_INPUT,
        Code::STRATEGY_UNAVAILABLE,
        Code::FOLLOW_CHAMPION,
    ];
    let mut missing: BTreeSet<Code> = Code::ALL.iter().copied().filter(|c| !aside.contains(c)).collect();
    let mut runner = TestRunner::deterministic();
    for _ in 0..60_000 {
        let input = any_input().new_tree(&mut runner).unwrap().current();
        for reason in decide(&input).reasons {
            missing.remove(&reason.code);
        }
        if missing.is_empty() {
            return;
        }
    }
    panic!("never seen: {missing:?}");
}
