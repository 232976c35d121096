//! Answers of the deciding function with their reasons: a journal that nobody edits.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{PERIODS, YES_NO, of_store, period_start, word_key, words, yes_no},
    framework::{
        Cell, Choices, Column, Dir, Drill, Field, Filter, Form, Model, Section, Spec, queries, seek_by_key,
        sort_by,
    },
    staff::administrators,
};
use crate::{
    domain::{DecisionId, Outcome, ProductId, StoreId},
    schema::{price_decisions, products, stores},
};

/// The model.
pub struct PriceDecisions;

/// A field of its form.
type FormField = Field<PriceDecisions>;

/// A column of its list.
type Col = Column<PriceDecisions>;

/// A decision with the names around it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = price_decisions, check_for_backend(Pg))]
pub struct Decision {
    id: DecisionId,
    #[diesel(select_expression = products::name)]
    product: String,
    #[diesel(select_expression = stores::name)]
    store: String,
    product_id: ProductId,
    city_id: String,
    decided_at: DateTime<Utc>,
    outcome: Outcome,
    current_tenge: i64,
    price_tenge: Option<i64>,
    best_rival_tenge: Option<i64>,
    competitors: Option<i32>,
    reasons: serde_json::Value,
    shadow: bool,
}

type Row = Decision;

#[diesel::dsl::auto_type]
fn joined() -> _ {
    price_decisions::table
        .inner_join(stores::table)
        .inner_join(products::table)
}

impl Model for PriceDecisions {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), price_decisions::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.product.clone()
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            filters: filters(),
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(price_decisions::store_id.eq(StoreId(id)))
            })],
            drill: Some(Drill {
                name: "day",
                apply: |query, from, until| {
                    query.filter(
                        price_decisions::decided_at
                            .ge(from)
                            .and(price_decisions::decided_at.lt(until)),
                    )
                },
            }),
            default_sort: ("decided_at", Dir::Desc),
            seek: seek_by_key!(price_decisions::id, DecisionId),
            form: Form::shown(sections()),
            site_link: Some(|row| format!("/products/{}", row.product_id)),
            ..Spec::shown("price-decisions", "sliders", administrators)
        }
    }
}

fn columns() -> Vec<Column<PriceDecisions>> {
    vec![
        Col::start("product", |row| Cell::Text(row.product.clone()))
            .by(sort_by!(products::name, price_decisions::id)),
        Col::start("store", |row| Cell::Text(row.store.clone()))
            .by(sort_by!(stores::name, price_decisions::id)),
        Col::start("outcome", |row| outcome_badge(row.outcome))
            .by(sort_by!(price_decisions::outcome, price_decisions::id)),
        Col::end("current_tenge", |row| Cell::Money(row.current_tenge)),
        Col::end("new_price", |row| Cell::money(row.price_tenge)),
        Col::end("decided_at", |row| Cell::When(row.decided_at))
            .by(sort_by!(price_decisions::decided_at, price_decisions::id)),
    ]
}

fn filters() -> Vec<Filter<PriceDecisions>> {
    vec![
        Filter {
            name: "outcome",
            choices: Choices::Fixed(|| words(Outcome::ALL.iter().map(|outcome| outcome.as_str()))),
            apply: |query, value, _| {
                let outcome: Outcome = value.parse().ok()?;
                Some(query.filter(price_decisions::outcome.eq(outcome)))
            },
        },
        Filter {
            name: "shadow",
            choices: YES_NO,
            apply: |query, value, _| Some(query.filter(price_decisions::shadow.eq(yes_no(value)?))),
        },
        Filter {
            name: "decided_at",
            choices: PERIODS,
            apply: |query, value, now| {
                Some(query.filter(price_decisions::decided_at.ge(period_start(value, now)?)))
            },
        },
    ]
}

fn sections() -> Vec<Section<PriceDecisions>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("product", |row| {
                Cell::Link(
                    row.product.clone(),
                    format!("/admin/products/{}/", row.product_id),
                )
            }),
            FormField::Show("store", |row| Cell::Text(row.store.clone())),
            FormField::Show("city_id", |row| super::stores::city(&row.city_id)),
            FormField::Show("outcome", |row| outcome_badge(row.outcome)),
            FormField::Show("current_tenge", |row| Cell::Money(row.current_tenge)),
            FormField::Show("new_price", |row| Cell::money(row.price_tenge)),
            FormField::Show("best_rival_tenge", |row| Cell::money(row.best_rival_tenge)),
            FormField::Show("competitors", |row| Cell::number(row.competitors)),
            FormField::Show("shadow", |row| Cell::Bool(row.shadow)),
            FormField::Show("decided_at", |row| Cell::When(row.decided_at)),
            FormField::Show("reasons", |row| Cell::Json(row.reasons.clone())),
        ],
    }]
}

fn outcome_badge(outcome: Outcome) -> Cell {
    let (class, icon) = match outcome {
        Outcome::Change => ("ok", "check-circle"),
        Outcome::Keep => ("ghost", "check"),
        Outcome::Hold => ("held", "hand"),
        Outcome::Refuse => ("bad", "alert"),
    };
    Cell::Badge(class, icon, word_key(outcome.as_str()))
}
