//! The tariffs: what holds today, what comes from which day on, what held before. Everybody may look;
//! administrators change them (`form`). `changes` tells what coming tariffs will do to prices.

mod changes;
mod form;

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::terms::tariff_name;
use crate::{
    domain::{
        TariffId, TariffKind, Tenge,
        tariffs::{DeliveryTable, Rate},
    },
    services::Services,
    store::{
        StoreError,
        pushes::almaty_day,
        tariffs::{TariffRow, tariff_list},
    },
    web::{
        Shell, WebResult,
        auth::CurrentUser,
        filters, format,
        render::html,
        routes::{Access, Kind, Route},
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/tariffs", Kind::Page, Access::SignedIn, || web::to(list)),
    Route::get("/tariffs/changes", Kind::Page, Access::SignedIn, || {
        web::to(changes::show)
    }),
    Route::get("/tariffs/changes.xlsx", Kind::Page, Access::SignedIn, || {
        web::to(changes::download)
    }),
    Route::get("/tariffs/new", Kind::Page, Access::Admin, || web::to(form::new)),
    Route::post("/tariffs/new", Kind::Page, Access::Admin, || {
        web::to(form::create)
    }),
    Route::get("/tariffs/{id}", Kind::Page, Access::Admin, || web::to(form::edit)),
    Route::post("/tariffs/{id}", Kind::Page, Access::Admin, || web::to(form::save)),
    Route::get("/tariffs/{id}/delete", Kind::Page, Access::Admin, || {
        web::to(form::delete_form)
    }),
    Route::post("/tariffs/{id}/delete", Kind::Page, Access::Admin, || {
        web::to(form::delete)
    }),
];

/// Key of a kind's name: keys are written with hyphens.
#[must_use]
pub fn kind_key(kind: TariffKind) -> String {
    format!("tariff-{}", kind.as_str().replace('_', "-"))
}

/// A rate in a line: `12,5 %`, or the range of the fees.
#[must_use]
pub fn rate_words(rate: &Rate, t: &Texts) -> String {
    match rate {
        Rate::Share(share) => format::exact_percent(*share, t.language),
        Rate::Fees(table) => {
            let fees = || {
                table
                    .steps()
                    .iter()
                    .flat_map(|step| &step.fees)
                    .map(|fee| fee.fee)
            };
            let (least, greatest) = (fees().min(), fees().max());
            let (least, greatest) = (least.unwrap_or_default(), greatest.unwrap_or_default());
            if least == greatest {
                format::money(least)
            } else {
                t.with2("tariff-fees-range", "from", least, "to", greatest)
            }
        }
    }
}

/// A line of a delivery table in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeLine {
    /// Prices it is for.
    pub prices: String,
    /// Weights it is for.
    pub weights: String,
    /// The fee.
    pub fee: Tenge,
}

/// The lines of a delivery table.
#[must_use]
pub fn fee_lines(table: &DeliveryTable, t: &Texts) -> Vec<FeeLine> {
    let mut lines = Vec::new();
    let mut below: Option<Tenge> = None;
    for step in table.steps() {
        let prices = match (step.up_to, below) {
            (Some(end), _) => t.with("tariff-up-to", "end", end),
            (None, Some(end)) => t.with("tariff-above", "end", end),
            (None, None) => t.get("tariff-any-price"),
        };
        let mut lighter: Option<i32> = None;
        for fee in &step.fees {
            let grams = |grams: i32| t.with("terms-grams", "n", grams);
            let weights = match (fee.up_to_grams, lighter) {
                (Some(end), _) => t.with("tariff-up-to", "end", grams(end)),
                (None, Some(end)) => t.with("tariff-above", "end", grams(end)),
                (None, None) => t.get("tariff-any-weight"),
            };
            lighter = fee.up_to_grams;
            lines.push(FeeLine {
                prices: prices.clone(),
                weights,
                fee: fee.fee,
            });
        }
        below = step.up_to;
    }
    lines
}

/// One dated tariff.
struct DatedView {
    id: TariffId,
    day: String,
    rate: String,
}

/// All tariffs of one name.
struct NameView {
    name: String,
    title: String,
    /// What holds today.
    now: Option<DatedView>,
    /// Its lines, of deliveries.
    fees: Vec<FeeLine>,
    /// What comes, the next first.
    coming: Vec<DatedView>,
    /// What held before, the newest first.
    past: Vec<DatedView>,
}

/// All tariffs of one kind.
struct KindView {
    kind: TariffKind,
    title: String,
    about: String,
    names: Vec<NameView>,
}

impl KindView {
    /// Others than the one standard tariff may be added.
    fn takes_names(&self) -> bool {
        self.kind != TariffKind::DeliveryVat
    }
}

#[derive(Template)]
#[template(path = "tariffs/page.html")]
struct ListPage {
    shell: Shell,
    kinds: Vec<KindView>,
    /// The next day on which something changes.
    next: Option<String>,
}

async fn list(shell: Shell, _: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let (today, t) = (almaty_day(shell.now), shell.t);
    let rows = services.db.read(tariff_list).await?;
    let next = rows
        .iter()
        .map(|row| row.valid_from)
        .filter(|day| *day > today)
        .min();
    let kinds = TariffKind::ALL
        .iter()
        .map(|kind| kind_view(*kind, &rows, today, &t))
        .collect::<Result<_, _>>()?;
    html(&ListPage {
        kinds,
        next: next.map(format::day),
        shell,
    })
}

/// Rows come by kind and name, the newest first.
fn kind_view(
    kind: TariffKind,
    rows: &[TariffRow],
    today: NaiveDate,
    t: &Texts,
) -> Result<KindView, StoreError> {
    let mut names: Vec<NameView> = Vec::new();
    for row in rows.iter().filter(|row| row.kind == kind) {
        if names.last().is_none_or(|last| last.name != row.name) {
            names.push(NameView {
                name: row.name.clone(),
                title: tariff_name(kind, &row.name, t),
                now: None,
                fees: Vec::new(),
                coming: Vec::new(),
                past: Vec::new(),
            });
        }
        let Some(view) = names.last_mut() else { continue };
        let rate = row.tariff()?.rate;
        let dated = DatedView {
            id: row.id,
            day: format::day(row.valid_from),
            rate: rate_words(&rate, t),
        };
        if row.valid_from > today {
            view.coming.insert(0, dated);
        } else if view.now.is_none() {
            view.now = Some(dated);
            if let Rate::Fees(table) = &rate {
                view.fees = fee_lines(table, t);
            }
        } else {
            view.past.push(dated);
        }
    }
    Ok(KindView {
        kind,
        title: t.get(kind_key(kind)),
        about: t.get(format!("tariffs-about-{}", kind.as_str().replace('_', "-"))),
        names,
    })
}
