//! The search over everything: pages, stores, products, preorders, pasted keys. The command box asks for a part of a
//! page; without it the same address is a page, and a key or article of one thing alone leads straight to it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    admin::{Staff, framework::Verb},
    domain::Tenant,
    queue::runs::job_run_fetch,
    services::Services,
    store::{
        PgConnection, StoreError, imports::import_fetch, preorders::preorder_fetch, products::product_fetch,
        put_backs::put_back_fetch, rules::rule_fetch, search, stores::store_fetch,
    },
    web::{
        Shell, WebResult,
        admin::Models,
        auth::{CurrentUser, address_of},
        filters,
        render::{html, see_other},
        routes::{Access, Kind, Route},
        texts::{Language, Texts},
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/search", Kind::Fragment, Access::SignedIn, || web::to(show)),
    Route::get("/keys", Kind::Page, Access::SignedIn, || web::to(keys)),
];

/// Hits of a kind in the command box.
const IN_BOX: usize = 5;
/// Hits of a kind on the page.
const ON_PAGE: usize = 20;
/// Shorter texts find pages alone.
const SHORTEST: usize = 2;
/// Longer texts are cut.
const LONGEST: usize = 200;

/// Pages that have an address of their own: address, icon, text, who may.
const PAGES: &[(&str, &str, &str, Access)] = &[
    ("/", "gauge", "nav-dashboard", Access::SignedIn),
    ("/products", "box", "products-title", Access::SignedIn),
    ("/stores", "store", "nav-stores", Access::SignedIn),
    ("/rules", "tag", "nav-rules", Access::SignedIn),
    ("/preorders", "calendar", "preorders-title", Access::SignedIn),
    ("/jobs", "jobs", "nav-jobs", Access::SignedIn),
    ("/alerts", "bell", "alerts-title", Access::SignedIn),
    ("/log", "log", "log-title", Access::SignedIn),
    ("/stop", "stop", "stop-title", Access::SignedIn),
    ("/reports", "chart", "reports-title", Access::SignedIn),
    ("/tariffs", "truck", "tariffs-title", Access::SignedIn),
    ("/tariffs/changes", "truck", "changes-title", Access::SignedIn),
    ("/imports", "upload", "imports-title", Access::SignedIn),
    ("/preorders/uploads", "upload", "uploads-title", Access::SignedIn),
    ("/preorders/orders", "calendar", "orders-title", Access::SignedIn),
    ("/products/views", "star", "views-title", Access::SignedIn),
    ("/stores/new", "plus", "stores-connect", Access::Manager),
    ("/rules/new", "plus", "rules-new", Access::Manager),
    ("/preorders/new", "plus", "preorders-new", Access::Manager),
    ("/preorders/uploads/new", "upload", "upload-new", Access::Manager),
    ("/imports/new", "upload", "imports-new", Access::Manager),
    ("/profile", "user", "profile-title", Access::SignedIn),
    (
        "/profile/second-factor",
        "shield",
        "second-title",
        Access::SignedIn,
    ),
    ("/profile/sessions", "lock", "sessions-title", Access::SignedIn),
    ("/tokens", "key", "tokens-title", Access::SignedIn),
    ("/keys", "help", "keys-title", Access::SignedIn),
    ("/api/docs/", "help", "api-docs-title", Access::SignedIn),
    ("/users", "user", "users-title", Access::Admin),
    ("/users/new", "plus", "users-new", Access::Admin),
    ("/settings", "sliders", "nav-settings", Access::Admin),
    ("/settings/brakes", "shield", "brakes-title", Access::Admin),
    ("/settings/alerts", "send", "alert-channels-title", Access::Admin),
    ("/settings/system", "gauge", "system-title", Access::Admin),
    ("/admin/", "shield", "admin-title", Access::Admin),
];

/// Pages that are offered before anything is typed.
const FIRST: usize = 10;

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    icon: &'static str,
    name: String,
    about: String,
    href: String,
    /// It is called exactly what was asked for.
    exact: bool,
}

/// Hits of one kind.
struct Group {
    title: String,
    hits: Vec<Hit>,
    /// Where all of them are, when there are more.
    more: Option<String>,
}

impl Group {
    /// The first `limit` of the hits; `all`: address of the list that has the others.
    fn new(title: String, mut hits: Vec<Hit>, limit: usize, all: Option<String>) -> Self {
        let more = all.filter(|_| hits.len() > limit);
        hits.truncate(limit);
        Self { title, hits, more }
    }
}

/// What a text finds.
struct Found {
    query: String,
    groups: Vec<Group>,
}

impl Found {
    fn count(&self) -> usize {
        self.groups.iter().map(|group| group.hits.len()).sum()
    }

    /// Is anything left out?
    fn has_more(&self) -> bool {
        self.groups.iter().any(|group| group.more.is_some())
    }

    /// The one thing that is called so; products before their preorders.
    fn only(&self) -> Option<&Hit> {
        let exact = |group: &Group| group.hits.iter().filter(|hit| hit.exact).count();
        let group = self.groups.iter().find(|group| exact(group) > 0)?;
        group.hits.iter().find(|hit| hit.exact && exact(group) == 1)
    }
}

#[derive(Template)]
#[template(path = "search/page.html")]
struct SearchPage {
    shell: Shell,
    found: Found,
}

#[derive(Template)]
#[template(path = "search/_box.html")]
struct BoxFragment {
    shell: Shell,
    found: Found,
}

#[derive(Template)]
#[template(path = "search/keys.html")]
struct KeysPage {
    shell: Shell,
}

async fn keys(shell: Shell) -> WebResult<HttpResponse> {
    html(&KeysPage { shell })
}

#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    q: String,
}

async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    (services, models): (web::Data<Services>, Models),
    query: web::Query<Query>,
) -> WebResult<HttpResponse> {
    let staff = Staff {
        services: services.get_ref().clone(),
        actor: user.actor(&req),
        address: address_of(&req),
    };
    let text: String = query.q.trim().chars().take(LONGEST).collect();
    let limit = if shell.htmx { IN_BOX } else { ON_PAGE };
    let (tenant, t) = (user.tenant(), shell.t);
    let mut found = Found {
        query: text.clone(),
        groups: Vec::new(),
    };
    if let Ok(key) = text.parse::<Uuid>() {
        let hit = services
            .db
            .read(move |conn| named_by_key(conn, tenant, key, t))
            .await?;
        let hit = match hit {
            None => administered_by_key(&services, &models, &staff, key, t).await?,
            hit => hit,
        };
        let hits = hit.into_iter().collect();
        found
            .groups
            .push(Group::new(t.get("search-key"), hits, limit, None));
    } else {
        let mut groups = Vec::new();
        if text.chars().count() >= SHORTEST {
            let wanted = text.clone();
            groups = services
                .db
                .read(move |conn| things(conn, tenant, &wanted, limit, t))
                .await?;
            groups.push(administered(&services, &models, &staff, &text, limit, t).await?);
        }
        let slugs = models.resources().map(|model| model.slug());
        let pages = pages(&shell, &text, slugs);
        let limit = if text.is_empty() { FIRST } else { limit };
        found
            .groups
            .push(Group::new(t.get("search-pages"), pages, limit, None));
        found.groups.extend(groups);
    }
    found.groups.retain(|group| !group.hits.is_empty());
    if shell.htmx {
        return html(&BoxFragment { shell, found });
    }
    match found.only() {
        Some(hit) => Ok(see_other(&hit.href)),
        None => html(&SearchPage { shell, found }),
    }
}

/// The pages that this user may open and whose name, in whatever language, has all words.
fn pages<'a>(shell: &Shell, text: &str, models: impl Iterator<Item = &'a str>) -> Vec<Hit> {
    let may = |access: &Access| match access {
        Access::Anonymous | Access::SignedIn => true,
        Access::Manager => shell.may_change(),
        Access::Admin => shell.is_admin(),
    };
    let wanted = folded(text);
    let called_so = |key: &str| {
        Language::ALL.into_iter().any(|language| {
            let name = folded(&Texts::new(language).get(key));
            wanted.split_whitespace().all(|word| name.contains(word))
        })
    };
    let hit = |href: String, icon: &'static str, name: String| Hit {
        icon,
        name,
        about: String::new(),
        href,
        exact: false,
    };
    let own = PAGES
        .iter()
        .filter(|(.., key, access)| may(access) && called_so(key))
        .map(|(href, icon, key, _)| hit((*href).to_owned(), icon, shell.t.get(key)));
    let listed = models
        .filter(|_| may(&Access::Admin) && !text.is_empty())
        .map(|slug| (slug, format!("admin-{slug}")))
        .filter(|(_, key)| called_so(key))
        .map(|(slug, key)| hit(format!("/admin/{slug}/"), "shield", shell.t.get(key)))
        .map(|hit| Hit {
            about: shell.t.get("nav-admin"),
            ..hit
        });
    own.chain(listed).collect()
}

/// Small letters; letters that are easily taken for one another are one.
fn folded(text: &str) -> String {
    let near = |letter| match letter {
        'ё' => 'е',
        'ә' => 'а',
        'ғ' => 'г',
        'қ' => 'к',
        'ң' => 'н',
        'ө' => 'о',
        'ұ' | 'ү' => 'у',
        'һ' => 'х',
        'і' => 'и',
        other => other,
    };
    text.to_lowercase().chars().map(near).collect()
}

/// Products, stores and preorders that have all words.
fn things(
    conn: &mut PgConnection,
    tenant: Tenant,
    text: &str,
    limit: usize,
    t: Texts,
) -> Result<Vec<Group>, StoreError> {
    // One more than is shown tells that there are more.
    let rows = i64::try_from(limit).unwrap_or_default() + 1;
    let is = |name: &Option<String>| name.as_deref() == Some(text);
    let list = |path: &str| {
        let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        Some(format!("{path}?q={query}"))
    };
    let stores = search::search_stores(conn, tenant, text, rows)?
        .into_iter()
        .map(|store| Hit {
            icon: "store",
            exact: store.merchant_id == text,
            href: format!("/stores/{}", store.id),
            name: store.name,
            about: store.merchant_id,
        })
        .collect();
    let products = search::search_products(conn, tenant, text, limit + 1)?
        .into_iter()
        .map(|product| Hit {
            icon: "box",
            exact: product.kaspi_product_id == text || is(&product.sku) || is(&product.card_id),
            href: format!("/products/{}", product.id),
            name: product.name,
            about: about(
                product.sku.as_ref().unwrap_or(&product.kaspi_product_id),
                &product.store_name,
            ),
        })
        .collect();
    let preorders = search::search_preorders(conn, tenant, text, rows)?
        .into_iter()
        .map(|preorder| Hit {
            icon: "calendar",
            exact: is(&preorder.article),
            href: format!("/preorders/{}", preorder.id),
            name: preorder.name,
            about: about(
                preorder.article.as_deref().unwrap_or_default(),
                &preorder.store_name,
            ),
        })
        .collect();
    Ok(vec![
        Group::new(t.get("nav-stores"), stores, limit, Some("/stores".to_owned())),
        Group::new(t.get("nav-products"), products, limit, list("/products")),
        Group::new(t.get("nav-preorders"), preorders, limit, list("/preorders")),
    ])
}

/// Names of the models that somebody may look at.
fn looked_at(models: &Models, staff: &Staff) -> Vec<&'static str> {
    let may = models.resources().filter(|model| model.allows(staff, Verb::View));
    may.map(|model| model.slug()).collect()
}

/// A row of the administration area.
fn row_of(slug: &str, (id, name): (Uuid, String), exact: bool, t: Texts) -> Hit {
    let one = t.get(format!("admin-{slug}-one"));
    Hit {
        icon: "shield",
        name: if name.is_empty() { one.clone() } else { name },
        about: about(&t.get("nav-admin"), &one),
        href: format!("/admin/{slug}/{id}/"),
        exact,
    }
}

/// Rows of every model that somebody may look at.
async fn administered(
    services: &Services,
    models: &Models,
    staff: &Staff,
    text: &str,
    limit: usize,
    t: Texts,
) -> Result<Group, StoreError> {
    let slugs = looked_at(models, staff);
    let mut hits = Vec::new();
    if !slugs.is_empty() {
        let (models, text) = (models.clone(), text.to_owned());
        // Few of each, so that none hides the others.
        let of_each = limit.div_ceil(2);
        let read = move |conn: &mut PgConnection| {
            let mut hits = Vec::new();
            for slug in slugs {
                if let Some(model) = models.get(slug) {
                    let rows = model.find(conn, &text, of_each)?;
                    hits.extend(rows.into_iter().map(|row| row_of(slug, row, false, t)));
                }
            }
            Ok::<_, StoreError>(hits)
        };
        hits = services.db.read(read).await?;
    }
    Ok(Group::new(t.get("nav-admin"), hits, limit * 2, None))
}

/// The row of the administration area with this key.
async fn administered_by_key(
    services: &Services,
    models: &Models,
    staff: &Staff,
    key: Uuid,
    t: Texts,
) -> Result<Option<Hit>, StoreError> {
    let slugs = looked_at(models, staff);
    if slugs.is_empty() {
        return Ok(None);
    }
    let models = models.clone();
    let read = move |conn: &mut PgConnection| {
        for slug in slugs {
            let Some(model) = models.get(slug) else { continue };
            if let Some(row) = model.names(conn, &[key])?.into_iter().next() {
                return Ok(Some(row_of(slug, row, true, t)));
            }
        }
        Ok::<_, StoreError>(None)
    };
    services.db.read(read).await
}

/// `article · store`
fn about(article: &str, store: &str) -> String {
    if article.is_empty() {
        return store.to_owned();
    }
    format!("{article} · {store}")
}

/// The one thing with this key, if the tenant may see it.
fn named_by_key(
    conn: &mut PgConnection,
    tenant: Tenant,
    key: Uuid,
    t: Texts,
) -> Result<Option<Hit>, StoreError> {
    let hit = |icon, name: String, kind: &str, path: &str| {
        Ok(Some(Hit {
            icon,
            name,
            about: t.get(kind),
            href: format!("{path}/{key}"),
            exact: true,
        }))
    };
    if let Some(row) = product_fetch(conn, tenant, key.into())? {
        return hit("box", row.product.name, "nav-products", "/products");
    }
    if let Some(store) = store_fetch(conn, tenant, key.into())? {
        return hit("store", store.name, "nav-stores", "/stores");
    }
    if let Some(row) = preorder_fetch(conn, tenant, key.into())? {
        return hit("calendar", row.preorder.name, "nav-preorders", "/preorders");
    }
    if let Some(rule) = rule_fetch(conn, tenant, key.into())? {
        return hit("tag", rule.name, "nav-rules", "/rules");
    }
    if let Some(run) = job_run_fetch(conn, tenant, key.into())? {
        let title = t.get(format!("job-kind-{}", run.kind.as_str()));
        return hit("jobs", title, "nav-jobs", "/jobs");
    }
    if let Some(import) = import_fetch(conn, tenant, key.into())? {
        return hit("upload", import.file_name, "imports-title", "/imports");
    }
    if put_back_fetch(conn, tenant, key.into())?.is_some() {
        return hit("undo", t.get("put-back-title"), "nav-log", "/put-backs");
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::routes;

    #[test]
    fn the_listed_pages_are_in_the_route_table_and_open_to_the_same_people() {
        for (href, _, key, access) in PAGES {
            let route = routes::all().find(|route| route.path == *href && route.method == "GET");
            let route = route.unwrap_or_else(|| panic!("{href} is no address"));
            assert!(
                route.access == *access || route.access == Access::Anonymous,
                "{href}"
            );
            assert!(Texts::default().has(key), "{key}");
        }
    }

    /// Pages of people that the search does not lead to, and why.
    const NOT_LISTED: &[(&str, &str)] = &[
        ("/login", "for those who are not signed in"),
        ("/login/code", "for those who are not signed in"),
        ("/admin", "leads to the page that is listed"),
        ("/preorders/export", "a file"),
        ("/imports/form", "a file"),
        ("/tariffs/changes.xlsx", "a file"),
        ("/tariffs/new", "begins with a kind, on the page of tariffs"),
        ("/stores/new/email", "begins with a choice, on the page before"),
        ("/stores/new/phone", "begins with a choice, on the page before"),
        ("/unsent", "there only while a form waits"),
    ];

    #[test]
    fn every_page_of_people_is_found_or_left_out_on_purpose() {
        let is_page = |route: &&Route| {
            // What belongs to one thing is found by the thing.
            route.method == "GET" && route.kind == Kind::Page && !route.path.contains('{')
        };
        let is_told_once = |path: &str| {
            PAGES.iter().any(|(href, ..)| *href == path) != NOT_LISTED.iter().any(|(other, _)| *other == path)
        };
        let others: Vec<&str> = routes::all()
            .filter(is_page)
            .map(|route| route.path)
            .filter(|path| !is_told_once(path))
            .collect();
        assert_eq!(others, [""; 0]);
        for (path, _) in NOT_LISTED {
            assert!(
                routes::all().any(|route| route.path == *path),
                "{path} is no address"
            );
        }
    }

    #[test]
    fn letters_that_look_alike_are_found() {
        assert_eq!(folded("Қоймадағы Отчёт"), "коймадагы отчет");
    }

    #[test]
    fn the_only_thing_of_a_name_is_found_in_the_first_kind_that_has_it() {
        let hit = |href: &str, exact| Hit {
            icon: "box",
            name: String::new(),
            about: String::new(),
            href: href.to_owned(),
            exact,
        };
        let group = |hits| Group::new(String::new(), hits, 5, None);
        let found = |groups| Found {
            query: String::new(),
            groups,
        };
        let one = found(vec![
            group(vec![hit("/a", false)]),
            group(vec![hit("/b", true), hit("/c", false)]),
            group(vec![hit("/d", true)]),
        ]);
        assert_eq!(one.only().unwrap().href, "/b");
        let two = found(vec![group(vec![hit("/a", true), hit("/b", true)])]);
        assert_eq!(two.only(), None);
    }
}
