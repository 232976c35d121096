//! What the formatter writes, figure by figure.

use chrono::TimeZone;

use super::*;

fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, hour, minute, 31).unwrap()
}

#[test]
fn money_has_unbroken_groups_and_a_real_minus() {
    assert_eq!(money(Tenge(0)), "0\u{a0}₸");
    assert_eq!(money(Tenge(999)), "999\u{a0}₸");
    assert_eq!(money(Tenge(12_480)), "12\u{a0}480\u{a0}₸");
    assert_eq!(money(Tenge(1_234_567)), "1\u{a0}234\u{a0}567\u{a0}₸");
    assert_eq!(money(Tenge(-1500)), "\u{2212}1\u{a0}500\u{a0}₸");
}

#[test]
fn changes_carry_their_sign() {
    assert_eq!(money_change(Tenge(100), Tenge(600)), "+500\u{a0}₸");
    assert_eq!(money_change(Tenge(600), Tenge(100)), "\u{2212}500\u{a0}₸");
    assert_eq!(money_change(Tenge(600), Tenge(600)), "0\u{a0}₸");
    assert_eq!(
        percent_change(Tenge(10_000), Tenge(9_680), Language::Ru),
        "\u{2212}3,2\u{a0}%"
    );
    assert_eq!(
        percent_change(Tenge(10_000), Tenge(10_125), Language::En),
        "+1.3%"
    );
    assert_eq!(percent_change(Tenge(0), Tenge(5), Language::Ru), "");
}

#[test]
fn shares_round_to_one_decimal() {
    assert_eq!(percent(2647, 4318, Language::Ru), "61,3\u{a0}%");
    assert_eq!(percent(1, 8, Language::Kk), "12,5\u{a0}%");
    assert_eq!(percent(1, 8, Language::En), "12.5%");
    assert_eq!(percent(1, 0, Language::Ru), "");
}

#[test]
fn times_are_those_of_almaty() {
    assert_eq!(date(at(20, 5)), "23.11.2026");
    assert_eq!(date_time(at(9, 5)), "22.11.2026 14:05");
    assert_eq!(date_time_seconds(at(9, 5)), "22.11.2026 14:05:31");
    assert_eq!(clock_time(at(9, 5)), "14:05");
    assert_eq!(machine_time(at(9, 5)), "2026-11-22T14:05:31+05:00");
    assert_eq!(weekday(at(9, 5)), 7);
}

#[test]
fn ages_are_words_for_a_day_and_dates_afterwards() {
    let t = Texts::new(Language::Ru);
    let ago = |seconds| age(at(9, 5) - TimeDelta::seconds(seconds), at(9, 5), t);
    assert_eq!(ago(0), "только что");
    assert_eq!(ago(59), "только что");
    assert_eq!(ago(180), "3\u{a0}мин назад");
    assert_eq!(ago(7800), "2\u{a0}ч\u{a0}10\u{a0}мин назад");
    assert_eq!(ago(86_400), "21.11.2026 14:05");
    assert_eq!(ago(-5), "только что");
}

#[test]
fn durations_name_their_two_largest_parts() {
    let t = Texts::new(Language::Ru);
    assert_eq!(duration(TimeDelta::seconds(45), t), "45\u{a0}с");
    assert_eq!(duration(TimeDelta::hours(2), t), "2\u{a0}ч");
    assert_eq!(duration(TimeDelta::hours(50), t), "2\u{a0}д\u{a0}2\u{a0}ч");
}

#[test]
fn phones_are_grouped_and_other_texts_left_alone() {
    assert_eq!(phone("8 (700) 123-45-67"), "+7\u{a0}700\u{a0}123\u{a0}45\u{a0}67");
    assert_eq!(phone("7001234567"), "+7\u{a0}700\u{a0}123\u{a0}45\u{a0}67");
    assert_eq!(phone("12345"), "12345");
}
