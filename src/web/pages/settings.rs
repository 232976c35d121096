//! The settings: outgoing proxies, and how fast the marketplace is asked. For administrators.

mod brakes;
mod proxies;
mod system;

use actix_web::{HttpResponse, web};
use askama::Template;

use self::proxies::{AddForm, ProxyView};
use crate::{
    app::proxies::list_proxies,
    config::KaspiLimits,
    services::Services,
    store::proxies::Proxy,
    web::{
        Shell, WebResult,
        auth::AdminUser,
        filters, format,
        render::html,
        routes::{Access, Kind, Route},
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/settings", Kind::Page, Access::Admin, || web::to(show)),
    Route::get("/settings/brakes", Kind::Page, Access::Admin, || {
        web::to(brakes::show)
    }),
    Route::post("/settings/brakes", Kind::Page, Access::Admin, || {
        web::to(brakes::save)
    }),
    Route::get("/settings/system", Kind::Page, Access::Admin, || {
        web::to(system::show)
    }),
    Route::get("/settings/proxies", Kind::Fragment, Access::Admin, || {
        web::to(proxies::list)
    }),
    Route::post("/settings/proxies", Kind::Page, Access::Admin, || {
        web::to(proxies::create)
    }),
    Route::get("/settings/proxies/{id}", Kind::Page, Access::Admin, || {
        web::to(proxies::edit)
    }),
    Route::post("/settings/proxies/{id}", Kind::Page, Access::Admin, || {
        web::to(proxies::update)
    }),
    Route::post(
        "/settings/proxies/{id}/enabled",
        Kind::Page,
        Access::Admin,
        || web::to(proxies::set_enabled),
    ),
    Route::post("/settings/proxies/{id}/check", Kind::Page, Access::Admin, || {
        web::to(proxies::check)
    }),
    Route::get("/settings/proxies/{id}/delete", Kind::Page, Access::Admin, || {
        web::to(proxies::delete_form)
    }),
    Route::post("/settings/proxies/{id}/delete", Kind::Page, Access::Admin, || {
        web::to(proxies::delete)
    }),
];

#[derive(Template)]
#[template(path = "settings/page.html")]
struct SettingsPage {
    shell: Shell,
    rows: Vec<ProxyView>,
    add: AddForm,
    limits: Vec<Limit>,
}

impl SettingsPage {
    async fn new(shell: Shell, services: &Services, add: AddForm) -> WebResult<Self> {
        let rows = views(&shell, list_proxies(services).await?);
        Ok(Self {
            limits: limits(&services.config.kaspi.limits, shell.t),
            shell,
            rows,
            add,
        })
    }

    fn pending(&self) -> bool {
        self.rows.iter().any(ProxyView::pending)
    }
}

fn views(shell: &Shell, proxies: Vec<Proxy>) -> Vec<ProxyView> {
    let view = |proxy| ProxyView::new(proxy, shell.now, shell.t);
    proxies.into_iter().map(view).collect()
}

async fn show(shell: Shell, _: AdminUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    html(&SettingsPage::new(shell, &services, AddForm::default()).await?)
}

/// One limit towards the marketplace: what it is, how much, and the variable that sets it.
struct Limit {
    name: String,
    value: String,
    variable: &'static str,
}

fn limits(limits: &KaspiLimits, t: Texts) -> Vec<Limit> {
    let millis = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let pause = |time: std::time::Duration| {
        let length = chrono::TimeDelta::from_std(time).unwrap_or(chrono::TimeDelta::MAX);
        format::duration(length, t)
    };
    let every = |time| t.with("limit-every", "ms", format::number(millis(time)));
    let row = |name: &str, value, variable| Limit {
        name: t.get(name),
        value,
        variable,
    };
    vec![
        row(
            "limit-write-interval",
            every(limits.write_interval),
            "KASPI_WRITE_INTERVAL_MS",
        ),
        row(
            "limit-writes",
            format::number(limits.writes_per_half_hour.into()),
            "KASPI_WRITES_PER_HALF_HOUR",
        ),
        row(
            "limit-write-pause",
            pause(limits.write_pause),
            "KASPI_WRITE_PAUSE_SECONDS",
        ),
        row(
            "limit-public-interval",
            every(limits.public_interval),
            "KASPI_PUBLIC_INTERVAL_MS",
        ),
        row(
            "limit-public-pause",
            pause(limits.public_pause),
            "KASPI_PUBLIC_PAUSE_SECONDS",
        ),
        row(
            "limit-list-interval",
            every(limits.list_interval),
            "KASPI_LIST_INTERVAL_MS",
        ),
        row(
            "limit-orders-interval",
            every(limits.orders_interval),
            "KASPI_ORDERS_INTERVAL_MS",
        ),
    ]
}
