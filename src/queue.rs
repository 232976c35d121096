//! Background jobs on PostgreSQL: payloads, enqueueing inside the caller's transaction, our own history of
//! runs. Knows no job.

pub mod enqueue;
pub mod runs;
