//! Products: limits and opt-in. The catalogue itself comes from the marketplace and is only shown.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{PERIODS, PRODUCTS, YES_NO, of_store, period_start, yes_no},
    framework::{
        Action, Cell, Choices, Column, Delete, Dir, Field, Filter, Form, Input, Label, Loss, Model, Outcome,
        SaveError, Search, Section, Span, SpanApply, Spec, Target, Values, Verb, queries, seek_by_key,
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

/// A column of its list.
type Col = Column<Products>;

/// A product as it is shown, with its store's name and its price in the main city. Products are wide: what no page shows
/// is not read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = products, check_for_backend(Pg))]
pub struct Row {
    id: ProductId,
    version: i32,
    name: String,
    sku: Option<String>,
    kaspi_product_id: String,
    card_id: Option<String>,
    brand: Option<String>,
    category: Option<String>,
    store_id: StoreId,
    #[diesel(select_expression = stores::name)]
    store: String,
    #[diesel(select_expression = product_prices::price_tenge.nullable())]
    price: Option<Tenge>,
    floor_tenge: Option<Tenge>,
    ceiling_tenge: Option<Tenge>,
    strategy: Option<String>,
    repricing_enabled: bool,
    on_sale: bool,
    stock: Option<i32>,
    archived_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = product_checks::last_check_at.nullable())]
    last_check_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = product_checks::next_check_at.nullable())]
    next_check_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

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

    queries!(joined(), products::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.name.clone()
    }

    fn version(row: &Row) -> Option<i32> {
        Some(row.version)
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
            find: Some(PRODUCTS.find),
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
            site_link: Some(|row| format!("/products/{}", row.id)),
            ..Spec::shown("products", "box", administrators)
        }
    }
}

fn store(row: &Row) -> Cell {
    Cell::Link(row.store.clone(), format!("/admin/stores/{}/", row.store_id))
}

fn price(row: &Row) -> Cell {
    Cell::money(row.price.map(|price| price.0))
}

fn columns() -> Vec<Column<Products>> {
    vec![
        Col::start("name", |row| Cell::Text(row.name.clone())).by(sort_by!(products::name, products::id)),
        Col::start("sku", |row| Cell::code(row.sku.as_deref())).by(sort_by!(products::sku, products::id)),
        Col::start("store", store).by(sort_by!(stores::name, products::id)),
        Col::end("price", price).by(sort_by!(product_prices::price_tenge.nullable(), products::id)),
        Col::end("floor_tenge", |row| {
            Cell::money(row.floor_tenge.map(|floor| floor.0))
        })
        .by(sort_by!(products::floor_tenge, products::id)),
        Col::start("repricing_enabled", |row| Cell::Bool(row.repricing_enabled))
            .by(sort_by!(products::repricing_enabled, products::id)),
        Col::end("last_check_at", |row| Cell::when(row.last_check_at))
            .by(sort_by!(product_checks::last_check_at.nullable(), products::id)),
        Col::end("created_at", |row| Cell::When(row.created_at))
            .by(sort_by!(products::created_at, products::id)),
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
                FormField::Show("name", |row| Cell::Text(row.name.clone())),
                FormField::Show("sku", |row| Cell::code(row.sku.as_deref())),
                FormField::Show("kaspi_product_id", |row| Cell::Code(row.kaspi_product_id.clone())),
                FormField::Show("card_id", |row| Cell::code(row.card_id.as_deref())),
                FormField::Show("store", store),
                FormField::Show("brand", |row| Cell::text(row.brand.as_deref())),
                FormField::Show("category", |row| Cell::text(row.category.as_deref())),
                FormField::Show("price", price),
            ],
        },
        Section {
            name: "limits",
            fields: vec![
                FormField::Edit("floor_tenge", Input::Money, |row| {
                    amount(row.and_then(|row| row.floor_tenge))
                }),
                FormField::Edit("ceiling_tenge", Input::Money, |row| {
                    amount(row.and_then(|row| row.ceiling_tenge))
                }),
                FormField::Edit("strategy", Input::Select(STRATEGIES), |row| {
                    row.and_then(|row| row.strategy.clone()).unwrap_or_default()
                }),
                FormField::Edit("repricing_enabled", Input::Checkbox, |row| {
                    on(row.is_some_and(|row| row.repricing_enabled))
                }),
            ],
        },
        Section {
            name: "state",
            fields: vec![
                FormField::Show("on_sale", |row| Cell::Bool(row.on_sale)),
                FormField::Show("stock", |row| Cell::number(row.stock)),
                FormField::Show("archived_at", |row| Cell::when(row.archived_at)),
                FormField::Show("last_check_at", |row| Cell::when(row.last_check_at)),
                FormField::Show("next_check_at", |row| Cell::when(row.next_check_at)),
                FormField::Show("created_at", |row| Cell::When(row.created_at)),
                FormField::Show("updated_at", |row| Cell::When(row.updated_at)),
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
