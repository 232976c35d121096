set local lock_timeout = '3s';

alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check check (kind in
    ('connect_store', 'sync_store', 'send_alert', 'upload_preorders', 'tell_arrived'));

-- The token of a store for the marketplace's orders interface.
create table orders_accesses (
  store_id uuid primary key references stores (id) on delete cascade,
  token_sealed bytea not null,
  set_at timestamptz not null,
  -- The last whole reading; and the code of what was in the way of the last one.
  read_at timestamptz,
  failure text check (length(failure) <= 100),
  -- Null: the token was refused, a person must give another one.
  next_read_at timestamptz
);
create index orders_accesses_due_idx on orders_accesses (next_read_at) where next_read_at is not null;

-- Orders of buyers that were made on preorder. No data of buyers is kept.
create table preorder_orders (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  -- The marketplace's key, and its number for people.
  order_key text not null check (length(order_key) <= 255),
  code text not null check (length(code) <= 100),
  state text not null check (length(state) <= 50),
  status text not null check (length(status) <= 100),
  total_tenge bigint not null check (total_tenge >= 0),
  -- [{"sku": "…", "name": "…", "quantity": 1}]; null: not read yet.
  entries jsonb,
  placed_at timestamptz not null,
  planned_at timestamptz,
  -- The goods are there, said by a person: asked for, told to the marketplace, not known, refused.
  arrival text check (arrival in ('asked', 'told', 'unclear', 'failed')),
  arrival_by uuid references users (id) on delete set null,
  arrival_at timestamptz,
  arrival_failure text check (length(arrival_failure) <= 500),
  seen_at timestamptz not null,
  unique (store_id, order_key)
);
create index preorder_orders_planned_idx on preorder_orders (store_id, planned_at);
create index preorder_orders_arrival_by_idx on preorder_orders (arrival_by);

grant select, insert, update, delete on orders_accesses, preorder_orders to kaspi_panel_runtime;
