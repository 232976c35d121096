//! Reading the seller's cabinet: merchants of a session, their card and points, their own offers.

use serde_json::json;

use super::{
    CabinetSession, KaspiClient, KaspiError,
    http::{
        client::{address, question},
        convert,
    },
};
use crate::domain::offer::{
    CabinetOffer, Merchant, MerchantCard, OfferCounts, OfferDetails, OffersPage, Point, UnreadableRow,
};

/// Largest page that the cabinet is known to answer (contract, "List").
pub const PAGE_SIZE: u32 = 100;
/// A search for one sku that fills more pages than this is not looked through further.
const SEARCH_PAGES_MAX: u32 = 5;

impl KaspiClient {
    /// The shops that the session may act for.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn merchants(&self, session: &CabinetSession) -> Result<Vec<Merchant>, KaspiError> {
        let body = self
            .read_cabinet(session, session.identity().key(), "merchants", |client, base| {
                client.get(address(base, "s/m"))
            })
            .await?;
        convert::merchants(&body)
    }

    /// Name, points of service and cities of a shop.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn merchant_card(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
    ) -> Result<MerchantCard, KaspiError> {
        let body = json!({
            "operationName": "getMerchant",
            "variables": {"id": merchant_id},
            "query": "query getMerchant($id: String!) { merchant(id: $id) { id name } }",
        });
        let body = self
            .read_cabinet(session, merchant_id, "merchant_card", |client, base| {
                client
                    .post(question(base, "mc/facade/graphql", &[("opName", "getMerchant")]))
                    .json(&body)
            })
            .await?;
        let name = convert::merchant_name(&body, merchant_id)?;
        let points = self.points(session, merchant_id).await?;
        let mut cities: Vec<(String, String)> = points
            .iter()
            .map(|point| (point.city_id.clone(), point.city_name.clone()))
            .collect();
        cities.sort();
        cities.dedup_by(|a, b| a.0 == b.0);
        Ok(MerchantCard {
            id: merchant_id.to_owned(),
            name,
            points,
            cities,
        })
    }

    /// Points of service of a shop, with their cities.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn points(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
    ) -> Result<Vec<Point>, KaspiError> {
        let body = self
            .read_cabinet(session, merchant_id, "points", |client, base| {
                client.get(question(
                    base,
                    "bff/offer-view/points",
                    &[("merchantUid", merchant_id)],
                ))
            })
            .await?;
        convert::points(&body)
    }

    /// Page `page` (from 0, of [`PAGE_SIZE`] rows) of the offers on sale, or of the withdrawn ones.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn offers_page(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
        on_sale: bool,
        page: u32,
    ) -> Result<OffersPage, KaspiError> {
        self.list(session, merchant_id, on_sale, page, None).await
    }

    /// The offer with exactly this sku, on sale or withdrawn; `None` when the cabinet has none.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn offer_by_sku(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
        sku: &str,
    ) -> Result<Option<CabinetOffer>, KaspiError> {
        for on_sale in [true, false] {
            for page in 0..SEARCH_PAGES_MAX {
                let found = self.list(session, merchant_id, on_sale, page, Some(sku)).await?;
                let more = !found.rows.is_empty() && (page + 1) * PAGE_SIZE < found.total;
                let unreadable = |row: &UnreadableRow| row.sku.as_deref().is_none_or(|it| it == sku);
                if found.unreadable.iter().any(unreadable) {
                    return Err(KaspiError::malformed("offers list: the offer cannot be read"));
                }
                if let Some(offer) = found.rows.into_iter().find(|offer| offer.sku == sku) {
                    return Ok(Some(offer));
                }
                if !more {
                    break;
                }
            }
        }
        Ok(None)
    }

    /// How many offers a shop has.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn offer_counts(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
    ) -> Result<OfferCounts, KaspiError> {
        let body = self
            .read_cabinet(session, merchant_id, "count", |client, base| {
                client.get(question(base, "offers/api/v1/offer/count", &[("m", merchant_id)]))
            })
            .await?;
        convert::offer_counts(&body)
    }

    /// An offer with its price in every city.
    ///
    /// # Errors
    /// See [`KaspiError`]; `Rejected` when the shop has no such offer.
    pub async fn offer_details(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
        sku: &str,
    ) -> Result<OfferDetails, KaspiError> {
        let body = self
            .read_cabinet(session, merchant_id, "details", |client, base| {
                client.get(question(
                    base,
                    "bff/offer-view/details",
                    &[("m", merchant_id), ("s", sku)],
                ))
            })
            .await?;
        convert::offer_details(&body, sku)
    }

    /// All cities of the marketplace: id and name.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn cities(&self, session: &CabinetSession) -> Result<Vec<(String, String)>, KaspiError> {
        let body = json!({ "operationName": "getCities", "variables": {}, "query": "query getCities { cities { id name } }" });
        let body = self
            .read_cabinet(session, session.identity().key(), "cities", |client, base| {
                client
                    .post(question(base, "mc/facade/graphql", &[("opName", "getCities")]))
                    .json(&body)
            })
            .await?;
        convert::cities(&body)
    }

    async fn list(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
        on_sale: bool,
        page: u32,
        search: Option<&str>,
    ) -> Result<OffersPage, KaspiError> {
        let (page, size) = (page.to_string(), PAGE_SIZE.to_string());
        let mut query = vec![
            ("m", merchant_id),
            ("p", &page),
            ("l", &size),
            ("a", if on_sale { "true" } else { "false" }),
        ];
        query.extend(search.map(|text| ("t", text)));
        self.list_turn(merchant_id).await;
        let body = self
            .read_cabinet(session, merchant_id, "list", |client, base| {
                client.get(question(base, "bff/offer-view/list", &query))
            })
            .await?;
        convert::offers_page(&body, on_sale, &self.hosts.cdn)
    }
}
