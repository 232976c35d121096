//! Journeys of people, in a real browser.

mod journey;
mod sign_in;
