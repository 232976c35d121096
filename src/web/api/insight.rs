//! What is known about a product: why it has its price, who else sells its card, how its price moved. Prices are in
//! whole tenge.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    envelope::{ok, time},
    query, shapes,
};
use crate::{
    domain::{DecisionId, ProductId},
    services::Services,
    store::{
        decisions::{StoredDecision, decision_list},
        market::{SeenOffer, market_offers_current, market_snapshot_fetch},
        price_history::{PastChange, price_changes_of},
        products::product_fetch,
        stores::store_fetch,
    },
    web::{WebError, auth::CurrentUser, pages::product::why, texts::Texts},
};

/// One answer of the robot about a product.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DecisionJson {
    #[schema(value_type = uuid::Uuid)]
    id: DecisionId,
    city: String,
    decided_at: String,
    /// change, keep, hold, refuse.
    outcome: &'static str,
    /// Price at that time, tenge.
    current: i64,
    /// The new price of a change, tenge.
    price: Option<i64>,
    /// What the strategy wanted, tenge.
    target: Option<i64>,
    place: Option<i32>,
    competitors: Option<i32>,
    /// Price of the cheapest competitor, tenge.
    best_rival: Option<i64>,
    /// Only explained, not sent.
    shadow: bool,
    /// List of codes with their parameters.
    reasons: serde_json::Value,
    /// The same in words, step by step.
    steps: Vec<StepJson>,
}

/// One step of an explanation.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StepJson {
    title: String,
    text: String,
    output: String,
}

/// The newest decisions about a product.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DecisionListJson {
    results: Vec<DecisionJson>,
}

/// `GET /api/v1/products/{id}/decisions/`
pub async fn decisions(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let id: ProductId = shapes::path_key(&id)?;
    let (limit, tenant) = (query::limit(&req)?, user.tenant());
    let rows = services
        .db
        .read(move |conn| {
            product_fetch(conn, tenant, id)?.ok_or_else(WebError::not_found)?;
            Ok::<_, WebError>(decision_list(conn, tenant, Some(id), limit)?)
        })
        .await?;
    Ok(ok(&DecisionListJson {
        results: rows.into_iter().map(|(decision, _)| told(decision)).collect(),
    }))
}

fn told(decision: StoredDecision) -> DecisionJson {
    let steps = why::steps(&decision, None, None, &Texts::default());
    DecisionJson {
        id: decision.id,
        city: decision.city_id,
        decided_at: time(decision.decided_at),
        outcome: decision.outcome.as_str(),
        current: decision.current_tenge.0,
        price: decision.price_tenge.map(|price| price.0),
        target: decision.target_tenge.map(|price| price.0),
        place: decision.place,
        competitors: decision.competitors,
        best_rival: decision.best_rival_tenge.map(|price| price.0),
        shadow: decision.shadow,
        reasons: decision.reasons,
        steps: steps
            .into_iter()
            .map(|step| StepJson {
                title: step.title,
                text: step.text,
                output: step.output,
            })
            .collect(),
    }
}

/// Everybody's offers on a product's card, as last read.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OffersJson {
    card: Option<String>,
    city: String,
    /// When the card was read; null: never.
    taken_at: Option<String>,
    /// All sellers of the card are in the list.
    complete: Option<bool>,
    results: Vec<OfferJson>,
}

/// One seller of the card.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OfferJson {
    merchant_id: String,
    merchant_name: String,
    /// Tenge.
    price: i64,
    /// Hundredths of a star.
    rating_centi: Option<i32>,
    reviews: i32,
    preorder_days: i32,
    delivery: Option<String>,
    /// Our own store.
    own: bool,
    first_seen_at: String,
    last_seen_at: String,
}

/// `GET /api/v1/products/{id}/offers/`
pub async fn offers(
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let id: ProductId = shapes::path_key(&id)?;
    let tenant = user.tenant();
    let (product, store, found) = services
        .db
        .read(move |conn| {
            let row = product_fetch(conn, tenant, id)?.ok_or_else(WebError::not_found)?;
            let store = store_fetch(conn, tenant, row.product.store_id)?.ok_or_else(WebError::not_found)?;
            let found = match &row.product.card_id {
                Some(card) => {
                    let snapshot = market_snapshot_fetch(conn, card, &store.main_city_id)?;
                    let offers = market_offers_current(conn, card, &store.main_city_id)?;
                    (snapshot, offers)
                }
                None => (None, Vec::new()),
            };
            Ok::<_, WebError>((row.product, store, found))
        })
        .await?;
    let (snapshot, offers) = found;
    let to_json = |offer: SeenOffer| OfferJson {
        own: offer.merchant_id == store.merchant_id,
        merchant_id: offer.merchant_id,
        merchant_name: offer.merchant_name,
        price: offer.price_tenge.0,
        rating_centi: offer.rating_centi,
        reviews: offer.reviews,
        preorder_days: offer.preorder_days,
        delivery: offer.delivery,
        first_seen_at: time(offer.first_seen_at),
        last_seen_at: time(offer.last_seen_at),
    };
    Ok(ok(&OffersJson {
        card: product.card_id,
        city: store.main_city_id.clone(),
        taken_at: snapshot.as_ref().map(|snapshot| time(snapshot.taken_at)),
        complete: snapshot.map(|snapshot| snapshot.complete),
        results: offers.into_iter().map(to_json).collect(),
    }))
}

/// How a price moved.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PriceHistoryJson {
    results: Vec<PriceChangeJson>,
}

/// One change of a price in a city, tenge.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PriceChangeJson {
    at: String,
    city: String,
    /// Null: not known.
    before: Option<i64>,
    /// Null: on sale there no more.
    price: Option<i64>,
    /// Our write behind it; null: none of ours.
    push_id: Option<uuid::Uuid>,
}

/// `GET /api/v1/products/{id}/price-history/`
pub async fn history(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let id: ProductId = shapes::path_key(&id)?;
    let (limit, tenant) = (query::limit(&req)?, user.tenant());
    let rows = services
        .db
        .read(move |conn| {
            let row = product_fetch(conn, tenant, id)?.ok_or_else(WebError::not_found)?;
            Ok::<_, WebError>(price_changes_of(conn, (id, row.product.store_id), limit)?)
        })
        .await?;
    let to_json = |change: PastChange| PriceChangeJson {
        at: time(change.at),
        city: change.city_id,
        before: change.before_tenge.map(|price| price.0),
        price: change.price_tenge.map(|price| price.0),
        push_id: change.push_id,
    };
    Ok(ok(&PriceHistoryJson {
        results: rows.into_iter().map(to_json).collect(),
    }))
}
