//! Passwords of the cabinet, only where they are wanted: sealed at once, never told. They make an account that its stores
//! live on, without cookies: a person still has to log the store in.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::json;

use super::{ImportError, Run, report::ImportEvent};
use crate::{
    app::{cabinet_session::password_place, user_accounts::looks_like_email},
    domain::{
        AccountId, AccountKind, StoreId, UserId,
        django::{Doubt, Reason},
    },
    secrets::Secret,
    store::{
        PgConnection,
        accounts::{CabinetAccount, account_list_by_login, account_save},
        audit::audit_insert,
        django::OldPassword,
        django_rows::{store_account_set, stores_in_place},
    },
};

/// One login of an owner, and the stores that it was kept with.
type Logins = BTreeMap<(UserId, String), Vec<(StoreId, Secret)>>;

impl Run {
    /// Takes the passwords over of stores that are here.
    pub(super) fn passwords(&mut self) -> Result<(), ImportError> {
        let mut logins = Logins::new();
        for old in self.source.passwords()? {
            let Some(store) = self.stores.get(&old.store_id) else {
                continue;
            };
            let (store_id, owner_id) = (old.store_id, store.owner_id);
            match login(old) {
                Ok(Some((email, password))) => {
                    logins
                        .entry((owner_id, email))
                        .or_default()
                        .push((store_id, password));
                }
                Ok(None) => {}
                Err(doubt) => self.leave_out(store_id, doubt),
            }
        }
        for ((owner_id, email), stores) in logins {
            let Some((_, password)) = stores.first() else {
                continue;
            };
            let password = password.clone();
            let is_one = |(_, other): &(StoreId, Secret)| other.expose_secret() == password.expose_secret();
            if !stores.iter().all(is_one) {
                for (store_id, _) in stores {
                    self.leave_out(store_id, Doubt::new("guid", Reason::Differing).of(&email));
                }
                continue;
            }
            let ids: Vec<StoreId> = stores.into_iter().map(|(store_id, _)| store_id).collect();
            match self.tx(|conn| self.write_account(conn, owner_id, &email, &ids, &password))? {
                true => self.totals.passwords_taken += 1,
                false => self.totals.passwords_known += 1,
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, store_id: StoreId, doubt: Doubt) {
        self.totals.passwords_left_out += 1;
        (self.tell)(ImportEvent::PasswordLeftOut { store_id, doubt });
    }

    /// Makes an account for a login that has none. `false`: it has one, which stays as it is, and so do the stores.
    fn write_account(
        &self,
        conn: &mut PgConnection,
        owner_id: UserId,
        login: &str,
        stores: &[StoreId],
        password: &Secret,
    ) -> Result<bool, ImportError> {
        // A store that a person has connected keeps its account, and an account without stores is nobody's.
        let here = stores_in_place(conn, stores, &[], &[])?;
        // Those that a dry run would make are in no table.
        let is_imagined = here.len() < stores.len();
        let unconnected = here.into_iter().filter(|store| store.account_id.is_none());
        let free: Vec<StoreId> = unconnected.map(|store| store.id).collect();
        let accounts = account_list_by_login(conn, owner_id, AccountKind::Email, login)?;
        if !accounts.is_empty() || (free.is_empty() && !is_imagined) {
            return Ok(false);
        }
        if self.options.dry_run {
            return Ok(true);
        }
        let mut account = CabinetAccount {
            id: AccountId::new(),
            owner_id,
            kind: AccountKind::Email,
            login: login.to_owned(),
            merchant_id: None,
            password_sealed: None,
            password_set_at: Some(self.now),
            cookies_sealed: None,
            cookies_set_at: None,
            session_id: None,
            session_used_at: None,
            renew_after: None,
            renew_failures: 0,
            created_at: self.now,
            updated_at: self.now,
        };
        let sealed = self.services.vault.seal(password_place(&account), password)?;
        account.password_sealed = Some(sealed);
        account_save(conn, &account)?;
        for store_id in free {
            if store_account_set(conn, store_id, account.id, self.now)? {
                let entry = self
                    .entry(store_id, self.store_name(store_id))
                    .change(json!({ "password": false }), json!({ "password": true }));
                audit_insert(conn, &entry)?;
            }
        }
        Ok(true)
    }
}

/// E-mail and password; nothing where nothing is kept.
fn login(old: OldPassword) -> Result<Option<(String, Secret)>, Doubt> {
    if !old.is_readable {
        return Err(Doubt::new("guid", Reason::Unreadable));
    }
    let Some(password) = old.password.filter(|text| !text.expose_secret().is_empty()) else {
        return Ok(None);
    };
    if password.expose_secret().chars().count() > 255 {
        return Err(Doubt::new("guid.password", Reason::TooLong));
    }
    let email = old.email.unwrap_or_default().trim().to_lowercase();
    if !looks_like_email(&email) {
        return Err(Doubt::new("guid.email", Reason::NotAnEmail));
    }
    Ok(Some((email, password)))
}
