//! `demo`: everything on one machine with a simulated marketplace. Nothing but loopback is ever touched.

use std::{collections::HashMap, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use url::Url;

use super::{
    program::{Program, stop_signal, stopped},
    say, serve,
};
use crate::{
    app::{
        connect_store, product_edit::edit_product, store_edit::set_repricing_mode, sync_products,
        user_accounts,
    },
    config::Config,
    domain::{Actor, ActorKind, AttemptState, RepricingMode, Role, StoreId, Tenant, Tenge},
    os::{self, ChildProcess},
    secrets::Secret,
    services::Services,
    store::{
        connections::attempt_fetch,
        page::PageRequest,
        products::{ProductChange, ProductFilter, ProductOrder, ProductRow, product_list},
        stores::{Store, store_fetch_by_merchant, store_list},
        users::user_fetch_by_email,
    },
    web, worker,
};

/// `kaspi-panel demo`
#[derive(Debug, Args)]
#[command(after_help = "Example: kaspi-panel demo --port 8080")]
pub struct DemoArgs {
    /// Port of the panel on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Folder for the demo's database and key; by default `demo` in the program's data directory.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Seed of the simulated market.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const EMAIL: &str = "demo@example.kz";
const PASSWORD: &str = "demo-password-1";

/// Accounts of the demo market: merchant, e-mail, password. The third one's sessions end by themselves.
const STORES: [(&str, &str, &str); 3] = [
    ("30000001", "almaty@example.kz", "Almaty-Password-1"),
    ("30000003", "kuhnya@example.kz", "Kuhnya-Password-1"),
    ("30000004", "shymkent@example.kz", "Shymkent-Password-1"),
];

/// Runs the demo until it is told to stop.
pub async fn run(args: DemoArgs) -> Result<()> {
    let stop = stop_signal()?;
    let market = start_market(args.seed)?;
    let program = Program::with_config(settings(&args, &market.addresses)?).await?;
    serve::apply_migrations(&program).await?;
    let services = program.services().await?;
    let actor = demo_user(&services).await?;
    let metrics = serve::metrics(&services, &stop)?;
    let panel = web::server::run(services.clone(), 2, stopped(stop.clone()));
    let worker = worker::run(
        services.clone(),
        &program.database_url,
        os::host_name(),
        stop.clone(),
    );
    let seeding = async {
        welcome(&args);
        tokio::select! {
            result = furnish(&services, &actor) => if let Err(error) = result {
                tracing::error!(error = format!("{error:#}"), "the demo stores could not be prepared");
            },
            () = stopped(stop.clone()) => {}
        }
    };
    let (panel, worker, (), ()) = tokio::join!(panel, worker, seeding, metrics);
    drop(market);
    panel.with_context(|| {
        format!(
            "the panel cannot listen on port {}: choose another one with --port",
            args.port
        )
    })?;
    Ok(worker?)
}

struct Market {
    addresses: HashMap<String, String>,
    _process: ChildProcess,
}

/// The marketplace is a process of its own, as far away as the real one.
fn start_market(seed: u64) -> Result<Market> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["simulator", "--demo", "--seed", &seed.to_string()]);
    let (process, line) = ChildProcess::spawn_until_line(command, Duration::from_secs(20))?;
    let addresses =
        serde_json::from_str(&line).context("the simulated marketplace did not tell its addresses")?;
    Ok(Market {
        addresses,
        _process: process,
    })
}

/// The demo's own settings: of the environment only the programs' places, the log and the address of the metrics count.
fn settings(args: &DemoArgs, market: &HashMap<String, String>) -> Result<Config> {
    let mut config = Config::from_env()?;
    let address = |name: &str| -> Result<Url> {
        let text = market
            .get(name)
            .with_context(|| format!("the simulated marketplace has no {name} host"))?;
        Ok(Url::parse(text)?)
    };
    config.data_dir = args
        .data_dir
        .clone()
        .unwrap_or_else(|| config.data_dir.join("demo"));
    config.secret_key_file = config.data_dir.join("secret.key");
    config.database.url = None;
    config.database.pool_size = 20;
    config.http.bind = ([127, 0, 0, 1], args.port).into();
    config.http.public_url = Url::parse(&format!("http://127.0.0.1:{}", args.port))?;
    config.kaspi.login = address("login")?;
    config.kaspi.cabinet = address("cabinet")?;
    config.kaspi.public = address("public")?;
    config.kaspi.orders = address("orders")?;
    config.kaspi.cdn = address("cdn")?;
    config.kaspi.other_hosts = true;
    config.proxies.clear();
    config.worker.check_interval = Duration::from_secs(30);
    if config.log_filter == "info" {
        config.log_filter = "warn,kaspi_panel=info".into();
    }
    Ok(config)
}

fn welcome(args: &DemoArgs) {
    say(format!(
        "\nkaspi-panel demo: http://127.0.0.1:{}/\n  sign in:  {EMAIL}\n  password: {PASSWORD}\n\n\
         What to try: two stores log in by a real browser and sync within a minute; rivals move all the time.\n\
         Open Товары, choose a product and read why its price is what it is; set a floor; press Стоп.\n\
         Ctrl-C stops everything.\n",
        args.port
    ));
}

async fn demo_user(services: &Services) -> Result<Actor> {
    let existing = services.db.read(|conn| user_fetch_by_email(conn, EMAIL)).await?;
    let user = match existing {
        Some(user) => user,
        None => {
            let password = Secret::from(PASSWORD);
            let new = user_accounts::NewUser {
                email: EMAIL.into(),
                name: "Айгуль".into(),
                role: Role::Admin,
                password,
            };
            user_accounts::create_user(services, &Actor::system(), new).await?
        }
    };
    Ok(user.actor(ActorKind::System, None))
}

/// Connects the stores as a person would, sets limits and switches automatic prices on. The simulated
/// market begins anew with each start, so every store logs in again.
async fn furnish(services: &Services, actor: &Actor) -> Result<()> {
    for (merchant, email, password) in STORES {
        let (Some(owner), tenant) = (actor.user_id, Tenant::All) else {
            bail!("the demo user is missing")
        };
        let known = services
            .db
            .read(move |conn| store_fetch_by_merchant(conn, owner, merchant))
            .await?;
        let store_id = known.map(|store| store.id);
        let attempt =
            connect_store::start_connection(services, actor, email, Secret::from(password), store_id).await?;
        wait_for(Duration::from_secs(120), async || {
            let state = services
                .db
                .read(move |conn| attempt_fetch(conn, tenant, attempt))
                .await?
                .map(|a| a.state);
            if state.is_some_and(|s| s.is_final() && s != AttemptState::Done) {
                tracing::warn!(email, state = ?state, "a demo store did not log in");
            }
            Ok(state.is_none_or(|s| s.is_final()))
        })
        .await?;
    }
    for store in services.db.read(|conn| store_list(conn, Tenant::All)).await? {
        let id = store.id;
        wait_for(Duration::from_secs(120), async || {
            let store = services
                .db
                .read(move |conn| crate::store::stores::store_fetch(conn, Tenant::All, id))
                .await?;
            Ok(store.is_none_or(|store| store.last_sync_at.is_some()))
        })
        .await?;
        set_limits(services, actor, &store).await?;
    }
    tracing::info!("the demo stores are live");
    // The third store's session has ended by now: a sync notices, and the panel shows what to do.
    tokio::time::sleep(Duration::from_secs(25)).await;
    let stores = services.db.read(|conn| store_list(conn, Tenant::All)).await?;
    if let Some(store) = stores
        .iter()
        .find(|store| Some(store.merchant_id.as_str()) == STORES.last().map(|s| s.0))
    {
        let asked = sync_products::request_sync(services, actor, store.id).await;
        tracing::debug!(?asked, "the third store is synced again");
    }
    Ok(())
}

/// Limits that show every state: some products at their floor, some without one, some switched off.
async fn set_limits(services: &Services, actor: &Actor, store: &Store) -> Result<()> {
    let filter = ProductFilter {
        store_id: Some(store.id),
        ..ProductFilter::default()
    };
    for page in 1..=3 {
        let filter = filter.clone();
        let products = services
            .db
            .read(move |conn| {
                product_list(
                    conn,
                    Tenant::All,
                    &filter,
                    ProductOrder::Name,
                    PageRequest::new(page, 200),
                )
            })
            .await?;
        for (number, row) in products.rows.iter().enumerate() {
            if let Some(change) = limits_of(number, row) {
                let product = &row.product;
                if let Err(error) = edit_product(services, actor, product.id, product.version, change).await {
                    tracing::warn!(product = product.name, %error, "no limits for a demo product");
                }
            }
        }
    }
    live(services, actor, store.id).await
}

async fn live(services: &Services, actor: &Actor, store_id: StoreId) -> Result<()> {
    set_repricing_mode(services, actor, store_id, RepricingMode::Live).await?;
    Ok(())
}

fn limits_of(number: usize, row: &ProductRow) -> Option<ProductChange> {
    let price = row.price.as_ref()?.price_tenge.0;
    if !row.product.on_sale || row.product.floor_tenge.is_some() || number % 11 == 10 {
        return None;
    }
    let floor_percent = if number % 7 == 3 { 99 } else { 82 };
    Some(ProductChange {
        repricing_enabled: number % 13 != 12,
        floor_tenge: Some(Tenge((price * floor_percent / 100).max(10))),
        ceiling_tenge: Some(Tenge(price * 125 / 100)),
        strategy: None,
        locked_until: None,
    })
}

/// Asks every half second until the answer is yes.
async fn wait_for(bound: Duration, mut done: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let started = tokio::time::Instant::now();
    while !done().await? {
        if started.elapsed() > bound {
            bail!("not done within {} s", bound.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}
