//! One product as a row of the list: figures, corridor, state.

use chrono::{DateTime, TimeDelta, Utc};

use super::state::{Around, State, state_of};
use crate::{
    domain::{ProductId, PushState, SessionState, Tenant, Tenge},
    store::{
        PgConnection, StoreError,
        product_states::{DecisionBrief, decision_briefs, push_states_open},
        products::{ProductRow, product_fetch},
        stores::{Store, store_list},
    },
    web::{format, texts::Texts},
};

/// How far a number's age may go before it is marked.
const OLD: TimeDelta = TimeDelta::minutes(10);
const DEAD: TimeDelta = TimeDelta::minutes(60);

/// A row, ready to be shown.
#[derive(Debug, Clone)]
pub struct Row {
    /// Product, store and price.
    pub row: ProductRow,
    /// Last decision.
    pub decision: Option<DecisionBrief>,
    /// Its state.
    pub state: State,
    /// When price or market were last looked at.
    pub read_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

impl Row {
    fn new(
        row: ProductRow,
        decision: Option<DecisionBrief>,
        push: Option<PushState>,
        around: &Surroundings,
    ) -> Self {
        let price = row.price.as_ref().map(|price| price.price_tenge);
        let needs_login = around
            .stores
            .iter()
            .any(|store| store.id == row.product.store_id && store.session_state == SessionState::NeedsLogin);
        let state = state_of(
            &row,
            Around {
                price,
                decision: decision.as_ref(),
                push,
                needs_login,
                now: around.now,
            },
        );
        let read_at = row.price.as_ref().map(|price| price.read_at);
        Self {
            read_at: read_at.max(row.last_check_at),
            row,
            decision,
            state,
            now: around.now,
        }
    }

    /// What the elements of this row are called in the page: the random end of the product's id, as whole ids are a good part of
    /// a hundred rows.
    #[must_use]
    pub fn key(&self) -> String {
        let mut id = self.row.product.id.0.simple().to_string();
        id.split_off(20)
    }

    /// Price in the main city.
    #[must_use]
    pub fn price(&self) -> Option<Tenge> {
        self.row.price.as_ref().map(|price| price.price_tenge)
    }

    /// Price of the cheapest competitor.
    #[must_use]
    pub fn rival(&self) -> Option<Tenge> {
        self.decision.as_ref()?.best_rival_tenge
    }

    /// How far the cheapest competitor is from our price, in percent.
    #[must_use]
    pub fn rival_distance(&self, t: &Texts) -> String {
        match (self.price(), self.rival()) {
            (Some(own), Some(rival)) => format::percent_change(own, rival, t.language),
            _ => String::new(),
        }
    }

    /// Is somebody cheaper?
    #[must_use]
    pub fn loses(&self) -> bool {
        self.price()
            .zip(self.rival())
            .is_some_and(|(own, rival)| rival < own)
    }

    /// Place, and of how many: ourselves included.
    #[must_use]
    pub fn place(&self) -> Option<(i32, i32)> {
        let decision = self.decision.as_ref()?;
        Some((decision.place?, decision.competitors?.saturating_add(1)))
    }

    /// Where the price stands in its corridor: 2–58 in units of the drawing.
    #[must_use]
    pub fn own_x(&self) -> Option<String> {
        self.x_of(self.price()?)
    }

    /// Where the cheapest competitor stands; left out beyond the corridor's ends.
    #[must_use]
    pub fn rival_x(&self) -> Option<String> {
        let rival = self.rival()?;
        let terms = &self.row.terms;
        (terms.floor? <= rival && rival <= terms.ceiling?)
            .then(|| self.x_of(rival))
            .flatten()
    }

    fn x_of(&self, price: Tenge) -> Option<String> {
        let terms = &self.row.terms;
        let (low, high) = (terms.floor?.0, terms.ceiling?.0);
        let width = high.checked_sub(low).filter(|width| *width > 0)?;
        let inside = price.0.clamp(low, high) - low;
        let tenths = 20 + inside.checked_mul(560)?.checked_div(width)?;
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    }

    /// Is the price exactly the floor?
    #[must_use]
    pub fn at_floor(&self) -> bool {
        self.price().is_some() && self.price() == self.row.terms.floor
    }

    /// `3 мин`
    #[must_use]
    pub fn age(&self, t: &Texts) -> String {
        self.read_at
            .map_or_else(String::new, |at| format::duration(self.now - at, *t))
    }

    /// Class that marks old numbers.
    #[must_use]
    pub fn age_class(&self) -> &'static str {
        match self.read_at.map(|at| self.now - at) {
            Some(age) if age > DEAD => "age dead",
            Some(age) if age > OLD => "age old",
            _ => "age",
        }
    }

    /// Is the number too old to be trusted?
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.age_class() != "age"
    }
}

struct Surroundings {
    stores: Vec<Store>,
    now: DateTime<Utc>,
}

/// Adds what lists show beside the products.
///
/// # Errors
/// See [`StoreError`].
pub fn rows_of(
    conn: &mut PgConnection,
    tenant: Tenant,
    products: Vec<ProductRow>,
    now: DateTime<Utc>,
) -> Result<Vec<Row>, StoreError> {
    let ids: Vec<ProductId> = products.iter().map(|row| row.product.id).collect();
    let mut decisions = decision_briefs(conn, &ids)?;
    let pushes = push_states_open(conn, &ids)?;
    let around = Surroundings {
        stores: store_list(conn, tenant)?,
        now,
    };
    Ok(products
        .into_iter()
        .map(|row| {
            let id = row.product.id;
            Row::new(row, decisions.remove(&id), pushes.get(&id).copied(), &around)
        })
        .collect())
}

/// The row of one product that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn row_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: ProductId,
    now: DateTime<Utc>,
) -> Result<Option<Row>, StoreError> {
    let Some(product) = product_fetch(conn, tenant, id)? else {
        return Ok(None);
    };
    Ok(rows_of(conn, tenant, vec![product], now)?.pop())
}
