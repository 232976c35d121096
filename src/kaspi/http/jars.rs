//! Cookies that answers replaced. A session is shared by many requests at once; when one of their answers brings
//! a new cookie, the next request must say it, whoever makes it, and the jar has to be kept.

use std::{collections::HashMap, sync::Mutex};

use uuid::Uuid;

use super::pace::lock;
use crate::kaspi::CabinetSession;

/// Jars that have changed since they were read, by their login.
#[derive(Default)]
pub struct Jars(Mutex<HashMap<Uuid, Jar>>);

struct Jar {
    session: CabinetSession,
    kept: bool,
}

/// More logins than this are never under way; then those that are kept are forgotten.
const JARS_MAX: usize = 10_000;

impl Jars {
    /// The session with everything that answers have changed since it was read.
    pub fn newest(&self, session: &CabinetSession) -> CabinetSession {
        lock(&self.0)
            .get(&session.id())
            .map_or_else(|| session.clone(), |jar| jar.session.clone())
    }

    /// Takes over the cookies that an answer from `host` sets.
    pub fn absorb(&self, session: &CabinetSession, lines: &[&str], host: &str) {
        if lines.is_empty() {
            return;
        }
        let mut jars = lock(&self.0);
        let mut newest = jars
            .get(&session.id())
            .map_or_else(|| session.clone(), |jar| jar.session.clone());
        if !newest.absorb(lines, host) {
            return;
        }
        if jars.len() >= JARS_MAX {
            jars.retain(|_, jar| !jar.kept);
        }
        jars.insert(
            session.id(),
            Jar {
                session: newest,
                kept: false,
            },
        );
    }

    /// The jars that have changed since this was asked last, to be kept.
    pub fn take_changed(&self) -> Vec<CabinetSession> {
        lock(&self.0)
            .values_mut()
            .filter(|jar| !jar.kept)
            .map(|jar| {
                jar.kept = true;
                jar.session.clone()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
