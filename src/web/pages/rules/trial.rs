//! What a rule would do, or a store that goes live, as a card of figures and moves.

use chrono::{DateTime, Utc};

use crate::{
    app::rules::trial::{Move, TRIAL_MAX, Trial},
    web::{format, texts::Texts},
};

/// A trial, ready to be shown.
pub struct TrialView {
    /// The figures.
    pub trial: Trial,
    /// Why prices are held, in words, with their number; the most frequent first.
    pub held: Vec<(String, usize)>,
    /// Not all products were looked at: says how many were.
    pub capped: Option<i64>,
    t: Texts,
}

impl TrialView {
    /// In words of the reader's language.
    pub fn new(trial: Trial, t: Texts) -> Self {
        let mut held: Vec<(String, usize)> = trial
            .held
            .iter()
            .map(|(code, count)| (t.get_or(&format!("reason-{code}"), "trial-held-other"), *count))
            .collect();
        held.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Self {
            held,
            capped: (trial.of > TRIAL_MAX).then_some(TRIAL_MAX),
            trial,
            t,
        }
    }

    /// The oldest and the newest of the data, in words; one where both read the same.
    pub fn ages(&self, now: &DateTime<Utc>) -> String {
        let age = |at: DateTime<Utc>| format::age(at, *now, self.t);
        match self.trial.data.map(|(from, to)| (age(from), age(to))) {
            None => String::new(),
            Some((from, to)) if from == to => to,
            Some((from, to)) => format!("{from} – {to}"),
        }
    }

    /// Was anything decided?
    pub fn is_empty(&self) -> bool {
        self.trial.data.is_none()
    }

    /// Does the price fall?
    pub fn falls(&self, step: &Move) -> bool {
        step.after < step.before
    }

    /// By how much the price moves.
    pub fn percent(&self, step: &Move) -> String {
        format::percent_change(step.before, step.after, self.t.language)
    }
}
