//! Preorders: everything of them can be changed but the product and the store.

use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{PERIODS, PRODUCTS, of_store, period_start, word_key, words},
    framework::{
        Action, Cell, Choices, Column, Delete, Dir, Field, Filter, Form, Input, Model, Outcome, SaveError,
        Search, Section, Spec, Target, Values, Verb, sort_by,
    },
    products::{amount, optional_amount},
    staff::administrators,
};
use crate::{
    app::preorder_edit::{NewPreorder, create_preorder, delete_preorder, edit_preorder, set_preorder_status},
    domain::{
        PreorderId, PreorderStatus, ProductId, StoreId,
        preorder::{MAX_DELIVERY_DAYS, PointStock, parse_warehouses, warehouses_value},
    },
    schema::{preorders, products, stores},
    store::preorders::{Preorder, PreorderChange, preorder_fetch},
};

/// The model.
pub struct Preorders;

/// A field of its form.
type FormField = Field<Preorders>;

/// A column of its list.
type Col = Column<Preorders>;

/// A preorder, its store's name, its product's name.
type Row = (Preorder, String, String);

#[diesel::dsl::auto_type]
fn joined() -> _ {
    preorders::table
        .inner_join(stores::table)
        .inner_join(products::table)
}

impl Model for Preorders {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    fn base() -> Self::Query {
        joined().into_boxed()
    }

    fn with_ids(query: Self::Query, ids: Vec<Uuid>) -> Self::Query {
        query.filter(preorders::id.eq_any(ids))
    }

    fn count(query: Self::Query, conn: &mut PgConnection) -> QueryResult<i64> {
        query.count().get_result(conn)
    }

    fn load(query: Self::Query, limit: i64, offset: i64, conn: &mut PgConnection) -> QueryResult<Vec<Row>> {
        query
            .limit(limit)
            .offset(offset)
            .select((Preorder::as_select(), stores::name, products::name))
            .load(conn)
    }

    fn id((preorder, ..): &Row) -> Uuid {
        preorder.id.0
    }

    fn name((preorder, ..): &Row) -> String {
        preorder.name.clone()
    }

    fn version((preorder, ..): &Row) -> Option<i32> {
        Some(preorder.version)
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("preorder"),
            columns: columns(),
            filters: filters(),
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(preorders::store_id.eq(StoreId(id)))
            })],
            search: Some(Search {
                index: "none needed: thousands of rows",
                apply: |query, word| {
                    query.filter(
                        preorders::name
                            .ilike(word.clone())
                            .or(preorders::article.ilike(word.clone()))
                            .or(preorders::brand.ilike(word)),
                    )
                },
            }),
            default_sort: ("created_at", Dir::Desc),
            form: Form {
                sections: sections(),
                adds: true,
                save: Some(save),
            },
            delete: Some(Delete {
                losses: |_, _| Ok(Vec::new()),
                run: |staff, id| {
                    Box::pin(async move {
                        Ok(delete_preorder(&staff.services, &staff.actor, PreorderId(id)).await?)
                    })
                },
            }),
            actions: vec![
                Action {
                    name: "complete",
                    needs: Verb::Change,
                    run: |staff, id| set_status(staff, id, PreorderStatus::Completed),
                },
                Action {
                    name: "cancel",
                    needs: Verb::Change,
                    run: |staff, id| set_status(staff, id, PreorderStatus::Cancelled),
                },
            ],
            site_link: Some(|(preorder, ..)| format!("/preorders/{}", preorder.id)),
            ..Spec::shown("preorders", "calendar", administrators)
        }
    }
}

fn columns() -> Vec<Column<Preorders>> {
    vec![
        Col::start("name", |(preorder, ..)| Cell::Text(preorder.name.clone()))
            .by(sort_by!(preorders::name, preorders::id)),
        Col::start("article", |(preorder, ..)| {
            Cell::code(preorder.article.as_deref())
        })
        .by(sort_by!(preorders::article, preorders::id)),
        Col::start("store", |(preorder, store, _)| {
            Cell::Link(store.clone(), format!("/admin/stores/{}/", preorder.store_id))
        })
        .by(sort_by!(stores::name, preorders::id)),
        Col::start("status", |(preorder, ..)| status_badge(preorder.status))
            .by(sort_by!(preorders::status, preorders::id)),
        Col::end("price_tenge", |(preorder, ..)| {
            Cell::money(preorder.price_tenge.map(|price| price.0))
        })
        .by(sort_by!(preorders::price_tenge, preorders::id)),
        Col::end("delivery_days", |(preorder, ..)| {
            Cell::number(Some(preorder.delivery_days))
        })
        .by(sort_by!(preorders::delivery_days, preorders::id)),
        Col::end("created_at", |(preorder, ..)| Cell::When(preorder.created_at))
            .by(sort_by!(preorders::created_at, preorders::id)),
    ]
}

fn filters() -> Vec<Filter<Preorders>> {
    vec![
        Filter {
            name: "status",
            choices: STATUSES,
            apply: |query, value, _| {
                let status: PreorderStatus = value.parse().ok()?;
                Some(query.filter(preorders::status.eq(status)))
            },
        },
        Filter {
            name: "created_at",
            choices: PERIODS,
            apply: |query, value, now| {
                Some(query.filter(preorders::created_at.ge(period_start(value, now)?)))
            },
        },
    ]
}

const STATUSES: Choices = Choices::Fixed(|| words(PreorderStatus::ALL.iter().map(|status| status.as_str())));

fn sections() -> Vec<Section<Preorders>> {
    vec![
        Section {
            name: "main",
            fields: vec![
                FormField::Once("product_id", Input::Row(PRODUCTS), |(preorder, _, product)| {
                    Cell::Link(
                        product.clone(),
                        format!("/admin/products/{}/", preorder.product_id),
                    )
                }),
                FormField::Show("store", |(preorder, store, _)| {
                    Cell::Link(store.clone(), format!("/admin/stores/{}/", preorder.store_id))
                }),
                FormField::Edit("name", Input::Text(500), |row| {
                    row.map(|(preorder, ..)| preorder.name.clone())
                        .unwrap_or_default()
                }),
                FormField::Edit("article", Input::Text(255), |row| {
                    row.and_then(|(preorder, ..)| preorder.article.clone())
                        .unwrap_or_default()
                }),
                FormField::Edit("brand", Input::Text(255), |row| {
                    row.and_then(|(preorder, ..)| preorder.brand.clone())
                        .unwrap_or_default()
                }),
            ],
        },
        Section {
            name: "terms",
            fields: vec![
                FormField::Edit("status", Input::Select(STATUSES), |row| {
                    let status = row.map_or(PreorderStatus::Processing, |(preorder, ..)| preorder.status);
                    status.to_string()
                }),
                FormField::Edit("price_tenge", Input::Money, |row| {
                    amount(row.and_then(|(preorder, ..)| preorder.price_tenge))
                }),
                FormField::Edit("delivery_days", Input::Number(0, MAX_DELIVERY_DAYS), |row| {
                    let days = row.map_or(MAX_DELIVERY_DAYS, |(preorder, ..)| preorder.delivery_days);
                    days.to_string()
                }),
                FormField::Edit("warehouses", Input::Lines, |row| {
                    row.map(|(preorder, ..)| points_text(&preorder.warehouses))
                        .unwrap_or_default()
                }),
            ],
        },
        Section {
            name: "state",
            fields: vec![
                FormField::Show("created_at", |(preorder, ..)| Cell::When(preorder.created_at)),
                FormField::Show("updated_at", |(preorder, ..)| Cell::When(preorder.updated_at)),
            ],
        },
    ]
}

fn status_badge(status: PreorderStatus) -> Cell {
    let (class, icon) = match status {
        PreorderStatus::Processing => ("info", "clock"),
        PreorderStatus::Completed => ("ok", "check-circle"),
        PreorderStatus::Cancelled => ("ghost", "x"),
    };
    Cell::Badge(class, icon, word_key(status.as_str()))
}

/// One point per line: `1: 3`, or `1` where no stock is stated.
fn points_text(warehouses: &serde_json::Value) -> String {
    let points = parse_warehouses(warehouses).unwrap_or_default();
    let line = |point: &PointStock| match point.quantity {
        Some(quantity) => format!("{}: {quantity}", point.number),
        None => point.number.to_string(),
    };
    points.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Reads what [`points_text`] writes.
fn points(text: &str) -> Option<serde_json::Value> {
    let mut points: Vec<PointStock> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (number, quantity) = match line.split_once(':') {
            Some((number, quantity)) => (number, Some(quantity.trim().parse().ok()?)),
            None => (line, None),
        };
        let number = number.trim().parse().ok().filter(|number| *number > 0)?;
        if points.iter().any(|point| point.number == number) {
            return None;
        }
        points.push(PointStock { number, quantity });
    }
    Some(warehouses_value(&points))
}

fn save(staff: &Staff, target: Target, mut values: Values) -> Outcome<'_, Uuid> {
    Box::pin(async move {
        let (services, actor) = (&staff.services, &staff.actor);
        match target {
            Target::Existing(id, version) => {
                let change = change(values)?;
                edit_preorder(services, actor, PreorderId(id), version, change).await?;
                Ok(id)
            }
            Target::New => {
                let product = values.parsed("product_id", "preorder-error-product-unknown", |text| {
                    text.parse::<ProductId>().ok()
                });
                let change = change(values.clone());
                let (product_id, change) = match (product, change) {
                    (Some(product), Ok(change)) => (product, change),
                    (None, Ok(_)) => return values.finish(None),
                    (_, Err(error)) => return Err(error),
                };
                let new = NewPreorder {
                    product_id,
                    store_id: None,
                    article: change.article,
                    name: Some(change.name),
                    brand: change.brand,
                    status: change.status,
                    price_tenge: change.price_tenge,
                    warehouses: change.warehouses,
                    delivery_days: change.delivery_days,
                };
                Ok(create_preorder(services, actor, new).await?.0)
            }
        }
    })
}

fn change(mut values: Values) -> Result<PreorderChange, SaveError> {
    let article = values.optional_text("article");
    let name = values.text("name");
    let brand = values.optional_text("brand");
    let status = values.word("status");
    let price = optional_amount(&mut values, "price_tenge");
    let days = values.number("delivery_days");
    let warehouses = values.parsed("warehouses", "admin-error-points", points);
    let parts = status.zip(price).zip(days).zip(warehouses);
    values.finish(parts.map(
        |(((status, price_tenge), delivery_days), warehouses)| PreorderChange {
            article,
            name,
            brand,
            status,
            price_tenge,
            warehouses,
            delivery_days,
        },
    ))
}

fn set_status(staff: &Staff, id: Uuid, status: PreorderStatus) -> Outcome<'_, ()> {
    Box::pin(async move {
        let (tenant, id) = (staff.actor.tenant(), PreorderId(id));
        let row = staff
            .services
            .db
            .read(move |conn| preorder_fetch(conn, tenant, id))
            .await?
            .ok_or(SaveError::NotFound)?;
        let version = row.preorder.version;
        Ok(set_preorder_status(&staff.services, &staff.actor, id, version, status).await?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_lines_and_back() {
        let value = points("2\n 1 : 3 \n\n").unwrap();
        assert_eq!(points_text(&value), "1: 3\n2");
        assert_eq!(points(&points_text(&value)).unwrap(), value);
    }

    #[test]
    fn points_that_are_no_points_are_refused() {
        for text in ["0: 1", "a", "1: -2", "1: 2\n1: 3", "1: 1.5", "70000"] {
            assert_eq!(points(text), None, "{text:?}");
        }
    }
}
