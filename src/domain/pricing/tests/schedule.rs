//! Windows of the week, in the local time of Almaty.

use super::{
    super::schedule::{self, NightReset, TimeOfDay, Weekday, Window, WindowAction},
    *,
};

fn window(days: &[Weekday], from: &str, to: &str, action: WindowAction) -> Window {
    Window {
        days: days.to_vec(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        action,
    }
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_window_is_open_in_local_time_and_over_midnight() {
    // 23 November 2026 is a Monday; Almaty is five hours ahead.
    let nights = [window(
        &[Weekday::Monday, Weekday::Sunday],
        "22:00",
        "07:30",
        WindowAction::Hold,
    )];
    for (moment, until) in [
        ("2026-11-22T16:59:59Z", None),
        ("2026-11-22T17:00:00Z", Some("2026-11-23T02:30:00Z")),
        ("2026-11-23T02:29:59.5Z", Some("2026-11-23T02:30:00Z")),
        ("2026-11-23T02:30:00Z", None),
        ("2026-11-23T16:59:00Z", None),
        ("2026-11-23T20:15:30Z", Some("2026-11-24T02:30:00Z")),
        ("2026-11-24T17:00:00Z", None),
    ] {
        let found = schedule::open(&nights, utc(moment)).map(|(_, until)| until);
        assert_eq!(found, until.map(utc), "{moment}");
    }
    let sundays = [window(
        &[Weekday::Sunday],
        "00:00",
        "24:00",
        WindowAction::Suggest,
    )];
    let (open, until) = schedule::open(&sundays, utc("2026-11-22T18:59:59Z")).unwrap();
    assert_eq!(
        (open.action, until),
        (WindowAction::Suggest, utc("2026-11-22T19:00:00Z"))
    );
    assert!(schedule::open(&sundays, utc("2026-11-22T19:00:00Z")).is_none());
    // Before the zones of the country were made one, Almaty was six hours ahead.
    assert!(schedule::open(&sundays, utc("2023-11-26T18:00:00Z")).is_none());
    assert!(schedule::open(&sundays, utc("2023-11-26T17:59:00Z")).is_some());
}

#[test]
fn overlapping_windows_are_refused() {
    use Weekday::{Friday, Monday, Saturday, Sunday, Tuesday};
    let hold = |days: &[Weekday], from: &str, to: &str| window(days, from, to, WindowAction::Hold);
    let check = |windows: Vec<Window>| {
        let mut input = unread(1_000, beat(1));
        input.rule.schedule = windows;
        input.check().map_err(|invalid| invalid.field)
    };
    assert_eq!(
        check(vec![
            hold(&[Monday], "08:00", "12:00"),
            hold(&[Monday], "12:00", "14:00")
        ]),
        Ok(())
    );
    let second = Err("rule.schedule[1]".to_owned());
    assert_eq!(
        check(vec![
            hold(&[Monday], "08:00", "12:00"),
            hold(&[Monday], "11:59", "14:00")
        ]),
        second
    );
    assert_eq!(
        check(vec![
            hold(&[Monday], "22:00", "07:00"),
            hold(&[Tuesday], "06:00", "08:00")
        ]),
        second
    );
    assert_eq!(
        check(vec![
            hold(&[Sunday], "22:00", "07:00"),
            hold(&[Monday], "06:59", "08:00")
        ]),
        second
    );
    assert_eq!(
        check(vec![
            hold(&[Monday], "06:59", "08:00"),
            hold(&[Sunday], "22:00", "07:00")
        ]),
        second
    );
    assert_eq!(check(vec![hold(&[Friday, Saturday], "22:00", "07:00")]), Ok(()));
    let first = Err("rule.schedule[0]".to_owned());
    assert_eq!(
        check(vec![hold(&[Friday, Friday], "01:00", "02:00")]),
        first,
        "a day twice"
    );
    assert_eq!(
        check(vec![hold(&[], "01:00", "02:00")]),
        Err("rule.schedule[0].days".to_owned())
    );
    assert_eq!(
        check(vec![hold(&[Friday], "01:00", "01:00")]),
        Err("rule.schedule[0].to".to_owned())
    );
    assert_eq!(
        check(vec![hold(&[Friday], "24:00", "01:00")]),
        Err("rule.schedule[0].from".to_owned())
    );
    let many = (0..51).map(|_| hold(&[Friday], "01:00", "02:00")).collect();
    assert_eq!(check(many), Err("rule.schedule".to_owned()));
    // Whoever sees them not refused decides nothing.
    let mut input = unread(1_000, beat(1));
    input.rule.schedule = vec![
        hold(&[Monday], "08:00", "12:00"),
        hold(&[Monday], "11:00", "14:00"),
    ];
    assert_refuse(&input, &["INVALID_INPUT"]);
}

#[test]
fn a_reset_cannot_lie_in_quiet_hours() {
    let check = |action, from: &str, to: &str| {
        let mut input = unread(1_000, beat(1));
        input.rule.schedule = vec![window(&[Weekday::Sunday], from, to, action)];
        input.rule.night_reset = Some(NightReset::default());
        input.check().map_err(|invalid| invalid.field)
    };
    let refused = Err("rule.night_reset".to_owned());
    assert_eq!(check(WindowAction::Hold, "22:00", "02:01"), refused);
    assert_eq!(check(WindowAction::Suggest, "04:59", "06:00"), refused);
    assert_eq!(check(WindowAction::Hold, "22:00", "02:00"), Ok(()));
    assert_eq!(check(WindowAction::Normal, "22:00", "08:00"), Ok(()));
}

#[test]
fn times_of_day_are_written_in_one_way() {
    for (text, valid) in [
        ("00:00", true),
        ("23:59", true),
        ("24:00", true),
        ("24:01", false),
        ("7:30", false),
        ("07:60", false),
        ("07:3", false),
        ("+7:30", false),
        ("0730", false),
        ("", false),
    ] {
        let read = text.parse::<TimeOfDay>();
        assert_eq!(read.is_ok(), valid, "{text}");
        if let Ok(time) = read {
            assert_eq!(time.to_string(), text);
        }
    }
    assert_eq!(TimeOfDay::new(24, 30), "24:00".parse().unwrap());
}
