//! Imports of files: what strangers may send, what is checked, written and brought back.

mod apply;
mod check;
mod files;
mod hostile;
mod memory;
mod mutated;
mod seed;
