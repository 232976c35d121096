//! Background work: jobs and loops. Turns a payload into one call of `app` and its outcome into a decision.

pub mod jobs;
