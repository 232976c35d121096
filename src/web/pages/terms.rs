//! Limits and economics of a store, its categories and its products: what is set, what is inherited, and what
//! follows for the price.

mod form;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use chrono::NaiveDate;
use chrono_tz::Asia::Almaty;
use serde::Deserialize;

pub use self::form::goal_in_words;
use self::form::{Filled, TermsForm};
use crate::{
    app::{
        edit::{EditError, FieldError},
        terms::{TermsEditError, set_terms},
    },
    domain::{ProductId, StoreId, TariffKind, Tenge, pricing, tariffs::Tariffs, terms::Terms},
    services::Services,
    store::{
        StoreError,
        products::{ProductRow, product_categories_counted, product_fetch},
        stores::Store,
        tariffs::tariffs_load,
        terms::{PricingTerms, TermsPlace, terms_beyond_product, terms_fetch, terms_list},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, OwnedStore, path_id},
        error::ErrorKind,
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
    let categories = counted
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
    wider: Terms,
    tariffs: Tariffs,
}

async fn present(services: &Services, around: &Around) -> WebResult<Present> {
    let place = around.place.clone();
    let category = around
        .product
        .as_ref()
        .and_then(|row| row.product.category.clone());
    Ok(services
        .db
        .read(move |conn| {
            let wider = match &place {
                TermsPlace::Store(_) => Terms::default(),
                TermsPlace::Category(store_id, _) => terms_fetch(conn, &TermsPlace::Store(*store_id))?
                    .map(|row| row.terms())
                    .unwrap_or_default(),
                TermsPlace::Product(store_id, _) => {
                    // Nobody's key: only what category and store set.
                    let nobody = ProductId(uuid::Uuid::nil());
                    terms_beyond_product(conn, *store_id, (nobody, category.as_deref()))?
                }
            };
            Ok::<_, StoreError>(Present {
                row: terms_fetch(conn, &place)?,
                wider,
                tariffs: tariffs_load(conn)?,
            })
        })
        .await?)
}

/// What follows from all that holds for a product.
struct Outcome {
    /// Lowest price, in words; empty: none.
    lowest: String,
    /// What the present price earns, in words; empty: not known.
    profit: String,
    /// It earns less than nothing.
    loss: bool,
    /// What is missing to know it, in words.
    gaps: Vec<String>,
}

fn outcome(row: &ProductRow, tariffs: &Tariffs, day: NaiveDate, t: &Texts) -> Outcome {
    let economics = row.terms.economics(tariffs, day);
    let lowest = pricing::lowest_safe(row.terms.limits(), economics.as_ref().ok());
    let price = row.price.as_ref().map(|price| price.price_tenge);
    let profit = price.and_then(|price| economics.as_ref().ok()?.profit(price));
    Outcome {
        lowest: lowest.map_or_else(String::new, format::money),
        profit: profit.map_or_else(String::new, format::money),
        loss: profit.is_some_and(|profit| profit < Tenge(0)),
        gaps: economics
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|gap| t.get(format!("terms-gap-{}", gap.as_str().replace('_', "-"))))
            .collect(),
    }
}

#[derive(Template)]
#[template(path = "terms/edit.html")]
struct EditPage {
    shell: Shell,
    around: Around,
    filled: Filled,
    errors: Vec<FieldError>,
    conflict: bool,
    outcome: Option<Outcome>,
}

impl EditPage {
    async fn new(
        shell: Shell,
        services: &Services,
        around: Around,
        typed: Option<TermsForm>,
    ) -> WebResult<Self> {
        let present = present(services, &around).await?;
        let day = shell.now.with_timezone(&Almaty).date_naive();
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
                .map(|row| outcome(row, &present.tariffs, day, &shell.t)),
            errors: Vec::new(),
            conflict: false,
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
    shell: Shell,
    store: OwnedStore,
    services: web::Data<Services>,
    asked: web::Query<Asked>,
) -> WebResult<HttpResponse> {
    let around = Around::of_store(&store.0, &asked.category, &shell.t);
    html(&EditPage::new(shell, &services, around, None).await?)
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
    html(&EditPage::new(shell, &services, around, None).await?)
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
    (actor, around): (crate::domain::Actor, Around),
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
        Err(EditError::Conflict(theirs)) => {
            // What was typed stays; saving once more replaces what somebody else set.
            let form = TermsForm {
                version: theirs.version,
                ..form
            };
            let page = EditPage::new(shell, services, around, Some(form)).await?;
            let page = EditPage {
                conflict: true,
                ..page
            };
            return html_with(StatusCode::CONFLICT, &page);
        }
        Err(error) => return Err(error.into()),
    };
    let page = EditPage::new(shell, services, around, Some(form)).await?;
    html_with(status, &EditPage { errors, ..page })
}

impl From<TermsEditError> for WebError {
    fn from(error: TermsEditError) -> Self {
        match error {
            TermsEditError::NotFound => Self::not_found(),
            TermsEditError::Forbidden => Self::forbidden(),
            TermsEditError::Invalid(_) => Self::new(ErrorKind::Invalid),
            TermsEditError::Conflict(_) => Self::new(ErrorKind::Conflict),
            TermsEditError::Store(error) => error.into(),
        }
    }
}
