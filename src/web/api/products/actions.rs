//! Actions on products: offers of the others, a price by hand, switching many.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use serde_json::{Map, Value, json};

use crate::{
    app::{
        price_by_hand::{PriceError, may_set_price, set_price_by_hand, settled_push},
        product_write::switch_offers,
    },
    domain::{ProductId, PushState, StoreId, Tenge},
    services::Services,
    store::{StoreError, api_lists::product_of_code, market::market_offers_current, pushes::Push},
    web::{
        WebError,
        api::{
            body::Body,
            envelope::{Refused, answer, ok, refused_edit},
            fields::{self, Field, Read, Takes},
            shapes::{key, patience, word},
            texts,
        },
        auth::CurrentUser,
        format,
        pages::product::why::push_reason,
        texts::Texts,
    },
};

/// Seconds that a price by hand waits for the marketplace's answer.
const PRICE_WAIT: u64 = 5;
/// Products that one action switches.
const SWITCHED_MAX: usize = 10_000;

/// `POST /api/v1/products/offers_by_product/`: who else sells the card, as last read.
pub async fn offers(
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let body = body.object()?;
    let sku = word(body, "sku")?.ok_or_else(|| Refused::Bare("sku обязателен".to_owned()))?;
    let tenant = user.tenant();
    let found = services
        .db
        .read(move |conn| {
            let Some((card, city)) = product_of_code(conn, tenant, &sku)? else {
                return Ok(None);
            };
            let Some(card) = card else {
                return Ok(Some(Vec::new()));
            };
            Ok::<_, StoreError>(Some(market_offers_current(conn, &card, &city)?))
        })
        .await
        .map_err(WebError::from)?
        .ok_or_else(unknown_product)?;
    let data: Vec<_> = found
        .into_iter()
        .map(|offer| json!({ "merchant_id": offer.merchant_id, "price": offer.price_tenge }))
        .collect();
    Ok(ok(&json!({ "success": true, "data": data })))
}

/// As the predecessor told it.
fn unknown_product() -> Refused {
    Refused::Object(
        StatusCode::NOT_FOUND,
        json!({ "success": false, "error": "Товар не найден" }),
    )
}

/// `POST /api/v1/products/update_price/`: a price in tenge, by the way that every price goes.
pub async fn update_price(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let body = body.object()?;
    let missing = || Refused::Bare("product_id и price обязательны".to_owned());
    let product = word(body, "product_id")?.ok_or_else(missing)?;
    let price = body
        .get("price")
        .filter(|price| !price.is_null() && *price != "")
        .ok_or_else(missing)?;
    let patience = patience(&req, PRICE_WAIT)?;
    let id: ProductId = product.parse().map_err(|_| unknown_product())?;
    let actor = user.actor(&req);
    may_set_price(&services, &actor, id)
        .await
        .map_err(|error| refused_price(&req, error))?;
    let price = price_of(price)?;
    let planned = set_price_by_hand(&services, &actor, id, price)
        .await
        .map_err(|error| refused_price(&req, error))?;
    let Some(push_id) = planned else {
        // The shop shows this price already.
        return Ok(ok(&taken(id, None, "unchanged")));
    };
    let (push, _) = settled_push(&services, user.tenant(), push_id, patience)
        .await
        .map_err(|error| refused_price(&req, error))?;
    told(&req, id, &push)
}

fn taken(id: ProductId, push: Option<&Push>, state: &str) -> Value {
    json!({
        "success": true,
        "data": {
            "success": true,
            "message": format!("Товар {id} успешно синхронизирован"),
            "push_id": push.map(|push| push.id),
            "state": state,
        },
    })
}

fn told(req: &HttpRequest, id: ProductId, push: &Push) -> actix_web::Result<HttpResponse> {
    let state = push.state.as_str();
    match push.state {
        PushState::Accepted | PushState::Confirmed => Ok(ok(&taken(id, Some(push), state))),
        PushState::Planned | PushState::Claimed | PushState::Sent | PushState::Unknown => {
            let body = json!({
                "success": false,
                "data": {
                    "success": false,
                    "message": "Цена записана и ждёт ответа Kaspi: спросите о ней по push_id",
                    "push_id": push.id,
                    "state": state,
                },
            });
            Ok(answer(StatusCode::ACCEPTED, &body))
        }
        _ => {
            let code = push.reason.as_deref().unwrap_or(state);
            let why = push_reason(code, &Texts::default());
            let text = format!("Цена не изменена: {why}");
            let more = json!({ "push_id": push.id, "state": state });
            Err(Refused::failure_with(req, StatusCode::CONFLICT, code, &text, more).into())
        }
    }
}

fn refused_price(req: &HttpRequest, error: PriceError) -> actix_web::Error {
    match error {
        PriceError::NotFound => unknown_product().into(),
        PriceError::Forbidden => WebError::forbidden().into(),
        PriceError::NeedsLogin => Refused::Object(
            StatusCode::UNAUTHORIZED,
            json!({ "success": false, "error": "Сессия истекла" }),
        )
        .into(),
        PriceError::Refused { code, limit } => {
            let why = push_reason(code, &Texts::default());
            let text = match limit {
                Some(limit) => format!("Цена не изменена: {why} ({})", format::money(limit)),
                None => format!("Цена не изменена: {why}"),
            };
            let more = json!({ "limit": limit.map(|limit| limit.0) });
            Refused::failure_with(req, StatusCode::CONFLICT, code, &text, more).into()
        }
        PriceError::Store(error) => WebError::from(error).into(),
    }
}

/// Whole tenge above zero; `1500.00` is whole.
fn price_of(value: &Value) -> Result<Tenge, Refused> {
    let field = Field::required("price", Takes::Decimal(14, 2), "null");
    let told = |text: String| Refused::one("price", text);
    let text = match fields::one(&field, value) {
        Ok(Read::Decimal(text)) => text,
        Ok(_) => return Err(told(texts::BAD_NUMBER.to_owned())),
        Err(wrong) => return Err(told(wrong.join(" "))),
    };
    let whole = text
        .strip_suffix(".00")
        .ok_or_else(|| told(texts::FRACTION_OF_TENGE.to_owned()))?;
    match whole.parse::<i64>() {
        Ok(price) if price < 1 => Err(told(texts::too_small(1))),
        Ok(price) if price > Tenge::MAX.0 => Err(told(texts::too_large(Tenge::MAX.0))),
        Ok(price) => Ok(Tenge(price)),
        Err(_) => Err(told(texts::BAD_NUMBER.to_owned())),
    }
}

/// `POST /api/v1/products/batch_enable/`
pub async fn enable(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    switch(&req, &services, &user, body.object()?, true).await
}

/// `POST /api/v1/products/batch_disable/`
pub async fn disable(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    switch(&req, &services, &user, body.object()?, false).await
}

async fn switch(
    req: &HttpRequest,
    services: &Services,
    user: &CurrentUser,
    body: &Map<String, Value>,
    enabled: bool,
) -> actix_web::Result<HttpResponse> {
    const MISSING: &str = "store_id и product_ids обязательны";
    let ids = body
        .get("product_ids")
        .filter(|ids| !ids.is_null() && !ids.as_array().is_some_and(Vec::is_empty) && *ids != "");
    let Some(ids) = ids else {
        return Err(Refused::Bare(MISSING.to_owned()).into());
    };
    let store_id: StoreId = key(body, "store_id", MISSING)?;
    let offers = offers_of(ids)?;
    let count = switch_offers(services, &user.actor(req), store_id, offers, enabled)
        .await
        .map_err(|error| refused_edit(req, error, &[], |error| (error.field, None)))?;
    let verb = if enabled {
        "Включено"
    } else {
        "Отключено"
    };
    Ok(ok(&json!({
        "success": true,
        "updated_count": count,
        "message": format!("{verb} товаров: {count}"),
    })))
}

/// A list of offer ids.
fn offers_of(value: &Value) -> Result<Vec<String>, Refused> {
    let wrong = |text: &str| Refused::Bare(text.to_owned());
    let list = value
        .as_array()
        .ok_or_else(|| wrong("product_ids должен быть списком"))?;
    if list.len() > SWITCHED_MAX {
        return Err(wrong("product_ids: не более 10000 за один запрос"));
    }
    let one = |value: &Value| match value {
        Value::String(text) if text.contains('\0') => Err(wrong(texts::NULL_BYTE)),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(wrong("product_ids должен быть списком строк")),
    };
    list.iter().map(one).collect()
}
