//! Preorders as the marketplace gets them: files that are uploaded, and what became of them.

mod killed;
mod orders;
mod pages;
mod uploads;

use diesel::prelude::*;
use kaspi_panel::{
    app::{
        preorder_edit::{NewPreorder, create_preorder},
        preorder_upload::{UploadGoesOn, continue_upload, look_for_preorders, request_upload},
    },
    domain::{
        Actor, JobRunId, ListFormat, PreorderId, PreorderStatus, PreorderUploadId, ProductId, StoreId,
        Tenant, UploadState,
        preorder::{PointStock, warehouses_value},
    },
    schema::preorder_uploads,
    store::preorder_uploads::{PreorderUpload, preorder_upload_fetch, preorder_upload_lines_list},
};
use serde_json::{Value, json};

use crate::support::{Cabinet, NewProduct, TestApp, db_connected_store, db_product, now};

const SKU: &str = "100000001_200000002";

/// A connected store whose first product has a preorder of 14 days, and a second one of 7.
struct Shop {
    app: TestApp,
    store: StoreId,
    product: ProductId,
}

impl Shop {
    async fn open() -> Self {
        Self::on(TestApp::new()).await
    }

    async fn on(app: TestApp) -> Self {
        let store = db_connected_store(&app, Cabinet::DEMO).await;
        let mut products = Vec::new();
        for (sku, card) in [(SKU, "100000001"), ("100000002_200000003", "100000002")] {
            let new = NewProduct {
                sku,
                card_id: Some(card),
                price: 15_990,
                ..NewProduct::default()
            };
            products.push(db_product(&mut app.conn(), store, &new));
        }
        let shop = Self {
            app,
            store,
            product: products[0],
        };
        for (product, days) in products.into_iter().zip([14, 7]) {
            shop.promise(product, days).await;
        }
        shop
    }

    async fn promise(&self, product: ProductId, days: i32) -> PreorderId {
        let new = NewPreorder {
            product_id: product,
            store_id: None,
            article: None,
            name: None,
            brand: None,
            status: PreorderStatus::Processing,
            price_tenge: None,
            warehouses: warehouses_value(&[PointStock {
                number: 1,
                quantity: Some(3),
            }]),
            delivery_days: days,
        };
        create_preorder(&self.app.services, &Actor::system(), new)
            .await
            .unwrap()
    }

    async fn ask(&self) -> PreorderUploadId {
        request_upload(&self.app.services, &Actor::system(), self.store)
            .await
            .unwrap()
    }

    fn sql(&self, statement: &str) {
        diesel::sql_query(statement)
            .execute(&mut self.app.conn())
            .unwrap();
    }

    fn upload(&self, id: PreorderUploadId) -> PreorderUpload {
        preorder_upload_fetch(&mut self.app.conn(), Tenant::All, id)
            .unwrap()
            .unwrap()
            .0
    }

    /// State and cause of an upload.
    fn state(&self, id: PreorderUploadId) -> (UploadState, Option<String>) {
        let upload = self.upload(id);
        (upload.state, upload.failure)
    }

    async fn go_on(&self, id: PreorderUploadId) -> UploadGoesOn {
        let run: JobRunId = self.upload(id).run_id;
        continue_upload(&self.app.services, &Actor::system(), run)
            .await
            .unwrap()
    }

    /// Goes on, with time passing in between, until the run is over; at most for an hour and a half.
    async fn to_its_end(&self, id: PreorderUploadId) -> UploadState {
        for _ in 0..400 {
            match self.go_on(id).await {
                UploadGoesOn::Over => return self.upload(id).state,
                UploadGoesOn::Later(..) => self.app.advance(15).await,
            }
        }
        panic!("an upload without end: {:?}", self.upload(id));
    }

    /// Problem and "seen" of each line, in the order of the file.
    fn lines(&self, id: PreorderUploadId) -> Vec<(Option<String>, bool)> {
        let mut lines = preorder_upload_lines_list(&mut self.app.conn(), id, 100).unwrap();
        lines.sort_by_key(|line| line.line);
        lines
            .into_iter()
            .map(|line| (line.problem, line.seen_at.is_some()))
            .collect()
    }
}
