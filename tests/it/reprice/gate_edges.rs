//! The last gate at the edges of each of its rules: what is just allowed passes, what is just forbidden does not.

use chrono::{DateTime, Utc};
use diesel::{Connection, connection::SimpleConnection};
use kaspi_panel::{
    domain::{PushId, product::Availability},
    last_gate::{self, ClearedWrite, GateError},
};
use serde_json::Value;

use super::*;
use crate::support::CITY;

/// The wanted prices are 15 979 ₸ in Almaty, where 15 990 ₸ stand, and 16 490 ₸ as before in Astana.
const EDGES: &[(&str, &str)] = &[
    ("", ""),
    // Floor and ceiling, also of the category and the store; the nearest counts.
    ("update products set floor_tenge = 15979", ""),
    ("update products set floor_tenge = 15980", "below_floor"),
    ("update products set ceiling_tenge = 16490", ""),
    ("update products set ceiling_tenge = 16489", "above_ceiling"),
    (
        "no floor; category: floor_tenge = 15980; shop: floor_tenge = 10",
        "below_floor",
    ),
    (
        "no floor; category: floor_tenge = 10; shop: floor_tenge = 15980",
        "",
    ),
    ("no floor; shop: floor_tenge = 15980", "below_floor"),
    ("no floor; shop: floor_tenge = 15979", ""),
    ("category: floor_tenge = 15980; shop: floor_tenge = 15980", ""),
    ("no floor; other: floor_tenge = 15979", "no_floor"),
    ("no floor", "no_floor"),
    ("others; no floor; their shop: floor_tenge = 15979", "no_floor"),
    (
        "others; no floor; their category: floor_tenge = 15979",
        "no_floor",
    ),
    (
        "no floor; own: unit_cost_tenge = 1; shop: tax = 'none', floor_tenge = 15980",
        "below_floor",
    ),
    ("category: ceiling_tenge = 10; shop: ceiling_tenge = 10", ""),
    (
        "no ceiling; category: ceiling_tenge = 10; shop: ceiling_tenge = 20000",
        "above_ceiling",
    ),
    (
        "no ceiling; category: ceiling_tenge = 20000; shop: ceiling_tenge = 10",
        "",
    ),
    ("no ceiling; shop: ceiling_tenge = 10", "above_ceiling"),
    ("no ceiling; other: ceiling_tenge = 10", ""),
    // Limits that no form lets in.
    ("no law; update products set floor_tenge = 0", "below_floor"),
    (
        "no law; update products set floor_tenge = 1; update price_push_cities set price_tenge = 10",
        "",
    ),
    (
        "no law; update products set floor_tenge = 1; update price_push_cities set price_tenge = 9",
        "below_floor",
    ),
    (
        "no law; update products set floor_tenge = 1; update price_push_cities set price_tenge = -15979",
        "below_floor",
    ),
    // No raise without a ceiling but up to the lowest permitted price.
    ("no ceiling", ""),
    (
        "no ceiling; update product_prices set price_tenge = 15979",
        "no_ceiling",
    ),
    (
        "no ceiling; update product_prices set price_tenge = 15978 where city_id = '750000000'",
        "no_ceiling",
    ),
    (
        "no ceiling; update product_prices set price_tenge = 15979 where city_id = '750000000'",
        "",
    ),
    (
        "no ceiling; delete from product_prices where city_id = '710000000'",
        "no_ceiling",
    ),
    (
        "no ceiling; no law; update product_prices set price_tenge = 15000; update price_push_cities set floor_tenge = price_tenge",
        "",
    ),
    (
        "no ceiling; no law; update product_prices set price_tenge = 9; update products set floor_tenge = 1;
         update price_push_cities set price_tenge = 10, floor_tenge = 1",
        "",
    ),
    ("update product_prices set price_tenge = 15000", ""),
    // Stops.
    ("stop: 'all', null, null, null, null", "stopped"),
    ("stop: 'all', null, null, null, now()", ""),
    (
        "stop: 'store', (select id from stores), null, null, null",
        "stopped",
    ),
    ("stop: 'store', (select id from stores), null, null, now()", ""),
    (
        "others; stop: 'store', (select id from stores where merchant_id = '2'), null, null, null",
        "",
    ),
    (
        "stop: 'product', (select id from stores), (select id from products), null, null",
        "stopped",
    ),
    (
        "stop: 'product', (select id from stores), (select id from products), null, now()",
        "",
    ),
    (
        "others; stop: 'product', (select store_id from products where sku = 'other'),
         (select id from products where sku = 'other'), null, null",
        "",
    ),
    ("stop: 'strategy', null, null, 'beat_lowest', null", "stopped"),
    ("stop: 'strategy', null, null, 'beat_lowest', now()", ""),
    ("stop: 'strategy', null, null, 'fixed', null", ""),
    (
        "update price_pushes set decision_id = null; stop: 'strategy', null, null, 'fixed', null",
        "stopped",
    ),
    ("person; stop: 'strategy', null, null, 'beat_lowest', null", ""),
    ("person; stop: 'all', null, null, null, null", "stopped"),
    // Claim, lease, life, order.
    ("update price_pushes set state = 'planned'", "not_claimed"),
    ("update price_pushes set state = 'accepted'", "not_claimed"),
    ("update price_pushes set lease_epoch = null", "lease_lost"),
    ("update price_pushes set lease_epoch = 4", "lease_lost"),
    ("update stores set lease_epoch = 6", "lease_lost"),
    ("update stores set lease_until = null", "lease_lost"),
    (
        "update stores set lease_until = now() - interval '1 millisecond'",
        "lease_lost",
    ),
    ("update stores set lease_until = now()", ""),
    ("update price_pushes set expires_at = null", "expired"),
    (
        "update price_pushes set expires_at = now() - interval '1 millisecond'",
        "expired",
    ),
    ("update price_pushes set expires_at = now()", ""),
    (
        "update products set push_sequence = push_sequence + 1",
        "superseded",
    ),
    (
        "update products set push_sequence = push_sequence - 1",
        "superseded",
    ),
    // The program's age.
    ("setting: 'push_protocol', '2'", "program_too_old"),
    ("setting: 'push_protocol', '1'", ""),
    ("setting: 'other', '2'", ""),
    // The store and the offer.
    ("update stores set active = false", "store_not_connected"),
    (
        "update stores set session_state = 'needs_login'",
        "store_not_connected",
    ),
    ("update stores set frozen_until = '2026-11-23T07:00:00Z'", ""),
    (
        "update stores set frozen_until = '2026-11-23T07:00:01Z'",
        "store_frozen",
    ),
    (
        "insert into price_feeds (store_id, publishing, updated_at) select id, 'feed', now() from stores",
        "feed_only",
    ),
    (
        "person; insert into price_feeds (store_id, publishing, updated_at) select id, 'feed', now() from stores",
        "feed_only",
    ),
    (
        "insert into price_feeds (store_id, publishing, updated_at) select id, 'both_feed_leads', now() from stores",
        "",
    ),
    (
        "with other as (insert into stores (id, owner_id, merchant_id, name, api_key, created_at, updated_at)
           select gen_random_uuid(), owner_id, '30009999', 'Other', '', now(), now() from stores returning id)
         insert into price_feeds (store_id, publishing, updated_at) select id, 'feed', now() from other",
        "",
    ),
    ("update products set on_sale = false", "not_on_sale"),
    ("update products set archived_at = now()", "not_on_sale"),
    ("update products set sku = null", "no_sku"),
    (
        "others; update products set store_id = (select id from stores where merchant_id = '2')",
        "not_found",
    ),
    ("delete from price_push_cities", "no_price"),
    // The robot alone is bound by mode, lock and its look at the market.
    ("update stores set repricing_mode = 'shadow'", "not_live"),
    ("person; update stores set repricing_mode = 'shadow'", ""),
    ("update products set repricing_enabled = false", "not_live"),
    ("person; update products set repricing_enabled = false", ""),
    ("update products set locked_until = '2026-11-23T07:00:00Z'", ""),
    (
        "update products set locked_until = '2026-11-23T07:00:01Z'",
        "locked",
    ),
    (
        "person; update products set locked_until = '2026-11-23T07:00:01Z'",
        "",
    ),
    ("update price_pushes set market_taken_at = null", "market_stale"),
    ("person; update price_pushes set market_taken_at = null", ""),
    (
        "update price_pushes set market_taken_at = '2026-11-23T06:50:00Z'",
        "",
    ),
    (
        "update price_pushes set market_taken_at = '2026-11-23T06:49:59Z'",
        "market_stale",
    ),
    (
        "update price_pushes set market_taken_at = '2026-11-23T07:00:05Z'",
        "",
    ),
    (
        "update price_pushes set market_taken_at = '2026-11-23T07:00:06Z'",
        "market_stale",
    ),
    ("forged", "changed_since"),
    ("update price_pushes set fingerprint = null", "changed_since"),
    ("person; forged", ""),
    // Points of service.
    ("update products set availabilities_read_at = null", ""),
    ("image: '[]', null", "availabilities_stale"),
    ("image: '[]', '2026-11-23T06:55:00Z'", ""),
    ("image: '[]', '2026-11-23T06:54:59Z'", "availabilities_stale"),
    ("image: '[]', '2026-11-23T07:00:05Z'", ""),
    ("image: '[]', '2026-11-23T07:00:06Z'", "availabilities_stale"),
    ("image: '{}', '2026-11-23T07:00:00Z'", "availabilities_unreadable"),
    // Costs. At 1 ₸ each sale earns, at 20 000 ₸ none does; the nearest counts.
    ("no floor; shop: unit_cost_tenge = 1, tax = 'none'", ""),
    ("no floor; shop: unit_cost_tenge = 1", "no_floor"),
    ("no floor; shop: tax = 'none'", "no_floor"),
    ("shop: unit_cost_tenge = 20000, tax = 'none'", "below_goal"),
    ("others; their shop: unit_cost_tenge = 20000, tax = 'none'", ""),
    (
        "others; their category: unit_cost_tenge = 20000, tax = 'none'",
        "",
    ),
    (
        "others; no floor; their shop: unit_cost_tenge = 1, tax = 'none'",
        "no_floor",
    ),
    (
        "others; no floor; their category: unit_cost_tenge = 1, tax = 'none'",
        "no_floor",
    ),
    (
        "category: unit_cost_tenge = 1, tax = 'none'; shop: unit_cost_tenge = 20000, tax = 'none'",
        "",
    ),
    (
        "category: unit_cost_tenge = 20000, tax = 'none'; shop: unit_cost_tenge = 1, tax = 'none'",
        "below_goal",
    ),
    ("other: unit_cost_tenge = 20000, tax = 'none'", ""),
    (
        "own: unit_cost_tenge = 1, tax = 'none'; category: unit_cost_tenge = 20000, tax = 'none'; shop: unit_cost_tenge = 20000, tax = 'none'",
        "",
    ),
    (
        "own: unit_cost_tenge = 20000, tax = 'none'; category: unit_cost_tenge = 1, tax = 'none'; shop: unit_cost_tenge = 1, tax = 'none'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', commission = 'usual'; own: commission = 'loss'; category: commission = 'usual'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', commission = 'loss'; own: commission = 'usual'; category: commission = 'loss'",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', commission = 'usual'; category: commission = 'loss'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', commission = 'loss'; category: commission = 'usual'",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', commission = 'loss'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; own: tax = 'loss'; category: tax = 'none'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'loss'; own: tax = 'none'; category: tax = 'loss'",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; category: tax = 'loss'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'loss'; category: tax = 'none'",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'city'; own: delivery = 'loss'; category: delivery = 'city'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'loss'; own: delivery = 'city'; category: delivery = 'loss'",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'city'; category: delivery = 'loss'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'loss'; category: delivery = 'city'",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'loss'",
        "below_goal",
    ),
    // Of the zone 'heavy' parcels above a kilogram cost more than the goods.
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'heavy', weight_grams = 1; own: delivery = 'heavy', weight_grams = 1001; category: delivery = 'heavy', weight_grams = 1",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'heavy', weight_grams = 1001; own: delivery = 'heavy', weight_grams = 1000; category: delivery = 'heavy', weight_grams = 1001",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'heavy', weight_grams = 1; category: delivery = 'heavy', weight_grams = 1001",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'heavy', weight_grams = 1001; category: delivery = 'heavy', weight_grams = 1",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'heavy', weight_grams = 1",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'heavy'",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', goal_kind = 'profit', goal_value = 1; own: goal_kind = 'profit', goal_value = 15979; category: goal_kind = 'profit', goal_value = 1",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', goal_kind = 'profit', goal_value = 15979; own: goal_kind = 'profit', goal_value = 1; category: goal_kind = 'profit', goal_value = 15979",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', goal_kind = 'profit', goal_value = 1; category: goal_kind = 'profit', goal_value = 15979",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', goal_kind = 'profit', goal_value = 15979; category: goal_kind = 'profit', goal_value = 1",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', goal_kind = 'profit', goal_value = 15979",
        "below_goal",
    ),
    // One ₸ of profit, or as much as the price: the kind is the nearest one's too.
    (
        "shop: unit_cost_tenge = 1, tax = 'none', goal_kind = 'profit', goal_value = 1; own: goal_kind = 'margin', goal_value = 100000000; category: goal_kind = 'profit', goal_value = 1",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', goal_kind = 'profit', goal_value = 1; category: goal_kind = 'margin', goal_value = 100000000",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', goal_kind = 'profit', goal_value = 15979; category: goal_kind = 'margin', goal_value = 1",
        "",
    ),
    // Tariffs of the day of Almaty, the newest of their name.
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'commission', 'usual', '2026-11-23', 100000000",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'commission', 'usual', '2026-11-24', 100000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'commission', 'usual', '2025-11-23', 100000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'commission', 'raised', '2026-11-23', 100000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'tax', 'none', '2026-11-23', 100000000",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'tax', 'none', '2026-11-24', 100000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'tax', 'none', '2025-11-23', 100000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'tax', 'usual', '2026-11-23', 100000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; tariff: 'delivery_vat', 'standard', '2026-11-23', 16000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; tariff: 'delivery_vat', 'standard', '2026-11-23', 20000000",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; tariff: 'delivery_vat', 'standard', '2026-11-24', 20000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; tariff: 'delivery_vat', 'standard', '2025-11-23', 20000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; tariff: 'delivery_vat', 'other', '2026-11-23', 20000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; tariff: 'tax', 'standard', '2026-11-23', 20000000",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; fee: 'even', '2026-11-23', 99999",
        "below_goal",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; fee: 'even', '2026-11-24', 99999",
        "",
    ),
    (
        "shop: unit_cost_tenge = 1, tax = 'none', delivery = 'even'; fee: 'even', '2025-11-23', 99999",
        "",
    ),
];

/// The changes of an edge as statements.
fn statements(edge: &str) -> String {
    edge.split(';').map(statement).collect::<Vec<_>>().join(";\n")
}

fn statement(change: &str) -> String {
    let change = change.trim();
    match change {
        "no floor" => return "update products set floor_tenge = null".to_owned(),
        "no ceiling" => return "update products set ceiling_tenge = null".to_owned(),
        "person" => return "update price_pushes set origin = 'person'".to_owned(),
        "forged" => return "update price_pushes set fingerprint = 'other'".to_owned(),
        // The tables' own rules, which would not let such values in.
        "no law" => return NO_LAW.to_owned(),
        "others" => return OTHERS.to_owned(),
        _ => {}
    }
    let Some((word, rest)) = change.split_once(": ") else {
        return change.to_owned();
    };
    let product = "(select id from products where sku = '100000001_200000002')";
    match word {
        "own" => terms(&format!("null, {product}"), &format!("product_id = {product}"), rest),
        "category" => terms("'Kettles', null", "category = 'Kettles'", rest),
        "their shop" => of_others("null, null", rest),
        "their category" => of_others("'Kettles', null", rest),
        "other" => terms("'Other', null", "category = 'Other'", rest),
        "shop" => terms("null, null", "category is null and product_id is null", rest),
        "stop" => format!(
            "insert into kill_switches (id, reason, stopped_by, stopped_at, scope, store_id, product_id, strategy, released_at)
             values (gen_random_uuid(), 'test', 'test', now(), {rest})"
        ),
        "setting" => format!("insert into settings (key, value, updated_at) values ({rest}, now())"),
        "image" => {
            format!("update products set (availabilities, availabilities_read_at) = (select {rest}::timestamptz)")
                .replace("(select ", "(select jsonb ")
        }
        "tariff" => format!(
            "insert into tariffs (id, created_at, updated_at, kind, name, valid_from, percent_millionths)
             values (gen_random_uuid(), now(), now(), {rest})"
        ),
        "fee" => format!(
            "insert into tariffs (id, created_at, updated_at, kind, name, valid_from, delivery)
             select gen_random_uuid(), now(), now(), 'delivery', name, day::date, jsonb_build_array(jsonb_build_object(
               'up_to', null, 'fees', jsonb_build_array(jsonb_build_object('up_to_grams', null, 'fee', fee))))
             from (values ({rest})) fees (name, day, fee)"
        ),
        _ => panic!("{change}"),
    }
}

fn terms(key: &str, row: &str, values: &str) -> String {
    format!(
        "insert into pricing_terms (id, store_id, category, product_id, created_at, updated_at)
         select gen_random_uuid(), id, {key}, now(), now() from stores where merchant_id = '30000001';
         update pricing_terms set {values} where {row}"
    )
}

/// The same of the other store alone.
fn of_others(key: &str, values: &str) -> String {
    terms(
        key,
        "store_id = (select id from stores where merchant_id = '2')",
        values,
    )
    .replace("'30000001'", "'2'")
}

const NO_LAW: &str = "do $$ declare c record; begin
  for c in select conrelid::regclass as t, conname from pg_constraint where contype = 'c'
    and conrelid in ('products'::regclass, 'price_push_cities'::regclass, 'product_prices'::regclass)
  loop execute format('alter table %s drop constraint %I', c.t, c.conname); end loop; end $$";

/// Another store with a product of its own.
const OTHERS: &str = "insert into stores select (jsonb_populate_record(stores,
    jsonb_build_object('id', gen_random_uuid(), 'merchant_id', '2', 'name', 'Other'))).* from stores;
  insert into products select (jsonb_populate_record(products, jsonb_build_object('id', gen_random_uuid(),
    'sku', 'other', 'store_id', (select id from stores where merchant_id = '2')))).* from products";

/// A claimed push under its lease, and all that the edges speak of.
async fn claimed() -> (Shop, PushId) {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.sql("update stores set lease_epoch = 5, lease_until = now() + interval '1 minute'");
    shop.sql("update products set category = 'Kettles'");
    shop.sql("update price_pushes set state = 'claimed', lease_epoch = 5, expires_at = now() + interval '1 minute'");
    let fee = |name: &str, fees: &str| {
        format!(
            "(gen_random_uuid(), 'delivery', '{name}', '2026-01-01', null, '[{{\"up_to\": null, \"fees\": [{fees}]}}]', now(), now())"
        )
    };
    shop.sql(&format!(
        "insert into tariffs (id, kind, name, valid_from, percent_millionths, delivery, created_at, updated_at) values
         (gen_random_uuid(), 'commission', 'loss', '2026-01-01', 100000000, null, now(), now()),
         (gen_random_uuid(), 'tax', 'loss', '2026-01-01', 100000000, null, now(), now()), {}, {}, {}",
        fee("loss", "{\"up_to_grams\": null, \"fee\": 99999}"),
        // With 16 % of tax on it 13 920 ₸, with 20 % 14 400 ₸; 13 981 ₸ are left of 15 979 ₸.
        fee("even", "{\"up_to_grams\": null, \"fee\": 12000}"),
        fee("heavy", "{\"up_to_grams\": 1000, \"fee\": 1}, {\"up_to_grams\": null, \"fee\": 99999}"),
    ));
    shop.sql("update price_pushes set fingerprint = decision_fingerprint(product_id)");
    let id = price_pushes::table
        .select(price_pushes::id)
        .first(&mut shop.app.conn())
        .unwrap();
    (shop, id)
}

/// What the gate says of the push after these changes, which are then taken back.
fn ask(shop: &Shop, id: PushId, changes: &str) -> Result<ClearedWrite, &'static str> {
    let mut said = None;
    let undone = shop
        .app
        .conn()
        .transaction::<(), diesel::result::Error, _>(|conn| {
            conn.batch_execute(&format!("select 1; {changes}"))
                .unwrap_or_else(|error| panic!("{error}: {changes}"));
            if !changes.contains("fingerprint") {
                conn.batch_execute("update price_pushes set fingerprint = decision_fingerprint(product_id)")?;
            }
            said = Some(last_gate::clear(conn, id, 5, now()));
            Err(diesel::result::Error::RollbackTransaction)
        });
    assert_eq!(undone, Err(diesel::result::Error::RollbackTransaction));
    match said.unwrap() {
        Ok(write) => Ok(write),
        Err(GateError::Refused(code)) => Err(code),
        Err(error) => panic!("{error}: {changes}"),
    }
}

#[actix_web::test]
async fn each_rule_holds_exactly_at_its_edge() {
    let (shop, id) = claimed().await;
    let mut wrong = Vec::new();
    for (edge, code) in EDGES {
        let said = ask(&shop, id, &statements(edge)).err().unwrap_or_default();
        if said != *code {
            wrong.push((edge, *code, said));
        }
    }
    assert_eq!(wrong, []);
    assert_eq!(ask(&shop, PushId::new(), "").err(), Some("not_found"));
    assert!(
        last_gate::clear(&mut shop.app.conn(), id, 4, now()).is_err(),
        "another epoch"
    );
}

#[actix_web::test]
async fn days_of_tariffs_begin_at_midnight_in_almaty() {
    let (shop, id) = claimed().await;
    let changes =
        "shop: unit_cost_tenge = 1, tax = 'none'; tariff: 'commission', 'usual', '2026-11-24', 100000000";
    shop.app.conn().batch_execute(&statements(changes)).unwrap();
    shop.sql("update price_pushes set fingerprint = decision_fingerprint(product_id)");
    for (at, code) in [
        ("2026-11-23T18:59:59Z", None),
        ("2026-11-23T19:00:00Z", Some("below_goal")),
    ] {
        let at = at.parse().unwrap();
        let said = shop
            .app
            .conn()
            .transaction::<(), diesel::result::Error, _>(|conn| {
                diesel::update(price_pushes::table)
                    .set(price_pushes::market_taken_at.eq(at))
                    .execute(conn)?;
                let said = last_gate::clear(conn, id, 5, at);
                assert_eq!(
                    said.err().map(|error| error.to_string()),
                    code.map(|code| { format!("the last gate refused the price: {code}") })
                );
                Err(diesel::result::Error::RollbackTransaction)
            });
        assert!(said.is_err());
    }
}

#[actix_web::test]
async fn what_passes_is_what_stands_in_the_journal() {
    let (shop, id) = claimed().await;
    let image = |points: &str| format!("image: {points}, '2026-11-23T07:00:00Z'");
    for (change, points) in [
        ("update products set availabilities = null".to_owned(), None),
        (image("'[]'"), None),
        (image(POINTS), Some(2)),
    ] {
        let write = ask(&shop, id, &statements(&change)).unwrap();
        assert_eq!((write.merchant_id(), write.sku()), ("30000001", SKU));
        assert_eq!(
            write.city_prices(),
            [
                (ASTANA.to_owned(), Tenge(16_490)),
                (CITY.to_owned(), Tenge(15_979))
            ]
        );
        assert_eq!(write.availabilities().map(<[Availability]>::len), points);
        assert!(!write.is_stale());
    }
    shop.sql(
        "insert into price_pushes select (jsonb_populate_record(price_pushes, jsonb_build_object('id', gen_random_uuid(),
           'sequence', 99, 'state', 'planned'))).* from price_pushes",
    );
    shop.sql(&statements(&image(POINTS)));
    assert!(last_gate::clear(&mut shop.app.conn(), id, 5, now()).is_ok());
    type Kept = (
        PushState,
        Option<DateTime<Utc>>,
        i32,
        Option<Value>,
        Option<DateTime<Utc>>,
    );
    let kept: Vec<Kept> = price_pushes::table
        .order(price_pushes::sequence)
        .select((
            price_pushes::state,
            price_pushes::sent_at,
            price_pushes::attempts,
            price_pushes::availabilities,
            price_pushes::availabilities_read_at,
        ))
        .load(&mut shop.app.conn())
        .unwrap();
    let points: Value = serde_json::from_str(POINTS.trim_matches('\'')).unwrap();
    assert_eq!(
        kept,
        [
            (PushState::Sent, Some(now()), 1, Some(points), Some(now())),
            (PushState::Planned, None, 0, None, None)
        ]
    );
    assert_eq!(
        last_gate::clear(&mut shop.app.conn(), id, 5, now())
            .unwrap_err()
            .to_string(),
        "the last gate refused the price: not_claimed"
    );
}

const POINTS: &str = "'[{\"point_id\": \"30000001_PP1\", \"available\": true, \"stock_count\": 4, \"preorder_days\": 0, \"stock_enabled\": true},
  {\"point_id\": \"30000001_PP2\", \"available\": false, \"stock_count\": null, \"preorder_days\": 0, \"stock_enabled\": null}]'";
