//! The integration tests.
mod os;
