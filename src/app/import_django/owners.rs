//! The people behind the predecessor's user ids. It kept no people, only their ids: who they are is told by `--owner`,
//! and for everybody else an account is made that nobody can sign in with until an administrator gives a password.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    BATCH, ImportError, Run,
    report::{ImportEvent, OwnerOutcome},
};
use crate::{
    app::{
        passwords::{self, HashError},
        user_accounts::looks_like_email,
    },
    domain::{Role, UserId},
    secrets::{Secret, random_bytes},
    services::Services,
    store::{
        PgConnection,
        audit::{AuditEntry, audit_insert_all},
        django_rows::{
            user_update_email, user_update_external_id, users_by_emails, users_by_external_ids, users_insert,
        },
        users::User,
    },
};

/// A domain that can never exist.
const NOWHERE: &str = "imported.invalid";

/// E-mails of persons by the predecessor's user ids.
pub(super) type Given = HashMap<String, String>;

/// Reads the pairs that were given.
pub(super) fn given(pairs: &[(String, String)]) -> Result<Given, ImportError> {
    let mut given = Given::new();
    for (user_id, email) in pairs {
        let email = email.trim().to_lowercase();
        if !looks_like_email(&email) {
            return Err(ImportError::Owners(format!("{email} is not an e-mail address")));
        }
        if given.values().any(|other| *other == email) {
            return Err(ImportError::Owners(format!(
                "{email} stands for two user ids; a person has one"
            )));
        }
        if given.insert(user_id.clone(), email).is_some() {
            return Err(ImportError::Owners(format!("{user_id} is named twice")));
        }
    }
    Ok(given)
}

/// The hash of a password that nobody has ever known: signing in takes as long as for anybody, and never succeeds.
pub(super) async fn placeholder_password(services: &Services) -> Result<String, ImportError> {
    let random = random_bytes::<32>()?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = passwords::hash(services.config.password_cost, Secret::from(text)).await;
    hash.map_err(|HashError| ImportError::Hash(HashError))
}

/// The e-mail of an account that is made for a user id of which nothing else is known.
fn placeholder_email(user_id: &str) -> String {
    let is_plain = user_id.len() <= 64
        && user_id.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && user_id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
    if is_plain {
        return format!("{user_id}@{NOWHERE}");
    }
    let digest = Sha256::digest(user_id.as_bytes());
    let name: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("id.{name}@{NOWHERE}")
}

/// Who a user id is.
struct Owner {
    user: User,
    outcome: OwnerOutcome,
}

impl Run {
    /// Finds or makes the owners, inside the transaction of their stores. Gives them by user id, and what is to be
    /// told.
    pub(super) fn owners(
        &self,
        conn: &mut PgConnection,
        user_ids: &BTreeSet<String>,
        given: &Given,
        password_hash: &str,
    ) -> Result<(HashMap<String, UserId>, Vec<ImportEvent>), ImportError> {
        if let Some(unknown) = given.keys().find(|user_id| !user_ids.contains(*user_id)) {
            return Err(ImportError::Owners(format!(
                "{unknown} owns no store of the predecessor that can be taken"
            )));
        }
        let ids: Vec<&str> = user_ids.iter().map(String::as_str).collect();
        let emails: Vec<&str> = given.values().map(String::as_str).collect();
        let by_id = users_by_external_ids(conn, &ids)?;
        let by_email = users_by_emails(conn, &emails)?;
        let mut found = Vec::with_capacity(user_ids.len());
        for user_id in user_ids {
            let email = given.get(user_id).map(String::as_str);
            let known = by_id.iter().find(|user| user.external_id == *user_id);
            let person = by_email.iter().find(|user| Some(user.email.as_str()) == email);
            found.push(self.owner(user_id, email, known, person, password_hash)?);
        }
        if !self.options.dry_run {
            self.keep(conn, &found)?;
        }
        let (mut owners, mut told) = (HashMap::new(), Vec::new());
        for Owner { user, outcome } in found {
            owners.insert(user.external_id.clone(), user.id);
            told.push(ImportEvent::Owner {
                user_id: user.external_id,
                email: user.email,
                outcome,
            });
        }
        Ok((owners, told))
    }

    fn owner(
        &self,
        user_id: &str,
        email: Option<&str>,
        known: Option<&User>,
        person: Option<&User>,
        password_hash: &str,
    ) -> Result<Owner, ImportError> {
        let refuse = |what: String| Err(ImportError::Owners(what));
        match (known, person) {
            (Some(known), Some(person)) if known.id != person.id => {
                refuse(format!("{user_id} is {} here, not {}", known.email, person.email))
            }
            (Some(known), None) if email.is_some_and(|email| email != known.email) => {
                let email = email.unwrap_or_default();
                if known.email != placeholder_email(user_id) {
                    return refuse(format!("{user_id} is {} here, not {email}", known.email));
                }
                Ok(Owner {
                    user: User {
                        email: email.to_owned(),
                        ..known.clone()
                    },
                    outcome: OwnerOutcome::Addressed,
                })
            }
            (Some(known), _) => Ok(Owner {
                user: known.clone(),
                outcome: OwnerOutcome::Known,
            }),
            // Until somebody chooses a name for API clients it is the key.
            (None, Some(person)) if person.external_id != person.id.to_string() => refuse(format!(
                "{} is {} to API clients already, and cannot be {user_id} too",
                person.email, person.external_id
            )),
            (None, Some(person)) => Ok(Owner {
                user: User {
                    external_id: user_id.to_owned(),
                    ..person.clone()
                },
                outcome: OwnerOutcome::Named,
            }),
            (None, None) => Ok(Owner {
                user: User {
                    id: UserId::new(),
                    external_id: user_id.to_owned(),
                    email: email.map_or_else(|| placeholder_email(user_id), str::to_owned),
                    name: String::new(),
                    password_hash: password_hash.to_owned(),
                    role: Role::Manager,
                    active: true,
                    session_version: 1,
                    language: "ru".into(),
                    theme: "system".into(),
                    last_seen_at: None,
                    created_at: self.now,
                    updated_at: self.now,
                    density: "dense".into(),
                    shortcuts: true,
                    password_given_at: None,
                },
                outcome: OwnerOutcome::Made,
            }),
        }
    }

    /// Writes what becomes of the owners: accounts together, changes of people one by one, as each was told by hand.
    fn keep(&self, conn: &mut PgConnection, owners: &[Owner]) -> Result<(), ImportError> {
        let is_made = |owner: &&Owner| owner.outcome == OwnerOutcome::Made;
        let made: Vec<&User> = owners.iter().filter(is_made).map(|owner| &owner.user).collect();
        users_insert(conn, &made)?;
        let mut entries = Vec::new();
        for Owner { user, outcome } in owners {
            let (action, after) = match outcome {
                OwnerOutcome::Known => continue,
                OwnerOutcome::Made => {
                    let after = json!({ "role": user.role, "external_id": user.external_id });
                    ("create", after)
                }
                OwnerOutcome::Named => {
                    user_update_external_id(conn, user.id, &user.external_id, self.now)?;
                    ("update", json!({ "external_id": user.external_id }))
                }
                OwnerOutcome::Addressed => {
                    user_update_email(conn, user.id, &user.email, self.now)?;
                    ("update", json!({ "email": user.email }))
                }
            };
            let object = ("user", user.id.0, user.email.as_str());
            let entry = AuditEntry::new(&self.actor, self.now, None, object, action)
                .change(json!({}), after)
                .because("import-django");
            entries.push(entry);
        }
        for entries in entries.chunks(BATCH) {
            audit_insert_all(conn, entries)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_address_belongs_to_one_user_id_and_to_nobody_else() {
        assert_eq!(placeholder_email("user-1"), "user-1@imported.invalid");
        let odd = ["User-1", "аня", "a@b.kz", "-x", "", &"x".repeat(65), "id.00"];
        let made: BTreeSet<String> = odd.iter().map(|id| placeholder_email(id)).collect();
        assert_eq!(made.len(), odd.len());
        for email in made {
            assert!(looks_like_email(&email), "{email}");
            assert!(
                email.starts_with("id.") && email == email.to_lowercase(),
                "{email}"
            );
        }
    }

    #[test]
    fn a_person_stands_for_one_user_id() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect()
        };
        let good = given(&pairs(&[
            ("user-1", "Anna@Example.kz"),
            ("user-2", "b@example.kz"),
        ]))
        .unwrap();
        assert_eq!(good.get("user-1").map(String::as_str), Some("anna@example.kz"));
        for bad in [
            &[("user-1", "anna")][..],
            &[("user-1", "a@example.kz"), ("user-2", "A@example.kz")],
            &[("user-1", "a@example.kz"), ("user-1", "b@example.kz")],
        ] {
            assert!(
                matches!(given(&pairs(bad)), Err(ImportError::Owners(_))),
                "{bad:?}"
            );
        }
    }
}
