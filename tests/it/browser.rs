//! Journeys of people, in a real browser.

pub mod accessible;
mod admin;
mod failures;
mod journey;
mod keys;
mod layout;
mod live;
mod sign_in;
mod tasks;
mod trees;

use std::time::Duration;

/// How long a page may take to show what is expected; generous, for machines with much to do.
const PATIENCE: Duration = Duration::from_secs(30);
