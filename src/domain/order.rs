//! Orders of buyers, as far as the product looks at them. Contact data of buyers is never taken.

use chrono::{DateTime, Utc};

use super::{Tenge, text_enum::text_enum};

text_enum! {
    /// Where an order is, in the marketplace's words.
    OrderState {
        /// Just placed.
        New = "NEW",
        /// The buyer must sign a credit.
        SignRequired = "SIGN_REQUIRED",
        /// To be picked up by the buyer.
        Pickup = "PICKUP",
        /// The seller delivers.
        Delivery = "DELIVERY",
        /// The marketplace delivers.
        KaspiDelivery = "KASPI_DELIVERY",
        /// Over.
        Archive = "ARCHIVE",
    }
}

text_enum! {
    /// How far an order is, in the marketplace's words.
    OrderStatus {
        /// Paid or credited.
        ApprovedByBank = "APPROVED_BY_BANK",
        /// The seller took it on.
        AcceptedByMerchant = "ACCEPTED_BY_MERCHANT",
        /// The goods of a preorder are there.
        Arrived = "ARRIVED",
        /// Handed over.
        Completed = "COMPLETED",
        /// Called off.
        Cancelled = "CANCELLED",
        /// Being called off.
        Cancelling = "CANCELLING",
        /// The buyer wants to give it back.
        ReturnRequested = "KASPI_DELIVERY_RETURN_REQUESTED",
        /// The seller took it back.
        ReturnAccepted = "RETURN_ACCEPTED_BY_MERCHANT",
        /// Given back.
        Returned = "RETURNED",
    }
}

/// An order of a buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The marketplace's key.
    pub id: String,
    /// Number for people.
    pub code: String,
    /// Where it is.
    pub state: OrderState,
    /// How far it is; `None`: a word that is new to us, see `status_word`.
    pub status: Option<OrderStatus>,
    /// How far it is, as the marketplace says it.
    pub status_word: String,
    /// Made to order: the goods are not there yet.
    pub preorder: bool,
    /// What the buyer pays for the goods.
    pub total: Tenge,
    /// What the seller pays for the delivery, once known.
    pub delivery_cost_for_seller: Option<Tenge>,
    /// Placed at.
    pub created_at: DateTime<Utc>,
    /// Promised for, where it was.
    pub planned_delivery_at: Option<DateTime<Utc>>,
    /// The point it is handed out at, as `30000001_PP1`.
    pub point_id: Option<String>,
    /// Packed.
    pub assembled: bool,
}

/// One page of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrdersPage {
    /// The orders of the page that are understood.
    pub orders: Vec<Order>,
    /// Rows that are not.
    pub unreadable: usize,
    /// Pages in all.
    pub pages: u32,
    /// Orders in all.
    pub total: u32,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEntry {
    /// The seller's article.
    pub sku: String,
    /// Name.
    pub name: String,
    /// Pieces.
    pub quantity: u32,
    /// For all pieces.
    pub total: Tenge,
}

/// Which orders are asked for. The marketplace wants a time window of at most 14 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderQuery {
    /// Where they are.
    pub state: OrderState,
    /// How far they are; `None`: any.
    pub status: Option<OrderStatus>,
    /// Placed at or after.
    pub created_from: DateTime<Utc>,
    /// Placed at or before.
    pub created_to: DateTime<Utc>,
    /// Page, from 0.
    pub page: u32,
}

/// A change that a seller makes to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderChange {
    /// Takes it on.
    Accept,
    /// Packed into so many parcels; the marketplace makes the waybill.
    Assemble {
        /// Parcels, at least one.
        parcels: u32,
    },
    /// The goods of a preorder reached the warehouse.
    Arrived,
    /// Calls it off.
    Cancel {
        /// Why.
        reason: CancelReason,
        /// In the seller's words.
        comment: String,
    },
}

text_enum! {
    /// Why a seller calls an order off, in the marketplace's words.
    CancelReason {
        /// The buyer asked for it.
        BuyerCancelled = "BUYER_CANCELLATION_BY_MERCHANT",
        /// The buyer does not answer.
        BuyerNotReachable = "BUYER_NOT_REACHABLE",
        /// There is none left.
        OutOfStock = "MERCHANT_OUT_OF_STOCK",
    }
}
