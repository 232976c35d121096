//! Limits and economics of a store, its categories and its products: what is set, what is inherited, and what
//! follows for the price.

mod form;
mod outcome;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use self::form::{Filled, TermsForm, Wider};
pub use self::{form::goal_in_words, outcome::Outcome};
use crate::{
    app::{
        edit::{EditError, FieldError, store_for_change},
        terms::{TermsEditError, set_terms},
    },
    domain::{Actor, ProductId, StoreId, TariffKind, Tenge, tariffs::Tariffs, terms::Terms},
    services::Services,
    store::{
        StoreError,
        audit::audit_list,
        products::{ProductRow, product_categories_counted, product_fetch},
        pushes::almaty_day,
        stores::Store,
        tariffs::tariffs_load,
        terms::{PricingTerms, TermsPlace, store_has_category, terms_fetch, terms_list},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, OwnedStore, path_id},
        filters, format,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/stores/{id}/terms", Kind::Page, Access::SignedIn, || {
        web::to(list)
    }),
    Route::get("/stores/{id}/terms/edit", Kind::Page, Access::Manager, || {
        web::to(edit_of_store)
    }),
    Route::post("/stores/{id}/terms/edit", Kind::Page, Access::Manager, || {
        web::to(save_of_store)
    }),
    Route::get("/products/{id}/terms", Kind::Page, Access::Manager, || {
        web::to(edit_of_product)
    }),
    Route::post("/products/{id}/terms", Kind::Page, Access::Manager, || {
        web::to(save_of_product)
    }),
];

/// The name of a tariff in words; one that people made is shown as they wrote it.
#[must_use]
pub fn tariff_name(kind: TariffKind, name: &str, t: &Texts) -> String {
    let key = format!("tariff-{kind}-{name}");
    if t.has(&key) { t.get(key) } else { name.to_owned() }
}

/// What is set, in a line.
fn in_words(terms: &Terms, t: &Texts) -> String {
    let money = |key: &str, amount: Option<Tenge>| {
        amount.map(|amount| format!("{} {}", t.get(key).to_lowercase(), format::money(amount)))
    };
    let named = |kind, name: &Option<String>| name.as_deref().map(|name| tariff_name(kind, name, t));
    [
        money("product-floor", terms.floor),
        money("product-ceiling", terms.ceiling),
        money("terms-cost", terms.unit_cost),
        named(TariffKind::Commission, &terms.commission),
        named(TariffKind::Tax, &terms.tax),
        named(TariffKind::Delivery, &terms.delivery),
        terms.weight_grams.map(|grams| t.with("terms-grams", "n", grams)),
        terms.goal.map(|goal| form::goal_in_words(goal, t)),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" · ")
}

/// A category of the store.
struct CategoryLine {
    name: String,
    products: i64,
    /// What is set, in words; empty: nothing.
    set: String,
    /// Its form.
    href: String,
}

#[derive(Template)]
#[template(path = "terms/page.html")]
struct ListPage {
    shell: Shell,
    store: Store,
    set: String,
    categories: Vec<CategoryLine>,
}

async fn list(shell: Shell, store: OwnedStore, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let (id, t) = (store.0.id, shell.t);
    let (rows, counted) = services
        .db
        .read(move |conn| Ok::<_, StoreError>((terms_list(conn, id)?, product_categories_counted(conn, id)?)))
        .await?;
    let of = |category: Option<&str>| {
        let row = rows.iter().find(|row| row.category.as_deref() == category);
        row.map_or_else(String::new, |row| in_words(&row.terms(), &t))
    };
    // What is set for a category without products is shown too, so that it can be cleared.
    let mut all = counted;
    for name in rows.iter().filter_map(|row| row.category.clone()) {
        if !all.iter().any(|(known, _)| *known == name) {
            all.push((name, 0));
        }
    }
    all.sort();
    let categories = all
        .into_iter()
        .map(|(name, products)| CategoryLine {
            set: of(Some(&name)),
            href: format!("/stores/{id}/terms/edit?{}", query(&name)),
            products,
            name,
        })
        .collect();
    html(&ListPage {
        set: of(None),
        categories,
        store: store.0,
        shell,
    })
}

fn query(category: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("category", category)
        .finish()
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    category: String,
}

/// Where terms are edited, and the words around the form.
struct Around {
    place: TermsPlace,
    title: String,
    store: (StoreId, String),
    action: String,
    back: String,
    product: Option<ProductRow>,
}

impl Around {
    fn of_store(store: &Store, category: &str, t: &Texts) -> Self {
        let (place, title) = if category.is_empty() {
            (TermsPlace::Store(store.id), t.get("terms-of-store"))
        } else {
            (
                TermsPlace::Category(store.id, category.to_owned()),
                category.to_owned(),
            )
        };
        Self {
            place,
            title,
            store: (store.id, store.name.clone()),
            action: format!("/stores/{}/terms/edit", store.id),
            back: format!("/stores/{}/terms", store.id),
            product: None,
        }
    }

    fn of_product(row: ProductRow) -> Self {
        let product = &row.product;
        Self {
            place: TermsPlace::Product(product.store_id, product.id),
            title: product.name.clone(),
            store: (product.store_id, row.store_name.clone()),
            action: format!("/products/{}/terms", product.id),
            back: format!("/products/{}", product.id),
            product: Some(row),
        }
    }

    fn category(&self) -> &str {
        match &self.place {
            TermsPlace::Category(_, category) => category,
            TermsPlace::Store(_) | TermsPlace::Product(..) => "",
        }
    }
}

/// What is set there, what would hold without it, and the tariffs.
struct Present {
    row: Option<PricingTerms>,
    wider: Wider,
    tariffs: Tariffs,
}

/// What stands around the form, for whoever may change it.
async fn present(services: &Services, actor: &Actor, around: &Around) -> WebResult<Present> {
    let (actor, place) = (actor.clone(), around.place.clone());
    let category = around
        .product
        .as_ref()
        .and_then(|row| row.product.category.clone());
    services
        .db
        .read(move |conn| {
            let store_id = place.store_id();
            store_for_change::<PricingTerms>(conn, &actor, store_id)?;
            let row = terms_fetch(conn, &place)?;
            if let TermsPlace::Category(_, category) = &place
                && row.is_none()
                && !store_has_category(conn, store_id, category)?
            {
                return Err(EditError::NotFound);
            }
            let mut wider = Vec::new();
            if let Some(category) = category {
                wider.push(("category", TermsPlace::Category(store_id, category)));
            }
            if place != TermsPlace::Store(store_id) {
                wider.push(("store", TermsPlace::Store(store_id)));
            }
            let set = |(word, place): (&'static str, TermsPlace)| {
                let row = terms_fetch(conn, &place)?;
                Ok::<_, StoreError>((word, row.map(|row| row.terms()).unwrap_or_default()))
            };
            Ok(Present {
                wider: Wider(wider.into_iter().map(set).collect::<Result<_, _>>()?),
                row,
                tariffs: tariffs_load(conn)?,
            })
        })
        .await
        .map_err(|error: TermsEditError| error.into())
}

/// What somebody else set while the form was open.
struct Theirs {
    /// Who; empty when not known.
    who: String,
    at: DateTime<Utc>,
    /// What is set now, in words.
    set: String,
}

async fn theirs(services: &Services, actor: &Actor, row: &PricingTerms, t: &Texts) -> WebResult<Theirs> {
    let (tenant, id) = (actor.tenant(), row.id);
    let line = services
        .db
        .read(move |conn| audit_list(conn, tenant, Some(("pricing_terms", id.0)), None, 1))
        .await?
        .pop();
    let set = in_words(&row.terms(), t);
    Ok(Theirs {
        at: line.as_ref().map_or(row.updated_at, |line| line.at),
        who: line.map(|line| line.actor_name).unwrap_or_default(),
        set: if set.is_empty() {
            t.get("terms-nothing")
        } else {
            set
        },
    })
}

#[derive(Template)]
#[template(path = "terms/edit.html")]
struct EditPage {
    shell: Shell,
    around: Around,
    filled: Filled,
    errors: Vec<FieldError>,
    theirs: Option<Theirs>,
    outcome: Option<Outcome>,
}

impl EditPage {
    async fn new(
        shell: Shell,
        services: &Services,
        (actor, around): (&Actor, Around),
        typed: Option<TermsForm>,
    ) -> WebResult<Self> {
        let present = present(services, actor, &around).await?;
        let day = almaty_day(shell.now);
        let version = present.row.as_ref().map_or(0, |row| row.version);
        let form = typed.unwrap_or_else(|| {
            let set = present.row.as_ref().map(PricingTerms::terms).unwrap_or_default();
            TermsForm::of(&set, version)
        });
        Ok(Self {
            filled: Filled::new(form, &present.wider, &present.tariffs, &shell.t),
            outcome: around
                .product
                .as_ref()
                .map(|row| Outcome::of(row, &present.tariffs, day, &shell.t)),
            errors: Vec::new(),
            theirs: None,
            around,
            shell,
        })
    }

    fn error(&self, field: &str) -> String {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map_or_else(String::new, |error| self.shell.t.get(error.code))
    }
}

async fn edit_of_store(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
    asked: web::Query<Asked>,
) -> WebResult<HttpResponse> {
    let around = Around::of_store(&store.0, &asked.category, &shell.t);
    let actor = user.0.actor(&req);
    html(&EditPage::new(shell, &services, (&actor, around), None).await?)
}

async fn product_of(req: &HttpRequest, user: &CurrentUser, services: &Services) -> WebResult<ProductRow> {
    let (id, tenant) = (path_id::<ProductId>(req)?, user.tenant());
    services
        .db
        .read(move |conn| product_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)
}

async fn edit_of_product(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let around = Around::of_product(product_of(&req, &user, &services).await?);
    let actor = user.actor(&req);
    html(&EditPage::new(shell, &services, (&actor, around), None).await?)
}

async fn save_of_store(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<TermsForm>,
) -> WebResult<HttpResponse> {
    let around = Around::of_store(&store.0, &form.category, &shell.t);
    let actor = user.0.actor(&req);
    save(shell, &services, &session, (actor, around), form.into_inner()).await
}

async fn save_of_product(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<TermsForm>,
) -> WebResult<HttpResponse> {
    let around = Around::of_product(product_of(&req, &user.0, &services).await?);
    let actor = user.0.actor(&req);
    save(shell, &services, &session, (actor, around), form.into_inner()).await
}

async fn save(
    shell: Shell,
    services: &Services,
    session: &Session,
    (actor, around): (Actor, Around),
    form: TermsForm,
) -> WebResult<HttpResponse> {
    let saved = match form.terms() {
        Ok(terms) => set_terms(services, &actor, around.place.clone(), form.version, terms).await,
        Err(errors) => Err(EditError::Invalid(errors)),
    };
    let (status, errors) = match saved {
        Ok(()) => {
            session::flash(session, true, shell.t.get("terms-saved"))?;
            return Ok(see_other(&around.back));
        }
        Err(EditError::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, errors),
        Err(EditError::Conflict(row)) => {
            // What was typed stays; saving once more replaces what somebody else set.
            let form = TermsForm {
                version: row.version,
                ..form
            };
            let theirs = theirs(services, &actor, &row, &shell.t).await?;
            let page = EditPage::new(shell, services, (&actor, around), Some(form)).await?;
            let page = EditPage {
                theirs: Some(theirs),
                ..page
            };
            return html_with(StatusCode::CONFLICT, &page);
        }
        Err(error) => return Err(error.into()),
    };
    let page = EditPage::new(shell, services, (&actor, around), Some(form)).await?;
    html_with(status, &EditPage { errors, ..page })
}
