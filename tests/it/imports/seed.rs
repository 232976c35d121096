//! A store with products, rules and a preorder, and files for it.

use diesel::prelude::*;
use kaspi_panel::{
    app::{
        imports::{ImportError, check_import},
        rules::{Attached, NewRule, RuleEdit, create_rule},
    },
    domain::{Actor, ActorKind, ImportId, JobRunId, ProductId, Role, RuleId, StoreId, UserId, pricing::Rule},
    schema::{imports, job_runs, preorders, products},
    store::imports::Import,
    worker::jobs::apply_import,
};
use serde_json::json;

use crate::support::{Client, NewProduct, TestApp, db_product, db_store, db_user, now};

/// A store of `aigul` with three products; the second is in the selection `Winter`.
pub struct Seed {
    pub app: TestApp,
    pub owner: UserId,
    pub store: StoreId,
    pub products: [ProductId; 3],
    pub rules: [RuleId; 2],
}

impl Seed {
    pub async fn new() -> Self {
        Self::on(TestApp::new()).await
    }

    /// As [`Seed::new`], in this application.
    pub async fn on(app: TestApp) -> Self {
        let mut conn = app.conn();
        let owner = db_user(&mut conn, "aigul", Role::Manager);
        let store = db_store(&mut conn, owner, "30000001");
        let product = |conn: &mut PgConnection, sku, floor, repricing| {
            db_product(
                conn,
                store,
                &NewProduct {
                    sku,
                    name: sku,
                    floor,
                    repricing,
                    ceiling: None,
                    ..NewProduct::default()
                },
            )
        };
        let products = [
            product(&mut conn, "A1", Some(5_000), true),
            product(&mut conn, "A2", Some(6_000), false),
            product(&mut conn, "A3", None, false),
        ];
        diesel::insert_into(preorders::table)
            .values((
                preorders::id.eq(uuid::Uuid::now_v7()),
                preorders::store_id.eq(store),
                preorders::product_id.eq(products[0]),
                preorders::name.eq("A1"),
                preorders::delivery_days.eq(7),
                preorders::created_at.eq(now()),
                preorders::updated_at.eq(now()),
            ))
            .execute(&mut conn)
            .unwrap();
        let mut seed = Self {
            app,
            owner,
            store,
            products,
            rules: [RuleId::new(), RuleId::new()],
        };
        seed.rules = [
            seed.selection("Winter", products[1]).await,
            seed.selection("Summer", products[2]).await,
        ];
        seed
    }

    async fn selection(&self, name: &str, product: ProductId) -> RuleId {
        let rule: Rule = serde_json::from_value(json!({"strategy": {"kind": "match_lowest"}})).unwrap();
        let new = NewRule {
            store_id: self.store,
            attached: Attached::Selection(vec![product]),
            edit: RuleEdit {
                name: name.into(),
                rule,
                enabled: true,
                products: None,
            },
        };
        create_rule(&self.app.services, &self.actor(), new).await.unwrap()
    }

    pub fn actor(&self) -> Actor {
        Actor {
            kind: ActorKind::Person,
            user_id: Some(self.owner),
            role: Role::Manager,
            name: "aigul".into(),
            request_id: None,
        }
    }

    pub async fn client(&mut self) -> Client {
        self.app.sign_in("aigul").await
    }

    pub async fn check(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Result<ImportId, ImportError> {
        check_import(&self.app.services, &self.actor(), self.store, name, bytes.into()).await
    }

    /// Adds so many products without automatic prices; gives a file that sets the floor of each.
    pub fn many(&self, count: usize) -> String {
        let mut conn = self.app.conn();
        let mut file = "sku;floor\n".to_owned();
        for number in 0..count {
            let sku = format!("B{number}");
            let new = NewProduct {
                sku: &sku,
                name: &sku,
                repricing: false,
                ..NewProduct::default()
            };
            db_product(&mut conn, self.store, &new);
            file.push_str(&format!("{sku};{}\n", 9_000 + number));
        }
        file
    }

    pub fn import(&self, id: ImportId) -> Import {
        imports::table
            .find(id)
            .select(Import::as_select())
            .first(&mut self.app.conn())
            .unwrap()
    }

    /// The run that waits or runs.
    pub fn open_run(&self) -> JobRunId {
        job_runs::table
            .filter(job_runs::kind.eq("apply_import"))
            .filter(job_runs::state.eq_any(["queued", "running"]))
            .select(job_runs::id)
            .first(&mut self.app.conn())
            .unwrap()
    }

    /// Does what a worker does with the open run.
    pub async fn work(&self) {
        let run = self.open_run();
        assert_eq!(apply_import::run(self.app.services.clone(), run).await, Ok(()));
    }

    /// Floor, ceiling, opt-in of a product.
    pub fn limits(&self, at: usize) -> (Option<i64>, Option<i64>, bool) {
        products::table
            .find(self.products[at])
            .select((
                products::floor_tenge,
                products::ceiling_tenge,
                products::repricing_enabled,
            ))
            .first(&mut self.app.conn())
            .unwrap()
    }
}
