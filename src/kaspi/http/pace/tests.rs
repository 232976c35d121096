//! The limits, exact to the unit; time is given, never waited for.

use super::*;

const MERCHANT: &str = "30000001";

fn pace() -> Pace {
    Pace::new(&KaspiLimits {
        writes_per_half_hour: 3,
        write_pause: Duration::from_secs(1800),
        public_pause: Duration::from_secs(15),
        ..KaspiLimits::for_tests()
    })
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn no_window_of_half_an_hour_holds_more_writes_than_allowed() {
    let (pace, start) = (pace(), Instant::now());
    for second in [0, 100, 200] {
        assert_eq!(pace.count_write(MERCHANT, 1, start + seconds(second)), Ok(()));
    }
    assert_eq!(
        pace.count_write(MERCHANT, 1, start + seconds(300)),
        Err(seconds(1500))
    );
    assert_eq!(
        pace.count_write("30000002", 1, start + seconds(300)),
        Ok(()),
        "another merchant is free"
    );
    assert_eq!(
        pace.count_write(MERCHANT, 1, start + seconds(1799)),
        Err(seconds(1))
    );
    // The first one is half an hour old: exactly one place is free.
    assert_eq!(pace.count_write(MERCHANT, 1, start + seconds(1800)), Ok(()));
    assert_eq!(
        pace.count_write(MERCHANT, 1, start + seconds(1800)),
        Err(seconds(100))
    );
}

#[test]
fn a_batch_counts_with_every_change_in_it() {
    let (pace, start) = (pace(), Instant::now());
    assert_eq!(pace.count_write(MERCHANT, 2, start), Ok(()));
    let wait = pace.count_write(MERCHANT, 2, start + seconds(60));
    assert!(wait.is_err_and(|wait| wait > Duration::ZERO), "{wait:?}");
    assert_eq!(pace.count_write(MERCHANT, 1, start + seconds(60)), Ok(()));
    assert!(pace.count_write("30000002", 4, start).is_err(), "never fits");
}

#[test]
fn after_too_many_requests_a_merchant_pauses_for_half_an_hour_or_longer_if_told() {
    let (pace, start) = (pace(), Instant::now());
    pace.pause_writes(MERCHANT, Some(seconds(10)), start);
    assert_eq!(pace.write_wait(MERCHANT, start + seconds(60)), seconds(1740));
    assert_eq!(pace.write_wait("30000002", start), Duration::ZERO);
    pace.pause_writes(MERCHANT, Some(seconds(3600)), start);
    assert_eq!(
        pace.count_write(MERCHANT, 1, start + seconds(1800)),
        Err(seconds(1800))
    );
    assert_eq!(pace.count_write(MERCHANT, 1, start + seconds(3600)), Ok(()));
}

#[test]
fn an_address_that_was_refused_pauses_alone() {
    let (pace, start) = (pace(), Instant::now());
    pace.pause_public("one", None, start);
    assert_eq!(pace.public_wait("one", start + seconds(5)), seconds(10));
    assert_eq!(pace.public_wait("one", start + seconds(15)), Duration::ZERO);
    assert_eq!(pace.public_wait("two", start), Duration::ZERO);
}

#[tokio::test]
async fn turns_come_one_after_the_other() {
    let interval = Duration::from_millis(20);
    let pace = Pace::new(&KaspiLimits {
        public_interval: interval,
        ..KaspiLimits::for_tests()
    });
    let start = Instant::now();
    for _ in 0..4 {
        pace.public_turn("direct").await;
    }
    // Four turns have three gaps between them; a busy machine only makes them longer.
    assert!(start.elapsed() >= interval * 3, "{:?}", start.elapsed());
}
