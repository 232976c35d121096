//! Processes and their death: the private PostgreSQL, the browser, our own second process. Everything
//! here is real, `kill -9` included.

mod browser;
mod child;
mod cluster;
mod confined;
mod program;
mod scripts;
