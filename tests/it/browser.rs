//! Journeys of people, in a real browser.

mod accessible;
mod admin;
mod journey;
mod keys;
mod live;
mod sign_in;
mod tasks;
