//! Logging a store in with a browser.
