-- The first shape of the data. Money is whole tenge (bigint), times carry a zone, keys are UUIDv7 made
-- by the program. The run-time role may read and write rows but never change the schema, and may only
-- append to the audit log.

set local lock_timeout = '3s';

do $$
begin
  if not exists (select from pg_roles where rolname = 'kaspi_panel_runtime') then
    create role kaspi_panel_runtime nologin;
  end if;
exception when duplicate_object or unique_violation then
  null; -- another database of the same cluster was migrated at the same moment
end $$;

-- People -------------------------------------------------------------------------------------------

create table users (
  id uuid primary key,
  -- The predecessor's `user_id` string: what API clients call this user.
  external_id text not null unique check (external_id <> '' and length(external_id) <= 255),
  email text not null unique check (email = lower(email) and length(email) between 3 and 255),
  name text not null default '' check (length(name) <= 255),
  password_hash text not null,
  role text not null check (role in ('admin', 'manager', 'viewer')),
  active boolean not null default true,
  -- Raised to end all sessions of the user at once.
  session_version integer not null default 1,
  language text not null default 'ru' check (language in ('ru', 'kk', 'en')),
  theme text not null default 'system' check (theme in ('system', 'light', 'dark')),
  last_seen_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table sessions (
  -- SHA-256 of the random session key; the key itself is only in the browser.
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  user_id uuid references users (id) on delete cascade,
  state jsonb not null,
  user_agent text check (length(user_agent) <= 400),
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index sessions_user_id_idx on sessions (user_id);
create index sessions_expires_at_idx on sessions (expires_at);

create table api_tokens (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  name text not null check (name <> '' and length(name) <= 255),
  key_hash bytea not null unique check (octet_length(key_hash) = 32),
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_tokens_user_id_idx on api_tokens (user_id);

create table sign_in_attempts (
  id uuid primary key,
  account text not null check (length(account) <= 255),
  address text not null check (length(address) <= 64),
  succeeded boolean not null,
  at timestamptz not null
);
create index sign_in_attempts_account_idx on sign_in_attempts (account, at);
create index sign_in_attempts_address_idx on sign_in_attempts (address, at);

-- Stores -------------------------------------------------------------------------------------------

create table stores (
  id uuid primary key,
  owner_id uuid not null references users (id) on delete restrict,
  merchant_id text not null check (merchant_id <> '' and length(merchant_id) <= 255),
  name text not null check (name <> '' and length(name) <= 255),
  -- A reference shown to its owner and kept for the predecessor's clients; it opens nothing.
  api_key text not null check (length(api_key) <= 255),
  active boolean not null default true,
  -- Is the cabinet session usable? `needs_login` pauses everything for the store.
  session_state text not null default 'never'
    check (session_state in ('never', 'connected', 'needs_login')),
  session_checked_at timestamptz,
  logged_in_at timestamptz,
  main_city_id text not null default '750000000' check (main_city_id ~ '^[0-9]{9}$'),
  -- off: nothing is decided; shadow: decided and explained, nothing is sent; live: prices are sent.
  repricing_mode text not null default 'off' check (repricing_mode in ('off', 'shadow', 'live')),
  products_count integer not null default 0 check (products_count >= 0),
  last_sync_at timestamptz,
  -- The lease of the push sender: one worker at a time writes for a store.
  lease_owner uuid,
  lease_epoch bigint not null default 0,
  lease_until timestamptz,
  -- Set by a 429 of the marketplace: no write before this time.
  frozen_until timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (owner_id, merchant_id)
);

create table store_access (
  store_id uuid not null references stores (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  role text not null check (role in ('manager', 'viewer')),
  created_at timestamptz not null,
  primary key (store_id, user_id)
);
create index store_access_user_id_idx on store_access (user_id);

create table store_credentials (
  store_id uuid primary key references stores (id) on delete cascade,
  email text check (length(email) <= 255),
  -- Sealed by `secrets::Vault`; bound to this row by its associated data.
  password_sealed bytea,
  cookies_sealed bytea,
  password_set_at timestamptz,
  cookies_set_at timestamptz,
  user_agent text not null default '' check (length(user_agent) <= 400),
  updated_at timestamptz not null
);

create table store_cities (
  store_id uuid not null references stores (id) on delete cascade,
  city_id text not null check (city_id ~ '^[0-9]{9}$'),
  name text not null,
  primary key (store_id, city_id)
);

create table store_points (
  store_id uuid not null references stores (id) on delete cascade,
  -- As the marketplace writes it: 30000001_PP1.
  point_id text not null check (point_id <> '' and length(point_id) <= 64),
  name text not null,
  city_id text,
  enabled boolean not null,
  primary key (store_id, point_id)
);

-- The login state machine: the page posts, a worker drives the browser, both look at this row.
create table connection_attempts (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  -- Set when an existing store is logged in again, and at the end of a first login.
  store_id uuid references stores (id) on delete cascade,
  email text not null check (length(email) <= 255),
  password_sealed bytea,
  state text not null default 'queued' check (state in
    ('queued', 'running', 'wrong_credentials', 'needs_code', 'choose_merchant', 'blocked', 'page_changed',
     'no_merchants', 'browser_missing', 'unavailable', 'failed', 'done')),
  merchants jsonb not null default '[]',
  merchant_id text,
  blocked_until timestamptz,
  deadline_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  finished_at timestamptz
);
create index connection_attempts_user_id_idx on connection_attempts (user_id);
create index connection_attempts_store_id_idx on connection_attempts (store_id);

-- Catalogue ----------------------------------------------------------------------------------------

create table products (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  -- The cabinet's offer id, or the sku where that is null.
  kaspi_product_id text not null check (kaspi_product_id <> '' and length(kaspi_product_id) <= 255),
  sku text check (sku <> '' and length(sku) <= 255),
  -- The marketplace's page of the product; competitors are read by it.
  card_id text check (card_id <> '' and length(card_id) <= 255),
  name text not null check (name <> '' and length(name) <= 500),
  brand text check (length(brand) <= 255),
  category text check (length(category) <= 255),
  image_url text check (length(image_url) <= 500),
  on_sale boolean not null default true,
  -- Not in the last complete catalogue any more.
  archived_at timestamptz,
  stock integer check (stock >= 0),
  preorder_days integer not null default 0 check (preorder_days between 0 and 30),
  -- The availability image: every point of service as last read, echoed whole with each price.
  availabilities jsonb,
  availabilities_read_at timestamptz,
  -- Opt-in of automatic prices. No floor: never touched, whatever this says.
  repricing_enabled boolean not null default false,
  floor_tenge bigint check (floor_tenge > 0),
  ceiling_tenge bigint check (ceiling_tenge > 0),
  strategy text check (length(strategy) <= 50),
  locked_until timestamptz,
  alone_streak integer not null default 0 check (alone_streak >= 0),
  last_check_at timestamptz,
  next_check_at timestamptz not null,
  -- A worker that decides about the product holds it until then.
  claimed_until timestamptz,
  -- The newest planned push; a lower one is superseded.
  push_sequence bigint not null default 0,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (ceiling_tenge is null or floor_tenge is null or ceiling_tenge >= floor_tenge)
);
create unique index products_store_sku_key on products (store_id, sku) where sku is not null;
create index products_store_created_idx on products (store_id, created_at desc, id desc);
create index products_store_kaspi_product_id_idx on products (store_id, kaspi_product_id);
create index products_due_idx on products (next_check_at)
  where repricing_enabled and on_sale and archived_at is null and floor_tenge is not null;
create index products_card_id_idx on products (card_id);

-- A price belongs to a product in a city. It changes only on a confirmed read.
create table product_prices (
  product_id uuid not null references products (id) on delete cascade,
  city_id text not null check (city_id ~ '^[0-9]{9}$'),
  price_tenge bigint not null check (price_tenge > 0),
  -- First price of the Almaty day, the base of the daily limit.
  opening_price_tenge bigint check (opening_price_tenge > 0),
  opening_date date,
  read_at timestamptz not null,
  changed_at timestamptz,
  primary key (product_id, city_id)
);

-- Market -------------------------------------------------------------------------------------------

-- The last reading of a card in a city.
create table market_snapshots (
  card_id text not null,
  city_id text not null check (city_id ~ '^[0-9]{9}$'),
  taken_at timestamptz not null,
  total integer not null check (total >= 0),
  complete boolean not null,
  primary key (card_id, city_id)
);

-- Offers seen, kept as changes: a row stands for the time a merchant's offer looked like this.
create table market_offers (
  id uuid primary key,
  card_id text not null,
  city_id text not null,
  merchant_id text not null check (length(merchant_id) <= 255),
  merchant_name text not null,
  price_tenge bigint not null,
  -- Rating in hundredths (4.85 = 485); null: no rating.
  rating_centi integer check (rating_centi between 0 and 1000),
  reviews integer not null default 0,
  preorder_days integer not null default 0,
  delivery text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  gone_at timestamptz,
  foreign key (card_id, city_id) references market_snapshots (card_id, city_id) on delete cascade
);
create unique index market_offers_current_key on market_offers (card_id, city_id, merchant_id)
  where gone_at is null;
create index market_offers_history_idx on market_offers (card_id, city_id, first_seen_at desc);

-- Rules, decisions, pushes -------------------------------------------------------------------------

create table rules (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  name text not null check (name <> '' and length(name) <= 255),
  strategy text not null default 'beat_lowest',
  -- Strategy, filters, scenarios, motion limits as in the engine's input.
  definition jsonb not null,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
-- One rule for the whole store so far; categories, selections and products come as further columns.
create unique index rules_store_id_key on rules (store_id);

create table price_decisions (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  product_id uuid not null references products (id) on delete cascade,
  city_id text not null,
  decided_at timestamptz not null,
  -- Version of the deciding function, so that a stored decision can be replayed.
  decision_version integer not null,
  outcome text not null check (outcome in ('change', 'keep', 'hold', 'refuse')),
  current_tenge bigint not null,
  price_tenge bigint check (price_tenge > 0),
  target_tenge bigint,
  place integer,
  competitors integer,
  best_rival_tenge bigint,
  reasons jsonb not null,
  flags jsonb not null default '[]',
  -- The whole input of the deciding function.
  input jsonb not null,
  shadow boolean not null,
  check ((outcome = 'change') = (price_tenge is not null))
);
create index price_decisions_product_idx on price_decisions (product_id, decided_at desc);
create index price_decisions_store_idx on price_decisions (store_id, decided_at desc);

-- The journal of price writes. One row is one write of one product with all its city prices.
create table price_pushes (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  product_id uuid not null references products (id) on delete cascade,
  decision_id uuid references price_decisions (id) on delete set null,
  sequence bigint not null,
  state text not null default 'planned' check (state in
    ('planned', 'claimed', 'sent', 'accepted', 'confirmed', 'rejected', 'unknown', 'mismatch', 'removed',
     'superseded', 'expired', 'held')),
  late boolean not null default false,
  origin text not null check (origin in ('robot', 'person', 'undo')),
  actor_id uuid references users (id) on delete set null,
  -- Code of what held, refused or ended the push; a text for each stands in the locales.
  reason text,
  detail text check (length(detail) <= 500),
  lease_epoch bigint,
  attempts integer not null default 0,
  operation_id text,
  -- What was sent: the availability image and when it was read.
  availabilities jsonb,
  availabilities_read_at timestamptz,
  market_taken_at timestamptz,
  build_id text not null,
  planned_at timestamptz not null,
  claimed_at timestamptz,
  expires_at timestamptz,
  sent_at timestamptz,
  accepted_at timestamptz,
  next_read_at timestamptz,
  finished_at timestamptz,
  unique (product_id, sequence)
);
create unique index price_pushes_in_flight_key on price_pushes (product_id)
  where state in ('claimed', 'sent', 'accepted', 'unknown');
create index price_pushes_store_idx on price_pushes (store_id, planned_at desc);
create index price_pushes_open_idx on price_pushes (store_id, state)
  where state in ('planned', 'claimed', 'sent', 'accepted', 'unknown');
create index price_pushes_sent_idx on price_pushes (store_id, sent_at) where sent_at is not null;
create index price_pushes_decision_id_idx on price_pushes (decision_id);
create index price_pushes_actor_id_idx on price_pushes (actor_id);

create table price_push_cities (
  push_id uuid not null references price_pushes (id) on delete cascade,
  city_id text not null check (city_id ~ '^[0-9]{9}$'),
  before_tenge bigint not null check (before_tenge > 0),
  price_tenge bigint not null check (price_tenge >= 10),
  floor_tenge bigint not null check (floor_tenge > 0),
  ceiling_tenge bigint check (ceiling_tenge >= floor_tenge),
  seen_tenge bigint,
  primary key (push_id, city_id),
  -- The last line of defence: a forbidden price cannot even be written down as an intent.
  constraint price_push_cities_within_limits
    check (price_tenge >= floor_tenge and (ceiling_tenge is null or price_tenge <= ceiling_tenge))
);

-- The stop button. Latched: a row without `released_at` stops.
create table kill_switches (
  id uuid primary key,
  scope text not null check (scope in ('all', 'store', 'product')),
  store_id uuid references stores (id) on delete cascade,
  product_id uuid references products (id) on delete cascade,
  reason text not null check (reason <> '' and length(reason) <= 500),
  stopped_by text not null,
  stopped_at timestamptz not null,
  released_by text,
  released_at timestamptz,
  check ((scope = 'all') = (store_id is null)),
  check ((scope = 'product') = (product_id is not null))
);
create index kill_switches_store_id_idx on kill_switches (store_id);
create index kill_switches_product_id_idx on kill_switches (product_id);
create index kill_switches_active_idx on kill_switches (scope) where released_at is null;

-- Preorders ----------------------------------------------------------------------------------------

create table preorders (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  product_id uuid not null references products (id) on delete cascade,
  article text check (length(article) <= 255),
  name text not null check (name <> '' and length(name) <= 500),
  brand text check (length(brand) <= 255),
  status text not null default 'processing' check (status in ('processing', 'completed', 'cancelled')),
  price_tenge bigint check (price_tenge > 0),
  -- {"1": {"id": 1, "quantity": 3}}: the point's number and the stock there.
  warehouses jsonb not null default '{}',
  delivery_days integer not null default 30 check (delivery_days between 0 and 30),
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (product_id, store_id)
);
create index preorders_store_created_idx on preorders (store_id, created_at desc, id desc);

-- Work, settings, audit ----------------------------------------------------------------------------

-- Our own history of background work: the queue deletes finished jobs.
create table job_runs (
  id uuid primary key,
  kind text not null check (kind in ('connect_store', 'sync_store', 'reprice_store', 'push_prices')),
  store_id uuid references stores (id) on delete cascade,
  requested_by uuid references users (id) on delete set null,
  state text not null default 'queued' check (state in
    ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  progress_done integer not null default 0,
  progress_total integer,
  -- Counts for people, e.g. {"added": 3, "changed": 1, "archived": 0}.
  summary jsonb not null default '{}',
  -- Code of the failure; a text for each stands in the locales.
  failure text,
  attempts integer not null default 0,
  created_at timestamptz not null,
  started_at timestamptz,
  heartbeat_at timestamptz,
  finished_at timestamptz
);
-- A second request joins the work that waits or runs.
create unique index job_runs_open_key on job_runs (kind, store_id)
  where state in ('queued', 'running') and store_id is not null;
create index job_runs_store_id_idx on job_runs (store_id, created_at desc);
create index job_runs_requested_by_idx on job_runs (requested_by);
create index job_runs_created_idx on job_runs (created_at desc);

create table settings (
  key text primary key,
  value jsonb not null,
  updated_by uuid references users (id) on delete set null,
  updated_at timestamptz not null
);
create index settings_updated_by_idx on settings (updated_by);

-- Who did what. No foreign keys: the log outlives what it speaks of.
create table audit_log (
  id uuid primary key,
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('person', 'api', 'robot', 'system')),
  actor_id uuid,
  actor_name text not null,
  store_id uuid,
  object_kind text not null,
  object_id uuid,
  object_name text not null default '',
  action text not null,
  before jsonb,
  after jsonb,
  reason text,
  request_id text,
  build_id text not null
);
create index audit_log_at_idx on audit_log (at desc, id desc);
create index audit_log_store_id_idx on audit_log (store_id, at desc);
create index audit_log_object_idx on audit_log (object_kind, object_id, at desc);

-- The run-time role cannot touch the queue's tables; it enqueues through this function, inside its own
-- transaction. The queue's schema is made by `migrate` right after these migrations.
create function enqueue_job(identifier text, payload jsonb, queue text, key text, max_attempts integer)
  returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform graphile_worker.add_job(identifier, payload::json, queue_name => queue,
    max_attempts => max_attempts, job_key => key);
end $$;
revoke all on function enqueue_job from public;

-- Rights of the run-time role ----------------------------------------------------------------------

grant kaspi_panel_runtime to current_user;
do $$ begin execute format('grant connect, temporary on database %I to kaspi_panel_runtime', current_database()); end $$;
grant usage on schema public to kaspi_panel_runtime;
grant select, insert, update, delete on all tables in schema public to kaspi_panel_runtime;
revoke update, delete, truncate on audit_log from kaspi_panel_runtime;
grant execute on function enqueue_job to kaspi_panel_runtime;
