//! A breaker per merchant and host: after several failures in a row, or when most of the last calls failed,
//! the host is left alone for a while, then tried with one call. An outage is not multiplied.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use super::pace::lock;

/// Longest time a host is left alone.
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// The share of failures is looked at over so many calls.
const CALLS: u32 = 20;

/// All breakers of one process.
pub struct Breakers {
    failures_max: u32,
    pause: Duration,
    states: Mutex<HashMap<(String, String), State>>,
}

#[derive(Default)]
struct State {
    in_a_row: u32,
    /// Calls and failures of the present count; begun anew after [`CALLS`].
    calls: u32,
    failures: u32,
    /// Left alone until then.
    open_until: Option<Instant>,
    /// Length of the last pause; doubles with each failed trial.
    pause: Duration,
    /// The one trial is under way since then.
    trial_since: Option<Instant>,
}

impl Breakers {
    /// Opens after `failures_max` failures in a row, for `pause` the first time.
    pub fn new(failures_max: u32, pause: Duration) -> Self {
        Self {
            failures_max,
            pause,
            states: Mutex::default(),
        }
    }

    /// May a call be made?
    ///
    /// # Errors
    /// How long the host should be left alone.
    pub fn allow(&self, merchant: &str, host: &str, now: Instant) -> Result<(), Duration> {
        let mut states = lock(&self.states);
        let Some(state) = states.get_mut(&(merchant.to_owned(), host.to_owned())) else {
            return Ok(());
        };
        let Some(until) = state.open_until else {
            return Ok(());
        };
        let rest = until.saturating_duration_since(now);
        if !rest.is_zero() {
            return Err(rest);
        }
        // One trial at a time; one that never came back (its caller was dropped) is forgotten after a pause.
        match state.trial_since {
            Some(since) if now.saturating_duration_since(since) < state.pause => Err(state.pause),
            _ => {
                state.trial_since = Some(now);
                Ok(())
            }
        }
    }

    /// Notes how a call ended. Only an answer that is missing counts as a failure: a refusal is an answer.
    pub fn note(&self, merchant: &str, host: &str, answered: bool, now: Instant) {
        let mut states = lock(&self.states);
        let state = states.entry((merchant.to_owned(), host.to_owned())).or_default();
        if answered {
            if state.open_until.is_some() {
                *state = State::default();
                return;
            }
            state.in_a_row = 0;
        } else {
            state.in_a_row = state.in_a_row.saturating_add(1);
            state.failures += 1;
        }
        state.calls += 1;
        let was_open = state.open_until.is_some();
        let most_failed = state.calls >= CALLS && state.failures * 2 >= state.calls;
        if !answered
            && (was_open
                || state.in_a_row >= self.failures_max
                || (most_failed && self.failures_max < u32::MAX))
        {
            state.pause = if was_open {
                (state.pause * 2).min(PAUSE_MAX)
            } else {
                self.pause
            };
            state.open_until = Some(now + state.pause);
            state.trial_since = None;
            tracing::warn!(
                kaspi.host = host,
                pause_seconds = state.pause.as_secs(),
                "a host of the marketplace is left alone"
            );
        }
        if state.calls >= CALLS {
            (state.calls, state.failures) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests;
