//! Preorders for products that were chosen in their list, or for all that it found.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::fields::PreorderForm;
use crate::{
    app::{
        edit::{EditError, FieldError},
        preorder_edit::create_preorders,
    },
    domain::ProductId,
    services::Services,
    store::products::product_ids,
    web::{
        Shell, WebError, WebResult,
        auth::ManagerUser,
        filters,
        pages::products,
        render::{html, html_with, see_other},
        session,
    },
};

/// Products of one act: each has a form row and an audit row in one transaction.
const MOST: usize = 1_000;

#[derive(Template)]
#[template(path = "preorders/many.html")]
struct ManyPage {
    shell: Shell,
    products: Vec<ProductId>,
    form: PreorderForm,
    errors: Vec<FieldError>,
}

impl ManyPage {
    fn wrong(&self, field: &str) -> bool {
        self.errors.iter().any(|error| error.field == field)
    }
}

fn chosen(form: &[(String, String)]) -> Vec<ProductId> {
    let products = form.iter().filter(|(name, _)| name == "product");
    products.filter_map(|(_, id)| id.parse().ok()).collect()
}

/// The first step: days and points of service for what was chosen.
///
/// # Errors
/// Database away.
pub async fn choose(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Vec<(String, String)>>,
) -> WebResult<HttpResponse> {
    let (tenant, form) = (user.0.tenant(), form.into_inner());
    let all_found = form.iter().any(|(name, value)| name == "of" && value == "found");
    let filter = all_found.then(|| products::filter_of_form(&form));
    let ids = chosen(&form);
    let most = i64::try_from(MOST).unwrap_or(i64::MAX - 1);
    let ids = services
        .db
        .read(move |conn| match filter {
            Some(filter) => product_ids(conn, tenant, &filter, most + 1),
            // Whose they are is asked when something is made of them.
            None => Ok(ids),
        })
        .await?;
    let trouble = match ids.len() {
        0 => Some("rule-pick-none"),
        count if count > MOST => Some("preorders-many-too-many"),
        _ => None,
    };
    if let Some(key) = trouble {
        session::flash(&session, false, shell.t.get(key))?;
        return Ok(see_other(&products::address_of_form(&form)));
    }
    html(&ManyPage {
        shell,
        products: ids,
        form: PreorderForm {
            delivery_days: "30".to_owned(),
            pp1: "да".to_owned(),
            ..PreorderForm::default()
        },
        errors: Vec::new(),
    })
}

/// Adds them.
///
/// # Errors
/// Not found; forbidden; database away.
pub async fn create(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Vec<(String, String)>>,
) -> WebResult<HttpResponse> {
    let form = form.into_inner();
    let products = chosen(&form);
    let value = |wanted: &str| {
        let found = form.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let typed = PreorderForm {
        delivery_days: value("delivery_days"),
        pp1: value("pp1"),
        pp2: value("pp2"),
        pp3: value("pp3"),
        pp4: value("pp4"),
        pp5: value("pp5"),
        ..PreorderForm::default()
    };
    let result = match typed.read(&serde_json::json!({})) {
        Ok(read) if products.len() <= MOST => {
            let (days, points) = (read.delivery_days, read.warehouses);
            create_preorders(&services, &user.0.actor(&req), products.clone(), days, points).await
        }
        Ok(_) => Err(EditError::Invalid(vec![FieldError::new(
            "product",
            "preorders-many-too-many",
        )])),
        Err(errors) => Err(EditError::Invalid(errors)),
    };
    match result {
        Ok(created) => {
            let text = shell.t.with2(
                "preorders-many-done",
                "added",
                created.added,
                "kept",
                created.kept,
            );
            session::flash(&session, true, text)?;
            Ok(see_other("/preorders"))
        }
        Err(EditError::Invalid(errors)) if errors.iter().any(|error| error.field == "product_id") => {
            Err(WebError::not_found())
        }
        Err(EditError::Invalid(errors)) => {
            let page = ManyPage {
                shell,
                products,
                form: typed,
                errors,
            };
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(EditError::Forbidden) => Err(WebError::forbidden()),
        Err(EditError::NotFound | EditError::Conflict(_)) => Err(WebError::not_found()),
        Err(EditError::Store(error)) => Err(error.into()),
    }
}
