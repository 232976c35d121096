//! What people type, and what is meant by it.

use super::*;

fn typed(goal_kind: &str, goal_value: &str) -> TermsForm {
    TermsForm {
        goal_kind: goal_kind.to_owned(),
        goal_value: goal_value.to_owned(),
        ..TermsForm::default()
    }
}

#[test]
fn an_empty_form_sets_nothing() {
    assert_eq!(TermsForm::default().terms(), Ok(Terms::default()));
}

#[test]
fn what_is_set_comes_back_as_it_was() {
    for goal in [
        Goal::Profit(1_500),
        Goal::Margin(Percent::from_hundredths(1_250)),
        Goal::Roi(Percent::whole(30)),
    ] {
        let terms = Terms {
            floor: Some(Tenge(12_000)),
            ceiling: Some(Tenge(20_000)),
            unit_cost: Some(Tenge(9_000)),
            commission: Some("usual".to_owned()),
            tax: Some("simplified".to_owned()),
            delivery: Some("city".to_owned()),
            weight_grams: Some(1_200),
            goal: Some(goal),
        };
        assert_eq!(TermsForm::of(&terms, 1).terms(), Ok(terms));
    }
}

#[test]
fn percentages_are_typed_with_comma_point_and_sign() {
    for text in ["12,5", "12.5", "12,5 %", " 12,50% "] {
        let form = typed("margin", text);
        assert_eq!(
            form.terms().unwrap().goal,
            Some(Goal::Margin(Percent::from_hundredths(1_250))),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_said_at_its_field() {
    let fields = |form: &TermsForm| -> Vec<(&'static str, &'static str)> {
        let errors = form.terms().unwrap_err();
        errors.iter().map(|error| (error.field, error.code)).collect()
    };
    assert_eq!(
        fields(&typed("margin", "much")),
        [("goal_value", "terms-error-goal")]
    );
    assert_eq!(fields(&typed("margin", "")), [("goal_value", "terms-error-goal")]);
    assert_eq!(
        fields(&typed("profit", "10,5")),
        [("goal_value", "error-money-fraction")]
    );
    assert_eq!(
        fields(&typed("luck", "1")),
        [("goal_kind", "terms-error-goal-kind")]
    );
    let form = TermsForm {
        weight_grams: "1,2 kg".to_owned(),
        unit_cost_tenge: "0".to_owned(),
        ..TermsForm::default()
    };
    assert_eq!(
        fields(&form),
        [
            ("unit_cost_tenge", "error-money-not-positive"),
            ("weight_grams", "terms-error-weight")
        ]
    );
}
