//! The simulator as a client meets it: a process of its own, real HTTP, virtual time.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod cabinet;
mod control;
mod faults;
mod login;
mod orders;
mod process;
mod reviews;
mod rivals;
mod support;
mod table;
mod upload;
