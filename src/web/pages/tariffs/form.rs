//! Adding, changing and removing a tariff. The fees of a delivery are typed as rows; more rows come by a button that
//! sends the form, without JavaScript.

mod typed;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use self::typed::{FormError, TypedTariff};
use super::{FeeLine, fee_lines, kind_key, rate_words};
use crate::{
    app::{
        edit::{EditError, FieldError},
        tariffs::{TariffEditError, add_tariff, delete_tariff, edit_tariff},
    },
    domain::{
        TariffId, TariffKind, Tenant,
        tariffs::{Rate, STANDARD, Tariff},
    },
    services::Services,
    store::{
        audit::audit_list,
        pushes::almaty_day,
        tariffs::{TariffRow, tariff_fetch, tariffs_load},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{AdminUser, path_id},
        error::ErrorKind,
        filters, format,
        pages::terms::tariff_name,
        render::{html, html_with, see_other},
        session,
        texts::Texts,
    },
};

/// Rows that "more rows" adds.
const MORE_ROWS: usize = 5;

/// What somebody else saved while the form was open.
struct Theirs {
    /// Who; empty when not known.
    who: String,
    at: DateTime<Utc>,
    day: String,
    rate: String,
    fees: Vec<FeeLine>,
}

#[derive(Template)]
#[template(path = "tariffs/form.html")]
struct FormPage {
    shell: Shell,
    kind: TariffKind,
    /// The tariff that is changed; `None`: a new one.
    id: Option<TariffId>,
    typed: TypedTariff,
    /// The name can be typed.
    names: bool,
    errors: Vec<FormError>,
    theirs: Option<Theirs>,
}

impl FormPage {
    fn kind_title(&self) -> String {
        self.shell.t.get(kind_key(self.kind))
    }

    fn title(&self) -> String {
        match self.id {
            Some(_) => tariff_name(self.kind, &self.typed.name, &self.shell.t),
            None => self.shell.t.get("tariff-new"),
        }
    }

    fn action(&self) -> String {
        self.id
            .map_or_else(|| "/tariffs/new".to_owned(), |id| format!("/tariffs/{id}"))
    }

    fn is_delivery(&self) -> bool {
        self.kind == TariffKind::Delivery
    }

    /// The sentence for a field; empty when it is right.
    fn error(&self, id: &str) -> String {
        let found = self.errors.iter().find(|error| error.id == id);
        found.map_or_else(String::new, |error| error.text.clone())
    }

    fn failed(&self) -> bool {
        !self.errors.is_empty() || self.theirs.is_some()
    }
}

/// Which kind a new tariff is of, and of which name.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
}

/// The form of a new tariff, with what holds now where the name is given.
pub async fn new(
    shell: Shell,
    _: AdminUser,
    services: web::Data<Services>,
    asked: web::Query<Asked>,
) -> WebResult<HttpResponse> {
    let Ok(kind) = asked.kind.parse::<TariffKind>() else {
        return Ok(see_other("/tariffs"));
    };
    let name = if kind == TariffKind::DeliveryVat {
        STANDARD
    } else {
        asked.name.trim()
    };
    let tariffs = services.db.read(tariffs_load).await?;
    let rate = tariffs.on(kind, name, almaty_day(shell.now));
    let mut typed = TypedTariff {
        name: name.to_owned(),
        ..TypedTariff::default()
    };
    typed.set_rate(rate);
    html(&FormPage {
        names: kind != TariffKind::DeliveryVat,
        shell,
        kind,
        id: None,
        typed,
        errors: Vec::new(),
        theirs: None,
    })
}

/// Adds a tariff.
pub async fn create(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    fields: web::Form<Vec<(String, String)>>,
) -> WebResult<HttpResponse> {
    let mut typed = TypedTariff::of(&fields);
    let kind: TariffKind = typed
        .kind
        .parse()
        .map_err(|_| WebError::new(ErrorKind::BadRequest))?;
    let mut page = FormPage {
        names: kind != TariffKind::DeliveryVat,
        kind,
        id: None,
        errors: Vec::new(),
        theirs: None,
        typed: TypedTariff::default(),
        shell,
    };
    if typed.more {
        typed.add_rows(MORE_ROWS);
        page.typed = typed;
        return html(&page);
    }
    let t = page.shell.t;
    let result = match typed.read(kind, &t) {
        Ok((valid_from, rate)) => {
            let tariff = Tariff {
                kind,
                name: typed.name.trim().to_owned(),
                valid_from,
                rate,
            };
            let added = add_tariff(&services, &user.0.actor(&req), tariff, &typed.reason).await;
            added.map(|_| ()).map_err(Refused::from)
        }
        Err(errors) => Err(Refused::Form(errors)),
    };
    match result {
        Ok(()) => {
            session::flash(&session, true, t.get("tariff-saved"))?;
            Ok(see_other("/tariffs"))
        }
        Err(refused) => {
            page.typed = typed;
            refuse(page, &services, refused).await
        }
    }
}

/// The form of a tariff.
pub async fn edit(
    req: HttpRequest,
    shell: Shell,
    _: AdminUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let row = row_of(&req, &services).await?;
    let mut typed = TypedTariff {
        name: row.name.clone(),
        valid_from: row.valid_from.to_string(),
        version: row.version,
        ..TypedTariff::default()
    };
    typed.set_rate(Some(&row.tariff()?.rate));
    html(&page_of(shell, &row, typed))
}

/// Saves a tariff.
pub async fn save(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    fields: web::Form<Vec<(String, String)>>,
) -> WebResult<HttpResponse> {
    let row = row_of(&req, &services).await?;
    let mut typed = TypedTariff::of(&fields);
    typed.name.clone_from(&row.name);
    if typed.more {
        typed.add_rows(MORE_ROWS);
        return html(&page_of(shell, &row, typed));
    }
    let t = shell.t;
    let result = match typed.read(row.kind, &t) {
        Ok(change) => {
            let key = (row.id, typed.version);
            let actor = user.0.actor(&req);
            let edited = edit_tariff(&services, &actor, key, change, &typed.reason).await;
            edited.map_err(Refused::from)
        }
        Err(errors) => Err(Refused::Form(errors)),
    };
    match result {
        Ok(()) => {
            session::flash(&session, true, t.get("tariff-saved"))?;
            Ok(see_other("/tariffs"))
        }
        Err(refused) => refuse(page_of(shell, &row, typed), &services, refused).await,
    }
}

#[derive(Template)]
#[template(path = "tariffs/delete.html")]
struct DeletePage {
    shell: Shell,
    row: TariffRow,
    title: String,
    rate: String,
    begun: bool,
    reason: String,
    errors: Vec<FormError>,
    conflict: bool,
}

impl DeletePage {
    fn new(shell: Shell, row: TariffRow) -> WebResult<Self> {
        let t = shell.t;
        Ok(Self {
            title: format!(
                "{}: {}",
                t.get(kind_key(row.kind)),
                tariff_name(row.kind, &row.name, &t)
            ),
            rate: rate_words(&row.tariff()?.rate, &t),
            begun: row.valid_from <= almaty_day(shell.now),
            reason: String::new(),
            errors: Vec::new(),
            conflict: false,
            row,
            shell,
        })
    }

    fn day(&self) -> String {
        format::day(self.row.valid_from)
    }
}

/// Asks once more.
pub async fn delete_form(
    req: HttpRequest,
    shell: Shell,
    _: AdminUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    html(&DeletePage::new(shell, row_of(&req, &services).await?)?)
}

/// What the question about removing sends.
#[derive(Deserialize)]
pub struct DeleteForm {
    version: i32,
    #[serde(default)]
    reason: String,
}

/// Removes a tariff.
pub async fn delete(
    req: HttpRequest,
    shell: Shell,
    user: AdminUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<DeleteForm>,
) -> WebResult<HttpResponse> {
    let row = row_of(&req, &services).await?;
    let actor = user.0.actor(&req);
    let t = shell.t;
    match delete_tariff(&services, &actor, (row.id, form.version), &form.reason).await {
        Ok(()) => {
            session::flash(&session, true, t.get("tariff-deleted"))?;
            Ok(see_other("/tariffs"))
        }
        Err(EditError::Invalid(errors)) => {
            let page = DeletePage {
                errors: in_words(&errors, &t),
                reason: form.into_inner().reason,
                ..DeletePage::new(shell, row)?
            };
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(EditError::Conflict(row)) => {
            let page = DeletePage {
                conflict: true,
                reason: form.into_inner().reason,
                ..DeletePage::new(shell, *row)?
            };
            html_with(StatusCode::CONFLICT, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Why a form was not taken.
enum Refused {
    Form(Vec<FormError>),
    App(TariffEditError),
}

impl From<TariffEditError> for Refused {
    fn from(error: TariffEditError) -> Self {
        Self::App(error)
    }
}

/// The form once more, with everything typed and what is wrong with it.
async fn refuse(mut page: FormPage, services: &Services, refused: Refused) -> WebResult<HttpResponse> {
    let t = page.shell.t;
    match refused {
        Refused::Form(errors) => page.errors = errors,
        Refused::App(EditError::Invalid(errors)) => page.errors = in_words(&errors, &t),
        Refused::App(EditError::Conflict(current)) => {
            page.typed.version = current.version;
            page.theirs = Some(theirs(services, &current, &t).await?);
            return html_with(StatusCode::CONFLICT, &page);
        }
        Refused::App(error) => return Err(error.into()),
    }
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn theirs(services: &Services, row: &TariffRow, t: &Texts) -> WebResult<Theirs> {
    let id = row.id;
    let line = services
        .db
        .read(move |conn| audit_list(conn, Tenant::All, Some(("tariff", id.0)), None, 1))
        .await?
        .pop();
    let rate = row.tariff()?.rate;
    Ok(Theirs {
        at: line.as_ref().map_or(row.updated_at, |line| line.at),
        who: line.map(|line| line.actor_name).unwrap_or_default(),
        day: format::day(row.valid_from),
        rate: rate_words(&rate, t),
        fees: match &rate {
            Rate::Fees(table) => fee_lines(table, t),
            Rate::Share(_) => Vec::new(),
        },
    })
}

fn page_of(shell: Shell, row: &TariffRow, typed: TypedTariff) -> FormPage {
    FormPage {
        shell,
        kind: row.kind,
        id: Some(row.id),
        typed,
        names: false,
        errors: Vec::new(),
        theirs: None,
    }
}

fn in_words(errors: &[FieldError], t: &Texts) -> Vec<FormError> {
    errors
        .iter()
        .map(|error| FormError {
            id: error.field.to_owned(),
            text: t.get(error.code),
        })
        .collect()
}

async fn row_of(req: &HttpRequest, services: &Services) -> WebResult<TariffRow> {
    let id: TariffId = path_id(req)?;
    services
        .db
        .read(move |conn| tariff_fetch(conn, id))
        .await?
        .ok_or_else(WebError::not_found)
}
