//! The push protocol under crashes: workers that are killed, frozen or cut off, a database that is killed, people who
//! stop everything or set a price of their own meanwhile. Real processes, a real PostgreSQL and the simulator over
//! HTTP; at the end of each run the [`checker`] judges what the marketplace and the database say happened.
//! docs/crash-harness.md tells how to run the long form.

mod checker;
mod checker_tests;
mod days;
mod fleet;
mod freezes;
mod history;
mod incident;
mod kills;
mod links;
mod people;
mod points;
mod postgres;
mod rig;
mod rows;
mod standby;
mod stops;
mod together;
mod web;
mod witness;
