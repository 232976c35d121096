-- What is looked at after a write: did buyers get to see the price, and is the offer as complete as it was?
set local lock_timeout = '3s';

-- A confirmed write whose price is looked for among the public offers.
create table public_looks (
  push_id uuid primary key references price_pushes (id) on delete cascade,
  store_id uuid not null references stores (id) on delete cascade,
  product_id uuid not null references products (id) on delete cascade,
  -- Null: no more.
  next_look_at timestamptz,
  -- First seen; null: not yet.
  seen_at timestamptz
);
create index public_looks_next_idx on public_looks (store_id, next_look_at) where next_look_at is not null;
create index public_looks_store_id_idx on public_looks (store_id);
create index public_looks_product_id_idx on public_looks (product_id);
grant select, insert, update, delete on public_looks to kaspi_panel_runtime;

-- A write that brings points of service back: planned with the image of before.
alter table price_pushes drop constraint price_pushes_origin_check,
  add constraint price_pushes_origin_check check (origin in ('robot', 'person', 'put_back', 'restore')),
  add constraint price_pushes_restore_check check (origin <> 'restore' or availabilities is not null);

alter table alerts drop constraint alerts_kind_check,
  add constraint alerts_kind_check check (kind in ('session_lost', 'store_stopped', 'breaker', 'mismatch',
    'floor_reached', 'first_place_lost', 'offer_removed', 'worker_lost', 'offer_damaged', 'not_shown',
    'needs_person'));
