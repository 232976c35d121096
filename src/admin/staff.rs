//! Who administers, and with what: the context of every write of the administration area.

use super::framework::{Problem, SaveError, Verb};
use crate::{
    app::{
        edit::EditError,
        sign_in::{Confirmed, SignInError, confirm},
    },
    domain::{Actor, Role},
    services::Services,
    store::{StoreError, users::user_fetch},
};

/// The person at the administration area.
#[derive(Debug, Clone)]
pub struct Staff {
    /// What writes need.
    pub services: Services,
    /// Who acts.
    pub actor: Actor,
    /// From which address.
    pub address: String,
}

impl Staff {
    /// Asks the person for his own password, which a form sent: whoever sits down at an open session gives nobody rights.
    ///
    /// # Errors
    /// `Invalid` at the field `own_password`; the database failed.
    pub async fn confirmed(&self, password: &str) -> Result<Confirmed, SaveError> {
        let wrong = |code: &str| {
            SaveError::Invalid(vec![Problem {
                field: "own_password".to_owned(),
                code: code.to_owned(),
            }])
        };
        if password.is_empty() {
            return Err(wrong("admin-error-own-password"));
        }
        let id = self.actor.user_id.ok_or(SaveError::Forbidden)?;
        let user = self.services.db.read(move |conn| user_fetch(conn, id)).await?;
        let user = user.ok_or(SaveError::Forbidden)?;
        confirm(&self.services, &user, password.into(), &self.address)
            .await
            .map_err(|error| match error {
                SignInError::Wrong | SignInError::Over => wrong("profile-wrong-password"),
                SignInError::TooMany { .. } => wrong("admin-error-too-often"),
                SignInError::Store(error) => SaveError::Store(error),
                SignInError::Hash(error) => SaveError::Store(StoreError::Unavailable(Box::new(error))),
            })
    }
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
