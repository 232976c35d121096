set local lock_timeout = '3s';

-- What the marketplace and the state take from a sale. A row holds from its day until the next one of the same
-- kind and name; days are those of Almaty.
create table tariffs (
  id uuid primary key,
  kind text not null check (kind in ('commission', 'delivery', 'delivery_vat', 'tax')),
  -- Which one of its kind: class of goods, zone of delivery, tax regime.
  name text not null check (name ~ '^[a-z0-9_]{1,50}$'),
  valid_from date not null,
  -- Millionths of a percent.
  percent_millionths bigint check (percent_millionths between 0 and 100000000),
  -- Fees by price, then by weight: [{"up_to", "fees": [{"up_to_grams", "fee"}]}], ascending, the last ones open.
  delivery jsonb,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (kind, name, valid_from),
  check ((delivery is null) = (kind <> 'delivery') and (percent_millionths is null) = (kind = 'delivery'))
);

insert into tariffs (id, kind, name, valid_from, percent_millionths, delivery, created_at, updated_at)
select gen_random_uuid(), kind, name, '2026-01-01', percent, delivery::jsonb, now(), now()
from (values
  -- With value-added tax.
  ('commission', 'usual', 12500000, null),
  ('commission', 'reduced', 7300000, null),
  ('commission', 'raised', 15500000, null),
  ('delivery_vat', 'standard', 16000000, null),
  ('tax', 'simplified', 3000000, null),
  ('tax', 'none', 0, null),
  -- Without value-added tax. Of the fees by weight only the least, the greatest and few others are published;
  -- between them the greater one stands.
  ('delivery', 'city', null, '[
    {"up_to": 999, "fees": [{"up_to_grams": null, "fee": 49}]},
    {"up_to": 2999, "fees": [{"up_to_grams": null, "fee": 149}]},
    {"up_to": 4999, "fees": [{"up_to_grams": null, "fee": 199}]},
    {"up_to": 9999, "fees": [{"up_to_grams": null, "fee": 699}]},
    {"up_to": null, "fees": [{"up_to_grams": 1000, "fee": 1099}, {"up_to_grams": null, "fee": 6449}]}]'),
  ('delivery', 'country', null, '[
    {"up_to": 999, "fees": [{"up_to_grams": null, "fee": 49}]},
    {"up_to": 2999, "fees": [{"up_to_grams": null, "fee": 149}]},
    {"up_to": 4999, "fees": [{"up_to_grams": null, "fee": 199}]},
    {"up_to": 9999, "fees": [{"up_to_grams": null, "fee": 799}]},
    {"up_to": null, "fees": [{"up_to_grams": 1000, "fee": 1299}, {"up_to_grams": 25000, "fee": 3599},
      {"up_to_grams": null, "fee": 11999}]}]'),
  ('delivery', 'express', null, '[
    {"up_to": null, "fees": [{"up_to_grams": 1000, "fee": 1699}, {"up_to_grams": null, "fee": 8449}]}]')
) as seed (kind, name, percent, delivery);

-- Limits and economics as set for a store, for one of its categories or for one product. For each value the
-- nearest that is set wins. Floor and ceiling of a product stand with the product.
create table pricing_terms (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  category text check (category <> '' and length(category) <= 255),
  product_id uuid references products (id) on delete cascade,
  floor_tenge bigint check (floor_tenge > 0),
  ceiling_tenge bigint check (ceiling_tenge > 0),
  -- One piece with its packaging.
  unit_cost_tenge bigint check (unit_cost_tenge > 0),
  -- Names of tariffs.
  commission text,
  tax text,
  delivery text,
  weight_grams integer check (weight_grams > 0),
  goal_kind text check (goal_kind in ('profit', 'margin', 'roi')),
  -- Whole tenge of a profit, millionths of a percent of a margin or a return.
  goal_value bigint check (goal_value >= 0),
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (category is null or product_id is null),
  check (product_id is null or (floor_tenge is null and ceiling_tenge is null)),
  check ((goal_kind is null) = (goal_value is null)),
  check (ceiling_tenge is null or floor_tenge is null or ceiling_tenge >= floor_tenge)
);
create unique index pricing_terms_store_id_key on pricing_terms (store_id)
  where category is null and product_id is null;
create unique index pricing_terms_category_key on pricing_terms (store_id, category) where category is not null;
create unique index pricing_terms_product_id_key on pricing_terms (product_id);

-- A rule is attached to a store, to one of its categories, to a selection of its products or to one product.
alter table rules
  add column scope text not null default 'store' check (scope in ('store', 'category', 'selection', 'product')),
  add column category text check (category <> '' and length(category) <= 255),
  add column product_id uuid references products (id) on delete cascade,
  -- Among selections that share a product the one that stands first wins.
  add column position integer not null default 0,
  add column enabled boolean not null default true,
  add constraint rules_attached_check check (
    (category is not null) = (scope = 'category') and (product_id is not null) = (scope = 'product'));
drop index rules_store_id_key;
create unique index rules_store_key on rules (store_id) where scope = 'store';
create unique index rules_category_key on rules (store_id, category) where scope = 'category';
create unique index rules_product_id_key on rules (product_id);
create index rules_store_id_idx on rules (store_id, position);

-- The products of a selection.
create table rule_products (
  rule_id uuid not null references rules (id) on delete cascade,
  product_id uuid not null references products (id) on delete cascade,
  primary key (rule_id, product_id)
);
create index rule_products_product_id_idx on rule_products (product_id);

-- A floor may stand with the store or the category now, and known costs do instead of one.
drop index products_due_idx;
create index products_due_idx on products (next_check_at)
  where repricing_enabled and on_sale and archived_at is null;

grant select, insert, update, delete on tariffs, pricing_terms, rule_products to kaspi_panel_runtime;
