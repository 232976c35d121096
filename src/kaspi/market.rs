//! Reading the public shop: who sells a card in a city, and for how much.

use super::{
    KaspiClient, KaspiError,
    http::{
        client::{address, question},
        convert, wire,
    },
};
use crate::domain::{
    city::ALMATY,
    offer::{Market, ReviewsSummary},
};

/// Largest page of the public offers: more is refused (contract, "Public offers").
const PAGE_SIZE: u32 = 64;
/// A card with more offers than this many pages is read as incomplete.
const PAGES_MAX: u32 = 8;

impl KaspiClient {
    /// The offers on a card in a city, all pages, cheapest first. No login is used.
    ///
    /// # Errors
    /// See [`KaspiError`]; a page that fails fails the reading.
    pub async fn market_offers(&self, card_id: &str, city_id: &str) -> Result<Market, KaspiError> {
        check_card(card_id)?;
        let mut offers = Vec::new();
        let mut rows_read = 0usize;
        let mut total = 0;
        for page in 0..PAGES_MAX {
            let (said, rows, found) = self.market_page(card_id, city_id, page).await?;
            // The list may grow or shrink while it is read: the largest count decides about completeness.
            total = said.max(total);
            rows_read += rows;
            offers.extend(found);
            if rows == 0 || u32::try_from(rows_read).is_ok_and(|read| read >= total) {
                break;
            }
        }
        Ok(Market {
            total,
            complete: u32::try_from(offers.len()).is_ok_and(|usable| usable >= total),
            offers,
        })
    }

    /// What buyers say about a card. No login is used.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn reviews_summary(&self, card_id: &str) -> Result<ReviewsSummary, KaspiError> {
        check_card(card_id)?;
        let body = self
            .read_public("reviews", |client, base| {
                let path = format!("yml/review-view/api/v1/reviews/product/{card_id}");
                let query = [
                    ("filter", "COMMENT"),
                    ("sort", "POPULARITY"),
                    ("limit", "1"),
                    ("page", "0"),
                    ("withAgg", "true"),
                ];
                client.get(question(base, &path, &query))
            })
            .await?;
        convert::reviews_summary(&body)
    }

    async fn market_page(
        &self,
        card_id: &str,
        city_id: &str,
        page: u32,
    ) -> Result<(u32, usize, Vec<crate::domain::offer::MarketOffer>), KaspiError> {
        let question = wire::MarketQuestion {
            city_id,
            id: card_id,
            merchant_uid: "",
            limit: PAGE_SIZE,
            page,
            sort_option: "PRICE",
            // The only zone whose name is known; elsewhere it is left out.
            zone_id: (city_id == ALMATY).then_some(["Magnum_ZONE1"]),
            installation_id: "-1",
        };
        let body = self
            .read_public("offers", |client, base| {
                client
                    .post(address(base, &format!("yml/offer-view/offers/{card_id}")))
                    .header("x-ks-city", city_id)
                    .json(&question)
            })
            .await?;
        convert::market_page(&body)
    }
}

/// A card's key becomes part of an address: digits and nothing else.
fn check_card(card_id: &str) -> Result<(), KaspiError> {
    if !card_id.is_empty() && card_id.chars().all(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    Err(KaspiError::Rejected {
        status: 0,
        message: "a card id is digits".into(),
    })
}
