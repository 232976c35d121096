//! The official orders API (version 2): orders by state and time window, their lines, changes of status. It
//! wants a merchant's own token and knows nothing of cabinet sessions.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    KaspiClient, KaspiError,
    http::{
        client::{ORDERS_JSON, address, question},
        convert, wire,
    },
};
use crate::{
    domain::{
        Tenge,
        order::{Order, OrderChange, OrderEntry, OrderQuery, OrderState, OrdersPage},
    },
    secrets::Secret,
};

/// Largest page that the API answers.
pub const ORDERS_PAGE_SIZE: u32 = 100;
/// Longest time window that it answers: 14 days, and a day less to be safe with clocks.
pub const ORDERS_WINDOW_MAX: TimeDelta = TimeDelta::days(13);

/// More pages of one window than this are not read: it is a hundred times what a busy shop sells in 13 days.
const ORDERS_PAGES_MAX: u32 = 500;

/// What was read of a span of time.
#[derive(Debug, Default)]
pub struct OrdersRead {
    /// Every order once.
    pub orders: Vec<Order>,
    /// Rows that could not be understood.
    pub unreadable: usize,
    /// States of which something is missing, and why.
    pub failed: Vec<(OrderState, KaspiError)>,
}

/// Whose orders: the merchant's id and the token of the official API.
#[derive(Debug, Clone, Copy)]
pub struct OrdersAccess<'a> {
    /// The shop.
    pub merchant_id: &'a str,
    /// Its token.
    pub token: &'a Secret,
}

impl KaspiClient {
    /// One page of a shop's orders.
    ///
    /// # Errors
    /// See [`KaspiError`]; `TokenRefused`: a person must give another token. `Rejected` also for a window longer
    /// than [`ORDERS_WINDOW_MAX`], which is not even asked for.
    pub async fn orders_page(
        &self,
        access: OrdersAccess<'_>,
        query: &OrderQuery,
    ) -> Result<OrdersPage, KaspiError> {
        let window = query.created_to - query.created_from;
        if window < TimeDelta::zero() || window > ORDERS_WINDOW_MAX {
            return Err(KaspiError::Rejected {
                status: 0,
                message: "orders are asked for by windows of at most 13 days".into(),
            });
        }
        let millis = |time: DateTime<Utc>| time.timestamp_millis().to_string();
        let (page, size) = (query.page.to_string(), ORDERS_PAGE_SIZE.to_string());
        let (from, to) = (millis(query.created_from), millis(query.created_to));
        let mut parameters = vec![
            ("page[number]", page.as_str()),
            ("page[size]", &size),
            ("filter[orders][state]", query.state.as_str()),
            ("filter[orders][creationDate][$ge]", &from),
            ("filter[orders][creationDate][$le]", &to),
        ];
        parameters.extend(
            query
                .status
                .map(|status| ("filter[orders][status]", status.as_str())),
        );
        let body = self
            .ask_orders(
                access.token,
                access.merchant_id,
                "orders",
                true,
                |client, base| client.get(question(base, "v2/orders", &parameters)),
            )
            .await?;
        page_of(&body, query)
    }

    /// All orders of a shop that were placed in a span of time: state by state, in windows and pages as the API
    /// wants them. An order that moves on meanwhile is told once, as it was seen last. A state that fails does not
    /// hide the others.
    pub async fn orders_between(
        &self,
        access: OrdersAccess<'_>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> OrdersRead {
        let mut read = OrdersRead::default();
        let mut orders = BTreeMap::new();
        for state in OrderState::ALL {
            if let Err(error) = self
                .orders_in(access, *state, (from, to), &mut orders, &mut read.unreadable)
                .await
            {
                read.failed.push((*state, error));
            }
        }
        read.orders = orders.into_values().collect();
        read
    }

    async fn orders_in(
        &self,
        access: OrdersAccess<'_>,
        state: OrderState,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        orders: &mut BTreeMap<String, Order>,
        unreadable: &mut usize,
    ) -> Result<(), KaspiError> {
        let mut start = from;
        while start <= to {
            let end = (start + ORDERS_WINDOW_MAX).min(to);
            for number in 0..ORDERS_PAGES_MAX {
                let query = OrderQuery {
                    state,
                    status: None,
                    created_from: start,
                    created_to: end,
                    page: number,
                };
                let page = self.orders_page(access, &query).await?;
                *unreadable += page.unreadable;
                orders.extend(page.orders.into_iter().map(|order| (order.id.clone(), order)));
                if number + 1 >= page.pages {
                    break;
                }
            }
            start = end + TimeDelta::milliseconds(1);
        }
        Ok(())
    }

    /// The lines of an order.
    ///
    /// # Errors
    /// See [`KaspiError`]; a line that cannot be understood fails the reading.
    pub async fn order_entries(
        &self,
        access: OrdersAccess<'_>,
        order_id: &str,
    ) -> Result<Vec<OrderEntry>, KaspiError> {
        let path = format!("v2/orders/{order_id}/entries");
        let body = self
            .ask_orders(
                access.token,
                access.merchant_id,
                "order_entries",
                true,
                |client, base| client.get(address(base, &path)),
            )
            .await?;
        let document: wire::Document<wire::EntryRow> = convert::parsed(&body, "lines of an order")?;
        document
            .data
            .into_iter()
            .map(|row| entry(row.attributes))
            .collect()
    }

    /// Changes an order. Sent once; without a clear answer read the order again.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn change_order(
        &self,
        access: OrdersAccess<'_>,
        order: &Order,
        change: &OrderChange,
    ) -> Result<(), KaspiError> {
        let mut attributes = match change {
            OrderChange::Accept => json!({ "status": "ACCEPTED_BY_MERCHANT" }),
            OrderChange::Assemble { parcels } => {
                json!({ "status": "ASSEMBLE", "numberOfSpace": parcels.to_string() })
            }
            OrderChange::Arrived => json!({ "status": "ARRIVED" }),
            OrderChange::Cancel { reason, comment } => json!({
                "status": "CANCELLED", "cancellationReason": reason, "cancellationComment": comment,
            }),
        };
        if let Some(attributes) = attributes.as_object_mut() {
            attributes.insert("code".to_owned(), json!(order.code));
        }
        let body =
            json!({ "data": { "type": "orders", "id": order.id, "attributes": attributes } }).to_string();
        self.ask_orders(
            access.token,
            access.merchant_id,
            "order_change",
            false,
            |client, base| {
                client
                    .post(address(base, "v2/orders"))
                    .header(reqwest::header::CONTENT_TYPE, ORDERS_JSON)
                    .body(body.clone())
            },
        )
        .await
        .map(drop)
    }
}

fn page_of(body: &[u8], query: &OrderQuery) -> Result<OrdersPage, KaspiError> {
    let document: wire::Document<serde_json::Value> = convert::parsed(body, "orders")?;
    let meta = document
        .meta
        .ok_or_else(|| KaspiError::malformed("orders: no count"))?;
    let count =
        |whole: wire::Whole| u32::try_from(whole.0).map_err(|_| KaspiError::malformed("orders: count"));
    let rows = document.data.len();
    let orders: Vec<Order> = document
        .data
        .into_iter()
        .filter_map(|row| order(row.id.0, serde_json::from_value(row.attributes).ok()?))
        // A time outside of what was asked for is no time: seconds in place of milliseconds, or nonsense.
        .filter(|order| {
            let slack = TimeDelta::days(1);
            (query.created_from - slack..=query.created_to + slack).contains(&order.created_at)
        })
        .collect();
    let unreadable = rows - orders.len();
    if unreadable > 0 {
        tracing::warn!(rows, unreadable, "some orders cannot be understood");
    }
    Ok(OrdersPage {
        orders,
        unreadable,
        pages: count(meta.page_count)?,
        total: count(meta.total_count)?,
    })
}

fn order(id: String, row: wire::OrderRow) -> Option<Order> {
    let cost = row
        .delivery_cost_for_seller
        .map(serde_json::from_value::<wire::Whole>);
    Some(Order {
        id,
        code: row.code.0,
        state: row.state,
        status: row.status.parse().ok(),
        status_word: row.status,
        preorder: row.pre_order,
        total: Tenge(row.total_price.0),
        // With fractions of a tenge in it: known to exist, not to be rounded by us.
        delivery_cost_for_seller: cost.and_then(Result::ok).map(|cost| Tenge(cost.0)),
        created_at: DateTime::from_timestamp_millis(row.creation_date)?,
        planned_delivery_at: row
            .planned_delivery_date
            .and_then(DateTime::from_timestamp_millis),
        point_id: row.pickup_point_id.filter(|point| !point.is_empty()),
        assembled: row.assembled,
    })
}

fn entry(row: wire::EntryRow) -> Result<OrderEntry, KaspiError> {
    let quantity =
        u32::try_from(row.quantity.0).map_err(|_| KaspiError::malformed("a line of an order: quantity"))?;
    Ok(OrderEntry {
        name: row.offer.name.unwrap_or_else(|| row.offer.code.0.clone()),
        sku: row.offer.code.0,
        quantity,
        total: Tenge(row.total_price.0),
    })
}
