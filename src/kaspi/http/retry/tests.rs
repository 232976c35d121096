//! What is repeated, and how often at most.

use super::*;

#[test]
fn only_a_missing_answer_is_asked_for_again() {
    assert!(may_help(&KaspiError::Unavailable(None)));
    for error in [
        KaspiError::SessionExpired,
        KaspiError::Blocked,
        KaspiError::RateLimited { after: None },
        KaspiError::malformed("x"),
        KaspiError::Paused { wait: MINUTE },
        KaspiError::Rejected {
            status: 400,
            message: String::new(),
        },
    ] {
        assert!(!may_help(&error), "{error}");
    }
}

#[test]
fn an_outage_adds_at_most_a_tenth() {
    let (budget, start) = (RetryBudget::default(), Instant::now());
    let mut granted = 0;
    for n in 0..200 {
        let now = start + Duration::from_millis(n * 100);
        budget.request("m", now);
        granted += u32::from(budget.repeat("m", now)) + u32::from(budget.repeat("m", now));
    }
    assert_eq!(granted, 20);
}

#[test]
fn a_merchant_that_asks_seldom_may_repeat_twice_a_minute() {
    let (budget, start) = (RetryBudget::default(), Instant::now());
    budget.request("m", start);
    assert!(budget.repeat("m", start) && budget.repeat("m", start));
    assert!(!budget.repeat("m", start));
    assert!(budget.repeat("other", start));
    assert!(budget.repeat("m", start + MINUTE));
}
