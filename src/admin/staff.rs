//! Who administers, and with what: the context of every write of the administration area.

use super::framework::{Problem, SaveError, Verb};
use crate::{
    app::edit::EditError,
    domain::{Actor, Role},
    services::Services,
};

/// The person at the administration area.
#[derive(Debug, Clone)]
pub struct Staff {
    /// What writes need.
    pub services: Services,
    /// Who acts.
    pub actor: Actor,
}

/// Administrators may do everything that is declared; nobody else anything.
#[must_use]
pub fn administrators(staff: &Staff, _verb: Verb) -> bool {
    staff.actor.role == Role::Admin
}

impl<R: std::fmt::Debug> From<EditError<R>> for SaveError {
    fn from(error: EditError<R>) -> Self {
        match error {
            EditError::NotFound => Self::NotFound,
            EditError::Forbidden => Self::Forbidden,
            EditError::Invalid(errors) => Self::Invalid(
                errors
                    .into_iter()
                    .map(|error| Problem {
                        field: error.field.to_owned(),
                        code: error.code.to_owned(),
                    })
                    .collect(),
            ),
            EditError::Conflict(_) => Self::Conflict,
            EditError::Store(error) => Self::Store(error),
        }
    }
}
