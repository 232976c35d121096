//! Products: limits and opt-in. The catalogue itself comes from the marketplace and is only shown.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{PERIODS, YES_NO, of_store, period_start, yes_no},
    framework::{
        Action, Align, Cell, Choices, Column, Delete, Dir, Field, Filter, Form, Input, Label, Loss, Model,
        Outcome, SaveError, Search, Section, Span, SpanApply, Spec, Target, Values, Verb, seek_by_key,
        sort_by,
    },
    staff::administrators,
    stores::on,
};
use crate::{
    app::{
        edit::EditError,
        product_edit::{change_of, delete_product, edit_product},
    },
    domain::{ProductId, StoreId, Tenge, pricing::Strategy},
    schema::{preorders, price_decisions, price_pushes, product_checks, product_prices, products, stores},
    store::{
        StoreError,
        product_lists::product_has_word_or_card,
        products::{Product, ProductChange, product_fetch},
    },
};

/// The model.
pub struct Products;

/// A field of its form.
type FormField = Field<Products>;

/// A product, its store's name, its price in the main city, when it was decided about last and is next.
type Row = (
    Product,
    String,
    Option<Tenge>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

#[diesel::dsl::auto_type]
fn joined() -> _ {
    products::table
        .inner_join(stores::table)
        .left_join(
            product_prices::table.on(product_prices::product_id
                .eq(products::id)
                .and(product_prices::city_id.eq(stores::main_city_id))),
        )
        .left_join(product_checks::table.on(product_checks::product_id.eq(products::id)))
}

impl Model for Products {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    fn base() -> Self::Query {
        joined().into_boxed()
    }

    fn with_ids(query: Self::Query, ids: Vec<Uuid>) -> Self::Query {
        query.filter(products::id.eq_any(ids))
    }

    fn count(query: Self::Query, conn: &mut PgConnection) -> QueryResult<i64> {
        query.count().get_result(conn)
    }

    fn load(query: Self::Query, limit: i64, offset: i64, conn: &mut PgConnection) -> QueryResult<Vec<Row>> {
        query
            .limit(limit)
            .offset(offset)
            .select((
                Product::as_select(),
                stores::name,
                product_prices::price_tenge.nullable(),
                product_checks::last_check_at.nullable(),
                product_checks::next_check_at.nullable(),
            ))
            .load(conn)
    }

    fn id((product, ..): &Row) -> Uuid {
        product.id.0
    }

    fn name((product, ..): &Row) -> String {
        product.name.clone()
    }

    fn version((product, ..): &Row) -> Option<i32> {
        Some(product.version)
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("product"),
            columns: columns(),
            filters: filters(),
            spans: vec![
                Span {
                    name: "price",
                    apply: SpanApply::Money(|query, low, high| {
                        query.filter(
                            product_prices::price_tenge
                                .nullable()
                                .between(Tenge(low), Tenge(high)),
                        )
                    }),
                },
                Span {
                    name: "stock",
                    apply: SpanApply::Number(|query, low, high| {
                        let bound = |end: i64| {
                            i32::try_from(end).unwrap_or(if end < 0 { i32::MIN } else { i32::MAX })
                        };
                        query.filter(products::stock.between(bound(low), bound(high)))
                    }),
                },
                Span {
                    name: "updated_at",
                    apply: SpanApply::Days(|query, from, until| {
                        query.filter(products::updated_at.ge(from).and(products::updated_at.lt(until)))
                    }),
                },
            ],
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(products::store_id.eq(StoreId(id)))
            })],
            search: Some(Search {
                index: "products_search_idx, trigrams",
                apply: |query, word| query.filter(product_has_word_or_card(word)),
            }),
            default_sort: ("created_at", Dir::Desc),
            seek: seek_by_key!(products::id, ProductId),
            inline: vec!["floor_tenge", "repricing_enabled"],
            form: Form {
                sections: sections(),
                adds: false,
                save: Some(save),
            },
            delete: Some(Delete {
                losses,
                run: |staff, id| {
                    Box::pin(async move {
                        Ok(delete_product(&staff.services, &staff.actor, ProductId(id)).await?)
                    })
                },
            }),
            actions: vec![
                Action {
                    name: "repricing-on",
                    needs: Verb::Change,
                    run: |staff, id| set_repricing(staff, id, true),
                },
                Action {
                    name: "repricing-off",
                    needs: Verb::Change,
                    run: |staff, id| set_repricing(staff, id, false),
                },
            ],
            site_link: Some(|(product, ..)| format!("/products/{}", product.id)),
            ..Spec::shown("products", "box", administrators)
        }
    }
}

fn columns() -> Vec<Column<Products>> {
    vec![
        Column {
            name: "name",
            align: Align::Start,
            cell: |(product, ..)| Cell::Text(product.name.clone()),
            sort: sort_by!(products::name, products::id),
        },
        Column {
            name: "sku",
            align: Align::Start,
            cell: |(product, ..)| Cell::code(product.sku.as_deref()),
            sort: sort_by!(products::sku, products::id),
        },
        Column {
            name: "store",
            align: Align::Start,
            cell: |(product, store, ..)| {
                Cell::Link(store.clone(), format!("/admin/stores/{}/", product.store_id))
            },
            sort: sort_by!(stores::name, products::id),
        },
        Column {
            name: "price",
            align: Align::End,
            cell: |(_, _, price, ..)| Cell::money(price.map(|price| price.0)),
            sort: sort_by!(product_prices::price_tenge.nullable(), products::id),
        },
        Column {
            name: "floor_tenge",
            align: Align::End,
            cell: |(product, ..)| Cell::money(product.floor_tenge.map(|floor| floor.0)),
            sort: sort_by!(products::floor_tenge, products::id),
        },
        Column {
            name: "repricing_enabled",
            align: Align::Start,
            cell: |(product, ..)| Cell::Bool(product.repricing_enabled),
            sort: sort_by!(products::repricing_enabled, products::id),
        },
        Column {
            name: "last_check_at",
            align: Align::End,
            cell: |(.., last_check_at, _)| Cell::when(*last_check_at),
            sort: sort_by!(product_checks::last_check_at.nullable(), products::id),
        },
        Column {
            name: "created_at",
            align: Align::End,
            cell: |(product, ..)| Cell::When(product.created_at),
            sort: sort_by!(products::created_at, products::id),
        },
    ]
}

fn filters() -> Vec<Filter<Products>> {
    vec![
        Filter {
            name: "repricing_enabled",
            choices: YES_NO,
            apply: |query, value, _| Some(query.filter(products::repricing_enabled.eq(yes_no(value)?))),
        },
        Filter {
            name: "on_sale",
            choices: YES_NO,
            apply: |query, value, _| Some(query.filter(products::on_sale.eq(yes_no(value)?))),
        },
        Filter {
            name: "archived",
            choices: YES_NO,
            apply: |query, value, _| {
                Some(if yes_no(value)? {
                    query.filter(products::archived_at.is_not_null())
                } else {
                    query.filter(products::archived_at.is_null())
                })
            },
        },
        Filter {
            name: "created_at",
            choices: PERIODS,
            apply: |query, value, now| Some(query.filter(products::created_at.ge(period_start(value, now)?))),
        },
    ]
}

/// Strategies that do without parameters; none: the rule's.
const STRATEGIES: Choices = Choices::Fixed(|| {
    let named = Strategy::named_kinds().map(|kind| (kind.to_owned(), format!("strategy-{kind}")));
    std::iter::once((String::new(), "product-strategy-rule".to_owned()))
        .chain(named)
        .map(|(kind, key)| (kind, Label::Key(key)))
        .collect()
});

fn sections() -> Vec<Section<Products>> {
    vec![
        Section {
            name: "main",
            fields: vec![
                FormField::Show("name", |(product, ..)| Cell::Text(product.name.clone())),
                FormField::Show("sku", |(product, ..)| Cell::code(product.sku.as_deref())),
                FormField::Show("kaspi_product_id", |(product, ..)| {
                    Cell::Code(product.kaspi_product_id.clone())
                }),
                FormField::Show("card_id", |(product, ..)| Cell::code(product.card_id.as_deref())),
                FormField::Show("store", |(product, store, ..)| {
                    Cell::Link(store.clone(), format!("/admin/stores/{}/", product.store_id))
                }),
                FormField::Show("brand", |(product, ..)| Cell::text(product.brand.as_deref())),
                FormField::Show("category", |(product, ..)| {
                    Cell::text(product.category.as_deref())
                }),
                FormField::Show("price", |(_, _, price, ..)| {
                    Cell::money(price.map(|price| price.0))
                }),
            ],
        },
        Section {
            name: "limits",
            fields: vec![
                FormField::Edit("floor_tenge", Input::Money, |row| {
                    amount(row.and_then(|(product, ..)| product.floor_tenge))
                }),
                FormField::Edit("ceiling_tenge", Input::Money, |row| {
                    amount(row.and_then(|(product, ..)| product.ceiling_tenge))
                }),
                FormField::Edit("strategy", Input::Select(STRATEGIES), |row| {
                    row.and_then(|(product, ..)| product.strategy.clone())
                        .unwrap_or_default()
                }),
                FormField::Edit("repricing_enabled", Input::Checkbox, |row| {
                    on(row.is_some_and(|(product, ..)| product.repricing_enabled))
                }),
            ],
        },
        Section {
            name: "state",
            fields: vec![
                FormField::Show("on_sale", |(product, ..)| Cell::Bool(product.on_sale)),
                FormField::Show("stock", |(product, ..)| Cell::number(product.stock)),
                FormField::Show("archived_at", |(product, ..)| Cell::when(product.archived_at)),
                FormField::Show("last_check_at", |(.., last_check_at, _)| {
                    Cell::when(*last_check_at)
                }),
                FormField::Show("next_check_at", |(.., next_check_at)| Cell::when(*next_check_at)),
                FormField::Show("created_at", |(product, ..)| Cell::When(product.created_at)),
                FormField::Show("updated_at", |(product, ..)| Cell::When(product.updated_at)),
            ],
        },
    ]
}

/// What an input of money shows: plain digits, which it takes back.
pub(super) fn amount(amount: Option<Tenge>) -> String {
    amount.map(|amount| amount.to_string()).unwrap_or_default()
}

/// Reads an input of money that may stay empty.
pub(super) fn optional_amount(values: &mut Values, name: &'static str) -> Option<Option<Tenge>> {
    values.parsed(name, "admin-error-money", |text| match text {
        "" => Some(None),
        text => Tenge::parse_price(text).ok().map(Some),
    })
}

fn save(staff: &Staff, target: Target, values: Values) -> Outcome<'_, Uuid> {
    Box::pin(async move {
        let Target::Existing(id, version) = target else {
            return Err(SaveError::Forbidden);
        };
        let now = current(staff, id).await?;
        let change = change(values, now)?;
        edit_product(&staff.services, &staff.actor, ProductId(id), version, change).await?;
        Ok(id)
    })
}

/// What the form does not show stays as it is.
async fn current(staff: &Staff, id: Uuid) -> Result<Product, SaveError> {
    let tenant = staff.actor.tenant();
    let row = staff
        .services
        .db
        .read(move |conn| product_fetch(conn, tenant, ProductId(id)))
        .await?;
    row.map(|row| row.product).ok_or(SaveError::NotFound)
}

fn change(mut values: Values, now: Product) -> Result<ProductChange, SaveError> {
    let floor = optional_amount(&mut values, "floor_tenge");
    let ceiling = optional_amount(&mut values, "ceiling_tenge");
    let strategy = values.optional_text("strategy");
    let repricing_enabled = values.checked("repricing_enabled");
    values.finish(
        floor
            .zip(ceiling)
            .map(|(floor_tenge, ceiling_tenge)| ProductChange {
                repricing_enabled,
                floor_tenge,
                ceiling_tenge,
                strategy,
                ..change_of(&now)
            }),
    )
}

fn set_repricing(staff: &Staff, id: Uuid, enabled: bool) -> Outcome<'_, ()> {
    Box::pin(async move {
        let now = current(staff, id).await?;
        let change = ProductChange {
            repricing_enabled: enabled,
            ..change_of(&now)
        };
        edit_product(&staff.services, &staff.actor, ProductId(id), now.version, change)
            .await
            .map_err(|error: EditError<_>| SaveError::from(error))
    })
}

fn losses(conn: &mut PgConnection, id: Uuid) -> Result<Vec<Loss>, StoreError> {
    let preorders = preorders::table
        .filter(preorders::product_id.eq(id))
        .count()
        .get_result(conn)?;
    let decisions = price_decisions::table
        .filter(price_decisions::product_id.eq(id))
        .count()
        .get_result(conn)?;
    let pushes = price_pushes::table
        .filter(price_pushes::product_id.eq(id))
        .count()
        .get_result(conn)?;
    Ok(vec![
        Loss {
            key: "admin-loss-preorders",
            count: preorders,
        },
        Loss {
            key: "admin-loss-decisions",
            count: decisions,
        },
        Loss {
            key: "admin-loss-pushes",
            count: pushes,
        },
    ])
}
