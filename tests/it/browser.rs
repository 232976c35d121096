//! Journeys of people, in a real browser.

mod sign_in;
