//! Who may import whom. The table is the one of `ARCHITECTURE.md`; the crate's documentation tells what
//! each layer is for.

use super::{
    File, assert_none, files,
    source::{code_only, paths},
};

/// One layer: a module of the crate's root.
struct Layer {
    name: &'static str,
    /// Our modules that it may use besides itself; `store::page` allows that part of `store` alone.
    uses: &'static [&'static str],
    /// What must not stand in its code.
    lacks: &'static [&'static str],
}

const WEB_WORDS: &[&str] = &["actix_web", "actix_session", "askama"];

const LAYERS: &[Layer] = &[
    layer(
        "domain",
        &[],
        &[
            "actix_web",
            "askama",
            "diesel",
            "reqwest",
            "tokio",
            "tracing",
            "thirtyfour",
            "std::fs",
            "async fn",
            "Utc::now",
        ],
    ),
    layer("clock", &[], WEB_WORDS),
    layer("config", &["domain", "os", "secrets"], WEB_WORDS),
    layer("telemetry", &["config"], WEB_WORDS),
    layer("fail_points", &["config", "os"], WEB_WORDS),
    layer("secrets", &[], WEB_WORDS),
    layer(
        "metrics",
        &["BUILD_ID"],
        &["actix_web", "askama", "diesel", "reqwest", "tokio"],
    ),
    layer("os", &[], &["actix_web", "askama", "diesel", "reqwest"]),
    layer("schema", &[], &[]),
    layer(
        "store",
        &["domain", "schema", "secrets", "telemetry", "BUILD_ID"],
        &["actix_web", "askama", "reqwest", "thirtyfour", ".transaction("],
    ),
    layer(
        "last_gate",
        &["domain", "store"],
        &["actix_web", "askama", "reqwest"],
    ),
    layer(
        "kaspi",
        &[
            "last_gate",
            "domain",
            "config",
            "metrics",
            "secrets",
            "os",
            "telemetry",
        ],
        &["actix_web", "askama", "diesel"],
    ),
    layer(
        "notify",
        &["config", "domain", "kaspi::addresses", "secrets"],
        &["actix_web", "askama", "diesel"],
    ),
    layer(
        "sheets",
        &["domain"],
        &["actix_web", "askama", "diesel", "reqwest", "tokio", "std::fs"],
    ),
    layer(
        "queue",
        &["domain", "schema", "secrets", "store"],
        &["actix_web", "askama", "reqwest", "thirtyfour"],
    ),
    layer(
        "services",
        &["clock", "config", "kaspi", "secrets", "store"],
        WEB_WORDS,
    ),
    layer(
        "app",
        &[
            "last_gate",
            "clock",
            "config",
            "domain",
            "fail_points",
            "kaspi",
            "metrics",
            "notify",
            "os",
            "queue",
            "secrets",
            "services",
            "sheets",
            "store",
            "telemetry",
            "BUILD_ID",
        ],
        &["actix_web", "actix_session", "askama", "reqwest", "thirtyfour"],
    ),
    layer(
        "worker",
        &[
            "secrets",
            "app",
            "config",
            "domain",
            "kaspi",
            "queue",
            "services",
            "store",
            "telemetry",
            // The words of messages that are sent to people.
            "web::texts",
        ],
        &["actix_web", "askama", "diesel", "reqwest"],
    ),
    layer(
        "admin",
        &["app", "domain", "queue", "schema", "services", "store"],
        &["actix_web", "actix_session", "reqwest", "thirtyfour"],
    ),
    layer(
        "web",
        &[
            "admin",
            "app",
            "config",
            "domain",
            "metrics",
            "notify",
            "queue",
            "secrets",
            "services",
            "store",
            "telemetry",
            "BUILD_ID",
        ],
        &["diesel::", "reqwest", "thirtyfour"],
    ),
];

/// Wires everything together and may use everything.
const WIRING: &[&str] = &["cli", "lib", "main"];

/// The one file of `store` that starts transactions, for others.
const TRANSACTIONS: &str = "src/store/db.rs";

const fn layer(name: &'static str, uses: &'static [&'static str], lacks: &'static [&'static str]) -> Layer {
    Layer { name, uses, lacks }
}

fn complaints(file: &File) -> Vec<String> {
    let name = file
        .path
        .trim_start_matches("src/")
        .split(['/', '.'])
        .next()
        .unwrap();
    if WIRING.contains(&name) {
        return vec![];
    }
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
        return vec![format!("{}: `{name}` is in no layer", file.path)];
    };
    let code = code_only(&file.text);
    let mut found: Vec<String> = used_modules(&file.path, &code)
        .into_iter()
        .filter(|path| !may_use(layer, path))
        .map(|path| format!("{}: `{name}` must not use `{path}`", file.path))
        .collect();
    found.extend(
        layer
            .lacks
            .iter()
            .filter(|word| !(**word == ".transaction(" && file.path == TRANSACTIONS))
            .filter(|word| code.contains(*word))
            .map(|word| format!("{}: `{word}` has no place in `{name}`", file.path)),
    );
    found.sort();
    found.dedup();
    found
}

/// Our modules that a file names: by `crate::`, or by climbing up to the root with `super::`.
fn used_modules(path: &str, code: &str) -> Vec<String> {
    let mut used = paths(code, "crate::");
    let depth = path.trim_start_matches("src/").split('/').count();
    let climb = "super::".repeat(depth);
    // Inside `mod tests { … }` the same climb ends one module lower and names no layer.
    let climbed = paths(code, &climb).into_iter();
    used.extend(climbed.filter(|path| is_layer(path.split("::").next().unwrap())));
    used
}

fn is_layer(name: &str) -> bool {
    LAYERS.iter().any(|layer| layer.name == name)
}

fn may_use(layer: &Layer, path: &str) -> bool {
    let inside = |module: &str| {
        let rest = path.strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    inside(layer.name) || layer.uses.iter().any(|module| inside(module))
}

#[test]
fn layers_import_only_what_lies_below_them() {
    let found: Vec<String> = files(&["src"], &[".rs"]).iter().flat_map(complaints).collect();
    assert_none(&found);
}

#[test]
fn a_layer_that_reaches_up_is_found() {
    for (path, text) in [
        ("src/domain/price.rs", "use diesel::prelude::*;"),
        ("src/domain/price.rs", "use crate::store::Db;"),
        ("src/domain.rs", "use super::store::Db;"),
        (
            "src/domain/price/tests.rs",
            "use super::super::super::app::reprice;",
        ),
        (
            "src/store/stores.rs",
            "use crate::{domain::Tenge, kaspi::KaspiClient};",
        ),
        ("src/store/stores.rs", "conn.transaction(|conn| Ok(()))"),
        ("src/kaspi/http.rs", "fn f(db: crate::store::Db) {}"),
        ("src/app/reprice.rs", "use actix_web::HttpResponse;"),
        ("src/app/reprice.rs", "use crate::web::Shell;"),
        ("src/web/pages/stores.rs", "use diesel::prelude::*;"),
        ("src/worker/jobs.rs", "use crate::{app, web::Shell};"),
        ("src/admin/framework.rs", "use actix_web::web;"),
        ("src/billing.rs", "fn f() {}"),
    ] {
        assert_eq!(complaints(&File::sample(path, text)).len(), 1, "{path}: {text}");
    }
    for (path, text) in [
        (
            "src/domain/price.rs",
            "//! Nothing of diesel or crate::store.\nuse super::money::Tenge;",
        ),
        (
            "src/store/stores.rs",
            "use super::StoreError;\nuse crate::{domain::{StoreId, Tenge}, schema::stores};",
        ),
        ("src/store/db.rs", "conn.transaction(|conn| Ok(()))"),
        ("src/cli/serve.rs", "use crate::{web, worker};"),
    ] {
        assert_none(&complaints(&File::sample(path, text)));
    }
}
