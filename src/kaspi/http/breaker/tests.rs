//! When a host is left alone, for how long, and how it comes back.

use super::*;

const HOST: &str = "mc.example.kz";
const MERCHANT: &str = "30000001";

fn after(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

fn breakers() -> Breakers {
    Breakers::new(5, Duration::from_secs(30))
}

fn fail(breakers: &Breakers, times: u32, now: Instant) {
    for _ in 0..times {
        breakers.note(MERCHANT, HOST, false, now);
    }
}

#[test]
fn five_failures_in_a_row_open_it_for_that_merchant_and_host_only() {
    let (breakers, start) = (breakers(), Instant::now());
    fail(&breakers, 4, start);
    assert_eq!(breakers.allow(MERCHANT, HOST, start), Ok(()));
    fail(&breakers, 1, start);
    assert_eq!(
        breakers.allow(MERCHANT, HOST, after(start, 10)),
        Err(Duration::from_secs(20))
    );
    assert_eq!(breakers.allow("30000002", HOST, start), Ok(()));
    assert_eq!(breakers.allow(MERCHANT, "example.kz", start), Ok(()));
}

#[test]
fn an_answer_in_between_starts_the_count_anew() {
    let (breakers, start) = (breakers(), Instant::now());
    fail(&breakers, 4, start);
    breakers.note(MERCHANT, HOST, true, start);
    fail(&breakers, 4, start);
    assert_eq!(breakers.allow(MERCHANT, HOST, start), Ok(()));
}

#[test]
fn half_of_twenty_calls_failing_opens_it_too() {
    let (breakers, start) = (breakers(), Instant::now());
    for _ in 0..10 {
        breakers.note(MERCHANT, HOST, true, start);
        assert_eq!(breakers.allow(MERCHANT, HOST, start), Ok(()));
        breakers.note(MERCHANT, HOST, false, start);
    }
    assert!(breakers.allow(MERCHANT, HOST, start).is_err());
}

#[test]
fn one_trial_closes_it_and_a_failed_trial_doubles_the_pause_up_to_ten_minutes() {
    let (breakers, start) = (breakers(), Instant::now());
    fail(&breakers, 5, start);
    let mut now = after(start, 30);
    let mut pauses = Vec::new();
    for _ in 0..7 {
        assert_eq!(breakers.allow(MERCHANT, HOST, now), Ok(()), "the trial");
        assert!(breakers.allow(MERCHANT, HOST, now).is_err(), "one at a time");
        breakers.note(MERCHANT, HOST, false, now);
        let pause = breakers.allow(MERCHANT, HOST, now).unwrap_err();
        pauses.push(pause.as_secs());
        now += pause;
    }
    assert_eq!(pauses, [60, 120, 240, 480, 600, 600, 600]);
    assert_eq!(breakers.allow(MERCHANT, HOST, now), Ok(()));
    breakers.note(MERCHANT, HOST, true, now);
    assert_eq!(breakers.allow(MERCHANT, HOST, now), Ok(()));
    assert_eq!(breakers.allow(MERCHANT, HOST, now), Ok(()), "closed");
    fail(&breakers, 4, now);
    assert_eq!(breakers.allow(MERCHANT, HOST, now), Ok(()), "and forgotten");
}

#[test]
fn a_trial_that_never_came_back_is_not_waited_for_for_ever() {
    let (breakers, start) = (breakers(), Instant::now());
    fail(&breakers, 5, start);
    assert_eq!(breakers.allow(MERCHANT, HOST, after(start, 30)), Ok(()));
    assert!(breakers.allow(MERCHANT, HOST, after(start, 59)).is_err());
    assert_eq!(breakers.allow(MERCHANT, HOST, after(start, 60)), Ok(()));
}
