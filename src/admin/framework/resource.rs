//! The face of a model without its types: what the web layer talks to.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{
    ChangeList, Finding, Model, SectionView, Sheet, Spec, Target, TypedRows, Values, Verb, check,
    form::{Field, present, resolve, sections},
    list::{change_list, found, matching, sheet},
    model::Act,
    params::BadParameter,
};
use crate::store::StoreError;

/// Why something cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The address says something that the list does not know.
    #[error(transparent)]
    Parameter(#[from] BadParameter),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A field that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Name of the field.
    pub field: String,
    /// Key of the text that says what is wrong and what to do.
    pub code: String,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// There is no such row.
    #[error("not found")]
    NotFound,
    /// Not allowed.
    #[error("forbidden")]
    Forbidden,
    /// Some fields cannot be taken.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<Problem>),
    /// Somebody else changed the row meanwhile.
    #[error("changed meanwhile")]
    Conflict,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What goes with a deleted row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Key of the text, with the count as `n`.
    pub key: &'static str,
    /// How many.
    pub count: i64,
}

/// What became of an action on several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActionDone {
    /// Rows it was done to.
    pub done: usize,
    /// Rows that refused it: gone, changed meanwhile, or against a rule.
    pub refused: usize,
}

/// The page of one row.
#[derive(Debug, Clone)]
pub struct Detail {
    /// What people call it; empty for a new one.
    pub name: String,
    /// Number for the conflict check.
    pub version: i32,
    /// The sections.
    pub sections: Vec<SectionView>,
    /// Where the panel shows it.
    pub site_link: Option<String>,
}

/// A model as the web layer sees it.
pub trait Resource<C>: Send + Sync {
    /// Name in addresses and text keys.
    fn slug(&self) -> &'static str;
    /// Its icon.
    fn icon(&self) -> &'static str;
    /// Its word in the audit log.
    fn audit_kind(&self) -> Option<&'static str>;
    /// May the caller do this, and can it be done at all?
    fn allows(&self, context: &C, verb: Verb) -> bool;
    /// Names of the actions that the caller may run; `delete` among them.
    fn actions(&self, context: &C) -> Vec<&'static str>;
    /// Every text it needs.
    fn text_keys(&self) -> Vec<String>;
    /// What is wrong with its declaration.
    fn check(&self) -> Vec<Finding>;
    /// How many rows there are; `None`: too many to count for a front page.
    ///
    /// # Errors
    /// The database failed.
    fn count(&self, conn: &mut PgConnection) -> Result<Option<i64>, AdminError>;
    /// The list that a query string asks for, with what was typed into its lines and not taken.
    ///
    /// # Errors
    /// See [`AdminError`].
    fn list(
        &self,
        conn: &mut PgConnection,
        query: &str,
        typed: &TypedRows,
        now: DateTime<Utc>,
    ) -> Result<ChangeList, AdminError>;
    /// Keys of the rows that a query string means, at most `limit`.
    ///
    /// # Errors
    /// See [`AdminError`].
    fn matching(
        &self,
        conn: &mut PgConnection,
        query: &str,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>, AdminError>;
    /// What a file of the list holds, at most `limit` rows.
    ///
    /// # Errors
    /// See [`AdminError`].
    fn sheet(
        &self,
        conn: &mut PgConnection,
        query: &str,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Sheet, AdminError>;
    /// Puts keys in place of what was typed into a form for rows of other tables; what is not clear is noted in the values.
    ///
    /// # Errors
    /// The database failed.
    fn resolve(&self, conn: &mut PgConnection, new: bool, values: Values) -> Result<Values, AdminError>;
    /// Rows of another table that a text finds, for the filter or field of this name; `None`: there is no such one.
    ///
    /// # Errors
    /// The database failed.
    fn suggest(
        &self,
        conn: &mut PgConnection,
        relation: &str,
        text: &str,
    ) -> Result<Option<Vec<(Uuid, String)>>, AdminError>;
    /// Rows that a text finds for the command box, at most `limit`. A table that is too big for its search finds none.
    ///
    /// # Errors
    /// The database failed.
    fn find(
        &self,
        conn: &mut PgConnection,
        text: &str,
        limit: usize,
    ) -> Result<Vec<(Uuid, String)>, StoreError>;
    /// Fields that can be changed in the list.
    fn inline(&self) -> &[&'static str];
    /// What the inputs of a row's form hold, and its version. `None`: no such row.
    ///
    /// # Errors
    /// The database failed.
    fn present(&self, conn: &mut PgConnection, id: Uuid) -> Result<Option<(i32, Values)>, AdminError>;
    /// The names of rows, in the order of their keys in `ids`; those that are gone are left out.
    ///
    /// # Errors
    /// The database failed.
    fn names(&self, conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, StoreError>;
    /// The page of a row (`None`: of a new one), with what was typed and what is wrong with it. `Ok(None)`: no
    /// such row.
    ///
    /// # Errors
    /// The database failed.
    fn detail(
        &self,
        conn: &mut PgConnection,
        id: Option<Uuid>,
        typed: Option<&Values>,
        problems: &[Problem],
    ) -> Result<Option<Detail>, AdminError>;
    /// Writes a form; gives the key of the row.
    fn save<'a>(
        &'a self,
        context: &'a C,
        target: Target,
        values: Values,
    ) -> BoxFuture<'a, Result<Uuid, SaveError>>;
    /// What goes with a row.
    ///
    /// # Errors
    /// The database failed.
    fn losses(&self, conn: &mut PgConnection, id: Uuid) -> Result<Vec<Loss>, AdminError>;
    /// Runs an action on rows, one after the other; `None`: there is no such action for the caller.
    fn run<'a>(
        &'a self,
        context: &'a C,
        action: &'a str,
        ids: Vec<Uuid>,
    ) -> BoxFuture<'a, Result<Option<ActionDone>, StoreError>>;
}

/// Name of the built-in action.
pub const DELETE: &str = "delete";

impl<M: Model> Spec<M> {
    fn fetch(&self, conn: &mut PgConnection, id: Uuid) -> Result<Option<M::Row>, AdminError> {
        let rows = M::load(M::with_ids(M::base(), vec![id]), 1, 0, conn).map_err(StoreError::from)?;
        Ok(rows.into_iter().next())
    }

    /// Function behind an action that the caller may run.
    fn action(&self, context: &M::Context, name: &str) -> Option<Act<M::Context>> {
        if !Resource::actions(self, context).contains(&name) {
            return None;
        }
        let own = self.actions.iter().find(|action| action.name == name);
        own.map(|action| action.run).or_else(|| {
            self.delete
                .as_ref()
                .filter(|_| name == DELETE)
                .map(|delete| delete.run)
        })
    }
}

impl<M: Model> Resource<M::Context> for Spec<M> {
    fn slug(&self) -> &'static str {
        self.slug
    }

    fn icon(&self) -> &'static str {
        self.icon
    }

    fn audit_kind(&self) -> Option<&'static str> {
        self.audit_kind
    }

    fn allows(&self, context: &M::Context, verb: Verb) -> bool {
        let possible = match verb {
            Verb::View => true,
            Verb::Add => self.form.adds,
            Verb::Change => self.form.save.is_some(),
            Verb::Delete => self.delete.is_some(),
        };
        possible && (self.access)(context, verb)
    }

    fn actions(&self, context: &M::Context) -> Vec<&'static str> {
        let own = self
            .actions
            .iter()
            .filter(|action| (self.access)(context, action.needs))
            .map(|action| action.name);
        let delete = self.allows(context, Verb::Delete).then_some(DELETE);
        own.chain(delete).collect()
    }

    fn text_keys(&self) -> Vec<String> {
        check::text_keys(self)
    }

    fn check(&self) -> Vec<Finding> {
        check::findings(self)
    }

    fn count(&self, conn: &mut PgConnection) -> Result<Option<i64>, AdminError> {
        if self.seek.is_some() {
            return Ok(None);
        }
        Ok(Some(M::count(M::base(), conn).map_err(StoreError::from)?))
    }

    fn list(
        &self,
        conn: &mut PgConnection,
        query: &str,
        typed: &TypedRows,
        now: DateTime<Utc>,
    ) -> Result<ChangeList, AdminError> {
        change_list(self, conn, query, typed, now)
    }

    fn matching(
        &self,
        conn: &mut PgConnection,
        query: &str,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>, AdminError> {
        matching(self, conn, query, limit, now)
    }

    fn sheet(
        &self,
        conn: &mut PgConnection,
        query: &str,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Sheet, AdminError> {
        sheet(self, conn, query, limit, now)
    }

    fn suggest(
        &self,
        conn: &mut PgConnection,
        relation: &str,
        text: &str,
    ) -> Result<Option<Vec<(Uuid, String)>>, AdminError> {
        let of_filter = self.relations.iter().find(|known| known.name == relation);
        let of_field = || {
            self.form
                .fields()
                .find(|field| field.name() == relation)?
                .lookup()
        };
        let lookup = of_filter.map(|known| known.lookup).or_else(of_field);
        lookup.map(|lookup| Ok((lookup.find)(conn, text)?)).transpose()
    }

    fn resolve(&self, conn: &mut PgConnection, new: bool, mut values: Values) -> Result<Values, AdminError> {
        resolve(&self.form, new, &mut values, conn)?;
        Ok(values)
    }

    fn find(
        &self,
        conn: &mut PgConnection,
        text: &str,
        limit: usize,
    ) -> Result<Vec<(Uuid, String)>, StoreError> {
        let mut found = match self.find {
            Some(find) => find(conn, text)?,
            None => found(self, conn, text, limit)?,
        };
        found.truncate(limit);
        Ok(found)
    }

    fn inline(&self) -> &[&'static str] {
        &self.inline
    }

    fn present(&self, conn: &mut PgConnection, id: Uuid) -> Result<Option<(i32, Values)>, AdminError> {
        let row = self.fetch(conn, id)?;
        Ok(row.map(|row| (M::version(&row).unwrap_or_default(), present(&self.form, &row))))
    }

    fn names(&self, conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, StoreError> {
        let most = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let rows = M::load(M::with_ids(M::base(), ids.to_vec()), most, 0, conn)?;
        let mut names: HashMap<Uuid, String> = rows.iter().map(|row| (M::id(row), M::name(row))).collect();
        Ok(ids
            .iter()
            .filter_map(|id| Some((*id, names.remove(id)?)))
            .collect())
    }

    fn detail(
        &self,
        conn: &mut PgConnection,
        id: Option<Uuid>,
        typed: Option<&Values>,
        problems: &[Problem],
    ) -> Result<Option<Detail>, AdminError> {
        let row = match id {
            None => None,
            Some(id) => match self.fetch(conn, id)? {
                None => return Ok(None),
                row => row,
            },
        };
        Ok(Some(Detail {
            name: row.as_ref().map(M::name).unwrap_or_default(),
            version: row.as_ref().and_then(M::version).unwrap_or_default(),
            sections: sections(&self.form, row.as_ref(), typed, problems, conn)?,
            site_link: row.as_ref().zip(self.site_link).map(|(row, link)| link(row)),
        }))
    }

    fn save<'a>(
        &'a self,
        context: &'a M::Context,
        target: Target,
        values: Values,
    ) -> BoxFuture<'a, Result<Uuid, SaveError>> {
        let verb = match target {
            Target::New => Verb::Add,
            Target::Existing(..) => Verb::Change,
        };
        match self.form.save.filter(|_| self.allows(context, verb)) {
            Some(save) => save(context, target, values),
            None => Box::pin(std::future::ready(Err(SaveError::Forbidden))),
        }
    }

    fn losses(&self, conn: &mut PgConnection, id: Uuid) -> Result<Vec<Loss>, AdminError> {
        match &self.delete {
            Some(delete) => Ok((delete.losses)(conn, id)?),
            None => Ok(Vec::new()),
        }
    }

    fn run<'a>(
        &'a self,
        context: &'a M::Context,
        action: &'a str,
        ids: Vec<Uuid>,
    ) -> BoxFuture<'a, Result<Option<ActionDone>, StoreError>> {
        Box::pin(async move {
            let Some(run) = self.action(context, action) else {
                return Ok(None);
            };
            let mut outcome = ActionDone::default();
            for id in ids {
                match run(context, id).await {
                    Ok(()) => outcome.done += 1,
                    Err(SaveError::Store(error)) => return Err(error),
                    Err(_) => outcome.refused += 1,
                }
            }
            Ok(Some(outcome))
        })
    }
}

/// Names of the fields a person can fill in, for checks.
pub(super) fn input_names<M: Model>(spec: &Spec<M>) -> impl Iterator<Item = &'static str> {
    spec.form
        .fields()
        .filter(|field| !matches!(field.inner(), Field::Show(..)))
        .map(Field::name)
}
