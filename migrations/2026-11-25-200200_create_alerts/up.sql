-- What a person should hear of. One row stands for one trouble of one object until it is over; the same again is
-- counted in it.
set local lock_timeout = '3s';

create table alerts (
  id uuid primary key,
  kind text not null check (kind in ('session_lost', 'store_stopped', 'breaker', 'mismatch', 'floor_reached',
    'first_place_lost', 'offer_removed', 'worker_lost')),
  severity text not null check (severity in ('critical', 'warning', 'notice')),
  -- Null: it concerns every store.
  store_id uuid references stores (id) on delete cascade,
  product_id uuid references products (id) on delete cascade,
  -- What the texts name, e.g. {"product": "Kettle", "price_tenge": 15990}; no secrets.
  data jsonb not null default '{}',
  times integer not null default 1 check (times > 0),
  created_at timestamptz not null,
  last_at timestamptz not null,
  -- When people were told last; not again before ten minutes have passed.
  told_at timestamptz not null,
  acknowledged_by text,
  acknowledged_at timestamptz,
  resolved_at timestamptz,
  check ((acknowledged_by is null) = (acknowledged_at is null))
);
create unique index alerts_open_key on alerts (kind, store_id, product_id) nulls not distinct where resolved_at is null;
create index alerts_store_id_idx on alerts (store_id, created_at desc);
create index alerts_product_id_idx on alerts (product_id);
create index alerts_resolved_idx on alerts (resolved_at desc) where resolved_at is not null;

grant select, insert, update, delete on alerts to kaspi_panel_runtime;
