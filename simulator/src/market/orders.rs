//! Orders of buyers and how the seller's changes move them. The official interface shows them; see `orders`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Event, Market};

/// A waybill's number is this and the order's code.
const WAYBILL_PREFIX: &str = "WB-";

/// One position of an order. Money is whole tenge.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub sku: String,
    pub card: String,
    pub name: String,
    pub category: String,
    pub quantity: u32,
    pub base_price: i64,
    pub delivery_cost: i64,
}

/// An order. Times are milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    pub number: u64,
    pub merchant: String,
    pub state: String,
    pub status: String,
    pub pre_order: bool,
    pub created_ms: i64,
    pub planned_delivery_ms: Option<i64>,
    pub delivery_mode: String,
    pub kaspi_delivery: bool,
    pub pickup_point: Option<String>,
    pub assembled: bool,
    pub waybill: Option<String>,
    pub cancellation_reason: Option<String>,
    pub delivery_cost: i64,
    pub delivery_cost_for_seller: i64,
    pub entries: Vec<Entry>,
    /// The code the buyer tells when the order is handed over.
    pub buyer_code: String,
    /// The code was sent to the buyer.
    pub code_sent: bool,
}

/// How the control interface and the seeds describe an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSpec {
    /// Digits.
    pub code: String,
    pub merchant: String,
    /// An offer of the merchant.
    pub sku: String,
    #[serde(default = "one")]
    pub quantity: u32,
    #[serde(default = "new_state")]
    pub state: String,
    #[serde(default = "new_status")]
    pub status: String,
    #[serde(default)]
    pub pre_order: bool,
    #[serde(default)]
    pub created_seconds_ago: i64,
    /// From now; negative when it is overdue.
    #[serde(default)]
    pub planned_in_seconds: Option<i64>,
    #[serde(default = "usual_mode")]
    pub delivery_mode: String,
    #[serde(default = "yes")]
    pub kaspi_delivery: bool,
    #[serde(default)]
    pub assembled: bool,
    #[serde(default)]
    pub cancellation_reason: Option<String>,
    #[serde(default = "usual_code")]
    pub buyer_code: String,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

fn new_state() -> String {
    "NEW".to_owned()
}

fn new_status() -> String {
    "APPROVED_BY_BANK".to_owned()
}

fn usual_mode() -> String {
    "DELIVERY_LOCAL".to_owned()
}

fn usual_code() -> String {
    "1234".to_owned()
}

/// A change of status that the seller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderChange {
    Accept,
    Assemble,
    Arrive,
    Cancel { reason: String },
    SendCode,
    Complete { code: String },
}

impl Order {
    pub fn code(&self) -> String {
        self.number.to_string()
    }

    pub fn total_price(&self) -> i64 {
        let price = |entry: &Entry| entry.base_price.saturating_mul(i64::from(entry.quantity));
        self.entries.iter().map(price).sum()
    }

    pub fn is_pickup(&self) -> bool {
        self.delivery_mode.contains("PICKUP")
    }

    /// Why a change is not possible now.
    fn objection(&self, change: &OrderChange) -> Option<&'static str> {
        let accepted = matches!(self.status.as_str(), "ACCEPTED_BY_MERCHANT" | "ARRIVED");
        let fine = match change {
            OrderChange::Accept => self.state == "NEW" && self.status == "APPROVED_BY_BANK",
            OrderChange::Arrive => self.pre_order && self.status == "ACCEPTED_BY_MERCHANT",
            OrderChange::Assemble => {
                self.kaspi_delivery
                    && accepted
                    && !self.assembled
                    && (!self.pre_order || self.status == "ARRIVED")
            }
            OrderChange::Cancel { .. } => self.state == "NEW" || (accepted && !self.assembled),
            OrderChange::SendCode => accepted && !self.kaspi_delivery,
            OrderChange::Complete { code } => {
                if accepted && !self.kaspi_delivery && self.code_sent && *code != self.buyer_code {
                    return Some("wrong security code");
                }
                accepted && !self.kaspi_delivery && self.code_sent
            }
        };
        (!fine).then_some("the order cannot be changed so in its state")
    }

    fn apply(&mut self, change: &OrderChange) {
        let to = |order: &mut Self, state: &str, status: &str| {
            state.clone_into(&mut order.state);
            status.clone_into(&mut order.status);
        };
        match change {
            OrderChange::Accept if self.kaspi_delivery => to(self, "KASPI_DELIVERY", "ACCEPTED_BY_MERCHANT"),
            OrderChange::Accept if self.is_pickup() => to(self, "PICKUP", "ACCEPTED_BY_MERCHANT"),
            OrderChange::Accept => to(self, "DELIVERY", "ACCEPTED_BY_MERCHANT"),
            OrderChange::Assemble => {
                self.assembled = true;
                self.waybill = Some(format!("{WAYBILL_PREFIX}{}", self.number));
            }
            OrderChange::Arrive => "ARRIVED".clone_into(&mut self.status),
            OrderChange::Cancel { reason } => {
                to(self, "ARCHIVE", "CANCELLED");
                self.cancellation_reason = Some(reason.clone());
            }
            OrderChange::SendCode => self.code_sent = true,
            OrderChange::Complete { .. } => to(self, "ARCHIVE", "COMPLETED"),
        }
    }

    /// Moves on as it would by itself: a new order is accepted, an accepted one is completed.
    pub fn move_on(&mut self) {
        if self.state == "NEW" {
            self.apply(&OrderChange::Accept);
        } else if self.state != "ARCHIVE" {
            self.apply(&OrderChange::Complete { code: String::new() });
        }
    }
}

/// The orders of all merchants, by number, and changes that wait.
#[derive(Debug, Default)]
pub struct Orders {
    all: BTreeMap<u64, Order>,
    waiting: BTreeMap<u64, (u64, OrderChange)>,
}

impl Orders {
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.all.values()
    }

    pub fn get(&self, number: u64) -> Option<&Order> {
        self.all.get(&number)
    }

    pub fn get_mut(&mut self, number: u64) -> Option<&mut Order> {
        self.all.get_mut(&number)
    }
}

impl Market {
    /// Creates or replaces an order.
    pub fn put_order(&mut self, spec: OrderSpec) -> Result<(), String> {
        let number: u64 = spec.code.parse().map_err(|_| "code must be digits".to_owned())?;
        let offer = self
            .offer(&spec.merchant, &spec.sku)
            .ok_or_else(|| format!("no offer {} of {}", spec.sku, spec.merchant))?;
        let point = offer.listed.availabilities.first();
        let from_now = |seconds: i64| self.at_ms.saturating_add(seconds.saturating_mul(1000));
        let order = Order {
            number,
            merchant: spec.merchant.clone(),
            state: spec.state,
            status: spec.status,
            pre_order: spec.pre_order,
            created_ms: from_now(spec.created_seconds_ago.saturating_neg()),
            planned_delivery_ms: spec.planned_in_seconds.map(from_now),
            delivery_mode: spec.delivery_mode,
            kaspi_delivery: spec.kaspi_delivery,
            pickup_point: point.map(|point| point.store_id.clone()),
            assembled: spec.assembled,
            waybill: spec.assembled.then(|| format!("{WAYBILL_PREFIX}{number}")),
            cancellation_reason: spec.cancellation_reason,
            delivery_cost: 0,
            delivery_cost_for_seller: if spec.kaspi_delivery { 699 } else { 0 },
            entries: vec![Entry {
                sku: offer.sku.clone(),
                card: offer.card.clone(),
                name: offer.title.clone(),
                category: offer.category.clone(),
                quantity: spec.quantity,
                base_price: offer.listed.lowest().unwrap_or(offer.listed.price),
                delivery_cost: 0,
            }],
            buyer_code: spec.buyer_code,
            code_sent: false,
        };
        self.orders.all.insert(number, order);
        Ok(())
    }

    /// Takes a change of an order on, to be shown after the usual delay and `late_seconds` more; with `never` it
    /// stays without effect. The error is for people.
    pub fn change_order(
        &mut self,
        number: u64,
        change: OrderChange,
        late_seconds: u32,
        never: bool,
    ) -> Result<(), &'static str> {
        let delay = self.limits.order_apply_seconds.saturating_add(late_seconds);
        let due = self.due(delay);
        let order = self.orders.get_mut(number).ok_or("no such order")?;
        if let Some(objection) = order.objection(&change) {
            return Err(objection);
        }
        if change == OrderChange::SendCode {
            let (to, code) = (format!("buyer of {number}"), order.buyer_code.clone());
            order.apply(&change);
            self.send_message("sms_to_buyer", to, code);
        } else if never {
            // Accepted, and nothing comes of it.
        } else if delay == 0 {
            order.apply(&change);
        } else {
            let ticket = self
                .orders
                .waiting
                .last_key_value()
                .map_or(1, |(last, _)| last.saturating_add(1));
            self.orders.waiting.insert(ticket, (number, change));
            self.events.insert((due, Event::OrderChanged(ticket)));
        }
        Ok(())
    }

    pub(super) fn apply_order_change(&mut self, ticket: u64) {
        if let Some((number, change)) = self.orders.waiting.remove(&ticket)
            && let Some(order) = self.orders.get_mut(number)
            && order.objection(&change).is_none()
        {
            order.apply(&change);
        }
    }

    /// The buyer cancels an order.
    pub fn cancel_by_buyer(&mut self, number: u64) {
        if let Some(order) = self.orders.get_mut(number) {
            order.apply(&OrderChange::Cancel {
                reason: "BUYER_CANCELLATION".to_owned(),
            });
        }
    }
}
