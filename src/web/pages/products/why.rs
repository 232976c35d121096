//! The last decision about a product in words, opened in its row.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::{
    domain::ProductId,
    services::Services,
    store::{
        StoreError,
        decisions::{StoredDecision, decision_fetch_newest},
        products::{ProductRow, product_fetch},
        public_looks::public_look_of,
        push_lists::push_list_for_product,
        stores::store_fetch,
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, path_id},
        filters,
        pages::product::why::{Step, steps},
        render::{html, see_other},
    },
};

/// Writes among which the decision's own is looked for.
const WRITES: i64 = 20;

#[derive(Template)]
#[template(path = "products/_why.html")]
struct WhyFragment {
    shell: Shell,
    row: ProductRow,
    decision: Option<StoredDecision>,
    steps: Vec<Step>,
}

/// `GET /products/{id}/why`; without htmx it leads to the place on the product's page.
///
/// # Errors
/// Not found; database away.
pub(super) async fn show(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let id: ProductId = path_id(&req)?;
    if !shell.htmx {
        return Ok(see_other(&format!("/products/{id}#why-h")));
    }
    let (tenant, t) = (user.tenant(), shell.t);
    let (row, decision, steps) = services
        .db
        .read(move |conn| {
            let Some(row) = product_fetch(conn, tenant, id)? else {
                return Ok(None);
            };
            let Some(store) = store_fetch(conn, tenant, row.product.store_id)? else {
                return Ok(None);
            };
            let decision = decision_fetch_newest(conn, id, &store.main_city_id)?;
            let words = match &decision {
                Some(decision) => {
                    let pushes = push_list_for_product(conn, id, WRITES)?;
                    let own = pushes
                        .iter()
                        .find(|(push, _)| push.decision_id == Some(decision.id));
                    steps(decision, own, public_look_of(conn, id)?, &t)
                }
                None => Vec::new(),
            };
            Ok::<_, StoreError>(Some((row, decision, words)))
        })
        .await?
        .ok_or_else(WebError::not_found)?;
    html(&WhyFragment {
        shell,
        row,
        decision,
        steps,
    })
}
